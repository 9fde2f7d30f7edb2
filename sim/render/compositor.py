"""One camera's pictures: backdrop, shadows, figures from far to near, the mark, the sensor; and what is where."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.frame import Frame
from scenarios.scenario import Scenario
from sim.render.backdrop import Backdrop
from sim.render.cast import Cast, Seats, stage
from sim.render.effects import Extent, paint_effects
from sim.render.enclosure import HALL_HEIGHT_M
from sim.render.floor import Floor
from sim.render.lens import lens_array
from sim.render.light import Light
from sim.render.mark import Mark
from sim.render.moving import MovingView
from sim.render.optics import Optics
from sim.render.plate import PlateLook, plate_backdrop, plate_conditions, plate_of
from sim.render.raster import paint, place
from sim.render.sensor import SIGMA_AT_ONE
from sim.render.shadows import lay_floor, throw
from sim.render.solids import SCREEN
from sim.render.surround import HALLS, Surround
from sim.render.vibration import Vibration
from sim.render.view import Views
from sim.state import Snapshot

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame

__all__ = ["Boxes", "Compositor", "Shot"]

_NOBODY: Final = -1
_MARKED: Final = -2
_CLEAR: Final = np.full((1, 1), 255, np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """What is where in one picture; one row a person or bag whose whole box meets the picture, ordered by id.

    A box runs from the outer edge of its first pixel to that of its last: column c lies between c and c + 1.

    Attributes:
        id: Shape (k,), int32.
        is_bag: Shape (k,).
        whole_px: x1, y1, x2, y2 of the whole silhouette, also where hidden or outside, shape (k, 4).
        visible_px: Of what can be seen of it; nan where nothing can, shape (k, 4).
        visibility: Seen share of the silhouette's pixels, shape (k,).
        feet_m: Shape (k, 2).
    """

    id: NDArray[np.int32]
    is_bag: NDArray[np.bool_]
    whole_px: NDArray[np.float64]
    visible_px: NDArray[np.float64]
    visibility: NDArray[np.float64]
    feet_m: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture with its truth.

    Attributes:
        frame: What a detector gets.
        boxes: What is where in it.
        instance_id: Id of whom each pixel shows; -1 nobody, -2 the mark; shape (h, w), int32.
        lost: Whether the camera lost it before it was recorded or sent: it is missing from the film.
        effects: Flames and smoke in it.
    """

    frame: Frame
    boxes: Boxes
    instance_id: NDArray[np.int32]
    lost: bool = False
    effects: tuple[Extent, ...] = ()


