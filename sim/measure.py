"""What a planner reads off a crowd: densities, level of service, flows, travel and evacuation times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from scenarios.scenario import Scenario
from sim.crowd import Crowd

__all__ = ["FRUIN_WALKWAY_PER_M2", "LEVELS", "Measures", "level_of_service", "measure"]

Floats = NDArray[np.float64]

LEVELS: Final = "ABCDEF"
FRUIN_WALKWAY_PER_M2: Final = (1 / 3.24, 1 / 2.32, 1 / 1.39, 1 / 0.93, 1 / 0.46)
"""Upper limits of the levels A to E in persons per square metre, from the areas per person of Fruin's walkways.

Reference:
    Fruin, J. J. (1971). Pedestrian planning and design. Metropolitan Association of Urban Designers, New York.
"""
_CELL_M: Final = 1.0
_WINDOW: Final = 3
"""Cells along each side of the square in which a local density is counted: 9 square metres."""
_SAMPLE_S: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """One run of a crowd in numbers.

    Attributes:
        people: Everybody who was inside at any time, dwellers included.
        people_left: Who left.
        people_inside: Who is inside at the end, dwellers not counted.
        x_m: Centres of the columns of the maps.
        y_m: Centres of the rows, south to north.
        density_mean_per_m2: Over the whole time, (rows, columns); nan where nobody can stand.
        density_peak_per_m2: Largest local density at any time, (rows, columns); nan where nobody can stand.
        density_peak: Largest local density that anybody met, persons per square metre.
        level_of_service: Share of the walkers' time at each of Fruin's levels, A to F.
        gate_out: Gate to persons who left by it.
        gate_out_per_min: Gate to persons a minute who left by it.
        gate_flow_per_m_s: Gate to specific flow, persons per metre of width and second, over the time of its use.
        travel_s: Median and 90th percentile of the time from coming in to leaving; empty when nobody did both.
        egress_time_s: Instants of the curve of leaving.
        egress_people: So many had left by then.
        inside_people: So many walkers were inside then.
        evacuation_s: When the last walker left; None while somebody is inside.
    """

    people: int
    people_left: int
    people_inside: int
    x_m: Floats
    y_m: Floats
    density_mean_per_m2: Floats
    density_peak_per_m2: Floats
    density_peak: float
    level_of_service: Mapping[str, float]
    gate_out: Mapping[str, int]
    gate_out_per_min: Mapping[str, float]
    gate_flow_per_m_s: Mapping[str, float]
    travel_s: Mapping[str, float]
    egress_time_s: Floats
    egress_people: NDArray[np.int64]
    inside_people: NDArray[np.int64]
    evacuation_s: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without the maps."""
        return {
            "people": self.people,
            "people_left": self.people_left,
            "people_inside_at_end": self.people_inside,
            "density_peak_per_m2": self.density_peak,
            "level_of_service_share": dict(self.level_of_service),
            "gate_out_people": dict(self.gate_out),
            "gate_out_per_min": dict(self.gate_out_per_min),
            "gate_specific_flow_per_m_and_s": dict(self.gate_flow_per_m_s),
            "travel_s": dict(self.travel_s),
            "evacuation_s": self.evacuation_s,
        }


def level_of_service(density_per_m2: Floats) -> NDArray[np.int64]:
    """Return Fruin's level of each density as an index into ``LEVELS``."""
    return np.searchsorted(np.array(FRUIN_WALKWAY_PER_M2), density_per_m2, side="right")


def measure(
    scenario: Scenario,
    *,
    seed: int | None = None,
    progress: Callable[[float], None] | None = None,
    watch: Callable[[Crowd], None] | None = None,
) -> Measures:
    """Run the crowd of a scenario, without pictures, and measure it.

    Args:
        scenario: What to play.
        seed: In place of the scenario's own.
        progress: Told the share that is done, 0 to 1.
        watch: Shown the crowd at the start and after every step; it must not change it.

    Raises:
        ScenarioError: Somebody has no way to go.
    """
    crowd = Crowd(scenario, seed)
    grid = _Grid(scenario)
    steps = round(scenario.duration_s / scenario.step_s)
    every = max(1, round(_SAMPLE_S / scenario.step_s))
    times, left, inside = [], [], []
    for step in range(steps + 1):
        if step:
            crowd.step()
        if watch is not None:
            watch(crowd)
        if step % every == 0 or step == steps:
            times.append(crowd.time_s)
            left.append(len(crowd.left))
            inside.append(int((~crowd.people.stays).sum()))
            grid.add(crowd.people.position_m, ~crowd.people.stays)
            if progress is not None:
                progress(step / steps)
    return _conclude(scenario, crowd, grid, np.array(times), np.array(left), np.array(inside))


