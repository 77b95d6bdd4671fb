"""Which pixels lie in the polygons that a question is about."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize

from ..core.area import Polygons
from ..core.frames import PixelBox
from .georeference import pixels_of_ring
from .grid import RasterGrid
from .opening import gdal

_RIM_PX = 1.0
"""Polygons that leave no more than this of their box's edge are as good as the box."""
_TINY_PX = 10_000.0
"""In so small a box it is looked whether any pixel's middle lies inside."""
_SHARE_SIDE_PX = 1024


@dataclass(frozen=True)
class AreaMask:
    """Polygons over pixels.

    A pixel of the file belongs to them where its middle lies inside; where no middle does, where they touch
    it. Of an overview level, whose pixels are made of many, only those that no edge crosses belong to them.

    Args:
        box: Whole pixels that hold the polygons.
        polygons: In pixels.
        takes_touched: Whether pixels that are touched belong to them.
    """

    box: PixelBox
    polygons: Polygons
    takes_touched: bool = False

    @property
    def mark(self) -> str:
        """Tells masks apart."""
        return hashlib.sha256(repr(self.polygons).encode()).hexdigest()

    def inside(
        self, left: int, top: int, size: tuple[int, int], scale: tuple[float, float] = (1.0, 1.0)
    ) -> NDArray[np.bool_]:
        """Which pixels belong to the polygons.

        Args:
            left: First column, pixels of the level.
            top: First row.
            size: (columns, rows).
            scale: Pixels of the file in one of the level, across and down.

        Returns:
            (rows, columns).
        """
        frame = Affine(scale[0], 0, left * scale[0], 0, scale[1], top * scale[1])
        if max(scale) <= 1:
            return _burnt(_faces(self.polygons), frame, size, touched=self.takes_touched)
        is_crossed = _burnt(_wide_edges(self.polygons, scale), frame, size, touched=True)
        return _burnt(_faces(self.polygons), frame, size, touched=False) & ~is_crossed

    def share(self) -> float:
        """How much of the box the polygons take, 0 to 1, to about a thousandth."""
        scale = tuple(max(1.0, side / _SHARE_SIDE_PX) for side in (self.box.width, self.box.height))
        size = (round(self.box.width / scale[0]), round(self.box.height / scale[1]))
        frame = Affine(scale[0], 0, self.box.left, 0, scale[1], self.box.top)
        return float(_burnt(_faces(self.polygons), frame, size, touched=self.takes_touched).mean())


def mask_of(polygons: Polygons, box: PixelBox, grid: RasterGrid) -> AreaMask | None:
    """What of a box lies in polygons; None where that is all of it.

    Args:
        polygons: In the answer's frame.
        box: Whole pixels that hold what of them lies on the raster.
        grid: Of the raster.

    Raises:
        AreaOutsideError: A ring has no place on the raster.
    """
    in_pixels = tuple(tuple(tuple(pixels_of_ring(ring, grid)) for ring in polygon) for polygon in polygons)
    mask = AreaMask(box, in_pixels)
    if _fill(in_pixels, box):
        return None
    size = (int(box.width), int(box.height))
    if box.area <= _TINY_PX and not mask.inside(int(box.left), int(box.top), size).any():
        return AreaMask(box, in_pixels, takes_touched=True)
    return mask


def _fill(polygons: Polygons, box: PixelBox) -> bool:
    """Whether polygons, in pixels, hold all of a box but for its rim."""
    across, down = (min(_RIM_PX, side / 4) for side in (box.width, box.height))
    inner = PixelBox(box.left + across, box.top + down, box.right - across, box.bottom - down)
    if any(_crosses(np.array(ring), inner) for polygon in polygons for ring in polygon):
        return False
    column, row = inner.center
    around_middle = Affine.translation(column - 0.5, row - 0.5)
    return bool(_burnt(_faces(polygons), around_middle, (1, 1), touched=False).all())


def _crosses(ring: NDArray[np.float64], box: PixelBox) -> bool:
    """Whether an edge of a closed ring, (positions, 2), enters a box."""
    starts, ways = ring, np.roll(ring, -1, axis=0) - ring
    low, high = np.array([box.left, box.top]), np.array([box.right, box.bottom])
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (low - starts) / ways, (high - starts) / ways
    is_between = (starts > low) & (starts < high)
    enters = np.where(ways != 0, np.minimum(one, other), np.where(is_between, -np.inf, np.inf)).max(axis=1)
    leaves = np.where(ways != 0, np.maximum(one, other), np.where(is_between, np.inf, -np.inf)).min(axis=1)
    return bool((np.maximum(enters, 0) < np.minimum(leaves, 1)).any())


def _faces(polygons: Polygons) -> list[dict[str, Any]]:
    rings = [[[*ring, ring[0]] for ring in polygon] for polygon in polygons]
    return [{"type": "Polygon", "coordinates": polygon} for polygon in rings]


def _wide_edges(polygons: Polygons, scale: tuple[float, float]) -> list[dict[str, Any]]:
    """Edges, and the same half a pixel of a level off each way.

    A level is made of the finer one, and where sizes do not divide, its pixels take in a whole one more.
    """
    rings = [ring for polygon in polygons for ring in polygon]
    ways = [(0.0, 0.0), *product((-scale[0] / 2, scale[0] / 2), (-scale[1] / 2, scale[1] / 2))]
    lines = [[(x + across, y + down) for x, y in (*ring, ring[0])] for ring in rings for across, down in ways]
    return [{"type": "LineString", "coordinates": line} for line in lines]


def _burnt(
    shapes: Sequence[dict[str, Any]], frame: Affine, size: tuple[int, int], *, touched: bool
) -> NDArray[np.bool_]:
    """(rows, columns): which pixels of a frame have their middle in the shapes, or touch them."""
    with gdal():
        burnt = rasterize(
            shapes,
            out_shape=size[::-1],
            transform=frame,
            all_touched=touched,
            dtype="uint8",
            skip_invalid=False,
        )
    return np.asarray(burnt, dtype=np.bool_)
