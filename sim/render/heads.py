"""Heads as solids: face, hair, hats, hoods and scarves."""

from __future__ import annotations

from typing import Any

from numba import njit

from sim.render import solids as so
from sim.render import wardrobe as wa
from sim.render.solids import round_solid, sweep_solid

__all__ = ["dress_head"]


@njit(cache=True, error_model="numpy")
def dress_head(
    body: float,
    head: Any,
    up: Any,
    face: Any,
    ear: Any,
    neck: Any,
    rise: Any,
    seed: int,
    clothes: Any,
    n: int,
    out: Any,
) -> Any:
    """Write the solids of a head.

    Args:
        body: Body height, m.
        head: Middle of the head, shape (3,).
        up: Unit vector from neck to crown.
        face: Unit vector to where the face looks.
        ear: Unit vector to the left ear.
        neck: Base of the neck, shape (3,).
        rise: Unit vector along the trunk.
        seed: Of creases.
        clothes: From `wardrobe.wardrobe`.
        n: Solids so far.
        out: Written, shape (32, 28).

    Returns:
        Solids with the head.
    """
    kind, hat = int(clothes[wa.HAIR_KIND]), int(clothes[wa.HAT])
    chin = head - up * 0.026 * body + face * 0.010 * body
    brow = head + up * 0.012 * body
    sweep_solid(
        out[n],
        chin,
        brow,
        0.82,
        1.0,
        face,
        ear,
        0.052 * body,
        0.043 * body,
        0.050 * body,
        clothes,
        wa.SKIN,
        0.0,
        seed,
        True,
    )
    out[n, so.PATTERN] = 5.0
    at = wa.SKIN if kind == 0 else wa.HAIR
    for k in range(3):
        out[n, so.COLOUR2 + k] = clothes[at + k]
    n += 1
    back = head + up * 0.018 * body - face * 0.012 * body
    cap = back + up * 0.004 * body
    if hat in (1, 2):
        sweep_solid(
            out[n],
            cap,
            cap,
            1.0,
            1.0,
            face,
            ear,
            0.056 * body,
            0.049 * body,
            0.044 * body,
            clothes,
            wa.CLOTH2,
            0.05,
            seed,
            True,
        )
        n += 1
        if hat == 1:
            peak = head + up * 0.034 * body + face * 0.060 * body
            sweep_solid(
                out[n],
                peak,
                peak,
                1.0,
                1.0,
                face,
                ear,
                0.034 * body,
                0.036 * body,
                0.006 * body,
                clothes,
                wa.CLOTH2,
                0.0,
                seed,
                False,
            )
            n += 1
    elif hat >= 3:
        colour = wa.CLOTH if hat == 3 else wa.CLOTH2
        nape = neck - face * 0.006 * body + rise * 0.01 * body
        sweep_solid(
            out[n],
            nape,
            back,
            1.0,
            1.06,
            face,
            ear,
            0.050 * body,
            0.049 * body,
            0.050 * body,
            clothes,
            colour,
            0.12,
            seed,
            True,
        )
        n += 1
    elif kind > 0:
        full = 1.28 if kind == 5 else 1.0
        crown = back + up * (0.006 if kind == 5 else 0.0) * body
        sweep_solid(
            out[n],
            crown,
            crown,
            full,
            full,
            face,
            ear,
            0.051 * body,
            0.0455 * body,
            0.045 * body,
            clothes,
            wa.HAIR,
            0.10,
            seed,
            True,
        )
        n += 1
    if hat < 3 and kind in (2, 3):
        end = neck - face * 0.028 * body + rise * (0.03 if kind == 2 else -0.05) * body
        start = head - face * 0.026 * body
        sweep_solid(
            out[n],
            start,
            end,
            1.0,
            0.82,
            face,
            ear,
            0.030 * body,
            0.044 * body,
            0.03 * body,
            clothes,
            wa.HAIR,
            0.14,
            seed,
            True,
        )
        n += 1
    elif hat == 0 and kind == 4:
        bun = head - face * 0.062 * body + up * 0.030 * body
        round_solid(out[n], bun, bun, 0.022 * body, 0.022 * body, clothes, wa.HAIR, 0.1, seed)
        n += 1
    if hat in (0, 2) and hat != 3 and clothes[wa.SLEEVES] > 0 and clothes[wa.COAT] == 0 and (seed % 5) == 0:
        hood = neck - face * 0.034 * body  # a hood on the back
        sweep_solid(
            out[n],
            hood,
            hood,
            1.0,
            1.0,
            face,
            ear,
            0.026 * body,
            0.05 * body,
            0.03 * body,
            clothes,
            wa.CLOTH,
            0.12,
            seed,
            True,
        )
        n += 1
    return n
