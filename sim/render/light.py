"""The light of a scene: sun, sky, lamps, the illuminator on the camera, the air between, and the exposure for it all.

The renderer's colours are those of surfaces in full daylight, in picture values; light is a factor on them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.conditions import Conditions
from scenarios.venue import Venue
from sim.render.exposure import DAYLIGHT_LUX, Exposure
from sim.render.lamps import Lamps

__all__ = [
    "AIRLIGHT", "KEY", "KEY_BGR", "KEY_SHADOW", "LIGHT_COLUMNS", "SKY", "SKY_BGR", "SUN", "SUN_BGR", "SUN_SHADOW",
    "TO_KEY", "TO_SUN", "TRANSMISSION", "Light", "brightness_of", "light_on",
]  # fmt: skip

TO_SUN: Final = 0
SKY: Final = 3
SUN: Final = 4
SKY_BGR: Final = 5
SUN_BGR: Final = 8
TO_KEY: Final = 11
KEY: Final = 14
KEY_BGR: Final = 15
TRANSMISSION: Final = 18
AIRLIGHT: Final = 19
SUN_SHADOW: Final = 22
KEY_SHADOW: Final = 23
LIGHT_COLUMNS: Final = 24
"""Columns of `Light.on_figures`; names ending in BGR, and TO_SUN, TO_KEY, AIRLIGHT, are the first of three."""

_CHEST_M: Final = 1.1
_LOW_SUN: Final = 2.3
"""What a surface square to a low sun gets from it, against level ground in full light."""
_LOW_SHADE: Final = 0.27
"""How deep the shadows of a low sun are on level ground; in truth they pale as it sets."""
_FOG_BGR: Final = np.array((214.0, 209.0, 204.0))
_WARM_BGR: Final = np.array((0.46, 0.80, 1.16))
_SHADE_BGR: Final = np.array((0.90, 0.955, 1.02))
_DUSK_BGR: Final = np.array((1.15, 1.0, 0.88))
_TOWN_BGR: Final = np.array((0.94, 0.97, 1.03))
_ENOUGH_LUX: Final = 2.0
"""Light of the infrared illuminator at its reach."""


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Sun and sky, which together give 1 to level ground in full daylight; and what the hour makes of it.

    Attributes:
        to_sun: Unit vector towards the sun (x east, y north, z up), shape (3,).
        sky: What level ground gets from the sky alone.
        sun: What a surface square to the sun gets from it besides.
        sky_bgr: Colour of the sky's light, shape (3,).
        sun_bgr: Colour of the sun's, shape (3,).
        lamps: Lamps that burn; None: none, and full daylight.
        exposure: Of the camera.
        sky_lux: Light of sun and sky on level ground.
        extinction_per_m: Of the air.
        airlight_bgr: Colour of thick fog in the picture, shape (3,).
        eye_m: The camera, shape (3,).
        forward: Where it looks, unit vector, shape (3,).
        reach_m: Of the infrared illuminator beside the camera; 0: none.
        darkness: 0 by day to 5 at night: windows are lit from about 1.5 on.
        overcast: How far clouds hide the blue and the sun, 0 to 1.
        wetness: Of the floor, 0 dry to 1 standing water.
        snow_cover: Share of the floor under snow, 0 to 1.
        infrared: Whether the picture is one of infrared light: grey, and clothes without their colours.
    """

    to_sun: NDArray[np.float64]
    sky: float
    sun: float
    sky_bgr: NDArray[np.float64] = field(default_factory=lambda: np.ones(3))
    sun_bgr: NDArray[np.float64] = field(default_factory=lambda: np.ones(3))
    lamps: Lamps | None = None
    exposure: Exposure = Exposure(1 / DAYLIGHT_LUX, 0.0)  # noqa: RUF009 (frozen)
    sky_lux: float = DAYLIGHT_LUX
    extinction_per_m: float = 0.0
    airlight_bgr: NDArray[np.float64] = field(default_factory=lambda: _FOG_BGR.copy())
    eye_m: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    forward: NDArray[np.float64] = field(default_factory=lambda: np.array((1.0, 0.0, 0.0)))
    reach_m: float = 0.0
    darkness: float = 0.0
    overcast: float = 0.0
    wetness: float = 0.0
    snow_cover: float = 0.0
    infrared: bool = False

    @classmethod
    def of(cls, conditions: Conditions, venue: Venue | None = None, camera: Camera | None = None) -> Light:
        """Return the light of a scenario's conditions.

        Args:
            conditions: Of the scenario.
            venue: Its lamps burn; None: none.
            camera: Whose exposure it is, and which carries the infrared illuminator.
        """
        azimuth, elevation = np.radians(conditions.sun_azimuth_deg), np.radians(conditions.sun_height_deg)
        to_sun = np.array((np.sin(azimuth) * np.cos(elevation), np.cos(azimuth) * np.cos(elevation), np.sin(elevation)))
        up = float(to_sun[2])
        dark = conditions.sky_dark
        risen = max(0.0, 1.0 - dark / 2) * (1.0 - 0.9 * conditions.overcast)
        taken = 0.66 * conditions.shadow * risen
        low = min(1.0, conditions.low_sun)
        beam = max(_LOW_SUN, min(_LOW_SHADE / up, 3.0)) * min(1.0, 0.65 / up)
        sun = (1 - low) * taken / max(up, 0.42) + low * beam * risen * max(conditions.shadow, 0.75)
        sky = (1 - low) * (1 - taken) + low * (1 - sun * up)
        warmth = float(np.interp(conditions.sun_height_deg, (4, 25), (1, 0))) * low
        dusk = float(np.interp(dark, (0, 3, 4, 5), (0, 1, 0.8, 0)))
        night = float(np.interp(dark, (3.5, 5), (0, 1)))
        sky_bgr = (_SHADE_BGR**warmth) * (_DUSK_BGR**dusk) * (_TOWN_BGR**night)
        lamps = Lamps.of(venue, conditions) if venue is not None else None
        from_lamps = lamps.mean_lux(venue) if lamps is not None and venue is not None else 0.0
        reach = conditions.illuminator_reach_m
        mean = conditions.sky_lux + from_lamps + (_illuminated(reach, _middle_m(camera)) if reach else 0.0)
        exposure = Exposure.metered(mean, conditions.exposure, conditions.gain_db)
        veil_lux = conditions.sky_lux + 0.3 * (mean - conditions.sky_lux)
        in_colour = np.ones(3) if conditions.infrared else sky_bgr
        return cls(
            to_sun=to_sun,
            sky=sky,
            sun=sun,
            sky_bgr=np.ones(3) if conditions.infrared else sky_bgr,
            sun_bgr=np.ones(3) if conditions.infrared else _WARM_BGR**warmth,
            lamps=lamps,
            exposure=exposure,
            sky_lux=conditions.sky_lux,
            extinction_per_m=conditions.extinction_per_m,
            airlight_bgr=np.minimum(_FOG_BGR * in_colour * float(exposure.shown(veil_lux)), 235.0),
            eye_m=camera.position_m if camera is not None else np.zeros(3),
            forward=camera.rotation[2].copy() if camera is not None else np.array((1.0, 0.0, 0.0)),
            reach_m=reach,
            darkness=dark,
            overcast=conditions.overcast,
            wetness=conditions.wetness,
            snow_cover=conditions.snow_cover,
            infrared=conditions.infrared > 0,
        )

    @property
    def plain(self) -> bool:
        """Whether it is full daylight in clear air over a dry floor, all white: only sun, sky and exposure count."""
        return bool(
            self.darkness == 0
            and self.extinction_per_m == 0
            and self.wetness == 0
            and self.snow_cover == 0
            and not self.infrared
            and (self.sun_bgr == 1).all()
            and (self.sky_bgr == 1).all()
        )

    def array(self) -> NDArray[np.float64]:
        """Return x, y, z towards the sun, sky, sun: what the kernels read, shape (5,)."""
        return np.array((*self.to_sun, self.sky, self.sun))

    def illuminator_lux(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Light of the camera's illuminator on surfaces turned to it at points (n, 3); shape (n,)."""
        if not self.reach_m:
            return np.zeros(len(points_m))
        away = points_m - self.eye_m
        distance = np.maximum(np.linalg.norm(away, axis=1), 1.5)
        aside = np.arccos(np.clip(away @ self.forward / distance, -1, 1))
        return np.asarray(_illuminated(self.reach_m, distance) * np.exp(-((aside / 0.62) ** 2)))

    def on_figures(self, position_m: NDArray[np.float64], sunlit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the light on figures, exposure included.

        Args:
            position_m: Feet, shape (n, 2).
            sunlit: Share of the sun that reaches each, shape (n,).

        Returns:
            Shape (n, LIGHT_COLUMNS): TO_SUN unit vector; SKY and SUN factors (the sun's is after ``sunlit``); SKY_BGR
            and SUN_BGR their colours; TO_KEY, KEY, KEY_BGR the same of the strongest lamp (the illuminator counts as
            one); TRANSMISSION of the air up to the camera and its AIRLIGHT: seen = colour * transmission + airlight *
            (1 - transmission); SUN_SHADOW and KEY_SHADOW: share of the floor's light that the figure's shadow takes.
        """
        n = len(position_m)
        rows = np.zeros((n, LIGHT_COLUMNS))
        full = float(self.exposure.shown(self.sky_lux))
        rows[:, TO_SUN : TO_SUN + 3] = self.to_sun
        rows[:, SKY] = self.sky * full
        rows[:, SUN] = self.sun * full * sunlit
        rows[:, SKY_BGR : SKY_BGR + 3] = self.sky_bgr
        rows[:, SUN_BGR : SUN_BGR + 3] = self.sun_bgr
        rows[:, TO_KEY + 2] = 1.0
        rows[:, KEY_BGR : KEY_BGR + 3] = 1.0
        rows[:, TRANSMISSION] = 1.0
        ground = self.sky + self.sun * self.to_sun[2]
        rows[:, SUN_SHADOW] = (1 - self.sky / ground) * sunlit
        if not n:
            return rows
        chest = np.c_[position_m, np.full(n, _CHEST_M)]
        if self.extinction_per_m:
            rows[:, TRANSMISSION] = np.exp(-self.extinction_per_m * np.linalg.norm(chest - self.eye_m, axis=1))
            rows[:, AIRLIGHT : AIRLIGHT + 3] = self.airlight_bgr
        if (self.lamps is not None and len(self.lamps.candela)) or self.reach_m:
            self._add_key(rows, chest)
        return rows

    def _add_key(self, rows: NDArray[np.float64], chest: NDArray[np.float64]) -> None:
        """Write the strongest lamp; the others brighten the sky's share."""
        n = len(chest)
        spots = [self.illuminator_lux(chest)[:, None]]
        towards = self.eye_m - chest
        ways = [(towards / np.linalg.norm(towards, axis=1, keepdims=True))[:, None]]
        colours = [np.ones((1, 3))]
        if self.lamps is not None:
            lux, to_lamp = self.lamps.lux_at(chest)
            spots.append(lux)
            ways.append(to_lamp)
            colours.append(np.ones_like(self.lamps.bgr) if self.infrared else self.lamps.bgr)
        lux, way, colour = np.concatenate(spots, axis=1), np.concatenate(ways, axis=1), np.concatenate(colours)
        key = lux.argmax(axis=1)
        who = np.arange(n)
        strongest = lux[who, key]
        rest = 0.5 * (lux.sum(axis=1) - strongest)
        base = self.exposure.shown(self.sky_lux * self.sky + rest)
        share = rest / np.maximum(self.sky_lux * self.sky + rest, 1e-9)
        mean_colour = (lux @ colour) / np.maximum(lux.sum(axis=1), 1e-9)[:, None]
        rows[:, SKY] = base
        rows[:, SKY_BGR : SKY_BGR + 3] = (1 - share)[:, None] * self.sky_bgr + share[:, None] * mean_colour
        rows[:, TO_KEY : TO_KEY + 3] = way[who, key]
        rows[:, KEY] = self.exposure.shown(self.sky_lux * self.sky + rest + strongest) - base
        rows[:, KEY_BGR : KEY_BGR + 3] = colour[key]
        level = strongest * np.maximum(way[who, key, 2], 0)
        with_it = self.exposure.shown(self.sky_lux * self.sky + 2 * rest + level)
        without = self.exposure.shown(self.sky_lux * self.sky + 2 * rest)
        rows[:, KEY_SHADOW] = np.where(key > 0, 1 - without / np.maximum(with_it, 1e-9), 0.0)


def _middle_m(camera: Camera | None) -> float:
    """Distance to the floor in the middle of the picture: what the illuminator's exposure settles on."""
    if camera is None:
        return 15.0
    (spot,) = camera.to_ground([((camera.width_px - 1) / 2, (camera.height_px - 1) / 2)])
    away = float(np.hypot(np.linalg.norm(spot - camera.position_m[:2]), camera.position_m[2]))
    return float(np.clip(away, 4.0, 40.0)) if np.isfinite(away) else 25.0


def _illuminated(reach_m: float, distance_m: Any) -> Any:
    return _ENOUGH_LUX * (reach_m / distance_m) ** 2


@njit(cache=True, error_model="numpy")
def brightness_of(to_sun_cos: float, up: float, sunlit: float, sky: float, sun: float) -> Any:
    """Return the light on a surface.

    Args:
        to_sun_cos: Cosine between its normal and the direction to the sun.
        up: Upward part of its normal.
        sunlit: Share of the sun that reaches the place.
        sky: See `Light`.
        sun: See `Light`.
    """
    ambient = sky * (0.76 + 0.24 * up + 0.05 * to_sun_cos)
    bounced = 0.10 * sun * (1.0 - up) * sunlit
    return ambient + bounced + sun * max(to_sun_cos, 0.0) * sunlit


@njit(cache=True, error_model="numpy")
def light_on(row: Any, nx: float, ny: float, nz: float, out: Any) -> None:
    """Write the three factors on a surface's B, G and R.

    Args:
        row: One of `Light.on_figures`, shape (LIGHT_COLUMNS,).
        nx: Outward unit normal of the surface, east.
        ny: North.
        nz: Up.
        out: Written, shape (3,).
    """
    to_sun = nx * row[0] + ny * row[1] + nz * row[2]
    to_key = nx * row[11] + ny * row[12] + nz * row[13]
    sky = row[3] * (0.76 + 0.24 * nz + 0.05 * to_sun)
    sun = row[4] * (max(to_sun, 0.0) + 0.10 * (1.0 - nz))
    key = row[14] * (max(to_key, 0.0) + 0.10 * (1.0 - nz))
    for k in range(3):
        out[k] = sky * row[5 + k] + sun * row[8 + k] + key * row[15 + k]
