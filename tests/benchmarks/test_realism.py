"""What the realism benchmark counts, on boxes made by hand."""

import numpy as np
import pytest

from benchmarks.finding import Look, Tally, bootstrap_difference, tally, wilson
from benchmarks.footage import PETS_OCCLUDERS, Footage, People
from sim.render.video import VideoWriter


def _look(people, clear, seen, score, time_s=0.0, ids=None):
    people = np.array(people, float).reshape(-1, 4)
    ids = np.arange(len(people)) if ids is None else np.array(ids)
    who = People(ids, people, np.array(clear, bool))
    return Look(time_s, (640, 480), who, np.array(seen, float).reshape(-1, 4), np.array(score, float))


def test_a_box_finds_one_person_and_the_rest_is_false():
    person = (100, 100, 130, 180)
    look = _look([person], [True], [person, (101, 100, 131, 180), (300, 200, 330, 280)], [0.5, 0.9, 0.4])
    counted = tally([look], threshold=0.3, iou=0.4)
    assert counted.rows.tolist() == [[0, 80, 1]]
    assert counted.false.tolist() == [2]
    assert tally([look], threshold=0.45, iou=0.4).false.tolist() == [1]


def test_boxes_on_hidden_people_and_at_the_border_are_neither_right_nor_wrong():
    hidden, at_border = (100, 100, 140, 200), (0, 50, 30, 120)
    look = _look([hidden], [False], [(105, 150, 130, 199), at_border, (400, 50, 430, 120)], [1, 1, 1])
    counted = tally([look], threshold=0.3, iou=0.4)
    assert len(counted.rows) == 0
    assert counted.false.tolist() == [1]


def test_wilson_is_the_published_interval():
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10)[0] == 0
    assert wilson(10, 10)[1] == pytest.approx(1)


def test_boxes_of_one_person_do_not_narrow_the_interval():
    box = (100, 100, 130, 180)
    few = [_look([box], [True], [box] if who % 2 else [], [1.0] * (who % 2), who, [who]) for who in range(20)]
    many = [look for look in few for _ in range(50)]
    size = (60, 100)
    once, often = (tally(looks, threshold=0.3, iou=0.4).share(size) for looks in (few, many))
    assert once.share == often.share == 0.5
    assert often.wilson[1] - often.wilson[0] < 0.2 * (once.wilson[1] - once.wilson[0])
    assert often.by_person == pytest.approx(once.by_person)
    assert often.by_person[0] < 0.35 < 0.65 < often.by_person[1]


def test_the_difference_of_equal_sides_is_around_nought():
    box = (100, 100, 130, 180)
    looks = [_look([box], [True], [box] if who % 2 else [], [1.0] * (who % 2), who, [who]) for who in range(20)]
    side = tally(looks, threshold=0.3, iou=0.4)
    found = bootstrap_difference(side, side, (60, 100))
    assert found.value == 0
    assert found.interval[0] < -0.1
    assert found.interval[1] > 0.1
    assert bootstrap_difference(side, side, (100, 200)) is None


def test_joined_films_have_different_people():
    box = (100, 100, 130, 180)
    one = tally([_look([box], [True], [box], [1.0])], threshold=0.3, iou=0.4)
    both = Tally.joined([one, one])
    assert both.share((60, 100)).people == 2
    assert both.share((60, 100)).of == 2


def _pets(tmp_path):
    """A grey film with the real boxes of three people from frame 200 on."""
    lines = [
        "1,1,100,100,30,80,1,-1,-1,-1\n",
        "1,2,120,110,30,80,1,-1,-1,-1\n",  # covers a third of person 1
        "1,3,600,300,30,80,1,-1,-1,-1\n",
        "1,4,740,300,29,80,1,-1,-1,-1\n",  # at the border
        "1,5,420,200,30,80,1,-1,-1,-1\n",  # behind the lamp post
        "1,6,420,320,30,80,1,-1,-1,-1\n",  # before it
    ]
    (tmp_path / "gt.txt").write_text("".join(lines))
    with VideoWriter(tmp_path / "film.mp4", 768, 576, 7.0) as film:
        for _ in range(3):
            film.write(np.full((576, 768, 3), 90, np.uint8))
    return Footage.real("grey", tmp_path / "film.mp4", tmp_path / "gt.txt", 7.0, PETS_OCCLUDERS)


def test_fully_visible_is_told_from_boxes(tmp_path):
    pictures = list(_pets(tmp_path).pictures(1))
    assert len(pictures) == 3
    people = pictures[0][1]
    assert dict(zip(people.id.tolist(), people.clear.tolist(), strict=True)) == {
        1: False, 2: False, 3: True, 4: False, 5: False, 6: True,
    }  # fmt: skip
    assert len(pictures[1][1].id) == 0
    small = next(iter(_pets(tmp_path).pictures(1, 0.5)))
    assert small[0].image.shape == (288, 384, 3)
    assert np.allclose(small[1].box_px, people.box_px / 2)
