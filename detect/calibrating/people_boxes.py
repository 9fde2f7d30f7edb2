"""Boxes of people to calibrate by: from a run folder, or from a file in MOTChallenge form."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.compute as pc
import supervision as sv
from numpy.typing import NDArray

from detect.observations import Observations
from detect.tracking import Tracker
from detect.tracks import ObjectClass
from scenarios.errors import ScenarioError, unknown
from scenarios.recording import Recording

__all__ = ["PeopleBoxes", "load_people_boxes"]

Floats = NDArray[np.float64]

_SURE: Final = 0.5
_EVERY_S: Final = 0.5
"""Boxes of one person nearer in time than this say the same again."""
_AROUND_S: Final = 1.6
"""A way is straight for so long before and after."""
_EDGE_PX: Final = 3.0
_SLIM: Final = (1.4, 6.0)
"""Height over width of people who stand or walk."""
_HIDDEN: Final = 0.1
"""Share of a box that may be behind another one, nearer to the camera."""


@dataclass(frozen=True, slots=True, eq=False)
class PeopleBoxes:
    """Whole, upright people in pictures of one camera.

    Attributes:
        box_px: Shape (n, 4).
        person: Whose box it is, as far as a tracker can tell, shape (n,).
        middle_px: Middles of the boxes, smoothed along each person's way, shape (n, 2).
        size_px: Width and height of the pictures.
        camera_id: Which camera.
    """

    box_px: Floats
    person: NDArray[np.int64]
    middle_px: Floats
    size_px: tuple[int, int]
    camera_id: str = field(default="camera")

    @property
    def tall_px(self) -> Floats:
        """Heights of the boxes, shape (n,)."""
        return np.asarray(self.box_px[:, 3] - self.box_px[:, 1])

    def only(self, keep: NDArray[np.bool_] | slice) -> PeopleBoxes:
        """Return some of them."""
        return replace(self, box_px=self.box_px[keep], person=self.person[keep], middle_px=self.middle_px[keep])

    @classmethod
    def of(
        cls,
        frame: NDArray[np.int64],
        time_s: Floats,
        person: NDArray[np.int64],
        box_px: Floats,
        size_px: tuple[int, int],
        camera_id: str = "camera",
    ) -> PeopleBoxes:
        """Keep what shows a whole person who stands or walks, each at most every half second.

        Args:
            frame: Picture of each box, shape (n,).
            time_s: Its time.
            person: Whose it is.
            box_px: The boxes, shape (n, 4).
            size_px: Width and height of the pictures.
            camera_id: Which camera.
        """
        x1, y1, x2, y2 = box_px.T
        slim = (y2 - y1) / np.maximum(x2 - x1, 1e-9)
        keep = (x1 > _EDGE_PX) & (y1 > _EDGE_PX) & (x2 < size_px[0] - _EDGE_PX) & (y2 < size_px[1] - _EDGE_PX)
        keep &= (slim >= _SLIM[0]) & (slim <= _SLIM[1])
        order = np.argsort(frame, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(frame[order]) > 0])
        for rows in np.split(order, starts[1:]):
            keep[rows] &= ~_behind(box_px[rows])
        last: dict[int, float] = {}
        for row in order[keep[order]]:
            who = int(person[row])
            if time_s[row] - last.get(who, -np.inf) < _EVERY_S:
                keep[row] = False
            else:
                last[who] = float(time_s[row])
        kept, who = box_px[keep], person[keep]
        return cls(kept, who, _smooth((kept[:, :2] + kept[:, 2:]) / 2, time_s[keep], who), size_px, camera_id)


def _smooth(points: Floats, time_s: Floats, person: NDArray[np.int64]) -> Floats:
    """Put points (n, 2) on straight lines through what the same person's points are around that time."""
    smooth = points.copy()
    for who in np.unique(person):
        rows = np.flatnonzero(person == who)
        since = time_s[rows] - time_s[rows][:, None]  # of each row: when the others are
        weight = np.clip(1 - np.abs(since) / _AROUND_S, 0, None)
        total, first, second = (np.einsum("ij,ij->i", weight, since**k) for k in (0, 1, 2))
        spread = second * total - first**2
        for k in (0, 1):
            value = weight @ points[rows, k]
            slope = (weight * since) @ points[rows, k]
            mean = value / total
            line = (second * value - first * slope) / np.where(spread > 1e-9, spread, 1.0)
            smooth[rows, k] = np.where(spread > 1e-9, line, mean)
    return smooth


