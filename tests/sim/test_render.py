import cv2
import numpy as np
import pytest

from scenarios.population import BagKind, Fall, Posture
from scenarios.scenario import Scenario
from sim.render.compositor import Compositor
from sim.render.mark import Mark, clock, masked
from sim.state import BAG_KINDS, FALLS, POSTURES, CrowdState, ObjectState, Snapshot

WALL = {"id": "wall", "kind": "wall", "polygon": [(4, 12), (8, 12), (8, 12.3), (4, 12.3)], "height_m": 2.6}
SMOOTH = {"noise": 0.0, "shadow": 0.6, "sun_azimuth_deg": 90.0, "sun_elevation_deg": 35.0}


def place(obstacles=(WALL,), conditions=SMOOTH, distortion=(-0.1, 0.02), position=(15, -4, 6)):
    return Scenario.model_validate(
        {
            "name": "test_place_v1",
            "title": "A place",
            "venue": {"outline": [(0, 0), (30, 0), (30, 24), (0, 24)], "obstacles": list(obstacles)},
            "cameras": [
                {
                    "id": "one",
                    "position_m": position,
                    "look_at_m": (15, 10, 0.8),
                    "hfov_deg": 75,
                    "resolution_px": (640, 360),
                    "distortion": list(distortion),
                }
            ],
            "population": {},
            "conditions": conditions,
        }
    )


def people(*rows, time_s=1.0, bags=()):
    """Rows: x, y, posture, heading; bags: kind, x, y, row of the carrier or -1."""
    n, m = len(rows), len(bags)
    posture = np.array([POSTURES.index(r[2]) for r in rows], np.int8)
    heading = np.array([r[3] for r in rows], float)
    speed = np.where(posture == POSTURES.index(Posture.WALKING), 1.3, 0.0)
    return Snapshot(
        time_s,
        CrowdState(
            id=np.arange(1, n + 1, dtype=np.int32),
            position_m=np.array([r[:2] for r in rows], float).reshape(-1, 2),
            velocity_mps=np.c_[np.cos(heading) * speed, np.sin(heading) * speed],
            heading_rad=heading,
            posture=posture,
            posture_s=np.full(n, 30.0),
            fall=np.zeros(n, np.int8),
            body=np.zeros(n, np.int8),
            role=np.zeros(n, np.int8),
            height_m=np.full(n, 1.76),
            walked_m=np.linspace(0, 3, n),
            looks=np.arange(n, dtype=np.int64) * 7919 + 12,
        ),
        ObjectState(
            id=np.arange(501, 501 + m, dtype=np.int32),
            kind=np.array([BAG_KINDS.index(b[0]) for b in bags], np.int8),
            position_m=np.array([b[1:3] for b in bags], float).reshape(-1, 2),
            carried_by=np.array([b[3] for b in bags], np.int32),
            owner=np.array([b[3] for b in bags], np.int32),
            heading_rad=np.zeros(m),
            looks=np.arange(m, dtype=np.int64) + 3,
        ),
    )


def compositor(scenario=None, *, mark=False, seed=1):
    scenario = scenario or place()
    return Compositor(scenario, scenario.cameras[0].build(), np.random.default_rng(seed), mark=mark)


@pytest.fixture(scope="module")
def plain():
    return compositor()


def row_of(shot, who):
    return int(np.flatnonzero(shot.boxes.id == who)[0])


def test_feet_and_heads_are_where_the_camera_puts_them(plain):
    spots = [(x, y) for x in (9.0, 13.0, 17.0, 21.0) for y in (6.0, 9.0, 14.0, 18.0)]
    shot = plain.shoot(people(*[(x, y, Posture.STANDING, 0.0) for x, y in spots]), 0)
    for who, (x, y) in enumerate(spots, start=1):
        x1, y1, x2, y2 = shot.boxes.whole_px[row_of(shot, who)]
        sole = 0.09  # the nearer sole's outer edge
        px, _ = plain.camera.project([(x, y - sole, 0.0), (x, y, 1.76)])
        (foot_u, foot_v), (_, head_v) = px
        assert abs(y2 - 1 - foot_v) <= 4
        assert abs(y1 - head_v) <= 4
        assert abs((x1 + x2 - 1) / 2 - foot_u) <= 0.35 * (y2 - y1)


