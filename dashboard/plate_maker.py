"""Footage of a calibrated camera -> plate, light, and a scenario that is the camera's twin."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import shapely
import tomli_w
from numpy.typing import NDArray

from dashboard.plate_people import Passers, Shadows, passers_in, shadows_of
from dashboard.plate_picture import Sample, Sharpness, empty_scene, noise_of, sample_source, sharpness_of
from dashboard.progress import Report, silent
from detect.score.annotations import load_mot
from detect.sources import open_source
from scenarios.calibration import load_calibration
from scenarios.camera import Camera
from scenarios.errors import ScenarioError
from scenarios.frame import Image
from scenarios.load import load_scenario
from scenarios.scenario import Scenario
from scenarios.truth import GroundTruth, column
from sim.film import shots

__all__ = ["Made", "Twin", "drawn_tones", "make_plate", "tones_to_look", "twin_of", "write_ways"]

_FILMED: Final = 12
"""Pictures of the twin from which its figures' grey levels are taken."""
_REACH_M: Final = 60.0
_SMALLEST_PX: Final = 24.0
_FEW: Final = 30
_SMOOTH_S: Final = 0.6
_GATE_M: Final = (1.5, 8.0)
_SPEED_MPS: Final = 1.3
_OVERCAST: Final = 0.12


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What was made and what is known about it.

    Attributes:
        scenario: The file.
        plate: The picture.
        ways: The table of real ways, where there were annotations.
        said: What was measured, one sentence each.
    """

    scenario: Path
    plate: Path
    ways: Path | None
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Twin:
    """What footage says about a place.

    Attributes:
        plate: The empty scene, shape (h, w, 3).
        table: The scenario of the camera's twin, its plate named ``plate.png``; colours of figures not fitted yet.
        passers: Who walked there.
        shadows: What their shadows say.
        sharp: How sharp the camera is.
        noise: Of the camera, standard deviation in grey levels.
    """

    plate: Image
    table: dict[str, Any]
    passers: Passers
    shadows: Shadows
    sharp: Sharpness
    noise: float


def twin_of(sample: Sample, camera: Camera, calibration: dict[str, Any]) -> Twin:
    """Learn the empty place, who walks there, its light, and how the camera sees it.

    Args:
        sample: Pictures of the camera.
        camera: Calibrated.
        calibration: The table that it was read from.
    """
    plate = empty_scene(sample.pictures)
    passers = passers_in(sample.pictures, plate, camera)
    sharp, noise = sharpness_of(sample.pictures, passers.edges), noise_of(sample.pairs)
    shadows = shadows_of(sample.pictures, plate, camera)
    table = _scenario(camera, calibration, passers, shadows, sharp, noise, sample.fps, sample.seconds)
    return Twin(plate, table, passers, shadows, sharp, noise)


def make_plate(
    source_spec: str, calibration: Path, out: Path, *, truth: Path | None = None, report: Report = silent
) -> Made:
    """Write ``plate.png`` and ``twin_v1.toml``, and with annotations ``ways.csv``, into a folder.

    Args:
        source_spec: A video file or a folder of pictures.
        calibration: TOML file of its camera.
        out: The folder.
        truth: MOTChallenge ``gt.txt``: then people of the twin go the real people's ways.
        report: Told how far it is.

    Raises:
        ParvisError: The footage cannot be read, or does not fit the calibration.
    """
    camera = load_calibration(calibration).camera
    source = open_source(source_spec, camera_id=camera.id, fps=camera.fps)
    try:
        if source.size_px != (camera.width_px, camera.height_px):
            raise ScenarioError(
                f"{calibration.name}: resolution_px is {camera.width_px}x{camera.height_px}, but the pictures are "
                f"{source.size_px[0]}x{source.size_px[1]}; a calibration holds for one size only"
            )
        report("plate", None, "reading the footage")
        sample = sample_source(source)
    finally:
        source.close()
    report("plate", 0.3, "the empty scene, light and people")
    twin = twin_of(sample, camera, tomllib.loads(calibration.read_text(encoding="utf-8")))
    out.mkdir(parents=True, exist_ok=True)
    picture = out / "plate.png"
    written = cv2.imencode(".png", twin.plate)[1]
    picture.write_bytes(written.tobytes())
    ways = None
    if truth is not None:
        ways = out / "ways.csv"
        write_ways(load_mot(truth, camera_id=camera.id, fps=sample.fps), camera, sample.fps, ways)
    scenario = out / "twin_v1.toml"
    table = twin.table
    if ways is not None:
        table["population"] = {"ways": {"file": ways.name}}
    scenario.write_text(tomli_w.dumps(table), encoding="utf-8")
    report("plate", 0.8, "figures as they are drawn")
    gain, black = tones_to_look(twin.passers.tones, drawn_tones(load_scenario(scenario)))
    table["cameras"][0]["plate"]["light"] |= {"gain_bgr": [gain] * 3, "black_bgr": [black] * 3}
    said = _said(twin, gain, black)
    scenario.write_text("".join(f"# {line}\n" for line in said) + tomli_w.dumps(table), encoding="utf-8")
    report("plate", 1.0, str(scenario))
    return Made(scenario, picture, ways, said)


def drawn_tones(scenario: Scenario) -> NDArray[np.float64]:
    """Return the grey levels of figures in a twin at percentiles 10, 50 and 90, shape (3,); nan if nobody comes.

    Args:
        scenario: The twin, its plate's gain 1 and black 0.
    """
    every = max(1, min(scenario.frame_count, 40 * _FILMED) // _FILMED)
    levels: list[NDArray[np.uint8]] = []
    for _, (shot, *_) in shots(scenario):
        if shot.frame.index % every:
            continue
        body = cv2.erode((shot.instance_id >= 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        levels.append(np.asarray(cv2.cvtColor(shot.frame.image, cv2.COLOR_BGR2GRAY), np.uint8)[body])
        if len(levels) == _FILMED:
            break
    every_level = np.concatenate(levels) if levels else np.empty(0)
    return np.percentile(every_level, (10, 50, 90)) if len(every_level) else np.full(3, np.nan)


def tones_to_look(real: NDArray[np.float64], drawn: NDArray[np.float64]) -> tuple[float, float]:
    """Return the factor and the offset that take drawn figures' grey levels to those of the people in the footage.

    Args:
        real: Of the footage's people at percentiles 10, 50 and 90, shape (3,); nan: unknown, then nothing changes.
        drawn: Of the figures, the same.
    """
    if np.isnan(real).any() or np.isnan(drawn).any():
        return 1.0, 0.0
    gain = float(np.clip((real[2] - real[0]) / max(float(drawn[2] - drawn[0]), 1.0), 0.5, 1.6))
    black = float(np.clip(real.mean() - gain * drawn.mean(), -60, 60))
    return round(gain, 3), round(black, 1)


def write_ways(truth: GroundTruth, camera: Camera, fps: float, path: Path) -> None:
    """Write where annotated people walked: ``id, t_s, x_m, y_m, height_m``.

    A person is where the middle of the lower edge of the box meets the ground, smoothed over 0.6 s, for a box wavers
    by a pixel or two; and as tall as the boxes say in the median.

    Args:
        truth: Boxes of people.
        camera: The camera that they were annotated for.
        fps: Its true frame rate.
        path: The CSV file.
    """
    table = truth.boxes
    assert table is not None
    who, time_s = column(table, "id"), column(table, "time_s").astype(float)
    box = np.stack([column(table, name) for name in ("x1", "y1", "x2", "y2")], axis=1).astype(float)
    foot = camera.to_ground(np.c_[(box[:, 0] + box[:, 2]) / 2 - 0.5, box[:, 3] - 1])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "t_s", "x_m", "y_m", "height_m"))
        for person in np.unique(who):
            rows = np.flatnonzero((who == person) & np.isfinite(foot).all(axis=1))
            rows = rows[np.argsort(time_s[rows])]
            if len(rows) < 2:
                continue
            height = _height_m(camera, foot[rows], box[rows])
            smooth = _smooth(foot[rows], max(1, round(_SMOOTH_S * fps / 2)))
            for when, (x, y) in zip(time_s[rows], smooth, strict=True):
                writer.writerow((int(person), f"{when:.3f}", f"{x:.3f}", f"{y:.3f}", f"{height:.2f}"))


def _height_m(camera: Camera, foot: NDArray[np.float64], box: NDArray[np.float64]) -> float:
    """The median height at which a body's top is the upper edge of its boxes."""
    heights = np.linspace(0.9, 2.1, 121)
    tops = np.stack([camera.upright_box_px(foot, h)[:, 1] for h in heights])
    return float(np.median(heights[np.abs(tops - box[:, 1]).argmin(axis=0)]))


