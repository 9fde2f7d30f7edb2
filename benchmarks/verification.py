"""Verification of the crowd: RiMEA 4.1.1, NIST TN 1822 (ISO 20414), and the speeds over density of real people.

python -m benchmarks.verification [--json] [--only 12,5.2] [--doc docs/verification.md]

Every test is run through the whole crowd (`sim.crowd.Crowd`), its ways and gates included, except for those on a
racetrack, which has no ends. ``--doc`` writes the table and a plot of each test beside it. Ends with 1 if a test that
applies fails.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer

from benchmarks.claims import Claim, show
from benchmarks.nist import NIST
from benchmarks.racetrack import HERMES_MPS, speed_mps, weidmann_mps
from benchmarks.rimea import RIMEA
from benchmarks.trial import Line, Run, Trial
from dashboard.progress import bars
from scenarios.population import Population

_SEEDS: Final = (1, 2, 3)
_WIDTHS_M: Final = (3.0, 5.0, 10.0)
_WITHIN: Final = 0.10
_WITHIN_MPS: Final = 0.15
_PLOTS: Final = "media/verification"


def weidmann() -> Trial:
    """The default population against Weidmann's speeds, on racetracks of three widths."""
    densities = np.array([0.5, 1.0, 2.0, 3.0])
    speeds = np.array(
        [[np.mean([_speed(d, Population(), w, seed) for seed in _SEEDS]) for d in densities] for w in _WIDTHS_M]
    )
    off = speeds / weidmann_mps(densities) - 1
    curve = np.linspace(0.3, 4.0, 60)
    return Trial(
        "W", "speed over density: everybody", "within 10 % of Weidmann (1993) at 0.5, 1, 2 and 3 a square metre",
        "; ".join(
            f"{w:g} m wide: {', '.join(f'{v:+.0%}' for v in row)}" for w, row in zip(_WIDTHS_M, off, strict=True)
        ),
        bool((np.abs(off) <= _WITHIN).all()), "off by 32 to 55 % at 2 and 3 a square metre",
        ("persons per square metre", "speed (m/s)"),
        (*(Line(f"{w:g} m wide", densities, row, dots=True) for w, row in zip(_WIDTHS_M, speeds, strict=True)),
         Line("Weidmann 1993", curve, weidmann_mps(curve))), {"worst": float(np.abs(off).max())},
    )  # fmt: skip


def hermes() -> Trial:
    """The preset of young adults in a hurry against the corridor experiments of HERMES."""
    densities, theirs = np.array(list(HERMES_MPS)), np.array(list(HERMES_MPS.values()))
    people = Population.model_validate({"preset": "hermes"})
    speeds = np.array([np.mean([_speed(d, people, 3.0, seed) for seed in _SEEDS]) for d in densities])
    return Trial(
        "H", "speed over density: preset 'hermes'", "within 0.15 m/s of the measured curve, 0.5 to 3 a square metre",
        ", ".join(f"{d:g}: {v - w:+.2f}" for d, v, w in zip(densities, speeds, theirs, strict=True)) + " m/s",
        bool((np.abs(speeds - theirs) <= _WITHIN_MPS).all()), "", ("persons per square metre", "speed (m/s)"),
        (Line("ours", densities, speeds, dots=True), Line("HERMES 2009", densities, theirs)),
        {"worst_mps": float(np.abs(speeds - theirs).max())},
    )  # fmt: skip


def _speed(density: float, people: Population, width_m: float, seed: int) -> float:
    return speed_mps(density, people, width_m=width_m, length_m=100.0 / width_m if width_m > 3 else 26.0, seed=seed)


