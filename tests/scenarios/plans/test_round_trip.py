"""The same venue in every format is the same venue."""

import json

import pytest
from shapely import LineString, Polygon
from shapely.geometry import mapping

from scenarios.plans import read_plan
from scenarios.plans.floor import lay_floor
from scenarios.venue import Venue

OUTLINE = Polygon([(0, 0), (41.37, 0), (41.37, 23.5), (28, 23.5), (26.125, 30), (12, 30), (12, 24.2), (0, 24.2)])
OBSTACLES = {
    "wall": Polygon([(10, 4), (10.2, 4), (10.2, 14.35), (10, 14.35)]),
    "desk": Polygon([(20.01, 10.02), (24.7, 11.3), (23, 14.9)]),
}
EXITS = {"east": LineString([(41.37, 5), (41.37, 8.25)]), "slanted": LineString([(28, 23.5), (27, 26.9666666)])}
START = Polygon([(2, 2), (8, 2), (8, 9), (2, 9)])


def along(line: LineString) -> Polygon:
    """An area across the border of which exactly the line is inside, as JuPedSim's exits are drawn."""
    return line.buffer(0.4, cap_style="flat")


def as_geojson(path):
    drawn = [("outline", "hall", OUTLINE), ("start", "crowd", START)]
    drawn += [("obstacle", name, shape) for name, shape in OBSTACLES.items()]
    drawn += [("exit", name, line) for name, line in EXITS.items()]
    features = [{"type": "Feature", "properties": {"kind": k, "name": n}, "geometry": mapping(s)} for k, n, s in drawn]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def as_jupedsim(path):
    def table(shapes):
        return {name: {"type": "polygon", "coordinates": [list(p) for p in s.exterior.coords]} for name, s in shapes}

    data = {
        "project_version": "2.0",
        "walkable_area_wkt": OUTLINE.wkt,
        "exits": table((name, along(line)) for name, line in EXITS.items()),
        "obstacles": table(OBSTACLES.items()),
        "distributions": table([("crowd", START)]),
    }
    path.write_text(json.dumps(data))


def as_dxf(path, units, metre):
    ezdxf = pytest.importorskip("ezdxf", reason="NO ezdxf: pip install 'parvis[dev]'")
    document = ezdxf.new("R2010", units=units)
    space = document.modelspace()
    areas = [("WALKABLE", "hall", OUTLINE), ("START", "crowd", START)]
    areas += [("OBSTACLES", name, shape) for name, shape in OBSTACLES.items()]
    for layer, name, shape in areas:
        points = [(metre * x, metre * y) for x, y in shape.exterior.coords[:-1]]
        space.add_lwpolyline(points, close=True, dxfattribs={"layer": layer})
        space.add_text(name, dxfattribs={"layer": layer}).set_placement(points[0])
    for name, line in EXITS.items():
        a, b = ((metre * x, metre * y) for x, y in line.coords)
        space.add_line(a, b, dxfattribs={"layer": "EXITS"})
        space.add_text(name, dxfattribs={"layer": "EXITS"}).set_placement(a)
    document.saveas(path)


def in_metres(path):
    as_dxf(path, 6, 1.0)


def in_millimetres(path):
    as_dxf(path, 4, 1000.0)


def in_feet(path):
    as_dxf(path, 2, 1 / 0.3048)


def gates(venue: Venue) -> dict[str, tuple[str, tuple[tuple[float, float], ...]]]:
    return {
        g.id: (g.direction.value, tuple(sorted((round(x, 5) + 0.0, round(y, 5) + 0.0) for x, y in g.line)))
        for g in venue.gates
    }


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.geojson", as_geojson), ("a.json", as_jupedsim), ("a.dxf", in_metres), ("b.dxf", in_millimetres),
        ("c.dxf", in_feet),
    ],
)  # fmt: skip
def test_every_format_gives_the_same_floor_gates_and_people(tmp_path, name, write):
    write(tmp_path / name)
    floor = lay_floor(read_plan(tmp_path / name))
    venue = floor.venue
    walkable = OUTLINE.area - sum(shape.area for shape in OBSTACLES.values())
    assert venue.walkable.area == pytest.approx(walkable, abs=1e-6)
    assert venue.floor.symmetric_difference(OUTLINE).area < 1e-6 * 100
    assert {o.id: o.shape.symmetric_difference(OBSTACLES[o.id]).area < 1e-5 for o in venue.obstacles} == {
        "wall": True, "desk": True,
    }  # fmt: skip
    found = gates(venue)
    assert set(found) == set(EXITS)
    for gate_id, line in EXITS.items():
        direction, ends = found[gate_id]
        assert direction == "out"
        for end, drawn in zip(ends, sorted(line.coords), strict=True):
            assert end == pytest.approx(drawn, abs=2e-5)
    assert [(s.id, Polygon(s.ring).area, s.count) for s in floor.starts] == [("crowd", pytest.approx(42), 21)]
