"""Faults between a camera and the daemon: the stall is seen, nothing is made up, pictures come back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.claims import Claim
from benchmarks.faults.camera import Line, RtspCamera, make_film
from benchmarks.faults.house import House, children_of, upper

__all__ = ["FAULTS"]

_SEEN_S: Final = 5.0
_BACK_S: Final = 10.0
_AGE_S: Final = 1.0
_SETTLE_S: Final = 3.0
_GIVE_UP_S: Final = 40.0
_AWAY: Final = ("stalled", "lost", "unreachable")
_WRONG: Final = "canary-wrong-password-5531"
_RIGHT: Final = "canary-right-password-9920"


@contextmanager
def _scene(folder: Path, **house: Any) -> Iterator[tuple[RtspCamera, Line, House]]:
    """A camera, a line to it, and a daemon that has seen pictures."""
    camera = RtspCamera(make_film(folder / "film.mp4"))
    line = Line(camera.port)
    try:
        with House(folder, [{"id": "gate", "source": f"rtsp://127.0.0.1:{line.port}/cam"}], **house) as at:
            if at.live() == float("inf"):
                raise RuntimeError(f"no picture ever came: {at.log}")
            time.sleep(_SETTLE_S)
            yield camera, line, at
    finally:
        line.close()
        camera.kill()


def _claims(name: str, house: House, heal: Callable[[], object], away_s: float, *, seen: bool = True) -> list[Claim]:
    """Wait until the fault has lasted, heal it, and hold what was seen against the promises."""
    begun = time.monotonic()
    seen_s = house.wait(lambda: house.camera().state.state in _AWAY, away_s)
    told = house.camera().frames
    while time.monotonic() - begun < away_s:
        time.sleep(0.05)
    made_up = house.camera().frames - told if seen_s < float("inf") else 0
    heal()
    back_s = house.live(_GIVE_UP_S)
    back = time.monotonic()
    time.sleep(_SETTLE_S + 2)
    delays = house.delays_s(back + 2)
    stall = [
        Claim.at_most(f"{name}: stall seen after, s", seen_s, _SEEN_S),
        Claim.at_most(f"{name}: pictures analysed while there were none", made_up, 0),
    ]
    return [
        *(stall if seen else []),
        Claim.at_most(f"{name}: pictures back after, s", back_s, _BACK_S),
        Claim.at_most(f"{name}: delay of pictures afterwards, 95 %, s", upper(delays), _AGE_S),
    ]


def killed(folder: Path) -> list[Claim]:
    """The camera's server is killed, and started again eight seconds later."""
    with _scene(folder) as (camera, _, house):
        camera.kill()
        return _claims("camera killed for 8 s", house, lambda: camera.play(folder / "film.mp4"), 8.0)


def frozen(folder: Path) -> list[Claim]:
    """Nothing comes for twenty seconds, and sockets stay open."""
    with _scene(folder) as (_, line, house):
        line.mode = "frozen"
        return _claims("frozen for 20 s", house, lambda: setattr(line, "mode", "open"), 20.0)


def stalled(folder: Path) -> list[Claim]:
    """Nothing comes for six seconds; then everything at once."""
    with _scene(folder) as (_, line, house):
        line.mode = "frozen"
        return _claims("stalled for 6 s", house, lambda: setattr(line, "mode", "open"), 6.0)


def half_open(folder: Path) -> list[Claim]:
    """The camera's answers are lost, new connections are taken and never answered."""
    with _scene(folder) as (_, line, house):
        line.mode = "deaf"
        return _claims("half open for 15 s", house, lambda: setattr(line, "mode", "open"), 15.0)


def corrupt(folder: Path) -> list[Claim]:
    """One byte in four hundred is another, for eight seconds."""
    with _scene(folder) as (_, line, house):
        line.mode = "noisy"
        before = house.camera().state.counters
        claims = _claims("corrupt bytes for 8 s", house, lambda: setattr(line, "mode", "open"), 8.0, seen=False)
        after = house.camera().state.counters
        felt = sum(after[key] - before[key] for key in ("gaps", "reconnects"))
        return [Claim.at_least("corrupt bytes for 8 s: gaps and connections made again", felt, 1), *claims]


def another_size(folder: Path) -> list[Claim]:
    """The camera comes back with pictures of another size."""
    with _scene(folder) as (camera, _, house):
        film = make_film(folder / "large.mp4", size_px=(640, 360))
        camera.kill()
        return _claims("size changed", house, lambda: camera.play(film), 3.0, seen=False)


