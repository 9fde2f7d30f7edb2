"""The library of figures: is the atlas sound, do people stand, walk, fall and carry as they should."""

import subprocess
import sys

import numpy as np
import pytest

from scenarios.errors import ParvisError
from sim.render.library import ANCHORS, ATLAS, BODY_NAMES, JOINT_NAMES, MIRRORED, PARENTS, REGIONS, mirrored, pose, skin
from sim.render.library import library as read_library

LIBRARY = read_library()
PEOPLE = [figure for figure in LIBRARY.figures.values() if figure.kind == "person"]
WALKERS = [figure for figure in PEOPLE if figure.body in ("adult", "child", "elderly")]
SOLES = [JOINT_NAMES.index(name) for name in ("foot.left", "toes.left", "foot.right", "toes.right")]


def body_of(figure):
    """Vertices that follow the person, not what the person pushes or sits in."""
    return figure.details[-1].joints[:, 0] != 0


def sole_of(figure):
    fine = figure.details[-1]
    shoe = np.zeros(len(fine.vertices_m), bool)
    shoe[np.unique(fine.triangles[fine.region == REGIONS.index("shoes")])] = True
    return shoe


def test_every_kind_of_body_is_there():
    assert len(PEOPLE) >= 48
    for body in BODY_NAMES[:5]:
        assert len(LIBRARY.people(body=body)) >= 4
    for word in ("female", "male", "child", "old", "stout", "thin", "long_coat", "skirt", "hood", "scarf", "bald"):
        assert LIBRARY.people(word), word
    heights = [figure.height_m for figure in PEOPLE]
    assert min(heights) < 1.0
    assert max(heights) > 1.9


@pytest.mark.parametrize("level", [0, 1, -2, -1])
def test_surfaces_are_sound(level):
    for figure in LIBRARY.figures.values():
        detail = figure.details[level]
        assert detail.triangles.min() == 0
        assert detail.triangles.max() == len(detail.vertices_m) - 1
        assert np.isfinite(detail.vertices_m).all()
        np.testing.assert_allclose(detail.weights.sum(1), 1.0, atol=1e-5)
        assert detail.joints.max() < len(figure.rest_m)
        assert detail.region.max() < len(REGIONS)
        assert len(detail.region) == len(detail.triangles)
        assert 0 <= detail.uv.min() <= detail.uv.max() < 4
        assert 0 <= detail.occlusion.min() <= detail.occlusion.max() <= 1
        assert figure.kind != "person" or detail.occlusion.min() < detail.occlusion.max()
        corner = detail.vertices_m[detail.triangles].astype(float)
        area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1) / 2
        assert (area < 1e-10).mean() < 0.02, figure.name


def test_levels_get_finer_and_stay_within_their_budgets():
    for figure in PEOPLE:
        counts = [len(detail.triangles) for detail in figure.details]
        assert counts == sorted(counts)
        assert counts[-1] < 10_000
    coarse = [[len(detail.triangles) for detail in figure.details[-4:-2]] for figure in WALKERS]
    assert (np.max(coarse, axis=0) <= (950, 1150)).all()
    assert np.median(coarse, axis=0)[0] < 650
    for figure in PEOPLE:
        far = [len(detail.triangles) for detail in figure.details[:-4]]
        most = 250 if figure in WALKERS else 340
        assert len(far) == 2, figure.name
        assert max(far) <= most, figure.name
    assert np.median([len(figure.details[0].triangles) for figure in WALKERS]) <= 130


def _volume_m3(detail):
    a, b, c = detail.vertices_m[detail.triangles].astype(float).transpose(1, 0, 2)
    return (a * np.cross(b, c)).sum() / 6


def test_closed_coarse_bodies_keep_their_volume():
    """Pieces that collapsed or turned inside out would not."""
    for figure in WALKERS:
        fine = _volume_m3(figure.details[-1])
        for detail in figure.details[:2]:
            assert 0.5 < _volume_m3(detail) / fine < 2.0, figure.name


def test_people_have_skin_hair_or_hat_clothes_and_shoes():
    for figure in PEOPLE:
        for detail in figure.details[-5:]:
            seen = {REGIONS[k] for k in np.unique(detail.region)}
            assert {"skin", "shoes"} <= seen, figure.name
            assert seen & {"hair", "hat", "outer"}
            assert seen & {"upper", "outer"}


def test_heights_are_as_stated():
    for figure in PEOPLE:
        fine = figure.details[-1]
        skin_points = np.unique(fine.triangles[fine.region == REGIONS.index("skin")])
        top = fine.vertices_m[skin_points][fine.joints[skin_points, 0] != 0][:, 2].max()
        stooped = 0.0 if "old" not in figure.tags else 0.06
        assert figure.height_m * (0.98 - stooped) < top < figure.height_m * 1.02, figure.name
        assert abs(figure.anchors_m[0, 2] - figure.height_m) < 0.02 * figure.height_m


