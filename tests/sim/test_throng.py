import hashlib

import numpy as np
import pytest
from shapely import Polygon, box

from sim.head_stills import HeadsPlan, film_heads
from sim.throng import draw_throng, strew

FLOOR = box(-30, -30, 30, 30)


def _near(places):
    apart = np.hypot(*(places[:, None] - places[None]).T)
    np.fill_diagonal(apart, np.inf)
    return apart.min()


def test_nobody_is_nearer_to_another_than_said_nor_to_who_was_there():
    taken = np.array([(0.0, 0.0), (1.0, 0.5)])
    places = strew(np.random.default_rng(1), box(-2, -2, 2, 2), 30, 0.5, taken)
    assert len(places) == 30
    assert _near(np.concatenate((taken, places))) >= 0.5


def test_where_there_is_no_room_left_there_are_fewer():
    assert len(strew(np.random.default_rng(1), box(0, 0, 1, 1), 50, 0.9)) <= 4
    assert strew(np.random.default_rng(1), Polygon(), 5, 0.3).shape == (0, 2)


@pytest.mark.parametrize("per_m2", [0.5, 2.0, 4.0, 6.0])
def test_the_patch_has_the_density_that_was_asked_for(per_m2):
    throng = draw_throng(np.random.default_rng(3), FLOOR, np.zeros(2), per_m2=per_m2, most=200)
    places = throng.people.position_m
    half = 0.5 * np.sqrt(200 / per_m2)
    middle = (np.hypot(*places.T) < 0.45 * half).sum() / (np.pi * (0.45 * half) ** 2)
    assert middle == pytest.approx(per_m2, rel=0.25)
    assert len(places) >= 0.93 * 200
    assert len(set(throng.people.looks.tolist())) == len(places)


def test_in_a_dense_throng_nobody_walks_and_bags_are_carried_by_who_is_there():
    throng = draw_throng(np.random.default_rng(5), FLOOR, np.zeros(2), per_m2=5.0, most=150)
    assert not throng.people.velocity_mps.any()
    assert set(throng.objects.carried_by.tolist()) <= set(throng.people.id.tolist())


def _sums(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_same_plan_gives_the_same_stills_and_every_head_is_in_its_picture(tmp_path):
    plan = HeadsPlan(scenarios=1, cameras=2, moments=2, seed=4, most=60)
    for name in ("once", "again"):
        film_heads(plan, tmp_path / name, workers=1)
    assert _sums(tmp_path / "once") == _sums(tmp_path / "again")
    assert len(list((tmp_path / "once" / "images").glob("*.jpg"))) == plan.pictures
    rows = [r.split() for p in (tmp_path / "once" / "heads").glob("*.txt") for r in p.read_text().splitlines()]
    heads = np.array(rows, float)
    assert len(heads) > 10
    assert (heads[:, :2] >= 0).all()
    assert (heads[:, :2] <= 416).all()
    assert ((heads[:, 2] >= 0) & (heads[:, 2] <= 1)).all()


def test_an_interrupted_set_films_only_what_is_missing(tmp_path):
    plan = HeadsPlan(scenarios=1, cameras=1, moments=2, seed=4, most=20)
    film_heads(plan, tmp_path, workers=1)
    before = _sums(tmp_path)
    told = []
    film_heads(plan, tmp_path, workers=1, progress=told.append)
    assert told == []
    (tmp_path / "heads" / "00000_0_01.txt").unlink()
    film_heads(plan, tmp_path, workers=1, progress=told.append)
    assert (told, _sums(tmp_path)) == ([1.0], before)
