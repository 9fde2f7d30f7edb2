"""Every source: time never runs back, it closes, it states a gap."""

from fractions import Fraction
from itertools import pairwise

import av
import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detect.sources import MemorySource, expand, open_source, redact
from detect.sources.video_file import VideoFileSource
from scenarios.errors import SourceError
from scenarios.frame import Frame, Gap


def picture(level, size=(96, 64)):
    return np.full((size[1], size[0], 3), level, np.uint8)


def write_film(path, levels, fps=10, size=(96, 64)):
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for level in levels:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture(level, size), format="bgr24")))
        out.mux(stream.encode(None))
    return path


@pytest.fixture
def film(tmp_path):
    return write_film(tmp_path / "film.mp4", range(20, 220, 10))


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "pictures"
    place.mkdir()
    for n in range(6):
        cv2.imwrite(str(place / f"{n:03}.png"), picture(40 * n))
    return place


def of_memory():
    return MemorySource([Frame("camera", i, i / 5, None, picture(i)) for i in range(5)], fps=5)


@pytest.mark.parametrize("kind", ["film", "folder", "memory"])
def test_conformance(kind, request):
    source = of_memory() if kind == "memory" else open_source(str(request.getfixturevalue(kind)))
    items = list(source)
    assert len(items) == source.frame_count
    assert all(isinstance(i, Frame) and i.camera_id == source.camera_id for i in items)
    assert all(b.time_s > a.time_s and b.index > a.index for a, b in pairwise(items))
    assert all(i.image.dtype == np.uint8 and i.image.shape == (*source.size_px[::-1], 3) for i in items)
    assert items[1].time_s - items[0].time_s == pytest.approx(1 / source.fps)
    source.close()
    source.close()
    assert list(source) == []


def test_pictures_come_in_order_and_unchanged(film):
    source = VideoFileSource(film)
    assert source.fps == 10
    for level, frame in zip(range(20, 220, 10), source, strict=True):
        assert abs(float(frame.image.mean()) - level) < 5  # levels are 10 apart
    source.close()


def test_the_true_rate_overrides_the_header(film):
    source = open_source(str(film), fps=7)
    times = [frame.time_s for frame in source]
    assert times == pytest.approx([n / 7 for n in range(20)])
    source.close()


def test_closing_in_the_middle_ends_it(film):
    source = open_source(str(film))
    seen = []
    for frame in source:
        seen.append(frame)
        if len(seen) == 3:
            source.close()
    assert len(seen) == 3


def test_a_damaged_file_is_a_gap_not_a_made_up_picture(tmp_path):
    path = write_film(tmp_path / "film.mp4", list(np.random.default_rng(0).integers(20, 220, 80)))
    raw = bytearray(path.read_bytes())
    begin = raw.index(b"mdat") + 600
    raw[begin : begin + 1200] = b"\xff" * 1200
    path.write_bytes(raw)
    source = open_source(str(path))
    items = list(source)
    frames = [i for i in items if isinstance(i, Frame)]
    assert 0 < len(frames) <= 80
    assert all(b.time_s >= a.time_s for a, b in pairwise(frames))
    source.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=80)), min_size=1, max_size=4))
def test_any_damage_is_a_gap_or_a_refusal(tmp_path, damage):
    """Whatever is written over a film: no other error, and time never runs back."""
    whole = tmp_path / "whole.avi"
    raw = bytearray(whole.read_bytes() if whole.exists() else write_film(whole, range(20, 220, 10)).read_bytes())
    for place, junk in damage:
        begin = int(place * (len(raw) - len(junk)))
        raw[begin : begin + len(junk)] = junk
    (tmp_path / "damaged.avi").write_bytes(raw)
    try:
        source = open_source(str(tmp_path / "damaged.avi"))
    except SourceError:
        return
    last = 0.0
    for item in source:
        begin, end = (item.time_s, item.time_s) if isinstance(item, Frame) else (item.start_s, item.end_s)
        assert last <= begin <= end
        last = end
    source.close()


