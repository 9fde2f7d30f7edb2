"""What a perfect watcher would have said: derived from what is true, never from what somebody meant to happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from detect.score.settings import ScoreSettings
from detect.score.trespass import downs, intrusions, wrong_ways
from scenarios.event import EventKind
from scenarios.incident import IncidentKind
from scenarios.population import BagKind
from scenarios.truth import GroundTruth, IncidentTruth, column
from scenarios.venue import Zone

__all__ = ["EVENT_OF_INCIDENT", "DueEvent", "due_events", "knowable"]

Floats = NDArray[np.float64]

EVENT_OF_INCIDENT: Final[dict[IncidentKind, EventKind | None]] = {
    IncidentKind.ABANDONED_BAG: EventKind.ABANDONED_OBJECT,
    IncidentKind.SURGE: EventKind.CROWD_MOVEMENT,
    IncidentKind.PERSON_DOWN: EventKind.PERSON_DOWN,
    IncidentKind.CROUCH: None,
    IncidentKind.ZONE_INTRUSION: EventKind.ZONE_INTRUSION,
    IncidentKind.WRONG_WAY: EventKind.WRONG_WAY,
    IncidentKind.FIRE: EventKind.FIRE,
    IncidentKind.LIGHT: None,
    IncidentKind.BAG_HANDOVER: None,
    IncidentKind.BAG_THEFT: None,
    IncidentKind.BIN_BAG: None,
    IncidentKind.ENCAMPMENT: None,
    IncidentKind.EVACUATION: None,
    IncidentKind.GATE_CHANGE: None,
    IncidentKind.OBSTACLE_MOVE: None,
}
"""What a watcher should say about what the world does; None: nothing, an alarm about it is false.

