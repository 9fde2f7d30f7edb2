"""Whether an incident can happen and a stall can stand in its venue; what cannot is said in one sentence."""

from __future__ import annotations

from typing import Final

from shapely import Point

from scenarios.errors import unknown
from scenarios.incident import (
    BinBag,
    Evacuation,
    Fire,
    FireSeat,
    GateChange,
    IncidentSpec,
    Intrusion,
    Light,
    ObstacleMove,
    PlacedIncident,
    WrongWay,
    WrongWayEnding,
    ZoneIntrusion,
)
from scenarios.stall import STANDS_M, Stall
from scenarios.venue import MOVABLE, GateDirection, ObstacleKind, Venue

__all__ = ["check_incident", "check_stall", "why_not_there"]

_EDGE_M: Final = 3.0
_BESIDE_BIN_M: Final = 2.0
_WALL_M: Final = 1.0
_OVERHANG_M: Final = 0.01
_GATE_KEYS: Final = ("gate", "toward", "start", "leave_by", "giver_leaves_by", "taker_leaves_by")
_SEATS: Final = {FireSeat.BIN: ObstacleKind.BIN, FireSeat.KIOSK: ObstacleKind.KIOSK}


def check_incident(incident: IncidentSpec, venue: Venue, duration_s: float) -> None:
    """Refuse what cannot happen.

    Args:
        incident: What should happen.
        venue: Where.
        duration_s: Length of the scenario.

    Raises:
        ValueError: One sentence: which incident, what is wrong, what would be right.
    """
    where = f"incidents.{incident.id}"
    if incident.at_s >= duration_s:
        raise ValueError(f"{where}.at_s: {incident.at_s:g} s is not before the end of the scenario ({duration_s:g} s)")
    if isinstance(incident, Evacuation):
        _check_evacuation(incident, venue, where)
        return
    if isinstance(incident, ObstacleMove):
        reason = why_not_there(incident, venue)
        if reason is not None:
            raise ValueError(f"{where}.{reason}")
    elif not isinstance(incident, GateChange):
        _check_place(incident, venue, where)
    for key in _GATE_KEYS:
        gate_id = getattr(incident, key, None)
        if gate_id is not None:
            known = [gate.id for gate in venue.gates]
            if gate_id not in known:
                raise ValueError(unknown("gate", gate_id, known, f"{where}.{key}"))
    if isinstance(incident, ZoneIntrusion):
        _check_intrusion(incident, venue, where)
    elif isinstance(incident, WrongWay):
        _check_wrong_way(incident, venue, where)
    elif isinstance(incident, BinBag):
        bins = [o.shape for o in venue.obstacles if o.kind is ObstacleKind.BIN]
        if not any(b.distance(Point(incident.place_m)) <= _BESIDE_BIN_M for b in bins):
            raise ValueError(f"{where}.place_m: {incident.place_m} is not within {_BESIDE_BIN_M:g} m of a bin")


def check_stall(stall: Stall, venue: Venue) -> None:
    """Refuse a stall at which nobody can stand.

    Raises:
        ValueError: One sentence: which stall, what is wrong, what would be right.
    """
    if stall.front(venue.walkable) is None:
        raise ValueError(
            f"venue.stalls.{stall.id}.counter: there is no room on either side to be served; it should lie on the edge "
            f"of what stands there, with {STANDS_M:g} m of walkable floor before it"
        )
    for point in stall.line:
        if not venue.walkable.covers(Point(point)):
            raise ValueError(f"venue.stalls.{stall.id}.line: {point} is not on the walkable floor of the venue")


def _check_evacuation(incident: Evacuation, venue: Venue, where: str) -> None:
    known = [gate.id for gate in venue.gates]
    for gate_id in incident.by:
        if gate_id not in known:
            raise ValueError(unknown("gate", gate_id, known, f"{where}.by"))
    ways_out = [gate for gate in venue.gates if gate.direction != "in" and (not incident.by or gate.id in incident.by)]
    if not ways_out:
        raise ValueError(f"{where}.by: none of these gates ever lets people out")


