"""A worker process from outside: requests go in, replies come out, and it never blocks who asks.

Three threads serve its streams, so that a worker that neither reads nor writes costs nobody but itself:
a full pipe stops the writing thread alone.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import signal
import subprocess  # nosec B404 # starts the engine's own interpreter, never a shell
import sys
import threading
import time
from collections import deque
from typing import IO, Any, Deque, Dict, Mapping, Optional, Sequence

from .errors import EngineMissingError, WorkerDiedError, ZoomEarthError
from .wire import LAST_EVENTS, MAX_LINE_BYTES, NOBODY, PROTOCOL, WireError, decode, encode

_log = logging.getLogger(__name__)
_LAST_WORDS_S = 0.5
"""How long the streams of a process that ended are read on for what it said last."""
_KEPT_LINES = 30
_LONGEST_LOG_LINE_BYTES = 8192
_START_HINT = "The engine does not start: check its Python in the ZoomEarth settings; the log says more."
_KILLED_HINT = (
    "The system ended the engine, most often for want of memory. Ask again; if it happens again, lower the"
    " view side in the settings or choose a smaller model."
)


class WorkerProcess:
    """One process, from its start to its end; never started again.

    Args:
        command: Starts it.
        environment: All of its variables; None for this process's own.

    Raises:
        EngineMissingError: It cannot be started.
    """

    def __init__(self, command: Sequence[str], environment: Optional[Mapping[str, str]]) -> None:
        self.started_at_s = time.monotonic()
        try:
            self._process = subprocess.Popen(  # nosec B603 # a list, no shell
                list(command),
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                **_process_options(),
            )
        except (OSError, ValueError) as error:
            raise EngineMissingError(f"{command[0]} does not start: {error}") from error
        self._ids = itertools.count(NOBODY + 1)
        self._lock = threading.Lock()
        self._requests: Dict[int, Request] = {}
        self._outbox: queue.Queue[Optional[bytes]] = queue.Queue()
        self._last_lines: Deque[str] = deque(maxlen=_KEPT_LINES)
        self._complaint = ""
        self._is_ready = False
        self._has_ended = False
        self._started = threading.Event()
        self._threads = [
            threading.Thread(target=target, args=(stream,), name=f"zoomearth-{name}", daemon=True)
            for name, target, stream in (
                ("requests", self._write_requests, self._process.stdin),
                ("replies", self._read_replies, self._process.stdout),
                ("log", self._read_log, self._process.stderr),
            )
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_alive(self) -> bool:
        return not self._has_ended and self._process.poll() is None

    @property
    def is_ready(self) -> bool:
        """Whether it said so, and lives."""
        return self._is_ready and not self._has_ended

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Whether it is ready by then.

        Raises:
            WorkerDiedError: It ended instead.
        """
        self._started.wait(timeout_s)
        if self._has_ended:
            raise self.death()
        return self._is_ready

    def request(self, message: Dict[str, Any]) -> Request:
        """Send a message under a new id; its replies come to what is returned, to the last.

        Raises:
            ZoomEarthError: Too long for a line.
        """
        request = Request(self, next(self._ids))
        line = _line({**message, "id": request.number})
        with self._lock:
            if self._has_ended:
                request.take(None)
            else:
                self._requests[request.number] = request
        self._outbox.put(line)
        return request

    def send(self, message: Dict[str, Any]) -> None:
        """Send a line as soon as the worker reads; one that ended never will."""
        self._outbox.put(_line(message))

    def stop(self, farewell_s: float) -> None:
        """End it, by force after ``farewell_s``; returns when process and threads are gone."""
        if farewell_s > 0:
            self.send({"op": "shutdown"})
        self._outbox.put(None)  # standard input closes
        if farewell_s > 0:
            try:
                self._process.wait(farewell_s)
            except subprocess.TimeoutExpired:
                _log.warning("the engine did not stop when asked and is killed")
        self._kill()
        self._process.wait()
        self._join(2 * _LAST_WORDS_S)

    def last_words(self) -> str:
        """The end of what it wrote to standard error."""
        return "\n".join(self._last_lines)

    def death(self) -> WorkerDiedError:
        """Why it ended, with its last words."""
        self._join(_LAST_WORDS_S)  # they may be on their way
        status = self._process.poll()
        hint = None
        if not self._complaint and status == -9:
            hint = _KILLED_HINT
        elif not self._is_ready:
            hint = _START_HINT
        what = self._complaint or f"the engine {_ending(status)}"
        return WorkerDiedError(f"{what}\n{self.last_words()}".strip(), hint)

    def _join(self, timeout_s: float) -> None:
        deadline_s = time.monotonic() + timeout_s
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline_s - time.monotonic()))

    def _kill(self) -> None:
        """Kill it and, where there are process groups, all that it started."""
        if self._process.poll() is not None:
            return
        try:
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)
        except OSError as error:
            _log.debug("the engine ended by itself: %s", error)

    def _write_requests(self, stream: IO[bytes]) -> None:
        try:
            with stream:
                while True:
                    line = self._outbox.get()
                    if line is None:
                        return
                    stream.write(line)
                    stream.flush()
        except OSError as error:
            _log.info("the engine does not listen: %s", error)

    def _read_replies(self, stream: IO[bytes]) -> None:
        try:
            with stream:
                while True:
                    line = stream.readline(MAX_LINE_BYTES + 1)
                    if not line.endswith(b"\n") and len(line) <= MAX_LINE_BYTES:
                        return  # it ended, maybe in the middle of a line
                    self._deliver(decode(line))
        except (WireError, OSError) as error:
            self._complaint = f"the engine spoke nonsense: {error}"
            self._kill()
        finally:
            self._end()

    def _end(self) -> None:
        """It says no more: let it end by itself, for its status tells why, but not for long."""
        try:
            self._process.wait(_LAST_WORDS_S)
        except subprocess.TimeoutExpired:
            self._kill()
            self._process.wait()
        self._outbox.put(None)
        with self._lock:
            self._has_ended = True
            while self._requests:
                self._requests.popitem()[1].take(None)
        self._started.set()

    def _deliver(self, message: Dict[str, Any]) -> None:
        event, number = message.get("event"), message.get("id", NOBODY)
        if event == "ready":
            if message.get("protocol") != PROTOCOL:
                raise WireError(f"protocol {message.get('protocol')!r} instead of {PROTOCOL}")
            self._is_ready = True
            self._started.set()
            return
        if not isinstance(number, int):
            raise WireError(f"the id {number!r}")
        with self._lock:
            # A request that could not be read has no id: whoever waits is meant.
            meant = list(self._requests) if number == NOBODY else [number]
            for waiting in meant:
                is_last = event in LAST_EVENTS
                request = self._requests.pop(waiting, None) if is_last else self._requests.get(waiting)
                if request is not None:
                    request.take(message)

    def _read_log(self, stream: IO[bytes]) -> None:
        with stream:
            for line in iter(lambda: stream.readline(_LONGEST_LOG_LINE_BYTES), b""):
                text = line.decode("utf-8", "replace").rstrip()
                self._last_lines.append(text)
                _log.info("engine: %s", text)


