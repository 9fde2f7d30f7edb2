"""Figures of a plan's report, drawn by hand as SVG for paper: who is out when, and levels of service on the floor."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from dashboard.floor_plan import Paper, venue_plan
from dashboard.plans import Side
from scenarios.venue import Venue
from sim.measure import Measures
from sim.service_level import FRUIN_WALKWAY_PER_M2, LEVELS

__all__ = ["egress_figure", "level_key", "level_plan"]

Floats = NDArray[np.float64]

_WIDE: Final = 460.0
_HIGH: Final = 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 12.0, 26.0, 40.0
_CURVES: Final = 200


def egress_figure(sides: Sequence[Side]) -> Markup:
    """Draw how many people have left against time: the mean of the runs, and a band in which all of them lie.

    Args:
        sides: One or two; the first is drawn dashed where there are two.
    """
    ends = [side.runs[0].egress_time_s[-1] for side in sides]
    most = max(int(run.egress_people[-1]) for side in sides for run in side.runs)
    last = max(_settled(side) for side in sides)
    x_ticks, y_ticks = _ticks(min(max(ends), 1.08 * last)), _ticks(max(most, 1))
    right, top = x_ticks[-1], y_ticks[-1]

    def at(times: Floats, people: Floats) -> str:
        x = _LEFT + times / right * (_WIDE - _LEFT - _RIGHT)
        y = _HIGH - _BOTTOM - people / top * (_HIGH - _TOP - _BOTTOM)
        return "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))

    parts = [
        f'<svg class="egress" viewBox="0 0 {_WIDE:.0f} {_HIGH:.0f}" role="img" aria-label="People who have left">',
    ]
    for value in y_ticks:
        y = at(np.array([0.0]), np.array([value])).split()[1]
        parts.append(f'<path class="g-grid" d="M{_LEFT} {y}H{_WIDE - _RIGHT}"/>')
        parts.append(f'<text class="g-tick" x="{_LEFT - 6}" y="{y}" dy="4" text-anchor="end">{value:g}</text>')
    for value in x_ticks:
        x = at(np.array([value]), np.array([0.0])).split()[0]
        parts.append(f'<text class="g-tick" x="{x}" y="{_HIGH - 22}" text-anchor="middle">{value:g}</text>')
    middle = (_LEFT + _WIDE - _RIGHT) / 2
    parts.append(f'<text class="g-tick" x="{middle}" y="{_HIGH - 5}" text-anchor="middle">seconds</text>')
    parts.append('<text class="g-tick" x="4" y="14">people who have left</text>')
    legend = _WIDE - _RIGHT
    for number, side in reversed(list(enumerate(sides))):
        name = "g-after" if number or len(sides) == 1 else "g-before"
        times = np.linspace(0, min(side.runs[0].egress_time_s[-1], right), _CURVES)
        people = np.array([np.interp(times, run.egress_time_s, run.egress_people) for run in side.runs])
        if len(side.runs) > 1:
            low, high = at(times, people.min(axis=0)), at(times[::-1], people.max(axis=0)[::-1])
            parts.append(f'<path class="{name} g-band" d="M{low}L{high}Z"/>')
        parts.append(f'<path class="{name} g-curve" d="M{at(times, people.mean(axis=0))}"/>')
        if len(sides) > 1:
            width = 7.0 * len(side.name) + 30
            parts.append(f'<path class="{name} g-curve" d="M{legend - width:.0f} 10h22"/>')
            parts.append(f'<text class="g-tick" x="{legend - width + 27:.0f}" y="14">{escape(side.name)}</text>')
            legend -= width + 10
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704  every text in it went through escape()


def level_plan(venue: Venue, measures: Measures, name: str) -> Markup:
    """Draw the floor with the worst level of service that each square metre had for five seconds altogether."""
    return venue_plan(venue, f"Levels of service on the floor, {name}", lambda paper: _cells(paper, measures))


def level_key() -> list[tuple[str, str]]:
    """Return every level with its densities in words."""
    limits = [0.0, *FRUIN_WALKWAY_PER_M2]
    words = [f"{low:.2g} to {high:.2g}" for low, high in pairwise(limits)]
    words = [f"under {limits[1]:.2g}", *words[1:], f"over {limits[-1]:.2g}"]
    return list(zip(LEVELS, words, strict=True))


def _cells(paper: Paper, measures: Measures) -> list[str]:
    size = float(measures.x_m[1] - measures.x_m[0]) if len(measures.x_m) > 1 else 1.0
    paths: dict[int, list[str]] = {level: [] for level in range(1, len(LEVELS))}
    for row, y in enumerate(measures.y_m):
        levels = measures.level_map[row]
        starts = np.flatnonzero(np.diff(levels, prepend=-2))
        for first, after in zip(starts, [*starts[1:], len(levels)], strict=True):
            if levels[first] > 0:
                left, top = paper.at(measures.x_m[first] - size / 2, y + size / 2)
                wide, high = (after - first) * size * paper.scale + 0.3, size * paper.scale + 0.3
                paths[int(levels[first])].append(f"M{left} {top}h{wide:.1f}v{high:.1f}h{-wide:.1f}z")
    return [f'<path class="l-{LEVELS[level]}" d="{"".join(d)}"/>' for level, d in paths.items() if d]


def _settled(side: Side) -> float:
    """When the last run had seen off its last."""
    return max(float(run.egress_time_s[np.argmax(run.egress_people)]) for run in side.runs) or 1.0


def _ticks(top: float) -> list[float]:
    raw = top / 5
    power = 10.0 ** np.floor(np.log10(raw))
    step = float(next(s for s in (1, 2, 5, 10) if s * power >= raw) * power)
    return [step * n for n in range(int(np.ceil(top / step)) + 1)]
