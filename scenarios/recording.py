"""A run folder: its layout, written under a temporary name and renamed when it is whole.

run.json            what made it: scenario hash, seed, versions, detector and weights, timings
scenario.toml       the scenario, as it was run
cameras.json        the calibrated cameras
truth/              see `scenarios.truth`; and MOTChallenge gt.txt, one a camera: gt_<camera>.txt
video/<camera>.mp4  H.264
frames/<camera>.json  time_s of each picture of the video
detections.parquet, tracks.parquet, events.jsonl, score.json, report.html
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.errors import RecordingError
from scenarios.truth import GroundTruth

__all__ = ["FORMAT", "Recording", "writing"]

FORMAT: Final = 1
"""Version of the layout."""


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
        for camera in recording.cameras():
            if not recording.video(camera.id).is_file():
                raise RecordingError(f"{folder}: is half written (video/{camera.id}.mp4 is missing); run it again")
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

    def cameras(self) -> list[Camera]:
        """Read the calibrated cameras."""
        raw = self._json(self.folder / "cameras.json")
        try:
            return [
                Camera(
                    id=c["id"],
                    width_px=c["width_px"],
                    height_px=c["height_px"],
                    matrix=np.array(c["matrix"], float),
                    distortion=np.array(c["distortion"], float),
                    rotation=np.array(c["rotation"], float),
                    translation_m=np.array(c["translation_m"], float),
                    masks_px=tuple(np.array(m, float) for m in c["masks_px"]),
                    fps=c["fps"],
                )
                for c in raw["cameras"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise RecordingError(f"{self.folder / 'cameras.json'}: cannot be read ({error})") from None

    def save_cameras(self, cameras: list[Camera]) -> None:
        """Write the calibrated cameras."""
        entries = [
            {
                "id": c.id,
                "width_px": c.width_px,
                "height_px": c.height_px,
                "matrix": c.matrix.tolist(),
                "distortion": c.distortion.tolist(),
                "rotation": c.rotation.tolist(),
                "translation_m": c.translation_m.tolist(),
                "masks_px": [m.tolist() for m in c.masks_px],
                "fps": c.fps,
            }
            for c in cameras
        ]
        self.save_json(self.folder / "cameras.json", {"cameras": entries})

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
