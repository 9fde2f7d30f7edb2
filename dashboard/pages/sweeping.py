"""The part of the page Test that shows a sweep: sliced over two keys, worst first, and which settings to take."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import streamlit as st
import tomli_w

from dashboard.sweep.bench import SWEEP_JSON
from dashboard.sweep.charts import heat_map, trade_off
from dashboard.sweep.slices import MEASURES, Cell, keys_of, kinds_of, slices
from dashboard.sweep.table import EVENTS, read_table

__all__ = ["live_settings", "show_sweep", "sweep_folder"]

_MOST_FAILURES: Final = 8
_LIVE_KEYS: Final = ("detector", "tracker", "camera_motion")
_SIGNS: Final = {"missed": ":red[✕ missed]", "false": ":orange[▲ false alarm]"}


def sweep_folder(runs: Path) -> Path | None:
    """Return the folder of the sweep whose runs these are, or None."""
    return runs.parent if (runs.parent / SWEEP_JSON).is_file() else None


def show_sweep(folder: Path) -> None:
    """Show the sweep.

    Raises:
        RecordingError: Its tables cannot be read.
    """
    table, about = read_table(folder)
    kinds, keys = kinds_of(table), keys_of(table, about)
    st.caption(f"Sweep **{about.get('suite', folder.name)}** · {table.num_rows} points · {folder}")
    if not kinds:
        st.info("No event was measured in this sweep.")
        return
    kind = st.selectbox("Event", kinds, format_func=lambda k: k.replace("_", " "), key="sweep-kind")
    maps, settings, worst = st.tabs(["Over two keys", "Which settings", "Worst first"])
    with maps:
        _map(table, kind, keys)
    with settings:
        _settings(table, kind, keys, about)
    with worst:
        _worst(folder, kind)


def _map(table: pa.Table, kind: str, keys: list[str]) -> None:
    if len(keys) < 2:
        st.info("A map needs two keys that vary; this sweep has fewer.")
        return
    columns = st.columns(3)
    x = columns[0].selectbox("Across", keys, key="sweep-x")
    y = columns[1].selectbox("Up", [k for k in keys if k != x], key="sweep-y")
    measure = columns[2].selectbox("Measure", list(MEASURES), format_func=lambda m: MEASURES[m], key="sweep-measure")
    cells = slices(table, kind, (x, y))
    picked = st.plotly_chart(
        heat_map(cells, x, y, measure), key="sweep-map", on_select="rerun", selection_mode="points", theme=None
    )
    for cell in _picked_cells(picked, cells, x, y):
        st.markdown(f"**{x} = {cell.at[x]}, {y} = {cell.at[y]}**: {cell.runs} runs")
        for name in cell.names[:_MOST_FAILURES]:
            st.button(name, key=f"cell-{name}", on_click=_open, args=(name, 0.0, ""), icon=":material/play_arrow:")


def _settings(table: pa.Table, kind: str, keys: list[str], about: dict[str, Any]) -> None:
    varied = [key for key in about.get("keys", []) if key in keys]
    if not varied:
        st.info("Every point of this sweep has the same settings; a grid over keys of rules shows here what they cost.")
        return
    cells = [cell for cell in slices(table, kind, varied) if cell.value("recall") is not None]
    if not cells:
        st.info("Nothing was due, so there is no recall.")
        return
    st.plotly_chart(trade_off(cells), key="sweep-trade", theme=None)
    limit = st.number_input("False alarms per camera-hour that may be", 0.0, None, 1.0, key="sweep-limit")
    allowed = [c for c in cells if (c.value("false_per_hour") or 0.0) <= limit]
    best = max(allowed, key=lambda c: (c.value("recall") or 0.0, -(c.value("false_per_hour") or 0.0)), default=None)
    names = [f"{number}. " + ", ".join(f"{k} = {v}" for k, v in c.at.items()) for number, c in enumerate(cells, 1)]
    if best is None:
        st.warning(f"No setting stays at or below {limit:g} false alarms an hour; the best one is yours to pick.")
    chosen = st.selectbox("Setting", names, index=cells.index(best) if best is not None else 0, key="sweep-setting")
    cell = cells[names.index(chosen)]
    low, high = cell.interval("recall") or (0.0, 1.0)
    false_low, false_high = cell.interval("false_per_hour") or (0.0, 0.0)
    st.markdown(
        f"Recall **{cell.value('recall') or 0.0:.0%}** ({low:.0%} to {high:.0%}), "
        f"**{cell.value('false_per_hour') or 0.0:.2f}** false alarms an hour ({false_low:.2f} to {false_high:.2f}), "
        f"over {cell.runs} runs. The same settings for a run:"
    )
    st.code(" ".join(_option(key, value) for key, value in cell.at.items()), language=None)
    st.download_button(
        "Settings for live.toml",
        live_settings(cell.at),
        "settings.toml",
        "application/toml",
        icon=":material/download:",
        help="The rules' settings, the detector and the tracker, as parvis live reads them",
    )


def live_settings(at: Mapping[str, str]) -> str:
    """Write a setting of a sweep, varied keys to values, as `parvis live` reads it; what it does not know stays out."""
    said: dict[str, Any] = {key: at[key] for key in _LIVE_KEYS if key in at}
    for key, text in at.items():
        if key.startswith("rule."):
            _, rule, setting = key.split(".", 2)
            try:
                value: Any = tomllib.loads(f"it = {text.lower() if text in ('True', 'False') else text}")["it"]
            except tomllib.TOMLDecodeError:
                value = text
            said.setdefault("rules", {}).setdefault(rule, {})[setting] = value
    return tomli_w.dumps(said)


def _worst(folder: Path, kind: str) -> None:
    events, _ = read_table(folder, EVENTS)
    rows = [r for r in events.to_pylist() if r["kind"] == kind and r["status"] in _SIGNS]
    if not rows:
        st.success("Nothing of this kind was missed, and no alarm was false.")
        return
    rows.sort(key=lambda r: (-(r["score"] or 0.0), r["run"], r["due_s"] or 0.0))
    for column, status in zip(st.columns(2), _SIGNS, strict=True):
        with column:
            _failures(status, [row for row in rows if row["status"] == status])


def _failures(status: str, rows: list[dict[str, Any]]) -> None:
    st.markdown(f"{_SIGNS[status]}: {len(rows)}")
    for number, row in enumerate(rows[:_MOST_FAILURES]):
        at_s = row["due_s"] if status == "missed" else row["alarm_s"]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                "Show",
                key=f"{status}-{number}-{row['run']}",
                icon=":material/play_arrow:",
                on_click=_open,
                args=(row["run"], at_s, row["camera"] or ""),
                help="Show it in the film below",
            )
            sure = "" if row["score"] is None else f", score {row['score']:.2f}"
            st.markdown(f"**{row['case']}** at {at_s:.1f} s{sure}  \n:small[:gray[{row['run']}]]")
    if len(rows) > _MOST_FAILURES:
        st.caption(f"The first {_MOST_FAILURES} of {len(rows)}; events.parquet has all.")


def _picked_cells(picked: Any, cells: list[Cell], x: str, y: str) -> list[Cell]:
    points = picked.get("selection", {}).get("points", []) if picked else []
    wanted = {(str(p.get("x")), str(p.get("y"))) for p in points}
    return [cell for cell in cells if (cell.at[x], cell.at[y]) in wanted]


def _open(name: str, at_s: float, camera: str) -> None:
    """Have the page below show a run at an instant."""
    asked = st.session_state.setdefault("seek", {})
    clicks = asked.get(name, {}).get("click", 0) + 1
    asked[name] = {"t": f"{at_s:.3f}", "camera": camera, "click": clicks}
    st.session_state["run"] = name


def _option(key: str, value: str) -> str:
    if key in ("detector", "tracker"):
        return f"--{key} {shlex.quote(value)}"
    return "--camera-motion " + value if key == "camera_motion" else f"--set {shlex.quote(f'{key}={value}')}"
