"""Scenario -> film -> pipeline -> score -> run folder: where sim and detect meet.

Rehearsed and real footage take the same way: only where the pictures and the truth come from differs.
"""

from __future__ import annotations

import platform
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from dashboard import __version__
from dashboard.footage import take_footage
from dashboard.progress import Report, silent
from dashboard.report import write_report
from detect import defaults
from detect.detectors import build_detector
from detect.detectors.contract import Detector
from detect.floors import Floors, fuse_tracks
from detect.motion_mode import DEFAULT_MODE, check_mode
from detect.observations import ObservationLog, Observations
from detect.pipeline import Pipeline
from detect.rules import build_rules
from detect.rules.contract import Setting
from detect.score import event_ledger, scorecard
from detect.score.oracle import OracleDetector
from detect.sources import open_source
from detect.sources.ahead import Ahead
from detect.tracking import Tracker
from scenarios.errors import DetectorError, ScenarioError, unknown
from scenarios.load import library, load_scenario
from scenarios.miscalibration import Miscalibration
from scenarios.recording import FORMAT, Recording, writing
from scenarios.scenario import Scenario
from scenarios.truth import GroundTruth
from scenarios.venue import Zone
from sim.export import FORMATS
from sim.film import digest, film

__all__ = ["Watching", "compile_all", "film_only", "finish", "rehearse", "replay", "watch_recording"]

_LIBRARIES: Final = (
    "numpy",
    "opencv-python",
    "mesa",
    "pygame-ce",
    "numba",
    "av",
    "onnxruntime",
    "supervision",
    "trackers",
)

RuleSettings = Mapping[str, Mapping[str, Setting]]


@dataclass(frozen=True, slots=True)
class Watching:
    """How footage is watched: the part of a run that can be changed and replayed.

    Attributes:
        detector: As for ``detect.detectors.build_detector``, or ``oracle[:key=value,...]``.
        tracker: A tracker of ``detect.tracking``.
        rules: Settings by rule and key; what is not named keeps its default.
        trust_weights: Whether ``.pt`` files, which can run code, may be loaded.
        camera_motion: How tracks are moved with a camera that moves, one of ``detect.motion_mode.MODES``.
        calibration: By how much what it believes of the cameras is wrong.
    """

    detector: str = defaults.DETECTOR
    tracker: str = "bytetrack"
    rules: RuleSettings = field(default_factory=dict)
    trust_weights: bool = False
    camera_motion: str = DEFAULT_MODE
    calibration: Miscalibration = field(default_factory=Miscalibration)

    def check(self) -> None:
        """Build everything once for nothing.

        Raises:
            ParvisError: There is no such detector, tracker, rule, setting or camera motion.
        """
        check_mode(self.camera_motion)
        if not self.detector.startswith("oracle"):
            self.build_detector(None, 0)
        Tracker(self.tracker, fps=10.0)
        build_rules(self.rules)

    def build_detector(self, truth: GroundTruth | None, seed: int) -> Detector:
        """Build the detector; the oracle needs the truth.

        Raises:
            DetectorError: There is no such detector, or no truth for the oracle.
        """
        name, _, options = self.detector.partition(":")
        if name != "oracle":
            return build_detector(self.detector, trust_weights=self.trust_weights)
        if truth is None or truth.boxes is None:
            raise DetectorError("the detector 'oracle' reads the true boxes, and this footage has none")
        return OracleDetector(truth, seed=seed, **_oracle_options(options))

    def about(self, detector: Detector) -> dict[str, Any]:
        """Return what run.json says of how footage was watched, `detector` being the one that was built."""
        return {
            "detector": detector.name,
            "detector_spec": self.detector,
            "weights_sha256": detector.weights_sha256,
            "tracker": self.tracker,
            "camera_motion": self.camera_motion,
            "calibration": self.calibration.model_dump(exclude_defaults=True),
            "rules": {rule: dict(keys) for rule, keys in self.rules.items()},
        }


