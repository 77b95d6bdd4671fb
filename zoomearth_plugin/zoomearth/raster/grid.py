"""How a raster's pixels lie on the map, as an immutable value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from affine import Affine
from rasterio.crs import CRS

from ..core.frames import PixelBox
from ..core.placing import PLAIN, Placing
from ..core.types import AnswerFrame
from .ellipsoid import is_tied_to_a_body
from .opening import GDAL_ERRORS
from .placement import Placement, Position, placement_of


@dataclass(frozen=True)
class RasterGrid:
    """Size and georeferencing of a raster.

    Args:
        width: Columns.
        height: Rows.
        transform: (column, row) to (x, y) in units of ``crs``; the identity where the file has none.
        crs: None where the file names none, or has nothing that would give it a meaning.
        has_transform: Whether the file has a geotransform that can be inverted.
        placement: What places the file instead of a geotransform; None where there is one, or nothing.
    """

    width: int
    height: int
    transform: Affine
    crs: CRS | None
    has_transform: bool
    placement: Placement | None = None

    @property
    def extent(self) -> PixelBox:
        """The whole raster."""
        return PixelBox(0, 0, self.width, self.height)

    @property
    def frame(self) -> AnswerFrame:
        """What map coordinates of this raster mean."""
        if not self.has_transform and self.placement is None:
            return AnswerFrame.PIXELS
        return AnswerFrame.OWN if self.crs is None else AnswerFrame.CRS

    def to_map(self, positions: Sequence[Position]) -> list[Position]:
        """(x, y) in units of ``crs`` of (column, row)."""
        if self.placement is not None:
            return self.placement.to_map(positions)
        return [_applied(self.transform, *position) for position in positions]

    def to_pixels(self, positions: Sequence[Position]) -> list[Position]:
        """(column, row), not rounded, of (x, y) in units of ``crs``."""
        if self.placement is not None:
            return self.placement.to_pixels(positions)
        there = self.transform
        back = ~Affine(there.a, there.b, 0, there.d, there.e, 0)  # from the origin, where digits are kept
        return [_applied(back, x - there.c, y - there.f) for x, y in positions]

    @property
    def crs_text(self) -> str | None:
        """``AUTHORITY:CODE`` of an equivalent registered CRS, else WKT; None without a CRS."""
        if self.crs is None:
            return None
        try:
            authority = self.crs.to_authority()
        except GDAL_ERRORS:
            authority = None
        return ":".join(authority) if authority else str(self.crs.to_wkt())


def grid_of(dataset: Any, placing: Placing = PLAIN) -> tuple[RasterGrid, tuple[str, ...]]:
    """The grid of an open rasterio dataset, and what has to be said about it.

    Nothing is guessed: a file that is placed by a geolocation array alone stays in its own pixels.

    Args:
        dataset: Open.
        placing: For a file that has no geotransform.

    Returns:
        The grid; warnings, each ``code: sentence``.

    Raises:
        RasterUnreadableError: Heights are asked for that cannot be opened.
    """
    transform: Affine = dataset.transform
    has_transform = transform != Affine.identity() and _is_invertible(transform)
    crs: CRS | None = dataset.crs or None
    if crs is not None and not is_tied_to_a_body(crs):
        crs = None
    if not has_transform:
        placed = placement_of(dataset, placing)
        if placed is not None:
            placement, crs = placed
            grid = RasterGrid(dataset.width, dataset.height, Affine.identity(), crs, False, placement)
            return grid, (placement.warning,)
        transform, crs = Affine.identity(), None
    grid = RasterGrid(dataset.width, dataset.height, transform, crs, has_transform)
    if crs is not None:
        return grid, ()
    if has_transform:
        said = "unreferenced: The file names no coordinate reference system; places are in its own frame."
    else:
        other = _other_placing(dataset)
        said = f"no_geotransform: The file has no geotransform{other}; places are in columns and rows."
    return grid, (said,)


def _applied(transform: Affine, x: float, y: float) -> Position:
    """By hand, as versions of affine disagree on which operator does it."""
    return (
        float(transform.a * x + transform.b * y + transform.c),
        float(transform.d * x + transform.e * y + transform.f),
    )


def _is_invertible(transform: Affine) -> bool:
    """Whether every pixel has a place and an area."""
    finite = all(math.isfinite(number) for number in transform[:6])
    across, down = math.hypot(transform.a, transform.d), math.hypot(transform.b, transform.e)
    return finite and abs(transform.determinant) > 1e-12 * across * down > 0


def _other_placing(dataset: Any) -> str:
    """What the file is placed by instead of a geotransform, for a sentence."""
    points, _ = dataset.gcps
    if points:
        return f", only {len(points)} ground control points, which give no place"
    if dataset.tags(ns="RPC"):
        return ", only rational polynomials (RPC), which give no place"
    if dataset.tags(ns="GEOLOCATION"):
        return ", only a geolocation array, which is not used"
    return ""
