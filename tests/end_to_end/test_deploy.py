"""The unit and the container file name what exists, and run as nobody in particular."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer.main

from dashboard.cli import app

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "examples" / "deploy"


class Unit(configparser.RawConfigParser):
    """systemd repeats keys and begins comments with a sharp."""

    def __init__(self):
        super().__init__(strict=False, comment_prefixes=("#",), inline_comment_prefixes=None)
        self.optionxform = str


def verbs():
    return set(typer.main.get_command(app).commands)


def test_the_unit_runs_the_daemon_guarded_and_does_not_repeat_a_mistake():
    unit = Unit()
    unit.read(DEPLOY / "parvis-live.service")
    service = unit["Service"]
    program, verb, config = service["ExecStart"].split()
    assert (Path(program).name, verb in verbs(), config) == ("parvis", True, "/etc/parvis/live.toml")
    assert service["User"] == "parvis"
    assert service["RestartPreventExitStatus"] == "2"
    assert int(service["TimeoutStopSec"]) > 8
    for guard in ("NoNewPrivileges", "ProtectHome", "PrivateTmp"):
        assert service[guard] == "yes"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    unit = (DEPLOY / "parvis-live.service").read_text()
    path = tmp_path / "parvis-live.service"
    path.write_text(
        unit.replace("/opt/parvis/bin/parvis", shutil.which("true"))
    )  # it looks whether the program is there
    said = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False)
    mine = [line for line in said.stderr.splitlines() if "parvis-live" in line and "systemd-analyze" not in line]
    assert mine == []


def test_the_container_copies_what_is_there_and_runs_as_nobody():
    text = (DEPLOY / "Dockerfile").read_text()
    copied = [name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for name in line.split()]
    assert {"pyproject.toml", "dashboard", "detect", "scenarios", "sim"} <= set(copied)
    assert all((ROOT / name).exists() for name in copied)
    last = text.rpartition("FROM ")[2]
    assert re.search(r"^USER parvis$", last, re.MULTILINE)
    (verb,) = re.findall(r'^CMD \["parvis", "(\w+)"', last, re.MULTILINE)
    assert verb in verbs()


@pytest.mark.parametrize("name", ["parvis-live.service", "Dockerfile"])
def test_no_secret_stands_in_an_example(name):
    text = (DEPLOY / name).read_text()
    assert not re.search(r"(PASSWORD|TOKEN|SECRET)=(?!\.\.\.)\S", text)
