"""Event rules: one kind of event a file, and the table of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Protocol

from pydantic import ValidationError

from detect.rules.abandoned_object import AbandonedObject
from detect.rules.contract import Rule, Setting
from detect.rules.crowd_movement import CrowdMovement
from detect.rules.density import Density
from detect.rules.fire import Fire
from detect.rules.person_down import PersonDown
from detect.rules.wrong_way import WrongWay
from detect.rules.zone_intrusion import ZoneIntrusion
from scenarios.entry import Entry
from scenarios.errors import ScenarioError, unknown
from scenarios.event import EventKind
from scenarios.load import model_error

__all__ = ["NOT_IMPLEMENTED", "RULES", "RuleClass", "build_rules", "known_rules"]


class RuleClass(Protocol):
    """A class of rules: it names the model of its settings and is built from one."""

    @property
    def Settings(self) -> type[Entry]:  # noqa: N802 - a class, as an attribute
        """Model of the settings."""

    def __call__(self, settings: Any = None) -> Rule:
        """Build the rule."""


RULES: Final[dict[str, RuleClass]] = {
    "abandoned_object": AbandonedObject,
    "crowd_movement": CrowdMovement,
    "density": Density,
    "fire": Fire,
    "person_down": PersonDown,
    "wrong_way": WrongWay,
    "zone_intrusion": ZoneIntrusion,
}
"""Every rule that comes with Parvis. Others join through the entry points ``parvis.rules``."""

NOT_IMPLEMENTED: Final[dict[str, str]] = {
    kind.value: f"'{kind.value}' is an event of decree 2023-828 for which there is no rule"
    for kind in EventKind
    if kind.value not in RULES
}
"""What the decree lists and no rule implements, with the sentence that says so."""


def known_rules() -> dict[str, RuleClass]:
    """Return all rules by name: those of Parvis, then those of other distributions.

    Raises:
        ScenarioError: Another distribution's rule takes a name that is taken, or cannot be loaded.
    """
    known = dict(RULES)
    for entry in sorted(entry_points(group="parvis.rules"), key=lambda e: e.name):
        if entry.name in known:
            raise ScenarioError(f"the entry point parvis.rules:{entry.name} ({entry.value}) takes a name that is taken")
        known[entry.name] = _load(entry)
    return known


def build_rules(
    settings: Mapping[str, Mapping[str, Setting]] | None = None, names: Iterable[str] | None = None
) -> list[Rule]:
    """Build rules, in the order of the table.

    Args:
        settings: By rule and key; what is not named keeps its default.
        names: Which rules; None: all.

    Raises:
        ScenarioError: A rule, key or value does not make sense; the message names the nearest that would.
    """
    known = known_rules()
    given = {name: dict(values) for name, values in (settings or {}).items()}
    wanted = list(known) if names is None else list(names)
    for name in [*given, *wanted]:
        if name not in known:
            raise ScenarioError(
                f"rules: {NOT_IMPLEMENTED[name]} (known: {', '.join(known)})"
                if name in NOT_IMPLEMENTED
                else unknown("rule", name, known, "rules")
            )
    rules = []
    for name, rule in known.items():
        if name not in wanted:
            continue
        try:
            checked = rule.Settings.model_validate(given.get(name, {}))
        except ValidationError as error:
            raise ScenarioError(model_error(error, rule.Settings, f"rules.{name}")) from None
        rules.append(rule(checked))
    return rules


def _load(entry: EntryPoint) -> RuleClass:
    try:
        rule: RuleClass = entry.load()
        if not issubclass(rule.Settings, Entry):
            raise TypeError("its Settings is not a scenarios.entry.Entry")
    except Exception as error:  # a third party's code may fail in any way
        raise ScenarioError(
            f"the entry point parvis.rules:{entry.name} ({entry.value}) cannot be loaded: {error}"
        ) from (error)
    return rule
