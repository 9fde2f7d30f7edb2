"""Walking and running: normative joint angles, feet that do not slide.

Joint angles over a stride after Winter, D. A. (1991), The Biomechanics and Motor Control of Human Gait, 2nd ed.,
and Perry, J. (1992), Gait Analysis: Normal and Pathological Function; running after Novacheck, T. F. (1998), The
biomechanics of running, Gait and Posture 7(1), 77-95, DOI 10.1016/S0966-6362(97)00038-6; old age after Kerrigan,
D. C. et al. (1998), Biomechanic gait alterations independent of speed in the healthy elderly, Archives of Physical
Medicine and Rehabilitation 79(3), 317-322, DOI 10.1016/S0003-9993(98)90013-2. While a foot is on the ground its
ankle follows from its pitch alone (it rolls over heel, sole and ball), and the leg is bent to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from sim.render.build.motion import Movement
from sim.render.build.puppet import SIDES, Puppet
from sim.render.build.rig import JOINT, turned

__all__ = ["GAITS", "gait"]

Array = NDArray[np.float64]
PHASES: Final = 16


@dataclass(frozen=True, slots=True)
class _Gait:
    """Curves as (share of the stride from heel contact, degrees); flexion, dorsiflexion, toes up are positive."""

    hip: tuple[tuple[float, float], ...]
    knee: tuple[tuple[float, float], ...]
    ankle: tuple[tuple[float, float], ...]
    stance: float
    flat: tuple[float, float]
    bob_m: float
    lean: float
    yaw: float
    list: float
    arm: tuple[float, float]
    elbow: tuple[float, float]
    spread: float
    step_width_m: float
    flight_m: float = 0.0
    nod: float = 0.0


_WALK = _Gait(
    hip=((0, 28), (0.1, 25), (0.2, 15), (0.3, 4), (0.4, -7), (0.5, -14), (0.55, -12), (0.62, -4), (0.7, 12),
         (0.8, 26), (0.87, 31), (0.94, 30)),
    knee=((0, 4), (0.07, 12), (0.14, 17), (0.2, 16), (0.3, 10), (0.4, 6), (0.5, 11), (0.56, 23), (0.62, 40),
          (0.67, 54), (0.72, 60), (0.78, 56), (0.86, 33), (0.93, 8), (0.97, 2)),
    ankle=((0, 0), (0.06, -5), (0.13, -1), (0.2, 4), (0.3, 7), (0.4, 9.5), (0.48, 9), (0.54, -2), (0.6, -15),
           (0.64, -18), (0.7, -10), (0.78, -1), (0.86, 1), (0.94, 0)),
    stance=0.62, flat=(0.09, 0.36), bob_m=0.021, lean=2.5, yaw=5.0, list=3.0, arm=(-4.0, 18.0), elbow=(14.0, 17.0),
    spread=11.5, step_width_m=0.05,
)  # fmt: skip
_OLD = _Gait(
    hip=((0, 24), (0.1, 22), (0.2, 16), (0.3, 9), (0.4, 1), (0.5, -4), (0.55, -3), (0.62, 4), (0.7, 15),
         (0.8, 23), (0.87, 26), (0.94, 25)),
    knee=((0, 9), (0.07, 14), (0.14, 17), (0.2, 17), (0.3, 14), (0.4, 12), (0.5, 16), (0.56, 25), (0.62, 37),
          (0.67, 46), (0.72, 50), (0.78, 46), (0.86, 29), (0.93, 12), (0.97, 8)),
    ankle=((0, -1), (0.06, -4), (0.13, 1), (0.2, 5), (0.3, 8), (0.4, 10), (0.48, 9), (0.54, 2), (0.6, -7),
           (0.64, -9), (0.7, -5), (0.78, -1), (0.86, 0), (0.94, -1)),
    stance=0.66, flat=(0.08, 0.44), bob_m=0.012, lean=9.0, yaw=3.0, list=2.0, arm=(-2.0, 9.0), elbow=(24.0, 8.0),
    spread=11.0, step_width_m=0.07, nod=-4.0,
)  # fmt: skip
_RUN = _Gait(
    hip=((0, 36), (0.1, 33), (0.2, 18), (0.3, 1), (0.38, -8), (0.45, -5), (0.55, 17), (0.65, 41), (0.75, 55),
         (0.83, 54), (0.92, 43)),
    knee=((0, 17), (0.07, 33), (0.14, 42), (0.22, 36), (0.3, 22), (0.37, 18), (0.45, 44), (0.55, 84), (0.64, 102),
          (0.72, 96), (0.82, 60), (0.9, 26), (0.96, 14)),
    ankle=((0, 5), (0.08, 15), (0.18, 23), (0.26, 15), (0.33, -8), (0.39, -23), (0.46, -18), (0.56, -5), (0.7, 2),
           (0.85, 4), (0.95, 5)),
    stance=0.37, flat=(0.05, 0.18), bob_m=0.035, lean=9.0, yaw=8.0, list=3.0, arm=(-4.0, 34.0), elbow=(82.0, 18.0),
    spread=13.0, step_width_m=0.03, flight_m=0.05,
)  # fmt: skip
GAITS: Final = {"walk": _WALK, "walk_old": _OLD, "run": _RUN}


def _curve(points: tuple[tuple[float, float], ...]) -> CubicSpline:
    x = np.array([p[0] for p in points] + [1.0])
    y = np.radians([p[1] for p in points] + [points[0][1]])
    return CubicSpline(x, y, bc_type="periodic")


def gait(name: str, rest_m: Array, heel_m: float) -> Movement:
    """Return one stride in 16 phases, the left heel coming down at phase 0.

    Args:
        name: Of ``GAITS``.
        rest_m: The reference adult's joints.
        heel_m: How far the heel reaches behind the ankle.
    """
    g = GAITS[name]
    hip, knee, ankle = _curve(g.hip), _curve(g.knee), _curve(g.ankle)
    joint = {n: rest_m[JOINT[f"{n}.left"]] for n in ("thigh", "shank", "foot", "toes")}
    thigh = float(np.linalg.norm(joint["shank"] - joint["thigh"]))
    shank = float(np.linalg.norm(joint["foot"] - joint["shank"]))
    sole = float(joint["foot"][2])
    heel, ball = np.array([-heel_m, -sole]), np.array([joint["toes"][0] - joint["foot"][0], -sole])

    def hanging(own: float) -> tuple[Array, float]:
        """Ankle (forward, up) from the hip, and the foot's pitch, from the angles alone."""
        h, k, a = (float(c(own % 1.0)) for c in (hip, knee, ankle))
        there = thigh * np.array([np.sin(h), -np.cos(h)]) + shank * np.array([np.sin(h - k), -np.cos(h - k)])
        return there, h - k + a

    samples = np.linspace(*g.flat, 24)
    slope, start = np.polyfit(samples, [hanging(s)[0][0] for s in samples], 1)
    stride = -float(slope)

    def pitch(own: float) -> float:
        """Of the foot; none while it is flat."""
        raw = hanging(own)[1]
        if own >= g.stance:
            return raw
        if own < g.flat[0]:
            return max(0.0, raw) * (1 - own / g.flat[0])
        return min(0.0, raw) * min(max((own - g.flat[1]) / 0.12, 0.0), 1.0)

    def planted(own: float) -> Array:
        """Ankle (forward, up from the floor) under a hip that goes forward evenly."""
        angle = pitch(own)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        pivot = heel if angle > 0 else ball
        result: Array = np.array([start - stride * own, sole]) + pivot - turn @ pivot
        return result

    toe = ball + np.array([0.55 * ball[0], 0.0])

    def clear(angle: float) -> float:
        """Height of the ankle at which the lowest point of a foot of this pitch touches the floor."""
        return -min(float(np.sin(angle) * p[0] + np.cos(angle) * p[1]) for p in (heel, ball if angle < 0 else toe, toe))

    heights = []
    for i in range(64):
        t = i / 64
        heights.append([planted(o)[1] - hanging(o)[0][1] for o in (t, (t + 0.5) % 1.0) if o < g.stance])
    level = float(np.mean([min(h) for h in heights if h]))
    lowest = 0.04 if name != "run" else 0.13

    movement = Movement(name, "distance", 0.0, ("gait", name))
    for i in range(PHASES):
        t = i / PHASES
        puppet = Puppet(rest_m)
        bob = -g.bob_m * float(np.cos(4 * np.pi * (t - lowest)))
        yaw, tilt = -np.radians(g.yaw) * np.cos(2 * np.pi * t), np.radians(g.list) * np.sin(2 * np.pi * (t - 0.02))
        pelvis = turned((0, 0, 1), float(yaw)) @ turned((1, 0, 0), float(tilt) * 0.8)
        sway = 0.018 * float(np.sin(2 * np.pi * (t - 0.02)))
        centre = (rest_m[JOINT["thigh.left"]] + rest_m[JOINT["thigh.right"]]) / 2
        puppet.pelvis_m = np.array([rest_m[1, 0] - centre[0], sway, level + bob - (centre[2] - rest_m[1, 2])])
        puppet.trunk(pelvis, np.radians(g.lean), float(-2.1 * yaw), float(-0.7 * tilt))
        puppet.look(np.radians(2.0 + g.nod + 0.45 * g.lean), 0.0)
        for side, sign in SIDES:
            own = t if side == "left" else (t + 0.5) % 1.0
            angle = pitch(own)
            if own < g.stance:
                spot = planted(own)
            else:
                share = (own - g.stance) / (1 - g.stance)
                off = planted(g.stance - 1e-6) - hanging(g.stance)[0] - np.array([0, level])
                down = planted(0.0) - hanging(0.0)[0] - np.array([0, level])
                ease = share * share * (3 - 2 * share)
                spot = hanging(own)[0] + np.array([0, level]) + off * (1 - ease) + down * ease
                spot[1] = max(
                    spot[1], clear(angle) + 0.026 * np.sin(np.pi * share) + g.flight_m * np.sin(np.pi * share)
                )
            width = sign * (
                g.step_width_m + 0.03 * (own >= g.stance) * np.sin(np.pi * max(0.0, own - g.stance) / (1 - g.stance))
            )
            foot = turned((0, 0, 1), 0.0) @ turned((0, -1, 0), angle)
            toe_out = sign * 0.12 * 0.3
            puppet.leg(side, np.array([spot[0], width, spot[1]]), foot, (1.0, toe_out, 0.0))
            if own < g.stance and angle < 0:
                puppet.turn(f"toes.{side}", turned((0, -1, 0), min(0.0, angle + 0.6)))
            swing = -np.cos(2 * np.pi * (own - 0.02))
            puppet.swing(
                side,
                np.radians(g.arm[0] + g.arm[1] * swing),
                np.radians(g.spread),
                np.radians(g.elbow[0] + g.elbow[1] * (0.5 + 0.5 * -np.cos(2 * np.pi * (own - 0.08)))),
                0.0 if name != "run" else 0.40,
                0.5 if name != "run" else 1.3,
            )
        lifted = 0.0
        if g.flight_m:
            inside = [o for o in (t, (t + 0.5) % 1.0) if o < g.stance]
            if not inside:
                lag = min((o - g.stance) for o in (t, (t + 0.5) % 1.0)) / (0.5 - g.stance)
                lifted = g.flight_m * 4 * lag * (1 - lag)
        movement.add(puppet, lifted, (t < g.stance, (t + 0.5) % 1.0 < g.stance))
    return movement
