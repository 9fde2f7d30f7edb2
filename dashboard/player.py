"""A film with everything known about it drawn over it: one self-contained piece of HTML, no network.

The picture's overlay is drawn for exactly the picture that is shown (``requestVideoFrameCallback``), not for the
clock of the player. Boxes travel as one compressed block (see `dashboard.overlay`).
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from numpy.typing import NDArray

from dashboard.ledger import LedgerEntry, LedgerStatus, ledger_of
from dashboard.overlay import LAYERS, detection_layer, track_layer, truth_layer
from detect.observations import Observations
from scenarios.errors import RecordingError
from scenarios.recording import Recording, View
from scenarios.truth import GroundTruth

__all__ = ["player_data", "player_html", "player_page", "style", "template_file", "templates"]

_GAP_FACTOR: Final = 8.0
_GAP_MIN_S: Final = 1.0
_PERSON_HEIGHT_M: Final = 1.8


def templates() -> Environment:
    """Return the pages' templates."""
    return Environment(
        loader=PackageLoader("dashboard", "templates"),
        autoescape=select_autoescape(["html", "j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def player_data(
    recording: Recording,
    *,
    video_url: Callable[[str], str] = lambda camera_id: f"video/{camera_id}.mp4",
    entries: tuple[LedgerEntry, ...] | None = None,
) -> dict[str, Any]:
    """Collect what the player shows, as plain JSON values.

    Args:
        recording: A whole run folder.
        video_url: Where the browser finds the film of a camera; beside the page, unless said otherwise.
        entries: The ledger, where the caller has it already.

    Raises:
        RecordingError: A part of the run folder cannot be read.
    """
    views = recording.views()
    observations = Observations.load(recording)
    truth = recording.truth() if recording.truth_dir.is_dir() else None
    if entries is None:
        entries = ledger_of(recording, observations, [v.camera for v in views if v.camera is not None])
    films = [_film(recording, view, truth, observations, video_url(view.id)) for view in views]
    ends = [film["time_s"][-1] for film in films if film["time_s"]]
    return {
        "layers": LAYERS,
        "start_s": min((film["time_s"][0] for film in films if film["time_s"]), default=0.0),
        "end_s": max([*ends, 0.0]),
        "cameras": films,
        "ledger": [_line(entry, views) for entry in entries],
    }


def player_html(data: dict[str, Any], *, element_id: str = "player") -> Markup:
    """Return the player as a piece of HTML: mark-up, data and script; it needs ``style.css`` on the page.

    Args:
        data: From ``player_data``.
        element_id: Id of its element; ``document.getElementById(id).player.seek(seconds, camera)`` steers it.
    """
    packed = zlib.compress(json.dumps(data, separators=(",", ":"), allow_nan=False).encode(), 6)
    page = templates().get_template("player.html.j2")
    return Markup(page.render(element_id=element_id, packed=base64.b64encode(packed).decode(), script=script()))  # noqa: S704


def player_page(
    recording: Recording, *, video_url: Callable[[str], str] = lambda camera_id: f"video/{camera_id}.mp4"
) -> str:
    """Return a whole page with nothing but the player, for a frame on another page.

    The part of its address after # steers it: ``#t=12.5&camera=gate``.

    Raises:
        RecordingError: A part of the run folder cannot be read.
    """
    page = templates().get_template("player_page.html.j2")
    title = recording.run().get("scenario") or recording.folder.name
    return page.render(title=title, style=style(), player=player_html(player_data(recording, video_url=video_url)))


def style() -> Markup:
    """Return the pages' style sheet."""
    return template_file("style.css")


def script() -> Markup:
    """Return the player's script."""
    return template_file("timeline.js") + template_file("player.js")


def template_file(name: str) -> Markup:
    """Return one of our own files, as it is."""
    return Markup((Path(__file__).parent / "templates" / name).read_text(encoding="utf-8"))  # noqa: S704  our own


def _film(
    recording: Recording, view: View, truth: GroundTruth | None, observations: Observations, url: str
) -> dict[str, Any]:
    times = recording.frame_times(view.id)
    shown = _presentation_times(recording.video(view.id))
    frames = min(len(times), len(shown))
    if not frames:
        raise RecordingError(f"{recording.video(view.id)}: holds no pictures")
    times, shown = times[:frames], shown[:frames]
    tracks, track_names = track_layer(observations.tracks, view.id, frames)
    return {
        "id": view.id,
        "width": view.width_px,
        "height": view.height_px,
        "src": url,
        "media_s": [round(float(t), 4) for t in shown],
        "time_s": [round(float(t), 4) for t in times],
        "gaps": _gaps(times),
        "truth": None if truth is None or truth.boxes is None else truth_layer(truth.boxes, view.id, frames),
        "detections": detection_layer(observations.detections, view.id, frames),
        "tracks": tracks,
        "track_names": track_names,
    }


def _presentation_times(video: Path) -> NDArray[np.float64]:
    """Instants in the film's own clock at which its pictures are shown, in order, from the packets alone."""
    try:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            base = float(stream.time_base or 0)
            ticks = [p.pts for p in container.demux(stream) if p.pts is not None]
    except (av.error.FFmpegError, IndexError) as error:
        raise RecordingError(f"{video}: is no film that can be read ({error})") from None
    return np.sort(np.asarray(ticks, float)) * base


def _gaps(times_s: NDArray[np.float64]) -> list[list[float]]:
    """Spans in which the camera gave no pictures."""
    if len(times_s) < 3:
        return []
    steps = np.diff(times_s)
    wide = steps > max(_GAP_MIN_S, _GAP_FACTOR * float(np.median(steps)))
    return [[round(float(times_s[i]), 3), round(float(times_s[i + 1]), 3)] for i in np.flatnonzero(wide)]


def _line(entry: LedgerEntry, views: list[View]) -> dict[str, Any]:
    event = entry.event
    boxes: dict[str, list[int]] = {}
    for view in views:
        if event is not None and event.box_px is not None and event.camera_id == view.id:
            boxes[view.id] = [round(v) for v in event.box_px]
        elif entry.place_m is not None and view.camera is not None:
            camera = view.camera if view.track is None else view.track.at(entry.at_s)
            x1, y1, x2, y2 = camera.upright_box_px([entry.place_m], _PERSON_HEIGHT_M)[0]
            # nan where the place has no picture: then no comparison holds
            if 0 <= (x1 + x2) / 2 < view.width_px and 0 <= y2 < view.height_px and np.isfinite(y1):
                boxes[view.id] = [round(float(v)) for v in (x1, y1, x2, y2)]
    return {
        "n": entry.number,
        "kind": entry.kind.value,
        "label": entry.label,
        "status": entry.status.value,
        "words": LedgerStatus(entry.status).words,
        "due": _rounded(entry.due_s),
        "until": _rounded(entry.until_s),
        "alarm": _rounded(entry.alarm_s),
        "alarm_end": _rounded(event.end_s if event is not None else None),
        "at": _rounded(entry.at_s),
        "camera": entry.camera_id,
        "boxes": boxes,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
