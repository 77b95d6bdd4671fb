"""The engine's door: how soon a worker is ready, how quick it replies, how soon it is idle after a cancel.

    python tests/bench/bench_door.py

The cancel comes while a large raster is read, and while the embedded model looks. The worker is idle again
when it has dealt with the next question, whose file does not exist. Bars: 3 s, 5 ms, 0.5 s.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import rasterio
from rasterio.windows import Window
from zoomearth.client import Client, engine_command, engine_environment
from zoomearth.core.errors import Cancelled, RasterUnreadableError, ZoomEarthError
from zoomearth.core.progress import CancelToken, Progress, Stage
from zoomearth.core.types import Query, RasterRequest

HEART = Path(__file__).resolve().parents[2] / "zoomearth_plugin"
SIDE_PX = 12_000
ROUNDS = 5
PINGS = 200
WHEN = {"a raster is read": Stage.READING_OVERVIEW, "the model looks": Stage.LOOKING}


def start(cache: Path) -> Client:
    environment = {**os.environ, **engine_environment(HEART, cache)}
    return Client(engine_command(sys.executable), environment)


def ready_s(cache: Path) -> float:
    """Seconds from nothing to the first reply of a new worker."""
    with start(cache) as client:
        begin = time.perf_counter()
        client.ping(timeout_s=60)
        return time.perf_counter() - begin


def cancelled_s(client: Client, query: Query, when: Stage) -> float:
    """Seconds from a cancel, just after the given stage has begun, to an idle worker."""
    token = CancelToken()
    has_begun = threading.Event()

    def report(progress: Progress) -> None:
        if progress.stage is when:
            has_begun.set()

    outcomes: list[object] = []

    def ask() -> None:
        try:
            outcomes.append(client.ask(query, report=report, cancel=token))
        except (Cancelled, ZoomEarthError) as error:
            outcomes.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    if not has_begun.wait(120):
        raise SystemExit(f"the question never came to {when}")
    time.sleep(0.1)
    begin = time.perf_counter()
    token.cancel()
    asking.join()
    if not isinstance(outcomes[0], Cancelled):
        raise SystemExit(f"the question ended before it could be cancelled: {outcomes[0]!r}")
    if not client.is_running:
        raise SystemExit("the worker did not survive its cancel")
    with contextlib.suppress(RasterUnreadableError):
        client.ask(dataclasses.replace(query, raster=RasterRequest("/no/such.tif")))
    return time.perf_counter() - begin


def write_raster(path: Path) -> None:
    """Noise in large strips, without overviews: seconds to read."""
    noise = np.random.default_rng(3).integers(0, 255, (3, 500, SIDE_PX), dtype=np.uint8)
    layout = {"driver": "GTiff", "width": SIDE_PX, "height": SIDE_PX, "count": 3, "dtype": "uint8"}
    place = {"crs": "EPSG:32633", "transform": rasterio.Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000)}
    with rasterio.open(path, "w", compress="deflate", zlevel=1, **place, **layout) as file:
        for top in range(0, SIDE_PX, 500):
            file.write(np.roll(noise, top, axis=2), window=Window(0, top, SIDE_PX, 500))


def spread(seconds: list[float], unit_s: float = 1.0) -> str:
    return f"{statistics.median(seconds) / unit_s:.2f} (at most {max(seconds) / unit_s:.2f})"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(
            f"worker's start to ready: {spread([ready_s(folder) for _ in range(ROUNDS)])} s in {ROUNDS} runs"
        )
        raster = folder / "large.tif"
        write_raster(raster)
        with start(folder / "cache") as client:
            client.ping(timeout_s=60)
            print(f"round trip: {spread([client.ping() for _ in range(PINGS)], 1e-3)} ms in {PINGS} pings")
            query = Query("What colour is the ship? Zoom if needed.", RasterRequest(str(raster)))
            for what, when in WHEN.items():
                print(f"from cancel to idle while {what}: {cancels(client, query, when)}")


def cancels(client: Client, query: Query, when: Stage) -> str:
    return f"{spread([cancelled_s(client, query, when) for _ in range(ROUNDS)])} s in {ROUNDS} runs"


if __name__ == "__main__":
    main()
