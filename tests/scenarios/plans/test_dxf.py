import math
import sys

import pytest

from scenarios.errors import MissingExtraError, ScenarioError
from scenarios.plans import read_plan
from scenarios.plans.floor import lay_floor
from scenarios.venue import GateDirection, ObstacleKind


def test_without_ezdxf_one_sentence_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ezdxf", None)
    with pytest.raises(
        MissingExtraError, match=r"a\.dxf: reading DXF needs the extra 'dxf': pip install 'parvis\[dxf\]'"
    ):
        read_plan(tmp_path / "a.dxf")


ezdxf = pytest.importorskip("ezdxf", reason="NO ezdxf: pip install 'parvis[dev]'")

FLOOR = [(0, 0), (30, 0), (30, 20), (0, 20)]


class Sheet:
    """A drawing that is written down."""

    def __init__(self, path, units=6):
        self.path = path
        self.document = ezdxf.new("R2010", units=units)
        self.space = self.document.modelspace()

    def closed(self, points, layer):
        return self.space.add_lwpolyline(points, close=True, dxfattribs={"layer": layer})

    def line(self, a, b, layer):
        return self.space.add_line(a, b, dxfattribs={"layer": layer})

    def lay(self, **how):
        self.document.saveas(self.path)
        return lay_floor(read_plan(self.path, **how))


@pytest.fixture
def sheet(tmp_path):
    made = Sheet(tmp_path / "hall.dxf")
    made.closed(FLOOR, "WALKABLE")
    return made


def test_layers_say_what_is_what(sheet):
    sheet.line((30, 8), (30, 11), "EXITS")
    sheet.space.add_text("East door", dxfattribs={"layer": "EXITS"}).set_placement((31, 9))
    sheet.line((0, 5), (0, 9), "A-ENTRANCE")
    sheet.closed([(8, 8), (10, 8), (10, 9), (8, 9)], "Benches")
    sheet.line((20, 4), (26, 4), "WALLS")
    sheet.closed([(2, 12), (8, 12), (8, 18), (2, 18)], "Zone_Queue")
    sheet.space.add_mtext("Queue", dxfattribs={"layer": "Zone_Queue", "insert": (3, 17)})
    sheet.space.add_text("drawn by me", dxfattribs={"layer": "TITLE"})
    floor = sheet.lay()
    venue = floor.venue
    assert {g.id: (set(g.line), g.direction) for g in venue.gates} == {
        "east_door": ({(30, 8), (30, 11)}, GateDirection.OUT),
        "gate_1": ({(0, 5), (0, 9)}, GateDirection.IN),
    }
    assert sorted((o.kind, o.shape.area) for o in venue.obstacles) == [
        (ObstacleKind.BENCH, pytest.approx(2)),
        (ObstacleKind.WALL, pytest.approx(0.61)),
    ]
    assert [z.id for z in venue.zones] == ["queue"]
    assert "layer TITLE is left out; say with --layer 'TITLE=ROLE' what it is" in floor.notes


@pytest.mark.parametrize(("units", "metre"), [(6, 1), (4, 1000), (5, 100), (2, 1 / 0.3048), (1, 1 / 0.0254)])
def test_units_of_the_header_count(tmp_path, units, metre):
    made = Sheet(tmp_path / "a.dxf", units)
    made.closed([(metre * x, metre * y) for x, y in FLOOR], "FLOOR")
    assert made.lay().venue.floor.area == pytest.approx(600, abs=1e-6)
    assert made.lay(scale=2 / metre).venue.floor.area == pytest.approx(2400, abs=1e-5)


def test_without_units_the_scale_is_asked_for(tmp_path):
    made = Sheet(tmp_path / "a.dxf", 0)
    made.closed(FLOOR, "FLOOR")
    with pytest.raises(ScenarioError, match=r"a\.dxf: says no units; give --scale, such as 0\.001"):
        made.lay()
    assert made.lay(scale=1.0).venue.floor.area == 600


def test_curves_are_off_by_the_chord_at_most(tmp_path):
    made = Sheet(tmp_path / "a.dxf", 4)
    # a stadium: straights of 40 m, half circles of 15 m as bulges; and a round pillar
    made.space.add_lwpolyline(
        [(0, 0, 0), (40_000, 0, 1), (40_000, 30_000, 0), (0, 30_000, 1)],
        format="xyb", close=True, dxfattribs={"layer": "WALKABLE"},
    )  # fmt: skip
    made.space.add_circle((20_000, 15_000), 2_000, dxfattribs={"layer": "PILLARS"})
    venue = made.lay().venue
    whole = 40 * 30 + math.pi * 15**2
    assert whole - 2 * math.pi * 15 * 0.0051 < venue.floor.area < whole + 2 * math.pi * 15 * 0.0051
    assert venue.floor.area != pytest.approx(whole, abs=1e-9)
    pillar = venue.obstacles[0]
    away = [math.hypot(x - 20, y - 15) for x, y in pillar.polygon]
    assert (pillar.kind, max(away), min(away)) == (
        ObstacleKind.PILLAR, pytest.approx(2, abs=1e-5), pytest.approx(2, abs=1e-5),
    )  # fmt: skip
    assert math.pi * 4 - pillar.shape.area < 2 * math.pi * 2 * 0.0051
    assert len(venue.outline) < 200


