"""Walls: line segments that nobody passes, with doors that only those pass who leave by them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray
from shapely import LineString
from shapely.geometry.base import BaseGeometry

from scenarios.venue import Venue

__all__ = ["Walls", "build_walls", "venue_walls", "walk_on", "wall_push"]

_CELL_M: Final = 1.0
_REACH_M: Final = 1.0
"""Walls farther than this from a body are neither felt nor tested; no step is longer."""
_DOOR_TOLERANCE_M: Final = 0.6
"""A piece of the outline this near to a gate's line is that gate's door."""
_DOOR_INSET_M: Final = 0.01
_SKIN_M: Final = 0.15
"""Bodies keep their centres this far from walls."""


@dataclass(frozen=True, slots=True, eq=False)
class Walls:
    """Segments and, cell by cell, which of them are near.

    Attributes:
        segment: From (x, y) to (x, y), shape (m, 4).
        door: Door that the segment closes, -1: a solid wall; shape (m,), int32.
        near: Segments near each cell, cell after cell.
        start: Those of cell c are ``near[start[c] : start[c + 1]]``.
        origin_m: Lower left corner (x, y) of the cells.
        columns: Cells of 1 m along x.
        rows: Cells along y.
    """

    segment: NDArray[np.float64]
    door: NDArray[np.int32]
    near: NDArray[np.int64]
    start: NDArray[np.int64]
    origin_m: tuple[float, float]
    columns: int
    rows: int

    def clearance_m(self, points_m: NDArray[np.float64], door: int, cap_m: float) -> NDArray[np.float64]:
        """Distance from each point to the nearest wall, at most ``cap_m``; ``door`` (or -1) stands open."""
        out = np.empty(len(points_m))
        _clearance(np.ascontiguousarray(points_m), door, cap_m, self.segment, self.door, out)
        return out

    def arrays(self) -> tuple[Any, ...]:
        """Return all of it as a kernel takes it."""
        return (self.segment, self.door, self.near, self.start, *self.origin_m, self.columns, self.rows)


def build_walls(segments_m: NDArray[np.float64], doors: NDArray[np.int32]) -> Walls:
    """Index wall segments, shape (m, 4), with the door of each (-1: solid), shape (m,)."""
    ends = segments_m.reshape(-1, 2)
    low = ends.min(axis=0) - 2 * _REACH_M
    columns, rows = (int(v) + 1 for v in np.ceil((ends.max(axis=0) + 2 * _REACH_M - low) / _CELL_M))
    near, start = _index(segments_m, float(low[0]), float(low[1]), columns, rows)
    return Walls(segments_m, doors, near, start, (float(low[0]), float(low[1])), columns, rows)


def venue_walls(venue: Venue) -> Walls:
    """Return the outline and the obstacles of a venue as walls; an open way out is a door of its gate's index."""
    strips = [
        shapely.intersection(_strip(g.shape), venue.floor.buffer(_DOOR_TOLERANCE_M)) if g.lets_out else None
        for g in venue.gates
    ]
    segments: list[tuple[float, float, float, float]] = []
    doors: list[int] = []

    def add(line: BaseGeometry, door: int) -> None:
        for part in shapely.get_parts(line):
            points = shapely.get_coordinates(part)
            for p, q in pairwise(points):
                if not np.array_equal(p, q):
                    segments.append((float(p[0]), float(p[1]), float(q[0]), float(q[1])))
                    doors.append(door)

    rest: BaseGeometry = venue.floor.exterior
    for index, strip in enumerate(strips):
        if strip is not None:
            add(rest.intersection(strip), index)
            rest = rest.difference(strip)
    add(rest, -1)
    for obstacle in venue.obstacles:
        add(obstacle.shape.exterior, -1)
    return build_walls(np.array(segments, float), np.array(doors, np.int32))


def _strip(line: LineString) -> BaseGeometry:
    inner = shapely.line_interpolate_point(line, [_DOOR_INSET_M, line.length - _DOOR_INSET_M])
    return LineString(list(inner)).buffer(_DOOR_TOLERANCE_M, cap_style="flat")


@njit(cache=True)
def _index(segment: Any, x0: float, y0: float, columns: int, rows: int) -> Any:
    half = _CELL_M / 2
    reach = _REACH_M + half * np.sqrt(2.0)
    start = np.zeros(columns * rows + 1, np.int64)
    near = np.empty(0, np.int64)
    for fill in range(2):
        count = 0
        for r in range(rows):
            for c in range(columns):
                x, y = x0 + (c + 0.5) * _CELL_M, y0 + (r + 0.5) * _CELL_M
                for k in range(segment.shape[0]):
                    ax, ay = segment[k, 0], segment[k, 1]
                    ux, uy = segment[k, 2] - ax, segment[k, 3] - ay
                    t = min(max(((x - ax) * ux + (y - ay) * uy) / (ux * ux + uy * uy), 0.0), 1.0)
                    dx, dy = x - ax - t * ux, y - ay - t * uy
                    if dx * dx + dy * dy <= reach * reach:
                        if fill == 1:
                            near[count] = k
                        count += 1
                start[r * columns + c + 1] = count
        if fill == 0:
            near = np.empty(count, np.int64)
    return near, start


@njit(cache=True, nogil=True)
def wall_push(
    x: float, y: float, gx: float, gy: float, mine: int, radius: float, a: float, D: float, walls: Any
) -> Any:
    """Return a exp((radius - d) / D) times the unit vector away from the nearest wall at d; ``mine`` stands open.

    A wall turns people aside, never back: what of it is against the way (gx, gy) is left out, or those at the posts of
    a door would be held before it.
    """
    dx, dy, d = _nearest(x, y, mine, walls)
    if not 1e-9 < d <= _REACH_M:
        return 0.0, 0.0
    strength = a * np.exp((radius - d) / D) / d
    px, py = strength * dx, strength * dy
    back = min(px * gx + py * gy, 0.0)
    return px - back * gx, py - back * gy


