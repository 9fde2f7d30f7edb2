import numpy as np
import pytest

from sim.render import library as lib
from sim.render.actors.poses import Poses
from sim.render.actors.posing import CROWN, HAND_LEFT, LANDMARKS, rotation_of
from sim.render.actors.stock import LEVELS, shipped

NONE = np.array([-1])


@pytest.fixture(scope="module")
def stock():
    return shipped()


def people(stock):
    return [i for i, f in enumerate(stock.figures) if f.kind == "person"]


def find(poses, figure, level, key, overlay=-1):
    (row,) = poses.find(np.array([figure]), np.array([level]), np.array([key]), np.array([overlay]))
    first, last = poses._stock.vertex_span[figure, level]
    return poses.pool[:, row : row + LANDMARKS + last - first].T.copy()


def test_a_rotation_vector_turns_as_it_says():
    out = np.empty((3, 3))
    rotation_of(0.0, 0.0, np.pi / 2, out)
    np.testing.assert_allclose(out @ (1, 0, 0), (0, 1, 0), atol=1e-12)
    rotation_of(0.3, -1.2, 0.7, out)
    np.testing.assert_allclose(out @ out.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(out) == pytest.approx(1)


def test_meshes_are_posed_as_the_library_poses_them(stock):
    poses = Poses(stock, 8 << 20)
    rng = np.random.default_rng(1)
    overlay = next((c for c in stock.clips if "overlay" in c.tags), None)
    for f in rng.choice(people(stock), min(6, len(people(stock))), replace=False):
        figure = stock.figures[f]
        for c in rng.choice(len(stock.clips), 4):
            clip = stock.clips[c]
            if "overlay" in clip.tags:
                continue
            phase = int(rng.integers(clip.phases))
            share = phase / clip.phases if clip.cycle in ("distance", "time") else phase / max(clip.phases - 1, 1)
            over = () if overlay is None else (overlay,)
            at = -1 if overlay is None else int(stock.clip_first[stock.clips.index(overlay)])
            turn, place = lib.pose(figure, clip, share + 1e-9, over)
            for level in (LEVELS - 1, LEVELS - 2):
                detail = figure.details[level - LEVELS + len(figure.details)]
                expected = lib.skin(figure, detail, turn, place)
                mesh = find(poses, int(f), level, int(stock.clip_first[c]) + phase, at)
                np.testing.assert_allclose(mesh[LANDMARKS:, :3], expected, atol=2e-4)


def test_normals_point_outwards_and_have_unit_length(stock):
    mesh = find(Poses(stock, 8 << 20), people(stock)[0], LEVELS - 1, stock.at_rest)[LANDMARKS:]
    long = np.linalg.norm(mesh[:, 3:], axis=1)
    assert (np.abs(long - 1) < 1e-3).mean() > 0.995  # a sliver without area has none
    middle = mesh[:, :2] - np.array((0.0, 0.0))
    trunk = (mesh[:, 2] > 1.0) & (mesh[:, 2] < 1.2) & (np.abs(mesh[:, 1]) < 0.15)
    assert ((middle * mesh[:, 3:5]).sum(axis=1)[trunk] > 0).mean() > 0.9


def test_landmarks_are_where_the_body_has_them(stock):
    for f in people(stock):
        mesh = find(Poses(stock, 8 << 20), f, LEVELS - 1, stock.at_rest)
        top = mesh[LANDMARKS:, 2].max()
        assert mesh[CROWN, 2] == pytest.approx(top, abs=0.2)
        assert mesh[HAND_LEFT, 1] > 0.15
        np.testing.assert_allclose(mesh[CROWN, 3:], (0, 0, 1), atol=1e-6)


def test_what_is_kept_is_bounded_and_changes_nothing(stock):
    small, large = Poses(stock, 1 << 20), Poses(stock, 64 << 20)
    rng = np.random.default_rng(3)
    figures = np.array(people(stock))
    size = small.bytes_used
    for _ in range(40):
        figure = rng.choice(figures, 12)
        level = np.zeros(12, np.int64)
        key = rng.integers(0, len(stock.rotation), 12)
        none = np.full(12, -1)
        one, two = (p.find(figure, level, key, none) for p in (small, large))
        for a, b, f in zip(one, two, figure, strict=True):
            count = LANDMARKS + int(np.diff(stock.vertex_span[f, 0])[0])
            np.testing.assert_array_equal(small.pool[:, a : a + count], large.pool[:, b : b + count])
    assert small.bytes_used == size <= 1 << 20
    assert small.posed > large.posed


def test_one_picture_may_need_more_than_the_limit(stock):
    tiny = Poses(stock, 24 * 1000)
    figure = np.repeat(people(stock)[0], 6)
    rows = tiny.find(figure, np.full(6, LEVELS - 1), np.arange(6), np.full(6, -1))
    assert len(set(rows.tolist())) == 6
    again = tiny.find(figure, np.full(6, LEVELS - 1), np.arange(6), np.full(6, -1))
    np.testing.assert_array_equal(rows, again)


def test_the_same_pose_is_not_posed_twice(stock):
    poses = Poses(stock, 8 << 20)
    f = people(stock)[0]
    find(poses, f, 0, 0)
    find(poses, f, 0, 0)
    assert poses.posed == 1
