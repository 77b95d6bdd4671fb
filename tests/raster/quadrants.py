"""A picture of four known colours, by which one sees what was read, and from where."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

COLOURS = ((200, 40, 40), (40, 180, 60), (50, 70, 220), (230, 220, 90))
"""Red, green and blue of the quarters north-west, north-east, south-west, south-east."""


def quadrants(side_px: int) -> NDArray[np.uint8]:
    """(3, side, side), an even side."""
    half = side_px // 2
    north_west, north_east, south_west, south_east = np.array(COLOURS, np.uint8)[:, :, None, None] * np.ones(
        (1, 1, half, half), np.uint8
    )
    north = np.concatenate([north_west, north_east], axis=2)
    south = np.concatenate([south_west, south_east], axis=2)
    whole: NDArray[np.uint8] = np.concatenate([north, south], axis=1)
    return whole


def deviation(pixels: NDArray[Any], margin_px: int = 0) -> int:
    """By how much a picture (rows, columns, 3) of all four quarters is off at most.

    Args:
        pixels: An even number of rows, and as many columns.
        margin_px: So many pixels on both sides of the quarters' edges are left out.
    """
    side_px = len(pixels)
    off = np.abs(pixels.astype(int) - np.moveaxis(quadrants(side_px), 0, 2))
    seen = np.abs(np.arange(side_px) + 0.5 - side_px / 2) > margin_px
    return int(off[seen][:, seen].max())