def rehearse(
    scenario: Scenario,
    out: Path,
    watching: Watching | None = None,
    *,
    overwrite: bool = False,
    command: str = "",
    footage: Recording | None = None,
    report: Report = silent,
) -> Recording:
    """Simulate, film, detect and score one scenario; write the run folder.

    Args:
        scenario: What happens; its seed decides all chance.
        out: The run folder.
        watching: Detector, tracker and rules.
        overwrite: Replace a run folder that is there.
        command: The command that makes this run again, for the report.
        footage: The scenario's film with its truth, where it has been made already (``film_only``).
        report: Told how far it is.

    Raises:
        ParvisError: Something given is wrong; nothing is left behind.
    """
    watching = watching or Watching()
    started = time.perf_counter()
    watching.check()  # a wrong name is said before the filming, not after
    with writing(out, overwrite=overwrite) as recording, ThreadPoolExecutor(1) as beside:
        if footage is None:
            film(scenario, recording, progress=lambda share: report("film", share))
            filmed = time.perf_counter()
            summed = beside.submit(digest, recording)
        else:
            take_footage(footage, recording, link=True)
            filmed = time.perf_counter()
            summed = beside.submit(lambda: dict(footage.run()["digest"]))
        seen, about = watch_recording(
            recording, watching, zones=scenario.venue.watched_zones, seed=scenario.seed, report=report
        )
        watched = time.perf_counter()
        finish(
            recording,
            seen,
            truth=recording.truth(),
            zones=scenario.venue.zones,
            about=_of_scenario(scenario, summed.result())
            | {
                "kind": "rehearsal",
                "command": command,
                "timings": {"film_s": filmed - started, "watch_s": watched - filmed, "stages_s": about.pop("stages_s")},
                "wall_s": watched - started,
            }
            | about,
            report=report,
        )
    return Recording.open(out)


def compile_all(report: Report = silent) -> None:
    """Run a second of each kind of work, so that every numba kernel is compiled and kept for later runs."""
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(names := sorted(library())):
            report("compile", number / len(names), name)
            changes = ["incidents=[]", "duration_s=1.2", "fps=5"]
            world = load_scenario(name, changes)
            if not world.has_its_files:
                continue
            small = [f"cameras.{k}.resolution_px=[320,180]" for k, c in enumerate(world.cameras) if c.plate is None]
            rehearse(load_scenario(name, [*changes, *small]), Path(folder) / name)
        report("compile", 1.0, "done")


def replay(
    run: Path,
    out: Path,
    watching: Watching,
    *,
    overwrite: bool = False,
    command: str = "",
    report: Report = silent,
) -> Recording:
    """Watch recorded footage again with other settings; write a run folder of its own.

    Raises:
        ParvisError: The run folder is not whole, or a setting is wrong.
    """
    before = Recording.open(run)
    made = before.run()
    started = time.perf_counter()
    scenario = load_scenario(before.scenario_toml) if before.scenario_toml.is_file() else None
    zones, told = (scenario.venue.zones, scenario.venue.watched_zones) if scenario else ((), ())
    watching.check()
    with writing(out, overwrite=overwrite) as recording:
        take_footage(before, recording)
        seen, about = watch_recording(recording, watching, zones=told, seed=made.get("seed", 0), report=report)
        watched = time.perf_counter()
        kept = ("scenario", "title", "scenario_hash", "seed", "conditions", "footage_s", "digest", "source")
        finish(
            recording,
            seen,
            truth=recording.truth() if recording.truth_dir.is_dir() else None,
            zones=zones,
            about={key: made[key] for key in kept if key in made}
            | {
                "kind": "replay",
                "replay_of": run.name,
                "footage_kind": made.get("footage_kind", made["kind"]),
                "command": command,
                "timings": {"watch_s": watched - started, "stages_s": about.pop("stages_s")},
                "wall_s": watched - started,
            }
            | about,
            report=report,
        )
    return Recording.open(out)


def film_only(
    scenario: Scenario,
    out: Path,
    *,
    formats: Sequence[str] = (),
    masks: bool = False,
    overwrite: bool = False,
    command: str = "",
    report: Report = silent,
) -> Recording:
    """Film one scenario with its truth, without watching it; export the truth in further formats.

    Args:
        scenario: What happens.
        out: The run folder; exports go into folders of their names inside it.
        formats: Of ``sim.export.FORMATS``.
        masks: Keep which pixels show whom, too.
        overwrite: Replace a run folder that is there.
        command: The command that makes this run again.
        report: Told how far it is.

    Raises:
        ScenarioError: There is no such format.
        RecordingError: The folder cannot be written.
    """
    for name in formats:
        if name not in FORMATS:
            raise ScenarioError(unknown("format", name, FORMATS, "--format"))
    started = time.perf_counter()
    with writing(out, overwrite=overwrite) as recording:
        film(scenario, recording, masks=masks, progress=lambda share: report("film", share))
        for name in formats:
            report(name, 0.0)
            FORMATS[name](recording, recording.folder / name)
            report(name, 1.0)
        wall = time.perf_counter() - started
        about = {"kind": "film", "timings": {"film_s": wall}, "wall_s": wall, "command": command}
        recording.save_json(recording.run_json, provenance() | _of_scenario(scenario, digest(recording)) | about)
    return Recording.open(out)


