"""The floor as the cameras see it now: the ground of each, who stands there, and how dense."""

from __future__ import annotations

from typing import Final

import numpy as np
import plotly.graph_objects as go
import shapely

from dashboard.draw import CHANGED, PAPER, QUIET, TEXT
from dashboard.draw_floor import DENSITY_SCALE
from detect.floor_state import FloorState

__all__ = ["draw_live_floor", "ground_m2"]

_AROUND_M2: Final = 9.0
"""Density is counted in a disc of so many square metres."""
_STEP_M: Final = 1.0
_MOST_STEPS: Final = 150
_TOP_PER_M2: Final = 4.0
_HIGH_PX: Final = 420


def ground_m2(floor: FloorState) -> float:
    """Return the area of the ground that is watched now, seen twice counted once."""
    return float(shapely.union_all(_watched(floor)).area)


def draw_live_floor(floor: FloorState) -> go.Figure:
    """Draw who is where on the ground that is seen; ground without pictures is dotted and left empty.

    Args:
        floor: As the daemon last said it.
    """
    figure = go.Figure()
    if floor.people and (heat := _heat(floor)) is not None:
        figure.add_trace(heat)
    for name, ring in floor.ground:
        watched = name in floor.watching
        corners = np.array(ring)
        figure.add_trace(
            go.Scatter(
                x=corners[:, 0],
                y=corners[:, 1],
                mode="lines",
                line={"color": CHANGED if watched else QUIET, "width": 2, "dash": "solid" if watched else "dot"},
                hoverinfo="skip",
                showlegend=False,
            )
        )
        middle = shapely.Polygon(corners).representative_point()
        said = name.replace("_", " ") + ("" if watched else ": no data")
        figure.add_annotation(x=middle.x, y=middle.y, text=said, showarrow=False, font={"color": QUIET, "size": 12})
    if floor.people:
        x, y, sigma, seen_by = (np.array([person[k] for person in floor.people]) for k in (1, 2, 3, 4))
        figure.add_trace(
            go.Scatter(
                x=x,
                y=y,
                mode="markers",
                marker={"size": 9, "color": TEXT, "line": {"width": 1, "color": PAPER}},
                customdata=np.c_[sigma, seen_by],
                hovertemplate="±%{customdata[0]:.1f} m, seen by %{customdata[1]:.0f}<extra></extra>",
                showlegend=False,
            )
        )
    axis = {"gridcolor": "#1d262d", "zeroline": False, "ticksuffix": " m", "fixedrange": True}
    figure.update_layout(
        height=_HIGH_PX,
        paper_bgcolor=PAPER,
        plot_bgcolor=PAPER,
        font={"color": QUIET, "size": 12},
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis=axis | {"automargin": True},
        yaxis=axis | {"scaleanchor": "x", "automargin": True},
    )
    return figure


def _watched(floor: FloorState) -> list[shapely.Polygon]:
    return [shapely.Polygon(ring).buffer(0) for name, ring in floor.ground if name in floor.watching]


def _heat(floor: FloorState) -> go.Heatmap | None:
    """Persons per square metre around each square metre of the watched ground."""
    ground = shapely.union_all(_watched(floor))
    if ground.is_empty:
        return None
    x1, y1, x2, y2 = ground.bounds
    step = max(_STEP_M, max(x2 - x1, y2 - y1) / _MOST_STEPS)
    across, along = np.arange(x1, x2 + step, step), np.arange(y1, y2 + step, step)
    places = np.stack(np.meshgrid(across, along), axis=-1)
    people = np.array([person[1:3] for person in floor.people])
    near = np.linalg.norm(places[:, :, None] - people, axis=-1) <= np.sqrt(_AROUND_M2 / np.pi)
    density = near.sum(axis=-1) / _AROUND_M2
    shown = np.where(shapely.contains_xy(ground, places[..., 0], places[..., 1]) & (density > 0), density, np.nan)
    return go.Heatmap(
        x=across,
        y=along,
        z=shown,
        zmin=0.0,
        zmax=_TOP_PER_M2,
        colorscale=DENSITY_SCALE,
        colorbar={"title": {"text": "/m²"}, "thickness": 10},
        hovertemplate="%{z:.1f} /m²<extra></extra>",
    )
