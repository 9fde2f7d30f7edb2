"""Which pixels show whom: masks in COCO's run-length code, one row an instance and picture.

Table ``MASKS``: camera str, frame i4, id i4, area_px i4, counts str: COCO's compressed run-length code of the pixels
that can be seen, for a picture of the camera's height and width.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from scenarios.errors import RecordingError

__all__ = ["MASKS", "MaskWriter", "decode_mask", "encode_mask", "load_masks"]

MASKS: Final = pa.schema(
    [
        ("camera", pa.string()),
        ("frame", pa.int32()),
        ("id", pa.int32()),
        ("area_px", pa.int32()),
        ("counts", pa.string()),
    ]
)
_GROUPS: Final = 8
"""Runs are shorter than 2^39 pixels."""
_ROWS_HELD: Final = 20_000


def encode_mask(mask: NDArray[np.bool_], at_px: tuple[int, int], size_px: tuple[int, int]) -> str:
    """Return a mask in COCO's compressed run-length code.

    Runs go down the columns, first of zeros; from the fourth on the difference to the run before the last is written,
    five bits a character.

    Args:
        mask: A part of the picture that holds all of the mask, shape (h, w).
        at_px: Column and row of its upper left pixel.
        size_px: Width and height of the picture.
    """
    width, height = size_px
    high, wide = mask.shape
    framed = np.zeros((wide, high + 2), np.int8)
    framed[:, 1:-1] = mask.T
    step = np.diff(framed, axis=1)
    column, row = np.nonzero(step > 0)
    starts = (column + at_px[0]) * height + row + at_px[1]
    column, row = np.nonzero(step < 0)
    ends = (column + at_px[0]) * height + row + at_px[1]
    joined = np.flatnonzero(starts[1:] == ends[:-1])  # from the foot of a column to the head of the next
    starts, ends = np.delete(starts, joined + 1), np.delete(ends, joined)
    edges = np.stack((starts, ends), axis=1).ravel()
    runs = np.diff(np.concatenate(([0], edges, [width * height])))
    if runs[-1] == 0:
        runs = runs[:-1]
    written = runs.astype(np.int64)
    written[3:] -= runs[1:-2]
    characters = np.zeros((len(written), _GROUPS), np.uint8)
    used = np.zeros((len(written), _GROUPS), np.bool_)
    going = np.ones(len(written), np.bool_)
    rest = written.copy()
    for k in range(_GROUPS):
        group = rest & 31
        rest >>= 5
        more = np.where(group & 16, rest != -1, rest != 0)
        characters[:, k] = group + 32 * more + 48
        used[:, k] = going
        going &= more
    return characters[used].tobytes().decode("ascii")


def decode_mask(counts: str, size_px: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the mask of a run-length code, shape (height, width).

    Raises:
        ValueError: The code is not of a picture of this size.
    """
    width, height = size_px
    runs: list[int] = []
    value, shift = 0, 0
    for character in counts.encode("ascii"):
        group = character - 48
        value |= (group & 31) << shift
        shift += 5
        if not group & 32:
            if group & 16:
                value -= 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value, shift = 0, 0
    if shift or min(runs, default=0) < 0 or sum(runs) > width * height:
        raise ValueError(f"is no run-length code of a picture of {width} x {height}")
    runs.append(width * height - sum(runs))
    inside = np.arange(len(runs)) % 2 == 1
    return np.repeat(inside, runs).reshape(width, height).T


class MaskWriter:
    """Writes masks into a Parquet file while a film is made. A context manager.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: Any = pq.ParquetWriter(path, MASKS, compression="zstd")
        self._rows: dict[str, list[Any]] = {name: [] for name in MASKS.names}

    def add(
        self,
        camera_id: str,
        frame: int,
        instance_id: NDArray[np.int32],
        ids: NDArray[np.int32],
        visible_px: NDArray[np.float64],
    ) -> None:
        """Add one picture.

        Args:
            camera_id: Whose picture.
            frame: Its number.
            instance_id: Whom each pixel shows, shape (h, w).
            ids: Who is in it, shape (k,).
            visible_px: The box around the seen pixels of each, x1, y1, x2, y2; nan where there are none; (k, 4).
        """
        height, width = instance_id.shape
        for who, box in zip(ids.tolist(), visible_px, strict=True):
            if not np.isfinite(box[0]):
                continue
            x1, y1, x2, y2 = (int(v) for v in box)
            mask = instance_id[y1:y2, x1:x2] == who
            values = (camera_id, frame, who, int(mask.sum()), encode_mask(mask, (x1, y1), (width, height)))
            for name, value in zip(MASKS.names, values, strict=True):
                self._rows[name].append(value)
        if len(self._rows["id"]) >= _ROWS_HELD:
            self._flush()

    def close(self) -> None:
        """Finish the file."""
        self._flush()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _flush(self) -> None:
        self._file.write_table(pa.table(self._rows, MASKS))
        self._rows = {name: [] for name in MASKS.names}


def load_masks(path: Path) -> pa.Table:
    """Read a file of masks.

    Raises:
        RecordingError: It is not there or cannot be read.
    """
    try:
        return pq.read_table(path)
    except FileNotFoundError:
        raise RecordingError(f"{path}: this film has no masks; make it again with --masks") from None
    except (OSError, pa.ArrowException) as error:
        raise RecordingError(f"{path}: cannot be read ({error})") from None
