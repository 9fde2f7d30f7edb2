"""The gap between two films, on boxes made by hand."""

import json

import numpy as np
import pyarrow as pa
import pytest
import supervision as sv

from benchmarks.gap import Row, Sides, correlation, gap_row, stretches
from benchmarks.tracking import REFERENCE, Case
from dashboard.trust import PUBLISHED, trust
from scenarios.calibration import load_calibration
from scenarios.truth import BOXES, GroundTruth

FPS, SECONDS = 5, 30


def _case(missed_every=0, confidence=0.9):
    """Two people who walk side by side, of whom one is sometimes missed."""
    camera = load_calibration(REFERENCE / "camera.toml").camera
    rows, found = [], {}
    for frame in range(FPS * SECONDS):
        boxes = []
        for who in (1, 2):
            box = np.array([100 + 2 * frame, 150 * who, 130 + 2 * frame, 150 * who + 80], float)
            names = ("x1", "y1", "x2", "y2")
            row = {"camera": camera.id, "frame": frame, "time_s": frame / FPS, "id": who, "cls": "person"}
            row |= dict(zip(names, box, strict=True)) | {f"v{n}": v for n, v in zip(names, box, strict=True)}
            rows.append(row | {"visibility": 1.0, "x_m": np.nan, "y_m": np.nan})
            if not (missed_every and who == 2 and frame % missed_every == 0):
                boxes.append(box)
        found[frame] = (
            frame / FPS,
            sv.Detections(
                xyxy=np.array(boxes), confidence=np.full(len(boxes), confidence), class_id=np.zeros(len(boxes), int)
            ),
        )
    return Case("made", GroundTruth(SECONDS, None, None, pa.Table.from_pylist(rows, BOXES), None), camera, FPS, found)


def test_a_perfect_watcher_has_no_gap_between_equal_films():
    side = stretches(_case(), 0.5, None)
    assert side.whole["ap50"] == pytest.approx(1)
    assert side.whole["recall"] == 1
    assert side.whole["count_mae"] == 0
    assert side.pictures == FPS * SECONDS
    row = gap_row("made", 0.5, None, Sides(side, side))
    assert all(gap.value == 0 and gap.interval == (0, 0) for gap in row.gap.values())


def test_the_gap_is_twin_less_real_and_thresholds_drop_boxes():
    real, twin = stretches(_case(missed_every=2), 0.5, None), stretches(_case(), 0.5, None)
    row = gap_row("made", 0.5, None, Sides(real, twin))
    assert row.gap["recall"].value == pytest.approx(0.25)
    assert row.gap["count_mae"].value == pytest.approx(-0.5)
    assert row.gap["hota"].value > 0.05
    assert stretches(_case(missed_every=2), 0.5, 20.0).pictures == FPS * 20


def test_ranks_agree_or_are_reversed_and_few_settings_say_nothing():
    sides = [stretches(_case(missed_every=n), 0.5, None) for n in (2, 3, 5, 0)]
    alike = [Row(str(k), 0.5, None, Sides(side, side), {}) for k, side in enumerate(sides)]
    turned = [Row("", 0.5, None, Sides(a, b), {}) for a, b in zip(sides, reversed(sides), strict=True)]
    assert correlation(alike, "recall")["spearman"] == pytest.approx(1)
    assert correlation(turned, "recall")["kendall"] == pytest.approx(-1)
    assert correlation(alike[:3], "recall")["ci95"] is None


def test_every_report_tells_the_published_gap(tmp_path):
    told = json.loads(PUBLISHED.read_text())
    assert len(told["rows"]) >= 5
    own, other = " ".join(trust("background")), " ".join(trust("somebody"))
    assert "the detector 'background'" in own
    assert "other detectors (background" in other
    assert told["command"] in own
    assert "not measured" in trust("background", tmp_path / "none.json")[0]
