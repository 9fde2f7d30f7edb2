"""A claim: one number, what it is measured against, and whether the goal is met."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["Claim", "show"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One measured number.

    Attributes:
        claim: What was measured, with its unit.
        value: What came out; None where it could not be measured.
        peer: What the peer reached in the same run; None without one.
        ratio: ``value / peer``; None without a peer.
        goal: What ``ratio``, or without a peer ``value``, is to reach; None where nothing was promised.
        met: Whether it does; false where it could not be measured.
    """

    claim: str
    value: float | None
    peer: float | None
    ratio: float | None
    goal: float | None
    met: bool

    @classmethod
    def at_least(cls, claim: str, value: float | None, goal: float | None) -> Claim:
        """A claim that ``value`` reaches ``goal``."""
        return cls(claim, value, None, None, goal, value is not None and (goal is None or value >= goal))

    @classmethod
    def at_most(cls, claim: str, value: float | None, goal: float) -> Claim:
        """A claim that ``value`` stays at or under ``goal``."""
        return cls(claim, value, None, None, goal, value is not None and value <= goal)

    @classmethod
    def against(cls, claim: str, value: float | None, peer: float | None, goal: float) -> Claim:
        """A claim that ``value`` is at least ``goal`` times what a peer reached."""
        ratio = value / peer if value is not None and peer else None
        return cls(claim, value, peer, ratio, goal, ratio is not None and ratio >= goal)


def show(claims: Sequence[Claim], *, as_json: bool, more: Mapping[str, Any] | None = None) -> None:
    """Print all claims, as a table or as one JSON object, to which ``more`` is added."""
    if as_json:
        machine = {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(terse=True),
        }
        print(json.dumps({"machine": machine, "claims": [asdict(c) for c in claims], **(more or {})}, indent=1))
        return
    table = Table("claim", "value", "peer", "ratio", "goal", "met")
    for c in claims:
        numbers = (("-" if v is None else f"{v:.3g}") for v in (c.value, c.peer, c.ratio, c.goal))
        table.add_row(c.claim, *numbers, "yes" if c.met else "NO")
    Console(width=140).print(table)
