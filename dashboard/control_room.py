"""What the page Live reads and writes: the alert store, seen by the person who operates."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import streamlit as st

from dashboard.drill_figures import drill_rows
from dashboard.report import because
from dashboard.timeline import Timeline, load_timeline
from detect.clips import Clip
from detect.desk import Alert
from detect.marks import Mark
from detect.rules import NOT_IMPLEMENTED
from detect.store import CameraState, FloorState, Store, StorePlace
from scenarios.event import EventKind

__all__ = ["Alarm", "CameraNow", "ControlRoom", "MarkNow", "operator"]

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
        label: What may have happened, and whether it is a drill.
        facts: Camera, zone, place, time, in one line.
        why: What the rule saw, with units.
        has_picture: Whether a still picture was kept.
        has_film: Whether a short film was.
        more: How many further ones like it were too many to be shown.
        can_be_marked: Whether it tells a place.
    """

    id: str
    label: str
    facts: str
    why: str
    has_picture: bool
    has_film: bool
    more: int
    can_be_marked: bool


@dataclass(frozen=True, slots=True)
class MarkNow:
    """A mark, as the person sees it.

    Attributes:
        id: Of the mark.
        words: What is not raised, where, until when, and who said so.
        held: How many times it was not.
    """

    id: int
    words: str
    held: int


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

    path: StorePlace

    def waiting(self) -> list[Alarm]:
        """Return the alerts that wait for a decision, the most urgent first, as many as anybody can look through."""
        with Store.open_existing(self.path) as store:
            return [_alarm(alert, store) for alert in store.waiting()]

    def how_many_wait(self) -> int:
        """Return how many alerts wait for a decision, however many are listed."""
        with Store.open_existing(self.path) as store:
            return store.how_many_wait()

    def floor(self) -> FloorState | None:
        """Return who was on the floor when the daemon last said it; None where no camera is calibrated."""
        with Store.open_existing(self.path) as store:
            return store.floor()

    def decided(self) -> list[dict[str, str]]:
        """Return what has been decided, the newest first, as rows of a table."""
        with Store.open_existing(self.path) as store:
            return [
                {
                    "Alert": ("DRILL: " if decision.alert.event.drill else "")
                    + _words(decision.alert.event.kind.value),
                    "Camera": decision.alert.event.camera_id,
                    "Decision": decision.verdict,
                    "Reason": decision.reason,
                    "By": decision.by,
                    "At": _local(decision.at),
                    "Seen after": "" if decision.unseen_s is None else _span(decision.unseen_s),
                    "Seen by": decision.seen_by,
                    "Decided after": _span(decision.took_s),
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

    def mark(self, alert_id: str, *, hours: float, fixture: bool, by: str, reason: str) -> None:
        """Say that an alert's kind is not to be raised at its place for so many hours.

        Raises:
            ParvisError: It tells no place, or something is missing.
        """
        with Store.open_existing(self.path) as store:
            store.marks.make(store.alert(alert_id), hours=hours, fixture=fixture, by=by, reason=reason)

    def timeline(self) -> Timeline:
        """Return what happened in the last hour."""
        with Store.open_existing(self.path) as store:
            return load_timeline(store, datetime.now(UTC))

    def switches(self) -> dict[str, str]:
        """Return what can be switched off to why it is off, empty where it is on: cameras, then purposes."""
        with Store.open_existing(self.path) as store:
            off = store.switched_off()
            every = [f"camera:{c.camera_id}" for c in store.cameras()]
            every += [f"purpose:{kind.value}" for kind in EventKind if kind.value not in NOT_IMPLEMENTED]
            return {what: off.get(what, "") for what in every}

    def switch(self, what: str, *, on: bool, by: str, reason: str) -> None:
        """Switch a camera or a purpose off, or on again.

        Raises:
            ParvisError: It stands so already, or there is no reason.
        """
        with Store.open_existing(self.path) as store:
            store.switch(what, on=on, by=by, reason=reason)

    def drills(self) -> list[dict[str, str]]:
        """Return the figures of the drills of each month, as rows of a table."""
        with Store.open_existing(self.path) as store:
            return [
                {
                    "Month": row["month"],
                    "Held": str(row["held"]),
                    "Raised": str(row["raised"]),
                    "Missed": str(row["missed"]),
                    "Void": str(row["void"]),
                    "Alarm after": "" if row["alarm_s"] is None else _span(row["alarm_s"]),
                    "Decided": str(row["decided"]),
                    "Confirmed": str(row["confirmed"]),
                    "Decision after": "" if row["decision_s"] is None else _span(row["decision_s"]),
                }
                for row in drill_rows(store)
            ]

    def marks(self) -> list[MarkNow]:
        """Return the marks that hold, the newest first."""
        with Store.open_existing(self.path) as store:
            counts = store.held.counts()
            return [_mark(mark, counts.get(mark.mark_id, 0)) for mark in store.marks.standing(datetime.now(UTC))]

    def lift(self, mark_id: int, *, by: str) -> None:
        """Let a mark hold no more.

        Raises:
            ParvisError: It does not hold.
        """
        with Store.open_existing(self.path) as store:
            store.marks.lift(mark_id, by=by)

    def film(self, alert_id: str) -> tuple[Clip, bytes] | None:
        """Return the film of an alert, if it is there."""
        with Store.open_existing(self.path) as store:
            clip = store.clips.of_alert(alert_id)
            film = None if clip is None else store.clips.film(clip)
        return None if clip is None or film is None else (clip, film)

    def about_film(self, alert_id: str) -> dict[str, object] | None:
        """Return what its player has to know: instants, gaps, and where the alarm is."""
        found = self.film(alert_id)
        if found is None:
            return None
        clip, _ = found
        with Store.open_existing(self.path) as store:
            box = store.alert(alert_id).event.box_px
        about = {"began_at": clip.began_at.isoformat(), "alert_s": clip.alert_s, "gaps": clip.gaps}
        return about | {"of_px": clip.of_px, "box_px": box}

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


def _alarm(alert: Alert, store: Store) -> Alarm:
    event = alert.event
    zone = f"zone {_words(event.zone)}" if event.zone else ""
    lasts = "lasts still" if event.end_s is None else "is over"
    raised = f"raised {_local(alert.raised_at)}"
    facts = (event.camera_id, zone, _place(event.place_m), raised, lasts, f"certainty {event.score:.0%}")
    return Alarm(
        id=alert.alert_id,
        label=("DRILL: " if event.drill else "") + _words(event.kind.value).capitalize(),
        facts=" · ".join(f for f in facts if f),
        why=", ".join(because(key, value) for key, value in event.evidence.items()),
        has_picture=store.has_still(alert.alert_id),
        has_film=store.clips.of_alert(alert.alert_id) is not None,
        more=alert.more,
        can_be_marked=not (event.place_m is None and event.box_px is None and event.zone is None),
    )


def _mark(mark: Mark, held: int) -> MarkNow:
    where = _place(mark.place_m) or (f"in zone {_words(mark.zone)}" if mark.zone else "at its place in the picture")
    what = f"{_words(mark.kind.value).capitalize()}{', a fixture' if mark.fixture else ''}"
    said = f"until {_local(mark.until)}, by {mark.by}: {mark.reason}"
    return MarkNow(mark.mark_id, f"{what} · {mark.camera_id} · {where} · {said}", held)


def _place(place_m: tuple[float, float] | None) -> str:
    return "" if place_m is None else f"at {place_m[0]:.1f}, {place_m[1]:.1f} m"


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    return f"{minutes} min {seconds % 60:.0f} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _local(moment: datetime) -> str:
    return moment.astimezone().strftime("%d %b %H:%M:%S")
