"""The questions of this session, newest first; and what to do while there is none."""

from __future__ import annotations

from typing import List, Optional

from qgis.PyQt.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QFrame, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from .history import examples
from .ink import TextLabel
from .question_card import QuestionCard

translate = QCoreApplication.translate

LEAST_WIDTH_PX = 300
MOST_CARDS = 30
"""Older ones are put away: their answers are in the answer layer, their pictures would fill the memory."""


class Feed(QScrollArea):
    """Cards in a column that scrolls up and down only."""

    example_chosen = pyqtSignal(str)
    raster_requested = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.cards: List[QuestionCard] = []
        self._has_layer = False
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QWidget()
        self._layout = QVBoxLayout(column)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(10)
        self._no_layer = self._build_no_layer()
        self._welcome = self._build_welcome()
        self._layout.addWidget(self._no_layer)
        self._layout.addWidget(self._welcome)
        self._layout.addStretch(1)
        self.setWidget(column)
        self._show_hints()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as the widest card needs, whatever the theme's buttons take: nothing is cut off."""
        needed = self.widget().minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(max(needed, LEAST_WIDTH_PX), super().minimumSizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """QScrollArea watches its widget: a card that has changed may need more width."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def add(self, question: str, area_name: str = "") -> QuestionCard:
        """A new card, on top and in sight."""
        card = QuestionCard(question, area_name)
        card.dismissed.connect(lambda: self.remove(card))
        self.cards.insert(0, card)
        self._layout.insertWidget(0, card)
        for old in [card for card in self.cards[MOST_CARDS:] if not card.is_open]:
            self.remove(old)
        self._show_hints()
        self.verticalScrollBar().setValue(0)
        return card

    def remove(self, card: QuestionCard) -> None:
        """Put a card away."""
        if card in self.cards:
            self.cards.remove(card)
            self._layout.removeWidget(card)
            card.hide()
            card.deleteLater()
            self._show_hints()

    def set_has_layer(self, has_layer: bool) -> None:
        """Whether there is a raster to ask about."""
        self._has_layer = has_layer
        self._show_hints()

    def _show_hints(self) -> None:
        self._no_layer.setVisible(not self._has_layer)
        self._welcome.setVisible(self._has_layer and not self.cards)

    def _build_no_layer(self) -> QWidget:
        hint, layout = _hint(
            translate("Feed", "No raster layer yet"),
            translate("Feed", "Add a satellite image, an aerial photograph or another raster, then ask."),
        )
        hint.setObjectName("zoomearthNoLayer")
        button = QPushButton(translate("Feed", "Add raster layer…"))
        button.setObjectName("zoomearthAddRaster")
        button.clicked.connect(self.raster_requested)
        layout.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return hint

    def _build_welcome(self) -> QWidget:
        hint, layout = _hint(
            translate("Feed", "Ask about what you see"),
            translate(
                "Feed",
                "The model looks at the whole area first, then zooms to the original pixels where it needs "
                "to see more. Nothing leaves this computer.",
            ),
        )
        hint.setObjectName("zoomearthWelcome")
        for example in examples():
            button = QPushButton(example.replace("&", "&&"))
            button.setObjectName("zoomearthExample")
            button.setToolTip(translate("Feed", "Put this question into the line"))
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, example=example: self.example_chosen.emit(example))
            layout.addWidget(button)
        return hint


def _hint(title: str, text: str):
    hint = QWidget()
    layout = QVBoxLayout(hint)
    layout.setContentsMargins(0, 8, 0, 0)
    layout.addWidget(TextLabel(title, scale=1.15, is_bold=True))
    layout.addWidget(TextLabel(text, strength=0.7))
    layout.addSpacing(4)
    return hint, layout