def watch_recording(
    recording: Recording, watching: Watching, *, zones: Sequence[Zone], seed: int, report: Report = silent
) -> tuple[Observations, dict[str, Any]]:
    """Run the detection stack over every film of a recording.

    Returns:
        What it saw, and what run.json has to say about it.
    """
    truth = recording.truth() if watching.detector.startswith("oracle") and recording.truth_dir.is_dir() else None
    log = ObservationLog()
    stages: dict[str, float] = {}
    detector = watching.build_detector(truth, seed)
    for view in recording.views():
        source = Ahead(open_source(str(recording.video(view.id)), camera_id=view.id))
        rules = build_rules(watching.rules)
        pipeline = Pipeline(
            detector,
            rules,
            camera=None if view.calibration is None else watching.calibration.of(view.calibration),
            zones=zones,
            tracker=watching.tracker,
            camera_motion=watching.camera_motion,
        )
        try:
            for seen in pipeline.watch(source):
                if seen.gap is not None:
                    log.miss(seen.gap)
                    log.say(seen.events)
                elif seen.frame is not None:
                    log.add(seen.frame, seen.detections, seen.tracks, seen.events)
                    if source.frame_count:
                        report("watch", (seen.frame.index + 1) / source.frame_count, view.id)
        finally:
            source.close()
        for stage, seconds in pipeline.timings_s.items():
            stages[stage] = stages.get(stage, 0.0) + seconds
    return log.finish(), watching.about(detector) | {"stages_s": stages}


def finish(
    recording: Recording,
    seen: Observations,
    *,
    truth: GroundTruth | None,
    zones: Sequence[Zone],
    about: dict[str, Any],
    report: Report = silent,
) -> None:
    """Score what was seen, and write observations, score.json, run.json and the report."""
    report("score", 0.0)
    seen.save(recording)
    floors = _on_the_floor(recording, seen)
    card: dict[str, Any] = {
        "scenario": about["scenario"],
        "seed": about.get("seed"),
        "detector": about["detector"],
        "footage_s": about["footage_s"],
        "wall_s": about["wall_s"],
    }
    ledger: list[dict[str, Any]] = []
    if truth is not None:
        card = scorecard(
            truth,
            seen,
            scenario_name=about["scenario"],
            seed=about.get("seed"),
            detector=about["detector"],
            footage_s=about["footage_s"],
            wall_s=about["wall_s"],
            zones=zones,
            cameras=recording.cameras(),
            watched=[rule.kind for rule in build_rules(about["rules"])],
            floors=floors,
        )
        ledger = event_ledger(truth, seen, zones=zones, footage_s=about["footage_s"])
    recording.save_json(recording.score_json, card)
    recording.save_json(
        recording.run_json,
        provenance() | about | {"ledger": ledger},
    )
    write_report(recording)
    report("score", 1.0)


def _on_the_floor(recording: Recording, seen: Observations) -> Floors | None:
    """Fuse what the calibrated cameras saw, and keep it; None where no camera is calibrated."""
    times = {view.id: recording.frame_times(view.id) for view in recording.views() if view.calibration is not None}
    if not times:
        return None
    floors = fuse_tracks(seen.tracks, times, gaps=seen.gaps)
    floors.save(recording)
    return floors


def provenance() -> dict[str, Any]:
    """Return by what a run is made: versions and machine, for run.json."""
    return {
        "format": FORMAT,
        "parvis": __version__,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"python": platform.python_version(), "system": platform.platform(terse=True)},
        "versions": {name: version(name) for name in _LIBRARIES},
    }


def _of_scenario(scenario: Scenario, sums: dict[str, str]) -> dict[str, Any]:
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "scenario_hash": scenario.hash,
        "seed": scenario.seed,
        "conditions": scenario.conditions.model_dump(mode="json"),
        "footage_s": scenario.frame_count / scenario.fps,
        "digest": sums,
    }


def _oracle_options(text: str) -> dict[str, float]:
    known = ("miss", "jitter_px", "false_per_frame", "min_visibility")
    options: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        key, _, value = part.partition("=")
        if key not in known:
            raise DetectorError(unknown("option of the oracle", key, known))
        try:
            options[key] = float(value)
        except ValueError:
            raise DetectorError(f"oracle:{part}: '{value}' is not a number") from None
    return options
