from itertools import pairwise

import numpy as np
import pytest
import shapely

from scenarios.errors import ScenarioError
from scenarios.incident import IncidentKind
from scenarios.load import library, load_scenario
from scenarios.population import FREE_SPEED_FACTOR, HEIGHT_M, BagKind, Body, Posture, Role
from scenarios.scenario import Scenario
from sim.crowd import Crowd
from sim.motion import MODELS
from sim.people import OBJECT_IDS_FROM
from sim.state import BAG_KINDS, BODIES, POSTURES, ROLES

SCENARIOS = sorted(name for name in library() if load_scenario(name).population.ways is None)
MOST_TURN_RADPS = 4.0


def hall(*, flows=None, dwellers=(), gates=None, obstacles=(), duration_s=60.0, seed=5, **rest):
    return Scenario.model_validate(
        {
            "name": "hall_v1",
            "title": "A hall",
            "duration_s": duration_s,
            "fps": 10.0,
            "seed": seed,
            "venue": {
                "outline": [(0, 0), (24, 0), (24, 16), (0, 16)],
                "gates": gates
                or [
                    {"id": "west", "line": [(0, 5), (0, 11)]},
                    {"id": "east", "line": [(24, 5), (24, 11)]},
                    {"id": "north", "line": [(9, 16), (15, 16)]},
                ],
                "obstacles": list(obstacles),
            },
            "cameras": [{"id": "c", "position_m": (12, -6, 8), "look_at_m": (12, 8, 0)}],
            "population": {
                "flows": flows
                if flows is not None
                else [
                    {
                        "id": "through",
                        "start": "west",
                        "to": ["east"],
                        "rate_per_min": 60,
                        "initial": 10,
                        "carries": {"backpack": 0.4, "suitcase": 0.3},
                    }
                ],
                "dwellers": list(dwellers),
            },
        }
        | rest
    )


def run(crowd, seconds):
    for _ in range(round(seconds / crowd.scenario.step_s)):
        crowd.step()
    return crowd


def trace(scenario, seed=None, seconds=10.0):
    crowd = Crowd(scenario, seed)
    bits = []
    for _ in range(round(seconds / scenario.step_s)):
        crowd.step()
        now = crowd.snapshot()
        for part in (now.people, now.objects):
            bits += [getattr(part, name).tobytes() for name in part.__slots__]
    return b"".join(bits)


@pytest.fixture(scope="module", params=SCENARIOS)
def played(request):
    """A whole library scenario: its crowd at the end and a snapshot every 0.4 s."""
    scenario = load_scenario(request.param)
    crowd = Crowd(scenario)
    every = round(0.4 / scenario.step_s)
    shots = [crowd.snapshot()]
    for step in range(1, round(scenario.duration_s / scenario.step_s) + 1):
        crowd.step()
        assert crowd.entered == len(crowd.people) + len(crowd.left)
        if step % every == 0:
            shots.append(crowd.snapshot())
    return scenario, crowd, shots


def test_nobody_is_lost_and_no_id_comes_twice(played):
    _, crowd, shots = played
    seen: set[int] = set()
    gone: set[int] = set()
    for before, after in pairwise(shots):
        was, now = set(before.people.id.tolist()), set(after.people.id.tolist())
        seen |= was
        gone |= was - now
        assert not gone & now
        assert all(p > max(seen) for p in now - seen)
    left = [leaving.person for leaving in crowd.left]
    assert len(left) == len(set(left))
    assert gone <= set(left)
    assert not set(left) & set(crowd.people.id.tolist())
    assert sorted(left + crowd.people.id.tolist()) == list(range(1, crowd.entered + 1))
    assert all(leaving.left_s > leaving.entered_s for leaving in crowd.left)


