import numpy as np
import pytest

from detect.score.stills import StillBoxes

BOX = np.array([[10.0, 10.0, 30.0, 60.0]])
FAR = BOX + 200


def picture(found: StillBoxes, true: np.ndarray, seen: np.ndarray, sure: list[float], ignore: bool = False) -> None:
    found.add(true, np.full(len(true), ignore), seen, np.array(sure))


def test_precision_is_one_for_perfect_boxes_and_nought_for_boxes_of_nothing() -> None:
    perfect, beside = StillBoxes(), StillBoxes()
    for _ in range(3):
        picture(perfect, BOX, BOX, [0.9])
        picture(beside, BOX, FAR, [0.9])
    assert perfect.ap50() == pytest.approx(1.0)
    assert beside.ap50() == 0.0
    assert perfect.wanted() == 3


def test_a_surer_false_box_halves_the_precision() -> None:
    found = StillBoxes()
    picture(found, BOX, np.concatenate((BOX, FAR)), [0.5, 0.8])
    assert found.ap50() == pytest.approx(0.5)


def test_boxes_of_another_picture_find_nobody() -> None:
    found = StillBoxes()
    picture(found, BOX, np.empty((0, 4)), [])
    picture(found, np.empty((0, 4)), BOX, [0.9])
    assert found.ap50() == 0.0


def test_who_is_hardly_seen_is_neither_wanted_nor_wrong() -> None:
    found = StillBoxes()
    picture(found, BOX, BOX, [0.9], ignore=True)
    picture(found, BOX, BOX, [0.8])
    assert found.wanted() == 1
    assert found.ap50() == pytest.approx(1.0)
