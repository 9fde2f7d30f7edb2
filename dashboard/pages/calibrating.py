"""Calibrate: click the same points in the camera's picture and on a plan; the camera comes out, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st
import tomli_w

from dashboard.plan_picture import PlanPicture, picture_of, picture_uri
from dashboard.pointer import Line, Mark, point_in
from dashboard.serve import shelf
from detect.calibrating.camera_file import save_camera
from detect.calibrating.points import Pair, PointsFile, PointsFit, calibrate_points
from detect.calibrating.solution import facts_of
from detect.sources import open_source
from scenarios.camera import Camera
from scenarios.errors import ParvisError, ScenarioError
from scenarios.frame import Frame
from scenarios.load import library, load_scenario

__all__ = ["show"]

_DONE: Final = "#ffd84d"
_OPEN: Final = "#5cc4f5"
_ODD: Final = "#ff6b5e"
_GRID: Final = "#7bdc9a"
_LEAST: Final = 4


@dataclass(frozen=True, slots=True)
class _Picture:
    """What the camera sees: the picture as a data URI, and its size."""

    src: str
    size_px: tuple[int, int]


def show() -> None:
    """Show the page."""
    st.title("Calibrate")
    st.caption(
        "Click a point in the camera's picture, then the same point on the plan. Four points on the floor are the "
        "least, spread over near and far; six or more tell which one was clicked wrongly."
    )
    left, right = st.columns(2, gap="medium")
    try:
        with left:
            picture = _choose_picture()
        with right:
            plan = _choose_plan()
        if picture is not None and plan is not None:
            _work(picture, plan, left, right)
    except ParvisError as error:
        st.error(str(error))


def _choose_picture() -> _Picture | None:
    names = shelf().names()
    ways = [*(["A run's film"] if names else []), "A picture from a file"]
    way = st.segmented_control("Camera's picture", ways, default=ways[0], key="picture-way") or ways[0]
    if way == ways[-1]:
        given = st.file_uploader("Picture of the camera, full size (JPEG or PNG)", type=["jpg", "jpeg", "png"])
        return None if given is None else _shown(picture_of(given.getvalue()))
    first, second = st.columns(2)
    run = first.selectbox("Run", names, key="picture-run")
    recording = shelf().open(run)
    camera = second.selectbox("Camera", [view.id for view in recording.views()], key="picture-camera")
    path = recording.video(camera)
    return _first_picture(str(path), path.stat().st_mtime if path.is_file() else 0.0)


@st.cache_data(max_entries=8, show_spinner=False)
def _first_picture(path: str, changed: float) -> _Picture:  # noqa: ARG001  a film that was made anew is read anew
    with closing(open_source(path)) as source:
        for item in source:
            if isinstance(item, Frame):
                return _shown(item.image)
    raise ScenarioError(f"{path}: holds no picture")


def _shown(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> _Picture:
    return _Picture(picture_uri(image), (image.shape[1], image.shape[0]))


def _choose_plan() -> PlanPicture | None:
    ways = ["A scenario's venue", "A bare grid", "A scan of a plan"]
    way = st.segmented_control("Plan", ways, default=ways[0], key="plan-way") or ways[0]
    if way == ways[0]:
        places = _venues()
        chosen = st.selectbox("Scenario", list(places), key="plan-scenario")
        return PlanPicture.of_venue(load_scenario(places[chosen]).venue)
    first, second = st.columns(2)
    if way == ways[1]:
        wide = first.number_input("Metres west to east", 2.0, 500.0, 20.0, 1.0, key="grid-wide")
        deep = second.number_input("Metres south to north", 2.0, 500.0, 15.0, 1.0, key="grid-deep")
        return PlanPicture.of_grid(wide, deep)
    given = first.file_uploader("Plan, north up (JPEG or PNG)", type=["jpg", "jpeg", "png"])
    wide = second.number_input("Its width in metres", 2.0, 5000.0, 50.0, 1.0, key="scan-wide")
    return None if given is None else PlanPicture.of_scan(given.getvalue(), wide)


def _venues() -> dict[str, Path]:
    """Scenarios of the runs first: whoever calibrates a run's camera wants that venue."""
    shown = shelf()
    runs = {f"{name} (from this run)": shown.folder / name / "scenario.toml" for name in shown.names()}
    return {name: path for name, path in runs.items() if path.is_file()} | library()


