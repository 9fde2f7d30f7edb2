"""Light, weather and everything between a scene and its recording, each by a severity from 0 (none) to 5 (extreme).

Five grades a corruption follow Hendrycks and Dietterich (2019), Benchmarking Neural Network Robustness to Common
Corruptions and Perturbations, ICLR, arXiv 1903.12261. Theirs are steps of an algorithm; here each has a physical
quantity behind it, so that a grade can be compared with a weather report or a data sheet.
"""

from __future__ import annotations

import inspect
import re
from enum import StrEnum
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from scenarios.entry import Entry

__all__ = ["EFFECTS", "Conditions", "Daytime", "explained"]

Severity = Annotated[float, Field(ge=0, le=5)]


class Daytime(StrEnum):
    """How late it is; the same as ``darkness`` 0, 3 and 5."""

    DAY = "day"
    DUSK = "dusk"
    NIGHT = "night"


class Conditions(Entry):
    """Light, weather, lens, electronics and transmission; every severity goes from 0 (none) to 5 and may be broken.

    Attributes:
        sun_azimuth_deg: Where the light comes from, clockwise from north.
        sun_elevation_deg: How high it stands.
        shadow: Depth of the shadows, 0 (overcast, indoors) to 1.
        brightness: Exposure as a factor on the picture; 1 is neutral.
        time: day, dusk or night: ``darkness`` of at least 0, 3 or 5.
        darkness: Light of the sky on level ground. 1: 1500 lux, a dull late afternoon; 2: 300 lux, sunset;
            3: 30 lux, civil twilight; 4: 3 lux, its end; 5: 0.3 lux, night under a town's sky. The lamps of the venue
            burn from 1.5 on; the camera opens its shutter, then raises its gain by up to 36 dB, then the picture sinks.
        low_sun: The sun no higher than 20, 15, 11, 8 and 5 degrees at 1 to 5: long shadows, warm light, and glare in
            the lens where it stands in the picture or near it.
        infrared: Night mode: a grey picture under an illuminator on the camera whose light is enough for 60, 40, 28,
            20 and 14 m at 1 to 5, in a night of at least ``darkness`` 5.
        fog: Meteorological visibility (contrast of 5 %) of 500, 250, 100, 60 and 30 m at 1 to 5.
            Koschmieder (1924); WMO-No. 8, chapter 9: visibility = 3.0 / extinction.
        rain: 2, 6, 15, 30 and 50 mm/h at 1 to 5: streaks, a wet floor, a veil, and from 2 on drops on the lens.
        snow: Snowfall of 0.5, 1, 2, 3.5 and 5 mm/h of water at 1 to 5, and a floor covered to 15, 40, 70, 90 and
            100 %.
        defocus: Circle of confusion of 2, 4, 6, 9 and 13 pixels across at 1 to 5, in a picture 1280 wide.
        motion_blur: Shutter open for 20, 33, 50, 66 and 80 ms at 1 to 5 (never longer than a picture); else short.
        vibration: The camera shaken by 0.02, 0.05, 0.1, 0.2 and 0.4 degrees r.m.s. at 1 to 5, as a mast in the wind.
        dirt: 6, 14, 24, 36 and 50 % of the lens under dust and dried splashes at 1 to 5.
        drops: 5, 12, 25, 45 and 75 water drops on the lens at 1 to 5.
        web: 1 to 5: a spider's web before the lens, of 4 to 24 threads.
        underexposure: Half a stop a severity too dark.
        overexposure: Half a stop a severity too bright.
        gain: 6 dB a severity that the camera amplifies at the same brightness: less light, more noise.
        noise: Severity of the sensor's noise in full light: at mid grey 2.2 grey levels a severity; the usual 1 is a
            small sensor of 4000 electrons full well. It grows with the gain and is strongest in the dark.
        flicker: Depth of the bands that lamps on the mains draw with a rolling shutter: 4, 9, 16, 25 and 36 % at
            1 to 5.
        mains_hz: 50 or 60; lamps flicker at twice that.
        compression: Bits a pixel of the H.264 film: 0.16, 0.08, 0.04, 0.02 and 0.01 at 1 to 5 (720p at 12.5 pictures
            a second: 1840, 920, 460, 230 and 115 kbit/s); at 0 constant quality.
        dropped_frames: 1, 4, 10, 20 and 35 % of the pictures lost at 1 to 5, in bursts of 1 to 4; a lost picture is
            missing from the film, whose times and truth have a gap there.
    """

    sun_azimuth_deg: Annotated[float, Field(ge=0, lt=360)] = 150.0
    sun_elevation_deg: Annotated[float, Field(ge=3, le=90)] = 45.0
    shadow: Annotated[float, Field(ge=0, le=1)] = 0.5
    brightness: Annotated[float, Field(ge=0.1, le=3)] = 1.0
    time: Daytime = Daytime.DAY
    darkness: Severity = 0.0
    low_sun: Severity = 0.0
    infrared: Severity = 0.0
    fog: Severity = 0.0
    rain: Severity = 0.0
    snow: Severity = 0.0
    defocus: Severity = 0.0
    motion_blur: Severity = 0.0
    vibration: Severity = 0.0
    dirt: Severity = 0.0
    drops: Severity = 0.0
    web: Severity = 0.0
    underexposure: Severity = 0.0
    overexposure: Severity = 0.0
    gain: Severity = 0.0
    noise: Severity = 1.0
    flicker: Severity = 0.0
    mains_hz: Annotated[float, Field(ge=45, le=65)] = 50.0
    compression: Severity = 0.0
    dropped_frames: Severity = 0.0

    @property
    def sky_dark(self) -> float:
        """Severity of the darkness by clock, key and infrared together, 0 to 5."""
        by_clock = {Daytime.DAY: 0.0, Daytime.DUSK: 3.0, Daytime.NIGHT: 5.0}[self.time]
        return max(self.darkness, by_clock, 5.0 if self.infrared else 0.0)

    @property
    def sky_lux(self) -> float:
        """Light of sun and sky on level ground."""
        return float(np.exp(np.interp(self.sky_dark, _GRADES, np.log((20_000, 1500, 300, 30, 3, 0.3)))))

    @property
    def sun_height_deg(self) -> float:
        """Elevation of the sun, low sun included."""
        return min(self.sun_elevation_deg, _of(self.low_sun, 90, 20, 15, 11, 8, 5))

    @property
    def overcast(self) -> float:
        """How far rain, snow or fog hide the sun, 0 to 1: all of it from severity 2 on."""
        return min(1.0, max(self.fog, self.rain, self.snow) / 2)

    @property
    def fog_per_m(self) -> float:
        """Extinction by fog alone."""
        return _of(self.fog, 0, 3 / 500, 3 / 250, 3 / 100, 3 / 60, 3 / 30)

    @property
    def rain_mm_per_h(self) -> float:
        """Rate of the rain."""
        return _of(self.rain, 0, 2, 6, 15, 30, 50)

    @property
    def snow_mm_per_h(self) -> float:
        """Rate of the snow, as water."""
        return _of(self.snow, 0, 0.5, 1, 2, 3.5, 5)

    @property
    def extinction_per_m(self) -> float:
        """Share of the light lost a metre by fog, rain and snow: transmission over d metres is exp(-extinction d).

        Rain and dry snow by ITU-R P.1814 (2007), equations 8 and 9, at 550 nm, from dB/km.
        """
        rain = 1.076 * self.rain_mm_per_h**0.67
        snow = 5.5257 * self.snow_mm_per_h**1.38
        return float(self.fog_per_m + (rain + snow) * np.log(10) / 10_000)

    @property
    def snow_cover(self) -> float:
        """Share of the floor under settled snow."""
        return _of(self.snow, 0, 0.15, 0.4, 0.7, 0.9, 1)

    @property
    def wetness(self) -> float:
        """How wet the floor is, 0 to 1: 1 where water stands."""
        return _of(self.rain, 0, 0.45, 0.65, 0.8, 0.92, 1)

    @property
    def illuminator_reach_m(self) -> float:
        """How far the infrared illuminator's light is enough; 0 where there is none."""
        return _of(self.infrared, 75, 60, 40, 28, 20, 14) if self.infrared else 0.0

    @property
    def confusion_px(self) -> float:
        """Diameter of the circle of confusion in a picture 1280 wide."""
        return _of(self.defocus, 0, 2, 4, 6, 9, 13)

    @property
    def shutter_s(self) -> float:
        """How long the shutter is open for what moves; 0: too short to see."""
        return _of(self.motion_blur, 0, 0.020, 0.033, 0.050, 0.066, 0.080)

    @property
    def shake_deg(self) -> float:
        """Root mean square of the camera's turn by vibration, about each axis."""
        return _of(self.vibration, 0, 0.02, 0.05, 0.1, 0.2, 0.4)

    @property
    def dirt_share(self) -> float:
        """Share of the lens under dirt."""
        return _of(self.dirt, 0, 0.06, 0.14, 0.24, 0.36, 0.50)

    @property
    def drop_count(self) -> int:
        """Drops on the lens at a time, those of the rain included."""
        return round(_of(max(self.drops, 0.8 * self.rain - 0.8), 0, 5, 12, 25, 45, 75))

    @property
    def exposure(self) -> float:
        """Factor on the picture by wrong exposure; a stop doubles the light, the picture shows its 2.2th root."""
        stops = 0.5 * (self.overexposure - self.underexposure)
        return float(self.brightness * 2.0 ** (stops / 2.2))

    @property
    def gain_db(self) -> float:
        """Amplification asked for, besides what darkness needs."""
        return 6.0 * self.gain

    @property
    def flicker_depth(self) -> float:
        """Share of the light that comes and goes with the mains."""
        return _of(self.flicker, 0, 0.04, 0.09, 0.16, 0.25, 0.36)

    @property
    def bits_per_pixel(self) -> float | None:
        """Of the film; None: constant quality."""
        return float(0.32 / 2.0**self.compression) if self.compression else None

    @property
    def dropped_share(self) -> float:
        """Share of the pictures that are lost."""
        return _of(self.dropped_frames, 0, 0.01, 0.04, 0.10, 0.20, 0.35)


EFFECTS: Final = (
    "darkness", "low_sun", "infrared", "fog", "rain", "snow", "defocus", "motion_blur", "vibration", "dirt", "drops",
    "web", "underexposure", "overexposure", "gain", "noise", "flicker", "compression", "dropped_frames",
)  # fmt: skip
"""Keys of `Conditions` that are severities, in the order in which light meets them."""


def explained() -> dict[str, str]:
    """Return what each key of `Conditions` means, from its documentation."""
    lines = inspect.getdoc(Conditions) or ""
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", lines.partition("Attributes:")[2], re.MULTILINE)
    return {key: re.sub(r"\s+", " ", text).replace("``", "").strip() for key, text in entries}


_GRADES: Final = (0, 1, 2, 3, 4, 5)


def _of(severity: float, *values: float) -> float:
    """The quantity behind a severity, straight between the six grades."""
    return float(np.interp(severity, _GRADES, values))
