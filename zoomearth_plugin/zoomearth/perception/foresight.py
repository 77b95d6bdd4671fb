"""The next window is read while the model still writes: its box comes before its label and its last word."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet

from ..core.frames import PixelBox
from ..core.progress import CancelToken
from ..raster.mask import AreaMask
from ..raster.picture import Picture
from ..raster.raster import Raster
from ..raster.reading_threads import keep, reading_thread

_log = logging.getLogger(__name__)
_CANCEL_POLL_S = 0.02


class Foresight:
    """Reads a window of a raster ahead of time; the raster is read by one thread at a time all the same.

    Args:
        raster: Open; nobody else reads it between :meth:`expect` and :meth:`read`.
        side_px: Longer side of the pictures.
        mask: What of the raster was asked about; None for all.
    """

    def __init__(self, raster: Raster, side_px: int, mask: AreaMask | None) -> None:
        self._raster = raster
        self._side_px = side_px
        self._mask = mask
        self._thread: ThreadPoolExecutor | None = None
        self._window: PixelBox | None = None
        self._reading: Future[Picture] | None = None
        self._stop = CancelToken()

    def expect(self, window: PixelBox) -> None:
        """Begin to read a window that will be wanted next, most likely; an earlier one is dropped."""
        if window == self._window:
            return
        self._drop()
        self._window, self._stop = window, CancelToken()
        self._thread = self._thread or reading_thread()
        self._reading = self._thread.submit(self._read, window, self._stop)

    def read(self, window: PixelBox, cancel: CancelToken) -> Picture:
        """The window's picture: the one that was expected, or read now.

        Raises:
            RasterUnreadableError, Cancelled: See :meth:`.Raster.read`.
        """
        expected = self._reading if window == self._window else None
        if expected is None:
            self._drop()
            return self._read(window, cancel)
        self._window = None  # still being read, and waited for by whoever closes this
        while True:
            if cancel.is_cancelled:
                self._stop.cancel()
            cancel.check()
            try:
                return expected.result(timeout=_CANCEL_POLL_S)
            except NotYet:
                if expected.done():  # it was the reading's own
                    raise
            finally:
                if expected.done():
                    self._reading = None

    def close(self) -> None:
        """Read nothing any more; returns when nobody reads."""
        self._drop()
        if self._thread is not None:
            keep(self._thread)
            self._thread = None

    def _drop(self) -> None:
        """Until nobody reads."""
        self._stop.cancel()
        if self._reading is not None and (failure := self._reading.exception()) is not None:
            _log.debug("a window that nobody wanted: %s", failure)
        self._window = self._reading = None

    def _read(self, window: PixelBox, cancel: CancelToken) -> Picture:
        return self._raster.read(window, self._side_px, mask=self._mask, cancel=cancel)
