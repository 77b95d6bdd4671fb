"""What an actor of Ray does: it keeps a model, and asks one row of jobs after the other.

A row is a piece of the plan, as compressed text. Outcomes leave in the order of their jobs and in groups of
fixed size: what is asked again after a death comes in the same pieces, which is what Ray takes for granted.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from typing import Any

from ..core.errors import ZoomEarthError
from ..core.progress import CancelToken, ignore_progress
from ..models.engine import Engine
from ..models.loading import load_engine
from .jobs import Job
from .outcome import Outcome
from .own_cores import OwnCores
from .ray_cluster import Pool, cores
from .running import RunSettings, ask_all, shared

JOBS, OUTCOMES = "jobs", "outcomes"
_log = logging.getLogger(__name__)


def packed(jobs: Sequence[Job]) -> bytes:
    """A row."""
    return zlib.compress(json.dumps([job.to_json() for job in jobs]).encode())


def unpacked(row: bytes) -> list[Job]:
    """Of :func:`packed`."""
    return [Job.from_json(one) for one in json.loads(zlib.decompress(row))]


class Asker:
    """Lives in an actor; loads a model when the first job names it, and keeps it until one names another.

    Args:
        settings: How to ask.
        pool: Of which it is one.
    """

    def __init__(self, settings: RunSettings, pool: Pool) -> None:
        self._settings = settings
        self._threads = _threads_of(pool)
        os.environ["OMP_NUM_THREADS"] = str(self._threads)
        self._own = _cores_of(pool)
        self._model: str | None = None
        self._loaded: tuple[Engine, Callable[[], object]] | ZoomEarthError | None = None
        self._serving = ExitStack()

    def __call__(self, batch: Any) -> Iterator[Any]:
        """Outcomes of rows, as lines of text, so many to a row as are asked together.

        Args:
            batch: Of pyarrow, one column ``jobs``.
        """
        import pyarrow

        for row in batch[JOBS].to_pylist():
            group: list[str] = []
            for outcome in self._outcomes(unpacked(row)):
                group.append(outcome.to_text())
                if len(group) == self._settings.together:
                    yield pyarrow.table({OUTCOMES: ["\n".join(group)]})
                    group = []
            if group:
                yield pyarrow.table({OUTCOMES: ["\n".join(group)]})

    def _outcomes(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """One for each, in order, whatever happens."""
        found: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()
        problem: list[Exception] = []

        def work() -> None:
            self._own.stay()  # as do the threads that compute, which the first row starts
            try:
                self._ask(jobs, found.put)
            except Exception as error:  # noqa: BLE001 # a row's boundary: its jobs get it as their outcome
                _log.exception("a row of %d jobs failed", len(jobs))
                problem.append(error)
            finally:
                found.put(None)

        thread = threading.Thread(target=work, name="zoomearth-row", daemon=True)
        thread.start()
        early: dict[str, Outcome] = {}
        for job in jobs:
            while job.id not in early:
                outcome = found.get()
                if outcome is None:
                    found.put(None)
                    break
                early[outcome.job.id] = outcome
            yield early.pop(job.id) if job.id in early else _lost(job, problem)
        thread.join()

    def _ask(self, jobs: Sequence[Job], take: Callable[[Outcome], None]) -> None:
        loaded = self._engine(jobs[0].model)
        if isinstance(loaded, ZoomEarthError):
            for job in jobs:
                take(Outcome(job, datetime.now(timezone.utc), error=loaded))
            return
        ask_all(jobs, *loaded, self._settings, take, CancelToken())

    def _engine(self, model: str) -> tuple[Engine, Callable[[], object]] | ZoomEarthError:
        if self._loaded is None or model != self._model:
            self._serving.close()
            self._model, self._loaded = model, None
            try:
                engine = load_engine(model, report=ignore_progress, cancel=CancelToken())
            except ZoomEarthError as error:
                self._loaded = error
            else:
                if "torch" in sys.modules:
                    sys.modules["torch"].set_num_threads(self._threads)
                self._loaded = self._serving.enter_context(shared(engine, self._settings.together))
        return self._loaded


def _threads_of(pool: Pool) -> int:
    """Of torch; one of the cores is left to read with, also where the machine has fewer than asked for."""
    if pool.cores is None:
        return pool.threads
    reading = 1 if pool.threads < pool.cores else 0
    return min(pool.threads, max(1, cores() - reading))


def _cores_of(pool: Pool) -> OwnCores:
    if pool.cores is not None:
        return OwnCores(pool.cores, shares=True)
    # Beside a graphics card, cores only read: whoever has something to read may have them all.
    return OwnCores(cores() if pool.gpus else max(pool.threads, cores() // pool.beside))


def _lost(job: Job, problem: Sequence[Exception]) -> Outcome:
    text = "; ".join(f"{type(error).__name__}: {error}" for error in problem) or "no outcome came"
    return Outcome(job, datetime.now(timezone.utc), error=ZoomEarthError(text))
