"""Figures of the pages: pure functions from measures to Plotly figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

__all__ = [
    "BEFORE", "CHANGED", "LEVEL_COLOURS", "PAPER", "QUIET", "TEXT", "dress", "egress_curves", "gate_flows",
    "service_levels",
]  # fmt: skip

BEFORE: Final = "#9fb2c3"
"""Colour of the unchanged scenario."""
CHANGED: Final = "#5cc4f5"
"""Colour of the changed scenario."""

TEXT: Final = "#e8eef3"
QUIET: Final = "#a3b3c1"
_LINE: Final = "#2c3843"
PAPER: Final = "#0e1317"
LEVEL_COLOURS: Final = {"A": "#7fc8f8", "B": "#6fd6b5", "C": "#b6dd6a", "D": "#f2d45c", "E": "#f39a4a", "F": "#ef6461"}


def egress_curves(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    bands: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
) -> go.Figure:
    """Draw how many people have left against time.

    Args:
        curves: By name: times in seconds and people who have left by then, shape (n,) each; the first is the
            unchanged scenario.
        bands: By the same names: fewest and most people over many runs at the same times, shape (n,) each.
    """
    figure = go.Figure()
    for (name, (times, _)), colour in zip(curves.items(), (BEFORE, CHANGED), strict=False):
        if bands is None or name not in bands:
            continue
        fewest, most = (np.asarray(edge, float) for edge in bands[name])
        along = np.asarray(times, float)
        figure.add_trace(
            go.Scatter(
                x=np.concatenate([along, along[::-1]]),
                y=np.concatenate([fewest, most[::-1]]),
                mode="lines",
                line={"width": 0, "color": colour},
                fill="toself",
                fillcolor=f"rgba({int(colour[1:3], 16)},{int(colour[3:5], 16)},{int(colour[5:7], 16)},0.22)",
                hoverinfo="skip",
                showlegend=False,
            )
        )
    for (name, (times, people)), colour, dash in zip(curves.items(), (BEFORE, CHANGED), ("dot", "solid"), strict=False):
        figure.add_trace(
            go.Scatter(
                x=np.asarray(times, float),
                y=np.asarray(people, float),
                name=name,
                mode="lines",
                line={"color": colour, "width": 2.5, "dash": dash, "shape": "hv"},
                hovertemplate="%{y:.0f} people after %{x:.0f} s<extra>" + name + "</extra>",
            )
        )
    dress(figure, height=320)
    figure.update_xaxes(title="time, s", rangemode="tozero")
    figure.update_yaxes(title="people who have left", rangemode="tozero")
    return figure


def gate_flows(flows: Mapping[str, Mapping[str, float | None]]) -> go.Figure:
    """Draw how many people a minute leave through each gate.

    Args:
        flows: By name of the scenario, unchanged first: gate to persons per minute; None where not measured.
    """
    gates = sorted({gate for flow in flows.values() for gate in flow})
    figure = go.Figure()
    for (name, flow), colour, pattern in zip(flows.items(), (BEFORE, CHANGED), ("/", ""), strict=False):
        values = [flow.get(gate) for gate in gates]
        figure.add_trace(
            go.Bar(
                x=[gate.replace("_", " ") for gate in gates],
                y=values,
                name=name,
                marker={
                    "color": colour,
                    "pattern": {"shape": pattern, "bgcolor": colour, "fgcolor": PAPER, "size": 7, "solidity": 0.2},
                },
                text=["" if v is None else f"{v:.0f}" for v in values],
                textposition="outside",
                cliponaxis=False,
                hovertemplate="%{x}: %{y:.1f} persons per minute<extra>" + name + "</extra>",
            )
        )
    dress(figure, height=320)
    figure.update_layout(barmode="group", bargap=0.35)
    figure.update_yaxes(title="persons per minute", rangemode="tozero")
    return figure


def service_levels(shares: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """Draw the share of time at each level of service, a bar a scenario.

    Args:
        shares: By name of the scenario, unchanged first: level to share, 0 to 1; empty where nobody walked.
    """
    names = list(shares)[::-1]
    levels = sorted({level for share in shares.values() for level in share})
    figure = go.Figure()
    for level in levels:
        values = [100 * shares[name].get(level, 0.0) for name in names]
        figure.add_trace(
            go.Bar(
                x=values,
                y=names,
                name=level,
                orientation="h",
                marker={"color": LEVEL_COLOURS.get(level, QUIET), "line": {"color": PAPER, "width": 1.5}},
                text=[f"{level} {value:.0f} %" if value >= 4 else "" for value in values],
                textposition="inside",
                insidetextanchor="middle",
                textfont={"color": "#10161b"},
                hovertemplate=level + ": %{x:.1f} % of the time<extra>%{y}</extra>",
            )
        )
    dress(figure, height=170)
    figure.update_layout(barmode="stack", bargap=0.35, showlegend=False, margin={"l": 90, "r": 10, "t": 6, "b": 40})
    figure.update_xaxes(title="% of the time", range=[0, 100])
    return figure


def dress(figure: go.Figure, *, height: int) -> None:
    """Give a figure the dashboard's colours, margins and fonts."""
    figure.update_layout(
        height=height,
        margin={"l": 54, "r": 10, "t": 30, "b": 44},
        paper_bgcolor=PAPER,
        plot_bgcolor=PAPER,
        font={"color": TEXT, "size": 13, "family": "Source Sans, system-ui, sans-serif"},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hoverlabel={"bgcolor": "#1e272f", "font": {"color": TEXT}},
        dragmode=False,
    )
    figure.update_xaxes(gridcolor=_LINE, zerolinecolor=_LINE, linecolor=_LINE)
    figure.update_yaxes(gridcolor=_LINE, zerolinecolor=_LINE, linecolor=_LINE)
