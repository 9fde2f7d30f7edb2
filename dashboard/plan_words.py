"""What a plan found, in plain sentences: the figure that matters first, the gate that limits, what is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dashboard.plans import Plans, Side
from scenarios.incident import Evacuation
from scenarios.population import Motion, Preset
from scenarios.scenario import Scenario
from sim.measure import DENSE_PER_M2
from sim.pressure import TURBULENT_PER_S2

__all__ = ["Headline", "facts", "gate_sentences", "headline", "limits", "stall_sentences"]

_MODELS: Final = {
    Motion.ANTICIPATION: "the anticipation velocity model (Xu, Chraibi and Seyfried 2021)",
    Motion.COLLISION_FREE_SPEED: "the collision-free speed model (Tordeux, Chraibi and Seyfried 2016)",
    Motion.SOCIAL_FORCE: "the social force model (Helbing and Molnar 1995)",
}

_LONGEST: Final = "longest_queue_people"


@dataclass(frozen=True, slots=True)
class Headline:
    """The one figure that matters first.

    Attributes:
        figure: Such as "1 min 18 s".
        words: What it is.
        beside: How it differs from the other side; empty where there is none.
    """

    figure: str
    words: str
    beside: str


def headline(plans: Plans) -> Headline:
    """Return the time until everybody is out where all runs end empty, else the greatest density that anybody met."""
    seconds = plans.interval("evacuation_s")
    if seconds is not None:
        alarm = _alarm_s(plans.asked.scenario)
        what = "until everybody is out, from the alarm" if alarm else "until everybody is out"
        mean, low, high = (max(0.0, value - alarm) for value in seconds)
        slowest = max(run.evacuation_s or 0.0 for run in plans.asked.runs) - alarm
        span = f": the mean of {len(plans.seeds)} runs (95 % interval {low:.0f} to {high:.0f} s)"
        what += "" if len(plans.seeds) == 1 else f"{span}; {slowest:.0f} s in the slowest"
        return Headline(duration(mean), what, _beside(plans, "evacuation_s", "s", "sooner", "later", alarm))
    found = plans.interval("density_peak_per_m2")
    if found is None:
        return Headline("nobody", "was there", "")
    mean, low, high = found
    span = "" if len(plans.seeds) == 1 else f" (95 % interval of the mean: {low:.1f} to {high:.1f})"
    words = f"persons per square metre where it is most crowded{span}; not everybody is out by the end"
    return Headline(f"{mean:.1f}", words, _beside(plans, "density_peak_per_m2", "persons per m²", "less", "more", 0))


def gate_sentences(side: Side) -> list[str]:
    """Say which gate limits, and the evidence: the mean over runs of what each gate had to bear."""
    gates = list(side.runs[0].gates)
    held = {gate: float(np.mean([run.gates[gate].at_capacity_s for run in side.runs])) for gate in gates}
    worst = max(held, key=lambda gate: held[gate], default=None)
    limiting = [run.limiting_gate for run in side.runs]
    if worst is None or not any(limiting):
        most = max(gates, key=lambda gate: _held_up(side, gate), default=None)
        if most is None or not _held_up(side, most):
            return ["No gate limits: nobody is held up at one."]
        return [f"No gate limits: the most people held up at once are {_held_up(side, most):.0f}, at {_words(most)}."]
    full = [run.gates[worst].capacity_per_m_s for run in side.runs]
    flow = float(np.mean([value for value in full if value is not None]))
    width = side.runs[0].gates[worst].width_m
    also = [_words(gate) for gate in gates if gate != worst and held[gate] >= 0.5 * held[worst] > 0]
    name = _words(worst)
    said = [
        f"{name[:1].upper()}{name[1:]} limits: it works at its capacity for {held[worst]:.0f} s. Then "
        f"{flow * width * 60:.0f} people a minute pass its {width:.1f} m ({flow:.2f} per metre and second), and up to "
        f"{_held_up(side, worst):.0f} people are held up before it at once."
    ]
    if len(side.runs) > 1:
        times = limiting.count(worst)
        said.append(f"It is the gate that limits in {times} of {len(limiting)} runs.")
    if also:
        said.append(f"Nearly as long at capacity: {', '.join(also)}.")
    unused = [gate for gate in side.runs[0].gate_out if not any(run.gate_out.get(gate) for run in side.runs)]
    if unused:
        said.append(f"Open and not used by anybody: {', '.join(map(_words, unused))}.")
    return said


def stall_sentences(side: Side) -> list[str]:
    """Say of each stall how long people wait and how long the queue grows: means over runs."""
    said = []
    for stall in side.runs[0].stalls:
        loads = [run.stalls[stall] for run in side.runs]
        waits = [(load.wait_median_s, load.wait_p90_s) for load in loads]
        called = [(median, p90) for median, p90 in waits if median is not None and p90 is not None]
        name = _words(stall)
        if not called:
            said.append(f"Nobody is served at {name}.")
            continue
        half, most = np.mean(called, axis=0)
        served, longest = (float(np.mean([getattr(x, k) for x in loads])) for k in ("served_people", _LONGEST))
        unserved = float(np.mean([load.unserved_people for load in loads]))
        said.append(
            f"{name[:1].upper()}{name[1:]} serves {served:.0f} people; half of them wait up to {duration(half)}, nine "
            f"in ten up to {duration(most)}, and the longest queue is {longest:.0f} people"
            + (f"; {unserved:.0f} go on unserved because it is too long." if unserved >= 0.5 else ".")
        )
    return said


def facts(plans: Plans) -> list[dict[str, str]]:
    """Return the rows of the table: what, before, after, difference and its interval."""
    changes = {change.key: change for change in plans.changes()}
    rows = []
    for key, words, unit, digits in _rows(plans):
        change = changes.get(key)
        times = 100 if unit == "%" else 1
        if change is None or (change.before is None and change.after is None):
            continue
        found = plans.interval(key) if len(plans.seeds) > 1 else None
        between = change.ci95 if plans.after is not None else None if found is None else found[1:]
        same = plans.after is not None and (not change.change and (between is None or not any(between)))
        sign = "+" if plans.after is not None else ""
        rows.append(
            {
                "words": words,
                "unit": unit,
                "before": _number(change.before, times, digits),
                "after": _number(change.after, times, digits),
                "change": "same" if same else _number(change.change, times, f"+.{digits}f"),
                "interval": "" if same else _span(between, times, f"{sign}.{digits}f"),
            }
        )
    return rows


def limits(plans: Plans) -> list[str]:
    """Name every assumption and limit that who signs the paper should know."""
    scenario = plans.asked.scenario
    people, seeds = scenario.population, len(plans.seeds)
    like = {
        Preset.WEIDMANN: "fitted to Weidmann's speeds over density (1993)",
        Preset.HERMES: "young adults in a hurry, as in the HERMES experiments (2009)",
    }[people.preset]
    said = [
        f"People walk by {_MODELS[people.model]}, {like}; adults' free speeds {people.speed.mean_mps:g} ± "
        f"{people.speed.sd_mps:g} m/s. The tests that it passes and fails are in docs/verification.md of Parvis.",
        "It moves bodies, not minds: nobody pushes, panics, helps or turns back for a child beyond what the scenario "
        "says. Who comes, from where, when and by which gates they may leave is an assumption of the scenario.",
        f"Speeds are checked up to 3 persons per m². Above about {DENSE_PER_M2:g}, and for crowd pressure, read the "
        "figures as a warning, not as a measurement: contact forces between people are not computed.",
        "There are no smoke, lifts, doors that people have to open, or staff who direct people, unless the scenario "
        "has them as incidents. The floor is one level; stairs only slow people down.",
        "Local densities are counted in squares of 3 × 3 m, twice a second; zones are measured by Voronoi cells "
        "cut off at 1 m (Steffen and Seyfried 2010). Colours: Fruin's levels of service for walkways (1971).",
        "A gate is at its capacity while people within 2.5 m are held up (slower than half their own pace, at least "
        "1.5 a metre of width) while at least three quarters of the flow of its best moments gets through.",
        (
            f"{seeds} runs, each with its own chance; intervals are 95 % by Student's t"
            + (", of differences paired by seed" if plans.after is not None else "")
            + ". They cover chance only, not errors of the model or of the scenario."
            if seeds > 1
            else "One run is one draw of chance. Ask for many seeds (--seeds 1-10) before you decide by it."
        ),
        "The plan was made by a computer and checked by nobody. A competent person decides.",
    ]
    alarm = next((i for i in scenario.incidents if isinstance(i, Evacuation)), None)
    if alarm is not None:
        low, high = alarm.premovement_s
        said.insert(2, f"After the alarm people set off within {low:g} to {high:g} s, as the scenario assumes.")
    return said


def duration(seconds: float) -> str:
    """Say a time in minutes and seconds."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def _rows(plans: Plans) -> list[tuple[str, str, str, int]]:
    rows = [
        ("evacuation_s", "Everybody is out", "s after the start", 0),
        ("people", "People inside at any time", "", 0),
        ("people_left", "People who left", "", 0),
        ("travel_s.median", "Half of those who came in left within", "s", 0),
        ("travel_s.p90", "Nine in ten of them within", "s", 0),
        ("density_peak_per_m2", "Greatest density that anybody met", "per m²", 1),
        (f"time_above_{DENSE_PER_M2:g}_per_m2_s", f"Time with more than {DENSE_PER_M2:g} per m² somewhere", "s", 0),
        ("level_of_service_walking_share.F", "Share of the walking time at level F", "%", 1),
        ("level_of_service_queuing_share.F", "Share of the queuing time at level F", "%", 1),
        ("pressure_peak_per_s2", f"Greatest crowd pressure (turbulent from {TURBULENT_PER_S2:g})", "per s²", 3),
    ]
    for zone, found in plans.asked.runs[0].zones.items():
        words = f"Time with more than {found.threshold_per_m2:g} per m² in {_words(zone)}"
        rows.append((f"zone_density.{zone}.above_s", words, "s", 0))
    for stall in plans.asked.runs[0].stalls:
        rows.append((f"stall.{stall}.wait_p90_s", f"Nine in ten wait at {_words(stall)} up to", "s", 0))
        rows.append((f"stall.{stall}.{_LONGEST}", f"Longest queue at {_words(stall)}", "people", 0))
    lines = plans.asked.runs[0].lines
    over = [(f"line_flow.{n}.specific_per_m_and_s", f"Specific flow over {_words(n)}", "per m and s", 2) for n in lines]
    return rows + over


