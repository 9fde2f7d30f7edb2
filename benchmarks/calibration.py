"""Do calibrations know how wrong they are? Cameras drawn at random, calibrated from points and from people's heights.

python -m benchmarks.calibration [--json] [--rounds 40]

Points: on a floor of 24 x 30 m, clicked with 1.5 px and on a plan with 5 cm (standard deviations); looked at are three
places of the picture, near, in the middle and far. Heights: forty walkers of 1.70 m (0.09 m) whose boxes, 3 % looser
than they are, are off by 4 % of their height at each edge.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.claims import Claim, show
from detect.calibrating.heights import calibrate_heights
from detect.calibrating.people_boxes import PeopleBoxes
from detect.calibrating.points import Pair, PointsFile, calibrate_points
from detect.calibrating.solution import facts_of, sigma_at
from scenarios.camera import Camera
from scenarios.doubt import ground_doubt
from scenarios.errors import ScenarioError

Floats = NDArray[np.float64]

SIZE: Final = (1280, 720)
LOOKED_AT: Final = np.array([(200.0, 650), (640, 420), (1000, 330)])
CLICK_PX: Final = 1.5
PLAN_M: Final = 0.05
COUNTS: Final = (4, 6, 9)
_LIMITS: Final = (2.279, 5.991)


def a_camera(rng: np.random.Generator) -> Camera:
    """Return a surveillance camera: 3 to 9 m high, looking down 10 to 35 degrees, with a lens of 35 to 90 degrees."""
    return Camera.turned(
        "drawn",
        position_m=(0, 0, float(rng.uniform(3, 9))),
        pan_deg=0.0,
        tilt_deg=float(-rng.uniform(10, 35)),
        roll_deg=float(rng.normal(0, 1.5)),
        hfov_deg=float(np.clip(rng.normal(60, 14), 35, 90)),
        resolution_px=SIZE,
        distortion=(float(rng.normal(-0.05, 0.05)),),
    )


def by_points(rounds: int) -> dict[str, Any]:
    """Return, by number of points, the error of places and the shares inside the stated ellipses."""
    rows: dict[str, Any] = {}
    for count in COUNTS:
        off, far = [], []
        for seed in range(rounds):
            rng = np.random.default_rng([seed, count])
            true = a_camera(rng)
            fit = calibrate_points(_clicked(true, count, rng))
            apart = fit.camera.to_ground(LOOKED_AT) - true.to_ground(LOOKED_AT)
            known = np.isfinite(apart).all(axis=1)
            doubt = ground_doubt(fit.camera, LOOKED_AT[known])
            off += np.linalg.norm(apart[known], axis=1).tolist()
            far += np.einsum("ni,nij,nj->n", apart[known], np.linalg.inv(doubt), apart[known]).tolist()
        inside = [float(np.mean(np.array(far) <= limit)) for limit in _LIMITS]
        rows[str(count)] = {"median_m": float(np.median(off)), "covered_68": inside[0], "covered_95": inside[1]}
    return rows


def _clicked(camera: Camera, count: int, rng: np.random.Generator) -> PointsFile:
    """Points of the floor, spread over what the camera sees of the first thirty metres."""
    cells = [(x, y) for y in (0.35, 0.6, 0.92) for x in (0.12, 0.5, 0.88)]
    chosen = [0, 2, 6, 8] if count == 4 else sorted(rng.permutation(9)[:count].tolist())
    low, high = (float(v) for v in _rows(camera))
    px = np.array([(SIZE[0] * cells[k][0], low + (high - low) * cells[k][1]) for k in chosen])
    ground = camera.to_ground(px)
    plan = ground + rng.normal(0, PLAN_M, ground.shape)
    seen = px + rng.normal(0, CLICK_PX, px.shape)
    pairs = [Pair(px=(p[0], p[1]), m=m.tolist()) for p, m in zip(seen, plan, strict=True)]
    return PointsFile(resolution_px=SIZE, click_px=CLICK_PX, plan_m=PLAN_M, points=pairs)


def _rows(camera: Camera) -> tuple[float, float]:
    """The rows of the picture between 35 m away and its lower edge."""
    far, _ = camera.project([(0.0, 35.0, 0.0)])
    return max(0.0, float(far[0, 1])), SIZE[1] - 1.0


def by_heights(rounds: int) -> dict[str, Any]:
    """Return what people's heights tell, with nothing known and with the lens known."""
    rows: dict[str, Any] = {}
    keys = ("height_m", "tilt_deg", "hfov_deg")
    for name in ("nothing known", "lens known"):
        errors, inside, reach = [], [], []
        for seed in range(rounds):
            rng = np.random.default_rng([seed, 77])
            true = a_camera(rng)
            want = facts_of(true)
            try:
                seen = walkers(true, rng)
                found = calibrate_heights(seen, hfov_deg=want.hfov_deg if name == "lens known" else None).camera
            except ScenarioError:  # a telephoto lens may see all people at one distance, and says so
                continue
            said = facts_of(found)
            errors.append([abs(getattr(said, k) / getattr(want, k) - 1) for k in keys])
            inside.append([abs(getattr(said, k) - getattr(want, k)) / said.sigma[k] for k in keys])
            there, here = (np.linalg.norm(c.to_ground(LOOKED_AT), axis=1) for c in (true, found))
            known = np.isfinite(there) & np.isfinite(here)
            reach += (np.abs(here / there - 1)[known]).tolist()
            inside[-1] += (np.abs(here - there)[known] / sigma_at(found, LOOKED_AT)[known]).tolist()
        far = np.array([v for row in inside for v in row])
        rows[name] = {
            "cameras": len(errors),
            "median_error": dict(
                zip(("height", "tilt", "field_of_view"), np.median(errors, axis=0).tolist(), strict=True)
            ),
            "median_error_of_distances": float(np.median(reach)),
            "within_1_sigma": float(np.mean(far <= 1)),
            "within_2_sigma": float(np.mean(far <= 2)),
        }
    return rows


