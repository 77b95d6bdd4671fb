"""Questions per second of two Ray workers against one, each with one thread of torch.

    python tests/bench/bench_ray.py

One line. The embedded model is asked about rasters of noise on a local cluster, with one worker and with two
in turns, so that whatever else runs on the machine disturbs both. The rate is that of the middle of a run:
starting Ray, loading the model and the last rows, when a worker has nothing more to do, are left out. Bar:
1.7 times, on a machine of two cores. A worker of one thread computes with one, and reads with others: alone
it uses both cores a little. Where the system can keep it to one core, Ray and all, that is measured, too.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "door"))
from door_samples import write_scene
from zoomearth.batch.jobs import Job
from zoomearth.batch.outcome import Outcome
from zoomearth.batch.ray_running import ray_runner
from zoomearth.batch.running import RunSettings
from zoomearth.core.progress import CancelToken

ROUNDS = 5
LEAST_TIMES = 1.7
RASTERS = 80
QUESTIONS = (
    "What colour is the ship?",
    "Are there trees?",
    "How many buildings are there?",
    "What is in the north?",
)
MIDDLE = (0.25, 0.85)
"""Of a run's outcomes."""


def write_jobs(folder: Path) -> list[Job]:
    """Four questions about each raster."""
    first = write_scene(folder / "0.tif")
    rasters = [first]
    for number in range(1, RASTERS):
        rasters.append(Path(shutil.copy(first, folder / f"{number}.tif")))
    return [
        Job(f"{raster.stem}-{number}", str(raster), question)
        for raster in rasters
        for number, question in enumerate(QUESTIONS)
    ]


def rate(jobs: Sequence[Job], workers: int) -> float:
    """Questions per second, in the middle of a run."""
    came_s: list[float] = []

    def take(outcome: Outcome) -> None:
        if outcome.answer is None:
            raise SystemExit(f"job {outcome.job.id} failed: {outcome.error}")
        came_s.append(time.perf_counter())

    ray_runner(workers=workers)(jobs, RunSettings(), take, CancelToken())
    first, last = (int(len(came_s) * share) for share in MIDDLE)
    return (last - first) / (came_s[last] - came_s[first])


def on_one_core(jobs: Sequence[Job]) -> float:
    """As :func:`rate` of one worker, with all that belongs to it on one core; 0 where that cannot be had."""
    if not hasattr(os, "sched_setaffinity"):
        return 0.0
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        return rate(jobs, 1)
    finally:
        os.sched_setaffinity(0, cores)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        jobs = write_jobs(Path(name))
        rounds = [(rate(jobs, 1), rate(jobs, 2), on_one_core(jobs)) for _ in range(ROUNDS)]
    ratio = statistics.median(two / one for one, two, _ in rounds)
    one, two, bound = (statistics.median(rates) for rates in zip(*rounds, strict=True))
    by_cores = statistics.median(two / bound for _, two, bound in rounds) if bound else 0.0
    line = (
        f"ray, {len(jobs)} questions, zoomearth-mini: two workers of one thread {ratio:.2f} x one (at least "
        f"{LEAST_TIMES}), {by_cores:.2f} x one on one core; {one:.2f}, {two:.2f} and {bound:.2f} questions a "
        "second, starting and loading left out"
    )
    print(line, flush=True)
    if ratio < LEAST_TIMES:
        raise SystemExit("a bar is missed")


if __name__ == "__main__":
    main()
