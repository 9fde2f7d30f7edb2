"""What the scorer derives from where people were is what the incidents themselves say is due, and nothing else."""

import pytest

from detect.score.due import EVENT_OF_INCIDENT, due_events
from detect.score.settings import ScoreSettings
from scenarios.event import EventKind
from scenarios.load import load_scenario
from sim.crowd import Crowd
from sim.render.truth_tables import TruthTables

NAMES = ("person_down_v1", "zone_intrusion_v1", "wrong_way_v1", "fire_v1", "bag_exchange_v1")


@pytest.fixture(scope="module", params=NAMES)
def truth(request):
    scenario = load_scenario(request.param)
    crowd = Crowd(scenario)
    tables = TruthTables(["c"])
    for index in range(scenario.frame_count):
        for _ in range(scenario.steps_per_frame if index else 0):
            crowd.step()
        tables.add_world(crowd.snapshot())
    return scenario, tables.truth(scenario.duration_s, crowd.incidents_truth())


def test_due_events_are_those_of_the_incidents(truth):
    scenario, known = truth
    found = due_events(known, scenario.venue.zones, ScoreSettings())
    stated = []
    for incident in known.incidents:
        kind, due = EVENT_OF_INCIDENT[incident.kind], incident.facts.get("due_s")
        if kind is not None and due is not None:
            stated += (
                [(kind, due, p) for p in incident.person_ids[:2]]
                if kind is EventKind.WRONG_WAY
                else [(kind, due, incident.person_ids[0] if incident.person_ids else None)]
            )
    ours = [d for d in found if d.kind not in (EventKind.ABANDONED_OBJECT, EventKind.DENSITY)]
    assert len(ours) == len(stated)
    for kind, due, person in stated:
        near = [d for d in ours if d.kind is kind and (kind is EventKind.FIRE or person in d.person_ids)]
        late = 1.6 if kind is EventKind.WRONG_WAY else 0.1  # the second of two comes 0.9 s after the first
        assert any(-0.05 <= d.due_s - due <= late for d in near), (kind, due, near)


def test_only_the_bag_that_was_left_is_an_abandoned_object(truth):
    scenario, known = truth
    left = [d for d in due_events(known, scenario.venue.zones, ScoreSettings()) if d.kind is EventKind.ABANDONED_OBJECT]
    if scenario.name == "bag_exchange_v1":
        (due,) = left
        (incident,) = [i for i in known.incidents if i.id == "left_for_good"]
        assert due.person_ids == incident.person_ids
    else:
        assert left == []
