"""The last hour of a live store: when each camera gave pictures, when it did not, and when something was raised."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import plotly.graph_objects as go

from dashboard.draw import PAPER, QUIET, TEXT
from detect.counts import SPAN_S, Count
from detect.desk import AlertState
from detect.store import Store

__all__ = [
    "Raised", "Span", "Timeline", "draw_counts", "draw_timeline", "load_timeline", "words_of", "words_of_counts",
]  # fmt: skip

_STATES: Final = ("connecting", "live", "stalled", "lost", "unreachable", "off", "ended")
_LIVE: Final = "#3f8f6b"
_AWAY: Final = {"stalled": "#b26a1f", "lost": "#a33b3b", "unreachable": "#a33b3b"}
_NEITHER: Final = "#3a4650"
_MARK: Final = {
    AlertState.NEW: "#f2d45c",
    AlertState.SEEN: "#f2d45c",
    AlertState.CONFIRMED: "#ef6461",
    AlertState.DISMISSED: QUIET,
    AlertState.EXPIRED: QUIET,
}
_GRID: Final = "#24303a"
_LINES: Final = ("#6fb7e9", "#f2d45c", "#8fd19e", "#e59ac5", "#f0a35e", "#b3a1f0", "#d8d8d8", "#5fd3c9")
_ROW_PX: Final = 34
_MOST: Final = 2000


@dataclass(frozen=True, slots=True)
class Span:
    """A camera in one state.

    Attributes:
        camera_id: Which.
        state: As the record has it; ``unknown`` where the record begins later.
        begin: From when,
        end: until when.
        words: Why, if it was said.
    """

    camera_id: str
    state: str
    begin: datetime
    end: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert on the line of its camera.

    Attributes:
        camera_id: Which.
        at: When it was raised.
        label: What may have happened.
        state: Where it stands.
        drill: Whether it is a drill.
    """

    camera_id: str
    at: datetime
    label: str
    state: AlertState
    drill: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened between two moments.

    Attributes:
        begin: From when,
        end: until when.
        cameras: All cameras, by their ids.
        spans: Of each camera, without holes.
        raised: Alerts.
        counts: How many people each camera saw, by camera and time.
    """

    begin: datetime
    end: datetime
    cameras: tuple[str, ...]
    spans: tuple[Span, ...]
    raised: tuple[Raised, ...]
    counts: tuple[Count, ...] = ()


def load_timeline(store: Store, now: datetime, *, hours: float = 1.0) -> Timeline:
    """Read what the record and the alerts tell about the last hours.

    Args:
        store: Open.
        now: Its end, with time zone.
        hours: How long.
    """
    begin = now - timedelta(hours=hours)
    cameras = tuple(camera.camera_id for camera in store.cameras())
    said = store.database.rows(
        "SELECT at, action, facts FROM audit WHERE action LIKE ? AND at >= ? ORDER BY seq",
        ("camera.%", begin.isoformat()),
    )
    changes: dict[str, list[tuple[datetime, str, str]]] = {camera: [] for camera in cameras}
    for at, action, text in said:
        facts, state = json.loads(text), action.removeprefix("camera.")
        if state in _STATES and facts.get("camera") in changes:
            changes[facts["camera"]].append((datetime.fromisoformat(at), state, str(facts.get("why") or "")))
    spans = [
        span
        for camera in cameras
        for span in _spans(camera, _before(store, camera, begin), changes[camera], begin, now)
    ]
    raised = tuple(
        Raised(a.event.camera_id, a.raised_at, a.event.kind.value.replace("_", " "), a.state, a.event.drill is not None)
        for a in store.alerts(limit=_MOST)
        if a.raised_at >= begin
    )
    return Timeline(begin, now, cameras, tuple(spans), raised, tuple(store.counts.since(begin)))


def draw_timeline(line: Timeline) -> go.Figure:
    """Draw a row a camera; only times with pictures are filled, what was raised stands on its row."""
    figure = go.Figure()
    for span in line.spans:
        words = f"{span.state}{f': {span.words}' if span.words else ''}"
        live = span.state == "live"
        figure.add_trace(
            go.Bar(
                y=[_name(span.camera_id)],
                x=[(span.end - span.begin).total_seconds() * 1000],
                base=[span.begin],
                orientation="h",
                marker={"color": _LIVE if live else "rgba(0,0,0,0)", "line": {"width": 0}},
                hovertemplate=f"{words}<br>{_clock(span.begin)} to {_clock(span.end)}<extra></extra>",
                showlegend=False,
                width=0.5,
            )
        )
        if not live:
            dotted = {"color": _AWAY.get(span.state, _NEITHER), "width": 3, "dash": "dot"}
            figure.add_trace(
                go.Scatter(
                    x=[span.begin, span.end],
                    y=[_name(span.camera_id)] * 2,
                    mode="lines",
                    hoverinfo="skip",
                    showlegend=False,
                    line=dotted,
                )
            )
    for one in line.raised:
        colour = _MARK[one.state]
        marker = {"symbol": "diamond-open" if one.drill else "diamond", "size": 11, "color": colour}
        edge = {"width": 1.5, "color": colour if one.drill else PAPER}
        words = f"{'DRILL: ' if one.drill else ''}{one.label}, {one.state.value}"
        figure.add_trace(
            go.Scatter(
                x=[one.at],
                y=[_name(one.camera_id)],
                mode="markers",
                showlegend=False,
                marker=marker | {"line": edge},
                hovertemplate=f"{words}<br>{_clock(one.at)}<extra></extra>",
            )
        )
    figure.update_layout(
        barmode="overlay", height=64 + _ROW_PX * max(1, len(line.cameras)), paper_bgcolor=PAPER, plot_bgcolor=PAPER,
        font={"color": TEXT, "size": 13}, margin={"l": 8, "r": 8, "t": 8, "b": 30},
    )  # fmt: skip
    figure.update_xaxes(type="date", range=[line.begin, line.end], gridcolor=_GRID, tickformat="%H:%M", fixedrange=True)
    rows = [_name(camera) for camera in reversed(line.cameras)]
    figure.update_yaxes(categoryorder="array", categoryarray=rows, automargin=True, fixedrange=True)
    return figure


def draw_counts(line: Timeline, zone: str | None = None) -> go.Figure:
    """Draw a line a camera: its people, or the density of one zone; where nobody counted, there is no line."""
    figure = go.Figure()
    for number, camera in enumerate(line.cameras):
        mine = [c for c in line.counts if c.camera_id == camera and (zone is None or zone in c.per_m2)]
        times: list[datetime | None] = []
        values: list[float | None] = []
        for before, count in zip([None, *mine], mine, strict=False):
            if before is not None and (count.begin - before.end).total_seconds() > SPAN_S / 2:
                times.append(before.end)
                values.append(None)
            value = count.people if zone is None else count.per_m2[zone]
            times += [count.begin, count.end]
            values += [value, value]
        unit = "people" if zone is None else "/m2"
        figure.add_trace(
            go.Scatter(
                x=times, y=values, mode="lines", name=_name(camera), connectgaps=False,
                showlegend=len(line.cameras) > 1,
                line={"width": 2, "color": _LINES[number % len(_LINES)]},
                hovertemplate=f"{_name(camera)}: %{{y:.3g}} {unit}<br>%{{x|%H:%M:%S}}<extra></extra>",
            )
        )  # fmt: skip
    figure.update_layout(
        height=210, paper_bgcolor=PAPER, plot_bgcolor=PAPER, font={"color": TEXT, "size": 13},
        margin={"l": 8, "r": 8, "t": 8, "b": 30}, legend={"orientation": "h", "y": 1.18},
    )  # fmt: skip
    figure.update_xaxes(type="date", range=[line.begin, line.end], gridcolor=_GRID, tickformat="%H:%M", fixedrange=True)
    figure.update_yaxes(rangemode="tozero", gridcolor=_GRID, automargin=True, fixedrange=True)
    return figure


def words_of_counts(line: Timeline) -> str:
    """Say in words what that figure shows: of each camera the last and the largest number of people."""
    parts = []
    for camera in line.cameras:
        mine = [c.people for c in line.counts if c.camera_id == camera]
        parts.append(f"{_name(camera)}: {mine[-1]:.0f} now, {max(mine):.0f} at most" if mine else f"{_name(camera)}: -")
    return "People: " + "; ".join(parts) + "."


def words_of(line: Timeline) -> str:
    """Say in words what the figure shows, for who does not see it."""
    parts = []
    for camera in line.cameras:
        mine = [span for span in line.spans if span.camera_id == camera and span.state not in ("live", "unknown")]
        away_s = sum((span.end - span.begin).total_seconds() for span in mine)
        parts.append(
            f"{_name(camera)}: {away_s / 60:.0f} min without pictures" if away_s >= 30 else f"{_name(camera)}: live"
        )
    return f"{'; '.join(parts)}. {len(line.raised)} alerts."


def _before(store: Store, camera_id: str, begin: datetime) -> str:
    """The state in which a camera came into the time."""
    rows = store.database.rows(
        "SELECT action FROM audit WHERE at < ? AND action LIKE ? AND json_extract(facts, '$.camera') = ? "
        "ORDER BY seq DESC LIMIT 5",
        (begin.isoformat(), "camera.%", camera_id),
    )
    states = (str(action).removeprefix("camera.") for (action,) in rows)
    return next((state for state in states if state in _STATES), "unknown")


def _spans(
    camera_id: str, before: str, changes: Sequence[tuple[datetime, str, str]], begin: datetime, end: datetime
) -> list[Span]:
    edges = [(begin, before, ""), *changes, (end, "", "")]
    return [
        Span(camera_id, state, at, until, words) for (at, state, words), (until, _, _) in pairwise(edges) if until > at
    ]


def _name(camera_id: str) -> str:
    return camera_id.replace("_", " ")


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).astimezone().strftime("%H:%M:%S")