def half_the_rate(folder: Path) -> list[Claim]:
    """The camera comes back with half as many pictures a second."""
    with _scene(folder) as (camera, _, house):
        film = make_film(folder / "slow.mp4", fps=5)
        camera.kill()
        return _claims("rate halved", house, lambda: camera.play(film), 3.0, seen=False)


def restarts(folder: Path) -> list[Claim]:
    """The stream is started again fifty times, its times beginning anew each time."""
    with _scene(folder) as (camera, _, house):
        (process,) = [pid for pid in children_of(house.pid) if _is_camera(pid)]
        before = _open_files(process)
        for _ in range(50):
            camera.kill()
            camera.play(folder / "film.mp4")
            time.sleep(0.4)
        back_s = house.live(_GIVE_UP_S)
        time.sleep(_SETTLE_S)
        same = [pid for pid in children_of(house.pid) if _is_camera(pid)] == [process]
        return [
            Claim.at_most("50 restarts: pictures back after the last, s", back_s, _BACK_S),
            Claim.at_least("50 restarts: its process is the same one", float(same), 1),
            Claim.at_most("50 restarts: files more open than before", _open_files(process) - before, 5),
        ]


def wrong_password(folder: Path) -> list[Claim]:
    """The password is wrong; then the configuration is mended; then the camera's is changed."""
    camera = RtspCamera(make_film(folder / "film.mp4"), user="ann", password=_RIGHT)

    def source(password: str) -> list[dict[str, Any]]:
        return [{"id": "gate", "source": f"rtsp://ann:{password}@127.0.0.1:{camera.port}/cam"}]

    try:
        with House(folder, source(_WRONG)) as house:
            said_s = house.wait(lambda: house.camera().state.state == "unreachable", 30)
            words = house.camera().state.words
            house.write(cameras=source(_RIGHT))
            mended_s = house.live(_GIVE_UP_S)
            camera.kill()
            camera.play(folder / "film.mp4", user="ann", password=_WRONG)
            seen_s = house.wait(lambda: house.camera().state.state in _AWAY, 30)
            house.write(cameras=source(_WRONG))
            again_s = house.live(_GIVE_UP_S)
            everywhere = house.log + (folder / "live.sqlite").read_bytes().decode("latin-1")
            for more in folder.glob("live.sqlite-*"):
                everywhere += more.read_bytes().decode("latin-1")
    finally:
        camera.kill()
    return [
        Claim.at_most("password wrong: said after, s (start included)", said_s, 2 * _BACK_S),
        Claim.at_least("password wrong: the words name it", float("401" in words or "password" in words.lower()), 1),
        Claim.at_most("password mended in the configuration: pictures after, s", mended_s, _BACK_S),
        Claim.at_most("password changed at the camera: seen after, s", seen_s, _SEEN_S),
        Claim.at_most("password changed in the configuration too: pictures after, s", again_s, _BACK_S),
        Claim.at_most("passwords in log and store", float(_WRONG in everywhere) + float(_RIGHT in everywhere), 0),
    ]


def no_name(folder: Path) -> list[Claim]:
    """The name of a camera cannot be resolved any more; the other camera goes on."""
    camera = RtspCamera(make_film(folder / "film.mp4"))
    cameras = [
        {"id": "away", "source": "rtsp://no-such-camera.invalid/cam"},
        {"id": "gate", "source": f"rtsp://127.0.0.1:{camera.port}/cam"},
    ]
    try:
        with House(folder, cameras) as house:
            said_s = house.wait(lambda: house.camera().state.state == "unreachable", 30)
            both = house.wait(lambda: house.ask("/api/cameras")[1]["live"], 30)
    finally:
        camera.kill()
    return [
        Claim.at_most("no name server: said after, s (start included)", said_s, 2 * _BACK_S),
        Claim.at_most("no name server: the other camera is live after, s", both, 2 * _BACK_S),
    ]


def _is_camera(pid: int) -> bool:
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


FAULTS: Final[dict[str, Callable[[Path], list[Claim]]]] = {
    "killed": killed,
    "frozen": frozen,
    "stalled": stalled,
    "half_open": half_open,
    "corrupt": corrupt,
    "another_size": another_size,
    "half_the_rate": half_the_rate,
    "restarts": restarts,
    "wrong_password": wrong_password,
    "no_name": no_name,
}
