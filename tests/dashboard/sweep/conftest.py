"""A sweep of four rehearsals of two seconds each, and what it comes to in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard.sweep.bench import sweep
from dashboard.sweep.spec import Point, points_of
from scenarios.suite import Suite

SMALL = {
    "name": "small",
    "scenarios": ["forecourt_bag_v1"],
    "seeds": "1-2",
    "set": {
        "duration_s": 2.0,
        "fps": 5,
        "incidents": [],
        "detector": "oracle",
        "cameras": {"0": {"resolution_px": [320, 180]}},
    },
    "grid": {"rule.abandoned_object.alone_s": [20, 30]},
}


@pytest.fixture(scope="session")
def asked() -> dict[str, Any]:
    """What the sweep's file says."""
    return SMALL


@pytest.fixture(scope="session")
def bytes_of() -> Callable[[Path], dict[str, bytes]]:
    """Everything of a sweep that has to be the same wherever it ran."""

    def read(folder: Path) -> dict[str, bytes]:
        files = [*sorted((folder / "results").glob("*.json")), *sorted(folder.glob("*.parquet"))]
        return {file.name: file.read_bytes() for file in files}

    return read


@pytest.fixture(scope="session")
def small() -> Suite:
    return Suite.model_validate(SMALL)


@pytest.fixture(scope="session")
def points(small: Suite) -> list[Point]:
    return points_of(small, Path())


@pytest.fixture(scope="session")
def swept(small: Suite, points: list[Point], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sweep, run in this process; nobody may change it."""
    folder = tmp_path_factory.mktemp("sweeps") / "small"
    assert not sweep(small, points, folder, command="parvis sweep small.toml").failed
    return folder
