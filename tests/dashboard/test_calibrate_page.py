"""The page Calibrate in a real Chromium: points clicked on both sides give the camera back."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.plan_picture import PlanPicture, picture_of
from detect.calibrating.points import load_points
from scenarios.calibration import load_calibration
from scenarios.errors import ScenarioError
from scenarios.load import load_scenario
from scenarios.recording import Recording

PICTURES = os.environ.get("PARVIS_SCREENSHOTS")
CHROMIUM = Path("/usr/bin/chromium")


def test_a_plan_knows_the_place_of_every_pixel(rehearsed: Recording) -> None:
    venue = load_scenario(rehearsed.scenario_toml).venue
    for plan in (PlanPicture.of_venue(venue), PlanPicture.of_grid(20, 8)):
        for place in ((0.0, 0.0), (12.5, 7.25)):
            np.testing.assert_allclose(plan.to_m(*plan.to_px(*place)), place, atol=1e-9)
        assert plan.src.startswith("data:image/svg+xml;base64,")


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ScenarioError, match="not a JPEG or PNG"):
        picture_of(b"GIF89a")


@pytest.fixture
def site(rehearsed: Recording, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    folder = tmp_path / "runs"
    folder.mkdir()
    shutil.copytree(rehearsed.folder, folder / "rehearsed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "dashboard.cli", "dashboard", str(folder), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                urllib.request.urlopen(url, timeout=1).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        yield url, folder
        process.terminate()
        process.wait(10)


def _click(page: Any, which: int, x: float, y: float, size: tuple[int, int]) -> None:
    picture = page.locator(".frame img").nth(which)
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    place = (box["x"] + (x + 0.5) / size[0] * box["width"], box["y"] + (y + 0.5) / size[1] * box["height"])
    page.mouse.move(*place)
    page.mouse.click(*place)
    page.wait_for_timeout(250)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


@pytest.mark.browser
def test_clicked_points_give_the_camera_back(site: tuple[str, Path], rehearsed: Recording) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="SKIPPED LOUDLY: playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip("SKIPPED LOUDLY: /usr/bin/chromium is not installed, so no page was looked at")
    url, folder = site
    world = load_scenario(rehearsed.scenario_toml)
    true, plan = world.cameras[0].build(), PlanPicture.of_venue(world.venue)
    places = [(13.0, 3.0), (18.0, 3.0), (22.0, 6.0), (9.0, 13.0), (13.0, 19.0), (18.0, 18.0)]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 1500, "height": 1250}).new_page()
        page.set_default_timeout(20_000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{url}/calibrate")
        page.wait_for_function(
            "[...document.querySelectorAll('*')]"
            ".filter(e => e.shadowRoot?.querySelector('.frame img')?.complete).length === 2"
        )
        for x, y in places:
            px = true.project([(x, y, 0.0)])[0][0]
            _click(page, 0, float(px[0]), float(px[1]), (640, 360))
            _click(page, 1, *plan.to_px(x, y), plan.size_px)
        page.get_by_text("Field of view").wait_for()
        page.mouse.move(*[v + 120 for v in (page.locator(".frame img").first.bounding_box()[k] for k in ("x", "y"))])
        page.wait_for_timeout(300)
        if PICTURES:
            page.screenshot(path=str(Path(PICTURES) / "calibrate.png"), full_page=True)
        page.get_by_label("Name of the camera").fill("south")
        page.get_by_label("Name of the camera").press("Enter")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("Saved").wait_for()
        assert page.locator("[data-testid=stException]").count() == 0
        browser.close()
        assert not faults, faults
    saved = load_calibration(folder / "cameras" / "south.toml").camera
    below = np.array([(320.0, 200), (120, 300), (500, 260)])
    off = np.linalg.norm(saved.to_ground(below) - true.to_ground(below), axis=1)
    assert off.max() < 0.5, off
    assert saved.doubt is not None
    assert len(load_points(folder / "cameras" / "south.points.toml").points) == 6
