import numpy as np
import pytest
import shapely

from scenarios.errors import ScenarioError
from scenarios.incident import DOWN_HOLD_S, INTRUSION_HOLD_S, WRONG_WAY_M, IncidentKind
from scenarios.load import load_scenario
from scenarios.population import BagKind, Body, Posture, Role, ThingKind
from sim.burning import flame_height_m
from sim.crowd import Crowd
from sim.incidents import INCIDENTS
from sim.incidents.person_down import FALLS_FOR_S
from sim.state import BODIES, FALL_TURN_RAD, FALLS, OBJECT_KINDS, POSTURES, ROLES

SEEDS = (1, 2)
NAMES = ("person_down_v1", "zone_intrusion_v1", "wrong_way_v1", "fire_v1", "bag_exchange_v1")


class Play:
    """A scenario played to its end: a snapshot every third step, and the truth."""

    def __init__(self, name, seed, overrides=(), until_s=None):
        self.scenario = load_scenario(name, overrides)
        self.crowd = Crowd(self.scenario, seed)
        self.shots = [self.crowd.snapshot()]
        self.conserved = []
        for number in range(round((until_s or self.scenario.duration_s) / self.scenario.step_s)):
            self.crowd.step()
            if number % 3 == 2:
                self.shots.append(self.crowd.snapshot())
            self.conserved.append(self.crowd.entered == len(self.crowd.left) + len(self.crowd.people))
        self.truths = {truth.id: truth for truth in self.crowd.incidents_truth()}
        self.specs = {spec.id: spec for spec in self.scenario.incidents}

    def path(self, person, name="position_m"):
        """Times and values of one person."""
        rows = [(s.time_s, s.people, np.flatnonzero(s.people.id == person)) for s in self.shots]
        found = [(t, getattr(people, name)[row[0]]) for t, people, row in rows if len(row)]
        return np.array([t for t, _ in found]), np.array([v for _, v in found])

    def bag(self, number):
        """Times, places, carriers and owners of one bag."""
        rows = [(s.time_s, s.objects, np.flatnonzero(s.objects.id == number)) for s in self.shots]
        found = [(t, o.position_m[r[0]], o.carried_by[r[0]], o.owner[r[0]]) for t, o, r in rows if len(r)]
        return [np.array(column) for column in zip(*found, strict=True)]


_PLAYED = {}


def played(name, seed):
    if (name, seed) not in _PLAYED:
        _PLAYED[name, seed] = Play(name, seed)
    return _PLAYED[name, seed]


@pytest.fixture(params=SEEDS)
def seed(request):
    return request.param


def test_every_kind_has_a_behaviour_and_a_scenario():
    assert set(INCIDENTS) == set(IncidentKind)
    of_the_venue = {IncidentKind.GATE_CHANGE, IncidentKind.OBSTACLE_MOVE}  # test_venue_change plays them
    shown = {
        spec.kind
        for name in (*NAMES, "stadium_egress_surge_v1", "hall_evacuation_v1")
        for spec in load_scenario(name).incidents
    }
    assert shown == set(IncidentKind) - of_the_venue


@pytest.mark.parametrize("name", NAMES)
def test_every_incident_writes_its_truth_and_people_are_conserved(name, seed):
    play = played(name, seed)
    assert set(play.truths) == set(play.specs)
    assert all(play.conserved)
    ids = {int(i) for s in play.shots for i in s.people.id} | {x.person for x in play.crowd.left}
    things = {int(i) for s in play.shots for i in s.objects.id}
    for truth in play.truths.values():
        spec = play.specs[truth.id]
        assert truth.kind is spec.kind
        assert truth.start_s == pytest.approx(spec.at_s, abs=2.6)
        assert truth.end_s is None or truth.start_s < truth.end_s <= play.scenario.duration_s
        assert truth.place_m == spec.place_m
        assert set(truth.person_ids) <= ids
        if truth.kind not in (IncidentKind.FIRE, IncidentKind.LIGHT):
            assert set(truth.object_ids) <= things
        due = truth.facts.get("due_s")
        assert due is None or truth.start_s <= due <= play.scenario.duration_s


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_is_the_same_world(name):
    first, second = played(name, 1), Play(name, 1, until_s=20.0)
    for a, b in zip(first.shots[: len(second.shots) : 10], second.shots[::10], strict=True):
        for part in ("people", "objects"):
            for column in getattr(a, part).__slots__:
                assert np.array_equal(getattr(getattr(a, part), column), getattr(getattr(b, part), column))
        assert (a.fires, a.lights) == (b.fires, b.lights)


