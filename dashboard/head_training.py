"""Crowds drawn at random -> stills with a point on every head -> a small network that counts -> an ONNX file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dashboard import __version__
from dashboard.head_crops import CELL_PX, HeadStills
from dashboard.progress import Report, silent
from dashboard.recipes import changed_plan, claim_training, film_sets
from dashboard.training import multiplies_bfloat16
from scenarios.errors import DetectorError, MissingExtraError, unknown
from sim.head_stills import HeadsPlan, film_heads

__all__ = ["HEAD_RECIPES", "HeadRecipe", "head_recipe_named", "make_head_stills", "train_heads"]

_SAVE_EVERY: Final = 100
_KEPT: Final = 0.998
"""Of the mean of weights a step: what is exported is the mean over the last hundreds of steps."""
_WARM_STEPS: Final = 100
_BINS: Final = (0, 1, 10, 30, 80, 1_000_000)
_LIMITS: Final = (
    "Trained on drawn crowds only. Counts whose head is in the picture and of whom at least the least share is seen; "
    "heads of about 4 to 40 px. The held-out scores are on drawn crowds of other seeds and say nothing about real "
    "cameras: count pictures of yours by hand and compare."
)


@dataclass(frozen=True, slots=True)
class HeadRecipe:
    """How a counting network is made.

    Attributes:
        stills: What it is trained on.
        held_out: Scenarios, drawn from another seed, on which it is judged.
        steps: Of training.
        batch: Crops a step.
        crop_px: Side of a crop, a multiple of 64.
        learning_rate: Of AdamW at its highest; it rises over the first steps and falls as a cosine.
        cycles: So many such cosines one after the other, each over its part of the steps (warm restarts: Loshchilov
            and Hutter 2017, arXiv:1608.03983).
        min_visibility: Who is seen less than this does not count.
        begins_with: SHA-256 of the checkpoint with whose weights it begins; empty: random ones.
    """

    stills: HeadsPlan
    held_out: int = 10
    steps: int = 3000
    batch: int = 12
    crop_px: int = 192
    learning_rate: float = 0.002
    cycles: int = 1
    min_visibility: float = 0.05
    begins_with: str = ""


HEAD_RECIPES: Final[Mapping[str, HeadRecipe]] = {
    "taste": HeadRecipe(HeadsPlan(scenarios=3), held_out=1, steps=20, batch=4, crop_px=128),
    "laptop": HeadRecipe(HeadsPlan(scenarios=130), steps=6400, cycles=2),
    "full": HeadRecipe(HeadsPlan(scenarios=1500), held_out=40, steps=60_000, batch=48, crop_px=256),
}
"""taste: shows that everything works; laptop: half an hour on one core; full: for a GPU."""


def head_recipe_named(
    name: str,
    *,
    scenarios: int | None = None,
    steps: int | None = None,
    seed: int | None = None,
    photographs: Path | None = None,
    learning_rate: float | None = None,
    start: Path | None = None,
) -> HeadRecipe:
    """Return a recipe, changed where something is given; what begins with other weights has one cycle.

    Raises:
        DetectorError: There is no such recipe or checkpoint.
    """
    if name not in HEAD_RECIPES:
        raise DetectorError(unknown("recipe", name, HEAD_RECIPES, "--recipe"))
    usual = HEAD_RECIPES[name]
    stills = changed_plan(usual.stills, scenarios, seed, photographs)
    if start is not None and not start.is_file():
        raise DetectorError(
            f"{start}: there is no such checkpoint to begin with (heads/last.pt of an earlier training)"
        )
    return replace(
        usual,
        stills=stills,
        steps=usual.steps if steps is None else steps,
        learning_rate=usual.learning_rate if learning_rate is None else learning_rate,
        cycles=usual.cycles if start is None else 1,
        begins_with="" if start is None else hashlib.sha256(start.read_bytes()).hexdigest(),
    )


def make_head_stills(
    recipe: HeadRecipe,
    folder: Path,
    *,
    photographs: Path | None = None,
    workers: int | None = None,
    report: Report = silent,
) -> None:
    """Film what a recipe trains on and is judged by into ``train/`` and ``val/``."""
    film_sets(
        film_heads, recipe.stills, recipe.held_out, folder, photographs=photographs, workers=workers, report=report
    )


def train_heads(
    recipe: HeadRecipe,
    data: Path,
    out: Path,
    *,
    device: str = "cpu",
    fresh: bool = False,
    start: Path | None = None,
    report: Report = silent,
) -> dict[str, Any]:
    """Train, export and describe; goes on where an interrupted training of the same recipe stopped.

    Args:
        recipe: How.
        data: Stills from `make_head_stills`.
        out: Folder for checkpoints, ``parvis-heads.onnx`` and ``parvis-heads.json``, the card.
        device: cpu, or the number of a GPU.
        fresh: Throw away what an earlier training left in ``out``.
        start: Checkpoint of the recipe's ``begins_with``.
        report: Told how far it is.

    Returns:
        The model card.

    Raises:
        MissingExtraError: torch is not installed.
        DetectorError: There are no stills, or ``out`` holds the training of another recipe.
    """
    try:
        import torch
    except ImportError:
        raise MissingExtraError("training a counting network", "ultralytics") from None
    seen = HeadStills(data / "train", min_visibility=recipe.min_visibility)
    unseen = HeadStills(data / "val", min_visibility=recipe.min_visibility)
    work = out / "heads"
    written = claim_training(recipe, work, fresh=fresh)
    place = "cpu" if device == "cpu" else f"cuda:{device}"
    network = _fit(torch, recipe, seen, work / "last.pt", place, start, report)
    onnx = out / "parvis-heads.onnx"
    example = torch.zeros(1, 3, 64, 96)
    names: dict[str, Any] = {"input_names": ["picture"], "output_names": ["heads"]}
    free = {"picture": {0: "n", 2: "h", 3: "w"}, "heads": {0: "n", 2: "h8", 3: "w8"}}
    torch.onnx.export(network, (example,), str(onnx), dynamo=False, opset_version=17, dynamic_axes=free, **names)
    card = {
        "parvis": __version__,
        "sha256": hashlib.sha256(onnx.read_bytes()).hexdigest(),
        "bytes": onnx.stat().st_size,
        "recipe": written,
        "cell_px": CELL_PX,
        "pictures": {"train": len(seen), "val": len(unseen)},
        "heads_sha256": {"train": seen.digest(), "val": unseen.digest()},
        "held_out": _judge(torch, network, unseen),
        "limits": _LIMITS,
    }
    (out / "parvis-heads.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return card


def _fit(
    torch: Any, recipe: HeadRecipe, stills: HeadStills, checkpoint: Path, place: str, start: Path | None, report: Report
) -> Any:
    """Train from the checkpoint on; every step has its own chance, so a training that was stopped ends the same."""
    from dashboard.head_network import HeadNetwork, count_loss

    torch.manual_seed(recipe.stills.seed)
    network = HeadNetwork().to(place, memory_format=torch.channels_last)
    if start is not None:
        before = torch.load(start, map_location=place, weights_only=True)["mean"]
        network.load_state_dict({k.removeprefix("module."): v for k, v in before.items() if k != "n_averaged"})
    mean = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(_KEPT), use_buffers=True
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=0.01)
    step = 0
    if checkpoint.is_file():
        kept = torch.load(checkpoint, map_location=place, weights_only=True)
        step = kept["step"]
        network.load_state_dict(kept["network"])
        mean.load_state_dict(kept["mean"])
        optimizer.load_state_dict(kept["optimizer"])
    halved = place != "cpu" or multiplies_bfloat16()
    losses = []
    with ThreadPoolExecutor(max(1, len(os.sched_getaffinity(0)) - 1)) as pool:
        coming = pool.submit(_batch, recipe, stills, step)
        while step < recipe.steps:
            pictures, counts = coming.result()
            coming = pool.submit(_batch, recipe, stills, step + 1)
            through = step % (recipe.steps / recipe.cycles) / (recipe.steps / recipe.cycles)
            rate = min(1.0, (step + 1) / _WARM_STEPS) * (0.5 + 0.5 * np.cos(np.pi * through))
            for group in optimizer.param_groups:
                group["lr"] = recipe.learning_rate * max(0.01, float(rate))
            shown = torch.from_numpy(pictures).to(place).permute(0, 3, 1, 2).float().div(255)
            with torch.autocast(place.split(":")[0], torch.bfloat16, enabled=halved):
                found = network(shown.contiguous(memory_format=torch.channels_last))
            loss = count_loss(found.float(), torch.from_numpy(counts).to(place)[:, None])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            mean.update_parameters(network)
            step += 1
            losses.append(float(loss))
            if step % _SAVE_EVERY == 0 or step == recipe.steps:
                _save(torch, checkpoint, step, network, mean, optimizer)
                report("train", step / recipe.steps, f"step {step}, loss {np.mean(losses):.3f}")
                losses.clear()
    return mean.module.cpu().eval()


def _batch(recipe: HeadRecipe, stills: HeadStills, step: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    rng = np.random.default_rng((recipe.stills.seed, step))
    chosen = rng.integers(len(stills), size=recipe.batch)
    crops = [stills.crop(int(number), recipe.crop_px, rng) for number in chosen]
    return np.stack([crop for crop, _ in crops]), np.stack([counts for _, counts in crops])


def _save(torch: Any, path: Path, step: int, network: Any, mean: Any, optimizer: Any) -> None:
    parts = {"step": step, "network": network.state_dict(), "mean": mean.state_dict()}
    torch.save(parts | {"optimizer": optimizer.state_dict()}, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def _judge(torch: Any, network: Any, stills: HeadStills) -> dict[str, Any]:
    """Return the errors of counts on whole stills, in all and by how many people there are in them."""
    true, found = [], []
    with torch.no_grad():
        for number in range(len(stills)):
            picture, count = stills.whole(number)
            shown = torch.from_numpy(picture)[None].permute(0, 3, 1, 2).float().div(255)
            true.append(count)
            found.append(float(network(shown).sum()))
    are, said = np.array(true), np.array(found)
    rows: dict[str, Any] = {"mean_absolute_error": float(np.abs(said - are).mean()), "people": float(are.mean())}
    for least, below in pairwise(_BINS):
        mine = (are >= least) & (are < below)
        if mine.any():
            rows[f"from_{least}"] = {
                "stills": int(mine.sum()),
                "people": float(are[mine].mean()),
                "mean_absolute_error": float(np.abs(said - are)[mine].mean()),
                "bias": float((said - are)[mine].mean()),
            }
    return rows
