"""A row of small pictures: each look the model took, with the detail it saw and the box it chose."""

from __future__ import annotations

from typing import List, Optional, Tuple

from qgis.PyQt.QtCore import QCoreApplication, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QImage, QPainter, QPaintEvent, QPen
from qgis.PyQt.QtWidgets import QAbstractButton, QGridLayout, QSizePolicy, QWidget

from ..zoomearth.core.types import Answer, Step
from .ink import follow_theme, ink, one_line
from .measures import gsd_text, pixels_text
from .pictures import CORNER_RADIUS_PX, PictureLoader, fitted, paint_picture

translate = QCoreApplication.translate

COLUMNS = 2
LEAST_WIDTH_PX = 96
LARGEST_WIDTH_PX = 260
CAPTION_GAP_PX = 4
STANDS_BACK = 0.72


class StepButton(QAbstractButton):
    """One look; a click shows it large."""

    def __init__(self, number: int, step: Step, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.step = step
        self.image: Optional[QImage] = None
        self.title = step_title(number)
        self.detail = gsd_text(step.seen_gsd_m) or pixels_text(step.window)
        self.setObjectName(f"zoomearthStep{number + 1}")
        self.setAccessibleName(f"{self.title}, {self.detail}")
        self.setToolTip(translate("StepStrip", "Show large, with what the model wrote"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMaximumWidth(LARGEST_WIDTH_PX)
        follow_theme(self, self._dress)

    def show_picture(self, image: QImage) -> None:
        """Put the decoded picture in."""
        self.image = image
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(LEAST_WIDTH_PX + 32, self.heightForWidth(LEAST_WIDTH_PX + 32))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(LEAST_WIDTH_PX, self.heightForWidth(LEAST_WIDTH_PX))

    def heightForWidth(self, width_px: int) -> int:  # noqa: N802 - Qt's name
        """The picture's proportions, but never higher than wide, and two lines of caption."""
        picture = width_px * min(1.0, self.step.view_size[1] / self.step.view_size[0])
        return round(picture) + CAPTION_GAP_PX + self._caption_height()

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        return True

    def _dress(self) -> None:
        self._ink, self._faint = ink(STANDS_BACK), ink(0.12)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        room = QRectF(self.rect()).adjusted(1, 1, -1, -self._caption_height() - CAPTION_GAP_PX)
        place = fitted(self.step.view_size, room)
        paint_picture(painter, place, self.image, self.step, self._faint)
        if self.hasFocus() or self.underMouse():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self.palette().highlight().color(), 2.0))
            painter.drawRoundedRect(place, CORNER_RADIUS_PX, CORNER_RADIUS_PX)
        self._paint_caption(painter)
        painter.end()

    def _paint_caption(self, painter: QPainter) -> None:
        painter.setPen(self._ink)
        line_px = self.fontMetrics().lineSpacing()
        top = self.height() - 2 * line_px
        for row, text in enumerate((self.title, self.detail)):
            line = QRectF(1, top + row * line_px, self.width() - 2, line_px)
            shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(line.width()))
            painter.drawText(line, shown, one_line(Qt.AlignmentFlag.AlignHCenter))

    def _caption_height(self) -> int:
        return 2 * self.fontMetrics().lineSpacing()


class StepStrip(QWidget):
    """All looks of an answer, two in a row."""

    step_chosen = pyqtSignal(int)

    def __init__(self, answer: Answer, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(8)
        self.buttons: List[StepButton] = []
        for number, step in enumerate(answer.steps):
            button = StepButton(number, step)
            button.clicked.connect(lambda _=False, number=number: self.step_chosen.emit(number))
            grid.addWidget(button, number // COLUMNS, number % COLUMNS, Qt.AlignmentFlag.AlignTop)
            self.buttons.append(button)
        for column in range(COLUMNS):
            grid.setColumnStretch(column, 1)
        self._loader = PictureLoader()
        self._loader.loaded.connect(self._show_picture)
        self._loader.start(answer.steps)

    def images(self) -> Tuple[Optional[QImage], ...]:
        """What is decoded so far, a place for each look."""
        return tuple(button.image for button in self.buttons)

    def _show_picture(self, number: int, image: QImage) -> None:
        self.buttons[number].show_picture(image)


def step_title(number: int) -> str:
    """``Overview`` for look 0, then ``Zoom 1``, ``Zoom 2`` and so on."""
    if number == 0:
        return translate("StepStrip", "Overview")
    return translate("StepStrip", "Zoom {number}").format(number=number)
