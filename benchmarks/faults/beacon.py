"""A rule that says an event a second, so that there is something to lose, and writes down when it saw what.

Each line of the file that ``PARVIS_BEACON`` names is a camera, the machine's monotonic clock and the camera's time of a
picture: what lies between the two, less the least there ever was, is how late the picture was seen.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from detect.rules.contract import Scene
from scenarios.entry import Entry
from scenarios.event import Event, EventKind

__all__ = ["Beacon"]


class BeaconSettings(Entry):
    """Settings of ``Beacon``.

    Attributes:
        every_s: Time between two events.
    """

    every_s: float = 1.0


class Beacon:
    """Says an event at every full second of the camera's time, each at another place, and ends it with the next."""

    Settings: ClassVar[type[Entry]] = BeaconSettings
    name = "beacon"
    kind = EventKind.ZONE_INTRUSION

    def __init__(self, settings: BeaconSettings | None = None) -> None:
        self.settings = settings or BeaconSettings()
        self._last: Event | None = None
        self._said = 0
        seen = os.environ.get("PARVIS_BEACON")
        self._seen = Path(seen).open("a", buffering=1) if seen else None  # noqa: SIM115 - ends with the process

    def update(self, scene: Scene) -> list[Event]:
        """Look at the clock."""
        now = scene.tracks.time_s
        if self._seen is not None:
            self._seen.write(f"{scene.tracks.camera_id} {time.monotonic():.4f} {now:.4f}\n")
        if self._last is not None and now - self._last.start_s < self.settings.every_s:
            return []
        ended = self.reset()
        self._said += 1
        self._last = Event(
            event_id=f"beacon-{self._said}",
            kind=self.kind,
            camera_id=scene.tracks.camera_id,
            start_s=now,
            end_s=None,
            place_m=(20.0 * (self._said % 50), 20.0 * (self._said // 50)),
            box_px=None,
            zone=None,
            track_ids=(),
            score=1.0,
            rule=self.name,
        )
        return [*ended, self._last]

    def reset(self) -> list[Event]:
        """End what lasts."""
        last, self._last = self._last, None
        return [] if last is None else [replace(last, end_s=last.start_s)]
