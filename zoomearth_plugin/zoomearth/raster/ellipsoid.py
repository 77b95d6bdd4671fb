"""The ellipsoid under a coordinate reference system, whatever lies over it."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.warp import transform as transform_positions

from ..core.area import Polygons
from ..core.types import Ring
from .opening import GDAL_ERRORS

_EDGE_PARTS = 32
"""Straight edges of a map bend on the ellipsoid: they are measured in so many pieces."""


def radii_m(geographic: CRS, latitude_rad: float) -> tuple[float, float]:
    """Radius of the parallel, and of the meridian's curvature, at a latitude.

    Args:
        geographic: See :func:`geographic_under`.
        latitude_rad: Radians.

    Source: Snyder, Map Projections: A Working Manual (1987), equations 4-18 and 4-20.
    """
    semi_major_m, eccentricity_squared = _ellipsoid(_json(geographic))
    narrowing = 1 - eccentricity_squared * math.sin(latitude_rad) ** 2
    parallel_m = semi_major_m * math.cos(latitude_rad) / math.sqrt(narrowing)
    return parallel_m, semi_major_m * (1 - eccentricity_squared) / narrowing**1.5


def area_m2(ring: Ring, crs: str) -> float | None:
    """Area of a polygon on the ellipsoid of its CRS.

    Args:
        ring: Closed by implication, in map coordinates.
        crs: ``AUTHORITY:CODE`` or WKT.

    Returns:
        None where it has no place on the ellipsoid, or holds a pole.

    Source: Snyder, Map Projections: A Working Manual (1987), equation 3-12: ``q``, twice the area between
    the equator and a latitude, for a semi-major axis and a turn of one radian each.
    """
    known = CRS.from_user_input(crs)
    geographic = geographic_under(known)
    if geographic is None:
        return None
    corners = np.array([*ring, ring[0]])
    steps = np.linspace(0, 1, _EDGE_PARTS, endpoint=False)[None, :, None]
    dense = (corners[:-1, None] + steps * (corners[1:] - corners[:-1])[:, None]).reshape(-1, 2)
    try:
        degrees = transform_positions(known, geographic, dense[:, 0].tolist(), dense[:, 1].tolist())
    except GDAL_ERRORS:
        return None
    longitudes, latitudes = np.radians(np.array(degrees))
    semi_major_m, polar_radius_m = radii_m(geographic, 0.0)
    eccentricity = np.sqrt(max(0.0, 1 - polar_radius_m / semi_major_m))
    turns = (np.roll(longitudes, -1) - longitudes + np.pi) % (2 * np.pi) - np.pi
    if not np.isfinite(degrees).all() or abs(turns.sum()) > np.pi:
        return None
    heights = _authalic_heights(np.sin(latitudes), float(eccentricity))
    return float(abs(np.sum(turns * (heights + np.roll(heights, -1)) / 4)) * semi_major_m**2)


def polygons_area_m2(polygons: Polygons, crs: str) -> float | None:
    """Square metres of polygons, without their holes; see :func:`area_m2`."""
    total_m2 = 0.0
    for outer, *holes in polygons:
        areas = [area_m2(ring, crs) for ring in (outer, *holes)]
        known = [area for area in areas if area is not None]
        if len(known) < len(areas):
            return None
        total_m2 += known[0] - sum(known[1:])
    return total_m2


def _authalic_heights(sines: NDArray[np.float64], eccentricity: float) -> NDArray[np.float64]:
    """Snyder's ``q`` at the sines of latitudes; on a sphere twice the sine."""
    if eccentricity == 0:
        return 2 * sines
    e_sines = eccentricity * sines
    log = np.log((1 - e_sines) / (1 + e_sines)) / (2 * eccentricity)
    return np.asarray((1 - eccentricity**2) * (sines / (1 - e_sines**2) - log))


def is_tied_to_a_body(crs: CRS) -> bool:
    """Whether positions in it lie on the Earth, or another body: a drawing's or a site's own do not."""
    return bool(_json(crs).get("type") != "EngineeringCRS")


def geographic_under(crs: CRS) -> CRS | None:
    """The geographic CRS under a CRS, of the same datum, so that nothing is shifted; or None."""
    described = _json(crs)
    for _ in range(4):  # a vertical part, a shift to another datum and a projection may lie over it
        kind = described.get("type")
        if kind == "CompoundCRS":
            described = described["components"][0]
        elif kind == "BoundCRS":
            described = described["source_crs"]
        elif "base_crs" in described:
            described = {"type": "GeographicCRS", **described["base_crs"]}
        else:
            break
    if described.get("type") not in ("GeographicCRS", "GeodeticCRS") or _find_ellipsoid(described) is None:
        return None
    geographic = CRS.from_user_input(json.dumps(described))
    return geographic if geographic.is_geographic else None


def _find_ellipsoid(described: dict[str, Any]) -> dict[str, Any] | None:
    datum = described.get("datum") or described.get("datum_ensemble") or {}
    found: dict[str, Any] | None = datum.get("ellipsoid")
    return found


def _ellipsoid(described: dict[str, Any]) -> tuple[float, float]:
    """Semi-major axis in metres, and the eccentricity's square."""
    found = _find_ellipsoid(described) or {}
    if "radius" in found:
        return _metres(found["radius"]), 0.0
    semi_major_m = _metres(found["semi_major_axis"])
    if "inverse_flattening" in found:
        flattening = 1 / found["inverse_flattening"] if found["inverse_flattening"] else 0.0
    else:
        flattening = 1 - _metres(found["semi_minor_axis"]) / semi_major_m
    return semi_major_m, flattening * (2 - flattening)


def _metres(length: Any) -> float:
    """A PROJJSON length: a number of metres, or a value with its unit."""
    if not isinstance(length, dict):
        return float(length)
    unit = length["unit"]
    return float(length["value"]) * (float(unit["conversion_factor"]) if isinstance(unit, dict) else 1.0)


def _json(crs: CRS) -> dict[str, Any]:
    """The CRS as PROJJSON; empty where PROJ has no such words for it."""
    try:
        return dict(crs.to_dict(projjson=True))
    except GDAL_ERRORS:
        return {}
