"""Answers jobs on a Ray cluster: the plan in rows, actors that keep the model, one stream of outcomes back.

Ray Data asks a row again when its actor or its machine dies. Whatever is missing after a pass is asked again
job by job, so that a job that kills its actor is told from those that shared a row with it; a job that came
twice is taken once. Each pass has a connection of its own: to close it is the way out of everything.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from ..core.errors import EngineMissingError, WorkerDiedError
from ..core.progress import CancelToken
from .jobs import Job
from .outcome import Outcome
from .ray_asking import JOBS, OUTCOMES, Asker, packed
from .ray_cluster import ACTOR_CPUS, Pool, connected, import_ray, places, pool_of
from .running import RunSettings, Taker, planned

PASSES = 3
"""A job that is missing after so many is given up."""
TRIES_AGAIN = 1
"""How often Ray itself asks a row again after a death, in one pass."""
STALL_S = 30.0
"""After so long without an outcome, on a cluster that shrank, a new pass is begun: rows that were given to an
actor for which there is no room any more would wait for ever."""
_GROUPS_IN_ROW = 6
"""A row's jobs, in groups that are asked together: many, for at its end a group is not full."""
_ROWS_FOR_WORKER = 4
"""At least, where there are jobs enough: the last rows end at about the same time."""
_POLL_S = 0.05
_LEAVING_S = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _End:
    error: Exception | None = None


def ray_runner(
    *, workers: int | None = None, address: str | None = None, cores: int | None = None
) -> Callable[[Sequence[Job], RunSettings, Taker, CancelToken], None]:
    """A runner for :func:`.carrying.run_batch`.

    Args:
        workers: Actors; None for one for each graphics card, else for each CPU.
        address: Of a cluster that is there and stays; None to start one here, which ends with the batch.
        cores: Of its machine, that each actor keeps to, where the system lets it; None for its share.

    Raises:
        EngineMissingError: Ray is not installed.
    """
    ray = import_ray()

    def run(jobs: Sequence[Job], settings: RunSettings, take: Taker, cancel: CancelToken) -> None:
        _Batch(ray, workers, address, cores, settings).run(jobs, take, cancel)

    return run


