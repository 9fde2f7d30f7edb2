"""Colours, type and small drawings of the window: those of the project's other plans."""

from __future__ import annotations

import io
import os
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame

__all__ = [
    "BAG", "CHANGED", "DENSEST_PER_M2", "FLOOR", "FOLLOWED", "GRID", "LINE", "OPEN", "PANEL", "PAPER", "PERSON",
    "QUIET", "SHUT", "SOLID", "SOLID_EDGE", "STAYS", "TAKES_PART", "TEXT", "density_colours", "font", "pygame", "write",
]  # fmt: skip

Colour = tuple[int, int, int]

PAPER: Final = (14, 19, 23)
PANEL: Final = (22, 29, 35)
FLOOR: Final = (28, 36, 43)
GRID: Final = (36, 46, 54)
LINE: Final = (52, 64, 75)
TEXT: Final = (232, 238, 243)
QUIET: Final = (163, 179, 193)
SOLID: Final = (74, 88, 101)
SOLID_EDGE: Final = (132, 150, 165)
OPEN: Final = (74, 222, 128)
SHUT: Final = (255, 123, 123)
CHANGED: Final = (92, 196, 245)
PERSON: Final = (127, 200, 248)
STAYS: Final = (132, 148, 162)
BAG: Final = (255, 171, 74)
TAKES_PART: Final = (255, 92, 92)
FOLLOWED: Final = (255, 236, 92)

DENSEST_PER_M2: Final = 5.0
"""Density of the overlay's last colour."""
_SCALE: Final = (
    (0.0, (23, 50, 74, 0)), (0.06, (23, 50, 74, 120)), (0.2, (31, 111, 139, 190)), (0.4, (75, 179, 160, 205)),
    (0.6, (242, 212, 92, 215)), (0.8, (240, 138, 60, 225)), (1.0, (215, 38, 61, 235)),
)  # fmt: skip


def density_colours(density_per_m2: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return red, green, blue and opacity of densities, shape (..., 4)."""
    at = np.clip(density_per_m2 / DENSEST_PER_M2, 0.0, 1.0)
    stops = [stop for stop, _ in _SCALE]
    channels = [np.interp(at, stops, [colour[k] for _, colour in _SCALE]) for k in range(4)]
    return np.round(np.stack(channels, axis=-1)).astype(np.uint8)


@cache
def font(size: int) -> pygame.Font:
    """Return the typeface of the project's pictures at a size in pixels."""
    pygame.font.init()
    face: Any = ImageFont.load_default(size)
    return pygame.font.Font(io.BytesIO(face.path.getvalue()), size)


def write(
    surface: pygame.Surface, text: str, at: tuple[float, float], colour: Colour = TEXT, size: int = 15, *,
    anchor: str = "topleft", backed: bool = False,
) -> pygame.Rect:  # fmt: skip
    """Write a line; ``anchor`` names the point of it that is put there; backed: on a dark ground of its own."""
    line = _line(text, colour, size)
    rect = line.get_rect(**{anchor: (round(at[0]), round(at[1]))})
    if backed:
        ground = pygame.Surface((rect.width + 8, rect.height + 4), pygame.SRCALPHA)
        pygame.draw.rect(ground, (*PAPER, 200), ground.get_rect(), border_radius=4)
        surface.blit(ground, (rect.x - 4, rect.y - 2))
    surface.blit(line, rect)
    return rect


def _line(text: str, colour: Colour, size: int) -> pygame.Surface:
    """Render a line; the typeface has no raised two, so that one is a small two, raised."""
    pieces = text.split("²")
    parts = [font(size).render(piece, True, colour) for piece in pieces]
    if len(parts) == 1:
        return parts[0]
    raised = font(round(0.68 * size)).render("2", True, colour)
    wide = sum(part.get_width() for part in parts) + raised.get_width() * (len(parts) - 1)
    line = pygame.Surface((wide, parts[0].get_height()), pygame.SRCALPHA)
    x = 0
    for number, part in enumerate(parts):
        if number:
            line.blit(raised, (x, 0))
            x += raised.get_width()
        line.blit(part, (x, 0))
        x += part.get_width()
    return line
