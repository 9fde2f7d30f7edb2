"""A rule of one's own: somebody stands nearer to a forbidden zone, such as the tracks, than is safe."""

from dataclasses import replace
from typing import Annotated

import numpy as np
import shapely
from pydantic import Field

from detect.tracks import ObjectClass
from scenarios.entry import Entry
from scenarios.event import Event, EventKind


class PlatformEdgeSettings(Entry):
    """The first setting is the threshold: the higher, the less is said."""

    hold_s: Annotated[float, Field(ge=0, le=600)] = 3.0
    within_m: Annotated[float, Field(gt=0, le=10)] = 1.2
    quiet_s: Annotated[float, Field(ge=0, le=600)] = 2.0


class PlatformEdge:
    """Says when somebody stays near the edge of a forbidden zone without going in."""

    Settings = PlatformEdgeSettings
    name = "platform_edge"
    kind = EventKind.ZONE_INTRUSION

    def __init__(self, settings=None):
        self.settings, self._said, self._now = settings or PlatformEdgeSettings(), 0, 0.0
        self._near = {}  # by zone and track: since when, last when, event

    def update(self, scene):
        """Look at one instant; return the events that begin or end."""
        now, s, said = scene.tracks.time_s, self.settings, []
        self._now = now
        people = scene.tracks.of(ObjectClass.PERSON)
        for zone in [z for z in scene.zones if z.forbidden and scene.camera is not None]:
            far = shapely.distance(zone.shape, shapely.points(people.position_m))
            for i in np.flatnonzero((far > 0) & (far <= s.within_m)):
                key = zone.id, int(people.track_id[i])
                since, _, event = self._near.get(key, (now, now, None))
                if event is None and now - since >= s.hold_s:
                    event = self._event(zone, people, i, float(far[i]), since)
                    said.append(event)
                self._near[key] = since, now, event
        for key, (_, last, event) in list(self._near.items()):
            if now - last > s.quiet_s:
                del self._near[key]
                said += [] if event is None else [replace(event, end_s=max(last, event.start_s))]
        return said

    def reset(self):
        """Forget everything; what lasts ends with the last picture."""
        ended = [replace(event, end_s=self._now) for _, _, event in self._near.values() if event is not None]
        self._near = {}
        return ended

    def _event(self, zone, people, i, far_m, since_s):
        self._said += 1
        return Event(
            event_id=f"{self.name}-{people.camera_id}-{self._said}",
            kind=self.kind,
            camera_id=people.camera_id,
            start_s=self._now,
            end_s=None,
            place_m=tuple(people.position_m[i].tolist()),
            box_px=tuple(people.box_px[i].tolist()),
            zone=zone.id,
            track_ids=(int(people.track_id[i]),),
            score=1.0 - 0.5 * far_m / self.settings.within_m,
            rule=self.name,
            evidence={"from_edge_m": round(far_m, 2), "near_s": self._now - since_s, "needed_s": self.settings.hold_s},
        )
