"""One camera's pictures: backdrop, shadows, figures from far to near, optics, the mark; and what is where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.frame import Frame, Image
from scenarios.scenario import Scenario
from scenarios.venue import Obstacle
from sim.render.actors.casting import Cast, Casting
from sim.render.actors.drawing import draw
from sim.render.actors.garments import PAINTED
from sim.render.actors.patterns import bank, soft_bank
from sim.render.actors.seats import Seats
from sim.render.actors.shadows import lay_floor, throw, touch
from sim.render.actors.stock import shipped
from sim.render.backdrop import Backdrop
from sim.render.effects import Extent, paint_effects
from sim.render.enclosure import HALL_HEIGHT_M
from sim.render.floor import Floor
from sim.render.infrared import looks_in_infrared
from sim.render.lens import lens_array
from sim.render.light import KEY_SHADOW, SUN_SHADOW, TO_KEY, TO_SUN, Light
from sim.render.mark import Mark
from sim.render.motion import figure_ways, smear
from sim.render.moving import MovingView
from sim.render.optics import Optics
from sim.render.plate import PlateLook, plate_backdrop, plate_conditions, plate_of
from sim.render.sensor import SIGMA_AT_ONE
from sim.render.surround import HALLS, Surround
from sim.render.vibration import Vibration
from sim.render.view import View, Views
from sim.state import Snapshot

__all__ = ["Boxes", "Compositor", "Shot"]

_NOBODY: Final = -1
_MARKED: Final = -2
_SUN_RAD: Final = 0.012
"""Width of the sun and of the bright sky around it."""
_LAMP_RAD: Final = 0.06
_NO_MIRROR: Final = np.zeros((0, 0), np.uint8)
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
        head_px: Where the highest place of the head as it is drawn is seen, hair and hat included (of who lies: the
            end of the head), also where hidden or outside; nan for bags; shape (k, 2). At eye level that is the
            upper edge of the uppermost pixels; from above, the back of the head shows above it.
    """

    id: NDArray[np.int32]
    is_bag: NDArray[np.bool_]
    whole_px: NDArray[np.float64]
    visible_px: NDArray[np.float64]
    visibility: NDArray[np.float64]
    feet_m: NDArray[np.float64]
    head_px: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture with its truth.

    Attributes:
        frame: What a detector gets.
        boxes: What is where in it.
        owner: Row in ``ids`` of whom each pixel shows; -1 nobody, -2 the mark; shape (h, w), int16.
        ids: Of everybody and everything there is, shape (n,).
        lost: Whether the camera lost it before it was recorded or sent: it is missing from the film.
        effects: Flames and smoke in it.
    """

    frame: Frame
    boxes: Boxes
    owner: NDArray[np.int16]
    ids: NDArray[np.int32]
    lost: bool = False
    effects: tuple[Extent, ...] = ()

    @property
    def instance_id(self) -> NDArray[np.int32]:
        """Id of whom each pixel shows; -1 nobody, -2 the mark; shape (h, w)."""
        return np.append(self.ids, (_MARKED, _NOBODY)).astype(np.int32)[self.owner]


@dataclass(frozen=True, slots=True, eq=False)
class _Painted:
    """What is on the canvas: the figures, whose each pixel is, boxes of whole silhouettes, the rows in between."""

    cast: Cast
    owner: NDArray[np.int16]
    whole: NDArray[np.float64]
    rows: NDArray[np.int64]
    effects: tuple[Extent, ...]


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
        shake, chance = rng.spawn(2)
        vibration = Vibration(conditions, camera, shake)

        def stand(world: Scenario) -> tuple[Floor, Views]:
            floor = Floor.of(world.venue, light, Surround.of(world))

            def empty_place(seen: Camera) -> Backdrop:
                if plate is not None:
                    return plate_backdrop(world, camera, plate)
                return Backdrop.of(world, seen, light, floor)

            moving = MovingView(world, track, light, floor).at if track is not None else None
            hall = plate is None and world.venue.ground in HALLS
            room = (*world.venue.floor.bounds, HALL_HEIGHT_M) if hall else None
            return floor, Views(camera, light, vibration, empty_place, moving, room)

        self._scenario, self._stand = scenario, stand
        self._obstacles: tuple[Obstacle, ...] | None = None
        self._floor, self._views = stand(scenario)
        self._moves = track is not None
        self.view = self._views.at(0, 0.0)
        noise = look.noise / SIGMA_AT_ONE if look is not None else None
        (self._grain,) = rng.spawn(1)
        self._optics = Optics(
            conditions, camera, light, self._views.surface_m(), vibration, chance, noise=noise, lens=look is None
        )
        self._shutter_s = min(conditions.shutter_s, 1 / scenario.fps)
        self._casting = Casting(shipped(), Seats(scenario.venue))
        self._mark = Mark(camera) if mark else None
        self._canvas = self.view.empty.copy()
        self._layer = np.zeros((h, w, 4 if look is not None else 0), np.uint8)
        self._depth = np.empty((h, w), np.float32)
        self._dark = np.zeros((h, w), np.uint8)
        self._dark_rows = np.array((h, 0))

    @property
    def depth_m(self) -> NDArray[np.float32]:
        """Depth along the optical axis of figures and obstacles in the last picture, infinite elsewhere; (h, w)."""
        return self._depth.copy()

    def shoot(self, snapshot: Snapshot, index: int) -> Shot:
        """Take one picture.

        Args:
            snapshot: The world at that instant.
            index: Number of the picture.
        """
        lost = self._optics.losses.next()
        painted = self._paint(snapshot, index)
        owner = painted.owner
        if self._mark is not None:
            band_w, band_h = self._mark.size_px
            owner[:band_h, :band_w] = _MARKED
        boxes = self._boxes(painted)
        picture = self._optics.expose(self._canvas, snapshot.time_s)
        if self._mark is not None:
            self._mark.burn(picture, snapshot.time_s)
        frame = Frame(self.camera.id, index, snapshot.time_s, None, picture)
        return Shot(frame, boxes, owner, painted.cast.id, lost, painted.effects)

    def insert(self, snapshot: Snapshot, picture: Image, nearer_m: NDArray[np.float32]) -> tuple[Image, Boxes]:
        """Put the figures of an instant, with their shadows, into a real picture of a camera that has a plate.

        What the plate's light says is done to the figures alone; the rest of the picture stays as the camera sent it.

        Args:
            snapshot: Who is where.
            picture: Of the plate's size, shape (h, w, 3); not changed.
            nearer_m: Depth along the optical axis of whoever is really there, infinite elsewhere, shape (h, w):
                they hide figures that are farther away.
        """
        assert self._look is not None
        painted = self._paint(snapshot, 0, over=(picture, nearer_m))
        boxes = self._boxes(painted)
        made = self._canvas.copy()
        rows = slice(*painted.rows) if painted.rows[0] < painted.rows[1] else slice(0)
        figures = painted.owner[rows] >= 0
        if self._look.noise > 0 and figures.any():
            noise = self._grain.normal(0.0, self._look.noise, (int(figures.sum()), 3))
            made[rows][figures] = np.clip(np.round(made[rows][figures] + noise), 0, 255)
        return made, boxes

    def _paint(self, snapshot: Snapshot, index: int, over: tuple[Image, NDArray[np.float32]] | None = None) -> _Painted:
        """Paint figures over the empty place, or over a real picture of it, onto the canvas."""
        if snapshot.obstacles != self._obstacles:
            self._move(snapshot.obstacles)
        view = self.view = self._views.at(index, snapshot.time_s)
        self.camera = view.camera
        lens = lens_array(view.camera)
        if self._moves:
            self._optics.aim(view.camera, view.surface_m)
        w, h = self.camera.width_px, self.camera.height_px
        cast = self._casting.cast(snapshot, self.camera.position_m, float(self.camera.matrix[0, 0]))
        if view.light.infrared:
            cast = replace(cast, look=looks_in_infrared(cast.look, PAINTED))
        light = view.light.on_figures(cast.place_m, self._floor.sunlit(cast.place_m))
        self._canvas[:] = view.empty if over is None else over[0]
        free = view if over is None else replace(view, ground=np.where(np.isinf(over[1]), view.ground, 0))
        self._shade(cast, light, free, lens)
        before = self._canvas.copy() if self._shutter_s else None
        self._depth[:] = view.depth_m if over is None else np.minimum(view.depth_m, over[1])
        owner = np.full((h, w), _NOBODY, np.int16)
        whole = np.zeros((len(cast.id), 5))
        rows = np.array((h, 0))
        if view.mirror is not None and self._look is None:
            self._draw(cast, light, lens, owner, view.mirror, whole, rows)
        self._draw(cast, light, lens, owner, _NO_MIRROR, whole, rows)
        if before is not None:
            ways = figure_ways(view.camera, snapshot, cast.id, cast.place_m, self._shutter_s)
            smear(self._canvas, before, owner, cast.order, whole[:, 1:], ways)
        effects: tuple[Extent, ...] = ()
        if snapshot.fires or snapshot.lights:
            seen_by = owner.astype(np.int32)
            effects = paint_effects(
                self._canvas, view.camera, view.light, view.depth_m, seen_by, cast.place_m, snapshot
            )
            owner[:] = seen_by
        return _Painted(cast, owner, whole, rows, effects)

    def _move(self, obstacles: tuple[Obstacle, ...] | None) -> None:
        """See obstacles where they stand now; None: where the scenario has them."""
        self._obstacles = obstacles
        venue = self._scenario.venue
        if obstacles is not None:
            venue = venue.with_obstacles(obstacles)
        self._floor, self._views = self._stand(self._scenario.model_copy(update={"venue": venue}))
        self._casting = Casting(shipped(), Seats(venue))
        if not self._moves:
            self._optics.aim(self.camera, self._views.surface_m())

    def _shade(self, cast: Cast, light: NDArray[np.float64], view: View, lens: NDArray[np.float64]) -> None:
        """Lay the shadows of figures on the floor: of the sun, of the strongest lamp, and where they touch it."""
        stock, pool, rows = self._casting.stock, self._casting.poses.pool, np.arange(len(cast.id))
        none = np.zeros(len(rows))
        for towards, depth, width in ((TO_SUN, SUN_SHADOW, _SUN_RAD), (TO_KEY, KEY_SHADOW, _LAMP_RAD)):
            strength, share = light[:, depth], view.ground
            if not (strength >= 0.01).any():
                continue
            if depth == SUN_SHADOW:  # the view knows where on the floor there is no sun
                strength, share = np.full(len(rows), strength.max()), view.sunlit
            throw(
                rows, cast.coarse, cast.blend, cast.matrix, np.c_[light[:, towards : towards + 3], none], strength,
                width, pool, stock.triangle, lens, view.ground, share, self._dark, self._dark_rows,
            )  # fmt: skip
        touch(rows, cast.coarse, cast.blend, cast.matrix, pool, lens, view.ground, self._dark, self._dark_rows)
        lay_floor(self._dark, self._dark_rows, _CLEAR if view.clear is None else view.clear, self._canvas)

    def _draw(
        self, cast: Cast, light: NDArray[np.float64], lens: NDArray[np.float64], owner: NDArray[np.int16],
        mirror: NDArray[np.uint8], whole: NDArray[np.float64], rows: NDArray[np.int64],
    ) -> None:  # fmt: skip
        stock = self._casting.stock
        draw(
            cast.order, cast.span, cast.blend, cast.matrix, light, cast.look, cast.fold, self._casting.poses.pool,
            stock.triangle, stock.region, stock.uv, stock.occlusion, bank(), soft_bank(), lens, self._depth,
            self._canvas if self._look is None else self._layer, owner, mirror, whole, rows,
        )  # fmt: skip
        if self._look is not None:
            self._look.lay(self._layer, self._canvas)

    def _boxes(self, painted: _Painted) -> Boxes:
        cast, whole = painted.cast, painted.whole
        seen = np.zeros((len(cast.id), 5))
        _look(painted.owner, painted.rows, seen)
        box = whole[:, 1:]
        width, height = self.camera.width_px, self.camera.height_px
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
            head_px=self.camera.project(cast.head_m[rows])[0],
        )


@njit(cache=True, nogil=True, error_model="numpy")
def _look(owner: Any, rows: Any, seen: Any) -> None:
    """Count the pixels of each figure and find the box around them: count, x1, y1, x2, y2 a row."""
    seen[:, 1:3] = np.inf
    seen[:, 3:] = -np.inf
    wide = owner.shape[1]
    for y in range(rows[0], rows[1]):
        x = 0
        while x < wide:
            i, first = owner[y, x], x
            while x < wide and owner[y, x] == i:
                x += 1
            if i >= 0:
                seen[i, 0] += x - first
                seen[i, 1], seen[i, 2] = min(seen[i, 1], first), min(seen[i, 2], y)
                seen[i, 3], seen[i, 4] = max(seen[i, 3], x), max(seen[i, 4], y + 1.0)
