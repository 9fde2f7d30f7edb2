"""The stage of a drill: the simulator's people, walked and painted into a real camera's pictures.

What the last seconds of the camera show says where people walk there, what the light is and how the camera sees; from
this its twin is made, as `parvis plate` makes it, and one incident is played in it. The figures are laid over every
real picture through the calibration, with that light and that noise, behind whoever really stands nearer.
"""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import cv2
import numpy as np
import shapely
import tomli_w
from numpy.typing import NDArray

from dashboard.plate_maker import Twin, drawn_tones, tones_to_look, twin_of
from dashboard.plate_people import stands_out
from dashboard.plate_picture import Sample
from detect.drills import Drill
from detect.live.drill import Inserted
from scenarios.calibration import load_calibration
from scenarios.camera import Camera
from scenarios.errors import ScenarioError
from scenarios.event import EventKind
from scenarios.frame import Frame, Image
from scenarios.load import load_scenario
from scenarios.scenario import Scenario
from sim.crowd import Crowd
from sim.render.compositor import Compositor

__all__ = ["DrillStage", "set_stage"]

_FPS: Final = 20.0
_AT_S: Final = 10.0
"""What should be noticed happens so long after the beginning: time to walk there."""
_LIMIT_S: Final = {
    EventKind.ABANDONED_OBJECT: 90.0,
    EventKind.PERSON_DOWN: 45.0,
    EventKind.CROWD_MOVEMENT: 40.0,
}
_RUNNERS: Final = 20
_RUNS_M: Final = 6.0
_RUNS_S: Final = 10.0
_TRIES: Final = 400
_LEAST_PX: Final = {EventKind.ABANDONED_OBJECT: 14.0, EventKind.PERSON_DOWN: 40.0, EventKind.CROWD_MOVEMENT: 24.0}
"""Height in the picture of a bag of 0.5 m, or of a person, that a watcher can be expected to notice."""
_HIGH_M: Final = {EventKind.ABANDONED_OBJECT: 0.5, EventKind.PERSON_DOWN: 1.7, EventKind.CROWD_MOVEMENT: 1.7}
_FROM_EDGE_M: Final = 1.0
_TONES_OF: Final = 4
_BLOB_M: Final = 0.3
"""What stands out and is smaller than this squared hides nothing."""


def set_stage(drill: Drill, pictures: Sequence[Image], fps: float, calibration: Path) -> DrillStage:
    """Make the stage of a drill.

    Args:
        drill: What is wanted.
        pictures: Of the camera, some tenths of a second apart or more.
        fps: Their rate.
        calibration: File of the camera.

    Raises:
        ScenarioError: The pictures do not fit the calibration, the place cannot be seen, or nobody can get there.
    """
    camera = load_calibration(calibration).camera
    many = np.stack(pictures)
    h, w = many.shape[1:3]
    if (w, h) != (camera.width_px, camera.height_px):
        raise ScenarioError(
            f"drill: the calibration {calibration.name} is for {camera.width_px}x{camera.height_px} pixels, the "
            f"pictures have {w}x{h}"
        )
    pairs = np.stack([many[:-1:4], many[1::4][: len(many[:-1:4])]], axis=1)
    sample = Sample(many, pairs, seconds=len(many) / fps, fps=_FPS)
    twin = twin_of(sample, camera, tomllib.loads(calibration.read_text(encoding="utf-8")))
    rng = np.random.default_rng(crc32(drill.drill_id.encode()))
    with tempfile.TemporaryDirectory(prefix="parvis-drill-") as folder:
        cv2.imwrite(str(Path(folder) / "plate.png"), twin.plate)
        table = twin.table
        gain, black = tones_to_look(twin.passers.tones, drawn_tones(_read(folder, _passing(table))))
        table["cameras"][0]["plate"]["light"] |= {"gain_bgr": [gain] * 3, "black_bgr": [black] * 3}
        place = _place(drill, camera, table, rng)
        scenario = _read(folder, _staged(table, drill.kind, place))
        return DrillStage(scenario, twin, drill.kind, rng)


