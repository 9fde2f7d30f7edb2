"""A part of the floor that a rule watches."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator
from shapely import Polygon

from scenarios.entry import Entry, Id, Point2, Ring

__all__ = ["Zone"]


class Zone(Entry):
    """A part of the floor that a rule watches.

    Attributes:
        max_density_per_m2: More than this is too dense.
        forbidden: Nobody may be in it; people walk around it where there is a way.
        one_way: Direction (east, north) in which it may be walked; its length does not matter.
        stairs_up: Direction (east, north) in which its stairs rise; people are slower on them, upwards more.
        fixture: Things stand here that nobody has lost, such as refuse beside a bin.
        until: From then on it is no fixture any more, with time zone; None: for good.
    """

    id: Id
    polygon: Ring
    max_density_per_m2: Annotated[float, Field(gt=0, le=12)] | None = None
    forbidden: bool = False
    one_way: Point2 | None = None
    stairs_up: Point2 | None = None
    fixture: bool = False
    until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Zone:
        if self.one_way is not None and not any(self.one_way):
            raise ValueError("one_way: has no direction; it should be such as [1, 0] for eastward")
        if self.one_way is not None and self.forbidden:
            raise ValueError("one_way: nobody may be in a forbidden zone, so it has no direction")
        if self.stairs_up is not None and not any(self.stairs_up):
            raise ValueError("stairs_up: has no direction; it should be such as [0, 1] for rising northward")
        if self.until is not None and not self.fixture:
            raise ValueError("until: only a fixture ends; set fixture = true, or leave it out")
        return self

    def is_fixture(self, at: datetime | None) -> bool:
        """Return whether it is a fixture at a moment; footage that tells no moment is taken to be in time."""
        return self.fixture and (self.until is None or at is None or at < self.until)

    @cached_property
    def shape(self) -> Polygon:
        """Its outline on the floor."""
        return Polygon(self.polygon)
