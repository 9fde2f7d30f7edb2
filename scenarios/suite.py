"""A suite: many rehearsals as one file, each scenario with its settings, over keys that vary and over seeds."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError, model_validator

from scenarios.entry import Entry, Id
from scenarios.errors import ScenarioError, unknown
from scenarios.load import model_error, read_toml

__all__ = ["Case", "Draw", "RandomKeys", "Suite", "load_suite", "read_seeds", "suites"]

_LIBRARY: Final = files("scenarios") / "library" / "suites"
_MOST_SEEDS: Final = 10_000

Seeds = list[Annotated[int, Field(ge=0, lt=2**63)]] | str


class Draw(Entry):
    """From what a key is drawn: from values, or from a range.

    Attributes:
        values: Each as likely as the others; a plain list in the file means these.
        min: Least value.
        max: Largest value.
        log: Evenly in the logarithm; both ends are then above zero.
        whole: Whole numbers only, both ends included.
    """

    values: Annotated[list[Any], Field(min_length=1)] | None = None
    min: float | None = None
    max: float | None = None
    log: bool = False
    whole: bool = False

    @model_validator(mode="before")
    @classmethod
    def _plain_list(cls, raw: Any) -> Any:
        return {"values": raw} if isinstance(raw, list) else raw

    @model_validator(mode="after")
    def _ordered(self) -> Draw:
        if self.values is not None:
            return self
        if self.min is None or self.max is None:
            raise ValueError("should be a list of values, or min and max")
        if self.min >= self.max:
            raise ValueError(f"min = {self.min:g} is not below max = {self.max:g}")
        if self.log and self.min <= 0:
            raise ValueError(f"min = {self.min:g}: should be above 0 where log is set")
        if self.whole and (self.min % 1 or self.max % 1):
            raise ValueError("min and max should be whole numbers where whole is set")
        return self


class RandomKeys(Entry):
    """Keys that are drawn at random, all together, so many times; every case and seed meets the same draws.

    Attributes:
        samples: How many draws.
        seed: Decides them.
        keys: Key to what it is drawn from: a list of values, or a range.
    """

    samples: Annotated[int, Field(ge=1, le=100_000)]
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    keys: Annotated[dict[str, Draw], Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _dotted(cls, raw: Any) -> Any:
        if isinstance(raw, Mapping) and isinstance(raw.get("keys"), Mapping):
            return dict(raw) | {"keys": _flat(raw["keys"], leaf=lambda v: bool(v.keys() & {"min", "max", "values"}))}
        return raw


class Case(Entry):
    """One scenario of a suite, with its settings.

    Attributes:
        name: Which is unique in the suite.
        scenario: Name in the library, or a file, looked for beside the suite first.
        words: What is tried here, for the reader of the report.
        condition: Labels by which scores are told apart, such as ``light = "night"``.
        set: Changed keys, as ``parvis run --set`` takes them.
        seeds: In place of the suite's.
    """

    name: Id
    scenario: str
    words: str = ""
    condition: dict[Id, str | float] = {}
    set: dict[str, Any] = {}
    seeds: Seeds | None = None

    @model_validator(mode="before")
    @classmethod
    def _dotted(cls, raw: Any) -> Any:
        return dict(raw) | {"set": _flat(raw["set"])} if _has(raw, "set") else raw


class Suite(Entry):
    """Many rehearsals: cases, times a grid, times random draws, times seeds.

    Keys are those of ``parvis run --set`` (of the scenario, and ``rule.NAME.KEY``), and of how it is watched:
    ``detector``, ``detector.OPTION``, ``tracker``, ``camera_motion``, ``calibration.KEY``.

    Attributes:
        name: Of the suite.
        version: Counts up when it changes what is asked.
        title: For people.
        words: What it is for.
        tags: Words by which it is found.
        scenarios: Scenarios without settings of their own; each is a case of its name.
        cases: Scenarios with settings.
        set: Changed keys for all cases; a case's own win.
        grid: Key to its values: every combination is run.
        random: Keys that are drawn.
        seeds: ``[1, 2, 3]`` or ``"1-10"``; absent: each scenario's own.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
    version: Annotated[int, Field(ge=1)] = 1
    title: str = ""
    words: str = ""
    tags: list[str] = []
    scenarios: list[str] = []
    cases: list[Case] = []
    set: dict[str, Any] = {}
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = {}
    random: RandomKeys | None = None
    seeds: Seeds | None = None

    @model_validator(mode="before")
    @classmethod
    def _dotted(cls, raw: Any) -> Any:
        return dict(raw) | {key: _flat(raw[key]) for key in ("set", "grid") if _has(raw, key)}

    @model_validator(mode="after")
    def _makes_sense(self) -> Suite:
        names = [case.name for case in self.every_case()]
        if not names:
            raise ValueError("says nothing to run: it needs scenarios or cases")
        double = next((n for n in names if names.count(n) > 1), None)
        if double is not None:
            raise ValueError(f"cases: the name '{double}' is used twice")
        if "seed" in self.grid or "seed" in self.set:
            raise ValueError("seed: is said by seeds, such as seeds = [1, 2, 3]")
        drawn = self.random.keys if self.random is not None else {}
        both = sorted(self.grid.keys() & drawn.keys())
        if both:
            raise ValueError(f"random.keys.{both[0]}: stands in the grid, too; it can vary in one of them only")
        return self

    def every_case(self) -> list[Case]:
        """Return all cases, those of ``scenarios`` first."""
        return [Case(name=Path(s).stem, scenario=s) for s in self.scenarios] + self.cases

    def seeds_of(self, case: Case) -> list[int] | None:
        """Return the seeds of one case; None: the scenario's own."""
        seeds = case.seeds if case.seeds is not None else self.seeds
        return list(read_seeds(seeds, f"{self.name}: seeds")) if isinstance(seeds, str) else seeds


