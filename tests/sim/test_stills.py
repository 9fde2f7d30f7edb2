import hashlib
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from scenarios.errors import ScenarioError
from sim.photographs import cut_plates, photographs_in, plates_in, sum_of
from sim.stills import StillsPlan, _labels, film_stills

PLAN = StillsPlan(scenarios=1, cameras=2, moments=2, apart_s=0.5, seed=5)


def _sums(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def stills(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stills")
    film_stills(PLAN, folder, workers=1)
    return folder


def test_one_picture_and_one_label_file_a_camera_and_moment(stills):
    assert len(list((stills / "images").glob("*.jpg"))) == len(list((stills / "labels").glob("*.txt"))) == PLAN.pictures
    for path in (stills / "images").glob("*.jpg"):
        assert cv2.imread(str(path)).shape[2] == 3


def test_labels_are_shares_of_the_picture(stills):
    rows = [line.split() for p in (stills / "labels").glob("*.txt") for line in p.read_text().splitlines()]
    assert rows
    boxes = np.array(rows, float)
    assert set(boxes[:, 0]) <= {0.0, 1.0}
    assert (boxes[:, 3:] > 0).all()
    assert (boxes[:, 1:3] - boxes[:, 3:] / 2 >= -1e-5).all()
    assert (boxes[:, 1:3] + boxes[:, 3:] / 2 <= 1 + 1e-5).all()


def test_the_same_plan_gives_the_same_pictures(stills, tmp_path):
    film_stills(PLAN, tmp_path, workers=1)
    assert _sums(tmp_path) == _sums(stills)


def test_an_interrupted_set_goes_on_and_keeps_what_is_whole(stills, tmp_path):
    film_stills(PLAN, tmp_path, workers=1)
    before = _sums(tmp_path)
    (tmp_path / "labels" / "00000_1_01.txt").unlink()
    shares = []
    film_stills(PLAN, tmp_path, workers=1, progress=shares.append)
    assert (_sums(tmp_path), shares) == (before, [1.0])
    shares.clear()
    film_stills(PLAN, tmp_path, workers=1, progress=shares.append)
    assert shares == []


def test_stills_of_another_plan_are_not_mixed_in(stills):
    with pytest.raises(ScenarioError, match="another plan"):
        film_stills(replace(PLAN, seed=6), stills, workers=1)


_BOXES = SimpleNamespace(
    is_bag=np.array([False, False, True, False]),
    whole_px=np.array([[10.0, 20, 30, 60], [10, 20, 30, 60], [50, 40, 60, 46], [-10, 10, 10, 19]]),
    visibility=np.array([1.0, 0.2, 1.0, 1.0]),
)
_SHOT = SimpleNamespace(boxes=_BOXES, frame=SimpleNamespace(image=np.zeros((100, 200, 3), np.uint8)))


def test_the_hidden_and_the_tiny_are_not_labelled():
    lines = list(_labels(PLAN, _SHOT))
    assert [line.split()[0] for line in lines] == ["0", "1"]
    assert [float(v) for v in lines[0].split()[1:]] == pytest.approx([0.1, 0.4, 0.1, 0.4])
    low = list(_labels(replace(PLAN, min_height_px=9.0, min_visibility=0.1), _SHOT))
    assert len(low) == 4
    assert float(low[3].split()[1]) == pytest.approx(0.025)  # cut at the picture's edge


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Two pictures of noise, which nothing that is drawn looks like."""
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(1)
    for name in ("a.png", "b.jpg"):
        coarse = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / name), cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_NEAREST))
    return folder


def test_photographs_stand_behind_people_and_are_told_apart(photographs, tmp_path):
    sum_ = sum_of(photographs_in(photographs))
    plan = replace(PLAN, scenarios=8, cameras=1, moments=1, photographs=sum_)
    film_stills(plan, tmp_path, photographs=photographs, workers=1)
    plates = [cv2.imread(str(p)).astype(float) for p in sorted((tmp_path / "plates").glob("*.png"))]
    alike = 0
    for path in (tmp_path / "images").glob("*.jpg"):
        picture = cv2.imread(str(path)).astype(float)
        near = [np.abs(picture - p).mean() for p in plates if p.shape == picture.shape]
        alike += min(near) < 35 < np.median(near)
    assert 1 <= alike <= 6
    with pytest.raises(ScenarioError, match="does not hold the photographs"):
        film_stills(plan, tmp_path, workers=1)
    with pytest.raises(ScenarioError, match="another plan"):
        film_stills(replace(plan, photographs=""), tmp_path, workers=1)


def test_plates_have_the_sizes_asked_for(photographs, tmp_path):
    sizes = [(416, 320), (320, 320)]
    cut_plates(photographs_in(photographs), tmp_path, sizes, seed=3)
    found = plates_in(tmp_path)
    assert sorted(found) == sorted(sizes)
    for (wide, high), names in found.items():
        assert len(names) == 6
        assert all(cv2.imread(str(tmp_path / name)).shape[:2] == (high, wide) for name in names)


def test_a_folder_without_pictures_and_a_broken_picture_are_named(tmp_path):
    with pytest.raises(ScenarioError, match="holds no pictures"):
        photographs_in(tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(ScenarioError, match=r"broken\.jpg"):
        cut_plates(photographs_in(tmp_path), tmp_path / "out", [(64, 64)], seed=1)
