import json
import zipfile

import pytest

from scenarios.errors import ScenarioError
from scenarios.plans import read_plan
from scenarios.plans.floor import lay_floor
from scenarios.venue import GateDirection, ObstacleKind

WALKABLE = "POLYGON ((0 0, 30 0, 30 20, 0 20, 0 0), (14 8, 16 8, 16 12, 14 12, 14 8))"


def box(x0, y0, x1, y1, **more):
    return {"type": "polygon", "coordinates": [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]} | more


def project(**more):
    return {
        "project_version": "2.0",
        "config": {"simulation_settings": {"baseSeed": 42}, "ui_state": {}},
        "exits": {"jps-exits_0": box(28, 8, 31, 11)},
        "distributions": {"jps-distributions_0": box(1, 1, 5, 5, parameters={"number": 25, "v0": 1.2})},
        "checkpoints": {},
        "zones": {"jps-zones_0": box(20, 2, 25, 6, speed_factor=0.4)},
        "obstacles": {"desk": box(8, 8, 10, 9)},
        "journeys_v2": [],
    } | more


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def lay(path, **how):
    return lay_floor(read_plan(path, **how))


def check(floor):
    venue = floor.venue
    assert venue.walkable.area == pytest.approx(600 - 8 - 2, abs=1e-9)
    assert [(g.id, set(g.line), g.direction) for g in venue.gates] == [
        ("jps_exits_0", {(30, 8), (30, 11)}, GateDirection.OUT)
    ]
    assert [(s.id, s.count) for s in floor.starts] == [("jps_distributions_0", 25)]
    assert [(o.id, o.kind) for o in venue.obstacles] == [("desk", ObstacleKind.WALL), ("hole_1", ObstacleKind.BUILDING)]
    assert [z.id for z in venue.zones] == ["jps_zones_0"]
    assert "zones.jps-zones_0: its speed factor 0.4 is left out" in floor.notes


def test_one_json_two_files_a_zip_and_the_bridge_say_the_same(tmp_path):
    check(lay(write(tmp_path / "a.json", project(walkable_area_wkt=WALKABLE))))
    check(lay(write(tmp_path / "b.json", {"config": project(), "geometry_wkt": WALKABLE})))
    write(tmp_path / "geometry.wkt", WALKABLE)
    check(lay(write(tmp_path / "config.json", project())))
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("config.json", json.dumps(project()))
        archive.writestr("geometry.wkt", WALKABLE)
        archive.writestr("__MACOSX/config.json", "")
    check(lay(tmp_path / "c.zip"))


def test_older_files_are_read(tmp_path):
    ring = [[0, 0], [30, 0], [30, 20], [0, 20]]
    listed = {
        "accessible_areas": [{"id": 1, "vertices": ring}, {"id": 2, "vertices": [[30, 0], [40, 0], [40, 9], [30, 9]]}],
        "destinations": [{"id": 1, "vertices": [[39, 1], [41, 1], [41, 4], [39, 4]]}],
        "distribution_polygons": [{"id": 1, "vertices": [[1, 1], [3, 1], [3, 3], [1, 3]]}],
    }
    keyed = {section: {str(e["id"]): e["vertices"] for e in entries} for section, entries in listed.items()}
    for number, data in enumerate((listed, keyed)):
        floor = lay(write(tmp_path / f"{number}.json", data))
        assert floor.venue.floor.area == 690
        assert set(floor.venue.gates[0].line) == {(40, 1), (40, 4)}
        assert [s.count for s in floor.starts] == [2]


def test_an_exit_inside_the_floor_is_left_by_its_middle_line(tmp_path):
    data = project(exits={"inner": box(20, 8, 24, 9)}, walkable_area_wkt=WALKABLE)
    floor = lay(write(tmp_path / "a.json", data))
    assert set(floor.venue.gates[0].line) == {(20, 8.5), (24, 8.5)}
    assert any("inner" in note and "middle line" in note for note in floor.notes)


def test_what_comes_over_time_counts_all_and_says_so(tmp_path):
    parameters = {
        "use_flow_spawning": True,
        "initial_number": 4,
        "flow_schedule": [{"flow_start_time": 0, "flow_end_time": 9, "number": 6}, {"start_time_s": 9, "sim_count": 5}],
    }
    data = project(distributions={"d": box(1, 1, 5, 5, parameters=parameters)}, walkable_area_wkt=WALKABLE)
    floor = lay(write(tmp_path / "a.json", data))
    assert [s.count for s in floor.starts] == [15]
    assert "distributions.d: comes over time in JuPedSim, here all are there at the start" in floor.notes


