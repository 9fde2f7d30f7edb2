"""A trial: one verification test of the crowd, what it asks, what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Line", "Trial"]


@dataclass(frozen=True, slots=True)
class Line:
    """One curve of a trial's plot; ``y`` over ``x``, drawn as dots where ``dots`` is set."""

    name: str
    x: Any
    y: Any
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """One test.

    Attributes:
        number: As its guideline counts.
        title: What it is about.
        criterion: What is to come out.
        result: What came out, with units.
        passed: Whether it does; None: it does not apply, and ``result`` says why.
        peer: What JuPedSim publishes of it; empty: nothing.
        axes: Names of the plot's axes, with units.
        lines: Its curves.
        numbers: What was measured, by name.
        why: Where it fails, for what reason.
    """

    number: str
    title: str
    criterion: str
    result: str
    passed: bool | None
    peer: str = ""
    axes: tuple[str, str] = ("", "")
    lines: tuple[Line, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    why: str = ""


Run = Callable[[], Trial]
"""Runs one test."""
