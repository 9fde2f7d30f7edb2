from itertools import pairwise

import cv2
import numpy as np
import pytest

from scenarios.camera import Camera
from sim.render import library as lib
from sim.render.actors.clothes import PERSON, wear
from sim.render.actors.drawing import LOOK, SPAN, draw
from sim.render.actors.patterns import bank, soft_bank
from sim.render.actors.poses import Poses
from sim.render.actors.posing import CROWN
from sim.render.actors.shadows import lay_floor, throw, touch
from sim.render.actors.stock import LEVELS, shipped
from sim.render.lens import lens_array
from sim.render.light import LIGHT_COLUMNS, SKY, SKY_BGR, SUN, SUN_BGR, TO_SUN, TRANSMISSION

W, H = 640, 480
NOTHING = np.zeros((0, 0), np.uint8)
EYE_LEVEL = {"position_m": (0, -9, 1.6), "look_at_m": (0, 0, 1.0)}
OBLIQUE = {"position_m": (3, -8, 5), "look_at_m": (0, 0, 0.8)}
NADIR = {"position_m": (0.6, 0.4, 9), "look_at_m": (0.6, 0.401, 0)}


def camera(view=OBLIQUE, hfov=40.0, distortion=(-0.12, 0.03)):
    return Camera.looking_at("c", hfov_deg=hfov, resolution_px=(W, H), distortion=distortion, **view)


def row_of_light():
    light = np.zeros(LIGHT_COLUMNS)
    light[TO_SUN : TO_SUN + 3] = np.array((0.5, -0.5, 0.7)) / np.linalg.norm((0.5, -0.5, 0.7))
    light[SKY], light[SUN], light[TRANSMISSION] = 0.5, 0.7, 1.0
    light[SKY_BGR : SKY_BGR + 3] = light[SUN_BGR : SUN_BGR + 3] = 1.0
    return light


class Stage:
    """People of the atlas, each (x, y, heading, figure, clip, phase), before one camera."""

    def __init__(self, seen_by, rows, *, level=LEVELS - 1, looks=12345, obstacle_m=np.inf, ground=140, limit=64 << 20):
        self.stock, self.camera, self.rows = shipped(), seen_by, rows
        stock, n = self.stock, len(rows)
        poses = Poses(stock, limit)
        names = [f.name for f in stock.figures]
        clips = [c.name for c in stock.clips]
        self.figure = np.array([names.index(r[3]) for r in rows])
        clip = np.array([clips.index(r[4]) for r in rows])
        at = np.array([r[5] * stock.clips[c].phases for r, c in zip(rows, clip, strict=True)])
        count = np.array([stock.clips[c].phases for c in clip])
        low = np.floor(at).astype(np.int64)
        key = stock.clip_first[clip][:, None] + np.c_[low, low + 1] % count[:, None]
        levels, none = np.full(n, level), np.full(2 * n, -1)
        found = poses.find(np.tile(self.figure, 2), np.tile(levels, 2), key.T.ravel(), none).reshape(2, n)
        self.span = np.zeros((n, SPAN), np.int64)
        self.span[:, :2] = found.T
        vertices, triangles = stock.vertex_span[self.figure, level], stock.triangle_span[self.figure, level]
        self.span[:, 2], self.span[:, 3] = vertices[:, 0], np.diff(vertices)[:, 0]
        self.span[:, 4], self.span[:, 5] = triangles[:, 0], np.diff(triangles)[:, 0]
        self.blend = at - low
        heading = np.array([r[2] for r in rows], float)
        self.matrix = np.zeros((n, 12))
        self.matrix[:, 0] = self.matrix[:, 4] = np.cos(heading)
        self.matrix[:, 3], self.matrix[:, 1], self.matrix[:, 8] = np.sin(heading), -np.sin(heading), 1
        self.matrix[:, 9:11] = [r[:2] for r in rows]
        self.look = np.empty((n, LOOK))
        wear(np.arange(n) * 977 + looks, np.full(n, PERSON), np.zeros(n, bool), self.look)
        self.light = np.tile(row_of_light(), (n, 1))
        self.pool, self.lens = poses.pool, lens_array(seen_by)
        self.canvas = np.full((H, W, 3), ground, np.uint8)
        self.depth = np.full((H, W), obstacle_m, np.float32)
        self.owner = np.full((H, W), -1, np.int16)
        self.whole = np.zeros((n, 5))
        away = np.hypot(*(self.matrix[:, 9:11] - seen_by.position_m[:2]).T)
        self.order = np.argsort(-away)

    def draw(self, mirror=NOTHING, fold=0.0):
        s = self.stock
        draw(
            self.order, self.span, self.blend, self.matrix, self.light, self.look, np.full(len(self.rows), fold),
            self.pool, s.triangle, s.region, s.uv, s.occlusion, bank(), soft_bank(), self.lens, self.depth,
            self.canvas, self.owner,
            mirror, self.whole, np.array((H, 0)),
        )  # fmt: skip
        return self

    def expected(self, i=0, flip=1.0):
        """Projected corners of the triangles of a figure, posed by the library's own reference; shape (T, 3, 2)."""
        figure, clip = self.stock.figures[self.figure[i]], lib.library().clip(self.rows[i][4])
        turn, place = lib.pose(figure, clip, self.rows[i][5])
        posed = lib.skin(figure, figure.details[-1], turn, place)
        world = posed @ self.matrix[i, :9].reshape(3, 3).T + self.matrix[i, 9:]
        world[:, 2] *= flip
        return self.camera.project(world)[0][figure.details[-1].triangles]


