"""Scenarios drawn at random -> stills with labels -> a trained YOLO -> an ONNX file with its model card."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from dashboard import __version__
from dashboard.progress import Report, silent
from dashboard.quantising import quantise, still_scores
from dashboard.recipes import changed_plan, claim_training, film_sets
from scenarios.errors import DetectorError, MissingExtraError, unknown
from sim.stills import CLASSES, StillsPlan, film_stills

__all__ = [
    "RECIPES",
    "Recipe",
    "Trainer",
    "make_stills",
    "multiplies_bfloat16",
    "package",
    "recipe_named",
    "train_network",
]

_LIMITS: Final = (
    "Trained on drawn scenes only; the held-out scenes have other seeds and venues, but the same figures, clothes "
    "and renderer, so their scores say nothing about real cameras: score it on annotated footage of yours."
)
_MOST_LOST: Final = 0.01
"""AP50 that eight bits may cost in any class."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a detector is made.

    Attributes:
        stills: What it is trained on.
        held_out: Scenarios, drawn from another seed, on which it is judged and its best epoch is chosen.
        architecture: Of ultralytics, without weights: training starts from nothing.
        input_px: Longer side of the pictures in training.
        epochs: Rounds over the stills.
        batch: Pictures a step.
        learning_rate: Of AdamW at the start.
        export_px: Height and width of the exported network's input.
        begins_with: SHA-256 of the checkpoint whose weights training begins with; empty: from nothing.
    """

    stills: StillsPlan
    held_out: int = 20
    architecture: str = "yolo26n.yaml"
    input_px: int = 416
    epochs: int = 60
    batch: int = 32
    learning_rate: float = 0.002
    export_px: tuple[int, int] = (480, 800)
    begins_with: str = ""


RECIPES: Final[Mapping[str, Recipe]] = {
    "taste": Recipe(StillsPlan(scenarios=12), held_out=2, input_px=320, epochs=3, batch=16),
    "laptop": Recipe(StillsPlan(scenarios=250), held_out=12, epochs=20, batch=16),
    "full": Recipe(StillsPlan(scenarios=2000, moments=6), held_out=60, epochs=80, batch=128),
}
"""taste: shows in minutes that everything works, finds next to nothing; laptop: hours on a CPU; full: for a GPU."""


class Trainer(Protocol):
    """Trains and exports: ultralytics, or what a test puts in its place."""

    def __call__(
        self, recipe: Recipe, data: Path, out: Path, device: str, report: Report, begin_with: Path | None
    ) -> tuple[Path, dict[str, Any]]:
        """Return the ONNX file and the scores by class; go on from a checkpoint in ``out`` if there is one."""


def recipe_named(
    name: str,
    *,
    scenarios: int | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    input_px: int | None = None,
    learning_rate: float | None = None,
    photographs: Path | None = None,
    begin_with: Path | None = None,
) -> Recipe:
    """Return a recipe, changed where something is given.

    Raises:
        DetectorError: There is no such recipe, or the checkpoint to begin with cannot be read.
    """
    if name not in RECIPES:
        raise DetectorError(unknown("recipe", name, RECIPES, "--recipe"))
    usual = RECIPES[name]
    stills = changed_plan(usual.stills, scenarios, seed, photographs)
    return replace(
        usual,
        stills=stills,
        epochs=usual.epochs if epochs is None else epochs,
        input_px=usual.input_px if input_px is None else input_px,
        learning_rate=usual.learning_rate if learning_rate is None else learning_rate,
        begins_with="" if begin_with is None else _sum_of(begin_with),
    )


def _sum_of(checkpoint: Path) -> str:
    try:
        return hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    except OSError as error:
        raise DetectorError(f"{checkpoint}: the checkpoint to begin with cannot be read ({error.strerror})") from None


def make_stills(
    recipe: Recipe,
    folder: Path,
    *,
    photographs: Path | None = None,
    workers: int | None = None,
    report: Report = silent,
) -> None:
    """Film what a recipe trains on and is judged by into ``train/`` and ``val/``, and write ``data.yaml``."""
    film_sets(
        film_stills, recipe.stills, recipe.held_out, folder, photographs=photographs, workers=workers, report=report
    )
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
    text = f"path: {json.dumps(str(folder.resolve()))}\ntrain: train/images\nval: val/images\nnames:\n{names}"
    (folder / "data.yaml").write_text(text, encoding="utf-8")


def train_network(
    recipe: Recipe,
    data: Path,
    out: Path,
    *,
    device: str = "cpu",
    fresh: bool = False,
    begin_with: Path | None = None,
    trainer: Trainer | None = None,
    report: Report = silent,
) -> dict[str, Any]:
    """Train, export and describe; goes on where an interrupted training of the same recipe stopped.

    Args:
        recipe: How.
        data: Stills from `make_stills`.
        out: Folder for checkpoints, ``parvis-n.onnx`` and ``card.json``.
        device: cpu, or the number of a GPU.
        fresh: Throw away what an earlier training left in ``out``.
        begin_with: Checkpoint of an earlier training, whose sum is the recipe's ``begins_with``.
        trainer: What trains; None: ultralytics.
        report: Told how far it is.

    Returns:
        The model card.

    Raises:
        MissingExtraError: ultralytics is not installed.
        DetectorError: There are no stills, or ``out`` holds the training of another recipe.
    """
    if not (data / "data.yaml").is_file():
        raise DetectorError(
            f"{data}: holds no stills (data.yaml is missing); make them with `parvis train --stills-only`"
        )
    train = trainer or _ultralytics()
    written = claim_training(recipe, out / "network", fresh=fresh)
    exported, scores = train(recipe, data, out, device, report, begin_with)
    report("package", None)
    card = package(exported, data, out, recipe=written, scores=scores)
    report("package", 1.0)
    return card


def package(
    exported: Path, data: Path, out: Path, *, recipe: Mapping[str, Any], scores: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the file that ships, in eight bits where that costs less than a point of AP50, and its card.

    Args:
        exported: The network in float32.
        data: Stills it was trained on and is judged by.
        out: Folder for ``parvis-n.onnx``, ``parvis-n-float32.onnx`` and ``card.json``.
        recipe: How it was trained.
        scores: What its training says of it.

    Returns:
        The model card.
    """
    onnx, plain = out / "parvis-n.onnx", out / "parvis-n-float32.onnx"
    shutil.copyfile(exported, plain)
    quantise(plain, list((data / "train" / "images").glob("*.jpg")), onnx)
    as_run = {"float32": still_scores(plain, data / "val"), "int8": still_scores(onnx, data / "val")}
    lost = max((ap - as_run["int8"][name] for name, ap in as_run["float32"].items()), default=0.0)
    if lost >= _MOST_LOST:
        shutil.copyfile(plain, onnx)
    card = {
        "parvis": __version__,
        "sha256": hashlib.sha256(onnx.read_bytes()).hexdigest(),
        "bytes": onnx.stat().st_size,
        "recipe": recipe,
        "numbers": "int8" if lost < _MOST_LOST else "float32",
        "pictures": {name: len(list((data / name / "images").glob("*.jpg"))) for name in ("train", "val")},
        "labels_sha256": {name: _digest(data / name / "labels") for name in ("train", "val")},
        "classes": list(CLASSES),
        "held_out": scores,
        "held_out_as_run_ap50": as_run,
        "limits": _LIMITS,
    }
    (out / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return card


def _digest(folder: Path) -> str:
    """One sum over all labels, names included."""
    told = hashlib.sha256()
    for path in sorted(folder.glob("*.txt")):
        told.update(path.name.encode() + b"\0" + path.read_bytes())
    return told.hexdigest()


def multiplies_bfloat16() -> bool:
    """Whether the processor does (2.5 times as fast as float32, measured on AVX-512); ultralytics asks GPUs only."""
    told = Path("/proc/cpuinfo")
    return told.is_file() and any(flag in told.read_text() for flag in ("avx512_bf16", "amx_bf16"))


def _widened(found: Any) -> Any:
    """What a network returned, in float32: losses lose too much in less."""
    if isinstance(found, dict):
        return {name: _widened(part) for name, part in found.items()}
    if isinstance(found, list | tuple):
        return type(found)(_widened(part) for part in found)
    return found.float() if hasattr(found, "is_floating_point") and found.is_floating_point() else found


def _ultralytics() -> Trainer:
    os.environ.update(YOLO_OFFLINE="true", YOLO_VERBOSE="false")  # it would print to the standard output
    try:
        import torch
        from ultralytics import YOLO
    except ImportError:
        raise MissingExtraError("training a detector", "ultralytics") from None

    def train(
        recipe: Recipe, data: Path, out: Path, device: str, report: Report, begin_with: Path | None
    ) -> tuple[Path, dict[str, Any]]:
        weights = out / "network" / "weights"
        last, best = weights / "last.pt", weights / "best.pt"

        def tell(trainer: Any) -> None:
            report("train", (trainer.epoch + 1) / trainer.epochs, f"epoch {trainer.epoch + 1}")

        def spread(_: Any) -> None:
            torch.set_num_threads(len(os.sched_getaffinity(0)))  # ultralytics leaves a core free

        def halve(trainer: Any) -> None:
            whole = trainer.model.predict

            def predict(pictures: Any, *args: Any, **options: Any) -> Any:
                with torch.autocast("cpu", torch.bfloat16):
                    found = whole(pictures, *args, **options)
                return _widened(found)

            trainer.model.predict = predict

        if not (weights / "done").is_file():
            model = YOLO(str(last if last.is_file() else begin_with or recipe.architecture))
            model.add_callback("on_train_epoch_end", tell)
            if device == "cpu":
                model.add_callback("on_train_start", spread)
                if multiplies_bfloat16():
                    model.add_callback("on_train_start", halve)
            model.train(
                data=str((data / "data.yaml").resolve()), epochs=recipe.epochs, imgsz=recipe.input_px,
                batch=recipe.batch, optimizer="AdamW", lr0=recipe.learning_rate, cos_lr=True,
                close_mosaic=max(1, recipe.epochs // 4), device=device, project=str(out.resolve()), name="network",
                exist_ok=True, resume=last.is_file(), pretrained=begin_with is not None, deterministic=True,
                seed=recipe.stills.seed, amp=False if device == "cpu" else "bf16", plots=False, verbose=False,
                hsv_h=0.02, hsv_s=0.6, hsv_v=0.4, degrees=3.0, scale=0.6,
                workers=max(1, len(os.sched_getaffinity(0)) - 1), warmup_epochs=3.0 if begin_with is None else 0.3,
            )  # fmt: skip
            (weights / "done").touch()
        judged = YOLO(str(best))
        scores = judged.val(
            data=str((data / "data.yaml").resolve()), imgsz=recipe.input_px, device=device, plots=False, verbose=False,
            project=str(out.resolve()), name="held_out", exist_ok=True, nms=False,
        ).box  # fmt: skip
        found = {
            CLASSES[int(number)]: {"ap50": float(scores.ap50[i]), "ap50_95": float(scores.ap[i])}
            for i, number in enumerate(scores.ap_class_index)
        }
        exported = judged.export(format="onnx", imgsz=list(recipe.export_px), simplify=False, dynamic=False, nms=False)
        return Path(exported), found

    return train
