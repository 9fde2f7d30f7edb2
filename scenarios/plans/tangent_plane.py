"""Longitude and latitude to metres on the plane that touches the earth at the venue.

Each point of the WGS 84 ellipsoid is taken into the east, north, up frame of the origin and its height above the plane
is left out (the ellipsoidal orthographic projection). At the distance d from the origin lengths towards it come out
too short by d^3 / (6 R^2): 0.004 mm at 1 km, 0.5 mm at 5 km; areas by the share d^2 / (2 R^2), below 4e-7 within 5 km.

Reference:
    Snyder, J. P. (1987). Map projections: a working manual. USGS Professional Paper 1395. DOI 10.3133/pp1395.
    Ellipsoid: NIMA TR8350.2 (2000), a = 6378137 m, 1/f = 298.257223563.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["to_plane"]

_A_M: Final = 6_378_137.0
_F: Final = 1 / 298.257223563
_E2: Final = _F * (2 - _F)


def to_plane(lon_lat_deg: NDArray[np.float64], origin_deg: tuple[float, float]) -> NDArray[np.float64]:
    """Return places in metres east and north of an origin.

    Args:
        lon_lat_deg: Longitude and latitude on WGS 84, shape (n, 2).
        origin_deg: Longitude and latitude of the origin.
    """
    there = _geocentric(np.radians(lon_lat_deg))
    lon, lat = np.radians(origin_deg)
    here = _geocentric(np.array([[lon, lat]]))
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    north = np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
    return np.asarray((there - here) @ np.stack((east, north), axis=1), np.float64)


def _geocentric(lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
    lon, lat = lon_lat[:, 0], lon_lat[:, 1]
    normal = _A_M / np.sqrt(1 - _E2 * np.sin(lat) ** 2)
    flat = normal * np.cos(lat)
    return np.stack((flat * np.cos(lon), flat * np.sin(lon), normal * (1 - _E2) * np.sin(lat)), axis=1)