def test_a_truncated_film_ends_early_or_is_refused(tmp_path):
    path = write_film(tmp_path / "film.mp4", range(20, 220, 2))
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(SourceError, match=r"film\.mp4"):
        list(open_source(str(path)))


def test_a_picture_that_cannot_be_read_is_a_gap(folder):
    (folder / "002.png").write_bytes(b"\x89PNG broken")
    cv2.imwrite(str(folder / "004.png"), picture(3, size=(32, 32)))
    items = list(open_source(str(folder), fps=2))
    gaps = [i for i in items if isinstance(i, Gap)]
    assert [(g.start_s, g.end_s) for g in gaps] == [(0.5, 1.5), (1.5, 2.5)]
    assert "002.png" in gaps[0].reason
    assert "004.png has 32x32 pixels, not 96x64" in gaps[1].reason
    assert len([i for i in items if isinstance(i, Frame)]) == 4


def test_grey_and_16_bit_pictures_become_8_bit_colour(tmp_path):
    cv2.imwrite(str(tmp_path / "0.png"), np.full((8, 8), 77, np.uint8))
    cv2.imwrite(str(tmp_path / "1.png"), np.full((8, 8, 3), 77 * 257, np.uint16))
    for frame in open_source(str(tmp_path)):
        assert frame.image.dtype == np.uint8
        assert frame.image.shape == (8, 8, 3)
        assert int(frame.image[0, 0, 0]) == 77


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("nowhere.mp4", "no such file"),
        ("file:///etc/passwd", "the scheme 'file' is not allowed"),
        ("http://me:secret@127.0.0.1/x", "the scheme 'http' is not allowed"),
        ("concat:a|b", "no such file"),
        ("webcam:x", "webcam:0"),
        ("webcam:97", "there is no /dev/video97"),
    ],
)
def test_refusals(spec, said, capfd):
    with pytest.raises(SourceError, match=said) as caught:
        open_source(spec)
    assert "secret" not in str(caught.value)


def test_more_refusals(tmp_path):
    (tmp_path / "x.mp4").write_text("not a video")
    with pytest.raises(SourceError, match=r"x\.mp4: is not a video that can be read"):
        open_source(str(tmp_path / "x.mp4"))
    (tmp_path / "none").mkdir()
    with pytest.raises(SourceError, match="holds no pictures"):
        open_source(str(tmp_path / "none"))
    (tmp_path / "none" / "a.png").write_bytes(b"")
    with pytest.raises(SourceError, match="can be read"):
        open_source(str(tmp_path / "none"))


def test_a_picture_bomb_is_refused_before_it_is_decoded(tmp_path):
    path = write_film(tmp_path / "bomb.mp4", [0], size=(4096, 4096))
    with pytest.raises(SourceError, match="4096x4096 pixels"):
        open_source(str(path))


def test_redact_hides_every_secret():
    text = redact("rtsp://me:p@ss:w0rd@host/x failed, then rtsps://u:v@h2:554/y")
    assert text == "rtsp://***@host/x failed, then rtsps://***@h2:554/y"
    assert redact("rtsp://me:with/slash@host/x") == "rtsp://***@host/x"
    assert redact("rtsp://host/user=me&password=canary&channel=1") == "rtsp://host/user=***&password=***&channel=1"
    assert redact("rtsp://${USER}:${PASSWORD}@host/x") == "rtsp://***@host/x"
    assert redact("data/vtest.avi") == "data/vtest.avi"


def test_memory_refuses_times_that_run_back():
    frames = [Frame("c", 0, 1.0, None, picture(1)), Frame("c", 1, 0.5, None, picture(1))]
    with pytest.raises(SourceError, match="run back"):
        MemorySource(frames, fps=5)


