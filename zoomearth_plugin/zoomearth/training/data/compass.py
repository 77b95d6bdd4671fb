"""Which way is north in a raster's pixels, and what part of an area a position lies in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rasterio.warp import transform as transform_positions

from ...core.frames import PixelBox
from ...raster.ellipsoid import geographic_under
from ...raster.georeference import corners
from ...raster.grid import RasterGrid
from ...raster.opening import GDAL_ERRORS

_STEP_DEG = 1e-4
_BORDER = 0.08
"""A position nearer than this to the border between two parts, in halves of the area, lies in neither."""
Vector = tuple[float, float]
"""(columns, rows)."""


@dataclass(frozen=True)
class Compass:
    """Directions in a raster's pixels.

    Args:
        up: One pixel's length to the north; up the picture where the raster has no place on Earth.
        right: The same to the east, or to the right.
        is_geographic: Whether they are north and east.
    """

    up: Vector
    right: Vector
    is_geographic: bool

    def word(self, direction: str) -> str:
        """``north``, ``south``, ``west`` or ``east`` as this raster's questions say it."""
        return direction if self.is_geographic else _ON_THE_PICTURE[direction]

    def superlative(self, sought: str) -> str:
        """``northernmost`` or ``topmost`` for a direction; any other word, as ``largest``, as it is."""
        if sought not in _ON_THE_PICTURE:
            return sought
        return f"{sought}ernmost" if self.is_geographic else f"{_ON_THE_PICTURE[sought]}most"

    def part(self, position: Vector, area: PixelBox) -> str | None:
        """The ninth of an area that a position lies in, as ``north-west``, ``top left`` or ``centre``.

        Args:
            position: (column, row).
            area: Of the same raster.

        Returns:
            None too near to the border of two of them.
        """
        offset = (position[0] - area.center[0], position[1] - area.center[1])
        names = []
        for axis, ahead, behind in ((self.up, "north", "south"), (self.right, "east", "west")):
            half = (abs(axis[0]) * area.width + abs(axis[1]) * area.height) / 2
            share = along(offset, axis) / half
            if abs(abs(share) - 1 / 3) < _BORDER:
                return None
            if abs(share) > 1 / 3:
                names.append(self.word(ahead if share > 0 else behind))
        return ("-" if self.is_geographic else " ").join(names) or "centre"


_ON_THE_PICTURE = {"north": "top", "south": "bottom", "west": "left", "east": "right"}


def compass_of(grid: RasterGrid) -> Compass:
    """Where north is in the middle of a raster, south-up and rotated ones included.

    A raster without a coordinate reference system that is tied to a body has no north: nothing is
    guessed, and its directions are those of the picture.
    """
    geographic = geographic_under(grid.crs) if grid.crs is not None else None
    if geographic is None:
        return Compass((0.0, -1.0), (1.0, 0.0), is_geographic=False)
    column, row = grid.extent.center
    x, y = corners(PixelBox(column, row, column + 1, row + 1), grid)[0]
    step = _STEP_DEG * math.radians(1) / geographic.units_factor[1]
    try:
        longitudes, latitudes = transform_positions(grid.crs, geographic, [x], [y])
        longitude, latitude = longitudes[0], latitudes[0]
        sign = -1.0 if latitude > 0 else 1.0  # never over a pole
        xs, ys = transform_positions(
            geographic,
            grid.crs,
            [longitude, longitude, longitude + step],
            [latitude, latitude + sign * step, latitude],
        )
    except GDAL_ERRORS:  # outside of what the projection can show
        return Compass((0.0, -1.0), (1.0, 0.0), is_geographic=False)
    here, north_or_south, east = grid.to_pixels(list(zip(xs, ys, strict=True)))
    up = _unit(here, north_or_south, sign)
    right = _unit(here, east)
    if up is None or right is None:
        return Compass((0.0, -1.0), (1.0, 0.0), is_geographic=False)
    return Compass(up, right, is_geographic=True)


def along(offset: Vector, axis: Vector) -> float:
    """How far an offset goes along a direction, pixels."""
    return offset[0] * axis[0] + offset[1] * axis[1]


def _unit(start: Vector, end: Vector, sign: float = 1.0) -> Vector | None:
    """The way from one position to another, or back, of a pixel's length."""
    across, down = sign * (end[0] - start[0]), sign * (end[1] - start[1])
    length = math.hypot(across, down)
    if not math.isfinite(length) or length == 0:
        return None
    return across / length, down / length
