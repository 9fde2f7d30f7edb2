"""Posed meshes that are kept: bounded memory, and no effect on any pixel but when it is painted."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.render.actors.posing import LANDMARKS, pose_meshes
from sim.render.actors.stock import LEVELS, Stock

__all__ = ["Poses"]

_ROW_BYTES: Final = 24


class Poses:
    """Keeps posed meshes in two halves of one pool: when the young half is full, the old one is forgotten.

    What was used since the halves changed stays, what was not goes: close to least-recently-used, without holes.

    Args:
        stock: The figures.
        limit_bytes: Memory for the pool; more only while one single picture needs more.
    """

    def __init__(self, stock: Stock, limit_bytes: int = 128 << 20) -> None:
        self._stock = stock
        self._half = max(1, limit_bytes // (2 * _ROW_BYTES))
        self.pool: NDArray[np.float32] = np.empty((6, 2 * self._half), np.float32)
        """Rows of all posed meshes, see `sim.render.actors.posing.pose_meshes`; shape (6, rows)."""
        self._young: dict[int, int] = {}
        self._old: dict[int, int] = {}
        self._base, self._used = 0, 0
        self.posed = 0
        """Meshes posed so far."""
        self._rows = (stock.vertex_span[..., 1] - stock.vertex_span[..., 0] + LANDMARKS).tolist()
        self._keys = len(stock.rotation) + 1

    @property
    def bytes_used(self) -> int:
        """Memory of the pool."""
        return int(self.pool.nbytes)

    def find(
        self, figure: NDArray[np.int64], level: NDArray[np.int64], key: NDArray[np.int64], overlay: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the first row of each posed mesh, posing those that are missing; all of shape (n,).

        Rows stay valid until the next call.

        Args:
            figure: Numbers of the figures.
            level: Levels of detail.
            key: Numbers of the key poses.
            overlay: Numbers of the key poses whose driven joints replace those of ``key``; -1: none.
        """
        code = ((figure * LEVELS + level) * self._keys + key) * self._keys + overlay + 1
        wanted, back = np.unique(code, return_inverse=True)
        young, old = self._young, self._old
        names = wanted.tolist()
        absent = [name for name in names if name not in young]
        need = sum(self._rows_of(name) for name in absent)
        if self._used + need > self._half:
            total = sum(self._rows_of(name) for name in names)
            if total > self._half:  # one picture needs it all
                self._half = total * 5 // 4
                self.pool = np.empty((6, 2 * self._half), np.float32)
                self._base, young = 0, {}
                old = {}
            else:
                old, young = young, {}
                self._base = self._half - self._base
            self._used, self._young, self._old = 0, young, old
            absent = names
        if absent:
            self._fetch(absent)
        return np.array([self._young[name] for name in names], np.int64)[back]

    def _rows_of(self, name: int) -> int:
        mesh = name // (self._keys * self._keys)
        return int(self._rows[mesh // LEVELS][mesh % LEVELS])

    def _fetch(self, names: list[int]) -> None:
        """Put meshes into the young half: from the old one, or posed."""
        missing = []
        for name in names:
            start, count = self._base + self._used, self._rows_of(name)
            self._used += count
            self._young[name] = start
            kept = self._old.get(name)
            if kept is not None:
                self.pool[:, start : start + count] = self.pool[:, kept : kept + count]
                continue
            mesh, rest = divmod(name, self._keys * self._keys)
            key, overlay = divmod(rest, self._keys)
            missing.append((mesh // LEVELS, mesh % LEVELS, key, overlay - 1, start))
        if missing:
            self.posed += len(missing)
            self._pose(np.array(missing, np.int64))

    def _pose(self, wanted: NDArray[Any]) -> None:
        s = self._stock
        pose_meshes(
            wanted, s.parents, s.rest, s.rotation, s.root, s.drives, s.anchors, s.anchor_joint,
            s.vertex, s.joint, s.weight, s.weld, s.vertex_span, s.triangle, s.triangle_span, self.pool,
        )  # fmt: skip