Density follows from the people alone. A bag that changes hands, is stolen, or is refuse beside a bin is no abandoned
object, and a tent with who lives in it is no event at all: none of these is in the decree. Nor is an evacuation at
walking pace; what is left behind on the floor is.
"""

_FROM_PEOPLE: Final = (EventKind.ZONE_INTRUSION, EventKind.WRONG_WAY, EventKind.PERSON_DOWN)
_BAGS: Final = [kind.value for kind in BagKind]
"""A tent whose people are away is no abandoned object."""
_BOX: Final = ("x1_px", "y1_px", "x2_px", "y2_px")


@dataclass(frozen=True, slots=True)
class DueEvent:
    """Something that is due to be said.

    Attributes:
        kind: What.
        due_s: From when on.
        until_s: Until when it is true; None: to the end of the footage.
        place_m: Where, or None where that is not known.
        box_px: Where in the picture, or None.
        zone: In which zone, or None.
        person_ids: Who takes part.
    """

    kind: EventKind
    due_s: float
    until_s: float | None
    place_m: tuple[float, float] | None
    box_px: tuple[float, float, float, float] | None = None
    zone: str | None = None
    person_ids: tuple[int, ...] = ()


def knowable(truth: GroundTruth, zones: Sequence[Zone]) -> frozenset[EventKind]:
    """Return the kinds of event about which this truth speaks."""
    kinds = set() if truth.incidents is None else {kind for kind in EVENT_OF_INCIDENT.values() if kind is not None}
    if truth.objects is not None and truth.people is not None:
        kinds.add(EventKind.ABANDONED_OBJECT)
    if truth.people is not None and any(z.max_density_per_m2 is not None for z in zones):
        kinds.add(EventKind.DENSITY)
    return frozenset(kinds)


def due_events(
    truth: GroundTruth, zones: Sequence[Zone], settings: ScoreSettings, until_s: float | None = None
) -> list[DueEvent]:
    """Derive all events that are due, by kind and time.

    ``abandoned_object`` comes from where every bag and its owner are (PETS2006's definition); only where nobody noted
    that, from the incidents. ``crowd_movement`` is due when a surge begins, ``density`` when a zone has been above
    its limit for ``density_hold_s``. Where everybody's place is known, ``zone_intrusion``, ``wrong_way`` and
    ``person_down`` come from the people and the zones, whoever meant it or not (`detect.score.trespass`); else, and
    ``fire`` always, they come from the incidents.

    Args:
        truth: What is true.
        zones: Watched zones.
        settings: Of the scorer.
        until_s: What is due later was not watched; None: all.
    """
    incidents = truth.incidents or ()
    found: list[DueEvent] = []
    if truth.objects is not None and truth.people is not None:
        found += _left_bags(truth, settings)
    else:
        found += [_left(i, settings) for i in incidents if i.kind is IncidentKind.ABANDONED_BAG and _is_left(i)]
    for incident in incidents:
        if EVENT_OF_INCIDENT[incident.kind] is EventKind.CROWD_MOVEMENT:
            found.append(_event(incident, EventKind.CROWD_MOVEMENT, incident.start_s))
    if truth.people is not None:
        for zone in zones:
            found += _crowded(truth, zone, settings)
    found += _stated(truth, zones, settings)
    end = truth.duration_s if until_s is None else until_s
    return sorted((d for d in found if d.due_s <= end), key=lambda d: (d.kind.value, d.due_s, d.place_m or (0, 0)))


def _stated(truth: GroundTruth, zones: Sequence[Zone], s: ScoreSettings) -> list[DueEvent]:
    """What people do with zones and on the ground, and fires."""
    people = truth.people
    stays = [] if people is None else [*intrusions(people, zones, s), *wrong_ways(people, zones, s), *downs(people, s)]
    derived = [
        DueEvent(run.kind, run.due_s, run.until_s, run.place_m, zone=run.zone, person_ids=(run.person,))
        for run in stays
    ]
    known = {(d.kind, person) for d in derived for person in d.person_ids}
    for incident in truth.incidents or ():
        kind = EVENT_OF_INCIDENT[incident.kind]
        due = incident.facts.get("due_s", incident.start_s)
        if kind not in _FROM_PEOPLE and kind is not EventKind.FIRE:
            continue
        if kind is None or due is None or any((kind, person) in known for person in incident.person_ids):
            continue
        if truth.people is None or kind is EventKind.FIRE or kind is EventKind.WRONG_WAY:
            derived.append(_event(incident, kind, due))
    return derived


def _left_bags(truth: GroundTruth, s: ScoreSettings) -> list[DueEvent]:
    """Every bag on the ground whose owner was too far away, or not there at all, for long enough."""
    assert truth.objects is not None
    assert truth.people is not None
    instants = np.union1d(column(truth.people, "time_s"), column(truth.objects, "time_s"))
    bag = {name: column(truth.objects, name) for name in ("time_s", "id", "x_m", "y_m", "carried_by", "owner")}
    order = np.lexsort((bag["time_s"], bag["id"]))
    bag = {name: values[order] for name, values in bag.items()}
    is_bag = np.isin(np.asarray(column(truth.objects, "kind"), dtype=object)[order].astype(str), _BAGS)
    place = np.stack((bag["x_m"], bag["y_m"]), axis=1).astype(float)
    if not len(place):
        return []
    away = np.linalg.norm(place - _positions(truth, instants, bag["time_s"], bag["owner"]), axis=1)
    alone = is_bag & (bag["carried_by"] < 0) & (bag["owner"] >= 0) & ~(away <= s.owner_distance_m)
    found = []
    starts = np.flatnonzero(np.append(True, bag["id"][1:] != bag["id"][:-1]))
    for begin, end in zip(starts.tolist(), [*starts[1:].tolist(), len(place)], strict=True):
        times = bag["time_s"][begin:end]
        for first, after in _runs(alone[begin:end]):
            over = float(times[after]) if after < end - begin else None
            due = float(times[first]) + s.alone_s
            last = float(times[after - 1]) if over is None else over
            if over is None and last < instants[-1] - 1e-6:  # the bag left the venue
                over = last
            if due <= last + 1e-9:
                x, y = np.median(place[begin + first : begin + after], axis=0)
                people = (int(bag["owner"][begin]),)
                found.append(DueEvent(EventKind.ABANDONED_OBJECT, due, over, (float(x), float(y)), person_ids=people))
    return found


def _positions(truth: GroundTruth, instants: Floats, time_s: Floats, person: NDArray[np.int32]) -> Floats:
    """Where each person was at each time, shape (n, 2); nan where not in the venue."""
    assert truth.people is not None
    ids = column(truth.people, "id").astype(np.int64)
    width = int(max(ids.max(initial=0), person.max(initial=0))) + 2
    key = np.searchsorted(instants, column(truth.people, "time_s")) * width + ids
    order = np.argsort(key)
    wanted = np.searchsorted(instants, time_s) * width + person.astype(np.int64)
    result = np.full((len(wanted), 2), np.nan)
    if len(key):
        at = order[np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)]
        there = key[at] == wanted
        xy = np.stack((column(truth.people, "x_m"), column(truth.people, "y_m")), axis=1)
        result[there] = xy[at[there]]
    return result


def _crowded(truth: GroundTruth, zone: Zone, s: ScoreSettings) -> list[DueEvent]:
    assert truth.people is not None
    if zone.max_density_per_m2 is None or not truth.people.num_rows:
        return []
    times, instant = np.unique(column(truth.people, "time_s"), return_inverse=True)
    inside = shapely.contains_xy(zone.shape, column(truth.people, "x_m"), column(truth.people, "y_m"))
    above = np.bincount(instant[inside], minlength=len(times)) / zone.shape.area > zone.max_density_per_m2
    centre = zone.shape.centroid
    found = []
    for first, after in _runs(above):
        due = float(times[first]) + s.density_hold_s
        over = float(times[after]) if after < len(times) else None
        if due <= float(times[after - 1]) + 1e-9:
            found.append(DueEvent(EventKind.DENSITY, due, over, (centre.x, centre.y), zone=zone.id))
    return found


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First index and index after the last of every unbroken run."""
    edges = np.diff(np.concatenate(([0], flags.astype(np.int8), [0])))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def _is_left(incident: IncidentTruth) -> bool:
    return incident.facts.get("due_s") is not None or incident.facts.get("owner_left_s") is not None


def _left(incident: IncidentTruth, s: ScoreSettings) -> DueEvent:
    due, left = incident.facts.get("due_s"), incident.facts.get("owner_left_s")
    if due is None:
        assert left is not None
        due = left + s.alone_s
    return _event(incident, EventKind.ABANDONED_OBJECT, due)


def _event(incident: IncidentTruth, kind: EventKind, due_s: float) -> DueEvent:
    box = [incident.facts.get(name) for name in _BOX]
    x1, y1, x2, y2 = (float("nan") if v is None else float(v) for v in box)
    return DueEvent(
        kind=kind,
        due_s=due_s,
        until_s=incident.end_s,
        place_m=incident.place_m if np.isfinite(incident.place_m).all() else None,
        box_px=None if any(v is None for v in box) else (x1, y1, x2, y2),
        person_ids=incident.person_ids,
    )
