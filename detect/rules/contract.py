"""What an event rule is: a scene a picture in, statements out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from detect.tracks import Tracks
from scenarios.camera import Camera
from scenarios.event import Event, EventKind
from scenarios.frame import Frame
from scenarios.venue import Zone

__all__ = ["Rule", "Scene", "Setting"]

Setting = float | int | str | bool
"""A value of a rule's setting."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything that a rule may look at, at one instant.

    Attributes:
        frame: The picture itself, for rules that need a second witness.
        tracks: What is followed in it; confirmed tracks only.
        camera: The calibration, or None.
        zones: Zones of the venue that are watched; empty where none are known.
    """

    frame: Frame
    tracks: Tracks
    camera: Camera | None
    zones: Sequence[Zone]


class Rule(Protocol):
    """Watches one kind of event on one camera.

    Thresholds are settings in seconds and metres (persons per square metre), never in frames or pixels. The first
    setting of the model is the threshold: the higher it is, the less is said.
    """

    name: str
    """As in the table of rules."""
    kind: EventKind
    """What it may say."""

    def update(self, scene: Scene) -> list[Event]:
        """Look at one instant; times never run back. Return events that begin or end here."""

    def reset(self) -> list[Event]:
        """Forget everything, because pictures were lost; return the events that end by that."""
