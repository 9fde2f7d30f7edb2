"""A crowd that somebody plays with: every act is an incident, so that the session is a scenario that runs again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import tomli_w
from pydantic import ValidationError

from scenarios.errors import ScenarioError
from scenarios.incident import (
    AbandonedBag,
    GateChange,
    IncidentKind,
    IncidentSpec,
    ObstacleMove,
    Part,
    PersonDown,
    Surge,
)
from scenarios.load import model_error
from scenarios.population import BagKind
from scenarios.scenario import Scenario
from scenarios.venue import Venue
from sim.crowd import Crowd
from sim.incidents.obstacle_move import why_no_room

__all__ = ["Place", "Session", "place_of"]

_SURGE_RADIUS_M: Final = 10.0
_SURGE_LASTS_S: Final = 15.0

Place = tuple[float, float]


class Session:
    """A scenario, a crowd that plays it, and what has been done to it.

    An act takes hold with the next step. It is data of the scenario (`played`), so that the scenario, run again from
    its start, gives the same bits as the session did.

    Attributes:
        scenario: As it was loaded, with the seed that is played.
        crowd: At this instant.
        acts: What was done, in the order of doing; some may lie ahead after the session went back in time.
    """

    def __init__(self, scenario: Scenario) -> None:
        """Begin at the scenario's start.

        Raises:
            ScenarioError: Somebody in it has no way to go.
        """
        self.scenario = scenario
        self.crowd = Crowd(scenario)
        self.acts: tuple[IncidentSpec, ...] = ()
        self._saved: tuple[IncidentSpec, ...] = ()

    @property
    def time_s(self) -> float:
        """Seconds since the start."""
        return self.crowd.time_s

    @property
    def ended(self) -> bool:
        """Whether the scenario's duration is over; nothing goes on after it."""
        return self._steps >= round(self.scenario.duration_s / self.scenario.step_s)

    @property
    def unsaved(self) -> bool:
        """Whether something was done since the session was saved."""
        return self.acts != self._saved

    @property
    def venue(self) -> Venue:
        """The venue as it is now, with what was done since the last step."""
        venue = self.crowd.routes.venue
        for act in self._pending:
            if isinstance(act, GateChange):
                gates = [g.model_copy(update={"open": act.open}) if g.id == act.gate else g for g in venue.gates]
                venue = venue.model_copy(update={"gates": gates})
            elif isinstance(act, ObstacleMove):
                venue = venue.with_obstacle_at(act.obstacle, act.place_m)
        return venue

    def step(self) -> bool:
        """Go on by one step of the crowd; return whether there was one left."""
        if self.ended:
            return False
        self.crowd.step()
        return True

    def drop_bag(self, place_m: Place, bag: BagKind = BagKind.BACKPACK) -> None:
        """Let whoever walks nearest to a place put a bag down there and go on.

        Raises:
            ScenarioError: Nobody can do that there.
        """
        self._somebody()
        self._do(
            AbandonedBag(
                kind=IncidentKind.ABANDONED_BAG, id=self._id("bag"), at_s=self._next_s, place_m=place_m,
                who=Part.NEAREST, bag=bag, stays_s=1.0,
            )
        )  # fmt: skip

    def make_fall(self, place_m: Place) -> None:
        """Let whoever walks nearest to a place fall and stay down.

        Raises:
            ScenarioError: Nobody can do that there.
        """
        self._somebody()
        self._do(
            PersonDown(
                kind=IncidentKind.PERSON_DOWN, id=self._id("fall"), at_s=self._next_s, place_m=place_m,
                who=Part.NEAREST,
            )
        )  # fmt: skip

    def start_surge(self, place_m: Place) -> None:
        """Let everybody around a place run to the exit that is nearest to it.

        Raises:
            ScenarioError: No exit is open, or the place is not on the floor.
        """
        toward = self.venue.gates[self.crowd.nearest_exit(place_m)].id
        self._do(
            Surge(
                kind=IncidentKind.SURGE, id=self._id("surge"), at_s=self._next_s, place_m=place_m,
                radius_m=_SURGE_RADIUS_M, toward=toward, lasts_s=_SURGE_LASTS_S,
            )
        )  # fmt: skip

    def turn_gate(self, gate: str) -> bool:
        """Close a gate that is open, open one that is closed; return whether it is open then.

        Raises:
            ScenarioError: A flow would have no way in or out.
        """
        is_open = not self.venue.gate(gate).open
        self._do(
            GateChange(
                kind=IncidentKind.GATE_CHANGE, id=self._id("gate"), at_s=self._next_s, gate=gate, open=is_open
            )
        )  # fmt: skip
        return is_open

    def move(self, obstacle: str, place_m: Place) -> None:
        """Put an obstacle with its middle at a place.

        Raises:
            ScenarioError: It does not go there, would stand on somebody, or would cut somebody off.
        """
        self._do(
            ObstacleMove(
                kind=IncidentKind.OBSTACLE_MOVE, id=self._id("move"), at_s=self._next_s, obstacle=obstacle,
                place_m=place_m,
            )
        )  # fmt: skip

    def undo(self) -> IncidentSpec | None:
        """Take back what was done last, and go back to the instant at which it was done; None: there is nothing."""
        if not self.acts:
            return None
        last = self.acts[-1]
        then = min(self._steps, round(last.at_s / self.scenario.step_s) - 1)
        self.acts = self.acts[:-1]
        self._replay(then)
        return last

    def go_back(self, seconds: float) -> None:
        """Go back in time; what was done since then is ahead again."""
        self._replay(max(0, self._steps - round(seconds / self.scenario.step_s)))

    def played(self) -> Scenario:
        """Return the scenario with everything that was done."""
        return self._with(self.acts)

    def save(self, path: Path) -> None:
        """Write what was played as a scenario file.

        Raises:
            ScenarioError: The file cannot be written.
        """
        plain = self.played().model_dump(mode="json", exclude_none=True)
        text = (
            f"# Played by hand: {len(self.acts)} acts, ids played_*. The name stays, because the looks of a place\n"
            f"# follow from it. Run it again: parvis plan {path.name}\n" + tomli_w.dumps(plain)
        )
        part = path.with_name(path.name + ".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise ScenarioError(f"{path}: cannot be written ({error.strerror or error})") from None
        self._saved = self.acts

    @property
    def _steps(self) -> int:
        return round(self.crowd.time_s / self.scenario.step_s)

    @property
    def _next_s(self) -> float:
        """The instant of the next step, bit by bit as the crowd's clock will say it."""
        return (self._steps + 1) * self.scenario.step_s

    @property
    def _pending(self) -> list[IncidentSpec]:
        return [act for act in self.acts if act.at_s == self._next_s]

    def _id(self, what: str) -> str:
        taken = {spec.id for spec in (*self.scenario.incidents, *self.acts)}
        numbers = (f"played_{what}_{n}" for n in range(1, len(taken) + 2))
        return next(name for name in numbers if name not in taken)

    def _somebody(self) -> None:
        people = self.crowd.people
        if not ((people.flow >= 0) & ~people.stays & (people.wanted_mps > 0)).any():
            raise ScenarioError("nobody is walking now who could do that")

    def _do(self, act: IncidentSpec) -> None:
        if self.ended:
            raise ScenarioError("the scenario is over; go back in time, or play it longer with --set duration_s=...")
        self._with((*self.acts, act))
        if isinstance(act, GateChange | ObstacleMove):
            self._try(act)
        self.crowd.add_incident(act)
        self.acts = (*self.acts, act)

    def _try(self, act: GateChange | ObstacleMove) -> None:
        """Do to the venue what is to be done with the next step, and take it back; raises what then goes wrong."""
        crowd = self.crowd
        before = crowd.routes.venue
        try:
            for change in (*self._pending, act):
                if isinstance(change, GateChange):
                    crowd.set_gate(change.gate, is_open=change.open)
                elif isinstance(change, ObstacleMove):
                    reason = why_no_room(crowd, change)
                    if reason is not None:
                        raise ScenarioError(reason)
                    crowd.change_venue(crowd.routes.venue.with_obstacle_at(change.obstacle, change.place_m))
        finally:
            crowd.change_venue(before)

    def _with(self, acts: Sequence[IncidentSpec]) -> Scenario:
        fields = {name: getattr(self.scenario, name) for name in Scenario.model_fields}
        try:
            return Scenario(**fields | {"incidents": [*self.scenario.incidents, *acts]})
        except ValidationError as error:
            text = model_error(error, Scenario, "").removeprefix(": ")
            raise ScenarioError(text.removeprefix(f"incidents.{acts[-1].id}.")) from None

    def _replay(self, steps: int) -> None:
        self.crowd = Crowd(self.played())
        for _ in range(steps):
            self.crowd.step()


def place_of(crowd: Crowd, person: int) -> Place | None:
    """Return where somebody is; None where the person is not inside."""
    row = crowd.people.row(person)
    if row is None:
        return None
    x, y = crowd.people.position_m[row].tolist()
    return x, y
