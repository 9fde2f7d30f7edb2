"""How tracks may be moved with a camera that moves: the one place that says the choices."""

from __future__ import annotations

from typing import Final

from scenarios.errors import ScenarioError, unknown

__all__ = ["DEFAULT_MODE", "MODES", "check_mode"]

MODES: Final = {
    "auto": "the poses of a camera that tells them; nothing for a calibrated one that stands; else the pictures",
    "poses": "where each picture was taken from, as a dome or a drone reports it; needs a calibration",
    "picture": "what the pictures show of the camera's motion; costs nothing while they stand",
    "off": "tracks stay where they are in the picture",
}
"""Name to what it goes by."""

DEFAULT_MODE: Final = "auto"


def check_mode(mode: str, where: str = "", *, calibrated: bool = True) -> str:
    """Return the mode.

    Args:
        mode: What was asked for.
        where: The file or key in which it was asked, if any.
        calibrated: Whether it is known where the camera is.

    Raises:
        ScenarioError: It is none of ``MODES``, or there can be no poses.
    """
    if mode not in MODES:
        raise ScenarioError(unknown("camera motion", mode, MODES, where))
    if mode == "poses" and not calibrated:
        place = f"{where}: " if where else ""
        raise ScenarioError(
            f"{place}camera motion 'poses' needs a calibration, and this camera has none; 'picture' does without"
        )
    return mode
