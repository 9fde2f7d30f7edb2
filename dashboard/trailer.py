"""Makes the moving picture of a run: the plan on the left, the camera with its boxes and alarms on the right.

python -m dashboard.trailer runs/demo --to docs/media/loop.webp --from 38 --until 52
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image as Picture

from dashboard.annotate import Annotator
from detect.observations import Observations
from detect.sources import open_source
from detect.tracks import ObjectClass, Tracks
from scenarios.errors import ParvisError
from scenarios.event import Event
from scenarios.frame import Frame, Image
from scenarios.load import load_scenario
from scenarios.recording import Recording
from scenarios.scenario import Scenario
from scenarios.truth import GroundTruth, column

__all__ = ["main", "panels"]

_INK: Final = (38, 30, 26)
_FLOOR: Final = (232, 228, 222)
_WALL: Final = (150, 140, 132)
_PERSON: Final = (190, 120, 40)
_OWNER: Final = (40, 70, 235)
_BAG: Final = (0, 140, 255)


def panels(run: Path, start_s: float, end_s: float, *, width_px: int, fps: float) -> Iterator[Image]:
    """Yield the pictures, BGR, of one stretch of a run.

    Args:
        run: Run folder of a rehearsal.
        start_s: First instant.
        end_s: Last instant.
        width_px: Width of the whole picture.
        fps: Pictures a second of the result; at most the film's.
    """
    recording = Recording.open(run)
    scenario, truth, seen = load_scenario(recording.scenario_toml), recording.truth(), Observations.load(recording)
    view = recording.views()[0]
    half = width_px // 2
    plan = _Plan(scenario, truth, half, round(half * view.height_px / view.width_px))
    annotator = Annotator(scenario.fps, places=False)
    source = open_source(str(recording.video(view.id)), camera_id=view.id)
    every = max(1, round(scenario.fps / fps))
    try:
        for frame in source:
            if not isinstance(frame, Frame) or frame.time_s > end_s:
                break
            said = _said_at(seen.events, view.id, frame.time_s, 1 / scenario.fps)
            drawn = annotator.draw(frame.image, _tracks_at(seen, view.id, frame), said)
            if frame.time_s >= start_s and frame.index % every == 0:
                camera = cv2.resize(drawn, (half, plan.height_px), interpolation=cv2.INTER_AREA)
                yield np.hstack((plan.draw(frame.time_s), np.asarray(camera, np.uint8)))
    finally:
        source.close()


def main() -> None:
    """Run as a command."""
    try:
        typer.run(_command)
    except ParvisError as error:
        typer.echo(f"trailer: {error}", err=True)
        sys.exit(2)


def _command(
    run: Annotated[Path, typer.Argument(help="Run folder of a rehearsal.")],
    to: Annotated[Path, typer.Option("--to", help="Animated .webp or .gif to write.")],
    start_s: Annotated[float, typer.Option("--from", help="First second.")] = 0.0,
    end_s: Annotated[float, typer.Option("--until", help="Last second.")] = 12.0,
    width_px: Annotated[int, typer.Option("--width", help="Width in pixels.")] = 1280,
    fps: Annotated[float, typer.Option("--fps", help="Pictures a second.")] = 6.25,
) -> None:
    """Make the moving picture of a run."""
    pictures = [
        Picture.fromarray(cv2.cvtColor(p, cv2.COLOR_BGR2RGB))
        for p in panels(run, start_s, end_s, width_px=width_px, fps=fps)
    ]
    if not pictures:
        raise ParvisError(f"{run}: has no pictures from {start_s:g} to {end_s:g} s")
    to.parent.mkdir(parents=True, exist_ok=True)
    pictures[0].save(
        to, save_all=True, append_images=pictures[1:], duration=round(1000 / fps), loop=0, quality=60, method=4
    )
    typer.echo(f"{to}: {len(pictures)} pictures, {to.stat().st_size / 1e6:.1f} MB")


class _Plan:
    """Draws the venue from above."""

    def __init__(self, scenario: Scenario, truth: GroundTruth, width_px: int, height_px: int) -> None:
        self.width_px, self.height_px = width_px, height_px
        west, south, east, north = scenario.venue.floor.bounds
        self._scale = min((width_px - 24) / (east - west), (height_px - 24) / (north - south))
        self._origin = np.array([(west + east) / 2, (south + north) / 2])
        self._truth = truth
        self._still = np.full((height_px, width_px, 3), _INK, np.uint8)
        self._fill(scenario.venue.outline, _FLOOR)
        for zone in scenario.venue.zones:
            cv2.polylines(self._still, [self._px(zone.polygon)], True, (170, 200, 120), 1, cv2.LINE_AA)
        for obstacle in scenario.venue.obstacles:
            self._fill(obstacle.polygon, _WALL)
        for gate in scenario.venue.gates:
            a, b = self._px(gate.line)
            cv2.line(self._still, tuple(map(int, a)), tuple(map(int, b)), (80, 170, 60), 4, cv2.LINE_AA)
        self._people_s = None if truth.people is None else column(truth.people, "time_s")
        self._objects_s = None if truth.objects is None else column(truth.objects, "time_s")

    def draw(self, time_s: float) -> Image:
        """Return the plan at one instant."""
        canvas = self._still.copy()
        if self._truth.people is not None and self._people_s is not None:
            now = np.abs(self._people_s - time_s) < 1e-3
            places = np.c_[column(self._truth.people, "x_m")[now], column(self._truth.people, "y_m")[now]]
            roles = column(self._truth.people, "role")[now]
            for place, role in zip(self._px(places), roles, strict=True):
                colour = _OWNER if role == "owner" else _PERSON
                cv2.circle(canvas, tuple(map(int, place)), max(2, round(0.25 * self._scale)), colour, -1, cv2.LINE_AA)
        if self._truth.objects is not None and self._objects_s is not None:
            now = (np.abs(self._objects_s - time_s) < 1e-3) & (column(self._truth.objects, "carried_by") < 0)
            places = np.c_[column(self._truth.objects, "x_m")[now], column(self._truth.objects, "y_m")[now]]
            for place in self._px(places):
                x, y = map(int, place)
                cv2.rectangle(canvas, (x - 4, y - 4), (x + 4, y + 4), _BAG, -1)
                cv2.rectangle(canvas, (x - 4, y - 4), (x + 4, y + 4), _INK, 1)
        cv2.putText(canvas, f"plan {time_s:5.1f} s", (8, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.42, _FLOOR, 1, cv2.LINE_AA)
        return canvas

    def _px(self, points: Any) -> NDArray[np.int32]:
        away = (np.asarray(points, float).reshape(-1, 2) - self._origin) * self._scale
        pixels = np.c_[self.width_px / 2 + away[:, 0], self.height_px / 2 - away[:, 1]]
        return np.asarray(np.round(pixels), np.int32)

    def _fill(self, polygon: Any, colour: tuple[int, int, int]) -> None:
        cv2.fillPoly(self._still, [self._px(polygon)], colour, cv2.LINE_AA)


def _said_at(events: tuple[Event, ...], camera_id: str, time_s: float, step_s: float) -> list[Event]:
    """Return the open events that begin in this step, and the ended ones that end in it."""
    mine = [e for e in events if e.camera_id == camera_id]
    begun = [replace(e, end_s=None) for e in mine if time_s - step_s < e.start_s <= time_s]
    return begun + [e for e in mine if e.end_s is not None and time_s - step_s < e.end_s <= time_s]


def _tracks_at(seen: Observations, camera_id: str, frame: Frame) -> Tracks:
    table = seen.tracks
    here = (column(table, "frame") == frame.index) & (column(table, "camera") == camera_id)
    rows = table.filter(here)
    n = rows.num_rows
    codes = {c.name.lower(): int(c) for c in ObjectClass}
    return Tracks(
        camera_id=camera_id,
        time_s=frame.time_s,
        track_id=column(rows, "track_id").astype(np.int64),
        cls=np.array([codes[c] for c in column(rows, "cls")], np.int8),
        box_px=np.stack([column(rows, k) for k in ("x1", "y1", "x2", "y2")], axis=1).astype(float),
        confidence=column(rows, "confidence").astype(float),
        position_m=np.c_[column(rows, "x_m"), column(rows, "y_m")].astype(float),
        velocity_mps=np.c_[column(rows, "vx_mps"), column(rows, "vy_mps")].astype(float),
        covariance_m2=np.full((n, 2, 2), np.nan),
    )


if __name__ == "__main__":
    main()
