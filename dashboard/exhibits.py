"""Everything the gallery shows: people, bags, things, places, conditions and incidents, each as one picture.

A picture is drawn when it is asked for, by the same compositor that films.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from dashboard.darkroom import (
    CONDITIONS_SCENARIO,
    all_around,
    bag,
    condition,
    incident,
    obstacle,
    posture,
    scene,
    thing,
    tour,
)  # fmt: skip
from scenarios.conditions import EFFECTS, Conditions
from scenarios.errors import ParvisError
from scenarios.frame import Image
from scenarios.load import library, load_scenario
from scenarios.population import BagKind, Posture, ThingKind
from scenarios.venue import ObstacleKind
from sim.render.library import library as figures

__all__ = ["KINDS", "SEVERITIES", "Exhibit", "exhibits"]

KINDS: Final = {
    "places": "Scenarios and places",
    "people": "People",
    "postures": "Postures and gaits",
    "bags": "Bags",
    "things": "Things and furniture",
    "incidents": "Incidents",
    "cameras": "Cameras that move",
    "conditions": "Light, weather, lens and transmission",
}
"""Sections of the gallery, in order, and what they are called."""
SEVERITIES: Final = (1, 3, 5)
"""Every effect is shown at these, of 0 to 5."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One picture of the gallery.

    Attributes:
        id: Letters, digits, underscores and hyphens.
        kind: One of ``KINDS``.
        title: What it is.
        text: A sentence about it; may be empty.
        tags: By which it is found.
        command: What makes footage with it; empty where there is none.
        draw: Makes the picture.
        real: Whether real footage is seen in it, which is not ours to publish.
    """

    id: str
    kind: str
    title: str
    text: str
    tags: tuple[str, ...]
    command: str
    draw: Callable[[], Image]
    real: bool = False


def exhibits() -> tuple[Exhibit, ...]:
    """Return everything there is to see, section by section; drawing nothing yet."""
    return (*_places(), *_people(), *_postures(), *_bags(), *_things(), *_incidents(), *_cameras(), *_conditions())


def _places() -> Iterator[Exhibit]:
    for name in library():
        try:
            scenario = load_scenario(name)
        except ParvisError:
            continue  # `parvis list` says what is wrong with it
        for spec in scenario.cameras:
            more = f", camera {spec.id}" if len(scenario.cameras) > 1 else ""
            yield Exhibit(
                f"place-{name}-{spec.id}", "places", f"{scenario.title}{more}",
                " ".join(scenario.description.split()), (name, *scenario.tags), f"parvis run {name}",
                partial(scene, name, spec.id), spec.plate is not None,
            )  # fmt: skip


def _people() -> Iterator[Exhibit]:
    for figure in figures().people():
        yield Exhibit(
            f"person-{figure.name}", "people", _words(figure.name), "Front, side, back, from above.",
            (figure.body, *figure.tags), "", partial(all_around, figure.name),
        )  # fmt: skip


def _postures() -> Iterator[Exhibit]:
    for held in Posture:
        yield Exhibit(f"posture-{held}", "postures", _words(held), "", (held.value,), "", partial(posture, held))


def _bags() -> Iterator[Exhibit]:
    for kind in BagKind:
        yield Exhibit(
            f"bag-{kind}", "bags", _words(kind), "In the hand, and put down.", (kind.value,), "", partial(bag, kind)
        )


def _things() -> Iterator[Exhibit]:
    for kind in ThingKind:
        yield Exhibit(f"thing-{kind}", "things", _words(kind), "", (kind.value,), "", partial(thing, kind))
    for solid in ObstacleKind:
        yield Exhibit(
            f"obstacle-{solid}", "things", _words(solid), "", (solid.value, "furniture"), "",
            partial(obstacle, solid),
        )  # fmt: skip


def _incidents() -> Iterator[Exhibit]:
    for name in library():
        try:
            scenario = load_scenario(name)
        except ParvisError:
            continue
        for spec in scenario.incidents:
            yield Exhibit(
                f"incident-{name}-{spec.id}", "incidents", f"{_words(spec.kind)}: {_words(spec.id).lower()}",
                f"{scenario.title}. Before it begins, 0.5, 2 and 6 seconds after.", (spec.kind.value, name),
                f"parvis run {name}", partial(incident, name, spec.id),
            )  # fmt: skip


def _cameras() -> Iterator[Exhibit]:
    for name in library():
        try:
            scenario = load_scenario(name)
        except ParvisError:
            continue
        for spec in scenario.cameras:
            if spec.motion is not None:
                yield Exhibit(
                    f"camera-{name}-{spec.id}", "cameras", f"{_words(spec.id)}: {scenario.title}",
                    "From the beginning to the end of the scenario.", (name, spec.id, *scenario.tags),
                    f"parvis run {name}", partial(tour, name, spec.id),
                )  # fmt: skip


def _conditions() -> Iterator[Exhibit]:
    texts = _condition_texts()
    yield Exhibit(
        "condition-none", "conditions", "Day, no effects", "What the others are to be compared with.", ("day",),
        f"parvis run {CONDITIONS_SCENARIO}", partial(condition, "", 0),
    )  # fmt: skip
    for key in EFFECTS:
        for severity in SEVERITIES:
            yield Exhibit(
                f"condition-{key}-{severity}", "conditions", f"{_words(key)}, severity {severity}",
                texts.get(key, "") if severity == SEVERITIES[0] else "", (key,),
                f"parvis run {CONDITIONS_SCENARIO} --set conditions.{key}={severity}",
                partial(condition, key, severity),
            )  # fmt: skip


def _words(name: str) -> str:
    text = str(name).replace("_", " ")
    return text[:1].upper() + text[1:]


def _condition_texts() -> dict[str, str]:
    """What the documentation of ``Conditions`` says about each of its keys."""
    doc = inspect.getdoc(Conditions) or ""
    _, _, listed = doc.partition("Attributes:")
    found = re.findall(r"^    (\w+): (.*(?:\n      .*)*)", listed, re.MULTILINE)
    return {key: " ".join(text.split()) for key, text in found}
