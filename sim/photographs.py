"""Photographs of anything without people, cut into plates: what stands behind drawn people is then real."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from scenarios.errors import ScenarioError

__all__ = ["cut_plates", "photographs_in", "plates_in", "sum_of"]

_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp")
_CUTS: Final = 3
"""Of each photograph in each size."""
_STREAM: Final = 0x9407


def photographs_in(folder: Path) -> list[Path]:
    """Return the pictures of a folder and of the folders in it, in the order of their names.

    Raises:
        ScenarioError: There are none.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not found:
        raise ScenarioError(f"{folder}: holds no pictures ({', '.join(_SUFFIXES)}); give a folder of photographs")
    return found


def sum_of(photographs: Sequence[Path]) -> str:
    """Return one SHA-256 over the contents of the pictures."""
    told = hashlib.sha256()
    for path in photographs:
        told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def cut_plates(photographs: Sequence[Path], folder: Path, sizes: Sequence[tuple[int, int]], seed: int) -> None:
    """Cut parts of photographs, of any scale, each second one mirrored, and write ``WIDTHxHEIGHT_NUMBER.png``.

    Args:
        photographs: Pictures without people.
        folder: Where to.
        sizes: Width and height in pixels.
        seed: Decides what is cut.

    Raises:
        ScenarioError: A picture cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(photographs):
        whole = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
        if whole is None:
            raise ScenarioError(f"{path}: is no picture that can be read; remove it from the folder")
        rng = np.random.default_rng((_STREAM, seed, number))
        for width, height in sizes:
            for cut in range(_CUTS):
                plate = _cut(whole, width, height, rng)
                cv2.imwrite(str(folder / f"{width}x{height}_{number:04d}_{cut}.png"), plate)


def plates_in(folder: Path) -> dict[tuple[int, int], list[str]]:
    """Return the names of the plates that `cut_plates` wrote, by width and height."""
    found: dict[tuple[int, int], list[str]] = {}
    for path in sorted(folder.glob("*.png")):
        width, height = path.name.split("_")[0].split("x")
        found.setdefault((int(width), int(height)), []).append(path.name)
    return found


def _cut(whole: np.ndarray, width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    most = min(whole.shape[1] / width, whole.shape[0] / height)
    scale = float(np.exp(rng.uniform(np.log(min(1.0, most)), np.log(most))))
    wide, high = int(width * scale), int(height * scale)
    x = int(rng.integers(whole.shape[1] - wide + 1))
    y = int(rng.integers(whole.shape[0] - high + 1))
    part = cv2.resize(whole[y : y + high, x : x + wide], (width, height), interpolation=cv2.INTER_AREA)
    return part[:, ::-1] if rng.random() < 0.5 else part