def suites() -> dict[str, Path]:
    """Return the suites that come with Parvis: name to file, sorted."""
    return {Path(str(f)).stem: Path(str(f)) for f in sorted(_LIBRARY.iterdir(), key=str) if f.name.endswith(".toml")}


def load_suite(wanted: str | Path) -> tuple[Suite, Path]:
    """Load a suite by its name in the library or by its file.

    Returns:
        The suite, and the folder in which its scenario files are looked for.

    Raises:
        ScenarioError: It does not exist, is no TOML, or does not make sense.
    """
    text = str(wanted)
    if text.endswith(".toml") or "/" in text:
        path = Path(text)
        if not path.is_file():
            raise ScenarioError(f"{text}: there is no such sweep file")
    else:
        known = suites()
        if text not in known:
            raise ScenarioError(unknown("suite", text, known) + "; a sweep of your own is a .toml file")
        path = known[text]
    try:
        return Suite.model_validate(read_toml(path)), path.parent
    except ValidationError as error:
        raise ScenarioError(model_error(error, Suite, path.name)) from None


def read_seeds(text: str, where: str, most: int = _MOST_SEEDS) -> tuple[int, ...]:
    """Read seeds as they are written, such as ``1-10`` or ``1,2,7``.

    Args:
        text: What is written.
        where: Where it is written, for the message.
        most: So many at most in one range.

    Raises:
        ScenarioError: It says no seeds, or one twice.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdecimal() or not (last or first).isdecimal() or int(last or first) < int(first):
            raise ScenarioError(f"{where} {text}: should be like 1-10 or 1,2,7")
        if int(last or first) - int(first) >= most:
            raise ScenarioError(f"{where} {text}: are more than {most}")
        seeds += range(int(first), int(last or first) + 1)
    if len(set(seeds)) < len(seeds):
        raise ScenarioError(f"{where} {text}: says a seed twice")
    return tuple(seeds)


def _has(raw: Any, key: str) -> bool:
    return isinstance(raw, Mapping) and isinstance(raw.get(key), Mapping)


def _flat(table: Mapping[str, Any], leaf: Any = lambda _: False, prefix: str = "") -> dict[str, Any]:
    """Tables in tables as dotted keys, so that ``"conditions.rain"`` may be written either way."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping) and value and not leaf(value):
            flat |= _flat(value, leaf, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
