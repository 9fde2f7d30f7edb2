"""Library: every scenario with its picture, plan and command; every person, bag, thing, incident and condition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

import streamlit as st

from dashboard.exhibits import KINDS, Exhibit
from dashboard.gallery import known
from scenarios.errors import ParvisError
from scenarios.load import library, load_scenario
from scenarios.scenario import Scenario

__all__ = ["show"]

_ALL: Final = "all"
_SHORT: Final = {
    "places": "Scenarios", "people": "People", "postures": "Postures", "bags": "Bags", "things": "Things",
    "incidents": "Incidents", "cameras": "Cameras", "conditions": "Conditions",
}  # fmt: skip


def show() -> None:
    """Show the page."""
    st.title("Library")
    st.caption("What can stand, lie or happen before a simulated camera. Pictures are drawn when they are first seen.")
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    sought = left.text_input("Search", key="sought", bind="query-params", placeholder="bag, night, station ...")
    chosen = right.segmented_control(
        "Show", [_ALL, *KINDS], default=_ALL, key="kind", bind="query-params",
        format_func=lambda kind: _SHORT.get(kind, "All"), label_visibility="collapsed",
    )  # fmt: skip
    words = sought.lower().split()
    found = [e for e in known().values() if chosen in (None, _ALL, e.kind) and _matches(e, words)]
    if not found:
        st.info(f"Nothing here is called '{sought}'.")
    for kind, heading in KINDS.items():
        mine = [exhibit for exhibit in found if exhibit.kind == kind]
        if not mine:
            continue
        st.subheader(heading)
        if kind == "places":
            _scenarios(mine)
        elif kind == "conditions":
            _conditions(mine)
        else:
            st.html(_grid(mine, "wide" if kind in ("incidents", "cameras") else ""))


def _matches(exhibit: Exhibit, words: Sequence[str]) -> bool:
    text = " ".join((exhibit.title, exhibit.text, exhibit.kind, KINDS[exhibit.kind], *exhibit.tags)).lower()
    text = f"{text} {text.replace('_', ' ')}"
    return all(word in text for word in words)


def _scenarios(shown: Iterable[Exhibit]) -> None:
    names = library()
    by_name: dict[str, list[Exhibit]] = {}
    for exhibit in shown:
        by_name.setdefault(next(tag for tag in exhibit.tags if tag in names), []).append(exhibit)
    for name, pictures in by_name.items():
        try:
            scenario = load_scenario(name)
        except ParvisError as error:
            st.warning(str(error))
            continue
        with st.container(border=True, key=f"card-{name}"):
            left, right = st.columns([3, 2], gap="medium")
            with left:
                st.html("".join(_picture(exhibit, f"{scenario.title}, seen by a camera") for exhibit in pictures))
            with right:
                _card(name, scenario)


def _card(name: str, scenario: Scenario) -> None:
    tags = " ".join(f'<span class="badge tag">{escape(tag.replace("_", " "))}</span>' for tag in scenario.tags)
    st.html(f"<h3 class='card-title'>{escape(scenario.title)}</h3>{tags}")
    st.markdown(f":gray[{' '.join(scenario.description.split())}]")
    cameras = ", ".join(spec.id.replace("_", " ") for spec in scenario.cameras)
    many = "s" if len(scenario.cameras) > 1 else ""
    st.caption(f"{scenario.duration_s:g} s at {scenario.fps:g} pictures a second · camera{many} {cameras}")
    st.code(f"parvis run {name}", language=None)
    st.html(f'<img class="exhibit plan" loading="lazy" src="/gallery/plan/{name}.svg" alt="Plan of the place">')


def _conditions(shown: Iterable[Exhibit]) -> None:
    by_effect: dict[str, list[Exhibit]] = {}
    for exhibit in shown:
        by_effect.setdefault(exhibit.tags[0], []).append(exhibit)
    for pictures in by_effect.values():
        first = pictures[0]
        st.markdown(f"**{first.title.split(',')[0]}**" + (f"  \n:gray[{first.text}]" if first.text else ""))
        st.html(_grid(pictures, "three"))
        st.code(pictures[len(pictures) // 2].command, language=None)


def _grid(shown: Iterable[Exhibit], how: str) -> str:
    figures = "".join(
        f"<figure>{_picture(exhibit, exhibit.title)}<figcaption><b>{escape(exhibit.title)}</b>"
        f"{f'<span>{escape(exhibit.text)}</span>' if exhibit.text and how != 'three' else ''}</figcaption></figure>"
        for exhibit in shown
    )
    return f'<div class="exhibits {how}">{figures}</div>'


def _picture(exhibit: Exhibit, alt: str) -> str:
    return f'<img class="exhibit" loading="lazy" src="/gallery/{exhibit.id}.jpg" alt="{escape(alt)}">'
