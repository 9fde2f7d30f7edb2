"""A sweep's table sliced by hand-made rows: counts are added, never rates averaged."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dashboard.sweep.charts import heat_map, trade_off
from dashboard.sweep.slices import keys_of, kinds_of, slices
from detect.score.intervals import poisson_interval, wilson_interval

EVENT = "events.abandoned_object"


def row(spec, light, alone, seed, true, found, false, hours=0.5):
    return {
        "spec": spec, "run": f"run-{spec}", "case": "c", "seed": seed, "condition.light": light,
        "rule.abandoned_object.alone_s": alone, "camera_hours": hours, "detector": "oracle",
        f"{EVENT}.true": true, f"{EVENT}.found": found, f"{EVENT}.false": false,
    }  # fmt: skip


TABLE = pa.Table.from_pylist(
    [
        row("a", "day", 20.0, 1, 1, 1, 0),
        row("b", "day", 20.0, 2, 3, 1, 1, hours=1.5),
        row("c", "night", 20.0, 1, 1, 0, 2),
        row("d", "day", 30.0, 1, 0, 0, 0),
        row("a", "day", 20.0, 1, 1, 1, 0),
        row("e", "night", 30.0, 1, None, None, None),
    ]
)
ABOUT = {"keys": ["rule.abandoned_object.alone_s"]}


def test_what_varies_can_be_sliced_by():
    assert keys_of(TABLE, ABOUT) == ["rule.abandoned_object.alone_s", "condition.light", "seed"]
    assert kinds_of(TABLE) == ["abandoned_object"]


def test_counts_are_added_and_a_shared_result_counts_once():
    cells = slices(TABLE, "abandoned_object", ["condition.light", "rule.abandoned_object.alone_s"])
    assert [tuple(c.at.values()) for c in cells] == [("day", "20"), ("night", "20"), ("day", "30")]
    day = cells[0]
    assert (day.runs, day.true, day.found, day.false, day.camera_hours) == (2, 4, 2, 1, 2.0)
    assert day.names == ("run-a", "run-b")
    assert day.value("recall") == 0.5  # not the mean of 1 and 1/3
    assert day.interval("recall") == wilson_interval(2, 4)
    assert day.interval("miss") == wilson_interval(2, 4)
    assert day.value("false_per_hour") == 0.5
    assert day.interval("false_per_hour") == pytest.approx([end / 2 for end in poisson_interval(1)])
    assert day.value("precision") == pytest.approx(2 / 3)
    nothing = cells[2]
    assert nothing.value("recall") is None
    assert nothing.interval("recall") is None
    assert slices(TABLE, "fire", ["seed"]) == []


def test_the_map_leaves_empty_what_was_not_measured():
    cells = slices(TABLE, "abandoned_object", ["condition.light", "rule.abandoned_object.alone_s"])
    figure = heat_map(cells, "condition.light", "rule.abandoned_object.alone_s", "recall")
    assert [list(line) for line in figure.data[0].z] == [[0.5, 0.0], [None, None]]
    assert figure.data[0].text[1][1] == "not measured"
    assert figure.data[0].text[0][0] == "50%<br>2 of 4"


def test_every_setting_with_a_recall_is_a_point():
    figure = trade_off(slices(TABLE, "abandoned_object", ["rule.abandoned_object.alone_s"]))
    assert list(figure.data[0].y) == [0.4]  # 2 of 5 at 20 s; at 30 s nothing was due
    assert list(figure.data[0].x) == [3 / 2.5]
