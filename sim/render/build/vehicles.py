"""What rides with a person: a wheelchair and a pram, modelled around their own wheels.

Sizes after ISO 7176-5:2008 (wheelchairs: overall 1.1 m x 0.65 m, seat 0.49 m) and of common prams (1.0 m x 0.58 m x
1.05 m).
"""

from __future__ import annotations

import numpy as np

from sim.render.build.pack import SEAT_M
from sim.render.build.solid import Workshop
from sim.render.build.surface import Surface

__all__ = ["pram", "wheelchair"]


def wheelchair(joints: int) -> list[Surface]:
    """Return a manual wheelchair for somebody whose pelvis is above the origin."""
    shop = Workshop(joints)
    seat, half = SEAT_M[0], 0.215
    for sign in (1.0, -1.0):
        y = sign * half
        shop.wheel((-0.10, sign * 0.285, 0.305), 0.305, 0.028, 14, camber_rad=sign * 0.03)
        push = 2 * np.pi * np.arange(25) / 24
        shop.tube(
            [(-0.10 + 0.255 * np.cos(a), sign * 0.322, 0.305 + 0.255 * np.sin(a)) for a in push], 0.009, "metal", 6
        )
        shop.wheel((0.34, sign * 0.23, 0.075), 0.075, 0.032, 0)
        shop.tube([(0.34, sign * 0.23, 0.075), (0.33, sign * 0.22, 0.19), (0.28, y, 0.26)], 0.012, "metal")
        shop.tube(
            [(-0.24, y, seat - 0.04), (0.26, y, seat - 0.03), (0.33, y, seat - 0.10), (0.40, y * 0.8, 0.14)],
            0.012,
            "metal",
        )
        shop.tube([(-0.22, y, 0.28), (0.28, y, 0.26), (0.33, y, seat - 0.10)], 0.012, "metal")
        shop.tube(
            [(-0.20, y, 0.28), (-0.24, y, seat), (-0.29, y, 0.80), (-0.32, y, 0.91), (-0.41, y, 0.92)], 0.012, "metal"
        )
        shop.tube([(-0.38, y, 0.922), (-0.49, y, 0.918)], 0.018, "rubber")
        shop.box((0.33, 0.05, 0.03), (0.02, sign * 0.235, 0.70), "rubber")
        shop.tube([(0.12, sign * 0.235, 0.69), (0.14, sign * 0.235, seat - 0.03)], 0.010, "metal")
        shop.box((0.34, 0.008, 0.17), (0.0, sign * 0.235, 0.57), "shell")
        shop.box((0.16, 0.13, 0.015), (0.45, sign * 0.09, 0.115), "rubber")
        shop.tube([(-0.24, sign * half, 0.18), (0.24, -sign * half, seat - 0.05)], 0.011, "metal")
    shop.pillow((0.45, 0.43, 0.05), (0.0, 0.0, seat - 0.025), "cloth", 0.3)
    shop.pillow((0.035, 0.42, 0.42), (-0.285, 0.0, 0.70), "cloth", 0.25, tilt_rad=0.12)
    return shop.surfaces


def pram(joints: int, handle_x_m: float, handle_z_m: float) -> list[Surface]:
    """Return a pram whose handle is at a place before its pusher."""
    shop = Workshop(joints)
    x0 = handle_x_m + 0.10
    for sign in (1.0, -1.0):
        y = sign * 0.27
        shop.wheel((x0 + 0.14, sign * 0.29, 0.145), 0.145, 0.04, 9)
        shop.wheel((x0 + 0.80, sign * 0.17, 0.105), 0.105, 0.04, 7)
        shop.tube(
            [
                (handle_x_m, y, handle_z_m),
                (x0 + 0.12, y, handle_z_m - 0.22),
                (x0 + 0.50, y, 0.46),
                (x0 + 0.80, sign * 0.17, 0.13),
            ],
            0.013,
            "metal",
        )
        shop.tube([(x0 + 0.14, sign * 0.29, 0.145), (x0 + 0.38, y, 0.62)], 0.012, "metal")
    shop.tube(
        [(handle_x_m, -0.27, handle_z_m), (handle_x_m - 0.01, 0.0, handle_z_m + 0.01), (handle_x_m, 0.27, handle_z_m)],
        0.017,
        "rubber",
    )
    shop.tube([(x0 + 0.14, -0.29, 0.145), (x0 + 0.14, 0.29, 0.145)], 0.012, "metal")
    shop.pillow((0.78, 0.42, 0.26), (x0 + 0.50, 0.0, 0.70), "cloth", 0.35, taper=-0.06)
    shop.pillow((0.38, 0.36, 0.12), (x0 + 0.42, 0.0, 0.26), "lining", 0.4)
    shop.pillow((0.44, 0.39, 0.09), (x0 + 0.66, 0.0, 0.84), "accessory", 0.4)
    over = np.linspace(0.02, 0.62, 9) * np.pi
    across = np.linspace(-1, 1, 15)
    dome = np.array(
        [
            [
                (
                    x0 + 0.42 - 0.33 * np.cos(o - 0.1) * np.sqrt(max(0.0, 1 - 0.55 * c * c)),
                    0.225 * c,
                    0.80 + 0.33 * np.sin(o) * np.sqrt(max(0.0, 1 - 0.9 * c * c)),
                )
                for c in across
            ]
            for o in over
        ]
    )
    shop.grid(dome, "cloth", closed=False, twice=True)
    shop.pillow((0.16, 0.15, 0.16), (x0 + 0.34, 0.0, 0.87), "skin", 1.0)
    return shop.surfaces
