"""A changed scenario is said exactly as the command says it."""

from __future__ import annotations

import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from dashboard.what_if import WhatIf
from scenarios.errors import ScenarioError
from scenarios.load import load_scenario
from scenarios.recording import Recording


@pytest.fixture
def toml(rehearsed: Recording) -> str:
    return str(rehearsed.scenario_toml)


def test_nothing_changed(toml: str) -> None:
    asked = WhatIf(toml, 7, 12.0)
    assert asked.changes() == []
    assert asked.changed_scenario().hash == asked.unchanged_scenario().hash == load_scenario(toml).hash
    assert asked.command() == f"parvis plan {toml} --seed 7"


def test_gate_and_people(toml: str) -> None:
    asked = WhatIf(toml, 3, 20.0, {"east_gate": False, "west_gate": True}, {"eastward": 2.0, "westward": 1.0})
    changed = asked.changed_scenario()
    assert not changed.venue.gate("east_gate").open
    assert changed.venue.gate("west_gate").open
    flows = {flow.id: flow for flow in changed.population.flows}
    assert (flows["eastward"].initial, flows["eastward"].rate_per_min) == (24, 120.0)
    assert flows["westward"].rate_per_min == 40.0
    assert (changed.seed, changed.duration_s) == (3, 20.0)
    assert asked.unchanged_scenario().venue.gate("east_gate").open


def test_command_gives_the_same_scenario(toml: str) -> None:
    asked = WhatIf(toml, 3, 20.0, {"east_gate": False}, {"eastward": 1.25})
    words = shlex.split(asked.command())
    sets = [value for flag, value in pairwise(words) if flag == "--set"]
    assert (
        load_scenario(words[2], [*sets, f"seed={words[words.index('--seed') + 1]}"]).hash
        == asked.changed_scenario().hash
    )


def test_impossible_change_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="nowhere"):
        WhatIf("nowhere_v1", 1, 5.0).changed_scenario()


def test_many_runs_are_said_as_seeds(toml: str) -> None:
    asked = WhatIf(toml, 3, 20.0, runs=4)
    assert asked.seeds == (3, 4, 5, 6)
    assert "--seeds 3-6" in asked.command()


def test_another_scenario_is_set_beside(toml: str) -> None:
    asked = WhatIf(toml, 3, 20.0, {"east_gate": False}, against="forecourt_bag_v1")
    assert asked.changes() == []
    assert asked.changed_scenario().name == "forecourt_bag_v1"
    assert (asked.changed_scenario().seed, asked.changed_scenario().duration_s) == (3, 20.0)
    assert "--against forecourt_bag_v1 --seed 3 --set duration_s=20" in asked.command()