@njit(cache=True, nogil=True)
def walk_on(x: float, y: float, vx: float, vy: float, mine: int, dt: float, walls: Any) -> Any:
    """Return where a velocity leads in the time dt, and the velocity walked: who meets a wall slides along it."""
    wx, wy = vx * dt, vy * dt
    if wx == 0.0 and wy == 0.0:
        return x, y, 0.0, 0.0
    length = np.sqrt(wx * wx + wy * wy)
    if length > 0.9 * _REACH_M:
        wx, wy = wx * 0.9 * _REACH_M / length, wy * 0.9 * _REACH_M / length
    nx, ny = x + wx, y + wy
    if not _any_near(x, y, walls) and not _any_near(nx, ny, walls):
        return nx, ny, (nx - x) / dt, (ny - y) / dt
    k = _crossed(x, y, nx, ny, mine, walls)
    if k >= 0:  # keep what goes along the wall
        segment = walls[0]
        ux, uy = segment[k, 2] - segment[k, 0], segment[k, 3] - segment[k, 1]
        along = (wx * ux + wy * uy) / (ux * ux + uy * uy)
        nx, ny = x + along * ux, y + along * uy
    for _ in range(3):
        dx, dy, d = _nearest(nx, ny, mine, walls)
        if d >= _SKIN_M or d < 1e-9:
            break
        nx, ny = nx + dx / d * (_SKIN_M - d), ny + dy / d * (_SKIN_M - d)
    if _crossed(x, y, nx, ny, mine, walls) >= 0:
        nx, ny = x, y
    else:
        d = _nearest(nx, ny, mine, walls)[2]
        if d < 0.1 * _SKIN_M and d <= _nearest(x, y, mine, walls)[2]:
            nx, ny = x, y
    return nx, ny, (nx - x) / dt, (ny - y) / dt


@njit(cache=True, nogil=True)
def _any_near(x: float, y: float, walls: Any) -> bool:
    start = walls[3]
    cell = _cell(x, y, walls)
    return bool(start[cell + 1] > start[cell])


@njit(cache=True, nogil=True)
def _cell(x: float, y: float, walls: Any) -> int:
    x0, y0, columns, rows = walls[4], walls[5], walls[6], walls[7]
    c = min(max(int((x - x0) / _CELL_M), 0), columns - 1)
    r = min(max(int((y - y0) / _CELL_M), 0), rows - 1)
    return int(r * columns + c)


@njit(cache=True, nogil=True)
def _nearest(x: float, y: float, mine: int, walls: Any) -> Any:
    """Vector from the nearest point of a wall to (x, y), and its length; inf where no wall is near."""
    segment, door, near, start = walls[0], walls[1], walls[2], walls[3]
    cell = _cell(x, y, walls)
    best, bx, by = np.inf, 0.0, 0.0
    for e in range(start[cell], start[cell + 1]):
        k = near[e]
        if door[k] >= 0 and door[k] == mine:
            continue
        ax, ay = segment[k, 0], segment[k, 1]
        ux, uy = segment[k, 2] - ax, segment[k, 3] - ay
        t = min(max(((x - ax) * ux + (y - ay) * uy) / (ux * ux + uy * uy), 0.0), 1.0)
        dx, dy = x - ax - t * ux, y - ay - t * uy
        d = dx * dx + dy * dy
        if d < best:
            best, bx, by = d, dx, dy
    return bx, by, np.sqrt(best)


@njit(cache=True, nogil=True)
def _crossed(x: float, y: float, nx: float, ny: float, mine: int, walls: Any) -> int:
    """First segment that the way from (x, y) to (nx, ny) meets, or -1."""
    segment, door, near, start = walls[0], walls[1], walls[2], walls[3]
    cell = _cell(x, y, walls)
    hit, first = -1, np.inf
    wx, wy = nx - x, ny - y
    for e in range(start[cell], start[cell + 1]):
        k = near[e]
        if door[k] >= 0 and door[k] == mine:
            continue
        ax, ay = segment[k, 0], segment[k, 1]
        ux, uy = segment[k, 2] - ax, segment[k, 3] - ay
        det = wx * uy - wy * ux
        if abs(det) < 1e-14:
            continue
        t = ((ax - x) * uy - (ay - y) * ux) / det
        s = ((ax - x) * wy - (ay - y) * wx) / det
        if 0.0 <= t <= 1.0 and -1e-9 <= s <= 1.0 + 1e-9 and t < first:
            hit, first = k, t
    return hit


@njit(cache=True)
def _clearance(points: Any, mine: int, cap: float, segment: Any, door: Any, out: Any) -> None:
    for i in range(points.shape[0]):
        best = cap * cap
        for k in range(segment.shape[0]):
            if door[k] >= 0 and door[k] == mine:
                continue
            ax, ay = segment[k, 0], segment[k, 1]
            ux, uy = segment[k, 2] - ax, segment[k, 3] - ay
            px, py = points[i, 0] - ax, points[i, 1] - ay
            t = min(max((px * ux + py * uy) / (ux * ux + uy * uy), 0.0), 1.0)
            dx, dy = px - t * ux, py - t * uy
            best = min(best, dx * dx + dy * dy)
        out[i] = np.sqrt(best)
