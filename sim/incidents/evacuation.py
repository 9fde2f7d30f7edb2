"""An alarm: nobody comes in any more, and everybody but the staff leaves, each after an own time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.incident import Evacuation, IncidentKind
from scenarios.population import FREE_SPEED_FACTOR, Posture, Role
from scenarios.truth import IncidentTruth
from sim.state import BODIES, POSTURES, ROLES

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["EvacuationIncident"]

_DWELLS: Final = [POSTURES.index(p) for p in (Posture.STANDING, Posture.SITTING, Posture.LYING)]
_STAFF: Final = ROLES.index(Role.STAFF)


class EvacuationIncident:
    """Everybody who is inside at the alarm draws when to set off and which way.

    Attributes:
        id: In the scenario.
        sets_off_s: When each sets off, by id; empty before the alarm.
    """

    def __init__(self, spec: Evacuation, crowd: Crowd, rng: np.random.Generator) -> None:
        """Prepare; nothing happens before ``spec.at_s``."""
        self._spec, self._crowd, self._rng = spec, crowd, rng
        known = [gate.id for gate in crowd.scenario.venue.gates]
        self._by = np.array([known.index(gate) for gate in spec.by] or range(len(known)), np.int32)
        self._setting_off: list[tuple[float, int]] = []
        self.id = spec.id
        self.sets_off_s: dict[int, float] = {}
        self._taking_part: tuple[int, ...] = ()
        self._place_m = (np.nan, np.nan)
        self._began_s: float | None = None

    def step(self) -> None:
        """Give the alarm, and set off whose time has come."""
        crowd = self._crowd
        now, people = crowd.time_s, crowd.people
        if self._began_s is None and now >= self._spec.at_s:
            self._began_s = now
            crowd.stop_arrivals()
            crowd.stop_services()
            dwells = np.isin(people.posture, _DWELLS) & (people.role != _STAFF)
            here = ~people.stays | (dwells if self._spec.dwellers else False)
            self._taking_part = tuple(people.id[here].tolist())
            if here.any():
                x, y = people.position_m[here].mean(axis=0)
                self._place_m = (float(x), float(y))
            starts = now + self._rng.uniform(*self._spec.premovement_s, len(self._taking_part))
            self.sets_off_s = dict(zip(self._taking_part, starts.tolist(), strict=True))
            self._setting_off = sorted(((start, person) for person, start in self.sets_off_s.items()), reverse=True)
        while self._setting_off and self._setting_off[-1][0] <= now:
            self._set_off(self._setting_off.pop()[1])

    def _set_off(self, person: int) -> None:
        crowd, people = self._crowd, self._crowd.people
        row = people.row(person)
        if row is None or (people.stays[row] and people.posture[row] not in _DWELLS):
            return  # has left, or has fallen since
        if people.stays[row]:
            body = BODIES[people.body[row]]
            people.free_mps[row] = crowd.draw_speed(self._rng) * FREE_SPEED_FACTOR[body]
            people.stays[row] = False
            people.take(row, Posture.STANDING)
        people.wanted_mps[row] = people.free_mps[row] * self._spec.pace
        crowd.choose_among(row, self._by, self._spec.choice)

    def truth(self) -> IncidentTruth | None:
        """Return when the alarm was given and who was inside."""
        if self._began_s is None:
            return None
        least, most = self._spec.premovement_s
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.EVACUATION,
            start_s=self._began_s,
            end_s=None,
            place_m=self._place_m,
            person_ids=self._taking_part,
            object_ids=(),
            facts={
                "premovement_least_s": least,
                "premovement_most_s": most,
            },
        )