def filled(triangles):
    """Rasterised by OpenCV at 1/16 pixel: an oracle that shares no code with ours."""
    mask = np.zeros((4 * H, 4 * W), np.uint8)
    for corners in np.round(((triangles + 0.5) * 4 - 0.5) * 16).astype(np.int32):
        cv2.fillConvexPoly(mask, corners, 1, cv2.LINE_8, 4)
    return mask.reshape(H, 4, W, 4).mean(axis=(1, 3)) >= 0.5


def overlap(one, two):
    return (one & two).sum() / (one | two).sum()


FIGURE = next(f.name for f in shipped().figures if f.kind == "person")
WALKING = (0.0, 0.0, 0.7, FIGURE, "walk", 0.3)


@pytest.mark.parametrize("view", [EYE_LEVEL, OBLIQUE, NADIR], ids=["eye", "oblique", "nadir"])
@pytest.mark.parametrize("heading", [0.0, 1.1, 2.5, 4.4])
def test_masks_are_those_of_an_independent_rasteriser(view, heading):
    stage = Stage(camera(view), [(0.0, 0.0, heading, FIGURE, "walk", 0.3)]).draw()
    mask, oracle = stage.owner == 0, filled(stage.expected())
    assert overlap(mask, oracle) > 0.95
    v, u = np.nonzero(oracle)
    box = np.array((u.min(), v.min(), u.max() + 1, v.max() + 1))
    assert np.abs(stage.whole[0, 1:] - box).max() <= 1
    assert stage.whole[0, 0] == mask.sum()


def test_a_wide_lens_leans_people_outwards_as_it_must():
    wide = camera({"position_m": (0, 0, 4), "look_at_m": (0, 0.001, 0)}, hfov=95, distortion=(-0.2, 0.03))
    stage = Stage(wide, [(2.2, 1.2, 0.4, FIGURE, "stand", 0.0)]).draw()
    assert overlap(stage.owner == 0, filled(stage.expected())) > 0.95
    (foot, head), _ = wide.project([(2.2, 1.2, 0.0), (2.2, 1.2, 1.75)])
    centre = np.array((W - 1, H - 1)) / 2
    assert np.linalg.norm(head - centre) > np.linalg.norm(foot - centre) + 40


@pytest.mark.parametrize("level", range(LEVELS))
def test_every_level_of_detail_has_nearly_the_same_silhouette(level):
    far = camera({"position_m": (0, -26, 8), "look_at_m": (0, 0, 0.8)}, hfov=30)
    fine, coarse = (Stage(far, [WALKING], level=k).draw().owner == 0 for k in (LEVELS - 1, level))
    assert overlap(fine, coarse) > 0.86


FEW = ("man_hood_up", "woman_dress", "woman_long_coat", "child_six_boy", "old_woman_scarf")


