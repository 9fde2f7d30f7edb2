"""Scenarios drawn at random -> stills with labels -> a trained YOLO -> an ONNX file with its model card."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from dashboard.progress import Report, silent
from scenarios.errors import DetectorError, MissingExtraError, unknown
from sim.stills import CLASSES, StillsPlan, film_stills

__all__ = ["RECIPES", "Recipe", "make_stills", "recipe_named", "train_network"]

_HELD_OUT_SEED: Final = 1_000_003
"""Added to the seed of the stills that are never trained on."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a detector is made.

    Attributes:
        stills: What it is trained on.
        held_out: Scenarios, drawn from another seed, on which it is judged.
        architecture: Of ultralytics, without weights: training starts from nothing.
        input_px: Longer side of the pictures in training.
        epochs: Rounds over the stills.
        batch: Pictures a step.
        learning_rate: Of AdamW at the start.
        export_px: Height and width of the exported network's input.
    """

    stills: StillsPlan
    held_out: int = 20
    architecture: str = "yolo26n.yaml"
    input_px: int = 640
    epochs: int = 60
    batch: int = 32
    learning_rate: float = 0.002
    export_px: tuple[int, int] = (384, 640)


RECIPES: Final[Mapping[str, Recipe]] = {
    "laptop": Recipe(StillsPlan(scenarios=180), held_out=8, input_px=384, epochs=10, batch=16),
    "full": Recipe(StillsPlan(scenarios=1500, moments=6), held_out=60, epochs=60, batch=128),
}
"""laptop: hours on two cores; full: half an hour on one large GPU, the stills made beforehand."""


def recipe_named(name: str, **changes: Any) -> Recipe:
    """Return a recipe, some of its fields changed.

    Raises:
        DetectorError: There is no such recipe.
    """
    if name not in RECIPES:
        raise DetectorError(unknown("recipe", name, RECIPES, "--recipe"))
    return replace(RECIPES[name], **{key: value for key, value in changes.items() if value is not None})


def make_stills(recipe: Recipe, folder: Path, *, workers: int | None = None, report: Report = silent) -> None:
    """Film what a recipe trains on and is judged by into ``train/`` and ``val/``, and write ``data.yaml``."""
    held_out = replace(recipe.stills, scenarios=recipe.held_out, seed=recipe.stills.seed + _HELD_OUT_SEED)
    for name, plan in (("train", recipe.stills), ("val", held_out)):
        film_stills(plan, folder / name, workers=workers, progress=lambda share, name=name: report(name, share))
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
    text = f"path: {folder.resolve()}\ntrain: train/images\nval: val/images\nnames:\n{names}"
    (folder / "data.yaml").write_text(text, encoding="utf-8")


def train_network(recipe: Recipe, data: Path, out: Path, *, device: str = "cpu", report: Report = silent) -> Path:
    """Train, export and describe; goes on where an interrupted training of the same folder stopped.

    Args:
        recipe: How.
        data: Stills from `make_stills`.
        out: Folder for checkpoints, ``parvis-n.onnx`` and ``card.json``.
        device: cpu, or the number of a GPU.
        report: Told how far it is.

    Returns:
        The ONNX file.

    Raises:
        MissingExtraError: ultralytics is not installed.
        DetectorError: There are no stills.
    """
    if not (data / "data.yaml").is_file():
        raise DetectorError(f"{data}: holds no stills (data.yaml is missing)")
    os.environ["YOLO_OFFLINE"] = "true"
    try:
        from ultralytics import YOLO
    except ImportError:
        raise MissingExtraError("training a detector", "ultralytics") from None
    last = out / "network" / "weights" / "last.pt"
    started = time.perf_counter()
    model = YOLO(str(last) if last.is_file() else recipe.architecture)

    def tell(trainer: Any) -> None:
        report("train", (trainer.epoch + 1) / trainer.epochs, f"epoch {trainer.epoch + 1}")

    model.add_callback("on_train_epoch_end", tell)
    model.train(
        data=str(data / "data.yaml"), epochs=recipe.epochs, imgsz=recipe.input_px, batch=recipe.batch,
        optimizer="AdamW", lr0=recipe.learning_rate, cos_lr=True, close_mosaic=max(1, recipe.epochs // 5),
        device=device, project=str(out.resolve()), name="network", exist_ok=True, resume=last.is_file(), pretrained=False,
        seed=recipe.stills.seed, deterministic=True, amp=device != "cpu", plots=False, verbose=False,
        hsv_h=0.02, hsv_s=0.6, hsv_v=0.4, degrees=3.0, scale=0.6, workers=max(1, len(os.sched_getaffinity(0)) - 1),
    )  # fmt: skip
    best = YOLO(str(out / "network" / "weights" / "best.pt"))
    scores = best.val(data=str(data / "data.yaml"), imgsz=recipe.input_px, device=device, plots=False, verbose=False)
    exported = Path(best.export(format="onnx", imgsz=list(recipe.export_px), simplify=True, dynamic=False))
    onnx = out / "parvis-n.onnx"
    shutil.copyfile(exported, onnx)
    card = {
        "recipe": asdict(recipe),
        "train_s": time.perf_counter() - started,
        "held_out": {
            name: {"ap50": float(scores.box.ap50[i]), "ap50_95": float(scores.box.ap[i])}
            for i, name in enumerate(CLASSES)
            if i < len(scores.box.ap50)
        },
    }
    (out / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return onnx
