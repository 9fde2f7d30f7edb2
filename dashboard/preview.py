"""A scenario at a glance, without filming all of it: a few pictures of every camera, the plan, what happens when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dashboard.contact_sheet import draw_sheet
from dashboard.progress import Report, silent
from scenarios.camera import Camera
from scenarios.errors import RecordingError
from scenarios.scenario import Scenario
from scenarios.truth import IncidentTruth
from sim.crowd import Crowd
from sim.film import compositors, film_cameras
from sim.render.compositor import Shot
from sim.state import Snapshot

__all__ = ["Preview", "Still", "make_preview", "take_preview"]

_STILLS: Final = {1: 6, 2: 4}
_FEWEST: Final = 3
_AFTER_S: Final = 1.5
"""What an incident does can be seen so long after it began."""
_PLAN_S: Final = 0.2
"""The ways of people are kept so finely."""


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """One instant: the world and what each camera shows of it.

    Attributes:
        world: Everybody and everything.
        shots: One a camera, in the scenario's order.
        cameras: The cameras as they stand then.
    """

    world: Snapshot
    shots: tuple[Shot, ...]
    cameras: tuple[Camera, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """What a preview shows.

    Attributes:
        scenario: Of what.
        stills: In the order of time.
        incidents: As they really went.
        time_s: Instants at which the crowd was counted, shape (n,).
        people: How many were inside then, shape (n,).
        ways_m: Where people were at all these instants, shape (k, 2).
    """

    scenario: Scenario
    stills: tuple[Still, ...]
    incidents: tuple[IncidentTruth, ...]
    time_s: NDArray[np.float64]
    people: NDArray[np.int64]
    ways_m: NDArray[np.float64]


def take_preview(scenario: Scenario, *, report: Report = silent) -> Preview:
    """Run the whole crowd, and film a few instants of it: spread over the time, and while incidents last.

    Args:
        scenario: What to look at.
        report: Told how far it is.
    """
    wanted = _instants(scenario)
    filming = compositors(scenario, None, None)
    cameras = film_cameras(scenario)
    crowd = Crowd(scenario, scenario.seed)
    every = max(1, round(_PLAN_S * scenario.fps))
    stills: list[Still] = []
    times: list[float] = []
    counts: list[int] = []
    ways: list[NDArray[np.float64]] = []
    for index in range(scenario.frame_count):
        for _ in range(scenario.steps_per_frame if index else 0):
            crowd.step()
        if index in wanted or index % every == 0:
            world = crowd.snapshot()
            times.append(world.time_s)
            counts.append(len(world.people.id))
            ways.append(world.people.position_m)
            if index in wanted:
                at = tuple(camera.at(world.time_s) for camera in cameras)
                stills.append(Still(world, tuple(c.shoot(world, index) for c in filming), at))
        report("preview", (index + 1) / scenario.frame_count)
    return Preview(
        scenario=scenario,
        stills=tuple(stills),
        incidents=tuple(crowd.incidents_truth()),
        time_s=np.array(times),
        people=np.array(counts),
        ways_m=np.concatenate(ways),
    )


def make_preview(scenario: Scenario, path: Path, *, report: Report = silent) -> None:
    """Write a preview as PNG.

    Args:
        scenario: What to look at.
        path: The file.
        report: Told how far it is.

    Raises:
        RecordingError: It cannot be written.
    """
    sheet = draw_sheet(take_preview(scenario, report=report))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(path, format="PNG", compress_level=6)
    except OSError as error:
        raise RecordingError(f"{path}: the preview cannot be written ({error})") from None


def _instants(scenario: Scenario) -> Sequence[int]:
    """Numbers of the pictures to take, ascending: spread evenly, each moved to an incident that begins near it."""
    count = _STILLS.get(len(scenario.cameras), _FEWEST)
    last = scenario.frame_count - 1
    spread = np.linspace(0.08, 0.94, count) * last
    gap = float(spread[1] - spread[0]) if count > 1 else float(last)
    for incident in scenario.incidents:
        seen = (incident.at_s + _AFTER_S) * scenario.fps
        near = int(np.argmin(np.abs(spread - seen)))
        if abs(spread[near] - seen) < gap and seen <= last:
            spread[near] = seen
    return sorted({round(at) for at in np.clip(spread, 0, last).tolist()})
