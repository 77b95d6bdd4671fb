"""Rasters that several threads ask about: each is opened once, and read by one thread at a time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from ..core.errors import ZoomEarthError
from ..core.frames import PixelBox
from ..core.progress import CancelToken, Report
from ..core.types import RasterRequest
from ..raster.mask import AreaMask
from ..raster.picture import Picture
from ..raster.raster import Raster
from ..raster.reading import open_raster
from .jobs import Job


class SharedRasters:
    """Open rasters, by file and how it is shown.

    Args:
        jobs: All that will be asked: a raster is closed after the last of its own.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._left = Counter(job.request for job in jobs)
        self._open: dict[RasterRequest, _Open | ZoomEarthError] = {}
        self._opening: dict[RasterRequest, threading.Lock] = {}
        self._lock = threading.Lock()

    @contextmanager
    def borrowed(self, job: Job) -> Iterator[Raster]:
        """The job's raster; counts the job as done afterwards.

        Raises:
            ZoomEarthError: It cannot be opened; said again to each who asks for it.
        """
        try:
            yield _Borrowed(*self._opened(job.request))
        finally:
            self._give_back(job.request)

    def close(self) -> None:
        """Let go of all that is still open."""
        with self._lock:
            rasters, self._open = list(self._open.values()), {}
        for raster in rasters:
            if isinstance(raster, _Open):
                raster.raster.close()

    def _opened(self, request: RasterRequest) -> _Open:
        with self._lock:
            opening = self._opening.setdefault(request, threading.Lock())
        with opening:
            if request not in self._open:
                try:
                    self._open[request] = _Open(open_raster(request), threading.Lock())
                except ZoomEarthError as error:
                    self._open[request] = error
            found = self._open[request]
        if isinstance(found, ZoomEarthError):
            raise type(found)(found.message, found.hint)
        return found

    def _give_back(self, request: RasterRequest) -> None:
        with self._lock:
            self._left[request] -= 1
            is_last = self._left[request] <= 0
            raster = self._open.pop(request, None) if is_last else None
        if isinstance(raster, _Open):
            raster.raster.close()


class _Open(NamedTuple):
    raster: Raster
    turn: threading.Lock


class _Borrowed(Raster):
    """A raster as one job sees it, read in turn with others.

    Args:
        raster: Open; stays so.
        turn: Held while it is read.
    """

    def __init__(self, raster: Raster, turn: threading.Lock) -> None:
        super().__init__(raster.grid, raster.warnings)
        self._raster = raster
        self._turn = turn
        self._told: tuple[str, ...] = ()

    @property
    def approximations(self) -> tuple[str, ...]:
        """Of what this job was shown."""
        return self._told

    def close(self) -> None:
        """Others may still read it."""

    def overview(
        self,
        window: PixelBox,
        side_px: int,
        *,
        mask: AreaMask | None = None,
        report: Report,
        cancel: CancelToken,
    ) -> Picture:
        """As the base says."""
        with self._turn:
            self._raster.forget_approximations()
            picture = self._raster.overview(window, side_px, mask=mask, report=report, cancel=cancel)
            self._told = self._raster.approximations
            return picture

    def read(
        self,
        window: PixelBox,
        side_px: int,
        *,
        mask: AreaMask | None = None,
        cancel: CancelToken | None = None,
    ) -> Picture:
        """As the base says."""
        with self._turn:
            return self._raster.read(window, side_px, mask=mask, cancel=cancel)
