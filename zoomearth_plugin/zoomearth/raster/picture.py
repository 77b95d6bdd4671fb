"""What the model is shown: eight-bit colours of a bounded size."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.frames import View, view_size
from .stretch import ValueRange

NODATA_GREY = 128
"""Where nothing is known; neither dark nor bright."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One look at a raster.

    Args:
        view: What of the raster is shown, and the picture's size.
        pixels: (rows, columns, 3) uint8; :data:`NODATA_GREY` where the raster holds no data.
        valid_share: How much of the window holds data, 0 to 1.
        data_share: How much of what was asked about in it does; None where that is all of the window.
    """

    view: View
    pixels: NDArray[np.uint8]
    valid_share: float
    data_share: float | None = None

    def enlarged(self, side_px: int, magnification: float) -> Picture:
        """The same window at the size of a magnified view; itself where that is no larger.

        Args:
            side_px: Longer side, view pixels.
            magnification: See :func:`..core.frames.view_size`.
        """
        size = view_size(self.view.window, side_px, magnification)
        if max(size) <= max(self.view.size):
            return self
        return replace(self, view=View(self.view.window, size), pixels=enlarged(self.pixels, size))


class NativePicture:
    """A picture that shows every pixel as it is, made piece by piece.

    Args:
        view: At native resolution; its window in whole pixels.
        value_range: See :func:`colours`.
    """

    def __init__(self, view: View, value_range: ValueRange) -> None:
        width, height = view.size
        self._left, self._top = int(view.window.left), int(view.window.top)
        self._range = value_range
        self.pixels = np.full((height, width, 3), NODATA_GREY, np.uint8)
        self.valid_px = 0

    def add(self, left: int, top: int, values: NDArray[np.generic], valid: NDArray[np.bool_] | None) -> None:
        rows = slice(top - self._top, top - self._top + values.shape[1])
        columns = slice(left - self._left, left - self._left + values.shape[2])
        self.pixels[rows, columns] = colours(values, valid, self._range)
        self.valid_px += values[0].size if valid is None else int(np.count_nonzero(valid.any(axis=0)))


def enlarged(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Pixels (rows, columns, 3) interpolated by cubics to a (width, height); as they are if it is theirs."""
    if size == (pixels.shape[1], pixels.shape[0]):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def colours(
    values: NDArray[np.generic], valid: NDArray[np.bool_] | None, value_range: ValueRange
) -> NDArray[np.uint8]:
    """Values as colours.

    Args:
        values: (1 or 3, rows, columns).
        valid: Which of them hold data, (bands or 1, rows, columns); None for all. A pixel that has
            data in some bands shows nothing of the others.
        value_range: What becomes black and what becomes full brightness, by band.

    Returns:
        (rows, columns, 3); one band is shown as grey.
    """
    bands = value_range.to_bytes(values)
    if valid is not None:
        bands *= valid
        bands[:, ~valid.any(axis=0)] = NODATA_GREY
    shown = np.broadcast_to(bands, (3, *bands.shape[1:]))
    return np.ascontiguousarray(np.moveaxis(shown, 0, 2))
