"""Figures: what they say, not how they look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.draw import BEFORE, CHANGED, egress_curves, gate_flows, service_levels
from dashboard.draw_floor import density_map, level_map, venue_map
from scenarios.venue import Gate, Obstacle, Venue

VENUE = Venue.model_validate(
    {
        "outline": [[0, 0], [20, 0], [20, 10], [0, 10]],
        "obstacles": [{"id": "kiosk", "kind": "kiosk", "polygon": [[8, 4], [10, 4], [10, 6], [8, 6]], "height_m": 2}],
        "gates": [
            {"id": "west", "line": [[0, 4], [0, 6]]},
            {"id": "east_gate", "line": [[20, 4], [20, 6]], "open": False},
        ],
    }
)


def test_plan_names_what_stands_on_it() -> None:
    figure = venue_map(VENUE)
    hovered = {trace.hovertext or trace.text for trace in figure.data} - {None}
    assert hovered == {"kiosk kiosk", "gate west, 2.0 m", "gate east_gate, 2.0 m (closed)"}
    assert [a.text for a in figure.layout.annotations] == ["west", "east gate<br><b>closed</b>"]


def test_closed_gates_differ_by_more_than_colour() -> None:
    lines = {t.hovertext: t.line for t in venue_map(VENUE).data if t.hovertext}
    opened, shut = lines["gate west, 2.0 m"], lines["gate east_gate, 2.0 m (closed)"]
    assert opened.color != shut.color
    assert opened.dash != shut.dash


def test_names_of_gates_stay_on_the_floor() -> None:
    for note in venue_map(VENUE).layout.annotations:
        assert 0 <= note.x <= 20
        assert 0 <= note.y <= 10


@settings(max_examples=15, deadline=None)
@given(top=st.floats(0.5, 8.0), peak=st.floats(0.1, 12.0))
def test_maps_that_are_compared_share_their_colours(top: float, peak: float) -> None:
    density = np.zeros((10, 20))
    density[5, 5] = peak
    density[4, 8] = np.nan
    heat = density_map(density, np.arange(20) + 0.5, np.arange(10) + 0.5, VENUE, top_per_m2=top).data[-1]
    assert (heat.zmin, heat.zmax) == (0.0, top)
    shown = np.asarray(heat.z, float)
    assert shown[5, 5] == peak
    assert np.isnan(shown[4, 8])
    assert np.isnan(shown[0, 0])


def test_map_of_an_empty_place() -> None:
    heat = density_map(np.zeros((2, 2)), [5, 15], [2.5, 7.5], VENUE, top_per_m2=0.0).data[-1]
    assert heat.zmax > 0
    assert np.isnan(np.asarray(heat.z, float)).all()


def test_curves_keep_their_colours_and_dashes() -> None:
    figure = egress_curves({"unchanged": ([0, 1], [0, 5]), "changed": ([0, 1], [0, 3])})
    assert [t.line.color for t in figure.data] == [BEFORE, CHANGED]
    assert figure.data[0].line.dash != figure.data[1].line.dash
    assert list(figure.data[1].y) == [0, 3]


def test_flow_that_was_not_measured_has_no_bar() -> None:
    figure = gate_flows({"unchanged": {"a": 10.0, "b": 4.0}, "changed": {"a": 12.0, "b": None}})
    assert list(figure.data[0].x) == ["a", "b"]
    assert figure.data[1].y[1] is None
    assert list(figure.data[1].text) == ["12", ""]


@pytest.mark.parametrize("width", [0.5, 300.0])
def test_long_and_flat_venues_have_a_sane_height(width: float) -> None:
    venue = Venue(outline=[(0, 0), (width, 0), (width, 20), (0, 20)], gates=[Gate(id="a", line=((0, 1), (0, 2)))])
    assert 200 <= venue_map(venue).layout.height <= 700


def test_obstacles_are_told_apart() -> None:
    bench = Obstacle.model_validate({"id": "b1", "kind": "bench", "polygon": [[1, 1], [2, 1], [2, 2]], "height_m": 1})
    venue = VENUE.model_copy(update={"obstacles": [bench]})
    assert any(t.text == "bench b1" for t in venue_map(venue).data)


def test_levels_of_service_fill_the_bar() -> None:
    figure = service_levels({"as it is": {"A": 0.75, "F": 0.25}, "as changed": {"A": 1.0}})
    assert list(figure.data[0].y) == ["as changed", "as it is"]
    assert [sum(trace.x[i] for trace in figure.data) for i in (0, 1)] == [100.0, 100.0]
    assert figure.data[1].text == ("", "F 25 %")


def test_levels_are_named_and_the_free_floor_is_bare() -> None:
    levels = np.array([[-1, 0, 1], [2, 4, 5]])
    heat = level_map(levels, [1, 2, 3], [1, 2], VENUE).data[-1]
    assert [list(row) for row in heat.text] == [["", "A", "B"], ["C", "E", "F"]]
    assert np.isnan(np.asarray(heat.z, float)).sum() == 2
    assert heat.colorbar.ticktext == tuple("ABCDEF")


def test_a_band_holds_every_run() -> None:
    curves = {"as it is": ([0, 1, 2], [0, 2, 4]), "as changed": ([0, 1, 2], [0, 3, 5])}
    bands = {"as changed": ([0, 2, 4], [1, 4, 6])}
    plain, banded = egress_curves(curves), egress_curves(curves, bands)
    assert len(banded.data) == len(plain.data) + 1
    band = next(trace for trace in banded.data if trace.fill == "toself")
    assert list(band.y) == [0, 2, 4, 6, 4, 1]
    assert list(band.x) == [0, 1, 2, 2, 1, 0]
