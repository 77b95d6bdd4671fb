"""The engine's door, from inside: one JSON object a line in, one a line out; see :mod:`.core.wire`.

A thread reads what comes, so that a cancel and a ping overtake the question under way; the thread that
started the worker answers questions, one after the other. Until the first question nothing heavy is
imported.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import traceback
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from .core.errors import Cancelled, EngineMissingError, OutOfMemoryError, ZoomEarthError
from .core.progress import CancelToken, Progress, Stage
from .core.types import Query
from .core.wire import MAX_LINE_BYTES, WireError, decode, encode, error, ready
from .resources import version

_log = logging.getLogger(__name__)
_NOBODY = 0
"""The id of an error that belongs to no question: the line could not be read."""


def main() -> int:
    """Serve until standard input closes or ``shutdown`` comes."""
    requests, replies = _take_streams()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    Worker(requests, replies).serve()
    # A reading thread that hangs in a library must not keep a worker that nobody needs alive.
    logging.shutdown()
    os._exit(0)


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """The door's two streams; whatever else prints goes to standard error from now on."""
    sys.stdout.flush()
    replies = os.fdopen(os.dup(1), "wb")
    requests = os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout = sys.stderr
    return requests, replies


@dataclass
class _Question:
    number: int
    query: Query
    cancel: CancelToken = field(default_factory=CancelToken)


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
        self._engine: Any = None
        self._model = ""

    def serve(self) -> None:
        """Answer in this thread until there is nobody left to answer."""
        self._send(ready(version(), os.getpid()))
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        while True:
            question = self._questions.get()
            if question is None:
                return
            self._send(self._outcome(question))
            self._open.pop(question.number, None)

    def _read(self) -> None:
        try:
            while line := self._requests.readline(MAX_LINE_BYTES + 2):
                try:
                    if not self._take(decode(line)):
                        break
                except (WireError, ValueError, KeyError, TypeError, AttributeError) as cause:
                    self._send(error(_NOBODY, ZoomEarthError(f"a request makes no sense: {cause!r}")))
        finally:
            for question in list(self._open.values()):
                question.cancel.cancel()
            self._questions.put(None)

    def _take(self, message: dict[str, Any]) -> bool:
        """Act on one request; False for the last one."""
        operation = message.get("op")
        if operation == "shutdown":
            return False
        number = int(message["id"])
        if operation == "ping":
            self._send({"event": "result", "id": number, "result": {}})
        elif operation == "cancel":
            if number in self._open:
                self._open[number].cancel.cancel()
        elif operation == "ask":
            self._enqueue(number, message)
        else:
            self._send(error(number, ZoomEarthError(f"unknown request {operation!r}")))
        return True

    def _enqueue(self, number: int, message: dict[str, Any]) -> None:
        try:
            question = _Question(number, Query.from_json(message["query"]))
        except (ValueError, KeyError, TypeError, AttributeError) as cause:
            self._send(error(number, ZoomEarthError(f"the question cannot be read: {cause!r}")))
            return
        self._open[number] = question
        self._questions.put(question)

    def _outcome(self, question: _Question) -> dict[str, Any]:
        """The last message of a question; whatever went wrong, the worker lives on."""
        number = question.number
        try:
            return {"event": "result", "id": number, "result": self._answer(question)}
        except Cancelled:
            return {"event": "cancelled", "id": number}
        except ZoomEarthError as cause:
            _log.error("%s: %s", cause.code, cause.message)
            return error(number, cause)
        except ImportError as cause:
            _log.exception("a package is missing")
            hint = "Set up the engine's Python environment again in the ZoomEarth settings."
            return error(number, EngineMissingError(f"the engine lacks a package: {cause}", hint))
        except MemoryError as cause:
            _log.exception("out of memory")
            return error(number, OutOfMemoryError(f"out of memory: {cause}"))
        except Exception as cause:  # noqa: BLE001 # the process's boundary: one question is lost, no more
            _log.error("%s", traceback.format_exc())
            return error(number, ZoomEarthError(f"{type(cause).__name__}: {cause}"))

    def _answer(self, question: _Question) -> dict[str, Any]:
        from .perception.loop import ask
        from .raster.reading import open_raster

        def report(progress: Progress) -> None:
            self._send({"event": "progress", "id": question.number, "progress": progress.to_json()})

        question.cancel.check()
        query = question.query.validated()
        report(Progress(Stage.OPENING, 0.0))
        with open_raster(query.raster) as raster:
            raster.resolve(query.area)  # an area outside is told before a model is loaded
            engine = self._loaded(query.model, report, question.cancel)
            return ask(query, raster, engine, report=report, cancel=question.cancel).to_json()

    def _loaded(self, model: str, report: Any, cancel: CancelToken) -> Any:
        """The engine of the model; the one before is let go first, two may not fit."""
        if self._engine is None or self._model != model or model.startswith("scripted:"):
            from .models.loading import load_engine

            self._engine = None
            self._engine = load_engine(model, report=report, cancel=cancel)
            self._model = model
        return self._engine

    def _send(self, message: dict[str, Any]) -> None:
        try:
            with self._writing:
                self._replies.write(encode(message))
                self._replies.flush()
        except OSError as cause:  # whoever asked is gone; standard input closes next
            _log.info("nobody listens: %s", cause)
