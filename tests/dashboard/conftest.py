"""A small run folder made by hand: two cameras, eight people, a bag, and events found, missed and false."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import onnx
import pyarrow as pa
import pytest
import tomli_w
from onnx import TensorProto, helper, numpy_helper

from detect.observations import DETECTIONS, TRACKS, Observations
from scenarios.camera import Camera
from scenarios.event import Event, EventKind
from scenarios.incident import IncidentKind
from scenarios.recording import FORMAT, Recording, writing
from scenarios.scenario import Scenario
from scenarios.truth import BOXES, GroundTruth, IncidentTruth

FPS = 12.5
FRAMES = 150
SCENARIO = {
    "name": "small_forecourt_v1",
    "title": "A small forecourt",
    "description": "Eight people cross a forecourt between two gates; a bag is left, another one is overlooked.",
    "seed": 7,
    "duration_s": 12.0,
    "fps": FPS,
    "venue": {
        "outline": [[0, 0], [30, 0], [30, 20], [0, 20]],
        "gates": [
            {"id": "west_gate", "line": [[0, 8], [0, 12]]},
            {"id": "east_gate", "line": [[30, 8], [30, 12]]},
            {"id": "north_gate", "line": [[13, 20], [16, 20]], "direction": "out"},
        ],
        "obstacles": [
            {"id": "kiosk", "kind": "kiosk", "polygon": [[18, 3], [22, 3], [22, 6], [18, 6]], "height_m": 2.6},
            {"id": "planter", "kind": "planter", "polygon": [[9, 13], [11, 13], [11, 15], [9, 15]], "height_m": 0.6},
        ],
        "zones": [{"id": "queue", "polygon": [[23, 7], [29, 7], [29, 13], [23, 13]], "max_density_per_m2": 3.0}],
    },
    "cameras": [
        {
            "id": "south_mast",
            "position_m": [15, -6, 6],
            "look_at_m": [15, 10, 0],
            "hfov_deg": 80,
            "resolution_px": [640, 360],
        },
        {
            "id": "west_wall",
            "position_m": [-4, 10, 4],
            "look_at_m": [14, 10, 0],
            "hfov_deg": 75,
            "resolution_px": [640, 360],
        },
    ],
    "population": {
        "flows": [
            {"id": "eastward", "start": "west_gate", "to": ["east_gate"], "initial": 12, "rate_per_min": 60},
            {"id": "westward", "start": "east_gate", "to": ["west_gate", "north_gate"], "rate_per_min": 40},
        ]
    },
}


def people_at(time_s: float) -> np.ndarray:
    """Eight people crossing in both directions, shape (8, 2)."""
    lane = np.arange(8)
    forward = lane % 2 == 0
    x = np.where(forward, 2 + 1.4 * time_s + lane, 28 - 1.3 * time_s - lane)
    return np.column_stack([x, 7 + lane * 1.1])


def _film(path: Path, camera: Camera) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = camera.width_px, camera.height_px, "yuv420p"
        stream.options = {"preset": "ultrafast", "g": "25"}
        stream.codec_context.time_base = stream.time_base = Fraction(2, 25)
        for index in range(FRAMES):
            image = np.full((camera.height_px, camera.width_px, 3), (74, 80, 84), np.uint8)
            image[::24] = 66
            for n, box in enumerate(camera.upright_box_px(people_at(index / FPS), 1.75)):
                if np.isfinite(box).all():
                    x1, y1, x2, y2 = np.clip(box, 0, [640, 360, 640, 360]).astype(int)
                    image[y1:y2, x1:x2] = (60 + 20 * n, 90, 200 - 20 * n)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = index, stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _boxes(cameras: list[Camera]) -> tuple[pa.Table, pa.Table, pa.Table]:
    rng = np.random.default_rng(3)
    truth, seen, tracks = [], [], []
    for camera in cameras:
        for index in range(FRAMES):
            where = people_at(index / FPS)
            for n, box in enumerate(camera.upright_box_px(where, 1.75)):
                inside = np.isfinite(box).all() and -40 < box[0] < 660 and 0 < box[3] < 400
                if not inside:
                    continue
                x1, y1, x2, y2 = box
                when = {"camera": camera.id, "frame": index, "time_s": index / FPS, "cls": "person"}
                hidden = n == 3 and 30 < index < 60
                part = [np.nan] * 4 if hidden else [x1, y1, x2, y2 - (y2 - y1) * 0.3 * (n == 1)]
                truth.append(
                    when
                    | {"id": n, "x1": x1, "y1": y1, "x2": x2, "y2": y2}
                    | dict(zip(("vx1", "vy1", "vx2", "vy2"), part, strict=True))
                    | {"visibility": 0.0 if hidden else 0.7 if n == 1 else 1.0, "x_m": where[n, 0], "y_m": where[n, 1]}
                )
                if not hidden and rng.random() < 0.9:
                    d = rng.normal(0, 1.5, 4)
                    shifted = {"x1": x1 + d[0], "y1": y1 + d[1], "x2": x2 + d[2], "y2": y2 + d[3], "confidence": 0.8}
                    seen.append(when | shifted)
                    ground = {"x_m": where[n, 0], "y_m": where[n, 1], "vx_mps": 1.0, "vy_mps": 0.0, "sigma_m": 0.3}
                    tracks.append(when | shifted | ground | {"track_id": 100 + n})
    return (
        pa.Table.from_pylist(truth, BOXES),
        pa.Table.from_pylist(seen, DETECTIONS),
        pa.Table.from_pylist(tracks, TRACKS),
    )


SCORE = {
    "scenario": "small_forecourt_v1",
    "seed": 7,
    "detector": "background",
    "footage_s": 24.0,
    "wall_s": 8.5,
    "boxes": {"person": {"ap50": 0.81, "ap50_95": 0.412, "precision": 0.93, "recall": 0.88}},
    "tracks": {"hota": 0.612, "det_a": 0.66, "ass_a": 0.571, "idf1": 0.72, "mota": 0.69},
    "events": {
        "abandoned_object": {
            "true": 2,
            "found": 1,
            "false": 1,
            "recall": 0.5,
            "precision": 0.5,
            "f1": 0.5,
            "false_per_camera_hour": 150.0,
            "delay_s": {"median": 1.4, "p90": 1.4},
        },
        "crowd_movement": {"true": 0, "found": 0, "false": 1, "false_per_camera_hour": 150.0},
    },
    "fairness": {
        "dweller": {"person_hours": 0.01, "false_alarms": 1, "per_person_hour": 100.0, "ci95": [2.5, 557.2]},
        "passer_by": {"person_hours": 0.02, "false_alarms": 0, "per_person_hour": 0.0, "ci95": [0.0, 184.4]},
    },
}


def make_run(folder: Path, *, real: bool = False) -> Recording:
    """Write a whole run folder; ``real``: without scenario, truth and scores, as from watched footage."""
    scenario = Scenario.model_validate(SCENARIO)
    cameras = [spec.build() for spec in scenario.cameras]
    truth, detections, tracks = _boxes(cameras)
    alarm = Event(
        "south_mast-1", EventKind.ABANDONED_OBJECT, "south_mast", 5.4, 9.0, (15.0, 9.0), (310.0, 190.0, 335.0, 214.0),
        None, (101,), 0.9, "abandoned_object", {"owner_away_m": 5.25, "alone_s": 30.0},
    )  # fmt: skip
    false = Event(
        "south_mast-2", EventKind.ABANDONED_OBJECT, "south_mast", 8.0, None, (20.0, 7.0), None, None, (), 0.4,
        "abandoned_object", {"alone_s": 31.0},
    )  # fmt: skip
    surge = Event(
        "west_wall-1", EventKind.CROWD_MOVEMENT, "west_wall", 2.0, 3.5, (8.0, 10.0), None, "queue", (), 0.5,
        "crowd_movement", {"speed_mps": 2.6, "people": 7},
    )  # fmt: skip
    ledger = [
        {"kind": "abandoned_object", "due_s": 4.0, "until_s": None, "place": [15.0, 9.0], "status": "found",
         "alarm_s": 5.4, "event_id": "south_mast-1"},
        {"kind": "abandoned_object", "due_s": 6.5, "until_s": 11.0, "place": [9.0, 5.0], "status": "missed",
         "alarm_s": None, "event_id": None},
        {"kind": "abandoned_object", "due_s": None, "until_s": None, "place": [20.0, 7.0], "status": "false",
         "alarm_s": 8.0, "event_id": "south_mast-2"},
        {"kind": "crowd_movement", "due_s": None, "until_s": None, "place": [8.0, 10.0], "status": "false",
         "alarm_s": 2.0, "event_id": "west_wall-1"},
    ]  # fmt: skip
    with writing(folder) as recording:
        recording.save_cameras(cameras)
        for camera in cameras:
            _film(recording.video(camera.id), camera)
            recording.save_frame_times(camera.id, np.arange(FRAMES) / FPS)
        Observations(detections, tracks, (surge, alarm, false)).save(recording)
        run = {
            "format": FORMAT,
            "parvis": "0.1.0",
            "made_at": "2026-11-23T10:00:00+00:00",
            "kind": "watch" if real else "rehearsal",
            "scenario": "vtest" if real else scenario.name,
            "title": "Campus, view 1" if real else scenario.title,
            "detector": "background",
            "tracker": "bytetrack",
            "weights_sha256": None,
            "footage_s": 24.0,
            "wall_s": 8.5,
            "timings": {"film_s": 3.1, "watch_s": 5.4, "stages_s": {"detect": 3.3, "track": 1.1}},
            "versions": {"numpy": "2.4.0", "opencv-python": "5.0.0"},
            "machine": {"python": "3.11.7", "system": "Linux"},
        }
        if real:
            run |= {"source": "vtest.avi", "command": "parvis watch vtest.avi", "ledger": []}
            score = {key: SCORE[key] for key in ("detector", "footage_s", "wall_s")} | {"scenario": "vtest"}
        else:
            recording.scenario_toml.write_text(tomli_w.dumps(SCENARIO), encoding="utf-8")
            GroundTruth(
                12.0,
                None,
                None,
                truth,
                (
                    IncidentTruth("bag", IncidentKind.ABANDONED_BAG, 1.0, None, (15.0, 9.0), (1,), (90,), {}),
                    IncidentTruth("bag2", IncidentKind.ABANDONED_BAG, 2.0, 11.0, (9.0, 5.0), (2,), (91,), {}),
                ),
            ).save(recording.truth_dir)
            run |= {
                "seed": 7,
                "scenario_hash": scenario.hash,
                "digest": {"truth": "ab" * 32, "pixels": "cd" * 32},
                "command": "parvis run small_forecourt_v1 --seed 7 --detector background",
                "ledger": ledger,
            }
            score = SCORE
        recording.save_json(recording.score_json, score)
        recording.save_json(recording.run_json, run)
    return Recording.open(folder)


@pytest.fixture(scope="session")
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a rehearsed run, "rehearsed", and a watched one, "watched"; nobody may change it."""
    folder = tmp_path_factory.mktemp("runs")
    make_run(folder / "rehearsed")
    make_run(folder / "watched", real=True)
    return folder


