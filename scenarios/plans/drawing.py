"""A floor plan as it was read from a file: what was drawn, as what, and where in the file it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import shapely
from shapely import LineString, Polygon

from scenarios.errors import ScenarioError, unknown
from scenarios.venue import ObstacleKind

__all__ = [
    "WALL_M", "Drawing", "Element", "Meaning", "Role", "check_mapping", "check_polygon", "meaning_of", "meanings",
]  # fmt: skip

WALL_M: Final = 0.1
"""Thickness that a wall is given which is drawn as a line, half of it on either side."""


class Role(StrEnum):
    """What an element of a plan stands for."""

    OUTLINE = "outline"
    OBSTACLE = "obstacle"
    ZONE = "zone"
    GATE = "gate"
    ENTRANCE = "entrance"
    EXIT = "exit"
    START = "start"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word in a plan says.

    Attributes:
        role: What the element stands for.
        obstacle: Which obstacle, where the word says it.
    """

    role: Role
    obstacle: ObstacleKind | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """One thing of a plan.

    Attributes:
        role: What it stands for.
        shape: A polygon, or for gates and walls a line; in metres, or in the file's units until it is moved.
        where: Where it stands in the file, for messages, such as ``feature 3``.
        name: What it is called there; may be empty.
        traits: Further keys of the venue's entry, such as ``height_m`` or ``direction``, unchecked.
    """

    role: Role
    shape: Polygon | LineString
    where: str
    name: str = ""
    traits: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.role.value} '{self.name}' ({self.where})" if self.name else f"{self.role.value} ({self.where})"


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """All of a plan.

    Attributes:
        file: Name of the file.
        kind: What the file is, for a person, such as ``GeoJSON``.
        elements: What was drawn, in the file's order, in metres.
        hint: What would make an element the outline, for the message that there is none.
        notes: What a person should know: how units were read, what was left out.
    """

    file: str
    kind: str
    elements: Sequence[Element]
    hint: str
    notes: Sequence[str] = ()


_WORDS: Final[dict[Role, tuple[str, ...]]] = {
    Role.OUTLINE: ("outline", "walkable", "floor", "accessible", "boundary", "perimeter"),
    Role.OBSTACLE: ("obstacle", "hole", "furniture", "column"),
    Role.ZONE: ("zone",),
    Role.GATE: ("gate", "door"),
    Role.ENTRANCE: ("entrance", "entry"),
    Role.EXIT: ("exit", "egress"),
    Role.START: ("start", "distribution", "spawn"),
    Role.IGNORE: ("ignore",),
}


def _plurals(word: str) -> tuple[str, ...]:
    return (word, word[:-1] + "ies") if word.endswith("y") else (word, word + "s", word + "es")


_MEANINGS: Final[dict[str, Meaning]] = {
    form: meaning
    for word, meaning in [
        *((word, Meaning(role)) for role, words in _WORDS.items() for word in words),
        *((kind.value, Meaning(Role.OBSTACLE, kind)) for kind in ObstacleKind),
    ]
    for form in _plurals(word)
}


def meanings() -> list[str]:
    """Return the words that every format knows, in the singular."""
    return sorted({word for words in _WORDS.values() for word in words} | {kind.value for kind in ObstacleKind})


def meaning_of(text: str, mapping: Mapping[str, str]) -> Meaning | None:
    """Return what a layer's name or a property's value says; None where it says nothing known.

    Args:
        text: Such as ``EXITS``, ``A-WALL-FULL`` or ``lamp_post``; capitals and plural do not matter.
        mapping: Names to roles as a person gave them; these come first.

    Raises:
        ScenarioError: The mapping names no role.
    """
    key = text.strip().casefold()
    for name, role in mapping.items():
        if name.strip().casefold() == key:
            given = _MEANINGS.get(role.strip().casefold())
            if given is None:
                raise ScenarioError(unknown("role", role, meanings(), f"--layer {name}={role}"))
            return given
    words = [word for word in re.split(r"[^a-z0-9]+", key) if word]
    for phrase in ("_".join(words), *words):
        if phrase in _MEANINGS:
            return _MEANINGS[phrase]
    return None


def check_mapping(mapping: Mapping[str, str], names: Iterable[str], what: str, file: Path) -> None:
    """Refuse a mapping of what the file does not have.

    Args:
        mapping: Names to roles as a person gave them.
        names: What there is in the file.
        what: What these are, such as ``layer``.
        file: For the message.

    Raises:
        ScenarioError: The mapping names something that is not there, or no role.
    """
    known = list(dict.fromkeys(names))
    folded = {name.strip().casefold() for name in known}
    for name, role in mapping.items():
        if name.strip().casefold() not in folded:
            raise ScenarioError(unknown(what, name, known, f"--layer {name}={role}: {file.name}"))
        meaning_of(name, mapping)


def check_polygon(shape: Polygon, place: str) -> Polygon:
    """Return a polygon as it is, if it is one.

    Args:
        shape: To be looked at.
        place: File and element, for the message.

    Raises:
        ScenarioError: It crosses itself or encloses nothing.
    """
    if not shape.is_valid:
        reason, _, at = shapely.is_valid_reason(shape).rstrip("]").partition("[")
        near = " near ({}, {})".format(*(f"{float(n):.6g}" for n in at.split()[:2])) if at else ""
        crossed = "self-intersection" in reason.casefold()
        said = "the polygon crosses itself" if crossed else f"the polygon is not simple: {reason.strip().casefold()}"
        raise ScenarioError(f"{place}: {said}{near}; its corners should go round once without crossing")
    if shape.area <= 0:
        raise ScenarioError(f"{place}: the polygon encloses no area")
    return shape
