"""How fast the crowd walks: against JuPedSim's collision-free speed model, against its own number, against the clock.

python -m benchmarks.crowd [--json] [--rounds 3] [--peers-python PYTHON] [--doc docs/crowd.md]

A hall of 30 x 20 m with one door of 2 m, 1000 people at 1.7 a square metre, steps of 0.05 s; more people have a hall as
much larger. Both get the same start, the same free speeds and the same step. Ours is the whole Mesa step: ways, motion,
postures, decisions, leaving. Every job runs in a process of its own that is pinned to one core and counts CPU seconds;
ours and the peer take turns. The peer is in the extra ``parvis[peers]``; it may stand in a Python of its own
(``--peers-python`` or PARVIS_PEERS_PYTHON), since it brings a large graphical toolkit.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import numpy as np
import typer

from benchmarks.claims import Claim, show
from sim.motion import DEFAULT_MODEL, MODELS

_WORKER: Final = Path(__file__).with_name("crowd_worker.py")
_STEP_S: Final = 0.05
_LONG_STEP_S: Final = 0.1
_STEPS: Final = 200
_TIMES_PEER: Final = 10.0
_LINEAR: Final = 1.1
_COUNTS: Final = (1000, 3162, 10_000, 31_623, 100_000)
_CASES: Final = {"1000 people": (1000, _STEPS), "5000 people": (5000, _STEPS), "evacuation of 1000": (1000, 0)}
"""People and steps of each comparison; 0: until all have left."""


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Medians over so many turns.")] = 3,
    peers_python: Annotated[
        Path | None,
        typer.Option("--peers-python", envvar="PARVIS_PEERS_PYTHON", help="A Python that has JuPedSim."),
    ] = None,
    doc: Annotated[Path | None, typer.Option("--doc", help="Write the tables as Markdown.")] = None,
) -> None:
    """Measure the crowd's speed."""
    peer = _peer(peers_python)
    told: dict[str, Any] = {"command": " ".join(["python -m benchmarks.crowd", *sys.argv[1:]])}
    told["against"] = {case: _against(peer, *numbers, rounds) for case, numbers in _CASES.items()}
    told["people"] = {n: _rate(_ours(n, 20 if n > 10_000 else _STEPS, _STEP_S)) for n in _COUNTS}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    most = _ours(_COUNTS[-1], 20, _LONG_STEP_S, cores=cores)
    told["real_time"] = {"cores": cores, "times": most["steps"] * _LONG_STEP_S / most["wall_s"]}
    if doc is not None:
        doc.write_text(_page(told), encoding="utf-8")
    show(_claims(told), as_json=as_json, more={"crowd": told})
    if not as_json:
        print(_page(told))


def _peer(python: Path | None) -> list[str] | None:
    """Return how to start the peer; None where there is none."""
    if python is not None:
        if not python.is_file():
            raise typer.BadParameter(f"there is no Python at {python}; give one that has jupedsim")
        return [str(python), str(_WORKER)]
    return [sys.executable, str(_WORKER)] if importlib.util.find_spec("jupedsim") else None


def _against(peer: list[str] | None, people: int, steps: int, rounds: int) -> dict[str, Any]:
    """Let every model of ours and the peer take turns; returns the median agent-steps per CPU second of each."""
    rates: dict[str, list[dict[str, float]]] = {}
    for _ in range(rounds):
        for model in sorted(MODELS):
            rates.setdefault(model, []).append(_ours(people, steps, _STEP_S, model=model))
        if peer is not None:
            job = {"people": people, "rounds": 1, "steps": steps, "dt_s": _STEP_S, "cores": 1}
            rates.setdefault("jupedsim", []).append(_job(peer, "jupedsim", job))
    return {
        name: {
            "per_cpu_s": median(_rate(r) for r in of),
            "cpu_s": median(r["cpu_s"] for r in of),
            "walked_s": of[0]["steps"] * _STEP_S,
            "inside": of[0]["inside"],
        }
        for name, of in rates.items()
    }