def test_the_point_of_the_head_is_the_projected_top_of_the_figure(plain):
    spots = [(x, y, Posture.STANDING, 0.3 * x) for x in (10.0, 14.0, 18.0) for y in (7.0, 12.0, 17.0)]
    shot = plain.shoot(people(*spots, bags=[(BagKind.HOLDALL, 12, 9, -1)]), 0)
    for who, (x, y, *_) in enumerate(spots, start=1):
        row = row_of(shot, who)
        (top,), _ = plain.camera.project([(x, y, 1.76)])
        x1, y1, x2, y2 = shot.boxes.whole_px[row]
        off = np.abs(shot.boxes.head_px[row] - top) / (y2 - y1)
        assert off[0] < 0.15  # the highest place of round hair far away is a corner of a coarse mesh
        assert off[1] < 0.1  # heads are bent forwards, and wear hats
        assert x1 - 1 <= shot.boxes.head_px[row, 0] <= x2
        assert abs(shot.boxes.head_px[row, 1] - y1) < 0.1 * (y2 - y1)
    assert np.isnan(shot.boxes.head_px[row_of(shot, 501)]).all()


def test_boxes_are_exactly_those_of_the_pixels(plain):
    rng = np.random.default_rng(4)
    rows = [
        (*rng.uniform((8, 5), (22, 20)), Posture.WALKING if i % 2 else Posture.STANDING, rng.uniform(0, 6))
        for i in range(40)
    ]
    bags = [(kind, 0.0, 0.0, i + 1) for i, kind in enumerate(BagKind)]
    shot = plain.shoot(people(*rows, bags=bags), 0)
    assert len(shot.boxes.id) >= 40
    for k, who in enumerate(shot.boxes.id):
        v, u = np.nonzero(shot.instance_id == who)
        if not len(u):
            assert shot.boxes.visibility[k] == 0
            assert np.isnan(shot.boxes.visible_px[k]).all()
            continue
        assert tuple(shot.boxes.visible_px[k]) == (u.min(), v.min(), u.max() + 1, v.max() + 1)
        x1, y1, x2, y2 = shot.boxes.whole_px[k]
        assert x1 <= u.min()
        assert y1 <= v.min()
        assert u.max() + 1 <= x2
        assert v.max() + 1 <= y2
        assert 0 < shot.boxes.visibility[k] <= 1
    assert set(shot.boxes.id[shot.boxes.is_bag]) <= set(range(501, 501 + len(BagKind)))


def test_alone_in_the_open_everything_is_visible(plain):
    shot = plain.shoot(people((15, 10, Posture.STANDING, 1.0)), 0)
    assert shot.boxes.visibility[0] == 1
    np.testing.assert_array_equal(shot.boxes.whole_px, shot.boxes.visible_px)


def test_behind_a_wall_nothing_is_seen_but_the_box_is_there(plain):
    shot = plain.shoot(people((6.2, 12.9, Posture.STANDING, 0.0), (6, 10.5, Posture.STANDING, 0.0)), 0)
    behind, before = row_of(shot, 1), row_of(shot, 2)
    assert shot.boxes.visibility[behind] == 0
    assert np.isnan(shot.boxes.visible_px[behind]).all()
    assert np.isfinite(shot.boxes.whole_px[behind]).all()
    assert shot.boxes.visibility[before] == 1


def test_the_nearer_one_hides_the_farther(plain):
    pair = people((15, 12, Posture.STANDING, 0.0), (15, 11.3, Posture.STANDING, 0.0))
    shot = plain.shoot(pair, 0)
    assert shot.boxes.visibility[row_of(shot, 2)] == 1
    assert shot.boxes.visibility[row_of(shot, 1)] < 0.75


