"""What a camera of the scenario sees now, by the renderer that makes the films."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from dashboard.play.look import FOLLOWED, PAPER, pygame
from scenarios.scenario import Scenario
from sim.film import compositors
from sim.render.compositor import Shot
from sim.state import Snapshot

__all__ = ["CameraView"]

_EDGE_PX: Final = 2


class CameraView:
    """Films one camera into an area of the window; noise is drawn anew for every look, so it is not the film's."""

    def __init__(self, scenario: Scenario, camera_id: str, area: pygame.Rect) -> None:
        """Build the camera's backdrop, which takes a second or two."""
        self._scenario, self.area = scenario, area
        self._compositor = compositors(scenario, None, [camera_id])[0]
        self._shot: Shot | None = None
        self._picture: pygame.Surface | None = None
        width, height = self._compositor.camera.width_px, self._compositor.camera.height_px
        self._scale = min(area.width / width, area.height / height)
        self._rect = pygame.Rect(0, 0, round(width * self._scale), round(height * self._scale))
        self._rect.center = area.center

    def look(self, world: Snapshot) -> None:
        """Take a picture of an instant."""
        index = min(round(world.time_s * self._scenario.fps), self._scenario.frame_count - 1)
        self._shot = self._compositor.shoot(world, index)
        image = cv2.cvtColor(self._shot.frame.image, cv2.COLOR_BGR2RGB)
        way = cv2.INTER_AREA if self._scale < 1 else cv2.INTER_LINEAR
        image = cv2.resize(image, self._rect.size, interpolation=way)
        self._picture = pygame.image.frombuffer(image.tobytes(), self._rect.size, "RGB")

    def draw(self, surface: pygame.Surface, followed: int | None) -> None:
        """Draw the last picture, with a box around who is followed."""
        surface.fill(PAPER, self.area)
        if self._picture is None or self._shot is None:
            return
        surface.blit(self._picture, self._rect)
        boxes = self._shot.boxes
        mine = np.flatnonzero((boxes.id == (-1 if followed is None else followed)) & (boxes.visibility > 0))
        if len(mine):
            x1, y1, x2, y2 = boxes.whole_px[mine[0]] * self._scale
            box = pygame.Rect(self._rect.x + x1, self._rect.y + y1, x2 - x1, y2 - y1)
            pygame.draw.rect(surface, FOLLOWED, box.inflate(8, 8), _EDGE_PX, border_radius=4)

    def person_at(self, at_px: tuple[int, int]) -> int | None:
        """Return whom a pixel of the window shows."""
        here = self._in_picture(at_px)
        if here is None or self._shot is None:
            return None
        column, row = int(here[0]), int(here[1])
        who = int(self._shot.instance_id[row, column])
        return who if 0 <= who < 1_000_000 else None

    def place_at(self, at_px: tuple[int, int]) -> tuple[float, float] | None:
        """Return the place on the floor that a pixel of the window shows; None outside or above the horizon."""
        here = self._in_picture(at_px)
        if here is None:
            return None
        x, y = self._compositor.camera.to_ground(np.array([here]) - 0.5)[0].tolist()
        return (x, y) if np.isfinite((x, y)).all() else None

    def _in_picture(self, at_px: tuple[int, int]) -> tuple[float, float] | None:
        if not self._rect.collidepoint(at_px):
            return None
        return (at_px[0] - self._rect.x) / self._scale, (at_px[1] - self._rect.y) / self._scale
