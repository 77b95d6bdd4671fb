"""The ellipsoid under a coordinate reference system, whatever lies over it."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.warp import transform as transform_positions

from ..core.area import Polygons
from ..core.types import Ring
from .opening import GDAL_ERRORS

_OUTLINE_PARTS = 2048
"""Straight edges of a map bend on the ellipsoid: an outline is measured in so many pieces."""
_ROUNDING = 1e-5
"""Of a body's radius, 60 m on the Earth: what is missed by less on the way back is met."""


def distance_m(one: NDArray[np.float64], other: NDArray[np.float64], geographic: CRS) -> float:
    """Metres between two near places, (longitude, latitude) in units of ``geographic``; over a pole, too.

    The straight line through the body, bent to the radius of curvature there: for steps of less than a
    degree within a millionth of the shortest way.
    """
    semi_major_m, eccentricity_squared = _ellipsoid(_json(geographic))
    longitudes, latitudes = np.stack([one, other]).T * geographic.units_factor[1]
    normals_m = semi_major_m / np.sqrt(1 - eccentricity_squared * np.sin(latitudes) ** 2)
    outwards_m = normals_m * np.cos(latitudes)
    xyz_m = np.stack(
        [
            outwards_m * np.cos(longitudes),
            outwards_m * np.sin(longitudes),
            normals_m * (1 - eccentricity_squared) * np.sin(latitudes),
        ]
    )
    straight_m = float(np.linalg.norm(xyz_m[:, 1] - xyz_m[:, 0]))
    radius_m = float(normals_m[0])
    return 2 * radius_m * math.asin(min(1.0, straight_m / (2 * radius_m)))


def area_m2(ring: Ring, crs: str) -> float | None:
    """Area of a polygon on the ellipsoid of its CRS, a pole that it holds included.

    Args:
        ring: Closed by implication, in map coordinates.
        crs: ``AUTHORITY:CODE`` or WKT.

    Returns:
        None where a part of its outline has no place on the ellipsoid.

    Source: Snyder, Map Projections: A Working Manual (1987), equation 3-12: ``q``, twice the area between
    the equator and a latitude, for a semi-major axis and a turn of one radian each.
    """
    known = CRS.from_user_input(crs)
    geographic = geographic_under(known)
    if geographic is None:
        return None
    degrees = places_on_body(outline(ring), known, geographic)
    if degrees is None:
        return None
    longitudes, latitudes = degrees.T * geographic.units_factor[1]
    semi_major_m, eccentricity_squared = _ellipsoid(_json(geographic))
    eccentricity = math.sqrt(eccentricity_squared)
    pole = float(_authalic_heights(np.array(1.0), eccentricity))
    heights = _authalic_heights(np.sin(latitudes), eccentricity)
    turns = np.roll(longitudes, -1) - longitudes
    turns -= 2 * np.pi * np.round(turns / (2 * np.pi))
    times_round = round(float(turns.sum()) / (2 * np.pi))
    means = (heights + np.roll(heights, -1)) / 2 - heights[0]  # small numbers keep the digits of small areas
    under = float(np.sum(turns * means)) / 2 + np.pi * times_round * float(heights[0])
    north, south = (_holds_pole(ring, known, geographic, side) for side in (1, -1))
    if times_round == 0:
        share = 2 * np.pi * pole - abs(under) if north and south else abs(under)
    else:
        caps = [np.pi * pole - times_round * under, np.pi * pole + times_round * under]
        share = min(caps) if north == south else caps[0 if north else 1]  # the pole may lie on an edge
    return float(share * semi_major_m**2)


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


def outline(ring: Ring, parts: int = _OUTLINE_PARTS) -> NDArray[np.float64]:
    """Positions along a ring, (n, 2), so close that its edges may bend in between: corners and more.

    Args:
        ring: Closed by implication.
        parts: Into how many pieces it is cut, at least.
    """
    corners = np.array([*ring, ring[0]], np.float64)
    sides = np.diff(corners, axis=0)
    lengths = np.hypot(*sides.T)
    pieces = np.ceil(lengths / (lengths.sum() or 1.0) * parts).astype(int).clip(1)
    done = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    along = (done / np.repeat(pieces, pieces))[:, None]
    return np.asarray(np.repeat(corners[:-1], pieces, axis=0) + along * np.repeat(sides, pieces, axis=0))


