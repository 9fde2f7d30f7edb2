"""Something that stands on the floor is put elsewhere while people walk: the venue is another from that instant on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from scenarios.errors import ScenarioError
from scenarios.feasibility import why_not_there
from scenarios.incident import IncidentKind, ObstacleMove
from scenarios.truth import IncidentTruth

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["ObstacleMoveIncident", "why_no_room", "why_not_now"]

_ROOM_M: Final = 0.3
"""People and bags are at least this far from where it is put."""


class ObstacleMoveIncident:
    """It is put there at once, or as soon as nobody is in its place and everybody still gets where they want."""

    def __init__(self, spec: ObstacleMove, crowd: Crowd, _: np.random.Generator) -> None:
        """Prepare; nothing is left to chance."""
        self._spec, self._crowd = spec, crowd
        self._done_s: float | None = None

    def step(self) -> None:
        """Put it there when it is time and there is room."""
        crowd, spec = self._crowd, self._spec
        if self._done_s is None and crowd.time_s >= spec.at_s and why_no_room(crowd, spec) is None:
            try:
                crowd.change_venue(crowd.routes.venue.with_obstacle_at(spec.obstacle, spec.place_m))
            except ScenarioError:
                return  # somebody would be cut off now; the next step asks again
            self._done_s = crowd.time_s

    def truth(self) -> IncidentTruth | None:
        """Return what was put where and when; nothing is due."""
        if self._done_s is None:
            return None
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.OBSTACLE_MOVE,
            start_s=self._done_s,
            end_s=self._done_s,
            place_m=self._spec.place_m,
            person_ids=(),
            object_ids=(),
            facts={"asked_s": self._spec.at_s, "due_s": None},
        )


def why_not_now(crowd: Crowd, move: ObstacleMove) -> str | None:
    """Return why an obstacle cannot be put elsewhere at this instant, in one sentence; None where it can."""
    reason = why_no_room(crowd, move)
    if reason is not None:
        return reason
    before = crowd.routes.venue
    try:
        crowd.change_venue(before.with_obstacle_at(move.obstacle, move.place_m))
    except ScenarioError as error:
        return str(error)
    crowd.change_venue(before)
    return None


def why_no_room(crowd: Crowd, move: ObstacleMove) -> str | None:
    """Return what stands where an obstacle should be put, in one sentence; None where there is room."""
    venue = crowd.routes.venue
    reason = why_not_there(move, venue)
    if reason is not None:
        return reason
    shape = next(o for o in venue.obstacles if o.id == move.obstacle).at(move.place_m).shape
    for what, places in (
        ("somebody stands", crowd.people.position_m),
        ("a bag stands", crowd.objects.position_m[crowd.objects.carried_by < 0]),
    ):
        near = shapely.distance(shape, shapely.points(places)) < _ROOM_M
        if near.any():
            x, y = places[int(np.argmax(near))]
            return f"'{move.obstacle}' cannot be put there: {what} in its way at ({x:.1f}, {y:.1f})"
    return None
