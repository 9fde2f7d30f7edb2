"""Groups: who came together waits for who is behind, and walks beside who is far off to the side.

Reference:
    Moussaid, M., Perozo, N., Garnier, S., Helbing, D., Theraulaz, G. (2010). The walking behaviour of pedestrian social
    groups and its impact on crowd dynamics. PLoS ONE 5, e10047. DOI 10.1371/journal.pone.0010047. Of its group terms
    this has the attraction to the group's centre beyond a threshold distance.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.people import People

__all__ = ["keep_together"]

Floats = NDArray[np.float64]

_AHEAD_M: Final = 0.5
"""Who is farther ahead of the group's centre slows down,"""
_WAITS_M: Final = 2.0
"""and beyond this waits."""
_SLOWEST: Final = 0.05
_APART_M: Final = 1.0
"""Who is farther off than this turns towards the centre."""
_TURN_PER_M: Final = 0.35
_TURN_MOST: Final = 0.8


def keep_together(people: People, direction: Floats, speed_mps: Floats) -> tuple[Floats, Floats]:
    """Return which way each wants to go and how fast when groups stay together, shapes (n, 2) and (n,).

    A group walks as fast as its slowest wants to. Those whose incident gave them another goal are not waited for.

    Args:
        people: Everybody.
        direction: Unit vectors of the ways, shape (n, 2).
        speed_mps: What each wants alone, shape (n,).
    """
    members = np.flatnonzero((people.group >= 0) & ~people.stays & (speed_mps > 0))
    if not len(members):
        return direction, speed_mps
    key = people.group[members].astype(np.int64) * (int(people.goal.max()) + 2) + people.goal[members] + 1
    _, of = np.unique(key, return_inverse=True)
    count = np.bincount(of)
    place, ahead = people.position_m[members], direction[members]
    centre = np.stack([np.bincount(of, place[:, axis]) / count for axis in (0, 1)], axis=1)[of]
    slowest = np.full(len(count), np.inf)
    np.minimum.at(slowest, of, speed_mps[members])
    lead = ((place - centre) * ahead).sum(axis=1)
    waits = np.clip(1 - (lead - _AHEAD_M) / (_WAITS_M - _AHEAD_M), _SLOWEST, 1.0)
    off = np.hypot(*(centre - place).T)
    turn = np.clip(_TURN_PER_M * (off - _APART_M), 0.0, _TURN_MOST)[:, None]
    toward = (centre - place) / np.maximum(off, 1e-9)[:, None]
    new = ahead + turn * (toward - (toward * ahead).sum(axis=1)[:, None] * ahead)
    direction, speed_mps = direction.copy(), speed_mps.copy()
    direction[members] = new / np.hypot(*new.T)[:, None]
    speed_mps[members] = slowest[of] * waits
    return direction, speed_mps
