"""Stewards: staff in high-visibility clothes who stand at a post and look a way."""

from __future__ import annotations

from pydantic import model_validator

from scenarios.entry import Entry, Id, Point2

__all__ = ["Steward"]


class Steward(Entry):
    """Somebody of the staff who stays at a post, in an evacuation too; people walk around.

    Attributes:
        post_m: Where the steward stands.
        looks_at_m: The place that the steward looks towards.
    """

    id: Id
    post_m: Point2
    looks_at_m: Point2

    @model_validator(mode="after")
    def _looks_somewhere(self) -> Steward:
        if self.post_m == self.looks_at_m:
            raise ValueError("looks_at_m: is the post itself, so it says no direction; it should be a place beyond it")
        return self
