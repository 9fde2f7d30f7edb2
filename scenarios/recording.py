"""A run folder: its layout, written under a temporary name and renamed when it is whole.

run.json            what made it: scenario hash, seed, versions, detector and weights, timings
scenario.toml       the scenario, as it was run
cameras.json        the calibrated cameras
truth/              see `scenarios.truth`; masks, on demand: see `scenarios.mask`;
                    and MOTChallenge gt.txt, one a camera: gt_<camera>.txt
video/<camera>.mp4  H.264; of real footage also <camera>.annotated.mp4 with everything drawn in
frames/<camera>.json  time_s of each picture of the video
frames/<camera>.npz   of a moving camera: its pose at each picture, see `scenarios.camera_track`
detections.parquet, tracks.parquet, floor.parquet (people on the floor, by all cameras together), events.jsonl,
score.json, report.html
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.errors import RecordingError
from scenarios.truth import GroundTruth

__all__ = ["FORMAT", "Recording", "View", "writing"]

FORMAT: Final = 1
"""Version of the layout."""


@dataclass(frozen=True, slots=True)
class View:
    """One film of a run folder.

    Attributes:
        id: Name of the camera.
        width_px: Width of its pictures.
        height_px: Height of its pictures.
        camera: Its calibration, of a moving camera that of the first picture; None where nobody knows it.
        track: Of a moving camera, its pose at every picture.
    """

    id: str
    width_px: int
    height_px: int
    camera: Camera | None
    track: CameraTrack | None = None

    @classmethod
    def of(cls, camera: Camera | CameraTrack) -> View:
        """Return the view of a calibrated camera."""
        if isinstance(camera, CameraTrack):
            return cls(camera.id, camera.width_px, camera.height_px, camera.camera(0), camera)
        return cls(camera.id, camera.width_px, camera.height_px, camera)

    @property
    def calibration(self) -> Camera | CameraTrack | None:
        """Whatever says where the camera is at an instant: ``calibration.at(time_s)``."""
        return self.track or self.camera


@dataclass(frozen=True, slots=True)
class Recording:
    """Where everything of one run lies.

    Attributes:
        folder: The run folder.
    """

    folder: Path

    @classmethod
    def open(cls, folder: Path) -> Recording:
        """Open a complete run folder.

        Raises:
            RecordingError: It does not exist, is half written, or has another format.
        """
        if not folder.is_dir():
            raise RecordingError(f"{folder}: there is no such run folder")
        recording = cls(folder)
        if not recording.run_json.is_file():
            raise RecordingError(f"{folder}: is not a whole run folder (run.json is missing); run it again")
        found = recording.run().get("format")
        if found != FORMAT:
            raise RecordingError(f"{folder}: has format {found}, this version reads format {FORMAT}")
        for view in recording.views():
            if not recording.video(view.id).is_file():
                raise RecordingError(f"{folder}: is half written (video/{view.id}.mp4 is missing); run it again")
        return recording

    @property
    def run_json(self) -> Path:
        """What made this run."""
        return self.folder / "run.json"

    @property
    def scenario_toml(self) -> Path:
        """The scenario as it was run; absent for real footage."""
        return self.folder / "scenario.toml"

    @property
    def truth_dir(self) -> Path:
        """Ground truth; absent where there is none."""
        return self.folder / "truth"

    @property
    def detections(self) -> Path:
        """Boxes of the detector."""
        return self.folder / "detections.parquet"

    @property
    def tracks(self) -> Path:
        """Boxes and ground positions of the tracker."""
        return self.folder / "tracks.parquet"

    @property
    def floor(self) -> Path:
        """Everybody on the floor once, by all cameras together."""
        return self.folder / "floor.parquet"

    @property
    def events(self) -> Path:
        """What the rules said, a JSON object a line."""
        return self.folder / "events.jsonl"

    @property
    def score_json(self) -> Path:
        """The scorecard."""
        return self.folder / "score.json"

    @property
    def report(self) -> Path:
        """The page for people."""
        return self.folder / "report.html"

    def video(self, camera_id: str) -> Path:
        """The film of one camera."""
        return self.folder / "video" / f"{camera_id}.mp4"

    def annotated(self, camera_id: str) -> Path:
        """The film of one camera with everything drawn in; only of real footage."""
        return self.folder / "video" / f"{camera_id}.annotated.mp4"

    def mot_truth(self, camera_id: str) -> Path:
        """MOTChallenge truth of one camera."""
        return self.truth_dir / f"gt_{camera_id}.txt"

    def run(self) -> dict[str, Any]:
        """Read ``run.json``."""
        return self._json(self.run_json)

    def score(self) -> dict[str, Any]:
        """Read ``score.json``."""
        return self._json(self.score_json)

    def truth(self) -> GroundTruth:
        """Read the ground truth."""
        return GroundTruth.load(self.truth_dir)

    def views(self) -> list[View]:
        """Read which films there are, with their calibrations."""
        raw = self._json(self.folder / "cameras.json")
        try:
            views = [(View(c["id"], c["width_px"], c["height_px"], _camera(c)), c.get("moves")) for c in raw["cameras"]]
        except (KeyError, TypeError, ValueError) as error:
            raise RecordingError(f"{self.folder / 'cameras.json'}: cannot be read ({error})") from None
        return [
            replace(view, track=CameraTrack.load(self.poses(view.id), view.camera)) if moves and view.camera else view
            for view, moves in views
        ]

    @property
    def masks(self) -> Path:
        """Which pixels show whom."""
        return self.truth_dir / "masks.parquet"

    def poses(self, camera_id: str) -> Path:
        """Poses of a moving camera."""
        return self.folder / "frames" / f"{camera_id}.npz"

    def cameras(self) -> list[Camera]:
        """Read the calibrated cameras; moving ones as they stood at their first picture (see ``views``)."""
        return [view.camera for view in self.views() if view.camera is not None]

    def save_views(self, views: Iterable[View]) -> None:
        """Write which films there are, with their calibrations, and the poses of moving cameras."""
        entries = []
        for view in views:
            entry: dict[str, Any] = {"id": view.id, "width_px": view.width_px, "height_px": view.height_px}
            if view.camera is not None:
                c = view.camera
                entry |= {
                    "matrix": c.matrix.tolist(),
                    "distortion": c.distortion.tolist(),
                    "rotation": c.rotation.tolist(),
                    "translation_m": c.translation_m.tolist(),
                    "masks_px": [m.tolist() for m in c.masks_px],
                    "fps": c.fps,
                }
                if c.doubt is not None:
                    entry["doubt"] = c.doubt.tolist()
            if view.track is not None:
                entry["moves"] = True
                view.track.save(self.poses(view.id))
            entries.append(entry)
        self.save_json(self.folder / "cameras.json", {"cameras": entries})

    def save_cameras(self, cameras: Iterable[Camera | CameraTrack]) -> None:
        """Write films of calibrated cameras."""
        self.save_views(View.of(camera) for camera in cameras)

    def frame_times(self, camera_id: str) -> NDArray[np.float64]:
        """Times in seconds of the pictures of one camera's film, in order, shape (n,)."""
        raw = self._json(self.folder / "frames" / f"{camera_id}.json")
        return np.asarray(raw["time_s"], float)

    def save_frame_times(self, camera_id: str, times_s: NDArray[np.float64]) -> None:
        """Write the times of the pictures of one camera's film."""
        path = self.folder / "frames" / f"{camera_id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"time_s": [round(float(t), 6) for t in times_s]}) + "\n", encoding="utf-8")

    @staticmethod
    def save_json(path: Path, value: dict[str, Any]) -> None:
        """Write an object as indented JSON."""
        path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def _json(self, path: Path) -> dict[str, Any]:
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RecordingError(f"{self.folder}: is half written ({path.name} is missing); run it again") from None
        except (OSError, ValueError) as error:
            raise RecordingError(f"{path}: cannot be read ({error})") from None
        if not isinstance(value, dict):
            raise RecordingError(f"{path}: is not a JSON object")
        return value


