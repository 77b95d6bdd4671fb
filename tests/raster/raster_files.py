"""Writes the small rasters that tests read."""

from __future__ import annotations

import json
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from zoomearth.core.frames import PixelBox
from zoomearth.core.placing import PLAIN, Placing
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.core.types import RasterRequest, Stretch
from zoomearth.raster.picture import Picture
from zoomearth.raster.raster import Raster
from zoomearth.raster.reading import open_raster

NORTH_UP = Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000)
"""Half-metre pixels; upper-left corner at (500,000, 5,300,000)."""


def write(path: Path, bands: NDArray[Any], **profile: Any) -> Path:
    """A GeoTIFF of (bands, rows, columns), in UTM 33N and north up unless told otherwise."""
    told = {"driver": "GTiff", "crs": "EPSG:32633", "transform": NORTH_UP, **profile}
    overviews = told.pop("overviews", None)
    colormap = told.pop("colormap", None)
    count, height, width = bands.shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # some are meant to have no place
        file = rasterio.open(
            path, "w", width=width, height=height, count=count, dtype=bands.dtype.name, **told
        )
    with file:
        file.write(bands)
        if colormap:
            file.write_colormap(1, colormap)
        if overviews:
            file.build_overviews(overviews, rasterio.enums.Resampling.average)
    return path


def open_file(
    path: Path | str, bands: tuple[int, ...] = (), stretch: Stretch | None = None, placing: Placing = PLAIN
) -> Raster:
    return open_raster(RasterRequest(str(path), bands, stretch, placing))


def overview(raster: Raster, side_px: int, window: PixelBox | None = None) -> Picture:
    return raster.overview(
        window or raster.resolve(None), side_px, report=ignore_progress, cancel=CancelToken()
    )


def block_means(pixels: NDArray[Any], factor: int) -> NDArray[np.float64]:
    """Means of (rows, columns) over squares of ``factor`` pixels, the plain way."""
    rows, columns = pixels.shape
    squares = pixels.astype(np.float64).reshape(rows // factor, factor, columns // factor, factor)
    means: NDArray[np.float64] = squares.mean(axis=(1, 3))
    return means


def has_command(name: str) -> bool:
    return shutil.which(name) is not None


def gdal_positions(path: Path, positions: list[tuple[float, float]], *options: str) -> list[list[float]]:
    """Where GDAL's own command puts (column, row) positions on the map."""
    said = subprocess.run(
        ["gdaltransform", "-output_xy", *options, str(path)],
        input="\n".join(f"{column} {row}" for column, row in positions),
        capture_output=True,
        text=True,
        check=True,
    )
    return [[float(number) for number in line.split()] for line in said.stdout.splitlines()]


def gdal_average(path: Path, size: tuple[int, int], out: Path) -> NDArray[Any]:
    """What ``gdal_translate -r average`` makes of a file; (bands, rows, columns)."""
    command = ["gdal_translate", "-q", "-r", "average", "-outsize", *map(str, size), str(path), str(out)]
    subprocess.run(command, check=True)
    with rasterio.open(out) as file:
        bands: NDArray[Any] = file.read()
    return bands


def gdal_corners(path: Path) -> dict[str, list[float]]:
    """The corners that ``gdalinfo`` prints, by name."""
    said = subprocess.run(["gdalinfo", "-json", str(path)], capture_output=True, text=True, check=True)
    corners: dict[str, list[float]] = json.loads(said.stdout)["cornerCoordinates"]
    return corners
