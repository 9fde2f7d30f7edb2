"""The venue from above with everybody in it, as it is now: an instant to a surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dashboard.play.look import (
    BAG,
    CHANGED,
    FLOOR,
    FOLLOWED,
    GRID,
    LINE,
    OPEN,
    PAPER,
    PERSON,
    QUIET,
    SHUT,
    SOLID,
    SOLID_EDGE,
    STAYS,
    TAKES_PART,
    density_colours,
    pygame,
    write,
)  # fmt: skip
from scenarios.population import Posture
from scenarios.scenario import Scenario
from scenarios.venue import Obstacle, Venue
from sim.state import POSTURES, Snapshot

__all__ = ["Paper", "PlanView", "Seen"]

_MARGIN_PX: Final = 46
_BODY_M: Final = 0.23
_LEAST_PX: Final = 2.5
_GATE_REACH_PX: Final = 12
_BESIDE_PX: Final = 14
_DOWN: Final = (POSTURES.index(Posture.LYING), POSTURES.index(Posture.FALLEN))


@dataclass(frozen=True, slots=True)
class Paper:
    """Metres to the pixels of a rectangle of the window and back; x east to the right, y north up."""

    left: float
    top: float
    west: float
    north: float
    scale: float

    @classmethod
    def fit(cls, venue: Venue, area: pygame.Rect) -> Paper:
        """Show the whole venue in an area."""
        west, south, east, north = venue.floor.bounds
        room = area.inflate(-2 * _MARGIN_PX, -2 * _MARGIN_PX)
        scale = max(1.0, min(room.width / (east - west), room.height / (north - south)))
        left = area.centerx - (east - west) * scale / 2
        return cls(left, area.centery - (north - south) * scale / 2, west, north, scale)

    def px(self, place_m: Sequence[float]) -> tuple[float, float]:
        """Return the pixel of a place."""
        return self.left + (place_m[0] - self.west) * self.scale, self.top + (self.north - place_m[1]) * self.scale

    def m(self, at_px: Sequence[float]) -> tuple[float, float]:
        """Return the place of a pixel."""
        return self.west + (at_px[0] - self.left) / self.scale, self.north - (at_px[1] - self.top) / self.scale


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the plan shows beside the world itself.

    Attributes:
        venue: As it is now.
        density_per_m2: Of the overlay, south first, or None without it.
        densest_m: Where it is densest, or None.
        followed: Id of the person who is followed, or None.
        trail_m: Where that person was, shape (n, 2).
        takes_part: Ids of those who take part in what was done or happens.
        dragged: An obstacle that the mouse holds, where it would be put, or None.
        over: Id of the gate or obstacle under the mouse, or None.
    """

    venue: Venue
    density_per_m2: NDArray[np.float64] | None = None
    densest_m: tuple[float, float] | None = None
    followed: int | None = None
    trail_m: tuple[tuple[float, float], ...] = ()
    takes_part: frozenset[int] = frozenset()
    dragged: Obstacle | None = None
    over: str | None = None


