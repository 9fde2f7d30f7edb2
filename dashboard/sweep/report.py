"""The report of a suite: one page that opens without a network and prints, for who has to decide by it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from dashboard import __version__
from dashboard.player import template_file, templates
from dashboard.sweep.failures import Failure, distinct, failures_of, picture_of
from dashboard.sweep.figures import COLOURS, det_figure, interval_bar
from dashboard.sweep.spec import Point
from dashboard.sweep.words import event_rows, fair_rows, headline, kind_words, limits, rate_words
from dashboard.trust import trust
from scenarios.suite import Suite

__all__ = ["REPORT", "suite_page", "write_suite_report"]

REPORT: Final = "report.html"
_PICTURES: Final = 6
"""At most so many of misses, and as many of false alarms."""


def write_suite_report(
    suite: Suite, points: Sequence[Point], folder: Path, summed: Mapping[str, Any], command: str = ""
) -> Path:
    """Write ``report.html`` into the folder of a sweep.

    Args:
        suite: What was asked.
        points: Its points.
        folder: Of the sweep, with results and run folders.
        summed: `dashboard.sweep.summary.summary_of` of it.
        command: That makes it again.

    Raises:
        RecordingError: A run folder is not whole.
    """
    path = folder / REPORT
    part = folder / f".{REPORT}.part"
    part.write_text(suite_page(suite, points, folder, summed, command), encoding="utf-8")
    part.replace(path)
    return path


def suite_page(
    suite: Suite, points: Sequence[Point], folder: Path, summed: Mapping[str, Any], command: str = ""
) -> str:
    """Return the page as HTML."""
    failures = failures_of(points, folder)
    colours = {kind: COLOURS[number % len(COLOURS)] for number, kind in enumerate(summed["events"])}
    figure, said = headline(summed)
    return (
        templates()
        .get_template("suite.html.j2")
        .render(
            style=template_file("plan.css") + template_file("suite.css"),
            title=suite.title or suite.name,
            suite=suite,
            detectors=summed["detectors"],
            figure=figure,
            said=said,
            cases=_cases(suite, points),
            rows=event_rows(summed["events"]),
            colours=colours,
            det=det_figure(summed["events"], colours),
            conditions=_conditions(summed["by"]),
            fairness=fair_rows(summed["fairness"]),
            missed=_pictures([f for f in failures if f.status == "missed"], folder),
            alarms=_pictures([f for f in failures if f.status == "false"], folder),
            counts={status: sum(f.status == status for f in failures) for status in ("missed", "false")},
            trust=trust(summed["detectors"][0] if len(summed["detectors"]) == 1 else ""),
            limits=limits(summed["detectors"]),
            command=command,
            version=__version__,
            digest=_digest(points),
        )
    )


def _cases(suite: Suite, points: Sequence[Point]) -> list[dict[str, Any]]:
    rows = []
    for case in suite.every_case():
        ours = [p for p in points if p.case == case.name]
        if ours:
            scenario = ours[0].spec.scenario
            seconds = sum(len(s.cameras) * s.duration_s for s in {p.spec.hash: p.spec.scenario for p in ours}.values())
            rows.append(
                {
                    "name": kind_words(case.name),
                    "words": case.words or scenario.title,
                    "scenario": scenario.name,
                    "runs": len({p.spec.hash for p in ours}),
                    "minutes": f"{seconds / 60:.0f}",
                    "condition": ", ".join(f"{k} {v}" for k, v in case.condition.items()),
                }
            )
    return rows


def _conditions(by: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Recall and false alarms by label, of every kind of which something was due or said there."""
    tables = []
    for label, groups in by.items():
        rows = []
        for value, events in groups.items():
            for kind, row in events.items():
                if not row.get("rule", True) or not (row["true"] or row["false"]):
                    continue
                rows.append(
                    {
                        "value": kind_words(value) if label == "case" else value,
                        "kind": kind_words(kind),
                        "true": row["true"],
                        "found": row["found"],
                        "false": row["false"],
                        "bar": interval_bar(row.get("recall")),
                        "recall": rate_words(row.get("recall"), share=True),
                        "rate": rate_words(row.get("false_per_camera_hour")),
                    }
                )
        if rows:
            tables.append({"label": kind_words(label.rpartition(".")[2]), "rows": rows})
    return tables


def _pictures(failures: Sequence[Failure], folder: Path) -> list[dict[str, Any]]:
    shown = []
    for failure, often in distinct(failures)[:_PICTURES]:
        score = "" if failure.score is None else f", sure by {failure.score:.2f}"
        shown.append(
            {
                "picture": picture_of(failure, folder),
                "title": f"{kind_words(failure.kind)}: {kind_words(failure.case)}",
                "words": f"seed {failure.seed}, {'due' if failure.status == 'missed' else 'said'} at "
                f"{failure.at_s:.1f} s{score}{f'; in {often} runs of this film' if often > 1 else ''}",
                "run": failure.run,
                "at_s": f"{failure.at_s:.2f}",
                "camera": failure.camera or "",
            }
        )
    return shown


def _digest(points: Sequence[Point]) -> str:
    return hashlib.sha256("".join(sorted({p.spec.hash for p in points})).encode()).hexdigest()[:16]
