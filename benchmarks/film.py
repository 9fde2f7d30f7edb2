"""What a picture costs: speed on one core with and without H.264, cost against people, memory, each effect.

python -m benchmarks.film [--json] [--rounds 5] [--no-effects] [--doc docs/film.md]

One camera of 1280 x 720 pixels with lens distortion, shadows and sensor noise over a stadium's forecourt
(`benchmarks.film_set`), 200 people whole in the picture. Every job runs in a process of its own that is pinned to one
core and counts CPU seconds, its threads' included: what a core of its own would take, whatever else the machine does.
The crowd's motion is not counted; it is told apart.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer

from benchmarks.claims import Claim, show
from benchmarks.film_worker import COUNTS, SEVERITIES

_PLAIN_FPS: Final = 80.0
_ENCODED_FPS: Final = 50.0
_MEMORY_BYTES: Final = 1e9
_LINEAR: Final = 1.1
_THREADS: Final = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_ONE_THREAD: Final = dict.fromkeys(_THREADS, "1")


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Medians over so many.")] = 5,
    effects: Annotated[bool, typer.Option("--effects/--no-effects", help="Each effect's cost.")] = True,
    doc: Annotated[Path | None, typer.Option("--doc", help="Write the tables as Markdown.")] = None,
) -> None:
    """Measure what a picture costs."""
    _job("speed", 1)  # once for nothing: compiles what is not compiled
    told: dict[str, Any] = {job: _job(job, rounds) for job in ("speed", "people")}
    if effects:
        told["effects"] = _job("effects", max(1, rounds - 2))
    told["command"] = " ".join(["python -m benchmarks.film", *sys.argv[1:]])
    if doc is not None:
        doc.write_text(_page(told), encoding="utf-8")
    show(_claims(told), as_json=as_json, more={"film": told})
    if not as_json:
        print(_page(told))


def _job(name: str, rounds: int) -> dict[str, Any]:
    """Run one job in a process of its own on one core."""
    command = [sys.executable, "-m", "benchmarks.film_worker", name, str(rounds)]
    pin: Any = None
    if hasattr(os, "sched_setaffinity"):
        core = max(os.sched_getaffinity(0))

        def pin() -> None:
            os.sched_setaffinity(0, {core})

    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | _ONE_THREAD, preexec_fn=pin
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _exponent(frame_s: dict[str, float]) -> tuple[float, float]:
    """Return the exponent of the cost over an empty picture against people, and the cost of one person.

    The slope of a line through the logarithms: 1 is linear, less is better than linear.
    """
    counts = np.array(COUNTS, float)
    more = np.array([frame_s[str(n)] - frame_s["0"] for n in COUNTS])
    return float(np.polyfit(np.log(counts), np.log(np.maximum(more, 1e-6)), 1)[0]), float(more[-1] / counts[-1])


def _claims(told: dict[str, Any]) -> list[Claim]:
    speed = told["speed"]
    exponent, _ = _exponent(told["people"]["frame_s"])
    size = f"720p, {speed['people']} people, lens, noise, shadows, one core"
    return [
        Claim.at_least(f"film: {size}: frames/s without encoding", 1 / speed["plain_s"], _PLAIN_FPS),
        Claim.at_least(f"film: {size}: frames/s with H.264", 1 / speed["encoded_s"], _ENCODED_FPS),
        Claim.at_least(f"film: {size}: frames/s of the first {25} pictures", 1 / speed["cold_s"], None),
        Claim.at_most(
            f"film: exponent of the cost against people, {COUNTS[0]} to {COUNTS[-1]} (1: linear)", exponent, _LINEAR
        ),
        Claim.at_most(
            f"film: {size}: peak memory of the process in bytes, H.264 and {speed['crowd']} people simulated",
            speed["peak_bytes"],
            _MEMORY_BYTES,
        ),
    ]


def _page(told: dict[str, Any]) -> str:
    speed, frame_s = told["speed"], told["people"]["frame_s"]
    exponent, each = _exponent(frame_s)
    lines = [
        "# What a picture costs",
        "",
        f"`{told['command']}`",
        "",
        f"One core, 1280 x 720, {speed['people']} people (median height {speed['median_height_px']:.0f} px) and "
        f"{speed['objects']} bags in the picture, lens distortion,",
        "shadows and sensor noise. CPU seconds of the process, medians.",
        "",
        "| what | ms a picture | pictures a second |",
        "| --- | --- | --- |",
    ]
    for what, key in (
        ("without encoding", "plain_s"),
        ("with H.264", "encoded_s"),
        ("the first 25 pictures, without encoding", "cold_s"),
        ("the next 100, which are new as well, without encoding", "new_s"),
        ("the very first picture", "first_picture_s"),
        (
            f"the crowd's motion between two pictures ({speed['crowd']} people), not counted above",
            "crowd_step_s",
        ),
    ):
        lines.append(f"| {what} | {1000 * speed[key]:.1f} | {1 / speed[key]:.0f} |")
    lines += [
        "",
        f"Peak memory of the process: {(speed['peak_bytes'] or 0) / 1e6:.0f} MB. "
        f"The film takes {speed['film_bytes_per_frame'] / 1000:.0f} kB a picture.",
        "",
        "| people in the picture | 0 | " + " | ".join(str(n) for n in COUNTS) + " |",
        "| --- | --- | " + " | ".join("---" for _ in COUNTS) + " |",
        "| ms a picture | " + " | ".join(f"{1000 * frame_s[str(n)]:.1f}" for n in (0, *COUNTS)) + " |",
        "",
        f"Exponent of the cost over an empty picture against people: {exponent:.2f} (1: linear); "
        f"{1e6 * each:.0f} microseconds a person at {COUNTS[-1]}.",
    ]
    if "effects" in told:
        effects = told["effects"]
        lines += [
            "",
            f"What each effect adds to a picture of {1000 * effects['base_s']:.1f} ms, at severities "
            + ", ".join(f"{s:g}" for s in SEVERITIES)
            + ":",
            "",
            "| effect | " + " | ".join(f"{s:g}, ms" for s in SEVERITIES) + " |",
            "| --- | " + " | ".join("---" for _ in SEVERITIES) + " |",
        ]
        for key, cost in effects["effect_s"].items():
            if "" in cost:
                lines.append(f"| {key} | {1000 * cost['']:+.1f} | | |")
            else:
                lines.append(f"| {key} | " + " | ".join(f"{1000 * cost[f'{s:g}']:+.1f}" for s in SEVERITIES) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    typer.run(main)
