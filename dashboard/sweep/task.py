"""One task of a sweep: a specification in, one result file out, the same bytes wherever it ran."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from dashboard.footage import FilmStore
from dashboard.progress import Report, silent
from dashboard.rehearsal import film_only, rehearse
from dashboard.sweep.spec import Point, Spec
from scenarios.recording import Recording

__all__ = ["FILMS", "RESULTS", "RUNS", "read_result", "result_path", "run_point", "save_result"]

RESULTS: Final = "results"
RUNS: Final = "runs"
FILMS: Final = "films"
_NOT_SAME: Final = ("wall_s",)
"""Scores that no two machines have in common."""


def result_path(folder: Path, spec_hash: str) -> Path:
    """Return where the result of a specification lies, or would."""
    return folder / RESULTS / f"{spec_hash}.json"


def read_result(folder: Path, spec_hash: str) -> dict[str, Any] | None:
    """Return a result, or None where there is none yet."""
    try:
        found = json.loads(result_path(folder, spec_hash).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found if isinstance(found, dict) else None


def run_point(point: Point, folder: Path, report: Report = silent) -> str:
    """Rehearse one point and write its result; what is there already is left as it is.

    The film is made once for all points of the same scenario. The run folder comes first and whole, the result last
    and in one step, so that a result that is there is a result that can be looked at.

    Args:
        point: What to run.
        folder: Of the sweep.
        report: Told how far it is.

    Returns:
        The text of the result.

    Raises:
        ParvisError: It cannot be run.
    """
    spec, path = point.spec, result_path(folder, point.spec.hash)
    if path.is_file():
        return path.read_text(encoding="utf-8")
    footage = _filmed(spec, FilmStore(folder / FILMS), report)
    recording = rehearse(
        spec.scenario,
        folder / RUNS / spec.run_name,
        spec.watching,
        overwrite=True,
        command=point.command,
        footage=footage,
        report=report,
    )
    text = _result(spec, recording)
    save_result(folder, spec.hash, text)
    return text


def save_result(folder: Path, spec_hash: str, text: str) -> None:
    """Write a result in one step."""
    path = result_path(folder, spec_hash)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _filmed(spec: Spec, films: FilmStore, report: Report) -> Recording:
    wanted = spec.scenario.hash
    with films.lock(wanted):
        if not films.has(wanted):
            film_only(spec.scenario, films.path(wanted), report=report)
    return Recording.open(films.path(wanted))


def _result(spec: Spec, recording: Recording) -> str:
    run = recording.run()
    result = {
        "spec": spec.hash,
        "run": recording.folder.name,
        "scenario": spec.scenario.name,
        "scenario_hash": spec.scenario.hash,
        "seed": spec.scenario.seed,
        "detector": run["detector"],
        "digest": run["digest"],
        "score": {key: value for key, value in recording.score().items() if key not in _NOT_SAME},
        "ledger": run["ledger"],
    }
    return json.dumps(result, indent=1, ensure_ascii=False) + "\n"
