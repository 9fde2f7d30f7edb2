"""What many tests need: real footage where there is some, and one small rehearsal."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture(scope="session")
def reference() -> Path:
    return REFERENCE


@pytest.fixture(scope="session")
def vtest() -> Path:
    """PETS2009 S2.L1 view 1, out of Debian's package opencv-doc."""
    from dashboard.fetch_footage import vtest as find

    path = find()
    if path is None:
        pytest.skip("NO REAL VIDEO: run `python -m dashboard.fetch_footage`")
    return path.resolve()


@pytest.fixture(scope="session")
def parvis_data() -> Path:
    """The folder of real footage that PARVIS_DATA names."""
    named = os.environ.get("PARVIS_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("NO REAL DATA: PARVIS_DATA names no folder")
    return Path(named)


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds of the forecourt, with a 2 s rule so that a bag is abandoned in them, seen by the oracle."""
    from dashboard.rehearsal import Watching, rehearse
    from scenarios.load import load_scenario

    scenario = load_scenario("forecourt_bag_v1", ["duration_s=20", "cameras.0.resolution_px=[640,360]"])
    out = tmp_path_factory.mktemp("runs") / "small"
    rehearse(scenario, out, Watching(detector="oracle"), command="parvis run forecourt_bag_v1")
    return out
