"""Films on one core and prints what it cost as JSON; a process of its own for each job, so that memory is that job's.

python -m benchmarks.film_worker speed|people|effects ROUNDS
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from benchmarks.film_set import FilmSet, build_set, forecourt
from scenarios.conditions import EFFECTS, Conditions
from sim.render.compositor import Compositor
from sim.render.video import VideoWriter
from sim.state import Snapshot

__all__ = ["COUNTS", "SEVERITIES"]

PEOPLE: Final = 200
COUNTS: Final = (25, 50, 100, 200, 400, 800)
SEVERITIES: Final = (1.0, 3.0, 5.0)
_INSTANTS: Final = 125
_FIRST: Final = 25
"""Pictures until most poses have been needed once."""
_SEED: Final = 1


def main() -> None:
    """Do one job."""
    job, rounds = sys.argv[1], int(sys.argv[2])
    cv2.setNumThreads(1)
    jobs: dict[str, Callable[[int], dict[str, Any]]] = {"speed": _speed, "people": _people, "effects": _effects}
    found = jobs[job](rounds)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    print(json.dumps(found | {"peak_bytes": _peak_bytes(), "cores": cores}))


def _speed(rounds: int) -> dict[str, Any]:
    """Two hundred people, lens, noise and shadows: first pictures, later ones that are new, and again with H.264."""
    filmed = build_set(_INSTANTS)
    snapshots = filmed.with_people(PEOPLE)
    compositor = _compositor(filmed, {})
    compositor.shoot(filmed.with_people(1)[0], 0)  # loads the compiled kernels
    cold = [_cost(compositor, [s]) for s in snapshots[:_FIRST]]
    new = _cost(compositor, snapshots[_FIRST:])
    plain, encoded = [], []
    with tempfile.TemporaryDirectory() as folder:
        _encoded(compositor, snapshots[:3], Path(folder))  # loads the encoder
        for _ in range(rounds):
            plain.append(_cost(compositor, snapshots))
            encoded.append(_encoded(compositor, snapshots, Path(folder)))
        size = (Path(folder) / "film.mp4").stat().st_size
    return {
        "people": PEOPLE,
        "objects": len(snapshots[0].objects.id),
        "median_height_px": filmed.heights_px,
        "first_picture_s": cold[0],
        "cold_s": statistics.mean(cold),
        "new_s": new,
        "plain_s": statistics.median(plain),
        "encoded_s": statistics.median(encoded),
        "crowd_step_s": filmed.step_s,
        "crowd": len(filmed.snapshots[0].people.id),
        "film_bytes_per_frame": size / len(snapshots),
    }


def _people(rounds: int) -> dict[str, Any]:
    """The cost of a picture against the number of people in it, in turn."""
    filmed = build_set(_FIRST)
    compositor = _compositor(filmed, {})
    crowds = {count: filmed.with_people(count) for count in COUNTS}
    empty = filmed.with_people(0)
    for snapshots in (empty, *crowds.values()):
        _cost(compositor, snapshots)
    costs: dict[int, list[float]] = {count: [] for count in (0, *COUNTS)}
    for _ in range(rounds):
        for count, snapshots in {0: empty, **crowds}.items():
            costs[count].append(_cost(compositor, snapshots))
    return {"frame_s": {count: statistics.median(values) for count, values in costs.items()}}


def _effects(rounds: int) -> dict[str, Any]:
    """What each effect of `Conditions` adds to a picture, at each severity; with H.264 where it is in the film."""
    filmed = build_set(8)
    snapshots = filmed.with_people(PEOPLE)
    plain = _compositor(filmed, {})
    _cost(plain, snapshots)
    found: dict[str, dict[str, float]] = {}
    base = []
    with tempfile.TemporaryDirectory() as folder:
        for key in EFFECTS:
            for severity in SEVERITIES:
                compositor = _compositor(filmed, {key: severity})
                if key == "compression":
                    bits = Conditions(compression=severity).bits_per_pixel
                    squeezed = partial(_encoded, compositor, snapshots, Path(folder), bits)
                    usual = partial(_encoded, plain, snapshots, Path(folder))
                else:
                    squeezed, usual = partial(_cost, compositor, snapshots), partial(_cost, plain, snapshots)
                squeezed()
                pairs = [(squeezed(), usual()) for _ in range(rounds)]
                base += [without for _, without in pairs if key != "compression"]
                found.setdefault(key, {})[f"{severity:g}"] = statistics.median(a - b for a, b in pairs)
        for key, off in (("shadow", {"shadow": 0.0}), ("noise (severity 1)", {"noise": 0.0})):
            compositor = _compositor(filmed, off)
            _cost(compositor, snapshots)
            pairs = [(_cost(plain, snapshots), _cost(compositor, snapshots)) for _ in range(rounds)]
            found[f"{key}, in every picture above"] = {"": statistics.median(a - b for a, b in pairs)}
    return {"effect_s": found, "base_s": statistics.median(base)}


def _compositor(filmed: FilmSet, conditions: dict[str, Any]) -> Compositor:
    scenario = forecourt(conditions)
    return Compositor(scenario, filmed.scenario.cameras[0].build(), np.random.default_rng(_SEED))


def _cost(compositor: Compositor, snapshots: Sequence[Snapshot]) -> float:
    """CPU seconds a picture: what a core of its own would take."""
    started = time.process_time()
    for index, snapshot in enumerate(snapshots):
        compositor.shoot(snapshot, index)
    return (time.process_time() - started) / len(snapshots)


def _encoded(compositor: Compositor, snapshots: Sequence[Snapshot], folder: Path, bits: float | None = None) -> float:
    """CPU seconds a picture with H.264; the encoder's thread counts as well."""
    camera, fps = compositor.camera, forecourt().fps
    started = time.process_time()
    with VideoWriter(folder / "film.mp4", camera.width_px, camera.height_px, fps, bits_per_pixel=bits) as writer:
        for index, snapshot in enumerate(snapshots):
            writer.write(compositor.shoot(snapshot, index).frame.image)
    return (time.process_time() - started) / len(snapshots)


def _peak_bytes() -> int | None:
    """The most memory that this process has held; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    main()
