"""Area averages: every view pixel is the mean of the raster pixels under it, by the area they share.

Pixels come in pieces, in any order; nodata takes no part. Rows are summed first, which leaves little
of a piece; its columns are then summed by a product with a matrix that holds how much of each column
lies in each column of the view. That matrix is banded, so it is applied a few view columns at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..core.frames import PixelBox

Floats = NDArray[np.floating]
_GROUP = 16
"""View columns a product: with more, zeros are multiplied; with fewer, calls cost more."""
_AT_ONCE = 1 << 16
"""Values of cut rows: with more, they leave the processor's cache; with fewer, calls cost more."""


class AreaAverage:
    """Means that grow piece by piece.

    Args:
        window: What the view shows, in pixels of the level that pieces come from; may be fractional.
        size: (width, height) of the view.
        bands: How many.
        dtype: Of the values that will come; decides the precision of the sums.
    """

    def __init__(
        self, window: PixelBox, size: tuple[int, int], bands: int, dtype: np.dtype[np.generic]
    ) -> None:
        width, height = size
        self._columns = np.linspace(window.left, window.right, width + 1)
        self._rows = np.linspace(window.top, window.bottom, height + 1)
        self._dtype: type[np.floating] = np.float32 if np.can_cast(dtype, np.float32) else np.float64
        self._sums: Floats = np.zeros((bands, height, width), self._dtype)
        self._shares = np.zeros((bands, height, width), np.float32)

    def add(self, left: int, top: int, values: NDArray[np.generic], valid: NDArray[np.bool_] | None) -> None:
        """Take in a piece.

        Args:
            left: Its first column, pixels of the level.
            top: Its first row.
            values: (bands, rows, columns); set to 0 where they are not valid. A view of one pixel that
                stands for all takes no longer than that pixel.
            valid: (bands or 1, rows, columns); None where every pixel is.
        """
        is_one_value = _is_one_value(values)
        if valid is not None and not is_one_value:  # a product with zero would keep NaN and infinity
            np.copyto(values, 0, where=~valid)
        rows, columns = values.shape[1:]
        view_rows = _touched(self._rows, top, top + rows)
        view_columns = _touched(self._columns, left, left + columns)
        target = (slice(None), view_rows, view_columns)
        row_edges = self._rows[view_rows.start : view_rows.stop + 1] - top
        column_edges = self._columns[view_columns.start : view_columns.stop + 1] - left
        if valid is None or _is_one_value(valid):
            down = np.diff(np.clip(row_edges, 0, rows))
            across = np.diff(np.clip(column_edges, 0, columns))
            shares = np.outer(down, across).astype(np.float32)[None]
            if valid is not None:
                shares = shares * valid[:, :1, :1]
        else:
            shares = self._reduced(valid.view(np.uint8), row_edges, column_edges)
        self._shares[target] += shares
        if is_one_value:
            self._sums[target] += np.where(shares > 0, values[:, :1, :1], 0) * shares
        else:
            self._sums[target] += self._reduced(values, row_edges, column_edges)

    def _reduced(
        self,
        values: NDArray[np.generic],
        row_edges: NDArray[np.float64],
        column_edges: NDArray[np.float64],
    ) -> Floats:
        """Sums over the view's cells, (bands, view rows, view columns)."""
        by_rows = _row_sums(values, row_edges, self._dtype)
        reduced: Floats = np.zeros((*by_rows.shape[:2], len(column_edges) - 1), self._dtype)
        for cells, pixels, shares in _column_shares(column_edges, values.shape[2], self._dtype):
            reduced[:, :, cells] = by_rows[:, :, pixels] @ shares.T
        return reduced

    def result(self) -> tuple[Floats, NDArray[np.float32]]:
        """The means so far.

        Returns:
            Both (bands, rows, columns): means, 0 where nothing valid is; and the share of each view
            pixel that is valid, 0 to 1.
        """
        cell = np.outer(np.diff(self._rows), np.diff(self._columns))
        shares = self._shares / cell.astype(np.float32)
        is_seen = shares > 1e-5  # less is a rounding error of neighbours' shares
        if is_seen.all():  # as below, in half the time
            return self._sums / self._shares, np.minimum(shares, 1, out=shares)
        means = np.divide(self._sums, self._shares, out=np.zeros_like(self._sums), where=is_seen)
        return means, np.where(is_seen, np.minimum(shares, 1), 0).astype(np.float32)


def _is_one_value(pixels: NDArray[np.generic]) -> bool:
    """Whether all pixels of a band lie in the same place in memory."""
    return all(
        side == 1 or stride == 0 for side, stride in zip(pixels.shape[1:], pixels.strides[1:], strict=True)
    )


def _touched(edges: NDArray[np.float64], start: int, stop: int) -> slice:
    """The cells that share something with the pixels from ``start`` to ``stop``."""
    first = int(np.searchsorted(edges, start, side="right")) - 1
    last = int(np.searchsorted(edges, stop, side="left"))
    return slice(max(0, first), max(0, min(last, len(edges) - 1)))


def _row_sums(values: NDArray[np.generic], edges: NDArray[np.float64], dtype: type[np.floating]) -> Floats:
    """Sums of rows between edges, with the parts of rows that the edges cut off.

    Args:
        values: (bands, rows, columns).
        edges: In rows, ascending; may reach beyond the rows.
        dtype: Of the sums.

    Returns:
        (bands, edges - 1, columns).
    """
    bands, rows, columns = values.shape
    sums: Floats = np.zeros((bands, len(edges) - 1, columns), dtype)
    limits = np.clip(edges, 0, rows)
    starts, stops = limits[:-1], limits[1:]
    first, last = np.ceil(starts).astype(int), np.floor(stops).astype(int)
    for cell, (start, stop) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        if start < stop:
            np.add.reduce(values[:, start:stop], axis=1, dtype=dtype, out=sums[:, cell])
    step = max(1, _AT_ONCE // (bands * columns))
    is_within = last < first  # both edges cut the same row
    for cells, row, shares in (
        (is_within, last, stops - starts),
        (~is_within & (starts < first), first - 1, first - starts),
        (~is_within & (last < stops), last, stops - last),
    ):
        (cut,) = cells.nonzero()
        for start in range(0, cut.size, step):
            some = cut[start : start + step]
            sums[:, some] += values[:, row[some]].astype(dtype) * shares[some, None].astype(dtype)
    return sums


def _column_shares(
    edges: NDArray[np.float64], count: int, dtype: type[np.floating]
) -> Iterator[tuple[slice, slice, Floats]]:
    """A few cells at a time: which, the columns under them, and (cells, columns) how much they share.

    Args:
        edges: Of the cells, in columns; cells may reach beyond the columns.
        count: How many columns there are.
        dtype: Of the shares.
    """
    for start in range(0, len(edges) - 1, _GROUP):
        group = edges[start : start + _GROUP + 1]
        first, last = max(0, math.floor(group[0])), min(count, math.ceil(group[-1]))
        if first >= last:
            continue
        pixels = np.arange(first, last)
        ends = np.minimum(group[1:, None], pixels + 1)
        shares = np.maximum(ends - np.maximum(group[:-1, None], pixels), 0).astype(dtype)
        yield slice(start, start + len(group) - 1), slice(first, last), shares
