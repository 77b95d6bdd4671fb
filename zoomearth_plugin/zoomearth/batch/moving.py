"""Places of many rasters brought into one CRS."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.warp import transform
from shapely.errors import ShapelyError

from ..core.area import Polygon, Polygons, Ring
from ..core.errors import RasterUnreadableError
from ..raster.ellipsoid import geographic_under, places_on_body
from ..raster.opening import gdal

EDGE_PARTS = 32
"""Into how many pieces an edge is cut, as it may bend on the way."""
_TURN, _QUARTER = 360.0, 90.0
_TORN_SHARE = 0.5
"""A piece of an edge that is longer than this share of the place goes round the back of the map."""
_FINEST = 1e-11
"""Degrees; a micrometre."""
_FARTHEST = 1e10
"""In a CRS's units: what is farther is where a projection grows out of all bounds, as at the other pole."""
_Positions = NDArray[np.float64]


def moved(polygons: Polygons, source: str, target: str) -> Polygons | None:
    """Polygons in another CRS, edges bent as they must be; cut at 180° where the target counts degrees.

    Where the target is a map that ends at 180°, as Web Mercator does, they are cut there, too.

    Args:
        polygons: In ``source``.
        source: ``AUTHORITY:CODE`` or WKT.
        target: The same.

    Returns:
        None where they have no place there.
    """
    try:
        with gdal():
            if not _is_same_body(source, target):
                return None
            parts = [_moved(polygon, source, target) for polygon in polygons]
    except (RasterUnreadableError, ShapelyError, ValueError):
        return None
    known = [part for part in parts if part is not None]
    return tuple(polygon for part in known for polygon in part) if len(known) == len(parts) else None


def is_of_maps(crs: str) -> bool:
    """Whether a CRS names places on a map: degrees, or a projection's units."""
    try:
        with gdal():
            known = _crs(crs)
    except (RasterUnreadableError, ValueError):
        return False
    return bool(known.is_geographic or known.is_projected)


def _moved(polygon: Polygon, source: str, target: str) -> Polygons | None:
    """One polygon; None where it has no place there."""
    here, there, is_there = _crs(source), _crs(target), source == target
    if is_there and not there.is_geographic:
        return (polygon,)
    if is_there and all(abs(x) <= _TURN / 2 and abs(y) <= _QUARTER for ring in polygon for x, y in ring):
        return (polygon,)
    rings = [_dense(ring) for ring in polygon]
    geographic = _under(source)
    if geographic is None or any(places_on_body(ring, here, geographic) is None for ring in rings):
        return None
    if there.is_geographic:
        return _cut(rings if is_there else [_transformed(ring, here, there) for ring in rings])
    found = [_transformed(ring, here, there) for ring in rings]
    if not _is_torn(found[0]):
        return (_polygon(found),) if _is_valid(found) or not _is_valid(rings) else None
    below = _under(target)
    if below is None:
        return None
    pieces = _cut([_transformed(ring, here, below) for ring in rings])
    projected = [[_transformed(np.array(ring), below, there) for ring in piece] for piece in pieces]
    is_folded = _is_valid(rings) and not all(_is_valid(piece) for piece in projected)
    return None if is_folded else tuple(_polygon(piece) for piece in projected)


def _is_valid(rings: Sequence[_Positions]) -> bool:
    """Whether rings are a polygon; far from where a projection is good, it folds them."""
    return bool(shapely.Polygon(rings[0], rings[1:]).is_valid)


