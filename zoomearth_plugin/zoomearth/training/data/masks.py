"""Bounding boxes of masks and polygons, for data sets that mark their answers by shape."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.windows import Window

from ...core.errors import RasterUnreadableError
from ...core.frames import PixelBox
from ...raster.opening import gdal, open_dataset
from .boxes import Sides
from .faults import shown

_STRIP_PX = 512


def mask_box(path: Path, extent: PixelBox) -> PixelBox | None:
    """What holds the pixels of a mask that are not 0; None where all are.

    Args:
        path: A raster whose first band is the mask; read in strips.
        extent: The image that it belongs to, which it must match in size.

    Raises:
        ValueError: It cannot be read, or is of another size; says why.
    """
    try:
        with gdal(), open_dataset(str(path)) as dataset:
            if (dataset.width, dataset.height) != (extent.right, extent.bottom):
                raise ValueError(
                    f"{path} measures {dataset.width} x {dataset.height} and its image "
                    f"{extent.right:.0f} x {extent.bottom:.0f}"
                )
            strips = [_strip_box(dataset, top) for top in range(0, dataset.height, _STRIP_PX)]
    except RasterUnreadableError as error:
        raise ValueError(f"{path} cannot be read: {error.message}") from error
    marked = [strip for strip in strips if strip is not None]
    if not marked:
        return None
    lefts, tops, rights, bottoms = zip(*marked, strict=True)
    return PixelBox(min(lefts), min(tops), max(rights), max(bottoms))


def _strip_box(dataset: Any, top: int) -> Sides | None:
    height = min(_STRIP_PX, dataset.height - top)
    marked = dataset.read(1, window=Window(0, top, dataset.width, height)) != 0
    columns, rows = np.flatnonzero(marked.any(axis=0)), np.flatnonzero(marked.any(axis=1))
    if not len(columns):
        return None
    return float(columns[0]), float(top + rows[0]), float(columns[-1] + 1), float(top + rows[-1] + 1)


def polygon_sides(value: object) -> Sides:
    """What holds a polygon, or several.

    Args:
        value: Positions, nested as they come: ``[x, y, x, y, …]``, ``[[x, y], …]``, or lists of either.

    Returns:
        Left, top, right, bottom.

    Raises:
        ValueError: No polygon; says why.
    """
    numbers = _flat(value)
    if len(numbers) < 6 or len(numbers) % 2:
        raise ValueError(f"{shown(value)} is no polygon of three or more positions")
    across, down = numbers[0::2], numbers[1::2]
    if max(across) == min(across) or max(down) == min(down):
        raise ValueError(f"{shown(value)} has no area")
    return min(across), min(down), max(across), max(down)


def _flat(value: object) -> list[float]:
    if isinstance(value, (list, tuple)):
        return [number for part in value for number in _flat(part)]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{shown(value)} is no coordinate")
    return [float(value)]
