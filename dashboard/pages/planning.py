"""Plan: the crowd of a scenario as it is, beside the crowd with gates or arrivals changed, or another scenario's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from dashboard.compare import Change
from dashboard.crowd_film import crowd_film_page
from dashboard.draw import egress_curves, gate_flows, service_levels
from dashboard.draw_floor import density_map, level_map, venue_map
from dashboard.plan_report import plan_page
from dashboard.plan_words import gate_sentences, headline
from dashboard.plans import Plans, Side, names_of, with_seeds
from dashboard.serve import shelf
from dashboard.verdict import NOT_MEASURED, words_and_unit
from dashboard.what_if import WhatIf
from scenarios.errors import ParvisError
from scenarios.load import library, load_scenario
from scenarios.scenario import Scenario
from sim.measure import Measures, measure

__all__ = ["show"]

_CHART: Final = {"displayModeBar": False, "scrollZoom": False}
_KEPT: Final = 48
_SAME: Final = "the same, changed as above"
_MOST_HIGH_PX: Final = 560
_OWN_FIGURES: Final = ("gate_", "level_of_service")


def show() -> None:
    """Show the page."""
    st.title("Plan")
    st.caption("Run the crowd without cameras: what changes when a gate is shut or more people come?")
    choices = _choices()
    if not choices:
        st.info("There is no scenario in the library.")
        return
    chosen = st.selectbox("Scenario", list(choices), key="scenario", bind="query-params")
    try:
        scenario = load_scenario(choices[chosen])
        _page(str(choices[chosen]), scenario)
    except ParvisError as error:
        st.error(str(error))


def _choices() -> dict[str, Path]:
    """Scenarios by name: those of the library, then those of the runs in the folder."""
    shown = shelf()
    runs = {f"{name} (from this run)": shown.folder / name / "scenario.toml" for name in shown.names()}
    return library() | {name: path for name, path in runs.items() if path.is_file()}


def _page(wanted: str, scenario: Scenario) -> None:
    left, right = st.columns([2, 3], gap="medium")
    with left:
        asked = _form(wanted, scenario)
    with right:
        st.markdown(f"**{scenario.title}**  \n:gray[{scenario.description}]")
        _chart(venue_map(scenario.venue, scenario.incidents), "the place as it is")
    results = st.session_state.setdefault("plans", {})
    if asked is not None:
        plans = _run(asked)
        film = crowd_film_page([plans.before, plans.asked])
        sheet = plan_page(plans, changes=asked.changes(), command=asked.command())
        results[wanted] = (asked, plans, film, sheet)
    if wanted in results:
        _result(*results[wanted])


def _form(wanted: str, scenario: Scenario) -> WhatIf | None:
    with st.form(f"what-if-{wanted}"):
        st.markdown("**Gates**")
        gates = {}
        with st.container(horizontal=True):
            for gate in scenario.venue.gates:
                label = f"{gate.id.replace('_', ' ')}, {gate.width_m:.1f} m"
                gates[gate.id] = st.checkbox(label, value=gate.open, help="ticked: open", key=f"{wanted}-g-{gate.id}")
        people = {}
        if scenario.population.flows:
            st.markdown("**People**, times as many as now")
            for flow in scenario.population.flows:
                label = f"{flow.id.replace('_', ' ')}: {flow.initial} there, {flow.rate_per_min:g} a minute arrive"
                people[flow.id] = st.slider(
                    label,
                    value=1.0,
                    key=f"{wanted}-f-{flow.id}",
                    format="%.2f×",
                    min_value=0.0,
                    max_value=4.0,
                    step=0.25,
                )
        others = {name: path for name, path in _choices().items() if str(path) != wanted}
        beside = st.selectbox(
            "Beside it", [_SAME, *others], help="Another scenario is taken as it is: gates and people above are not."
        )
        first, second, third = st.columns(3)
        seed = first.number_input("Seed", min_value=0, max_value=2**31, value=scenario.seed, step=1)
        longest = second.number_input(
            "Seconds", min_value=5.0, max_value=3600.0, value=float(scenario.duration_s), step=5.0, format="%.0f"
        )
        runs = third.number_input(
            "Runs", min_value=1, max_value=20, value=1, step=1, help="Each with another seed, for means and intervals."
        )
        if st.form_submit_button("Run the crowd", type="primary", width="stretch"):
            against = None if beside == _SAME else str(others[beside])
            return WhatIf(wanted, int(seed), float(longest), gates, people, int(runs), against)
    return None


def _run(asked: WhatIf) -> Plans:
    before, changed = (with_seeds(s, asked.seeds) for s in (asked.unchanged_scenario(), asked.changed_scenario()))
    names = ("as it is", "as changed") if asked.against is None else names_of(before[0], changed[0])
    bar = st.progress(0.0, f"The crowd {names[0]}")
    measured: list[Measures] = []
    every = [*before, *changed]
    try:
        for scenario in every:
            done = len(measured)
            words = f"The crowd {names[0] if done < asked.runs else names[1]}"
            words += f", run {done % asked.runs + 1} of {asked.runs}" if asked.runs > 1 else ""

            def show_share(share: float, done: int = done, words: str = words) -> None:
                bar.progress((done + share) / len(every), words)

            measured.append(_measured(scenario, show_share))
    finally:
        bar.empty()
    sides = (
        Side(names[0], before[0], tuple(measured[: asked.runs])),
        Side(names[1], changed[0], tuple(measured[asked.runs :])),
    )
    return Plans(before[0].name, asked.seeds, *sides)


@st.cache_resource
def _kept() -> dict[str, Measures]:
    """Crowds that have been measured, by the hash of scenario and seed, over all visitors."""
    return {}


def _measured(scenario: Scenario, show_share: Callable[[float], object]) -> Measures:
    def progress(share: float) -> None:
        show_share(min(1.0, max(0.0, share)))

    kept = _kept()
    if scenario.hash not in kept:
        measures = measure(scenario, progress=progress)
        while len(kept) >= _KEPT:
            kept.pop(next(iter(kept)), None)
        kept[scenario.hash] = measures
    return kept[scenario.hash]


def _result(asked: WhatIf, plans: Plans, film: str, sheet: str) -> None:
    sides = [side for side in (plans.before, plans.after) if side is not None]
    st.divider()
    changes = asked.changes()
    said = ", ".join(changes) if changes else "nothing: both are the same"
    seeds = f"seed {asked.seed}" if asked.runs == 1 else f"seeds {asked.seeds[0]} to {asked.seeds[-1]}"
    said = f"Changed: {said}" if asked.against is None else "Two scenarios, each as it is"
    st.markdown(f"#### {' – '.join(side.title for side in sides)}  \n:gray[{said}; {seeds}, {asked.duration_s:g} s.]")
    head = headline(plans)
    st.markdown(f"## :blue[{head.figure}] &nbsp; {head.words}")
    if head.beside:
        st.markdown(f"**{head.beside}**")
    _numbers(plans)
    _maps(sides)
    left, right = st.columns(2)
    with left:
        st.markdown("**People who leave through each gate**" + (" &nbsp; :gray[mean]" if asked.runs > 1 else ""))
        _chart(gate_flows({side.name: _mean_flows(side) for side in sides}), "persons a minute through each gate")
    with right:
        band = " &nbsp; :gray[mean, and a band in which all runs lie]" if asked.runs > 1 else ""
        st.markdown(f"**People who have left**{band}")
        _egress(sides)
    for column, side in zip(st.columns(2), sides, strict=True):
        column.markdown(f"**Which gate limits, {side.name}**  \n" + " ".join(gate_sentences(side)))
    st.markdown("**The crowd** &nbsp; :gray[density under everybody" + (", the middle run]" if asked.runs > 1 else "]"))
    west, south, east, north = plans.before.scenario.venue.floor.bounds
    st.iframe(film, height=min(_MOST_HIGH_PX, int(640 * (north - south) / (east - west))) + 110)
    st.markdown(
        "**Level of service** &nbsp; :gray[share of the walkers' time at each of Fruin's levels, A free to F jammed]"
    )
    _chart(
        service_levels({side.name: side.runs[side.typical].level_of_service for side in sides}),
        "share of the walkers' time at each level of service",
    )
    st.download_button(
        "One page to print (HTML)",
        sheet,
        file_name=f"{plans.scenario}_plan.html",
        mime="text/html",
    )
    st.markdown(":gray[The same numbers again:]")
    st.code(asked.command(), language=None)


def _maps(sides: Sequence[Side]) -> None:
    kind = st.segmented_control(
        "Map",
        ["mean", "peak", "level"],
        default="mean",
        format_func=lambda k: {"level": "level of service"}.get(k, f"{k} density"),
        label_visibility="collapsed",
    )
    shown = [side.runs[side.typical] for side in sides]
    maps = [m.density_peak_per_m2 if kind == "peak" else m.density_mean_per_m2 for m in shown]
    top = max(float(np.nanmax(density, initial=0.0)) for density in maps)
    for column, side, measures, density in zip(st.columns(2), sides, shown, maps, strict=True):
        with column:
            if kind == "level":
                st.markdown(f"**{side.title}** &nbsp; :gray[worst level that lasted five seconds]")
                figure = level_map(measures.level_map, measures.x_m, measures.y_m, side.scenario.venue)
            else:
                st.markdown(
                    f"**{side.title}** &nbsp; :gray[highest {np.nanmax(density, initial=0.0):.2f} persons per m²]"
                )
                figure = density_map(density, measures.x_m, measures.y_m, side.scenario.venue, top_per_m2=top)
            _chart(figure, f"{kind or 'mean'} density, {side.name}")


def _egress(sides: Sequence[Side]) -> None:
    curves, bands = {}, {}
    for side in sides:
        people = np.stack([run.egress_people for run in side.runs])
        curves[side.name] = (side.runs[0].egress_time_s, people.mean(axis=0))
        bands[side.name] = (people.min(axis=0), people.max(axis=0))
    _chart(egress_curves(curves, bands if len(sides[0].runs) > 1 else None), "people who have left against time")


def _mean_flows(side: Side) -> dict[str, float | None]:
    return {g: float(np.mean([r.gate_out_per_min.get(g, 0.0) for r in side.runs])) for g in side.runs[0].gate_out}


def _numbers(plans: Plans) -> None:
    """Show the main numbers of both with the difference; flows and levels of service have their own figures."""
    names = (plans.before.title, plans.asked.title)
    rows = {change.key: _line(change, names) for change in plans.changes()}
    st.table([row for key, row in rows.items() if not key.startswith(_OWN_FIGURES)])
    with st.expander("All numbers"):
        st.table(list(rows.values()))


def _line(change: Change, names: tuple[str, str]) -> dict[str, str]:
    name, unit = words_and_unit(change.key)
    title = name[:1].upper() + name[1:]
    line = {
        "Measure": f"{title}, {unit}" if unit else title,
        names[0]: _number(change.key, change.before),
        names[1]: _number(change.key, change.after),
        "Difference": "" if change.change is None else f"{change.change:+.4g}" if change.change else "same",
    }
    if change.pairs > 1:
        between = change.ci95
        line["95 % interval"] = f"{between[0]:+.4g} to {between[1]:+.4g}" if between and any(between) else ""
    return line


def _number(key: str, value: float | None) -> str:
    if value is None:
        return "somebody is still inside" if key == "evacuation_s" else NOT_MEASURED
    return f"{value:.4g}"


def _chart(figure: go.Figure, name: str) -> None:
    st.plotly_chart(figure, theme=None, config=_CHART, key=name, alt=name)
