"""Rasters for the loop's tests, small enough to write in a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import from_origin

WIDTH_PX, HEIGHT_PX, GSD_M = 3000, 2000, 0.5
WEST, NORTH = 500_000.0, 5_300_000.0


def write_raster(path: Path, bands: NDArray[np.uint8], crs: str | None) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=bands.shape[2],
        height=bands.shape[1],
        count=bands.shape[0],
        dtype=bands.dtype,
        crs=CRS.from_string(crs) if crs else None,
        transform=from_origin(WEST, NORTH, GSD_M, GSD_M),
        photometric="RGB",
    ) as file:
        file.write(bands)
    return path
