"""The report and every page in a real Chromium."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from dashboard.report import write_report
from detect.audit import digest
from detect.clips import Clip
from detect.desk import Alert, AlertState
from detect.live.clip_film import Shot, code_film
from detect.marks import Mark
from detect.store import CameraState, Decision, Store
from scenarios.event import Event, EventKind
from scenarios.recording import Recording

pytestmark = pytest.mark.browser

sync_api = pytest.importorskip("playwright.sync_api", reason="SKIPPED LOUDLY: playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURES = os.environ.get("PARVIS_SCREENSHOTS")
"""Folder for screenshots, for a person to look at; none are kept without it."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("SKIPPED LOUDLY: /usr/bin/chromium is not installed, so no page was looked at")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that fails the test when its script breaks or when it asks anything of another machine."""
    context = browser.new_context(viewport={"width": 1400, "height": 950})
    page = context.new_page()
    page.set_default_timeout(20_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("request", lambda r: None if _ours(r.url) else faults.append(f"asked {r.url}"))
    yield page
    context.close()
    assert not faults, faults


def _ours(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:", "about:", "http://127.0.0.1", "ws://127.0.0.1"))


def _keep(page: Any, name: str, *, full: bool = True) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=full)


@pytest.fixture(scope="module")
def report_url(runs_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = shutil.copytree(runs_folder / "rehearsed", tmp_path_factory.mktemp("report") / "run")
    return write_report(Recording.open(folder)).as_uri()


@pytest.fixture
def report(page: Any, report_url: str) -> Any:
    page.goto(report_url)
    page.wait_for_function("document.getElementById('player').player?.video.readyState >= 2")
    return page


def _time(page: Any) -> float:
    return float(page.evaluate("document.getElementById('player').player.time()"))


_PAINTED = """() => {
  const c = document.querySelector('#player canvas');
  const pixels = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  let n = 0;
  for (let i = 3; i < pixels.length; i += 4) n += pixels[i] > 0;
  return n;
}"""


def test_report_plays(report: Any) -> None:
    report.click("#player [data-do=play]")
    report.wait_for_function("document.querySelector('video').currentTime > 0.5")
    assert _time(report) > 0.4
    shown = report.evaluate(
        "() => { const p = document.getElementById('player').player; return [p.index, p.video.currentTime]; }"
    )
    assert abs(shown[0] / 12.5 - shown[1]) < 0.35
    _keep(report, "report")


def test_report_overlay_follows_its_switches(report: Any) -> None:
    report.evaluate("document.getElementById('player').player.seek(3)")
    boxes = report.evaluate(_PAINTED)
    assert boxes > 500
    report.uncheck("[data-layer=tracks]")
    without_tracks = report.evaluate(_PAINTED)
    assert without_tracks < boxes
    report.check("[data-layer=detections]")
    assert report.evaluate(_PAINTED) > without_tracks
    for layer in ("visible", "detections", "alarms"):
        report.uncheck(f"[data-layer={layer}]")
    assert report.evaluate(_PAINTED) == 0


def test_report_seeks_from_timeline_table_and_keys(report: Any) -> None:
    report.click(".t-event[data-n='2'] .t-mark")
    assert _time(report) == pytest.approx(4.0, abs=0.05)
    report.wait_for_function("Math.abs(document.querySelector('video').currentTime - 4.0) < 0.1")
    report.locator(".ledger tr[data-n='1'] .go").click()
    assert _time(report) == pytest.approx(2.0, abs=0.05)
    assert report.get_attribute("[data-camera=west_wall]", "aria-selected") == "true"
    report.focus("#player")
    report.keyboard.press("ArrowRight")
    assert _time(report) == pytest.approx(2.08, abs=0.01)
    report.keyboard.press("n")
    assert _time(report) == pytest.approx(4.0, abs=0.05)
    report.locator(".plan [data-n='3']").click()
    assert _time(report) == pytest.approx(6.5, abs=0.05)


def test_report_on_a_phone(report: Any) -> None:
    report.set_viewport_size({"width": 390, "height": 844})
    report.wait_for_timeout(300)
    assert report.evaluate("document.documentElement.scrollWidth <= innerWidth")
    _keep(report, "report_phone")


def test_report_that_lost_its_film_says_so(page: Any, report_url: str, tmp_path: Path) -> None:
    lonely = shutil.copy(report_url.removeprefix("file://"), tmp_path / "report.html")
    page.goto(Path(lonely).as_uri())
    page.wait_for_selector(".pv-message:not([hidden])")
    assert "must lie beside this page" in page.inner_text(".pv-message")


@pytest.fixture(scope="module")
def site_folder(runs_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the runs for the pages."""
    return shutil.copytree(runs_folder, tmp_path_factory.mktemp("site") / "runs")


@pytest.fixture(scope="module")
def site(site_folder: Path) -> Iterator[str]:
    """The dashboard, started as a person starts it, on a copy of the runs."""
    folder = site_folder
    for name in ("rehearsed", "watched"):
        write_report(Recording.open(folder / name))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = f"from pathlib import Path; from dashboard.serve import serve; serve(Path({str(folder)!r}), port={port})"
    log = folder.parent / "serve.log"
    with log.open("wb") as out:
        server = subprocess.Popen([sys.executable, "-c", code], stdout=out, stderr=out, cwd=folder.parent)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).close()
                break
            except (urllib.error.URLError, ConnectionError):
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.3)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def _status(url: str, **headers: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_films_come_in_ranges(site: str, runs_folder: Path) -> None:
    whole = (runs_folder / "rehearsed/video/south_mast.mp4").read_bytes()
    url = f"{site}/files/rehearsed/video/south_mast.mp4"
    assert _status(url) == (200, whole)
    assert _status(url, Range="bytes=100-199") == (206, whole[100:200])


@pytest.mark.parametrize(
    "path",
    [
        "/files/../serve.log/report.html",
        "/files/%2e%2e/report.html",
        "/files/..%2f..%2fetc/report.html",
        "/files/rehearsed/video/..%2f..%2frehearsed%2fvideo%2fsouth_mast.mp4",
        "/files/rehearsed/video/%2e%2e%2f%2e%2e%2fwatched%2fvideo%2fsouth_mast.mp4",
        "/files/nothing/player",
        "/files/rehearsed/run.json",
    ],
)
def test_nothing_outside_the_folder_is_served(site: str, path: str) -> None:
    status, body = _status(site + path)
    # Streamlit answers unknown addresses with its own start page, which holds nothing of ours
    assert status in (400, 404) or b"<title>Streamlit</title>" in body


def test_other_names_of_this_machine_are_refused(site: str) -> None:
    """A page of another site whose name was bent to 127.0.0.1 cannot read the pages."""
    for path in ("/files/rehearsed/report.html", "/"):
        assert _status(site + path)[0] == 200
        assert _status(site + path, Host="evil.example")[0] == 421


def test_overlay_belongs_to_the_picture(site: str, page: Any) -> None:
    """The box is drawn where the rectangle in the film is: same picture, same place."""
    page.goto(f"{site}/files/rehearsed/player#t=5")
    page.wait_for_function("document.getElementById('player').player?.video.readyState >= 2")
    page.wait_for_function(
        "!document.querySelector('video').seeking && document.querySelector('video').currentTime > 4.9"
    )
    measure = """() => {
      const p = document.getElementById('player').player, c = document.createElement('canvas');
      c.width = 640; c.height = 360;
      const pen = c.getContext('2d');
      pen.drawImage(p.video, 0, 0);
      const rows = p.camera.truth[p.index], out = [];
      for (let i = 0; i < rows.length; i += 11) {
        const [id, , x, y, w, h] = rows.slice(i, i + 6);
        if (id !== 0) continue;
        const row = pen.getImageData(0, Math.round(y + h / 2), 640, 1).data;
        const red = [];
        for (let k = Math.max(0, x - 40); k < Math.min(640, x + w + 40); k++) {
          if (row[4 * k] > 150 && row[4 * k + 2] < 110) red.push(k);
        }
        out.push([x, x + w, Math.min(...red), Math.max(...red)]);
      }
      return out;
    }"""
    for _ in range(25):  # a loaded machine shows the sought picture late
        offsets = page.evaluate(measure)
        if len(offsets) == 1 and all(value is not None and abs(value) < 1e6 for value in offsets[0]):
            break
        page.wait_for_timeout(200)
    assert len(offsets) == 1
    left, right, red_left, red_right = offsets[0]
    assert abs(left - red_left) <= 3
    assert abs(right - red_right) <= 3


def _settled(page: Any) -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    boxes = page.locator("[data-testid=stException]").all_inner_texts()
    assert not boxes, boxes


def test_test_page_shows_the_player_and_seeks(site: str, page: Any) -> None:
    page.goto(f"{site}/?run=rehearsed")
    page.wait_for_selector("iframe")
    _settled(page)
    frame = page.frame_locator("iframe").first
    frame.locator("video").wait_for()
    inner = next(f for f in page.frames if "/files/rehearsed/player" in f.url)
    inner.wait_for_function("document.getElementById('player').player?.video.readyState >= 2")
    inner.evaluate("window.same = true")
    _keep(page, "test")
    page.get_by_role("button", name="Show").nth(2).click()
    inner.wait_for_function("Math.abs(document.getElementById('player').player.time() - 6.5) < 0.05")
    assert inner.evaluate("window.same") is True, "the player was loaded again instead of steered"
    _settled(page)
    inner.evaluate("document.getElementById('player').player.seek(0)")
    page.get_by_role("button", name="Show").nth(2).click()
    inner.wait_for_function("Math.abs(document.getElementById('player').player.time() - 6.5) < 0.05")
    assert page.get_by_text("not measured").count() >= 1
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(800)
    _keep(page, "test_phone", full=False)


def test_address_says_which_run(site: str, page: Any) -> None:
    page.goto(f"{site}/?run=watched")
    page.wait_for_selector("iframe[src*='/files/watched/player']")
    _settled(page)
    page.get_by_text("REAL FOOTAGE").wait_for()
    page.get_by_label("Run", exact=True).click()
    page.get_by_role("option").nth(0).click()
    page.wait_for_selector("iframe[src*='/files/rehearsed/player']")
    assert "run=rehearsed" in page.url


def test_test_page_shows_two_runs_beside_each_other(site: str, page: Any) -> None:
    page.goto(f"{site}/?run=rehearsed")
    page.wait_for_selector("iframe")
    page.get_by_label("Beside").click()
    page.get_by_role("option").nth(1).click()
    page.wait_for_function("document.querySelectorAll('iframe').length === 2")
    _settled(page)
    page.wait_for_timeout(1200)
    _keep(page, "test_beside")


def test_plan_page_runs_a_crowd_with_a_gate_shut(site: str, page: Any) -> None:
    page.goto(f"{site}/plan?scenario=rehearsed%20(from%20this%20run)")
    page.wait_for_selector(".js-plotly-plot")
    _settled(page)
    page.get_by_text("east gate, 4.0 m").click()
    page.get_by_role("spinbutton", name="Runs").fill("3")
    page.get_by_role("button", name="Run the crowd").click()
    page.wait_for_function(
        "document.querySelectorAll('.js-plotly-plot .heatmaplayer image').length === 2", timeout=90_000
    )
    _settled(page)
    assert page.get_by_text("venue.gates.east_gate.open=false").count() >= 1
    assert "--set venue.gates.east_gate.open=false" in page.locator("[data-testid=stCode]").inner_text()
    cells = page.locator("[data-testid=stTable]").first.inner_text()
    assert "People left" in cells
    assert "95 % interval" in cells
    assert "--seeds 7-9" in page.locator("[data-testid=stCode]").inner_text()
    assert page.get_by_text("Which gate limits").count() == 2
    closed = page.locator(".js-plotly-plot .annotation", has_text="closed")
    assert closed.count() == 1, "the gate is shown shut on the changed map and on no other"
    film = page.frame_locator("iframe[data-testid=stIFrame]")
    assert film.locator("canvas").count() == 2
    film.locator(".cf-speed").select_option("30")
    film.locator(".cf-play").click()
    film.locator("figcaption", has_text="as changed").wait_for()
    with page.expect_download() as sheet:
        page.get_by_role("button", name="One page to print").click()
    assert sheet.value.suggested_filename.endswith("_plan.html")
    page.get_by_text("level of service", exact=True).click()
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot .heatmaplayer image').length === 2")
    _settled(page)
    page.set_viewport_size({"width": 1400, "height": 3600})
    page.wait_for_timeout(800)
    _keep(page, "plan", full=False)
    page.set_viewport_size({"width": 390, "height": 2600})
    page.wait_for_timeout(800)
    _keep(page, "plan_phone", full=False)


def test_live_page_without_a_store_says_how_to_make_one(site: str, page: Any) -> None:
    page.goto(f"{site}/live")
    page.get_by_text("parvis watch rtsp://").wait_for()
    _settled(page)
    _keep(page, "live_empty")


def test_library_page_draws_finds_and_says_how(site: str, page: Any) -> None:
    page.goto(f"{site}/library")
    page.wait_for_selector("img.exhibit")
    _settled(page)
    first = "document.querySelector('img.exhibit[src*=\"/gallery/place-\"]')"
    page.wait_for_function(f"{first}.naturalWidth > 300", timeout=120_000)
    plan = "document.querySelector('img.plan')"
    page.wait_for_function(f"{plan}.complete && {plan}.naturalWidth > 100")
    assert "parvis run forecourt_bag_v1" in page.locator("[data-testid=stCode]").all_inner_texts()
    page.get_by_label("Search").fill("backpack")
    page.get_by_label("Search").press("Enter")
    page.wait_for_function("document.querySelectorAll('.exhibits figure').length === 1")
    _settled(page)
    page.wait_for_function("document.querySelector('.exhibits img').naturalWidth > 300", timeout=120_000)
    _keep(page, "library_search", full=False)
    assert "sought=backpack" in page.url
    page.get_by_label("Search").fill("nothing of this name")
    page.get_by_label("Search").press("Enter")
    page.get_by_text("Nothing here is called").wait_for()
    page.goto(f"{site}/library?kind=conditions&sought=fog")
    page.wait_for_function("document.querySelectorAll('.exhibits img').length === 3")
    page.get_by_text("--set conditions.fog=3").wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(600)
    assert page.evaluate("document.querySelector('.exhibits').scrollWidth <= window.innerWidth")
    _keep(page, "library_phone", full=False)


@pytest.mark.parametrize(
    "path", ["/gallery/none.jpg", "/gallery/..%2f..%2fx.jpg", "/gallery/plan/none.svg", "/gallery/plan/..%2fx.svg"]
)
def test_gallery_routes_show_nothing_else(site: str, path: str) -> None:
    assert _status(site + path)[0] in (400, 404)


def _jpeg(shade: int) -> bytes:
    done, coded = cv2.imencode(".jpg", np.full((360, 640, 3), shade, np.uint8))
    assert done
    return coded.tobytes()


def _alert(n: int, kind: EventKind = EventKind.ABANDONED_OBJECT) -> Alert:
    event = Event(
        f"e{n}", kind, "gate_north", 5.0, None, (12.1, 8.4), None, "queue", (1,), 0.8, "rule", {"owner_away_m": 5.2}
    )
    return Alert(f"a{n}", event, AlertState.NEW, datetime.now(UTC) - timedelta(seconds=n), ())


@pytest.fixture
def store(site_folder: Path) -> Iterator[Path]:
    """A store in the folder of the running site: one live camera, one that stalled, two alerts."""
    path = site_folder / "alerts.sqlite"
    now = datetime.now(UTC)
    with Store.create_or_open(path) as opened:
        opened.say_camera(CameraState("gate_north", "rtsp://127.0.0.1/n", "live", "", now, {}))
        opened.keep_picture("gate_north", _jpeg(120), now + timedelta(seconds=60))
        opened.say_camera(CameraState("gate_south", "rtsp://127.0.0.1/s", "stalled", "stream lost", now, {}))
        opened.keep_picture("gate_south", _jpeg(90), now - timedelta(seconds=95))
        opened.say_camera(CameraState("hall", "rtsp://127.0.0.1/h", "live", "", now, {}))
        opened.keep_picture("hall", _jpeg(60), now - timedelta(seconds=30))
        opened.raise_alert(_alert(1), _jpeg(150))
        opened.raise_alert(_alert(2, EventKind.CROWD_MOVEMENT))
    yield path
    shutil.rmtree(path.with_name("alerts.sqlite.clips"), ignore_errors=True)
    for part in path.parent.glob("alerts.sqlite*"):
        part.unlink()


def test_live_page_confirms_and_dismisses(site: str, store: Path, page: Any) -> None:
    page.goto(f"{site}/live")
    page.get_by_role("button", name="Confirm").first.wait_for()
    _settled(page)
    wall = page.frame_locator("iframe")
    wall.locator("figure").nth(2).wait_for()
    states = {box.locator("b").inner_text(): box.get_attribute("data-state") for box in wall.locator("figure").all()}
    assert states == {"gate north": "live", "gate south": "stalled", "hall": "stalled"}, "an old picture is never live"
    assert "STREAM LOST" in wall.locator("figure").nth(1).inner_text()
    assert wall.locator("figure").nth(0).locator(".cam-veil").is_hidden()
    page.wait_for_function("document.querySelector('img.still')?.naturalWidth === 640")
    page.wait_for_timeout(1500)
    _keep(page, "live")

    page.get_by_role("button", name="Confirm").first.click()
    _until(lambda: [d.verdict for d in _decisions(store)] == ["confirmed"])
    page.wait_for_function(
        "[...document.querySelectorAll('button')].filter(b => b.innerText.startsWith('Confirm')).length == 1"
    )
    _settled(page)
    page.get_by_role("button", name="Dismiss").first.click()
    page.get_by_role("button", name="Dismiss the alert").click()
    page.get_by_text("Say why").wait_for()
    assert len(_decisions(store)) == 1, "dismissed without a reason"
    page.get_by_text("reflection, lamp or shadow").click()
    _keep(page, "live_dismiss")
    page.get_by_role("button", name="Dismiss the alert").click()
    _until(lambda: len(_decisions(store)) == 2)
    dismissed, confirmed = _decisions(store)
    assert (dismissed.verdict, dismissed.reason) == ("dismissed", "reflection, lamp or shadow")
    assert (confirmed.alert.alert_id, dismissed.alert.alert_id) == ("a1", "a2")
    assert confirmed.by == dismissed.by == getpass.getuser()
    page.get_by_text("No alert waits for a decision.").wait_for()
    with Store.open_existing(store) as opened:
        assert opened.verify().ok
        opened.raise_alert(_alert(3), _jpeg(200))
    page.get_by_role("button", name="Confirm").first.wait_for()  # a new alert comes by itself
    _settled(page)
    page.keyboard.press("y")
    _until(lambda: len(_decisions(store)) == 3)
    assert _decisions(store)[0].verdict == "confirmed"


def test_live_page_shows_the_hour_and_switches_a_camera_off(site: str, store: Path, page: Any) -> None:
    page.goto(f"{site}/live")
    page.get_by_text("The last hour").wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    assert "gate south" in page.locator(".js-plotly-plot").first.inner_text()
    page.get_by_text("Switches", exact=True).click()
    page.get_by_role("button", name="Switch off").click()
    page.get_by_text("Say what is to be switched off").wait_for()
    choice = page.get_by_role("combobox", name="Stop the analysis of")
    option = page.get_by_role("option", name="camera gate north")

    def chosen() -> bool:
        """A page that is drawn anew at this very moment closes the list."""
        if not option.is_visible():
            choice.fill("")
            choice.fill("north")
            page.wait_for_timeout(300)
        if option.is_visible():
            page.keyboard.press("Enter")
        return bool(choice.input_value() == "camera gate north")

    _until(chosen)
    page.get_by_label("Reason").fill("a march")
    page.get_by_role("button", name="Switch off").click()
    page.get_by_text("camera gate north is off: a march").wait_for()
    with Store.open_existing(store) as opened:
        assert opened.switched_off() == {"camera:gate_north": f"a march ({getpass.getuser()})"}
    _settled(page)
    page.get_by_role("button", name="On again").click()
    page.wait_for_function("!document.body.innerText.includes('is off: a march')")
    with Store.open_existing(store) as opened:
        assert opened.switched_off() == {}


def _keep_film(path: Path, alert_id: str) -> None:
    """Five pictures a second for four seconds, then two seconds of nothing, then two seconds more."""
    times = [n / 5 for n in [*range(20), *range(30, 40)]]
    now = datetime.now(UTC)
    shots = [Shot(t, now + timedelta(seconds=t), (640, 360), _jpeg(40 + int(10 * t))) for t in times]
    with Store.open_existing(path) as opened:
        opened.clips.folder.mkdir(exist_ok=True)
        name = f"{alert_id}.mp4"
        code_film(opened.clips.folder / name, shots)
        sha256 = str(digest((opened.clips.folder / name).read_bytes()))
        size = (640, 360)
        opened.clips.keep(Clip(alert_id, name, sha256, now, 3.0, 7.8, 30, size, (1280, 720), True, ((3.8, 6.0),)))


def test_live_page_plays_films_and_marks_places(site: str, store: Path, page: Any) -> None:
    with Store.open_existing(store) as opened:
        first = opened.alert("a1")
        boxed = replace(first.event, box_px=(500.0, 200.0, 700.0, 500.0))
        opened.update_alert(replace(first, event=boxed, more=14))
    page.goto(f"{site}/live")
    page.get_by_text("and 14 more like it").wait_for()
    assert page.get_by_text("Film", exact=True).count() == 0
    _keep_film(store, "a1")
    page.get_by_text("Film", exact=True).click()  # it comes by itself when it is there
    film = page.frame_locator("iframe[src*='/film']")
    film.locator("video").wait_for()
    frame = next(f for f in page.frames if "/film" in f.url)
    frame.wait_for_function("document.querySelector('video').readyState >= 2")
    assert film.locator(".cam-veil").is_hidden()
    assert film.locator(".clip-box").is_hidden(), "before the alert there is nothing to be ringed"
    frame.evaluate("document.querySelector('video').currentTime = 5")
    film.get_by_text("NO PICTURE FOR 2.2 S").wait_for()
    _keep(page, "live_film_gap")
    frame.evaluate("document.querySelector('video').currentTime = 7")
    film.get_by_text("4.0 s after the alert").wait_for()
    assert film.locator(".cam-veil").is_hidden()
    ring = film.locator(".clip-box").bounding_box()
    stage = film.locator(".cam-stage").bounding_box()
    assert (ring["x"] - stage["x"]) / stage["width"] == pytest.approx(500 / 1280, abs=0.01)
    _keep(page, "live_film")

    page.get_by_role("button", name="Dismiss").first.click()
    page.get_by_text("furniture, bin or sign").click()
    page.get_by_text("a fixture, for 30 days").click()
    _keep(page, "live_mark")
    page.get_by_role("button", name="Dismiss the alert").click()
    _until(lambda: len(_decisions(store)) == 1)
    with Store.open_existing(store) as opened:
        (mark,) = opened.marks.standing(datetime.now(UTC))
        assert (mark.fixture, mark.by, mark.alert_id) == (True, getpass.getuser(), "a1")
        viewed = opened.verify()
        assert viewed.ok, viewed.problem
    (decision,) = _decisions(store)
    assert decision.seen_by == getpass.getuser()
    assert decision.seen_at is not None
    page.get_by_text("Not raised for now (1)").click()
    _keep(page, "live_marks")
    page.get_by_role("button", name="Raise it again").click()
    _until(lambda: not _marks(store))
    record = sqlite3.connect(store)
    told = [row[0] for row in record.execute("SELECT facts FROM audit WHERE action = 'alert.viewed' ORDER BY seq")]
    record.close()
    assert {(f["alert"], f["what"], f["by"]) for f in map(json.loads, told)} >= {
        ("a1", "picture", getpass.getuser()),
        ("a1", "film", getpass.getuser()),
        ("a2", "facts", getpass.getuser()),
    }
    assert len(told) == len(set(told)), "each thing is noted once"


def _marks(path: Path) -> tuple[Mark, ...]:
    with Store.open_existing(path) as opened:
        return opened.marks.standing(datetime.now(UTC))


def test_live_page_on_a_phone(site: str, store: Path, page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 1900})
    page.goto(f"{site}/live")
    page.get_by_role("button", name="Confirm").first.wait_for()
    page.wait_for_timeout(1500)
    _keep(page, "live_phone", full=False)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_live_pictures_are_never_kept(site: str, store: Path) -> None:
    with urllib.request.urlopen(f"{site}/live/picture/gate_north.jpg", timeout=10) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.read() == _jpeg(120)
    assert _status(f"{site}/live/picture/nobody.jpg")[0] == 404
    assert _status(f"{site}/live/alert/a2.jpg")[0] == 404


def _decisions(path: Path) -> list[Decision]:
    with Store.open_existing(path) as opened:
        return opened.decisions()


def _until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)
