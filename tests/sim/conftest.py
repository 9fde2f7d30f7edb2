"""A small square that people cross from west to east, before two cameras."""

from collections.abc import Callable
from typing import Any

import pytest

from scenarios.scenario import Scenario


@pytest.fixture(scope="session")
def square() -> Callable[..., Scenario]:
    """Make the square; what is given replaces whole parts of it. ``carries``: bags of those who cross it."""

    def make(carries: dict[str, float] | None = None, **changes: Any) -> Scenario:
        camera = {"look_at_m": (10, 8, 0.5), "hfov_deg": 75, "resolution_px": (320, 180)}
        crossing = {"id": "east", "start": "west", "to": ["east"], "rate_per_min": 30, "initial": 12}
        crossing["carries"] = carries or {"backpack": 0.3, "suitcase": 0.3}
        known: dict[str, Any] = {
            "name": "square_v1",
            "title": "A square",
            "duration_s": 2.0,
            "fps": 10.0,
            "seed": 5,
            "venue": {
                "outline": [(0, 0), (20, 0), (20, 16), (0, 16)],
                "gates": [{"id": "west", "line": [(0, 5), (0, 11)]}, {"id": "east", "line": [(20, 5), (20, 11)]}],
            },
            "cameras": [
                {"id": "south", "position_m": (10, -4, 5), **camera},
                {"id": "north", "position_m": (10, 20, 5), **camera},
            ],
            "population": {"flows": [crossing]},
        }
        for key, value in changes.items():
            known[key] = {**known[key], **value} if isinstance(known.get(key), dict) else value
        return Scenario.model_validate(known)

    return make
