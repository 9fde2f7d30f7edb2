import json
import math
from pathlib import Path

import numpy as np
import pytest
from shapely import Polygon

from scenarios.errors import ScenarioError
from scenarios.plans import read_plan
from scenarios.plans.floor import Floor, lay_floor
from scenarios.plans.tangent_plane import to_plane
from scenarios.venue import GateDirection

SQUARE = [[0, 0], [30, 0], [30, 20], [0, 20], [0, 0]]


def polygon(*rings, **properties):
    return feature({"type": "Polygon", "coordinates": list(rings)}, **properties)


def line(*points, **properties):
    return feature({"type": "LineString", "coordinates": list(points)}, **properties)


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def lay(tmp_path: Path, *features, scale=None, layers=None, **top) -> Floor:
    path = tmp_path / "hall.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)} | top))
    return lay_floor(read_plan(path, scale=scale, layers=layers))


OUTLINE = polygon(SQUARE, kind="outline")
EXIT = line([30, 8], [30, 11], kind="exit", name="East Door")


def test_every_role_becomes_its_entry(tmp_path):
    floor = lay(
        tmp_path,
        polygon(SQUARE, [[14, 8], [16, 8], [16, 12], [14, 12]], kind="walkable"),
        EXIT,
        line([0, 5], [0, 9], kind="Entrance", name="west"),
        line([10, 20], [13, 20], kind="gate", id=7),
        polygon([[3, 3], [5, 3], [5, 5], [3, 5], [3, 3]], kind="kiosk", name="Café", height_m=2.5),
        line([20, 4], [26, 4], kind="wall"),
        polygon([[2, 12], [8, 12], [8, 18], [2, 18], [2, 12]], kind="zone", name="queue", max_density_per_m2=2.5),
        polygon([[20, 12], [24, 12], [24, 16], [20, 16], [20, 12]], kind="start", count=12),
    )
    venue = floor.venue
    assert venue.outline == [(0, 0), (30, 0), (30, 20), (0, 20)]
    assert {o.id: (o.kind.value, o.height_m) for o in venue.obstacles} == {
        "caf": ("kiosk", 2.5), "wall_1": ("wall", 2.8), "hole_1": ("building", 4.0),
    }  # fmt: skip
    assert venue.walkable.area == pytest.approx(600 - 8 - 4 - 6.1 * 0.1, abs=1e-9)
    assert {g.id: (g.line, g.direction) for g in venue.gates} == {
        "east_door": (((30, 8), (30, 11)), GateDirection.OUT),
        "west": (((0, 5), (0, 9)), GateDirection.IN),
        "gate_7": (((10, 20), (13, 20)), GateDirection.BOTH),
    }
    assert [(z.id, z.max_density_per_m2) for z in venue.zones] == [("queue", 2.5)]
    assert [(s.id, s.count) for s in floor.starts] == [("start_1", 12)]


def test_other_words_are_mapped_or_left_out(tmp_path):
    extra = polygon([[3, 3], [5, 3], [5, 5], [3, 5], [3, 3]], kind="Möbel")
    with pytest.raises(ScenarioError, match=r"feature 2: unknown kind 'Möbel'.*--layer 'Möbel=ROLE'"):
        lay(tmp_path, OUTLINE, extra)
    assert len(lay(tmp_path, OUTLINE, extra, layers={"möbel": "bench"}).venue.obstacles) == 1
    assert not lay(tmp_path, OUTLINE, extra, layers={"Möbel": "ignore"}).venue.obstacles
    with pytest.raises(ScenarioError, match=r"--layer Moebel=bench: hall.geojson: unknown kind 'Moebel'"):
        lay(tmp_path, OUTLINE, extra, layers={"Moebel": "bench"})
    with pytest.raises(ScenarioError, match=r"--layer Möbel=bensh: unknown role 'bensh'; did you mean 'bench'"):
        lay(tmp_path, OUTLINE, extra, layers={"Möbel": "bensh"})


def test_a_gate_drawn_as_an_area_is_the_straight_border_inside_it(tmp_path):
    area = polygon([[28, 4], [32, 4], [32, 9], [28, 9], [28, 4]], kind="exit")
    assert set(lay(tmp_path, OUTLINE, area).venue.gates[0].line) == {(30, 4), (30, 9)}
    beside = polygon([[29.2, 4], [29.7, 4], [29.7, 9], [29.2, 9], [29.2, 4]], kind="exit")
    assert set(lay(tmp_path, OUTLINE, beside).venue.gates[0].line) == {(30, 4), (30, 9)}