def _smooth(place: NDArray[np.float64], half: int) -> NDArray[np.float64]:
    """A moving mean that shortens towards the ends."""
    out = np.empty_like(place)
    for i in range(len(place)):
        reach = min(half, i, len(place) - 1 - i)
        out[i] = place[i - reach : i + reach + 1].mean(axis=0)
    return out


def _scenario(
    camera: Camera,
    calibration: dict[str, Any],
    passers: Passers,
    shadows: Shadows,
    sharp: Sharpness,
    noise: float,
    fps: float,
    seconds: float,
) -> dict[str, Any]:
    outline = _outline(camera, passers.feet_m)
    gates = _gates(camera, outline)
    light = {
        "blur_px": sharp.blur_px,
        "sharpen": sharp.sharpen,
        "noise": round(noise, 2),
        "shadow": round(shadows.depth, 2) if shadows.sure else _OVERCAST,
    }
    if shadows.sure:
        light |= {
            "sun_azimuth_deg": round(shadows.sun_azimuth_deg, 1),
            "sun_elevation_deg": round(shadows.sun_elevation_deg, 1),
        }
    present = max(1.0, passers.per_picture)
    crossing_s = float(np.ptp(np.array(outline.exterior.coords), axis=0).max()) / _SPEED_MPS
    ids = [gate["id"] for gate in gates]
    flows = [
        {
            "id": f"from_{here}",
            "start": here,
            "to": [there for there in ids if there != here] or [here],
            "spread": True,
            "rate_per_min": round(60 * present / crossing_s / len(ids), 1),
            "initial": round(present / len(ids)),
        }
        for here in ids
    ]
    return {
        "name": "twin_v1",
        "title": f"The twin of camera {camera.id}",
        "tags": ["twin"],
        "duration_s": round(min(60.0, max(5.0, seconds)), 1),
        "fps": float(np.clip(fps, 1, 60)),
        "venue": {
            "outline": [[round(x, 2), round(y, 2)] for x, y in outline.exterior.coords[:-1]],
            "gates": gates,
            "ground": "asphalt",
        },
        "cameras": [
            {
                "id": camera.id,
                "plate": {
                    "image": "plate.png",
                    "calibration": calibration,
                    "light": light,
                },
            }
        ],
        "population": {"flows": flows},
    }


