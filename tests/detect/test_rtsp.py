"""The promise "pictures are back within 10 s of the camera's return", where attempts meet silence."""

import socket
import time

import pytest

from detect.sources import LiveSettings, open_source
from scenarios.errors import SourceError

RETURN_S = 10.0
START_S = 1.5  # handshake and first live picture, measured 1.1 s at 10 pictures a second


def test_a_mute_attempt_leaves_time_to_come_back():
    """The camera may return just after an attempt began that is lost: attempt, longest backoff, start."""
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        began = time.monotonic()
        with pytest.raises(SourceError, match="no answer within the time limit"):
            open_source(f"rtsp://127.0.0.1:{mute.getsockname()[1]}/cam")
        attempt_s = time.monotonic() - began
    assert attempt_s + LiveSettings().most_backoff_s + START_S <= RETURN_S
