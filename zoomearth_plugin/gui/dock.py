"""The dock: hands questions to the queue and shows what becomes of them."""

from __future__ import annotations

import html
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Optional, Sequence

from qgis.core import Qgis, QgsProject, QgsSettings
from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import QCoreApplication, QDir, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtWidgets import QApplication, QFileDialog, QVBoxLayout, QWidget

try:
    from qgis.PyQt.QtGui import QShortcut  # Qt 6
except ImportError:
    from qgis.PyQt.QtWidgets import QShortcut

from .. import settings, sources
from ..layers import AnswerLayer, Place
from ..tasks import AnswerRecord, AskQueue, AskTask
from ..wording import error_text
from ..zoomearth.core.errors import QuestionInvalidError, ZoomEarthError
from ..zoomearth.core.progress import Progress
from .feed import Feed
from .ink import forget_icons
from .map_view import show_places
from .pictures import PictureLoader
from .question_card import QuestionCard
from .question_form import QuestionForm
from .record_text import record_text

if TYPE_CHECKING:
    from qgis.gui import QgisInterface

logger = logging.getLogger(__name__)
translate = QCoreApplication.translate

EXPORT_FOLDER_KEY = "zoomearth/export_folder"


class ZoomEarthDock(QgsDockWidget):
    """Asks, shows, and puts on the map.

    Args:
        iface: For the map, the message bar, the active layer and the log.
        queue: Takes the questions; its signals are all that the dock knows about them.
        answers: Where answers are kept, for the map and for export.
    """

    settings_requested = pyqtSignal()

    def __init__(
        self, iface: QgisInterface, queue: AskQueue, answers: AnswerLayer, parent: Optional[QWidget] = None
    ) -> None:
        super().__init__(translate("Dock", "ZoomEarth"), parent)
        self._iface, self._queue, self._answers = iface, queue, answers
        self._cards: Dict[AskTask, QuestionCard] = {}
        self.setObjectName("zoomearthDock")
        self.form = QuestionForm(iface)
        self.feed = Feed()
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setSpacing(12)
        layout.addWidget(self.form)
        layout.addWidget(self.feed, 1)
        self.setWidget(content)
        self._connect()
        self._layer_changed()

    def _connect(self) -> None:
        self.form.ask_requested.connect(self.ask)
        self.form.cancel_requested.connect(self.cancel)
        self.form.cancel_all_requested.connect(self.cancel_all)
        self.form.settings_requested.connect(self.settings_requested)
        self.form.layer_changed.connect(self._layer_changed)
        self.feed.example_chosen.connect(self._take_example)
        self.feed.raster_requested.connect(lambda: self._iface.actionAddRasterLayer().trigger())
        escape = QShortcut(QKeySequence(QKeySequence.StandardKey.Cancel), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.cancel)
        for signal, slot in self._queue_slots():
            signal.connect(slot)

    def _queue_slots(self):
        return (
            (self._queue.submitted, self._submitted),
            (self._queue.progressed, self._progressed),
            (self._queue.answered, self._answered),
            (self._queue.failed, self._failed),
            (self._queue.cancelled, self._cancelled),
            (self._queue.changed, self._queue_changed),
        )

    def ask(self) -> None:
        """Freeze what the form says and hand it to the queue; what is wrong with it is shown."""
        question, layer, now = self.form.question, self.form.layer, settings.load()
        try:
            sources.raster_request(layer)  # what is wrong with the layer is told before its area
            places = self.form.area.areas(layer)
            queries = [sources.freeze_query(question, layer, place.area, now) for place in places]
            context = sources.ask_context(layer)
            for query, place in zip(queries, places):
                self._queue.submit(query, replace(context, area_name=place.name))
        except QuestionInvalidError as error:
            logger.warning("%s: %s", error.code, error.message)
            self.form.show_notice(error_text(error))
            return
        except ZoomEarthError as error:
            logger.error("%s: %s", error.code, error.message)
            self._fail(self._new_card(question.strip()), error)
            return
        self.form.line.history.add(queries[0].question)
        self.form.line.selectAll()

    def cancel(self) -> None:
        """Stop the question that is running."""
        if self._queue.running is not None:
            self._queue.cancel(self._queue.running)

    def cancel_all(self) -> None:
        """Stop the question that is running, and those that wait."""
        self._queue.cancel_all()

    def focus_question(self) -> None:
        """Bring the dock up, ready to type."""
        self.show()
        self.raise_()
        self.form.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.form.line.selectAll()

    def export(self, record: AnswerRecord, path: Path) -> bool:
        """Write an answer to a GeoPackage; tells the person how it went, and the caller."""
        try:
            self._answers.export(path, record.places)
        except ZoomEarthError as error:
            logger.error("%s: %s", error.code, error.message)
            self._tell(error_text(error), Qgis.MessageLevel.Critical)
            return False
        written = translate("Dock", "The answer is in {path}").format(path=QDir.toNativeSeparators(str(path)))
        self._tell(written, Qgis.MessageLevel.Success)
        return True

    def close_down(self) -> None:
        """Let go of QGIS: signals, map tool, outlines."""
        for signal, slot in self._queue_slots():
            signal.disconnect(slot)
        self.form.close_down()
        PictureLoader.stop_all()
        forget_icons()

    def _layer_changed(self) -> None:
        self.feed.set_has_layer(self.form.layer is not None)

    def _take_example(self, question: str) -> None:
        self.form.line.setText(question)
        self.form.line.setFocus()

    def _new_card(self, question: str, area_name: str = "") -> QuestionCard:
        card = self.feed.add(question, area_name)
        card.settings_requested.connect(self.settings_requested)
        card.log_requested.connect(self._iface.openMessageLog)
        card.ask_again_requested.connect(lambda: self._ask_again(card))
        return card

    def _ask_again(self, card: QuestionCard) -> None:
        """The same question about the same place; where it was never frozen, as the form says now."""
        asked = card.asked
        self.feed.remove(card)
        if asked is None:
            self.form.line.setText(card.question)
            self.ask()
            return
        query = sources.asked_again(asked.query, settings.load())
        try:
            self._queue.submit(query, asked.context)
        except ZoomEarthError as error:
            logger.error("%s: %s", error.code, error.message)
            again = self._new_card(query.question, asked.context.area_name)
            again.asked = asked
            self._fail(again, error)

    def _submitted(self, task: AskTask) -> None:
        card = self._new_card(task.query.question, task.context.area_name)
        card.cancel_requested.connect(lambda: self._queue.cancel(task))
        card.show_progress(task.stage)
        card.asked = task
        self._cards[task] = card

    def _progressed(self, task: AskTask, progress: Progress) -> None:
        self._cards[task].show_progress(progress)

    def _answered(self, task: AskTask, record: AnswerRecord) -> None:
        asked = self._cards.pop(task)
        asked.asked = None  # with the layer that was drawn for it
        card = asked.show_answer(record)
        card.show_requested.connect(self._show_on_map)
        card.copy_requested.connect(lambda: QApplication.clipboard().setText(record_text(record)))
        card.export_requested.connect(lambda: self._choose_export(record))
        if record.storage_error is not None:
            self._tell(error_text(record.storage_error), Qgis.MessageLevel.Warning)

    def _failed(self, task: AskTask, error: ZoomEarthError) -> None:
        self._fail(self._cards.pop(task), error)

    def _fail(self, card: QuestionCard, error: ZoomEarthError) -> None:
        card.show_failure(error)
        self._tell(error_text(error), Qgis.MessageLevel.Warning)

    def _cancelled(self, task: AskTask, reason: str) -> None:
        self._cards.pop(task).show_cancelled(reason)
        if reason:
            self._tell(reason, Qgis.MessageLevel.Info)

    def _queue_changed(self) -> None:
        self.form.cancel.setEnabled(self._queue.running is not None)
        self.form.cancel_all.setVisible(bool(self._queue.waiting))

    def _show_on_map(self, places: Sequence[Place]) -> None:
        if not show_places(self._iface.mapCanvas(), self._answers, places):
            gone = translate("Dock", "This answer has no place on the map, or its layer has been removed.")
            self._tell(gone, Qgis.MessageLevel.Warning)

    def _choose_export(self, record: AnswerRecord) -> None:
        store = QgsSettings()
        folder = store.value(EXPORT_FOLDER_KEY, QgsProject.instance().homePath() or QDir.homePath())
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            translate("Dock", "Export the answer"),
            str(Path(folder, "answer.gpkg")),
            translate("Dock", "GeoPackage") + " (*.gpkg)",
        )
        if chosen:
            path = Path(chosen)
            path = path if path.suffix.lower() == ".gpkg" else path.with_name(path.name + ".gpkg")
            store.setValue(EXPORT_FOLDER_KEY, str(path.parent))
            self.export(record, path)

    def _tell(self, sentence: str, level: Qgis.MessageLevel) -> None:
        # The message bar reads HTML; sentences may quote file names and models.
        self._iface.messageBar().pushMessage(translate("Dock", "ZoomEarth"), html.escape(sentence), level)