def test_half_outside_the_picture_counts_as_not_visible(plain):
    (edge,) = plain.camera.to_ground([(1.0, 300.0)])
    shot = plain.shoot(people((*edge, Posture.STANDING, 1.6)), 0)
    x1, *_ = shot.boxes.whole_px[0]
    assert x1 < 0
    assert 0.1 < shot.boxes.visibility[0] < 0.95


def test_far_outside_or_behind_the_camera_there_is_no_row(plain):
    shot = plain.shoot(people((15, -20, Posture.STANDING, 0.0), (300, 10, Posture.STANDING, 0.0)), 0)
    assert len(shot.boxes.id) == 0


def test_a_bag_on_the_back_is_seen_from_behind_and_not_from_the_front(plain):
    away, towards = np.pi / 2, -np.pi / 2
    seen = {}
    for heading in (away, towards):
        snapshot = people((15, 10, Posture.STANDING, heading), bags=[(BagKind.BACKPACK, 15, 10, 1)])
        shot = plain.shoot(snapshot, 0)
        seen[heading] = shot.boxes.visibility[row_of(shot, 501)]
    assert seen[away] > 0.8
    assert seen[towards] < 0.5


def test_shadows_fall_away_from_the_sun_and_darken(plain):
    empty = plain.shoot(people(), 0).frame.image.astype(int)
    shot = plain.shoot(people((15, 10, Posture.STANDING, 0.0)), 0)
    darker = (empty - shot.frame.image.astype(int)).mean(axis=2)
    darker[shot.instance_id == 1] = 0
    west, _ = plain.camera.project([(13.9, 10.0, 0.0)])
    east, _ = plain.camera.project([(16.1, 10.0, 0.0)])
    (u, v), (eu, ev) = np.round(west[0]).astype(int), np.round(east[0]).astype(int)
    assert darker[v, u] > 25  # the sun stands in the east
    assert abs(darker[ev, eu]) < 3


def test_without_sun_there_is_no_cast_shadow():
    dull = compositor(place(conditions=SMOOTH | {"shadow": 0.0}))
    empty = dull.shoot(people(), 0).frame.image.astype(int)
    shot = dull.shoot(people((15, 10, Posture.STANDING, 0.0)), 0)
    west, _ = dull.camera.project([(13.9, 10.0, 0.0)])
    u, v = np.round(west[0]).astype(int)
    assert abs(empty[v, u] - shot.frame.image[v, u].astype(int)).max() < 3


def test_obstacles_throw_shadows_on_the_floor(plain):
    (u, v), (lit_u, lit_v) = np.round(plain.camera.project([(2.9, 12.1, 0.0), (9.5, 12.1, 0.0)])[0]).astype(int)
    assert plain.view.sunlit[v, u] < 40
    assert plain.view.sunlit[lit_v, lit_u] == 255


def test_depth_of_the_wall_is_that_of_its_place(plain):
    (px,), (depth,) = plain.camera.project([(6.0, 12.0, 1.3)])
    u, v = np.round(px).astype(int)
    assert plain.view.depth_m[v, u] == pytest.approx(depth, abs=0.15)
    assert plain.view.ground[v, u] == 0
    (free,), _ = plain.camera.project([(15.0, 8.0, 0.0)])
    assert np.isinf(plain.view.depth_m[tuple(np.round(free).astype(int)[::-1])])


def test_same_seed_same_pixels_another_seed_other_noise():
    noisy = place(conditions=SMOOTH | {"noise": 2.0})
    world = people((15, 10, Posture.WALKING, 0.4), (12, 9, Posture.WALKING, 2.0))
    one, same, other = (compositor(noisy, seed=seed) for seed in (1, 1, 2))
    first = [one.shoot(world, i).frame.image.copy() for i in range(2)]
    again = [same.shoot(world, i).frame.image for i in range(2)]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first[0], other.shoot(world, 0).frame.image)


def test_noise_grows_with_its_severity(plain):
    spread = []
    for noise in (1.0, 4.0):
        film = compositor(place(conditions=SMOOTH | {"noise": noise}))
        clean = plain.shoot(people(), 0).frame.image.astype(int)
        spread.append(float((film.shoot(people(), 0).frame.image - clean).std()))
    assert 1.5 < spread[0] < 4
    assert spread[1] > 2.5 * spread[0]


