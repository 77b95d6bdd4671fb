"""Placing by ground control points, where a file has no geotransform."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.transform import GCPTransformer

from .opening import GDAL_ERRORS

Position = tuple[float, float]
_LARGEST_RETURN_PX = 1.0


@dataclass(frozen=True)
class ControlPoints:
    """Control points and the polynomial that GDAL fits to them: of order 2 from six points on, else 1.

    QGIS shows such a file through the same polynomial.

    Args:
        points: (column, row, x, y) each; x and y in units of the control points' CRS.

    Source: GDAL, ``GDALCreateGCPTransformer`` with order 0.
    """

    points: tuple[tuple[float, float, float, float], ...]

    def to_map(self, positions: Sequence[Position]) -> list[Position]:
        """(x, y) of (column, row)."""
        columns, rows = _apart(positions)
        with self._transformer() as fitted:
            xs, ys = fitted.xy(rows, columns, offset="ul")
        return _together(xs, ys)

    def to_pixels(self, positions: Sequence[Position]) -> list[Position]:
        """(column, row) of (x, y), not rounded."""
        xs, ys = _apart(positions)
        with self._transformer() as fitted:
            rows, columns = fitted.rowcol(xs, ys, op=float)
        return _together(columns, rows)

    def holds(self, positions: Sequence[Position]) -> bool:
        """Whether (column, row) have places, and come back from them to within a pixel."""
        try:
            back = self.to_pixels(self.to_map(positions))
        except (RasterioError, *GDAL_ERRORS):
            return False
        # Not "any farther": what is no number is at no distance.
        return all(math.dist(*pair) <= _LARGEST_RETURN_PX for pair in zip(positions, back, strict=True))

    def _transformer(self) -> Any:
        return GCPTransformer([GroundControlPoint(row, column, x, y) for column, row, x, y in self.points])


def control_of(dataset: Any) -> tuple[ControlPoints, CRS] | None:
    """The control points of an open rasterio dataset and their CRS; None where they place nothing.

    They do not where there are fewer than three, where those lie on a line, or where the fitted polynomial
    does not lead back to the pixels of the raster's corners and middle.
    """
    given, crs = dataset.gcps
    if len(given) < 3 or crs is None:
        return None
    points = ControlPoints(tuple((float(p.col), float(p.row), float(p.x), float(p.y)) for p in given))
    width, height = float(dataset.width), float(dataset.height)
    ends = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height), (width / 2, height / 2)]
    return (points, crs) if points.holds(ends) else None


def _apart(positions: Sequence[Position]) -> tuple[list[float], list[float]]:
    return [one[0] for one in positions], [one[1] for one in positions]


def _together(first: Any, second: Any) -> list[Position]:
    return [(float(one), float(other)) for one, other in zip(first, second, strict=True)]
