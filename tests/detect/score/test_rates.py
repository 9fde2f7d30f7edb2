"""Rates over runs, worked by hand, and intervals against published numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, poisson

from detect.score.curve import brier, calibration_error, det_curve, miss_at, reliability
from detect.score.intervals import bootstrap_interval, poisson_interval, ratio_interval, wilson_interval
from detect.score.rates import Outcome, outcomes_of, rates

RUNS = [
    Outcome(true=2, camera_hours=0.5, found=(0.9, 0.6), delays_s=(1.0, 3.0), false=(0.3,)),
    Outcome(true=1, camera_hours=0.5, found=(0.8,), delays_s=(2.0,), false=()),
    Outcome(true=1, camera_hours=1.0, found=(), delays_s=(), false=(0.7, 0.2)),
]


def test_wilson_as_published():
    # Newcombe, R. G. (1998), Statistics in Medicine 17, 857-872, table I: 81/263, 15/148, 0/20, 1/29
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (hits, of), (low, high) in published.items():
        assert wilson_interval(hits, of) == pytest.approx((low, high), abs=5e-5)
    with pytest.raises(ValueError, match="no share"):
        wilson_interval(0, 0)


@given(of=st.integers(1, 400), share=st.floats(0, 1))
def test_wilson_as_scipy_has_it(of, share):
    hits = round(of * share)
    theirs = binomtest(hits, of).proportion_ci(method="wilson")
    assert wilson_interval(hits, of) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_the_ratio_of_two_rates():
    assert ratio_interval(0, 1.0, 0, 1.0) == (None, None)
    low, high = ratio_interval(0, 1.0, 5, 1.0)
    assert low == 0.0
    # P(none of five is the first's) = 0.025 for the share p: (1 - p)^5 = 0.025, ratio p / (1 - p)
    p = 1 - 0.025**0.2
    assert high == pytest.approx(p / (1 - p))
    assert ratio_interval(5, 1.0, 0, 1.0) == (pytest.approx((1 - p) / p), None)
    # twice the hours halve the ratio
    assert ratio_interval(3, 2.0, 4, 1.0) == pytest.approx(np.array(ratio_interval(3, 1.0, 4, 1.0)) / 2)
    low, high = ratio_interval(8, 2.0, 4, 1.0)
    assert low < 1 < high


def test_the_ratio_interval_covers_what_it_says():
    rng = np.random.default_rng(5)
    inside = 0
    for a, b in zip(
        poisson.rvs(6, size=400, random_state=rng), poisson.rvs(9, size=400, random_state=rng), strict=True
    ):
        low, high = ratio_interval(int(a), 1.0, int(b), 1.0)
        inside += (low is None or low <= 6 / 9) and (high is None or high >= 6 / 9)
    assert inside >= 380  # exact intervals are never too narrow


def test_the_bootstrap_finds_the_spread_of_a_mean():
    values = np.random.default_rng(1).normal(10.0, 2.0, 60).tolist()
    low, high = bootstrap_interval(values, lambda some: float(np.mean(some)))
    half = 1.96 * np.std(values, ddof=1) / np.sqrt(60)
    assert (low, high) == pytest.approx((np.mean(values) - half, np.mean(values) + half), abs=0.08)
    assert bootstrap_interval([1.0], lambda _: 1.0) is None
    assert bootstrap_interval(values, lambda _: None) is None


def test_rates_by_hand():
    told = rates(RUNS)
    assert (told["runs"], told["camera_hours"], told["true"], told["found"], told["false"]) == (3, 2.0, 4, 3, 3)
    assert told["recall"]["value"] == 0.75
    assert told["recall"]["ci95"] == pytest.approx(wilson_interval(3, 4))
    assert told["precision"]["value"] == 0.5
    assert told["f1"]["value"] == pytest.approx(2 * 0.75 * 0.5 / 1.25)
    assert told["false_per_camera_hour"]["value"] == 1.5
    assert told["false_per_camera_hour"]["ci95"] == pytest.approx(np.array(poisson_interval(3)) / 2)
    assert told["delay_s"]["median"]["value"] == 2.0
    assert told["delay_s"]["p90"]["value"] == pytest.approx(2.8)
    # 0.9 finds 1; 0.8 finds 2; 0.7 adds a false one, 0.5 an hour; 0.6 finds 3; 0.3 and 0.2: 1.0 and 1.5 an hour
    det = [[0.9, 0, 0.75], [0.8, 0, 0.5], [0.7, 0.5, 0.5], [0.6, 0.5, 0.25], [0.3, 1.0, 0.25], [0.2, 1.5, 0.25]]
    assert told["det"] == det
    assert {rate: told["miss_at"][rate]["value"] for rate in ("0.1", "1", "6")} == {"0.1": 0.5, "1": 0.25, "6": 0.25}


def test_what_is_not_defined_is_absent():
    quiet = rates([Outcome(true=0, camera_hours=1.0)])
    assert "recall" not in quiet
    assert "precision" not in quiet
    assert "miss_at" not in quiet
    assert "delay_s" not in quiet
    assert quiet["false_per_camera_hour"]["value"] == 0.0
    assert quiet["false_per_camera_hour"]["ci95"] == pytest.approx((0.0, 3.6889), abs=1e-4)
    nobody = rates([Outcome(true=3, camera_hours=1.0, ruled=False)])
    assert nobody == {"runs": 1, "camera_hours": 1.0, "true": 3, "rule": False}


@given(
    found=st.lists(st.floats(0, 1), max_size=12),
    false=st.lists(st.floats(0, 1), max_size=12),
    more=st.integers(0, 5),
)
def test_a_det_curve_only_ever_finds_more_for_more_false_alarms(found, false, more):
    true = len(found) + more
    if not true:
        with pytest.raises(ValueError, match="no curve"):
            det_curve(found, false, true, 1.0)
        return
    curve = det_curve(found, false, true, 2.0)
    assert all(a.false_per_hour <= b.false_per_hour and a.miss >= b.miss for a, b in pairwise(curve))
    assert curve[0].miss == 1.0
    assert curve[-1].miss == pytest.approx(more / true)
    assert curve[-1].false_per_hour == len(false) / 2
    assert miss_at(curve, 1e9) == curve[-1].miss
    for point in curve:
        assert point.miss == pytest.approx(1 - sum(s >= point.threshold for s in found) / true)


def test_reliability_by_hand():
    rows = reliability([0.95, 0.9, 0.55], [0.52, 0.1, 1.0])
    assert [(r.low, r.alarms, r.right) for r in rows] == [(0.1, 1, 0.0), (0.5, 2, 0.5), (0.9, 3, pytest.approx(2 / 3))]
    off = (abs(0.1) + 2 * abs(0.535 - 0.5) + 3 * abs(0.95 - 2 / 3)) / 6
    assert calibration_error(rows) == pytest.approx(off)
    assert brier([0.95, 0.9, 0.55], [0.52, 0.1, 1.0]) == pytest.approx(
        (0.0025 + 0.01 + 0.2025 + 0.2704 + 0.01 + 1.0) / 6
    )
    assert calibration_error([]) is None


def test_outcomes_come_from_scorecard_and_ledger():
    entry = {"kind": "fire", "due_s": 10.0, "alarm_s": 12.5, "score": 0.7}
    result = {
        "score": {"camera_hours": 0.25, "events": {"fire": {"true": 2}, "density": {"true": 1, "rule": False}}},
        "ledger": [
            entry | {"status": "found"},
            entry | {"status": "false", "due_s": None, "score": 0.2},
            entry | {"status": "missed", "alarm_s": None, "score": None},
            entry | {"status": "no_rule", "kind": "density", "alarm_s": None, "score": None},
        ],
    }  # fmt: skip
    found = outcomes_of([result, {"score": {}, "ledger": []}])
    assert found["fire"] == [Outcome(2, 0.25, (0.7,), (2.5,), (0.2,))]
    assert found["density"] == [Outcome(1, 0.25, ruled=False)]
