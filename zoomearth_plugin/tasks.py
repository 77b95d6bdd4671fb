"""A question as a QGIS task, and the queue that lets one question run at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Callable, Deque, List, Optional, Tuple

from qgis.core import QgsApplication, QgsTask
from qgis.PyQt.QtCore import QCoreApplication, QObject, QThreadPool, QTimer, pyqtSignal

from .layers import AnswerLayer, Place
from .sources import AskContext
from .zoomearth.client import Client
from .zoomearth.core.errors import Cancelled, OutputUnwritableError, ZoomEarthError
from .zoomearth.core.progress import CancelToken, Progress, Stage
from .zoomearth.core.types import Answer, Query

logger = logging.getLogger(__name__)
translate = QCoreApplication.translate

REPORT_INTERVAL_S = 0.05
"""Reports of one stage reach the main thread at most this often, however fast the model writes."""
STOP_TIMEOUT_S = 3.0
"""How long unloading waits for the running question; the client kills a deaf worker after 2 s."""


class AskTask(QgsTask):
    """One question on its way. All signals are received in the main thread.

    Args:
        query: Frozen; ``run`` sees nothing else of QGIS.
        client: The door to the engine.
        context: Where the question was asked; only carried along.
    """

    progressed = pyqtSignal(object)
    answered = pyqtSignal(object)
    failed = pyqtSignal(object)
    was_cancelled = pyqtSignal()

    def __init__(self, query: Query, client: Client, context: AskContext) -> None:
        title = translate("AskTask", "ZoomEarth: {question}").format(question=query.question[:60])
        super().__init__(title, QgsTask.Flag.CanCancel)
        self.query = query
        self.context = context
        self.asked_at = datetime.now(timezone.utc)
        self.stage = Progress(Stage.QUEUED)
        self.cancel_reason = ""
        self.has_ended = False
        self._client = client
        self._token = CancelToken()
        self._answer: Optional[Answer] = None
        self._error: Optional[ZoomEarthError] = None
        self._reported_at_s = 0.0
        self._left_run = threading.Event()
        self._left_run.set()

    def run(self) -> bool:
        """In a thread of its own: ask, and keep what came."""
        self._left_run.clear()
        threads = QThreadPool.globalInstance()
        threads.releaseThread()  # this one only waits, and QGIS may have no other to draw with
        try:
            self._answer = self._client.ask(
                self.query, report=self._report, cancel=self._token, drawer=self.context.drawer
            )
        except Cancelled:
            return False
        except ZoomEarthError as error:
            if not self._token.is_cancelled:
                self._error = error
                logger.error("%s: %s", error.code, error.message)
        except Exception as error:  # the thread's boundary: nothing may escape into Qt
            logger.exception("the question failed")
            self._error = ZoomEarthError(repr(error))
        finally:
            threads.reserveThread()
            self._left_run.set()
        return self._answer is not None and not self._token.is_cancelled

    def finished(self, result: bool) -> None:
        """In the main thread: exactly one of the three outcomes is signalled."""
        self.has_ended = True  # QGIS deletes its half of the task soon after
        if self._token.is_cancelled or (self._answer is None and self._error is None):
            self.was_cancelled.emit()
        elif self._error is not None:
            self.failed.emit(self._error)
        else:
            self.answered.emit(self._answer)

    def cancel(self) -> None:
        """From the dock, the task list, or QGIS as it closes."""
        self._token.cancel()
        super().cancel()

    def wait_until_left(self, timeout_s: float) -> bool:
        """Block until ``run`` no longer runs; ``waitForFinished`` would hold Python's lock."""
        return self._left_run.wait(timeout_s)

    def _report(self, progress: Progress) -> None:
        now_s = time.monotonic()
        is_new_stage = progress.stage != self.stage.stage
        if not is_new_stage and now_s - self._reported_at_s < REPORT_INTERVAL_S:
            return
        self._reported_at_s = now_s
        self.stage = progress
        if progress.fraction is not None:
            self.setProgress(100.0 * progress.fraction)
        self.progressed.emit(progress)


@dataclass(frozen=True)
class AnswerRecord:
    """An answer with all that belongs to it.

    Args:
        places: The features that hold it.
        storage_error: Why the answer's file could not be written; the features are then in a
            scratch layer, and still to be saved.
    """

    answer: Answer
    query: Query
    context: AskContext
    asked_at: datetime
    places: Tuple[Place, ...]
    storage_error: Optional[ZoomEarthError] = None


