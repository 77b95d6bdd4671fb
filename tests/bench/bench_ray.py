"""Questions per second of two Ray workers of one core against one of them.

    python tests/bench/bench_ray.py

One line. The embedded model is asked about rasters of noise by two workers on a local cluster, each kept to
one core with all its threads (``--cores 1``). In the middle of a run one of the two is stopped and let go
again, so that the machine, whose speed may change by a tenth from minute to minute, is as quick for one as
for both. Starting Ray, loading the model and the last rows, when a worker has nothing more to do, are left
out. Bar: 1.7 times, on a machine of two cores. A worker that may use both cores reads on the second while it
computes on the first: how it does in runs of its own is told, too, and has no bar: the better it uses the
second core, the less a second worker adds.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "door"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "batch"))
from door_samples import write_scene
from ray_clusters import actors
from zoomearth.batch.jobs import Job
from zoomearth.batch.outcome import Outcome
from zoomearth.batch.ray_running import ray_runner
from zoomearth.batch.running import RunSettings
from zoomearth.core.progress import CancelToken
from zoomearth.core.types import Answer

ROUNDS, FREE_ROUNDS = 5, 3
TURN_S = 4.0
"""How long both work, and then one of them."""
LEAST_TIMES = 1.7
RASTERS, FILES = 240, 80
"""The rest are further names of the same files."""
QUESTIONS = (
    "What colour is the ship?",
    "Are there trees?",
    "How many buildings are there?",
    "What is in the north?",
)
MIDDLE = (0.15, 0.75)
"""Of a run's outcomes."""


def write_jobs(folder: Path) -> list[Job]:
    """Four questions about each raster."""
    first = write_scene(folder / "0.tif")
    rasters = [first]
    for number in range(1, RASTERS):
        path = folder / f"{number}.tif"
        if number < FILES:
            shutil.copy(first, path)
        else:
            os.link(rasters[number % FILES], path)
        rasters.append(path)
    return [
        Job(f"{raster.stem}-{number}", str(raster), question)
        for raster in rasters
        for number, question in enumerate(QUESTIONS)
    ]


class Turns:
    """Notes when questions were answered, while both workers work and while one of them is stopped, in turns.

    Args:
        jobs: How many there are.
    """

    def __init__(self, jobs: int) -> None:
        self._first, self._last = (int(jobs * share) for share in MIDDLE)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._take_turns)
        self._done_s: list[float] = []
        self._turns: list[tuple[int, float, float]] = []

    def take(self, outcome: Outcome) -> None:
        """For a runner. What a worker did may come late: the runner waits for the one that is stopped."""
        self._done_s.append(outcome.asked_at.timestamp() + _answered(outcome).seconds)
        if len(self._done_s) == self._first:
            self._thread.start()
        elif len(self._done_s) == self._last:
            self._is_over.set()
            self._thread.join()

    def count(self, workers: int) -> tuple[int, float]:
        """Questions that were answered as long as so many worked, and how many seconds that was."""
        turns = [(start_s, end_s) for working, start_s, end_s in self._turns if working == workers]
        answered = sum(start_s <= done_s < end_s for done_s in self._done_s for start_s, end_s in turns)
        return answered, sum(end_s - start_s for start_s, end_s in turns)

    def _take_turns(self) -> None:
        one, _ = actors()
        working = 2
        while not self._is_over.is_set():
            start_s = time.time()
            self._is_over.wait(TURN_S)
            self._turns.append((working, start_s, time.time()))
            working = 3 - working
            os.kill(one, signal.SIGSTOP if working == 1 else signal.SIGCONT)
        os.kill(one, signal.SIGCONT)


def in_turns(jobs: Sequence[Job]) -> Turns:
    """A run of two workers of one core each."""
    turns = Turns(len(jobs))
    ray_runner(workers=2, cores=1)(jobs, RunSettings(), turns.take, CancelToken())
    return turns


def of_one_that_uses_all(jobs: Sequence[Job]) -> float:
    """Questions per second in the middle of a run, of one worker that reads on other cores."""
    came_s: list[float] = []

    def take(outcome: Outcome) -> None:
        _answered(outcome)
        came_s.append(time.perf_counter())

    ray_runner(workers=1)(jobs, RunSettings(), take, CancelToken())
    first, last = (int(len(came_s) * share) for share in MIDDLE)
    return (last - first) / (came_s[last] - came_s[first])


def _answered(outcome: Outcome) -> Answer:
    if outcome.answer is None:
        raise SystemExit(f"job {outcome.job.id} failed: {outcome.error}")
    return outcome.answer


def _rate(counts: Sequence[tuple[int, float]]) -> float:
    """Questions per second of several stretches of time."""
    answered, seconds = (sum(column) for column in zip(*counts, strict=True))
    return float(answered / seconds)


def main() -> None:
    if not hasattr(os, "sched_setaffinity"):
        raise SystemExit("this system keeps no worker to a core: nothing to measure")
    with tempfile.TemporaryDirectory() as name:
        jobs = write_jobs(Path(name))
        runs = [in_turns(jobs) for _ in range(ROUNDS)]
        free = statistics.median(of_one_that_uses_all(jobs[: len(jobs) // 3]) for _ in range(FREE_ROUNDS))
    one, two = (_rate([run.count(workers) for run in runs]) for workers in (1, 2))
    single = [_rate([run.count(2)]) / _rate([run.count(1)]) for run in runs]
    line = (
        f"ray, {len(jobs)} questions, zoomearth-mini: two workers of one core {two / one:.2f} x one of them "
        f"(at least {LEAST_TIMES}; {min(single):.2f} to {max(single):.2f} in single runs); {one:.2f} and "
        f"{two:.2f} questions a second, and {free:.2f} of one that reads on other cores; starting and "
        "loading left out"
    )
    print(line, flush=True)
    if two / one < LEAST_TIMES:
        raise SystemExit("a bar is missed")


if __name__ == "__main__":
    main()
