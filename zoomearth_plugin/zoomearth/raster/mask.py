"""Which pixels lie in the polygons that a question is about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize

from ..core.area import Polygon, Polygons, Ring
from ..core.errors import AreaOutsideError
from ..core.frames import PixelBox
from .georeference import pixels_of_ring
from .grid import RasterGrid
from .opening import gdal

_RIM_PX, _RIM_SHARE = 1.0, 0.02
"""Polygons that leave no more than this of their box's edge are as good as the box."""
_KERNEL_PX = 3
"""A level's pixels are made of pixels so many of its own away, at most: Lanczos's kernel reaches that far."""
_LEAST_WIDTH_PX = 32
"""A polygon narrower than half of this, in pixels of a level, would lose most of them to its edges."""
_SHARE_SIDE_PX = 1024


@dataclass(frozen=True)
class AreaMask:
    """Polygons over pixels.

    A pixel of the file belongs to them where its middle lies inside; to those that are less than a pixel wide
    where they touch it. Of an overview level, whose pixels are made of many, only those belong to them that
    are made of nothing else.

    Args:
        box: Whole pixels that hold the polygons.
        polygons: In pixels, inside the box.
    """

    box: PixelBox
    polygons: Polygons

    @property
    def mark(self) -> str:
        """Tells masks apart."""
        return hashlib.sha256(repr(self.polygons).encode()).hexdigest()

    @property
    def coarsest(self) -> float:
        """Pixels of the file, each way, in one of the coarsest level that shows enough of every polygon.

        A narrow arm of a wide polygon is not looked for.
        """
        return min(map(_mean_width, self.polygons)) / _LEAST_WIDTH_PX

    def inside(
        self, left: float, top: float, size: tuple[int, int], scale: tuple[float, float] = (1.0, 1.0)
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
        if max(scale) <= 1:
            frame = Affine.translation(left, top)
            wide = [polygon for polygon in self.polygons if not _is_thin(polygon)]
            thin = [polygon for polygon in self.polygons if _is_thin(polygon)]
            return _burnt(_faces(wide), frame, size) | _burnt(_faces(thin), frame, size, touched=True)
        reach = _KERNEL_PX
        frame = Affine(scale[0], 0, (left - reach) * scale[0], 0, scale[1], (top - reach) * scale[1])
        wider = (size[0] + 2 * reach, size[1] + 2 * reach)
        is_mixed = _spread(_burnt(_edges(self.polygons), frame, wider, touched=True), reach)
        found = _burnt(_faces(self.polygons), frame, wider) & ~is_mixed
        return found[reach:-reach, reach:-reach]

    def share(self) -> float:
        """How much of the box the polygons take, 0 to 1, to about a thousandth."""
        scale = tuple(max(1.0, side / _SHARE_SIDE_PX) for side in (self.box.width, self.box.height))
        size = (max(1, round(self.box.width / scale[0])), max(1, round(self.box.height / scale[1])))
        frame = Affine(scale[0], 0, self.box.left, 0, scale[1], self.box.top)
        return float(_burnt(_faces(self.polygons), frame, size).mean())


def mask_of(polygons: Polygons, box: PixelBox, grid: RasterGrid) -> AreaMask | None:
    """What of a box lies in polygons; None where that is all of it.

    Args:
        polygons: In the answer's frame.
        box: Whole pixels that hold what of them lies on the raster.
        grid: Of the raster.

    Raises:
        AreaOutsideError: They have no place on the raster, though their box may.
    """
    in_pixels = [[_clipped(tuple(pixels_of_ring(ring, grid)), box) for ring in one] for one in polygons]
    seen = tuple(
        (outer, *(hole for hole in holes if len(hole) > 2)) for outer, *holes in in_pixels if len(outer) > 2
    )
    if not seen:
        raise AreaOutsideError("the polygons and the raster share no pixel")
    return None if _fill(seen, box) else AreaMask(box, seen)


def _clipped(ring: Ring, box: PixelBox) -> Ring:
    """What of a ring lies in a box; along its edges the parts of a bent one may hang together.

    Source: Sutherland and Hodgman, Reentrant polygon clipping, 1974.
    """
    for axis, side, sign in ((0, box.left, 1), (1, box.top, 1), (0, box.right, -1), (1, box.bottom, -1)):
        ring = tuple(_cut_off(ring, axis, side, sign))
    return ring


def _cut_off(ring: Ring, axis: int, side: float, sign: int) -> Iterator[tuple[float, float]]:
    for before, here in zip((*ring[-1:], *ring[:-1]), ring, strict=True):
        was_in, is_in = ((sign * (one[axis] - side)) >= 0 for one in (before, here))
        if was_in != is_in:
            share = (side - before[axis]) / (here[axis] - before[axis])
            met = [a + share * (b - a) for a, b in zip(before, here, strict=True)]
            met[axis] = side
            yield met[0], met[1]
        if is_in:
            yield here


def _polygon_area(polygon: Polygon) -> float:
    outer, *holes = map(_ring_area, polygon)
    return max(0.0, outer - sum(holes))


def _ring_area(ring: Ring) -> float:
    """Gauss's area formula, about the first corner: far from the origin digits would be lost."""
    columns, rows = (np.array(ring) - ring[0]).T
    return float(abs(columns @ np.roll(rows, -1) - rows @ np.roll(columns, -1)) / 2)


def _mean_width(polygon: Polygon) -> float:
    """A square's side; of a long strip twice the width."""
    lengths = [np.hypot(*(np.roll(ring, -1, axis=0) - ring).T).sum() for ring in map(np.array, polygon)]
    return 4 * _polygon_area(polygon) / max(float(sum(lengths)), 1e-9)


def _is_thin(polygon: Polygon) -> bool:
    """Whether a polygon is less than a pixel wide, in the mean."""
    return _polygon_area(polygon) <= float(np.ptp(np.array(polygon[0]), axis=0).max())


def _fill(polygons: Polygons, box: PixelBox) -> bool:
    """Whether polygons, in pixels, hold all of a box but for its rim."""
    across, down = (min(_RIM_PX, _RIM_SHARE * side) for side in (box.width, box.height))
    inner = PixelBox(box.left + across, box.top + down, box.right - across, box.bottom - down)
    if any(_crosses(np.array(ring), inner) for polygon in polygons for ring in polygon):
        return False
    column, row = inner.center
    around_middle = Affine.translation(column - 0.5, row - 0.5)
    return bool(_burnt(_faces(polygons), around_middle, (1, 1)).all())


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


def _faces(polygons: Sequence[Polygon]) -> list[dict[str, Any]]:
    rings = [[[*ring, ring[0]] for ring in polygon] for polygon in polygons]
    return [{"type": "Polygon", "coordinates": polygon} for polygon in rings]


def _edges(polygons: Polygons) -> list[dict[str, Any]]:
    rings = [ring for polygon in polygons for ring in polygon]
    return [{"type": "LineString", "coordinates": [*ring, ring[0]]} for ring in rings]


def _spread(found: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """With so many neighbours on each side, diagonals included."""
    for axis in (0, 1):
        padding = [(reach, reach) if one == axis else (0, 0) for one in (0, 1)]
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(found, padding), 2 * reach + 1, axis)
        found = np.asarray(windows.any(axis=-1))
    return found


def _burnt(
    shapes: Sequence[dict[str, Any]], frame: Affine, size: tuple[int, int], *, touched: bool = False
) -> NDArray[np.bool_]:
    """(rows, columns): which pixels of a frame have their middle in the shapes, or touch them."""
    if not shapes:
        return np.zeros(size[::-1], np.bool_)
    with gdal():
        burnt = rasterize(shapes, out_shape=size[::-1], transform=frame, all_touched=touched, dtype="uint8")
    return np.asarray(burnt, dtype=np.bool_)
