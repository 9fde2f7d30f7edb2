"""The calibration of a real camera, from a TOML file; `scenarios.calibrated` says how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from scenarios.calibrated import Calibrated
from scenarios.camera import Camera
from scenarios.errors import ScenarioError
from scenarios.load import model_error, read_toml
from scenarios.venue import Zone

__all__ = ["Calibration", "load_calibration"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A real camera and the zones of its floor.

    Attributes:
        camera: The calibrated camera.
        zones: What the rules watch; may be empty.
    """

    camera: Camera
    zones: tuple[Zone, ...]


class _File(BaseModel):
    camera: Calibrated


def load_calibration(path: Path) -> Calibration:
    """Read a camera's calibration.

    Raises:
        ScenarioError: The file cannot be read, a key is wrong, or the camera sees no ground.
    """
    raw = read_toml(path)
    try:
        spec = _File.model_validate({"camera": raw}).camera
    except ValidationError as error:
        raise ScenarioError(model_error(error, _File, path.name)) from None
    camera = spec.build()
    if camera.footprint().is_empty:
        raise ScenarioError(f"{path.name}: this camera sees no ground within 200 m; check its rotation and position")
    return Calibration(camera, tuple(spec.zones))
