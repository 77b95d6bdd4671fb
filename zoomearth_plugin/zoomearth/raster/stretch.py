"""How pixel values become brightness: one range a band, the same for every view of a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from ..core.progress import CancelToken
from ..core.types import Stretch
from .channels import Channels

PERCENTILES = (2.0, 98.0)
_SAMPLE_SIDE_PX = 1024
"""A raster, or an overview of it, no larger than this is its own sample."""
_GRIDS = ((8, 64), (32, 32))
"""Sample windows each way, and their side in pixels: the second where the first meet too little data."""
_ENOUGH_VALUES = 2_000


@dataclass(frozen=True)
class ValueRange:
    """What becomes black and what becomes full brightness, by band.

    Args:
        low: Values shown as 0.
        high: Values shown as 255.
        tones: What becomes of each brightness 0 to 255 in the end; empty for no change.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    tones: tuple[int, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether values 0 to 255 are shown as they are."""
        return set(self.low) == {0.0} and set(self.high) == {255.0}

    def to_bytes(self, values: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Values (bands, rows, columns) as 0 to 255, rounded; a copy.

        A band of one value is shown as middle grey.
        """
        shown = self._stretched(values)
        return np.asarray(self.tones, np.uint8)[shown] if self.tones else shown

    def _stretched(self, values: NDArray[np.generic]) -> NDArray[np.uint8]:
        if self.is_plain and values.dtype == np.uint8:
            return values.astype(np.uint8)
        shown = np.empty(values.shape, np.uint8)
        for band, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            if high <= low:
                shown[band] = 127
                continue
            precision = np.float32 if np.can_cast(values.dtype, np.float32) else np.float64
            scaled = (values[band].astype(precision) - low) * (255.0 / (high - low))
            shown[band] = np.rint(np.clip(np.nan_to_num(scaled), 0, 255))
        return shown


def plain_range(bands: int) -> ValueRange:
    """The range that leaves 0 to 255 as they are and cuts off what lies beyond."""
    return ValueRange((0.0,) * bands, (255.0,) * bands)


def range_of(samples: Sequence[NDArray[np.generic]], stretch: Stretch) -> ValueRange:
    """The range of sampled values.

    Args:
        samples: Valid values, one array a band; an empty one gives 0 to 255.
        stretch: Percentile for :data:`PERCENTILES`, minmax for the whole spread.
    """
    lows, highs = [], []
    for values in samples:
        low, high = 0.0, 255.0
        if values.size:
            wide = values.astype(np.float64)
            low, high = (float(value) for value in np.percentile(wide, PERCENTILES))
            if stretch is Stretch.MINMAX or high <= low:  # nearly all is one value: show what differs
                low, high = float(wide.min()), float(wide.max())
        lows.append(low)
        highs.append(high)
    return ValueRange(tuple(lows), tuple(highs))


def sample(dataset: Any, channels: Channels, cancel: CancelToken) -> list[NDArray[np.generic]]:
    """Valid values spread over a raster, without reading all of it.

    Args:
        dataset: Open; the file, or an overview level of about the sample's size.
        channels: What to read of it.
        cancel: Looked at between reads.

    Returns:
        One array a band; empty where no data was met.
    """
    found: list[NDArray[np.generic]] = []
    for windows in _sample_windows(dataset.width, dataset.height):
        parts: list[list[NDArray[np.generic]]] = [[] for _ in range(channels.count)]
        for window in windows:
            cancel.check()
            values, valid = channels.read(dataset, window)
            for band, part in enumerate(parts):
                plane = values[band]
                part.append(plane.ravel() if valid is None else plane[valid[min(band, len(valid) - 1)]])
        found = [np.concatenate(part) for part in parts]
        if min(values.size for values in found) >= _ENOUGH_VALUES:
            break
    return found


def sample_level(overviews: Sequence[int], width: int, height: int) -> int | None:
    """The index of the coarsest overview that is still a fair sample; None for the file itself.

    Args:
        overviews: Decimation factors, finest first.
        width: Columns of the file.
        height: Its rows.
    """
    fair = [
        index for index, factor in enumerate(overviews) if max(width, height) / factor >= _SAMPLE_SIDE_PX / 2
    ]
    return max(fair, key=lambda index: overviews[index], default=None)


def _sample_windows(width: int, height: int) -> Iterator[list[Window]]:
    """Sets of windows, each denser than the one before."""
    if max(width, height) <= _SAMPLE_SIDE_PX:
        yield [Window(0, 0, width, height)]
        return
    for count, side in _GRIDS:
        columns, rows = _spread(width, count, side), _spread(height, count, side)
        yield [Window(x, y, w, h) for y, h in rows for x, w in columns]


def _spread(length: int, count: int, side: int) -> list[tuple[int, int]]:
    """``count`` stretches of ``side``, first and last at the ends; the whole where it is no longer."""
    if length <= count * side:
        return [(0, length)]
    return [(round(start), side) for start in np.linspace(0, length - side, count)]