def test_sections_and_ids_can_be_mapped(tmp_path):
    path = write(tmp_path / "a.json", project(walkable_area_wkt=WALKABLE))
    assert lay(path, layers={"jps-exits_0": "gate"}).venue.gates[0].direction is GateDirection.BOTH
    assert lay(path, layers={"obstacles": "bench", "desk": "kiosk"}).venue.obstacles[0].kind is ObstacleKind.KIOSK
    assert not lay(path, layers={"distributions": "ignore"}).starts
    with pytest.raises(ScenarioError, match="unknown section or id 'exit'; did you mean 'exits'"):
        lay(path, layers={"exit": "gate"})


def test_well_known_text_alone_is_a_floor(tmp_path):
    assert lay(write(tmp_path / "a.wkt", WALKABLE)).venue.walkable.area == 592
    several = "GEOMETRYCOLLECTION (POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0)), POLYGON ((9 3, 20 3, 20 6, 9 6, 9 3)), LINESTRING (20 3, 20 6))"  # noqa: E501
    venue = lay(write(tmp_path / "b.wkt", several)).venue
    assert (venue.floor.area, venue.gates[0].line) == (81 + 33, ((20, 3), (20, 6)))
    assert lay(write(tmp_path / "c.wkt", "MULTIPOINT (0 0, 9000 0, 9000 9000)"), scale=0.001).venue.floor.area == 40.5


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", project(), r"a\.json: nothing says which area can be walked on: it should have walkable_area_wkt"),
        ("a.json", project(walkable_area_wkt="POLYGON ((0 0, 9 9"), r"walkable_area_wkt: is not well-known text"),
        ("a.json", project(walkable_area_wkt="POINT (0 0)"), r"walkable_area_wkt: Point 1: is no part of a plan"),
        ("a.json", project(walkable_area_wkt="POLYGON ((0 0, 9 9, 9 0, 0 9, 0 0))"),
         r"walkable_area_wkt: Polygon 1: the polygon crosses itself near \(4\.5, 4\.5\)"),
        ("a.json", project(walkable_area_wkt=WALKABLE, exits={"x": box(50, 0, 51, 9)}),
         r"exit 'x' \(exits\.x\): is no way out: it lies outside the floor"),
        ("a.json", project(walkable_area_wkt=WALKABLE, obstacles={"o": box(27, 7, 29.9, 12)}),
         r"exit 'jps-exits_0' .*: nobody can reach it from inside: obstacle 'o' \(obstacles\.o\) stands before it"),
        ("a.json", project(walkable_area_wkt=WALKABLE, obstacles={"o": box(50, 7, 52, 12)}),
         r"obstacle 'o' \(obstacles\.o\): lies outside the floor, 20 m away"),
        ("a.json", project(walkable_area_wkt=WALKABLE, exits={"x": {"type": "polygon"}}), r"exits\.x: should have c"),
        ("a.json", project(walkable_area_wkt=WALKABLE, exits={"x": {"coordinates": [[0, 0], [1, "a"]]}}),
         r"exits\.x: \[1, 'a'\] should be a position"),
        ("a.json", project(walkable_area_wkt=WALKABLE, exits={"x": {"coordinates": [[0, 0], [1, 1], [0, 0]]}}),
         r"exits\.x: has 2 different positions"),
        ("a.json", project(walkable_area_wkt=WALKABLE, exits=7), r"exits: should be a table of elements by id"),
        ("a.json", project(walkable_area_wkt=WALKABLE, distributions={"d": box(1, 1, 5, 5, parameters={"number": -3})}),
         r"start 'd' \(distributions\.d\): -3 people should be a whole number"),
        ("a.json", project(walkable_area_wkt="POLYGON ((0 0, 1e5 0, 1e5 1e5, 0 1e5, 0 0))"), r"1e\+10 m2; .*--scale"),
        ("a.json", {"exits": {}}, r"nothing says which area"),
        ("a.json", {"walls": []}, r"is neither GeoJSON .* nor a JuPedSim project"),
        ("a.wkt", "", r"a\.wkt: the file is empty"),
        ("a.wkt", "WALKABLE", r"a\.wkt: is not well-known text"),
        ("a.wkt", "LINESTRING (0 0, 9 0)", r"nothing says which area can be walked on: it should hold a POLYGON"),
        ("a.wkt", "POLYGON EMPTY", r"Polygon 1: is no part of a plan"),
        ("a.wkt", "POLYGON ((0 0, nan 0, 9 9, 0 0))", r"coordinate that is no number|not well-known text"),
        ("a.zip", "PK no zip", r"a\.zip: is not a zip that can be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_by_section_and_id(tmp_path, name, content, said):
    with pytest.raises(ScenarioError, match=said) as caught:
        lay(write(tmp_path / name, content))
    assert "\n" not in str(caught.value)


def test_a_zip_should_hold_one_of_each(tmp_path):
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("config.json", json.dumps(project()))
    with pytest.raises(ScenarioError, match=r"c\.zip: holds 0 files ending in \.wkt"):
        read_plan(tmp_path / "c.zip")