@pytest.mark.parametrize(("level", "tall_px", "mean", "worst"), [(0, 48, 0.88, 0.76), (1, 80, 0.91, 0.80)])
def test_the_coarsest_levels_stand_in_for_the_finest_at_the_size_they_are_made_for(level, tall_px, mean, worst):
    found, colour = [], []
    for k, name in enumerate(FEW):
        tall = lib.library().figure(name).height_m
        for n, clip in enumerate(("walk", "sit", "crouch", "lie_side")):
            away, up = 12.0, np.radians(10 + 20 * ((n + k) % 4))
            hfov = 2 * np.degrees(np.arctan(0.5 * W / (tall_px * away / tall)))
            eye = (0.001, -away * np.cos(up), 0.5 * tall + away * np.sin(up))
            seen_by = camera({"position_m": eye, "look_at_m": (0, 0, 0.5 * tall)}, hfov, (0.0, 0.0))
            row = (0.0, 0.0, 0.4 + 1.3 * n + k, name, clip, 0.1)
            coarse, fine = (Stage(seen_by, [row], level=one).draw() for one in (level, LEVELS - 1))
            one, two = coarse.owner == 0, fine.owner == 0
            found.append(overlap(one, two))
            shades = [stage.canvas[one & two].mean(axis=0) for stage in (coarse, fine)]
            colour.append(np.abs(shades[0] - shades[1]).mean())
    assert np.mean(found) > mean
    assert np.min(found) > worst
    assert np.mean(colour) < 6.0


def test_the_crown_of_the_head_is_where_the_camera_projects_it():
    for view in (EYE_LEVEL, OBLIQUE):
        stage = Stage(camera(view), [(0.0, 0.0, 0.7, FIGURE, "stand", 0.0)]).draw()
        crown = stage.pool[:3, stage.span[0, 0] + CROWN] @ stage.matrix[0, :9].reshape(3, 3).T + stage.matrix[0, 9:]
        (px,), _ = stage.camera.project(crown[None])
        column = stage.owner[:, round(px[0])] == 0
        assert abs(np.flatnonzero(column).min() - px[1]) < 0.06 * np.ptp(stage.whole[0, [2, 4]])


def test_the_nearer_figure_hides_the_farther_and_the_farther_keeps_its_whole_silhouette():
    near, far = (0.0, -1.0, 0.0, FIGURE, "stand", 0.0), (0.1, 0.6, 0.0, FIGURE, "stand", 0.0)
    both, alone = Stage(camera(EYE_LEVEL), [far, near]).draw(), Stage(camera(EYE_LEVEL), [far]).draw()
    assert (both.owner == 1).sum() == both.whole[1, 0]
    assert (both.owner == 0).sum() < 0.6 * both.whole[0, 0]
    np.testing.assert_array_equal(both.whole[0], alone.whole[0])


def test_an_obstacle_in_front_cuts_the_figure_off_at_its_edge_and_one_behind_does_not():
    stage = Stage(camera(EYE_LEVEL), [(0.0, 0.0, 0.0, FIGURE, "stand", 0.0)])
    stage.depth[300:] = 5.0  # a barrier four metres before the person
    stage.depth[:200] = 30.0
    stage.draw()
    free = Stage(camera(EYE_LEVEL), [(0.0, 0.0, 0.0, FIGURE, "stand", 0.0)]).draw()
    assert not (stage.owner[300:] == 0).any()
    np.testing.assert_array_equal(stage.owner[:300], free.owner[:300])
    np.testing.assert_array_equal(stage.whole, free.whole)
    assert (stage.canvas[300:] == 140).all()


def test_half_in_a_wall_only_what_is_before_it_is_seen():
    stage = Stage(camera(EYE_LEVEL), [(0.0, 0.0, 0.0, FIGURE, "walk", 0.0)])
    stage.depth[:] = 9.0
    stage.draw()
    shown = (stage.owner == 0).sum()
    assert 0.1 < shown / stage.whole[0, 0] < 0.9


def test_a_slow_walk_changes_the_picture_smoothly():
    """A fifth of a pixel a step: no step may change the picture by much more than the others, nor by nothing."""
    seen_by = camera({"position_m": (0, -16, 5), "look_at_m": (0, 0, 0.8)}, hfov=35)
    per_px = 16.5 / seen_by.matrix[0, 0]
    frames = [
        Stage(seen_by, [(0.2 * per_px * k, 0.0, 0.0, FIGURE, "stand", 0.0)], level=LEVELS - 3).draw().canvas.astype(int)
        for k in range(26)
    ]
    change = np.array([np.abs(b - a).sum() for a, b in pairwise(frames)])
    assert change.min() > 0.35 * np.median(change)
    assert change.max() < 2.0 * np.median(change)
    five = np.array([np.abs(b - a).sum() for a, b in zip(frames, frames[5:], strict=False)])
    assert five.max() / five.min() < 1.35


