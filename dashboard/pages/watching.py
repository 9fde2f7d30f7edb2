"""Live: the cameras as they are now, and the alerts that a person has to verify."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

import streamlit as st

from dashboard.control_room import Alarm, ControlRoom, operator
from dashboard.draw_live_floor import draw_live_floor, ground_m2
from dashboard.serve import alert_store
from dashboard.timeline import draw_counts, draw_timeline, words_of, words_of_counts
from dashboard.viewers import viewers
from detect.store import Store
from scenarios.errors import ParvisError

__all__ = ["show"]

_REASONS: Final = {
    "owner": "the owner is beside it",
    "furniture": "furniture, bin or sign of the place",
    "light": "reflection, lamp or shadow",
    "person": "a person who rests, not an object",
    "usual": "usual traffic of this place",
    "other": "something else (say what)",
}
_FROM_NOW: Final[dict[str, tuple[str, float, bool]]] = {
    "nothing": ("alert me as before", 0.0, False),
    "hour": ("not this again here for 1 hour", 1.0, False),
    "shift": ("not this again here for 8 hours", 8.0, False),
    "day": ("not this again here for 24 hours", 24.0, False),
    "fixture": ("it always stands here: a fixture, for 30 days", 30 * 24.0, True),
}
_SHOWN: Final = 20
_REFRESH_S: Final = 2.0
_HOUR_REFRESH_S: Final = 15.0
_OLD_S: Final = 5.0


def show() -> None:
    """Show the page."""
    st.title("Live")
    store = alert_store()
    if store is None or not Store.is_there(store):
        _explain(None if store is None else str(store))
        return
    try:
        room = ControlRoom(store)
        st.iframe("/live/wall", height=260)
        _floor(room)
        _queue(room)
        _hour(room)
        _switches(room)
        _marks(room)
        _drills(room)
        _decided(room)
    except ParvisError as error:
        st.error(str(error))


def _explain(missing: str | None) -> None:
    st.info(
        "Nothing is watched yet: there is no alert store"
        + (f" at {missing}." if missing else " in this folder.")
        + " Start a watcher in another window, then open this page again:"
    )
    st.code(
        "parvis watch rtsp://127.0.0.1:8554/gate --store runs/alerts.sqlite\n"
        "parvis dashboard runs --store runs/alerts.sqlite",
        language=None,
    )


@st.fragment(run_every=_REFRESH_S)
def _floor(room: ControlRoom) -> None:
    """How many people there are, everybody once; of cameras that are calibrated."""
    floor = room.floor()
    if floor is None:
        return
    age = (datetime.now(UTC) - floor.at).total_seconds()
    if not floor.watching or age > _OLD_S:
        st.markdown("**On the floor:** no data, no calibrated camera gives pictures now.")
        return
    many = sum(1 for person in floor.people if person[4] > 1)
    sure = sorted(person[3] for person in floor.people)
    placed = f", places to ±{sure[len(sure) // 2]:.1f} m" if sure else ""
    names = ", ".join(name.replace("_", " ") for name in floor.watching)
    count = len(floor.people)
    st.markdown(
        f"**On the floor: {count} {'person' if count == 1 else 'people'}** "
        f":gray[by {names}; {many} seen by more than one camera and counted once{placed}]"
    )
    if not floor.ground:
        return
    mean = f"{count / area:.2f} persons per square metre on the mean" if (area := ground_m2(floor)) > 0 else ""
    with st.expander("Map of the floor"):
        words = f"{count} people on {area:.0f} square metres of watched ground. {mean}"
        st.plotly_chart(
            draw_live_floor(floor), theme=None, config={"displayModeBar": False}, key="live-floor", alt=words
        )
        st.caption(f"{words}. Dotted ground gives no data now.")


def _queue(room: ControlRoom) -> None:
    waiting = room.waiting()
    st.session_state["alerts_on_page"] = [alarm.id for alarm in waiting]
    st.session_state["films_on_page"] = [alarm.id for alarm in waiting if alarm.has_film]
    if st.session_state.get("dismissing") not in st.session_state["alerts_on_page"]:
        st.session_state["dismissing"] = None  # somebody else was faster
    st.subheader("To verify")
    _news(room)
    if not waiting:
        st.caption("No alert waits for a decision.")
        return
    st.caption(
        f"What lasts still comes first, then the newest. The keys Y and N confirm and dismiss the first one. "
        f"You decide as **{operator()}**; the name is kept."
    )
    for number, alarm in enumerate(waiting[:_SHOWN]):
        _card(room, alarm, keys=number == 0)
    if (rest := room.how_many_wait() - _SHOWN) > 0:
        st.caption(f"{rest} older alerts follow when these are decided.")


@st.fragment(run_every=_REFRESH_S)
def _news(room: ControlRoom) -> None:
    """Count what waits; bring new alerts onto the page, but never under the hands of somebody who is deciding."""
    alarms = room.waiting()
    waiting = [alarm.id for alarm in alarms]
    on_page = st.session_state.get("alerts_on_page", [])
    films = {alarm.id for alarm in alarms if alarm.has_film} - set(st.session_state.get("films_on_page", []))
    new = len(set(waiting) - set(on_page))
    gone = len(set(on_page) - set(waiting))
    if (new or gone or films) and st.session_state.get("dismissing") is None:
        st.rerun(scope="app")
    many = room.how_many_wait()
    word = "alert waits" if many == 1 else "alerts wait"
    more = sum(alarm.more for alarm in alarms)
    parts = [f"**{many}** {word}"]
    parts += [f"{more} more like them, too many to be shown one by one"] if more else []
    parts += [f":orange[{new} new, shown after this decision]"] if new else []
    st.markdown(" · ".join(parts))


def _card(room: ControlRoom, alarm: Alarm, *, keys: bool) -> None:
    with st.container(border=True, key=f"alert-{alarm.id}"):
        left, right = st.columns([2, 3], gap="medium")
        with left:
            _picture(room, alarm)
        with right:
            st.markdown(f"#### {alarm.label}" + (f", and {alarm.more} more like it" if alarm.more else ""))
            st.markdown(f":gray[{alarm.facts}]")
            if alarm.why:
                st.markdown(f"Why: {alarm.why}")
            _decision(room, alarm, keys=keys)


def _picture(room: ControlRoom, alarm: Alarm) -> None:
    """Show its still or its film; who looks at it stands in the record."""
    id_ = quote(alarm.id, safe="")
    if "viewer" not in st.session_state:
        st.session_state["viewer"] = viewers.ticket(operator())
    ticket = st.session_state["viewer"]
    if alarm.has_film and st.toggle("Film", key=f"film-{alarm.id}"):
        st.iframe(f"/live/alert/{id_}/film?viewer={ticket}", height=320)
    elif alarm.has_picture:
        # loading="lazy": nobody has seen what the page has not scrolled to
        st.html(
            f'<img class="still" loading="lazy" src="/live/alert/{id_}.jpg?viewer={ticket}" '
            f'alt="Picture of the alert {html.escape(alarm.label)}">'
        )
    else:
        st.html('<div class="still none">no picture was kept</div>')
        viewers.note(room.path, alarm.id, "facts", ticket)


def _decision(room: ControlRoom, alarm: Alarm, *, keys: bool) -> None:
    if st.session_state.get("dismissing") != alarm.id:
        with st.container(horizontal=True):
            st.button(
                "Confirm",
                key=f"confirm-{alarm.id}",
                type="primary",
                on_click=_decide,
                args=(room, alarm, "confirmed", ""),
                shortcut="y" if keys else None,
            )
            st.button(
                "Dismiss",
                key=f"dismiss-{alarm.id}",
                on_click=_begin,
                args=(alarm,),
                shortcut="n" if keys else None,
            )
        return
    with st.form(f"why-{alarm.id}", border=False):
        picked = st.radio("Why is it no event?", list(_REASONS), format_func=_REASONS.__getitem__, index=None)
        words = st.text_input("In words", max_chars=200, placeholder="needed with 'something else'")
        from_now = "nothing"
        if alarm.can_be_marked:
            from_now = st.radio("From now on", list(_FROM_NOW), format_func=lambda key: _FROM_NOW[key][0])
        with st.container(horizontal=True):
            sure = st.form_submit_button("Dismiss the alert", type="primary")
            back = st.form_submit_button("Back")
    if back:
        st.session_state["dismissing"] = None
        st.rerun()
    if sure:
        if picked is None or (picked == "other" and not words.strip()):
            st.error("Say why: choose a reason, and with 'something else' say it in words.")
            return
        reason = words.strip() if picked == "other" else ": ".join(p for p in (_REASONS[picked], words.strip()) if p)
        _decide(room, alarm, "dismissed", reason, from_now)
        st.rerun()


def _begin(alarm: Alarm) -> None:
    st.session_state["dismissing"] = alarm.id


def _decide(room: ControlRoom, alarm: Alarm, verdict: str, reason: str, from_now: str = "nothing") -> None:
    st.session_state["dismissing"] = None
    _, hours, fixture = _FROM_NOW[from_now]
    try:
        room.decide(alarm.id, verdict, by=operator(), reason=reason)
        if hours:
            room.mark(alarm.id, hours=hours, fixture=fixture, by=operator(), reason=reason)
    except ParvisError as error:
        st.session_state["complaint"] = str(error)


@st.fragment(run_every=_HOUR_REFRESH_S)
def _hour(room: ControlRoom) -> None:
    """The last hour, a row a camera."""
    line = room.timeline()
    st.subheader("The last hour")
    words = words_of(line)
    st.plotly_chart(draw_timeline(line), theme=None, config={"displayModeBar": False}, key="hour", alt=words)
    st.caption(f"{words} Filled where pictures came, dotted where they did not; diamonds are alerts, open ones drills.")
    if line.counts:
        zones = sorted({zone for count in line.counts for zone in count.per_m2})
        zone = (
            st.selectbox("People, or the density of a zone", [None, *zones], format_func=_count_of) if zones else None
        )
        counted = words_of_counts(line)
        chart = draw_counts(line, zone)
        st.plotly_chart(chart, theme=None, config={"displayModeBar": False}, key="counts", alt=counted)
        st.caption(f"{counted} By the tracks of each camera, ten seconds a step; no line where there were no pictures.")


def _count_of(zone: str | None) -> str:
    return "people in the picture" if zone is None else f"people a square metre in {zone.replace('_', ' ')}"


def _switches(room: ControlRoom) -> None:
    """Stop the analysis of a camera, or for one purpose; the daemon follows within seconds."""
    every = room.switches()
    off = [what for what, why in every.items() if why]
    with st.expander("Switches", expanded=bool(off)):  # a label that changes would close it
        for what in off:
            with st.container(horizontal=True):
                st.markdown(f"**{_said(what)}** is off: {every[what]}")
                st.button("On again", key=f"on-{what}", on_click=_switch, args=(room, what, True, ""))
        with st.form("switch-off", border=False):
            on = [what for what, why in every.items() if not why]
            picked = st.selectbox("Stop the analysis of", on, format_func=_said, index=None)
            reason = st.text_input("Reason", max_chars=200, placeholder="it stands in the record with your name")
            if st.form_submit_button("Switch off"):
                if picked is None or not reason.strip():
                    st.error("Say what is to be switched off, and why.")
                else:
                    _switch(room, picked, False, reason)
                    st.rerun()


def _said(what: str) -> str:
    kind, _, name = what.partition(":")
    return f"{kind} {name.replace('_', ' ')}" if kind == "camera" else name.replace("_", " ").capitalize()


def _switch(room: ControlRoom, what: str, on: bool, reason: str) -> None:
    try:
        room.switch(what, on=on, by=operator(), reason=reason)
    except ParvisError as error:
        st.session_state["complaint"] = str(error)


def _marks(room: ControlRoom) -> None:
    """What is not raised for now, and how often it was not."""
    marks = room.marks()
    if not marks:
        return
    with st.expander(f"Not raised for now ({len(marks)})"):
        for mark in marks:
            with st.container(horizontal=True):
                times = "once" if mark.held == 1 else f"{mark.held} times"
                st.markdown(f"{mark.words} :gray[· held back {times}]")
                st.button("Raise it again", key=f"lift-{mark.id}", on_click=_lift, args=(room, mark.id))


def _lift(room: ControlRoom, mark_id: int) -> None:
    try:
        room.lift(mark_id, by=operator())
    except ParvisError as error:
        st.session_state["complaint"] = str(error)


def _drills(room: ControlRoom) -> None:
    """What the drills of each month proved."""
    months = room.drills()
    if not months:
        return
    with st.expander("Drills"):
        st.caption("Figures put into a camera's pictures, by `parvis drill` or a schedule; not among the alerts above.")
        st.dataframe(months, hide_index=True)


def _decided(room: ControlRoom) -> None:
    complaint = st.session_state.pop("complaint", None)
    if complaint:
        st.error(complaint)
    done = room.decided()
    with st.expander(f"Decided ({len(done)})"):
        if not done:
            st.caption("Nothing has been decided yet.")
            return
        st.dataframe(done, hide_index=True)
