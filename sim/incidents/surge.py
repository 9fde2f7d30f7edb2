"""Everybody near a place begins to run, to a gate or away from the place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.incident import IncidentKind, Surge
from scenarios.truth import IncidentTruth

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["SurgeIncident"]

_REACTION_S: Final = 0.8
"""The last to notice begins so long after the first."""
_SPEED_SPREAD: Final = 0.12


class SurgeIncident:
    """People within a radius run; each after an own reaction time, at an own speed."""

    def __init__(self, spec: Surge, crowd: Crowd, rng: np.random.Generator) -> None:
        """Prepare; nothing happens before ``spec.at_s``."""
        self._spec, self._crowd, self._rng = spec, crowd, rng
        self._goal = None if spec.toward is None else crowd.routes.gate_index(spec.toward)
        self._starts_s: dict[int, float] = {}
        self._before: dict[int, tuple[float, int]] = {}
        self._began_s: float | None = None
        self._ended_s: float | None = None

    def step(self) -> None:
        """Begin, spread and end the run."""
        now, spec, people = self._crowd.time_s, self._spec, self._crowd.people
        if self._began_s is None and now >= spec.at_s:
            self._began_s = now
            near = np.hypot(*(people.position_m - np.array(spec.place_m)).T) <= spec.radius_m
            for person in people.id[near & ~people.stays & (people.wanted_mps > 0)].tolist():
                self._starts_s[person] = now + float(self._rng.uniform(0, _REACTION_S))
        if self._began_s is None or self._ended_s is not None:
            return
        for person in [p for p, start in self._starts_s.items() if start <= now and p not in self._before]:
            row = people.row(person)
            if row is None:
                self._before[person] = (0.0, -1)
                continue
            self._before[person] = (float(people.wanted_mps[row]), int(people.goal[row]))
            people.wanted_mps[row] = spec.speed_mps * max(0.5, float(self._rng.normal(1, _SPEED_SPREAD)))
            people.goal[row] = self._away(row) if self._goal is None else self._goal
        over = spec.lasts_s is not None and now >= self._began_s + spec.lasts_s
        nobody = all(people.row(p) is None for p in self._starts_s)
        if over or nobody:
            self._ended_s = now
            for person, (wanted, goal) in self._before.items():
                row = people.row(person)
                if row is not None:
                    people.wanted_mps[row], people.goal[row] = wanted, goal

    def _away(self, row: int) -> int:
        """Return the nearest open gate to which the way does not lead past the place; the farthest from it else."""
        crowd, here = self._crowd, self._crowd.people.position_m[row]
        from_m = here - np.array(self._spec.place_m)
        at = crowd.routes.on_floor(here)[None]
        ways = []
        for gate in np.flatnonzero(crowd.routes.lets_out).tolist():
            length = float(crowd.routes.distance_m(gate, at)[0])
            if np.isfinite(length):
                ahead = crowd.routes.direction(np.array([gate], np.int32), at)[0]
                ways.append((bool(ahead @ from_m < 0), length, gate))
        if not ways:
            return int(crowd.people.goal[row])
        toward, _, gate = min(ways)
        return max(ways, key=lambda way: way[1])[2] if toward else gate

    def truth(self) -> IncidentTruth | None:
        """Return who ran, and when."""
        if self._began_s is None:
            return None
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.SURGE,
            start_s=self._began_s,
            end_s=self._ended_s,
            place_m=self._spec.place_m,
            person_ids=tuple(sorted(self._starts_s)),
            object_ids=(),
            facts={"wanted_mps": self._spec.speed_mps, "radius_m": self._spec.radius_m},
        )
