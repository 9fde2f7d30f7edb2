"""The table of the camera-motion benchmark as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any, Final

__all__ = ["page"]

_MODES: Final = {"off": "not moved", "poses": "by poses", "picture": "by pictures"}
Films = Mapping[str, tuple[str, tuple[int, int]]]
_READING: Final[tuple[str, ...]] = ()


def page(told: Mapping[str, Any], films: Films) -> str:
    """Return the page of one measurement, as `benchmarks.camera_motion` tells it."""
    spoilt = ", ".join(f"{k} {v:g}" for k, v in told["spoilt"].items())
    rows = told["rows"]
    cameras = " and ".join(f"`{name}` ({what}, {size[0]}x{size[1]})" for name, (what, size) in films.items())
    lines = [
        "# Cameras that move",
        "",
        f"`{told['command']}`",
        "",
        f"Default tracker on {cameras}, {told['seconds']:g} s, "
        f"{told['seeds']} film(s) of each; true boxes spoilt ({spoilt}), mean of {told['spoilings']} draws.",
        "",
        "Each cell: HOTA / IDF1 of people / identity switches.",
        "",
        f"| film | a second | {' | '.join(_MODES.values())} |",
        f"| --- | --- |{' --- |' * len(_MODES)}",
    ]
    lines += _table(rows, films, _scores)
    lines += [
        "",
        "Pixels that a foot is from where the camera's motion alone would have it, median / 95 %, while the camera",
        "moves; what people walk themselves is in it. Then milliseconds a picture of the whole tracking.",
        "",
        f"| film | a second | {' | '.join(_MODES.values())} |",
        f"| --- | --- |{' --- |' * len(_MODES)}",
    ]
    lines += _table(rows, films, _errors)
    return "\n".join([*lines, *(("", *_READING) if _READING else ())]) + "\n"


def _table(rows: Sequence[Mapping[str, Any]], films: Films, cell: Any) -> list[str]:
    lines = []
    for film, (what, _) in films.items():
        for fps in sorted({r["fps"] for r in rows}, reverse=True):
            of = [[r for r in rows if (r["film"], r["fps"], r["mode"]) == (film, fps, mode)] for mode in _MODES]
            lines.append(f"| {what} | {fps:g} | {' | '.join(map(cell, of))} |")
    return lines


def _scores(rows: Sequence[Mapping[str, Any]]) -> str:
    hota, idf1, switches = (mean(r[k] for r in rows) for k in ("hota", "idf1", "switches"))
    return f"{hota:.3f} / {idf1:.3f} / {switches:.0f}"


def _errors(rows: Sequence[Mapping[str, Any]]) -> str:
    half, most, ms = (mean(r[k] for r in rows) for k in ("off_px", "off_px_p95", "ms"))
    return f"{half:.1f} / {most:.1f} px, {ms:.1f} ms"
