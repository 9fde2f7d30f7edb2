"""Where a venue lets people sit, and how high."""

from __future__ import annotations

from typing import Final

from shapely import Point, STRtree

from scenarios.venue import ObstacleKind, Venue

__all__ = ["Seats"]

_SEATS: Final = {ObstacleKind.BENCH: 0.46, ObstacleKind.PLANTER: 0.6, ObstacleKind.WALL: 0.6}
"""What people sit on, and up to which height; a bench with a back is sat upon at 0.46 m."""
_REACH_M: Final = 0.75


class Seats:
    """Where a venue lets people sit."""

    def __init__(self, venue: Venue) -> None:
        seats = [o for o in venue.obstacles if o.kind in _SEATS and (o.kind is ObstacleKind.BENCH or o.height_m <= 0.6)]
        self._shapes = [o.shape for o in seats]
        self._heights = [min(o.height_m, _SEATS[o.kind]) for o in seats]
        self._tree = STRtree(self._shapes)

    def height_m(self, x: float, y: float) -> tuple[float, bool]:
        """Return the height of the seat at a place (0: the floor) and whether the place lies on the seat itself."""
        if not self._shapes:
            return 0.0, False
        point = Point(x, y)
        nearest = int(self._tree.nearest(point))
        away = float(self._shapes[nearest].distance(point))
        return (self._heights[nearest], away == 0.0) if away <= _REACH_M else (0.0, False)
