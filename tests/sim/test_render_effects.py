import numpy as np
import pytest

from scenarios.incident import Fire, Light
from scenarios.scenario import Scenario
from sim.render.effects import paint_effects
from sim.render.light import Light as Hour
from sim.render.turbulence import flicker, tile_at, turbulence
from sim.state import CrowdState, FireState, LightState, ObjectState, Snapshot

W, H = 640, 360


def place(**conditions):
    return Scenario.model_validate(
        {
            "name": "yard_v1",
            "title": "A yard",
            "venue": {"outline": [(0, 0), (30, 0), (30, 20), (0, 20)]},
            "cameras": [
                {
                    "id": "c",
                    "position_m": (15, -4, 5),
                    "look_at_m": (15, 8, 0.5),
                    "resolution_px": (W, H),
                    "hfov_deg": 60,
                }
            ],
            "population": {},
            "conditions": {"darkness": 2.5} | conditions,
        }
    )


def nobody():
    people = CrowdState(
        *(np.empty(0, np.int32), np.empty((0, 2)), np.empty((0, 2)), np.empty(0), np.empty(0, np.int8), np.empty(0)),
        *(np.empty(0, np.int8), np.empty(0, np.int8), np.empty(0, np.int8), np.empty(0), np.empty(0)),
        np.empty(0, np.int64),
    )
    objects = ObjectState(
        np.empty(0, np.int32), np.empty(0, np.int8), np.empty((0, 2)), np.empty(0, np.int32), np.empty(0, np.int32),
        np.empty(0), np.empty(0, np.int64),
    )  # fmt: skip
    return people, objects


def burn(**more):
    spec = {"kind": "fire", "id": "f", "at_s": 0.0, "place_m": (15, 8), "smoulders_s": 5.0, "growth": "ultra_fast"}
    return FireState(
        1001, 1002, Fire.model_validate(spec | {"peak_kw": 300.0, "wind_mps": (1.0, 0.0)} | more), (15, 8, 0), 0.0
    )


def lamp(source, **more):
    spec = {"kind": "light", "id": "l", "place_m": (15, 12), "source": source, "facing_deg": 180.0}
    return LightState(1003, Light.model_validate(spec | more), 0.0)


def paint(time_s, *, fires=(), lights=(), scenario=None, depth=None, instance=None, figures=None, grey=70):
    scenario = scenario or place()
    camera = scenario.cameras[0].build()
    canvas = np.full((H, W, 3), grey, np.uint8)
    depth = np.full((H, W), np.inf, np.float32) if depth is None else depth
    instance = np.full((H, W), -1, np.int32) if instance is None else instance
    figures = np.empty((0, 2)) if figures is None else figures
    snapshot = Snapshot(time_s, *nobody(), tuple(fires), tuple(lights))
    hour = Hour.of(scenario.conditions, scenario.venue, camera)
    return canvas, paint_effects(canvas, camera, hour, depth, instance, figures, snapshot)


def box_of(extents, cls):
    return next(np.array(e.whole_px) for e in extents if e.cls == cls)


def test_without_fires_and_lights_nothing_changes():
    canvas, extents = paint(5.0)
    assert (canvas == 70).all()
    assert extents == ()


def test_first_smoke_then_a_flame_that_grows():
    boxes = {t: paint(t, fires=[burn()])[1] for t in (4.0, 12.0, 40.0)}
    assert [e.cls for e in boxes[4.0]] == ["smoke"]
    assert [e.cls for e in boxes[12.0]] == ["smoke", "fire"]
    small, large = box_of(boxes[12.0], "fire"), box_of(boxes[40.0], "fire")
    assert large[3] - large[1] > 1.5 * (small[3] - small[1])
    smoke, flame = box_of(boxes[40.0], "smoke"), box_of(boxes[40.0], "fire")
    assert smoke[1] < flame[1] - 30  # it rises above the flame
    camera = place().cameras[0].build()
    foot = camera.project([(15, 8, 0)])[0][0]
    assert flame[0] < foot[0] < flame[2]
    assert flame[3] == pytest.approx(foot[1], abs=8)
    assert {e.id for e in boxes[40.0]} == {1001, 1002}


def test_a_flame_is_as_tall_as_its_law_says():
    camera = place().cameras[0].build()
    foot, top = camera.project([(15, 8, 0), (15, 8, 1.79)])[0]  # 0.235 x 300^0.4 - 1.02 x 0.5
    tall = [box_of(paint(60 + 0.13 * k, fires=[burn()])[1], "fire") for k in range(12)]
    assert np.mean([b[3] - b[1] for b in tall]) == pytest.approx(foot[1] - top[1], rel=0.35)


