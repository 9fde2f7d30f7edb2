"""Figures of a suite's report, drawn as SVG for paper: misses against false alarms, and rates with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10
from typing import Any, Final

from markupsafe import Markup, escape

__all__ = ["COLOURS", "det_figure", "interval_bar"]

COLOURS: Final = ("#0b62a8", "#a1480b", "#16803f", "#7a2fb0", "#c4342c", "#5b6a78", "#8a7400")
_WIDE, _HIGH = 460.0, 270.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 14.0, 24.0, 42.0
_DECADES: Final = (-1, 2)
"""False alarms an hour from 0.1 to 100; what is below is drawn at the left edge."""


def det_figure(events: Mapping[str, Mapping[str, Any]], colours: Mapping[str, str]) -> Markup:
    """Draw, for each kind of event, the share that is missed against false alarms per camera-hour.

    Args:
        events: Kind to its rates (`detect.score.rates.rates`).
        colours: Kind to its colour.
    """
    parts = [f'<svg class="det" viewBox="0 0 {_WIDE:.0f} {_HIGH:.0f}" role="img" aria-label="Misses, false alarms">']
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(share)
        parts.append(f'<path class="g-grid" d="M{_LEFT} {y:.1f}H{_WIDE - _RIGHT}"/>')
        parts.append(
            f'<text class="g-tick" x="{_LEFT - 6}" y="{y:.1f}" dy="4" text-anchor="end">{100 * share:g} %</text>'
        )
    for rate in (0.1, 1, 6, 10, 100):
        x = _x(rate)
        style = "g-mark" if rate in (0.1, 1, 6) else "g-grid"
        parts.append(f'<path class="{style}" d="M{x:.1f} {_TOP}V{_HIGH - _BOTTOM}"/>')
        if rate != 10:
            parts.append(f'<text class="g-tick" x="{x:.1f}" y="{_HIGH - 24}" text-anchor="middle">{rate:g}</text>')
    middle = (_LEFT + _WIDE - _RIGHT) / 2
    parts.append(f'<text class="g-tick" x="{middle}" y="{_HIGH - 6}" text-anchor="middle">false alarms an hour</text>')
    parts.append('<text class="g-tick" x="4" y="13">missed</text>')
    for kind, row in events.items():
        if "det" in row:
            parts.append(_curve(kind, row["det"], colours[kind]))
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704 - numbers, and texts that are escaped


def interval_bar(rate: Mapping[str, Any] | None, top: float = 1.0) -> Markup:
    """Draw a rate as a dot on its interval, from 0 to ``top``."""
    if rate is None or rate.get("value") is None:
        return Markup("")
    low, high = rate.get("ci95") or (rate["value"], rate["value"])
    a, b, at = (100 * min(1.0, max(0.0, v / top)) for v in (low, high, rate["value"]))
    return Markup(  # noqa: S704 - numbers
        '<svg class="bar" viewBox="0 0 108 12" preserveAspectRatio="none"><path class="b-base" d="M4 6H104"/>'
        f'<path class="b-span" d="M{4 + a:.1f} 6H{4 + b:.1f}"/>'
        f'<circle class="b-dot" cx="{4 + at:.1f}" cy="6" r="3.6"/></svg>'
    )


def _curve(kind: str, det: Sequence[Sequence[float]], colour: str) -> str:
    """A staircase: between thresholds nothing changes."""
    x, y = _x(0.0), _y(1.0)
    path = [f"M{x:.1f} {y:.1f}"]
    for _, rate, miss in det:
        path.append(f"H{_x(rate):.1f}V{_y(miss):.1f}")
    end_x, end_y = _x(det[-1][1]) if det else x, _y(det[-1][2]) if det else y
    return (
        f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="2.4" stroke-linejoin="round">'
        f"<title>{escape(kind.replace('_', ' '))}</title></path>"
        f'<circle cx="{end_x:.1f}" cy="{end_y:.1f}" r="4" fill="{colour}"/>'
    )


def _x(rate: float) -> float:
    low, high = _DECADES
    share = (log10(max(rate, 10.0**low)) - low) / (high - low)
    return _LEFT + 10 + min(1.0, share) * (_WIDE - _LEFT - _RIGHT - 10) if rate > 0 else _LEFT


def _y(miss: float) -> float:
    return _TOP + (1 - miss) * (_HIGH - _TOP - _BOTTOM)
