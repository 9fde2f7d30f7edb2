"""The film set of `benchmarks.film`: a forecourt, its camera, and exactly so many people in the picture."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import tomli_w
from numpy.typing import NDArray

from scenarios.load import load_scenario
from scenarios.scenario import Scenario
from sim.crowd import Crowd
from sim.state import CrowdState, ObjectState, Snapshot

__all__ = ["FilmSet", "build_set", "forecourt"]

_Rows = TypeVar("_Rows", CrowdState, ObjectState)

_WIDE_M: Final = 54
_DEEP_M: Final = 38
_CROWD: Final = 1280
_BAGS: Final = {"backpack": 0.15, "handbag": 0.15, "suitcase": 0.05}


@dataclass(frozen=True, slots=True, eq=False)
class FilmSet:
    """One crowd in front of the camera, an instant after the other.

    Attributes:
        scenario: The place.
        snapshots: The same people at each instant; all of them stay in the picture.
        heights_px: Median height of the people in the picture.
        step_s: CPU time in which the crowd moved from one picture to the next, everybody on the square included.
    """

    scenario: Scenario
    snapshots: tuple[Snapshot, ...]
    heights_px: float
    step_s: float

    def with_people(self, count: int) -> tuple[Snapshot, ...]:
        """Return the instants with only the first ``count`` people in them, and what they carry.

        Raises:
            ValueError: There are fewer.
        """
        who = self.snapshots[0].people.id
        if len(who) < count:
            raise ValueError(f"{len(who)} people are in the picture, {count} were asked for")
        chosen = np.random.default_rng(count).permutation(who)[:count]
        return tuple(_only(snapshot, chosen) for snapshot in self.snapshots)


def forecourt(conditions: dict[str, Any] | None = None) -> Scenario:
    """Return a stadium's forecourt of 54 x 38 m before a match, seen by one camera on a mast, 1280 x 720 pixels.

    Args:
        conditions: In place of the usual day with shadows, lens distortion and noise.
    """
    gates = [
        {"id": f"{side}_{k}", "line": line}
        for k in range(4)
        for side, line in (
            ("south", [[3 + 13 * k, 0], [12 + 13 * k, 0]]),
            ("north", [[3 + 13 * k, _DEEP_M], [12 + 13 * k, _DEEP_M]]),
            ("west", [[0, 2 + 9 * k], [0, 9 + 9 * k]]),
            ("east", [[_WIDE_M, 2 + 9 * k], [_WIDE_M, 9 + 9 * k]]),
        )
    ]
    flows = [
        {"id": f"{start}_{k}", "start": f"{start}_{k}", "to": [f"{to}_{j}" for j in range(4)], "spread": True,
         "initial": _CROWD // 16, "carries": _BAGS}
        for k in range(4)
        for start, to in (("south", "north"), ("north", "south"), ("west", "east"), ("east", "west"))
    ]  # fmt: skip
    square = ((9, 26, "kiosk", 3.0, 2.7), (42, 28, "kiosk", 3.0, 2.7), (26, 30, "planter", 2.0, 0.6))
    posts = ((20, 17, "bin", 0.5, 0.95), (35, 15, "sign", 0.2, 2.6), (27, 22, "bench", 1.6, 0.45))
    obstacles = [
        {"id": f"{kind}_{k}", "kind": kind, "height_m": tall,
         "polygon": [[x, y], [x + size, y], [x + size, y + size], [x, y + size]]}
        for k, (x, y, kind, size, tall) in enumerate((*square, *posts))
    ]  # fmt: skip
    written = {
        "name": "film_set_v1",
        "title": "The set of the film benchmark",
        "venue": {
            "outline": [[0, 0], [_WIDE_M, 0], [_WIDE_M, _DEEP_M], [0, _DEEP_M]],
            "gates": gates,
            "obstacles": obstacles,
        },
        "cameras": [
            {"id": "mast", "position_m": [27.0, -6.0, 8.0], "look_at_m": [27.0, 13.0, 0.0], "hfov_deg": 82.0,
             "resolution_px": [1280, 720], "distortion": [-0.12, 0.02]}
        ],
        "population": {"flows": flows},
        "conditions": conditions or {},
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film_set_v1.toml"
        path.write_text(tomli_w.dumps(written), encoding="utf-8")
        return load_scenario(str(path))


def build_set(instants: int) -> FilmSet:
    """Let the crowd walk for three seconds, then keep so many pictures of those who stay in the camera's view."""
    scenario = forecourt()
    camera = scenario.cameras[0].build()
    crowd = Crowd(scenario, scenario.seed)
    taken = []
    for _ in range(round(3.0 * scenario.fps) * scenario.steps_per_frame):
        crowd.step()
    spent = time.process_time()
    for _ in range(instants):
        for _ in range(scenario.steps_per_frame):
            crowd.step()
        taken.append(crowd.snapshot())
    step_s = (time.process_time() - spent) / instants
    inside: set[int] | None = None
    tall = np.empty(0)
    for snapshot in taken:
        box = camera.upright_box_px(snapshot.people.position_m, 1.75)
        whole = (box[:, 0] > 0) & (box[:, 1] > 0) & (box[:, 2] < camera.width_px) & (box[:, 3] < camera.height_px)
        tall = (box[:, 3] - box[:, 1])[whole]
        here = set(snapshot.people.id[whole].tolist())
        inside = here if inside is None else inside & here
    assert inside is not None
    chosen = np.array(sorted(inside), np.int32)
    return FilmSet(scenario, tuple(_only(s, chosen) for s in taken), float(np.median(tall)), step_s)


def _only(snapshot: Snapshot, people: NDArray[np.int32]) -> Snapshot:
    mine = np.isin(snapshot.people.id, people)
    held = np.isin(snapshot.objects.carried_by, people)
    return replace(snapshot, people=_rows(snapshot.people, mine), objects=_rows(snapshot.objects, held))


def _rows(state: _Rows, keep: NDArray[np.bool_]) -> _Rows:
    return type(state)(**{column.name: getattr(state, column.name)[keep] for column in fields(state)})
