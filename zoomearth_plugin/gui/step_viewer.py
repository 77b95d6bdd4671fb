"""One look of the model, large, with all that it wrote there."""

from __future__ import annotations

from typing import Optional, Tuple

from qgis.PyQt.QtCore import QCoreApplication, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QImage, QKeySequence, QPainter, QPaintEvent
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ..zoomearth.core.types import Answer
from .ink import TextLabel, ink
from .measures import gsd_text, pixels_text
from .pictures import fitted, paint_picture
from .step_strip import step_title

translate = QCoreApplication.translate


class _Picture(QWidget):
    """As large as there is room for."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.step, self.image = None, None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(240, 240))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        if self.step is not None:
            painter = QPainter(self)
            place = fitted(self.step.view_size, QRectF(self.rect()))
            paint_picture(painter, place, self.image, self.step, ink(0.12))
            painter.end()


class StepViewer(QDialog):
    """Goes back and forth through the looks of an answer."""

    def __init__(
        self,
        answer: Answer,
        images: Tuple[Optional[QImage], ...],
        number: int,
        parent: Optional[QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self._answer, self._images, self._number = answer, images, number
        self.setObjectName("zoomearthStepViewer")
        self.setWindowTitle(translate("StepViewer", "What the model saw"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._caption = TextLabel(strength=0.8)
        self._picture = _Picture()
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setMaximumHeight(120)
        self._text.setAccessibleName(translate("StepViewer", "What the model wrote at this step"))
        layout = QVBoxLayout(self)
        for part, stretch in ((self._caption, 0), (self._picture, 1), (self._text, 0)):
            layout.addWidget(part, stretch)
        layout.addLayout(self._buttons())
        self.resize(560, 760)
        self._show()

    def _buttons(self) -> QHBoxLayout:
        self._back = QPushButton(translate("StepViewer", "Back"))
        self._back.setShortcut(QKeySequence(QKeySequence.StandardKey.MoveToPreviousPage))
        self._back.clicked.connect(lambda: self._go(-1))
        self._next = QPushButton(translate("StepViewer", "Next"))
        self._next.setShortcut(QKeySequence(QKeySequence.StandardKey.MoveToNextPage))
        self._next.clicked.connect(lambda: self._go(1))
        closing = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        closing.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self._back)
        row.addWidget(self._next)
        row.addWidget(closing, 1)
        return row

    def _go(self, by: int) -> None:
        self._number = max(0, min(self._number + by, len(self._answer.steps) - 1))
        self._show()

    def _show(self) -> None:
        step = self._answer.steps[self._number]
        parts = (step_title(self._number), pixels_text(step.window), gsd_text(step.seen_gsd_m))
        self._caption.setText("  ·  ".join(part for part in parts if part))
        self._picture.step, self._picture.image = step, self._images[self._number]
        self._picture.update()
        self._text.setPlainText(step.text)
        self._back.setEnabled(self._number > 0)
        self._next.setEnabled(self._number + 1 < len(self._answer.steps))
