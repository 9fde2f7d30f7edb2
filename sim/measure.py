"""What a planner reads off a crowd: densities, level of service, flows, pressure, travel and evacuation times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from scenarios.scenario import Scenario
from scenarios.venue import Line, Zone
from sim.crowd import Crowd
from sim.density import VoronoiCells
from sim.density_grid import CrowdFilm, DensityGrid
from sim.gate_load import GateLoad, GateWatch, watched_as
from sim.line_count import LineCount
from sim.pressure import PressureMap
from sim.service_level import FRUIN_WALKWAY_PER_M2, LEVELS, level_of_service
from sim.stall_load import StallLoad

__all__ = [
    "DENSE_PER_M2", "FRUIN_WALKWAY_PER_M2", "LASTING_S", "LEVELS", "LineMeasures", "Measures", "ZoneMeasures",
    "level_of_service", "measure",
]  # fmt: skip

Floats = NDArray[np.float64]

DENSE_PER_M2: Final = 4.0
"""Density above which time is counted where a zone has no ``max_density_per_m2``: more than four a square metre and
moving people no longer choose their step.

Reference:
    Still, G. K. (2014). Introduction to crowd science. CRC Press. DOI 10.1201/b17097
"""
LASTING_S: Final = 5.0
"""A cell of the map of levels of service has the worst level that it had for so long altogether."""
_SAMPLE_S: Final = 0.5
_CELLS_EVERY: Final = 2
"""Voronoi cells are made at every second instant."""


@dataclass(frozen=True, slots=True)
class ZoneMeasures:
    """One zone of the floor, its density by Voronoi cells once a second.

    Attributes:
        density_mean_per_m2: Over the whole time.
        density_peak_per_m2: The largest.
        threshold_per_m2: The zone's own ``max_density_per_m2``, else ``DENSE_PER_M2``.
        above_s: Seconds above the threshold.
    """

    density_mean_per_m2: float
    density_peak_per_m2: float
    threshold_per_m2: float
    above_s: float


@dataclass(frozen=True, slots=True)
class LineMeasures:
    """One line of the floor; everybody counts once, at the first crossing.

    Attributes:
        to_left: Persons who crossed it to the left, looking from its first point to its second.
        to_right: Persons who crossed it to the right.
        specific_flow_per_m_s: Both ways, from the first crossing to the last; None of fewer than two.
    """

    to_left: int
    to_right: int
    specific_flow_per_m_s: float | None


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
        walking_level: Share of the walkers' time at each of Fruin's levels for walkways, while they walked.
        queuing_level: The same by Fruin's levels for queues, while they were slower than 0.3 m/s.
        level_map: Worst level of walkways that each cell had for ``LASTING_S`` altogether, as an index; -1 where nobody
            can stand.
        dense_s: Seconds for which somebody was somewhere in a local density above ``DENSE_PER_M2``.
        dense_person_s: Those seconds summed over all who were in it.
        zones: Zone to its density.
        lines: Line to who crossed it.
        pressure_peak_per_s2: Largest crowd pressure (Helbing); None where the crowd was dense nowhere for ten seconds.
        gates: Gate that lets people out, or passage that holds them, to how hard it was used.
        limiting_gate: That of ``gates`` that was at its capacity longest; None where none was so for ``LASTING_S``.
        stalls: Stall to whom it served and how long they waited.
        film: The crowd from above.
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
    walking_level: Mapping[str, float]
    queuing_level: Mapping[str, float]
    level_map: NDArray[np.int64]
    dense_s: float
    dense_person_s: float
    zones: Mapping[str, ZoneMeasures]
    lines: Mapping[str, LineMeasures]
    pressure_peak_per_s2: float | None
    gates: Mapping[str, GateLoad]
    limiting_gate: str | None
    stalls: Mapping[str, StallLoad]
    film: CrowdFilm

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without the maps."""
        return {
            "people": self.people,
            "people_left": self.people_left,
            "people_inside_at_end": self.people_inside,
            "density_peak_per_m2": self.density_peak,
            "level_of_service_share": dict(self.level_of_service),
            "level_of_service_walking_share": dict(self.walking_level),
            "level_of_service_queuing_share": dict(self.queuing_level),
            f"time_above_{DENSE_PER_M2:g}_per_m2_s": self.dense_s,
            f"person_time_above_{DENSE_PER_M2:g}_per_m2_s": self.dense_person_s,
            "pressure_peak_per_s2": self.pressure_peak_per_s2,
            "zone_density": {
                zone: {
                    "mean_per_m2": z.density_mean_per_m2,
                    "peak_per_m2": z.density_peak_per_m2,
                    "threshold_per_m2": z.threshold_per_m2,
                    "above_s": z.above_s,
                }
                for zone, z in self.zones.items()
            },
            "line_flow": {
                line: {
                    "to_left_people": n.to_left,
                    "to_right_people": n.to_right,
                    "specific_per_m_and_s": n.specific_flow_per_m_s,
                }
                for line, n in self.lines.items()
            },
            "gate_at_capacity_s": {gate: load.at_capacity_s for gate, load in self.gates.items()},
            "gate_capacity_per_m_and_s": {gate: load.capacity_per_m_s for gate, load in self.gates.items()},
            "gate_held_up_people": {gate: load.held_up_people for gate, load in self.gates.items()},
            "limiting_gate": self.limiting_gate,
            "stall": {stall: asdict(load) for stall, load in self.stalls.items()},
            "gate_out_people": dict(self.gate_out),
            "gate_out_per_min": dict(self.gate_out_per_min),
            "gate_specific_flow_per_m_and_s": dict(self.gate_flow_per_m_s),
            "travel_s": dict(self.travel_s),
            "evacuation_s": self.evacuation_s,
        }


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
    steps = round(scenario.duration_s / scenario.step_s)
    every = max(1, round(_SAMPLE_S / scenario.step_s))
    rig = _Rig(scenario, every * scenario.step_s, steps // every + 2)
    for step in range(steps + 1):
        if step:
            crowd.step()
        if watch is not None:
            watch(crowd)
        rig.count(crowd)
        if step % every == 0 or step == steps:
            rig.look(crowd)
            if progress is not None:
                progress(step / steps)
    return rig.conclude(crowd)


class _Rig:
    """All instruments on one crowd."""

    def __init__(self, scenario: Scenario, every_s: float, instants: int) -> None:
        venue = scenario.venue
        self._scenario = scenario
        self._every_s = every_s
        self._grid = DensityGrid(venue, every_s=every_s, instants=instants, dense_per_m2=DENSE_PER_M2)
        self._pressure = PressureMap(self._grid.x_m, self._grid.y_m, every_s)
        self._gates = GateWatch(venue, every_s)
        self._lines = [LineCount(line) for line in venue.lines]
        served = [passage for passage in venue.passages if passage.service_s]
        self._passages = {watched_as(p, venue): LineCount(Line(id=p.id, points=p.line)) for p in served}
        areas = [(zone, zone.shape.intersection(venue.walkable)) for zone in venue.zones]
        self._zones: list[tuple[Zone, BaseGeometry, list[float]]] = [(z, a, []) for z, a in areas if a.area > 0]
        self._times: list[float] = []
        self._left: list[int] = []
        self._inside: list[int] = []

    def count(self, crowd: Crowd) -> None:
        """Take in a step."""
        for line in (*self._lines, *self._passages.values()):
            line.add(crowd.time_s, crowd.people.id, crowd.people.position_m)

    def look(self, crowd: Crowd) -> None:
        """Take in an instant."""
        people = crowd.people
        walkers, speed = ~people.stays, np.hypot(*people.velocity_mps.T)
        if self._zones and len(self._times) % _CELLS_EVERY == 0:
            cells = VoronoiCells.of(people.position_m, crowd.routes.venue.walkable)
            for _, area, found in self._zones:
                found.append(cells.density_in(area))
        self._times.append(crowd.time_s)
        self._left.append(len(crowd.left))
        self._inside.append(int(walkers.sum()))
        self._grid.add(crowd.time_s, people.position_m, speed, walkers)
        self._pressure.add(people.position_m, people.velocity_mps)
        comes = walkers & ~crowd.queuing()  # who waits at a stall is not held up by a gate
        self._gates.add(crowd.time_s, people.position_m[comes], speed[comes], people.free_mps[comes])

    def conclude(self, crowd: Crowd) -> Measures:
        """Return the numbers."""
        scenario, grid = self._scenario, self._grid
        out: dict[str, list[float]] = {gate.id: [] for gate in scenario.venue.gates if gate.lets_out}
        for leaving in crowd.left:
            if leaving.gate:
                out.setdefault(leaving.gate, []).append(leaving.left_s)
        widths = {gate.id: gate.width_m for gate in scenario.venue.gates}
        travels = [leaving.left_s - leaving.entered_s for leaving in crowd.left if leaving.entered_s > 0]
        passed = {name: sorted([*n.to_left_s, *n.to_right_s]) for name, n in self._passages.items()}
        loads = self._gates.loads(out | passed)
        most = max(loads, key=lambda gate: loads[gate].at_capacity_s, default=None)
        emptied = crowd.left and self._inside[-1] == 0
        floor = grid.area_m2 > 0
        return Measures(
            people=crowd.entered,
            people_left=len(crowd.left),
            people_inside=self._inside[-1],
            x_m=grid.x_m,
            y_m=grid.y_m,
            density_mean_per_m2=np.where(floor, grid.mean(), np.nan),
            density_peak_per_m2=np.where(floor, grid.peak, np.nan),
            density_peak=float(max(grid.met, default=0.0)),
            level_of_service=_shares(np.bincount(level_of_service(np.array(grid.met)), minlength=len(LEVELS))),
            gate_out={gate: len(instants) for gate, instants in out.items()},
            gate_out_per_min={gate: len(instants) / scenario.duration_s * 60 for gate, instants in out.items()},
            gate_flow_per_m_s={
                gate: (len(instants) - 1) / (instants[-1] - instants[0]) / widths[gate]
                for gate, instants in out.items()
                if len(instants) > 1 and instants[-1] > instants[0]
            },
            travel_s={"median": float(np.median(travels)), "p90": float(np.quantile(travels, 0.9))} if travels else {},
            egress_time_s=np.array(self._times),
            egress_people=np.array(self._left),
            inside_people=np.array(self._inside),
            evacuation_s=crowd.left[-1].left_s if emptied else None,
            walking_level=_shares(grid.walking),
            queuing_level=_shares(grid.queuing),
            level_map=grid.level_lasting(LASTING_S),
            dense_s=grid.above_s,
            dense_person_s=grid.above_person_s,
            zones={zone.id: self._zone(zone, found) for zone, _, found in self._zones},
            lines={
                n.line.id: LineMeasures(len(n.to_left_s), len(n.to_right_s), n.specific_flow_per_m_s)
                for n in self._lines
            },
            pressure_peak_per_s2=self._pressure.peak,
            gates=loads,
            limiting_gate=most if most and loads[most].at_capacity_s >= LASTING_S else None,
            stalls={stall: StallLoad.of(record) for stall, record in crowd.stalls.items()},
            film=grid.film(),
        )

    def _zone(self, zone: Zone, found: list[float]) -> ZoneMeasures:
        density = np.array(found)
        threshold = DENSE_PER_M2 if zone.max_density_per_m2 is None else zone.max_density_per_m2
        above = float((density > threshold).sum() * _CELLS_EVERY * self._every_s)
        return ZoneMeasures(float(density.mean()), float(density.max()), threshold, above)


def _shares(times: NDArray[Any]) -> dict[str, float]:
    whole = times.sum()
    return {level: float(time / whole) for level, time in zip(LEVELS, times, strict=True)} if whole else {}
