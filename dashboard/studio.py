"""A studio: people, bags and things on an empty floor, in the light that is asked for, before one camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.frame import Image
from scenarios.population import BagKind, Body, Posture, ThingKind
from scenarios.scenario import Scenario
from sim.people import OBJECT_IDS_FROM, Objects, People
from sim.render.compositor import Compositor, Shot
from sim.state import BODIES, OBJECT_KINDS, POSTURES, Snapshot

__all__ = ["EYE", "TOP", "Studio", "item", "person"]

EYE: Final = {"position_m": [0.0, -9.0, 2.2], "look_at_m": [0.0, 0.0, 0.86], "hfov_deg": 30.0}
"""A camera a little above the eyes, nine metres away."""
TOP: Final = {"position_m": [0.0, 0.0, 8.0], "look_at_m": [0.0, 0.001, 0.0], "hfov_deg": 22.0}
"""A camera that looks straight down."""
_FLOOR_M: Final = 14.0
_SEED: Final = 1


def person(
    x_m: float,
    *,
    looks: int,
    heading_deg: float,
    body: Body = Body.ADULT,
    posture: Posture = Posture.WALKING,
    height_m: float = 1.72,
    walked_m: float = 0.35,
    speed_mps: float | None = None,
    posture_s: float = 10.0,
    y_m: float = 0.0,
) -> dict[str, Any]:
    """Return a person for ``Studio.take``.

    Args:
        x_m: Place from left to right.
        looks: Decides clothes and build.
        heading_deg: 0: faces right, -90: faces the camera.
        body: What body.
        posture: How it is held.
        height_m: Body height.
        walked_m: Where in the gait.
        speed_mps: None: that of the posture.
        posture_s: How long the posture has lasted.
        y_m: Place away from the camera.
    """
    usual = {Posture.WALKING: 1.34, Posture.RUNNING: 3.2}.get(posture, 0.0)
    turn = np.radians(heading_deg)
    return {
        "position_m": (x_m, y_m),
        "velocity_mps": np.array((np.cos(turn), np.sin(turn))) * (usual if speed_mps is None else speed_mps),
        "heading_rad": turn,
        "posture": POSTURES.index(posture),
        "posture_s": posture_s,
        "body": BODIES.index(body),
        "height_m": height_m,
        "walked_m": walked_m,
        "looks": looks,
    }


def item(
    kind: BagKind | ThingKind,
    x_m: float,
    *,
    looks: int,
    heading_deg: float = -90.0,
    carrier: int = -1,
    y_m: float = 0.0,
) -> dict[str, Any]:
    """Return a bag or thing for ``Studio.take``.

    Args:
        kind: What it is.
        x_m: Place from left to right.
        looks: Decides its colour.
        heading_deg: How it is turned.
        carrier: Number of the person who has it in hand, from 0; -1: it stands on the floor.
        y_m: Place away from the camera.
    """
    return {
        "kind": OBJECT_KINDS.index(kind),
        "position_m": (x_m, y_m),
        "carried_by": -1 if carrier < 0 else carrier + 1,
        "owner": max(carrier, 0) + 1,
        "heading_rad": np.radians(heading_deg),
        "looks": looks,
    }


class Studio:
    """An empty floor before one camera.

    Args:
        camera: As in a scenario's ``[[cameras]]``.
        size_px: Of the picture.
        obstacles: As in a scenario's ``[[venue.obstacles]]``.
        conditions: As in a scenario's ``[conditions]``.
        ground: Of the floor, as in a scenario's ``[venue]``.
    """

    def __init__(
        self,
        camera: dict[str, Any],
        size_px: tuple[int, int],
        obstacles: Sequence[dict[str, Any]] = (),
        conditions: dict[str, Any] | None = None,
        ground: str = "paving",
    ) -> None:
        r = _FLOOR_M
        self.scenario = Scenario.model_validate(
            {
                "name": "studio_v1",
                "title": "Studio",
                "venue": {
                    "outline": [[-r, -r], [r, -r], [r, r], [-r, r]],
                    "ground": ground,
                    "obstacles": list(obstacles),
                },
                "cameras": [{"id": "studio", "resolution_px": size_px, **camera}],
                "population": {},
                "conditions": {"shadow": 0.4, "noise": 0.3, "sun_azimuth_deg": 215.0, **(conditions or {})},
            }
        )
        spec = self.scenario.cameras[0]
        self._compositor = Compositor(self.scenario, spec.build(), np.random.default_rng(_SEED), mark=False)

    def take(self, people: Sequence[dict[str, Any]] = (), items: Sequence[dict[str, Any]] = ()) -> Image:
        """Return a picture of what ``person`` and ``item`` made."""
        return self.shoot(people, items).frame.image

    def shoot(self, people: Sequence[dict[str, Any]] = (), items: Sequence[dict[str, Any]] = ()) -> Shot:
        """Return a picture of what ``person`` and ``item`` made, with its truth."""
        numbered = [{"id": k + 1, **row} for k, row in enumerate(people)]
        things = [{"id": OBJECT_IDS_FROM + k, **row} for k, row in enumerate(items)]
        snapshot = Snapshot(1.0, _filled(People(), numbered).state(), _filled(Objects(), things).state())
        return self._compositor.shoot(snapshot, 0)

    @property
    def depth_m(self) -> NDArray[np.float32]:
        """Depth along the optical axis of people and things in the last picture, infinite elsewhere; (h, w)."""
        return self._compositor.depth_m


def _filled(arrays: Any, rows: list[dict[str, Any]]) -> Any:
    """Fill the crowd's arrays with rows; what a row does not say is nought."""
    for each in fields(arrays):
        empty = getattr(arrays, each.name)
        if isinstance(empty, np.ndarray):
            blank = np.zeros(empty.shape[1:], empty.dtype)
            values = np.array([row.get(each.name, blank) for row in rows], empty.dtype)
            setattr(arrays, each.name, values.reshape(len(rows), *empty.shape[1:]))
    return arrays
