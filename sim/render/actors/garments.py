"""Where on a garment a vertex lies: along the sleeve, the leg, or the trunk."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.render.library import JOINT_NAMES, REGIONS, Detail

__all__ = ["OUTER_SLEEVE", "PAINTED", "REGION_COUNT", "UPPER_SLEEVE", "along_garment", "regions_worn"]

UPPER_SLEEVE: Final = len(REGIONS)
"""Region of the sleeves of a shirt, behind those of the library."""
OUTER_SLEEVE: Final = UPPER_SLEEVE + 1
REGION_COUNT: Final = OUTER_SLEEVE + 1
PAINTED: Final = (*REGIONS, "upper_sleeve", "outer_sleeve")
"""Names of all regions that have a paint of their own."""
_UPPER: Final = REGIONS.index("upper")
_OUTER: Final = REGIONS.index("outer")
_ARM: Final = ("upperarm", "forearm", "hand", "fingers")
_LEG: Final = ("thigh", "shank", "foot", "toes")


def along_garment(detail: Detail, rest_m: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far along its limb each vertex of a person lies.

    On arms from 0 at the shoulder to 1 at the wrist, on legs from 0 at the hip to 1 at the ankle, elsewhere from 0 at
    the height of the shoulders to 1 at that of the hips; beyond the ends it goes on.

    Args:
        detail: A person's mesh, V vertices.
        rest_m: The person's joints at rest, shape (J, 3).

    Returns:
        Shape (V,).
    """
    strongest = _strongest(detail)
    place = {name: rest_m[k].astype(float) for k, name in enumerate(JOINT_NAMES)}
    shoulder, hip = place["upperarm.left"][2], place["thigh.left"][2]
    out = (shoulder - detail.vertices_m[:, 2]) / (shoulder - hip)
    for side in ("left", "right"):
        for limb in (_ARM, _LEG):
            for k, name in enumerate(limb):
                joint = f"{name}.{side}"
                mine = strongest == JOINT_NAMES.index(joint)
                start = place[f"{limb[min(k, 1)]}.{side}"]
                end = place[f"{limb[min(k, 1) + 1]}.{side}"]
                way = end - start
                share = (detail.vertices_m[mine] - start) @ way / (way @ way)
                out[mine] = 0.5 * (min(k, 1) + share)
    return np.asarray(out, np.float32)


def regions_worn(detail: Detail) -> NDArray[np.uint8]:
    """Return the region of each triangle of a person, sleeves told from the trunk; shape (T,)."""
    strongest = _strongest(detail)
    arms = [JOINT_NAMES.index(f"{name}.{side}") for name in _ARM for side in ("left", "right")]
    sleeve = np.isin(strongest[detail.triangles], arms).sum(axis=1) >= 2
    region = detail.region.copy()
    region[sleeve & (detail.region == _UPPER)] = UPPER_SLEEVE
    region[sleeve & (detail.region == _OUTER)] = OUTER_SLEEVE
    return region


def _strongest(detail: Detail) -> NDArray[np.int64]:
    """The joint that each vertex follows most."""
    return np.asarray(detail.joints[np.arange(len(detail.joints)), detail.weights.argmax(axis=1)], np.int64)