class PlanView:
    """Draws the plan into an area of the window."""

    def __init__(self, scenario: Scenario, area: pygame.Rect) -> None:
        """Lay the venue into the area."""
        self._scenario, self._area = scenario, area
        self.paper = Paper.fit(scenario.venue, area)

    def gate_at(self, at_px: tuple[int, int], venue: Venue) -> str | None:
        """Return the gate under a pixel."""
        reach = [(self._off_line(at_px, gate.line), gate.id) for gate in venue.gates]
        away, gate = min(reach, default=(np.inf, ""))
        return gate if away <= _GATE_REACH_PX else None

    def obstacle_at(self, at_px: tuple[int, int], venue: Venue) -> Obstacle | None:
        """Return the obstacle under a pixel, or right beside it: barriers are thin."""
        for slack in (0, 6):
            for obstacle in venue.obstacles:
                ring = np.array([self.paper.px(p) for p in obstacle.polygon])
                low, high = ring.min(axis=0) - slack, ring.max(axis=0) + slack
                if (low <= at_px).all() and (at_px <= high).all():
                    return obstacle
        return None

    def person_at(self, at_px: tuple[int, int], world: Snapshot) -> int | None:
        """Return the person under a pixel or right beside it."""
        if not len(world.people.id):
            return None
        away = np.hypot(*(world.people.position_m - self.paper.m(at_px)).T) * self.paper.scale
        nearest = int(np.argmin(away))
        return int(world.people.id[nearest]) if away[nearest] <= max(_BESIDE_PX, 0.5 * self.paper.scale) else None

    def draw(self, surface: pygame.Surface, world: Snapshot, seen: Seen) -> None:
        """Draw an instant."""
        surface.set_clip(self._area)
        surface.fill(PAPER, self._area)
        self._floor(surface, seen.venue)
        if seen.density_per_m2 is not None:
            self._density(surface, seen.density_per_m2)
        self._solids(surface, seen)
        self._people(surface, world, seen)
        self._gates(surface, seen)
        if seen.densest_m is not None and seen.density_per_m2 is not None:
            pygame.draw.aacircle(surface, FOLLOWED, self.paper.px(seen.densest_m), max(12, self.paper.scale), 1)
        self._scale_bar(surface)
        surface.set_clip(None)

    def _floor(self, surface: pygame.Surface, venue: Venue) -> None:
        outline = [self.paper.px(p) for p in venue.outline]
        pygame.draw.polygon(surface, FLOOR, outline)
        west, south, east, north = venue.floor.bounds
        for x in np.arange(np.ceil(west / 5) * 5, east, 5.0):
            pygame.draw.line(surface, GRID, self.paper.px((x, south)), self.paper.px((x, north)))
        for y in np.arange(np.ceil(south / 5) * 5, north, 5.0):
            pygame.draw.line(surface, GRID, self.paper.px((west, y)), self.paper.px((east, y)))
        for zone in venue.zones:
            self._dashed(surface, [self.paper.px(p) for p in zone.polygon], SHUT if zone.forbidden else CHANGED)
            corner = min(zone.polygon, key=lambda p: (-p[1], p[0]))
            x, y = self.paper.px(corner)
            words = zone.id.replace("_", " ") + (", forbidden" if zone.forbidden else "")
            write(surface, words, (x + 6, y + 5), SHUT if zone.forbidden else CHANGED, 13)
        pygame.draw.aalines(surface, QUIET, True, outline)

    def _density(self, surface: pygame.Surface, density: NDArray[np.float64]) -> None:
        colours = np.ascontiguousarray(density_colours(density)[::-1])
        rows, columns = density.shape
        small = pygame.image.frombuffer(colours.tobytes(), (columns, rows), "RGBA")
        west, south, *_ = self._scenario.venue.floor.bounds
        step = 0.5 * self.paper.scale
        large = pygame.transform.smoothscale(small, (round(columns * step), round(rows * step)))
        x, y = self.paper.px((west, south))
        surface.blit(large, (round(x), round(y - rows * step)))

    def _solids(self, surface: pygame.Surface, seen: Seen) -> None:
        for obstacle in seen.venue.obstacles:
            ring = [self.paper.px(p) for p in obstacle.polygon]
            held = seen.dragged is not None and obstacle.id == seen.dragged.id
            pygame.draw.polygon(surface, LINE if held else SOLID, ring)
            edge = CHANGED if seen.over == obstacle.id or held else SOLID_EDGE
            pygame.draw.aalines(surface, edge, True, ring)
            if obstacle.shape.area * self.paper.scale**2 > 2200:
                x, y = np.mean(ring, axis=0)
                write(surface, obstacle.id.replace("_", " "), (x, y), QUIET, 12, anchor="center")
        if seen.dragged is not None:
            ring = [self.paper.px(p) for p in seen.dragged.polygon]
            pygame.draw.polygon(surface, CHANGED, ring)
            x, y = np.max(ring, axis=0)
            write(surface, seen.dragged.id.replace("_", " "), (x + 8, y + 4), CHANGED, 14, backed=True)

    def _people(self, surface: pygame.Surface, world: Snapshot, seen: Seen) -> None:
        people, objects = world.people, world.objects
        size = max(_LEAST_PX, _BODY_M * self.paper.scale)
        lies = objects.carried_by < 0
        for place, number in zip(objects.position_m[lies], objects.id[lies].tolist(), strict=True):
            x, y = self.paper.px(place)
            half = max(3.5, 0.25 * self.paper.scale)
            box = pygame.Rect(0, 0, 2 * half, 2 * half)
            box.center = round(x), round(y)
            pygame.draw.rect(surface, BAG, box, border_radius=2)
            if number in seen.takes_part:
                pygame.draw.rect(surface, TAKES_PART, box.inflate(6, 6), 2, border_radius=4)
        if len(seen.trail_m) > 1:
            pygame.draw.aalines(surface, FOLLOWED, False, [self.paper.px(p) for p in seen.trail_m])
        speed = np.hypot(*people.velocity_mps.T)
        for row, who in enumerate(people.id.tolist()):
            at = self.paper.px(people.position_m[row])
            moves = speed[row] > 0.1
            colour = TAKES_PART if who in seen.takes_part else PERSON if moves else STAYS
            turn = people.heading_rad[row]
            ahead = np.array((np.cos(turn), -np.sin(turn)))
            if people.posture[row] in _DOWN:
                along = 1.6 * self.paper.scale * ahead
                pygame.draw.line(surface, colour, at, np.add(at, along).tolist(), max(4, round(1.4 * size)))
            elif moves:
                nose = np.add(at, (size + max(3.0, 0.25 * self.paper.scale)) * ahead)
                pygame.draw.aaline(surface, colour, at, nose.tolist())
            pygame.draw.aacircle(surface, colour, at, size)
            if who == seen.followed:
                pygame.draw.aacircle(surface, FOLLOWED, at, size + 5, 2)

    def _gates(self, surface: pygame.Surface, seen: Seen) -> None:
        area = self._area.inflate(-12, -8)
        for gate in seen.venue.gates:
            colour = OPEN if gate.open else SHUT
            ends = [self.paper.px(p) for p in gate.line]
            pygame.draw.line(surface, colour, ends[0], ends[1], 8 if seen.over == gate.id else 5)
            (x, y), words = np.mean(ends, axis=0), gate.id.replace("_", " ") + ("" if gate.open else ", closed")
            flat = abs(ends[1][0] - ends[0][0]) > abs(ends[1][1] - ends[0][1])
            middle = self.paper.px(seen.venue.floor.centroid.coords[0])
            if flat:
                anchor, shift = ("midbottom", (0, -9)) if y < middle[1] else ("midtop", (0, 9))
            else:
                anchor, shift = ("midright", (-11, 0)) if x < middle[0] else ("midleft", (11, 0))
            rect = pygame.Rect(0, 0, 8 * len(words), 18)
            setattr(rect, anchor, (round(x + shift[0]), round(y + shift[1])))
            rect.clamp_ip(area)
            write(surface, words, getattr(rect, anchor), colour, 14, anchor=anchor, backed=True)

    def _scale_bar(self, surface: pygame.Surface) -> None:
        length = next((m for m in (50, 20, 10, 5, 2, 1) if m * self.paper.scale <= 180), 1)
        x, y = self._area.right - 20, self._area.bottom - 12
        wide = length * self.paper.scale
        pygame.draw.lines(surface, QUIET, False, [(x - wide, y - 6), (x - wide, y), (x, y), (x, y - 6)], 2)
        write(surface, f"{length} m, north up", (x, y - 9), QUIET, 13, anchor="bottomright")

    @staticmethod
    def _dashed(surface: pygame.Surface, ring: list[tuple[float, float]], colour: tuple[int, int, int]) -> None:
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
            length = float(np.hypot(bx - ax, by - ay))
            for at in np.arange(0, length, 9.0):
                s, e = at / length, min(1.0, (at + 4) / length)
                start, end = (ax + s * (bx - ax), ay + s * (by - ay)), (ax + e * (bx - ax), ay + e * (by - ay))
                pygame.draw.line(surface, colour, start, end)

    def _off_line(self, at_px: tuple[int, int], line: Sequence[Sequence[float]]) -> float:
        a, b = (np.array(self.paper.px(p)) for p in line)
        along = b - a
        share = float(np.clip(np.dot(np.subtract(at_px, a), along) / max(float(along @ along), 1e-9), 0, 1))
        return float(np.hypot(*(np.subtract(at_px, a) - share * along)))
