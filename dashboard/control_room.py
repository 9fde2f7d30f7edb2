"""What the page Live reads and writes: the alert store, seen by the person who operates."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard.report import because
from detect.desk import Alert
from detect.store import CameraState, FloorState, Store

__all__ = ["Alarm", "CameraNow", "ControlRoom", "operator"]

_LIVE_WITHIN_S: Final = 5.0
"""A picture older than this is not live, whatever else is said."""


def operator() -> str:
    """Return who decides: who has logged in, else the user of this machine; never what a request says."""
    user: Mapping[str, Any] = st.user if st.user.get("is_logged_in") else {}
    return str(user.get("email") or user.get("name") or getpass.getuser())


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alert, as the person sees it.

    Attributes:
        id: Of the alert.
        label: What may have happened.
        facts: Camera, zone, place, time, in one line.
        why: What the rule saw, with units.
        has_picture: Whether a still picture was kept.
    """

    id: str
    label: str
    facts: str
    why: str
    has_picture: bool


@dataclass(frozen=True, slots=True)
class CameraNow:
    """A camera at this moment.

    Attributes:
        id: Of the camera.
        live: Whether its newest picture is of now.
        words: What is wrong, if anything.
        age_s: Age of the newest picture, or None where there is none.
        stamp: Changes with each picture; None where there is none.
    """

    id: str
    live: bool
    words: str
    age_s: float | None
    stamp: str | None


@dataclass(frozen=True, slots=True)
class ControlRoom:
    """Reads and writes one alert store; opened anew each time, for a watcher writes it meanwhile.

    Attributes:
        path: The store.
    """

    path: Path

    def waiting(self) -> list[Alarm]:
        """Return the alerts that wait for a decision, the most urgent first."""
        with Store.open_existing(self.path) as store:
            return [_alarm(alert, store.still(alert.alert_id) is not None) for alert in store.waiting()]

    def floor(self) -> FloorState | None:
        """Return who was on the floor when the daemon last said it; None where no camera is calibrated."""
        with Store.open_existing(self.path) as store:
            return store.floor()

    def decided(self) -> list[dict[str, str]]:
        """Return what has been decided, the newest first, as rows of a table."""
        with Store.open_existing(self.path) as store:
            return [
                {
                    "Alert": _words(decision.alert.event.kind.value),
                    "Camera": decision.alert.event.camera_id,
                    "Decision": decision.verdict,
                    "Reason": decision.reason,
                    "By": decision.by,
                    "At": _local(decision.at),
                }
                for decision in store.decisions()
            ]

    def decide(self, alert_id: str, verdict: str, *, by: str, reason: str) -> None:
        """Record what a person decided.

        Raises:
            ParvisError: There is no such alert, somebody else was faster, or a reason is missing.
        """
        with Store.open_existing(self.path) as store:
            store.decide(alert_id, verdict, by=by, reason=reason)

    def still(self, alert_id: str) -> bytes | None:
        """Return the JPEG that was kept with an alert."""
        with Store.open_existing(self.path) as store:
            return store.still(alert_id)

    def cameras(self, now: datetime | None = None) -> list[CameraNow]:
        """Return the cameras; one whose newest picture is old is never live, whatever it says of itself."""
        now = now or datetime.now(UTC)
        with Store.open_existing(self.path) as store:
            newest = {state.camera_id: store.picture(state.camera_id) for state in store.cameras()}
            return [_camera(s, p[1] if (p := newest.get(s.camera_id)) else None, now) for s in store.cameras()]

    def picture(self, camera_id: str) -> bytes | None:
        """Return the newest JPEG of a camera."""
        with Store.open_existing(self.path) as store:
            newest = store.picture(camera_id)
            return None if newest is None else newest[0]


def _camera(state: CameraState, taken: datetime | None, now: datetime) -> CameraNow:
    age = None if taken is None else max(0.0, (now - taken).total_seconds())
    live = state.state == "live" and age is not None and age <= _LIVE_WITHIN_S
    said = "" if state.state == "live" else state.words or state.state
    words = "" if live else said or ("no new picture" if taken else "waiting")
    return CameraNow(state.camera_id, live, words, age, None if taken is None else taken.isoformat())


def _alarm(alert: Alert, has_picture: bool) -> Alarm:
    event = alert.event
    place = "" if event.place_m is None else f"at {event.place_m[0]:.1f}, {event.place_m[1]:.1f} m"
    zone = f"zone {_words(event.zone)}" if event.zone else ""
    lasts = "lasts still" if event.end_s is None else "is over"
    facts = (event.camera_id, zone, place, f"raised {_local(alert.raised_at)}", lasts, f"certainty {event.score:.0%}")
    why = ", ".join(because(key, value) for key, value in event.evidence.items())
    label = _words(event.kind.value)
    return Alarm(alert.alert_id, label[:1].upper() + label[1:], " · ".join(f for f in facts if f), why, has_picture)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _local(moment: datetime) -> str:
    return moment.astimezone().strftime("%d %b %H:%M:%S")
