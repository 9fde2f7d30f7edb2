"""The page about a plan that a safety officer prints: one sheet of A4, one file, no link to anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dashboard.crowd_film import crowd_film
from dashboard.plan_figures import egress_figure, level_key, level_plan
from dashboard.plan_words import facts, gate_sentences, headline, limits, stall_sentences
from dashboard.plans import Plans, Side
from dashboard.player import template_file, templates
from scenarios.errors import ScenarioError

__all__ = ["check_report_target", "plan_page", "write_plan_report"]


def check_report_target(path: Path) -> None:
    """Make sure, before a long run, that a report can be written to a path.

    Raises:
        ScenarioError: It does not end in .html, or there is no such folder.
    """
    if path.suffix.lower() != ".html":
        raise ScenarioError(f"report: {path} should end in .html")
    if path.is_dir():
        raise ScenarioError(f"report: {path} is a folder; it should be a file")
    if not path.parent.is_dir():
        raise ScenarioError(f"report: there is no folder {path.parent} to write {path.name} to")


def write_plan_report(plans: Plans, path: Path, *, changes: Sequence[str] = (), command: str = "") -> None:
    """Write the page.

    Args:
        plans: What was measured.
        path: File to write.
        changes: What was changed, as ``key=value``.
        command: That makes the same numbers again.

    Raises:
        ScenarioError: The path is no place for it, or cannot be written.
    """
    check_report_target(path)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(plan_page(plans, changes=changes, command=command), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise ScenarioError(f"report: {path} cannot be written: {error.strerror or error}") from None


def plan_page(plans: Plans, *, changes: Sequence[str] = (), command: str = "") -> str:
    """Return the page as HTML."""
    sides = [plans.before] if plans.after is None else [plans.before, plans.after]
    asked = plans.asked.scenario
    return (
        templates()
        .get_template("plan.html.j2")
        .render(
            style=template_file("plan.css"),
            title=plans.before.scenario.title,
            asked=_asked(plans, changes),
            head=headline(plans),
            egress=egress_figure(sides),
            several=len(plans.seeds) > 1,
            sides=[_side(side) for side in sides],
            levels=level_key(),
            film=crowd_film(sides),
            names=[side.title for side in sides],
            rows=facts(plans),
            limits=limits(plans),
            command=command,
            seeds=_seeds(plans.seeds),
            scenario=plans.scenario,
            digests=[(side.name, side.scenario.hash[:16]) for side in sides],
            size=f"{asked.venue.walkable.area:,.0f} m² to walk on",
        )
    )


def _side(side: Side) -> dict[str, object]:
    run = side.runs[side.typical]
    return {
        "name": side.title,
        "levels": level_plan(side.scenario.venue, run, side.name),
        "gates": gate_sentences(side) + stall_sentences(side),
    }


def _asked(plans: Plans, changes: Sequence[str]) -> str:
    if plans.after is None:
        return "The scenario as it is."
    if changes:
        return f"What changes with {'; '.join(_words(change) for change in changes)}?"
    return f"{plans.before.title} beside {plans.after.name}."


def _words(change: str) -> str:
    """Say a change of the scenario so that who has not written it can read it."""
    key, _, value = change.partition("=")
    parts = key.split(".")
    if parts[:2] == ["venue", "gates"] and parts[-1] == "open":
        state = {"true": "open", "false": "closed"}.get(value, value)
        return f"gate {parts[2].replace('_', ' ')} {state}"
    if parts[:2] == ["population", "flows"]:
        return f"{parts[-1].replace('_', ' ')} of {parts[2].replace('_', ' ')} at {value}"
    return f"{key} = {value}"


def _seeds(seeds: Sequence[int]) -> str:
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))
