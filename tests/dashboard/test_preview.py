"""The contact sheet: what it shows, and that it is quick and honest."""

import json
import sys
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from dashboard import cli
from dashboard.preview import make_preview, take_preview
from scenarios.errors import RecordingError
from scenarios.load import load_scenario
from sim.film import shots

SMALL = ["duration_s=12", "cameras.0.resolution_px=[320,180]", "incidents.1.at_s=7"]


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("forecourt_bag_v1", SMALL)


@pytest.fixture(scope="module")
def preview(scenario):
    return take_preview(scenario)


def test_stills_are_spread_and_show_the_incidents(preview, scenario):
    at = [still.world.time_s for still in preview.stills]
    assert at == sorted(at)
    assert len(at) == 6
    assert at[-1] - at[0] > 0.6 * scenario.duration_s
    for incident in scenario.incidents:
        assert any(0 < t - incident.at_s < 3 for t in at if incident.at_s + 1.5 < scenario.duration_s)
    assert {i.id for i in preview.incidents} <= {i.id for i in scenario.incidents}


def test_the_world_is_that_of_the_film(preview, scenario):
    wanted = {round(still.world.time_s * scenario.fps): still for still in preview.stills}
    for index, (world, taken) in enumerate(shots(scenario)):
        if index in wanted:
            still = wanted[index]
            np.testing.assert_array_equal(still.world.people.position_m, world.people.position_m)
            np.testing.assert_array_equal(still.shots[0].boxes.id, taken[0].boxes.id)
            np.testing.assert_array_equal(still.shots[0].boxes.whole_px, taken[0].boxes.whole_px)
    assert len(preview.time_s) == len(preview.people)
    assert preview.ways_m.shape == (preview.people.sum(), 2)


def test_the_sheet_has_every_picture_and_the_plan(preview, scenario, tmp_path):
    make_preview(scenario, tmp_path / "deep" / "sheet.png")
    with Image.open(tmp_path / "deep" / "sheet.png") as picture:
        sheet = np.asarray(picture)
    assert sheet.shape[1] == 1920
    wide = (1920 - 12 * 4) // 3
    high = round(wide * 180 / 320)
    for number, still in enumerate(preview.stills):
        row, column = divmod(number, 3)
        x, y = 12 + column * (wide + 12), 78 + row * (high + 42) + 30
        shown = sheet[y : y + high, x : x + wide].astype(float).mean(axis=2)
        taken = still.shots[0].frame.image.astype(float).mean(axis=2)
        blocks = taken.reshape(9, 20, 16, 20).mean(axis=(1, 3)).ravel()
        rows, columns = np.linspace(0, high, 10).astype(int), np.linspace(0, wide, 17).astype(int)
        seen = [shown[a:b, c:d].mean() for a, b in pairwise(rows) for c, d in pairwise(columns)]
        assert np.corrcoef(blocks, seen)[0, 1] > 0.7  # boxes and words lie over it


def test_a_place_that_cannot_be_written_is_said(scenario, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="the preview cannot be written"):
        make_preview(scenario.model_copy(update={"duration_s": 0.5, "incidents": []}), tmp_path / "file" / "x.png")


def command(monkeypatch, capsys, *words):
    """Run `parvis film` here; return its exit code and what it says."""
    monkeypatch.setattr(sys, "argv", ["parvis", "film", "forecourt_bag_v1", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code, capsys.readouterr()


def test_the_command_says_what_it_needs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for words, said in ((["--serve", "rtsp://127.0.0.1/a", "--preview"], "leave out --out"), ([], "give --out FOLDER")):
        code, told = command(monkeypatch, capsys, *words)
        assert code == 2
        assert said in told.err
    assert not list(tmp_path.iterdir())
    changes = ["incidents=[]", "duration_s=1", "cameras.0.resolution_px=[320,180]"]
    code, told = command(
        monkeypatch, capsys, "--preview", "--json", *(word for change in changes for word in ("--set", change))
    )
    assert code == 0, told.err
    assert json.loads(told.out) == {"preview": "forecourt_bag_v1-preview.png"}
    with Image.open(tmp_path / "forecourt_bag_v1-preview.png") as picture:
        assert picture.size[0] == 1920
