"""Films of alerts: made beside the watcher, of nothing but what the camera gave."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import av
import cv2
import numpy as np
import pytest

from detect.clips import ClipSettings
from detect.live import clip_recorder
from detect.live.clip_recorder import ClipRecorder
from scenarios.frame import Frame

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
NOBODY = np.empty((0, 4))


def shade_of(n):
    return 20 + 37 * n % 200


def frame(n, fps=10, size=(120, 160)):
    """A picture whose shade tells its number."""
    image = np.full((*size, 3), shade_of(n), np.uint8)
    return Frame("gate", n, n / fps, NOW + timedelta(seconds=n / fps), image)


@pytest.fixture
def recorder(tmp_path):
    kept, made = [], []

    def make(waits=True, blur=False, **settings):
        settings = {"before_s": 1.0, "after_s": 1.0, **settings}
        one = ClipRecorder(tmp_path, ClipSettings(**settings), blur=blur, keep=kept.append, waits=waits)
        made.append(one)
        return one, kept

    yield make
    for one in made:
        one.close()


def pictures(path):
    with av.open(str(path)) as film:
        return [(round(float(p.time), 3), p.to_ndarray(format="bgr24")) for p in film.decode(video=0)]


def test_a_film_shows_the_pictures_around_an_alert_each_at_its_instant(recorder, tmp_path):
    one, kept = recorder()
    for n in range(60):
        one.see(frame(n), NOBODY)
        if n == 30:
            one.ask("gate-1/e1", 3.0)
    one.close()
    (clip,) = kept
    assert (clip.alert_id, clip.pictures, clip.gaps, clip.lasts_s, clip.alert_s) == ("gate-1/e1", 21, (), 2.0, 1.0)
    assert clip.began_at == NOW + timedelta(seconds=2)
    shown = pictures(tmp_path / clip.file)
    assert [t for t, _ in shown] == pytest.approx([n / 10 for n in range(21)])
    for n, (_, image) in enumerate(shown, 20):
        assert abs(float(image.mean()) - shade_of(n)) < 8


def test_where_pictures_are_missing_nothing_stands_in_for_them(recorder, tmp_path):
    one, kept = recorder(before_s=3.0)
    for n in [*range(10), *range(25, 45)]:
        one.see(frame(n), NOBODY)
        if n == 30:
            one.ask("a", 3.0)
    one.close()
    (clip,) = kept
    assert clip.gaps == ((0.9, 2.5),)
    times = [t for t, _ in pictures(tmp_path / clip.file)]
    assert len(times) == clip.pictures == 10 + 16
    assert not [t for t in times if 0.9 < t < 2.5]


def test_a_camera_that_gives_nothing_more_still_has_a_film_of_what_there_was(recorder, monkeypatch):
    monkeypatch.setattr(clip_recorder, "_PATIENCE_S", 0.2)
    one, kept = recorder(after_s=0.1)
    for n in range(8):
        one.see(frame(n), NOBODY)
    one.ask("a", 0.7)
    deadline = time.monotonic() + 10
    while not kept and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (kept[0].pictures, kept[0].lasts_s) == (8, 0.7)


def test_alerts_close_to_each_other_have_a_film_each(recorder):
    one, kept = recorder()
    for n in range(40):
        one.see(frame(n), NOBODY)
        if n in (15, 18, 21):
            one.ask(f"a{n}", n / 10)
    one.close()
    assert [(c.alert_id, c.pictures, c.alert_s) for c in kept] == [("a15", 21, 1), ("a18", 21, 1), ("a21", 21, 1)]


def test_people_are_hidden_also_in_the_one_picture_in_which_they_are_missed(recorder, tmp_path):
    noise = np.kron(np.random.default_rng(1).integers(0, 2, (30, 40, 1), np.uint8), np.full((4, 4, 3), 200, np.uint8))
    one, kept = recorder(blur=True)
    for n in range(20):
        found = NOBODY if n == 10 else np.array([[40.0, 20.0, 80.0, 110.0]])
        one.see(replace(frame(n), image=noise), found)
    one.ask("a", 1.0)
    one.close()
    shown = [image for _, image in pictures(tmp_path / kept[0].file)]
    assert kept[0].blurred
    for image in shown:
        wrong = np.abs(image.astype(float) - noise)
        assert wrong[30:100, 45:75].mean() > 4 * wrong[:, 110:].mean()


def test_large_pictures_are_made_small_and_memory_has_a_bound(recorder, tmp_path):
    one, kept = recorder(before_s=60.0, width_px=320, memory_mb=4)
    rng = np.random.default_rng(1)
    loud = rng.integers(0, 255, (180, 321, 3), np.uint8).repeat(4, 0)[:718].repeat(4, 1)[:, :1282]
    for n in range(150):
        one.see(replace(frame(n), image=np.roll(loud, 4 * n, 0)), NOBODY)
    one.ask("a", 14.9)
    one.close(20)
    (clip,) = kept
    assert (clip.size_px, clip.of_px) == ((320, 178), (1282, 718))
    assert 10 < clip.pictures < 150
    assert sum(len(shot.jpeg) for shot in one._ring) <= 4_000_000
    assert pictures(tmp_path / clip.file)[0][1].shape == (178, 320, 3)


def test_who_hands_over_pictures_of_a_live_camera_never_waits(recorder, monkeypatch):
    def slowly(*_):
        time.sleep(0.3)
        return True, cv2.imencode(".jpg", np.zeros((4, 4, 3), np.uint8))[1]

    monkeypatch.setattr(clip_recorder.cv2, "imencode", slowly)
    one, _ = recorder(waits=False)
    slowest = 0.0
    for n in range(300):
        began = time.perf_counter()
        one.see(frame(n), NOBODY)
        slowest = max(slowest, time.perf_counter() - began)
    assert slowest < 0.25, "a single picture takes longer to keep"


def test_a_film_that_cannot_be_written_leaves_nothing_behind_and_is_said(recorder, tmp_path, capsys):
    one, kept = recorder()
    one._folder = tmp_path / "file"
    (tmp_path / "file").write_text("no folder")
    one.see(frame(0), NOBODY)
    one.ask("a", 0.0)
    one.close()
    assert not kept
    assert one.lost == 1
    assert "its film cannot be kept" in capsys.readouterr().err


def test_without_films_nothing_is_kept(recorder, tmp_path):
    one, kept = recorder(keep=False)
    for n in range(20):
        one.see(frame(n), NOBODY)
    one.ask("a", 1.0)
    one.close()
    assert not kept
    assert not list(tmp_path.iterdir())