def test_turning_round_never_jumps_and_keeps_the_feet():
    frames, low = [], []
    for k in range(24):
        stage = Stage(camera(), [(0.0, 0.0, k * np.radians(2.5), FIGURE, "stand", 0.0)]).draw()
        frames.append(stage.canvas.astype(int))
        v, u = np.nonzero(stage.owner == 0)
        low.append((u[v > v.max() - 12].mean(), v.max()))
    change = np.array([np.abs(b - a).sum() for a, b in pairwise(frames)])
    assert change.max() < 2.2 * np.median(change)
    assert np.abs(np.diff(np.array(low), axis=0)).max() < 4


def test_gait_is_continuous_between_key_poses():
    phases = np.linspace(0, 0.5, 41)
    stages = [Stage(camera(), [(0.0, 0.0, 0.7, FIGURE, "walk", p)]).draw().canvas.astype(int) for p in phases]
    change = np.array([np.abs(b - a).sum() for a, b in pairwise(stages)])
    assert change.max() < 3.0 * np.median(change)


def test_a_planted_foot_stays_where_it_is_while_the_body_goes_on():
    stock = shipped()
    figure = [f.name for f in stock.figures].index(FIGURE)
    stride = stock.figures[figure].stride_m["walk"]
    clip = lib.library().clip("walk")
    places = []
    for phase in np.linspace(0.12, 0.32, 9):
        _, place = lib.pose(stock.figures[figure], clip, phase)
        places.append(place[[9 + 4, 18 + 4], 0] + phase * stride)
    drift = np.ptp(np.array(places), axis=0).min()
    assert drift < 0.06


def test_the_mirror_image_hangs_below_the_feet_and_is_as_faint_as_the_floor_says():
    still = (0.0, 0.0, 0.0, FIGURE, "stand", 0.0)
    faint, strong = (
        Stage(camera(EYE_LEVEL), [still], ground=0).draw(np.full((H, W), share, np.uint8)) for share in (40, 160)
    )
    oracle = filled(faint.expected(flip=-1.0))
    assert overlap(strong.canvas.any(axis=2), oracle) > 0.93
    assert strong.canvas[oracle].mean() == pytest.approx(4 * faint.canvas[oracle].mean(), rel=0.15)
    assert (faint.owner == -1).all()
    assert not faint.whole.any()


def test_a_figure_with_left_and_right_swapped_is_the_mirror_picture():
    plain, swapped = (Stage(camera(EYE_LEVEL), [(0.0, 0.0, 0.0, FIGURE, "walk", 0.2)]) for _ in range(2))
    for stage in (plain, swapped):
        stage.light[:, TO_SUN : TO_SUN + 3] = (0.0, -0.6, 0.8)
    plain.matrix[0, :9] = (0, -1, 0, 1, 0, 0, 0, 0, 1)
    swapped.matrix[0, :9] = (0, 1, 0, 1, 0, 0, 0, 0, 1)
    one, two = plain.draw().owner == 0, swapped.draw().owner[:, ::-1] == 0
    assert overlap(one, two) > 0.97
    dark, light = shaded(swapped, (0.1, -0.6, 0.8, 0.0))[0], shaded(plain, (-0.1, -0.6, 0.8, 0.0))[0]
    assert overlap(dark > 60, light[:, ::-1] > 60) > 0.9


