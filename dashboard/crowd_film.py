"""The crowd from above as a film in a page: density and everybody over the floor plan, one or two crowds in step."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from markupsafe import Markup

from dashboard.plans import Side
from dashboard.player import template_file, templates

__all__ = ["crowd_film", "crowd_film_page"]

_MOST_PER_M2: Final = 6.0
_STEPS: Final = 250
_MOST_POINTS: Final = 400_000


def crowd_film(sides: Sequence[Side], *, dark: bool = False) -> Markup:
    """Return a film of the middle run of each side as a piece of HTML with all it needs.

    Args:
        sides: One or two.
        dark: On a dark page.
    """
    data = {"dark": dark, "most_per_m2": _MOST_PER_M2, "steps": _STEPS, "crowds": [_crowd(side) for side in sides]}
    packed = base64.b64encode(zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 6)).decode()
    page = templates().get_template("crowd_film.html.j2")
    script, style = template_file("crowd_film.js"), template_file("crowd_film.css")
    return Markup(page.render(packed=packed, script=script, style=style, names=[side.name for side in sides]))  # noqa: S704


def crowd_film_page(sides: Sequence[Side]) -> str:
    """Return a page with nothing but the film, on the dashboard's dark ground."""
    return f'<!doctype html><meta charset="utf-8"><body class="cf-bare">{crowd_film(sides, dark=True)}</body>'


def _crowd(side: Side) -> dict[str, Any]:
    """One side; the floor goes as it is, densities as bytes, places as centimetres from the floor's corner."""
    measures, venue = side.runs[side.typical], side.scenario.venue
    film = measures.film
    west, south, east, north = venue.floor.bounds
    every = max(1, int(np.ceil(sum(len(p) for p in film.position_m) / _MOST_POINTS)))
    kept = range(0, len(film.time_s), every)
    maps = np.clip(film.density_per_m2[::every] * _STEPS / _MOST_PER_M2, 0, 255).astype(np.uint8)
    worst = film.density_per_m2[::every].reshape(len(kept), -1).max(axis=1)
    places = [np.round((film.position_m[at] - (west, south)) * 100).astype(np.int32) for at in kept]
    return {
        "name": side.name,
        "bounds_m": [west, south, east, north],
        "outline": [[x, y] for x, y in venue.outline],
        "obstacles": [[[x, y] for x, y in obstacle.polygon] for obstacle in venue.obstacles],
        "gates": [{"line": [list(p) for p in gate.line], "open": gate.open} for gate in venue.gates],
        "time_s": [round(float(film.time_s[at]), 2) for at in kept],
        "columns": len(measures.x_m),
        "rows": len(measures.y_m),
        "maps": [base64.b64encode(m.tobytes()).decode() for m in maps],
        "places_cm": [p.ravel().tolist() for p in places],
        "worst": int(np.argmax(worst)),
    }
