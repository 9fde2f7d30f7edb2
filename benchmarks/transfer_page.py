"""The table of the transfer benchmark as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["page"]

_NAMES: Final = {
    "ap50": "AP50", "recall": "recall", "hota": "HOTA", "idf1": "IDF1", "mota": "MOTA", "count_mae": "count error",
}  # fmt: skip
_POINTS: Final = ("ap50", "recall", "hota", "idf1", "mota")


def page(told: Mapping[str, Any]) -> str:
    """Return the page of one measurement, as `benchmarks.transfer` tells it."""
    rows = told["rows"]
    span = "the whole films" if told["seconds"] is None else f"the first {told['seconds']:g} s"
    lines = [
        "# Sim against real",
        "",
        "How far does a score on simulated footage say what the score on real footage would be?",
        f"The same detectors watch {told['video']} and its twin `{told['twin']}`: the same empty picture and camera,",
        "and simulated people on the real people's ways. Both are scored alike, with the same calibration and tracker.",
        "",
        f"`{told['command']}`",
        "",
        f"Of {span}, every {told['stride']}. picture. Scenario `{told['scenario_sha256'][:16]}`.",
        "A number behind a detector is its threshold: weaker boxes are dropped before boxes, tracks and counts alike.",
        "Each cell: real / twin. Count error: mean absolute error, people in a picture.",
        "",
        f"| detector | {' | '.join(_NAMES.values())} |",
        f"| --- |{' --- |' * len(_NAMES)}",
    ]
    for row in rows:
        cells = [f"{row['real'][k]:.3f} / {row['twin'][k]:.3f}" for k in _NAMES]
        lines.append(f"| {row['detector']} {row['threshold']:g} | {' | '.join(cells)} |")
    lines += [
        "",
        "Twin less real: points, and people for the count; in brackets the interval of 95 % from a bootstrap over",
        "stretches of 10 s, the same on both sides. It knows the chance of one recording, not of other places.",
        "",
        f"| detector | {' | '.join(_NAMES.values())} |",
        f"| --- |{' --- |' * len(_NAMES)}",
    ]
    for row in rows:
        cells = [_gap(row["gap"][k], 100 if k in _POINTS else 1) for k in _NAMES]
        lines.append(f"| {row['detector']} {row['threshold']:g} | {' | '.join(cells)} |")
    lines += [
        "",
        "Does the better one there do better here? Rank correlation over these settings, with its interval over the",
        "same stretches. Settings are few and thresholds of one detector not independent: this says little of others.",
        "",
        "| score | settings | Spearman (95 %) | Kendall |",
        "| --- | --- | --- | --- |",
    ]
    for key, rank in told["rank"].items():
        said = (
            "too few" if rank["ci95"] is None else "{:.2f} ({:.2f} to {:.2f})".format(rank["spearman"], *rank["ci95"])
        )
        kendall = "too few" if rank["kendall"] is None else f"{rank['kendall']:.2f}"
        lines.append(f"| {_NAMES[key]} | {rank['n']} | {said} | {kendall} |")
    return "\n".join(lines) + "\n"


def _gap(gap: Mapping[str, Any], unit: float) -> str:
    low, high = gap["interval"]
    digits = 1 if unit > 1 else 2
    return f"{gap['value'] * unit:+.{digits}f} ({low * unit:+.{digits}f} to {high * unit:+.{digits}f})"