def test_light_comes_from_where_the_sun_is():
    stage = Stage(camera(EYE_LEVEL), [(0.0, 0.0, -np.pi / 2, FIGURE, "stand", 0.0)])
    stage.look[:] = np.tile((150.0, 150, 150, 150, 150, 150, 0, 9), LOOK // 8)
    stage.light[:, TO_SUN : TO_SUN + 3] = (1.0, 0.0, 0.2)
    stage.draw()
    v, u = np.nonzero(stage.owner == 0)
    grey = stage.canvas[v, u, 1].astype(float)
    middle = np.median(u)
    assert grey[u > middle + 8].mean() > 1.3 * grey[u < middle - 8].mean()


def test_fog_takes_the_contrast():
    clear, foggy = (Stage(camera(), [WALKING]) for _ in range(2))
    foggy.light[:, TRANSMISSION] = 0.3
    foggy.light[:, 19:22] = 200.0
    clear.draw()
    foggy.draw()
    mask = clear.owner == 0
    assert foggy.canvas[mask].std() < 0.4 * clear.canvas[mask].std()
    assert foggy.canvas[mask].mean() > 140


@pytest.mark.parametrize("limit", [1 << 20, 64 << 20])
def test_the_same_scene_gives_the_same_pixels_whatever_is_kept(limit):
    rows = [(0.8 * k - 2, 0.3 * k, 0.5 * k, FIGURE, "walk", 0.11 * k % 1) for k in range(6)]
    one, two = Stage(camera(), rows).draw(fold=0.1), Stage(camera(), rows, limit=limit).draw(fold=0.1)
    np.testing.assert_array_equal(one.canvas, two.canvas)
    np.testing.assert_array_equal(one.owner, two.owner)


def test_a_premultiplied_layer_laid_over_gives_the_same_picture():
    plain, layered = Stage(camera(), [WALKING]).draw(), Stage(camera(), [WALKING])
    layered.canvas = np.zeros((H, W, 4), np.uint8)
    layered.draw()
    alpha = layered.canvas[..., 3:].astype(float) / 255
    laid = layered.canvas[..., :3] + (1 - alpha) * 140
    assert np.abs(laid - plain.canvas).max() <= 1.5


def test_nobody_is_drawn_who_stands_behind_the_camera_or_in_it():
    stage = Stage(camera(EYE_LEVEL), [(0, -20, 0, FIGURE, "stand", 0.0), (0, -9.1, 0, FIGURE, "stand", 0.0)]).draw()
    assert (stage.owner == -1).all()
    assert not stage.whole[:, 0].any()


def shaded(stage, light, width=0.01, contact=False):
    dark, rows, ground = np.zeros((H, W), np.uint8), np.array((H, 0)), np.full((H, W), 255, np.uint8)
    every = np.arange(len(stage.rows))
    lights = np.tile(np.asarray(light, float), (len(every), 1))
    if contact:
        touch(every, stage.span, stage.blend, stage.matrix, stage.pool, stage.lens, ground, dark, rows)
    else:
        throw(
            every, stage.span, stage.blend, stage.matrix, lights, np.full(len(every), 0.5), width, stage.pool,
            stage.stock.triangle, stage.lens, ground, ground, dark, rows,
        )  # fmt: skip
    return dark, rows


def test_a_shadow_is_the_silhouette_thrown_along_the_light():
    stage = Stage(camera(), [WALKING])
    sun = np.array((-0.6, -0.3, 0.8))
    dark, _ = shaded(stage, (*sun, 0.0), width=0.001)
    figure = stage.stock.figures[stage.figure[0]]
    turn, place = lib.pose(figure, lib.library().clip("walk"), 0.3)
    world = lib.skin(figure, figure.details[-1], turn, place) @ stage.matrix[0, :9].reshape(3, 3).T
    world += stage.matrix[0, 9:]
    thrown = world - world[:, 2:] / sun[2] * sun
    thrown[:, 2] = 0.0
    oracle = filled(stage.camera.project(thrown)[0][figure.details[-1].triangles])
    assert overlap(dark > 60, oracle) > 0.88


def test_a_lamp_throws_longer_shadows_the_lower_it_hangs_and_a_wide_light_softer_ones():
    stage = Stage(camera(hfov=70), [(0.0, 0.0, 0.0, FIGURE, "stand", 0.0)])
    low, high = (shaded(stage, (-4.0, 0.0, z, 1.0))[0] for z in (3.0, 9.0))
    assert (low > 60).sum() > 1.5 * (high > 60).sum()
    sharp, soft = (shaded(stage, (-0.7, 0.0, 0.7, 0.0), width)[0] for width in (0.005, 0.2))
    edge = [((d > 12) & (d < 110)).sum() / (d > 12).sum() for d in (sharp, soft)]
    assert edge[1] > 1.3 * edge[0]


def test_where_a_body_touches_the_floor_it_is_dark_and_laying_clears_the_map():
    stage = Stage(camera(), [(0.0, 0.0, 0.0, FIGURE, "stand", 0.0)])
    dark, rows = shaded(stage, (0, 0, 1, 0), contact=True)
    (px,), _ = stage.camera.project([(0.0, 0.0, 0.0)])
    assert dark[round(px[1]), round(px[0])] > 90
    assert 0 < (dark > 0).mean() < 0.02
    lay_floor(dark, rows, np.full((1, 1), 255, np.uint8), stage.canvas)
    assert not dark.any()
    assert stage.canvas[round(px[1]), round(px[0])].max() < 100
