"""What a camera may be watched for, asked again and again while it is watched."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from detect.live.authorisation import Permit, permit
from detect.live.config import CameraConfig, LiveConfig, purposes_of
from detect.store import Store
from scenarios.errors import RecordingError

__all__ = ["Gate"]

_ASK_S: Final = 1.0


class Gate:
    """Looks at the clock and at the switches, at most once a second.

    A store that cannot be read changes nothing: who has switched a camera off before stays obeyed, and a store that
    is locked for a moment does not stop the others.
    """

    def __init__(self, config: LiveConfig, camera: CameraConfig, store: Store) -> None:
        """Ask for one camera."""
        self._config, self._camera, self._store = config, camera, store
        self._off: dict[str, str] = store.switched_off()
        self._asked_s = time.monotonic()

    def permit(self) -> Permit:
        """Return what is allowed now."""
        if time.monotonic() - self._asked_s >= _ASK_S:
            self._asked_s = time.monotonic()
            with suppress(RecordingError):
                self._off = self._store.switched_off()
        wanted = purposes_of(self._config, self._camera)
        return permit(self._camera.id, self._config.authorisation, wanted, self._off, datetime.now(UTC))

    def changed(self, before: Permit) -> bool:
        """Whether something else is allowed now than before."""
        return self.permit() != before
