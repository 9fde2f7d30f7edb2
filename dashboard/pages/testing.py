"""Test: what a detector made of a run, alarm by alarm, and one run against another."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode

import streamlit as st

from dashboard.ledger import LedgerEntry, LedgerStatus, ledger_of
from dashboard.pages.sweeping import show_sweep, sweep_folder
from dashboard.serve import shelf
from dashboard.shelf import RunCard
from dashboard.verdict import NOT_MEASURED, sentences, tables
from detect.observations import Observations
from scenarios.errors import ParvisError
from scenarios.recording import Recording

__all__ = ["show"]

_SCORES: Final = {
    "recall": ("Events found", "%", "Share of the true events for which an alarm was raised."),
    "precision": ("Alarms right", "%", "Share of the alarms that a true event explains."),
    "false_per_camera_hour": ("False / camera-hour", ".1f", "False alarms of all kinds in an hour of one camera."),
    "ap50": ("Boxes AP50", ".3f", "Average precision of the boxes of people, at an overlap of one half."),
    "hota": ("Tracks HOTA", ".3f", "Finding people and keeping their number, in one score; 1 is perfect."),
    "count_mae": ("Count error", ".1f", "Mean absolute error of the number of people in a picture."),
}
_SIGNS: Final = {
    LedgerStatus.FOUND: ":green[● found]",
    LedgerStatus.MISSED: ":red[✕ missed]",
    LedgerStatus.NO_RULE: ":gray[– no rule yet]",
    LedgerStatus.FALSE: ":orange[▲ false alarm]",
    LedgerStatus.UNSCORED: ":blue[◆ alarm, not scored]",
}
_ROWS_SHOWN: Final = 60
_ROWS_BEFORE_SCROLL: Final = 9
_LIST_HEIGHT_PX: Final = 700
_NONE: Final = "no other run"


def show() -> None:
    """Show the page."""
    shown = shelf()
    cards, complaints = shown.cards()
    for complaint in complaints:
        st.warning(complaint)
    if not cards:
        st.title("Test")
        st.info(f"There is no run in {shown.folder} yet. Make one:")
        st.code("parvis run forecourt_bag_v1", language=None)
        return
    swept = sweep_folder(shown.folder)
    if swept is not None:
        try:
            show_sweep(swept)
        except ParvisError as error:
            st.error(str(error))
    by_name = {card.name: card for card in cards}
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        asked = st.query_params.get("run")
        if asked in by_name:
            st.session_state.setdefault("run", asked)
        name = st.selectbox("Run", list(by_name), format_func=lambda n: by_name[n].label, key="run")
        st.query_params["run"] = name  # so that the address shows the same run again
    others = [_NONE, *(n for n in by_name if n != name)]
    with right:
        beside = st.selectbox("Beside", others, format_func=lambda n: by_name[n].label if n in by_name else n)
    try:
        _heading(by_name[name])
        if beside in by_name:
            _side_by_side(by_name[name], by_name[beside])
        else:
            _one(by_name[name])
    except ParvisError as error:
        st.error(str(error))
        return
    with st.expander(f"All runs in this folder ({len(cards)})"):
        _list(cards)


def _heading(card: RunCard) -> None:
    kind, words = ("synthetic", "SYNTHETIC FOOTAGE") if card.synthetic else ("real", "REAL FOOTAGE")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(card.title, width="content")
        st.html(f'<span class="badge {kind}">{words}</span>', width="content")
        st.link_button("Open the report", f"/files/{quote(card.name)}/report.html", type="tertiary")


def _one(card: RunCard) -> None:
    recording = shelf().open(card.name)
    with st.container(key="scores"):
        for column, key in zip(st.columns(len(_SCORES), gap="small"), _SCORES, strict=True):
            title, _, explained = _SCORES[key]
            column.metric(title, _shown(key, card.scores.get(key)), help=explained)
    film, events = st.columns([13, 7], gap="small")
    with film:
        _player(card.name)
    with events:
        _ledger(card.name, ledger_of(recording, Observations.load(recording), recording.cameras()))
    _scorecard(recording)


def _player(name: str, height: int = 800) -> None:
    seek: dict[str, Any] = st.session_state.get("seek", {}).get(name, {})
    at = "#" + urlencode(seek) if seek else ""
    st.iframe(f"/files/{quote(name)}/player{at}", height=height)


def _seek(name: str, entry: LedgerEntry) -> None:
    asked = st.session_state.setdefault("seek", {})
    clicks = asked.get(name, {}).get("click", 0) + 1
    asked[name] = {"t": f"{entry.at_s:.3f}", "camera": entry.camera_id or "", "click": clicks}


def _ledger(name: str, entries: tuple[LedgerEntry, ...]) -> None:
    st.subheader("Events")
    if not entries:
        st.caption("No true events and no alarms.")
        return
    counts = {status: sum(e.status is status for e in entries) for status in LedgerStatus}
    options = ["all", *(status.value for status, count in counts.items() if count)]
    words = {status.value: f"{status.words} ({counts[status]})" for status in LedgerStatus}
    words["all"] = f"all ({len(entries)})"
    wanted = st.segmented_control(
        "Show", options, default="all", format_func=lambda o: words[o], label_visibility="collapsed"
    )
    rows = [e for e in entries if wanted in (None, "all", e.status.value)]
    with st.container(height=_LIST_HEIGHT_PX if len(rows) > _ROWS_BEFORE_SCROLL else "content", gap="xsmall"):
        for entry in rows[:_ROWS_SHOWN]:
            _row(name, entry)
    if len(rows) > _ROWS_SHOWN:
        st.caption(f"The first {_ROWS_SHOWN} of {len(rows)} are shown; the timeline and the report have all.")


def _row(name: str, entry: LedgerEntry) -> None:
    times = []
    if entry.due_s is not None:
        times.append(f"due {entry.due_s:.1f} s")
    if entry.alarm_s is not None:
        times.append(f"alarm {entry.alarm_s:.1f} s")
    if entry.delay_s is not None:
        times.append(f"delay {entry.delay_s:+.1f} s")
    place = "" if entry.place_m is None else f"at {entry.place_m[0]:.1f}, {entry.place_m[1]:.1f} m"
    facts = " · ".join(part for part in (*times, place, entry.camera_id or "out of view") if part)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.button(
            "Show",
            key=f"show-{name}-{entry.number}",
            icon=":material/play_arrow:",
            on_click=_seek,
            args=(name, entry),
            help="Show it in the film",
        )
        name_of_kind = entry.label[:1].upper() + entry.label[1:]
        st.markdown(f"**{entry.number}. {name_of_kind}** &nbsp; {_SIGNS[entry.status]}  \n:small[:gray[{facts}]]")


def _scorecard(recording: Recording) -> None:
    score = recording.score()
    st.subheader("Scorecard")
    st.markdown("\n".join(f"- {sentence}" for sentence in sentences(score)))
    with st.expander("All numbers"):
        for table in tables(score):
            st.markdown(f"**{table.title}**  \n:gray[{table.explained}]")
            if table.rows:
                st.table([dict(zip([h or "·" for h in table.header], row, strict=True)) for row in table.rows])
            else:
                st.caption(NOT_MEASURED.capitalize() + ".")


def _side_by_side(one: RunCard, other: RunCard) -> None:
    rows = []
    for key, (title, _, _) in _SCORES.items():
        a, b = one.scores.get(key), other.scores.get(key)
        factor = 100 if key in ("recall", "precision") else 1
        change = "" if a is None or b is None else f"{(b - a) * factor:+.3g}" + (" points" if factor == 100 else "")
        rows.append({"Score": title, one.name: _shown(key, a), other.name: _shown(key, b), "Difference": change})
    st.table(rows)
    for column, card in zip(st.columns(2), (one, other), strict=True):
        with column:
            st.markdown(f"**{card.name}** &nbsp; :gray[{card.detector}]")
            _player(card.name, 760)
            recording = shelf().open(card.name)
            _ledger(card.name, ledger_of(recording, Observations.load(recording), recording.cameras()))


def _list(cards: list[RunCard]) -> None:
    rows = [
        {
            "Run": card.name,
            "Scenario": card.scenario,
            "Detector": card.detector,
            "Made": card.made_at[:16].replace("T", " "),
            "Footage": "synthetic" if card.synthetic else "real",
        }
        | {title: _shown(key, card.scores.get(key)) for key, (title, _, _) in _SCORES.items()}
        for card in cards
    ]
    st.dataframe(rows, hide_index=True)


def _shown(key: str, value: float | None) -> str:
    if value is None:
        return NOT_MEASURED
    return f"{100 * value:.0f} %" if _SCORES[key][1] == "%" else format(value, _SCORES[key][1])
