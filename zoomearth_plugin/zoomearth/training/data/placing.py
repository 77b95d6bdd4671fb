"""From a vector layer's coordinates to native pixels of a raster."""

from __future__ import annotations

import math

import numpy as np
from rasterio.crs import CRS
from rasterio.warp import transform as transform_positions

from ...core.errors import AreaOutsideError
from ...core.frames import PixelBox
from ...core.types import AnswerFrame
from ...raster.ellipsoid import is_tied_to_a_body
from ...raster.georeference import pixel_box_of_ring
from ...raster.grid import RasterGrid
from ...raster.opening import GDAL_ERRORS
from .wkb import Positions, Shape

_EDGE_PARTS = 16
"""Straight edges bend between two projections: they are moved in so many pieces."""
_LEAST_SHARE = 0.5
"""A polygon that reaches over the raster's edge is clipped where this much of its box lies inside."""


def layer_crs(text: str | None) -> CRS | None:
    """A layer's CRS; None where it has none that means a place on a body.

    Raises:
        ValueError: It cannot be understood.
    """
    if not text:
        return None
    try:
        crs = CRS.from_user_input(text)
        return crs if is_tied_to_a_body(crs) else None
    except GDAL_ERRORS as error:
        raise ValueError(f"the coordinate reference system {text} is unknown") from error


def shape_box(shape: Shape, crs: CRS | None, grid: RasterGrid, minimum_px: float) -> PixelBox:
    """The box of a geometry, in native pixels, inside the raster.

    Args:
        shape: In ``crs``; over a raster without a geotransform x is the column and y = -row, as GIS draw it.
        crs: Of the layer; None only where the raster has none either.
        grid: The raster's.
        minimum_px: Least side of the box about a point or a line.

    Raises:
        ValueError: It has no place on the raster; says why.
    """
    ring = [position for part in shape.rings for position in _moved(part, crs, grid)]
    try:
        box = pixel_box_of_ring(ring, grid)
    except AreaOutsideError as error:
        raise ValueError("the geometry has no place in the raster's coordinates") from error
    extent = grid.extent
    if not shape.has_area or box.area == 0:
        inside = box.left >= 0 and box.top >= 0 and box.right <= extent.right and box.bottom <= extent.bottom
        if not inside:
            raise ValueError(_outside(box, extent))
        return box.grown_to(minimum_px, extent)
    try:
        clipped = box.intersection(extent)
    except AreaOutsideError as error:
        raise ValueError(_outside(box, extent)) from error
    if clipped.area < _LEAST_SHARE * box.area:
        raise ValueError(_outside(box, extent))
    return clipped


def _outside(box: PixelBox, extent: PixelBox) -> str:
    sides = [round(side, 1) for side in box.to_json()]
    return f"lies outside the raster: pixels {sides} of {extent.right:.0f} x {extent.bottom:.0f}"


def _moved(part: Positions, crs: CRS | None, grid: RasterGrid) -> list[tuple[float, float]]:
    """Positions in the raster's own frame, edges densified where they may bend."""
    if grid.frame is not AnswerFrame.CRS:
        if crs is not None:
            raise ValueError("the layer has a coordinate reference system, and the raster has none")
        sign = -1.0 if grid.frame is AnswerFrame.PIXELS else 1.0
        return [(float(x), sign * float(y)) for x, y in part]
    if crs is None:
        raise ValueError("the raster has a coordinate reference system, and the layer has none")
    if crs != grid.crs:
        part = _dense(part)
        try:
            xs, ys = transform_positions(crs, grid.crs, part[:, 0].tolist(), part[:, 1].tolist())
        except GDAL_ERRORS as error:
            raise ValueError("the geometry has no place in the raster's coordinates") from error
        part = np.column_stack([xs, ys])
    if grid.crs is not None and grid.crs.is_geographic:
        part = _turned(part, grid)
    return [(float(x), float(y)) for x, y in part]


def _dense(part: Positions) -> Positions:
    if len(part) < 2:
        return part
    steps = np.linspace(0, 1, _EDGE_PARTS, endpoint=False)[None, :, None]
    between = part[:-1, None] + steps * (part[1:] - part[:-1])[:, None]
    return np.concatenate([between.reshape(-1, 2), part[-1:]])


def _turned(part: Positions, grid: RasterGrid) -> Positions:
    """Longitudes of one ring in the turn that the raster's middle lies in: 179° and -181° are one place."""
    if grid.crs is None or not np.isfinite(part).all():
        return part
    turn = 2 * math.pi / grid.crs.units_factor[1]
    middle = grid.to_map([grid.extent.center])[0][0]
    turns = round((middle - float(part[:, 0].mean())) / turn)
    shifted: Positions = part + np.array([turns * turn, 0.0])
    return shifted
