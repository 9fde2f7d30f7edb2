"""``report.html``: everything about one run on one page that opens without a network and beside its film."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from dashboard.floor_plan import floor_plan
from dashboard.ledger import LedgerEntry, ledger_of
from dashboard.player import player_data, player_html, style, templates
from dashboard.trust import trust
from dashboard.verdict import NOT_MEASURED, key_scores, sentences, tables, words_and_unit
from detect.observations import Observations
from scenarios.load import load_scenario
from scenarios.recording import Recording
from scenarios.scenario import Scenario

__all__ = ["because", "is_synthetic", "write_report"]


_KEYS: Final = (
    ("recall", "Events found", "of all true events"),
    ("precision", "Alarms right", "of all alarms"),
    ("false_per_camera_hour", "False alarms", "per camera-hour"),
    ("ap50", "Boxes of people", "AP50"),
    ("hota", "Tracks", "HOTA"),
    ("count_mae", "Count", "mean absolute error, people"),
)


def write_report(recording: Recording) -> Path:
    """Write ``report.html`` into the run folder.

    Args:
        recording: A run folder in which all else is written.

    Raises:
        RecordingError: A part of it cannot be read.
    """
    run, score = recording.run(), recording.score()
    cameras, observations = recording.cameras(), Observations.load(recording)
    scenario = load_scenario(recording.scenario_toml) if recording.scenario_toml.is_file() else None
    entries = ledger_of(recording, observations, cameras)
    truth_known = bool(score.get("events"))
    page = (
        templates()
        .get_template("report.html.j2")
        .render(
            title=run.get("title") or (scenario.title if scenario else "") or _words(str(run.get("scenario", ""))),
            name=run.get("scenario") or recording.folder.name,
            description=scenario.description if scenario else "",
            synthetic=is_synthetic(recording, run),
            run=run,
            style=style(),
            player=player_html(player_data(recording, entries=entries)),
            entries=[_line(entry) for entry in entries],
            truth_known=truth_known,
            keys=_tiles(score),
            words=sentences(score),
            tables=tables(score),
            plan=floor_plan(scenario.venue if scenario else None, cameras, entries),
            facts=_facts(run, score, scenario),
            timings=_timings(run),
            versions=dict(run.get("versions") or {}),
            command=run.get("command") or "",
            limits=_limits(is_synthetic(recording, run), run, score),
            not_measured=NOT_MEASURED,
            trust=trust(str(run.get("detector", ""))),
        )
    )
    temporary = recording.report.with_name(".report.html.part")
    temporary.write_text(page, encoding="utf-8")
    temporary.replace(recording.report)
    return recording.report


def is_synthetic(recording: Recording, run: Mapping[str, Any]) -> bool:
    """Whether the footage was rendered: it then has a scenario, or says that it was rehearsed."""
    kind = run.get("footage_kind") or run.get("kind")
    return kind == "rehearsal" or recording.scenario_toml.is_file()


def _line(entry: LedgerEntry) -> dict[str, Any]:
    evidence = dict(entry.event.evidence) if entry.event is not None else {}
    return {
        "n": entry.number,
        "label": entry.label[:1].upper() + entry.label[1:],
        "status": entry.status.value,
        "words": entry.status.words,
        "at": f"{entry.at_s:.3f}",
        "camera": entry.camera_id or "",
        "due": _clock(entry.due_s),
        "alarm": _clock(entry.alarm_s),
        "delay": "" if entry.delay_s is None else f"{entry.delay_s:+.1f} s",
        "place": "" if entry.place_m is None else f"{entry.place_m[0]:.1f}, {entry.place_m[1]:.1f} m",
        "why": ", ".join(because(key, value) for key, value in evidence.items()),
    }


def _tiles(score: Mapping[str, Any]) -> list[dict[str, str]]:
    found = key_scores(score)
    tiles = []
    for key, title, unit in _KEYS:
        value = found[key]
        digits = {"false_per_camera_hour": 1, "count_mae": 1}.get(key, 3)
        shown = NOT_MEASURED if value is None else f"{value:.{digits}f}"
        if value is not None and key in ("recall", "precision"):
            shown = f"{100 * value:.0f} %"
        tiles.append({"title": title, "value": shown, "unit": unit, "absent": "absent" if value is None else ""})
    return tiles


def _facts(run: Mapping[str, Any], score: Mapping[str, Any], scenario: Scenario | None) -> list[tuple[str, str]]:
    """Name and value of what made the run; a fact that is not known is left out."""
    rules = run.get("rules") or {}
    changed = "; ".join(f"{rule}.{key} = {value}" for rule, keys in rules.items() for key, value in keys.items())
    machine = run.get("machine") or {}
    digest = run.get("digest")
    facts: list[tuple[str, Any]] = [
        ("Seed", run.get("seed", score.get("seed"))),
        ("Scenario SHA-256", run.get("scenario_hash") or (scenario.hash if scenario else None)),
        ("Source", run.get("source")),
        ("Replay of", run.get("replay_of")),
        ("Detector", run.get("detector_spec") or run.get("detector")),
        ("Weights SHA-256", run.get("weights_sha256") or "this detector has no weights"),
        ("Tracker", run.get("tracker")),
        ("Camera motion", run.get("camera_motion")),
        ("Rules changed", changed or "none: defaults"),
        *(
            [(f"SHA-256 of {_words(k.removesuffix('_sha256'))}", v) for k, v in digest.items()]
            if isinstance(digest, Mapping)
            else [("Digest of truth and pixels", digest)]
        ),
        ("Made at", _moment(run.get("made_at"))),
        ("Parvis", run.get("parvis")),
        ("Machine", ", ".join(str(v) for v in machine.values())),
    ]
    return [(name, str(value)) for name, value in facts if value not in (None, "")]


def _timings(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    timings = dict(run.get("timings") or {})
    stages = timings.pop("stages_s", None) or {}
    rows = [(_words(key.removesuffix("_s")), value) for key, value in timings.items()]
    rows += [(f"of which {_words(key)}", value) for key, value in stages.items()]
    return [(name, f"{value:.2f} s") for name, value in rows if isinstance(value, int | float)]


def _limits(synthetic: bool, run: Mapping[str, Any], score: Mapping[str, Any]) -> str:
    said = (
        "These pictures were rendered. A detector that does well here has shown that its rules and its set-up work in "
        "this place; it has not shown that it sees real people in real light. Film the place, and watch that too."
        if synthetic
        else "This is one piece of real footage: other weather, light and crowds give other numbers."
    )
    said += " One run is one draw of chance: judge by many seeds, with intervals."
    if str(run.get("detector", "")).startswith("oracle"):
        said += " The detector 'oracle' reads the truth: its scores test the rules, not the eyes."
    valid = (score.get("count") or {}).get("valid_to_per_m2")
    if valid is not None:
        said += f" Counts and density alarms are valid up to {valid:g} persons per square metre."
    return said + " An alarm means 'to verify': a person looks and decides. Nothing here identifies anybody."


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return ""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"


def _moment(text: str | None) -> str | None:
    return None if not text else datetime.fromisoformat(text).strftime("%d %B %Y, %H:%M:%S %Z").strip(", ")


def _words(name: str) -> str:
    return name.replace("_", " ").strip()


def because(key: str, value: Any) -> str:
    """Say one line of a rule's evidence, with the unit that its name ends with."""
    words, unit = words_and_unit(key)
    shown = f"{value:.3g}" if isinstance(value, float) else str(value)
    return f"{words} {shown} {unit}".strip()
