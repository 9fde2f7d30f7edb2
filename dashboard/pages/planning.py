"""Plan: the crowd of a scenario as it is, beside the crowd with gates, arrivals or chance changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from dashboard.draw import density_map, egress_curves, gate_flows, service_levels, venue_map
from dashboard.serve import shelf
from dashboard.verdict import NOT_MEASURED, flat_numbers, words_and_unit
from dashboard.what_if import WhatIf
from scenarios.errors import ParvisError
from scenarios.load import library, load_scenario
from scenarios.scenario import Scenario
from sim.measure import Measures, measure

__all__ = ["show"]

_CHART: Final = {"displayModeBar": False, "scrollZoom": False}
_KEPT: Final = 24
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
        results[wanted] = (asked, *_run(asked))
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
        first, second = st.columns(2)
        seed = first.number_input("Seed", min_value=0, max_value=2**31, value=scenario.seed, step=1)
        longest = second.number_input(
            "Seconds", min_value=5.0, max_value=3600.0, value=float(scenario.duration_s), step=5.0, format="%.0f"
        )
        if st.form_submit_button("Run the crowd", type="primary", width="stretch"):
            return WhatIf(wanted, int(seed), float(longest), gates, people)
    return None


def _run(asked: WhatIf) -> tuple[Scenario, Scenario, Measures, Measures]:
    before, changed = asked.unchanged_scenario(), asked.changed_scenario()
    bar = st.progress(0.0, "The crowd as it is")
    try:
        first = _measured(before, lambda share: bar.progress(share / 2, "The crowd as it is"))
        second = _measured(changed, lambda share: bar.progress(0.5 + share / 2, "The crowd as changed"))
    finally:
        bar.empty()
    return before, changed, first, second


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


def _result(asked: WhatIf, before: Scenario, changed: Scenario, first: Measures, second: Measures) -> None:
    st.divider()
    changes = asked.changes()
    said = ", ".join(changes) if changes else "nothing: both are the same"
    st.markdown(f"#### As it is, and as changed  \n:gray[Changed: {said}. Seed {asked.seed}, {asked.duration_s:g} s.]")
    _numbers(first, second)
    peak = st.segmented_control(
        "Density", ["mean", "peak"], default="mean", format_func=lambda k: f"{k} density", label_visibility="collapsed"
    )
    maps = [m.density_peak_per_m2 if peak == "peak" else m.density_mean_per_m2 for m in (first, second)]
    top = max(float(np.nanmax(density, initial=0.0)) for density in maps)
    rows = ((before, first, "As it is"), (changed, second, "As changed"))
    for column, (scenario, measures, title), density in zip(st.columns(2), rows, maps, strict=True):
        with column:
            st.markdown(f"**{title}** &nbsp; :gray[highest {np.nanmax(density, initial=0.0):.2f} persons per m²]")
            figure = density_map(density, measures.x_m, measures.y_m, scenario.venue, top_per_m2=top)
            _chart(figure, f"{peak or 'mean'} density, {title.lower()}")
    left, right = st.columns(2)
    with left:
        st.markdown("**People who leave through each gate**")
        flows = {"as it is": first.gate_out_per_min, "as changed": second.gate_out_per_min}
        _chart(gate_flows(flows), "persons a minute through each gate")
    with right:
        st.markdown("**People who have left**")
        curves = {
            "as it is": (first.egress_time_s, first.egress_people),
            "as changed": (second.egress_time_s, second.egress_people),
        }
        _chart(egress_curves(curves), "people who have left against time")
    st.markdown(
        "**Level of service** &nbsp; :gray[share of the walkers' time at each of Fruin's levels, A free to F jammed]"
    )
    _chart(
        service_levels({"as it is": first.level_of_service, "as changed": second.level_of_service}),
        "share of the walkers' time at each level of service",
    )
    st.markdown(":gray[The same numbers again:]")
    st.code(asked.command(), language=None)


def _numbers(first: Measures, second: Measures) -> None:
    """Show the main numbers of both with the difference; flows and levels of service have their own figures."""
    a, b = flat_numbers(first.as_dict()), flat_numbers(second.as_dict())
    keys = [*a, *(k for k in b if k not in a)]
    rows = {key: _line(key, a.get(key), b.get(key)) for key in keys}
    st.table([row for key, row in rows.items() if not key.startswith(_OWN_FIGURES)])
    with st.expander("All numbers"):
        st.table(list(rows.values()))


def _line(key: str, before: float | None, after: float | None) -> dict[str, str]:
    name, unit = words_and_unit(key)
    title = name[:1].upper() + name[1:]
    change = "" if before is None or after is None else f"{after - before:+.4g}" if after != before else "same"
    return {
        "Measure": f"{title}, {unit}" if unit else title,
        "As it is": _number(key, before),
        "As changed": _number(key, after),
        "Difference": change,
    }


def _number(key: str, value: float | None) -> str:
    if value is None:
        return "somebody is still inside" if key == "evacuation_s" else NOT_MEASURED
    return f"{value:.4g}"


def _chart(figure: go.Figure, name: str) -> None:
    st.plotly_chart(figure, theme=None, config=_CHART, key=name, alt=name)