def _cut(rings: list[_Positions]) -> Polygons:
    """Rings in degrees, the outer one first, as polygons that stay within ±180°."""
    if any(np.abs(ring[:, 1]).max() > _QUARTER + 1e-9 for ring in rings):
        raise ValueError("a latitude is beyond a pole")
    outer, *holes = (_unwrapped(ring) for ring in rings)
    west, east = float(outer[:, 0].min()), float(outer[:, 0].max())
    for hole in holes:  # the turn in which it lies within its polygon
        hole[:, 0] += _TURN * np.round(((west + east) / 2 - hole[:, 0].mean()) / _TURN)
    if west >= -_TURN / 2 and east <= _TURN / 2:
        return (_polygon([outer, *holes]),)
    whole = shapely.make_valid(shapely.Polygon(outer, holes))
    parts = []
    for turn in range(round(west / _TURN), round(east / _TURN) + 1):
        middle = turn * _TURN
        world = shapely.box(middle - _TURN / 2, -_QUARTER, middle + _TURN / 2, _QUARTER)
        piece = shapely.intersection(whole, world)
        parts.append(shapely.transform(piece, lambda positions, away=middle: positions - (away, 0.0)))
    # What was all round the world meets again where it began.
    joined = shapely.get_parts(shapely.union_all(parts, grid_size=_FINEST)).tolist()
    return tuple(
        _polygon([shapely.get_coordinates(ring)[:-1] for ring in (part.exterior, *part.interiors)])
        for part in joined
        if part.geom_type == "Polygon"
    )


def _unwrapped(ring: _Positions) -> _Positions:
    """A ring without jumps from 180° to -180°; one around a pole is led along the pole."""
    closed = np.vstack([ring, ring[:1]])
    closed[:, 0] = np.unwrap(closed[:, 0], period=_TURN)
    (first, _), (last, _) = closed[0], closed[-1]
    if abs(last - first) < _TURN / 2:
        return closed[:-1]
    pole = float(np.copysign(_QUARTER, closed[:, 1].mean()))
    return np.vstack([closed, [(last, pole), (first, pole)]])


def _is_torn(ring: _Positions) -> bool:
    """Whether a ring jumps from one end of the map to the other."""
    steps = np.abs(np.roll(ring, -1, axis=0) - ring).max(axis=0)
    return bool((steps > _TORN_SHARE * np.ptp(ring, axis=0)).any())


def _transformed(positions: _Positions, here: CRS, there: CRS) -> _Positions:
    """Raises ValueError where one has no place there."""
    found = np.stack(transform(here, there, positions[:, 0].tolist(), positions[:, 1].tolist()), axis=1)
    if not np.isfinite(found).all() or np.abs(found).max() > _FARTHEST:
        raise ValueError("a position has no place there")
    return np.asarray(found, np.float64)


@lru_cache(maxsize=256)
def _crs(text: str) -> CRS:
    return CRS.from_user_input(text)


@lru_cache(maxsize=256)
def _under(text: str) -> CRS | None:
    return geographic_under(_crs(text))


@lru_cache(maxsize=256)
def _is_same_body(one: str, other: str) -> bool:
    """Whether both lie on one planet; where that is unknown, they count as such."""
    radii = []
    for text in (one, other):
        geographic = _under(text)
        if geographic is None:
            return True
        described = geographic.to_dict(projjson=True)
        datum = described.get("datum") or described.get("datum_ensemble") or {}
        ellipsoid = datum.get("ellipsoid") or {}
        radii.append(ellipsoid.get("semi_major_axis") or ellipsoid.get("radius"))
    numbers = [radius for radius in radii if isinstance(radius, (int, float))]
    return len(numbers) < 2 or max(numbers) < 1.01 * min(numbers)


def _dense(ring: Ring) -> _Positions:
    """Positions along a ring, (n, 2), each edge in :data:`EDGE_PARTS` pieces."""
    starts = np.array(ring, np.float64)
    steps = (np.roll(starts, -1, axis=0) - starts) / EDGE_PARTS
    along = np.arange(EDGE_PARTS)[None, :, None]
    return np.asarray((starts[:, None] + along * steps[:, None]).reshape(-1, 2))


def _polygon(rings: list[_Positions]) -> Polygon:
    return tuple(tuple((float(x), float(y)) for x, y in ring.tolist()) for ring in rings)