def test_lines_that_meet_make_a_floor_with_its_hole(tmp_path):
    made = Sheet(tmp_path / "a.dxf")
    for a, b in zip(FLOOR, FLOOR[1:] + FLOOR[:1], strict=True):
        made.line((a[0] + 0.003, a[1]), b, "Walkable")  # ends 3 mm apart
    made.space.add_arc((15, 10), 2, 0, 360, dxfattribs={"layer": "Walkable"})
    venue = made.lay().venue
    assert venue.floor.area == pytest.approx(600, abs=0.1)
    assert venue.walkable.area == pytest.approx(600 - math.pi * 4, abs=0.15)


def test_a_closed_line_inside_the_floor_is_a_hole_and_one_beside_it_more_floor(sheet):
    sheet.closed([(10, 5), (12, 5), (12, 9), (10, 9)], "WALKABLE")
    sheet.closed([(30, 5), (40, 5), (40, 9), (30, 9)], "WALKABLE")
    venue = sheet.lay().venue
    assert (venue.floor.area, venue.walkable.area) == (640, pytest.approx(632))


def test_hatches_fill_and_their_islands_do_not(tmp_path):
    made = Sheet(tmp_path / "a.dxf")
    hatch = made.space.add_hatch(dxfattribs={"layer": "FLOOR"})
    hatch.paths.add_polyline_path(FLOOR, is_closed=True, flags=1)
    hatch.paths.add_polyline_path([(10, 5), (12, 5), (12, 9), (10, 9)], is_closed=True, flags=16)
    edges = made.space.add_hatch(dxfattribs={"layer": "OBSTACLES"}).paths.add_edge_path()
    for a, b in (((20, 5), (22, 5)), ((22, 5), (22, 8)), ((22, 8), (20, 5))):
        edges.add_line(a, b)
    made.space.add_solid([(25, 5), (26, 5), (25, 6), (26, 6)], dxfattribs={"layer": "OBSTACLES"})
    venue = made.lay().venue
    assert venue.walkable.area == pytest.approx(600 - 8 - 3 - 1)


def test_walls_of_rooms_stay_open_inside_and_thin_contours_are_solid(sheet):
    sheet.closed([(5, 5), (12, 5), (12, 12), (5, 12)], "WALLS")
    sheet.closed([(20, 5), (20.3, 5), (20.3, 12), (20, 12)], "WALLS")
    venue = sheet.lay().venue
    assert venue.walkable.area == pytest.approx(600 - (7.1**2 - 6.9**2) - 0.3 * 7)


def test_blocks_are_taken_apart_where_they_were_inserted(sheet):
    block = sheet.document.blocks.new("BIN")
    block.add_lwpolyline([(0, 0), (1, 0), (1, 1), (0, 1)], close=True, dxfattribs={"layer": "0"})
    block.add_line((0, 0), (1, 1), dxfattribs={"layer": "DETAILS"})
    nested = sheet.document.blocks.new("PAIR")
    nested.add_blockref("BIN", (0, 0))
    nested.add_blockref("BIN", (4, 0), dxfattribs={"xscale": 2, "yscale": 2})
    sheet.space.add_blockref("PAIR", (5, 5), dxfattribs={"layer": "OBSTACLES"})
    sheet.space.add_blockref("BIN", (20, 5), dxfattribs={"layer": "BINS", "column_count": 3, "column_spacing": 2})
    venue = sheet.lay().venue
    assert sorted(o.shape.area for o in venue.obstacles) == pytest.approx([1, 1, 1, 1, 4])
    assert [o.kind for o in venue.obstacles].count(ObstacleKind.BIN) == 3
    assert sheet.lay(layers={"DETAILS": "barrier"}).venue.obstacles[-1].kind is not ObstacleKind.BIN


