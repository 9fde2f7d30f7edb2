"""The venue from above, with what happened and what was said: an SVG drawn by hand, for the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from markupsafe import Markup, escape
from shapely import Polygon, box
from shapely.geometry.base import BaseGeometry

from dashboard.ledger import LedgerEntry, LedgerStatus
from scenarios.camera import Camera
from scenarios.stall import Stall
from scenarios.venue import Passage, Venue

__all__ = ["Paper", "floor_plan", "venue_plan"]

_WIDTH: Final = 900.0
_MAX_HEIGHT: Final = 640.0
_MARGIN: Final = 26.0
_BESIDE: Final = 2 / 15
"""Share of the width in which names stand beside their gates."""
_SIGNS: Final = {
    LedgerStatus.FOUND: '<circle r="8"/>',
    LedgerStatus.MISSED: '<path d="M-7-7 7 7M7-7-7 7"/>',
    LedgerStatus.NO_RULE: '<path d="M-8 0H8"/>',
    LedgerStatus.FALSE: '<path d="M0-9 9 8H-9z"/>',
    LedgerStatus.UNSCORED: '<path d="M0-9 9 0 0 9-9 0z"/>',
}


@dataclass(frozen=True, slots=True)
class Paper:
    """Metres to paper: x east to the right, y north up."""

    west: float
    north: float
    scale: float
    left: float = _MARGIN
    width: float = _WIDTH

    @classmethod
    def of(cls, bounds: Sequence[float], width: float, max_height: float) -> tuple[Paper, float]:
        """Return the paper on which bounds (west, south, east, north) fit, and its height."""
        west, south, east, north = bounds
        scale = min((width - 2 * _MARGIN) / (east - west), (max_height - 2 * _MARGIN) / (north - south))
        paper = cls(west, north, scale, (width - (east - west) * scale) / 2, width)
        return paper, (north - south) * scale + 2 * _MARGIN + 26

    def at(self, x_m: float, y_m: float) -> tuple[float, float]:
        """Return the point of a place."""
        return round(self.left + (x_m - self.west) * self.scale, 1), round(_MARGIN + (self.north - y_m) * self.scale, 1)

    def path(self, points: Iterable[Sequence[float]], *, closed: bool = True) -> str:
        """Return the outline of places as the data of a path."""
        corners = (f"{x} {y}" for x, y in (self.at(p[0], p[1]) for p in points))
        return "M" + "L".join(corners) + ("Z" if closed else "")


@dataclass(slots=True)
class _Names:
    """Texts on the plan; one that would cover another moves down."""

    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def put(self, text: str, x: float, y: float, anchor: str) -> str:
        width = 7.4 * len(text)
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        while any(left < r and left + width > a and y - 13 < d and y + 3 > b for a, b, r, d in self.taken):
            y += 8
        self.taken.append((left, y - 13, left + width, y + 3))
        return f'<text class="p-name" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def floor_plan(venue: Venue | None, cameras: Sequence[Camera], entries: Sequence[LedgerEntry]) -> Markup | None:
    """Draw the plan.

    Args:
        venue: The floor plan, or None for real footage without one.
        cameras: Their positions and what they see of the ground.
        entries: True events and alarms; those without a place are left out.

    Returns:
        An ``svg`` element, or None where nothing is known of the place.
    """
    placed = [e for e in entries if e.place_m is not None]
    if venue is None and not placed:
        return None
    extent = _extent(venue, cameras, placed)
    paper, height = Paper.of(extent.bounds, _WIDTH, _MAX_HEIGHT)
    parts = [
        f'<svg class="plan" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img" '
        'aria-label="Plan of the place with true events and alarms">'
    ]
    names = _Names()
    if venue is not None:
        parts += _venue(venue, paper, names)
    parts += [part for camera in cameras for part in _camera(camera, paper, extent, names)]
    parts += [_sign(entry, paper) for entry in placed]
    parts.append(_scale_bar(paper, height))
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704  every text in it went through escape()


def venue_plan(venue: Venue, label: str, on_floor: Callable[[Paper], Sequence[str]], *, width: float = 460.0) -> Markup:
    """Draw a venue with something on its floor.

    Args:
        venue: The floor plan.
        label: What the picture shows, for who cannot see it.
        on_floor: Returns SVG elements for a paper; obstacles and gates are drawn over them.
        width: Of the picture in its own units, in which texts are 14 high.

    Returns:
        An ``svg`` element.
    """
    paper, height = Paper.of(_extent(venue, (), ()).bounds, width, width)
    parts = [f'<svg class="plan" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(label)}">']
    parts += _venue(venue, paper, _Names(), on_floor(paper))
    parts += [_scale_bar(paper, height), "</svg>"]
    return Markup("".join(parts))  # noqa: S704  every text in it went through escape()


def _extent(venue: Venue | None, cameras: Sequence[Camera], placed: Sequence[LedgerEntry]) -> BaseGeometry:
    if venue is not None:
        return box(*venue.floor.bounds).buffer(1.0, join_style="mitre")
    places = np.array([e.place_m for e in placed] + [tuple(c.position_m[:2]) for c in cameras])
    return box(*places.min(axis=0), *places.max(axis=0)).buffer(4.0, join_style="mitre")


def _venue(venue: Venue, paper: Paper, names: _Names, on_floor: Sequence[str] = ()) -> list[str]:
    parts = [f'<path class="p-floor" d="{paper.path(venue.outline)}"/>', *on_floor]
    for zone in venue.zones:
        x, y = paper.at(zone.shape.centroid.x, zone.shape.centroid.y)
        parts.append(
            f'<path class="p-zone" d="{paper.path(zone.polygon)}"><title>zone {escape(zone.id)}</title></path>'
        )
        parts.append(f'<text class="p-zone-name" x="{x}" y="{y}">{escape(_words(zone.id))}</text>')
    for obstacle in venue.obstacles:
        title = f"{obstacle.kind.value} {obstacle.id}"
        parts.append(
            f'<path class="p-obstacle" d="{paper.path(obstacle.polygon)}"><title>{escape(title)}</title></path>'
        )
    parts += [_passage(passage, paper) for passage in venue.passages]
    parts += [_stall(stall, venue, paper) for stall in venue.stalls]
    for line in venue.lines:
        parts.append(f'<path class="p-line" d="{paper.path(line.points, closed=False)}"/>')
        x, y = paper.at(*line.points[1])
        parts.append(names.put(_words(line.id), x + 4, y - 4, "start"))
    for gate in venue.gates:
        state = "p-gate" if gate.open else "p-gate p-closed"
        parts.append(f'<path class="{state}" d="{paper.path(gate.line, closed=False)}"/>')
        x, y = paper.at(gate.shape.centroid.x, gate.shape.centroid.y)
        side = "start" if x < _BESIDE * paper.width else "end" if x > (1 - _BESIDE) * paper.width else "middle"
        shift = {"start": 9, "end": -9, "middle": 0}[side]
        drop = 5 if shift else (-9 if y < 60 else 18)
        name = _words(gate.id) + ("" if gate.open else " (closed)")
        parts.append(names.put(name, x + shift, y + drop, side))
    return parts


def _passage(passage: Passage, paper: Paper) -> str:
    """A line, and where it is passed one way only an arrow across it."""
    middle, way = passage.shape.centroid, passage.across
    service = f", {passage.service_s[0]:g} to {passage.service_s[1]:g} s each" if passage.service_s is not None else ""
    drawn = paper.path(passage.line, closed=False)
    if passage.toward is not None:
        tip = (middle.x + 0.8 * way[0], middle.y + 0.8 * way[1])
        back = (tip[0] - 0.35 * way[0], tip[1] - 0.35 * way[1])
        barbs = [(back[0] - s * 0.25 * way[1], back[1] + s * 0.25 * way[0]) for s in (1, -1)]
        drawn += " " + paper.path([(middle.x, middle.y), tip], closed=False)
        drawn += " " + paper.path([barbs[0], tip, barbs[1]], closed=False)
    title = f"passage {passage.id}{service}"
    return f'<path class="p-passage" d="{drawn}"><title>{escape(title)}</title></path>'


def _stall(stall: Stall, venue: Venue, paper: Paper) -> str:
    """The counter, and where people queue before it as far as that is given."""
    drawn = paper.path(stall.counter, closed=False)
    title = f"stall {stall.id}, {stall.service_s[0]:g} to {stall.service_s[1]:g} s each"
    title += f", {stall.servers} at a time" if stall.servers > 1 else ""
    parts = [f'<path class="p-stall" d="{drawn}"/>']
    front = stall.front(venue.walkable)
    if front is not None:
        queue = paper.path(stall.queue(front), closed=False)
        parts.append(f'<path class="p-queue" d="{queue}"/>')
    return f"<g><title>{escape(title)}</title>{''.join(parts)}</g>"


def _camera(camera: Camera, paper: Paper, extent: BaseGeometry, names: _Names) -> list[str]:
    parts = []
    seen = camera.footprint().intersection(extent)
    if isinstance(seen, Polygon) and not seen.is_empty:
        parts.append(f'<path class="p-view" d="{paper.path(seen.exterior.coords)}"/>')
    x_m, y_m = camera.position_m[:2]
    west, south, east, north = extent.bounds
    x, y = paper.at(min(max(x_m, west), east), min(max(y_m, south), north))
    forward = camera.rotation[2, :2]
    turn = float(np.degrees(np.arctan2(forward[0], forward[1])))
    parts.append(
        f'<g class="p-camera" transform="translate({x} {y}) rotate({turn:.0f})"><path d="M0 0-11-17H11z"/>'
        f'<circle r="5.5"/><title>{escape(f"camera {camera.id}")}</title></g>'
    )
    parts.append(names.put(_words(camera.id), x + 10, y + 20, "start" if x < _WIDTH - 140 else "end"))
    return parts


def _sign(entry: LedgerEntry, paper: Paper) -> str:
    assert entry.place_m is not None
    x, y = paper.at(*entry.place_m)
    title = f"{entry.number}: {entry.label}, {entry.status.words}"
    return (
        f'<g class="p-event s-{entry.status.value}" transform="translate({x} {y})" data-n="{entry.number}" '
        f'data-seek="{entry.at_s:.3f}" data-camera="{escape(entry.camera_id or "")}" tabindex="0" role="button" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{_SIGNS[entry.status]}'
        f'<text x="13" y="-7">{entry.number}</text></g>'
    )


def _scale_bar(paper: Paper, height: float) -> str:
    length = next((m for m in (50, 20, 10, 5, 2, 1) if m * paper.scale <= 0.25 * paper.width), 1)
    y = height - 14
    return (
        f'<path class="p-scale" d="M{_MARGIN} {y - 6}v6h{length * paper.scale:.1f}v-6"/>'
        f'<text class="p-name" x="{_MARGIN + length * paper.scale + 10:.1f}" y="{y}">{length} m</text>'
        f'<text class="p-name" x="{paper.width - _MARGIN}" y="{y}" text-anchor="end">north is up</text>'
    )


def _words(name: str) -> str:
    return name.replace("_", " ")