class Compositor:
    """Films one camera of a scenario.

    Args:
        scenario: The place and its light.
        camera: One of its cameras.
        rng: Draws the sensor's noise.
        mark: Whether to burn in the mark; only tests and the training of detectors leave it out.
        track: Where a moving camera is at each picture.
    """

    def __init__(
        self,
        scenario: Scenario,
        camera: Camera,
        rng: np.random.Generator,
        *,
        mark: bool = True,
        track: CameraTrack | None = None,
    ) -> None:
        self.camera = camera
        w, h = camera.width_px, camera.height_px
        plate = plate_of(scenario, camera.id)
        look = self._look = PlateLook.of(plate) if plate is not None else None
        conditions = plate_conditions(plate, scenario.conditions) if plate is not None else scenario.conditions
        light = Light.of(conditions, scenario.venue, camera)
        self._floor = floor = Floor.of(scenario.venue, light, Surround.of(scenario))

        def draw(seen: Camera) -> Backdrop:
            if plate is not None:
                return plate_backdrop(scenario, camera, plate)
            return Backdrop.of(scenario, seen, light, floor)

        shake, chance = rng.spawn(2)
        vibration = Vibration(conditions, camera, shake)
        moving = MovingView(scenario, track, light, floor).at if track is not None else None
        hall = plate is None and scenario.venue.ground in HALLS
        room = (*scenario.venue.floor.bounds, HALL_HEIGHT_M) if hall else None
        self._views = Views(camera, light, vibration, draw, moving, room)
        self._moves = track is not None
        self.view = self._views.at(0, 0.0)
        noise = look.noise / SIGMA_AT_ONE if look is not None else None
        self._optics = Optics(
            conditions, camera, light, self._views.surface_m(), vibration, chance, noise=noise, lens=look is None
        )
        self._seats = Seats(scenario.venue)
        self._mark = Mark(camera) if mark else None
        self._canvas = self.view.empty.copy()
        self._surface: Any = pygame.image.frombuffer(self._canvas.data, (w, h), "BGRA")
        self._layer = np.zeros((h, w, 4), np.uint8)
        self._layer_surface: Any = pygame.image.frombuffer(self._layer.data, (w, h), "BGRA")
        self._dark = np.zeros((h, w), np.uint8)
        self._atlas = np.empty((1, 4), np.uint8)
        self._scratch = np.empty((1, 5), np.float32)

    def shoot(self, snapshot: Snapshot, index: int) -> Shot:
        """Take one picture.

        Args:
            snapshot: The world at that instant.
            index: Number of the picture.
        """
        lost = self._optics.losses.next()
        view = self.view = self._views.at(index, snapshot.time_s)
        self.camera = view.camera
        lens = lens_array(view.camera)
        if self._moves:
            self._optics.aim(view.camera, view.surface_m)
        cast = stage(snapshot, self._seats, self.camera.position_m)
        count = len(cast.id)
        w, h = self.camera.width_px, self.camera.height_px
        light = view.light.array()
        screen = np.empty((len(cast.solids), SCREEN))
        patch = np.zeros((count, 5), np.int64)
        pixels = place(cast.solids, cast.first, lens, light, w, h, screen, patch)
        self._grow(pixels, int((patch[:, 2] * patch[:, 3]).max(initial=1)))
        sunlit = self._floor.sunlit(cast.place_m)
        whole = np.zeros((count, 5))
        paint(
            cast.solids, cast.first, screen, patch, view.light.on_figures(cast.place_m, sunlit), view.depth_m,
            self._scratch, self._atlas, whole,
        )  # fmt: skip
        throw(
            cast.solids, cast.first, cast.on_floor | (view.light.shadow_depth > 0.02), cast.place_m, cast.spread,
            lens, light, view.ground, view.sunlit, self._dark,
        )  # fmt: skip
        self._canvas[:] = view.empty
        lay_floor(self._dark, _CLEAR if view.clear is None else view.clear, self._canvas)
        instance = np.full((h, w), _NOBODY, np.int32)
        self._blit(cast, patch)
        seen = np.zeros((count, 5))
        _stamp(cast.order, patch, self._atlas, instance)
        effects = paint_effects(self._canvas, view.camera, view.light, view.depth_m, instance, cast.place_m, snapshot)
        if self._mark is not None:
            band_w, band_h = self._mark.size_px
            instance[:band_h, :band_w] = _MARKED
        _look(instance, seen)
        scene = np.asarray(cv2.cvtColor(self._canvas, cv2.COLOR_BGRA2BGR), np.uint8)
        picture = self._optics.expose(scene, snapshot.time_s)
        if self._mark is not None:
            self._mark.burn(picture, snapshot.time_s)
        frame = Frame(self.camera.id, index, snapshot.time_s, None, picture)
        boxes = _boxes(cast, whole, seen, w, h)
        named = np.append(cast.id, (_MARKED, _NOBODY)).astype(np.int32)[instance]
        return Shot(frame, boxes, named, lost, effects)

    def _grow(self, atlas_pixels: int, patch_pixels: int) -> None:
        if atlas_pixels > len(self._atlas):
            self._atlas = np.empty((atlas_pixels * 5 // 4, 4), np.uint8)
        if patch_pixels > len(self._scratch):
            self._scratch = np.empty((patch_pixels * 5 // 4, 5), np.float32)

    def _blit(self, cast: Cast, patch: NDArray[np.int64]) -> None:
        sprites = []
        for i in cast.order:
            x, y, w, h, start = (int(v) for v in patch[i])
            if w:
                sprite = pygame.image.frombuffer(self._atlas[start : start + w * h].data, (w, h), "BGRA")
                sprites.append((sprite, (x, y), None, pygame.BLEND_PREMULTIPLIED))
        if self._look is None:
            self._surface.blits(sprites, False)
        else:
            self._layer_surface.blits(sprites, False)
            self._look.lay(self._layer, self._canvas)


def _boxes(cast: Cast, whole: NDArray[np.float64], seen: NDArray[np.float64], width: int, height: int) -> Boxes:
    box = whole[:, 1:]
    keep = (whole[:, 0] > 0) & (box[:, 0] < width) & (box[:, 1] < height) & (box[:, 2] > 0) & (box[:, 3] > 0)
    rows = np.flatnonzero(keep)
    rows = rows[np.argsort(cast.id[rows], kind="stable")]
    hidden = seen[rows, 0] == 0
    visible = seen[rows, 1:].copy()
    visible[hidden] = np.nan
    return Boxes(
        id=cast.id[rows].astype(np.int32),
        is_bag=cast.is_bag[rows],
        whole_px=box[rows],
        visible_px=visible,
        visibility=seen[rows, 0] / whole[rows, 0],
        feet_m=cast.place_m[rows],
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _stamp(order: Any, patch: Any, atlas: Any, instance: Any) -> None:
    """Write, from far to near, whose pixel it is: the number of the nearest figure that covers half of it or more."""
    high, wide = instance.shape
    for i in order:
        left, top, pw, ph, base = patch[i, 0], patch[i, 1], patch[i, 2], patch[i, 3], patch[i, 4]
        for y in range(max(0, -top), min(ph, high - top)):
            for x in range(max(0, -left), min(pw, wide - left)):
                if atlas[base + y * pw + x, 3] > 127:
                    instance[top + y, left + x] = i


@njit(cache=True, nogil=True, error_model="numpy")
def _look(instance: Any, seen: Any) -> None:
    """Count the pixels of each figure and find the box around them: count, x1, y1, x2, y2 a row."""
    seen[:, 1:3] = np.inf
    seen[:, 3:] = -np.inf
    high, wide = instance.shape
    for y in range(high):
        for x in range(wide):
            i = instance[y, x]
            if i >= 0:
                seen[i, 0] += 1
                seen[i, 1], seen[i, 2] = min(seen[i, 1], x), min(seen[i, 2], y)
                seen[i, 3], seen[i, 4] = max(seen[i, 3], x + 1.0), max(seen[i, 4], y + 1.0)
