"""Abandoned object: a bag whose owner is away.

After the definition of PETS2006 (Thirde, Li, Ferryman 2006, Overview of the PETS2006 challenge): unattended when the
owner is more than 3 m away, abandoned when so for 30 s without a break. The owner is who brought it; people who pass
by neither own it nor guard it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from shapely import Point

from detect.rules.abandoned_settings import AbandonedObjectSettings
from detect.rules.bags import Bag, Candidate, cover, iou, slack_m
from detect.rules.contract import Scene
from detect.rules.floor import Floor, feet_px
from detect.rules.owners import companions_of, double_of, dweller_of, owner_of, successor_of
from detect.rules.trails import Trails
from detect.tracks import ObjectClass, Tracks
from scenarios.entry import Entry
from scenarios.event import Event, EventKind

__all__ = ["AbandonedObject"]

_TRAIL_S: Final = 15.0
_BRIEF_S: Final = 0.3
"""A bag that rests for so long where one is remembered is that one."""
_CREEPS_MPS: Final = 0.6
"""Nobody walks on slower than this: a bag rests when it was watched for long enough to exclude even that."""
_STANDS_MPS: Final = 0.4
_STAYS_MPS: Final = 0.6
_SAME_BOX_IOU: Final = 0.3
_COVERED: Final = 0.3


class AbandonedObject:
    """Says when a bag's owner has been away for too long."""

    Settings: ClassVar[type[Entry]] = AbandonedObjectSettings
    name = "abandoned_object"
    kind = EventKind.ABANDONED_OBJECT

    def __init__(self, settings: AbandonedObjectSettings | None = None) -> None:
        self.settings = settings or AbandonedObjectSettings()
        self._said = 0
        self._first_s: float | None = None
        self._last_s: float | None = None
        self._forget()

    def update(self, scene: Scene) -> list[Event]:
        """Look at one instant."""
        tracks, now = scene.tracks, scene.tracks.time_s
        step = 0.0 if self._last_s is None else now - self._last_s
        self._first_s = now if self._first_s is None else self._first_s
        self._last_s = now
        if self._floor.update(scene):
            self._move_all()
        people, bags = self._placed(tracks.of(ObjectClass.PERSON)), self._placed(tracks.of(ObjectClass.BAG))
        feet = feet_px(people.box_px)
        self._trails.add(now, people.track_id, people.box_px, feet, people.position_m)
        self._refresh(bags, now)
        self._find_resting(bags, now)
        statements: list[Event] = []
        for bag in list(self._bags):
            self._watch_bag(bag, people, step)
            self._watch_owner(bag, people, scene, now)
            if bag.unseen_s > (self.settings.gone_s if bag.taken else self.settings.memory_s):
                self._bags.remove(bag)
                statements += self._end(bag, max(bag.seen_s, bag.event.start_s) if bag.event else now)
                continue
            statements += self._judge(bag, scene, now)
        return statements

    def reset(self) -> list[Event]:
        """Forget everything; what lasted ends with the last picture."""
        ended = [e for bag in self._bags for e in self._end(bag, self._last_s or 0.0)]
        self._forget()
        return ended

    def _forget(self) -> None:
        self._floor = Floor()
        self._trails = Trails(_TRAIL_S)
        self._bags: list[Bag] = []
        self._candidates: dict[int, Candidate] = {}
        self._first_s = self._last_s = None

    def _placed(self, tracks: Tracks) -> Tracks:
        places = self._floor.places(tracks)
        return replace(tracks, position_m=places).only(np.asarray(np.isfinite(places).all(axis=1)))

    def _move_all(self) -> None:
        """The scale of an uncalibrated view was learnt better: compute all places again."""
        metres = self._floor.metres
        before = {id(bag): bag.place for bag in self._bags}
        self._trails.move(metres)
        for bag in self._bags:
            bag.place = metres(bag.foot_px)[0]
            seen = None if bag.owner is None else self._trails.seen.get(bag.owner)
            bag.owner_m = seen.last_m if seen else bag.owner_m + bag.place - before[id(bag)]
            bag.stood_s = -np.inf
        for candidate in self._candidates.values():
            for i, (time_s, _, foot) in enumerate(candidate.path):
                candidate.path[i] = (time_s, metres(foot)[0], foot)

    def _refresh(self, bags: Tracks, now: float) -> None:
        """Find the known bags in this picture, by their track or by their place."""
        s = self.settings
        free = set(range(len(bags)))
        for bag in self._bags:
            bag.hidden = True
            for i in np.flatnonzero(bags.track_id == bag.track).tolist():
                free.discard(i)
                if np.linalg.norm(bags.position_m[i] - bag.place) <= s.moved_m + slack_m(bags, i):
                    bag.stray_s = None
                    bag.see(bags, i, now)
                elif bag.stray_s is None:
                    bag.stray_s = now
                elif now - bag.stray_s >= s.return_s:
                    bag.track, bag.taken = -1, True
                    free.add(i)
        for i in sorted(free):
            track = int(bags.track_id[i])
            candidate = self._candidates.setdefault(track, Candidate(track, now, now))
            candidate.add(now, bags.position_m[i], feet_px(bags.box_px[i : i + 1])[0], _TRAIL_S)
        self._candidates = {k: c for k, c in self._candidates.items() if now - c.seen_s <= s.recent_s}

    def _find_resting(self, bags: Tracks, now: float) -> None:
        s = self.settings
        for i, track in enumerate(bags.track_id.tolist()):
            candidate = self._candidates.get(track)
            if candidate is None:
                continue
            place, slack = bags.position_m[i], slack_m(bags, i)
            reach, telling_s = s.still_m + slack, (s.still_m + slack) / _CREEPS_MPS
            rest = candidate.rest(max(s.still_s, telling_s), reach)
            brief = rest or candidate.rest(max(min(s.still_s, _BRIEF_S), telling_s), reach)
            if brief is None:
                continue
            known = [(float(np.linalg.norm(b.place - place)), b) for b in self._bags if b.hidden and now > b.seen_s]
            away_m, near = min(known, key=lambda pair: pair[0], default=(np.inf, None))
            within_m = s.memory_m + slack
            if near is not None and away_m <= within_m and not self._brought(candidate, near, brief, within_m, now):
                near.track, near.stray_s = track, None
                near.see(bags, i, now)
                del self._candidates[track]
                continue
            if rest is None or any(iou(b.box_px, bags.box_px[i]) > _SAME_BOX_IOU for b in self._bags if not b.hidden):
                continue
            del self._candidates[track]
            self._bags.append(self._put_down(candidate, rest[0], rest[1], bags, i, now))

    def _brought(
        self, candidate: Candidate, bag: Bag, rest: tuple[NDArray[np.float64], float], reach_m: float, now: float
    ) -> bool:
        """Whether a bag that rests where another is remembered was brought there by somebody who stands at it.

        It is another bag then. A track that only went over from a bag carried past has nobody who stops with it.
        """
        if not candidate.came_from(bag.place, reach_m):
            return False
        place, since_s = rest
        bringer = owner_of(self._trails, place, since_s, now, candidate.path)
        if bringer is None or bringer == bag.owner:
            return False
        seen = self._trails.seen[bringer]
        speed = self._trails.velocity(now, np.array([bringer]), seen.last_m[None], 1.0)[0]
        return bool(seen.last_s == now and np.linalg.norm(speed) <= _STAYS_MPS)

    def _put_down(
        self, candidate: Candidate, place: NDArray[np.float64], since_s: float, bags: Tracks, i: int, now: float
    ) -> Bag:
        assert self._first_s is not None
        bag = Bag(
            track=candidate.track,
            place=place,
            foot_px=candidate.path[-1][2],
            box_px=bags.box_px[i],
            confidence=float(bags.confidence[i]),
            put_down_s=since_s,
            seen_s=now,
            belonging=since_s - self._first_s <= self.settings.settle_s,
        )
        if not bag.belonging:
            found = owner_of(self._trails, place, since_s, now, candidate.path)
            if found is not None:
                self._give(bag, found)
        if bag.owner is None and self.settings.ownerless == "alarm":
            bag.away_since_s = since_s
        return bag

    def _give(self, bag: Bag, owner: int) -> None:
        bag.owner = owner
        seen = self._trails.seen[owner]
        bag.owner_m, bag.owner_s = seen.last_m, seen.last_s
        if self.settings.attended_by == "owner_and_companions":
            bag.companions = companions_of(self._trails, owner, bag.put_down_s)

    def _watch_bag(self, bag: Bag, people: Tracks, step: float) -> None:
        """Keep the account of a bag that is not seen: hidden, missed by the detector, or taken."""
        if not bag.hidden:
            bag.unseen_s, bag.taken = 0.0, False
            return
        covered = cover(people.box_px, bag.box_px) > _COVERED
        if bag.unseen_s == 0.0 and not bag.taken:
            beside = np.linalg.norm(people.position_m - bag.place, axis=1) <= self.settings.belongs_m
            bag.taken = bool(beside.any() or covered.any())
        in_front = people.box_px[:, 3] >= bag.box_px[3]  # who stands behind it hides nothing
        if not (covered & in_front).any():
            bag.unseen_s += step

    def _watch_owner(self, bag: Bag, people: Tracks, scene: Scene, now: float) -> None:
        self._find_dweller(bag, now)
        if bag.owner is None:
            return
        ids, places = people.track_id, people.position_m
        owner: int | None = bag.owner
        if bag.owner in ids:
            double = double_of(bag, self._trails, ids, places, now, self.settings)
            owner = bag.owner if double is None else double
        else:
            height, width = scene.frame.image.shape[:2]
            owner = successor_of(bag, self._trails, ids, (width, height), now, self.settings)
        if owner is None:
            return
        i = int(np.flatnonzero(ids == owner)[0])
        bag.owner, bag.owner_m, bag.owner_s = owner, places[i], now
        bag.owner_mps = self._trails.velocity(now, ids[i : i + 1], places[i : i + 1], 1.0)[0]
        if np.linalg.norm(bag.owner_mps) <= _STANDS_MPS:
            bag.stood_m, bag.stood_s = bag.owner_m, now

    def _find_dweller(self, bag: Bag, now: float) -> None:
        """Give a belonging to who stays beside it: at the start, and when its dweller goes on under another id."""
        s = self.settings
        if not bag.belonging:
            return
        if bag.owner is None:
            wanted = now - bag.put_down_s <= 2 * s.belongs_s + s.settle_s
        else:
            wanted = now - bag.owner_s > s.reassociate_s and bag.owner_distance_m <= s.owner_distance_m
        if wanted:
            dweller = dweller_of(self._trails, bag.place, now, s.belongs_m, s.belongs_s)
            if dweller is not None:
                self._give(bag, dweller)

    def _judge(self, bag: Bag, scene: Scene, now: float) -> list[Event]:
        """Keep the clock of the owner's absence; say when it begins to matter and when it is over."""
        s = self.settings
        if bag.owner is not None:
            self._clock(bag, now)
        if bag.away_since_s is None:
            return self._end(bag, now)
        if bag.event is not None or bag.back_since_s is not None:
            return []
        if now - bag.away_since_s < s.alone_s or now - bag.seen_s > s.recent_s:
            return []
        place = (float(bag.place[0]), float(bag.place[1])) if scene.camera is not None else None
        here = [z for z in scene.zones if place is not None and z.shape.covers(Point(place))]
        fixture = next((z.id for z in here if z.is_fixture(scene.frame.wall_time)), None)
        if fixture is not None and now - bag.away_since_s < s.fixture_s:
            return []
        self._said += 1
        zone = next((z.id for z in here if not z.fixture), None)
        owner_m = bag.owner_distance_m
        bag.event = Event(
            event_id=f"{self.name}-{scene.tracks.camera_id}-{self._said}",
            kind=self.kind,
            camera_id=scene.tracks.camera_id,
            start_s=now,
            end_s=None,
            place_m=place,
            box_px=(float(bag.box_px[0]), float(bag.box_px[1]), float(bag.box_px[2]), float(bag.box_px[3])),
            zone=zone,
            track_ids=(bag.track,) if bag.owner is None else (bag.track, bag.owner),
            score=min(max(bag.confidence, 0.0), 1.0),
            rule=self.name,
            evidence={
                "put_down_s": round(bag.put_down_s, 3),
                "owner_track": bag.owner,
                "owner_distance_m": None if np.isnan(owner_m) else round(owner_m, 2),
                "owner_last_seen_s": None if bag.owner is None else round(bag.owner_s, 3),
                "unattended_since_s": round(bag.away_since_s, 3),
                **({} if fixture is None else {"at_fixture": fixture}),
            },
        )
        return [bag.event]

    def _clock(self, bag: Bag, now: float) -> None:
        s = self.settings
        seen_now = bag.owner_s == now
        if not seen_now and bag.owner_distance_m <= s.owner_distance_m:
            # vanished beside the bag: a dweller is still there, who brought it is not
            attended = bag.belonging or now - bag.owner_s <= s.lost_s
            gone_since = bag.owner_s
        else:
            attended = bag.owner_distance_m <= s.owner_distance_m
            gone_since = now
        attended = attended or self._guarded(bag, now)
        if not attended:
            bag.back_since_s = bag.stays_since_s = None
            bag.away_since_s = gone_since if bag.away_since_s is None else bag.away_since_s
        elif bag.away_since_s is not None:
            bag.back_since_s = now if bag.back_since_s is None else bag.back_since_s
            if not (np.linalg.norm(bag.owner_mps) <= _STAYS_MPS or self._guarded(bag, now)):
                bag.stays_since_s = None
            elif bag.stays_since_s is None:
                bag.stays_since_s = now
            stays = bag.stays_since_s is not None and now - bag.stays_since_s >= s.return_s
            if stays or now - bag.back_since_s >= s.pass_s:
                bag.away_since_s = bag.back_since_s = bag.stays_since_s = None

    def _guarded(self, bag: Bag, now: float) -> bool:
        guards = [self._trails.seen[c] for c in sorted(bag.companions) if c in self._trails.seen]
        reach = self.settings.owner_distance_m
        return any(g.last_s == now and np.linalg.norm(g.last_m - bag.place) <= reach for g in guards)

    @staticmethod
    def _end(bag: Bag, at_s: float) -> list[Event]:
        if bag.event is None:
            return []
        ended = replace(bag.event, end_s=at_s)
        bag.event = None
        return [ended]