def test_who_falls_lies_where_the_fall_goes_and_people_go_round(seed):
    play = played("person_down_v1", seed)
    for truth in play.truths.values():
        if truth.kind is not IncidentKind.PERSON_DOWN:
            continue
        spec, facts, person = play.specs[truth.id], truth.facts, truth.person_ids[0]
        times, posture = play.path(person, "posture")
        clock, fall = play.path(person, "posture_s")[1], play.path(person, "fall")[1]
        place, heading = play.path(person)[1], play.path(person, "heading_rad")[1]
        assert facts["down_s"] == pytest.approx(facts["fell_s"] + FALLS_FOR_S, abs=0.06)
        rises = facts["rises_s"] if facts["rises_s"] is not None else np.inf
        falling = (times >= facts["fell_s"] - 1e-6) & (times < facts["down_s"] - 1e-6)
        lying = (times >= facts["down_s"] - 1e-6) & (times < rises - 1e-6)
        assert falling.sum() >= 5
        assert (posture[falling] == POSTURES.index(Posture.FALLING)).all()
        assert (posture[lying] == POSTURES.index(Posture.FALLEN)).all()
        assert clock[falling] == pytest.approx(times[falling] - facts["fell_s"], abs=1e-6)
        assert clock[lying] == pytest.approx(times[lying] - facts["down_s"], abs=1e-6)
        assert (fall[lying] == FALLS.index(spec.fall)).all()
        assert np.ptp(place[lying], axis=0).max() == 0
        assert np.hypot(*(place[lying][0] - spec.place_m)) < 0.6
        assert (posture[times < facts["fell_s"] - 1e-6] == POSTURES.index(Posture.WALKING)).mean() > 0.8
        turn = heading[lying][0] + FALL_TURN_RAD[FALLS.index(spec.fall)]
        trunk = place[lying][0] + 0.8 * np.array([np.cos(turn), np.sin(turn)])
        late = [s for s in play.shots if facts["down_s"] + 1.5 < s.time_s < rises]
        near = [np.hypot(*(s.people.position_m[s.people.id != person] - trunk).T).min(initial=9) for s in late]
        assert min(near, default=9) > 0.3
        if spec.gets_up_after_s is None:
            assert truth.end_s is None
        else:
            assert facts["up_s"] > facts["rises_s"] > facts["down_s"]
            assert facts["rises_s"] == pytest.approx(facts["down_s"] + spec.gets_up_after_s, abs=0.06)
            after = times > facts["up_s"] + 1.0
            assert (posture[after] == POSTURES.index(Posture.WALKING)).mean() > 0.7
    assert play.truths["trips"].facts["due_s"] is None
    assert play.truths["collapses"].facts["due_s"] == pytest.approx(
        play.truths["collapses"].facts["down_s"] + DOWN_HOLD_S
    )
    row = np.flatnonzero(play.shots[200].people.id == play.truths["collapses"].person_ids[0])[0]
    assert BODIES[play.shots[200].people.body[row]] is Body.ELDERLY


def test_some_stop_and_face_the_fallen_and_one_crouches_to_help(seed):
    play = played("person_down_v1", seed)
    truth = play.truths["collapses"]
    helped = truth.facts["helped_s"]
    assert helped is not None
    assert len(truth.person_ids) >= 3
    at = next(s for s in play.shots if s.time_s >= helped + 1.0)
    rows = np.flatnonzero(np.isin(at.people.id, truth.person_ids[1:]))
    crouching = rows[at.people.posture[rows] == POSTURES.index(Posture.CROUCHING)]
    assert len(crouching) == 1
    helper = at.people.id[crouching[0]]
    lies = play.path(truth.person_ids[0])[1][-1]
    to = lies - at.people.position_m[crouching[0]]
    assert np.hypot(*to) < 2.6
    faces = at.people.heading_rad[crouching[0]]
    assert np.cos(np.arctan2(to[1], to[0]) - faces) > 0.3
    assert helper != truth.person_ids[0]
    for onlooker in truth.person_ids[1:]:
        times, speed = play.path(onlooker, "velocity_mps")
        assert (np.hypot(*speed[times > truth.start_s].T) < 0.1).sum() >= 2


