"""A real PostgreSQL server for the tests of the store, which every test of a place of stores runs on too."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

USER = "parvis"


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    return max((p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")), default=None)


class Server:
    """A server of this test run on a free port of loopback; its files are gone afterwards."""

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        self.user = "nobody" if os.geteuid() == 0 else None  # it refuses to be run by root
        self.folder = Path(tempfile.mkdtemp(prefix="parvis_pg_"))
        if self.user is not None:
            shutil.chown(self.folder, self.user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.databases = 0
        self._do("initdb", "-D", "data", "-U", USER, "-A", "trust", "--no-instructions")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder}"
        self._do("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", options, "start")

    def stop(self, how: str = "fast") -> None:
        self._do("pg_ctl", "-D", "data", "-m", how, "-w", "stop")

    def database(self) -> str:
        """Make an empty database and return its address."""
        self.databases += 1
        name = f"store_{self.databases}"
        self._do("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, name)
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def _do(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            cwd=self.folder, user=self.user, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{program}: {done.stderr}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    programs = _programs()
    if programs is None:
        pytest.skip("NO SERVER: the Debian package postgresql is not installed")
    server = Server(programs)
    server.start()
    try:
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(server.folder)


@pytest.fixture(params=["file", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path | str:
    """Where a store can be: both kinds keep the same promises."""
    if request.param == "file":
        return tmp_path / "live.sqlite"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    server = request.getfixturevalue("postgres")
    assert isinstance(server, Server)
    return server.database()


@pytest.fixture
def tamper(place: Path | str) -> Callable[[str], None]:
    """Change the store behind its back."""

    def do(statements: str) -> None:
        if isinstance(place, Path):
            with contextlib.closing(sqlite3.connect(place)) as raw:
                raw.executescript(statements)
            return
        import psycopg

        with psycopg.connect(place) as server:
            server.execute(statements)  # type: ignore[call-overload]

    return do
