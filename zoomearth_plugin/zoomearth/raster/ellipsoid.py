"""The ellipsoid under a coordinate reference system, whatever lies over it."""

from __future__ import annotations

import json
import math
from typing import Any

from rasterio.crs import CRS

from .opening import GDAL_ERRORS


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