def _work(picture: _Picture, plan: PlanPicture, left: Any, right: Any) -> None:
    pairs: list[dict[str, Any]] = st.session_state.setdefault("pairs", [])
    if st.session_state.get("pairs-of") != picture.size_px:
        pairs.clear()
        st.session_state["pairs-of"] = picture.size_px
    fit, complaint = _fit(pairs, picture)
    odd = set(fit.odd) if fit is not None else set()
    with left:
        at = point_in(
            picture.src,
            picture.size_px,
            alt="the camera's picture",
            key="camera-pointer",
            marks=_marks([p["px"] for p in pairs], odd, pairs),
            lines=[] if fit is None else _over_picture(fit.camera, pairs),
        )
        if at is not None:
            _put(pairs, "px", at)
    with right:
        at = point_in(
            plan.src,
            plan.size_px,
            alt="the plan",
            key="plan-pointer",
            marks=_marks([None if p["m"] is None else plan.to_px(*p["m"]) for p in pairs], odd, pairs),
            lines=[] if fit is None else [Line(ring, _OPEN, 2.0) for ring in plan.footprint(fit.camera)],
        )
        if at is not None:
            _put(pairs, "m", tuple(round(v, 3) for v in plan.to_m(*at)))
    _table(pairs, fit)
    if complaint:
        st.warning(complaint)
    if fit is None:
        missing = _LEAST - sum(1 for p in pairs if p["px"] is not None and p["m"] is not None)
        if missing > 0:
            st.info(f"{missing} more point{'' if missing == 1 else 's'} on both sides, and the camera is known.")
        return
    _result(fit, pairs, picture)


def _marks(places: list[tuple[float, float] | None], odd: set[int], pairs: list[dict[str, Any]]) -> list[Mark]:
    marks = []
    numbers = _numbers(pairs)
    for k, place in enumerate(places):
        if place is not None:
            whole = numbers.get(k)
            color = _OPEN if whole is None else _ODD if whole in odd else _DONE
            marks.append(Mark(place[0], place[1], str(k + 1), color))
    return marks


def _numbers(pairs: list[dict[str, Any]]) -> dict[int, int]:
    """Which point of the fit a row is: rows that are not complete are none."""
    whole = [k for k, p in enumerate(pairs) if p["px"] is not None and p["m"] is not None]
    return {k: number for number, k in enumerate(whole)}


def _put(pairs: list[dict[str, Any]], side: str, place: tuple[float, ...]) -> None:
    """A click fills the first row that lacks this side, or renews that of the last open row, or opens a new one."""
    row = next((p for p in pairs if p[side] is None), None)
    row = row or next((p for p in pairs if p["px"] is None or p["m"] is None), None)
    if row is None:
        row = {"px": None, "m": None, "z": 0.0}
        pairs.append(row)
    row[side] = place
    _changed()


def _changed() -> None:
    st.session_state["pairs-turn"] = st.session_state.get("pairs-turn", 0) + 1
    st.rerun()


def _fit(pairs: list[dict[str, Any]], picture: _Picture) -> tuple[PointsFit | None, str]:
    if len(_numbers(pairs)) < _LEAST:
        return None, ""
    try:
        return calibrate_points(_file(pairs, picture), where="these points"), ""
    except (ParvisError, ValueError) as error:
        return None, str(error) if isinstance(error, ParvisError) else "two points are at the same place"


def _file(pairs: list[dict[str, Any]], picture: _Picture, camera_id: str = "camera") -> PointsFile:
    whole = [pairs[k] for k in _numbers(pairs)]
    points = [Pair(px=p["px"], m=[*p["m"], p["z"]] if p["z"] else [*p["m"]]) for p in whole]
    return PointsFile(id=camera_id, resolution_px=picture.size_px, points=points)


def _over_picture(camera: Camera, pairs: list[dict[str, Any]]) -> list[Line]:
    """The floor's metres as the camera sees them, and from each click to where the point should be."""
    lines = []
    seen = camera.footprint(40.0)
    if not seen.is_empty:
        west, south, east, north = (int(v) for v in seen.bounds)
        step = 1 if max(east - west, north - south) <= 30 else 5
        for along, (low, high, start, end) in enumerate(((west, east, south, north), (south, north, west, east))):
            for value in range(low - low % step, high + 1, step):
                way = np.linspace(start, end, 60)
                ground = np.stack((np.full(60, value), way) if along == 0 else (way, np.full(60, value)), axis=1)
                px, _ = camera.project(np.c_[ground, np.zeros(60)])
                inside = (px > -50).all(axis=1) & (px[:, 0] < camera.width_px + 50) & (px[:, 1] < camera.height_px + 50)
                for run in np.split(np.arange(60), np.flatnonzero(np.diff(inside)) + 1):
                    if len(run) > 1 and inside[run[0]]:
                        points = tuple((float(x), float(y)) for x, y in px[run])
                        lines.append(Line(points, _GRID, 1.6 if value % 5 == 0 else 0.8, 0.55))
    for k in _numbers(pairs):
        there, _ = camera.project([(*pairs[k]["m"], pairs[k]["z"])])
        if np.isfinite(there).all():
            lines.append(Line((pairs[k]["px"], (float(there[0, 0]), float(there[0, 1]))), _ODD, 2.5))
    return lines


