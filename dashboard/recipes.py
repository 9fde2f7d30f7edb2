"""What every training does alike, whatever it trains: its stills, those it is judged by, and its folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import Field, asdict, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeVar

from dashboard.progress import Report
from scenarios.errors import DetectorError
from sim.photographs import photographs_in, sum_of
from sim.stills import Plan

__all__ = ["changed_plan", "claim_training", "film_sets"]

_HELD_OUT_SEED: Final = 1_000_003
"""Added to the seed of the stills that are never trained on."""
_AnyPlan = TypeVar("_AnyPlan", bound=Plan)


class _Recipe(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def changed_plan(usual: _AnyPlan, scenarios: int | None, seed: int | None, photographs: Path | None) -> _AnyPlan:
    """Return a plan of stills, changed where something is given, with the sum over the photographs."""
    return replace(
        usual,
        scenarios=usual.scenarios if scenarios is None else scenarios,
        seed=usual.seed if seed is None else seed,
        photographs="" if photographs is None else sum_of(photographs_in(photographs)),
    )


def film_sets(
    film: Callable[..., None],
    plan: Plan,
    held_out: int,
    folder: Path,
    *,
    photographs: Path | None,
    workers: int | None,
    report: Report,
) -> None:
    """Film what is trained on into ``train/`` and what it is judged by into ``val/``.

    Args:
        film: `sim.stills.film_stills` or one like it.
        plan: Of what is trained on.
        held_out: Scenarios of the other, drawn from another seed.
        folder: Where to.
        photographs: Folder of pictures without people, those of the plan.
        workers: Processes that film; None: one a core.
        report: Told how far it is.
    """
    for name, part in (
        ("train", plan),
        ("val", replace(plan, scenarios=held_out, seed=plan.seed + _HELD_OUT_SEED)),
    ):

        def tell(share: float, stage: str = f"stills: {name}") -> None:
            report(stage, share)

        film(part, folder / name, photographs=photographs, workers=workers, progress=tell)


def claim_training(recipe: _Recipe, work: Path, *, fresh: bool) -> dict[str, Any]:
    """Write a recipe into the folder of its checkpoints and return it as it stands there.

    Args:
        recipe: A frozen dataclass.
        work: Folder of the checkpoints.
        fresh: Throw away what an earlier training left there.

    Raises:
        DetectorError: The folder holds the training of another recipe.
    """
    written: dict[str, Any] = json.loads(json.dumps(asdict(recipe)))
    if fresh and work.exists():
        shutil.rmtree(work)
    begun = work / "recipe.json"
    if begun.is_file() and json.loads(begun.read_text(encoding="utf-8")) != written:
        raise DetectorError(f"{work}: holds the training of another recipe; give --fresh, or another --out")
    work.mkdir(parents=True, exist_ok=True)
    begun.write_text(json.dumps(written) + "\n", encoding="utf-8")
    return written
