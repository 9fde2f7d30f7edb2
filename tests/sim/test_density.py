import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, area, box, covers, intersection
from shapely import points as at

from scenarios.venue import Line, Venue
from sim.density import VoronoiCells
from sim.density_grid import DensityGrid
from sim.line_count import LineCount
from sim.service_level import LEVELS, level_of_service

ROOM = box(0, 0, 10, 6)
places = st.lists(st.tuples(st.floats(0.01, 9.99), st.floats(0.01, 5.99)), min_size=1, max_size=25)


def test_who_stands_in_a_row_of_squares_has_a_square_each():
    x, y = np.meshgrid(np.arange(0.25, 10, 0.5), np.arange(0.25, 6, 0.5))
    cells = VoronoiCells.of(np.column_stack([x.ravel(), y.ravel()]), ROOM)
    assert cells.density_per_m2 == pytest.approx(4.0)
    assert cells.density_in(box(2.1, 1.3, 5.7, 4.9)) == pytest.approx(4.0)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_people_have_cells_too(count):
    position = np.array([[2.0, 3.0], [5.0, 3.0], [8.0, 3.0]])[:count]
    cells = VoronoiCells.of(position, ROOM)
    assert cells.density_per_m2 == pytest.approx(1 / 3.0)  # a dodecagon of radius 1 m
    assert cells.density_in(ROOM) == pytest.approx(count / 60)
    assert VoronoiCells.of(np.empty((0, 2)), ROOM).density_in(ROOM) == 0


def test_people_at_one_point_share_and_who_is_outside_does_not_count():
    cells = VoronoiCells.of(np.array([[5.0, 3.0], [5.0, 3.0], [40.0, 3.0]]), ROOM)
    assert cells.density_per_m2[:2] == pytest.approx(2 / 3.0)
    assert np.isnan(cells.density_per_m2[2])
    assert cells.density_in(ROOM) == pytest.approx(2 / 60)


def test_a_wall_ends_a_cell():
    walled = ROOM.difference(box(5.2, 0, 5.4, 6))
    alone = VoronoiCells.of(np.array([[5.0, 3.0]]), walled)
    assert alone.cells[0].bounds[2] == pytest.approx(5.2)
    assert alone.density_per_m2[0] > 1 / 2.5


def overlap_m2(cells):
    one, other = np.triu_indices(len(cells), 1)
    return area(intersection(cells[one], cells[other], grid_size=1e-9)).sum()


@pytest.mark.parametrize("seed", range(10))
def test_no_cells_overlap_where_many_places_lie_on_one_circle(seed):
    position = np.unique(np.random.default_rng(seed).integers(0, 6, (24, 2)), axis=0) + 0.5
    assert overlap_m2(VoronoiCells.of(position, box(0, 0, 8, 8)).cells) < 1e-6


@pytest.mark.parametrize("seed", range(10))
def test_an_area_has_the_sum_of_its_parts_although_cells_end_at_its_edges(seed):
    position = np.round(np.random.default_rng(seed).uniform(0.1, 5.9, (20, 2)) * 32) / 32
    cells = VoronoiCells.of(position, ROOM)
    whole = cells.density_in(box(0, 0, 10, 6)) * 60
    parts = sum(cells.density_in(box(x, y, x + 1, y + 1)) for x in range(10) for y in range(6))
    assert whole == pytest.approx(20)
    assert parts == pytest.approx(20)


@settings(max_examples=40, deadline=None)
@given(places)
def test_everybody_is_in_an_own_cell_and_none_overlap(points):
    position = np.unique(np.round(np.array(points), 2), axis=0)
    cells = VoronoiCells.of(position, ROOM).cells
    assert covers([cell.buffer(1e-6) for cell in cells], at(position)).all()
    assert overlap_m2(cells) < 1e-6
    assert VoronoiCells.of(position, ROOM).density_in(ROOM) == pytest.approx(len(position) / 60)


@pytest.mark.parametrize(
    ("area_m2", "level"), [(1.3, "A"), (1.1, "B"), (0.8, "C"), (0.5, "D"), (0.2, "E"), (0.18, "F")]
)
def test_levels_of_queues_are_fruins(area_m2, level):
    """Queues: 1.21 m2 a person and more A, 0.93 B, 0.65 C, 0.28 D, 0.19 E, less F (Fruin 1971)."""
    assert LEVELS[level_of_service(np.array([1 / area_m2]), queuing=True)[0]] == level


