"""Makes rasters of gigapixels in a moment, and asks about them in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from raster_files import NORTH_UP
from rasterio.windows import Window

ASK = """
import json, sys, time
from pathlib import Path
from zoomearth.core.frames import PixelBox
from zoomearth.core.progress import CancelToken
from zoomearth.core.types import RasterRequest
from zoomearth.raster.reading import open_raster

def memory_mb(field):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024

path, side_px = sys.argv[1], int(sys.argv[2])
reports = []
before_mb = memory_mb("VmRSS")
start = time.perf_counter()
with open_raster(RasterRequest(path)) as raster:
    picture = raster.overview(raster.resolve(None), side_px, report=reports.append, cancel=CancelToken())
    for share in (0.25, 0.5):
        left, top = int(raster.grid.width * share), int(raster.grid.height * share)
        raster.read(PixelBox(left, top, left + 2048, top + 2048), 1024)
found = {
    "seconds": time.perf_counter() - start,
    "megabytes": memory_mb("VmHWM") - before_mb,
    "fractions": [report.fraction for report in reports],
    "total": int(picture.pixels.sum()),
}
print(json.dumps(found))
"""
"""The peak is Linux's VmHWM: what getrusage tells begins with the peak of the process that started this."""


@dataclass(frozen=True)
class Asked:
    """What a question in another process found.

    Args:
        seconds: From opening to closing.
        megabytes: At its peak, beyond what it had before it opened the file.
        fractions: What it was told about the overview's progress.
        total: Sum of the overview's pixels.
    """

    seconds: float
    megabytes: float
    fractions: list[float]
    total: int


def ask_elsewhere(path: Path, side_px: int = 1024) -> Asked:
    """An overview and two windows of a file, with the cache that the environment names."""
    command = [sys.executable, "-c", ASK, str(path), str(side_px)]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    return Asked(**json.loads(said.stdout))


def write_sparse(
    path: Path, side_px: int, dtype: str, blocks: dict[tuple[int, int], float], **profile: Any
) -> Path:
    """A square file of one band that holds a few blocks of 512² pixels: one value each, by (column, row)."""
    told = {"driver": "GTiff", "crs": "EPSG:32633", "transform": NORTH_UP, "compress": "deflate"}
    layout = {"tiled": True, "blockxsize": 512, "blockysize": 512, "sparse_ok": True, "bigtiff": "yes"}
    size = {"width": side_px, "height": side_px, "count": 1, "dtype": dtype}
    with rasterio.open(path, "w", **told, **layout, **size, **profile) as file:
        for (column, row), value in blocks.items():
            left, top = column * 512, row * 512
            width, height = min(512, side_px - left), min(512, side_px - top)
            file.write(np.full((1, height, width), value, dtype), window=Window(left, top, width, height))
    return path


def write_rows(
    path: Path, width: int, height: int, *, count: int = 1, noise: int = 0, **profile: Any
) -> Path:
    """A file of bytes, each a hundredth of its column, or half that and less than ``noise`` more."""
    told = {"driver": "GTiff", "crs": "EPSG:32633", "transform": NORTH_UP, "dtype": "uint8"}
    row = (np.arange(width) // 100 % 250).astype(np.uint8)
    pixels = np.broadcast_to(row, (count, 512, width))
    if noise:
        pixels = pixels // 2 + np.random.default_rng(1).integers(0, noise, pixels.shape, np.uint8)
    with (
        rasterio.Env(GDAL_NUM_THREADS="ALL_CPUS"),
        rasterio.open(path, "w", width=width, height=height, count=count, **told, **profile) as file,
    ):
        for top in range(0, height, 512):
            rows = min(512, height - top)
            file.write(pixels[:, :rows], window=Window(0, top, width, rows))
    return path


def write_one_block(path: Path, width: int, height: int, noise: int = 0) -> Path:
    """A JPEG 2000 of one block, at most a twentieth of its pixels' size; takes eight bytes a pixel."""
    source = write_rows(path.with_suffix(".tif"), width, height, noise=noise)
    told = {"blockxsize": width, "blockysize": height, "quality": 5, "reversible": "NO"}
    rasterio.shutil.copy(source, path, driver="JP2OpenJPEG", **told)
    source.unlink()
    return path
