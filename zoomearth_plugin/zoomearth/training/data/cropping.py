"""Pictures of windows, read from files that stay open: what training and benchmarks show a model."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import RasterUnreadableError
from ...core.frames import PixelBox
from ...core.progress import CancelToken, ignore_progress
from ...core.types import RasterRequest
from ...raster.raster import Raster
from ...raster.reading import open_raster

MOST_OPEN = 16
"""So many rasters stay open in each thread; the one that was used longest ago goes first."""
_Mark = tuple[str, int, int]


class _OpenRasters(threading.local):
    """Open rasters of one thread of one process: neither GDAL's handles nor a fork's copies are shared."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._open: OrderedDict[_Mark, Raster] = OrderedDict()

    def get(self, path: Path) -> Raster:
        """The raster, opened anew when its file has changed since.

        Raises:
            RasterUnreadableError: There is no such file, or it cannot be opened.
        """
        if self._process != os.getpid():  # forked: the parent goes on with those handles
            self._process, self._open = os.getpid(), OrderedDict()
        try:
            status = path.stat()
        except OSError as error:
            raise RasterUnreadableError(f"{path} cannot be read: {error}") from error
        mark = (str(path), status.st_size, status.st_mtime_ns)
        if mark not in self._open:
            self._open[mark] = open_raster(RasterRequest(str(path)))
        self._open.move_to_end(mark)
        while len(self._open) > MOST_OPEN:
            _, oldest = self._open.popitem(last=False)
            oldest.close()
        return self._open[mark]

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()


_rasters = _OpenRasters()


def crop(question_image: Path, window: PixelBox, side_px: int) -> NDArray[np.uint8]:
    """A window of an image's original pixels, as a zoom shows it.

    Only the blocks of the file that the window touches are read, in pieces of bounded size.

    Args:
        question_image: Any raster that GDAL opens; its own colours, stretched as for a person's question.
        window: Native pixels; clipped to the image and widened to whole ones.
        side_px: Longer side of the picture; never enlarged.

    Returns:
        (rows, columns, 3) uint8; grey where the image holds no data.

    Raises:
        AreaOutsideError: The window and the image share no pixel.
        RasterUnreadableError: There is no such file, or a part of it is damaged.
    """
    return _rasters.get(question_image).read(window, side_px).pixels


def overview(question_image: Path, area: PixelBox | None, side_px: int) -> NDArray[np.uint8]:
    """The first look at an image or an area of it, as a question's first step shows it.

    Made from the file's overviews where it has them, else in one pass of bounded memory whose result is
    kept on disk for the next time.

    Args:
        question_image: As for :func:`crop`.
        area: Native pixels; None for the whole image.
        side_px: Longer side of the picture; never enlarged.

    Returns:
        (rows, columns, 3) uint8.

    Raises:
        AreaOutsideError: The area and the image share no pixel.
        RasterEmptyError: The area holds no data.
        RasterUnreadableError: There is no such file, or a part of it is damaged.
    """
    raster = _rasters.get(question_image)
    window = area if area is not None else raster.grid.extent
    return raster.overview(window, side_px, report=ignore_progress, cancel=CancelToken()).pixels


def close_rasters() -> None:
    """Let go of this thread's files, so that they can be moved or deleted everywhere."""
    _rasters.close()
