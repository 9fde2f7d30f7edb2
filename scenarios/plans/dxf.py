"""Plans in DXF: what something is, its layer says; needs the extra ``dxf`` (ezdxf).

Closed lines on the layer of the floor are the floor; a closed line inside another cuts a hole. Lines that meet end to
end within 5 mm close to one. Lines on layers of obstacles are walls of 0.1 m; closed ones are filled there, those of
walls only where they are thin, so that a room drawn by its walls stays a room. Curves become chords that are at most
5 mm off.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from scenarios.errors import MissingExtraError, ScenarioError
from scenarios.plans.drawing import Drawing, Element, Meaning, Role, check_mapping, check_polygon, meaning_of
from scenarios.plans.dxf_strokes import Sheet, Stroke, Words, fill, take_apart
from scenarios.plans.text import MOST_BYTES
from scenarios.venue import ObstacleKind

__all__ = ["CHORD_M", "read_dxf"]

CHORD_M: Final = 0.005
"""Chords of curves are at most this far from them, and ends of lines that are nearer meet."""
_NAME_WITHIN_M: Final = 2.0
"""A text this near on the same layer is the name of what was drawn there."""
_THIN_M: Final = 1.0
"""A closed line of walls whose mean thickness is less is a wall's contour, else it encloses a room."""
_METRES: Final[dict[int, float]] = {
    1: 0.0254,
    2: 0.3048,
    3: 1609.344,
    4: 0.001,
    5: 0.01,
    6: 1.0,
    7: 1000.0,
    10: 0.9144,
    14: 0.1,
    15: 10.0,
    16: 100.0,
    21: 1200 / 3937,
}
"""Metres of a unit by ``$INSUNITS`` (AutoCAD DXF reference, header variables)."""


def read_dxf(path: Path, scale: float | None, layers: Mapping[str, str]) -> Drawing:
    """Read a plan in DXF, text or binary.

    Args:
        path: The file.
        scale: Metres of one unit; None: as ``$INSUNITS`` says.
        layers: Names of layers to roles, where the names themselves say nothing.

    Raises:
        ScenarioError: Something in it is wrong; the message names the entity's handle and its layer.
        MissingExtraError: ezdxf is not installed.
    """
    document = _open(path)
    unit, note = _unit(document, path, scale)
    sheet = take_apart(document, CHORD_M / unit)
    check_mapping(layers, sorted(sheet.layers), "layer", path)
    meant = {layer: meaning_of(layer, layers) for layer in sorted(sheet.layers)}
    listed = ", ".join(sorted(sheet.layers)) or "none"
    if not any(meaning is not None and meaning.role is Role.OUTLINE for meaning in meant.values()):
        raise ScenarioError(
            f"{path.name}: no layer is the walkable floor; name one with --layer NAME=outline (layers: {listed})"
        )
    notes = [note]
    elements: list[Element] = []
    for layer, meaning in meant.items():
        if meaning is None:
            notes.append(f"layer {layer} is left out; say with --layer '{layer}=ROLE' what it is")
        elif meaning.role is not Role.IGNORE:
            elements += _Layer(layer, meaning, sheet, unit, path.name).elements()
            other = {kind: n for (on, kind), n in sheet.left_out.items() if on == layer}
            notes += [f"{n} {kind} on layer {layer} left out" for kind, n in other.items()]
    hint = f"the layer of the floor has no closed line (layers: {listed})"
    return Drawing(path.name, "DXF", elements, hint, notes)


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """One layer while its elements are made."""

    name: str
    meaning: Meaning
    sheet: Sheet
    unit: float
    file: str

    def elements(self) -> list[Element]:
        """Return what is drawn on it."""
        role = self.meaning.role
        strokes = [s for s in self.sheet.strokes if s.layer == self.name]
        found = list(self._filled())
        if role in (Role.GATE, Role.ENTRANCE, Role.EXIT):
            found += [(self._closed(s) if s.closed else LineString(self.unit * s.points), s.where) for s in strokes]
        elif role is Role.OBSTACLE:
            found += [(shape, s.where) for s in strokes for shape in self._solid(s)]
        else:
            found += [(self._closed(s), s.where) for s in strokes if s.closed]
            found += self._joined([s for s in strokes if not s.closed])
            found = _holes(found) if role is Role.OUTLINE else found
        names = self._names([shape for shape, _ in found])
        traits = {"kind": self.meaning.obstacle} if self.meaning.obstacle else {}
        return [Element(role, s, where, n, traits) for (s, where), n in zip(found, names, strict=True)]

    def _filled(self) -> Iterator[tuple[Polygon, str]]:
        for area in self.sheet.areas:
            if area.layer != self.name:
                continue
            try:
                whole = fill(area, self.unit)
            except ValueError as error:
                check_polygon(error.args[0], f"{self.file}: {area.where}")
                raise
            for part in shapely.get_parts(whole):
                if isinstance(part, Polygon) and part.area > 0:
                    yield part, area.where

    def _closed(self, stroke: Stroke) -> Polygon:
        check_polygon(Polygon(stroke.points), f"{self.file}: {stroke.where}")
        return Polygon(self.unit * stroke.points)

    def _solid(self, stroke: Stroke) -> list[Polygon | LineString]:
        """Return what a line of an obstacle stands for: a filled shape, or walls along it."""
        line = LineString(self.unit * stroke.points)
        if not stroke.closed:
            return [line]
        shape = self._closed(stroke)
        room = self.meaning.obstacle is ObstacleKind.WALL and 2 * shape.area / shape.length > _THIN_M
        return [line] if room else [shape]

    def _joined(self, strokes: Sequence[Stroke]) -> list[tuple[Polygon, str]]:
        """Return the areas that open lines enclose together."""
        if not strokes:
            return []
        lines = _meet([self.unit * s.points for s in strokes])
        tree = shapely.STRtree([LineString(line) for line in lines])
        net = shapely.union_all([LineString(line) for line in lines])
        faces, cuts, dangles, _ = shapely.polygonize_full(shapely.get_parts(net))
        loose = next((g for held in (dangles, cuts) for g in shapely.get_parts(held)), None)
        if loose is not None:
            end = next((p for p in _ends(loose) if _ends_there(p, lines) < 2), Point(loose.coords[0]))
            stroke = strokes[int(tree.nearest(loose.interpolate(0.5, normalized=True)))]
            raise ScenarioError(
                f"{self.file}: {stroke.where}: is not closed: nothing meets its end at "
                f"({end.x / self.unit:.6g}, {end.y / self.unit:.6g}) of the drawing"
            )
        parts = [p for p in shapely.get_parts(shapely.union_all(shapely.get_parts(faces))) if isinstance(p, Polygon)]
        return [(part, strokes[int(tree.nearest(Point(part.exterior.coords[0])))].where) for part in parts]

    def _names(self, shapes: Sequence[BaseGeometry]) -> list[str]:
        """Give every text of the layer to the nearest shape within two metres; a shape has the nearest of its texts."""
        best: dict[int, tuple[float, Words]] = {}
        for words in self.sheet.words:
            if words.layer != self.name or not shapes or not words.text:
                continue
            place = Point(self.unit * words.place[0], self.unit * words.place[1])
            away = [float(shape.distance(place)) for shape in shapes]
            nearest = int(np.argmin(away))
            if away[nearest] <= _NAME_WITHIN_M and away[nearest] < best.get(nearest, (np.inf, None))[0]:
                best[nearest] = (away[nearest], words)
        return [best[i][1].text if i in best else "" for i in range(len(shapes))]