def test_skeleton_is_a_tree_and_its_mirror_is_itself():
    assert PARENTS[0] == -1
    assert all(parent < joint for joint, parent in enumerate(PARENTS) if joint)
    assert [MIRRORED[m] for m in MIRRORED] == list(range(len(PARENTS)))
    for figure in PEOPLE:
        flipped = figure.rest_m[list(MIRRORED)] * [1, -1, 1]
        np.testing.assert_allclose(figure.rest_m, flipped, atol=0.012)
    walk = LIBRARY.clip("walk")
    np.testing.assert_allclose(mirrored(mirrored(walk)).rotations, walk.rotations)
    half = mirrored(walk).rotations[8 + np.arange(-8, 8)]
    assert np.abs(np.roll(half, 8, axis=0) - walk.rotations).max() < 0.12  # the right step is the left one, mirrored


@pytest.mark.parametrize("clip", ["walk", "walk_old"])
def test_feet_are_on_the_floor_in_every_phase(clip):
    walk = LIBRARY.clip(clip)
    for figure in WALKERS[::3]:
        fine, shoe = figure.details[-1], sole_of(figure)
        for i in range(walk.phases):
            points = skin(figure, fine, *pose(figure, walk, i / walk.phases))
            assert abs(points[shoe, 2].min()) < 0.02, (figure.name, i)


@pytest.mark.parametrize(("clip", "most_m"), [("walk", 0.03), ("walk_old", 0.03), ("run", 0.06)])
def test_the_standing_foot_does_not_slide(clip, most_m):
    walk = LIBRARY.clip(clip)
    for figure in WALKERS[::4]:
        fine, shoe = figure.details[-1], sole_of(figure)
        stride = figure.stride_m[clip]
        before = None
        for i in range(walk.phases + 1):
            points = skin(figure, fine, *pose(figure, walk, i / walk.phases))[shoe]
            points[:, 0] += stride * i / walk.phases
            if before is not None:
                down = (points[:, 2] < 0.012) & (before[:, 2] < 0.012)
                if down.sum() > 3:
                    assert np.median(np.abs(points[down, 0] - before[down, 0])) < most_m, (figure.name, i)
            before = points


def test_strides_are_those_of_people():
    for figure in WALKERS:
        assert 0.60 < figure.stride_m["walk"] / figure.height_m < 0.95, figure.name
        assert figure.stride_m["walk_old"] < figure.stride_m["walk"] < figure.stride_m["run"]


def test_knees_bend_as_in_the_gait_laboratory():
    figure, walk = PEOPLE[0], LIBRARY.clip("walk")
    shank = JOINT_NAMES.index("shank.left")
    bend = np.degrees(np.linalg.norm(walk.rotations[:, shank], axis=1))
    assert 50 < bend.max() < 72
    assert bend.argmax() in (10, 11, 12, 13)  # in the middle of the swing
    assert bend[1:4].max() < 30
    pelvis = figure.root_m["walk"][:, 2]
    assert 0.02 < np.ptp(pelvis) < 0.07


def test_falls_start_upright_and_end_low():
    falls = [clip for clip in LIBRARY.clips.values() if "fall" in clip.tags]
    assert len(falls) >= 3
    for clip in falls:
        assert 8 <= clip.phases <= 12
        for figure in WALKERS[::9]:
            head = [pose(figure, clip, share)[1][JOINT_NAMES.index("head"), 2] for share in (0.0, 1.0)]
            assert head[0] > 0.75 * figure.height_m
            assert head[1] < 0.28 * figure.height_m, (clip.name, figure.name)


def test_nobody_sinks_into_the_floor():
    for clip in LIBRARY.clips.values():
        if "overlay" in clip.tags or "seat" in clip.tags or "wheelchair" in clip.tags:
            continue
        for figure in WALKERS[::14]:
            fine = figure.details[-1]
            bare = np.unique(fine.triangles[np.isin(fine.region, [REGIONS.index(r) for r in ("skin", "shoes")])])
            for i in range(clip.phases):
                share = i / max(clip.phases - 1, 1) if clip.cycle == "once" else i / clip.phases
                points = skin(figure, fine, *pose(figure, clip, share))
                assert points[bare, 2].min() > -0.03, (clip.name, figure.name, share)


