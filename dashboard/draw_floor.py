"""The floor on the pages: the plan of a venue, and densities and levels of service over it, as Plotly figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from dashboard.draw import CHANGED, LEVEL_COLOURS, PAPER, QUIET, TEXT, dress
from scenarios.incident import Evacuation, GateChange, IncidentSpec
from scenarios.venue import Venue

__all__ = ["DENSITY_SCALE", "density_map", "level_map", "venue_map"]

_FLOOR: Final = "#161d23"
_OPEN: Final = "#4ade80"
_SHUT: Final = "#ff7b7b"
DENSITY_SCALE: Final = [
    [0.0, "rgba(22,29,35,0)"],
    [0.02, "#17324a"],
    [0.2, "#1f6f8b"],
    [0.4, "#4bb3a0"],
    [0.6, "#f2d45c"],
    [0.8, "#f08a3c"],
    [1.0, "#d7263d"],
]


def venue_map(venue: Venue, incidents: Sequence[IncidentSpec] = ()) -> go.Figure:
    """Draw the floor plan: obstacles, zones, gates by name, green open and red dashed closed."""
    figure = _plan(venue)
    placed = [i for i in incidents if not isinstance(i, Evacuation | GateChange)]
    if placed:
        figure.add_trace(
            go.Scatter(
                x=[i.place_m[0] for i in placed],
                y=[i.place_m[1] for i in placed],
                mode="markers",
                marker={"symbol": "x", "size": 12, "color": "#ffab4a", "line": {"width": 1, "color": PAPER}},
                hovertext=[f"{i.kind.value.replace('_', ' ')} '{i.id}' at {i.at_s:g} s" for i in placed],
                hoverinfo="text",
                showlegend=False,
            )
        )
    return figure


def density_map(
    density_per_m2: ArrayLike,
    x_m: ArrayLike,
    y_m: ArrayLike,
    venue: Venue,
    *,
    top_per_m2: float,
) -> go.Figure:
    """Draw a density map over the floor plan.

    Args:
        density_per_m2: Persons per square metre, shape (rows, columns); nan where nobody can stand.
        x_m: Centres of the columns, shape (columns,).
        y_m: Centres of the rows, south to north, shape (rows,).
        venue: The floor plan, with its gates open or closed as they were.
        top_per_m2: Density of the last colour; the same for maps that are compared.
    """
    density = np.asarray(density_per_m2, float)
    figure = _plan(venue)
    figure.add_trace(
        go.Heatmap(
            z=np.where(density > 0.005, density, np.nan),
            x=np.asarray(x_m, float),
            y=np.asarray(y_m, float),
            zmin=0.0,
            zmax=max(top_per_m2, 0.1),
            colorscale=DENSITY_SCALE,
            zsmooth="best" if np.isfinite(density).all() else False,
            hovertemplate="%{z:.2f} persons per m² at %{x:.0f}, %{y:.0f} m<extra></extra>",
            colorbar={
                "title": {"text": "persons<br>per m²", "font": {"size": 12}},
                "thickness": 10,
                "len": 0.95,
                "x": 1.01,
                "xpad": 4,
                "outlinewidth": 0,
                "tickfont": {"color": QUIET},
            },
        )
    )
    return figure


def level_map(levels: ArrayLike, x_m: ArrayLike, y_m: ArrayLike, venue: Venue) -> go.Figure:
    """Draw the floor with a level of service for every square metre.

    Args:
        levels: Indices of Fruin's levels, 0 for A, shape (rows, columns); -1 where nobody can stand.
        x_m: Centres of the columns, shape (columns,).
        y_m: Centres of the rows, south to north, shape (rows,).
        venue: The floor plan, with its gates open or closed as they were.
    """
    level = np.asarray(levels, float)
    figure = _plan(venue)
    steps = len(LEVEL_COLOURS)
    colours = list(LEVEL_COLOURS.values())
    scale = [[(n + after) / steps, colours[n]] for n in range(steps) for after in (0, 1)]
    figure.add_trace(
        go.Heatmap(
            z=np.where(level > 0, level, np.nan),
            x=np.asarray(x_m, float),
            y=np.asarray(y_m, float),
            zmin=-0.5,
            zmax=steps - 0.5,
            colorscale=scale,
            text=[["" if v < 0 else "ABCDEF"[int(v)] for v in row] for row in level],
            hovertemplate="level %{text} at %{x:.0f}, %{y:.0f} m<extra></extra>",
            colorbar={
                "tickvals": list(range(steps)),
                "ticktext": list(LEVEL_COLOURS),
                "thickness": 10,
                "len": 0.95,
                "x": 1.01,
                "xpad": 4,
                "outlinewidth": 0,
                "tickfont": {"color": QUIET},
            },
        )
    )
    return figure


def _plan(venue: Venue) -> go.Figure:
    figure = go.Figure()
    outline = _closed(venue.outline)
    path = "M" + "L".join(f"{x},{y}" for x, y in outline) + "Z"
    figure.add_shape(type="path", path=path, fillcolor=_FLOOR, line={"width": 0}, layer="below")  # under the heat map
    figure.add_trace(_shape(outline, line=QUIET, fill=None, width=2))
    for zone in venue.zones:
        figure.add_trace(_shape(_closed(zone.polygon), line=CHANGED, fill=None, width=1, dash="dot", text=zone.id))
    for obstacle in venue.obstacles:
        text = f"{obstacle.kind.value} {obstacle.id}"
        figure.add_trace(_shape(_closed(obstacle.polygon), line="#8496a5", fill="#4a5865", width=1, text=text))
    for stall in venue.stalls:
        text = f"stall {stall.id}"
        figure.add_trace(_shape(np.array(stall.counter), line=CHANGED, fill=None, width=5, text=text))
        front = stall.front(venue.walkable)
        if front is not None:
            queue = np.array(stall.queue(front))
            figure.add_trace(_shape(queue, line=CHANGED, fill=None, width=3, dash="dot", text=f"queue of {text}"))
    for gate in venue.gates:
        (x1, y1), (x2, y2) = gate.line
        state = "" if gate.open else " (closed)"
        figure.add_trace(
            go.Scatter(
                x=[x1, x2],
                y=[y1, y2],
                mode="lines",
                line={"color": _OPEN if gate.open else _SHUT, "width": 6, "dash": "solid" if gate.open else "dot"},
                hovertext=f"gate {gate.id}, {gate.width_m:.1f} m{state}",
                hoverinfo="text",
                showlegend=False,
            )
        )
    for gate, (x, y, x_anchor, y_anchor) in zip(venue.gates, _label_places(venue), strict=True):
        figure.add_annotation(
            x=x,
            y=y,
            text=gate.id.replace("_", " ") + ("" if gate.open else "<br><b>closed</b>"),
            showarrow=False,
            xanchor=x_anchor,
            yanchor=y_anchor,
            bgcolor="rgba(14,19,23,0.72)",
            borderpad=2,
            font={"size": 12, "color": TEXT if gate.open else _SHUT},
        )
    west, south, east, north = venue.floor.bounds
    dress(figure, height=int(np.clip(520 * (north - south) / max(east - west, 1e-6), 240, 620)) + 40)
    figure.update_layout(margin={"l": 4, "r": 4, "t": 4, "b": 4})
    pad = 0.03 * max(east - west, north - south)
    figure.update_xaxes(visible=False, range=[west - pad, east + pad], constrain="domain")
    figure.update_yaxes(visible=False, range=[south - pad, north + pad], scaleanchor="x", constrain="domain")
    return figure


def _label_places(venue: Venue) -> list[tuple[float, float, str, str]]:
    """Put each gate's name on the inner side of its gate."""
    west, south, east, north = venue.floor.bounds
    places = []
    for gate in venue.gates:
        x, y = gate.shape.centroid.x, gate.shape.centroid.y
        sides = {"left": x - west, "right": east - x, "bottom": y - south, "top": north - y}
        side = min(sides, key=lambda s: sides[s])
        step = 0.015 * max(east - west, north - south)
        if side in ("left", "right"):
            places.append((x + (step if side == "left" else -step), y, side, "middle"))
        else:
            places.append((x, y + (step if side == "bottom" else -step), "center", side))
    return places


def _shape(
    points: NDArray[np.float64],
    *,
    line: str,
    fill: str | None,
    width: float,
    dash: str = "solid",
    text: str | None = None,
) -> go.Scatter:
    return go.Scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="lines",
        line={"color": line, "width": width, "dash": dash},
        fill="toself" if fill else None,
        fillcolor=fill,
        hoveron="fills" if fill and text else "points",
        text=text,
        hoverinfo="text" if text else "skip",
        showlegend=False,
    )


def _closed(ring: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    points = np.asarray(ring, float)
    return np.concatenate((points, points[:1]))
