"""What wind does to a hovering drone and its camera: sway and small turns, by spectrum, from a seed."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Shake"]

Floats = NDArray[np.float64]

_TERMS: Final = 96
_BAND_HZ: Final = (0.01, 12.0)
_GRAVITY_MPS2: Final = 9.81
_DRAG_S: Final = 3.0
"""Time in which drag takes a small multicopter along with the air."""
_HOLD_RADPS: Final = 0.9
_HOLD_DAMPING: Final = 0.7
_AIRFRAME_HZ: Final = 4.0
"""The airframe does not turn faster than so."""
_YAW_DEG_PER_MPS: Final = 0.25
_MOTOR_DEG: Final = 0.006
"""What the motors shake through any gimbal: standard deviation about each axis, 5 to 12 Hz."""
_FOOT_M: Final = 0.3048


class Shake:
    """Displacement and turns of a drone's camera as a function of time.

    The air: Dryden's spectra of low-altitude turbulence (MIL-F-8785C, 1980, section 3.7) for the mean wind, carried
    past the hovering drone by it. The drone: drag couples gusts to it, a second-order position hold brings it back and
    tilts it for that. The gimbal takes away what is slower than its bandwidth. Each sum of sinusoids has the resulting
    spectrum (Shinozuka and Deodatis 1991, DOI 10.1115/1.3119501, equation 37), so that every instant can be asked for
    by itself.

    Args:
        wind_mps: Mean wind at 6 m.
        height_m: How high the drone flies.
        gimbal_hz: Bandwidth of the gimbal; 0: none, the camera turns with the airframe.
        rng: Draws the phases.
    """

    def __init__(self, wind_mps: float, height_m: float, gimbal_hz: float, rng: np.random.Generator) -> None:
        hz = np.geomspace(*_BAND_HZ, _TERMS + 1)
        hz = hz[:-1] + rng.random(_TERMS) * np.diff(hz)  # no common period
        width = np.gradient(hz)
        self._omega = 2 * np.pi * hz
        along, across = _dryden(2 * np.pi * hz, wind_mps, height_m)
        s = 1j * self._omega
        # x'' = (u - x') / drag - hold^2 x - 2 damping hold x'
        moved = (1 / _DRAG_S) / (s**2 + (2 * _HOLD_DAMPING * _HOLD_RADPS + 1 / _DRAG_S) * s + _HOLD_RADPS**2)
        asked = (2 * _HOLD_DAMPING * _HOLD_RADPS * s + _HOLD_RADPS**2) * moved / _GRAVITY_MPS2
        frame = 1 / (1 + s / (2 * np.pi * _AIRFRAME_HZ)) ** 2
        left = s / (s + 2 * np.pi * gimbal_hz) if gimbal_hz else np.ones_like(s)
        turned = np.degrees(1) * asked * frame * left
        yaw = _YAW_DEG_PER_MPS * frame * left
        gust = np.sqrt(2 * np.stack((along, across, across)) * 2 * np.pi * width)  # amplitudes, m/s
        motor = np.where(hz > 5, 1.0, 0.0)
        motor *= _MOTOR_DEG * np.sqrt(2 / max(motor.sum(), 1))
        phase = rng.uniform(0, 2 * np.pi, (3, _TERMS))
        shaken = rng.uniform(0, 2 * np.pi, (3, _TERMS))
        wave = np.exp(1j * phase)
        blown = gust * moved * wave * np.array((1.0, 1.0, 0.35))[:, None]  # lift holds the height better
        cos, sin = np.cos(wind_from := rng.uniform(0, 2 * np.pi)), np.sin(wind_from)
        self._sway = np.array(((cos, -sin, 0.0), (sin, cos, 0.0), (0.0, 0.0, 1.0))) @ blown
        blows = min(1.0, wind_mps)
        # the same gusts tilt the frame (pitch from the first, roll from the second) and turn it
        self._turn = np.stack((gust[2] * yaw * wave[2], gust[0] * turned * wave[0], gust[1] * turned * wave[1]))
        self._turn += motor * np.exp(1j * shaken) * blows

    def at(self, time_s: float) -> tuple[Floats, Floats]:
        """Return sway (x, y, z) in metres and turns (pan, tilt, roll) in degrees at one instant."""
        wave = np.exp(1j * self._omega * time_s)
        return np.real(self._sway @ wave), np.real(self._turn @ wave)


def _dryden(omega: Floats, wind_mps: float, height_m: float) -> tuple[Floats, Floats]:
    """Spectra of the gusts along and across the wind, (m/s)^2 per rad/s, one-sided."""
    feet = float(np.clip(height_m / _FOOT_M, 10.0, 1000.0))
    bend = 0.177 + 0.000823 * feet
    length = feet / bend**1.2 * _FOOT_M
    sigma = 0.1 * wind_mps / bend**0.4
    speed = max(wind_mps, 0.5)
    reach = length / speed
    along = sigma**2 * 2 * reach / np.pi / (1 + (reach * omega) ** 2)
    across = sigma**2 * reach / np.pi * (1 + 3 * (reach * omega) ** 2) / (1 + (reach * omega) ** 2) ** 2
    return along, across
