"""The folder of runs: what is in it, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dashboard.shelf import Shelf
from scenarios.errors import RecordingError


@pytest.fixture
def shelf(runs_folder: Path, tmp_path: Path) -> Shelf:
    return Shelf(shutil.copytree(runs_folder, tmp_path / "runs"))


def test_cards_say_what_a_run_is(shelf: Shelf) -> None:
    cards, complaints = shelf.cards()
    assert complaints == []
    by_name = {card.name: card for card in cards}
    assert list(by_name) == ["rehearsed", "watched"]
    assert by_name["rehearsed"].synthetic
    assert by_name["rehearsed"].scores["recall"] == 0.5
    assert by_name["rehearsed"].scores["precision"] == pytest.approx(1 / 3)
    assert not by_name["watched"].synthetic
    assert set(by_name["watched"].scores.values()) == {None}


def test_newest_first(shelf: Shelf) -> None:
    recording = shelf.open("watched")
    recording.save_json(recording.run_json, recording.run() | {"made_at": "2027-01-01T00:00:00+00:00"})
    assert [card.name for card in shelf.cards()[0]] == ["watched", "rehearsed"]


def test_a_broken_run_is_named_and_hides_no_other(shelf: Shelf) -> None:
    (shelf.folder / "watched" / "score.json").write_text("{", encoding="utf-8")
    cards, complaints = shelf.cards()
    assert [card.name for card in cards] == ["rehearsed"]
    assert len(complaints) == 1
    assert "score.json" in complaints[0]


def test_unknown_run_names_the_nearest(shelf: Shelf) -> None:
    with pytest.raises(RecordingError, match="did you mean 'rehearsed'"):
        shelf.open("rehersed")


def test_no_folder_no_runs(tmp_path: Path) -> None:
    assert Shelf(tmp_path / "nothing").cards() == ([], [])


@pytest.mark.parametrize("run", ["..", ".", "", "../runs/rehearsed", "/etc", "rehearsed/../rehearsed"])
def test_only_names_of_runs_open(shelf: Shelf, run: str) -> None:
    assert shelf.file(run, "run.json") is None
    with pytest.raises(RecordingError):
        shelf.open(run)


@pytest.mark.parametrize("part", ["../watched/run.json", "../../secret", "/etc/passwd", "video/../../watched/run.json"])
def test_files_stay_in_their_run(shelf: Shelf, part: str) -> None:
    (shelf.folder.parent / "secret").write_text("secret", encoding="utf-8")
    assert shelf.file("rehearsed", part) is None
    assert shelf.file("rehearsed", "run.json") is not None


def test_links_out_of_the_folder_are_not_followed(shelf: Shelf, runs_folder: Path) -> None:
    (shelf.folder / "linked").symlink_to(runs_folder / "rehearsed")
    (shelf.folder / "rehearsed" / "leak.json").symlink_to(runs_folder / "watched" / "run.json")
    assert "linked" not in shelf.names()
    assert shelf.file("rehearsed", "leak.json") is None
