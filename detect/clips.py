"""Short films of alerts: what stands in the store about one, and what was seen when there were no pictures."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from scenarios.entry import Entry

__all__ = ["Clip", "ClipSettings", "gaps_of"]

_LEAST_GAP_S = 1.0
_USUAL_STEPS = 3.0
"""A step between pictures that is so many times the usual one, and at least that long, is a gap."""


class ClipSettings(Entry):
    """Films of alerts: from so long before an alert to so long after it.

    Attributes:
        keep: Whether any are kept.
        before_s: So long before the alert was raised,
        after_s: to so long after.
        fps: At most so many pictures a second.
        width_px: Wider pictures are made smaller.
        memory_mb: Pictures of one camera that wait for an alert take no more; with more, films begin later.
    """

    keep: bool = True
    before_s: Annotated[float, Field(ge=0, le=180)] = 5.0
    after_s: Annotated[float, Field(ge=0, le=180)] = 5.0
    fps: Annotated[float, Field(ge=1, le=30)] = 10.0
    width_px: Annotated[int, Field(ge=160, le=1920)] = 640
    memory_mb: Annotated[int, Field(ge=4, le=1024)] = 64


@dataclass(frozen=True, slots=True)
class Clip:
    """The film of one alert.

    Attributes:
        alert_id: Of which.
        file: Its name in the store's folder of films.
        sha256: Of the file.
        began_at: When its first picture was taken; the file's times count from there.
        alert_s: At which of its seconds the alert was raised.
        lasts_s: From its first picture to its last.
        pictures: How many it has; none of them is made up.
        size_px: Width and height of its pictures.
        of_px: Width and height of the camera's pictures, in which boxes are told.
        blurred: Whether people were pixelated.
        gaps: Spans without pictures, as seconds of the film.
    """

    alert_id: str
    file: str
    sha256: str
    began_at: datetime
    alert_s: float
    lasts_s: float
    pictures: int
    size_px: tuple[int, int]
    of_px: tuple[int, int]
    blurred: bool
    gaps: tuple[tuple[float, float], ...] = ()

    @property
    def ended_at(self) -> datetime:
        """When its last picture was taken."""
        return self.began_at + timedelta(seconds=self.lasts_s)


def gaps_of(times_s: list[float]) -> tuple[tuple[float, float], ...]:
    """Return the spans between pictures that are longer than this camera's usual steps.

    Args:
        times_s: Of the pictures, rising.
    """
    steps = [b - a for a, b in itertools.pairwise(times_s)]
    if not steps:
        return ()
    usual = sorted(steps)[len(steps) // 2]
    least = max(_LEAST_GAP_S, _USUAL_STEPS * usual)
    return tuple((a, b) for a, b in itertools.pairwise(times_s) if b - a > least)
