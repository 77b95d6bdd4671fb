"""Answers jobs on this machine: rasters opened once, models loaded once, several questions at once.

For each model in turn its jobs are asked by a few threads, raster after raster. The threads read at the same
time; what the model has to compute for them is computed together (:mod:`..models.batching`).
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ..core.area import Area
from ..core.errors import AreaOutsideError, Cancelled, OutOfMemoryError, ZoomEarthError
from ..core.progress import CancelToken, Report, ignore_progress
from ..core.types import Options, Query
from ..models.engine import Engine
from ..models.loading import load_engine
from ..perception.loop import ask
from ..raster.opening import decoding_alone
from ..raster.raster import Raster
from ..raster.reading_threads import keep, reading_thread
from .jobs import Job
from .moving import moved
from .outcome import Outcome
from .sharing import SharedRasters
from .watching import Watch

_log = logging.getLogger(__name__)
Taker = Callable[[Outcome], None]
"""Takes an outcome as soon as it is there, in the thread that runs the batch."""
LEAVING_S = 3.0
"""How long those who ask may take to stop."""
_POLL_S = 0.05


@dataclass(frozen=True)
class RunSettings:
    """How a batch is run.

    Args:
        options: How hard to look.
        together: Questions that are asked at the same time; 1 for one by one.
    """

    options: Options = field(default_factory=Options)
    together: int = 8


def planned(jobs: Sequence[Job]) -> list[Job]:
    """Jobs in the order in which they are asked: by model, by raster as they come, by length of question.

    So a model is loaded and a raster opened once, and questions of one length, which write their answers
    in about the same time, are asked together.
    """
    first: dict[tuple[str, str], int] = {}
    for place, job in enumerate(jobs):
        first.setdefault((job.model, job.raster), place)
    models = {model: place for place, model in enumerate(dict.fromkeys(job.model for job in jobs))}
    return sorted(
        jobs, key=lambda job: (models[job.model], first[job.model, job.raster], len(job.question.split()))
    )


def run_local(jobs: Sequence[Job], settings: RunSettings, take: Taker, cancel: CancelToken) -> None:
    """Ask every job once.

    Args:
        jobs: In any order.
        settings: How.
        take: Gets each job's outcome, in this thread.
        cancel: Stops between tokens and pieces of reading; what was taken stays.

    Raises:
        Cancelled: On request.
    """
    ordered = planned(jobs)
    for model in dict.fromkeys(job.model for job in ordered):
        _run_model(model, [job for job in ordered if job.model == model], settings, take, cancel)


def _run_model(
    model: str, jobs: Sequence[Job], settings: RunSettings, take: Taker, cancel: CancelToken
) -> None:
    cancel.check()
    try:
        loaded = load_engine(model, report=ignore_progress, cancel=cancel)
    except ZoomEarthError as error:
        for job in jobs:
            take(Outcome(job, datetime.now(timezone.utc), error=error))
        return
    with shared(loaded, settings.together) as (engine, seat):
        ask_all(jobs, engine, seat, settings, take, cancel)


@contextmanager
def shared(engine: Engine, together: int) -> Iterator[tuple[Engine, Callable[[], object]]]:
    """The engine for several threads, and what each of them holds while it asks."""
    from ..models.scripted import ScriptedEngine

    if together > 1 and not isinstance(engine, ScriptedEngine):
        from ..models.batching import BatchedEngine
        from ..models.transformers_engine import TransformersEngine

        if isinstance(engine, TransformersEngine):
            batched = BatchedEngine(engine, together)
            with batched.serving():
                yield batched, batched.seat
            return
    turn = threading.Lock()
    yield engine, lambda: turn


def ask_all(
    jobs: Sequence[Job],
    engine: Engine,
    seat: Callable[[], object],
    settings: RunSettings,
    take: Taker,
    cancel: CancelToken,
) -> None:
    """Ask with several threads: half as many again as are asked together, which read meanwhile.

    Args:
        jobs: Of one model, in order.
        engine: Of :func:`shared`.
        seat: Of :func:`shared`.
        settings: How.
        take: Gets each outcome, in this thread.
        cancel: Stops.

    Raises:
        Cancelled: On request.
    """
    together = settings.together
    count = min(len(jobs), together + together // 2)
    stop = CancelToken()
    watch = Watch()
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    found: queue.Queue[Outcome | BaseException] = queue.Queue(maxsize=2 * count + 2)
    rasters = SharedRasters(jobs)
    for job in jobs:
        waiting.put(job)

    def work() -> None:
        try:
            with seat():  # type: ignore[attr-defined]
                while not stop.is_cancelled:
                    try:
                        job = waiting.get_nowait()
                    except queue.Empty:
                        return
                    with watch.on(job) as report:
                        outcome = answered(job, engine, rasters, settings.options, stop, report)
                    _put(found, outcome, stop)
        except Cancelled:
            return
        except BaseException as error:  # noqa: BLE001 # the thread's boundary: who runs the batch is told
            _put(found, error, stop)

    working: dict[Future[None], ThreadPoolExecutor] = {}
    with decoding_alone() if count > 1 else nullcontext():
        try:
            for _ in range(count):
                thread = reading_thread()
                working[thread.submit(work)] = thread
            for _ in jobs:
                outcome = _get(found, cancel, stop, watch)
                if isinstance(outcome, BaseException):
                    raise outcome
                take(outcome)
        finally:
            stop.cancel()
            done, stuck = wait(working, LEAVING_S)
            for its_work in done:
                keep(working[its_work])
            for its_work in stuck:
                working[its_work].shutdown(wait=False)
            if not stuck:  # else one may still read
                rasters.close()


def _get(
    found: queue.Queue[Outcome | BaseException], cancel: CancelToken, stop: CancelToken, watch: Watch
) -> Outcome | BaseException:
    """The next; once it is to stop, no new ones are begun, and those that are there come before it does."""
    while True:
        if cancel.is_cancelled:
            stop.cancel()
        try:
            return found.get_nowait() if stop.is_cancelled else found.get(timeout=_POLL_S)
        except queue.Empty:
            cancel.check()
            watch.look()


def _put(
    found: queue.Queue[Outcome | BaseException], item: Outcome | BaseException, stop: CancelToken
) -> None:
    while not stop.is_cancelled:
        try:
            found.put(item, timeout=_POLL_S)
        except queue.Full:
            continue
        else:
            return


def answered(
    job: Job,
    engine: Engine,
    rasters: SharedRasters,
    options: Options,
    cancel: CancelToken,
    report: Report = ignore_progress,
) -> Outcome:
    """Ask a job; whatever goes wrong with it alone becomes its outcome.

    Raises:
        Cancelled: On request.
    """
    asked_at = datetime.now(timezone.utc)
    try:
        with rasters.borrowed(job) as raster:
            query = Query(job.question, job.request, _area(job, raster), options, job.model)
            answer = ask(query, raster, engine, report=report, cancel=cancel)
            return Outcome(job, asked_at, answer=answer)
    except Cancelled:
        raise
    except ZoomEarthError as error:
        return Outcome(job, asked_at, error=error)
    except MemoryError as error:
        return Outcome(job, asked_at, error=OutOfMemoryError(f"out of memory: {error}"))
    except Exception as error:  # noqa: BLE001 # a job's boundary: it alone is lost
        _log.exception("job %s failed", job.id)
        return Outcome(job, asked_at, error=ZoomEarthError(f"{type(error).__name__}: {error}"))


def _area(job: Job, raster: Raster) -> Area | None:
    """The job's area in the raster's CRS; raises AreaOutsideError where it has no place there."""
    area = job.area
    if area is None or not area.polygons or not job.area_crs or raster.grid.crs_text is None:
        return area
    found = moved(area.polygons, job.area_crs, raster.grid.crs_text)
    if found is None:
        raise AreaOutsideError(f"the area of job {job.id} has no place in {raster.grid.crs_text}")
    return Area(polygons=found)