def test_who_ties_a_shoe_crouches_as_long_as_is_said(seed):
    play = played("person_down_v1", seed)
    truth = play.truths["ties_a_shoe"]
    times, posture = play.path(truth.person_ids[0], "posture")
    down = times[posture == POSTURES.index(Posture.CROUCHING)]
    assert down.min() == pytest.approx(truth.start_s, abs=0.15)
    assert np.ptp(down) == pytest.approx(play.specs["ties_a_shoe"].lasts_s, abs=0.3)


def test_intruders_are_inside_when_the_truth_says_so_and_the_one_at_the_edge_never(seed):
    play = played("zone_intrusion_v1", seed)
    zone = play.scenario.venue.zone("works").shape
    for name in ("climbs_in", "short_cut", "along_the_edge"):
        truth = play.truths[name]
        times, place = play.path(truth.person_ids[0])
        inside = shapely.contains_xy(zone, place)
        if name == "along_the_edge":
            assert not inside.any()
            assert truth.facts["due_s"] is None
            assert 0.2 < truth.facts["nearest_m"] <= 1.2
            along = place[(times >= truth.start_s) & (times <= truth.end_s)]
            away = shapely.distance(zone, shapely.points(along))
            assert away.max() < 2.2
            assert np.hypot(*(along[-1] - along[0])) > 5.0
            continue
        span = (times >= truth.facts["entered_s"] - 1e-6) & (times < truth.facts["left_s"] - 1e-6)
        assert span.sum() > 10
        assert inside[span].all()
        assert not inside[~span].any()
        assert truth.facts["due_s"] == pytest.approx(truth.facts["entered_s"] + INTRUSION_HOLD_S, abs=0.06)
    stays, crosses = play.truths["climbs_in"], play.truths["short_cut"]
    assert stays.facts["left_s"] - stays.facts["entered_s"] > play.specs["climbs_in"].stays_s
    times, place = play.path(crosses.person_ids[0])
    span = (times >= crosses.facts["entered_s"]) & (times <= crosses.facts["left_s"])
    assert np.hypot(*(place[span][-1] - place[span][0])) > 6.0
    assert np.hypot(*(place[span] - play.specs["short_cut"].place_m).T).min() < 0.6


def test_nobody_else_walks_through_the_forbidden_zone(seed):
    play = played("zone_intrusion_v1", seed)
    zone = play.scenario.venue.zone("works").shape
    meant = {p for t in play.truths.values() for p in t.person_ids}
    for shot in play.shots:
        others = ~np.isin(shot.people.id, list(meant))
        assert not shapely.contains_xy(zone, shot.people.position_m[others]).any()


def test_wrong_way_walkers_really_go_against_the_direction_and_the_near_misses_do_not(seed):
    play = played("wrong_way_v1", seed)
    zone = play.scenario.venue.zone("entrance")
    along = np.array(zone.one_way)
    for truth in play.truths.values():
        for person in truth.person_ids:
            times, place = play.path(person)
            inside = shapely.contains_xy(zone.shape, place) & (times >= truth.start_s - 0.5)
            way = place[inside] @ along
            against = float((np.maximum.accumulate(way) - way).max(initial=0))
            if truth.id in ("against_the_stream", "two_together"):
                assert against > 4.5
                first = times[inside][np.flatnonzero(np.maximum.accumulate(way) - way >= WRONG_WAY_M)[0]]
                assert first >= truth.facts["due_s"] - 0.15
            else:
                assert against < WRONG_WAY_M
                assert truth.facts["due_s"] is None
    assert len(play.truths["two_together"].person_ids) == 2
    assert 0.9 < play.truths["turns_back"].facts["against_m"] < WRONG_WAY_M
    assert play.truths["waits_for_a_friend"].facts["against_m"] == 0


