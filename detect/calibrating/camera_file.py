"""The camera's file: what a calibration found, written so that ``--camera`` reads it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Final

import numpy as np
import tomli_w

from scenarios.calibration import load_calibration
from scenarios.camera import Camera
from scenarios.errors import ScenarioError

__all__ = ["save_camera"]

_KEPT: Final = ("id", "fps", "masks_px", "zones")
_DIGITS: Final = 12


def save_camera(camera: Camera, path: Path, *, note: str = "", overwrite: bool = False) -> None:
    """Write a calibrated camera as TOML; it is there whole or not at all.

    Of a calibration that is replaced, its name, true frame rate, masks and zones are kept: they were drawn by hand.

    Args:
        camera: The camera.
        path: File to write.
        note: How it was found, for who reads the file.
        overwrite: Replace the calibration in a file that is there.

    Raises:
        ScenarioError: The file is there already, is no calibration, or cannot be written.
    """
    table: dict[str, Any] = {"method": "matrix", "id": camera.id, "note": note}
    table["resolution_px"] = [camera.width_px, camera.height_px]
    if camera.fps is not None:
        table["fps"] = camera.fps
    if camera.masks_px:
        table["masks_px"] = [mask.tolist() for mask in camera.masks_px]
    table["matrix"] = _rounded(camera.matrix)
    table["distortion"] = _rounded(camera.distortion)
    table["rotation"] = _rounded(camera.rotation)
    table["translation_m"] = _rounded(camera.translation_m)
    if path.exists():
        if not overwrite:
            raise ScenarioError(f"{path}: exists already; choose another --out or give --force")
        table |= _of_before(path, table)
    if camera.doubt is not None:
        table["uncertainty"] = {"covariance": camera.doubt.tolist()}
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(tomli_w.dumps(table), encoding="utf-8")
        load_calibration(temporary)
        os.replace(temporary, path)  # noqa: PTH105  atomic
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be written ({error.strerror})") from None
    except ScenarioError as error:
        raise ScenarioError(str(error).replace(temporary.name, path.name)) from None
    finally:
        temporary.unlink(missing_ok=True)


def _of_before(path: Path, table: dict[str, Any]) -> dict[str, Any]:
    load_calibration(path)
    before = tomllib.loads(path.read_text(encoding="utf-8"))
    if list(before["resolution_px"]) != table["resolution_px"]:
        old, new = before["resolution_px"], table["resolution_px"]
        raise ScenarioError(
            f"{path.name}: is for {old[0]}x{old[1]} pixels and the new calibration for {new[0]}x{new[1]}; its masks "
            "and zones would not fit, so choose another --out"
        )
    return {key: before[key] for key in _KEPT if key in before}


def _rounded(values: Any) -> Any:
    return np.round(np.asarray(values, float), _DIGITS).tolist()
