"""Does a rule keep the contract? What is asked of every rule, before anybody asks how often it is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from detect.rules import RuleClass
from detect.rules.contract import Rule, Scene
from detect.rules.stage import everything, perform
from scenarios.entry import Entry
from scenarios.event import Event, EventKind

__all__ = ["shortcomings", "speaks"]

_MINUTE_S: Final = 60.0
_DEMANDS: Final = (0.5, 1.0, 2.0, 4.0)
_PLAIN: Final = (bool, int, float, str, type(None))


def shortcomings(rule: RuleClass, scenes: Sequence[Scene] | None = None) -> list[str]:
    """Play scenes to a rule and return what it does not keep of the contract, a sentence each.

    It is silent on an empty floor, says well-formed events and ends only what it began, does the same again on the same
    scenes and whatever the tracks are called, finds nothing more when its first setting is raised, and forgets
    everything at a reset.

    Args:
        rule: The class.
        scenes: In time; at best some in which the rule has something to say. None: a staged minute in which much
            happens (`detect.rules.stage`).
    """
    try:
        return list(_lacks(rule, _staged() if scenes is None else scenes))
    except Exception as error:  # a foreign rule may fail in any way, and that is the answer
        return [f"it fails on a plain scene: {type(error).__name__}: {error}"]


def speaks(rule: RuleClass, scenes: Sequence[Scene] | None = None) -> bool:
    """Say whether a rule says anything on these scenes; if not, they show little about it."""
    return bool(_play(rule(), _staged() if scenes is None else scenes))


def _lacks(rule: RuleClass, scenes: Sequence[Scene]) -> Iterator[str]:
    fresh = rule()
    if not isinstance(getattr(fresh, "name", None), str) or not fresh.name.isidentifier():
        yield "its name should be a word such as platform_edge"
    kind: object = getattr(fresh, "kind", None)
    if not isinstance(kind, EventKind):
        yield f"its kind should be one of the decree's: {', '.join(EventKind)}"
        return
    settings: object = getattr(rule, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, Entry)):
        yield "its Settings should be a scenarios.entry.Entry"
        return
    for calibrated in (True, False):
        silent = rule()
        if _play(silent, list(perform([], 20.0, calibrated=calibrated))) or silent.reset():
            yield f"it speaks of an empty floor ({'with' if calibrated else 'without'} a calibration)"
    if _play(rule(), [_emptied(scene) for scene in scenes[:1]]):
        yield "it speaks at the first picture"
    said = _play(rule(), scenes)
    malformed = dict.fromkeys(lack for event in said for lack in _malformed(event, fresh))
    yield from malformed
    if malformed:
        return
    yield from dict.fromkeys(_careless(said))
    if _play(rule(), scenes) != said:
        yield "it says something else when the same scenes are played again"
    names = np.random.default_rng(5).permutation(10_000)
    renamed = _play(rule(), [_renamed(scene, names) for scene in scenes])
    if [_story(e) for e in renamed] != [_story(e) for e in said]:
        yield "it depends on what tracks are called: their ids are names, not numbers"
    yield from _undemanding(rule, scenes)
    yield from _forgetless(rule, scenes, said)


def _malformed(event: Event, rule: Rule) -> Iterator[str]:
    if (event.kind, event.rule) != (rule.kind, rule.name):
        yield f"its events should be of kind {rule.kind} and name the rule {rule.name}"
    if not 0 <= event.score <= 1:
        yield f"a score should be from 0 to 1, not {event.score:g}"
    if event.end_s is not None and event.end_s < event.start_s:
        yield "an event ends before it begins"
    if not event.evidence:
        yield "an event should say why, in its evidence"
    evidence: Mapping[str, object] = event.evidence
    for key, value in evidence.items():
        if not isinstance(value, _PLAIN):
            yield f"evidence should be plain numbers, words, yes or no; {key} is {type(value).__name__}"


def _careless(said: Sequence[Event]) -> Iterator[str]:
    """Yield what is wrong with beginnings and ends."""
    begun: dict[str, Event] = {}
    ended: set[str] = set()
    for event in said:
        if event.end_s is None:
            if event.event_id in begun:
                yield "it begins two events of one event_id"
            begun[event.event_id] = event
        elif event.event_id not in begun:
            yield "it ends an event that it never began"
        elif event.event_id in ended:
            yield "it ends an event twice"
        elif event.start_s != begun[event.event_id].start_s:
            yield "an event that ends should begin when it began"
        else:
            ended.add(event.event_id)


def _undemanding(rule: RuleClass, scenes: Sequence[Scene]) -> Iterator[str]:
    """Yield what is wrong with the first setting: the higher it is, the less may be said."""
    key = next(iter(rule.Settings.model_fields), None)
    usual = None if key is None else getattr(rule.Settings(), key)
    if key is None or isinstance(usual, bool) or not isinstance(usual, int | float) or not usual > 0:
        yield "its first setting should be its threshold, a number above 0: the higher, the less it says"
        return
    lasts: dict[float, float] = {}
    for factor in _DEMANDS:
        value = type(usual)(usual * factor)
        settings = _settings(rule, {key: value})
        if settings is not None:
            built = rule(settings)
            lasts[value] = _lasting([*_play(built, scenes), *built.reset()])
    if any(later > earlier + 1e-6 for earlier, later in zip(lasts.values(), list(lasts.values())[1:], strict=False)):
        found = ", ".join(f"{value:g}: {seconds:.1f} s" for value, seconds in lasts.items())
        yield f"it says more when {key} is raised ({found} of alarms)"


def _forgetless(rule: RuleClass, scenes: Sequence[Scene], said: Sequence[Event]) -> Iterator[str]:
    """Yield what is wrong with a reset in the middle of the first event."""
    if not said:
        return
    part = [scene for scene in scenes if scene.tracks.time_s <= said[0].start_s]
    built = rule()
    first = _play(built, part)
    lasting = {e.event_id for e in first if e.end_s is None} - {e.event_id for e in first if e.end_s is not None}
    ended = built.reset()
    if {e.event_id for e in ended} != lasting or any(e.end_s is None for e in ended):
        yield "reset() should end what lasts, and nothing else"
    if built.reset():
        yield "after a reset nothing lasts, so another reset should end nothing"
    again = _play(built, part)
    if [(e.start_s, e.end_s) for e in again] != [(e.start_s, e.end_s) for e in first]:
        yield "it remembers something over a reset"
    if {e.event_id for e in again} & {e.event_id for e in first}:
        yield "after a reset it should give no event_id twice"


def _play(rule: Rule, scenes: Sequence[Scene]) -> list[Event]:
    return [event for scene in scenes for event in rule.update(scene)]


def _staged() -> list[Scene]:
    return list(perform(everything(), _MINUTE_S))


def _settings(rule: RuleClass, values: Mapping[str, Any]) -> Entry | None:
    try:
        return rule.Settings.model_validate(dict(values))
    except ValidationError:  # beyond what the setting may be
        return None


def _lasting(said: Sequence[Event]) -> float:
    ends = {e.event_id: e.end_s for e in said if e.end_s is not None}
    return sum(ends.get(e.event_id, e.start_s) - e.start_s for e in said if e.end_s is None)


def _emptied(scene: Scene) -> Scene:
    tracks = scene.tracks
    nobody = {name: getattr(tracks, name)[:0] for name in tracks.__slots__ if name not in ("camera_id", "time_s")}
    return replace(scene, tracks=replace(tracks, **nobody))


def _renamed(scene: Scene, names: np.ndarray[Any, np.dtype[np.int64]]) -> Scene:
    return replace(scene, tracks=replace(scene.tracks, track_id=names[scene.tracks.track_id]))


def _story(event: Event) -> tuple[object, ...]:
    return (event.event_id, event.start_s, event.end_s, event.place_m, event.box_px, event.zone, event.score)