def walkers(camera: Camera, rng: np.random.Generator, people: int = 40, noise: float = 0.04) -> PeopleBoxes:
    """Return boxes of people on straight ways as the camera sees them: around toes, shoulders and head."""
    boxes: list[Floats] = []
    who: list[int] = []
    times: list[float] = []
    for person in range(12 * people):
        if len(set(who)) >= people:
            break
        far, aside, heading = rng.uniform(3, 40), rng.uniform(-0.5, 0.5), rng.uniform(0, 2 * np.pi)
        tall = rng.normal(1.70, 0.09) * 1.03
        for t in np.arange(0, 8, 0.5):
            at = far * np.array([np.sin(aside), np.cos(aside)]) + 1.3 * t * np.array([np.cos(heading), np.sin(heading)])
            away = at / max(float(np.linalg.norm(at)), 1e-6)
            side = np.array([away[1], -away[0]]) * 0.25
            body = [(*(at - 0.2 * away), 0.0), (*at, tall), (*(at + side), 0.8 * tall), (*(at - side), 0.8 * tall)]
            px, _ = camera.project(np.array(body))
            box = np.r_[px.min(axis=0), px.max(axis=0)] + 0.5
            box = box + rng.normal(0, noise, 4) * (box[3] - box[1])
            inside = (box > 4).all() and box[2] < SIZE[0] - 4 and box[3] < SIZE[1] - 4
            if inside and box[3] - box[1] > 20:
                boxes.append(box)
                who.append(person)
                times.append(float(t))
    if not boxes:
        raise ScenarioError("this camera sees nobody")
    n = len(boxes)
    return PeopleBoxes.of(np.arange(n), np.array(times), np.array(who), np.array(boxes), SIZE)


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    rounds: Annotated[int, typer.Option(help="Cameras of each kind.")] = 40,
) -> None:
    """Measure."""
    points, heights = by_points(rounds), by_heights(rounds)
    claims = []
    for count, row in points.items():
        claims += [
            Claim.at_least(f"{count} points: share of places inside the 68 % ellipse", row["covered_68"], 0.6),
            Claim.at_least(f"{count} points: share of places inside the 95 % ellipse", row["covered_95"], 0.9),
        ]
    for name, row in heights.items():
        claims += [
            Claim.at_least(f"heights, {name}: share within 1 sigma", row["within_1_sigma"], 0.6),
            Claim.at_least(f"heights, {name}: share within 2 sigma", row["within_2_sigma"], 0.9),
        ]
    show(claims, as_json=as_json, more={"points": points, "heights": heights})


if __name__ == "__main__":
    typer.run(main)
