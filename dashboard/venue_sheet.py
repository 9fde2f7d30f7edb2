"""Draws the plan of an imported venue as a sheet that a person checks and prints: metres, gates, widths, key."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
import shapely.ops
from PIL import Image, ImageDraw, ImageFont
from shapely import LineString, Polygon

from scenarios.plans.floor import StartArea
from scenarios.scenario import Scenario
from scenarios.venue import Gate, GateDirection, ObstacleKind, Venue

__all__ = ["draw_venue_sheet"]

_WIDE: Final = 1600
_LEAST_HIGH: Final = 640
_MOST_HIGH: Final = 1500
_MARGIN: Final = 70
_HEAD: Final = 96
_FOOT: Final = 84
_SCALE: Final = 2
"""Drawn at this multiple and reduced: lines come out smooth."""
_PAPER: Final = (255, 255, 255)
_OUTSIDE: Final = (238, 240, 242)
_FLOOR: Final = (255, 255, 255)
_GRID: Final = (226, 230, 233)
_INK: Final = (28, 36, 43)
_QUIET: Final = (104, 116, 126)
_WALL: Final = (62, 72, 80)
_THING: Final = (168, 178, 186)
_ZONE: Final = (0, 132, 132)
_FORBIDDEN: Final = (196, 52, 44)
_START: Final = (143, 92, 190)
_CAMERA: Final = (120, 130, 138)
_GATE: Final = {
    GateDirection.IN: (24, 120, 200),
    GateDirection.OUT: (22, 145, 80),
    GateDirection.BOTH: (214, 120, 10),
}
_GATE_WORDS: Final = {GateDirection.IN: "in", GateDirection.OUT: "out", GateDirection.BOTH: "in and out"}
_WALLS: Final = (ObstacleKind.WALL, ObstacleKind.BUILDING, ObstacleKind.PILLAR)


def draw_venue_sheet(scenario: Scenario, starts: Sequence[StartArea], source: str) -> bytes:
    """Return the sheet as PNG.

    Args:
        scenario: Its venue and cameras are drawn.
        starts: Where people are at the start.
        source: Where the plan is from, for the title.
    """
    venue = scenario.venue
    west, south, east, north = venue.floor.bounds
    wide, deep = east - west, north - south
    unit = min((_WIDE - 2 * _MARGIN) / wide, (_MOST_HIGH - _HEAD - _FOOT - 2 * _MARGIN) / deep)
    high = max(_LEAST_HIGH, round(deep * unit) + _HEAD + _FOOT + 2 * _MARGIN)
    sheet = _Sheet(venue, unit, high)
    sheet.floor()
    sheet.zones()
    sheet.starts(starts)
    sheet.obstacles()
    sheet.cameras(scenario)
    sheet.border()
    sheet.gates()
    sheet.words(scenario, starts, source)
    buffer = io.BytesIO()
    sheet.image.resize((_WIDE, high), Image.Resampling.LANCZOS).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


class _Sheet:
    """The sheet while it is drawn; all sizes in the words' pixels, times ``_SCALE``."""

    def __init__(self, venue: Venue, unit: float, high: int) -> None:
        self._venue = venue
        self._high = high
        self._unit = unit * _SCALE
        west, south, east, north = venue.floor.bounds
        self._bounds = west, south, east, north
        self._left = (_WIDE * _SCALE - (east - west) * self._unit) / 2
        room = (high - _HEAD - _FOOT) * _SCALE
        self._top = _HEAD * _SCALE + (room - (north - south) * self._unit) / 2
        self.image = Image.new("RGB", (_WIDE * _SCALE, high * _SCALE), _PAPER)
        self._draw: Any = ImageDraw.Draw(self.image, "RGBA")
        self._taken: list[tuple[float, float, float, float]] = []

    def floor(self) -> None:
        """The ground around, the floor, and a grid of metres."""
        west, south, east, north = self._bounds
        pad = 0.6 * _MARGIN / (self._unit / _SCALE)
        around = [(west - pad, south - pad), (east + pad, north + pad)]
        (x0, y1), (x1, y0) = self._at(around)
        self._draw.rectangle((x0, y0, x1, y1), fill=_OUTSIDE)
        self._draw.polygon(self._at(self._venue.outline), fill=_FLOOR)
        step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if s * self._unit >= 60 * _SCALE or s == 1000)
        for value in range(math.ceil((west - pad) / step) * step, math.floor(east + pad) + 1, step):
            (x, _), _ = self._at([(value, south), (value, north)])
            self._draw.line((x, y0, x, y1), fill=(*_GRID, 255), width=_SCALE)
            self._draw.text((x, y1 + 4 * _SCALE), f"{value}", _QUIET, _font(13), anchor="ma")
        for value in range(math.ceil((south - pad) / step) * step, math.floor(north + pad) + 1, step):
            (_, y), _ = self._at([(west, value), (east, value)])
            self._draw.line((x0, y, x1, y), fill=(*_GRID, 255), width=_SCALE)
            self._draw.text((x0 - 6 * _SCALE, y), f"{value}", _QUIET, _font(13), anchor="rm")

    def zones(self) -> None:
        """Watched parts of the floor, by name."""
        for zone in self._venue.zones:
            colour = _FORBIDDEN if zone.forbidden else _ZONE
            self._draw.polygon(self._at(zone.polygon), fill=(*colour, 26))
            self._dashes([*zone.polygon, zone.polygon[0]], colour)
            self._name(zone.id, zone.shape.representative_point().coords[0], colour)

    def starts(self, starts: Sequence[StartArea]) -> None:
        """Where people are at the start."""
        for start in starts:
            self._draw.polygon(self._at(start.ring), fill=(*_START, 34))
            self._dashes([*start.ring, start.ring[0]], _START)
            middle = Polygon(start.ring).representative_point().coords[0]
            self._name(f"{start.id}: {start.count} people", middle, _START)

    def obstacles(self) -> None:
        """What stands on the floor."""
        for obstacle in self._venue.obstacles:
            fill = _WALL if obstacle.kind in _WALLS else _THING
            self._draw.polygon(self._at(obstacle.polygon), fill=fill, outline=_INK)

    def cameras(self, scenario: Scenario) -> None:
        """The edge of what each camera shows of the floor."""
        for spec in scenario.cameras:
            edge = spec.build().footprint().boundary.intersection(self._venue.floor)
            for part in shapely.get_parts(shapely.line_merge(edge)):
                if isinstance(part, LineString):
                    self._dashes(list(part.coords), _CAMERA)

    def border(self) -> None:
        """The outline, over all that may straddle it."""
        ring = self._at([*self._venue.outline, self._venue.outline[0]])
        self._draw.line(ring, fill=_INK, width=3 * _SCALE, joint="curve")

    def gates(self) -> None:
        """Gates, with an arrow the way people pass, name and width."""
        for gate in self._venue.gates:
            colour = _GATE[gate.direction]
            self._draw.line(self._at(gate.line), fill=_PAPER, width=9 * _SCALE)
            self._draw.line(self._at(gate.line), fill=colour, width=7 * _SCALE)
            inward = self._inward(gate)
            (x, y) = self._at([gate.shape.centroid.coords[0]])[0]
            if gate.direction is not GateDirection.OUT:
                self._arrow(x, y, inward, colour)
            if gate.direction is not GateDirection.IN:
                self._arrow(x, y, -inward, colour)
        for gate in self._venue.gates:
            (x, y) = self._at([gate.shape.centroid.coords[0]])[0]
            inward = self._inward(gate)
            closed = "" if gate.open else ", closed"
            words = f"{gate.id} {gate.width_m:.2f} m{closed}"
            self._label(words, x + 40 * _SCALE * inward[0], y - 40 * _SCALE * inward[1], inward, _GATE[gate.direction])

    def words(self, scenario: Scenario, starts: Sequence[StartArea], source: str) -> None:
        """Title, facts, key and scale."""
        venue = self._venue
        s = _SCALE
        west, south, east, north = self._bounds
        self._draw.text((_MARGIN * s / 2, 18 * s), scenario.title, _INK, _font(30))
        facts = (
            f"{source}   {east - west:.5g} x {north - south:.5g} m   {venue.walkable.area:,.1f} m2 to walk on   "
            f"{len(venue.obstacles)} obstacles   {len(venue.gates)} gates   coordinates in metres, north is up"
        )
        self._draw.text((_MARGIN * s / 2, 60 * s), facts, _QUIET, _font(17))
        x, y = _MARGIN * s / 2, (self._high - 44) * s
        metres = max((m for m in (1, 2, 5, 10, 20, 50, 100, 200, 500) if m * self._unit <= 240 * s), default=1)
        self._draw.line((x, y + 8 * s, x + metres * self._unit, y + 8 * s), fill=_INK, width=4 * s)
        self._draw.text((x, y + 14 * s), f"{metres} m", _INK, _font(16))
        x = _WIDE * s - _MARGIN * s / 2
        key: list[tuple[str, tuple[int, int, int]]] = []
        directions = {gate.direction for gate in venue.gates}
        key += [(f"gate {_GATE_WORDS[d]}", _GATE[d]) for d in GateDirection if d in directions]
        kinds = {obstacle.kind in _WALLS for obstacle in venue.obstacles}
        key += [("wall or building", _WALL)] if True in kinds else []
        key += [("thing that stands about", _THING)] if False in kinds else []
        key += [("zone", _ZONE)] if any(not z.forbidden for z in venue.zones) else []
        key += [("forbidden zone", _FORBIDDEN)] if any(z.forbidden for z in venue.zones) else []
        key += [("people at the start", _START)] if starts else []
        key += [("edge of the camera's view", _CAMERA)]
        for words, colour in reversed(key):
            x -= self._draw.textlength(words, _font(16))
            self._draw.text((x, y), words, _INK, _font(16))
            x -= 24 * s
            self._draw.rectangle((x, y + 3 * s, x + 16 * s, y + 16 * s), fill=colour)
            x -= 18 * s

    def _at(self, points: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
        west, _, _, north = self._bounds
        return [(self._left + (p[0] - west) * self._unit, self._top + (north - p[1]) * self._unit) for p in points]

    def _inward(self, gate: Gate) -> Any:
        """Unit vector (east, north) from the gate into the floor."""
        (ax, ay), (bx, by) = gate.line
        normal = np.array([-(by - ay), bx - ax]) / gate.width_m
        middle = np.array(gate.shape.centroid.coords[0])
        step = min(0.2, 0.25 * gate.width_m)
        return normal if shapely.contains_xy(self._venue.floor, *(middle + step * normal)) else -normal

    def _arrow(self, x: float, y: float, way: Any, colour: tuple[int, int, int]) -> None:
        way = np.array([way[0], -way[1]])
        side = np.array([-way[1], way[0]])
        tip, foot = np.array([x, y]) + 24 * _SCALE * way, np.array([x, y]) + 9 * _SCALE * way
        wings = [foot + 8 * _SCALE * side, foot - 8 * _SCALE * side]
        self._draw.polygon([tuple(tip), tuple(wings[0]), tuple(wings[1])], fill=colour)

    def _dashes(self, points: Sequence[Sequence[float]], colour: tuple[int, int, int]) -> None:
        line = LineString(self._at(points))
        dash = 9 * _SCALE
        for start in np.arange(0, line.length, 2 * dash):
            piece = shapely.ops.substring(line, float(start), float(min(start + dash, line.length)))
            if isinstance(piece, LineString):
                self._draw.line(list(piece.coords), fill=colour, width=2 * _SCALE)

    def _name(self, words: str, place: Sequence[float], colour: tuple[int, int, int]) -> None:
        (x, y) = self._at([place])[0]
        self._label(words, x, y, np.zeros(2), colour)

    def _label(self, words: str, x: float, y: float, inward: Any, colour: tuple[int, int, int]) -> None:
        """Put a name where it covers no other: on the inner side, moved down as far as needed."""
        words = words.replace("_", " ")
        anchor = "lm" if inward[0] > 0.5 else "rm" if inward[0] < -0.5 else "mm"
        font = _font(17)
        box = self._draw.textbbox((x, y), words, font, anchor=anchor)
        pad = 4 * _SCALE
        for _ in range(40):
            if not any(box[0] < r and box[2] > left and box[1] < b and box[3] > top for left, top, r, b in self._taken):
                break
            y += 12 * _SCALE
            box = self._draw.textbbox((x, y), words, font, anchor=anchor)
        box = (box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad)
        self._taken.append(box)
        self._draw.rectangle(box, fill=(255, 255, 255, 225))
        self._draw.text((x, y), words, colour, font, anchor=anchor)


def _font(size: int) -> Any:
    return ImageFont.load_default(size * _SCALE)