def _outline(camera: Camera, feet_m: NDArray[np.float64]) -> shapely.Polygon:
    """The ground that is walked: around the feet that were seen, else all that is near enough to see people."""
    seen = camera.footprint(_REACH_M).buffer(0)
    if len(feet_m) >= _FEW:
        spread = np.linalg.norm(feet_m - np.median(feet_m, axis=0), axis=1)
        near = feet_m[spread <= np.percentile(spread, 97)]
        walked = shapely.MultiPoint(near).convex_hull.buffer(2.0).intersection(seen)
        if isinstance(walked, shapely.Polygon) and walked.area > 20:
            return walked.simplify(0.8)
    points = shapely.get_coordinates(seen)
    box = camera.upright_box_px(points, 1.7)
    tall = points[(box[:, 3] - box[:, 1]) >= _SMALLEST_PX]
    hull = shapely.MultiPoint(tall).convex_hull if len(tall) >= 3 else seen
    return hull.simplify(0.8) if isinstance(hull, shapely.Polygon) else seen


def _gates(camera: Camera, outline: shapely.Polygon) -> list[dict[str, Any]]:
    """A gate on the longest edge of the outline towards each side of the picture, at least two in all."""
    corners = np.array(outline.exterior.coords)
    edges = [(a, b) for a, b in pairwise(corners) if np.hypot(*(b - a)) >= _GATE_M[0]]
    w, h = camera.width_px, camera.height_px
    best: dict[str, tuple[float, Any]] = {}
    for a, b in edges:
        middle = camera.project(np.array([[*((a + b) / 2), 0.0]]))[0][0]
        if np.isnan(middle).any():
            continue
        sides = {"left": middle[0], "right": w - middle[0], "near": h - middle[1], "far": middle[1]}
        side = min(sides, key=lambda name: sides[name])
        length = float(np.hypot(*(b - a)))
        if side not in best or length > best[side][0]:
            best[side] = (length, (a, b))
    for number, (a, b) in enumerate(sorted(edges, key=lambda e: -np.hypot(*(e[1] - e[0])))[:2]):
        if len(best) >= 2:
            break
        best[f"edge_{number + 1}"] = (float(np.hypot(*(b - a))), (a, b))
    gates = []
    for side in sorted(best):
        length, (a, b) = best[side]
        half = min(0.4 * length, _GATE_M[1] / 2) / length
        ends = [(a + (0.5 + sign * half) * (b - a)) for sign in (-1, 1)]
        gates.append({"id": side, "line": [[round(float(x), 2), round(float(y), 2)] for x, y in ends]})
    return gates


def _said(twin: Twin, gain: float, black: float) -> tuple[str, ...]:
    passers, shadows, sharp, noise = twin.passers, twin.shadows, twin.sharp, twin.noise
    sun = (
        f"Shadows of {shadows.seen} people agree ({shadows.agreement:.2f}): sun at {shadows.sun_azimuth_deg:.0f} deg, "
        f"{shadows.sun_elevation_deg:.0f} deg high."
        if shadows.sure
        else f"Shadows of {shadows.seen} people do not agree ({shadows.agreement:.2f}): "
        "overcast is assumed, not measured."
    )
    edge = f"sharpened by {sharp.sharpen:g}" if sharp.sharpen else f"blurred by {sharp.blur_px:g} px"
    tone = (
        "Nobody was seen whole: colours of figures are left as they are."
        if np.isnan(passers.tones).any()
        else f"Grey levels of people at 10, 50, 90 %: {', '.join(f'{t:.0f}' for t in passers.tones)}; "
        f"so figures are taken times {gain:g} plus {black:g}."
    )
    return (
        "Made by parvis plate; every value may be changed by hand.",
        f"{passers.per_picture:.1f} people are seen whole in a picture on average.",
        f"Edges are {edge}; noise has a standard deviation of {noise:.2f} grey levels.",
        tone,
        sun,
    )