def test_nobody_stands_in_an_obstacle_or_outside(played):
    scenario, _, shots = played
    floor = scenario.venue.floor.buffer(0.5)
    for shot in shots:
        people = shot.people
        assert shapely.contains_xy(floor, people.position_m).all()
        for obstacle in scenario.venue.obstacles:
            within = shapely.contains_xy(obstacle.shape, people.position_m)
            if obstacle.kind == "bench":
                within &= people.posture != POSTURES.index(Posture.SITTING)
            assert not within.any(), (obstacle.id, people.id[within], shot.time_s)


def test_nobody_jumps_or_spins(played):
    _, _, shots = played
    for before, after in pairwise(shots):
        both = np.intersect1d(before.people.id, after.people.id)
        a, b = np.searchsorted(before.people.id, both), np.searchsorted(after.people.id, both)
        seconds = after.time_s - before.time_s
        way = np.hypot(*(after.people.position_m[b] - before.people.position_m[a]).T)
        assert way.max(initial=0) < 4.5 * seconds
        assert (after.people.walked_m[b] - before.people.walked_m[a] >= way - 1e-6).all()
        turn = (after.people.heading_rad[b] - before.people.heading_rad[a] + np.pi) % (2 * np.pi) - np.pi
        assert np.abs(turn).max(initial=0) <= MOST_TURN_RADPS * seconds + 1e-9


def test_bodies_do_not_stand_in_one_another_for_long(played):
    """Walkers nearer than 0.25 m at more than one snapshot in a row, 0.4 s apart; measured: none at any snapshot."""
    _, _, shots = played
    close: dict[tuple[int, int], int] = {}
    worst = 0
    for shot in shots:
        people = shot.people
        walker = np.flatnonzero(people.role != ROLES.index(Role.DWELLER))
        at, ids = people.position_m[walker], people.id[walker]
        apart = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
        i, j = np.nonzero(np.triu(apart < 0.25, 1))
        now = {(int(ids[p]), int(ids[q])) for p, q in zip(i, j, strict=True)}
        close = {pair: close.get(pair, 0) + 1 for pair in now}
        worst = max([worst, *close.values()])
    assert worst <= 1


def test_few_walkers_are_stuck_for_long(played):
    """Who stays within 0.5 m for 6 s with somewhere to go; in queues and in incidents people wait on purpose."""
    _, crowd, shots = played
    meant = {person for truth in crowd.incidents_truth() for person in truth.person_ids}
    meant |= {person for record in crowd.stalls.values() for person in record.joined}
    stuck: set[int] = set()
    for k in range(len(shots) - 15):
        window = shots[k : k + 16]
        ids = np.intersect1d(window[0].people.id, window[-1].people.id)
        tracks = np.stack([w.people.position_m[np.searchsorted(w.people.id, ids)] for w in window])
        role = window[0].people.role[np.searchsorted(window[0].people.id, ids)]
        still = np.hypot(*(tracks - tracks[0]).transpose(2, 0, 1)).max(axis=0) < 0.5
        stuck |= set(ids[still & (role == ROLES.index(Role.PASSER_BY))].tolist())
    assert len(stuck - meant) <= 0.01 * crowd.entered


def test_dwellers_stay_with_their_belongings(played):
    scenario, crowd, shots = played
    first = shots[0].people
    camps = [t for t in crowd.incidents_truth() if t.kind is IncidentKind.ENCAMPMENT]
    camped = [person for truth in camps for person in truth.person_ids]
    stays = np.flatnonzero((first.role == ROLES.index(Role.DWELLER)) & ~np.isin(first.id, camped))
    wanted = sum(group.count for group in scenario.population.dwellers)
    assert len(stays) == wanted
    bags = sum(group.count * sum(group.belongings.values()) for group in scenario.population.dwellers)
    alarm_s = min((i.at_s for i in scenario.incidents if i.kind is IncidentKind.EVACUATION and i.dwellers), default=1e9)
    for shot in (s for s in shots if s.time_s <= alarm_s):
        row = np.searchsorted(shot.people.id, first.id[stays])
        assert np.array_equal(shot.people.id[row], first.id[stays])
        assert np.array_equal(shot.people.position_m[row], first.position_m[stays])
        assert np.array_equal(shot.people.heading_rad[row], first.heading_rad[stays])
        assert np.array_equal(shot.people.posture[row], first.posture[stays])
        mine = np.isin(shot.objects.owner, first.id[stays])
        assert mine.sum() == bags
        assert (shot.objects.carried_by[mine] == -1).all()
        owners = first.position_m[np.searchsorted(first.id, shot.objects.owner[mine])]
        away = np.hypot(*(shot.objects.position_m[mine] - owners).T)
        assert (away < 0.85).all()
        assert (away > 0.0).all()