class Request:
    """One id and what comes for it.

    Args:
        worker: Who is asked.
        number: The id.
    """

    def __init__(self, worker: WorkerProcess, number: int) -> None:
        self.number = number
        self._worker = worker
        self._replies: queue.Queue[Optional[Dict[str, Any]]] = queue.Queue()
        self._ended = threading.Event()

    @property
    def has_ended(self) -> bool:
        """Whether the worker said its last on it, or ended itself."""
        return self._ended.is_set()

    def wait_until_ended(self, timeout_s: float) -> bool:
        """As :attr:`has_ended`, by then."""
        return self._ended.wait(timeout_s)

    def send(self, message: Dict[str, Any]) -> None:
        """Tell the worker more that belongs to this; raises ZoomEarthError where it is too long."""
        self._worker.send({**message, "id": self.number})

    def cancel(self) -> None:
        """Ask the worker to stop; it says its last on it all the same."""
        self.send({"op": "cancel"})

    def take(self, message: Optional[Dict[str, Any]]) -> None:
        """From the reading thread: a reply, or None when no more will come."""
        self._replies.put(message)
        if message is None or message.get("event") in LAST_EVENTS:
            self._ended.set()

    def reply(self, timeout_s: float) -> Optional[Dict[str, Any]]:
        """The next reply; None when none came in time.

        Raises:
            WorkerDiedError: The worker ended before it said its last on this.
        """
        try:
            message = self._replies.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if message is None:
            raise self._worker.death()
        return message


def _line(message: Dict[str, Any]) -> bytes:
    line = encode(message)
    if len(line) > MAX_LINE_BYTES:
        raise ZoomEarthError(f"a message of {len(line)} bytes", "Choose an area with fewer corners.")
    return line


def _process_options() -> Dict[str, Any]:
    """No console flashes on Windows; elsewhere a group of its own, which a terminal's Ctrl+C leaves alone."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _ending(status: Optional[int]) -> str:
    if status is None or status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