def _open(path: Path) -> Any:
    """Return the ezdxf drawing of a file."""
    try:
        from ezdxf import recover
        from ezdxf.lldxf.const import DXFError
    except ImportError:
        raise MissingExtraError(f"{path.name}: reading DXF", "dxf") from None
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ScenarioError(f"{path.name}: is larger than {MOST_BYTES // 1_000_000} MB; it should be a floor plan")
        head = path.read_bytes()[:6]
    except FileNotFoundError:
        raise ScenarioError(f"{path}: there is no such file") from None
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read ({error})") from None
    if not head.strip():
        raise ScenarioError(f"{path.name}: the file is empty")
    if head.startswith(b"AC10"):
        raise ScenarioError(f"{path.name}: is a DWG drawing; save it as DXF in the program that made it")
    logging.getLogger("ezdxf").setLevel(logging.ERROR)
    try:
        document, _ = recover.readfile(path)
    except (DXFError, OSError, ValueError, IndexError, KeyError) as error:
        said = " ".join(str(error).split())[:80]
        raise ScenarioError(f"{path.name}: is not a DXF drawing that can be read ({said})") from None
    return document


def _unit(document: Any, path: Path, scale: float | None) -> tuple[float, str]:
    if scale is not None:
        return scale, f"one unit of the drawing is {scale:g} m"
    code = int(document.header.get("$INSUNITS", 0))
    if code not in _METRES:
        said = "says no units" if code == 0 else f"has units of no floor plan ($INSUNITS {code})"
        raise ScenarioError(f"{path.name}: {said}; give --scale, such as 0.001 where it was drawn in millimetres")
    return _METRES[code], f"one unit of the drawing is {_METRES[code]:g} m ($INSUNITS {code})"


def _holes(found: Sequence[tuple[Polygon, str]]) -> list[tuple[Polygon, str]]:
    """Cut from every area those that lie inside it."""
    largest_first = sorted(found, key=lambda each: -each[0].area)
    whole: list[tuple[Polygon, str]] = []
    for shape, where in largest_first:
        around = next((i for i, (other, _) in enumerate(whole) if other.contains_properly(shape)), None)
        if around is None:
            whole.append((shape, where))
        else:
            whole[around] = (whole[around][0].difference(shape), whole[around][1])
    return whole


def _meet(lines: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Move ends of lines that are within ``CHORD_M`` of an earlier end there."""
    seen: dict[tuple[int, int], list[NDArray[np.float64]]] = {}

    def settle(end: NDArray[np.float64]) -> NDArray[np.float64]:
        column, row = (int(np.floor(c / CHORD_M)) for c in end)
        for cell in ((column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
            for other in seen.get(cell, []):
                if np.hypot(*(other - end)) <= CHORD_M:
                    return other
        seen.setdefault((column, row), []).append(end)
        return end

    return [np.concatenate(([settle(line[0])], line[1:-1], [settle(line[-1])])) for line in lines]


def _ends(line: LineString) -> tuple[Point, Point]:
    return Point(line.coords[0]), Point(line.coords[-1])


def _ends_there(place: Point, lines: Sequence[NDArray[np.float64]]) -> int:
    here = np.array([place.x, place.y])
    return sum(int(np.hypot(*(end - here)) <= CHORD_M) for line in lines for end in (line[0], line[-1]))
