"""What there is: every table of the project in one place."""

from __future__ import annotations

import sys

from rich.markup import escape
from rich.table import Table

from detect.detectors import DETECTORS
from detect.motion_mode import MODES as MOTION_MODES
from detect.rules import NOT_IMPLEMENTED, known_rules
from detect.score.oracle import OracleDetector
from detect.sources import SOURCES
from detect.tracking import TRACKERS
from scenarios.conditions import explained
from scenarios.errors import ParvisError
from scenarios.load import library, load_scenario
from scenarios.suite import load_suite, suites
from sim.incidents import INCIDENTS
from sim.motion import MODELS

__all__ = ["inventory", "table_of"]


def inventory() -> dict[str, dict[str, str]]:
    """Return every table: what it is called, and name to one line about each entry."""
    return {
        "scenarios": {name: _title(name) for name in library()},
        "suites": {name: _about_suite(name) for name in suites()},
        "detectors": {name: _about(entry) for name, entry in DETECTORS.items()} | {"oracle": _about(OracleDetector)},
        "trackers": {name: _about(entry) for name, entry in TRACKERS.items()},
        "camera motion": dict(MOTION_MODES),
        "rules": {name: _about(entry) for name, entry in known_rules().items()}
        | {str(kind): "listed by the decree, not implemented" for kind in NOT_IMPLEMENTED},
        "incidents": {str(kind): _about_module(entry) for kind, entry in INCIDENTS.items()},
        "conditions": explained(),
        "motion models": {name: _about_module(entry) for name, entry in MODELS.items()},
        "sources": {name: _about(entry) for name, entry in SOURCES.items()},
    }


def table_of(found: dict[str, dict[str, str]]) -> Table:
    """Return the table for the terminal."""
    table = Table("kind", "name", "what it is")
    for kind, entries in found.items():
        for row, (name, about) in enumerate(entries.items()):
            table.add_row(kind if row == 0 else "", name, escape(about))
        table.add_section()
    return table


def _title(name: str) -> str:
    try:
        return load_scenario(name).title
    except ParvisError as error:
        return f"broken: {error}"


def _about_suite(name: str) -> str:
    try:
        suite, _ = load_suite(name)
    except ParvisError as error:
        return f"broken: {error}"
    return f"{suite.title} (version {suite.version}; {', '.join(suite.tags)})"


def _about(entry: object) -> str:
    """Return the first line of the entry's own documentation."""
    text = (getattr(entry, "__doc__", None) or "").strip()
    return text.splitlines()[0].rstrip(".") if text else ""


def _about_module(entry: object) -> str:
    """Return the first line of the documentation of the file in which the entry stands."""
    return _about(sys.modules[getattr(entry, "__module__", "")])
