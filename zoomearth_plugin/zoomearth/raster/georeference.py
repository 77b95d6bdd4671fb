"""Between pixels and the map: affine, with any rotation, shear or direction of rows, or control points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..core.area import Polygons
from ..core.errors import AreaOutsideError
from ..core.frames import PixelBox, Quad, View, view_size
from .ellipsoid import distance_m, geographic_under, outline, places_on_body
from .grid import RasterGrid

_EDGE_PARTS = 32
"""Into how many pieces an edge is cut where it may bend on the way to pixels."""
_HORIZON_PARTS = 256
"""Of an outline. Between two places so near, the edge of the Earth in a picture of all of it, 5,500 pixels
wide, bends by a third of a pixel; a gap of an interrupted map may be missed where it is narrower."""
OFF_EARTH = (
    "off_earth: A part of the place lies off the Earth; it stays in the raster's own coordinate "
    "reference system, without an area."
)
"""Said of an answer whose place :func:`is_on_earth` denies."""
TRUE_SCALE_TOLERANCE = 0.01
"""A projection that keeps lengths to this share is taken at its word: UTM and national grids do."""


def corners(window: PixelBox, grid: RasterGrid) -> Quad:
    """Map coordinates of a window's corners; a rotated raster gives a rotated quad.

    Args:
        window: Half-open, full-raster pixels; may be fractional.
        grid: Georeferencing of the same raster.

    Returns:
        Four (x, y) in units of ``grid.crs`` (columns and rows without geotransform), order
        upper-left, upper-right, lower-right, lower-left of pixel space.

    Raises:
        AreaOutsideError: Window and raster share no pixel, or a corner has no place on the map.

    Source: GDAL raster data model, affine geotransform and ground control points.
    """
    window.intersection(grid.extent)
    left, top, right, bottom = window.to_json()
    found = grid.to_map([(left, top), (right, top), (right, bottom), (left, bottom)])
    if not all(math.isfinite(number) for position in found for number in position):
        raise AreaOutsideError(f"{window.to_json()} has no place on the map")
    first, second, third, fourth = found
    return first, second, third, fourth


def pixels_of_ring(ring: Sequence[tuple[float, float]], grid: RasterGrid) -> list[tuple[float, float]]:
    """(column, row), not rounded, along a ring in map coordinates; not clipped.

    Where edges may bend on the way, there are more positions than the ring has.

    Args:
        ring: (x, y) in units of ``grid.crs``.
        grid: Georeferencing of the raster.

    Raises:
        AreaOutsideError: The ring is empty or has a position that is no place.
    """
    positions = grid.to_pixels(_dense(ring, grid)) if ring else []
    if not positions or not all(math.isfinite(number) for position in positions for number in position):
        raise AreaOutsideError(f"a ring of {len(ring)} positions has no place on the raster")
    return positions


def _dense(ring: Sequence[tuple[float, float]], grid: RasterGrid) -> Sequence[tuple[float, float]]:
    if grid.placement is None:
        return ring
    return [
        (x + (next_x - x) * step / _EDGE_PARTS, y + (next_y - y) * step / _EDGE_PARTS)
        for (x, y), (next_x, next_y) in pairwise((*ring, ring[0]))
        for step in range(_EDGE_PARTS)
    ]


def pixel_box_of_ring(ring: Sequence[tuple[float, float]], grid: RasterGrid) -> PixelBox:
    """The smallest box, in pixels, that holds a ring in map coordinates; not clipped.

    Args:
        ring: (x, y) in units of ``grid.crs``.
        grid: Georeferencing of the raster.

    Raises:
        AreaOutsideError: See :func:`pixels_of_ring`.
    """
    columns, rows = zip(*pixels_of_ring(ring, grid), strict=True)
    return PixelBox(min(columns), min(rows), max(columns), max(rows))


def pixel_box_of(polygons: Polygons, grid: RasterGrid) -> PixelBox:
    """The smallest box that holds polygons; see :func:`pixel_box_of_ring`.

    Raises:
        AreaOutsideError: There are none, one has fewer than three corners, or no place on the raster.
    """
    if not polygons or any(len(ring) < 3 for polygon in polygons for ring in polygon or [()]):
        raise AreaOutsideError("an area that is no polygon")
    boxes = [pixel_box_of_ring(polygon[0], grid) for polygon in polygons]
    sides = list(zip(*(box.to_json() for box in boxes), strict=True))
    return PixelBox(min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3]))


def is_on_earth(polygons: Polygons, grid: RasterGrid) -> bool:
    """Whether the whole outline lies on the Earth, or on the other body that the CRS is tied to.

    The corners of a geostationary picture, for instance, show the sky.

    Args:
        polygons: In units of ``grid.crs``.
        grid: Georeferencing of the raster.

    Returns:
        True also where nothing is known of a body.
    """
    geographic = None if grid.crs is None else geographic_under(grid.crs)
    if geographic is None:
        return True
    rings = [ring for polygon in polygons for ring in polygon]
    outlines = (outline(ring, _HORIZON_PARTS) for ring in rings)
    return all(places_on_body(places, grid.crs, geographic) is not None for places in outlines)


def ground_sampling_distance_m(view: View, grid: RasterGrid) -> float | None:
    """Metres of ground in one pixel of a view, the mean of across and down, at the window's centre.

    A view that enlarges shows no more than the raster's own pixels, and counts as those.
    A projection that is true to scale there, within :data:`TRUE_SCALE_TOLERANCE`, gives the length in
    its own units; any other (Web Mercator, degrees) the length on its ellipsoid.

    Returns:
        None without a CRS that is tied to an ellipsoid, or where the centre has no place on it.
    """
    if grid.crs is None:
        return None
    if min(view.pixels_per_view_pixel) < 1:
        view = View(view.window, view_size(view.window, max(view.size)))
    on_ground = _steps_on_ellipsoid(view, grid)
    if on_ground is None or not grid.crs.is_projected or not grid.has_transform:
        return None if on_ground is None else sum(on_ground) / 2
    unit_m = grid.crs.linear_units_factor[1]
    transform = grid.transform
    across, down = view.pixels_per_view_pixel
    on_map = (
        across * math.hypot(transform.a, transform.d) * unit_m,
        down * math.hypot(transform.b, transform.e) * unit_m,
    )
    is_true = all(
        abs(ground - mapped) <= TRUE_SCALE_TOLERANCE * mapped
        for ground, mapped in zip(on_ground, on_map, strict=True)
    )
    return sum(on_map if is_true else on_ground) / 2


def _steps_on_ellipsoid(view: View, grid: RasterGrid) -> tuple[float, float] | None:
    """Metres across and down one view pixel in the middle of the window; None where there is no way."""
    geographic = geographic_under(grid.crs)
    if geographic is None:
        return None
    column, row = view.window.center
    across, down = (step / 2 for step in view.pixels_per_view_pixel)
    steps = ((-across, 0.0), (across, 0.0), (0.0, -down), (0.0, down))
    places = grid.to_map([(column + step_x, row + step_y) for step_x, step_y in steps])
    found = places_on_body(np.array(places), grid.crs, geographic)
    if found is None:  # outside of what the projection can show
        return None
    return distance_m(found[0], found[1], geographic), distance_m(found[2], found[3], geographic)
