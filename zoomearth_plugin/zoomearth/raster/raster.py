"""What every raster can do, wherever its pixels come from: a place, an overview, windows."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from types import TracebackType

from ..core.frames import PixelBox, View, view_size
from ..core.progress import CancelToken, Report
from ..core.sentences import sentence
from ..core.types import Area
from .georeference import pixel_box_of
from .grid import RasterGrid
from .mask import AreaMask, mask_of
from .picture import Picture

_SNAP_PX = 1e-6
"""A ring along the pixels' edges comes out of floating-point arithmetic this near to them."""


class Raster(ABC):
    """An open raster, used by one thread at a time; a context manager.

    Args:
        grid: Its georeferencing.
        warnings: What an answer has to say about it, each ``code: sentence``.
    """

    def __init__(self, grid: RasterGrid, warnings: tuple[str, ...]) -> None:
        self.grid = grid
        self.warnings = warnings
        self._approximations: dict[str, str] = {}

    @property
    def approximations(self) -> tuple[str, ...]:
        """How what was read so far differs from the pixels themselves, each ``code: sentence``."""
        return tuple(self._approximations.values())

    def forget_approximations(self) -> None:
        """Begin anew, for another question."""
        self._approximations.clear()

    def _approximate(self, code: str, **fields: object) -> None:
        """See :mod:`..core.sentences`; what was said under the code before is said no more."""
        self._approximations[code] = sentence(code, **fields)

    def __enter__(self) -> Raster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Let go of it."""

    def resolve(self, area: Area | None) -> PixelBox:
        """An area as whole pixels of this raster, clipped to it.

        Args:
            area: None for the whole raster; less than a pixel becomes the pixel it lies in.

        Raises:
            AreaOutsideError: They share no pixel, or the area is no place.
        """
        if area is None:
            return self.grid.extent
        box = area.pixels if area.pixels is not None else pixel_box_of(area.polygons, self.grid)
        return whole_pixels(box).intersection(self.grid.extent)

    def mask(self, area: Area | None) -> AreaMask | None:
        """What of :meth:`resolve`'s box an area takes; None where that is all of it.

        Raises:
            AreaOutsideError: See :meth:`resolve`.
        """
        if area is None or area.pixels is not None:
            return None
        return mask_of(area.polygons, self.resolve(area), self.grid)

    @abstractmethod
    def overview(
        self,
        window: PixelBox,
        side_px: int,
        *,
        mask: AreaMask | None = None,
        report: Report,
        cancel: CancelToken,
    ) -> Picture:
        """A window at the size of a view: area averages, from what is coarser already where there is such.

        Args:
            window: Full-raster pixels; clipped and widened to whole ones.
            side_px: Longer side of the picture; never enlarged.
            mask: What of it is looked at, the rest is as if it held no data; None for all.
            report: Told how far reading is.
            cancel: Obeyed while reading.

        Raises:
            AreaOutsideError: The window and the raster share no pixel.
            RasterEmptyError: The window holds no data.
            RasterUnreadableError: A part of it cannot be read.
            Cancelled: On request.
        """

    @abstractmethod
    def read(
        self,
        window: PixelBox,
        side_px: int,
        *,
        mask: AreaMask | None = None,
        cancel: CancelToken | None = None,
    ) -> Picture:
        """A window at the size of a view: area averages of the raster's original pixels.

        A window without data gives a picture of plain grey, as a model may look at an empty corner.

        Args:
            window: Full-raster pixels; clipped and widened to whole ones.
            side_px: Longer side of the picture; never enlarged.
            mask: See :meth:`overview`.
            cancel: Obeyed between pieces of a large window.

        Raises:
            AreaOutsideError: The window and the raster share no pixel.
            RasterUnreadableError: A part of it cannot be read.
            Cancelled: On request.
        """

    def view(self, window: PixelBox, side_px: int) -> View:
        """The view of a window, widened to whole pixels and clipped; raises AreaOutsideError."""
        whole = whole_pixels(window).intersection(self.grid.extent)
        return View(whole, view_size(whole, side_px))


def whole_pixels(box: PixelBox) -> PixelBox:
    """The smallest whole pixels that hold a box, but for rounding errors; at least one each way."""
    left, right = _whole(box.left, box.right)
    top, bottom = _whole(box.top, box.bottom)
    return PixelBox(left, top, right, bottom)


def _whole(low: float, high: float) -> tuple[int, int]:
    first, last = math.floor(low + _SNAP_PX), math.ceil(high - _SNAP_PX)
    return first, max(last, first + 1)