def test_dwellers_are_where_their_group_is_said_to_be():
    scenario = load_scenario("station_hall_dwellers_v1")
    people = Crowd(scenario).snapshot().people
    at = 0
    for group in scenario.population.dwellers:
        rows = slice(at, at + group.count)
        at += group.count
        assert shapely.contains_xy(shapely.Polygon(group.area), people.position_m[rows]).all()
        assert (people.posture[rows] == POSTURES.index(group.posture)).all()


def test_carried_bags_go_with_their_carriers_and_leave_with_them(played):
    _, crowd, shots = played
    stolen = [t.object_ids[0] for t in crowd.incidents_truth() if t.kind is IncidentKind.BAG_THEFT]
    left = {leaving.person for leaving in crowd.left}
    carriers: set[int] = set()
    for shot in shots:
        bags, people = shot.objects, shot.people
        carried = bags.carried_by >= 0
        carriers |= set(bags.carried_by[carried].tolist())
        assert np.isin(bags.carried_by[carried], people.id).all()
        rows = np.searchsorted(people.id, bags.carried_by[carried])
        assert np.array_equal(bags.position_m[carried], people.position_m[rows])
        own = carried & ~np.isin(bags.id, stolen)
        assert np.array_equal(bags.carried_by[own], bags.owner[own])
        assert len(np.unique(bags.id)) == len(bags.id)
        assert (bags.id >= OBJECT_IDS_FROM).all()
        assert (bags.id > people.id.max(initial=0)).all()
    assert carriers & left
    at_end = set(shots[-1].objects.carried_by.tolist())
    assert not at_end & left


def test_as_many_carry_each_kind_as_the_flow_says():
    flows = [
        {"id": "f", "start": "west", "to": ["east"], "rate_per_min": 300, "carries": {"backpack": 0.3, "carton": 0.1}}
    ]
    crowd = run(Crowd(hall(flows=flows)), 12.0)
    seen: dict[int, int] = {}
    for _ in range(400):
        crowd.step()
        bags = crowd.snapshot().objects
        seen |= dict(zip(bags.owner.tolist(), bags.kind.tolist(), strict=True))
    kinds = np.array(list(seen.values()))
    assert set(kinds.tolist()) == {BAG_KINDS.index(BagKind.BACKPACK), BAG_KINDS.index(BagKind.CARTON)}
    share = (kinds == BAG_KINDS.index(BagKind.BACKPACK)).sum() / len(kinds)
    assert share == pytest.approx(0.75, abs=0.12)
    assert len(kinds) / crowd.entered == pytest.approx(0.4, abs=0.1)


def test_about_four_hundred_people_come_to_the_stadium():
    scenario = load_scenario("stadium_egress_surge_v1")
    come = [run(Crowd(scenario, seed), scenario.duration_s).entered for seed in (2, 3)]
    assert min(come) >= 360
    assert max(come) <= 440


def test_arrivals_are_poisson_at_the_rate_of_the_flow():
    """Five runs of 60 s at 60 a minute: 300 expected, four standard deviations are 69."""
    flows = [{"id": "f", "start": "west", "to": ["east"], "rate_per_min": 60}]
    come = [run(Crowd(hall(flows=flows), seed), 60.0).entered for seed in range(5)]
    assert sum(come) == pytest.approx(300, abs=69)
    assert len(set(come)) > 1


