"""Gates: what a change may cost at most, checked by machine, with the answer that build servers read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pydantic import Field, ValidationError, model_validator

from dashboard.compare import Change, Difference
from scenarios.entry import Entry
from scenarios.errors import ScenarioError, unknown
from scenarios.load import model_error, read_toml

__all__ = ["Verdict", "check_gate", "junit"]


class _Gate(Entry):
    """Limits of one score, or of all whose keys fit a pattern.

    Attributes:
        min: It must not be below.
        max: Nor above.
        max_drop: It must not fall by more,
        max_rise: nor rise by more.
        surely: A fall or rise counts only where the whole interval of 95 % is beyond what is allowed: with few seeds
            chance alone moves scores. Without an interval (fewer than two pairs) the change itself counts.
    """

    min: float | None = None
    max: float | None = None
    max_drop: Annotated[float, Field(ge=0)] | None = None
    max_rise: Annotated[float, Field(ge=0)] | None = None
    surely: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> _Gate:
        if all(v is None for v in (self.min, self.max, self.max_drop, self.max_rise)):
            raise ValueError("a gate needs at least one of min, max, max_drop, max_rise")
        return self


class _GateFile(Entry):
    gates: Annotated[dict[str, _Gate], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate says of one score.

    Attributes:
        gate: As in the file.
        key: Of the score.
        broken: A sentence for each limit that is broken; empty: it holds.
        said: The score before and after, in words.
    """

    gate: str
    key: str
    broken: tuple[str, ...]
    said: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def check_gate(difference: Difference, gate: Path) -> list[Verdict]:
    """Return a verdict for every score that a gate is about; one that was not measured breaks its gate.

    Raises:
        ScenarioError: The gate file is wrong.
    """
    try:
        limits = _GateFile.model_validate(read_toml(gate)).gates
    except ValidationError as error:
        raise ScenarioError(model_error(error, _GateFile, gate.name)) from None
    verdicts = []
    for pattern, limit in limits.items():
        hit = [c for c in difference.changes if fnmatchcase(c.key, pattern)]
        if not hit:
            raise ScenarioError(unknown("score", pattern, [c.key for c in difference.changes], gate.name))
        verdicts += [Verdict(pattern, c.key, tuple(_broken(c, limit)), _said(c)) for c in hit]
    return verdicts


def junit(verdicts: Sequence[Verdict], difference: Difference) -> bytes:
    """Return the verdicts in JUnit's form: a test case each, which build servers show beside the other tests."""
    broken = sum(bool(v.broken) for v in verdicts)
    name = f"{difference.before} against {difference.after}"
    suites = Element("testsuites", name="parvis compare", tests=str(len(verdicts)), failures=str(broken))
    suite = SubElement(suites, "testsuite", name=name, tests=str(len(verdicts)), failures=str(broken), errors="0")
    for verdict in verdicts:
        case = SubElement(suite, "testcase", classname=f"gate {verdict.gate}", name=verdict.key, time="0")
        if verdict.broken:
            SubElement(case, "failure", message="; ".join(verdict.broken), type="gate").text = verdict.said
        else:
            SubElement(case, "system-out").text = verdict.said
    indent(suites)
    return bytes(tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"


def _broken(change: Change, limit: _Gate) -> Iterator[str]:
    if change.after is None:
        yield f"{change.key} was not measured"
        return
    if limit.min is not None and change.after < limit.min:
        yield f"{change.key} is {change.after:.3f}, below {limit.min:g}"
    if limit.max is not None and change.after > limit.max:
        yield f"{change.key} is {change.after:.3f}, above {limit.max:g}"
    if change.change is None:
        if limit.max_drop is not None or limit.max_rise is not None:
            yield f"{change.key} was not measured before"
        return
    low, high = change.ci95 if limit.surely and change.ci95 is not None else (change.change, change.change)
    surely = ", surely" if limit.surely and change.ci95 is not None else ""
    if limit.max_drop is not None and high < -limit.max_drop:
        yield f"{change.key} fell by {-change.change:.3f}{surely}, more than {limit.max_drop:g}"
    if limit.max_rise is not None and low > limit.max_rise:
        yield f"{change.key} rose by {change.change:.3f}{surely}, more than {limit.max_rise:g}"


def _said(change: Change) -> str:
    before, after = ("not measured" if v is None else f"{v:.4g}" for v in (change.before, change.after))
    interval = "" if change.ci95 is None else f", change {change.ci95[0]:+.3g} to {change.ci95[1]:+.3g} (95 %)"
    return f"before {before}, after {after}{interval}; {change.pairs} pairs"
