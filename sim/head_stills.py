"""Pictures of crowds with a point on every head, to train networks on that count where boxes fail."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from shapely import Polygon, box

from scenarios.camera import Camera
from scenarios.scenario import Scenario
from scenarios.variety import draw_scenario
from sim.photographs import plates_in
from sim.render.compositor import Compositor, Shot
from sim.state import Snapshot
from sim.stills import PLATES, claim, film_all, lay_out_plates
from sim.throng import DENSEST_PER_M2, draw_throng

__all__ = ["HeadsPlan", "film_heads", "head_rows"]

_STREAM: Final = 0x4EAD5
_TALL_PX: Final = (30.0, 280.0)
"""Of people in the middle of a picture: heads of 4 to 40 px."""
_NOBODY: Final = 0.06
"""Share of the stills without people: furniture, plants and panes that must not count."""
_ROOM_M: Final = 0.35
_FAR_M: Final = 60.0


@dataclass(frozen=True, slots=True)
class HeadsPlan:
    """What decides a set of stills of crowds: the same plan gives the same pictures.

    Attributes:
        scenarios: How many scenarios are drawn.
        cameras: Cameras of each.
        moments: Stills that each camera takes, each of another crowd.
        seed: Decides all chance.
        most: People in the crowd of one still.
        photographs: SHA-256 over the photographs that stand behind the people of a part of the scenarios; empty: none.
    """

    scenarios: int
    cameras: int = 4
    moments: int = 6
    seed: int = 1
    most: int = 220
    photographs: str = ""

    @property
    def pictures(self) -> int:
        """How many stills there are in all."""
        return self.scenarios * self.cameras * self.moments


def film_heads(
    plan: HeadsPlan,
    folder: Path,
    *,
    photographs: Path | None = None,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write ``images/``, ``heads/`` (a text file a still) and ``plan.json``.

    A line of ``heads/`` is one person whose head is in the picture: x and y of the head's highest place, the share
    of the figure that is seen (0 of who is hidden wholly), and the height of the whole figure, both in pixels.

    Args:
        plan: What to draw.
        folder: Where to; what is there already of the same plan is kept.
        photographs: Folder of pictures without people, those of ``plan.photographs``.
        workers: Processes; None: one a core; 1: this one.
        progress: Told the share that is done, 0 to 1.

    Raises:
        ScenarioError: The folder holds stills of another plan, or the photographs are not those of the plan.
    """
    for name in ("images", "heads"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    claim(plan, folder)
    lay_out_plates(plan, folder, photographs)
    last = f"{plan.cameras - 1}_{plan.moments - 1:02d}.txt"
    todo = [n for n in range(plan.scenarios) if not (folder / "heads" / f"{n:05d}_{last}").is_file()]
    film_all(_film_one, plan, folder, todo, workers, progress)


def _film_one(plan: HeadsPlan, folder: Path, number: int) -> None:
    rng = np.random.default_rng((_STREAM, plan.seed, number))
    plates = plates_in(folder / PLATES) if plan.photographs else None
    scenario = draw_scenario(
        rng, cameras=plan.cameras, duration_s=10.0, empty=1.0, plates=plates, folder=folder / PLATES, tall_px=_TALL_PX
    )
    chances = rng.spawn(plan.cameras)
    for camera, (spec, chance) in enumerate(zip(scenario.cameras, chances, strict=True)):
        built = spec.build()
        compositor = Compositor(scenario, built, chance, mark=False)
        free = _free(scenario, built)
        for moment in range(plan.moments):
            shot = compositor.shoot(_crowd(rng, free, built, plan.most), moment)
            name = f"{number:05d}_{camera}_{moment:02d}"
            quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 96))]
            cv2.imwrite(str(folder / "images" / f"{name}.jpg"), shot.frame.image, quality)
            (folder / "heads" / f"{name}.txt").write_text("".join(head_rows(shot)), encoding="utf-8")


def _free(scenario: Scenario, camera: Camera) -> Polygon:
    """Where people may stand: in the picture, off the furniture; before a photograph anywhere."""
    x, y = camera.position_m[:2]
    around = box(x - _FAR_M, y - _FAR_M, x + _FAR_M, y + _FAR_M)
    drawn = not any(spec.plate is not None for spec in scenario.cameras)
    floor = scenario.venue.walkable.buffer(-_ROOM_M) if drawn else around
    free = floor.intersection(around).intersection(camera.footprint().buffer(0.5))
    parts = [part for part in getattr(free, "geoms", [free]) if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area, default=Polygon())


def _crowd(rng: np.random.Generator, free: Polygon, camera: Camera, most: int) -> Snapshot:
    per_m2 = float(np.exp(rng.uniform(math.log(0.08), math.log(DENSEST_PER_M2))))
    if free.is_empty or rng.random() < _NOBODY:
        return draw_throng(rng, Polygon(), np.zeros(2), per_m2=per_m2, most=1)
    middle = np.array((camera.width_px, camera.height_px)) * rng.uniform((0.2, 0.25), (0.8, 0.9))
    ground = camera.to_ground(middle[None])[0]
    if not np.isfinite(ground).all():
        ground = np.array(free.representative_point().coords[0])
    return draw_throng(rng, free, ground, per_m2=per_m2, most=int(rng.integers(6, most)))


def head_rows(shot: Shot) -> Iterator[str]:
    """Yield the lines of ``heads/`` of one picture."""
    height, width = shot.frame.image.shape[:2]
    boxes = shot.boxes
    for row in np.flatnonzero(~boxes.is_bag):
        x, y = boxes.head_px[row]
        if 0 <= x < width and 0 <= y < height:
            tall = boxes.whole_px[row, 3] - boxes.whole_px[row, 1]
            yield f"{x:.1f} {y:.1f} {boxes.visibility[row]:.3f} {tall:.1f}\n"
