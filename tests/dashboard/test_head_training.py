import hashlib
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from dashboard.head_crops import HeadStills, _scale, cells_of
from dashboard.head_training import HEAD_RECIPES, head_recipe_named, train_heads
from scenarios.errors import DetectorError, MissingExtraError


@pytest.fixture
def stills(tmp_path):
    """Two stills: grey, with a white square of 12 px on each head."""
    rng = np.random.default_rng(1)
    for name in ("images", "heads"):
        (tmp_path / "train" / name).mkdir(parents=True)
    for number, count in enumerate((9, 0)):
        image = np.full((256, 320, 3), 90, np.uint8)
        points = rng.uniform((20, 20), (300, 230), (count, 2)).round()
        for x, y in points:
            cv2.rectangle(image, (int(x) - 6, int(y) - 6), (int(x) + 5, int(y) + 5), (255, 255, 255), -1)
        cv2.imwrite(str(tmp_path / "train" / "images" / f"{number}.jpg"), image)
        seen = [1.0] * max(0, count - 2) + [0.04] * min(2, count)
        lines = [f"{x} {y} {s} 90.0\n" for (x, y), s in zip(points, seen, strict=True)]
        (tmp_path / "train" / "heads" / f"{number}.txt").write_text("".join(lines))
    return HeadStills(tmp_path / "train", min_visibility=0.05)


def test_points_fall_into_their_cells_and_those_outside_into_none():
    counts = cells_of(np.array([(0.0, 0), (7.9, 7.9), (8, 0), (31.9, 15.9), (32, 3), (-0.1, 4)]), 32, 16)
    assert counts.tolist() == [[2, 1, 0, 0], [0, 0, 0, 1]]


def test_who_is_hardly_seen_does_not_count(stills):
    assert [len(h) for h in stills.heads] == [7, 0]
    picture, count = stills.whole(0)
    assert (picture.shape, count) == ((256, 320, 3), 7.0)


def test_heads_stay_on_their_places_whatever_a_crop_does_to_the_picture(stills):
    rng = np.random.default_rng(7)
    bright, dark, heads = [], [], 0.0
    for _ in range(40):
        crop, counts = stills.crop(0, 192, rng)
        assert (crop.shape, counts.shape) == ((192, 192, 3), (24, 24))
        cells = crop.astype(float).mean(axis=2).reshape(24, 8, 24, 8).mean(axis=(1, 3))
        bright += cells[counts > 0].tolist()
        dark.append(np.median(cells))
        heads += counts.sum()
    assert heads > 100
    assert np.mean(bright) > np.mean(dark) + 25


def test_the_same_chance_gives_the_same_crop(stills):
    one, other = (stills.crop(0, 128, np.random.default_rng(3)) for _ in range(2))
    assert (one[0] == other[0]).all()
    assert (one[1] == other[1]).all()


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(DetectorError, match="holds no stills of crowds"):
        HeadStills(tmp_path, min_visibility=0.05)


def test_without_torch_the_extra_is_named(stills, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(MissingExtraError, match="ultralytics"):
        train_heads(HEAD_RECIPES["taste"], tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_numbers_change_a_recipe_and_an_unknown_one_is_named():
    changed = head_recipe_named("laptop", scenarios=4, steps=2, seed=0)
    assert (changed.stills.scenarios, changed.steps, changed.stills.seed) == (4, 2, 0)
    with pytest.raises(DetectorError, match="did you mean 'laptop'"):
        head_recipe_named("laptpo")


def test_what_begins_with_other_weights_says_with_which(tmp_path):
    checkpoint = tmp_path / "last.pt"
    with pytest.raises(DetectorError, match="no such checkpoint"):
        head_recipe_named("laptop", start=checkpoint)
    checkpoint.write_bytes(b"weights")
    begun = head_recipe_named("laptop", start=checkpoint, learning_rate=0.001)
    assert begun.begins_with == hashlib.sha256(b"weights").hexdigest()
    assert (begun.cycles, begun.learning_rate) == (1, 0.001)
    assert head_recipe_named("laptop").begins_with == ""


def test_people_in_crops_are_of_the_heights_that_are_asked_for():
    rng = np.random.default_rng(2)
    for tall in (60.0, 120.0, 250.0):
        scales = np.array([_scale(np.array([tall, tall, 500.0]), 0.1, rng) for _ in range(200)])
        assert 0.4 <= scales.min() < scales.max() <= 2.2
        assert np.median(scales) * tall == pytest.approx(np.sqrt(36 * 190), rel=0.25)
    assert _scale(np.array([250.0]), 5.0, rng) >= 3.0  # a still that is smaller than the crop is enlarged


def test_photographs_without_people_are_crops_too(stills, tmp_path):
    folder = tmp_path / "train" / "plates"
    folder.mkdir()
    cv2.imwrite(str(folder / "320x256_0000_0.png"), np.full((256, 320, 3), (0, 0, 200), np.uint8))
    crops = [stills_of(tmp_path).crop(0, 128, np.random.default_rng(seed)) for seed in range(60)]
    empty = [counts.sum() for crop, counts in crops if np.median(crop[..., 0]) > np.median(crop[..., 2]) + 60]
    assert 1 <= len(empty) <= 15
    assert not any(empty)


def stills_of(folder):
    return HeadStills(folder / "train", min_visibility=0.05)


def test_the_command_films_crowds_without_torch(tmp_path, monkeypatch):
    tiny = replace(HEAD_RECIPES["taste"].stills, cameras=1, moments=1, most=20)
    monkeypatch.setattr("dashboard.head_training.HEAD_RECIPES", {"tiny": replace(HEAD_RECIPES["taste"], stills=tiny)})
    arguments = ["train-heads", "--recipe", "tiny", "--scenarios", "1", "--stills-only", "--workers", "1"]
    done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"stills": str(tmp_path / "stills")}
    assert [len(list((tmp_path / "stills" / n / "images").glob("*.jpg"))) for n in ("train", "val")] == [1, 1]