def test_everybody_else_goes_with_the_direction(seed):
    play = played("wrong_way_v1", seed)
    zone = play.scenario.venue.zone("entrance")
    meant = {p for t in play.truths.values() for p in t.person_ids}
    for person in {int(i) for s in play.shots for i in s.people.id} - meant:
        _, place = play.path(person)
        way = place[shapely.contains_xy(zone.shape, place)] @ np.array(zone.one_way)
        assert float((np.maximum.accumulate(way) - way).max(initial=0)) < 1.0


def test_who_comes_in_by_the_exit_is_a_wrong_way():
    keys = 'kind="wrong_way", id="in_by_the_exit", at_s=4.0, through="stand_b", place_m=[29.0, 24.0], count=2'
    incident = f"incidents=[{{{keys}}}]"
    play = Play("forecourt_bag_v1", 1, ["venue.gates.stand_b.direction=out", "duration_s=15", incident])
    truth = play.truths["in_by_the_exit"]
    assert truth.start_s == pytest.approx(4.0, abs=0.1)
    times, place = play.path(truth.person_ids[0])
    assert 29.0 < place[0, 1] <= 30.0
    due = place[np.searchsorted(times, truth.facts["due_s"] - 1e-6)]
    assert place[0, 1] - due[1] == pytest.approx(WRONG_WAY_M, abs=0.25)
    assert truth.end_s is not None


def test_the_fire_smokes_then_burns_and_people_keep_away(seed):
    play = played("fire_v1", seed)
    truth, spec = play.truths["bin_fire"], play.specs["bin_fire"]
    assert truth.start_s == pytest.approx(spec.at_s, abs=0.05)
    assert truth.facts["flame_s"] == pytest.approx(truth.start_s + spec.smoulders_s)
    assert truth.facts["base_height_m"] == pytest.approx(0.95)
    assert truth.facts["flame_s"] < truth.facts["due_s"] < truth.facts["flame_s"] + 3.0
    assert truth.facts["peak_flame_m"] == pytest.approx(
        flame_height_m(spec, play.scenario.duration_s - truth.start_s), abs=0.05
    )
    for shot in play.shots:
        burning = [f for f in shot.fires if f.spec.id == "bin_fire"]
        assert bool(burning) == (shot.time_s >= truth.start_s - 1e-6)
        if shot.time_s > truth.facts["flame_s"] + 6.0:
            assert np.hypot(*(shot.people.position_m - spec.place_m).T).min(initial=9) > 0.8
    passed = [np.hypot(*(s.people.position_m - spec.place_m).T) for s in play.shots if s.time_s > 20]
    assert np.mean([(d < spec.keeps_away_m - 0.5).sum() for d in passed]) < 0.5
    lights = {light.spec.id for shot in play.shots for light in shot.lights}
    assert lights == {i for i, s in play.specs.items() if s.kind is IncidentKind.LIGHT}
    assert play.truths["sun_in_a_pane"].end_s == pytest.approx(32.0, abs=0.05)


def test_the_bag_goes_from_hand_to_hand(seed):
    play = played("bag_exchange_v1", seed)
    truth = play.truths["handed_over"]
    giver, taker = truth.person_ids
    times, _, carrier, owner = play.bag(truth.object_ids[0])
    handed = truth.facts["handed_s"]
    assert truth.start_s < handed < truth.end_s
    assert truth.facts["distance_m"] < 1.0
    assert (carrier[times < handed - 1e-6] == giver).all()
    assert (carrier[times >= handed - 1e-6] == taker).all()
    assert (owner[times >= handed - 1e-6] == taker).all()
    at = next(s for s in play.shots if s.time_s >= handed - 1e-6)
    places = [at.people.position_m[np.flatnonzero(at.people.id == p)[0]] for p in (giver, taker)]
    assert np.hypot(*(places[0] - places[1])) == pytest.approx(truth.facts["distance_m"], abs=0.2)
    headings = [at.people.heading_rad[np.flatnonzero(at.people.id == p)[0]] for p in (giver, taker)]
    assert np.cos(headings[0] - headings[1]) < -0.8  # face to face
    left = {x.person: x.gate for x in play.crowd.left}
    assert left.get(giver, "south") == "south"
    assert left.get(taker, "east") == "east"


