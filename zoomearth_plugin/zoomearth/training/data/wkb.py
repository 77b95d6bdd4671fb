"""Geometry as well-known binary: its rings of positions, and whether it covers an area.

Source: OGC 06-103r4, Simple Feature Access 1.2.1, chapter 8; ISO 13249-3 for the numbers of Z and M.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_POINT, _LINE, _POLYGON = 1, 2, 3
_COLLECTIONS = (4, 5, 6, 7)
_EWKB_Z, _EWKB_M, _EWKB_SRID = 0x80000000, 0x40000000, 0x20000000
Positions = NDArray[np.float64]
"""(positions, 2): x, y."""


@dataclass(frozen=True)
class Shape:
    """A geometry.

    Args:
        rings: Runs of positions: a point's, a line's, a polygon's rings.
        has_area: Whether a polygon is among them.
    """

    rings: tuple[Positions, ...]
    has_area: bool


def read_shape(wkb: bytes) -> Shape | None:
    """The geometry; None where it is empty.

    Raises:
        ValueError: No such geometry: damaged, or with curves.
    """
    reader = _Reader(wkb)
    try:
        reader.geometry()
    except struct.error as error:
        raise ValueError("the geometry is cut short") from error
    rings = tuple(ring for ring in reader.rings if len(ring))
    if not all(np.isfinite(ring).all() for ring in rings):
        raise ValueError("the geometry has a position that is not finite")
    return Shape(rings, reader.has_area) if rings else None


class _Reader:
    def __init__(self, wkb: bytes) -> None:
        self._wkb = wkb
        self._at = 0
        self._order = "<"
        self.rings: list[Positions] = []
        self.has_area = False

    def geometry(self) -> None:
        self._order = "<" if self._take("B") == 1 else ">"
        code = self._take("I")
        dimensions = 2 + bool(code & _EWKB_Z) + bool(code & _EWKB_M)
        if code & _EWKB_SRID:
            self._take("I")
        code &= 0x1FFFFFFF
        dimensions += {0: 0, 1: 1, 2: 1, 3: 2}.get(code // 1000, 0)
        kind = code % 1000
        if kind == _POINT:
            point = self._positions(1, dimensions)
            if not np.isnan(point).all():  # so is an empty point written
                self.rings.append(point)
        elif kind == _LINE:
            self.rings.append(self._positions(self._take("I"), dimensions))
        elif kind == _POLYGON:
            for _ in range(self._take("I")):
                self.rings.append(self._positions(self._take("I"), dimensions))
                self.has_area = True
        elif kind in _COLLECTIONS:
            for _ in range(self._take("I")):
                self.geometry()
        else:
            raise ValueError(f"geometry of type {kind} is neither points, lines nor polygons")

    def _take(self, form: str) -> int:
        found = struct.unpack_from(self._order + form, self._wkb, self._at)
        self._at += struct.calcsize(self._order + form)
        return int(found[0])

    def _positions(self, count: int, dimensions: int) -> Positions:
        size = 8 * dimensions * count
        if self._at + size > len(self._wkb):
            raise ValueError("the geometry is cut short")
        flat = np.frombuffer(self._wkb, self._order + "f8", dimensions * count, self._at)
        self._at += size
        return flat.reshape(count, dimensions)[:, :2].astype(np.float64)
