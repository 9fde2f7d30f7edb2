"""Gets the real video that the tests and the examples use: PETS2009 S2.L1 view 1, out of Debian's opencv-doc.

python -m dashboard.fetch_footage [--to DIR]
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer

from scenarios.errors import ParvisError, SourceError

__all__ = ["fetch", "main", "vtest"]

_NAME: Final = "vtest.avi"
_PACKAGE: Final = "opencv-doc"
_INSIDE: Final = Path("usr/share/doc/opencv-doc/examples/data")
_FOLDER: Final = Path("data")


def vtest() -> Path | None:
    """Return the video where there is one: in the folder PARVIS_FOOTAGE, in ./data, or of the installed package.

    Debian may have compressed the package's own copy; it is then unpacked into the user's cache once.
    """
    named = os.environ.get("PARVIS_FOOTAGE")
    for folder in [*([Path(named)] if named else []), _FOLDER]:
        if _whole(folder / _NAME):
            return folder / _NAME
    installed = Path("/") / _INSIDE / _NAME
    if _whole(installed):
        return installed
    packed = installed.with_name(f"{_NAME}.gz")
    if not packed.is_file():
        return None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "parvis" / _NAME
    if not _whole(cache):
        _unpack(packed, cache)
    return cache


def fetch(folder: Path = _FOLDER) -> Path:
    """Put the video into a folder, unless it is there already.

    Args:
        folder: Made when it is missing.

    Returns:
        The file.

    Raises:
        SourceError: Debian's tools are missing, the package cannot be had, or it does not hold the video.
    """
    target = folder / _NAME
    if _whole(target):
        return target
    found = vtest()
    if found is not None:
        _place(found, target)
        return target
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise SourceError(
                f"{_NAME} comes out of Debian's package {_PACKAGE}, and there is no {tool} here; "
                f"put the file into {folder} yourself"
            )
    with tempfile.TemporaryDirectory(prefix="parvis-footage-") as scratch:
        _run(["apt-get", "-q", "download", _PACKAGE], Path(scratch))
        packages = sorted(Path(scratch).glob(f"{_PACKAGE}_*.deb"))
        if not packages:
            raise SourceError(f"apt-get downloaded no {_PACKAGE}; try `apt-get update` first")
        _run(["dpkg", "-x", str(packages[0]), "unpacked"], Path(scratch))
        inside = Path(scratch) / "unpacked" / _INSIDE
        if (inside / _NAME).is_file():
            _place(inside / _NAME, target)
        elif (inside / f"{_NAME}.gz").is_file():
            _unpack(inside / f"{_NAME}.gz", target)
        else:
            raise SourceError(f"{packages[0].name} holds no {_INSIDE / _NAME}")
    return target


def main() -> None:
    """Run as a command."""
    try:
        typer.run(_command)
    except ParvisError as error:
        typer.echo(f"fetch_footage: {error}", err=True)
        sys.exit(2)


def _command(to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where to put it.")] = _FOLDER) -> None:
    """Get the real video out of Debian's package opencv-doc."""
    typer.echo(str(fetch(to)))


def _run(words: list[str], folder: Path) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise SourceError(f"`{' '.join(words)}` failed: {said[-1] if said else f'exit code {done.returncode}'}")


def _whole(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _place(source: Path, target: Path) -> None:
    """Copy so that the target is never seen half written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    shutil.copyfile(source, part)
    part.replace(target)


def _unpack(packed: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with gzip.open(packed, "rb") as source, part.open("wb") as file:
        shutil.copyfileobj(source, file)
    part.replace(target)


if __name__ == "__main__":
    main()
