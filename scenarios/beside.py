"""Files that a scenario names: they lie beside it, or in the folder of footage, and never outside of these."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, PrivateAttr, ValidationInfo, model_validator

from scenarios.entry import Entry
from scenarios.errors import ScenarioError

__all__ = ["FOLDER", "Beside", "FileName", "Sha256", "find_beside"]

FOLDER: Final = "folder"
"""Key of the validation context under which the loader says where the scenario's file lies."""


def _stays_inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not path.parts:
        raise ValueError(f"'{name}' should be a path inside the scenario file's folder, such as 'plate.png'")
    return name


FileName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_stays_inside)]
"""A relative path with forward slashes that does not lead out of its folder."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Beside(Entry):
    """A table of a scenario file that names another file.

    The file is looked for in the folder of the scenario file, then in the folder that the environment variable
    ``PARVIS_FOOTAGE`` names, then in ``data``: what may not be published stays out of the library's folder.
    When the scenario is loaded and the file is there, its checksum becomes part of the scenario.

    Attributes:
        sha256: Checksum of the file; filled in when the scenario is loaded.
        made_by: The command that makes the file, for the message when it is missing.
    """

    sha256: Sha256 | None = None
    made_by: Annotated[str, Field(max_length=300)] = ""
    _folder: Path = PrivateAttr(default=Path())

    @property
    def file_name(self) -> str:
        """The path as written."""
        raise NotImplementedError

    @model_validator(mode="before")
    @classmethod
    def _add_checksum(cls, raw: Any, info: ValidationInfo) -> Any:
        if not isinstance(raw, Mapping) or "sha256" in raw:
            return raw
        name = raw.get(cls._file_key())
        if not isinstance(name, str):
            return raw
        try:
            found = _find(_stays_inside(name), _folder_of(info))
        except ValueError:
            return raw  # the field's own check says it
        return {**raw, "sha256": _digest(found)} if found is not None else raw

    @model_validator(mode="after")
    def _remember_folder(self, info: ValidationInfo) -> Beside:
        self._folder = _folder_of(info)
        return self

    @classmethod
    def _file_key(cls) -> str:
        return "file"

    def locate(self, where: str) -> Path:
        """Return the file.

        Args:
            where: The key, for the message.

        Raises:
            ScenarioError: It is not there, leads out of its folder through a link, or is not the one that the
                scenario was loaded with.
        """
        found = find_beside(self.file_name, self._folder, where, self.made_by)
        if self.sha256 is not None and _digest(found) != self.sha256:
            raise ScenarioError(
                f"{where}: {found} is not the file that this scenario was written for (its SHA-256 should begin "
                f"with {self.sha256[:12]}); remove the key sha256 to take the new one"
            )
        return found


def find_beside(name: str, folder: Path, where: str, made_by: str = "") -> Path:
    """Return a file that a scenario names.

    Args:
        name: Its relative path.
        folder: Folder of the scenario file.
        where: The key, for the message.
        made_by: The command that makes it.

    Raises:
        ScenarioError: It is not there, or leads out of its folder.
    """
    try:
        found = _find(_stays_inside(name), folder)
    except ValueError as error:
        raise ScenarioError(f"{where}: {error}") from None
    if found is None:
        hint = f"; make it with: {made_by}" if made_by else ""
        places = ", ".join(f"'{root}'" for root in _roots(folder))
        raise ScenarioError(f"{where}: there is no file '{name}' in {places}{hint}")
    return found


def _folder_of(info: ValidationInfo) -> Path:
    return Path((info.context or {}).get(FOLDER, "."))


def _roots(folder: Path) -> list[Path]:
    named = os.environ.get("PARVIS_FOOTAGE")
    return [folder, *([Path(named)] if named else []), Path("data")]


def _find(name: str, folder: Path) -> Path | None:
    for root in _roots(folder):
        path = root / name
        if path.is_file():
            if not path.resolve().is_relative_to(root.resolve()):
                raise ScenarioError(f"{path}: is a link that leads out of the folder '{root}'; copy the file there")
            return path
    return None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