def test_who_sits_on_a_seat_sits_at_its_height():
    for figure in WALKERS[::7]:
        fine = figure.details[-1]
        _, place = pose(figure, LIBRARY.clip("sit"), 0.0)
        points = skin(figure, fine, *pose(figure, LIBRARY.clip("sit"), 0.0))
        behind = (np.abs(points[:, 0] - place[1, 0]) < 0.12) & (points[:, 2] > 0.2)
        assert 0.36 < points[behind, 2].min() < 0.56, figure.name


def test_overlays_move_arms_only():
    overlays = [clip for clip in LIBRARY.clips.values() if "overlay" in clip.tags]
    assert {"carry_left", "carry_right", "carry_both", "pull_right", "push", "straps", "tug"} <= {
        c.name for c in overlays
    }
    figure, walk = PEOPLE[0], LIBRARY.clip("walk")
    for clip in overlays:
        moved = {JOINT_NAMES[j].split(".")[0] for j in np.flatnonzero(clip.drives)}
        assert moved <= {"clavicle", "upperarm", "forearm", "hand", "fingers"}
        one, other = pose(figure, walk, 0.3), pose(figure, walk, 0.3, (clip,))
        still = ~clip.drives
        np.testing.assert_allclose(one[1][still & (np.array(PARENTS) < 6)], other[1][still & (np.array(PARENTS) < 6)])
        assert np.abs(one[0][clip.drives] - other[0][clip.drives]).max() > 0.05


def test_who_pushes_a_pram_holds_it():
    walk, push = LIBRARY.clip("walk"), LIBRARY.clip("push")
    for figure in LIBRARY.people(body="pram"):
        fine = figure.details[-1]
        handle = fine.joints[:, 0] == 0
        _, place = pose(figure, walk, 0.2, (push,))
        points = skin(figure, fine, *pose(figure, walk, 0.2, (push,)))[handle]
        for name in ("fingers.left", "fingers.right"):
            spot = place[JOINT_NAMES.index(name)]
            assert np.linalg.norm((points - spot)[:, [0, 2]], axis=1).min() < 0.05, figure.name  # the bar runs along y
            assert abs(spot[1]) < 0.27


def test_chair_and_pram_stay_on_the_floor():
    for body, clip in (("wheelchair", "wheel"), ("pram", "walk")):
        for figure in LIBRARY.people(body=body):
            fixed = ~body_of(figure)
            points = skin(figure, figure.details[-1], *pose(figure, LIBRARY.clip(clip), 0.4))[fixed]
            np.testing.assert_allclose(points, figure.details[-1].vertices_m[fixed], atol=1e-6)
            assert -0.02 < points[:, 2].min() < 0.03


def test_bags_stand_on_the_floor_and_have_a_grip():
    bags = [figure for figure in LIBRARY.figures.values() if figure.kind == "bag"]
    assert {"backpack", "handbag", "trolley", "suitcase", "holdall", "carton", "bin_bag", "shopping_bag"} <= {
        bag.name for bag in bags
    }
    for bag in bags:
        points = bag.details[-1].vertices_m
        assert abs(points[:, 2].min()) < 0.01
        assert bag.tags & {"hand", "back", "pull", "arms", "shoulder"}
        grip = bag.anchors_m[0]
        assert (points.min(0) - 0.06 <= grip).all()
        assert (grip <= points.max(0) + 0.06).all()


def test_anchors_lie_on_the_body():
    assert len(ANCHORS) == 8
    for figure in PEOPLE:
        points = figure.details[-1].vertices_m[body_of(figure)]
        for (name, _), spot in zip(ANCHORS, figure.anchors_m, strict=True):
            assert np.linalg.norm(points - spot, axis=1).min() < 0.13, (figure.name, name)


def test_atlas_is_small_and_loads_without_torch():
    assert 3e6 < ATLAS.stat().st_size < 40e6
    code = (
        "import sys, time; from sim.render.library import library; t = time.perf_counter(); library();"
        "print(time.perf_counter() - t); assert 'torch' not in sys.modules and 'anny' not in sys.modules"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(answer.stdout) < 2.5  # 0.3 s on an idle core


def test_missing_or_damaged_atlas_is_said(tmp_path):
    with pytest.raises(ParvisError, match="missing"):
        read_library(tmp_path / "none.npz")
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK" + bytes(200))
    with pytest.raises(ParvisError, match="damaged"):
        read_library(broken)
    with np.load(ATLAS) as held:
        arrays = {name: held[name] for name in held.files}
    np.savez(tmp_path / "other.npz", **{**arrays, "format": np.int64(99)})
    with pytest.raises(ParvisError, match="format 99"):
        read_library(tmp_path / "other.npz")
    with pytest.raises(ParvisError, match="unknown figure 'man_sut'; did you mean 'man_suit'"):
        LIBRARY.figure("man_sut")
