"""One pass over a part of a raster, in pieces: bounded memory, progress, and a way to stop.

A second thread reads the next piece while this one works on the last, so a pass takes the longer of
the two, and a request to stop is obeyed although GDAL is in the middle of a slow block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, Interleaving, MaskFlags
from rasterio.windows import Window

from ..core.frames import PixelBox
from ..core.progress import CancelToken
from .channels import Channels
from .mask import AreaMask
from .opening import gdal, many_read, open_dataset
from .reading_threads import keep, reading_thread

PIECE_BYTES = 16 << 20
_QUICK_BYTES = 2 << 20
"""Less than this is read in a moment, and not worth a thread; nor is any piece where many read at once."""
_CANCEL_POLL_S = 0.05


class Sink(Protocol):
    """Where pieces go; one that the file does not hold comes as a view of one pixel, not to be written to."""

    def add(
        self, left: int, top: int, values: NDArray[np.generic], valid: NDArray[np.bool_] | None
    ) -> None: ...


@dataclass
class Tally:
    """Pixels of a level that were asked about, and those of them that hold data."""

    asked_px: int = 0
    valid_px: int = 0


@dataclass(frozen=True)
class Part:
    """What a pass reads.

    Args:
        uri: The file.
        level: Index of its overview; None for its own resolution.
        channels: Of it.
        box: Whole pixels of that level.
        mask: What of it is looked at; None for all.
        scale: Pixels of the file in one of the level, across and down.
        tally: Counts what is read; None where nobody asks.
    """

    uri: str
    level: int | None
    channels: Channels
    box: PixelBox
    mask: AreaMask | None = None
    scale: tuple[float, float] = (1.0, 1.0)
    tally: Tally | None = None

    def read(self, dataset: Any, window: Window) -> tuple[NDArray[np.generic], NDArray[np.bool_] | None]:
        """Pixels and which of them are to be seen; see :meth:`Channels.read`."""
        if self.mask is None:
            return self._pixels(dataset, window)
        left, top, width, height = (
            int(side) for side in (window.col_off, window.row_off, window.width, window.height)
        )
        inside = self.mask.inside(left, top, (width, height), self.scale)[None]
        if not inside.any():  # nothing here is asked about: that need not be read
            return np.zeros((self.channels.count, height, width), self.channels.dtype), inside
        values, valid = self._pixels(dataset, window)
        valid = inside if valid is None else valid & inside
        if self.tally is not None:
            self.tally.asked_px += int(np.count_nonzero(inside))
            self.tally.valid_px += int(np.count_nonzero(valid.any(axis=0)))
        return values, valid

    def _pixels(self, dataset: Any, window: Window) -> tuple[NDArray[np.generic], NDArray[np.bool_] | None]:
        """See :meth:`Channels.read`; where the file holds nothing, one pixel is read and stands for all."""
        if not is_absent(dataset, self.channels, window):
            return self.channels.read(dataset, window)
        values, valid = self.channels.read(dataset, Window(window.col_off, window.row_off, 1, 1))
        shape = int(window.height), int(window.width)
        spread = None if valid is None else np.broadcast_to(valid, (len(valid), *shape))
        return np.broadcast_to(values, (len(values), *shape)), spread


def run_pass(
    part: Part, dataset: Any, sink: Sink, *, told: Callable[[float], None], cancel: CancelToken
) -> None:
    """Read a part piece by piece, each block once, and hand the pieces to a sink.

    Args:
        part: What to read.
        dataset: The same level, open in this thread.
        sink: Takes the pieces, in this thread.
        told: Hears the share done, 0 to 1, after each piece.
        cancel: Obeyed within a piece's length, or 50 ms where reading is slower than that.

    Raises:
        Cancelled: On request.
        RasterUnreadableError: A block is damaged or missing.
    """
    pieces = list(pieces_of(dataset, part))
    cancel.check()
    if len(pieces) == 1 and _is_quick(part, dataset):
        sink.add(int(pieces[0].col_off), int(pieces[0].row_off), *part.read(dataset, pieces[0]))
        told(1.0)
        return
    reader = _Reader(part)
    thread = reading_thread()
    try:
        ahead = thread.submit(reader.read, pieces[0])
        for done, piece in enumerate(pieces, start=1):
            values, valid = _wait_for(ahead, cancel)
            if done < len(pieces):
                ahead = thread.submit(reader.read, pieces[done])
            sink.add(int(piece.col_off), int(piece.row_off), values, valid)
            told(done / len(pieces))
    finally:
        closed = thread.submit(reader.close)
        if cancel.is_cancelled:  # it may be in the middle of a slow block
            thread.shutdown(wait=False)
        else:
            wait([closed])
            keep(thread)


def _is_quick(part: Part, dataset: Any) -> bool:
    """Whether a part is read in a moment.

    JPEG 2000 never is: one file may be one block, and what its decoder took and gave back stays with
    the thread that called it, so that must be the same one for all.
    """
    most_bytes = PIECE_BYTES if many_read() else _QUICK_BYTES
    is_small = part.box.area * _pixel_bytes(dataset, part.channels) <= most_bytes
    return is_small and not dataset.driver.startswith("JP2")


def pieces_of(dataset: Any, part: Part) -> Iterator[Window]:
    """Windows that cover a part, along the edges of the file's blocks, of about PIECE_BYTES."""
    channels, box = part.channels, part.box
    block_height, block_width = dataset.block_shapes[channels.bands[0] - 1]
    most_px = max(1, PIECE_BYTES // _pixel_bytes(dataset, channels))
    left, top, right, bottom = (int(side) for side in box.to_json())
    rows = min(block_height, bottom - top, max(1, most_px // min(block_width, right - left)))
    columns = list(_stretches(left, right, block_width, most_px // rows))
    widest = max(stop - start for start, stop in columns)
    for first_row, last_row in _stretches(top, bottom, block_height, most_px // widest):
        for first_column, last_column in columns:
            yield Window(first_column, first_row, last_column - first_column, last_row - first_row)


def is_absent(dataset: Any, channels: Channels, window: Window) -> bool:
    """Whether a sparse GeoTIFF holds none of a window's blocks; all its pixels are alike then.

    Args:
        dataset: Open; the file or one of its overview levels.
        channels: Of it.
        window: Whole pixels of that dataset, inside it.

    Source: GDAL's GTiff driver, band metadata BLOCK_OFFSET_x_y, which is not there for such a block.
    """
    block_height, block_width = dataset.block_shapes[channels.bands[0] - 1]
    # One long strip is given out as if it were many of one row, and these have no offsets either.
    if dataset.driver != "GTiff" or block_height == 1:
        return False
    bands = {*channels.bands}
    if channels.has_mask:
        if MaskFlags.alpha not in dataset.mask_flag_enums[channels.bands[0] - 1]:
            return False  # a mask has blocks of its own
        meanings = enumerate(dataset.colorinterp, start=1)
        bands |= {band for band, meaning in meanings if meaning == ColorInterp.alpha}
    if dataset.interleaving == Interleaving.pixel:
        bands = {channels.bands[0]}  # a block holds all bands
    left, top, right, bottom = (int(side) for side in _sides(window))
    columns = range(left // block_width, -(-right // block_width))
    rows = range(top // block_height, -(-bottom // block_height))
    return all(
        _tiff_item(dataset, "IFD_OFFSET", band) is not None  # not so for levels that JPEG makes up
        and all(_tiff_item(dataset, f"BLOCK_OFFSET_{x}_{y}", band) is None for y in rows for x in columns)
        for band in bands
    )


def _sides(window: Window) -> tuple[float, float, float, float]:
    left, top = window.col_off, window.row_off
    return left, top, left + window.width, top + window.height


def _tiff_item(dataset: Any, name: str, band: int) -> str | None:
    item: str | None = dataset.get_tag_item(name, "TIFF", bidx=band)
    return item


def _pixel_bytes(dataset: Any, channels: Channels) -> int:
    """What a pixel takes in memory while it is read, decoded neighbours and validity included."""
    is_interleaved = dataset.interleaving == Interleaving.pixel
    samples = dataset.count if is_interleaved else len(channels.bands)
    return int(samples * channels.dtype.itemsize + channels.count * (1 if channels.palette is None else 2))


def _stretches(start: int, stop: int, block: int, most: int) -> Iterator[tuple[int, int]]:
    """From ``start`` to ``stop`` in stretches of at most ``most``, cut at the edges of blocks.

    A block that is longer than ``most`` is cut as well: GDAL keeps the block it decoded last.
    """
    if stop - start <= most:
        yield start, stop
        return
    step = max(1, most // block * block or most)
    while start < stop:
        end = min(stop, (start // step + 1) * step)
        yield start, end
        start = end


def _wait_for(
    ahead: Future[tuple[NDArray[np.generic], NDArray[np.bool_] | None]], cancel: CancelToken
) -> tuple[NDArray[np.generic], NDArray[np.bool_] | None]:
    while True:
        cancel.check()
        try:
            return ahead.result(timeout=_CANCEL_POLL_S)
        except NotYet:
            continue


class _Reader:
    """A handle of its own for the reading thread: GDAL's are not to be shared."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._dataset: Any = None

    def read(self, window: Window) -> tuple[NDArray[np.generic], NDArray[np.bool_] | None]:
        if self._dataset is None:
            with gdal():
                self._dataset = open_dataset(self._part.uri, self._part.level)
        return self._part.read(self._dataset, window)

    def close(self) -> None:
        if self._dataset is not None:
            with gdal():
                self._dataset.close()
