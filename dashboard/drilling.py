"""A drill that is asked for at the terminal and followed to its end, and the figures of those before."""

from __future__ import annotations

import time
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from dashboard.drill_figures import drill_rows
from detect.drills import DRILLED, Drill, DrillState
from detect.live.config import LiveConfig, purposes_of
from detect.store import Store
from scenarios.errors import ParvisError, unknown
from scenarios.event import EventKind

__all__ = ["ask", "follow", "table_of"]

_LOOK_S: Final = 0.5
_HAPPENS: Final = {
    EventKind.ABANDONED_OBJECT: "a bag is put down",
    EventKind.PERSON_DOWN: "somebody falls",
    EventKind.CROWD_MOVEMENT: "people run",
}


def ask(store: Store, read: LiveConfig, camera_id: str, kind: str, at: str | None, *, by: str) -> Drill:
    """Ask for a drill in the words of the command line.

    Args:
        store: Of the daemon.
        read: Its configuration.
        camera_id: Whose pictures are used.
        kind: What is staged.
        at: Where, ``X,Y`` in metres; None: anywhere that people walk.
        by: Who asks.

    Raises:
        ParvisError: One of these makes no sense.
    """
    camera = next((c for c in read.cameras if c.id == camera_id), None)
    if camera is None:
        raise ParvisError(unknown("camera", camera_id, [c.id for c in read.cameras], "--camera"))
    if camera.calibration is None:
        raise ParvisError(
            f"camera '{camera_id}' has no calibration, so nothing can be put into its pictures; see parvis calibrate"
        )
    staged = next((one for one in DRILLED if one.value == kind), None)
    if staged is None:
        raise ParvisError(unknown("drill", kind, [one.value for one in DRILLED], "--kind"))
    if staged not in purposes_of(read, camera):
        raise ParvisError(f"camera '{camera_id}' is not watched for {staged}, so a drill of it would prove nothing")
    return store.drills.ask(camera_id, staged, by=by, at_m=None if at is None else _place(at))


def _place(text: str) -> tuple[float, float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise ParvisError(f"--at {text}: should be two numbers in metres, such as 3.5,-2") from None
    return x, y


def follow(store: Store, drill_id: str, screen: Console, *, quiet: bool) -> Drill:
    """Say each step when it is taken, until the figures are gone."""
    said = 0
    with screen.status("waits for the camera", spinner="dots") if not quiet else nullcontext() as status:
        while True:
            drill = store.drills.get(drill_id)
            steps = _steps(drill)
            for line in [] if quiet else steps[said:]:
                screen.print(line)
            said = len(steps)
            if drill.ended_at is not None:
                return drill
            store.drills.expire(datetime.now(UTC))
            if status is not None:
                status.update(escape(_waits_for(store, drill)))
            time.sleep(_LOOK_S)


def _steps(drill: Drill) -> list[str]:
    steps = [f"{drill.drill_id}: asked of {escape(drill.camera_id)}"]
    if drill.began_at is not None:
        steps.append("the figures are in the pictures")
    if drill.place_m is not None:
        steps.append(f"{_HAPPENS[drill.kind]} at {drill.place_m[0]:.1f}, {drill.place_m[1]:.1f} m")
    if drill.delay_s is not None:
        steps.append(f"[bold green]alert raised[/] {drill.delay_s:.1f} s later: {escape(drill.alert_id or '')}")
    if drill.ended_at is not None and drill.state is not DrillState.RAISED:
        words = f": {escape(drill.words)}" if drill.words else ""
        steps.append(f"[bold red]{'missed' if drill.state is DrillState.MISSED else 'proves nothing'}[/]{words}")
    return steps


def _waits_for(store: Store, drill: Drill) -> str:
    if drill.happened_at is not None:
        return "waits for the alarm" if drill.state is DrillState.RUNNING else "the figures stay for its film"
    if drill.began_at is not None:
        return "the figures walk there"
    camera = next((c for c in store.cameras() if c.camera_id == drill.camera_id), None)
    if camera is None or camera.state != "live":
        return f"the camera is {camera.state if camera else 'not watched'}; is `parvis live` running?"
    return "learns the place"


def table_of(store: Store) -> Table:
    """Return the figures of each month: alarm and decision are median times, right are those that were confirmed."""
    table = Table(
        Column("month", no_wrap=True), "held", "raised", "missed", "void", "alarm", "decided", "right", "decision"
    )
    for row in drill_rows(store):
        alarm, decision = (f"{row[k]:.0f} s" if row[k] is not None else "-" for k in ("alarm_s", "decision_s"))
        counts = [str(row[key]) for key in ("held", "raised", "missed", "void")]
        table.add_row(row["month"], *counts, alarm, str(row["decided"]), str(row["confirmed"]), decision)
    return table
