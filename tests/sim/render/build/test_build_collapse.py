"""Edges collapse: how few triangles still make the shape, in every pose."""

import numpy as np
import pytest

from sim.render.build.collapse import collapsed
from sim.render.build.surface import edges_of

RADIUS = 0.5


def sphere(rows=24, columns=32):
    """A closed sphere of vertices and triangles."""
    up = np.linspace(np.pi / 2, -np.pi / 2, rows)[1:-1]
    turn = 2 * np.pi * np.arange(columns) / columns
    ring = np.stack(
        [np.cos(up)[:, None] * np.cos(turn), np.cos(up)[:, None] * np.sin(turn), np.tile(np.sin(up)[:, None], columns)],
        axis=2,
    ).reshape(-1, 3)
    points = RADIUS * np.concatenate([ring, [[0, 0, 1], [0, 0, -1]]])
    at = np.arange(len(ring)).reshape(-1, columns)
    a, b, c, d = at[:-1], np.roll(at[:-1], -1, 1), at[1:], np.roll(at[1:], -1, 1)
    faces = np.concatenate([np.stack([a, c, b], 2).reshape(-1, 3), np.stack([b, c, d], 2).reshape(-1, 3)])
    top, bottom = len(ring), len(ring) + 1
    k = np.arange(columns)
    lids = np.concatenate(
        [
            np.column_stack([np.full(columns, top), at[0, k], np.roll(at[0], -1)]),
            np.column_stack([np.full(columns, bottom), np.roll(at[-1], -1), at[-1, k]]),
        ]
    )
    return points, np.concatenate([faces, lids])


def volume(points, faces):
    a, b, c = (points[faces[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize("wanted", [(200,), (300, 60)])
def test_a_sphere_stays_closed_and_round(wanted):
    points, faces = sphere()
    whole = 4 / 3 * np.pi * RADIUS**3
    assert volume(points, faces) == pytest.approx(whole, rel=0.02)
    found = collapsed(points[None], faces, np.zeros(len(faces), np.uint8), np.ones(len(faces)), wanted)
    for (fewer, kept, which), count in zip(found, wanted, strict=True):
        assert count - 2 < len(kept) <= count
        assert len(which) == len(kept)
        assert 2 * len(edges_of(kept)) == 3 * len(kept)
        assert volume(fewer, kept) == pytest.approx(whole, rel=0.30 if count < 100 else 0.12)
        assert volume(fewer, kept) < whole


def test_the_line_between_two_regions_stays():
    points, faces = sphere()
    region = (points[faces].mean(1)[:, 2] > 0.13).astype(np.uint8)
    ((fewer, kept, which),) = collapsed(points[None], faces, region, np.ones(len(faces)), (90,))
    line = np.intersect1d(kept[region[which] == 1], kept[region[which] == 0])
    before = np.intersect1d(faces[region == 1], faces[region == 0])
    assert len(line) >= 5
    assert np.abs(fewer[line, 2] - points[before, 2].mean()).max() < 0.06


def test_what_bends_keeps_its_triangles_where_it_bends():
    points, faces = sphere()
    long = points * (0.2, 0.2, 2.0)
    bent = long.copy()
    above = long[:, 2] > 0
    bent[above] = np.column_stack([long[above, 2], long[above, 1], -long[above, 0]])
    near = []
    for poses in (long[None], np.array([long, bent])):
        ((fewer, _, _),) = collapsed(poses, faces, np.zeros(len(faces), np.uint8), np.ones(len(faces)), (80,))
        near.append((np.abs(fewer[:, 2]) < 0.15).sum())
    assert near[1] > near[0]


def test_what_does_not_matter_loses_its_triangles_first():
    points, faces = sphere()
    weight = np.where(points[faces].mean(1)[:, 0] > 0, 1.0, 0.001)
    ((fewer, kept, _),) = collapsed(points[None], faces, np.zeros(len(faces), np.uint8), weight, (120,))
    assert (fewer[kept].mean(1)[:, 0] > 0).mean() > 0.65
