"""A floor plan from another program's file becomes a scenario, with a picture of what was understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.venue_sheet import draw_venue_sheet
from scenarios.errors import ScenarioError
from scenarios.plans import read_plan
from scenarios.plans.draft import draft_scenario, scenario_name
from scenarios.plans.floor import Floor, lay_floor

__all__ = ["ImportedVenue", "import_venue"]


@dataclass(frozen=True, slots=True, eq=False)
class ImportedVenue:
    """What was made of a plan.

    Attributes:
        scenario: File of the scenario.
        picture: File of the picture.
        floor: The venue and where people start.
        kind: What the plan was, such as ``GeoJSON``.
    """

    scenario: Path
    picture: Path
    floor: Floor
    kind: str

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know of how the plan was read."""
        return self.floor.notes

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        venue = self.floor.venue
        return {
            "scenario": str(self.scenario),
            "picture": str(self.picture),
            "format": self.kind,
            "floor_m2": round(venue.floor.area, 6),
            "walkable_m2": round(venue.walkable.area, 6),
            "obstacles": len(venue.obstacles),
            "zones": [zone.id for zone in venue.zones],
            "starts": {start.id: start.count for start in self.floor.starts},
            "gates": {g.id: {"width_m": round(g.width_m, 6), "direction": g.direction.value} for g in venue.gates},
            "notes": list(self.notes),
        }

    def lines(self) -> list[str]:
        """Return what was found, a line each kind, for a person."""
        venue = self.floor.venue
        west, south, east, north = venue.floor.bounds
        lines = [
            f"{self.kind}: {east - west:.4g} x {north - south:.4g} m, {venue.walkable.area:.6g} m² to walk on, "
            f"{_count(len(venue.obstacles), 'obstacle')}, {_count(len(venue.zones), 'zone')}"
        ]
        for what, chosen in (("in", ["in"]), ("out", ["out"]), ("in and out", ["both"])):
            gates = [g for g in venue.gates if g.direction in chosen]
            if gates:
                lines.append(f"Gates {what}: " + ", ".join(f"{g.id} ({g.width_m:.2f} m)" for g in gates))
        if self.floor.starts:
            lines.append("People at the start: " + ", ".join(f"{s.count} in {s.id}" for s in self.floor.starts))
        return lines


def import_venue(
    file: Path,
    out: Path | None = None,
    *,
    layers: Mapping[str, str] | None = None,
    scale: float | None = None,
    overwrite: bool = False,
) -> ImportedVenue:
    """Read a plan, check it, and write a scenario with a picture beside it.

    Args:
        file: The plan.
        out: The scenario's file; None: after the plan, in the current folder.
        layers: Layers or kinds of the plan to roles.
        scale: Metres of one unit of the plan.
        overwrite: Replace files that are there.

    Raises:
        ScenarioError: The plan is no sound venue, or something is in the way; nothing is written then.
    """
    if scale is not None and not 1e-6 <= scale <= 1e6:
        raise ScenarioError(f"--scale {scale:g}: should be the metres of one unit of the plan, such as 0.001")
    if out is not None and out.suffix != ".toml":
        raise ScenarioError(f"--out {out}: should end in .toml")
    name = scenario_name(file if out is None else out)
    path = out if out is not None else Path(f"{name}.toml")
    picture = path.with_suffix(".png")
    there = next((p for p in (path, picture) if p.exists()), None)
    if there is not None and not overwrite:
        raise ScenarioError(f"{there}: is there already; give another --out, or --force to replace it")
    drawing = read_plan(file, scale=scale, layers=layers)
    floor = lay_floor(drawing)
    scenario, text = draft_scenario(floor, name, f"{file.name}, read as {drawing.kind}")
    sheet = draw_venue_sheet(scenario, floor.starts, f"{file.name}, {drawing.kind}")
    made = {path: text.encode(), picture: sheet}
    drafts = {target: target.with_name(f".{target.name}.part") for target in made}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for target, data in made.items():
            drafts[target].write_bytes(data)
        for target, draft in drafts.items():
            draft.replace(target)
    except OSError as error:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        raise ScenarioError(f"{path}: cannot be written ({error})") from None
    return ImportedVenue(path, picture, floor, drawing.kind)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
