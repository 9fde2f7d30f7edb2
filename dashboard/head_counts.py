"""Counts of heads in footage: how many, and with a calibration how dense each zone is and whether that is valid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final

from detect.crowd_meter import HEADS_VALID_FROM_PER_M2, HEADS_VALID_TO_PER_M2, CrowdMeter
from detect.heads import HeadCounter, plateau_scale
from detect.sources import open_source
from detect.sources.contract import Source
from scenarios.calibration import load_calibration
from scenarios.errors import ScenarioError
from scenarios.frame import Frame

__all__ = ["HeadCount", "count_heads"]

_LOOKED_AT: Final = 5
"""Pictures by which a scale is chosen."""


@dataclass(frozen=True, slots=True)
class HeadCount:
    """What was counted in one picture.

    Attributes:
        time_s: Of the picture.
        heads: Expected in it.
        per_m2: Density by zone; empty without a calibration.
        valid: By zone, whether that is in the range in which heads were measured to be right.
    """

    time_s: float
    heads: float
    per_m2: dict[str, float]
    valid: dict[str, bool]


def count_heads(
    spec: str,
    *,
    calibration: Path | None = None,
    network: Path | None = None,
    scale: float | None = None,
    every_s: float = 1.0,
    fps: float | None = None,
) -> Iterator[HeadCount]:
    """Count the heads in a picture now and then.

    Args:
        spec: As for ``detect.sources.open_source``.
        calibration: TOML file of the camera, for the zones in it.
        network: ONNX file; None: the one that comes with Parvis.
        scale: By what pictures are enlarged; None: as the first pictures tell.
        every_s: Time between the pictures that are counted.
        fps: True frame rate where the header lies.

    Raises:
        ParvisError: Something given is wrong.
    """
    counter = HeadCounter(network)
    known = load_calibration(calibration) if calibration is not None else None
    true_fps = fps or (known.camera.fps if known else None)
    with closing(open_source(spec, camera_id=known.camera.id if known else "camera", fps=true_fps)) as source:
        meter = CrowdMeter(counter, every_s=0.0)
        frames = _now_and_then(source, every_s)
        first = list(islice(frames, _LOOKED_AT if scale is None else 0))
        if first and scale is None:
            scale = plateau_scale(counter, [frame.image for frame in first])
        for frame in chain(first, frames):
            if known is not None and frame.image.shape[1::-1] != (known.camera.width_px, known.camera.height_px):
                raise ScenarioError(
                    f"{calibration}: is for {known.camera.width_px}x{known.camera.height_px} pixels, the pictures of "
                    f"'{spec}' have {frame.image.shape[1]}x{frame.image.shape[0]}"
                )
            densities = dict(meter.measure(frame, known.camera, known.zones)) if known and known.zones else {}
            heads = counter.look(frame.image, scale=scale or 1.0).count
            valid = {
                zone: HEADS_VALID_FROM_PER_M2 <= density <= HEADS_VALID_TO_PER_M2 for zone, density in densities.items()
            }
            yield HeadCount(frame.time_s, heads, densities, valid)


def _now_and_then(source: Source, every_s: float) -> Iterator[Frame]:
    last_s = float("-inf")
    for item in source:
        if isinstance(item, Frame) and item.time_s - last_s >= every_s - 1e-6:
            last_s = item.time_s
            yield item
