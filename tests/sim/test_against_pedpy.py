"""Our measures of given ways against PedPy's: its numbers were worked out once, and anew where it is installed."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from shapely import Polygon

from scenarios.venue import Line, Venue
from sim.density import VoronoiCells
from sim.density_grid import DensityGrid
from sim.line_count import LineCount
from sim.trajectories import read_trajectories

FOLDER = Path(__file__).parents[1] / "reference" / "pedpy"
PEERS = os.environ.get("PARVIS_PEERS_PYTHON")


@pytest.fixture(scope="module")
def place():
    return json.loads((FOLDER / "place.json").read_text())


@pytest.fixture(scope="module")
def theirs():
    return json.loads((FOLDER / "numbers.json").read_text())


@pytest.fixture(scope="module")
def ways():
    return read_trajectories(FOLDER / "ways.txt")


@pytest.fixture(scope="module")
def venue(place):
    walls = [{"id": f"w{i}", "kind": "wall", "polygon": p, "height_m": 2} for i, p in enumerate(place["obstacles"])]
    return Venue.model_validate({"outline": place["outline"], "obstacles": walls})


@pytest.fixture(scope="module")
def cells(ways, venue, place):
    places = [ways.position_m[ways.at(frame)] for frame in ways.frames]
    return [VoronoiCells.of(p, venue.walkable, cut_off_m=place["cut_off_m"]) for p in places]


def test_everybodys_voronoi_density(ways, cells, theirs):
    middle = ways.frames[-1] // 2
    ours = dict(zip(ways.id[ways.at(middle)].tolist(), cells[middle].density_per_m2.tolist(), strict=True))
    expected = {int(person): density for person, density in theirs["voronoi_of_each_per_m2"].items()}
    assert len(ours) == len(expected) > 20
    assert ours == pytest.approx(expected, rel=1e-6)
    assert max(ours.values()) > 2


def test_the_voronoi_density_of_a_zone(cells, place, theirs):
    zone = Polygon(place["zone"])
    assert [c.density_in(zone) for c in cells] == pytest.approx(theirs["voronoi_in_zone_per_m2"], rel=1e-6)


def test_the_map_of_counts(ways, venue, theirs):
    grid = DensityGrid(venue, every_s=1 / ways.rate_hz, instants=len(ways.frames), dense_per_m2=4.0)
    for frame in ways.frames:
        position = ways.position_m[ways.at(frame)]
        grid.add(frame / ways.rate_hz, position, np.ones(len(position)), np.ones(len(position), bool))
    expected = np.array(theirs["mean_map_north_first_per_m2"])[::-1]
    free = grid.area_m2 > 0.999
    assert free.sum() > 50
    assert grid.mean()[free] == pytest.approx(expected[free], abs=1e-6)
    assert grid.mean()[free].max() > 1


def test_who_crosses_a_line_and_the_flow(ways, place, theirs):
    line = LineCount(Line(id="door", points=place["line"]))
    passed = []
    for frame in ways.frames[:-1]:  # PedPy leaves out the last step
        rows = ways.at(frame)
        line.add(frame / ways.rate_hz, ways.id[rows], ways.position_m[rows])
        passed.append(line.people)
    assert passed == theirs["passed_by_frame"][:-1]
    assert line.to_left_s == []
    assert len(line.to_right_s) == passed[-1] > 20
    assert line.specific_flow_per_m_s == pytest.approx(theirs["flow_per_s"][0] / theirs["line_m"], rel=0.02)


@pytest.mark.skipif(not PEERS, reason="PARVIS_PEERS_PYTHON does not name a Python that has PedPy")
def test_pedpy_still_says_the_same(theirs):
    command = [str(PEERS), "-W", "ignore", str(FOLDER / "measure_with_pedpy.py"), str(FOLDER / "ways.txt")]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert said == theirs
