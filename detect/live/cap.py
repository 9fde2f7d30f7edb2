"""What a human has confirmed, as a message of the Common Alerting Protocol 1.2; nothing else ever becomes one.

Reference:
    OASIS (2010). Common Alerting Protocol Version 1.2, OASIS Standard, 1 July 2010.
    https://docs.oasis-open.org/emergency/cap/v1.2/CAP-v1.2-os.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Flag
from typing import Annotated, Final
from xml.etree import ElementTree as ET

from pydantic import Field, field_validator, model_validator

from detect.decisions import Decision
from detect.desk import AlertState
from detect.live.teller import POLL_S, complain
from detect.outbox import put_place, store_id, waiting
from detect.store import Store
from scenarios.entry import Entry, Id
from scenarios.errors import ParvisError
from scenarios.event import EventKind

__all__ = ["CapArea", "CapConfig", "CapTeller", "cap_message"]

_NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
_NAME: Final = "cap"
_AGAIN_S: Final = 10.0
_SAYS: Final = {
    EventKind.ABANDONED_OBJECT: ("Security", "Unknown", "Abandoned object"),
    EventKind.WEAPON: ("Security", "Severe", "Weapon"),
    EventKind.WRONG_WAY: ("Safety", "Minor", "Persons against the direction of traffic"),
    EventKind.ZONE_INTRUSION: ("Security", "Minor", "Person in a forbidden zone"),
    EventKind.PERSON_DOWN: ("Health", "Moderate", "Person on the ground"),
    EventKind.CROWD_MOVEMENT: ("Safety", "Severe", "Crowd movement"),
    EventKind.DENSITY: ("Safety", "Severe", "Too many people"),
    EventKind.FIRE: ("Fire", "Severe", "Fire"),
}
"""Category, severity and name of each event; how severe an abandoned object is, nobody knows before it is looked at."""


class CapArea(Entry):
    """What a camera looks at, for those who are not on the site.

    Attributes:
        text: In words.
        polygon: Corners as (latitude, longitude) in degrees, WGS 84; the first one need not be repeated.
    """

    text: Annotated[str, Field(min_length=1)]
    polygon: list[tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]] = []

    @model_validator(mode="after")
    def _is_an_area(self) -> CapArea:
        if self.polygon and len(set(self.polygon)) < 3:
            raise ValueError("polygon: should have three different corners or more")
        return self


class CapConfig(Entry):
    """Who speaks, and of which places.

    Attributes:
        sender: Of the messages, best a name of the internet's that is yours, such as ``control-room@venue.example``.
        folder: Where a file is put for each confirmed alert, a path as seen from this file; None: they are only given
            out by the interface.
        language: Of the words that stand in the messages by themselves.
        areas: By camera.
    """

    sender: str = "parvis"
    folder: Path | None = None
    language: str = "en"
    areas: dict[Id, CapArea] = {}

    @field_validator("sender")
    @classmethod
    def _has_no_gaps(cls, sender: str) -> str:
        if not sender or re.search(r"[\s,<&]", sender):
            raise ValueError(
                f"'{sender}' is empty or holds a space, a comma, < or &; it should be such as room@venue.example"
            )
        return sender


def cap_message(decision: Decision, config: CapConfig, store: str) -> bytes:
    """Return a confirmed alert as a CAP 1.2 message; that of a drill has the status Exercise.

    Args:
        decision: What was decided, with the alert.
        config: Who speaks.
        store: Random id of the store, so that identifiers are unique.

    Raises:
        ParvisError: It was not confirmed.
    """
    alert = decision.alert
    event = alert.event
    if alert.state is not AlertState.CONFIRMED:
        raise ParvisError(f"alert {alert.alert_id}: is {alert.state}; only what a human has confirmed is passed on")
    category, severity, name = _SAYS[event.kind]
    area = config.areas.get(event.camera_id, CapArea(text=f"camera {event.camera_id}"))
    ET.register_namespace("", _NAMESPACE)
    root = ET.Element(f"{{{_NAMESPACE}}}alert")
    _add(
        root,
        identifier=f"parvis-{store}-{alert.alert_id}",
        sender=config.sender,
        sent=_moment(decision.at),
        status="Actual" if event.drill is None else "Exercise",
        msgType="Alert",
        scope="Restricted",
        restriction="For those who operate this place",
        **({} if event.drill is None else {"note": f"DRILL {event.drill}: nothing has happened"}),
    )
    info = ET.SubElement(root, f"{{{_NAMESPACE}}}info")
    drill = "DRILL: " if event.drill is not None else ""
    where = "" if event.zone is None else f", zone {event.zone}"
    _add(
        info,
        language=config.language,
        category=category,
        event=name,
        responseType="Assess",
        urgency="Immediate" if event.end_s is None else "Past",
        severity=severity,
        certainty="Observed",
        onset=_moment(alert.raised_at),
        headline=f"{drill}{name}, {area.text}{where}",
        description=f"{drill}Seen by a program in the pictures of camera {event.camera_id} and confirmed by a person.",
    )
    for key, value in (("camera", event.camera_id), ("kind", event.kind.value), ("alert", alert.alert_id)):
        parameter = ET.SubElement(info, f"{{{_NAMESPACE}}}parameter")
        _add(parameter, valueName=key, value=value)
    place = ET.SubElement(info, f"{{{_NAMESPACE}}}area")
    _add(place, areaDesc=area.text)
    if area.polygon:
        corners = area.polygon if area.polygon[0] == area.polygon[-1] else [*area.polygon, area.polygon[0]]
        _add(place, polygon=" ".join(f"{lat:.6f},{lon:.6f}" for lat, lon in corners))
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


@dataclass(slots=True)
class CapTeller:
    """Puts a file into a folder for each alert that is confirmed; whoever passes them on takes them from there.

    Attributes:
        config: Who speaks.
        folder: Where files go; made when there is one.
        name: In the record.
        over: Set when it should come to an end.
    """

    config: CapConfig
    folder: Path
    name: str = field(default=_NAME, init=False)
    over: Flag = field(default_factory=Flag, init=False)

    def tell(self, store: Store) -> float:
        """Write what there is; returns for how many seconds to wait before the next look."""
        for told in waiting(store.database, self.name):
            if told.action == "alert.decided" and told.event is not None:
                try:
                    self._write(store, str(told.facts["alert"]))
                except OSError as error:
                    complain(self.name, f"{self.folder} cannot be written ({error.strerror or error})")
                    return _AGAIN_S
            put_place(store.database, self.name, told.seq)
        return POLL_S

    def close(self) -> None:
        """Nothing stays open between messages."""

    def _write(self, store: Store, alert_id: str) -> None:
        decision = store.decision(alert_id)
        if decision is None or decision.alert.state is not AlertState.CONFIRMED:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / f"{alert_id}.cap.xml"
        part = target.with_name(f".{target.name}.part")
        part.write_bytes(cap_message(decision, self.config, store_id(store.database)))
        part.replace(target)


def _add(parent: ET.Element, **texts: str) -> None:
    for tag, text in texts.items():
        ET.SubElement(parent, f"{{{_NAMESPACE}}}{tag}").text = text


def _moment(at: datetime) -> str:
    """To the second and with an offset in digits, as the standard asks; UTC is -00:00 there."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + "-00:00"
