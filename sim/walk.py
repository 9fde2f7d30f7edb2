"""The walk: one step of everybody who is on the way, around those who stay and the bags on the ground."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scenarios.population import Body, Posture
from sim.motion import Bodies, MotionModel
from sim.people import Objects, People
from sim.routes import Routes
from sim.state import BODIES, FALL_TURN_RAD, POSTURES

__all__ = ["walk"]

_STANDING_MPS: Final = 0.15
_RUNNING_MPS: Final = 2.0
_TURN_RADPS: Final = 4.0
_POST_RADIUS_M: Final = 0.25
_BAG_RADIUS_M: Final = 0.15
_WIDTH: Final[NDArray[np.float64]] = np.array(
    [{Body.CHILD: 0.8, Body.WHEELCHAIR: 1.9, Body.PRAM: 1.5}.get(body, 1.0) for body in BODIES]
)
"""Radius of each body against an adult's: a wheelchair is 0.65 m wide, a pram rolls half a metre ahead."""


def walk(people: People, objects: Objects, routes: Routes, motion: MotionModel, dt_s: float) -> None:
    """Move people in place by one step: where they are, how fast, which way they face, and their posture.

    Args:
        people: Who is inside; those who stay are walked around like posts.
        objects: The bags inside; those on the ground are walked around too.
        routes: The ways to every goal, and the gates as they are now.
        motion: The pedestrian model.
        dt_s: Length of the step.
    """
    if not len(people):
        return
    walkers = ~people.stays
    bodies = _bodies(people, objects, routes, motion)
    motion.step(bodies, routes.walls, dt_s)
    n = len(people)
    people.position_m = np.where(walkers[:, None], bodies.position_m[:n], people.position_m)
    people.velocity_mps = np.where(walkers[:, None], bodies.velocity_mps[:n], 0.0)
    speed = np.hypot(*people.velocity_mps.T)
    people.walked_m += speed * dt_s
    _turn(people, speed, dt_s)
    codes = np.where(
        speed >= _RUNNING_MPS,
        POSTURES.index(Posture.RUNNING),
        np.where(speed >= _STANDING_MPS, POSTURES.index(Posture.WALKING), POSTURES.index(Posture.STANDING)),
    ).astype(np.int8)
    people.change(np.where(walkers, codes, people.posture))


def _bodies(people: People, objects: Objects, routes: Routes, motion: MotionModel) -> Bodies:
    """Return everybody, then every bag on the ground and the length of those who lie, as round bodies."""
    walkers = ~people.stays
    direction = np.zeros((len(people), 2))
    direction[walkers] = routes.direction(people.goal[walkers], people.position_m[walkers])
    gates = routes.venue.gates
    lets_out = np.array([gate.lets_out for gate in gates] + [False], bool)
    door = np.where((people.goal >= 0) & (people.goal < len(gates)), people.goal, -1).astype(np.int32)
    door[~lets_out[door]] = -1
    grounded = np.concatenate((objects.position_m[objects.carried_by < 0], _along_the_floor(people)))
    radius = np.where(walkers, motion.radius_m * _WIDTH[people.body], _POST_RADIUS_M)
    n, m = len(people), len(grounded)
    return Bodies(
        position_m=np.concatenate((people.position_m, grounded)),
        velocity_mps=np.concatenate((people.velocity_mps, np.zeros((m, 2)))),
        desired_direction=np.concatenate((direction, np.zeros((m, 2)))),
        desired_speed_mps=np.concatenate((np.where(walkers, people.wanted_mps, 0.0), np.zeros(m))),
        time_gap_s=np.full(n + m, motion.time_gap_s),
        radius_m=np.concatenate((radius, np.full(m, _BAG_RADIUS_M))),
        door=np.concatenate((door, np.full(m, -1, np.int32))),
    )


def _along_the_floor(people: People) -> NDArray[np.float64]:
    """Return points along the bodies of those who lie or have fallen, beside where they stand in the arrays."""
    lying = np.flatnonzero(people.posture == POSTURES.index(Posture.LYING))
    fallen = np.flatnonzero(people.posture == POSTURES.index(Posture.FALLEN))
    turn = np.concatenate((people.heading_rad[lying], people.heading_rad[fallen] + FALL_TURN_RAD[people.fall[fallen]]))
    rows = np.concatenate((lying, fallen))
    shares = np.concatenate((np.tile((-0.35, 0.35), (len(lying), 1)), np.tile((0.4, 0.8), (len(fallen), 1))))
    reach = shares * people.height_m[rows, None]
    ahead = np.stack((np.cos(turn), np.sin(turn)), axis=1)
    return np.asarray((people.position_m[rows, None] + reach[:, :, None] * ahead[:, None]).reshape(-1, 2))


def _turn(people: People, speed: NDArray[np.float64], dt_s: float) -> None:
    """Bodies turn to where they walk, no faster than a body turns."""
    wanted = np.arctan2(people.velocity_mps[:, 1], people.velocity_mps[:, 0])
    off = (wanted - people.heading_rad + np.pi) % (2 * np.pi) - np.pi
    most = _TURN_RADPS * dt_s
    step = np.where(speed > _STANDING_MPS, np.clip(off, -most, most), 0.0)
    people.heading_rad = (people.heading_rad + step + np.pi) % (2 * np.pi) - np.pi
