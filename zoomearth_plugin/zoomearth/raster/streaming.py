"""One pass over a part of a raster, in pieces: bounded memory, progress, and a way to stop.

A second thread reads the next piece while this one works on the last, so a pass takes the longer of
the two, and a request to stop is obeyed although GDAL is in the middle of a slow block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Interleaving
from rasterio.windows import Window

from ..core.frames import PixelBox
from ..core.progress import CancelToken
from .channels import Channels
from .mask import AreaMask
from .opening import gdal, open_dataset

PIECE_BYTES = 16 << 20
_QUICK_BYTES = 2 << 20
"""Less than this is read in a moment, and not worth a thread."""
_CANCEL_POLL_S = 0.05


class Sink(Protocol):
    """Where pieces go."""

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
            return self.channels.read(dataset, window)
        left, top, width, height = (
            int(side) for side in (window.col_off, window.row_off, window.width, window.height)
        )
        inside = self.mask.inside(left, top, (width, height), self.scale)[None]
        if not inside.any():  # nothing here is asked about: that need not be read
            return np.zeros((self.channels.count, height, width), self.channels.dtype), inside
        values, valid = self.channels.read(dataset, window)
        valid = inside if valid is None else valid & inside
        if self.tally is not None:
            self.tally.asked_px += int(np.count_nonzero(inside))
            self.tally.valid_px += int(np.count_nonzero(valid.any(axis=0)))
        return values, valid


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
    if part.box.area * _pixel_bytes(dataset, part.channels) <= _QUICK_BYTES and len(pieces) == 1:
        sink.add(int(pieces[0].col_off), int(pieces[0].row_off), *part.read(dataset, pieces[0]))
        told(1.0)
        return
    reader = _Reader(part)
    threads = ThreadPoolExecutor(1, "zoomearth-reading")
    try:
        ahead = threads.submit(reader.read, pieces[0])
        for done, piece in enumerate(pieces, start=1):
            values, valid = _wait_for(ahead, cancel)
            if done < len(pieces):
                ahead = threads.submit(reader.read, pieces[done])
            sink.add(int(piece.col_off), int(piece.row_off), values, valid)
            told(done / len(pieces))
    finally:
        threads.submit(reader.close)
        threads.shutdown(wait=not cancel.is_cancelled)


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