def test_a_queue_may_be_denser_than_a_walkway():
    density = np.linspace(0.1, 8, 400)
    assert (level_of_service(density, queuing=True) <= level_of_service(density)).all()


def grid(dense_per_m2=1.5, instants=20):
    venue = Venue.model_validate({"outline": [(0, 0), (9, 0), (9, 6), (0, 6)]})
    return DensityGrid(venue, every_s=0.5, instants=instants, dense_per_m2=dense_per_m2)


def test_time_above_a_density_counts_instants_and_people():
    floor, rng = grid(), np.random.default_rng(1)
    for instant in range(20):
        people = rng.uniform((3.1, 1.1), (5.9, 3.9), (18 if instant < 8 else 9, 2))
        floor.add(instant / 2, people, np.full(len(people), 1.0), np.ones(len(people), bool))
    assert 0 < floor.above_s <= 4.0
    assert floor.above_person_s > floor.above_s
    assert grid().above_s == 0


def test_who_stands_is_judged_by_the_table_of_queues():
    floor = grid()
    still = np.column_stack([np.full(9, 4.5), np.linspace(1.6, 4.4, 9)])
    floor.add(0.0, still, np.zeros(9), np.ones(9, bool))
    assert floor.walking.sum() == 0
    assert floor.queuing.sum() == 9
    floor.add(0.5, still, np.ones(9), np.ones(9, bool))
    assert floor.walking.sum() == 9
    assert (floor.walking * np.arange(6)).sum() > (floor.queuing * np.arange(6)).sum()


def test_the_map_of_levels_keeps_what_lasted():
    floor = grid()
    crowded = np.column_stack([np.full(27, 4.5), np.full(27, 3.5)])
    for instant in range(20):
        people = crowded if instant < 5 else crowded[:9] if instant < 16 else crowded[:0]
        floor.add(instant / 2, people, np.ones(len(people)), np.ones(len(people), bool))
    assert floor.level_lasting(2.0)[3, 4] == LEVELS.index("F")
    assert floor.level_lasting(5.0)[3, 4] == LEVELS.index("D")
    assert floor.level_lasting(9.0)[3, 4] == LEVELS.index("A")
    film = floor.film()
    assert [len(p) for p in film.position_m] == [27] * 5 + [9] * 11 + [0] * 4
    assert film.density_per_m2.max() == pytest.approx(3.0)


def cross(places, line=((5.0, 0.0), (5.0, 4.0))):
    count = LineCount(Line(id="l", points=line))
    for instant, place in enumerate(places):
        count.add(float(instant), np.array([7]), np.array([place]))
    return count


def test_sides_of_a_line_and_first_crossings():
    assert cross([(4, 2), (6, 2)]).to_right_s == [1.0]
    assert cross([(6, 2), (4, 2)]).to_left_s == [1.0]
    assert cross([(4, 2), (5, 2), (6, 2)]).to_right_s == [2.0]  # the step that ends on the line does not cross it
    assert cross([(4, 2), (6, 2), (4, 2), (6, 2)]).people == 1
    assert cross([(4, 5), (6, 5)]).people == 0
    assert cross([(4, 2), (6, 2)]).specific_flow_per_m_s is None


def test_the_specific_flow_is_per_metre_and_second():
    count = LineCount(Line(id="l", points=((5.0, 0.0), (5.0, 2.0))))
    ids = np.arange(11)
    for instant in range(12):
        count.add(float(instant), ids, np.column_stack([np.where(ids < instant, 6.0, 4.0), np.ones(11)]))
    assert count.people == 11
    assert count.specific_flow_per_m_s == pytest.approx(0.5)


def test_a_cell_is_cut_into_the_persons_side_only():
    around = Polygon([(0, 0), (10, 0), (10, 6), (0, 6)], [[(4, 1), (6, 1), (6, 5), (4, 5)]])
    cells = VoronoiCells.of(np.array([[3.9, 3.0]]), around, cut_off_m=3.0)
    assert cells.cells[0].geom_type == "Polygon"
    assert cells.cells[0].contains(Polygon([(3.5, 2.9), (3.8, 2.9), (3.8, 3.1)]))
    assert not cells.cells[0].intersects(box(6, 2, 10, 4))
