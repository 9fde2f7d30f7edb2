"""Faults of the machine and of those who are told: no alert and no decision is lost, and the record holds."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError

from benchmarks.claims import Claim
from benchmarks.faults.camera import RtspCamera, make_film
from benchmarks.faults.house import House, children_of, upper
from detect.store import Store

__all__ = ["FAULTS"]

_BACK_S: Final = 10.0
_SECRET: Final = "a-secret-for-the-benchmark"
_KILLS: Final = 20


@contextmanager
def _scene(folder: Path, **more: Any) -> Iterator[House]:
    camera = RtspCamera(make_film(folder / "film.mp4"))
    try:
        with House(folder, [{"id": "gate", "source": f"rtsp://127.0.0.1:{camera.port}/cam"}], **more) as house:
            if house.live() == float("inf"):
                raise RuntimeError(f"no picture ever came: {house.log}")
            yield house
    finally:
        camera.kill()


def _cameras_of(house: House) -> list[int]:
    return [pid for pid in children_of(house.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def process_killed(folder: Path) -> list[Claim]:
    """The process that detects is killed."""
    with _scene(folder) as house:
        time.sleep(3)
        before = house.alerts()
        os.kill(_cameras_of(house)[0], signal.SIGKILL)
        back_s = house.live(40)
        lost = before - house.alerts()
        return [
            Claim.at_most("camera's process killed: pictures back after, s", back_s, _BACK_S),
            Claim.at_most("camera's process killed: alerts lost", len(lost), 0),
            Claim.at_least("camera's process killed: record intact", float(house.intact()), 1),
        ]


def too_slow(folder: Path) -> list[Claim]:
    """The process that detects gets a tenth of its time for fifteen seconds; it should see the present all the same."""
    with _scene(folder) as house:
        time.sleep(3)
        process = _cameras_of(house)[0]
        begun = time.monotonic()
        try:
            while time.monotonic() - begun < 15:
                os.kill(process, signal.SIGSTOP)
                time.sleep(0.9)
                os.kill(process, signal.SIGCONT)
                time.sleep(0.1)
        finally:
            os.kill(process, signal.SIGCONT)
        ended = time.monotonic()
        time.sleep(5)
        after = house.delays_s(ended + 2)
        meanwhile = house.delays_s(begun + 3, ended) or [float("inf")]
        counters = house.camera().state.counters
        passed = counters.get("drops", 0) + counters.get("stale", 0)
        return [
            Claim.at_most("a tenth of the time: delay of pictures, median, s", meanwhile[len(meanwhile) // 2], 2.0),
            Claim.at_least("a tenth of the time: pictures passed over and counted", passed, 1),
            Claim.at_most("a tenth of the time: delay afterwards, 95 %, s", upper(after), 1.0),
        ]


def locked(folder: Path) -> list[Claim]:
    """Somebody holds the store for ten seconds."""
    with _scene(folder) as house:
        time.sleep(3)
        before = house.alerts()
        with closing(sqlite3.connect(house.store, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(10)
            other.execute("ROLLBACK")
        back_s = house.live(40)
        time.sleep(3)
        return [
            Claim.at_most("store locked for 10 s: pictures back after, s", back_s, _BACK_S),
            Claim.at_most("store locked for 10 s: alerts lost that were there", len(before - house.alerts()), 0),
            Claim.at_most("store locked for 10 s: alerts of the time in between that are missing", _missing(house), 0),
            Claim.at_least("store locked for 10 s: record intact", float(house.intact()), 1),
        ]


def _numbers(ids: Any) -> list[int]:
    return [int(one.rpartition("-")[2]) for one in ids]


def _missing(house: House) -> int:
    """Alerts have numbers one after the other; return how many are not there."""
    with Store.open_existing(house.store) as store:
        numbers = sorted(_numbers(alert.alert_id for alert in store.alerts(limit=100_000)))
    return sum(b - a - 1 for a, b in pairwise(numbers))


def disk_full(folder: Path) -> list[Claim]:
    """No file may grow for ten seconds, neither the daemon's nor its cameras'."""
    with _scene(folder) as house:
        time.sleep(3)
        before = house.alerts()
        everybody = [house.pid, *_cameras_of(house)]
        for pid in everybody:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        time.sleep(10)
        for pid in [house.pid, *_cameras_of(house)]:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        back_s = house.live(60)
        time.sleep(3)
        felt = house.log.count("cannot be used") + house.log.count("process_died")
        return [
            Claim.at_least("disk full for 10 s: times that the store could not be written", felt, 1),
            Claim.at_most("disk full for 10 s: pictures back after, s", back_s, _BACK_S),
            Claim.at_most("disk full for 10 s: alerts lost that were there", len(before - house.alerts()), 0),
            Claim.at_most("disk full for 10 s: alerts of the time in between that are missing", _missing(house), 0),
            Claim.at_least("disk full for 10 s: record intact", float(house.intact()), 1),
        ]


def two_daemons(folder: Path) -> list[Claim]:
    """A second daemon is started on the same store."""
    with _scene(folder) as house:
        other = house.another()
        code = other.wait(60)
        back_s = house.live(20)
        return [
            Claim.at_least("two daemons: the second leaves with exit code 2", float(code == 2), 1),
            Claim.at_least("two daemons: it says why", float("another daemon watches" in house.log), 1),
            Claim.at_most("two daemons: the first goes on, next picture after, s", back_s, _BACK_S),
        ]


class _Receiver(ThreadingHTTPServer):
    """Keeps the ids of the alerts that it was told; ``down`` answers 503."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.down = False

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                mine: Any = self.server
                if not mine.down and body["type"] == "org.parvis.alert.raised":
                    mine.told.append(body["subject"])
                self.send_response(503 if mine.down else 200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Be quiet."""

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def receiver_away(folder: Path) -> list[Claim]:
    """A webhook's receiver is down for twenty seconds while an alert is raised every second."""
    receiver = _Receiver()
    url = f"http://127.0.0.1:{receiver.server_port}/"
    hook = {"id": "house", "url": url, "secret": _SECRET, "allow_private": True}
    try:
        with _scene(folder, webhooks=[hook]) as house:
            time.sleep(3)
            receiver.down = True
            time.sleep(20)
            receiver.down = False
            raised = house.alerts()
            all_s = house.wait(lambda: raised <= set(receiver.told), 60)
            time.sleep(1)
            first = list(dict.fromkeys(receiver.told))
            in_order = _numbers(first) == sorted(_numbers(first))
    finally:
        receiver.shutdown()
        receiver.server_close()
    return [
        Claim.at_most("receiver down for 20 s: alerts it was never told", len(raised - set(receiver.told)), 0),
        Claim.at_most("receiver down for 20 s: told of all after, s", all_s, 40),
        Claim.at_least("receiver down for 20 s: told in order", float(in_order), 1),
    ]


def kills(folder: Path) -> list[Claim]:
    """The daemon is killed twenty times while alerts are raised and decided through the interface."""
    with _scene(folder) as house:
        seen, decided = set[str](), dict[str, str]()
        for _ in range(_KILLS):
            house.live(40)
            until = time.monotonic() + 2.5
            while time.monotonic() < until:
                with suppress(URLError, OSError):  # what was not answered was not acknowledged
                    for alert in house.ask("/api/alerts?state=new&limit=5"):
                        seen.add(alert["id"])
                        house.ask(f"/api/alerts/{alert['id']}/decision", {"verdict": "confirmed"})
                        decided[alert["id"]] = "confirmed"
                time.sleep(0.1)
            house.kill()
            house.start()
        house.live(40)
        with Store.open_existing(house.store) as store:
            there = {alert.alert_id: alert.state.value for alert in store.alerts(limit=100_000)}
        lost = [alert for alert in seen if alert not in there]
        undone = [alert for alert, verdict in decided.items() if there.get(alert) != verdict]
        return [
            Claim.at_least(f"killed {_KILLS} times: alerts that were seen", len(seen), _KILLS),
            Claim.at_most(f"killed {_KILLS} times: of them lost", len(lost), 0),
            Claim.at_least(f"killed {_KILLS} times: decisions that were acknowledged", len(decided), _KILLS),
            Claim.at_most(f"killed {_KILLS} times: of them lost", len(undone), 0),
            Claim.at_least(f"killed {_KILLS} times: record intact", float(house.intact()), 1),
        ]


FAULTS: Final[dict[str, Callable[[Path], list[Claim]]]] = {
    "process_killed": process_killed,
    "too_slow": too_slow,
    "locked": locked,
    "disk_full": disk_full,
    "two_daemons": two_daemons,
    "receiver_away": receiver_away,
    "kills": kills,
}