def _behind(boxes: Floats) -> NDArray[np.bool_]:
    """Which of the boxes of one picture (n, 4) are hidden by a nearer one."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = (
        np.clip(high - low, 0, None).prod(axis=2)
        / np.maximum(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), 1e-9)[:, None]
    )
    nearer = boxes[None, :, 3] > boxes[:, None, 3]
    return np.asarray(((shared > _HIDDEN) & nearer).any(axis=1))


def load_people_boxes(
    path: Path, *, camera_id: str | None = None, size_px: tuple[int, int] | None = None, fps: float | None = None
) -> PeopleBoxes:
    """Read boxes of people.

    Args:
        path: A run folder, or a file in MOTChallenge form: detections (id -1) or tracks.
        camera_id: Camera of the run folder; None: its only one.
        size_px: Of the pictures; needed for MOTChallenge files.
        fps: Pictures a second of a MOTChallenge file; None: 10.

    Raises:
        ParvisError: There is no such file or camera, or it cannot be read.
    """
    if path.is_dir():
        return _from_run(path, camera_id)
    if size_px is None:
        raise ScenarioError(f"{path.name}: does not say for which size of picture it is; give --size WIDTHxHEIGHT")
    try:
        rows = np.loadtxt(path, delimiter=",", ndmin=2, usecols=range(7))
    except OSError:
        raise ScenarioError(f"{path}: there is no such file or run folder") from None
    except (ValueError, IndexError) as error:
        raise ScenarioError(f"{path.name}: is not in MOTChallenge form: {error}") from None
    rows = rows[(rows[:, 6] >= _SURE) | ((rows[:, 1] >= 0) & (rows[:, 6] != 0))]
    box = np.c_[rows[:, 2:4] - 1, rows[:, 2:4] - 1 + rows[:, 4:6]]
    frame, person = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    if not np.isfinite(box).all():
        raise ScenarioError(f"{path.name}: holds a number that is not finite")
    rate = fps or 10.0
    if (person < 0).all():
        frame, person, box = _tracked(frame, box, rows[:, 6], rate)
    return PeopleBoxes.of(frame, frame / rate, person, box, size_px, camera_id or "camera")


def _from_run(folder: Path, camera_id: str | None) -> PeopleBoxes:
    recording = Recording.open(folder)
    views = {view.id: view for view in recording.views()}
    if camera_id is None and len(views) > 1:
        raise ScenarioError(f"{folder}: has several cameras; give --id, one of {', '.join(views)}")
    chosen = camera_id or next(iter(views))
    if chosen not in views:
        raise ScenarioError(unknown("camera", chosen, views, str(folder)))
    view = views[chosen]
    if view.track is not None:
        raise ScenarioError(f"{folder}: camera '{chosen}' moves; only one that stands still is calibrated by heights")
    tracks = Observations.load(recording).tracks
    mine = tracks.filter(pc.and_(pc.equal(tracks["camera"], chosen), pc.equal(tracks["cls"], "person")))
    frame, time_s, person = (mine[n].to_numpy() for n in ("frame", "time_s", "track_id"))
    box = np.stack([mine[n].to_numpy().astype(float) for n in ("x1", "y1", "x2", "y2")], axis=1)
    size = (view.width_px, view.height_px)
    return PeopleBoxes.of(frame.astype(np.int64), time_s, person, box, size, chosen)


def _tracked(
    frame: NDArray[np.int64], box: Floats, confidence: Floats, fps: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Give boxes an identity, so that one person seen often is not taken for many."""
    tracker = Tracker(fps=fps)
    frames, people, boxes = [], [], []
    for number in np.unique(frame):
        here = frame == number
        seen = sv.Detections(
            xyxy=box[here], confidence=confidence[here], class_id=np.full(int(here.sum()), int(ObjectClass.PERSON))
        )
        followed = tracker.update(seen, float(number) / fps)
        frames.append(np.full(len(followed.track_id), number))
        people.append(followed.track_id)
        boxes.append(followed.box_px)
    return np.concatenate(frames), np.concatenate(people), np.concatenate(boxes)
