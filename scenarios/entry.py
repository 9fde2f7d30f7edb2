"""What every table of a scenario file has in common."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from shapely import Polygon
from shapely.validation import explain_validity

__all__ = ["Entry", "Id", "Metres", "Point2", "Point3", "Ring"]


class Entry(BaseModel):
    """A table of a scenario file: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _ring(points: Any) -> Any:
    shape = Polygon(points)
    if not shape.is_valid:
        raise ValueError(f"is not a simple polygon: {explain_validity(shape)}")
    if shape.area <= 0:
        raise ValueError("encloses no area")
    return points


Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""Lower case letters, digits and underscores."""
Metres = Annotated[float, Field(ge=-10_000, le=10_000)]
Point2 = tuple[Metres, Metres]
"""(x east, y north) in metres."""
Point3 = tuple[Metres, Metres, Metres]
"""(x east, y north, z up) in metres."""
Ring = Annotated[list[Point2], Field(min_length=3), AfterValidator(_ring)]
"""Corners of a polygon in metres, in either sense, not closed."""
