"""Suites that come with Parvis: they load, say what they are, and every case can be planned."""

from __future__ import annotations

import pytest

from dashboard.inventory import inventory
from dashboard.sweep.spec import points_of
from scenarios.errors import ScenarioError
from scenarios.suite import load_suite, suites


@pytest.mark.parametrize("name", suites())
def test_every_suite_can_be_planned_and_says_what_it_is(name):
    suite, folder = load_suite(name)
    assert suite.name == name
    assert suite.title
    assert suite.tags
    assert len(suite.words.split()) > 10
    assert all(case.words and case.condition for case in suite.cases)
    points = points_of(suite, folder, watched_by={"detector": "oracle"}, seeds=[1])
    assert len(points) >= len(suite.every_case())
    assert len({p.spec.hash for p in points}) == len(points)


def test_suites_are_listed():
    listed = inventory()["suites"]
    assert list(listed) == sorted(suites())
    assert "version 1" in listed["decree"]


def test_a_suite_that_is_not_there():
    with pytest.raises(ScenarioError, match=r"did you mean 'decree'.*\.toml"):
        load_suite("decre")
