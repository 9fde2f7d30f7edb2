"""Where to walk: for every goal a field of walking distances over the floor, and the way down it.

The field solves the eikonal equation |grad t| = 1 / f by fast sweeping; f, the ease of walking, is 1 in the open and
falls towards walls and people who stay, so that the shortest ways keep clear of both.

Reference:
    Zhao, H. (2005). A fast sweeping method for eikonal equations. Mathematics of Computation 74, 603-627.
    DOI 10.1090/S0025-5718-04-01678-3. Equations 2.2 to 2.4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import KDTree
from shapely import LineString, Point

from scenarios.errors import ScenarioError
from scenarios.venue import Venue
from sim.motion import Walls, venue_walls
from sim.motion.crew import share
from sim.stairs import Stairs

__all__ = ["CLEARANCE_M", "Routes"]

Floats = NDArray[np.float64]

CLEARANCE_M: Final = 0.2
"""Ways are planned at least this far from walls; more than half a cell's side, so that no wall leaks."""
_CELL_M: Final = 0.25
_CELLS_MOST: Final = 1_500_000
_EASY_M: Final = 0.35
"""From this far on a wall is no hindrance."""
_HARDEST: Final = 0.25
"""Ease of walking right at a wall."""
_BLOCKER_REACH_M: Final = 0.8
_DOORWAY_M: Final = 1.5
_DOORWAY_EASE: Final = 0.4
"""Ease of walking before an open gate that is not one's own."""
_FORBIDDEN_EASE: Final = 0.04
"""Ease of walking inside a forbidden zone: who has no business there goes round, however far."""
_KEEP_OUT_M: Final = 0.4
"""So far around a forbidden zone people would rather not walk."""
_GATE_STRIP_M: Final = 0.6
_AT_WALL_CELLS: Final = 2.3
"""Who is so many cells from where can be walked stands at a wall, and not inside one."""
_OFF_WALL: Final = 0.3
_SWEEPS_MOST: Final = 400
_WITHIN_M: Final = 0.001
"""Ways round people who are held up need be no more exact."""
_AGREEMENT_LEAST: Final = 0.7
"""Directions of neighbouring cells whose blend is shorter than this part the ways; they are not blended."""


_WEST, _EAST, _SOUTH, _NORTH = 1, 2, 4, 8
_WAYS: Final = ((_WEST, (-1, 0)), (_EAST, (1, 0)), (_SOUTH, (0, -1)), (_NORTH, (0, 1)))


@dataclass(slots=True, eq=False)
class _Field:
    """Distance (rows, columns) in metres, inf where there is no way; direction (rows, columns, 2).

    What it was solved from is kept: which cells can be walked and how easily; how far the cells are from which it
    begins, inf elsewhere; which they are and the way on from there; what stands in for cells without a way.
    """

    distance_m: Floats
    direction: Floats
    walkable: NDArray[np.bool_]
    ease: Floats
    begins_m: Floats
    toward: tuple[NDArray[np.bool_], Floats]
    stand_in: tuple[NDArray[np.bool_], NDArray[np.int64], Floats] | None


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """A place as a goal: where; whether forbidden zones are minded; what only who goes there walks around, (b, 2)."""

    place_m: Floats
    trespass: bool
    around_m: Floats