def test_arrivals_keep_to_their_time():
    flows = [{"id": "f", "start": "west", "to": ["east"], "rate_per_min": 120, "start_s": 5.0, "end_s": 15.0}]
    crowd = run(Crowd(hall(flows=flows)), 5.0)
    assert crowd.entered == 0
    run(crowd, 11.0)
    assert crowd.entered == pytest.approx(20, abs=16)
    came = crowd.entered
    assert came > 0
    run(crowd, 20.0)
    assert crowd.entered == came


def test_people_walk_at_the_speeds_of_the_population():
    crowd = Crowd(hall())
    drawn = np.array([crowd.draw_speed(np.random.default_rng(k)) for k in range(600)])
    assert drawn.mean() == pytest.approx(1.38, abs=0.04)
    assert drawn.std() == pytest.approx(0.26, abs=0.03)
    assert drawn.min() >= 0.5
    assert drawn.max() <= 2.2


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(name):
    scenario = load_scenario(name)
    assert trace(scenario, seconds=2.0) == trace(scenario, scenario.seed, seconds=2.0)
    assert trace(scenario, 77, seconds=2.0) != trace(scenario, 78, seconds=2.0)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_model_brings_a_crowd_through(model):
    crowd = run(Crowd(hall(), model=model), 55.0)
    assert len(crowd.left) > 0.4 * crowd.entered
    assert {leaving.gate for leaving in crowd.left} == {"east"}
    assert 24 / 2.2 < np.median([x.left_s - x.entered_s for x in crowd.left if x.entered_s > 0]) < 24 / 0.9


TWO_WAYS_OUT = [
    {"id": "west", "line": [(0, 5), (0, 11)]},
    {"id": "east", "line": [(24, 5), (24, 11)]},
    {"id": "north", "line": [(14, 16), (18, 16)]},
]


@pytest.mark.parametrize("after_s", [1.0, 8.0, 14.0])
def test_a_gate_that_closes_sends_people_to_another(after_s):
    """Also those who press on it already; and nobody turns round at the gate they came by."""
    flows = [{"id": "f", "start": "west", "to": ["east"], "rate_per_min": 90, "initial": 40}]
    scenario = hall(flows=flows, gates=TWO_WAYS_OUT)
    assert {x.gate for x in run(Crowd(scenario), 40.0).left} == {"east"}
    crowd = run(Crowd(scenario), after_s)
    crowd.set_gate("east", is_open=False)
    before = len(crowd.left)
    run(crowd, 40.0)
    assert {leaving.gate for leaving in crowd.left[before:]} == {"north"}
    assert len(crowd.left) - before > 30


def test_people_take_another_gate_of_their_own_flow_first():
    flows = [{"id": "f", "start": "west", "to": ["east", "south"], "rate_per_min": 60, "spread": True}]
    gates = [*TWO_WAYS_OUT, {"id": "south", "line": [(20, 0), (23, 0)]}]
    crowd = run(Crowd(hall(flows=flows, gates=gates)), 12.0)
    crowd.set_gate("east", is_open=False)
    before = len(crowd.left)
    run(crowd, 40.0)
    assert {leaving.gate for leaving in crowd.left[before:]} == {"south"}


def test_a_closed_gate_that_opens_again_is_used_again():
    flows = [{"id": "f", "start": "west", "to": ["east"], "rate_per_min": 60}]
    crowd = run(Crowd(hall(flows=flows, gates=TWO_WAYS_OUT)), 5.0)
    crowd.set_gate("east", is_open=False)
    run(crowd, 10.0)
    crowd.set_gate("east", is_open=True)
    reopened = len(crowd.left)
    run(crowd, 40.0)
    assert crowd.left[-1].gate == "east"
    assert len(crowd.left) > reopened + 10