def test_credentials_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("CAM_PASSWORD", "canary")
    assert expand("rtsp://me:${CAM_PASSWORD}@host/x") == "rtsp://me:canary@host/x"
    with pytest.raises(SourceError, match="variable CAM_NOT_SET is not set") as caught:
        expand("rtsp://me:literal-canary@${CAM_NOT_SET}/x")
    assert "literal-canary" not in str(caught.value)
    with pytest.raises(SourceError, match="is not the name"):
        expand("rtsp://${a b}/x")


def test_a_play_list_in_a_video_file_opens_nothing_else(tmp_path, film):
    """An HLS play list or a concat script is text that makes FFmpeg open what it names: files, addresses."""
    hls = tmp_path / "hls.mp4"
    hls.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://{film}\n#EXT-X-ENDLIST\n")
    script = tmp_path / "script.mp4"
    script.write_text(f"ffconcat version 1.0\nfile {film.name}\n")
    for path in (hls, script):
        with pytest.raises(SourceError, match="is not a video"):
            open_source(str(path))


def test_a_video_without_pictures_is_empty(tmp_path):
    with av.open(str(tmp_path / "sound.mp4"), "w", format="matroska") as out:
        stream = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.int16), format="s16", layout="mono")
        silence.sample_rate = 8000
        out.mux(stream.encode(silence))
    with pytest.raises(SourceError, match="holds no video"):
        open_source(str(tmp_path / "sound.mp4"))
    whole = write_film(tmp_path / "film.avi", [100])
    start = whole.read_bytes().index(b"movi")
    whole.write_bytes(whole.read_bytes()[: start + 4])
    with pytest.raises(SourceError, match=r"film\.avi: is (empty|not a video)"):
        open_source(str(whole))
    (tmp_path / "zero.mp4").write_bytes(b"")
    with pytest.raises(SourceError, match=r"zero\.mp4: is empty"):
        open_source(str(tmp_path / "zero.mp4"))


def test_times_are_those_of_the_file_when_its_rate_varies(tmp_path):
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for pts in (500, 600, 1100, 1200):
            frame = av.VideoFrame.from_ndarray(picture(90), format="bgr24")
            frame.pts, frame.time_base = pts, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert [f.time_s for f in open_source(str(path))] == pytest.approx([0.0, 0.1, 0.6, 0.7])


def test_ten_bits_and_grey_become_8_bit_colour(tmp_path):
    for codec, pix_fmt in (("ffv1", "gray16le"), ("ffv1", "yuv422p10le")):
        path = tmp_path / f"{pix_fmt}.mkv"
        with av.open(str(path), "w") as out:
            stream = out.add_stream(codec, rate=5)
            stream.width, stream.height, stream.pix_fmt = 64, 48, pix_fmt
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture(120, (64, 48)), format="bgr24")))
            out.mux(stream.encode(None))
        (frame,) = open_source(str(path))
        assert frame.image.dtype == np.uint8
        assert frame.image.shape == (48, 64, 3)
        assert abs(float(frame.image.mean()) - 120) < 4


def test_numbers_in_names_count_as_numbers(tmp_path):
    for number in (10, 9, 100, 1):
        cv2.imwrite(str(tmp_path / f"p{number}.png"), picture(number))
    assert [int(f.image[0, 0, 0]) for f in open_source(str(tmp_path))] == [1, 9, 10, 100]


def test_the_real_video(vtest):
    source = open_source(str(vtest), fps=7)
    count, last = 0, None
    for item in source:
        assert isinstance(item, Frame)
        count, last = count + 1, item
    assert (count, source.frame_count, source.size_px) == (795, 795, (768, 576))
    assert last.time_s == pytest.approx(794 / 7)
    source.close()


def test_nothing_is_written_to_the_terminal(tmp_path, capfd):
    (tmp_path / "x.mp4").write_bytes(b"\0\0\0\x20ftypisom" + b"\0" * 400)
    for spec in (str(tmp_path / "x.mp4"), "rtsp://me:canary@127.0.0.1:9/cam", "webcam:97"):
        with pytest.raises(SourceError):
            open_source(spec)
    said = capfd.readouterr()
    assert said.out + said.err == ""
