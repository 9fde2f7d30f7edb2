"""What a sweep runs: points, each with the keys that make it, and the specification that decides its result."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np

from dashboard import __version__
from dashboard.changes import is_of_watching, split, toml_of
from dashboard.rehearsal import Watching
from detect import defaults
from detect.detectors import sharing
from detect.motion_mode import DEFAULT_MODE
from scenarios.errors import ScenarioError
from scenarios.load import load_scenario
from scenarios.scenario import Scenario
from scenarios.suite import Case, Draw, RandomKeys, Suite

__all__ = ["Point", "Spec", "points_of", "watching_of"]

_FORMAT: Final = 2
"""Of results; counts up when they hold something else, so that old ones are made anew."""
_ONE_THREAD: Final = 1 << 20
"""So many share the cores that a network gets one: its boxes are then the same on every engine and machine."""
_WATCHED_BY: Final = ("detector", "tracker", "camera_motion")


@dataclass(frozen=True)
class Spec:
    """One rehearsal: everything that decides its result, and nothing else.

    Attributes:
        scenario: What happens; its seed decides all chance.
        watching: How it is watched.
        weights_sha256: Of the detector's network; None where it has none.
    """

    scenario: Scenario
    watching: Watching
    weights_sha256: str | None = None

    @cached_property
    def hash(self) -> str:
        """SHA-256 over everything that decides the result."""
        w = self.watching
        said = {
            "format": _FORMAT,
            "parvis": __version__,
            "scenario": self.scenario.hash,
            "detector": w.detector,
            "weights": self.weights_sha256,
            "tracker": w.tracker,
            "camera_motion": w.camera_motion,
            "calibration": w.calibration.model_dump(),
            "rules": {rule: {key: _number(value) for key, value in keys.items()} for rule, keys in w.rules.items()},
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def run_name(self) -> str:
        """Name of its run folder."""
        return f"{self.scenario.name}-seed{self.scenario.seed}-{self.hash[:10]}"


@dataclass(frozen=True)
class Point:
    """One row of a sweep.

    Attributes:
        number: From 0, in the order of the plan.
        case: Name of its case.
        condition: The case's labels.
        keys: What varies over the sweep, with its value here.
        spec: What is run; points that come to the same specification share one result.
    """

    number: int
    case: str
    condition: Mapping[str, str | float]
    keys: Mapping[str, Any]
    spec: Spec
    command: str = field(default="", compare=False)


def points_of(
    suite: Suite,
    folder: Path,
    *,
    changes: Sequence[str] = (),
    watched_by: Mapping[str, str] | None = None,
    seeds: Sequence[int] | None = None,
    trust_weights: bool = False,
) -> list[Point]:
    """Plan a sweep; everything that can be wrong with any of its rehearsals is said here.

    Args:
        suite: What to run.
        folder: Where scenario files are looked for first.
        changes: ``key=value``, for all points, over what the suite says.
        watched_by: ``detector``, ``tracker``, ``camera_motion`` in place of the suite's.
        seeds: In place of the suite's.
        trust_weights: Whether ``.pt`` files may be loaded.

    Raises:
        ParvisError: A scenario, key, value, detector or rule does not make sense; the message names the case.
    """
    forced = dict(watched_by or {})
    weights: dict[str, str | None] = {}
    points: list[Point] = []
    for case in suite.every_case():
        own = seeds if seeds is not None else suite.seeds_of(case)
        chance: list[int | None] = [None] if own is None else [*own]
        for combination in product(_grid(suite.grid), _draws(suite.random)):
            varied = {**combination[0], **combination[1]}
            keys = {**suite.set, **case.set, **varied}
            for seed in chance:
                try:
                    spec = _spec(case, folder, keys, changes, forced, seed, trust_weights, weights)
                except ScenarioError as error:
                    raise ScenarioError(f"{suite.name}: case '{case.name}': {error}") from None
                points.append(
                    Point(len(points), case.name, case.condition, varied, spec, _command(case, keys, changes, spec))
                )
    return points


def watching_of(changes: Sequence[str], keys: Mapping[str, Any], *, trust_weights: bool = False) -> Watching:
    """Return how footage is watched.

    Args:
        changes: ``rule.NAME.KEY=value`` and ``calibration.KEY=value``.
        keys: ``detector``, ``detector.OPTION``, ``tracker``, ``camera_motion``.
        trust_weights: Whether ``.pt`` files may be loaded.

    Raises:
        ScenarioError: A key is not of this shape.
    """
    detector = str(keys.get("detector", defaults.DETECTOR))
    for key, value in keys.items():
        if key.startswith("detector."):
            is_file = Path(detector.partition(",")[0]).suffix.lower() in (".onnx", ".pt")
            mark = "," if is_file or ":" in detector else ":"
            detector += f"{mark}{key.removeprefix('detector.')}={value}"
    said = split(changes)
    return Watching(
        sharing(detector, _ONE_THREAD),
        str(keys.get("tracker", "bytetrack")),
        said.rules,
        trust_weights,
        str(keys.get("camera_motion", DEFAULT_MODE)),
        said.calibration,
    )


def _spec(
    case: Case,
    folder: Path,
    keys: Mapping[str, Any],
    changes: Sequence[str],
    forced: Mapping[str, str],
    seed: int | None,
    trust_weights: bool,
    weights: dict[str, str | None],
) -> Spec:
    said = [*(f"{key}={toml_of(value)}" for key, value in keys.items() if not _is_watching(key)), *changes]
    of_watching = [s for s in said if is_of_watching(s)]
    of_scenario = [s for s in said if s not in of_watching] + ([f"seed={seed}"] if seed is not None else [])
    beside = folder / case.scenario
    scenario = load_scenario(
        beside if case.scenario.endswith(".toml") and beside.is_file() else case.scenario, of_scenario
    )
    watching = watching_of(
        of_watching, {k: v for k, v in keys.items() if _is_watching(k)} | dict(forced), trust_weights=trust_weights
    )
    if repr(watching) not in weights:  # building a network takes a while, and most points share one
        watching.check()
        oracle = watching.detector.startswith("oracle")
        weights[repr(watching)] = None if oracle else watching.build_detector(None, 0).weights_sha256
    return Spec(scenario, watching, weights[repr(watching)])


def _command(case: Case, keys: Mapping[str, Any], changes: Sequence[str], spec: Spec) -> str:
    """The command that makes this one rehearsal again."""
    w = spec.watching
    words = ["parvis", "run", case.scenario, "--detector", w.detector, "--seed", str(spec.scenario.seed)]
    words += ["--tracker", w.tracker] if w.tracker != "bytetrack" else []
    words += ["--camera-motion", w.camera_motion] if w.camera_motion != DEFAULT_MODE else []
    for change in [*(f"{k}={toml_of(v)}" for k, v in keys.items() if not _is_watching(k)), *changes]:
        words += ["--set", change]
    return shlex.join(words)


def _number(value: Any) -> Any:
    """20 and 20.0 are the same setting."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _is_watching(key: str) -> bool:
    return key in _WATCHED_BY or key.startswith("detector.")


def _grid(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def _draws(random: RandomKeys | None) -> list[dict[str, Any]]:
    if random is None:
        return [{}]
    rng = np.random.default_rng(random.seed)
    return [{key: _draw(rng, of) for key, of in random.keys.items()} for _ in range(random.samples)]


def _draw(rng: np.random.Generator, of: Draw) -> Any:
    if of.values is not None:
        return of.values[int(rng.integers(len(of.values)))]
    assert of.min is not None
    assert of.max is not None
    if of.whole:
        return int(rng.integers(int(of.min), int(of.max), endpoint=True))
    if of.log:
        return float(np.exp(rng.uniform(np.log(of.min), np.log(of.max))))
    return float(rng.uniform(of.min, of.max))