class _Batch:
    """Passes until nothing is missing.

    Args:
        ray: Of :func:`.ray_cluster.import_ray`.
        workers: See :func:`ray_runner`.
        address: See :func:`ray_runner`.
        cores: See :func:`ray_runner`.
        settings: How to ask.
    """

    def __init__(
        self, ray: Any, workers: int | None, address: str | None, cores: int | None, settings: RunSettings
    ) -> None:
        self._ray = ray
        self._workers = workers
        self._address = address
        self._cores = cores
        self._settings = settings
        self._pool: Pool | None = None

    def run(self, jobs: Sequence[Job], take: Taker, cancel: CancelToken) -> None:
        """See :func:`.running.run_local`; raises WorkerDiedError where the cluster itself is lost."""
        left = {job.id: job for job in jobs}

        def taken(outcome: Outcome) -> None:
            job = left.pop(outcome.job.id, None)
            if job is not None:
                take(replace(outcome, job=job))

        done = 0
        error: Exception | None = None
        while left and done < PASSES:
            cancel.check()
            missing = len(left)
            is_whole, error = self._pass(list(left.values()), done > 0, taken, cancel)
            if is_whole or len(left) == missing:
                done += 1
            if left:
                _log.warning("%d of %d jobs are missing after a pass: %s", len(left), missing, error or "")
        if left and error is not None:
            raise _told(error) from error
        for job in list(left.values()):
            died = WorkerDiedError(
                f"whoever was asked job {job.id} died, in each of {PASSES * (1 + TRIES_AGAIN)} tries",
                "Look at the raster and at the machine's memory; ask it alone with zoomearth ask.",
            )
            taken(Outcome(job, datetime.now(timezone.utc), error=died))

    def _pass(
        self, jobs: Sequence[Job], one_by_one: bool, take: Taker, cancel: CancelToken
    ) -> tuple[bool, Exception | None]:
        """Ask all; whether it was not given up early, and what ended it."""
        leaving = threading.Event()
        found: queue.Queue[str | _End] = queue.Queue(maxsize=64)
        thread: threading.Thread | None = None
        try:
            with connected(self._ray, self._workers, self._address):
                if self._pool is None:  # later there may be fewer machines for a while: no reason to crowd
                    self._pool = pool_of(self._ray, jobs, self._workers, self._cores)
                pool = self._pool
                most = 1 if one_by_one else self._most_in_row(len(jobs), pool)
                rows = [packed(row) for row in rows_of(jobs, most)]
                thread = threading.Thread(
                    target=_stream,
                    args=(self._dataset(rows, pool, one_by_one), found, leaving),
                    name="zoomearth-ray",
                    daemon=True,
                )
                thread.start()
                try:
                    return self._taken(found, pool, take, cancel, leaving)
                finally:  # what Ray says of a connection that is closed while it is at work is no news
                    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        finally:
            leaving.set()
            if thread is not None:
                thread.join(_LEAVING_S)

    def _taken(
        self,
        found: queue.Queue[str | _End],
        pool: Pool,
        take: Taker,
        cancel: CancelToken,
        leaving: threading.Event,
    ) -> tuple[bool, Exception | None]:
        """Take what comes until the stream ends, or stands still on a cluster that shrank."""
        most_places = places(self._ray, pool)
        looked_s = quiet_s = time.monotonic()
        while True:
            if cancel.is_cancelled:
                leaving.set()
            try:
                item = found.get_nowait() if leaving.is_set() else found.get(timeout=_POLL_S)
            except queue.Empty:
                cancel.check()
                now_s = time.monotonic()
                if now_s - looked_s > min(2.0, STALL_S):
                    looked_s = now_s
                    there = places(self._ray, pool)
                    most_places = max(most_places, there)
                    if 0 < there < min(pool.workers, most_places) and now_s - quiet_s > STALL_S:
                        _log.warning("room for %d of %d workers is left", there, pool.workers)
                        return False, None
                continue
            if isinstance(item, _End):
                return True, item.error
            for text in item.split("\n"):
                take(Outcome.from_text(text))
            quiet_s = time.monotonic()

    def _dataset(self, rows: Sequence[bytes], pool: Pool, one_by_one: bool) -> Any:
        data = self._ray.data
        context = data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.max_errored_blocks = -1  # a row that is lost is missing, and asked again
        context.target_max_block_size = 1  # each group of outcomes leaves as soon as it is there
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        dataset = data.from_items([{JOBS: row} for row in rows], override_num_blocks=len(rows))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there will be other names for the last two
            return dataset.map_batches(
                Asker,
                fn_constructor_args=(self._settings, pool),
                batch_size=1,
                batch_format="pyarrow",
                compute=data.ActorPoolStrategy(
                    size=pool.workers, max_tasks_in_flight_per_actor=1 if one_by_one else 2
                ),
                num_cpus=ACTOR_CPUS,
                num_gpus=pool.gpus or None,
                max_restarts=-1,
                max_task_retries=TRIES_AGAIN,
            )

    def _most_in_row(self, count: int, pool: Pool) -> int:
        together = self._settings.together
        fair = count // (pool.workers * _ROWS_FOR_WORKER)
        return max(together, min(_GROUPS_IN_ROW * together, fair))


def rows_of(jobs: Sequence[Job], most: int) -> list[list[Job]]:
    """The plan in pieces that one actor asks at a stretch: of one model, cut between rasters if it can be.

    Args:
        jobs: In any order.
        most: Jobs in a piece.
    """
    groups: dict[tuple[str, str], list[Job]] = {}
    for job in planned(jobs):
        groups.setdefault((job.model, job.raster), []).append(job)
    rows: list[list[Job]] = []
    for (model, _), group in groups.items():
        for start in range(0, len(group), most):
            piece = group[start : start + most]
            if rows and rows[-1][0].model == model and len(rows[-1]) + len(piece) <= most:
                rows[-1] += piece
            else:
                rows.append(piece)
    return rows


def _stream(dataset: Any, found: queue.Queue[str | _End], leaving: threading.Event) -> None:
    """Hand on what Ray brings, in a thread of its own: waiting for Ray cannot be interrupted."""
    end = _End()
    try:
        for batch in dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            for text in batch[OUTCOMES].to_pylist():
                if not _put(found, text, leaving):
                    return
    except Exception as error:  # noqa: BLE001 # the thread's boundary: who runs the batch is told
        end = _End(error)
    _put(found, end, leaving)


def _put(found: queue.Queue[str | _End], item: str | _End, leaving: threading.Event) -> bool:
    while not leaving.is_set():
        try:
            found.put(item, timeout=_POLL_S)
        except queue.Full:
            continue
        return True
    return False


def _told(error: Exception) -> WorkerDiedError | EngineMissingError:
    text = f"{type(error).__name__}: {error}"
    if "ModuleNotFoundError" in text:
        return EngineMissingError(
            f"a machine of the cluster lacks a package: {text}",
            "Install the same version on each of them: pip install 'zoomearth[batch]'.",
        )
    return WorkerDiedError(
        f"the Ray cluster gave up: {text}", "What was answered is kept: go on with --resume."
    )
