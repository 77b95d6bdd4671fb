"""What an overview costs, against GDAL's own command on the same file, and what a second one costs.

    python tests/bench/bench_raster.py

One line a figure. Ratios and differences are of times taken in turns, so that whatever else runs on the
machine disturbs both sides; the memory is what a fresh process takes beyond what it had before it
opened the file. Bars: 1.2 times ``gdal_translate -r average``, 200 MB, no second pass; then, on 20,000² of
three bands, 1.5 times the bytes' overview for 16 bits, a window of 2,048² at 1,024² in 0.05 s more than
rasterio's own call, and an overview in 0.15 s from a file that has such.
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
from rasterio.enums import Resampling
from rasterio.windows import Window

SIDE_PX = 1024
ROUNDS = 3
MOST_TIMES = 1.2
MOST_MB = 200.0
MOST_TIMES_16_BITS = 1.5
MOST_WINDOW_S = 0.05
MOST_WITH_OVERVIEWS_S = 0.15
WINDOW_PX = 2048
WINDOWS = 25
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
    command = [sys.executable, __file__, "read", str(path)]
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


def read_windows(path: str) -> dict[str, float]:
    """Seconds that a window takes here and in rasterio's own call, as the median of the differences."""
    from zoomearth.core.frames import PixelBox
    from zoomearth.core.types import RasterRequest
    from zoomearth.raster.reading import open_raster

    def mine_s(left: int, top: int) -> float:
        with open_raster(RasterRequest(path)) as raster:
            start = time.perf_counter()
            raster.read(PixelBox(left, top, left + WINDOW_PX, top + WINDOW_PX), SIDE_PX)
            return time.perf_counter() - start

    def bare_s(left: int, top: int) -> float:
        with rasterio.open(path) as file:
            window = Window(left, top, WINDOW_PX, WINDOW_PX)
            start = time.perf_counter()
            file.read(window=window, out_shape=(3, SIDE_PX, SIDE_PX), resampling=Resampling.average)
            return time.perf_counter() - start

    differences, bare = [], []
    for number in range(WINDOWS):
        place = 1_000 + number * 677, 3_000 + number * 593
        order = (mine_s, bare_s) if number % 2 else (bare_s, mine_s)  # whoever is first warms the pages
        seconds = {measure: measure(*place) for measure in order}
        differences.append(seconds[mine_s] - seconds[bare_s])
        bare.append(seconds[bare_s])
    return {"more_s": statistics.median(differences), "bare_s": statistics.median(bare)}


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
    return checked(line, ratio <= MOST_TIMES and peak_mb <= MOST_MB and not again["reports"])


def compare_16_bits(folder: Path) -> str:
    """One line of figures; fails where a bar is missed."""
    layout = {**_TILED, "interleave": "pixel"}
    paths = [folder / "8.tif", folder / "16.tif"]
    for path, dtype in zip(paths, ("uint8", "uint16"), strict=True):
        write(path, Case("", 20_000, dtype, layout))
        ask(path, folder / "cache-warm")  # the file's pages are warm from here on
    ratios, peaks = [], []
    for number in range(2 * ROUNDS - 1):
        narrow, wide = (ask(path, folder / f"cache-{number}") for path in paths)
        ratios.append(wide["seconds"] / narrow["seconds"])
        peaks.append(wide["megabytes"])
    paths[1].unlink()
    line = (
        f"overview, 20,000² × 3 16-bit, tiles, deflate, stretch included: {statistics.median(ratios):.2f} x "
        f"the bytes' (at most {MOST_TIMES_16_BITS}); peak {max(peaks):.0f} MB above the start"
    )
    return checked(line, statistics.median(ratios) <= MOST_TIMES_16_BITS and max(peaks) <= MOST_MB)


def compare_windows(path: Path) -> str:
    """One line of figures; fails where a bar is missed."""
    said = subprocess.run(
        [sys.executable, __file__, "windows", str(path)], check=True, capture_output=True, text=True
    )
    figures: dict[str, float] = json.loads(said.stdout)
    line = (
        f"window of {WINDOW_PX}² at {SIDE_PX}²: {figures['more_s']:+.3f} s against rasterio's own call of "
        f"{figures['bare_s']:.3f} s (at most {MOST_WINDOW_S} more)"
    )
    return checked(line, figures["more_s"] <= MOST_WINDOW_S)


def time_with_overviews(path: Path, folder: Path) -> str:
    """One line of figures; fails where a bar is missed. The file gets overviews."""
    with rasterio.Env(GDAL_NUM_THREADS="ALL_CPUS"), rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4, 8, 16, 32], Resampling.average)
    asked = [ask(path, folder / f"cache-with-{number}") for number in range(2 * ROUNDS - 1)]
    seconds, peak_mb = (
        statistics.median(one["seconds"] for one in asked),
        max(one["megabytes"] for one in asked),
    )
    line = (
        f"overview, 20,000² × 3 bytes with overviews: {seconds:.3f} s (at most {MOST_WITH_OVERVIEWS_S}); "
        f"peak {peak_mb:.0f} MB above the start"
    )
    return checked(line, seconds <= MOST_WITH_OVERVIEWS_S and peak_mb <= MOST_MB)


def checked(line: str, is_met: bool) -> str:
    if not is_met:
        raise SystemExit(f"{line}\na bar is missed")
    return line


def main() -> None:
    if len(sys.argv) > 1:
        measure = {"read": read, "windows": read_windows}[sys.argv[1]]
        print(json.dumps(measure(sys.argv[2])))
        return
    for case in CASES:
        with tempfile.TemporaryDirectory() as name:
            print(compare(case, Path(name)), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(compare_16_bits(folder), flush=True)
        print(compare_windows(folder / "8.tif"), flush=True)
        print(time_with_overviews(folder / "8.tif", folder), flush=True)


if __name__ == "__main__":
    main()
