"""Questions of an algorithm, asked aside, so that the algorithm's thread hears of a cancel."""

from __future__ import annotations

import queue
import threading
from typing import List, Optional

from qgis.core import QgsProcessingFeedback
from qgis.PyQt.QtCore import QThreadPool

from ..rendering import LayerDrawer
from ..wording import stage_text
from ..zoomearth.client import Client
from ..zoomearth.core.errors import Cancelled, ZoomEarthError
from ..zoomearth.core.progress import CancelToken, Progress, Stage
from ..zoomearth.core.types import Answer, Query
from .attention import Attention
from .engine import AlgorithmEngine
from .main_thread import MainThread

_POLL_S = 0.03


class Asker:
    """Asks on behalf of one run of an algorithm; made in the main thread, used in the algorithm's.

    QGIS draws layers that are no file in its main thread. Where that runs the algorithm itself, as in
    ``qgis_process`` or a batch process, its events are worked on while the question is on its way.

    Args:
        engine: Tells when everything has to stop.
        client: The door to the engine.
    """

    def __init__(self, engine: AlgorithmEngine, client: Client) -> None:
        self.main_thread = MainThread()
        self._engine = engine
        self._client = client
        self._stage: Optional[Stage] = None

    def is_stopped(self, feedback: QgsProcessingFeedback) -> bool:
        """Whether the person cancelled, or the plugin is being unloaded."""
        return feedback.isCanceled() or self._engine.is_closed

    def ask(
        self,
        query: Query,
        drawer: Optional[LayerDrawer],
        feedback: QgsProcessingFeedback,
        share: float = 1.0,
        before: float = 0.0,
    ) -> Answer:
        """Ask and wait for the answer.

        Args:
            query: What to ask.
            drawer: Of a layer that is no file.
            feedback: Told of each stage; only in this thread.
            share: Of this question in the whole of the algorithm's work, 0 to 1.
            before: Share of the work that is done already.

        Raises:
            Cancelled: On request, within half a second.
            ZoomEarthError: See :meth:`.client.Client.ask`.
        """
        token = CancelToken()
        told: queue.SimpleQueue[Progress] = queue.SimpleQueue()
        outcome: List[object] = []
        has_ended = threading.Event()

        def work() -> None:
            try:
                outcome.append(self._client.ask(query, report=told.put, cancel=token, drawer=drawer))
            except Exception as error:  # noqa: BLE001 # raised again in the algorithm's thread
                outcome.append(error)
            finally:
                has_ended.set()

        threading.Thread(target=work, name="zoomearth-algorithm", daemon=True).start()
        self._attend(has_ended, told, token, feedback, share, before)
        if drawer is not None and self.main_thread.is_here:
            drawer.stop()
        found = outcome.pop()
        if isinstance(found, Answer):
            return found
        if token.is_cancelled or isinstance(found, Cancelled):
            raise Cancelled()
        try:
            raise found if isinstance(found, ZoomEarthError) else ZoomEarthError(repr(found))
        finally:
            del found  # else it holds this frame, which holds it, and outputs stay open until both are found

    def _attend(
        self,
        has_ended: threading.Event,
        told: queue.SimpleQueue[Progress],
        token: CancelToken,
        feedback: QgsProcessingFeedback,
        share: float,
        before: float,
    ) -> None:
        is_main = self.main_thread.is_here
        attention = Attention()
        threads = QThreadPool.globalInstance()
        if not is_main:
            threads.releaseThread()  # this one only waits, and QGIS may have no other to draw with
        try:
            while not has_ended.wait(_POLL_S):
                self._tell(told, feedback, share, before)
                if self.is_stopped(feedback):
                    token.cancel()
                attention.give()
        finally:
            if not is_main:
                threads.reserveThread()
        self._tell(told, feedback, share, before)

    def _tell(
        self,
        told: queue.SimpleQueue[Progress],
        feedback: QgsProcessingFeedback,
        share: float,
        before: float,
    ) -> None:
        while not told.empty():
            progress = told.get()
            if progress.stage is not self._stage:
                self._stage = progress.stage
                # Without the model's words: QGIS shows this text as HTML.
                feedback.setProgressText(stage_text(Progress(progress.stage)))
            if progress.fraction is not None:
                feedback.setProgress(100.0 * (before + share * progress.fraction))
