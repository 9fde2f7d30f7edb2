"""The scorecard in words and tables; what was not measured says so and is never a zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["NOT_MEASURED", "ScoreTable", "flat_numbers", "key_scores", "sentences", "tables", "words_and_unit"]

NOT_MEASURED: Final = "not measured"

Score = Mapping[str, Any]

_UNITS: Final = {
    "_per_m_and_s": "per m and s",
    "_persons_per_m2": "persons per m²",
    "_per_m2": "per m²",
    "_per_min": "per minute",
    "_per_s2": "per s²",
    "_per_s": "per second",
    "_mps": "m/s",
    "_px": "px",
    "_m2": "m²",
    "_m": "m",
    "_s": "s",
}


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """One table of the scorecard, ready to be shown.

    Attributes:
        title: What was measured.
        explained: How to read it, one sentence.
        header: Names of the columns.
        rows: Cells as texts; the first is the row's name.
    """

    title: str
    explained: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sentences(score: Score) -> list[str]:
    """Say the scorecard in sentences, the most important first."""
    said = [_event_sentence(kind, row) for kind, row in (score.get("events") or {}).items() if _happened(row)]
    if not score.get("events"):
        said.append("Events: not measured, because nobody recorded for this footage what really happened.")
    elif not said:
        said.append("Nothing happened, and no alarm was raised.")
    said.append(_track_sentence(score.get("tracks") or {}))
    said.append(_count_sentence(score.get("count") or {}))
    said += _floor_sentences(score.get("floor") or {})
    footage, wall = score.get("footage_s"), score.get("wall_s")
    if footage and wall:
        said.append(f"{footage:.1f} s of footage took {wall:.1f} s: {footage / wall:.2f} times real time.")
    return said


def tables(score: Score) -> list[ScoreTable]:
    """Return all tables of the scorecard; a table without any value has no rows."""
    return [_events(score), _boxes(score), _tracks(score), _count(score), _floor(score), _fairness(score)]


def key_scores(score: Score) -> dict[str, float | None]:
    """Return the few numbers by which runs are told apart; None where one was not measured.

    ``recall`` and ``precision`` pool all kinds of events; ``false_per_camera_hour`` is their sum.
    """
    rows = [row for row in (score.get("events") or {}).values() if row.get("rule") is not False]
    true, found, false = (_sum(rows, key) for key in ("true", "found", "false"))
    person = (score.get("boxes") or {}).get("person") or {}
    tracks = score.get("tracks") or {}
    return {
        "recall": found / true if true and found is not None else None,
        "precision": found / (found + false) if found is not None and false is not None and found + false else None,
        "false_per_camera_hour": _sum(rows, "false_per_camera_hour"),
        "hota": tracks.get("hota"),
        "idf1": tracks.get("idf1"),
        "mota": tracks.get("mota"),
        "ap50": person.get("ap50"),
        "count_mae": (score.get("count") or {}).get("mae"),
    }


def flat_numbers(values: Mapping[str, Any], path: str = "") -> dict[str, float | None]:
    """Return the single numbers in nested values by dotted key; lists, texts and truths are left out."""
    found: dict[str, float | None] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= flat_numbers(value, f"{path}{key}.")
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            found[f"{path}{key}"] = value
    return found


def words_and_unit(key: str) -> tuple[str, str]:
    """Part a key such as ``travel_s.median`` into what it says and its unit: travel median, s."""
    unit = ""
    words = []
    for part in key.split("."):
        suffix = next((s for s in _UNITS if part.endswith(s)), "")
        unit = _UNITS.get(suffix, unit)
        words.append(part.removesuffix(suffix).replace("_", " "))
    return " ".join(word for word in words if word), unit


def _sum(rows: list[Mapping[str, Any]], key: str) -> float | None:
    values = [row[key] for row in rows if row.get(key) is not None]
    return sum(values) if values else None


def _happened(row: Mapping[str, Any]) -> bool:
    return any(row.get(key) for key in ("true", "found", "false"))


def _event_sentence(kind: str, row: Mapping[str, Any]) -> str:
    name = _words(kind)
    if row.get("rule") is False:
        true = row.get("true") or 0
        return f"{name}: no rule yet; {true} true event{_s(true)}, and nobody looked."
    true, found, false = (row.get(key) for key in ("true", "found", "false"))
    parts = []
    if true is not None and found is not None:
        if true:
            parts.append(f"found {found} of {true} true event{_s(true)}")
            delay = (row.get("delay_s") or {}).get("median")
            if delay is not None:
                parts[-1] += f", {delay:.1f} s after {'it was due' if found == 1 else 'they were due (median)'}"
        else:
            parts.append("none happened")
    if false is not None:
        rate = row.get("false_per_camera_hour")
        hourly = f" ({rate:.1f} per camera-hour)" if rate is not None and false else ""
        parts.append(f"{false or 'no'} false alarm{_s(false)}{hourly}")
    return f"{name}: {'; '.join(parts) or NOT_MEASURED}."


def _track_sentence(tracks: Mapping[str, Any]) -> str:
    if tracks.get("hota") is None:
        return "Tracks: not measured."
    names = (("hota", "HOTA"), ("idf1", "IDF1"), ("mota", "MOTA"))
    return "Tracks: " + ", ".join(f"{word} {_ratio(tracks.get(key))}" for key, word in names) + "."


def _count_sentence(count: Mapping[str, Any]) -> str:
    if count.get("mae") is None:
        return "Count: not measured."
    valid = count.get("valid_to_per_m2")
    limit = f", valid up to {valid:g} persons per m²" if valid is not None else ""
    return f"Count: off by {count['mae']:.1f} people on average{limit}."


def _events(score: Score) -> ScoreTable:
    rows = []
    for kind, row in (score.get("events") or {}).items():
        delay = row.get("delay_s") or {}
        counts = [_whole(row.get(key)) for key in ("true", "found", "false")]
        ratios = [_ratio(row.get(key)) for key in ("recall", "precision", "f1")]
        rows.append(
            (
                _words(kind) + (" (no rule yet)" if row.get("rule") is False else ""),
                *counts,
                *ratios,
                _decimal(row.get("false_per_camera_hour"), 2),
                _decimal(delay.get("median"), 1, " s"),
                _decimal(delay.get("p90"), 1, " s"),
            )
        )
    return ScoreTable(
        "Events",
        "Each alarm is matched with at most one true event; delay runs from the instant at which a perfect watcher "
        "with the same rule would have spoken.",
        ("Event", "True", "Found", "False", "Recall", "Precision", "F1", "False / camera-hour", "Delay", "Delay p90"),
        tuple(rows),
    )


def _boxes(score: Score) -> ScoreTable:
    names = ("ap50", "ap50_95", "precision", "recall")
    return ScoreTable(
        "Boxes",
        "AP50 counts a box as right when it overlaps the true one by half; AP50-95 asks for ever closer fits; "
        "1 is perfect.",
        ("Class", "AP50", "AP50-95", "Precision", "Recall"),
        tuple((_words(cls), *(_ratio(row.get(n)) for n in names)) for cls, row in (score.get("boxes") or {}).items()),
    )


def _tracks(score: Score) -> ScoreTable:
    tracks = score.get("tracks") or {}
    names = ("hota", "det_a", "ass_a", "idf1", "mota")
    rows = (("People", *(_ratio(tracks.get(n)) for n in names)),) if tracks else ()
    return ScoreTable(
        "Tracks",
        "HOTA balances finding people (DetA) against keeping the same number on the same person (AssA); "
        "MOTA can be negative.",
        ("", "HOTA", "DetA", "AssA", "IDF1", "MOTA"),
        rows,
    )


def _count(score: Score) -> ScoreTable:
    count = score.get("count") or {}
    cells = (_decimal(count.get("mae"), 2), _decimal(count.get("rmse"), 2), _decimal(count.get("valid_to_per_m2"), 1))
    return ScoreTable(
        "Count",
        "How far the number of people in a picture is off; above the given density the count is not to be trusted.",
        ("", "Mean absolute error", "RMSE", "Valid up to (persons per m²)"),
        (("People in the picture", *cells),) if count else (),
    )


def _floor_sentences(floor: Mapping[str, Any]) -> list[str]:
    off = (floor.get("position_m") or {}).get("median")
    if off is None:
        return []
    cameras, count = floor["cameras"], (floor.get("count") or {}).get("mae")
    counted = "" if count is None else f", count off by {count:.1f} of {floor['people']:.0f} people"
    together = "by one camera" if cameras == 1 else f"by {cameras} cameras together"
    return [f"On the floor, {together}: places off by {off:.2f} m (median){counted}."]


def _floor(score: Score) -> ScoreTable:
    floor = score.get("floor") or {}
    count, place = floor.get("count") or {}, floor.get("position_m") or {}
    cells = (
        _decimal(place.get("median"), 2),
        _decimal(place.get("p95"), 2),
        *(_ratio(floor.get(key)) for key in ("covered_68", "covered_95")),
        _decimal(count.get("mae"), 2),
        *(_ratio(floor.get(key)) for key in ("moda", "modp")),
    )
    return ScoreTable(
        "On the floor",
        "Everybody once, by all calibrated cameras together: how far places are off, how often the truth is inside the "
        "ellipses of 68 and 95 %, how far the count is off, and MODA and MODP within half a metre.",
        ("", "Median, m", "95 %, m", "In the 68 %", "In the 95 %", "Count off by", "MODA", "MODP"),
        (("People", *cells),) if floor else (),
    )


def _fairness(score: Score) -> ScoreTable:
    return ScoreTable(
        "Fairness",
        "False alarms per hour of presence: people who stay, sit or lie must not be reported more often than "
        "people who pass by.",
        ("Who", "Person-hours", "False alarms", "Per person-hour", "95 % interval"),
        tuple(
            (
                _words(role),
                _decimal(row.get("person_hours"), 2),
                _whole(row.get("false_alarms")),
                _decimal(row.get("per_person_hour"), 2),
                _interval(row.get("ci95")),
            )
            for role, row in (score.get("fairness") or {}).items()
        ),
    )


def _words(name: str) -> str:
    text = {"passer_by": "passer-by"}.get(name, name).replace("_", " ")
    return text[:1].upper() + text[1:]


def _s(count: float | None) -> str:
    return "" if count == 1 else "s"


def _ratio(value: float | None) -> str:
    return _decimal(value, 3)


def _whole(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:d}" if isinstance(value, int) else f"{value:g}"


def _decimal(value: float | None, digits: int, unit: str = "") -> str:
    return NOT_MEASURED if value is None else f"{value:.{digits}f}{unit}"


def _interval(pair: Any) -> str:
    return NOT_MEASURED if not pair or None in pair else " to ".join(f"{v:.2f}" for v in _each(pair))


def _each(pair: Any) -> Iterator[float]:
    return (float(v) for v in pair)
