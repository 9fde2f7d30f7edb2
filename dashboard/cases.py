"""What humans decided -> labelled cases: the film of an alert with what is true of it, as a run folder.

A confirmed alert is an incident that is due where and when it was raised; a dismissed one is footage in which nothing
is due. Such a folder is watched again by `parvis replay` and held against another by `parvis compare`, as any run is.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from dashboard.progress import Report, silent
from dashboard.real import watch_real
from dashboard.rehearsal import Watching
from detect.clips import Clip
from detect.desk import Alert, AlertState, Verdict
from detect.live.config import LiveConfig, load_config
from detect.score.due import EVENT_OF_INCIDENT
from detect.store import Decision, Store
from scenarios.errors import ParvisError
from scenarios.event import Event
from scenarios.recording import Recording

__all__ = ["Case", "make_cases"]

_INCIDENT_OF_EVENT: Final = {
    event: incident for incident, event in reversed(EVENT_OF_INCIDENT.items()) if event is not None
}
_COLUMNS: Final = ("kind", "start_s", "due_s", "x_m", "y_m", "x1_px", "y1_px", "x2_px", "y2_px")
_ALL: Final = 1_000_000
_NEAR_S: Final = 5.0
"""An event of the film that begins so near to the alert is the one that was raised live."""


@dataclass(frozen=True, slots=True)
class Case:
    """What became of one verdict.

    Attributes:
        alert: Id of the alert.
        kind: What it said.
        camera: Of which camera.
        verdict: Confirmed or dismissed.
        folder: Run folder; None: there is none, and ``words`` say why.
        again: Whether watching the film raises it again; what is not raised again by the same settings shows too
            little of what came before, or people too coarsely.
        words: What is to be known.
    """

    alert: str
    kind: str
    camera: str
    verdict: str
    folder: str | None
    again: bool
    words: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def make_cases(config: Path, out: Path, *, overwrite: bool = False, report: Report = silent) -> list[Case]:
    """Make a case of every verdict that has a film, with the settings of the cameras that raised it.

    Drills are none, for their films show what was never there. Names of persons and their reasons stay in the store.

    Args:
        config: Of the daemon: where the store is, and calibrations, detector and rules.
        out: A run folder an alert goes there; those that are there already are left, unless ``overwrite``.
        overwrite: Make them anew.
        report: Told how far it is.

    Raises:
        ParvisError: The configuration or the store cannot be read, or ``out`` cannot be written.
    """
    read = load_config(config)
    with Store.open_existing(read.store) as store:
        decided = [d for d in store.decisions(_ALL) if d.alert.event.drill is None]
        alerts = [alert for alert in store.alerts(limit=_ALL) if alert.event.drill is None]
        cases = []
        for number, decision in enumerate(decided):
            report("cases", number / len(decided), decision.alert.alert_id)
            cases.append(_case(decision, alerts, store, read, out, overwrite=overwrite))
        report("cases", 1.0)
    return cases


def _case(
    decision: Decision, alerts: Sequence[Alert], store: Store, config: LiveConfig, out: Path, *, overwrite: bool
) -> Case:
    alert = decision.alert
    event = alert.event
    bare = Case(alert.alert_id, event.kind.value, event.camera_id, decision.verdict.value, None, again=False)
    clip = store.clips.of_alert(alert.alert_id)
    film = None if clip is None else store.clips.film(clip)
    camera = next((c for c in config.cameras if c.id == event.camera_id), None)
    if clip is None or film is None:
        return replace(bare, words="has no film (any more)")
    if camera is None:
        return replace(bare, words="its camera is not in the configuration any more")
    if alert.more:
        return replace(bare, words="stands for several events")
    of_camera = [a for a in alerts if a.event.camera_id == event.camera_id]
    shown = [a for a in of_camera if 0 <= _second_of(a, alert, clip) <= clip.lasts_s]
    if any(a.state not in (AlertState.CONFIRMED, AlertState.DISMISSED) for a in shown):
        return replace(bare, words="another alert in its film is not decided yet")
    confirmed = [a for a in shown if a.state is AlertState.CONFIRMED]
    if any(a.event.kind not in _INCIDENT_OF_EVENT for a in confirmed):
        return replace(bare, words="its truth cannot be told without everybody's place")
    folder = out / alert.alert_id
    if folder.exists() and not overwrite:
        return _told(replace(bare, folder=str(folder)), Recording.open(folder).run()["case"])
    with TemporaryDirectory(prefix="parvis_case_") as work:
        source, truth = Path(work) / f"{alert.alert_id}.mp4", Path(work) / "incidents.csv"
        source.write_bytes(film)
        _write_truth(truth, [(a.event, _second_of(a, alert, clip)) for a in confirmed])
        made = watch_real(
            str(source),
            calibration=camera.calibration,
            truth=(truth,),
            watching=Watching(config.detector, config.tracker, config.rules, camera_motion=config.camera_motion),
            size="x".join(map(str, clip.of_px)),
            out=folder,
            overwrite=overwrite,
            command=f"parvis cases: {alert.alert_id}",
        )
    if made is None:
        raise ParvisError(f"{folder}: the film gave no run")
    return _told(replace(bare, folder=str(folder)), _note(made, decision, clip))


def _second_of(alert: Alert, of_film: Alert, clip: Clip) -> float:
    """Return at which second of a film an alert was raised, perhaps outside of it."""
    if alert.alert_id == of_film.alert_id:
        return clip.alert_s
    if _session(alert) == _session(of_film) and len(alert.joined) == len(of_film.joined) == 1:
        return clip.alert_s + alert.event.start_s - of_film.event.start_s  # right for files too, watched at any pace
    return (alert.raised_at - clip.began_at).total_seconds()


def _session(alert: Alert) -> str:
    return alert.alert_id.removesuffix(f"-{alert.joined[0]}")


def _write_truth(path: Path, due: Sequence[tuple[Event, float]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(_COLUMNS)
        for event, at_s in due:
            place = (*(event.place_m or ("", "")), *(event.box_px or ("",) * 4))
            table.writerow((_INCIDENT_OF_EVENT[event.kind].value, round(at_s, 3), round(at_s, 3), *place))


def _note(made: Recording, decision: Decision, clip: Clip) -> dict[str, Any]:
    """Write into the run what it is a case of."""
    run = made.run()
    raised = [e["alarm_s"] for e in run["ledger"] if e["kind"] == decision.alert.event.kind.value]
    near = [at_s for at_s in raised if at_s is not None and abs(at_s - clip.alert_s) <= _NEAR_S]
    about = {
        "alert": decision.alert.alert_id,
        "verdict": decision.verdict.value,
        "raised_at": decision.alert.raised_at.isoformat(),
        "alert_s": clip.alert_s,
        "film_sha256": clip.sha256,
        "blurred": clip.blurred,
        "again": bool(near),
    }
    made.save_json(made.run_json, run | {"case": about})
    return about


def _told(case: Case, about: dict[str, Any]) -> Case:
    words = (
        ""
        if about["again"]
        else "not raised again: the film shows too little" + (", and people pixelated" if about["blurred"] else "")
    )
    return replace(case, again=about["again"], words=words, verdict=Verdict(about["verdict"]).value)
