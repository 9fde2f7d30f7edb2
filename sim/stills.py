"""Pictures with perfect labels to train detectors on: a few stills of each of many scenarios drawn at random."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import Field, asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeVar

import cv2
import numpy as np

from scenarios.errors import ScenarioError
from scenarios.scenario import Scenario
from scenarios.variety import SIZES_PX, draw_scenario
from sim.crowd import Crowd
from sim.photographs import cut_plates, photographs_in, plates_in, sum_of
from sim.render.compositor import Compositor, Shot

__all__ = ["CLASSES", "PLATES", "Plan", "StillsPlan", "claim", "film_all", "film_stills", "lay_out_plates"]

CLASSES: Final = ("person", "bag")
PLATES: Final = "plates"
"""Folder of what stands behind the people, within that of the stills."""
_TRIES: Final = 20
_STREAM: Final = 0x57111
"""Keeps the stills' chance apart from that of films."""


@dataclass(frozen=True, slots=True)
class StillsPlan:
    """What decides a set of stills: the same plan gives the same pictures.

    Attributes:
        scenarios: How many scenarios are drawn.
        cameras: Cameras of each.
        moments: Stills that each camera takes.
        apart_s: Time between two of them.
        seed: Decides all chance.
        min_visibility: Who is seen less than this is not labelled.
        min_height_px: Nor whose box is lower; of bags half of it.
        photographs: SHA-256 over the photographs that stand behind the people of a part of the scenarios; empty: none.
    """

    scenarios: int
    cameras: int = 4
    moments: int = 5
    apart_s: float = 4.0
    seed: int = 1
    min_visibility: float = 0.25
    min_height_px: float = 10.0
    photographs: str = ""

    @property
    def pictures(self) -> int:
        """How many stills there are in all."""
        return self.scenarios * self.cameras * self.moments


class Plan(Protocol):
    """What every set of stills says of itself: a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def scenarios(self) -> int:
        """How many scenarios are drawn."""

    @property
    def seed(self) -> int:
        """Decides all chance."""

    @property
    def photographs(self) -> str:
        """SHA-256 over the photographs; empty: none."""


_AnyPlan = TypeVar("_AnyPlan", bound=Plan)


def film_stills(
    plan: StillsPlan,
    folder: Path,
    *,
    photographs: Path | None = None,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write ``images/``, ``labels/`` in YOLO's format (class, centre, size as shares) and ``plan.json``.

    What is there already of the same plan is kept, so that an interrupted set goes on where it stopped.

    Args:
        plan: What to draw.
        folder: Where to.
        photographs: Folder of pictures without people, those of ``plan.photographs``.
        workers: Processes; None: one a core; 1: this one.
        progress: Told the share that is done, 0 to 1.

    Raises:
        ScenarioError: The folder holds stills of another plan, or the photographs are not those of the plan.
    """
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    claim(plan, folder)
    lay_out_plates(plan, folder, photographs)
    film_all(
        _film_one, plan, folder, [n for n in range(plan.scenarios) if not _is_whole(plan, folder, n)], workers, progress
    )


def film_all(
    film_one: Callable[[_AnyPlan, Path, int], None],
    plan: _AnyPlan,
    folder: Path,
    todo: Sequence[int],
    workers: int | None,
    progress: Callable[[float], None] | None,
) -> None:
    """Film the scenarios that are missing, each by its number.

    Args:
        film_one: Films one; a function of a module, because other processes call it.
        plan: Its first argument.
        folder: Its second.
        todo: Numbers of the scenarios.
        workers: Processes; None: one a core; 1: this one.
        progress: Told the share that is done, 0 to 1.
    """
    done = plan.scenarios - len(todo)
    if workers == 1:
        for number in todo:
            film_one(plan, folder, number)
            done += 1
            if progress is not None:
                progress(done / plan.scenarios)
        return
    with ProcessPoolExecutor(
        workers or len(os.sched_getaffinity(0)), get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,)
    ) as pool:
        for _ in pool.map(film_one, [plan] * len(todo), [folder] * len(todo), todo):
            done += 1
            if progress is not None:
                progress(done / plan.scenarios)


