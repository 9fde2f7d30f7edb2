"""How far a score on rendered footage can be trusted: what `python -m benchmarks.transfer --publish` measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

__all__ = ["PUBLISHED", "trust"]

PUBLISHED: Final = Path(__file__).with_name("transfer.json")
"""The last published measurement; comes with the package."""

_NAMES: Final = (("ap50", "AP50"), ("recall", "recall"), ("hota", "HOTA"), ("idf1", "IDF1"), ("mota", "MOTA"))


def trust(detector: str, path: Path = PUBLISHED) -> list[str]:
    """Say in sentences by how much scores on a real video and on its rendered twin differ.

    Args:
        detector: Name of the run's detector: its own rows are told where there are some, else the range of all.
        path: The measurement; without it nothing is said that was not measured.
    """
    if not path.is_file():
        return ["How far scores on rendered footage hold on real footage was not measured for this installation."]
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    rows = told["rows"]
    own = [row for row in rows if row["detector"] == detector]
    whose = (
        f"the detector '{detector}'" if own else f"other detectors ({', '.join(sorted({r['detector'] for r in rows}))})"
    )
    chosen = own or rows
    said = [
        f"On {told['date']}, {whose} in {len(chosen)} settings watched a real video ({told['video']}) and its "
        f"rendered twin, where simulated people go the real people's ways."
    ]
    parts = [f"{name} {_range([100 * row['gap'][key]['value'] for row in chosen])}" for key, name in _NAMES]
    said.append(f"Twin less real, in points: {'; '.join(parts)}. Above nought, the rendered footage flatters.")
    people = _range([row["gap"]["count_mae"]["value"] for row in chosen], 2)
    said.append(f"The error of counts differed by {people} people in a picture.")
    rank = told["rank"]["hota"]
    if rank["ci95"] is not None:
        said.append(
            f"Which of {rank['n']} settings is better by HOTA: rank correlation {rank['spearman']:.2f} "
            f"({rank['ci95'][0]:.2f} to {rank['ci95'][1]:.2f})."
        )
    return [*said, f"This is one place and {told['pictures']} pictures of it. Made by: {told['command']}"]


def _range(values: list[float], digits: int = 1) -> str:
    low, high = min(values), max(values)
    return f"{low:+.{digits}f}" if len(values) == 1 else f"{low:+.{digits}f} to {high:+.{digits}f}"