class AskQueue(QObject):
    """Questions in the order they were asked, one at a time; the others wait, seen by the person.

    Args:
        client_for: Gives the client of the current settings; raises EngineMissingError.
        answers: Where answers are put before ``answered`` tells of them.
    """

    submitted = pyqtSignal(object)
    started = pyqtSignal(object)
    progressed = pyqtSignal(object, object)
    answered = pyqtSignal(object, object)
    failed = pyqtSignal(object, object)
    cancelled = pyqtSignal(object, str)
    changed = pyqtSignal()
    idle = pyqtSignal()

    def __init__(
        self, client_for: Callable[[], Client], answers: AnswerLayer, parent: Optional[QObject] = None
    ) -> None:
        super().__init__(parent)
        self._client_for = client_for
        self._answers = answers
        self._tasks: Deque[AskTask] = deque()
        self._is_closed = False

    @property
    def running(self) -> Optional[AskTask]:
        return self._tasks[0] if self._tasks else None

    @property
    def waiting(self) -> Tuple[AskTask, ...]:
        return tuple(self._tasks)[1:]

    def submit(self, query: Query, context: AskContext) -> AskTask:
        """Ask now, or as soon as the questions before are done.

        Raises:
            EngineMissingError: No engine's Python is found.
        """
        task = AskTask(query, self._client_for(), context)
        task.progressed.connect(lambda progress: self._tell(task, progress))
        task.answered.connect(lambda answer: self._keep(task, answer))
        task.failed.connect(lambda error: self._end(task, self.failed, error))
        task.was_cancelled.connect(lambda: self._end(task, self.cancelled, task.cancel_reason))
        self._tasks.append(task)
        task.hold()
        QgsApplication.taskManager().addTask(task)
        self.submitted.emit(task)
        if task is self.running:
            self._start(task)
        else:
            self.progressed.emit(task, task.stage)
        self.changed.emit()
        return task

    def cancel(self, task: AskTask) -> None:
        """Stop one question, running or waiting; one that has ended is left alone."""
        if task in self._tasks and not task.has_ended:
            task.cancel()

    def cancel_all(self, reason: str = "") -> None:
        """Stop every question; ``reason`` is handed on with each ``cancelled``."""
        for task in reversed(tuple(self._tasks)):
            task.cancel_reason = reason
            self.cancel(task)

    def close(self) -> None:
        """Stop every question, tell nobody, and wait until no thread works for this queue."""
        self._is_closed = True
        running = self.running
        self.cancel_all()
        for task in self._tasks:
            if task.context.drawer is not None:
                task.context.drawer.stop()  # no event loop may follow that would do so
        if running is not None and not running.wait_until_left(STOP_TIMEOUT_S):
            logger.error("a question did not stop within %s s", STOP_TIMEOUT_S)

    def _start(self, task: AskTask) -> None:
        task.stage = Progress(Stage.STARTING)
        task.unhold()
        self.started.emit(task)
        self._tell(task, task.stage)

    def _tell(self, task: AskTask, progress: Progress) -> None:
        if not self._is_closed:
            self.progressed.emit(task, progress)

    def _keep(self, task: AskTask, answer: Answer) -> None:
        if self._is_closed:
            return
        what = (task.query, replace(task.context, drawer=None), task.asked_at)
        said: List[str] = []  # about the place

        def stored(places: Tuple[Place, ...], error: Optional[ZoomEarthError]) -> None:
            if error is not None:
                logger.error("%s: %s", error.code, error.message)
            QTimer.singleShot(0, lambda: told(places, error))  # the layer took its time: QGIS draws first

        def told(places: Tuple[Place, ...], error: Optional[ZoomEarthError]) -> None:
            if self._is_closed:
                return
            if task.cancel_reason:  # the project was closed while the answer was written
                self._end(task, self.cancelled, task.cancel_reason)
            else:
                noted = replace(answer, warnings=(*answer.warnings, *filter(None, said)))
                self._end(task, self.answered, AnswerRecord(noted, *what, places, error))

        try:
            said.append(self._answers.append(answer, *what, stored))
        except Exception as failure:  # whatever happens to its place, the answer is shown and the next asked
            logger.exception("the answer could not be kept")
            stored((), OutputUnwritableError(repr(failure)))

    def _end(self, task: AskTask, signal: pyqtSignal, detail: object) -> None:
        if self._is_closed:
            return
        was_running = task is self.running
        self._tasks.remove(task)
        if was_running and self._tasks:
            self._start(self._tasks[0])
        signal.emit(task, detail)
        self.changed.emit()
        if not self._tasks:
            self.idle.emit()