def _table(pairs: list[dict[str, Any]], fit: PointsFit | None) -> None:
    if not pairs:
        return
    numbers = _numbers(pairs)
    facts = None if fit is None else fit.as_dict()
    rows = [_row(k, p, numbers.get(k), facts) for k, p in enumerate(pairs)]
    turn = st.session_state.get("pairs-turn", 0)
    edited = st.data_editor(
        rows,
        key=f"pairs-{turn}",
        num_rows="delete",
        hide_index=True,
        width="stretch",
        disabled=["Point", "Picture", "Off, px", "Off, m"],
        column_config={
            "East, m": st.column_config.NumberColumn(format="%.2f", step=0.01),
            "North, m": st.column_config.NumberColumn(format="%.2f", step=0.01),
            "Height, m": st.column_config.NumberColumn(format="%.2f", step=0.01, help="0 on the floor"),
            "Off, px": st.column_config.NumberColumn(format="%.1f"),
            "Off, m": st.column_config.NumberColumn(format="%.3f"),
        },
    )
    wanted = [_pair(row, pairs) for row in edited]
    if wanted != pairs:
        pairs[:] = wanted
        _changed()


def _row(k: int, pair: Mapping[str, Any], number: int | None, facts: Mapping[str, Any] | None) -> dict[str, Any]:
    px, m = pair["px"], pair["m"]
    known = facts is not None and number is not None
    return {
        "Point": k + 1,
        "Picture": "click in the picture" if px is None else f"{px[0]:.1f}, {px[1]:.1f}",
        "East, m": None if m is None else m[0],
        "North, m": None if m is None else m[1],
        "Height, m": pair["z"],
        "Off, px": facts["residual_px"][number] if facts is not None and known else None,
        "Off, m": facts["residual_m"][number] if facts is not None and known else None,
    }


def _pair(row: Mapping[str, Any], pairs: list[dict[str, Any]]) -> dict[str, Any]:
    east, north = row["East, m"], row["North, m"]
    place = None if east is None or north is None else (float(east), float(north))
    return {"px": pairs[int(row["Point"]) - 1]["px"], "m": place, "z": float(row["Height, m"] or 0.0)}


def _result(fit: PointsFit, pairs: list[dict[str, Any]], picture: _Picture) -> None:
    facts, about = fit.as_dict(), facts_of(fit.camera)
    columns = st.columns(5)
    columns[0].metric(
        "Residual", f"{facts['rms_m']:.2f} m", f"{facts['rms_px']:.1f} px", delta_color="off", delta_arrow="off"
    )
    for column, name, key, unit, digits in zip(
        columns[1:],
        ("Height", "Looks down", "Field of view", "Focal length"),
        ("height_m", "tilt_deg", "hfov_deg", "focal_px"),
        (" m", "°", "°", " px"),
        (2, 1, 1, 0),
        strict=True,
    ):
        spread = f"± {about.sigma[key]:.{digits}f}{unit}"
        column.metric(name, f"{getattr(about, key):.{digits}f}{unit}", spread, delta_color="off", delta_arrow="off")
    numbers = {number: k for k, number in _numbers(pairs).items()}
    for number in fit.odd:
        k = numbers[number]
        st.warning(f"Point {k + 1} does not go with the others: look at it again, in the picture and on the plan.")
    _save(fit, pairs, picture)


def _save(fit: PointsFit, pairs: list[dict[str, Any]], picture: _Picture) -> None:
    first, second, third = st.columns([2, 2, 1], vertical_alignment="bottom")
    name = first.text_input("Name of the camera", "camera", max_chars=40, key="camera-name")
    replace = second.checkbox("replace a camera of that name (its masks and zones are kept)", key="camera-replace")
    folder = shelf().folder / "cameras"
    if not third.button("Save", type="primary", width="stretch"):
        return
    try:
        file = PointsFile.model_validate(_file(pairs, picture).model_dump() | {"id": name})
    except ValueError:
        raise ScenarioError(f"'{name}' is no name for a camera: lower case letters, digits and underscores") from None
    facts = fit.as_dict()
    note = f"{facts['points']} points clicked, rms {facts['rms_px']:.2f} px, {facts['rms_m']:.3f} m"
    path, points = folder / f"{name}.toml", folder / f"{name}.points.toml"
    save_camera(calibrate_points(file).camera, path, note=note, overwrite=replace)
    table = file.model_dump(mode="json", exclude_none=True)
    try:
        points.write_text(tomli_w.dumps(table), encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"{points}: cannot be written ({error.strerror})") from None
    st.success(f"Saved {path}")
    st.code(f"parvis watch SOURCE --camera {path}\nparvis calibrate {points} --out {path} --force", language=None)
