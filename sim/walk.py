"""The walk: one step of everybody who is on the way, around those who stay and the bags on the ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.population import Body, Posture
from sim.beyond import Beyond
from sim.groups import keep_together
from sim.motion import Bodies, MotionModel
from sim.people import Objects, People
from sim.routes import Routes
from sim.state import BODIES, FALL_TURN_RAD, POSTURES

if TYPE_CHECKING:
    from sim.queues import Queued

__all__ = ["WIDTH", "Pace", "radii_m", "walk"]

_STANDING_MPS: Final = 0.15
_RUNNING_MPS: Final = 2.0
_TURN_RADPS: Final = 4.0
_STANDING: Final = POSTURES.index(Posture.STANDING)
_WALKING: Final = POSTURES.index(Posture.WALKING)
_RUNNING: Final = POSTURES.index(Posture.RUNNING)
_POST_RADIUS_M: Final = 0.25
_BAG_RADIUS_M: Final = 0.15
WIDTH: Final[dict[Body, float]] = dict.fromkeys(Body, 1.0) | {Body.CHILD: 0.8, Body.WHEELCHAIR: 1.9, Body.PRAM: 1.5}
"""Radius of each body against an adult's: a wheelchair is 0.65 m wide, a pram rolls half a metre ahead."""
_WIDTH: Final = np.array([WIDTH[body] for body in BODIES])


@dataclass(frozen=True, slots=True)
class Pace:
    """How the crowd steps.

    Attributes:
        motion: The pedestrian model.
        step_s: Length of a step.
        time_gap_s: Time gap that everybody keeps to the one ahead.
    """

    motion: MotionModel
    step_s: float
    time_gap_s: float


def radii_m(people: People, motion: MotionModel) -> NDArray[np.float64]:
    """Return the radius of everybody who walks, shape (n,)."""
    return np.asarray(motion.radius_m * _WIDTH[people.body])


def walk(
    people: People,
    objects: Objects,
    routes: Routes,
    beyond: Beyond,
    pace: Pace,
    held: NDArray[np.bool_] | None = None,
    queued: Queued | None = None,
) -> None:
    """Move people in place by one step: where they are, how fast, which way they face, and their posture.

    Args:
        people: Who is inside; those who stay are walked around like posts.
        objects: The bags inside; those on the ground are walked around too.
        routes: The ways to every goal, and the gates as they are now.
        beyond: Who has just left, and walks on.
        pace: By which rule, in which step.
        held: Who stands at a passage, shape (n,).
        queued: Who queues at a stall, and where to.
    """
    if not len(people):
        return
    bodies = beyond.join(_bodies(people, objects, routes, pace, held, queued))
    pace.motion.step(bodies, routes.walls, pace.step_s)
    beyond.follow(bodies)
    dt_s = pace.step_s
    n = len(people)
    people.position_m, people.velocity_mps = bodies.position_m[:n], bodies.velocity_mps[:n]
    people.heading_rad = people.heading_rad.copy()
    codes = people.posture.copy()
    _carry_on(people.velocity_mps, people.stays, dt_s, people.walked_m, people.heading_rad, codes)
    people.change(codes)
    if queued is not None:
        _face(people, queued, dt_s)


def _bodies(
    people: People,
    objects: Objects,
    routes: Routes,
    pace: Pace,
    held: NDArray[np.bool_] | None,
    queued: Queued | None,
) -> Bodies:
    """Return everybody, then every bag on the ground and the length of those who lie, as round bodies."""
    goal = np.where(people.stays, np.int32(-1), people.goal)
    leaves = (goal >= 0) & (goal < len(routes.lets_out))
    leaves[leaves] = routes.lets_out[goal[leaves]]
    direction = routes.direction(goal, people.position_m)
    speed = np.where(people.stays, 0.0, people.wanted_mps) * routes.stairs.pace(people.position_m, direction)
    direction, speed = keep_together(people, direction, speed)
    if held is not None:
        speed = np.where(held, 0.0, speed)
    if queued is not None:
        direction, speed = direction.copy(), speed.copy()
        direction[queued.rows], speed[queued.rows] = queued.direction, queued.speed_mps
    bodies = Bodies(
        position_m=people.position_m.copy(),
        velocity_mps=people.velocity_mps.copy(),
        desired_direction=direction,
        desired_speed_mps=speed,
        time_gap_s=np.full(len(people), pace.time_gap_s),
        radius_m=np.where(people.stays, _POST_RADIUS_M, radii_m(people, pace.motion)),
        door=np.where(leaves, goal, np.int32(-1)),
    )
    grounded = np.concatenate((objects.position_m[objects.carried_by < 0], _along_the_floor(people)))
    return bodies.beside(Bodies.posts(grounded, _BAG_RADIUS_M)) if len(grounded) else bodies


def _face(people: People, queued: Queued, dt_s: float) -> None:
    """Turn who stands in a queue towards the one ahead, as far as bodies turn in one step."""
    rows = queued.rows[people.posture[queued.rows] == _STANDING]
    face = queued.face_rad[people.posture[queued.rows] == _STANDING]
    most = _TURN_RADPS * dt_s
    off = (face - people.heading_rad[rows] + np.pi) % (2 * np.pi) - np.pi
    turned = people.heading_rad[rows] + np.clip(off, -most, most)
    people.heading_rad[rows] = (turned + np.pi) % (2 * np.pi) - np.pi


def _along_the_floor(people: People) -> NDArray[np.float64]:
    """Return points along the bodies of those who lie or have fallen, beside where they stand in the arrays."""
    if not people.stays.any():
        return np.empty((0, 2))
    lying = np.flatnonzero(people.posture == POSTURES.index(Posture.LYING))
    fallen = np.flatnonzero(people.posture == POSTURES.index(Posture.FALLEN))
    turn = np.concatenate((people.heading_rad[lying], people.heading_rad[fallen] + FALL_TURN_RAD[people.fall[fallen]]))
    rows = np.concatenate((lying, fallen))
    shares = np.concatenate((np.tile((-0.35, 0.35), (len(lying), 1)), np.tile((0.4, 0.8), (len(fallen), 1))))
    reach = shares * people.height_m[rows, None]
    ahead = np.stack((np.cos(turn), np.sin(turn)), axis=1)
    return np.asarray((people.position_m[rows, None] + reach[:, :, None] * ahead[:, None]).reshape(-1, 2))


@njit(cache=True, nogil=True)
def _carry_on(velocity: Any, stays: Any, dt: float, walked: Any, heading: Any, posture: Any) -> None:
    """Count the way, turn bodies to where they walk, no faster than a body turns, and tell who walks and who runs."""
    most = _TURN_RADPS * dt
    for i in range(velocity.shape[0]):
        if stays[i]:
            continue
        vx, vy = velocity[i, 0], velocity[i, 1]
        speed = np.sqrt(vx * vx + vy * vy)
        walked[i] += speed * dt
        posture[i] = _STANDING if speed < _STANDING_MPS else _WALKING if speed < _RUNNING_MPS else _RUNNING
        if speed > _STANDING_MPS:
            off = (np.arctan2(vy, vx) - heading[i] + np.pi) % (2 * np.pi) - np.pi
            heading[i] = (heading[i] + min(max(off, -most), most) + np.pi) % (2 * np.pi) - np.pi