def test_an_entrance_that_closes_while_people_come_sends_them_to_the_next():
    flows = [{"id": "f", "start": "west", "to": ["east"], "rate_per_min": 90}]
    crowd = run(Crowd(hall(flows=flows, gates=TWO_WAYS_OUT)), 5.0)
    crowd.set_gate("west", is_open=False)
    known = crowd.entered
    came: dict[int, list[float]] = {}
    for _ in range(400):
        crowd.step()
        for person, place in zip(crowd.people.id.tolist(), crowd.people.position_m.tolist(), strict=True):
            if person > known:
                came.setdefault(person, place)
    assert len(came) > 10
    assert min(y for _, y in came.values()) > 14.5


def test_the_last_way_out_cannot_be_closed():
    flows = [{"id": "shut_in", "start": "west", "to": ["east"], "rate_per_min": 60, "initial": 5}]
    gates = [{"id": "west", "line": [(0, 5), (0, 11)], "direction": "in"}, TWO_WAYS_OUT[1]]
    crowd = run(Crowd(hall(flows=flows, gates=gates)), 2.0)
    with pytest.raises(ScenarioError, match=r"population.flows.shut_in.to: from gate 'west' none"):
        crowd.set_gate("east", is_open=False)
    run(crowd, 30.0)
    assert {leaving.gate for leaving in crowd.left} == {"east"}


def test_a_gate_that_is_not_there_is_named():
    with pytest.raises(ScenarioError, match="unknown gate 'easst'; did you mean 'east'"):
        Crowd(hall()).set_gate("easst", is_open=False)


def test_a_closed_entrance_sends_arrivals_to_the_next():
    gates = [
        {"id": "west", "line": [(0, 1), (0, 4)], "open": False},
        {"id": "west_side", "line": [(0, 10), (0, 13)]},
        {"id": "north", "line": [(18, 16), (22, 16)]},
        {"id": "east", "line": [(24, 5), (24, 11)]},
    ]
    flows = [{"id": "f", "start": "west", "to": ["east"], "rate_per_min": 60}]
    crowd = Crowd(hall(flows=flows, gates=gates))
    came: dict[int, tuple[float, float]] = {}
    for _ in range(400):
        crowd.step()
        for person, place in zip(crowd.people.id.tolist(), crowd.people.position_m.tolist(), strict=True):
            came.setdefault(person, tuple(place))
    assert len(came) > 8
    places = np.array(list(came.values()))
    assert (places[:, 0] < 1.2).all()
    assert (np.abs(places[:, 1] - 11.5) < 2.0).all()


def test_nobody_who_comes_in_without_a_way_out():
    chamber = [(18, 3), (18.5, 3), (18.5, 13), (24, 13), (24, 13.5), (18, 13.5)]
    floor = {"id": "wall_south", "kind": "wall", "polygon": [(18, 2.5), (24, 2.5), (24, 3.2), (18, 3.2)], "height_m": 3}
    wall = {"id": "wall", "kind": "wall", "polygon": chamber, "height_m": 3}
    flows = [{"id": "lost_ones", "start": "west", "to": ["east"], "rate_per_min": 30}]
    with pytest.raises(ScenarioError, match=r"population.flows.lost_ones.to: from gate 'west' none"):
        Crowd(hall(flows=flows, obstacles=[wall, floor]))


def test_all_gates_closed_is_said():
    gates = [
        {"id": g, "line": line, "open": False}
        for g, line in (("west", [(0, 5), (0, 11)]), ("east", [(24, 5), (24, 11)]))
    ]
    flows = [{"id": "shut_in", "start": "west", "to": ["east"], "rate_per_min": 30}]
    with pytest.raises(ScenarioError, match=r"population.flows.shut_in"):
        Crowd(hall(flows=flows, gates=gates))


