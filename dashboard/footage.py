"""Footage that several runs share: filmed once, kept by the hash of its scenario, lent without a copy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scenarios.errors import RecordingError
from scenarios.recording import Recording

__all__ = ["FilmStore", "take_footage"]

_FOLDERS: Final = ("video", "frames", "truth")
_FILES: Final = ("scenario.toml", "cameras.json")


def take_footage(of: Recording, into: Recording, *, link: bool = False) -> None:
    """Put films, picture times, truth, scenario and cameras of one recording into another.

    Args:
        of: Whose footage.
        into: A recording that is being written.
        link: The same files under a second name where the file system can: they take no room of their own. Nothing
            of Parvis changes a file in place.
    """
    copy = _link_or_copy if link else shutil.copy2
    for name in _FOLDERS:
        if (of.folder / name).is_dir():
            shutil.copytree(of.folder / name, into.folder / name, copy_function=copy)
    for name in _FILES:
        if (of.folder / name).is_file():
            copy(str(of.folder / name), str(into.folder / name))


@dataclass(frozen=True, slots=True)
class FilmStore:
    """A folder of films.

    Attributes:
        folder: Where they lie.
    """

    folder: Path

    def path(self, scenario_hash: str) -> Path:
        """Return where the film of a scenario lies, or would."""
        return self.folder / scenario_hash[:16]

    def has(self, scenario_hash: str) -> bool:
        """Whether it is there, whole."""
        return (self.path(scenario_hash) / "run.json").is_file()

    @contextmanager
    def lock(self, scenario_hash: str) -> Iterator[None]:
        """Hold the right to film one scenario; others wait. It ends with the process, however that ends.

        Raises:
            RecordingError: The folder cannot be written.
        """
        import fcntl

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = (self.folder / f".{scenario_hash[:16]}.lock").open("w")
        except OSError as error:
            raise RecordingError(f"{self.folder}: cannot be written ({error.strerror})") from None
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
