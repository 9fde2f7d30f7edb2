"""Real and simulated footage alike: pictures of one film with the boxes of everybody in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detect.score.annotations import load_mot
from detect.sources import VideoFileSource
from scenarios.camera import Camera
from scenarios.frame import Frame
from scenarios.scenario import Scenario
from scenarios.truth import GroundTruth, column

__all__ = ["PETS_OCCLUDERS", "Footage", "Occluder", "People", "occluders_of"]

Floats = NDArray[np.float64]

_HIDDEN: Final = 0.10
_BEHIND: Final = 0.05
_MARGIN_PX: Final = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Occluder:
    """Something fixed that hides who is behind it.

    Attributes:
        box_px: Upright rectangles x1, y1, x2, y2 that it covers in the picture, shape (k, 4).
        foot_px: Image row of its foot: whoever's feet are above that row is behind it.
    """

    box_px: Floats
    foot_px: float


PETS_OCCLUDERS: Final = (Occluder(np.array([[422.0, 30, 438, 392], [412.0, 202, 447, 245]]), 392.0),)
"""The lamp post with its sign in PETS2009 S2.L1 view 1, read off the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Everybody in one picture.

    Attributes:
        id: Shape (n,).
        box_px: x1, y1, x2, y2 of the whole body, shape (n, 4).
        clear: Fully visible: the box lies inside the picture, no other person's box covers more than a tenth of it,
            and no occluder in front of it more than a twentieth; upright. Shape (n,). Told from boxes alone, because
            real footage has nothing else.
    """

    id: NDArray[np.int64]
    box_px: Floats
    clear: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """A film file with its truth.

    Attributes:
        name: For the reader.
        path: The film, as a detector gets it: decoded H.264 or what the camera wrote.
        truth: Boxes.
        camera_id: As in the truth.
        fps: True frame rate.
        occluders: What stands in front of people.
        masks_px: Where nobody looks: the burnt-in mark; boxes with their middle there do not count.
    """

    name: str
    path: Path
    truth: GroundTruth
    camera_id: str
    fps: float
    occluders: tuple[Occluder, ...] = ()
    masks_px: tuple[Floats, ...] = ()

    @classmethod
    def real(cls, name: str, path: Path, annotations: Path, fps: float, occluders: Sequence[Occluder] = ()) -> Footage:
        """Annotated real footage.

        Args:
            name: For the reader.
            path: The film.
            annotations: Its boxes in MOTChallenge form.
            fps: Its true frame rate.
            occluders: What is known to stand in front of people.
        """
        return cls(name, path, load_mot(annotations, camera_id="real", fps=fps), "real", fps, tuple(occluders))

    def pictures(self, stride: int, scale: float = 1.0) -> Iterator[tuple[Frame, People]]:
        """Yield every ``stride``-th picture, made smaller by ``scale``, with the people in it."""
        people = self._people()
        with closing(VideoFileSource(self.path, camera_id=self.camera_id, fps=self.fps)) as source:
            for frame in source:
                if isinstance(frame, Frame) and frame.index % stride == 0:
                    here = people.get(frame.index, _NOBODY)
                    if scale != 1.0:
                        small = cv2.resize(frame.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                        frame = replace(frame, image=np.asarray(small, np.uint8))
                        here = replace(here, box_px=here.box_px * scale)
                    yield frame, here

    def _people(self) -> dict[int, People]:
        table = self.truth.boxes
        assert table is not None
        mine = (column(table, "camera") == self.camera_id) & (column(table, "cls") == "person")
        frame = column(table, "frame")[mine]
        who = column(table, "id")[mine].astype(np.int64)
        box = np.stack([column(table, name)[mine] for name in ("x1", "y1", "x2", "y2")], axis=1).astype(float)
        upright = self._upright(who, column(table, "time_s")[mine])
        ignored = np.nan_to_num(column(table, "visibility")[mine]) == 0
        with closing(VideoFileSource(self.path)) as source:
            wide, high = source.size_px
        found = {}
        for number in np.unique(frame):
            here = frame == number
            boxes = box[here]
            clear = _clear(boxes, wide, high, self.occluders) & upright[here] & ~ignored[here]
            found[int(number)] = People(who[here], boxes, clear)
        return found

    def _upright(self, who: NDArray[np.int64], time_s: Floats) -> NDArray[np.bool_]:
        """Whether somebody stands, walks or runs; where nobody wrote postures down, everybody does."""
        table = self.truth.people
        if table is None:
            return np.ones(len(who), np.bool_)
        postures = zip(
            column(table, "id").tolist(), np.round(column(table, "time_s"), 4).tolist(), column(table, "posture"),
            strict=True,
        )  # fmt: skip
        known = {(i, t) for i, t, posture in postures if posture in ("standing", "walking", "running")}
        return np.array([key in known for key in zip(who.tolist(), np.round(time_s, 4).tolist(), strict=True)], bool)


_NOBODY: Final = People(np.empty(0, np.int64), np.empty((0, 4)), np.empty(0, np.bool_))


def occluders_of(scenario: Scenario, camera: Camera) -> tuple[Occluder, ...]:
    """Return the boxes that a scenario's obstacles fill in a camera's picture."""
    made = []
    for obstacle in scenario.venue.obstacles:
        ring = np.array(obstacle.polygon, float)
        foot, _ = camera.project(np.c_[ring, np.zeros(len(ring))])
        top, _ = camera.project(np.c_[ring, np.full(len(ring), obstacle.height_m)])
        corners = np.concatenate((foot, top))
        if np.isfinite(corners).all():
            made.append(Occluder(np.r_[corners.min(axis=0), corners.max(axis=0)][None], float(foot[:, 1].max())))
    return tuple(made)


def _clear(box: Floats, wide: int, high: int, occluders: tuple[Occluder, ...]) -> NDArray[np.bool_]:
    inside = (
        (box[:, :2] >= _MARGIN_PX).all(axis=1) & (box[:, 2] <= wide - _MARGIN_PX) & (box[:, 3] <= high - _MARGIN_PX)
    )
    others = _covered(box, box)
    np.fill_diagonal(others, 0)
    clear = inside & (others.max(axis=1, initial=0) <= _HIDDEN)
    for occluder in occluders:
        hidden = _covered(box, occluder.box_px).max(axis=1, initial=0) > _BEHIND
        clear &= ~(hidden & (box[:, 3] < occluder.foot_px))
    return np.asarray(clear)


def _covered(box: Floats, by: Floats) -> Floats:
    """Share of each box (n, 4) that lies under each other one (m, 4), shape (n, m)."""
    wide = np.minimum(box[:, None, 2], by[:, 2]) - np.maximum(box[:, None, 0], by[:, 0])
    high = np.minimum(box[:, None, 3], by[:, 3]) - np.maximum(box[:, None, 1], by[:, 1])
    area = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
    return np.asarray(np.maximum(wide, 0) * np.maximum(high, 0) / area[:, None])
