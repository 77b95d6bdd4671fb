"""What tests of Ray are made of: two machines in one, who lives on them, and jobs enough to be killed in."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin
from zoomearth.batch.carrying import Output, run_batch
from zoomearth.batch.export import write_table
from zoomearth.batch.jobs import Job
from zoomearth.batch.running import RunSettings, run_local
from zoomearth.core.progress import CancelToken

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "door"))
from door_samples import is_alive, wait_for

QUESTIONS = ("What colour is the ship?", "Are there trees?", "How many buildings are there?")
SETTINGS = RunSettings(together=2)
_STORE_BYTES = 80_000_000


def write_rasters(folder: Path, count: int, side_px: int = 512) -> list[Path]:
    """Small rasters of noise, of one content."""
    paths = [folder / f"{number:03}.tif" for number in range(count)]
    noise = np.random.default_rng(1).integers(1, 255, (3, side_px, side_px)).astype(np.uint8)
    place = {"crs": "EPSG:32633", "transform": from_origin(500_000, 5_600_000, 10, 10)}
    size = {"width": side_px, "height": side_px, "count": 3, "dtype": "uint8"}
    with rasterio.open(paths[0], "w", driver="GTiff", **size, **place) as file:
        file.write(noise)
    for path in paths[1:]:
        shutil.copy(paths[0], path)
    return paths


def jobs_about(rasters: list[Path], model: str, questions: tuple[str, ...] = QUESTIONS) -> list[Job]:
    """Every question about every raster."""
    return [
        Job(f"{raster.stem}-{number}", str(raster), question, model=model)
        for raster in rasters
        for number, question in enumerate(questions)
    ]


def table(
    folder: Path, name: str, jobs: list[Job], runner: Any = run_local, tell: Any = None, cancel: Any = None
) -> bytes:
    """A batch's sorted table."""
    output = Output(folder / f"{name}.gpkg")
    told = {"tell": tell} if tell else {}
    run_batch(jobs, output, SETTINGS, cancel=cancel or CancelToken(), runner=runner, **told)
    write_table(output.path, folder / f"{name}.csv")
    return (folder / f"{name}.csv").read_bytes()


@contextmanager
def two_machines(**second: Any) -> Iterator[tuple[Any, Any]]:
    """A cluster of two, each with one CPU, and its second machine; what it has besides is named."""
    from ray.cluster_utils import Cluster

    size = {"num_cpus": 1, "object_store_memory": _STORE_BYTES}
    cluster = Cluster(initialize_head=True, head_node_args={"include_dashboard": False, **size, **second})
    try:
        node = cluster.add_node(**size, **second)
        cluster.wait_for_nodes()
        yield cluster, node
    finally:
        cluster.shutdown()


def processes(*names: str) -> set[int]:
    """Those whose command line holds one of these, zombies apart."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if any(name in command for name in names) and is_alive(int(folder.name)):
                found.add(int(folder.name))
    return found


def is_own(pid: int) -> bool:
    """Whether this process started it, or who did: others may run a Ray of theirs."""
    while pid > 1:
        if pid == os.getpid():
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            return False
    return False


def actors() -> list[int]:
    """Processes that ask, of the clusters of this process."""
    return [pid for pid in processes("ray::MapWorker") if is_own(pid)]


def of_ray() -> set[int]:
    """Every process of Ray's."""
    return processes("ray::", "/raylet/raylet", "gcs_server")


def kill_actor() -> int:
    """The process that was killed."""
    victim = actors()[0]
    os.kill(victim, signal.SIGKILL)
    return victim


def kill_readers(pipe: Path, done: threading.Event) -> None:
    """Kill every actor while one of them reads a pipe, until it is done."""
    while not done.wait(0.05):
        try:
            written = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            continue  # nobody reads
        victims = actors()
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        wait_for(lambda: not any(map(is_alive, victims)))  # noqa: B023 # called at once
        os.close(written)
