from __future__ import annotations

from dashboard.verdict import sentences, tables

FLOOR = {
    "cameras": 3,
    "people": 43.7,
    "moda": 0.94,
    "modp": 0.79,
    "count": {"mae": 0.44, "bias": -0.35, "share": 0.01},
    "position_m": {"median": 0.087, "p95": 0.315},
    "covered_68": 0.62,
    "covered_95": 0.87,
}


def test_the_floor_is_said_and_shown() -> None:
    said = [s for s in sentences({"floor": FLOOR}) if s.startswith("On the floor")]
    assert said == [
        "On the floor, by 3 cameras together: places off by 0.09 m (median), count off by 0.4 of 44 people."
    ]
    (table,) = (t for t in tables({"floor": FLOOR}) if t.title == "On the floor")
    assert table.rows == (("People", "0.09", "0.32", "0.620", "0.870", "0.44", "0.940", "0.790"),)


def test_what_was_not_measured_is_not_said() -> None:
    assert not [s for s in sentences({"detector": "background"}) if "floor" in s]
    (table,) = (t for t in tables({}) if t.title == "On the floor")
    assert table.rows == ()
