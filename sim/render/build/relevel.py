"""Makes the coarsest levels of an atlas again, from its finest; everything else stays as it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.render.build.coarse import coarse_levels, poses_of
from sim.render.build.pack import Built, Level, packed
from sim.render.library import Figure, library

__all__ = ["relevel"]

_BY_VERTEX: Final = ("vertices", "joints", "weights", "uv", "occlusion")
_BY_TRIANGLE: Final = ("triangles", "region")


def relevel(source: Path, target: Path, only: str = "") -> None:
    """Write an atlas whose coarsest levels are made anew.

    Args:
        source: An atlas.
        target: The file to write; may be the same.
        only: Beginning of the names of the figures to change; empty for all.
    """
    started = time.monotonic()
    held = library(source)
    with source.open("rb") as file, np.load(file, allow_pickle=False) as opened:
        arrays: dict[str, NDArray[Any]] = {name: opened[name] for name in opened.files}
    old = arrays.get("figure_coarse", np.zeros(len(arrays["figure_name"]), np.int64))
    vertex = np.concatenate([[0], np.cumsum(arrays["detail_vertices"])])
    face = np.concatenate([[0], np.cumsum(arrays["detail_triangles"])])
    pieces: dict[str, list[NDArray[Any]]] = {
        name: [] for name in (*_BY_VERTEX, *_BY_TRIANGLE, "detail_vertices", "detail_triangles")
    }
    details, coarse, first = [], [], 0
    for i, figure in enumerate(held.figures.values()):
        last = first + len(figure.details)
        kept = first
        if figure.kind == "person" and figure.name.startswith(only):
            poses = [held.clip(name).rotations[k].astype(np.float64) for name, k in poses_of(figure.body)]
            made = coarse_levels(_built(figure), poses)
            for name, values in packed(list(made)).items():
                pieces[name].append(values)
            kept = first + int(old[i])
            details.append(len(made) + last - kept)
            coarse.append(len(made))
            print(f"{figure.name}: {[len(level.triangles) for level in made]} triangles", flush=True)
        else:
            details.append(len(figure.details))
            coarse.append(int(old[i]))
        pieces["detail_vertices"].append(arrays["detail_vertices"][kept:last])
        pieces["detail_triangles"].append(arrays["detail_triangles"][kept:last])
        for name in _BY_VERTEX:
            pieces[name].append(arrays[name][vertex[kept] : vertex[last]])
        for name in _BY_TRIANGLE:
            pieces[name].append(arrays[name][face[kept] : face[last]])
        first = last
    arrays |= {name: np.concatenate(values) for name, values in pieces.items()}
    arrays |= {"figure_details": np.array(details, np.int64), "figure_coarse": np.array(coarse, np.int64)}
    np.savez_compressed(target, allow_pickle=False, **arrays)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB, {time.monotonic() - started:.0f} s")


def _built(figure: Figure) -> Built:
    """Return a figure of an atlas with its finest level alone, as the build holds it."""
    fine = figure.details[-1]
    weights = np.zeros((len(fine.vertices_m), len(figure.rest_m)))
    np.add.at(weights, (np.arange(len(weights))[:, None], fine.joints), fine.weights)
    level = Level(
        fine.vertices_m.astype(np.float64), fine.triangles.astype(np.int64), weights, fine.region,
        fine.uv.astype(np.float64), fine.occlusion.astype(np.float64),
    )  # fmt: skip
    return Built(
        figure.name, figure.kind, figure.body, figure.height_m, tuple(sorted(figure.tags)),
        figure.rest_m.astype(np.float64), (level,), figure.anchors_m.astype(np.float64),
        (level.vertices_m, level.weights),
    )  # fmt: skip