def why_not_there(move: ObstacleMove, venue: Venue) -> str | None:
    """Return why an obstacle cannot be put elsewhere, people apart; None where it can."""
    solids = {obstacle.id: obstacle for obstacle in venue.obstacles}
    if move.obstacle not in solids:
        return unknown("obstacle", move.obstacle, list(solids), "obstacle")
    solid = solids[move.obstacle]
    if solid.kind not in MOVABLE:
        kinds = ", ".join(sorted(kind.value for kind in MOVABLE))
        return f"obstacle: '{solid.id}' is a {solid.kind.value} and stays where it is; what can be moved: {kinds}"
    shape = solid.at(move.place_m).shape
    x, y = move.place_m
    if not venue.floor.buffer(_OVERHANG_M).covers(shape):
        return f"place_m: with its middle at ({x:.2f}, {y:.2f}) '{solid.id}' would stand outside the venue's outline"
    for other in venue.obstacles:
        if other.id != solid.id and other.shape.intersects(shape):
            return f"place_m: with its middle at ({x:.2f}, {y:.2f}) '{solid.id}' would stand on '{other.id}'"
    return None


def _check_place(incident: PlacedIncident, venue: Venue, where: str) -> None:
    place = Point(incident.place_m)
    if isinstance(incident, Light):
        if not venue.floor.buffer(_WALL_M).covers(place):
            raise ValueError(f"{where}.place_m: {incident.place_m} lies outside the venue's outline")
        return
    if isinstance(incident, Fire) and incident.seat in _SEATS:
        kind = _SEATS[incident.seat]
        if not any(o.shape.covers(place) for o in venue.obstacles if o.kind is kind):
            raise ValueError(f"{where}.place_m: {incident.place_m} is not on an obstacle of kind '{kind.value}'")
        return
    if not venue.walkable.covers(place):
        raise ValueError(f"{where}.place_m: {incident.place_m} is not on the walkable floor of the venue")


def _check_intrusion(incident: ZoneIntrusion, venue: Venue, where: str) -> None:
    zones = {zone.id: zone for zone in venue.zones}
    if incident.zone not in zones:
        raise ValueError(unknown("zone", incident.zone, list(zones), f"{where}.zone"))
    zone = zones[incident.zone]
    if not zone.forbidden:
        raise ValueError(f"{where}.zone: zone '{zone.id}' is not forbidden; set forbidden = true in venue.zones")
    away = zone.shape.distance(Point(incident.place_m))
    if incident.does is Intrusion.SKIRTS:
        if not 0 < away <= _EDGE_M:
            raise ValueError(
                f"{where}.place_m: who skirts zone '{zone.id}' stays outside, within {_EDGE_M:g} m of its edge; "
                f"{incident.place_m} is {'inside' if away == 0 else f'{away:.1f} m away'}"
            )
    elif away > 0:
        raise ValueError(f"{where}.place_m: {incident.place_m} is not inside zone '{zone.id}'")


def _check_wrong_way(incident: WrongWay, venue: Venue, where: str) -> None:
    zones = {zone.id: zone for zone in venue.zones}
    gates = {gate.id: gate for gate in venue.gates}
    if incident.through in gates and incident.through not in zones:
        gate = gates[incident.through]
        if gate.direction is not GateDirection.OUT:
            raise ValueError(f"{where}.through: gate '{gate.id}' lets people in; it should have direction = \"out\"")
        if incident.ending is not WrongWayEnding.PASSES:
            raise ValueError(f"{where}.ending: who comes in by a gate passes; '{incident.ending}' needs a one-way zone")
        return
    if incident.through not in zones:
        raise ValueError(unknown("zone or gate", incident.through, [*zones, *gates], f"{where}.through"))
    zone = zones[incident.through]
    if zone.one_way is None:
        raise ValueError(f"{where}.through: zone '{zone.id}' has no direction; set one_way = [x, y] in venue.zones")
    if not zone.shape.covers(Point(incident.place_m)):
        raise ValueError(f"{where}.place_m: {incident.place_m} is not inside zone '{zone.id}'")
