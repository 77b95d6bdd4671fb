"""Questions per second of two Ray workers of one core against one, each with one thread of torch.

    python tests/bench/bench_ray.py

One line. The embedded model is asked about rasters of noise on a local cluster, with one worker and with two
in turns, so that whatever else runs on the machine disturbs both. The rate is that of the middle of a run:
starting Ray, loading the model and the last rows, when a worker has nothing more to do, are left out. Bar:
1.7 times, on a machine of two cores. Each worker is kept to one core, with all its threads (``--cores 1``):
one that may use both reads on the second while it computes on the first. How that one does is measured, too,
and has no bar: the better it uses the second core, the less a second worker adds.
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


def rate(jobs: Sequence[Job], workers: int, cores: int | None) -> float:
    """Questions per second, in the middle of a run.

    Args:
        jobs: All are to be answered.
        workers: So many.
        cores: That each keeps to; None for its share of the machine.
    """
    came_s: list[float] = []

    def take(outcome: Outcome) -> None:
        if outcome.answer is None:
            raise SystemExit(f"job {outcome.job.id} failed: {outcome.error}")
        came_s.append(time.perf_counter())

    ray_runner(workers=workers, cores=cores)(jobs, RunSettings(), take, CancelToken())
    first, last = (int(len(came_s) * share) for share in MIDDLE)
    return (last - first) / (came_s[last] - came_s[first])


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        jobs = write_jobs(Path(name))
        rounds = [(rate(jobs, 1, 1), rate(jobs, 2, 1), rate(jobs, 1, None)) for _ in range(ROUNDS)]
    ratio = statistics.median(two / one for one, two, _ in rounds)
    of_free = statistics.median(two / free for _, two, free in rounds)
    one, two, free = (statistics.median(rates) for rates in zip(*rounds, strict=True))
    line = (
        f"ray, {len(jobs)} questions, zoomearth-mini: two workers of one core {ratio:.2f} x one (at least "
        f"{LEAST_TIMES}), {of_free:.2f} x one that reads on other cores; {one:.2f}, {two:.2f} and {free:.2f} "
        "questions a second, starting and loading left out"
    )
    print(line, flush=True)
    if ratio < LEAST_TIMES:
        raise SystemExit("a bar is missed")


if __name__ == "__main__":
    main()