SUITES: Final[dict[str, tuple[Run, ...]]] = {
    "RiMEA 4.1.1": RIMEA,
    "NIST TN 1822": NIST,
    "Speed over density": (weidmann, hermes),
}


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    only: Annotated[str | None, typer.Option("--only", help="Numbers of tests, such as 12,5.2.")] = None,
    doc: Annotated[Path | None, typer.Option("--doc", help="Write the table as Markdown, and plots beside it.")] = None,
) -> None:
    """Run the tests."""
    chosen = None if only is None else {number.strip() for number in only.split(",")}
    told: dict[str, list[Trial]] = {suite: [] for suite in SUITES}
    with bars(quiet=as_json) as report:
        runs = [(suite, run) for suite, every in SUITES.items() for run in every]
        for done, (suite, run) in enumerate(runs):
            report("verifying", done / len(runs))
            if chosen is None or _number(run) in chosen:
                told[suite].append(run())
        report("verifying", 1.0)
    trials = [trial for every in told.values() for trial in every]
    if doc is not None:
        for suite, every in told.items():
            for trial in every:
                _plot(trial, doc.parent / _PLOTS / _picture(suite, trial))
        doc.write_text(_page(told), encoding="utf-8")
    claims = [
        Claim(f"verification: {suite}, {t.number} {t.title}: {t.result}", None, None, None, None, t.passed)
        for suite, every in told.items()
        for t in every
        if t.passed is not None
    ]
    show(claims, as_json=as_json, more={"verification": [_json(suite, t) for suite, e in told.items() for t in e]})
    raise typer.Exit(0 if all(t.passed is None or t.passed for t in trials) else 1)


def _number(run: Run) -> str:
    """Return the number of a test without running it, from its docstring or its name."""
    name = run.__name__
    if name.startswith("nist_"):
        return name.removeprefix("nist_")
    text = (run.__doc__ or "").removeprefix("Test ")
    head = text.split(":")[0].split(",")[0].rstrip(".")
    return head if head[:1].isdigit() else {"weidmann": "W", "hermes": "H"}[name]


def _json(suite: str, trial: Trial) -> dict[str, Any]:
    return {
        "suite": suite, "number": trial.number, "title": trial.title, "criterion": trial.criterion,
        "result": trial.result, "passed": trial.passed, "why": trial.why, "jupedsim": trial.peer,
        "numbers": dict(trial.numbers),
    }  # fmt: skip


def _picture(suite: str, trial: Trial) -> str:
    name = f"{suite.split()[0]}_{trial.number}_{trial.title}".lower().replace(" ", "_")
    return f"{re.sub('[^a-z0-9_.]', '', name)}.png"


def _plot(trial: Trial, path: Path) -> None:
    """Draw the curves of a test."""
    if not trial.lines:
        return
    os.environ.setdefault("MPLBACKEND", "Agg")
    from matplotlib.figure import Figure

    path.parent.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(4.2, 2.7), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    few = len({line.name for line in trial.lines}) > 1 or trial.lines[0].name not in ("", "person", "people")
    for line in trial.lines:
        many = {"color": "#35608f", "alpha": 0.5, "linewidth": 0.8} if not line.name else {"linewidth": 1.6}
        axes.plot(line.x, line.y, "o" if line.dots else "-", label=line.name or None, markersize=5, **many)
    axes.set_xlabel(trial.axes[0], fontsize=8)
    axes.set_ylabel(trial.axes[1], fontsize=8)
    axes.tick_params(labelsize=7)
    axes.set_title(f"{trial.number}  {trial.title}", fontsize=9, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    if trial.axes == ("x (m)", "y (m)"):
        axes.set_aspect("equal")
    if few and any(line.name for line in trial.lines):
        axes.legend(fontsize=7, frameon=False)
    figure.savefig(path, metadata={"Software": None})


def _rows(suite: str, trials: Iterable[Trial]) -> list[str]:
    rows = [
        "| test | criterion | ours | | JuPedSim publishes |",
        "| --- | --- | --- | --- | --- |",
    ]
    for t in trials:
        verdict = "does not apply" if t.passed is None else "pass" if t.passed else f"**FAIL**: {t.why}"
        title = f"[{t.number} {t.title}]({_PLOTS}/{_picture(suite, t)})" if t.lines else f"{t.number} {t.title}"
        rows.append(f"| {title} | {t.criterion} | {t.result} | {verdict} | {t.peer} |")
    return rows


def _page(told: dict[str, list[Trial]]) -> str:
    lines = [
        "# Verification of the crowd",
        "",
        "Made by `python -m benchmarks.verification --doc docs/verification.md`; each name is a link to its plot. The "
        "tests go through the whole crowd, its ways and gates included, but for those on a racetrack. What JuPedSim "
        "publishes is of its version 1.4, RiMEA and NIST automation.",
        "",
    ]
    for suite, trials in told.items():
        if not trials:
            continue
        passed, of = sum(bool(t.passed) for t in trials), sum(t.passed is not None for t in trials)
        lines += [f"## {suite}: {passed} of {of}", "", *_rows(suite, trials), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
