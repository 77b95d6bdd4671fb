"""The engine's door, from inside: one JSON object a line in, one a line out; see :mod:`.core.wire`.

A thread reads what comes, so that a cancel and a ping overtake the question under way; the thread that
started the worker answers questions, one after the other. Until the first question nothing heavy is
imported.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from .core.drawing import Drawing, DrawnWindow
from .core.errors import Cancelled, EngineMissingError, OutOfMemoryError, ZoomEarthError, error_from_json
from .core.progress import CancelToken, Progress, Report, Stage
from .core.types import Answer, Query
from .core.wire import MAX_LINE_BYTES, NOBODY, WireError, decode, encode, error, ready
from .resources import version

if TYPE_CHECKING:
    from .models.engine import Engine

_log = logging.getLogger(__name__)
_LAST_S = 2.0
"""How long a question may go on when nobody is left to hear its answer."""
_CANCEL_POLL_S = 0.02
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError)


def main() -> int:
    """Serve until standard input closes or ``shutdown`` comes."""
    requests, replies = _take_streams()
    Worker(requests, replies).serve()
    logging.shutdown()
    os._exit(0)  # a library's own threads must not keep alive what nobody needs


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """The door's two streams; whatever else prints goes to standard error from now on."""
    sys.stdout.flush()
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout = sys.stderr
    return requests, replies


@dataclass(frozen=True)
class _Question:
    number: int
    query: Query
    cancel: CancelToken = field(default_factory=CancelToken)
    drawn: queue.Queue[dict[str, Any]] = field(default_factory=queue.Queue)


class Worker:
    """Reads requests, answers them.

    Args:
        requests: Lines that come in.
        replies: Lines that go out.
    """

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests = requests
        self._replies = replies
        self._writing = threading.Lock()
        self._questions: queue.Queue[_Question | None] = queue.Queue()
        self._open: dict[int, _Question] = {}
        self._has_left = threading.Event()
        self._drawings = itertools.count(1)
        self._engine: Engine | None = None
        self._model = ""

    def serve(self) -> None:
        """Answer in this thread until there is nobody left to answer."""
        self._write(encode(ready(version(), os.getpid())))
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        while (question := self._questions.get()) is not None:
            self._write(self._outcome(question))
            self._open.pop(question.number, None)
        self._has_left.set()

    def _read(self) -> None:
        try:
            for line in self._lines():
                try:
                    if not self._take(decode(line)):
                        break
                except (WireError, *_MALFORMED) as cause:
                    self._refuse(NOBODY, f"a request makes no sense: {cause!r}")
        finally:
            for question in list(self._open.values()):
                question.cancel.cancel()
            self._questions.put(None)
            if not self._has_left.wait(_LAST_S):
                _log.warning("a question did not stop within %s s after its client had gone", _LAST_S)
                os._exit(1)

    def _lines(self) -> Iterator[bytes]:
        """Lines that came in; of one that is too long, only as much as shows that it is."""
        while line := self._requests.readline(MAX_LINE_BYTES + 1):
            rest = line
            while len(rest) > MAX_LINE_BYTES and not rest.endswith(b"\n"):
                rest = self._requests.readline(MAX_LINE_BYTES + 1)
            yield line

    def _take(self, message: dict[str, Any]) -> bool:
        """Act on one request; False for the last one."""
        operation = message.get("op")
        if operation == "shutdown":
            return False
        number = int(message["id"])
        if operation == "ping":
            self._write(encode({"event": "result", "id": number, "result": {}}))
        elif operation == "cancel":
            if number in self._open:
                self._open[number].cancel.cancel()
        elif operation == "drawn":
            if number in self._open:
                self._open[number].drawn.put(message)
        elif operation == "ask":
            self._enqueue(number, message)
        else:
            self._refuse(number, f"unknown request {operation!r}")
        return True

    def _enqueue(self, number: int, message: dict[str, Any]) -> None:
        try:
            question = _Question(number, Query.from_json(message["query"]))
        except _MALFORMED as cause:
            self._refuse(number, f"the question cannot be read: {cause!r}")
            return
        self._open[number] = question
        self._questions.put(question)

    def _refuse(self, number: int, message: str) -> None:
        _log.error("%s", message)
        self._write(encode(error(number, ZoomEarthError(message))))

    def _outcome(self, question: _Question) -> bytes:
        """The last line of a question; whatever went wrong, the worker lives on."""
        number = question.number
        try:
            answer = self._answer(question).to_json()
            line = encode({"event": "result", "id": number, "result": answer})
            if len(line) > MAX_LINE_BYTES:
                hint = "Lower the view side in the settings: the pictures of the steps are too large."
                raise ZoomEarthError(f"an answer of {len(line)} bytes", hint)
            return line
        except Cancelled:
            return encode({"event": "cancelled", "id": number})
        except ZoomEarthError as cause:
            _log.error("%s: %s", cause.code, cause.message)
            return encode(error(number, cause))
        except ImportError as cause:
            _log.exception("a package is missing")
            hint = "Set up the engine's Python environment again in the ZoomEarth settings."
            return encode(error(number, EngineMissingError(f"the engine lacks a package: {cause}", hint)))
        except MemoryError as cause:
            _log.exception("out of memory")
            return encode(error(number, OutOfMemoryError(f"out of memory: {cause}")))
        except Exception as cause:  # noqa: BLE001 # the process's boundary: one question is lost, no more
            _log.exception("the question failed")
            return encode(error(number, ZoomEarthError(f"{type(cause).__name__}: {cause}")))

    def _answer(self, question: _Question) -> Answer:
        question.cancel.check()
        from .perception.loop import ask
        from .raster.reading import open_raster

        def report(progress: Progress) -> None:
            event = {"event": "progress", "id": question.number, "progress": progress.to_json()}
            self._write(encode(event))

        def ask_for_drawing(window: DrawnWindow, cancel: CancelToken) -> Drawing:
            return self._drawing(question, window, cancel)

        query = question.query.validated()
        report(Progress(Stage.OPENING, 0.0))
        with open_raster(query.raster, ask_for_drawing) as raster:
            raster.resolve(query.area)  # an area outside is told before a model is loaded
            engine = self._loaded(query.model, report, question.cancel)
            return ask(query, raster, engine, report=report, cancel=question.cancel)

    def _drawing(self, question: _Question, window: DrawnWindow, cancel: CancelToken) -> Drawing:
        """Have whoever asked draw a window of the layer, and wait for it."""
        wanted = next(self._drawings)
        event = {"event": "draw", "id": question.number, "number": wanted, **window.to_json()}
        self._write(encode(event))
        while True:
            cancel.check()
            question.cancel.check()
            try:
                reply = question.drawn.get(timeout=_CANCEL_POLL_S)
            except queue.Empty:
                continue
            if reply.get("number") != wanted:  # what was asked for before, and given up
                continue
            if "error" in reply:
                raise error_from_json(reply["error"])
            return Drawing.from_json(reply, window.size)

    def _loaded(self, model: str, report: Report, cancel: CancelToken) -> Engine:
        """The engine of the model; the one before is let go first, two may not fit."""
        from .models.loading import load_engine
        from .models.scripted import PREFIX

        if self._engine is None or self._model != model or model.startswith(PREFIX):
            self._engine = None
            self._engine = load_engine(model, report=report, cancel=cancel)
            self._model = model
        return self._engine

    def _write(self, line: bytes) -> None:
        try:
            with self._writing:
                self._replies.write(line)
                self._replies.flush()
        except OSError as cause:  # whoever asked is gone; standard input closes next
            _log.info("nobody listens: %s", cause)
