"""The example of a receiver takes what the daemon sends, and nothing that is not signed."""

import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from detect.live.webhook import WebhookConfig, WebhookTeller
from detect.outbox import place_of
from detect.store import CameraState, Store

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "webhook_receiver.py"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def test_it_prints_what_is_genuine_once(tmp_path, port):
    command = [sys.executable, str(EXAMPLE), SECRET, str(port)]
    url = f"http://127.0.0.1:{port}/"
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            with Store.create_or_open(tmp_path / "live.sqlite") as store:
                place_of(store.database, "house")
                store.say_camera(CameraState("gate", "x", "live", "", None, {}))
                webhook = WebhookConfig(id="house", url=url, secret=SECRET, allow_private=True)
                teller = WebhookTeller(webhook)
                for _ in range(100):
                    if teller.tell(store) == 0.5:
                        break
                    threading.Event().wait(0.1)
            assert process.stdout is not None
            assert process.stdout.readline().startswith("org.parvis.camera.live")
            forged = {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(urllib.request.Request(url, b"{}", forged), timeout=10)
        finally:
            process.terminate()
        assert process.stdout.read() == ""
