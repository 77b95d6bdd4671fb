"""Places of many rasters brought into one CRS."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from rasterio.crs import CRS
from rasterio.warp import transform_geom

from ..core.area import Polygon, Polygons, Ring
from ..raster.ellipsoid import geographic_under
from ..raster.opening import GDAL_ERRORS, gdal

EDGE_PARTS = 32
"""Into how many pieces an edge is cut, as it may bend on the way."""


def moved(polygons: Polygons, source: str, target: str) -> Polygons | None:
    """Polygons in another CRS, edges bent as they must be; cut at 180° where the target counts degrees.

    Args:
        polygons: In ``source``.
        source: ``AUTHORITY:CODE`` or WKT.
        target: The same.

    Returns:
        None where they have no place there.
    """
    if source == target:
        return polygons
    shape = {"type": "MultiPolygon", "coordinates": [_closed(polygon) for polygon in polygons]}
    try:
        with gdal():
            here, there = CRS.from_user_input(source), CRS.from_user_input(target)
            if not _is_same_body(here, there):
                return None
            found: dict[str, Any] = transform_geom(
                here, there, shape, antimeridian_cutting=bool(there.is_geographic)
            )
    except (*GDAL_ERRORS, ValueError):
        return None
    parts = found["coordinates"] if found["type"] == "MultiPolygon" else [found["coordinates"]]
    made = tuple(tuple(_ring(ring) for ring in polygon) for polygon in parts)
    numbers = [number for polygon in made for ring in polygon for position in ring for number in position]
    return made if numbers and all(map(math.isfinite, numbers)) else None


def _is_same_body(one: CRS, other: CRS) -> bool:
    """Whether both lie on one planet; where that is unknown, they count as such."""
    radii = []
    for crs in (one, other):
        geographic = geographic_under(crs)
        if geographic is None:
            return True
        described = geographic.to_dict(projjson=True)
        datum = described.get("datum") or described.get("datum_ensemble") or {}
        ellipsoid = datum.get("ellipsoid") or {}
        radii.append(ellipsoid.get("semi_major_axis") or ellipsoid.get("radius"))
    numbers = [radius for radius in radii if isinstance(radius, (int, float))]
    return len(numbers) < 2 or max(numbers) < 1.01 * min(numbers)


def _closed(polygon: Polygon) -> list[list[tuple[float, float]]]:
    return [_dense(ring) for ring in polygon]


def _dense(ring: Ring) -> list[tuple[float, float]]:
    positions = [
        (x + (next_x - x) * step / EDGE_PARTS, y + (next_y - y) * step / EDGE_PARTS)
        for (x, y), (next_x, next_y) in pairwise((*ring, ring[0]))
        for step in range(EDGE_PARTS)
    ]
    return [*positions, positions[0]]


def _ring(positions: Any) -> Ring:
    return tuple((float(position[0]), float(position[1])) for position in positions[:-1])