def claim(plan: Plan, folder: Path) -> None:
    """Write the plan down; a set that was begun may only grow.

    Raises:
        ScenarioError: The folder holds stills of another plan.
    """
    path = folder / "plan.json"
    said = json.dumps(asdict(plan)) + "\n"
    if path.is_file():
        before = json.loads(path.read_text(encoding="utf-8"))
        if before | {"scenarios": plan.scenarios} != asdict(plan):
            raise ScenarioError(f"{folder}: holds stills of another plan ({path}); give another folder or remove it")
    path.write_text(said, encoding="utf-8")


def lay_out_plates(plan: Plan, folder: Path, photographs: Path | None) -> None:
    """Cut a plan's photographs into plates, unless they lie there already.

    Raises:
        ScenarioError: The photographs are not those of the plan.
    """
    found = [] if photographs is None else photographs_in(photographs)
    if (sum_of(found) if found else "") != plan.photographs:
        raise ScenarioError(f"{photographs or 'no folder'}: does not hold the photographs that the stills are of")
    if found and not plates_in(folder / PLATES):
        cut_plates(found, folder / PLATES, SIZES_PX, plan.seed)


def _is_whole(plan: StillsPlan, folder: Path, number: int) -> bool:
    """The last label of a scenario is written last."""
    return (folder / "labels" / f"{_name(number, plan.cameras - 1, plan.moments - 1)}.txt").is_file()


def _name(scenario: int, camera: int, moment: int) -> str:
    return f"{scenario:05d}_{camera}_{moment:02d}"


def _film_one(plan: StillsPlan, folder: Path, number: int) -> None:
    rng = np.random.default_rng((_STREAM, plan.seed, number))
    scenario, crowd = _draw(plan, folder, rng)
    compositors = [
        Compositor(scenario, spec.build(), chance, mark=False)
        for spec, chance in zip(scenario.cameras, rng.spawn(plan.cameras), strict=True)
    ]
    steps = round(plan.apart_s / scenario.step_s)
    for moment in range(plan.moments):
        for _ in range(steps if moment else round(1.0 / scenario.step_s)):
            crowd.step()
        snapshot = crowd.snapshot()
        for camera, compositor in enumerate(compositors):
            shot = compositor.shoot(snapshot, moment)
            name = _name(number, camera, moment)
            quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 96))]
            cv2.imwrite(str(folder / "images" / f"{name}.jpg"), shot.frame.image, quality)
            (folder / "labels" / f"{name}.txt").write_text("".join(_labels(plan, shot)), encoding="utf-8")


def _draw(plan: StillsPlan, folder: Path, rng: np.random.Generator) -> tuple[Scenario, Crowd]:
    """Draw until there is room for the people who were drawn: furniture may leave too little."""
    plates = plates_in(folder / PLATES) if plan.photographs else None
    full: ScenarioError | None = None
    for _ in range(_TRIES):
        scenario = draw_scenario(
            rng,
            cameras=plan.cameras,
            duration_s=plan.moments * plan.apart_s + 1,
            plates=plates,
            folder=folder / PLATES,
        )
        try:
            return scenario, Crowd(scenario, scenario.seed)
        except ScenarioError as error:
            full = error
    assert full is not None
    raise full


def _labels(plan: StillsPlan, shot: Shot) -> Iterator[str]:
    height, width = shot.frame.image.shape[:2]
    boxes = shot.boxes
    for is_bag, box, seen in zip(boxes.is_bag, boxes.whole_px, boxes.visibility, strict=True):
        x1, x2 = np.clip(box[[0, 2]], 0, width) / width
        y1, y2 = np.clip(box[[1, 3]], 0, height) / height
        least = plan.min_height_px * (0.5 if is_bag else 1.0)
        if seen >= plan.min_visibility and (y2 - y1) * height >= least:
            yield f"{int(is_bag)} {(x1 + x2) / 2:.6f} {(y1 + y2) / 2:.6f} {x2 - x1:.6f} {y2 - y1:.6f}\n"
