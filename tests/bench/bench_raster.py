"""What an overview costs, against GDAL's own command on the same file, and what a second one costs.

    python tests/bench/bench_raster.py

One line a file. Each figure is a ratio of times taken in turns, so that whatever else runs on the
machine disturbs both sides; the memory is what a fresh process takes beyond what it had before it
opened the file. Bars: 1.2 times ``gdal_translate -r average``, 200 MB, no second pass.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.windows import Window

SIDE_PX = 1024
ROUNDS = 3
MOST_TIMES = 1.2
MOST_MB = 200.0
_TILED = {"tiled": True, "blockxsize": 512, "blockysize": 512}


@dataclass(frozen=True)
class Case:
    """A file to read.

    Args:
        name: For the line of figures.
        side_px: Columns, and rows.
        dtype: Of its three bands.
        profile: How it is laid out.
    """

    name: str
    side_px: int
    dtype: str
    profile: dict[str, Any]


CASES = (
    Case("20,000² × 3 bytes, tiles, deflate", 20_000, "uint8", {**_TILED, "interleave": "pixel"}),
    Case("20,000² × 3 bytes, tiles by band, deflate", 20_000, "uint8", {**_TILED, "interleave": "band"}),
    Case("10,000² × 3 16-bit with nodata, strips, deflate", 10_000, "uint16", {"nodata": 0}),
)


def write(path: Path, case: Case) -> None:
    """A raster of soft slopes and a little noise, without overviews."""
    random = np.random.default_rng(5)
    noise = random.integers(0, 12, (3, 512, case.side_px), dtype=np.uint16)
    slope = np.arange(case.side_px, dtype=np.uint16) // 40
    scale = 1 if case.dtype == "uint8" else 16
    with (
        rasterio.Env(GDAL_NUM_THREADS="ALL_CPUS"),
        rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=case.side_px,
            height=case.side_px,
            count=3,
            dtype=case.dtype,
            crs="EPSG:32633",
            transform=rasterio.Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000),
            compress="deflate",
            zlevel=1,
            **case.profile,
        ) as file,
    ):
        for top in range(0, case.side_px, 512):
            rows = min(512, case.side_px - top)
            pixels = (slope + top // 30 + noise[:, :rows]) % 256 * scale
            file.write(pixels.astype(case.dtype), window=Window(0, top, case.side_px, rows))


def translate_s(path: Path, out: Path) -> float:
    """Seconds that GDAL's command takes for the same overview."""
    size = [str(SIDE_PX)] * 2
    command = ["gdal_translate", "-q", "-r", "average", "-outsize", *size, str(path), str(out)]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - start


def ask(path: Path, cache: Path) -> dict[str, float]:
    """An overview in a fresh process, with and without a cache from before; see :func:`read`."""
    command = [sys.executable, __file__, str(path)]
    environment = {**os.environ, "ZOOMEARTH_CACHE": str(cache)}
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    figures: dict[str, float] = json.loads(said.stdout)
    return figures


def read(path: str) -> dict[str, float]:
    """One overview: seconds from opening to closing, reports of a pass, and megabytes at the peak."""
    from zoomearth.core.progress import CancelToken
    from zoomearth.core.types import RasterRequest
    from zoomearth.raster.reading import open_raster

    reports: list[object] = []
    before_mb = _memory_mb("VmRSS")
    start = time.perf_counter()
    with open_raster(RasterRequest(path)) as raster:
        raster.overview(raster.resolve(None), SIDE_PX, report=reports.append, cancel=CancelToken())
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "reports": len(reports), "megabytes": _memory_mb("VmHWM") - before_mb}


def _memory_mb(field: str) -> float:
    """Of this process, as Linux counts it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"no {field} in /proc/self/status: memory is measured on Linux only")


def compare(case: Case, folder: Path) -> str:
    """One line of figures; fails where a bar is missed."""
    path = folder / "raster.tif"
    write(path, case)
    translate_s(path, folder / "out.tif")  # the file's pages are warm from here on
    ratios, peaks, seconds = [], [], []
    for number in range(ROUNDS):
        theirs = translate_s(path, folder / "out.tif")
        mine = ask(path, folder / f"cache-{number}")
        ratios.append(mine["seconds"] / theirs)
        peaks.append(mine["megabytes"])
        seconds.append(mine["seconds"])
    again = ask(path, folder / "cache-0")
    path.unlink()
    ratio, peak_mb = statistics.median(ratios), max(peaks)
    line = (
        f"overview, {case.name}: {ratio:.2f} x gdal_translate -r average; peak {peak_mb:.0f} MB above the "
        f"start; second question in another process: {statistics.median(seconds) / again['seconds']:.0f} x "
        f"as fast, {'no second pass' if not again['reports'] else 'a SECOND PASS'}"
    )
    if ratio > MOST_TIMES or peak_mb > MOST_MB or again["reports"]:
        raise SystemExit(f"{line}\na bar is missed")
    return line


def main() -> None:
    if len(sys.argv) > 1:
        print(json.dumps(read(sys.argv[1])))
        return
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            print(compare(case, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
