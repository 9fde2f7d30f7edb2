"""The tables of the held-out benchmark as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Final

__all__ = ["FAIR", "OPEN", "REAL", "WET", "fair_of", "page"]

FAIR: Final = "fair"
OPEN: Final = "fair, without a roof"
"""The fair stills of those places on which rain and snow fall."""
REAL: Final = "real video"
WET: Final = ("rain", "snow")

Scores = Mapping[tuple[str, str, str], float]


def page(
    scores: Scores, costs: Mapping[str, float], wanted: Mapping[str, int], *, severity: float, command: str
) -> str:
    """Return the page of one measurement.

    Args:
        scores: AP50 by network, condition and class.
        costs: Milliseconds a picture, by network.
        wanted: How many true boxes there are to find, by class, in fair conditions.
        severity: Of the bad conditions.
        command: That makes the page again.
    """
    conditions = list(dict.fromkeys(c for _, c, _ in scores if c not in (FAIR, OPEN, REAL)))
    lines = [
        "# Held-out places, input sizes and bad conditions",
        "",
        f"`{command}`",
        "",
        "Places, cameras, crowds and light are drawn as for training, with other seeds, and filmed as stills of",
        "1280 x 720; figures, clothes and renderer are those of the training. To be found is who is at least 30 %",
        f"visible and 30 px high (bags 7.5 px): {wanted['person']} people, {wanted['bag']} bags. The real video is",
        "PETS2009 S2.L1, everybody of 20 px and more. Milliseconds: one picture of 720p from pixels to boxes, median,",
        "all networks in turn on the same pictures.",
        "",
        "| network | ms | AP50 person | AP50 bag | real video, AP50 person |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, cost in costs.items():
        keys = ((FAIR, "person"), (FAIR, "bag"), (REAL, "person"))
        known = [scores.get((name, *key)) for key in keys]
        lines.append(f"| {name} | {cost:.0f} | {' | '.join('' if c is None else f'{c:.3f}' for c in known)} |")
    if not conditions:
        return "\n".join([*lines, ""])
    lines += [
        "",
        f"AP50 of people (of bags) at severity {severity:g} of each condition, and the points lost against the same",
        "stills in fair conditions (rain and snow fall only where there is no roof):",
        "",
        f"| condition | {' | '.join(costs)} |",
        f"| --- |{' --- |' * len(costs)}",
    ]
    for condition in conditions:
        cells = [
            f"{_lost(scores, name, condition, 'person')} ({_lost(scores, name, condition, 'bag')})" for name in costs
        ]
        lines.append(f"| {condition} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def fair_of(condition: str) -> str:
    """Return with which fair stills a condition is compared: the same ones."""
    return OPEN if condition in WET else FAIR


def _lost(scores: Scores, name: str, condition: str, cls: str) -> str:
    now, fair = scores[name, condition, cls], scores[name, fair_of(condition), cls]
    return "no boxes" if isnan(now) or isnan(fair) else f"{now:.2f}, {100 * (now - fair):+.0f}"
