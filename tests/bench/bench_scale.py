"""Whether a question's memory and time depend on what is looked at, and not on the raster's size.

    python tests/bench/bench_scale.py

A question is an overview and two windows of 2,048² pixels, in a fresh process that has no picture kept.
Bars: 200 MB above what the process had before it opened the file; a 100,000² COG takes 1.5 times the time
of one of 10,000², each asked in turns. The pixels looked at in both are there; all others are not.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.enums import Resampling
from rasterio.windows import Window

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "raster"))
from raster_files import NORTH_UP
from scale_files import Asked, ask_elsewhere, write_one_block, write_rows, write_sparse

ROUNDS = 7
MOST_MB = 200.0
MOST_TIMES = 1.5
_TILED = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate"}
_SEEN_PX = 3_072
"""Side of what is there where a window is looked at."""
_LEVEL_PX = 4_096
"""Overviews no larger than this are there."""


def write_world(path: Path) -> Path:
    return write_rows(path, 36_000, 18_000, count=3, noise=8, zlevel=1, **_TILED)


RASTERS: dict[str, Callable[[Path], Path]] = {
    "100,000² × 1 byte, sparse, no overviews": lambda path: write_sparse(
        path, 100_000, "uint8", {(48, 48): 200, (98, 98): 80, (195, 195): 7}
    ),
    "66,000² × 32 bits, sparse with nodata, no overviews": lambda path: write_sparse(
        path, 66_000, "int32", {(32, 32): 5_000_000, (64, 64): -300, (128, 128): 8}, nodata=-(2**31)
    ),
    "36,000 × 18,000 × 3 bytes, no overviews": write_world,
    "32,769 × 16,385 × 1 byte, one block of JPEG 2000": lambda path: write_one_block(
        path.with_suffix(".jp2"), 32_769, 16_385, noise=60
    ),
}


def write_cog(path: Path, side_px: int) -> Path:
    """A COG of three bands, which are noise where a question looks and not there elsewhere."""
    draft = path.with_suffix(".draft.tif")
    random = np.random.default_rng(1)
    factors = [2**power for power in range(1, 12) if side_px / 2**power > 256]
    size = {"width": side_px, "height": side_px, "count": 3, "dtype": "uint8", "interleave": "pixel"}
    place = {"driver": "GTiff", "crs": "EPSG:32633", "transform": NORTH_UP}
    options = {"GDAL_NUM_THREADS": "ALL_CPUS", "SPARSE_OK_OVERVIEW": "YES", "COMPRESS_OVERVIEW": "DEFLATE"}
    with rasterio.Env(**options):
        with rasterio.open(
            draft, "w", sparse_ok=True, bigtiff="yes", zlevel=1, **_TILED, **size, **place
        ) as file:
            for start in (side_px // 4 // 512 * 512, side_px // 2 // 512 * 512):
                pixels = random.integers(0, 256, (3, _SEEN_PX, _SEEN_PX), dtype=np.uint8)
                file.write(pixels, window=Window(start, start, _SEEN_PX, _SEEN_PX))
        with rasterio.open(draft, "r+") as file:
            file.build_overviews(factors, Resampling.nearest)
        for level, factor in enumerate(factors):
            if side_px / factor > _LEVEL_PX:
                continue
            with rasterio.open(draft, "r+", overview_level=level) as file:
                file.write(random.integers(0, 256, (3, *file.shape), dtype=np.uint8))
        told = {"sparse_ok": "YES", "overviews": "FORCE_USE_EXISTING", "compress": "DEFLATE", "level": "1"}
        rasterio.shutil.copy(draft, path, driver="COG", bigtiff="YES", **told)
    draft.unlink()
    return path


def ask(path: Path, folder: Path) -> Asked:
    """A question that finds no picture from before."""
    os.environ["ZOOMEARTH_CACHE"] = tempfile.mkdtemp(dir=folder)
    return ask_elsewhere(path)


def peak(name: str, write: Callable[[Path], Path], folder: Path) -> str:
    """One line of figures; fails where a bar is missed."""
    path = write(folder / "raster.tif")
    asked = [ask(path, folder) for _ in range(3)]
    megabytes, seconds = max(one.megabytes for one in asked), statistics.median(one.seconds for one in asked)
    line = (
        f"question, {name} ({path.stat().st_size / 1e6:.0f} MB): peak {megabytes:.0f} MB above the start "
        f"(at most {MOST_MB:.0f}), {seconds:.1f} s"
    )
    if megabytes > MOST_MB:
        raise SystemExit(f"{line}\na bar is missed")
    return line


def compare_cogs(folder: Path) -> str:
    """One line of figures; fails where a bar is missed."""
    small, large = write_cog(folder / "small.tif", 10_000), write_cog(folder / "large.tif", 100_000)
    ask(small, folder), ask(large, folder)  # the files' pages are warm from here on
    asked = [(ask(small, folder), ask(large, folder)) for _ in range(ROUNDS)]
    ratio = statistics.median(other.seconds / one.seconds for one, other in asked)
    seconds = statistics.median(other.seconds for _, other in asked)
    megabytes = max(other.megabytes for _, other in asked)
    line = (
        f"question, COG of 100,000² × 3 bytes: {ratio:.2f} x the time of one of 10,000² (at most "
        f"{MOST_TIMES}), {seconds:.2f} s; peak {megabytes:.0f} MB above the start"
    )
    if ratio > MOST_TIMES or megabytes > MOST_MB:
        raise SystemExit(f"{line}\na bar is missed")
    return line


def main() -> None:
    for name, write in RASTERS.items():
        with tempfile.TemporaryDirectory() as folder:
            print(peak(name, write, Path(folder)), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        print(compare_cogs(Path(folder)), flush=True)


if __name__ == "__main__":
    main()