def test_other_names_of_layers_are_mapped(tmp_path):
    made = Sheet(tmp_path / "a.dxf")
    made.closed(FLOOR, "Ebene 1")
    made.line((30, 8), (30, 11), "Türen")
    said = r"a\.dxf: no layer is the walkable floor; name one with --layer NAME=outline \(layers: Ebene 1, Türen\)"
    with pytest.raises(ScenarioError, match=said):
        made.lay()
    assert made.lay(layers={"ebene 1": "outline", "Türen": "exit"}).venue.gates[0].width_m == 3
    with pytest.raises(ScenarioError, match=r"unknown layer 'Tueren'; did you mean 'Türen'"):
        made.lay(layers={"Tueren": "exit"})


def self_crossing(sheet):
    return sheet.closed([(3, 3), (5, 5), (5, 3), (3, 5)], "OBSTACLES"), r"{h} on layer OBSTACLES: the polygon crosses"


def crossing_hatch(sheet):
    hatch = sheet.space.add_hatch(dxfattribs={"layer": "ZONES"})
    hatch.paths.add_polyline_path([(3, 3), (5, 5), (5, 3), (3, 5)], is_closed=True)
    return hatch, r"HATCH handle {h} on layer ZONES: the polygon crosses itself near \(4, 4\)"


def open_zone(sheet):
    sheet.line((3, 3), (5, 3), "ZONES")
    return sheet.line((5, 3), (5, 5), "ZONES"), r"on layer ZONES: is not closed: nothing meets its end at \("


def outside(sheet):
    return sheet.closed(
        [(40, 5), (42, 5), (42, 7)], "KIOSK"
    ), r"obstacle \(.*{h} on layer KIOSK\): lies outside the floor"


def inner_exit(sheet):
    return sheet.line(
        (12, 8), (15, 8), "EXITS"
    ), r"exit \(LINE handle {h} on layer EXITS\): is no way out: it lies inside"


def blocked_exit(sheet):
    sheet.line((30, 8), (30, 11), "EXITS")
    desk = sheet.closed([(28, 7), (29.9, 7), (29.9, 12), (28, 12)], "OBSTACLES")
    return (
        desk,
        r"exit .*: nobody can reach it from inside: obstacle \(LWPOLYLINE handle {h} on layer OBSTACLES\) stands",
    )


def door_swing(sheet):
    return sheet.space.add_arc((30, 8), 1, 90, 180, dxfattribs={"layer": "DOORS"}), r"ARC handle {h} .*: is bent"


def in_a_block(sheet):
    sheet.document.blocks.new("DESK").add_lwpolyline([(0, 0), (2, 2), (2, 0), (0, 2)], close=True)
    reference = sheet.space.add_blockref("DESK", (5, 5), dxfattribs={"layer": "OBSTACLES"})
    return reference, r"block DESK \(INSERT handle {h}\) on layer OBSTACLES: the polygon crosses itself near \(6, 6\)"


@pytest.mark.parametrize(
    "draw", [self_crossing, crossing_hatch, open_zone, outside, inner_exit, blocked_exit, door_swing, in_a_block]
)
def test_what_is_wrong_is_said_by_handle_and_layer(sheet, draw):
    entity, said = draw(sheet)
    with pytest.raises(ScenarioError, match=said.format(h=entity.dxf.handle)) as caught:
        sheet.lay()
    assert str(caught.value).startswith("hall.dxf: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("factor", [0.001, 1000])
def test_wrong_units_show_in_the_area(tmp_path, factor):
    made = Sheet(tmp_path / "a.dxf")
    made.closed([(factor * x, factor * y) for x, y in FLOOR], "WALKABLE")
    with pytest.raises(ScenarioError, match=r"LWPOLYLINE handle .* on layer WALKABLE: the floor measures .* --scale"):
        made.lay()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"AC1032\0\0", "is a DWG drawing; save it as DXF"),
        (b"no drawing at all", "is not a DXF drawing that can be read"),
        (b"0\nSECTION\n2\nENTITIES\n0\nLINE\n10\nx\n", "is not a DXF drawing|no layer is the walkable floor|no units"),
    ],
)
def test_what_is_no_dxf_is_said(tmp_path, content, said):
    (tmp_path / "a.dxf").write_bytes(content)
    with pytest.raises(ScenarioError, match=said):
        read_plan(tmp_path / "a.dxf")


def test_an_empty_drawing_has_no_floor(tmp_path):
    with pytest.raises(ScenarioError, match=r"no layer is the walkable floor; .*\(layers: none\)"):
        Sheet(tmp_path / "a.dxf").lay()


def test_a_layer_of_the_floor_with_only_words_has_no_floor(tmp_path):
    made = Sheet(tmp_path / "a.dxf")
    made.space.add_text("floor", dxfattribs={"layer": "FLOOR"})
    with pytest.raises(ScenarioError, match=r"nothing says which area can be walked on: the layer of the floor has no"):
        made.lay()
