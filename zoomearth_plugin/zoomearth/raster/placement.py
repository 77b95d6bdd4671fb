"""Placing without a geotransform: by ground control points, or by rational polynomials."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.rpc import RPC
from rasterio.transform import GCPTransformer, RPCTransformer

from ..core.errors import RasterUnreadableError
from ..core.placing import ControlFit, Placing
from .ellipsoid import is_tied_to_a_body
from .opening import GDAL_ERRORS, open_dataset

Position = tuple[float, float]
_LARGEST_RETURN_PX = 1.0
_HEIGHTS_HINT = "Choose a raster of heights that can be opened, or one height for all of the ground."
_RPC_CRS = CRS.from_epsg(4326)
_RPC_ERROR_PX = 0.01
"""GDAL finds the ground of a pixel step by step, until the way back ends this near to it."""


class Placement(ABC):
    """What leads from pixels to the map and back, without a geotransform."""

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

    @property
    @abstractmethod
    def warning(self) -> str:
        """``code: sentence`` for an answer that is placed by this."""

    @abstractmethod
    def _transformer(self) -> Any:
        """Of rasterio; a context manager."""


@dataclass(frozen=True)
class ControlPoints(Placement):
    """Control points and what GDAL fits to them.

    Args:
        points: (column, row, x, y) each; x and y in units of the control points' CRS.
        fit: A polynomial of order 2 from six points on, else 1, as QGIS draws such a file; or a thin
            plate spline.

    Source: GDAL, ``GDALCreateGCPTransformer`` with order 0 and ``GDALCreateTPSTransformer``.
    """

    points: tuple[tuple[float, float, float, float], ...]
    fit: ControlFit = ControlFit.POLYNOMIAL

    @property
    def warning(self) -> str:
        fit = "polynomial" if self.fit is ControlFit.POLYNOMIAL else "thin plate spline"
        return f"control_points: Places follow a {fit} through {len(self.points)} control points."

    def _transformer(self) -> Any:
        points = [GroundControlPoint(row, column, x, y) for column, row, x, y in self.points]
        return GCPTransformer(points, tps=self.fit is ControlFit.TPS)


@dataclass(frozen=True)
class RationalPolynomials(Placement):
    """Rational polynomial coefficients, and the height of the ground that they need.

    Args:
        coefficients: GDAL's names and values.
        height_m: Above the ellipsoid; with ``dem``, where that has no data.
        dem: A raster of heights above the ellipsoid; None for one height everywhere.

    Source: GDAL, ``GDALCreateRPCTransformerV2``.
    """

    coefficients: tuple[tuple[str, str], ...]
    height_m: float
    dem: str | None = None

    @property
    def warning(self) -> str:
        ground = f"ground at {self.height_m:g} m"
        if self.dem is not None:
            ground = f"the ground of {self.dem}, and {ground} where that has none"
        return f"rational_polynomials: Places follow the file's rational polynomials for {ground}."

    def to_map(self, positions: Sequence[Position]) -> list[Position]:
        """(x, y) of (column, row); where the raster of heights fails, for ground at ``height_m``."""
        found = super().to_map(positions)
        if self.dem is None or all(map(_is_place, found)):
            return found
        flat = replace(self, dem=None).to_map(positions)
        return [place if _is_place(place) else other for place, other in zip(found, flat, strict=True)]

    def _transformer(self) -> Any:
        options: dict[str, Any] = {"RPC_PIXEL_ERROR_THRESHOLD": _RPC_ERROR_PX}
        if self.dem is None:
            options["RPC_HEIGHT"] = self.height_m
        else:
            options |= {"RPC_DEM": self.dem, "RPC_DEM_MISSING_VALUE": self.height_m}
        return RPCTransformer(RPC.from_gdal(dict(self.coefficients)), **options)


def placement_of(dataset: Any, placing: Placing) -> tuple[Placement, CRS] | None:
    """What places an open rasterio dataset that has no geotransform, and the CRS that leads to.

    Control points come before rational polynomials, as with GDAL. They place nothing where there are fewer
    than three, where those lie on a line, or where what is fitted does not lead back to the pixels of the
    raster's corners and middle.

    Raises:
        RasterUnreadableError: The raster of heights cannot be opened, or leads nowhere.
    """
    width, height = float(dataset.width), float(dataset.height)
    ends = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height), (width / 2, height / 2)]
    for found in (_control_of(dataset, placing), _polynomials_of(dataset, placing)):
        if found is not None and is_tied_to_a_body(found[1]) and found[0].holds(ends):
            return found
    flat = replace(placing, dem=None)
    if placing.dem is not None and placement_of(dataset, flat) is not None:
        raise RasterUnreadableError(f"with the heights of {placing.dem} no place can be found", _HEIGHTS_HINT)
    return None


def _control_of(dataset: Any, placing: Placing) -> tuple[Placement, CRS] | None:
    given, crs = dataset.gcps
    if len(given) < 3 or crs is None:
        return None
    points = tuple((float(p.col), float(p.row), float(p.x), float(p.y)) for p in given)
    return ControlPoints(points, placing.control_fit), crs


def _polynomials_of(dataset: Any, placing: Placing) -> tuple[Placement, CRS] | None:
    try:
        rpcs = dataset.rpcs
    except (ValueError, KeyError, TypeError, *GDAL_ERRORS):  # coefficients missing, or no numbers
        return None
    if rpcs is None:
        return None
    if placing.dem is not None:
        try:
            open_dataset(placing.dem).close()
        except GDAL_ERRORS as error:
            raise RasterUnreadableError(f"heights: {error}", _HEIGHTS_HINT) from error
    height_m = float(rpcs.height_off) if placing.height_m is None else placing.height_m
    coefficients = tuple(sorted((str(name), str(value)) for name, value in rpcs.to_gdal().items()))
    return RationalPolynomials(coefficients, height_m, placing.dem), _RPC_CRS


def _is_place(position: Position) -> bool:
    return all(map(math.isfinite, position))


def _apart(positions: Sequence[Position]) -> tuple[list[float], list[float]]:
    return [one[0] for one in positions], [one[1] for one in positions]


def _together(first: Any, second: Any) -> list[Position]:
    return [(float(one), float(other)) for one, other in zip(first, second, strict=True)]
