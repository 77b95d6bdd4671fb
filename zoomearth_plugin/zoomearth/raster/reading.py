"""The door to a raster: its grid, its overview, and windows of its original pixels."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import RasterEmptyError, RasterUnreadableError
from ..core.frames import PixelBox, View
from ..core.progress import CancelToken, Progress, Report, Stage
from ..core.types import RasterRequest, Stretch
from .averaging import AreaAverage
from .cache import Arrays, Cache, fingerprint, key_of
from .channels import Channels, channels_of
from .drawn import AskForDrawing, DrawnRaster
from .grid import RasterGrid, grid_of
from .mask import AreaMask
from .opening import gdal, open_dataset
from .picture import NativePicture, Picture, colours
from .raster import Raster
from .streaming import Part, Sink, Tally, run_pass
from .stretch import ValueRange, plain_range, range_of, sample, sample_level

_log = logging.getLogger(__name__)
_WORTH_A_FILE_PX = 4_000_000
"""A pass over fewer pixels is as quick as a file."""
_FALLBACK_SAMPLE_SIDE_PX = 512
_cache = Cache()


def open_raster(request: RasterRequest, ask: AskForDrawing | None = None) -> Raster:
    """Open a raster; a context manager.

    Args:
        request: What to open.
        ask: Has windows of a layer drawn that is no file; None where nobody draws.

    Raises:
        RasterUnreadableError: It, or the raster of heights, cannot be opened, or it has not the bands
            asked for.
        RasterTypeUnsupportedError: Its values are complex.
    """
    if request.drawn is not None:
        if ask is None:
            raise RasterUnreadableError(f"{request.uri} is no file, and nobody is there who could draw it")
        return DrawnRaster(request.uri, request.drawn, ask)
    with gdal():
        dataset = open_dataset(request.uri)
        try:
            channels = channels_of(dataset, request.bands, request.look)
            grid, warnings = grid_of(dataset, request.placing)
            return FileRaster(request, dataset, channels, grid, warnings)
        except BaseException:
            dataset.close()
            raise


class FileRaster(Raster):
    """A raster that GDAL has open; made by :func:`open_raster`.

    Args:
        request: What was asked for.
        dataset: Open rasterio dataset, closed with this.
        channels: What is shown.
        grid: Its georeferencing.
        warnings: What an answer has to say about it, each ``code: sentence``.
    """

    def __init__(
        self,
        request: RasterRequest,
        dataset: Any,
        channels: Channels,
        grid: RasterGrid,
        warnings: tuple[str, ...],
    ) -> None:
        super().__init__(grid, warnings)
        self._request = request
        self._open: Any = dataset
        self._is_closed = False
        self._channels = channels
        self._identity = _identity(dataset, channels)
        self._range: ValueRange | None = None

    def close(self) -> None:
        """Let go of the file."""
        self._is_closed = True
        self._drop()

    def overview(
        self,
        window: PixelBox,
        side_px: int,
        *,
        mask: AreaMask | None = None,
        report: Report,
        cancel: CancelToken,
    ) -> Picture:
        """As the base says. Of a file without overviews all of the window's pixels are read in one pass.

        What was read is kept for the next question.
        """
        view = self.view(window, side_px)
        level = self._level_for(view, mask)
        self._tell_of_overview(view, level)
        self._value_range(cancel)  # told of, though the picture may be there already
        seen = {"mask": mask.mark} if mask else {}
        key = self._key(what="overview and shares", window=view.window.to_json(), size=view.size, **seen)
        kept = _cache.get(key) if key else None
        if kept is None:

            def told(share: float) -> None:
                report(Progress(Stage.READING_OVERVIEW, share))

            picture = self._picture(view, level, mask, told, cancel)
            shares = [picture.valid_share, np.nan if picture.data_share is None else picture.data_share]
            kept = {"pixels": picture.pixels, "shares": np.array(shares)}
            if key:
                cost_px = view.window.area / (self._overviews[level] ** 2 if level is not None else 1)
                _cache.put(key, kept, on_disk=cost_px > _WORTH_A_FILE_PX)
        valid_share, data_share = kept["shares"].tolist()
        known = None if math.isnan(data_share) else data_share
        picture = Picture(view, kept["pixels"].copy(), valid_share, known)
        if picture.valid_share == 0:
            raise RasterEmptyError(f"{self._request.uri} holds no data in {view.window.to_json()}")
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
        view = self.view(window, side_px)
        return self._picture(view, None, mask, lambda share: None, cancel or CancelToken())

    @property
    def _dataset(self) -> Any:
        """Open; raises RasterUnreadableError where it is closed, or cannot be opened again as it was."""
        if self._open is None:
            if self._is_closed:
                raise RasterUnreadableError(f"{self._request.uri} is closed")
            with gdal():
                self._open = open_dataset(self._request.uri)
        if (self._open.width, self._open.height) != (self.grid.width, self.grid.height):
            raise RasterUnreadableError(f"{self._request.uri} was replaced by another file meanwhile")
        return self._open

    def _drop(self) -> None:
        dataset, self._open = self._open, None
        if dataset is not None:
            with gdal():
                dataset.close()

    def _run(
        self, part: Part, dataset: Any, sink: Sink, told: Callable[[float], None], cancel: CancelToken
    ) -> None:
        """See :func:`run_pass`. Where that fails the file is opened anew for whoever reads next.

        GDAL's threads leave a block that they could not decode with the file that is open, and whoever
        reads it again is given what happened to be there.
        """
        try:
            run_pass(part, dataset, sink, told=told, cancel=cancel)
        except RasterUnreadableError:
            self._drop()
            raise

    @property
    def _overviews(self) -> list[int]:
        """Decimation factors of the overviews that all shown bands have, by index."""
        factors: list[list[int]] = [self._dataset.overviews(band) for band in self._channels.bands]
        return factors[0] if all(own == factors[0] for own in factors) else []

    def _level_for(self, view: View, mask: AreaMask | None = None) -> int | None:
        """The coarsest overview that is no coarser than the view, nor too coarse for what is looked at.

        Returns:
            None for the file itself.
        """
        most = min(view.pixels_per_view_pixel)
        if mask is not None:
            most = min(most, mask.coarsest)
        fine = [index for index, factor in enumerate(self._overviews) if factor <= most]
        return max(fine, key=lambda index: self._overviews[index], default=None)

    def _picture(
        self,
        view: View,
        level: int | None,
        mask: AreaMask | None,
        told: Callable[[float], None],
        cancel: CancelToken,
    ) -> Picture:
        tally = Tally()
        value_range = self._value_range(cancel)
        if view.is_native:
            native = NativePicture(view, value_range)
            part = Part(self._request.uri, None, self._channels, view.window, mask, tally=tally)
            self._run(part, self._dataset, native, told, cancel)
            return Picture(view, native.pixels, native.valid_px / view.window.area, _share(tally))
        values, coverage = self._averages(view, level, mask, told, cancel, tally)
        pixels = colours(values, coverage > 0, value_range)
        return Picture(view, pixels, float(coverage.max(axis=0).mean(dtype=np.float64)), _share(tally))

    def _averages(
        self,
        view: View,
        level: int | None,
        mask: AreaMask | None,
        told: Callable[[float], None],
        cancel: CancelToken,
        tally: Tally | None = None,
    ) -> tuple[NDArray[np.floating], NDArray[np.float32]]:
        """Means and coverage of a view, from a level; see :meth:`AreaAverage.result`."""
        window = view.window
        with ExitStack() as stack:
            dataset = self._dataset
            if level is not None:
                with gdal():
                    dataset = stack.enter_context(open_dataset(self._request.uri, level))
            across, down = dataset.width / self.grid.width, dataset.height / self.grid.height
            scaled = PixelBox(
                window.left * across, window.top * down, window.right * across, window.bottom * down
            )
            average = AreaAverage(scaled, view.size, self._channels.count, self._channels.dtype)
            box = scaled.snapped().intersection(PixelBox(0, 0, dataset.width, dataset.height))
            part = Part(self._request.uri, level, self._channels, box, mask, (1 / across, 1 / down), tally)
            self._run(part, dataset, average, told, cancel)
        return average.result()

    def _value_range(self, cancel: CancelToken) -> ValueRange:
        """What becomes black and white: one range for every view of these bands."""
        look = self._request.look
        found = self._own_range(cancel)
        return replace(found, tones=look.tones) if look else found

    def _own_range(self, cancel: CancelToken) -> ValueRange:
        """The range alone: the look's, else of the file's values."""
        channels, stretch, look = self._channels, self._request.stretch, self._request.look
        if look and len(look.ranges) == len(channels.bands) and channels.palette is None:
            found = ValueRange(*(tuple(side) for side in zip(*look.ranges, strict=True)))
            self._tell_of_range("stretch_layer", found)
            return found
        if stretch is None:
            stretch = Stretch.NONE if channels.is_byte else Stretch.PERCENTILE
        if stretch is Stretch.NONE or channels.palette is not None:
            return plain_range(channels.count)
        if self._range is None:
            key = self._key(what="range")
            kept = _cache.get(key) if key else None
            if kept is None:
                kept = self._sampled_range(stretch, cancel)
                if key:
                    _cache.put(key, kept, on_disk=self.grid.extent.area > _WORTH_A_FILE_PX)
            self._range = ValueRange(tuple(kept["low"].tolist()), tuple(kept["high"].tolist()))
        self._tell_of_range(f"stretch_{stretch.value}", self._range)
        return self._range

    def _tell_of_range(self, code: str, found: ValueRange) -> None:
        if not found.is_plain:
            spans = dict.fromkeys(zip(found.low, found.high, strict=True))
            ranges = ", ".join(f"{low:.4g} to {high:.4g}" for low, high in spans)
            self._approximate(code, ranges=ranges)

    def _tell_of_overview(self, view: View, level: int | None) -> None:
        if level is not None:
            self._approximate("overview_levels", factor=self._overviews[level])
        elif not view.is_native:
            across, down = view.pixels_per_view_pixel
            self._approximate("overview_mean", pixels=f"{across:.3g} × {down:.3g}")

    def _sampled_range(self, stretch: Stretch, cancel: CancelToken) -> Arrays:
        level = sample_level(self._overviews, self.grid.width, self.grid.height)
        with gdal(), open_dataset(self._request.uri, level) as dataset:
            samples = sample(dataset, self._channels, cancel)
        if not all(values.size for values in samples):  # data in a few spots only: look at all of it
            view = self.view(self.grid.extent, _FALLBACK_SAMPLE_SIDE_PX)
            values, coverage = self._averages(view, self._level_for(view), None, lambda share: None, cancel)
            samples = [band[share > 0] for band, share in zip(values, coverage, strict=True)]
        found = range_of(samples, stretch)
        _log.debug("%s is shown from %s to %s", self._request.uri, found.low, found.high)
        return {"low": np.array(found.low), "high": np.array(found.high)}

    def _key(self, **what: Any) -> str | None:
        """A cache key; None for what is no file here, as nobody could tell when that changes."""
        if self._identity is None:
            return None
        stretch = self._request.stretch.value if self._request.stretch else None
        look = self._request.look.to_json() if self._request.look else None
        return key_of({**self._identity, "stretch": stretch, "look": look, **what})


def _share(tally: Tally) -> float | None:
    """How much of what was asked about holds data; None where all of the window was."""
    return tally.valid_px / tally.asked_px if tally.asked_px else None


def _identity(dataset: Any, channels: Channels) -> dict[str, Any] | None:
    """What tells one file's shown pixels from another's; None where there is no file to look at."""
    files = fingerprint(list(dataset.files))
    if files is None:
        return None
    palette = "" if channels.palette is None else channels.palette.mark
    return {
        "name": dataset.name,  # tells subdatasets and layers of one file apart
        "files": files,
        "bands": channels.bands,
        "nodata": [None if value is None else repr(value) for value in channels.nodata],
        "has_mask": channels.has_mask,
        "palette": palette,
    }