def test_the_thief_has_the_bag_and_the_owner_is_still_its_owner(seed):
    play = played("bag_exchange_v1", seed)
    truth = play.truths["stolen"]
    robbed, thief = truth.person_ids
    times, place, carrier, owner = play.bag(truth.object_ids[0])
    down, taken = truth.facts["put_down_s"], truth.facts["taken_s"]
    assert taken == pytest.approx(down + play.specs["stolen"].taken_after_s, abs=2.5)
    assert (carrier[times < down - 1e-6] == robbed).all()
    standing = (times >= down - 1e-6) & (times < taken - 1e-6)
    assert (carrier[standing] == -1).all()
    assert (carrier[times >= taken - 1e-6] == thief).all()
    assert (owner == robbed).all()
    beside_s, beside = play.path(robbed)
    near = (beside_s >= down) & (beside_s <= taken)
    assert np.hypot(*(beside[near] - truth.place_m).T).max() < 1.5  # never unattended
    thief_s, away = play.path(thief)
    at = away[np.searchsorted(thief_s, taken - 1e-6)]
    assert np.hypot(*(at - truth.place_m)) < 1.0
    assert np.hypot(*(place[-1] - truth.place_m)) > 8.0
    assert truth.facts["noticed_s"] == pytest.approx(taken + 3.5, abs=0.1)


def test_refuse_is_nobodys_and_brought_by_staff(seed):
    play = played("bag_exchange_v1", seed)
    truth = play.truths["refuse"]
    times, place, carrier, owner = play.bag(truth.object_ids[0])
    lying = times >= truth.start_s - 1e-6
    assert (carrier[~lying] == truth.person_ids[0]).all()
    assert (carrier[lying] == -1).all()
    assert (owner[lying] == -1).all()
    assert np.hypot(*(place[lying][-1] - play.specs["refuse"].place_m)) < 1e-9
    roles = play.path(truth.person_ids[0], "role")[1]
    assert (roles == ROLES.index(Role.STAFF)).all()


def test_the_sleeper_lies_beside_the_tent_among_belongings(seed):
    play = played("bag_exchange_v1", seed)
    truth = play.truths["tent"]
    shot = play.shots[-1]
    rows = np.flatnonzero(np.isin(shot.people.id, truth.person_ids))
    postures = [POSTURES[p] for p in shot.people.posture[rows]]
    assert postures == [Posture.LYING, Posture.SITTING]
    things = np.isin(shot.objects.id, truth.object_ids)
    kinds = [OBJECT_KINDS[k] for k in shot.objects.kind[things]]
    assert sorted(kinds) == sorted(
        [ThingKind.TENT, ThingKind.SLEEPING_BAG, BagKind.HOLDALL, BagKind.SHOPPING_BAG, BagKind.SHOPPING_BAG]
    )
    assert np.hypot(*(shot.objects.position_m[things] - truth.place_m).T).max() < 4.0
    assert set(shot.objects.owner[things].tolist()) <= set(truth.person_ids)
    owners = np.searchsorted(shot.people.id, shot.objects.owner[things])
    away = np.hypot(*(shot.objects.position_m[things] - shot.people.position_m[owners]).T)
    assert away.max() < 3.0  # nothing there is unattended


@pytest.mark.parametrize("name", ["forecourt_bag_v1", "bag_exchange_v1"])
def test_owners_bend_down_to_their_bags(name):
    play = played("bag_exchange_v1", 1) if name == "bag_exchange_v1" else Play(name, 1, ["duration_s=20"])
    bags = [t for t in play.truths.values() if t.kind in (IncidentKind.ABANDONED_BAG, IncidentKind.BIN_BAG)]
    assert bags
    for truth in bags:
        times, posture = play.path(truth.person_ids[0], "posture")
        at = np.abs(times - truth.start_s).argmin()
        assert posture[at] == POSTURES.index(Posture.CROUCHING)
        bent = times[posture == POSTURES.index(Posture.CROUCHING)]
        assert 0.6 < np.ptp(bent[np.abs(bent - truth.start_s) < 3]) < 2.0


def test_a_tent_that_does_not_fit_is_refused():
    bad = ["incidents.tent.place_m=[10.9, 18.6]"]
    with pytest.raises(ScenarioError, match=r"incidents.tent.place_m: a tent"):
        Crowd(load_scenario("bag_exchange_v1", bad))