@pytest.fixture(scope="session")
def rehearsed(runs_folder: Path) -> Recording:
    """The rehearsed run."""
    return Recording.open(runs_folder / "rehearsed")


@pytest.fixture(scope="session")
def watched(runs_folder: Path) -> Recording:
    """The watched run: no truth, no scenario."""
    return Recording.open(runs_folder / "watched")


@pytest.fixture(scope="session")
def dark_finder(tmp_path_factory):
    """A network of one convolution over squares of 8 px: the darker a square, the surer a person stands there."""
    side, cells = 64, 8
    kernel = np.zeros((6, 3, 8, 8), np.float32)
    kernel[4] = -1 / 192
    bias = np.array([0, 0, 8, 8, 1, 0], np.float32)
    middles = np.arange(cells) * 8.0 + 4
    fixed = np.zeros((1, 6, cells, cells), np.float32)
    fixed[0, 0], fixed[0, 1] = np.meshgrid(middles, middles)
    nodes = [
        helper.make_node("Conv", ["images", "kernel", "bias"], ["seen"], name="/model.0/conv", strides=[8, 8]),
        helper.make_node("Add", ["seen", "fixed"], ["placed"], name="/model.1/add"),
        helper.make_node("Reshape", ["placed", "shape"], ["output0"], name="/model.1/reshape"),
    ]
    constants = {"kernel": kernel, "bias": bias, "fixed": fixed, "shape": np.array([1, 6, cells * cells])}
    graph = helper.make_graph(
        nodes, "dark_finder",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 6, cells * cells])],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, {"names": "{0: 'person', 1: 'bag'}"})
    path = tmp_path_factory.mktemp("networks") / "dark_finder.onnx"
    onnx.save(model, path)
    return path