def test_brightness_scales_the_picture(plain):
    dim = compositor(place(conditions=SMOOTH | {"brightness": 0.5}))
    world = people((15, 10, Posture.STANDING, 0.0))
    ratio = dim.shoot(world, 0).frame.image.mean() / plain.shoot(world, 0).frame.image.mean()
    assert ratio == pytest.approx(0.5, abs=0.03)


def test_nobody_there_the_picture_is_backdrop_and_mark():
    marked, bare = compositor(mark=True), compositor()
    with_mark, without = (c.shoot(people(), 0).frame.image for c in (marked, bare))
    width, height = Mark(marked.camera).size_px
    differs = (with_mark != without).any(axis=2)
    assert differs[: height - 2, : width - 2].mean() > 0.9
    assert not differs[height + 1 :, :].any()
    assert not differs[:, width + 1 :].any()
    still = [marked.shoot(people(), i).frame.image.copy() for i in range(2)]
    np.testing.assert_array_equal(still[0], still[1])


def test_the_mark_shows_the_time_and_is_masked():
    film = compositor(mark=True)
    early, late = (film.shoot(people(time_s=t), 0) for t in (1.0, 62.5))
    width, height = Mark(film.camera).size_px
    assert (early.frame.image[:height, :width] != late.frame.image[:height, :width]).any()
    assert clock(3723.456) == "01:02:03.46"
    band = np.zeros((360, 640), np.uint8)
    cv2.fillPoly(band, [np.round(masked(film.camera).masks_px[-1]).astype(np.int32)], 1)
    assert band[early.instance_id == -2].mean() > 0.95


@pytest.mark.parametrize("posture", list(Posture))
def test_everybody_is_drawn_in_every_posture(plain, posture):
    shot = plain.shoot(people((15, 9, posture, 0.7)), 0)
    x1, y1, x2, y2 = shot.boxes.whole_px[0]
    filled = (shot.instance_id == 1).sum() / ((x2 - x1) * (y2 - y1))
    assert 0.2 < filled < 0.95
    if posture is Posture.LYING:
        assert x2 - x1 > y2 - y1


def test_who_sits_on_a_bench_is_higher_than_who_sits_on_the_floor():
    bench = {"id": "bench", "kind": "bench", "polygon": [(14, 10), (16, 10), (16, 10.5), (14, 10.5)], "height_m": 0.45}
    film = compositor(place(obstacles=[bench]))
    shot = film.shoot(people((15, 9.9, Posture.SITTING, -np.pi / 2), (19, 9.9, Posture.SITTING, -np.pi / 2)), 0)
    feet, _ = film.camera.project(np.c_[shot.boxes.feet_m, np.zeros(2)])
    heights = feet[:, 1] - shot.boxes.head_px[:, 1]
    assert heights[0] > 1.15 * heights[1]
    assert shot.boxes.visibility[0] > 0.95


def test_a_camera_straight_down_films_too():
    spec = place(position=(15, 10.001, 9))
    shot = compositor(spec).shoot(people((14, 10, Posture.WALKING, 0.0)), 0)
    assert shot.boxes.visibility[0] == 1


@pytest.mark.parametrize(
    ("fall", "towards"), [("forward", (0, 1)), ("backward", (0, -1)), ("left", (-1, 0)), ("right", (1, 0))]
)
def test_who_has_fallen_lies_on_the_side_that_was_said(plain, fall, towards):
    world = people((15, 10, Posture.FALLEN, np.pi / 2))
    world.people.fall[:] = FALLS.index(Fall(fall))
    shot = plain.shoot(world, 0)
    (feet, there), _ = plain.camera.project([(15, 10, 0.0), (15 + 1.2 * towards[0], 10 + 1.2 * towards[1], 0.2)])
    fell = shot.boxes.head_px[0] - feet
    way = there - feet
    assert fell @ way / np.linalg.norm(fell) / np.linalg.norm(way) > 0.9
    assert shot.boxes.visibility[0] > 0.99