def test_smoke_drifts_with_the_wind():
    east = box_of(paint(30.0, fires=[burn(wind_mps=(1.5, 0.0))])[1], "smoke")
    west = box_of(paint(30.0, fires=[burn(wind_mps=(-1.5, 0.0))])[1], "smoke")
    assert east[2] > west[2] + 40
    assert east[0] > west[0] + 40


def test_the_flame_shines_lights_the_floor_and_is_never_twice_the_same():
    canvas, extents = paint(40.0, fires=[burn()])
    x1, y1, x2, y2 = box_of(extents, "fire").astype(int)
    flame = canvas[y1:y2, x1:x2].reshape(-1, 3).astype(int)
    assert flame.max() == 255
    assert (flame[:, 2] - flame[:, 0]).mean() > 25  # red over blue
    floor = canvas[min(y2 + 12, H - 1), max(0, x1 - 10)].astype(int)
    assert floor[2] > 74
    assert canvas[-5:, :30].max() <= 76  # far from it
    again, _ = paint(40.0, fires=[burn()])
    assert np.array_equal(canvas, again)
    later, _ = paint(40.12, fires=[burn()])
    assert np.abs(later.astype(int) - canvas).max() > 60


def test_what_stands_before_hides_fire_and_smoke():
    near = np.full((H, W), 3.0, np.float32)
    _, extents = paint(40.0, fires=[burn()], depth=near)
    assert {e.cls: e.visibility for e in extents} == {"smoke": 0.0, "fire": 0.0}
    assert all(e.visible_px is None for e in extents)
    instance = np.full((H, W), -1, np.int32)
    instance[:, : W // 2] = 0
    open_, half = (
        paint(40.0, fires=[burn()], instance=instance, figures=np.array([at]))[1] for at in ((15.0, 12.0), (15.0, 3.0))
    )
    seen = {e.cls: e.visibility for e in half}
    assert all(e.visibility > 0.99 for e in open_)  # who stands behind hides nothing
    assert 0.1 < seen["fire"] < 0.9


def test_in_infrared_light_a_flame_is_grey():
    canvas, _ = paint(40.0, fires=[burn()], scenario=place(infrared=2.0))
    assert np.ptp(canvas.astype(int), axis=2).max() <= 2


@pytest.mark.parametrize("source", ["neon", "shop_window", "sun_glint"])
def test_a_pane_shines_to_its_front_only(source):
    front, extents = paint(3.0, lights=[lamp(source)])
    assert extents == ()
    camera = place().cameras[0].build()
    (u, v), *_ = camera.project([(15, 12, 2.6)])[0]
    part = front[int(v) - 12 : int(v) + 12, int(u) - 25 : int(u) + 25].astype(int)
    assert part.max() > 200
    back, _ = paint(3.0, lights=[lamp(source, facing_deg=0.0)])
    assert (back == 70).all()


def test_a_beacon_turns_and_a_flash_flashes():
    camera = place().cameras[0].build()
    (u, v), *_ = camera.project([(15, 12, 2.6)])[0]
    for source in ("beacon", "flash"):
        shown = [paint(t, lights=[lamp(source, size_m=(0.3, 0.3))])[0] for t in np.arange(0.0, 1.0, 0.05)]
        bright = [float(p[int(v) - 20 : int(v) + 20, int(u) - 20 : int(u) + 20].mean()) for p in shown]
        assert max(bright) > min(bright) + 15
        assert sum(b > np.mean(bright) for b in bright) < 10


def test_turbulence_repeats_without_a_seam_and_is_even():
    tile = turbulence(0)
    assert np.array_equal(tile, turbulence(0))
    assert tile.mean() == pytest.approx(0.5, abs=1e-3)
    inside = np.abs(np.diff(tile, axis=1)).max()
    assert np.abs(tile[:, 0] - tile[:, -1]).max() < 1.6 * inside
    assert tile_at(tile, 0.3, 0.7) == pytest.approx(tile_at(tile, 1.3, -0.3), abs=1e-5)
    level = [flicker(tile, t, 0.4) for t in np.arange(0, 20, 0.08)]
    assert 0.6 < min(level) < 0.95
    assert 1.05 < max(level) < 1.4


def test_infrared_of_an_empty_place():
    from sim.render.infrared import looks_in_infrared

    assert looks_in_infrared(np.empty((0, 24)), ("skin", "hair", "upper")).shape == (0, 24)
