import threading

import av
import numpy as np
import pytest

from scenarios.errors import RecordingError
from sim.render.video import VideoWriter


def pictures(count=25, shape=(180, 320, 3)):
    rng = np.random.default_rng(3)
    still = rng.integers(60, 200, (6, 10, 3)).astype(np.uint8).repeat(30, axis=0).repeat(32, axis=1)
    made = []
    for i in range(count):
        picture = still.copy()
        picture[40:90, 5 + 8 * i : 45 + 8 * i] = (30, 60, 200)
        made.append(picture)
    return made


def psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


def test_what_is_written_is_read_back(tmp_path):
    path, shown = tmp_path / "deep" / "a.mp4", pictures()
    with VideoWriter(path, 320, 180, 12.5) as film:
        for picture in shown:
            film.write(picture)
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, float(stream.average_rate)) == (320, 180, 12.5)
        read = list(file.decode(stream))
    assert len(read) == len(shown)
    np.testing.assert_allclose([f.time for f in read], np.arange(len(shown)) / 12.5, atol=1e-4)
    assert min(psnr(f.to_ndarray(format="bgr24"), p) for f, p in zip(read, shown, strict=True)) > 30


def test_the_index_stands_in_front(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 320, 180, 25) as film:
        for picture in pictures(5):
            film.write(picture)
    raw = (tmp_path / "a.mp4").read_bytes()
    assert raw.index(b"moov") < raw.index(b"mdat")


def test_the_same_pictures_give_the_same_bits(tmp_path):
    for name in ("a", "b"):
        with VideoWriter(tmp_path / f"{name}.mp4", 320, 180, 12.5) as film:
            for picture in pictures():
                film.write(picture)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_another_size_is_refused(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 320, 180, 10) as film:
        film.write(pictures(1)[0])
        with pytest.raises(RecordingError, match="of shape"):
            film.write(np.zeros((90, 160, 3), np.uint8))


def test_what_goes_wrong_while_encoding_is_said(tmp_path, monkeypatch):
    def full(self, image, time_s):
        raise RecordingError("a.mp4: the film cannot be written (No space left on device)")

    film = VideoWriter(tmp_path / "a.mp4", 320, 180, 10)
    monkeypatch.setattr(VideoWriter, "_encode", full)
    with pytest.raises(RecordingError, match="No space left"):
        for picture in pictures(50):  # more than can wait: nobody waits for ever
            film.write(picture)
    with pytest.raises(RecordingError, match="No space left"):
        film.close()


def test_a_film_that_is_broken_off_leaves_no_thread(tmp_path):
    with pytest.raises(KeyError), VideoWriter(tmp_path / "broken.mp4", 320, 180, 10) as film:
        film.write(pictures(1)[0])
        raise KeyError
    assert not any(thread.name == "encode broken.mp4" for thread in threading.enumerate())


def test_odd_sizes_and_impossible_places_are_refused(tmp_path):
    with pytest.raises(RecordingError, match="even"):
        VideoWriter(tmp_path / "a.mp4", 321, 180, 10)
    (tmp_path / "file").write_text("x")
    with pytest.raises(RecordingError, match="cannot be written"):
        VideoWriter(tmp_path / "file" / "a.mp4", 320, 180, 10)
