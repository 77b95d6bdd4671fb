"""One question's place in the dock, from waiting to its end: answered, failed or cancelled."""

from __future__ import annotations

import re
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QRectF, Qt, pyqtSignal
from qgis.PyQt.QtGui import QPainter, QPaintEvent, QPen
from qgis.PyQt.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..tasks import AnswerRecord, AskTask
from ..wording import error_text, stage_text
from ..zoomearth.core.errors import EngineMissingError, ZoomEarthError
from ..zoomearth.core.progress import Progress, Stage
from .answer_card import AnswerCard
from .ink import ElidedLabel, TextLabel, follow_theme, ink, wear_icon

translate = QCoreApplication.translate

CORNER_RADIUS_PX = 6.0
BAR_STEPS = 1000
_TAG = re.compile(r"</?[a-z_]+>")


class QuestionCard(QFrame):
    """The question, a button that cancels or puts away, and below it how things stand."""

    cancel_requested = pyqtSignal()
    dismissed = pyqtSignal()
    ask_again_requested = pyqtSignal()
    settings_requested = pyqtSignal()
    log_requested = pyqtSignal()

    def __init__(self, question: str, area_name: str = "", parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.question = question
        self.asked: Optional[AskTask] = None
        self.state = ""
        self._body: Optional[QWidget] = None
        follow_theme(self, self._dress)
        self._title = TextLabel(question, strength=0.75)
        self._title.setObjectName("zoomearthAsked")
        self._area = TextLabel(area_name, strength=0.55, scale=0.9)
        self._area.setObjectName("zoomearthAskedArea")
        self._area.setVisible(bool(area_name))
        self._close = QToolButton()
        self._close.setObjectName("zoomearthClose")
        self._close.setAutoRaise(True)
        wear_icon(self._close, "close")
        self._close.clicked.connect(self._close_clicked)
        header = QHBoxLayout()
        header.addWidget(self._title, 1)
        header.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(12, 10, 12, 12)
        self._layout.setSpacing(8)
        self._layout.addLayout(header)
        self._layout.addWidget(self._area)

    @property
    def is_open(self) -> bool:
        """Whether the question is still waiting or running."""
        return self.state in ("queued", "running")

    @property
    def answer_card(self) -> Optional[AnswerCard]:
        return self._body if isinstance(self._body, AnswerCard) else None

    def show_progress(self, progress: Progress) -> None:
        """Waiting, or on its way."""
        if not isinstance(self._body, _ProgressBody):
            self._put(_ProgressBody())
        self._set_state("queued" if progress.stage is Stage.QUEUED else "running")
        self._body.show_progress(progress)

    def show_answer(self, record: AnswerRecord) -> AnswerCard:
        """The end one hopes for."""
        card = AnswerCard(record)
        self._put(card)
        self._set_state("answered")
        return card

    def show_failure(self, error: ZoomEarthError) -> None:
        """What went wrong, what to do, and the code to look it up."""
        body = _FailureBody(error)
        body.again.clicked.connect(self.ask_again_requested)
        body.settings.clicked.connect(self.settings_requested)
        body.log.clicked.connect(self.log_requested)
        self._put(body)
        self._set_state("failed")

    def show_cancelled(self, reason: str = "") -> None:
        """Stopped by the person, or for the reason."""
        body = TextLabel(reason or translate("QuestionCard", "Cancelled."), strength=0.6)
        body.setObjectName("zoomearthCancelled")
        self._put(body)
        self._set_state("cancelled")

    def _dress(self) -> None:
        self._fill, self._line = ink(0.05), ink(0.16)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """A quiet sheet, a shade off whatever lies behind it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._line, 1.0))
        painter.setBrush(self._fill)
        sheet = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(sheet, CORNER_RADIUS_PX, CORNER_RADIUS_PX)
        painter.end()

    def _put(self, body: QWidget) -> None:
        if self._body is not None:
            self._layout.removeWidget(self._body)
            self._body.hide()
            self._body.deleteLater()
        self._body = body
        self._layout.addWidget(body)

    def _set_state(self, state: str) -> None:
        self.state = state
        tip = translate("QuestionCard", "Put this away; the answer stays in its layer")
        if self.is_open:
            tip = translate("QuestionCard", "Cancel this question")
        self._close.setToolTip(tip)
        self._close.setAccessibleName(tip)

    def _close_clicked(self) -> None:
        if self.is_open:
            self.cancel_requested.emit()
        else:
            self.dismissed.emit()


class _ProgressBody(QWidget):
    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._stage = TextLabel()
        self._stage.setObjectName("zoomearthStage")
        self._detail = ElidedLabel(strength=0.6, scale=0.9)
        self._bar = QProgressBar()
        self._bar.setObjectName("zoomearthProgress")
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for part in (self._stage, self._bar, self._detail):
            layout.addWidget(part)

    def show_progress(self, progress: Progress) -> None:
        self._stage.setText(stage_text(Progress(progress.stage)))
        self._bar.setVisible(progress.stage is not Stage.QUEUED)
        self._bar.setRange(0, 0 if progress.fraction is None else BAR_STEPS)
        self._bar.setValue(round((progress.fraction or 0.0) * BAR_STEPS))
        # The last line of what the model writes, without the tags of its protocol.
        self._detail.setText(" ".join(_TAG.sub(" ", progress.text[-400:]).split()))


class _FailureBody(QWidget):
    def __init__(self, error: ZoomEarthError, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        mark = QLabel()
        side_px = self.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize)
        mark.setPixmap(QgsApplication.getThemeIcon("/mIconCritical.svg").pixmap(side_px, side_px))
        sentence = TextLabel(error_text(error))
        sentence.setObjectName("zoomearthFailure")
        sentence.make_selectable()
        code = TextLabel(error.code, strength=0.55, scale=0.9)
        code.setObjectName("zoomearthCode")
        code.setToolTip(translate("QuestionCard", "The failure's code, for searching and reporting"))
        code.make_selectable()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(sentence)
        words.addWidget(code)
        row.addLayout(words, 1)
        self.again = QPushButton(translate("QuestionCard", "Ask again"))
        self.again.setObjectName("zoomearthAskAgain")
        self.settings = QPushButton(translate("QuestionCard", "Settings…"))
        if error.code == EngineMissingError.code:
            self.settings.setText(translate("QuestionCard", "Set up…"))
        self.settings.setObjectName("zoomearthFailureSettings")
        self.log = QPushButton(translate("QuestionCard", "Log"))
        self.log.setObjectName("zoomearthLog")
        buttons = QHBoxLayout()
        for button in (self.again, self.settings, self.log):
            buttons.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addLayout(buttons)