def _ours(people: int, steps: int, dt_s: float, *, model: str = DEFAULT_MODEL, cores: int = 1) -> dict[str, float]:
    """Run one job of ours twice, the first time for what has to be compiled and loaded; returns the second."""
    job = {"people": people, "rounds": 2, "steps": steps, "dt_s": dt_s, "cores": cores, "model": model}
    return _job([sys.executable, "-m", "benchmarks.crowd_worker"], "ours", job)


def _job(worker: list[str], which: str, job: dict[str, Any]) -> dict[str, float]:
    done = subprocess.run([*worker, which, json.dumps(job)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"benchmarks.crowd: {which} failed: {done.stderr.strip().splitlines()[-1]}")
    result: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def _rate(result: dict[str, float]) -> float:
    return result["agent_steps"] / result["cpu_s"]


def _exponent(people: dict[int, float]) -> float:
    """Return the exponent of the cost of a step against the number of people, a straight line in log and log."""
    counts = np.array(list(people), float)
    cost = counts / np.array(list(people.values()))
    return float(np.polyfit(np.log(counts), np.log(cost), 1)[0])


def _claims(told: dict[str, Any]) -> list[Claim]:
    claims = []
    for model in ("collision_free_speed", DEFAULT_MODEL):
        for case, rates in told["against"].items():
            peer = rates.get("jupedsim", {}).get("per_cpu_s")
            name = f"crowd: {case}, {model}, agent-steps per CPU second against JuPedSim's collision-free speed"
            claims.append(Claim.against(name, rates[model]["per_cpu_s"], peer, _TIMES_PEER))
    claims.append(
        Claim.at_most("crowd: exponent of the cost, 1000 to 100,000 people", _exponent(told["people"]), _LINEAR)
    )
    real = told["real_time"]
    name = f"crowd: 100,000 people on {real['cores']} cores, steps of {_LONG_STEP_S} s, times real time"
    return [*claims, Claim.at_least(name, real["times"], 1.0)]


def _page(told: dict[str, Any]) -> str:
    names = [*sorted(MODELS), "jupedsim"]
    rows = ["| case | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    for case, rates in told["against"].items():
        cells = []
        for name in names:
            rate = rates.get(name)
            cells.append("not measured" if rate is None else f"{rate['per_cpu_s'] / 1e3:,.0f}")
        rows.append(f"| {case} | " + " | ".join(cells) + " |")
    empty = ", ".join(
        f"{name} {r['walked_s']:.0f} s" + (f" ({r['inside']:.0f} still inside)" if r["inside"] else "")
        for name, r in told["against"]["evacuation of 1000"].items()
    )
    growth = " | ".join(f"{rate / 1e3:,.0f}" for rate in told["people"].values())
    return "\n".join(
        [
            "# How fast the crowd walks",
            "",
            f"Made by `{told['command']}`. " + (__doc__ or "").split("\n\n")[2].replace("\n", " ").replace("``", "`"),
            "",
            "Thousand agent-steps per CPU second, medians; `jupedsim` is its collision-free speed model:",
            "",
            *rows,
            "",
            f"The hall is empty after: {empty}.",
            "",
            f"`{DEFAULT_MODEL}`, thousand agent-steps per CPU second on one core at one density:",
            "",
            "| people | " + " | ".join(f"{n:,}" for n in told["people"]) + " |",
            "| --- |" + " --- |" * len(told["people"]),
            f"| rate | {growth} |",
            "",
            f"The cost grows with the number of people to the power {_exponent(told['people']):.2f}. 100,000 people on "
            f"{told['real_time']['cores']} cores with steps of {_LONG_STEP_S} s: "
            f"{told['real_time']['times']:.2f} times real time.",
            "",
        ]
    )


if __name__ == "__main__":
    typer.run(main)
