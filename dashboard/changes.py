"""Changed keys, as ``--set`` and sweeps say them: ``key=value``, the value as TOML writes it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from scenarios.errors import ScenarioError
from scenarios.load import model_error
from scenarios.miscalibration import Miscalibration

__all__ = ["Changes", "is_of_watching", "split", "toml_of"]


def is_of_watching(change: str) -> bool:
    """Whether a change is one of how footage is watched, not of the scenario."""
    return change.startswith(("rule.", "rules.", "calibration."))


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes, parted.

    Attributes:
        scenario: Those of the scenario, as they are.
        rules: Settings by rule and key.
        calibration: By how much the watcher's calibration is to be wrong.
    """

    scenario: list[str]
    rules: dict[str, dict[str, Any]]
    calibration: Miscalibration

    def none_of_scenario(self, what: str) -> Changes:
        """Return itself.

        Raises:
            ScenarioError: There is a change of the scenario, and ``what`` takes none.
        """
        if self.scenario:
            raise ScenarioError(
                f"--set {self.scenario[0]}: {what} takes only rule.NAME.KEY=VALUE, calibration.KEY=VALUE"
            )
        return self


def split(changes: Sequence[str] | None) -> Changes:
    """Part changes into those of the scenario, of the rules and of the watcher's calibration.

    Raises:
        ScenarioError: A change of a rule or calibration names no key or no value, or one that there is not.
    """
    scenario: list[str] = []
    rules: dict[str, dict[str, Any]] = {}
    wrong: dict[str, Any] = {}
    for change in changes or []:
        if not is_of_watching(change):
            scenario.append(change)
            continue
        key, sign, text = change.partition("=")
        head, *parts = key.split(".")
        if not sign or len(parts) != (1 if head == "calibration" else 2):
            raise ScenarioError(
                f"--set {change}: should be like rule.abandoned_object.alone_s=20, calibration.tilt_deg=1"
            )
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        if head == "calibration":
            wrong[parts[0]] = value
        else:
            rules.setdefault(parts[0], {})[parts[1]] = value
    try:
        return Changes(scenario, rules, Miscalibration.model_validate(wrong))
    except ValidationError as error:
        raise ScenarioError(model_error(error, Miscalibration, "--set calibration")) from None


def toml_of(value: Any) -> str:
    """Return a plain value as TOML writes it."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(str(k))} = {toml_of(v)}" for k, v in value.items())
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_of(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)
