"""Results summed up: over all, by condition, and by who is troubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.sweep.spec import points_of
from dashboard.sweep.summary import summary_of
from dashboard.sweep.task import save_result
from detect.score.fair_rates import fair_rates
from detect.score.intervals import ratio_interval
from scenarios.suite import Suite


@pytest.fixture
def swept(tmp_path: Path, asked):
    """Two cases of two seeds: by day both bags are found, at night one, and there one alarm is false."""
    import json

    cases = [
        {"name": name, "scenario": "forecourt_bag_v1", "condition": {"light": name}, "set": {"conditions.time": name}}
        for name in ("day", "night")
    ]
    suite = Suite.model_validate({**asked, "scenarios": [], "grid": {}, "cases": cases})
    points = points_of(suite, Path())
    for point, found in zip(points, (True, True, True, False), strict=True):
        entry = {"kind": "abandoned_object", "due_s": 1.0, "alarm_s": 2.0 if found else None, "score": 0.8}
        ledger = [entry | {"status": "found" if found else "missed"}]
        ledger += [] if found else [entry | {"status": "false", "due_s": None, "alarm_s": 1.0}]
        row = {"true": 1, "found": int(found), "false": int(not found)}
        fair = {"role": {"dweller": {"person_hours": 0.5, "false_alarms": int(not found)}, "passer_by": {"person_hours": 1.0, "false_alarms": 0}}}  # fmt: skip  # noqa: E501
        result = {
            "spec": point.spec.hash,
            "detector": "oracle",
            "score": {"camera_hours": 0.5, "events": {"abandoned_object": row}, "fairness_by": fair},
            "ledger": ledger,
        }
        save_result(tmp_path, point.spec.hash, json.dumps(result))
    return points, tmp_path


def test_over_all_and_by_condition(swept):
    summed = summary_of(*swept)
    bags = summed["events"]["abandoned_object"]
    assert (summed["runs"], bags["true"], bags["found"], bags["false"], bags["camera_hours"]) == (4, 4, 3, 1, 2.0)
    assert bags["recall"]["value"] == 0.75
    assert bags["false_per_camera_hour"]["value"] == 0.5
    light = summed["by"]["light"]
    assert light["day"]["abandoned_object"]["recall"]["value"] == 1.0
    assert light["night"]["abandoned_object"]["recall"]["value"] == 0.5
    assert light["night"]["abandoned_object"]["false_per_camera_hour"]["value"] == 1.0
    assert set(summed["by"]) == {"case", "light"}


def test_a_result_that_two_points_share_counts_once(swept):
    points, folder = swept
    assert summary_of([*points, points[0]], folder)["runs"] == 4


def test_groups_are_compared_with_an_interval(swept):
    role = summary_of(*swept)["fairness"]["role"]
    assert role["dweller"]["person_hours"] == 2.0
    assert role["dweller"]["per_person_hour"] == 0.5
    assert role["dweller"]["against"] == "passer_by"
    assert role["dweller"]["ratio"] is None  # of none an hour there is no multiple
    assert role["dweller"]["ratio_ci95"] == list(ratio_interval(1, 2.0, 0, 4.0))
    assert role["dweller"]["unequal"] is False
    assert "ratio" not in role["passer_by"]


def test_a_group_that_is_troubled_more_is_said_to_be():
    rows = {"dark": {"person_hours": 1.0, "false_alarms": 12}, "light": {"person_hours": 1.0, "false_alarms": 2}}
    told = fair_rates([{"score": {"fairness_by": {"clothes": rows}}}])["clothes"]
    assert told["dark"]["against"] == "others"
    assert told["dark"]["ratio"] == 6.0
    assert told["dark"]["unequal"] is True
    assert told["light"]["unequal"] is True
