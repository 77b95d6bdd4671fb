"""The engine's door, from outside: starts the worker, asks, cancels, and starts it again when it died.

Runs in QGIS's Python and in the engine's: standard library only.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Deque, Dict, Iterator, List, Mapping, Optional, Sequence

from .core.drawing import Drawer, OpenDrawings
from .core.errors import Cancelled, WorkerDiedError, WorkerTimeoutError, ZoomEarthError, error_from_json
from .core.progress import CancelToken, Progress, Report, Stage, ignore_progress
from .core.types import Answer, Query
from .core.wire import WireError
from .core.worker_process import Request, WorkerProcess

_log = logging.getLogger(__name__)
_POLL_S = 0.02
"""How often a cancel token is looked at while nothing comes from the worker."""
_PATIENCE_S = 0.3
"""How long who cancels is kept waiting for the worker to stop; the rest of its grace passes behind them."""
_FAREWELL_S = 1.0
"""How long a worker that was asked to stop may take before it is killed."""


def engine_command(python: str) -> List[str]:
    """What starts a worker with this interpreter."""
    return [python, "-m", "zoomearth", "worker"]


def engine_environment(heart_folder: Path, cache_folder: Optional[Path]) -> Dict[str, str]:
    """Variables that let an interpreter find this very code, and no other copy of it.

    Args:
        heart_folder: Holds ``zoomearth/``.
        cache_folder: Where overviews are kept; None for the platform's usual place.
    """
    # Safe path: files in the folder that QGIS was started from must not pass for modules.
    variables = {"PYTHONPATH": str(heart_folder), "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"}
    if cache_folder is not None:
        variables["ZOOMEARTH_CACHE"] = str(cache_folder)
    return variables


class Client:
    """One worker process, started with the first question; safe to use from several threads.

    Questions are asked one at a time: who comes second waits, and is told so (``queued``).

    Args:
        command: Starts the worker, see :func:`engine_command`.
        environment: All of the worker's variables; None for this process's own.
        start_timeout_s: How long a worker may take to say that it is ready.
        cancel_grace_s: A worker that has not stopped this long after a cancel is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Optional[Mapping[str, str]] = None,
        *,
        start_timeout_s: float = 60.0,
        cancel_grace_s: float = 2.0,
    ) -> None:
        self._command = list(command)
        self._environment = None if environment is None else dict(environment)
        self._start_timeout_s = start_timeout_s
        self._cancel_grace_s = cancel_grace_s
        self._turns = _Turns()
        self._lock = threading.Lock()
        self._worker: Optional[WorkerProcess] = None
        self._parting: Optional[threading.Thread] = None
        self._is_closed = False

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_running(self) -> bool:
        """Whether a worker process is alive."""
        worker = self._worker
        return worker is not None and worker.is_alive

    def ask(
        self,
        query: Query,
        *,
        report: Report = ignore_progress,
        cancel: Optional[CancelToken] = None,
        drawer: Optional[Drawer] = None,
    ) -> Answer:
        """Ask a question and wait for its answer.

        A cancel ends the wait within half a second, whatever the worker does: one that goes on is
        given the rest of ``cancel_grace_s``, then killed, and the next question starts another.

        Args:
            query: What to ask.
            report: Told of every stage, in this thread.
            cancel: Looked at all the while, in the queue, too.
            drawer: Draws the raster of the query where that is no file.

        Raises:
            EngineMissingError: The worker cannot be started.
            WorkerDiedError: It ended, or spoke nonsense, before it answered.
            WorkerTimeoutError: It did not become ready in time.
            ZoomEarthError: Whatever the worker reports.
            Cancelled: On request.
        """
        token = cancel if cancel is not None else CancelToken()
        query = query.validated()
        with self._turns.turn(report, token):
            self._await_parting(token)
            worker = self._ready_worker(report, token)
            return self._converse(worker, query, report, token, OpenDrawings(drawer))

    def ping(self, timeout_s: float = 5.0) -> float:
        """Seconds of a round trip; starts the worker where none runs. Overtakes questions.

        Raises:
            WorkerTimeoutError: No reply in time.
            EngineMissingError, WorkerDiedError: As for :meth:`ask`.
        """
        worker = self._ready_worker(ignore_progress, CancelToken())
        start = time.perf_counter()
        if worker.request({"op": "ping"}).reply(timeout_s) is None:
            raise WorkerTimeoutError(f"no reply to a ping within {timeout_s} s")
        return time.perf_counter() - start

    def close(self) -> None:
        """Stop the worker for good; a question under way fails. May be called more than once."""
        with self._lock:
            self._is_closed = True
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop(_FAREWELL_S)
        parting = self._parting
        if parting is not None:
            parting.join()

    def _ready_worker(self, report: Report, cancel: CancelToken) -> WorkerProcess:
        worker = self._living_worker()
        if worker.is_ready:
            return worker
        report(Progress(Stage.STARTING, 0.0))
        deadline_s = worker.started_at_s + self._start_timeout_s
        while True:
            cancel.check()  # the worker goes on starting, for the next question
            try:
                if worker.wait_until_ready(_POLL_S):
                    return worker
            except WorkerDiedError as error:
                raise self._death(worker, error) from None
            if time.monotonic() > deadline_s:
                self._drop(worker)
                said = worker.last_words()
                raise WorkerTimeoutError(f"not ready after {self._start_timeout_s} s\n{said}".strip())

    def _living_worker(self) -> WorkerProcess:
        with self._lock:
            if self._is_closed:
                raise WorkerDiedError("the engine was shut down")
            if self._worker is None or not self._worker.is_alive:
                if self._worker is not None:
                    self._worker.stop(0.0)
                self._worker = WorkerProcess(self._command, self._environment)
            return self._worker

    def _converse(
        self, worker: WorkerProcess, query: Query, report: Report, cancel: CancelToken, drawings: OpenDrawings
    ) -> Answer:
        request = worker.request({"op": "ask", "query": query.to_json()})
        try:
            while True:
                cancel.check()
                for drawn in drawings.finished():
                    request.send(drawn)
                reply = request.reply(_POLL_S)
                if reply is None:
                    continue
                news = self._understood(worker, reply, drawings)
                cancel.check()  # a late answer is no answer
                if isinstance(news, Answer):
                    return news
                if news is not None:
                    report(news)
        except WorkerDiedError as error:
            cancel.check()
            raise self._death(worker, error) from error
        finally:
            drawings.drop()
            if not request.has_ended:
                self._part(worker, request)

    def _understood(self, worker: WorkerProcess, reply: Dict[str, Any], drawings: OpenDrawings) -> Any:
        """The answer or the progress in a reply; None for one that asks for a drawing."""
        event = reply.get("event")
        try:
            if event == "progress":
                return Progress.from_json(reply["progress"])
            if event == "draw":
                drawings.begin(reply)
                return None
            if event == "result":
                return Answer.from_json(reply["result"])
            if event == "error":
                error = error_from_json(reply["error"])
            elif event == "cancelled":
                raise Cancelled()
            else:
                raise WireError(f"unknown event {event!r}")
        except (ValueError, KeyError, TypeError, AttributeError) as cause:
            self._drop(worker)
            said = worker.last_words()
            raise WorkerDiedError(f"the engine's reply makes no sense: {cause!r}\n{said}".strip()) from cause
        raise error

    def _death(self, worker: WorkerProcess, error: WorkerDiedError) -> ZoomEarthError:
        """What to tell of a worker that died; it was no accident when this client is closed."""
        self._drop(worker)
        return WorkerDiedError("the engine was shut down") if self._is_closed else error

    def _part(self, worker: WorkerProcess, request: Request) -> None:
        """Leave a question that the worker is still busy with: it has to stop, and is killed if it does not.

        Returns after :data:`_PATIENCE_S` at the latest; a thread sees to the rest.
        """
        request.cancel()
        patience_s = min(_PATIENCE_S, self._cancel_grace_s)
        if request.wait_until_ended(patience_s):
            return

        def see_to_it() -> None:
            if not request.wait_until_ended(self._cancel_grace_s - patience_s):
                _log.warning("the engine did not stop within %s s and is killed", self._cancel_grace_s)
                self._drop(worker)

        self._parting = threading.Thread(target=see_to_it, name="zoomearth-parting", daemon=True)
        self._parting.start()

    def _await_parting(self, cancel: CancelToken) -> None:
        """Until the worker is free of the question that was left last, or gone."""
        parting = self._parting
        while parting is not None and parting.is_alive():
            cancel.check()
            parting.join(_POLL_S)

    def _drop(self, worker: WorkerProcess) -> None:
        worker.stop(0.0)
        with self._lock:
            if self._worker is worker:
                self._worker = None


class _Turns:
    """Who asks next: first come, first served."""

    def __init__(self) -> None:
        self._waiting: Deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, report: Report, cancel: CancelToken) -> Iterator[None]:
        """Waits for a turn on entry, ends it on exit."""
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            must_wait = self._waiting[0] is not ticket
        try:
            if must_wait:
                report(Progress(Stage.QUEUED))
            with self._changed:
                while self._waiting[0] is not ticket:
                    cancel.check()
                    self._changed.wait(_POLL_S)
            cancel.check()
            yield
        finally:
            with self._changed:
                self._waiting.remove(ticket)
                self._changed.notify_all()


__all__ = ["Client", "engine_command", "engine_environment"]
