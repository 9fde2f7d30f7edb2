"""Something smoulders and burns; people keep away, and some stop to look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from scenarios.incident import Fire, FireSeat, IncidentKind
from scenarios.truth import IncidentTruth
from scenarios.venue import ObstacleKind
from sim.burning import due_after_s, flame_height_m, heat_kw
from sim.incidents.onlookers import Onlookers
from sim.state import FireState

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["FireIncident"]

_LOOK: Final = 0.3
"""Share of those who pass and stop to look."""
_DIED_S: Final = 8.0
_KIOSK_FRONT: Final = 0.45
"""A kiosk burns inside, behind its counter: the fire's foot is at this share of its height."""


class FireIncident:
    """The fire goes by its law; only the people are by chance."""

    def __init__(self, spec: Fire, crowd: Crowd, rng: np.random.Generator) -> None:
        """Find what burns and how high it is."""
        self._spec, self._crowd = spec, crowd
        self._place = np.array(spec.place_m)
        self._base_m = (*spec.place_m, self._height_m())
        self._onlookers = Onlookers(crowd, rng, _LOOK, (spec.keeps_away_m + 0.5, spec.keeps_away_m + 3.0))
        self._id, self._smoke = crowd.objects.reserve(), crowd.objects.reserve()
        self._burning: FireState | None = None
        self._ring: NDArray[np.float64] | None = None
        self._began_s: float | None = None
        self._out_s: float | None = None
        self._peak_kw = self._peak_m = 0.0

    def step(self) -> None:
        """Begin, keep people away, end."""
        now, spec, crowd = self._crowd.time_s, self._spec, self._crowd
        if self._began_s is None:
            if now < spec.at_s - 1e-9:
                return
            self._began_s = now
            self._burning = FireState(self._id, self._smoke, spec, self._base_m, now)
            crowd.fires.append(self._burning)
        if self._out_s is not None:
            return
        age = now - self._began_s
        self._peak_kw = max(self._peak_kw, heat_kw(spec, age))
        self._peak_m = max(self._peak_m, flame_height_m(spec, age))
        if self._ring is None and age >= spec.smoulders_s:
            self._ring = self._around_m()
            crowd.routes.block(self._ring)
        if age >= min(2.0, spec.smoulders_s):
            self._onlookers.step(self._place)
        if spec.lasts_s is not None and age >= spec.lasts_s + _DIED_S:
            self._out_s = now
            assert self._burning is not None
            crowd.fires.remove(self._burning)
            self._onlookers.disperse()
            if self._ring is not None:
                crowd.routes.unblock(self._ring)

    def truth(self) -> IncidentTruth | None:
        """Return when it smoked, burnt, and was due."""
        if self._began_s is None:
            return None
        now, spec = self._crowd.time_s, self._spec
        due = self._began_s + due_after_s(spec, self._crowd.scenario.step_s)
        flame = self._began_s + spec.smoulders_s
        return IncidentTruth(
            id=spec.id,
            kind=IncidentKind.FIRE,
            start_s=self._began_s,
            end_s=self._out_s,
            place_m=spec.place_m,
            person_ids=self._onlookers.people,
            object_ids=(self._id, self._smoke),
            facts={
                "smoke_s": self._began_s,
                "flame_s": flame if flame <= now else None,
                "base_height_m": self._base_m[2],
                "peak_heat_kw": self._peak_kw,
                "peak_flame_m": self._peak_m,
                "due_s": due if due <= now + 1e-9 else None,
            },
        )

    def _height_m(self) -> float:
        kinds = {FireSeat.BIN: ObstacleKind.BIN, FireSeat.KIOSK: ObstacleKind.KIOSK}
        if self._spec.seat is FireSeat.FLOOR:
            return 0.0
        place = shapely.Point(self._spec.place_m)
        seats = [
            o.height_m
            for o in self._crowd.scenario.venue.obstacles
            if o.kind is kinds[self._spec.seat] and o.shape.covers(place)
        ]
        return max(seats) * (1.0 if self._spec.seat is FireSeat.BIN else _KIOSK_FRONT)

    def _around_m(self) -> NDArray[np.float64]:
        """Return points over the disc that people keep out of, shape (k, 2)."""
        radius = self._spec.keeps_away_m
        points = [(0.0, 0.0)]
        for ring in np.arange(0.6, radius, 0.6):
            turn = np.arange(0, 2 * np.pi, 0.6 / ring)
            points += list(zip(ring * np.cos(turn), ring * np.sin(turn), strict=True))
        return np.asarray(self._place + np.array(points))
