"""Crowd against crowd, over seeds: numbers, intervals, words, the page to print."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from dashboard.cli import app
from dashboard.cli.words import seeds_of
from dashboard.plan_jobs import measure_all
from dashboard.plan_report import plan_page, write_plan_report
from dashboard.plan_words import gate_sentences, headline
from dashboard.plans import Plans, compare_plans, table_of, with_seeds
from scenarios.errors import ScenarioError
from scenarios.scenario import Scenario

CHROMIUM = Path("/usr/bin/chromium")


def hall(*, wide: bool = False, initial: int = 60, duration_s: float = 60.0, name: str = "hall_v1") -> Scenario:
    door = [(12, 2.4), (12, 5.6)] if wide else [(12, 3.5), (12, 4.5)]
    flow = {"id": "f", "start": "west", "to": ["east"], "rate_per_min": 0, "initial": initial}
    return Scenario.model_validate(
        {
            "name": name,
            "title": "A wide <hall>" if wide else "A hall",
            "duration_s": duration_s,
            "fps": 10.0,
            "seed": 5,
            "venue": {
                "outline": [(0, 0), (12, 0), (12, 8), (0, 8)],
                "gates": [{"id": "west", "line": [(0, 3), (0, 5)], "direction": "in"}, {"id": "east", "line": door}],
                "lines": [{"id": "half_way", "points": [(6, 0), (6, 8)]}],
            },
            "cameras": [{"id": "c", "position_m": (6, -6, 8), "look_at_m": (6, 4, 0)}],
            "population": {"flows": [flow]},
        }
    )


@pytest.fixture(scope="module")
def plans() -> Plans:
    return compare_plans(hall(), hall(wide=True), seeds=(1, 2, 3), workers=1)


def test_seeds_are_read_as_they_are_written() -> None:
    assert seeds_of("1-4") == (1, 2, 3, 4)
    assert seeds_of("7, 1-2") == (7, 1, 2)
    for text in ("", "a", "3-1", "1,1", "-2", "1-9999", "1-2-3"):
        with pytest.raises(ScenarioError, match="--seeds"):
            seeds_of(text)


def test_differences_are_paired_by_seed(plans: Plans) -> None:
    assert plans.after is not None
    times = [[run.evacuation_s for run in side.runs] for side in (plans.before, plans.after)]
    assert len(set(times[0])) == 3
    steps = np.subtract(times[1], times[0])
    change = next(c for c in plans.changes() if c.key == "evacuation_s")
    half = stats.t.ppf(0.975, 2) * steps.std(ddof=1) / np.sqrt(3)
    assert change.change == pytest.approx(steps.mean())
    assert steps.mean() < -5
    assert change.ci95 == pytest.approx((steps.mean() - half, steps.mean() + half))
    assert change.pairs == 3


def test_the_middle_run_is_the_middle_one(plans: Plans) -> None:
    times = [run.evacuation_s for run in plans.before.runs]
    assert times[plans.before.typical] == sorted(times)[1]


def test_json_of_many_seeds_and_of_one(plans: Plans) -> None:
    many = json.loads(json.dumps(plans.as_dict()))
    assert many["seeds"] == [1, 2, 3]
    assert [run["seed"] for run in many["runs"]] == [run["seed"] for run in many["unchanged"]] == [1, 2, 3]
    mean, low, high = many["ci95"]["evacuation_s"]
    assert low < mean < high
    one = compare_plans(hall(initial=5, duration_s=5.0), None).as_dict()
    assert one["seed"] == 5
    assert "unchanged" not in one
    assert one["people"] == 5


def test_the_table_has_means_and_intervals(plans: Plans) -> None:
    table = table_of(plans)
    assert [str(c.header) for c in table.columns] == [
        "measure",
        "as it is",
        "as changed",
        "difference",
        "95 % interval",
    ]
    first, *_, last = list(table.columns[0].cells)
    same = int(str(last).split()[0])
    assert str(last) == f"{same} more do not differ"
    assert same > 5
    assert table.row_count == len(plans.changes()) - same + 1
    low, high = (float(x) for x in str(next(iter(table.columns[4].cells))).split(" to "))
    assert low * high > 0, f"what surely differs comes first, and {first} does not"
    differences = [str(cell) for cell in table.columns[3].cells][:-1]
    assert all(differences[: sum(1 for c in plans.changes() if c.ci95 and c.ci95[0] * c.ci95[1] > 0)])


def test_several_processes_give_the_same_bits() -> None:
    scenarios = with_seeds(hall(initial=10, duration_s=6.0), (1, 2))
    shares: list[float] = []
    alone, together = measure_all(scenarios, workers=1), measure_all(scenarios, workers=2, progress=shares.append)
    for one, other in zip(alone, together, strict=True):
        assert one.as_dict() == other.as_dict()
        assert np.array_equal(one.density_peak_per_m2, other.density_peak_per_m2, equal_nan=True)
    assert shares == [0.5, 1.0]


def test_the_headline_is_the_time_until_everybody_is_out(plans: Plans) -> None:
    head = headline(plans)
    mean = np.mean([run.evacuation_s for run in plans.asked.runs])
    assert head.figure == f"{mean:.0f} s"
    assert "until everybody is out" in head.words
    assert re.search(r"\d+ s sooner than as it is", head.beside)


def test_who_is_not_out_by_the_end_is_said() -> None:
    short = compare_plans(hall(duration_s=6.0), hall(wide=True, duration_s=6.0), workers=1)
    head = headline(short)
    assert "not everybody is out by the end" in head.words
    assert float(head.figure) == pytest.approx(short.asked.runs[0].density_peak, abs=0.06)
    assert "in one run" in head.beside


def test_the_gate_that_limits_is_said_with_its_evidence(plans: Plans) -> None:
    narrow = " ".join(gate_sentences(plans.before))
    assert narrow.startswith("East limits: it works at its capacity for")
    assert "in 3 of 3 runs" in narrow
    few = compare_plans(hall(initial=3, duration_s=20.0), None)
    assert gate_sentences(few.before)[0].startswith("No gate limits")


def test_the_page_stands_alone_and_says_its_limits(plans: Plans, tmp_path: Path) -> None:
    changed = ["venue.gates.east.open=true"]
    write_plan_report(plans, tmp_path / "p.html", changes=changed, command="parvis plan x <y>")
    page = (tmp_path / "p.html").read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["p.html"]
    assert not re.search(r'(src|href)="', page)
    assert "http" not in page
    for said in (
        "gate east open",
        "contact forces",
        "paired by seed",
        "seeds 1 to 3",
        "parvis plan x &lt;y&gt;",
        "@page",
    ):
        assert said in page
    assert page.count("<canvas>") == 2
    assert "Specific flow over half way" in page
    alone = Plans(plans.scenario, plans.seeds[:1], compare_plans(hall(initial=4, duration_s=8.0), None).before, None)
    assert "One run is one draw of chance" in plan_page(alone)


def test_text_of_a_scenario_cannot_become_markup(plans: Plans) -> None:
    named = Plans(plans.scenario, plans.seeds, plans.after or plans.before, None)
    page = plan_page(named)
    assert "A wide &lt;hall&gt;" in page
    assert "<hall>" not in page


@pytest.mark.parametrize(("name", "said"), [("p.pdf", "should end in .html"), ("no/p.html", "there is no folder")])
def test_a_bad_path_is_said_before_anything_runs(tmp_path: Path, name: str, said: str) -> None:
    refused = CliRunner().invoke(app, ["plan", "hall_evacuation_v1", "--report", str(tmp_path / name)])
    assert isinstance(refused.exception, ScenarioError)
    assert said in str(refused.exception)


def test_the_command_sets_two_scenarios_side_by_side(tmp_path: Path) -> None:
    for wide in (False, True):
        side = hall(wide=wide, initial=8, duration_s=9.0, name=f"hall_v{1 + wide}")
        (tmp_path / f"{side.name}.toml").write_text(toml_of(side))
    first, second, report = (str(tmp_path / name) for name in ("hall_v1.toml", "hall_v2.toml", "r.html"))
    command = ["plan", first, "--against", second, "--seeds", "1,2", "--workers", "1", "--json", "--report", report]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["seeds"] == [1, 2]
    assert said["report"] == report
    assert "A hall beside A wide" in Path(report).read_text()


@pytest.mark.browser
def test_the_page_is_one_sheet_and_its_film_plays(plans: Plans, tmp_path: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="SKIPPED LOUDLY: playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip("SKIPPED LOUDLY: /usr/bin/chromium is not installed, so no page was looked at")
    write_plan_report(plans, tmp_path / "p.html")
    broken: list[Any] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1000, "height": 1200})
        page.on("pageerror", lambda error: broken.append(error))
        page.goto((tmp_path / "p.html").as_uri())
        page.wait_for_function("document.querySelector('.cf').film")
        picture = "document.querySelector('canvas').toDataURL()"
        page.evaluate("document.querySelector('.cf').film.show(0)")
        at_first = page.evaluate(picture)
        page.select_option(".cf-speed", "30")
        page.click(".cf-play")
        page.wait_for_function("document.querySelector('.cf').film.time > 5")
        assert page.evaluate(picture) != at_first
        assert "people inside after" in page.inner_text("figcaption >> nth=-1")
        sheets = page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
        browser.close()
    assert not broken
    assert sheets == 1


def toml_of(scenario: Scenario) -> str:
    import tomli_w

    return tomli_w.dumps(json.loads(scenario.model_dump_json(exclude_defaults=True)))