def test_degrees_become_metres_of_the_ellipsoid(tmp_path):
    # lengths of a second of arc at 48.85 degrees, from the series of the meridian arc and the prime vertical
    lat, e2 = math.radians(48.85), 0.00669437999014
    w = math.sqrt(1 - e2 * math.sin(lat) ** 2)
    north_m = 6378137 * (1 - e2) / w**3 * math.radians(1 / 3600)
    east_m = 6378137 / w * math.cos(lat) * math.radians(1 / 3600)
    half = 0.5 / 3600
    corners = [[2.35 + i * half, 48.85 + j * half] for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    floor = lay(tmp_path, polygon(corners, kind="outline"))
    assert floor.venue.floor.area == pytest.approx(east_m * north_m, rel=1e-6)
    assert "48.850000 N, 2.350000 E" in floor.notes[0]
    x, y = np.array(floor.venue.outline).T
    assert abs(x.max() + x.min()) < 1e-3
    assert abs(y.max() + y.min()) < 1e-3


def test_the_projection_errs_as_little_as_it_says():
    origin = (8.54, 47.37)
    earth = 6_378_137.0
    for away in (1_000.0, 5_000.0):
        # due north along the meridian: the arc by integrating its curvature
        phi = np.linspace(math.radians(47.37), math.radians(47.37) + away / 6.37e6, 2001)
        e2 = 0.00669437999014
        arc = np.trapezoid(earth * (1 - e2) / (1 - e2 * np.sin(phi) ** 2) ** 1.5, phi)
        x, y = to_plane(np.array([[8.54, math.degrees(phi[-1])]]), origin)[0]
        assert abs(x) < 1e-6
        assert 0 < arc - y < 1.05 * away**3 / (6 * 6.36e6**2)


@pytest.mark.parametrize(
    ("crs", "metres"),
    [("urn:ogc:def:crs:EPSG::25832", True), ("urn:ogc:def:crs:OGC:1.3:CRS84", False), ("EPSG:4326", False)],
)
def test_a_named_coordinate_system_decides(tmp_path, crs, metres):
    side = 30.0 if metres else 0.0003
    ring = [[0, 0], [side, 0], [side, side], [0, side]]
    floor = lay(tmp_path, polygon(ring, kind="outline"), crs={"type": "name", "properties": {"name": crs}})
    assert floor.venue.floor.area == pytest.approx(900 if metres else 33.4 * 33.2, rel=0.02)


def test_far_coordinates_get_an_origin_nearby(tmp_path):
    ring = [[x + 691_000.25, y + 5_334_000.5] for x, y in SQUARE]
    floor = lay(tmp_path, polygon(ring, kind="outline"))
    assert floor.venue.outline[0] == (0.25, 0.5)
    assert "(691000, 5334000)" in floor.notes[1]
    assert floor.venue.floor.area == pytest.approx(600, abs=1e-6)


def test_scale_takes_units_to_metres(tmp_path):
    ring = [[1000 * x, 1000 * y] for x, y in SQUARE]
    assert lay(tmp_path, polygon(ring, kind="outline"), scale=0.001).venue.floor.area == pytest.approx(600)


def test_parts_that_touch_are_one_floor_and_holes_of_obstacles_stay_open(tmp_path):
    other = polygon([[30, 5], [40, 5], [40, 15], [30, 15], [30, 5]], kind="outline")
    ring = polygon(
        [[10, 5], [20, 5], [20, 15], [10, 15], [10, 5]], [[12, 7], [18, 7], [18, 13], [12, 13], [12, 7]], kind="wall"
    )
    venue = lay(tmp_path, OUTLINE, other, ring).venue
    assert venue.floor.area == pytest.approx(700)
    assert venue.walkable.area == pytest.approx(700 - (100 - 36))
    assert all(isinstance(o.shape, Polygon) and o.shape.is_valid for o in venue.obstacles)


BOX = [[10, 5], [12, 5], [12, 7], [10, 7], [10, 5]]


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ([polygon([[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]], kind="outline")],
         r"feature 1: the polygon crosses itself near \(4\.5, 4\.5\)"),
        ([OUTLINE, polygon([[3, 3], [5, 5], [5, 3], [3, 5]], kind="bench", name="a")],
         r"feature 2: the polygon crosses itself near \(4, 4\)"),
        ([polygon(BOX, kind="obstacle"), EXIT], r"nothing says which area can be walked on: one Polygon should have"),
        ([OUTLINE, polygon(SQUARE, [[39, 9], [40, 9], [39, 12]], kind="zone")], r"feature 2: the polygon is not"),
        ([OUTLINE, polygon([[40, 5], [42, 5], [42, 7]], kind="obstacle", name="far")],
         r"obstacle 'far' \(feature 2\): lies outside the floor, 10 m away"),
        ([OUTLINE, polygon([[40, 5], [42, 5], [42, 7]], kind="zone")], r"zone \(feature 2\): lies outside the floor"),
        ([OUTLINE, polygon([[40, 5], [42, 5], [42, 7]], kind="start")], r"start \(feature 2\): lies outside the floor"),
        ([OUTLINE, line([12, 8], [15, 8], kind="exit", name="middle")],
         r"exit 'middle' \(feature 2\): is no way out: it lies inside the floor, up to 8 m from its border"),
        ([OUTLINE, polygon([[12, 8], [15, 8], [15, 9], [12, 9]], kind="exit")], r"exit \(feature 2\): is no way out"),
        ([OUTLINE, line([33, 8], [33, 9], kind="exit")], r"it lies outside the floor, up to 3 m"),
        ([OUTLINE, line([30, 8], [30, 8.3], kind="exit")], r"exit \(feature 2\): is 0\.3 m wide; nobody passes"),
        ([OUTLINE, line([0, 8], [0, 0], [8, 0], kind="exit")], r"exit \(feature 2\): is bent"),
        ([OUTLINE, EXIT, polygon([[28, 6], [29.9, 6], [29.9, 14], [28, 14]], kind="bench", name="long one")],
         r"exit 'East Door' \(feature 2\): nobody can reach it from inside: obstacle 'long one' \(feature 3\) stands"),
        ([OUTLINE, EXIT, polygon([[25, 0], [26, 0], [26, 20], [25, 20]], kind="wall"),
          line([0, 5], [0, 9], kind="entrance", name="west")],
         r"exit 'East Door' \(feature 2\): nobody can reach it from inside: the obstacles leave no gap"),
        ([OUTLINE, EXIT, polygon([[5, 0], [6, 0], [6, 20], [5, 20]], kind="wall"),
          polygon([[1, 1], [3, 1], [3, 3], [1, 3]], kind="start", name="left")],
         r"start 'left': who stands there cannot get to any exit"),
        ([OUTLINE, polygon(SQUARE, kind="building")], r"the obstacles leave less than 4 m2"),
        ([OUTLINE, polygon([[40, 0], [50, 0], [50, 9], [40, 0]], kind="outline")],
         r"falls into 2 parts, such as feature 1 and feature 2"),
        ([polygon([[0, 0], [1.2, 0], [1.2, 1.2], [0, 1.2]], kind="outline")], r"1\.2 x 1\.2 m, 1\.44 m2; .*--scale"),
        ([polygon([[0, 0], [30_000, 0], [30_000, 20_000], [0, 20_000]], kind="outline")], r"6e\+08 m2; .*--scale"),
        ([OUTLINE, feature({"type": "Point", "coordinates": [3, 3]}, kind="pillar")], r"feature 2: is a Point; a part"),
        ([OUTLINE, line([3, 3], [5, 5], kind="zone")], r"feature 2: is a LineString; a zone should be a Polygon"),
        ([OUTLINE, feature(None, kind="zone")], r"feature 2: has no geometry"),
        ([OUTLINE, polygon([[0, 0], [3, 0]], kind="zone")], r"feature 2: has 2 different positions"),
        ([OUTLINE, polygon([[0, 0], ["a", 0], [3, 3]], kind="zone")], r'feature 2: \["a", 0\] should be a position'),
        ([OUTLINE, polygon(BOX)], r"feature 2: its properties should say what it is"),
        ([OUTLINE, polygon(BOX, kind="zone", max_density_per_m2=99)], r"zone \(feature 2\): max_density_per_m2 = 99"),
        ([OUTLINE, polygon(BOX, kind="start", count=-4)], r"start \(feature 2\): -4 people should be a whole number"),
        ([OUTLINE, polygon(BOX, kind="kiosk", height_m="tall")], r"obstacle \(feature 2\): height_m = 'tall'"),
        ([], r"has no features"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_by_name(tmp_path, features, said):
    with pytest.raises(ScenarioError, match=said) as caught:
        lay(tmp_path, *features)
    assert str(caught.value).startswith("hall.geojson: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("  \n", "the file is empty"),
        ("POLYGON ((0 0))", "is not valid JSON: expecting value at line 1, column 1"),
        ("[1, 2", "is not valid JSON"),
        ('{"type": "Feature", "geometry": NaN}', "is not valid JSON: NaN is no number"),
        ("[" * 100_000, "nested too deep"),
        ("[]", "is neither GeoJSON nor a JuPedSim project"),
        ('{"type": "Topology"}', "unknown type 'Topology'"),
        ('{"type": "FeatureCollection", "features": [7]}', "feature 1: is not a Feature"),
    ],
)
def test_what_is_no_geojson_is_said(tmp_path, text, said):
    path = tmp_path / "x.geojson"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=said):
        read_plan(path)


def test_a_bare_polygon_is_the_floor(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [SQUARE]}))
    assert lay_floor(read_plan(path)).venue.floor.area == 600


def test_unknown_endings_and_missing_files_are_said(tmp_path):
    with pytest.raises(ScenarioError, match=r"x\.ifc: its ending says no plan"):
        read_plan(tmp_path / "x.ifc")
    with pytest.raises(ScenarioError, match="there is no such file"):
        read_plan(tmp_path / "x.geojson")
