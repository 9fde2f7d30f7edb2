"""Figures of a sweep for the pages: a heat map over two keys, and recall against false alarms of every setting."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.draw import dress
from dashboard.sweep.slices import MEASURES, Cell

__all__ = ["heat_map", "trade_off"]

_GOOD_IS_HIGH = ("recall", "precision")
_BAD, _MIDDLE, _GOOD = "#8f1d2c", "#a8741c", "#1f7a4d"
_BAD_TO_GOOD = [[0.0, _BAD], [0.5, _MIDDLE], [1.0, _GOOD]]
_GOOD_TO_BAD = [[0.0, _GOOD], [0.5, _MIDDLE], [1.0, _BAD]]


def heat_map(cells: Sequence[Cell], x: str, y: str, measure: str) -> go.Figure:
    """Draw a measure over two keys; what was not measured stays empty.

    Args:
        cells: `dashboard.sweep.slices.slices` by both keys.
        x: Key along the horizontal axis.
        y: Key along the vertical axis.
        measure: One of ``MEASURES``.
    """
    across = list(dict.fromkeys(cell.at[x] for cell in cells))
    up = list(dict.fromkeys(cell.at[y] for cell in cells))
    at = {(cell.at[x], cell.at[y]): cell for cell in cells}
    values = [[_value(at.get((a, b)), measure) for a in across] for b in up]
    share = measure != "false_per_hour"
    texts = [[_words(at.get((a, b)), measure) for a in across] for b in up]
    figure = go.Figure(
        go.Heatmap(
            x=across,
            y=up,
            z=values,
            text=texts,
            texttemplate="%{text}",
            hovertemplate=f"{x} %{{x}}<br>{y} %{{y}}<br>%{{text}}<extra></extra>",
            colorscale=_BAD_TO_GOOD if measure in _GOOD_IS_HIGH else _GOOD_TO_BAD,
            zmin=0,
            zmax=1 if share else max([1.0, *(v for row in values for v in row if v is not None)]),
            xgap=3,
            ygap=3,
            colorbar={"thickness": 12, "tickformat": ".0%" if share else ".3g"},
        )
    )
    dress(figure, height=max(260, 110 + 64 * len(up)))
    figure.update_xaxes(title=x, type="category", showgrid=False)
    figure.update_yaxes(title=y, type="category", showgrid=False, automargin=True)
    figure.update_layout(title={"text": MEASURES[measure], "font": {"size": 14}})
    return figure


def trade_off(cells: Sequence[Cell]) -> go.Figure:
    """Draw every setting as a point, false alarms per camera-hour to the right and recall upwards, with intervals."""
    shown = [cell for cell in cells if cell.value("recall") is not None]
    x = [cell.value("false_per_hour") or 0.0 for cell in shown]
    y = [cell.value("recall") or 0.0 for cell in shown]
    spans = [(cell.interval("false_per_hour") or (0, 0), cell.interval("recall") or (0, 0)) for cell in shown]
    figure = go.Figure(
        go.Scatter(
            x=x,
            y=y,
            mode="markers+text",
            text=[str(number) for number in range(1, len(shown) + 1)],
            textposition="top center",
            marker={"size": 13, "color": "#5cc4f5", "line": {"color": "#0e1317", "width": 1.5}},
            error_x=_whiskers(x, [span[0] for span in spans]),
            error_y=_whiskers(y, [span[1] for span in spans]),
            customdata=["<br>".join(f"{k} = {v}" for k, v in cell.at.items()) for cell in shown],
            hovertemplate="%{customdata}<br>recall %{y:.0%}, %{x:.3g} false an hour<extra></extra>",
        )
    )
    dress(figure, height=420)
    widest = max([1.0, *(span[0][1] for span in spans)])
    figure.update_xaxes(title="false alarms per camera-hour", range=[-0.03 * widest, 1.04 * widest], zeroline=False)
    figure.update_yaxes(title="recall", range=[-0.05, 1.12], tickformat=".0%")
    return figure


def _whiskers(values: Sequence[float], spans: Sequence[tuple[float, float]]) -> dict[str, object]:
    return {
        "array": [high - v for (_, high), v in zip(spans, values, strict=True)],
        "arrayminus": [v - low for (low, _), v in zip(spans, values, strict=True)],
        "color": "#3d566a",
        "width": 0,
    }


def _value(cell: Cell | None, measure: str) -> float | None:
    return None if cell is None else cell.value(measure)


def _words(cell: Cell | None, measure: str) -> str:
    value = _value(cell, measure)
    if cell is None or value is None:
        return "not measured"
    if measure == "false_per_hour":
        return f"{value:.1f}<br>{cell.false} in {cell.camera_hours:.2f} h"
    parts = {"recall": (cell.found, cell.true), "miss": (cell.true - cell.found, cell.true)}
    of = parts.get(measure, (cell.found, cell.found + cell.false))
    return f"{value:.0%}<br>{of[0]} of {of[1]}"
