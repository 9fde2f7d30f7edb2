"""The verification tests of NIST Technical Note 1822 that a model without smoke and lifts can be put to.

Ronchi, E., Kuligowski, E. D., Reneke, P. A., Peacock, R. D., Nilsson, D. (2013). The process of verification and
validation of building fire evacuation models. NIST TN 1822. DOI 10.6028/NIST.TN.1822. The component tests of
ISO 20414:2020 are these, taken over.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from benchmarks.lab import box, door, floor, put, walk_all
from benchmarks.rimea import assigned_exits, corner, corridor, demographics, premovement, stairs_down
from benchmarks.rimea import stairs_up as rimea_stairs_up
from benchmarks.trial import Line, Run, Trial
from scenarios.population import FREE_SPEED_FACTOR, Body
from sim.crowd import Crowd

__all__ = ["NIST"]


def _as(run: Run, number: str, title: str, peer: str = "") -> Run:
    """Return a test of another guideline that is the same, under its number here."""

    def renamed() -> Trial:
        trial = run()
        return Trial(
            number, title, trial.criterion, trial.result, trial.passed, peer, trial.axes, trial.lines, trial.numbers
        )

    renamed.__name__ = f"nist_{number}"
    return renamed


def _does_not_apply(number: str, title: str, why: str) -> Run:
    def absent() -> Trial:
        return Trial(number, title, "", why, None)

    absent.__name__ = f"nist_{number}"
    return absent


def counterflow() -> Trial:
    """2.8: a hundred people from one room to another through a corridor, against none, 10, 50 and 100."""
    outline = [
        (0, 0), (10, 0), (10, 4), (20, 4), (20, 0), (30, 0), (30, 10), (20, 10), (20, 6), (10, 6), (10, 10), (0, 10),
    ]  # fmt: skip
    gates = [door("west", (0, 3), (0, 7), "both"), door("east", (30, 3), (30, 7), "both")]
    ends, arrived, curves = [], [], []
    opposing = (0, 10, 50, 100)
    for against in opposing:
        flows: list[dict[str, Any]] = [
            {"id": "eastward", "start": "west", "to": ["east"], "initial": 100, "area": box(1.5, 0.5, 8, 9.5)}
        ]
        if against:
            flows.append({"id": "westward", "start": "east", "to": ["west"], "initial": against,
                          "area": box(22, 0.5, 28.5, 9.5)})  # fmt: skip
        walks = walk_all(Crowd(floor(outline, gates, population={"bodies": {}, "flows": flows})), 600.0)
        east = np.sort([t for gate, t in walks.left_s.values() if gate == "east"])
        arrived.append(len(walks.left_s))
        ends.append(float(east[-1]) if len(east) == 100 else float("inf"))
        curves.append(Line(f"{against} against", east, np.arange(1, len(east) + 1)))
    good = arrived == [100 + n for n in opposing] and bool((np.diff(ends) > 0).all())
    return Trial(
        "2.8", "counterflow", "all arrive; the more come against them, the longer the hundred take",
        "; ".join(f"{n} against: {a} of {100 + n} arrive, the hundred after {e:.0f} s"
                  for n, a, e in zip(opposing, arrived, ends, strict=True)),
        good, "failed: with 50 and 100 against, 1 and 0 of 100 arrive", ("time (s)", "of the hundred arrived"),
        tuple(curves), {f"against_{n}": e for n, e in zip(opposing, ends, strict=True)},
    )  # fmt: skip


def group() -> Trial:
    """2.9: five people of a group, one of them slow, cross two rooms and leave together."""
    outline = box(0, 0, 20, 10)
    walls = [box(9.9, 0, 10.1, 4.4), box(9.9, 5.6, 10.1, 10)]
    crowd = Crowd(floor(outline, [door("out", (20, 4), (20, 6))], walls=walls))
    speeds = [1.25, 1.25, 1.25, 1.25, 0.5]
    places = [(2.0, 2.0), (2.6, 2.0), (2.0, 2.7), (2.6, 2.7), (1.4, 2.3)]
    put(crowd, places, "out", free_mps=np.array(speeds), group=1)
    walks = walk_all(crowd, 200.0)
    times = np.sort([t for _, t in walks.left_s.values()])
    spread = float(times[-1] - times[0]) if len(times) == 5 else float("inf")
    return Trial(
        "2.9", "a group", "four at 1.25 m/s and one at 0.5 m/s leave within 10 s of one another",
        f"{spread:.1f} s apart, the last after {times[-1]:.0f} s", spread <= 10.0, "failed: 24 s apart",
        ("time (s)", "x (m)"), tuple(Line("", walks.time_s, walks.position_m[:, i, 0]) for i in range(5)),
        {"spread_s": spread},
    )  # fmt: skip


def wheelchair() -> Trial:
    """2.10: somebody in a wheelchair crosses two rooms behind a crowd that walks faster."""
    crowd = Crowd(floor(box(0, 0, 20, 10), [door("out", (20, 4), (20, 6))],
                        walls=[box(9.9, 0, 10.1, 4.2), box(9.9, 5.8, 10.1, 10)]))  # fmt: skip
    rng = np.random.default_rng(10)
    places = [(x, y) for x in np.arange(3.0, 8.0, 0.9) for y in np.arange(2.0, 8.0, 1.3)] + rng.uniform(0, 0.1, (30, 2))
    put(crowd, places, "out")
    slow = 1.34 * FREE_SPEED_FACTOR[Body.WHEELCHAIR]
    (person,) = crowd.enter_all(np.array([(1.5, 5.0)]), 0, body=Body.WHEELCHAIR, free_mps=slow)
    walks = walk_all(crowd, 200.0)
    took = walks.left_s.get(person, ("", float("inf")))[1]
    others = max(t for who, (_, t) in walks.left_s.items() if who != person)
    least = 18.5 / slow
    return Trial(
        "2.10", "people with disabilities",
        "who sits in a wheelchair (0.65 m wide, slower) passes a door of 1.6 m and leaves, at no more than its speed",
        f"leaves after {took:.1f} s (alone {least:.1f} s), the last of 30 others after {others:.1f} s",
        bool(least * 0.98 <= took < 3 * least), "", ("time (s)", "x (m)"),
        (Line("wheelchair", walks.time_s, walks.position_m[:, -1, 0]),), {"took_s": took},
    )  # fmt: skip


def exit_shuts() -> Trial:
    """4.1: the nearer of two exits is shut after a second; everybody turns to the other."""
    gates = [door("near", (0, 2), (0, 3.5), "both"), door("far", (15, 2), (15, 3.5), "both")]
    flow = {"id": "all", "start": "near", "to": ["near", "far"], "initial": 10, "area": box(2, 0.5, 7, 4.5)}
    crowd = Crowd(floor(box(0, 0, 15, 5), gates, population={"bodies": {}, "flows": [flow]}))

    def shut(crowd: Crowd) -> None:
        if abs(crowd.time_s - 1.0) < 0.026:
            crowd.set_gate("near", is_open=False)

    walks = walk_all(crowd, 120.0, every=shut)
    by = [gate for gate, t in walks.left_s.values() if t > 1.1]
    return Trial(
        "4.1", "an exit is shut while people walk to it", "nobody leaves by it afterwards, all by the other",
        f"{by.count('far')} by the other, {by.count('near')} by the shut one; {len(walks.left_s)} of 10 out",
        len(walks.left_s) == 10 and "near" not in by, "failed: an exit cannot be closed at run time",
        ("time (s)", "x (m)"), tuple(Line("", walks.time_s, walks.position_m[:, i, 0]) for i in range(10)),
    )  # fmt: skip


def congestion() -> Trial:
    """5.1: a hundred people from a room onto stairs: a queue forms before them and flow stays below what doors pass."""
    outline = [(0, 0), (8, 0), (8, 1.8), (16, 1.8), (16, 3.2), (8, 3.2), (8, 5), (0, 5)]
    zone = {"id": "stairs", "polygon": box(9, 1.8, 16, 3.2), "stairs_up": (1.0, 0.0)}
    flow = {"id": "all", "start": "out", "to": ["out"], "initial": 100, "area": box(0.3, 0.3, 7.7, 4.7)}
    crowd = Crowd(floor(outline, [door("out", (16, 1.8), (16, 3.2), "both")], zones=[zone],
                        population={"bodies": {}, "flows": [flow]}))  # fmt: skip
    before: list[float] = []

    def count(crowd: Crowd) -> None:
        place = crowd.people.position_m
        before.append(
            float(((place[:, 0] > 6) & (place[:, 0] < 8) & (place[:, 1] > 1.5) & (place[:, 1] < 3.5)).sum() / 4)
        )

    walks = walk_all(crowd, 300.0, every=count)
    times = np.sort([t for _, t in walks.left_s.values()])
    flow_out = float(0.7 * len(times) / (times[79] - times[9]) / 1.4)
    dense = float(np.quantile(before, 0.75))
    return Trial(
        "5.1", "congestion", "a queue forms before the stairs (above 2 a square metre) and dissolves; all get out",
        f"{dense:.1f} a square metre before the stairs, {flow_out:.2f} persons a metre and second up them, all out "
        f"after {times[-1]:.0f} s", len(times) == 100 and dense >= 2.0, "",
        ("time (s)", "density before the stairs (1/m2)"),
        (Line("before the stairs", np.arange(len(before)) * 0.05, before),), {"density": dense},
    )  # fmt: skip


def most_flow() -> Trial:
    """5.2: a hundred people through a door of 1 m."""
    flows = []
    for seed in range(1, 6):
        flow = {"id": "all", "start": "out", "to": ["out"], "initial": 100, "area": box(0.3, 0.3, 7.7, 4.7)}
        crowd = Crowd(floor(box(0, 0, 8, 5), [door("out", (8, 2), (8, 3), "both")],
                            population={"bodies": {}, "flows": [flow]}, seed=seed))  # fmt: skip
        times = np.sort([t for _, t in walk_all(crowd, 300.0).left_s.values()])
        flows.append((len(times) - 1) / (times[-1] - times[0]))
    mean = float(np.mean(flows))
    return Trial(
        "5.2", "most flow through a door", "1.33 persons a metre and second, within 15 % (1.13 to 1.53)",
        f"{mean:.2f} (five seeds: {', '.join(f'{f:.2f}' for f in flows)})", 1.13 <= mean <= 1.53,
        "failed: about 5", ("seed", "flow (1/m/s)"), (Line("ours", np.arange(1, 6), flows, dots=True),), {"flow": mean},
    )  # fmt: skip


NIST: Final[tuple[Run, ...]] = (
    _as(premovement, "1.1", "time before setting off"),
    _as(corridor, "2.1", "speed in a corridor"),
    _as(rimea_stairs_up, "2.2", "speed up stairs"),
    _as(stairs_down, "2.2", "speed down stairs"),
    _as(corner, "2.3", "round a corner"),
    _as(demographics, "2.4", "assigned demographics"),
    _does_not_apply("2.5", "reduced visibility", "there is no smoke that people see less in"),
    _does_not_apply("2.6", "incapacitation", "there are no toxic doses"),
    _does_not_apply("2.7", "lifts", "there are no lifts"),
    counterflow,
    group,
    wheelchair,
    _as(assigned_exits, "3.1", "assigned exits"),
    _does_not_apply("3.2", "social influence", "nobody imitates another's choice of exit; queues alone are weighed"),
    _does_not_apply("3.3", "affiliation", "nobody prefers an exit for knowing it"),
    exit_shuts,
    congestion,
    most_flow,
)
"""In the note's order."""
