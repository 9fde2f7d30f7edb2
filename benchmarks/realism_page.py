"""The table of `benchmarks.realism` for people."""

from __future__ import annotations

from typing import Any

from benchmarks.finding import SIZES_PX

__all__ = ["page"]


def page(told: dict[str, Any], chosen: float) -> str:
    """Return Markdown: how it was measured, and one table.

    Args:
        told: What ``benchmarks.realism`` prints under ``realism``.
        chosen: The threshold whose rows are in bold.
    """
    sizes = [f"{a}-{b}" for a, b in SIZES_PX]
    lines = [
        "# Realism, measured",
        "",
        f"`{told['command']}`",
        "",
        f"Detector `{told['detector']}`; a person is found by a box that overlaps the true one by IoU {told['iou']:g}; "
        f"every {told['stride']}th picture. Share of fully visible people found, with the interval of 95 % from a",
        "bootstrap over people (in brackets; boxes of one person are not independent), and how many boxes of how many",
        f"people it is of. People of {sizes[0]} px are mostly those of the same films shrunk to {told['shrink']:g}:",
        "the real one has hardly any of that size.",
        "",
        "| threshold | footage | " + " | ".join(f"{s} px" for s in sizes) + " | false boxes per frame |",
        "| --- | --- | " + " | ".join("---" for _ in sizes) + " | --- |",
    ]
    for row in told["rows"]:
        bold = "**" if row["threshold"] == chosen else ""
        cells = [_cell(row[size]) for size in sizes]
        low, high = row["false_ci95"]
        cells.append(f"{row['false_per_frame']:.2f} ({low:.2f} to {high:.2f})")
        lines.append(f"| {bold}{row['threshold']:g}{bold} | {row['footage']} | " + " | ".join(cells) + " |")
    lines += ["", "Ours less real, in points, with the interval of 95 %:", ""]
    lines += [
        "| threshold | footage | " + " | ".join(f"{s} px" for s in sizes) + " |",
        "| --- | --- | " + " | ".join("---" for _ in sizes) + " |",
    ]
    for row in told["rows"]:
        if row["footage"] != "real":
            cells = [_points(row[size]["less_real"]) for size in sizes]
            lines.append(f"| {row['threshold']:g} | {row['footage']} | " + " | ".join(cells) + " |")
    lines += ["", "Films:", ""]
    for name, facts in told["films"].items():
        seeds = ", ".join(str(s) for s in facts["seeds"])
        lines.append(
            f"- `{name}`: seeds {seeds}; scenario `{facts['scenario_sha256'][:16]}`, "
            f"decoded pixels `{facts['pixels_sha256'][:16]}`"
        )
    return "\n".join(lines) + "\n"


def _cell(share: dict[str, Any]) -> str:
    if share["share"] is None:
        return "-"
    low, high = share["by_person"]
    return f"{share['share']:.2f} ({low:.2f} to {high:.2f}), {share['of']} of {share['people']}"


def _points(difference: dict[str, Any] | None) -> str:
    if difference is None:
        return "-"
    low, high = difference["interval"]
    return f"{100 * difference['value']:+.0f} ({100 * low:+.0f} to {100 * high:+.0f})"