def _camera(raw: dict[str, Any]) -> Camera | None:
    if "matrix" not in raw:
        return None
    return Camera(
        id=raw["id"],
        width_px=raw["width_px"],
        height_px=raw["height_px"],
        matrix=np.array(raw["matrix"], float),
        distortion=np.array(raw["distortion"], float),
        rotation=np.array(raw["rotation"], float),
        translation_m=np.array(raw["translation_m"], float),
        masks_px=tuple(np.array(m, float) for m in raw["masks_px"]),
        fps=raw["fps"],
        doubt=None if raw.get("doubt") is None else np.array(raw["doubt"], float),
    )


@contextmanager
def writing(folder: Path, *, overwrite: bool = False) -> Iterator[Recording]:
    """Give a recording under a temporary name beside ``folder``; rename it when the block ends without an error.

    ``run.json`` must have been written by then. On an error the temporary folder is removed and nothing that was
    there before is touched.

    Raises:
        RecordingError: ``folder`` exists and ``overwrite`` is not set, or it is no run folder, or cannot be made.
    """
    if folder.exists():
        if not overwrite:
            raise RecordingError(f"{folder}: exists already; choose another --out or give --force")
        if not folder.is_dir() or (any(folder.iterdir()) and not (folder / "run.json").exists()):
            raise RecordingError(f"{folder}: exists and is not a run folder; choose another --out")
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        temporary.mkdir(parents=True)
    except OSError as error:
        raise RecordingError(f"{folder}: cannot be written ({error.strerror})") from None
    try:
        yield Recording(temporary)
        if folder.exists():
            aside = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.old")
            folder.replace(aside)
            temporary.replace(folder)
            shutil.rmtree(aside)
        else:
            temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
