import cv2
import numpy as np
import pytest

from sim.render.actors.casting import _LEVEL_PX
from sim.render.actors.stock import LEVELS
from sim.render.build.rough import rough_levels
from sim.render.build.solid import Workshop
from sim.render.library import REGIONS, library

OBJECTS = [f for f in library().figures.values() if f.kind != "person"]
BAGS = [f for f in OBJECTS if f.kind == "bag"]
VIEWS = [(h, e) for e, h in ((0.17, 0.35), (0.17, 1.9), (0.6, 3.5), (0.6, 5.2), (1.3, 0.9), (1.3, 2.4))]
FINE = 6


def silhouette(vertices, triangles, view, low, px_per_m, side):
    """Coverage of each pixel by a parallel projection, filled by OpenCV: an oracle that shares no code with ours."""
    heading, elevation = view
    right = np.array((-np.sin(heading), np.cos(heading), 0.0))
    up = np.array((-np.sin(elevation) * np.cos(heading), -np.sin(elevation) * np.sin(heading), np.cos(elevation)))
    flat = np.column_stack(((vertices - low) @ right, (vertices - low) @ -up)) * px_per_m + side / 2
    corners = flat[triangles]
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    corners = corners[one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0] < 0]  # rows run down
    mask = np.zeros((FINE * side, FINE * side), np.uint8)
    for corner in np.round((corners * FINE - 0.5) * 16).astype(np.int32):
        cv2.fillConvexPoly(mask, corner, 1, cv2.LINE_8, 4)
    return mask.reshape(side, FINE, side, FINE).mean(axis=(1, 3))


def overlaps(figure, detail, px_per_m):
    """Sum of the lesser by sum of the greater coverage, in each view."""
    fine = figure.details[-1]
    low, high = fine.vertices_m.min(0), fine.vertices_m.max(0)
    side = int(np.ceil(np.linalg.norm(high - low) * px_per_m)) + 4
    found = []
    for view in VIEWS:
        a, b = (
            silhouette(d.vertices_m.astype(float), d.triangles, view, (low + high) / 2, px_per_m, side)
            for d in (detail, fine)
        )
        found.append(np.minimum(a, b).sum() / np.maximum(a, b).sum())
    return np.array(found)


def used_up_to_px_per_m(figure, k):
    """Pixels of a metre from which the next level takes over; objects are one level finer than people."""
    place = LEVELS - len(figure.details) + k
    return _LEVEL_PX[place - 1] / max(figure.height_m, 0.8)


def test_bags_have_few_triangles_from_afar():
    assert all(len(f.details[0].triangles) <= 60 and len(f.details[1].triangles) <= 130 for f in BAGS)
    assert all(len(f.details[0].triangles) <= 320 for f in OBJECTS if "vehicle" not in f.tags)
    for figure in OBJECTS:
        counts = [len(d.triangles) for d in figure.details]
        assert counts == sorted(counts)
        assert len(counts) <= LEVELS


@pytest.mark.parametrize("figure", OBJECTS, ids=lambda f: f.name)
def test_coarse_levels_keep_the_outline(figure):
    for k, (mean, worst) in enumerate(((0.84, 0.75), (0.90, 0.84))):
        seen = overlaps(figure, figure.details[k], used_up_to_px_per_m(figure, k))
        assert seen.mean() > mean, (k, seen)
        assert seen.min() > worst, (k, seen)


def made(*budgets, tolerances=None):
    shop = Workshop(1)
    shop.pillow((0.3, 0.2, 0.4), (0, 0, 0.2), "shell", 0.4)
    shop.tube([(0.0, -0.08, 0.38), (0.0, 0.0, 0.5), (0.0, 0.08, 0.38)], 0.012, "accessory")
    shop.box((0.02, 0.05, 0.02), (0.0, 0.0, 0.2), "metal")  # inside: nobody sees it
    return rough_levels(shop.surfaces, budgets, tolerances or (0.0,) * len(budgets))


def test_budgets_are_kept_and_nothing_is_spent_on_what_nobody_sees():
    few, many = made(40, 120)
    assert 20 < len(few.triangles) <= 40 < len(many.triangles) <= 120
    for level in (few, many):
        assert REGIONS.index("metal") not in level.region
        assert REGIONS.index("accessory") in level.region
        assert np.all(np.ptp(level.uv[level.triangles][..., 0], axis=1) <= 0.5)


def test_more_tolerance_needs_fewer_triangles():
    counts = [len(made(400, tolerances=(t,))[0].triangles) for t in (0.3, 0.1, 0.05)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_the_same_parts_give_the_same_triangles():
    one, two = made(60), made(60)
    assert np.array_equal(one[0].vertices_m, two[0].vertices_m)
    assert np.array_equal(one[0].triangles, two[0].triangles)
