"""A plan of the floor as a picture, every pixel with its place in metres: of a venue, of a scan, or a bare grid."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from markupsafe import escape
from PIL import Image

from scenarios.camera import Camera
from scenarios.errors import ScenarioError
from scenarios.venue import Venue

__all__ = ["PlanPicture", "picture_of", "picture_uri"]

_MARGIN_M: Final = 3.0
_MOST_PX: Final = 1100
_MOST_PIXELS: Final = 40_000_000


@dataclass(frozen=True, slots=True)
class PlanPicture:
    """A plan.

    Attributes:
        src: The picture as a data URI.
        width_px: Its width.
        height_px: Its height.
        px_per_m: Its scale.
        west_m: The world's x at its left edge.
        north_m: The world's y at its upper edge.
    """

    src: str
    width_px: int
    height_px: int
    px_per_m: float
    west_m: float
    north_m: float

    @classmethod
    def of_venue(cls, venue: Venue) -> PlanPicture:
        """Draw a venue from above."""
        x, y = np.array(venue.outline, float).T
        plan = cls._blank(
            float(x.min()) - _MARGIN_M,
            float(y.min()) - _MARGIN_M,
            float(x.max()) + _MARGIN_M,
            float(y.max()) + _MARGIN_M,
        )
        parts = [f'<path d="{plan._path(venue.outline)}Z" fill="#1b242c" stroke="#6d8497" stroke-width="2"/>']
        parts += plan._grid()
        for obstacle in venue.obstacles:
            parts.append(
                f'<path d="{plan._path(obstacle.polygon)}Z" fill="#3a4a57" stroke="#93a9ba" stroke-width="1.5"/>'
            )
            parts.append(plan._text(obstacle.id, np.mean(np.array(obstacle.polygon, float), axis=0)))
        for gate in venue.gates:
            parts.append(f'<path d="{plan._path(gate.line)}" stroke="#7bdc9a" stroke-width="5"/>')
            parts.append(plan._text(gate.id, np.mean(np.array(gate.line, float), axis=0)))
        return plan._with(parts)

    @classmethod
    def of_grid(cls, width_m: float, depth_m: float) -> PlanPicture:
        """Draw a bare grid from (0, 0), for places that were measured by tape."""
        plan = cls._blank(-1.0, -1.0, width_m + 1.0, depth_m + 1.0)
        return plan._with(plan._grid())

    @classmethod
    def of_scan(cls, data: bytes, width_m: float) -> PlanPicture:
        """Take a picture of a plan, north up, its lower left corner at (0, 0).

        Args:
            data: JPEG or PNG.
            width_m: How wide it is in the world.

        Raises:
            ScenarioError: It is no picture.
        """
        image = picture_of(data)
        height, width = image.shape[:2]
        scale = width / width_m
        return cls(picture_uri(image), width, height, scale, 0.0, height / scale)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.width_px, self.height_px

    def to_m(self, x_px: float, y_px: float) -> tuple[float, float]:
        """Return the place of a pixel."""
        return self.west_m + (x_px + 0.5) / self.px_per_m, self.north_m - (y_px + 0.5) / self.px_per_m

    def to_px(self, x_m: float, y_m: float) -> tuple[float, float]:
        """Return the pixel of a place."""
        return (x_m - self.west_m) * self.px_per_m - 0.5, (self.north_m - y_m) * self.px_per_m - 0.5

    def footprint(self, camera: Camera) -> list[tuple[tuple[float, float], ...]]:
        """Return where the camera hangs and what it sees, as lines in pixels."""
        seen = camera.footprint(60.0)
        rings = [] if seen.is_empty else [[self.to_px(x, y) for x, y in seen.exterior.coords]]
        x, y = self.to_px(*camera.position_m[:2].tolist())
        size = self.width_px / 80
        rings.append([(x - size, y), (x, y - size), (x + size, y), (x, y + size), (x - size, y)])
        return [tuple(ring) for ring in rings]

    @classmethod
    def _blank(cls, west: float, south: float, east: float, north: float) -> PlanPicture:
        scale = _MOST_PX / max(east - west, north - south)
        return cls("", round((east - west) * scale), round((north - south) * scale), scale, west, north)

    def _with(self, parts: Iterable[str]) -> PlanPicture:
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width_px}" height="{self.height_px}" '
            f'viewBox="-0.5 -0.5 {self.width_px} {self.height_px}"><rect x="-0.5" y="-0.5" width="100%" height="100%" '
            f'fill="#10161b"/>{"".join(parts)}</svg>'
        )
        uri = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
        return PlanPicture(uri, self.width_px, self.height_px, self.px_per_m, self.west_m, self.north_m)

    def _grid(self) -> list[str]:
        east, south = self.to_m(self.width_px, self.height_px)
        every = 1 if max(east - self.west_m, self.north_m - south) <= 60 else 5
        parts = []
        for along, (low, high) in enumerate(((self.west_m, east), (south, self.north_m))):
            for value in range(int(np.ceil(low / every)) * every, int(high) + 1, every):
                strong = value % (5 * every) == 0
                ends = [(value, south), (value, self.north_m)] if along == 0 else [(self.west_m, value), (east, value)]
                color = "#3d4d5a" if strong else "#202b34"
                parts.append(f'<path d="{self._path(ends)}" stroke="{color}" stroke-width="{1.5 if strong else 1}"/>')
                if strong:
                    at = self.to_px(value, south) if along == 0 else self.to_px(self.west_m, value)
                    shift = (4, -6) if along == 0 else (4, -4)
                    parts.append(
                        f'<text x="{at[0] + shift[0]:.0f}" y="{at[1] + shift[1]:.0f}" fill="#8ba1b3" font-size="15" '
                        f'font-family="sans-serif">{value} m</text>'
                    )
        return parts

    def _path(self, points: Sequence[Sequence[float]]) -> str:
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (self.to_px(p[0], p[1]) for p in points))

    def _text(self, text: str, at: Sequence[float] | np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
        x, y = self.to_px(float(at[0]), float(at[1]))
        return (
            f'<text x="{x:.0f}" y="{y - 6:.0f}" fill="#c5d3de" font-size="15" font-family="sans-serif" '
            f'text-anchor="middle">{escape(text.replace("_", " "))}</text>'
        )


def picture_of(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Read a JPEG or PNG, shape (height, width, 3), BGR.

    Raises:
        ScenarioError: It is none, or larger than 40 million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            width, height = Image.open(io.BytesIO(data), formats=("JPEG", "PNG")).size
    except (OSError, ValueError, Image.DecompressionBombError):
        raise ScenarioError("the file is not a JPEG or PNG picture") from None
    if width * height > _MOST_PIXELS:
        raise ScenarioError(f"the picture has {width}x{height} pixels; 40 million are the most")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ScenarioError("the picture is damaged")
    return np.asarray(image, np.uint8)


def picture_uri(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> str:
    """Return a picture (BGR) as a data URI."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