class Routes:
    """The goals of a venue: its gates, in their order, then any points that were added.

    Attributes:
        walls: The venue's walls, with the gates that let out as doors.
        stairs: The venue's stairs.
        gate_lines_m: From (x, y) to (x, y) of every gate, shape (g, 4).
        lets_out: Whether each gate can be left by now, shape (g,).
        origin_m: Lower left corner (x, y) of the grid.
        cell_m: Side of a cell.
    """

    def __init__(self, venue: Venue, blockers_m: Floats | None = None) -> None:
        """Plan the ways to every gate.

        Args:
            venue: The venue; only its open gates can be left by.
            blockers_m: Places of people and things that stay and are walked around, shape (b, 2).
        """
        self._venue = venue
        self._blockers = np.empty((0, 2)) if blockers_m is None else blockers_m
        x0, y0, x1, y1 = venue.floor.bounds
        self.cell_m = max(_CELL_M, math.sqrt((x1 - x0 + 2) * (y1 - y0 + 2) / _CELLS_MOST))
        if self.cell_m > 1.9 * CLEARANCE_M:
            raise ScenarioError(
                f"venue.outline: a floor of {x1 - x0:.0f} x {y1 - y0:.0f} m is too large to plan ways on; "
                f"it should cover less than {_CELLS_MOST * (1.9 * CLEARANCE_M) ** 2 / 1e6:.1f} square kilometres"
            )
        self.origin_m = (x0 - 1.0, y0 - 1.0)
        self._columns = math.ceil((x1 - x0 + 2) / self.cell_m)
        self._rows = math.ceil((y1 - y0 + 2) / self.cell_m)
        xs = self.origin_m[0] + (np.arange(self._columns) + 0.5) * self.cell_m
        ys = self.origin_m[1] + (np.arange(self._rows) + 0.5) * self.cell_m
        self._centres = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        points = shapely.points(self._centres)
        self._from_gate_m = [np.asarray(shapely.distance(points, gate.shape)) for gate in venue.gates]
        self._stand(venue)
        forbidden = [zone.shape for zone in venue.zones if zone.forbidden]
        self._forbidden = shapely.union_all(forbidden)
        near = shapely.union_all([shape.buffer(_KEEP_OUT_M) for shape in forbidden])
        self._not_allowed = shapely.contains_xy(near, self._centres)
        self.stairs = Stairs(venue)
        self._points: list[_Place] = []
        self._fields: list[_Field] = []
        self._rebuild()

    @property
    def venue(self) -> Venue:
        """The venue as it is now, with its open and closed gates."""
        return self._venue

    def set_venue(self, venue: Venue) -> None:
        """Plan anew after gates were opened or closed, or obstacles moved."""
        if venue.obstacles != self._venue.obstacles:
            self._stand(venue)
        self._venue = venue
        self._rebuild()

    def block(self, places_m: Floats) -> None:
        """Plan anew around further things in the way, shape (b, 2)."""
        self._blockers = np.concatenate((self._blockers, places_m.reshape(-1, 2)))
        self._rebuild()

    def unblock(self, places_m: Floats) -> None:
        """Plan anew without things that were in the way, shape (b, 2)."""
        gone = (self._blockers[:, None] == places_m.reshape(-1, 2)[None]).all(axis=2).any(axis=1)
        self._blockers = self._blockers[~gone]
        self._rebuild()

    def add_point(self, place_m: tuple[float, float], *, trespass: bool = False, around_m: Floats | None = None) -> int:
        """Add a place as a goal and return its number.

        Args:
            place_m: Where.
            trespass: Whether who goes there minds no forbidden zone.
            around_m: What only who goes there walks around, shape (b, 2).

        Raises:
            ScenarioError: The place is not on the walkable floor.
        """
        if not self._venue.walkable.covers(Point(place_m)):
            raise ScenarioError(f"the place {place_m} is not on the walkable floor; move it off the obstacles")
        around = np.empty((0, 2)) if around_m is None else around_m
        self._points.append(_Place(np.array(place_m, float), trespass, around))
        self._fields.append(self._solve_point(self._points[-1]))
        self._stack()
        return len(self._fields) - 1

    def hold_up(self, slowness: Floats | None, goals: NDArray[np.int32]) -> None:
        """Lead the ways round where people are held up, until told otherwise; distances stay as they are.

        Args:
            slowness: How many times longer than free each cell takes, at least 1, shape (rows, columns); None: nobody
                is held up anywhere.
            goals: Numbers of the goals to which anybody goes; the others keep their ways.
        """
        for goal in goals.tolist() if slowness is not None else range(len(self._fields)):
            field = self._fields[goal]
            if slowness is None:
                self._directions[goal] = field.direction
            else:
                times = self._times(field.begins_m, field.walkable, field.ease / slowness, _WITHIN_M)
                self._directions[goal] = self._descent(field, times)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        return self._rows, self._columns

    def gate_index(self, gate_id: str) -> int:
        """Return the number of a gate as a goal."""
        return [gate.id for gate in self._venue.gates].index(gate_id)

    def distance_m(self, goal: NDArray[np.int32] | int, position_m: Floats) -> Floats:
        """Walking distance of each position, shape (n, 2), to its goal; inf where there is no way."""
        goals = np.broadcast_to(np.asarray(goal, np.int32), len(position_m))
        column, row = self._cells(position_m)
        return np.asarray(self._distances[goals, row, column])

    def direction(self, goal: NDArray[np.int32], position_m: Floats) -> Floats:
        """Unit vectors of the way from each position to its goal, shape (n, 2)."""
        out = np.empty_like(position_m)
        share(_sample, len(out), self._directions, goal, position_m, *self.origin_m, self.cell_m, out)
        return out

    def reaches(self, places_m: Floats) -> NDArray[np.bool_]:
        """Whether each goal can be reached from each place, shape (goals, n); beside a wall, from next to there."""
        column, row = self._cells(np.array([self.on_floor(place) for place in places_m]).reshape(-1, 2))
        return np.asarray(np.isfinite(self._distances[:, row, column]))

    def way_m(self, goal: int, place_m: tuple[float, float], step_m: float = 0.25) -> Floats:
        """Return the way from a place to a goal as points ``step_m`` apart, shape (k, 2)."""
        here = np.array([place_m], float)
        goals = np.array([goal], np.int32)
        points = [here[0].copy()]
        limit = 8 + int(4 * min(float(self.distance_m(goal, here)[0]), 1e5) / step_m)
        for _ in range(limit):
            if self.distance_m(goal, here)[0] <= 1.5 * step_m:
                break
            here = here + step_m * self.direction(goals, here)
            points.append(here[0].copy())
        return np.array(points)

    def on_floor(self, place_m: Floats) -> Floats:
        """Return a place, shape (2,), itself where ways begin there, else the nearest place where they do."""
        column, row = self._cells(place_m[None])
        if self._walkable[row[0], column[0]] or not self._walkable.any():
            return place_m
        floor = self._centres[self._walkable.ravel()]
        return np.asarray(floor[int(np.argmin(np.hypot(*(floor - place_m).T)))])

    def is_inside(self, position_m: Floats) -> NDArray[np.bool_]:
        """Whether each position, shape (n, 2), is on the floor and in no obstacle."""
        on_floor = shapely.contains_xy(self._venue.floor, position_m)
        return np.asarray(on_floor & ~shapely.contains_xy(self._solid, position_m))

    def is_free(self, position_m: Floats) -> NDArray[np.bool_]:
        """Whether somebody can and may stand at each position, clear of every wall."""
        column, row = self._cells(position_m)
        clear = self.walls.clearance_m(position_m, -1, 2 * CLEARANCE_M) >= CLEARANCE_M
        inside = shapely.contains_xy(self._venue.floor, position_m) & ~shapely.contains_xy(self._solid, position_m)
        allowed = ~shapely.contains_xy(self._forbidden, position_m)
        return np.asarray(clear & inside & allowed & self._walkable[row, column])

    def _stand(self, venue: Venue) -> None:
        """Take in where obstacles stand."""
        self._solid = shapely.union_all([o.shape for o in venue.obstacles])
        on_floor = shapely.contains_xy(venue.floor, self._centres)
        self._inside = on_floor & ~shapely.contains_xy(self._solid, self._centres)
        self._shut = self._against(venue)

    def _against(self, venue: Venue) -> NDArray[np.uint8]:
        """Return which way nobody may walk on from each cell, bits of ``_WAYS``, shape (rows, columns)."""
        shut = np.zeros(len(self._centres), np.uint8)
        for passage in venue.passages:
            if passage.toward is None:
                continue
            a, b = (np.asarray(point, float) for point in passage.line)
            for bit, step in _WAYS:
                here, there = self._centres, self._centres + self.cell_m * np.asarray(step)
                apart = (_left_of(a, b, here) >= 0) != (_left_of(a, b, there) >= 0)
                between = (_left_of(here, there, a) >= 0) != (_left_of(here, there, b) >= 0)
                if np.dot(step, passage.across) < 0:
                    shut[apart & between] |= bit
        return shut.reshape(self._rows, self._columns)

    def _cells(self, position_m: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        cell = ((position_m - self.origin_m) / self.cell_m).astype(np.int64)
        return np.clip(cell[:, 0], 0, self._columns - 1), np.clip(cell[:, 1], 0, self._rows - 1)

    def _rebuild(self) -> None:
        self.walls: Walls = venue_walls(self._venue)
        self.gate_lines_m = np.array([gate.line for gate in self._venue.gates], float).reshape(-1, 4)
        self.lets_out = np.array([gate.lets_out for gate in self._venue.gates], bool)
        self._walkable = self._open_cells(-1, None)[0]
        gates = [self._solve_gate(index) for index in range(len(self._venue.gates))]
        self._fields = gates + [self._solve_point(point) for point in self._points]
        self._stack()

    def _stack(self) -> None:
        shape = (len(self._fields), self._rows, self._columns)
        self._distances = np.array([f.distance_m for f in self._fields]).reshape(shape)
        self._directions = np.array([f.direction for f in self._fields]).reshape(*shape, 2)

    def _open_cells(
        self, door: int, strip: shapely.Geometry | None, *, place: _Place | None = None
    ) -> tuple[NDArray[np.bool_], Floats]:
        """Return which cells can be walked and how easily, shape (rows, columns) each."""
        clearance = self.walls.clearance_m(self._centres, door, _EASY_M)
        inside = self._inside
        if strip is not None:
            inside = inside | (
                shapely.contains_xy(strip, self._centres) & ~shapely.contains_xy(self._solid, self._centres)
            )
        ease = np.maximum(_HARDEST, np.minimum(1.0, clearance / _EASY_M))
        for index, gate in enumerate(self._venue.gates):
            if index != door and gate.lets_out:  # nobody stands about in a door that others leave by
                before = self._from_gate_m[index] < _DOORWAY_M
                ease[before] = np.minimum(ease[before], _DOORWAY_EASE)
        blockers = self._blockers if place is None else np.concatenate((self._blockers, place.around_m))
        if len(blockers):
            near, _ = KDTree(blockers).query(self._centres, distance_upper_bound=_BLOCKER_REACH_M)
            ease = np.minimum(ease, np.maximum(_HARDEST / 2, np.minimum(1.0, near / _BLOCKER_REACH_M)))
        if place is None or not place.trespass:
            ease = np.where(self._not_allowed, np.minimum(ease, _FORBIDDEN_EASE), ease)
        shape = (self._rows, self._columns)
        return (inside & (clearance >= CLEARANCE_M)).reshape(shape), ease.reshape(shape)

    def _solve_gate(self, index: int) -> _Field:
        gate = self._venue.gates[index]
        strip = gate.shape.buffer(_GATE_STRIP_M, cap_style="flat")
        walkable, ease = self._open_cells(index if gate.lets_out else -1, strip if gate.lets_out else None)
        return self._solve(gate.shape, self._from_gate_m[index], walkable, ease)

    def _solve_point(self, place: _Place) -> _Field:
        walkable, ease = self._open_cells(-1, None, place=place)
        away_m = np.hypot(*(self._centres - place.place_m).T)
        return self._solve(Point(place.place_m), away_m, walkable, ease)

    def _solve(self, goal: LineString | Point, away_m: Floats, walkable: NDArray[np.bool_], ease: Floats) -> _Field:
        away = away_m.reshape(walkable.shape)
        reach = self.cell_m if isinstance(goal, LineString) else 2 * self.cell_m
        seeds = walkable & (away <= max(reach, float(away[walkable].min(initial=math.inf)) + 1e-9))
        if float(away[seeds].min(initial=math.inf)) > 2 * _GATE_STRIP_M:  # only cells far off can be walked
            seeds[:] = False
        begins = np.where(seeds, away, np.inf)
        distance = self._times(begins, walkable, ease)
        nearest = shapely.get_coordinates(
            shapely.shortest_line(shapely.points(self._centres[seeds.ravel()]), goal)
        ).reshape(-1, 2, 2)
        # right at a wall people go on as from the nearest cell that can be walked, and a little off the wall
        lost = ~np.isfinite(distance)
        stand_in = None
        if lost.any() and not lost.all():
            cell = distance_transform_edt(lost, return_distances=False, return_indices=True)
            back = np.moveaxis(cell - np.indices(lost.shape), 0, -1)[..., ::-1][lost].astype(float)
            stand_in = (lost, np.stack((cell[0][lost], cell[1][lost])).astype(np.int64), back)
        toward = (seeds, nearest[:, 1] - nearest[:, 0])
        field = _Field(distance, np.empty(0), walkable, ease, begins, toward, stand_in)
        field.direction = self._descent(field, distance)
        return field

    def _times(self, begins: Floats, walkable: NDArray[np.bool_], ease: Floats, within_m: float = 1e-9) -> Floats:
        """Return the ways to where a field begins, in metres of easy walking, shape (rows, columns)."""
        distance = begins.copy()
        if _sweep(distance, walkable, self._shut, self.cell_m / ease, within_m) >= _SWEEPS_MOST:
            raise ScenarioError(f"venue: the ways of this floor wind too much: {_SWEEPS_MOST} sweeps do not find them")
        return distance

    def _descent(self, field: _Field, distance: Floats) -> Floats:
        """Return the unit vectors down a field, shape (rows, columns, 2)."""
        direction = np.zeros((*distance.shape, 2))
        _descend(distance, field.walkable, self._shut, direction)
        seeds, toward = field.toward
        length = np.hypot(*toward.T)[:, None]
        direction[seeds] = np.where(length > 0.3 * self.cell_m, toward / np.maximum(length, 1e-9), direction[seeds])
        if field.stand_in is not None:
            lost, (r, c), back = field.stand_in
            off = np.hypot(*back.T)[:, None]
            there = direction[r, c]
            new = np.where(off <= _AT_WALL_CELLS, there + _OFF_WALL * back / off, back / off)
            direction[lost] = new / np.maximum(np.hypot(*new.T)[:, None], 1e-9)
        return direction


def _left_of(a: Floats, b: Floats, point: Floats) -> Floats:
    """Twice the area of the triangle, positive where the point is on the left of the way from a to b."""
    ab, ap = b - a, point - a
    return np.asarray(ab[..., 0] * ap[..., 1] - ab[..., 1] * ap[..., 0])


@njit(cache=True)
def _sweep(distance: Any, walkable: Any, shut: Any, cost: Any, least: float) -> int:
    """Solve in place by Gauss-Seidel in the four orders until nothing falls by ``least``; returns the sweeps."""
    rows, columns = distance.shape
    for sweep in range(_SWEEPS_MOST):
        changed = False
        up, right = sweep % 2 == 0, (sweep // 2) % 2 == 0
        for rr in range(rows):
            r = rr if up else rows - 1 - rr
            for cc in range(columns):
                c = cc if right else columns - 1 - cc
                if not walkable[r, c]:
                    continue
                a, b = np.inf, np.inf
                if c > 0 and not shut[r, c] & _WEST:
                    a = min(a, distance[r, c - 1])
                if c < columns - 1 and not shut[r, c] & _EAST:
                    a = min(a, distance[r, c + 1])
                if r > 0 and not shut[r, c] & _SOUTH:
                    b = min(b, distance[r - 1, c])
                if r < rows - 1 and not shut[r, c] & _NORTH:
                    b = min(b, distance[r + 1, c])
                lower = min(a, b)
                if lower == np.inf:
                    continue
                h = cost[r, c]
                if abs(a - b) >= h:
                    value = lower + h
                else:
                    value = (a + b + np.sqrt(2 * h * h - (a - b) ** 2)) / 2
                if value < distance[r, c] - least:
                    distance[r, c] = value
                    changed = True
        if not changed and sweep >= 3:
            return sweep
    return _SWEEPS_MOST


@njit(cache=True)
def _descend(distance: Any, walkable: Any, shut: Any, direction: Any) -> None:
    """Write the unit vectors of steepest descent, by upwind differences."""
    rows, columns = distance.shape
    for r in range(rows):
        for c in range(columns):
            here = distance[r, c]
            if not walkable[r, c] or here == np.inf:
                continue
            dx, dy = 0.0, 0.0
            left = distance[r, c - 1] if c > 0 and not shut[r, c] & _WEST else np.inf
            right = distance[r, c + 1] if c < columns - 1 and not shut[r, c] & _EAST else np.inf
            below = distance[r - 1, c] if r > 0 and not shut[r, c] & _SOUTH else np.inf
            above = distance[r + 1, c] if r < rows - 1 and not shut[r, c] & _NORTH else np.inf
            if min(left, right) < here:
                dx = here - right if right < left else left - here
            if min(below, above) < here:
                dy = here - above if above < below else below - here
            norm = np.sqrt(dx * dx + dy * dy)
            if norm > 0:
                direction[r, c, 0], direction[r, c, 1] = dx / norm, dy / norm


@njit(cache=True, nogil=True)
def _sample(
    first: int,
    last: int,
    direction: Any,
    goal: Any,
    position: Any,
    x0: float,
    y0: float,
    size: float,
    out: Any,
) -> None:
    """Blend the directions of the four cells around each position; nobody without a goal has one."""
    rows, columns = direction.shape[1], direction.shape[2]
    for i in range(first, last):
        g = goal[i]
        if g < 0:
            out[i, 0], out[i, 1] = 0.0, 0.0
            continue
        fx, fy = (position[i, 0] - x0) / size - 0.5, (position[i, 1] - y0) / size - 0.5
        c, r = min(max(int(np.floor(fx)), 0), columns - 2), min(max(int(np.floor(fy)), 0), rows - 2)
        tx, ty = min(max(fx - c, 0.0), 1.0), min(max(fy - r, 0.0), 1.0)
        dx = (direction[g, r, c, 0] * (1 - tx) + direction[g, r, c + 1, 0] * tx) * (1 - ty) + (
            direction[g, r + 1, c, 0] * (1 - tx) + direction[g, r + 1, c + 1, 0] * tx
        ) * ty
        dy = (direction[g, r, c, 1] * (1 - tx) + direction[g, r, c + 1, 1] * tx) * (1 - ty) + (
            direction[g, r + 1, c, 1] * (1 - tx) + direction[g, r + 1, c + 1, 1] * tx
        ) * ty
        norm = np.sqrt(dx * dx + dy * dy)
        if norm < _AGREEMENT_LEAST:  # a watershed, where a blend would stand or go to and fro: the nearest cell's
            cn, rn = c + (1 if tx > 0.5 else 0), r + (1 if ty > 0.5 else 0)
            dx, dy = direction[g, rn, cn, 0], direction[g, rn, cn, 1]
            norm = max(np.sqrt(dx * dx + dy * dy), 1e-9)
        out[i, 0], out[i, 1] = dx / norm, dy / norm
