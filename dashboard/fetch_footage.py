"""Gets the real video that tests and the README use out of Debian's package opencv-doc.

It is PETS2009 S2.L1 view 1 (University of Reading), free for academic and industrial research.

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

from scenarios.errors import ParvisError

__all__ = ["fetch", "main", "vtest"]

_NAME: Final = "vtest.avi"
_PACKAGE: Final = "opencv-doc"
_INSTALLED: Final = Path("/usr/share/doc/opencv-doc/examples/data")


def vtest() -> Path | None:
    """Return the real video, if it is on this machine: in $PARVIS_FOOTAGE, ./data, or where Debian puts it."""
    for folder in (os.environ.get("PARVIS_FOOTAGE"), "data", _INSTALLED):
        if folder and (Path(folder) / _NAME).is_file():
            return Path(folder) / _NAME
    return None


def fetch(folder: Path) -> Path:
    """Put the video into ``folder``; does nothing if it is there.

    Raises:
        ParvisError: This is no Debian or Ubuntu, or the package cannot be had.
    """
    target = folder / _NAME
    if target.is_file():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    for installed in (_INSTALLED / _NAME, _INSTALLED / f"{_NAME}.gz"):
        if installed.is_file():
            _unpack(installed, target)
            return target
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise ParvisError(f"{_NAME} comes in Debian's package {_PACKAGE}, and this machine has no {tool}")
    with tempfile.TemporaryDirectory() as work:
        Path(work).chmod(0o755)  # apt's own user writes here
        done = subprocess.run(["apt-get", "download", _PACKAGE], cwd=work, capture_output=True, text=True, check=False)
        packages = list(Path(work).glob("*.deb"))
        if done.returncode or not packages:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ParvisError(f"apt-get download {_PACKAGE} failed ({last}); try 'apt-get update' first")
        subprocess.run(["dpkg", "-x", packages[0], f"{work}/x"], check=True, capture_output=True)
        found = next(Path(work, "x").rglob(f"{_NAME}*"), None)
        if found is None:
            raise ParvisError(f"the package {_PACKAGE} of this system does not hold {_NAME}")
        _unpack(found, target)
    return target


def _unpack(found: Path, target: Path) -> None:
    """Copy the video, unzipped where the package has it zipped; what exists is whole."""
    part = target.with_suffix(".part")
    if found.suffix == ".gz":
        with gzip.open(found) as source, part.open("wb") as out:
            shutil.copyfileobj(source, out)
    else:
        shutil.copyfile(found, part)
    part.replace(target)


def main() -> None:
    """Run as a command."""
    try:
        typer.run(_command)
    except ParvisError as error:
        typer.echo(f"fetch_footage: {error}", err=True)
        sys.exit(2)


def _command(to: Annotated[Path, typer.Option("--to", help="Folder to put it in.")] = Path("data")) -> None:
    """Get the real video out of Debian's package opencv-doc."""
    typer.echo(f"{fetch(to)}")


if __name__ == "__main__":
    main()
