"""What went wrong in a sweep, the worst first, each with the picture of the instant and the place ringed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from dashboard.sweep.spec import Point
from dashboard.sweep.task import RUNS, read_result
from scenarios.camera import Camera
from scenarios.errors import RecordingError
from scenarios.recording import Recording, View

__all__ = ["Failure", "distinct", "failures_of", "picture_of"]

_AFTER_DUE_S: Final = 1.0
_WIDTH_PX: Final = 720
_RING_M: Final = 1.2
_LEAST_RING_PX: Final = 14
_COLOURS: Final = {"missed": (40, 40, 235), "false": (0, 140, 255)}
"""Blue, green, red."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A true event that was missed, or an alarm about nothing.

    Attributes:
        status: ``missed`` or ``false``.
        kind: Of event.
        at_s: When: it was due, or it was said.
        place_m: Where, or None.
        camera: Whose alarm it was; None: nobody's.
        score: Of the alarm; None of a miss.
        case: Of the suite.
        seed: Of the run.
        run: Name of the run folder.
        command: That makes the run again.
    """

    status: str
    kind: str
    at_s: float
    place_m: tuple[float, float] | None
    camera: str | None
    score: float | None
    case: str
    seed: int
    run: str
    command: str


def failures_of(points: Sequence[Point], folder: Path) -> list[Failure]:
    """Return all misses and false alarms of a sweep, the worst first.

    The worst false alarm is the surest; the worst miss is that of the kind of event and case that is missed most
    often. Of each case one comes before a second of any, so that few pictures show much.
    """
    found: list[Failure] = []
    seen: set[str] = set()
    for point in points:
        result = read_result(folder, point.spec.hash)
        if result is None or point.spec.hash in seen:
            continue
        seen.add(point.spec.hash)
        found += [_failure(point, result, entry) for entry in result["ledger"] if entry["status"] in _COLOURS]
    often: dict[tuple[str, str, str], int] = {}
    for failure in found:
        key = (failure.status, failure.kind, failure.case)
        often[key] = often.get(key, 0) + 1
    found.sort(key=lambda f: (f.status != "missed", -often[f.status, f.kind, f.case], -(f.score or 0), f.run, f.at_s))
    turn: dict[tuple[str, str, str], int] = {}
    ranked: list[tuple[int, int, Failure]] = []
    for failure in found:
        key = (failure.status, failure.kind, failure.case)
        turn[key] = turn.get(key, -1) + 1
        ranked.append((turn[key], len(ranked), failure))
    return [failure for _, _, failure in sorted(ranked, key=lambda r: r[:2])]


def distinct(failures: Sequence[Failure]) -> list[tuple[Failure, int]]:
    """Return each failure of the same film, kind and second once, the worst as it stood, with how often it is there.

    A sweep over settings watches the same film many times, and one picture of it is enough.
    """
    first: dict[tuple[str, str, str, int, int], Failure] = {}
    often: dict[tuple[str, str, str, int, int], int] = {}
    for failure in failures:
        key = (failure.status, failure.kind, failure.case, failure.seed, round(failure.at_s))
        first.setdefault(key, failure)
        often[key] = often.get(key, 0) + 1
    return [(failure, often[key]) for key, failure in first.items()]


def picture_of(failure: Failure, folder: Path) -> str | None:
    """Return the picture as a ``data:`` address of a JPEG; None where the run folder is not here or no camera saw it.

    Raises:
        RecordingError: The run folder is there and not whole.
    """
    run = folder / RUNS / failure.run
    if not run.is_dir():
        return None
    recording = Recording.open(run)
    at_s = failure.at_s + (_AFTER_DUE_S if failure.status == "missed" else 0.0)
    for view in recording.views():
        if failure.camera is not None and view.id != failure.camera:
            continue
        camera = None if view.calibration is None else view.calibration.at(at_s)
        pixel = None if camera is None or failure.place_m is None else _pixel(camera, failure.place_m)
        if failure.place_m is not None and camera is not None and pixel is None:
            continue
        image = _frame(recording, view, at_s)
        if pixel is not None and camera is not None:
            _ring(image, camera, failure, pixel)
        return _jpeg(image)
    return None


def _failure(point: Point, result: dict[str, Any], entry: dict[str, Any]) -> Failure:
    missed, place = entry["status"] == "missed", entry.get("place")
    return Failure(
        status=entry["status"],
        kind=entry["kind"],
        at_s=float(entry["due_s"] if missed else entry["alarm_s"]),
        place_m=None if place is None else (float(place[0]), float(place[1])),
        camera=entry.get("camera"),
        score=None if missed else entry.get("score"),
        case=point.case,
        seed=point.spec.scenario.seed,
        run=result["run"],
        command=point.command,
    )


def _pixel(camera: Camera, place_m: tuple[float, float]) -> tuple[float, float] | None:
    (x, y), _ = (part[0] for part in camera.project([(*place_m, 0.0)]))
    if not (0 <= x < camera.width_px and 0 <= y < camera.height_px):
        return None
    return float(x), float(y)


def _frame(recording: Recording, view: View, at_s: float) -> NDArray[np.uint8]:
    """The picture that is nearest to an instant."""
    times = recording.frame_times(view.id)
    index = int(np.argmin(np.abs(times - at_s)))
    wanted = float(times[index])
    with av.open(str(recording.video(view.id))) as film:
        stream = film.streams.video[0]
        film.seek(int(wanted * av.time_base))
        image = None
        for picture in film.decode(stream):
            image = picture
            if picture.time is not None and picture.time >= wanted - 1e-3:
                break
    if image is None:
        raise RecordingError(f"{recording.video(view.id)}: has no picture at {at_s:.1f} s")
    return np.asarray(image.to_ndarray(format="bgr24"))


def _ring(image: NDArray[np.uint8], camera: Camera, failure: Failure, pixel: tuple[float, float]) -> None:
    assert failure.place_m is not None
    x, y = failure.place_m
    beside, _ = camera.project([(x + _RING_M, y, 0.0), (x, y + _RING_M, 0.0)])
    radius = max(_LEAST_RING_PX, int(np.nanmax(np.linalg.norm(beside - pixel, axis=1))))
    centre = (round(pixel[0]), round(pixel[1]))
    thick = max(2, image.shape[1] // 320)
    cv2.circle(image, centre, radius + thick, (255, 255, 255), thick, cv2.LINE_AA)
    cv2.circle(image, centre, radius, _COLOURS[failure.status], thick, cv2.LINE_AA)


def _jpeg(image: NDArray[np.uint8]) -> str:
    if image.shape[1] > _WIDTH_PX:
        size = (_WIDTH_PX, round(image.shape[0] * _WIDTH_PX / image.shape[1]))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 82])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
