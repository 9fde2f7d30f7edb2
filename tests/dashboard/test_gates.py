"""What may not get worse: sentences, exit codes, and what a build server reads."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from dashboard.compare import Change, Difference
from dashboard.gates import check_gate, junit
from scenarios.errors import ScenarioError

RECALL = "events.abandoned_object.recall"
FALSE = "events.abandoned_object.false"
FOUND = Difference(
    "old",
    "new",
    (
        Change(RECALL, 1.0, 0.5, -0.5, (-0.8, -0.2), 4),
        Change(FALSE, 0.0, 2.0, 2.0, (-1.0, 5.0), 4),
        Change("count.mae", None, 3.0, None, None, 0),
        Change("tracks.hota", 0.5, None, None, None, 0),
    ),
)


@pytest.fixture
def broken(tmp_path):
    gate = tmp_path / "gate.toml"

    def ask(text, found=FOUND):
        gate.write_text(text)
        return [line for verdict in check_gate(found, gate) for line in verdict.broken]

    return ask


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[gates."events.*.recall"]\nmin = 0.4\nmax_drop = 0.5', []),
        ('[gates."events.*.recall"]\nmin = 0.6', [f"{RECALL} is 0.500, below 0.6"]),
        ('[gates."events.*.recall"]\nmax_drop = 0.4', [f"{RECALL} fell by 0.500, more than 0.4"]),
        (
            '[gates."events.*.false"]\nmax_rise = 1\nmax = 1',
            [f"{FALSE} is 2.000, above 1", f"{FALSE} rose by 2.000, more than 1"],
        ),
        ('[gates."count.mae"]\nmax_rise = 1', ["count.mae was not measured before"]),
        ('[gates."tracks.hota"]\nmin = 0.1', ["tracks.hota was not measured"]),
        ('[gates."events.*.false"]\nmax_rise = 0\nsurely = true', []),
        ('[gates."events.*.recall"]\nmax_drop = 0\nsurely = true', [f"{RECALL} fell by 0.500, surely, more than 0"]),
        ('[gates."events.*.recall"]\nmax_drop = 0.3\nsurely = true', []),
    ],
)
def test_limits(broken, text, said):
    assert broken(text) == said


def test_without_an_interval_the_change_itself_counts(broken):
    one = Difference("old", "new", (Change(FALSE, 0.0, 2.0, 2.0, None, 1),))
    assert broken(f'[gates."{FALSE}"]\nmax_rise = 1\nsurely = true', one) == [f"{FALSE} rose by 2.000, more than 1"]


def test_wrong_gate_files(broken):
    with pytest.raises(ScenarioError, match=r"unknown score 'events\.fire\.recall'"):
        broken('[gates."events.fire.recall"]\nmin = 0.5')
    with pytest.raises(ScenarioError, match="at least one of"):
        broken('[gates."count.mae"]\n')
    with pytest.raises(ScenarioError, match=r"gate\.toml.*'maximum'"):
        broken('[gates."count.mae"]\nmaximum = 1')


def test_build_servers_read_a_test_case_a_score(tmp_path):
    gate = tmp_path / "gate.toml"
    gate.write_text('[gates."events.*.recall"]\nmin = 0.6\n[gates."events.*.false"]\nmax = 3\n')
    told = ET.fromstring(junit(check_gate(FOUND, gate), FOUND))
    assert (told.get("tests"), told.get("failures")) == ("2", "1")
    cases = {case.get("name"): case for case in told.iter("testcase")}
    failure = cases[RECALL].find("failure")
    assert failure is not None
    assert failure.get("message") == f"{RECALL} is 0.500, below 0.6"
    assert failure.text == "before 1, after 0.5, change -0.8 to -0.2 (95 %); 4 pairs"
    assert cases[FALSE].find("failure") is None


def test_the_command_fails_where_a_gate_is_broken(rehearsed, tmp_path):
    gate, report = tmp_path / "gate.toml", tmp_path / "gate.xml"
    arguments = [
        "compare",
        str(rehearsed.folder),
        str(rehearsed.folder),
        "--gate",
        str(gate),
        "--junit",
        str(report),
        "--json",
    ]
    gate.write_text('[gates."events.*.found"]\nmax_drop = 0\n')
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, json.loads(done.stdout)["broken"]) == (0, [])
    assert b"<failure" not in report.read_bytes()
    gate.write_text('[gates."events.*.found"]\nmin = 99\n')
    assert CliRunner().invoke(app, arguments).exit_code == 1
    assert b"<failure" in report.read_bytes()


EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def test_the_example_of_a_gate_is_a_gate():
    changes = [Change(key, 1.0, 1.0, 0.0, (0.0, 0.0), 9) for key in ("events.fire.recall", RECALL)]
    changes += [
        Change(key, 0.0, 0.0, 0.0, None, 1)
        for key in ("events.fire.false_per_camera_hour", "fairness.dweller.per_person_hour")
    ]
    verdicts = check_gate(Difference("old", "new", tuple(changes)), EXAMPLES / "gate.toml")
    assert len(verdicts) == 5
    assert not any(verdict.broken for verdict in verdicts)


def test_the_workflow_runs_commands_that_there_are():
    text = (EXAMPLES / "detector_upgrade.yml").read_text()
    lines = [line.split("run:", 1)[1].split() for line in text.splitlines() if "run: parvis" in line]
    assert [words[1] for words in lines] == ["sweep", "sweep", "compare"]
    for words in lines:
        told = CliRunner().invoke(app, [words[1], "--help"], env={"COLUMNS": "200"}).stdout
        assert all(word in told for word in words if word.startswith("--"))