def test_too_many_for_the_floor_is_said():
    flows = [{"id": "crush", "start": "west", "to": ["east"], "initial": 3000}]
    with pytest.raises(ScenarioError, match=r"population.flows.crush.initial: there is no room for 3000"):
        Crowd(hall(flows=flows))
    group = {"id": "sleepers", "count": 30, "area": [(2, 2), (5, 2), (5, 5), (2, 5)], "posture": "lying"}
    with pytest.raises(ScenarioError, match=r"population.dwellers.sleepers: there is no room for 30"):
        Crowd(hall(dwellers=[group]))


def test_postures_follow_the_speed():
    crowd = run(Crowd(hall()), 10.0)
    people = crowd.snapshot().people
    speed = np.hypot(*people.velocity_mps.T)
    walking = people.posture == POSTURES.index(Posture.WALKING)
    assert walking.any()
    assert (speed[walking] >= 0.15).all()
    assert (speed[people.posture == POSTURES.index(Posture.STANDING)] < 0.15).all()
    for body, height in zip(people.body, people.height_m, strict=True):
        _, _, least, most = HEIGHT_M[BODIES[body]]
        assert least <= height <= most


def test_bodies_come_by_their_shares_with_their_speeds_and_clocks():
    shares = {"child": 0.25, "elderly": 0.25, "wheelchair": 0.1, "pram": 0.15}
    crowd = Crowd(hall(population={"bodies": shares, "flows": []}))
    for _ in range(1200):
        crowd.enter((12.0, 8.0), 1)
    people = crowd.people
    mean = {body: people.free_mps[people.body == code].mean() for code, body in enumerate(BODIES)}
    for code, body in enumerate(BODIES):
        share = float((people.body == code).mean())
        due = shares.get(body.value, 0.25)
        assert share == pytest.approx(due, abs=4 * np.sqrt(due * (1 - due) / 1200))
        assert mean[body] / mean[Body.ADULT] == pytest.approx(FREE_SPEED_FACTOR[body], abs=0.06)
    assert people.height_m[people.body == BODIES.index(Body.CHILD)].max() < 1.6
    assert (people.posture_s >= 10).all()


def test_the_clock_of_a_posture_starts_anew_with_the_posture():
    crowd = Crowd(hall())
    before = crowd.snapshot().people
    changes = 0
    for _ in range(200):
        crowd.step()
        now = crowd.snapshot().people
        _, rows, old = np.intersect1d(now.id, before.id, return_indices=True)
        same = now.posture[rows] == before.posture[old]
        step = crowd.scenario.step_s
        assert now.posture_s[rows][same] == pytest.approx(before.posture_s[old][same] + step)
        assert (now.posture_s[rows][~same] == 0).all()
        changes += int((~same).sum())
        before = now
    assert changes > 0


def test_who_pushes_or_sits_in_a_chair_has_no_bag_in_the_hands():
    flow = {"id": "f", "start": "west", "to": ["east"], "initial": 60, "carries": {"suitcase": 0.5, "backpack": 0.5}}
    crowd = Crowd(hall(population={"bodies": {"wheelchair": 0.5, "pram": 0.5}, "flows": [flow]}))
    kinds = crowd.snapshot().objects.kind
    assert len(kinds) > 5
    assert (kinds == BAG_KINDS.index(BagKind.BACKPACK)).all()


@pytest.mark.parametrize(
    ("bodies", "said"),
    [({"child": 0.8, "elderly": 0.3}, "add up to 1.1"), ({"adult": 0.5}, "leave out adult"), ({"giant": 0.1}, "giant")],
)
def test_shares_of_bodies_that_make_no_sense_are_refused(bodies, said):
    with pytest.raises(ValueError, match=said):
        hall(population={"bodies": bodies})


def test_a_snapshot_does_not_change_afterwards():
    crowd = run(Crowd(hall()), 5.0)
    shot = crowd.snapshot()
    kept = shot.people.position_m.copy(), shot.objects.position_m.copy()
    run(crowd, 2.0)
    assert np.array_equal(shot.people.position_m, kept[0])
    assert np.array_equal(shot.objects.position_m, kept[1])
