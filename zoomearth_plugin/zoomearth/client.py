"""The engine's door, from outside: starts the worker, asks, cancels, and starts it again when it died.

Runs in QGIS's Python and in the engine's: standard library only.
"""

from __future__ import annotations

import itertools
import logging
import queue
import subprocess  # nosec B404 # starts the engine's own interpreter, never a shell
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any, Deque, Dict, List, Mapping, Optional, Sequence

from .core.errors import (
    Cancelled,
    EngineMissingError,
    WorkerDiedError,
    WorkerTimeoutError,
    ZoomEarthError,
    error_from_json,
)
from .core.progress import CancelToken, Progress, Report, Stage, ignore_progress
from .core.types import Answer, Query
from .core.wire import MAX_LINE_BYTES, PROTOCOL, WireError, decode, encode

_log = logging.getLogger(__name__)
_POLL_S = 0.02
"""How often a cancel token is looked at while nothing comes from the worker."""
_FAREWELL_S = 1.0
"""How long a worker that was asked to stop may take before it is killed."""
_KEPT_LINES = 30


def engine_command(python: str) -> List[str]:
    """What starts a worker with this interpreter."""
    return [python, "-m", "zoomearth", "worker"]


def engine_environment(heart_folder: Path, cache_folder: Optional[Path]) -> Dict[str, str]:
    """Variables that let an interpreter find this very code, and no other copy of it.

    Args:
        heart_folder: Holds ``zoomearth/``.
        cache_folder: Where overviews are kept; None for the platform's usual place.
    """
    variables = {"PYTHONPATH": str(heart_folder), "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
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
        self._worker: Optional[_Worker] = None
        self._is_closed = False

    @property
    def is_running(self) -> bool:
        """Whether a worker process is alive."""
        worker = self._worker
        return worker is not None and worker.is_alive

    def ask(
        self, query: Query, *, report: Report = ignore_progress, cancel: Optional[CancelToken] = None
    ) -> Answer:
        """Ask a question and wait for its answer.

        Args:
            query: What to ask.
            report: Told of every stage, in this thread.
            cancel: Looked at all the while.

        Raises:
            EngineMissingError: The worker cannot be started.
            WorkerDiedError: It ended, or spoke nonsense, before it answered.
            WorkerTimeoutError: It did not become ready in time.
            ZoomEarthError: Whatever the worker reports.
            Cancelled: On request; the worker has stopped working on the question, or was killed.
        """
        token = cancel if cancel is not None else CancelToken()
        query = query.validated()
        with self._turns.turn(report, token):
            worker = self._ready_worker(report, token)
            answer = self._converse(worker, query, report, token)
        report(Progress(Stage.DONE, 1.0))
        return answer

    def ping(self, timeout_s: float = 5.0) -> float:
        """Seconds of a round trip; starts the worker where none runs. Overtakes questions.

        Raises:
            WorkerTimeoutError: No reply in time.
            EngineMissingError, WorkerDiedError: As for :meth:`ask`.
        """
        worker = self._ready_worker(ignore_progress, CancelToken())
        start = time.perf_counter()
        with worker.request({"op": "ping"}) as replies:
            try:
                replies.get(timeout=timeout_s)
            except queue.Empty:
                raise WorkerTimeoutError(f"no reply to a ping within {timeout_s} s") from None
        return time.perf_counter() - start

    def close(self) -> None:
        """Stop the worker for good; a question under way fails. May be called more than once."""
        with self._lock:
            self._is_closed = True
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop(_FAREWELL_S)

    def _ready_worker(self, report: Report, cancel: CancelToken) -> _Worker:
        with self._lock:
            if self._is_closed:
                raise WorkerDiedError("the engine was shut down")
            if self._worker is None or not self._worker.is_alive:
                self._worker = _Worker(self._command, self._environment)
            worker = self._worker
        if worker.is_ready:
            return worker
        report(Progress(Stage.STARTING, 0.0))
        deadline_s = worker.started_at_s + self._start_timeout_s
        try:
            while not worker.wait_until_ready(_POLL_S):
                cancel.check()  # the worker goes on starting, for the next question
                if time.monotonic() > deadline_s:
                    raise WorkerTimeoutError(f"the engine was not ready after {self._start_timeout_s} s")
        except ZoomEarthError:
            self._drop(worker)
            raise
        return worker

    def _converse(self, worker: _Worker, query: Query, report: Report, cancel: CancelToken) -> Answer:
        with worker.request({"op": "ask", "query": query.to_json()}) as replies:
            kill_at_s: Optional[float] = None
            while True:
                if cancel.is_cancelled and kill_at_s is None:
                    kill_at_s = time.monotonic() + self._cancel_grace_s
                    replies.send({"op": "cancel"})
                if kill_at_s is not None and time.monotonic() > kill_at_s:
                    _log.warning("the engine did not stop within %s s and is killed", self._cancel_grace_s)
                    self._drop(worker)
                    raise Cancelled()
                try:
                    reply = replies.get(timeout=_POLL_S)
                except queue.Empty:
                    continue
                except WorkerDiedError:
                    self._drop(worker)
                    cancel.check()
                    raise
                answer = self._understood(worker, reply, report, cancel)
                if answer is not None:
                    return answer

    def _understood(
        self, worker: _Worker, reply: Dict[str, Any], report: Report, cancel: CancelToken
    ) -> Optional[Answer]:
        """The answer in a reply; None where it is one of progress. A late answer is no answer."""
        event = reply.get("event")
        try:
            if event == "progress":
                if not cancel.is_cancelled:
                    report(Progress.from_json(reply["progress"]))
                return None
            cancel.check()
            if event == "cancelled":
                raise Cancelled()
            if event == "result":
                return Answer.from_json(reply["result"])
            if event == "error":
                raise error_from_json(reply["error"])
            raise WireError(f"unknown event {event!r}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._drop(worker)
            raise WorkerDiedError(f"the engine's reply makes no sense: {error!r}") from error

    def _drop(self, worker: _Worker) -> None:
        worker.stop(0.0)
        with self._lock:
            if self._worker is worker:
                self._worker = None


class _Turns:
    """Who asks next: first come, first served."""

    def __init__(self) -> None:
        self._waiting: Deque[object] = deque()
        self._changed = threading.Condition()

    def turn(self, report: Report, cancel: CancelToken) -> _Turn:
        """Waits for its turn on entry, ends it on exit."""
        return _Turn(self._waiting, self._changed, report, cancel)


class _Turn:
    def __init__(
        self, waiting: Deque[object], changed: threading.Condition, report: Report, cancel: CancelToken
    ) -> None:
        self._waiting = waiting
        self._changed = changed
        self._report = report
        self._cancel = cancel

    def __enter__(self) -> None:
        with self._changed:
            self._waiting.append(self)
            must_wait = self._waiting[0] is not self
        try:
            if must_wait:
                self._report(Progress(Stage.QUEUED))
            with self._changed:
                while self._waiting[0] is not self:
                    self._cancel.check()
                    self._changed.wait(_POLL_S)
                self._cancel.check()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._waiting.remove(self)
            self._changed.notify_all()


class _Worker:
    """A worker process and the two threads that read what it says; never used again once it ended.

    Raises:
        EngineMissingError: It cannot be started.
    """

    def __init__(self, command: List[str], environment: Optional[Dict[str, str]]) -> None:
        self.started_at_s = time.monotonic()
        try:
            self._process = subprocess.Popen(  # nosec B603 # a list, no shell
                command,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=-1,
                **_process_options(),
            )
        except OSError as error:
            raise EngineMissingError(f"{command[0]} does not start: {error}") from error
        self._ids = itertools.count(1)
        self._requests: Dict[int, queue.Queue[Optional[Dict[str, Any]]]] = {}
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._has_ended = threading.Event()
        self._complaint = ""
        self._last_lines: Deque[str] = deque(maxlen=_KEPT_LINES)
        self._threads = [
            threading.Thread(target=target, name=f"zoomearth-{name}", daemon=True)
            for name, target in (("replies", self._read_replies), ("log", self._read_log))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_alive(self) -> bool:
        return not self._has_ended.is_set() and self._process.poll() is None

    @property
    def is_ready(self) -> bool:
        return self._ready.is_set() and not self._has_ended.is_set()

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Whether it is ready by then.

        Raises:
            WorkerDiedError: It ended instead.
        """
        self._ready.wait(timeout_s)
        if self._has_ended.is_set():
            raise self._death()
        return self._ready.is_set()

    def request(self, message: Dict[str, Any]) -> _Request:
        """Send a message under a new id, and listen to what comes for it."""
        number = next(self._ids)
        replies: queue.Queue[Optional[Dict[str, Any]]] = queue.Queue()
        with self._lock:
            self._requests[number] = replies
        if self._has_ended.is_set():
            replies.put(None)
        request = _Request(self, number, replies)
        request.send(message)
        return request

    def send(self, message: Dict[str, Any]) -> None:
        """Write one line; a worker that ended is noticed where its replies are read."""
        stream = self._process.stdin
        try:
            with self._lock:
                if stream is not None and not stream.closed:
                    stream.write(encode(message))
                    stream.flush()
        except OSError as error:
            _log.info("the engine does not listen: %s", error)

    def forget(self, number: int) -> None:
        with self._lock:
            self._requests.pop(number, None)

    def stop(self, farewell_s: float) -> None:
        """End it, by force after ``farewell_s``; blocks until process and threads are gone."""
        if farewell_s > 0:
            self.send({"op": "shutdown"})
            try:
                self._process.wait(farewell_s)
            except subprocess.TimeoutExpired:
                _log.info("the engine did not stop when asked")
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=_FAREWELL_S)
        with self._lock:
            if self._process.stdin is not None:
                _close_quietly(self._process.stdin)

    def _death(self) -> WorkerDiedError:
        for thread in self._threads:  # the last words are on their way
            if thread is not threading.current_thread():
                thread.join(timeout=0.2)
        said = "\n".join(self._last_lines)
        what = self._complaint or f"the engine ended with status {self._process.poll()}"
        return WorkerDiedError(f"{what}\n{said}".strip())

    def _read_replies(self) -> None:
        stream = self._process.stdout
        try:
            while stream is not None:
                line = stream.readline(MAX_LINE_BYTES + 2)
                if not line:
                    break
                self._deliver(decode(line))
        except (WireError, OSError) as error:
            self._complaint = f"the engine spoke nonsense: {error}"
            self._process.kill()
        self._process.wait()
        with self._lock:
            self._has_ended.set()
            for replies in self._requests.values():
                replies.put(None)
        self._ready.set()  # wakes who waits for it

    def _deliver(self, message: Dict[str, Any]) -> None:
        if message.get("event") == "ready":
            if message.get("protocol") != PROTOCOL:
                raise WireError(f"protocol {message.get('protocol')!r} instead of {PROTOCOL}")
            self._ready.set()
            return
        with self._lock:
            replies = self._requests.get(message.get("id", -1))
        if replies is not None:
            replies.put(message)

    def _read_log(self) -> None:
        for line in self._process.stderr or ():
            text = line.decode("utf-8", "replace").rstrip()
            self._last_lines.append(text)
            _log.debug("engine: %s", text)


class _Request:
    """One id's messages, until it is left."""

    def __init__(self, worker: _Worker, number: int, replies: queue.Queue[Optional[Dict[str, Any]]]) -> None:
        self._worker = worker
        self._number = number
        self._replies = replies

    def __enter__(self) -> _Request:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.forget(self._number)

    def send(self, message: Dict[str, Any]) -> None:
        """Another message under the same id."""
        self._worker.send({**message, "id": self._number})

    def get(self, timeout: float) -> Dict[str, Any]:
        """The next reply.

        Raises:
            queue.Empty: None in time.
            WorkerDiedError: None will come.
        """
        reply = self._replies.get(timeout=timeout)
        if reply is None:
            raise self._worker._death()
        return reply


def _process_options() -> Dict[str, Any]:
    """Keeps a console from flashing on Windows, and a terminal's Ctrl+C away from the worker elsewhere."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _close_quietly(stream: Any) -> None:
    try:
        stream.close()
    except OSError as error:  # what was still to be written has no reader
        _log.debug("closing: %s", error)


__all__ = ["Client", "engine_command", "engine_environment"]