class DrillStage:
    """Puts the figures of one drill into pictures; made by ``set_stage``.

    Attributes:
        limit_s: For so long after its beginning an alarm is waited for.
    """

    def __init__(self, scenario: Scenario, twin: Twin, kind: EventKind, rng: np.random.Generator) -> None:
        """Place everybody.

        Args:
            scenario: The twin, with one incident.
            twin: What is known about the place.
            kind: What is staged.
            rng: Decides chance.
        """
        self.limit_s = _LIMIT_S[kind]
        self._kind, self._plate = kind, twin.plate
        self._crowd = Crowd(scenario, int(rng.integers(2**31)))
        self._compositor = Compositor(scenario, scenario.cameras[0].build(), rng, mark=False)
        self._camera = self._compositor.camera
        self._begin_s: float | None = None
        self._happened_s: float | None = None

    def insert(self, frame: Frame) -> Inserted:
        """Put everybody in as they are at this frame's time; the first frame is the beginning."""
        if self._begin_s is None:
            self._begin_s = frame.time_s
        due_s = frame.time_s - self._begin_s
        while self._crowd.time_s + self._crowd.scenario.step_s / 2 < due_s:
            self._crowd.step()
        picture, boxes = self._compositor.insert(self._crowd.snapshot(), frame.image, self._nearer_m(frame.image))
        seen = boxes.visibility > 0
        truth = next(iter(self._crowd.incidents_truth()), None)
        if truth is not None and self._happened_s is None:
            self._happened_s = frame.time_s
        place = None if truth is None else truth.place_m
        return Inserted(picture, boxes.visible_px[seen], boxes.feet_m[seen], self._happened_s, place)

    def _nearer_m(self, image: Image) -> NDArray[np.float32]:
        """Return how far whoever is really there stands from the camera, by where their blob meets the ground."""
        solid, _ = stands_out(image, self._plate)
        count, labels, boxes, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8), connectivity=8)
        far = np.full(count, np.inf, np.float32)
        if count > 1:
            x, y, w, h, area = (boxes[1:, column].astype(float) for column in range(5))
            feet = self._camera.to_ground(np.c_[x + (w - 1) / 2, y + h - 1])
            with np.errstate(invalid="ignore"):
                depth = np.c_[feet, np.zeros(len(feet))] @ self._camera.rotation[2] + self._camera.translation_m[2]
                large = area >= (_BLOB_M * self._camera.matrix[1, 1] / depth) ** 2
            far[1:][large] = depth[large]
        return np.asarray(far[labels], np.float32)


def _read(folder: str, table: dict[str, Any]) -> Scenario:
    path = Path(folder) / "drill_v1.toml"
    path.write_text(tomli_w.dumps(table), encoding="utf-8")
    return load_scenario(path)


def _passing(table: dict[str, Any]) -> dict[str, Any]:
    """The twin with some people in it, for as long as it takes to see what grey figures are."""
    flows = [flow | {"initial": max(8, flow["initial"])} for flow in table["population"]["flows"]]
    return table | {"population": {"flows": flows}, "duration_s": _TONES_OF / _FPS}


def _staged(table: dict[str, Any], kind: EventKind, place: tuple[float, float]) -> dict[str, Any]:
    """The twin without people but those of the incident."""
    incident: dict[str, Any] = {"id": "drill", "at_s": _AT_S, "place_m": list(place)}
    flows: list[dict[str, Any]] = []
    if kind is EventKind.ABANDONED_OBJECT:
        incident |= {"kind": "abandoned_bag", "bag": "holdall", "stays_s": 2.0}
    elif kind is EventKind.PERSON_DOWN:
        incident |= {"kind": "person_down", "bystanders": 0.0}
    else:
        incident |= {"kind": "surge", "radius_m": 2 * _RUNS_M, "lasts_s": _RUNS_S}
        ring = (
            shapely.Point(place).buffer(_RUNS_M).intersection(shapely.Polygon(table["venue"]["outline"]).buffer(-0.5))
        )
        area = [list(corner) for corner in shapely.convex_hull(ring).exterior.coords[:-1]]
        ids = [gate["id"] for gate in table["venue"]["gates"]]
        flows = [
            {"id": f"from_{here}", "start": here, "to": ids, "choice": "random", "initial": _RUNNERS // len(ids),
             "area": area}
            for here in ids
        ]  # fmt: skip
        incident["at_s"] = 3.0
    return table | {"population": {"flows": flows}, "incidents": [incident], "duration_s": _LIMIT_S[kind]}


def _place(drill: Drill, camera: Camera, table: dict[str, Any], rng: np.random.Generator) -> tuple[float, float]:
    """Where it happens: where it was wanted, or anywhere on the walked ground that is seen well.

    Raises:
        ScenarioError: It cannot be seen well enough there, or nowhere.
    """
    floor = shapely.Polygon(table["venue"]["outline"])
    if drill.at_m is not None:
        if not floor.covers(shapely.Point(drill.at_m)) or not _is_seen(camera, np.array([drill.at_m]), drill.kind)[0]:
            low = tuple(round(v, 1) for v in floor.bounds)
            raise ScenarioError(
                f"drill: place {drill.at_m[0]:g}, {drill.at_m[1]:g} is not seen well enough, or nobody walks there; "
                f"ground that is walked lies between x {low[0]} to {low[2]} and y {low[1]} to {low[3]}"
            )
        return drill.at_m
    inner = floor.buffer(-_FROM_EDGE_M)
    x1, y1, x2, y2 = (inner if not inner.is_empty else floor).bounds
    points = rng.uniform((x1, y1), (x2, y2), (_TRIES, 2))
    good = shapely.contains_xy(inner, points) & _is_seen(camera, points, drill.kind)
    if not good.any():
        raise ScenarioError("drill: this camera sees no ground well enough for what should be put there")
    x, y = points[int(np.flatnonzero(good)[0])]
    return round(float(x), 2), round(float(y), 2)


def _is_seen(camera: Camera, points: NDArray[np.float64], kind: EventKind) -> NDArray[np.bool_]:
    box = camera.upright_box_px(points, _HIGH_M[kind])
    inside = (box[:, 0] >= 0) & (box[:, 1] >= 0) & (box[:, 2] <= camera.width_px) & (box[:, 3] <= camera.height_px)
    return inside & (box[:, 3] - box[:, 1] >= _LEAST_PX[kind])
