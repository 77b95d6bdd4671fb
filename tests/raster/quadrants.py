"""A picture of four known colours, by which one sees what was read, and from where."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio.shutil
from numpy.typing import NDArray
from raster_files import overview
from zoomearth.core.frames import PixelBox
from zoomearth.raster.raster import Raster

COLOURS = ((200, 40, 40), (40, 180, 60), (50, 70, 220), (230, 220, 90))
"""Red, green and blue of the quarters north-west, north-east, south-west, south-east."""
SIDE_PX = 128
INNER = PixelBox(32, 32, 96, 96)
"""A quarter of each colour."""
EMPTY = PixelBox(0, 0, 32, 32)
"""The corner that holds no data, where a file has one."""


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


def copied(path: Path, driver: str, out: Path, **options: Any) -> Path:
    """A file in another format."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rasterio.shutil.copy(path, out, driver=driver, **options)
    return out


def shows_quadrants(raster: Raster, most_off: int = 0, margin_px: int = 0) -> bool:
    """Whether the whole, half as large, and the middle as it is, are as they were made."""
    whole, inner = overview(raster, SIDE_PX // 2).pixels, raster.read(INNER, SIDE_PX).pixels
    return max(deviation(whole, margin_px), deviation(inner, margin_px)) <= most_off
