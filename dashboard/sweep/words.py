"""A sweep in words and tables for who has to decide by it and has not made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["EventRow", "FairRow", "event_rows", "fair_rows", "headline", "kind_words", "limits", "rate_words"]

_FIELD_FALSE: Final = 0.62
_TRAITS: Final = {
    "role": "Why somebody is here",
    "body": "Body",
    "company": "Company",
    "posture": "Posture",
    "skin": "Skin of the figures",
    "clothes": "Clothes of the figures",
}


@dataclass(frozen=True, slots=True)
class EventRow:
    """One kind of event in the table.

    Attributes:
        kind: As in the summary.
        name: For people.
        ruled: Whether any rule could have said it.
        true: How many were due.
        found: How many of them were said.
        false: Alarms about nothing.
        rates: Column to its words: recall, precision, false alarms an hour, missed at one false alarm an hour, delay.
    """

    kind: str
    name: str
    ruled: bool
    true: int
    found: int
    false: int
    rates: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FairRow:
    """One group in the table of fairness; ``unequal``: its ratio's interval leaves out 1."""

    trait: str
    group: str
    hours: str
    alarms: int
    rate: str
    ratio: str
    unequal: bool


def kind_words(kind: str) -> str:
    """Return a kind of event for people."""
    return kind.replace("_", " ")


def rate_words(rate: Mapping[str, Any] | None, *, share: bool = False, unit: str = "") -> str:
    """Return a rate with its interval."""
    if rate is None or rate.get("value") is None:
        return "–"
    scale, digits = (100.0, 0) if share else (1.0, 1)
    value = f"{scale * rate['value']:.{digits}f}{' %' if share else unit}"
    ends = rate.get("ci95")
    return value if ends is None else f"{value} ({scale * ends[0]:.{digits}f} to {scale * ends[1]:.{digits}f})"


def event_rows(events: Mapping[str, Mapping[str, Any]]) -> list[EventRow]:
    """Return the rows of the table of events."""
    rows = []
    for kind, row in events.items():
        ruled = row.get("rule", True)
        told = {
            "recall": rate_words(row.get("recall"), share=True),
            "precision": rate_words(row.get("precision"), share=True),
            "false_per_hour": rate_words(row.get("false_per_camera_hour")),
            "miss_at_1": rate_words((row.get("miss_at") or {}).get("1"), share=True),
            "delay": rate_words((row.get("delay_s") or {}).get("median"), unit=" s"),
        }
        rows.append(
            EventRow(kind, kind_words(kind), ruled, row["true"], row.get("found", 0), row.get("false", 0), told)
        )
    return rows


def headline(summed: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the one figure, and the sentences beside it."""
    ruled = {kind: row for kind, row in summed["events"].items() if row.get("rule", True)}
    true, found = sum(row["true"] for row in ruled.values()), sum(row["found"] for row in ruled.values())
    false = sum(row["false"] for row in ruled.values())
    hours = max((row["camera_hours"] for row in summed["events"].values()), default=0.0)
    said = [
        f"{found} of {true} true events were found, with {false} false alarm{'s' if false != 1 else ''} in "
        f"{hours:.2f} hours of one camera, over {summed['runs']} run{'s' if summed['runs'] != 1 else ''}."
    ]
    if summed["missing"]:
        said.append(f"Not complete: {summed['missing']} rehearsals of this suite have no result.")
    bags = ruled.get("abandoned_object")
    if bags and "precision" in bags:
        p = bags["precision"]
        said.append(
            f"Of the alerts about abandoned objects {100 * (1 - p['value']):.0f} % were false "
            f"({100 * (1 - p['ci95'][1]):.0f} to {100 * (1 - p['ci95'][0]):.0f} %). In the trial of 2024 it was "
            f"{100 * _FIELD_FALSE:.0f} % with one operator."
        )
    none = [kind_words(kind) for kind, row in summed["events"].items() if not row.get("rule", True) and row["true"]]
    if none:
        said.append(f"Nobody looked for {', '.join(none)}: there is no rule yet, so that is neither found nor missed.")
    unequal = [row for row in fair_rows(summed["fairness"]) if row.unequal]
    if unequal:
        who = ", ".join(f"{row.group} ({row.ratio})" for row in unequal)
        said.append(f"Some are troubled by false alarms more or less than those they are compared with: {who}.")
    return (f"{found}/{true}" if true else str(false)), said


def fair_rows(fairness: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[FairRow]:
    """Return the rows of the table of fairness, trait by trait."""
    rows = []
    for trait, groups in fairness.items():
        for group, row in groups.items():
            ratio = ""
            if "ratio_ci95" in row:
                low, high = row["ratio_ci95"]
                if (low, high) != (None, None):
                    middle = "" if row["ratio"] is None else f"{row['ratio']:.1f} "
                    ratio = f"{middle}({_end(low)} to {_end(high)}) times {kind_words(row['against'])}"
            rows.append(
                FairRow(
                    trait=_TRAITS.get(trait, trait),
                    group=kind_words(group),
                    hours=f"{row['person_hours']:.2f}",
                    alarms=row["false_alarms"],
                    rate=f"{row['per_person_hour']:.2f} ({row['ci95'][0]:.2f} to {row['ci95'][1]:.2f})",
                    ratio=ratio,
                    unequal=bool(row.get("unequal")),
                )
            )
    return rows


def limits(detectors: Sequence[str]) -> list[str]:
    """Name what who decides by the report should know."""
    said = [
        "All footage is rendered; nobody in it is real. How far scores on it hold on real footage is said above.",
        "Intervals are 95 %: Wilson's for shares, the exact Poisson one for counts, a bootstrap over whole runs for "
        "the rest. They cover chance over seeds only, not errors of the simulation. Where few events were due the "
        "interval is wide, and that is its message.",
        "An alarm counts as right when it comes from 3 s before to 30 s after the true moment and within 3 m, one "
        "alarm for one event; a second one of the same camera about the same thing is false (NIST ActEV's alignment).",
        "A false alarm is put down to the nearest person within 5 m. Skin and clothes are those of drawn figures. Who "
        "keeps company with whom is not recorded, so groups are not told apart. Many groups are compared: of twenty "
        "that are treated alike, about one is marked by chance.",
        "Misses at one false alarm an hour are those at the best threshold on the alarms' own score after the fact: "
        "with less footage than an hour, one false alarm is already more than one an hour.",
    ]
    if any(name.startswith("oracle") for name in detectors):
        said.insert(
            0,
            "The detector 'oracle' reads the true boxes from the simulation: this report tests the rules apart from "
            "any detector, and no product can be bought that sees so.",
        )
    return said


def _end(value: float | None) -> str:
    return "no bound" if value is None else f"{value:.1f}"