def _conclude(
    scenario: Scenario,
    crowd: Crowd,
    grid: _Grid,
    times: Floats,
    left: NDArray[np.int64],
    inside: NDArray[np.int64],
) -> Measures:
    out: dict[str, list[float]] = {gate.id: [] for gate in scenario.venue.gates if gate.lets_out}
    for leaving in crowd.left:
        if not leaving.gate:
            continue
        out.setdefault(leaving.gate, []).append(leaving.left_s)
    widths = {gate.id: gate.width_m for gate in scenario.venue.gates}
    travels = [leaving.left_s - leaving.entered_s for leaving in crowd.left if leaving.entered_s > 0]
    time_at = np.bincount(level_of_service(np.array(grid.met)), minlength=len(LEVELS)) if grid.met else None
    return Measures(
        people=crowd.entered,
        people_left=len(crowd.left),
        people_inside=int(inside[-1]),
        x_m=grid.x_m,
        y_m=grid.y_m,
        density_mean_per_m2=np.where(grid.area_m2 > 0, grid.mean(), np.nan),
        density_peak_per_m2=np.where(grid.area_m2 > 0, grid.peak, np.nan),
        density_peak=float(max(grid.met, default=0.0)),
        level_of_service={}
        if time_at is None
        else {level: float(share) for level, share in zip(LEVELS, time_at / time_at.sum(), strict=True)},
        gate_out={gate: len(instants) for gate, instants in out.items()},
        gate_out_per_min={gate: len(instants) / scenario.duration_s * 60 for gate, instants in out.items()},
        gate_flow_per_m_s={
            gate: (len(instants) - 1) / (instants[-1] - instants[0]) / widths[gate]
            for gate, instants in out.items()
            if len(instants) > 1 and instants[-1] > instants[0]
        },
        travel_s={"median": float(np.median(travels)), "p90": float(np.quantile(travels, 0.9))} if travels else {},
        egress_time_s=times,
        egress_people=left,
        inside_people=inside,
        evacuation_s=crowd.left[-1].left_s if crowd.left and inside[-1] == 0 else None,
    )


class _Grid:
    """Counts people in cells and in the windows around cells."""

    def __init__(self, scenario: Scenario) -> None:
        x0, y0, x1, y1 = scenario.venue.floor.bounds
        columns, rows = int(np.ceil((x1 - x0) / _CELL_M)), int(np.ceil((y1 - y0) / _CELL_M))
        self._origin = np.array([x0, y0])
        self.x_m = x0 + (np.arange(columns) + 0.5) * _CELL_M
        self.y_m = y0 + (np.arange(rows) + 0.5) * _CELL_M
        corners = [
            shapely.box(x - _CELL_M / 2, y - _CELL_M / 2, x + _CELL_M / 2, y + _CELL_M / 2)
            for y in self.y_m
            for x in self.x_m
        ]
        self.area_m2 = shapely.area(shapely.intersection(corners, scenario.venue.walkable)).reshape(rows, columns)
        self._window_m2 = self._around(self.area_m2)
        self._counts = np.zeros((rows, columns))
        self._samples = 0
        self.peak = np.zeros((rows, columns))
        self.met: list[float] = []

    def add(self, position_m: Floats, walkers: NDArray[np.bool_]) -> None:
        """Take in one instant; ``met`` grows by the local density at every walker."""
        rows, columns = self.area_m2.shape
        cell = ((position_m - self._origin) / _CELL_M).astype(np.int64)
        column, row = np.clip(cell[:, 0], 0, columns - 1), np.clip(cell[:, 1], 0, rows - 1)
        counts = np.zeros((rows, columns))
        np.add.at(counts, (row, column), 1.0)
        self._counts += counts
        self._samples += 1
        local = self._around(counts) / np.maximum(self._window_m2, _CELL_M**2)
        self.peak = np.maximum(self.peak, local)
        self.met += local[row[walkers], column[walkers]].tolist()

    def mean(self) -> Floats:
        """Mean density of each cell, persons per square metre of its floor."""
        return np.asarray(self._counts / max(self._samples, 1) / np.maximum(self.area_m2, 0.2 * _CELL_M**2))

    @staticmethod
    def _around(values: Floats) -> Floats:
        return np.asarray(uniform_filter(values, _WINDOW, mode="constant") * _WINDOW**2)