def places_on_body(positions: NDArray[np.float64], crs: CRS, geographic: CRS) -> NDArray[np.float64] | None:
    """Longitudes and latitudes of map positions, if the body that the CRS is tied to has them all.

    PROJ takes some that lie beside the map of a whole body, a sinusoidal one for instance, for others that
    lie on it. Therefore the way back has to end where it began, or one turn farther where a map goes round.

    Args:
        positions: (n, 2), x then y in units of ``crs``.
        geographic: See :func:`geographic_under`.

    Returns:
        (n, 2) in units of ``geographic``; None where one has no place.
    """
    quarter = math.pi / 2 / geographic.units_factor[1]
    radius_m = _ellipsoid(_json(geographic))[0]
    unit_m = crs.linear_units_factor[1] if crs.is_projected else radius_m * geographic.units_factor[1]
    nearest = _ROUNDING * radius_m / unit_m
    try:
        places = _transformed(positions, crs, geographic)
        if not np.isfinite(places).all() or np.abs(places[:, 1]).max() > quarter * (1 + 1e-9):
            return None
        if np.abs(places[:, 0]).max() > 6 * quarter:
            return None
        missed = _transformed(places, geographic, crs) - positions
        if not (np.hypot(*missed.T) < nearest).all() and not _goes_round(
            missed, places, crs, geographic, nearest
        ):
            return None
    except GDAL_ERRORS:
        return None
    return places


def _goes_round(
    missed: NDArray[np.float64],
    places: NDArray[np.float64],
    crs: CRS,
    geographic: CRS,
    nearest: float,
) -> bool:
    """Whether all that is missed on the way back is the width of a map that is as wide at other latitudes."""
    farthest = int(np.argmax(np.hypot(*missed.T)))
    width = missed[farthest]
    if not all(min(np.hypot(*(way - times * width)) for times in (-1, 0, 1)) < nearest for way in missed):
        return False
    radian = 1 / geographic.units_factor[1]
    longitude, latitude = places[farthest]
    elsewhere = np.array([[longitude, latitude / 2 if abs(latitude) > 0.1 * radian else 0.5 * radian]])
    there = _transformed(elsewhere, geographic, crs)
    back = _transformed(_transformed(there - width, crs, geographic), geographic, crs)
    return bool(np.hypot(*(back - there).T).max() < nearest)


def _holds_pole(ring: Ring, crs: CRS, geographic: CRS, side: int) -> bool:
    """Whether a pole lies in a ring; never on a map that draws it as a line.

    Args:
        side: 1 for the north, -1 for the south.
    """
    quarter = math.pi / 2 / geographic.units_factor[1]
    poles = np.array([[0.0, side * quarter], [4 * quarter / 3, side * quarter]])
    try:
        (x, y), other = _transformed(poles, geographic, crs)
    except GDAL_ERRORS:
        return False
    starts = np.array(ring)
    ends = np.roll(starts, -1, axis=0)
    if not math.hypot(other[0] - x, other[1] - y) < 1e-6 * np.ptp(starts, axis=0).max():
        return False
    is_beside = (starts[:, 1] > y) != (ends[:, 1] > y)
    (x0, y0), (x1, y1) = starts[is_beside].T, ends[is_beside].T
    return int(np.sum(x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))) % 2 == 1


def _transformed(positions: NDArray[np.float64], source: CRS, target: CRS) -> NDArray[np.float64]:
    return np.stack(
        transform_positions(source, target, positions[:, 0].tolist(), positions[:, 1].tolist()), axis=1
    )


def is_tied_to_a_body(crs: CRS) -> bool:
    """Whether positions in it lie on the Earth, or another body: a drawing's or a site's own do not."""
    return bool(_json(crs).get("type") != "EngineeringCRS")


@lru_cache(maxsize=64)
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
