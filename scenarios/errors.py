"""What can go wrong, and how it is said.

    ParvisError                 anything a person has to be told; exit code 2
    ├── ScenarioError           a scenario, camera or setting that does not make sense
    ├── SourceError             a video, folder or stream that gives no pictures
    ├── RecordingError          a run folder that is missing, half written or of another version
    ├── DetectorError           a detector that cannot be built or run
    └── MissingExtraError       a part that is not in the default installation

Every message is one sentence: what was wrong, where, and what would be right.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

__all__ = [
    "DetectorError",
    "MissingExtraError",
    "ParvisError",
    "RecordingError",
    "ScenarioError",
    "SourceError",
    "unknown",
]

_NAMES_SHOWN: Final = 12


class ParvisError(Exception):
    """Base of every error that a person has to be told about."""


class ScenarioError(ParvisError):
    """A scenario, camera calibration or setting that does not make sense."""


class SourceError(ParvisError):
    """A video, folder or stream that gives no pictures."""


class RecordingError(ParvisError):
    """A run folder that is missing, half written or of another version."""


class DetectorError(ParvisError):
    """A detector that cannot be built or run."""


class MissingExtraError(ParvisError):
    """A part that is not in the default installation."""

    def __init__(self, wanted: str, extra: str) -> None:
        super().__init__(f"{wanted} needs the extra '{extra}': pip install 'parvis[{extra}]'")


def unknown(what: str, name: str, known: Iterable[str], where: str = "") -> str:
    """Return the sentence for a name that is not in a closed list.

    Args:
        what: The kind of thing, such as ``"detector"``.
        name: What was asked for.
        known: All names that would have been right.
        where: The file or key in which it was asked, if any.
    """
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    listed = ", ".join(names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "")
    place = f"{where}: " if where else ""
    return f"{place}unknown {what} '{name}'{hint} (known: {listed or 'none'})"
