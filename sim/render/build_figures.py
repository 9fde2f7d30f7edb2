"""Builds the atlas of figures: ``python -m sim.render.build_figures``; needs the extra ``figures``.

With ``--coarse-only`` the coarsest levels alone are made again, from the finest levels of the shipped atlas.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.render.build import vehicles
from sim.render.build.bodies import BodyModel
from sim.render.build.coarse import coarse_levels, poses_of
from sim.render.build.falls import falls
from sim.render.build.gait import GAITS, gait
from sim.render.build.handling import handling, wheelchair
from sim.render.build.motion import Movement
from sim.render.build.overlays import overlays
from sim.render.build.pack import Built, details_of, joined, joints_of, retarget, write
from sim.render.build.people import CAST, dressed
from sim.render.build.relevel import relevel
from sim.render.build.rig import JOINT
from sim.render.build.stances import stances
from sim.render.build.things import RIDING_TRIANGLES, things
from sim.render.library import ATLAS, JOINT_NAMES

__all__ = ["build", "movements"]

_SEED: Final = 20240607
_HEEL_M: Final = 0.06


def movements(rest_m: NDArray[np.float64]) -> list[Movement]:
    """Return every clip, made on the reference adult's skeleton."""
    gaits = [gait(name, rest_m, _HEEL_M) for name in GAITS]
    return gaits + stances(rest_m) + falls(rest_m) + handling(rest_m) + wheelchair(rest_m) + overlays(rest_m)


def _with_vehicle(person: Built, clips: dict[str, Movement], reference_m: NDArray[np.float64]) -> Built:
    """Return a person together with the wheelchair or the pram."""
    joints = len(JOINT_NAMES)
    if person.body == "wheelchair":
        return replace(person, levels=joined(person.levels, details_of(vehicles.wheelchair(joints), RIDING_TRIANGLES)))
    walking, pushing = clips["walk"], clips["push"]
    path, _ = retarget(person, walking, reference_m)
    hands = []
    for vectors, pelvis in zip(walking.vectors(), path, strict=True):
        _, place = joints_of(person, np.where(pushing.drives[:, None], pushing.vectors()[0], vectors), pelvis)
        hands += [place[JOINT[f"fingers.{side}"]] for side in ("left", "right")]
    handle = np.mean(hands, axis=0)
    levels = details_of(vehicles.pram(joints, float(handle[0]), float(handle[2])), RIDING_TRIANGLES)
    return replace(person, levels=joined(person.levels, levels))


def _with_coarse(person: Built, clips: dict[str, Movement]) -> Built:
    """Return a person with the coarsest levels, too."""
    added = coarse_levels(person, [clips[name].vectors()[k] for name, k in poses_of(person.body)])
    return replace(person, levels=added + person.levels, coarse=len(added))


def build(target: Path, only: str = "") -> None:
    """Write the atlas; the same input gives the same bytes.

    Args:
        target: The file.
        only: Beginning of the names of the people to build; empty for all.
    """
    started = time.monotonic()
    model = BodyModel()
    seeds = np.random.SeedSequence(_SEED).spawn(len(CAST) + 1)
    figures = [
        dressed(model, look, seed)
        for look, seed in zip(CAST, seeds[:-1], strict=True)
        if look is CAST[0] or look.name.startswith(only)
    ]
    reference = figures[0].rest_m
    clips = movements(reference)
    named = {clip.name: clip for clip in clips}
    figures = [_with_vehicle(f, named, reference) if f.body in ("wheelchair", "pram") else f for f in figures]
    figures = [_with_coarse(f, named) for f in figures]
    people = len(figures)
    figures += things(seeds[-1])
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target, figures, clips, reference)
    size = target.stat().st_size / 1e6
    seconds = time.monotonic() - started
    print(
        f"{target}: {people} people, {len(figures) - people} things, {len(clips)} clips, {size:.1f} MB, {seconds:.0f} s"
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ATLAS, help="the file to write")
    parser.add_argument("--only", default="", help="beginning of the names of the people to build")
    parser.add_argument(
        "--coarse-only",
        action="store_true",
        help="read the shipped atlas and make only its coarsest levels again, from the finest; needs no body model",
    )
    chosen = parser.parse_args()
    if chosen.coarse_only:
        relevel(ATLAS, chosen.out, chosen.only)
    else:
        build(chosen.out, chosen.only)


if __name__ == "__main__":
    main()
