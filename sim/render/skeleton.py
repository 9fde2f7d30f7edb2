"""Where a body's joints are: standing, walking, running, sitting, lying.

Proportions after Winter, D. A. (2009). Biomechanics and Motor Control of Human Movement, 4th ed., figure 4.1.
DOI 10.1002/9780470549148. The gait plants each foot for 60 % (running: 36 %) of a stride and bends the knee by
inverse kinematics, so that feet do not slide on the ground while the walker keeps the usual pace.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

__all__ = [
    "ANKLE", "CHEST", "CROWN", "ELBOW", "HEAD", "HIP", "JOINTS", "KNEE", "NECK", "PELVIS", "SHOULDER", "TOE", "WRIST",
    "pose", "random_of",
]  # fmt: skip

PELVIS: Final = 0
CHEST: Final = 1
NECK: Final = 2
HEAD: Final = 3
CROWN: Final = 4
SHOULDER: Final = 5
"""Left; the right one follows. So for all paired joints."""
ELBOW: Final = 7
WRIST: Final = 9
HIP: Final = 11
KNEE: Final = 13
ANKLE: Final = 15
TOE: Final = 17
JOINTS: Final = 19

_STRIDE: Final = 0.78
"""Length of two steps in body heights, walking."""
_RUN_STRIDE: Final = 1.35


@njit(cache=True, error_model="numpy")
def random_of(looks: int, field: int) -> Any:
    """Return the number in [0, 1) that a person's looks hold for one field (splitmix64)."""
    z = np.uint64(looks) + np.uint64(field + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * 1.1102230246251565e-16


@njit(cache=True, error_model="numpy")
def pose(
    posture: int, height: float, speed: float, walked: float, time: float, seat: float, looks: int, holds: int, out: Any
) -> None:
    """Write the joints of one body.

    Args:
        posture: Index into ``POSTURES``.
        height: Body height in metres.
        speed: Walking speed, m/s.
        walked: Distance walked so far, m.
        time: Seconds, for the small movements of those who stand.
        seat: Height of what is sat upon; 0 the floor.
        looks: The person's random number.
        holds: What the right hand does: 0 nothing, 1 holds a handle beside the leg, 2 pulls behind, 3 both arms
            carry before the chest.
        out: Shape (19, 3): x forward, y left, z up, metres, from the ground below the pelvis (sitting on
            something: from between the feet).
    """
    body = height
    if posture == 3:
        _sit(body, seat, time, looks, out)
    elif posture == 4:
        _lie(body, looks, out)
        return
    else:
        _upright(posture, body, speed, walked, time, looks, out)
    _arms(posture, body, speed, walked, time, looks, holds, out)


@njit(cache=True, error_model="numpy")
def _upright(posture: int, body: float, speed: float, walked: float, time: float, looks: int, out: Any) -> None:
    running = posture == 2
    moving = posture == 1 or running
    stride = (_RUN_STRIDE if running else _STRIDE) * body
    amount = min(1.0, max(0.25, speed / (2.2 if running else 1.15))) if moving else 0.0
    phase = walked / stride + random_of(looks, 40)
    stance = 0.36 if running else 0.60
    sway = 0.006 * body * np.sin(0.7 * time + 6.28 * random_of(looks, 41))
    lean = (0.13 if running else 0.035) * amount + 0.02 * (random_of(looks, 42) - 0.3)
    shift = 0.0 if moving else (random_of(looks, 43) - 0.5) * 0.05 * body
    bob = -np.cos(4 * np.pi * (phase - 0.05)) * (0.022 if running else 0.010) * body * amount
    hip_z = (0.525 - (0.022 if running else 0.013) * amount) * body + bob - (0.004 * body if not moving else 0.0)
    out[PELVIS, 0], out[PELVIS, 1], out[PELVIS, 2] = 0.0, shift + sway, hip_z
    _trunk(body, lean, out)
    twist = 0.05 * amount * np.sin(2 * np.pi * phase)
    for side in range(2):
        sign = 1.0 if side == 0 else -1.0
        own = phase + 0.5 * side
        own -= np.floor(own)
        hx, hy, hz = twist * 0.04 * body * sign, out[PELVIS, 1] + sign * 0.052 * body, hip_z
        out[HIP + side, 0], out[HIP + side, 1], out[HIP + side, 2] = hx, hy, hz
        if moving:
            reach = stance * stride * amount
            front = 0.43 * reach
            if own < stance:
                s = own / stance
                fx = front - reach * s
                heel = max(0.0, (s - 0.62) / 0.38)
                fz = 0.039 * body + 0.062 * body * heel * heel * amount
                pitch = -0.9 * heel * amount + 0.22 * max(0.0, 1 - s / 0.15) * amount
            else:
                s = (own - stance) / (1 - stance)
                ease = s * s * (3 - 2 * s)
                fx = front - reach + reach * ease
                lift = np.sin(np.pi * s) * (0.20 if running else 0.045) + (1 - s) ** 2 * 0.062
                fz = 0.039 * body + lift * body * amount
                pitch = (-0.9 * (1 - s) ** 2 + 0.22 * s) * amount
            fy = out[PELVIS, 1] * 0.5 + sign * 0.040 * body
        else:
            stagger = (random_of(looks, 44) - 0.5) * 0.10 * body * sign
            fx, fz, pitch = stagger, 0.039 * body, 0.0
            fy = sign * (0.055 + 0.03 * random_of(looks, 45)) * body
        _leg(body, side, fx, fy, fz, 1.0, out)
        turn_out = 0.0 if moving else 0.25 * sign
        out[TOE + side, 0] = out[ANKLE + side, 0] + 0.105 * body * np.cos(pitch) * np.cos(turn_out)
        out[TOE + side, 1] = out[ANKLE + side, 1] + 0.105 * body * np.sin(turn_out)
        out[TOE + side, 2] = max(0.016 * body, out[ANKLE + side, 2] - 0.022 * body + 0.105 * body * np.sin(pitch))


@njit(cache=True, error_model="numpy")
def _leg(body: float, side: int, fx: float, fy: float, fz: float, bend: float, out: Any) -> None:
    """Put the ankle as near to (fx, fy, fz) as the leg reaches and the knee before the line from hip to ankle."""
    thigh, shank = 0.245 * body, 0.246 * body
    hx, hy, hz = out[HIP + side, 0], out[HIP + side, 1], out[HIP + side, 2]
    dx, dy, dz = fx - hx, fy - hy, fz - hz
    far = np.sqrt(dx * dx + dy * dy + dz * dz)
    span = min(far, 0.998 * (thigh + shank))
    dx, dy, dz = dx / far, dy / far, dz / far
    out[ANKLE + side, 0], out[ANKLE + side, 1], out[ANKLE + side, 2] = hx + dx * span, hy + dy * span, hz + dz * span
    along = (thigh * thigh - shank * shank + span * span) / (2 * span)
    off = np.sqrt(max(0.0, thigh * thigh - along * along)) * bend
    nx, nz = -dz, dx  # square to the leg in the sagittal plane, forward
    norm = np.sqrt(nx * nx + nz * nz)
    out[KNEE + side, 0] = hx + dx * along + nx / norm * off
    out[KNEE + side, 1] = hy + dy * along
    out[KNEE + side, 2] = hz + dz * along + nz / norm * off


@njit(cache=True, error_model="numpy")
def _trunk(body: float, lean: float, out: Any) -> None:
    px, py, pz = out[PELVIS, 0], out[PELVIS, 1], out[PELVIS, 2]
    s, c = np.sin(lean), np.cos(lean)
    heights = ((CHEST, 0.175), (NECK, 0.300), (HEAD, 0.404), (CROWN, 0.471))
    for joint, up in heights:
        straighten = 0.35 if joint >= HEAD else 1.0
        out[joint, 0] = px + s * up * body * straighten + (s * 0.30 * body * 0.65 if joint >= HEAD else 0.0)
        out[joint, 1] = py
        out[joint, 2] = pz + c * up * body + (0.006 * body if joint >= HEAD else 0.0)
    for side in range(2):
        sign = 1.0 if side == 0 else -1.0
        out[SHOULDER + side, 0] = px + s * 0.275 * body
        out[SHOULDER + side, 1] = py + sign * 0.101 * body
        out[SHOULDER + side, 2] = pz + c * 0.272 * body


@njit(cache=True, error_model="numpy")
def _arms(
    posture: int, body: float, speed: float, walked: float, time: float, looks: int, holds: int, out: Any
) -> None:
    running = posture == 2
    moving = posture == 1 or running
    stride = (_RUN_STRIDE if running else _STRIDE) * body
    amount = min(1.0, max(0.2, speed / (2.2 if running else 1.15))) if moving else 0.0
    phase = walked / stride + random_of(looks, 40)
    habit = random_of(looks, 46)
    for side in range(2):
        sign = 1.0 if side == 0 else -1.0
        swing = -np.cos(2 * np.pi * (phase + 0.5 * side)) * amount * (0.75 if running else 0.42) * (0.8 + 0.4 * habit)
        bend = 1.55 if running else 0.22 + 0.25 * amount * max(0.0, swing / 0.42 + 0.5)
        spread, inward = 0.10 + 0.05 * habit, 0.0
        if holds == 3:
            swing, bend, spread, inward = 0.35, 1.25, 0.10, 0.35
        elif holds == 1 and side == 1:
            swing, bend, spread = 0.25 * swing, 0.10, 0.13
        elif holds == 2 and side == 1:
            swing, bend, spread = -0.42, 0.10, 0.16
        elif posture == 3:
            swing, bend, spread, inward = 0.62, 0.75, 0.10, 0.30
            if habit > 0.6:  # over a telephone
                swing, bend, inward = 0.45, 1.75, 0.6
        elif not running:
            one = random_of(looks, 47 + side)
            if one > (0.94 if moving else 0.78):  # over a telephone
                swing, bend, inward = 0.30, 2.05, 0.65
            elif one > (0.74 if moving else 0.48):  # hand in the pocket
                swing, bend, spread, inward = 0.25 * swing - 0.10, 0.62, 0.24, 0.45
            elif not moving and one < 0.12:  # hand on the hip
                swing, bend, spread, inward = -0.25, 1.4, 0.55, 1.0
            if not moving:
                swing += 0.03 * np.sin(0.9 * time + 6.28 * one)
        sx, sy, sz = out[SHOULDER + side, 0], out[SHOULDER + side, 1], out[SHOULDER + side, 2]
        upper, fore = 0.178 * body, 0.165 * body
        ex = sx + upper * np.sin(swing) * np.cos(spread)
        ey = sy + sign * upper * np.sin(spread)
        ez = sz - upper * np.cos(swing) * np.cos(spread)
        out[ELBOW + side, 0], out[ELBOW + side, 1], out[ELBOW + side, 2] = ex, ey, ez
        turn = swing + bend
        level = np.sin(turn)
        out[WRIST + side, 0] = ex + fore * level * np.cos(inward)
        out[WRIST + side, 1] = ey + sign * fore * (0.3 * np.sin(spread) - abs(level) * np.sin(inward))
        out[WRIST + side, 2] = ez - fore * np.cos(turn)


@njit(cache=True, error_model="numpy")
def _sit(body: float, seat: float, time: float, looks: int, out: Any) -> None:
    on_floor = seat < 0.15
    pelvis_z = max(seat, 0.0) + 0.055 * body
    pelvis_x = 0.0 if on_floor else -0.235 * body
    out[PELVIS, 0], out[PELVIS, 1], out[PELVIS, 2] = pelvis_x, 0.0, pelvis_z
    lean = -0.12 + 0.45 * random_of(looks, 48) + 0.01 * np.sin(0.5 * time + 6.28 * random_of(looks, 41))
    _trunk(body, lean, out)
    feet = 0.36 * body if on_floor else 0.02 * body + 0.08 * body * random_of(looks, 49)
    for side in range(2):
        sign = 1.0 if side == 0 else -1.0
        out[HIP + side, 0], out[HIP + side, 1], out[HIP + side, 2] = pelvis_x, sign * 0.052 * body, pelvis_z
        forth = feet + 0.04 * body * sign * (random_of(looks, 44) - 0.5)
        _leg(body, side, forth, sign * (0.06 + 0.03 * random_of(looks, 45)) * body, 0.039 * body, 1.0, out)
        out[TOE + side, 0] = out[ANKLE + side, 0] + 0.105 * body
        out[TOE + side, 1] = out[ANKLE + side, 1] + 0.02 * body * sign
        out[TOE + side, 2] = 0.017 * body


@njit(cache=True, error_model="numpy")
def _lie(body: float, looks: int, out: Any) -> None:
    """On the side, head forward, knees drawn up, the head on one arm."""
    curl = 0.35 + 0.5 * random_of(looks, 48)
    face = 1.0 if random_of(looks, 49) > 0.5 else -1.0
    side_z = 0.085 * body
    spots = ((PELVIS, 0.0, 0.0), (CHEST, 0.17, 0.012), (NECK, 0.29, 0.02), (HEAD, 0.385, 0.05), (CROWN, 0.45, 0.06))
    for joint, x, y in spots:
        out[joint, 0], out[joint, 1], out[joint, 2] = (
            x * body,
            face * y * body,
            side_z if joint < NECK else 0.075 * body,
        )
    for side in range(2):
        upper = 1.0 if side == 0 else 0.0
        z = side_z + (upper - 0.5) * 0.07 * body
        out[SHOULDER + side, 0], out[SHOULDER + side, 1] = 0.265 * body, face * 0.02 * body
        out[SHOULDER + side, 2] = 0.05 * body + upper * 0.10 * body
        out[ELBOW + side, 0], out[ELBOW + side, 1] = (0.20 + 0.10 * (1 - upper)) * body, face * 0.17 * body
        out[ELBOW + side, 2] = 0.04 * body + upper * 0.06 * body
        out[WRIST + side, 0], out[WRIST + side, 1] = (0.30 + 0.06 * (1 - upper)) * body, face * 0.14 * body
        out[WRIST + side, 2] = 0.035 * body + upper * 0.03 * body
        out[HIP + side, 0], out[HIP + side, 1], out[HIP + side, 2] = -0.02 * body, 0.0, z
        lead = curl + 0.18 * upper
        kx, ky = -0.02 * body - 0.245 * body * np.cos(lead), face * 0.245 * body * np.sin(lead)
        out[KNEE + side, 0], out[KNEE + side, 1], out[KNEE + side, 2] = kx, ky, 0.055 * body + 0.05 * body * upper
        fold = 0.5 * curl
        ax, ay = kx - 0.246 * body * np.cos(fold), ky - face * 0.246 * body * np.sin(fold)
        out[ANKLE + side, 0], out[ANKLE + side, 1], out[ANKLE + side, 2] = ax, ay, 0.04 * body + 0.03 * body * upper
        out[TOE + side, 0], out[TOE + side, 1] = ax + 0.01 * body, ay + face * 0.10 * body
        out[TOE + side, 2] = out[ANKLE + side, 2]
