"""What only the main thread may do, done there for an algorithm that runs in another one."""

from __future__ import annotations

from concurrent.futures import Future, wait
from typing import Any, Callable

from qgis.PyQt.QtCore import QObject, Qt, QThread, pyqtSignal

from ..zoomearth.core.errors import Cancelled

_POLL_S = 0.05


class MainThread(QObject):
    """Made in the main thread."""

    _wanted = pyqtSignal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._wanted.connect(self._do, Qt.ConnectionType.QueuedConnection)

    @property
    def is_here(self) -> bool:
        """Whether it is the main thread that asks."""
        return QThread.currentThread() == self.thread()

    def call(self, work: Callable[[], Any], is_stopped: Callable[[], bool]) -> Any:
        """What ``work`` gives or raises, done in the main thread; from any thread.

        Raises:
            Cancelled: The algorithm was stopped before the main thread came to it.
        """
        if self.is_here:
            return work()
        future: Future = Future()
        self._wanted.emit(work, future)
        while not future.done():
            wait([future], timeout=_POLL_S)
            if is_stopped() and future.cancel():
                raise Cancelled()
        return future.result()

    def _do(self, work: Callable[[], Any], future: Future) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 # handed to the thread that asked for the work
            future.set_exception(error)
