"""Values become colours by a table: a palette, classes, intervals or a ramp."""

from __future__ import annotations

import hashlib
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..core.look import Between, ColourTable, Entry

_SMALL_INTEGERS = ("u1", "i1", "u2", "i2")
"""Types whose values are few enough to work out the colour of each once."""
_AT_ONCE = 1 << 16


class ColourMap:
    """A table, ready for use.

    Args:
        table: Of one band.
    """

    def __init__(self, table: ColourTable) -> None:
        self._table = table
        rows = np.array(table.entries, np.float64)
        self._values = rows[:, 0]
        self._colours = rows[:, 1:].astype(np.uint8)
        self._known: dict[np.dtype[np.generic], NDArray[np.uint8]] = {}

    @cached_property
    def mark(self) -> str:
        """Tells tables apart."""
        return hashlib.sha256(repr(self._table).encode()).hexdigest()

    def colours(self, values: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Colours of values.

        Args:
            values: Of any shape.

        Returns:
            That shape and red, green, blue, alpha; alpha 0 where a value shows nothing.
        """
        if values.dtype.kind + str(values.dtype.itemsize) in _SMALL_INTEGERS:
            return self._prepared(values.dtype)[values.astype(np.int64) - np.iinfo(values.dtype.name).min]
        flat = values.reshape(-1)
        colours = np.empty((flat.size, 4), np.uint8)
        for start in range(0, flat.size, _AT_ONCE):
            colours[start : start + _AT_ONCE] = self._worked_out(flat[start : start + _AT_ONCE])
        return colours.reshape(*values.shape, 4)

    def _prepared(self, dtype: np.dtype[np.generic]) -> NDArray[np.uint8]:
        """(values, 4): of all values of a type, from the lowest on."""
        if dtype not in self._known:
            limits = np.iinfo(dtype.name)
            self._known[dtype] = self._worked_out(np.arange(limits.min, limits.max + 1))
        return self._known[dtype]

    def _worked_out(self, values: NDArray[np.generic]) -> NDArray[np.uint8]:
        """(values, 4)."""
        wide = values.astype(np.float64)
        if self._table.between is Between.BLEND:
            return self._blended(wide)
        last = len(self._values) - 1
        index = np.searchsorted(self._values, wide)  # of the first entry that is no less
        is_shown = (index <= last) & ~np.isnan(wide)
        index = np.minimum(index, last)
        if self._table.between is Between.NOTHING:
            is_shown &= self._values[index] == wide
        return self._colours[index] * is_shown[:, None]

    def _blended(self, wide: NDArray[np.float64]) -> NDArray[np.uint8]:
        first, last = self._values[0], self._values[-1]
        is_shown = ~np.isnan(wide)
        if self._table.hides_beyond:
            is_shown &= (wide >= first) & (wide <= last)
        if len(self._values) == 1:
            return self._colours[np.zeros(len(wide), np.intp)] * is_shown[:, None]
        above = np.clip(np.searchsorted(self._values, wide), 1, len(self._values) - 1)
        low, step = self._values[above - 1], np.diff(self._values)[above - 1]
        share = np.divide(wide - low, step, out=np.ones_like(wide), where=step > 0)
        share = np.clip(np.nan_to_num(share), 0, 1)[:, None]
        from_colour = self._colours[above - 1].astype(np.int16)
        way = self._colours[above] - from_colour
        # Whole steps from the colour below, as QGIS takes them.
        colours = (from_colour + np.trunc(share * way)).astype(np.uint8)
        return np.where(is_shown[:, None], colours, np.uint8(0))


def map_of_palette(entries: dict[int, tuple[int, int, int, int]]) -> ColourMap:
    """A file's own palette; an index that stands not in it shows nothing."""
    rows: list[Entry] = [(float(index), *colour) for index, colour in sorted(entries.items())]
    return ColourMap(ColourTable(tuple(rows), Between.NOTHING))
