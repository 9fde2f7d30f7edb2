"""The gallery: every exhibit as a JPEG, drawn once and kept in the user's cache folder.

python -m dashboard.gallery --to docs/media/gallery   draws all of them and writes docs/gallery.md beside
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Annotated, Final

import cv2
import typer

from dashboard.exhibits import KINDS, Exhibit, exhibits
from dashboard.progress import bars
from scenarios.errors import ParvisError, RecordingError, unknown

__all__ = ["cache_folder", "known", "main", "picture", "write_gallery"]

_QUALITY: Final = 82
_DECIDES: Final = ("scenarios", "sim", "dashboard.exhibits", "dashboard.darkroom", "dashboard.studio")
_DATA: Final = (".py", ".npz", ".toml", ".png", ".csv")
_drawing: Final = Lock()


def cache_folder() -> Path:
    """Return where pictures are kept: $XDG_CACHE_HOME/parvis/gallery, else ~/.cache/parvis/gallery."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "parvis" / "gallery"


@cache
def known() -> Mapping[str, Exhibit]:
    """Return every exhibit by its id."""
    return {exhibit.id: exhibit for exhibit in exhibits()}


def picture(exhibit_id: str) -> Path:
    """Return a JPEG of an exhibit; it is drawn unless it was drawn before by the same version of everything.

    Raises:
        ParvisError: There is no such exhibit, or its picture cannot be kept.
    """
    shown = known()
    if exhibit_id not in shown:
        raise ParvisError(unknown("exhibit", exhibit_id, shown))
    folder = cache_folder() / _version()
    path = folder / f"{exhibit_id}.jpg"
    if path.is_file():
        return path
    with _drawing:  # one at a time: the compositor of a studio is shared, and two cores are few
        if path.is_file():
            return path
        image = shown[exhibit_id].draw()
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data.tobytes())
            part.replace(path)
        except OSError as error:
            raise RecordingError(f"{path}: the gallery's picture cannot be kept ({error.strerror})") from None
    return path


def write_gallery(folder: Path, page: Path) -> None:
    """Write every picture into a folder and a Markdown page that shows them, but for those with real footage in them.

    Args:
        folder: For the pictures.
        page: The Markdown file.

    Raises:
        ParvisError: Something cannot be drawn or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shown = {name: exhibit for name, exhibit in known().items() if not exhibit.real}
    with bars() as report:
        for number, exhibit in enumerate(shown.values()):
            report("gallery", number / len(shown), exhibit.title)
            (folder / f"{exhibit.id}.jpg").write_bytes(picture(exhibit.id).read_bytes())
        report("gallery", 1.0)
    for stale in folder.glob("*.jpg"):
        if stale.stem not in shown:
            stale.unlink()
    at = os.path.relpath(folder, page.parent).replace(os.sep, "/")
    page.write_text("".join(_page(shown.values(), at)), encoding="utf-8")


def _page(shown: Collection[Exhibit], at: str) -> Iterator[str]:
    yield "# Gallery\n\nEverything that can stand, lie or happen before a simulated camera, drawn by the compositor\n"
    yield f"that films: `python -m dashboard.gallery --to docs/{at}`. The dashboard's page Library shows the same.\n"
    for kind, heading in KINDS.items():
        mine = [exhibit for exhibit in shown if exhibit.kind == kind]
        if mine:
            yield f"\n## {heading}\n"
        for exhibit in mine:
            command = f" `{exhibit.command}`" if exhibit.command else ""
            text = f" {exhibit.text}" if exhibit.text else ""
            yield f"\n**{exhibit.title}.**{text}{command}\n\n![{exhibit.title}]({at}/{exhibit.id}.jpg)\n"


@cache
def _version() -> str:
    """Changes with everything that decides what the pictures show."""
    total = hashlib.sha256()
    for name in _DECIDES:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        files = [origin] if "." in name else sorted(p for p in origin.parent.rglob("*") if p.suffix in _DATA)
        for file in files:
            total.update(file.name.encode())
            total.update(file.read_bytes())
    return total.hexdigest()[:16]


def main() -> None:
    """Run as a command."""
    try:
        typer.run(_command)
    except ParvisError as error:
        typer.echo(f"gallery: {error}", err=True)
        sys.exit(2)


def _command(
    to: Annotated[Path, typer.Option("--to", help="Folder for the pictures.")] = Path("docs/media/gallery"),
    page: Annotated[Path, typer.Option("--page", help="Markdown file.")] = Path("docs/gallery.md"),
) -> None:
    """Draw the whole gallery."""
    write_gallery(to, page)


if __name__ == "__main__":
    main()