def _beside(plans: Plans, key: str, unit: str, less: str, more: str, alarm: float) -> str:
    if plans.after is None:
        return ""
    change = next((c for c in plans.changes() if c.key == key), None)
    if change is None or change.change is None or plans.interval(key, plans.before) is None:
        return f"{plans.before.title}: not everybody is out by the end."
    digits = 0 if unit == "s" else 1
    was = (
        duration(change.before - alarm) if unit == "s" and change.before is not None else f"{change.before:.{digits}f}"
    )
    step = f"{abs(change.change):.{digits}f} {unit} {less if change.change < 0 else more}"
    if change.ci95 is None:
        return f"{step} than {plans.before.name} ({was}), in one run."
    low, high = sorted(abs(v) for v in change.ci95)
    if change.ci95[0] <= 0 <= change.ci95[1]:
        return f"No sure difference from {plans.before.name} ({was}): {step} on average, but chance alone may do that."
    return f"{step} than {plans.before.name} ({was}); 95 % interval {low:.{digits}f} to {high:.{digits}f} {unit}."


def _alarm_s(scenario: Scenario) -> float:
    return next((float(i.at_s) for i in scenario.incidents if isinstance(i, Evacuation)), 0.0)


def _held_up(side: Side, gate: str) -> float:
    return float(np.mean([run.gates[gate].held_up_people for run in side.runs]))


def _span(between: tuple[float, ...] | None, times: int, form: str) -> str:
    return "" if between is None else f"{times * between[0]:{form}} to {times * between[1]:{form}}"


def _number(value: float | None, times: int, form: str | int) -> str:
    return "–" if value is None else f"{times * value:{form if isinstance(form, str) else f'.{form}f'}}"


def _words(name: str) -> str:
    return name.replace("_", " ")
