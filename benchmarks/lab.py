"""The laboratory: bare floors with people on them, for tests of the crowd that no camera watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.scenario import Scenario
from sim.crowd import Crowd

__all__ = ["Walks", "box", "door", "floor", "put", "walk_all"]

Floats = NDArray[np.float64]
Corners = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Walks:
    """Everybody's way, at every step.

    Attributes:
        time_s: Shape (steps,).
        position_m: Of the people by ascending id, nan once they have left, shape (steps, people, 2).
        left_s: Gate and instant of everybody's leaving, by id.
    """

    time_s: Floats
    position_m: Floats
    left_s: Mapping[int, tuple[str, float]]

    @property
    def speed_mps(self) -> Floats:
        """Speeds from step to step, shape (steps - 1, people)."""
        moved = np.hypot(*np.moveaxis(np.diff(self.position_m, axis=0), -1, 0))
        return np.asarray(moved / np.diff(self.time_s)[:, None])

    @property
    def last_s(self) -> float:
        """When the last left; inf where somebody has not."""
        people = self.position_m.shape[1]
        return max(t for _, t in self.left_s.values()) if len(self.left_s) == people else float("inf")


def box(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    """Return the corners of a rectangle."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def door(gate_id: str, a: tuple[float, float], b: tuple[float, float], direction: str = "out") -> dict[str, Any]:
    """Return a gate as a scenario file has it."""
    return {"id": gate_id, "line": [a, b], "direction": direction}


def floor(
    outline: Corners,
    gates: Sequence[Mapping[str, Any]],
    *,
    walls: Sequence[Corners] = (),
    zones: Sequence[Mapping[str, Any]] = (),
    population: Mapping[str, Any] | None = None,
    incidents: Sequence[Mapping[str, Any]] = (),
    seed: int = 1,
    duration_s: float = 3600.0,
) -> Scenario:
    """Return a scenario without anything to look at: steps of 0.05 s, adults only where nothing else is said."""
    (x, y), *_ = outline
    return Scenario.model_validate(
        {
            "name": "laboratory_v1",
            "title": "A floor of the laboratory",
            "seed": seed,
            "duration_s": duration_s,
            "fps": 20.0,
            "venue": {
                "outline": outline,
                "gates": gates,
                "zones": zones,
                "obstacles": [
                    {"id": f"wall_{i}", "kind": "wall", "polygon": wall, "height_m": 3.0}
                    for i, wall in enumerate(walls)
                ],
            },
            "cameras": [{"id": "c", "position_m": (x - 9, y - 9, 9), "look_at_m": (x + 1, y + 1, 0), "hfov_deg": 60}],
            "population": population or {"bodies": {}},
            "incidents": incidents,
        }
    )


def put(crowd: Crowd, places_m: Any, gate: str, **more: Any) -> list[int]:
    """Put adults on the floor who go to a gate; returns their ids."""
    from scenarios.population import Body

    goal = crowd.routes.gate_index(gate)
    return crowd.enter_all(np.asarray(places_m, float).reshape(-1, 2), goal, **({"body": Body.ADULT} | more))


def walk_all(crowd: Crowd, limit_s: float, *, every: Callable[[Crowd], None] | None = None) -> Walks:
    """Walk until everybody has left, at most so long; ``every`` is called before each step."""
    ids = crowd.people.id.copy()
    times, places = [], []
    while True:
        row = np.full((len(ids), 2), np.nan)
        row[np.searchsorted(ids, crowd.people.id)] = crowd.people.position_m
        times.append(crowd.time_s)
        places.append(row)
        if (not (~crowd.people.stays).any() and not crowd.people.stays.any()) or crowd.time_s >= limit_s - 1e-9:
            break
        if every is not None:
            every(crowd)
        crowd.step()
    return Walks(np.array(times), np.array(places), {gone.person: (gone.gate, gone.left_s) for gone in crowd.left})
