"""The line that a question is typed into, with the questions before it."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QCoreApplication, QPoint, Qt
from qgis.PyQt.QtGui import QIcon, QKeyEvent, QPalette
from qgis.PyQt.QtWidgets import QLineEdit, QMenu, QWidget

from .history import QuestionHistory, examples
from .ink import follow_theme, line_icon

translate = QCoreApplication.translate

MENU_LENGTH = 10
MENU_TEXT_LENGTH = 60


class QuestionLine(QLineEdit):
    """Enter asks, Up and Down go through earlier questions, a menu shows them with examples."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.history = QuestionHistory()
        self.setObjectName("zoomearthQuestion")
        self.setPlaceholderText(translate("QuestionLine", "Ask about what you see…"))
        self.setAccessibleName(translate("QuestionLine", "Question"))
        self.setToolTip(
            translate("QuestionLine", "Enter asks, Escape cancels, Up and Down bring back earlier questions.")
        )
        self._earlier = self.addAction(QIcon(), QLineEdit.ActionPosition.TrailingPosition)
        self._earlier.setToolTip(translate("QuestionLine", "Earlier questions and examples"))
        self._earlier.triggered.connect(self._show_menu)
        follow_theme(self, self._dress)

    def _dress(self) -> None:
        self.ensurePolished()
        self._earlier.setIcon(line_icon("history", self.palette().color(QPalette.ColorRole.Text)))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Up and Down, as in a shell."""
        if event.key() == Qt.Key.Key_Up:
            self.setText(self.history.older(self.text()))
        elif event.key() == Qt.Key.Key_Down:
            self.setText(self.history.newer(self.text()))
        else:
            super().keyPressEvent(event)

    def menu(self) -> QMenu:
        """Earlier questions, examples, and a way to forget."""
        menu = QMenu(self)
        menu.setObjectName("zoomearthHistoryMenu")
        earlier = self.history.questions[:MENU_LENGTH]
        if earlier:
            menu.addSection(translate("QuestionLine", "Earlier"))
            self._add(menu, earlier)
        menu.addSection(translate("QuestionLine", "Examples"))
        self._add(menu, examples())
        if earlier:
            menu.addSeparator()
            menu.addAction(translate("QuestionLine", "Forget earlier questions")).triggered.connect(
                self.history.clear
            )
        return menu

    def _add(self, menu: QMenu, questions) -> None:
        for question in questions:
            shown = question if len(question) <= MENU_TEXT_LENGTH else question[:MENU_TEXT_LENGTH] + "…"
            action = menu.addAction(shown.replace("&", "&&"))  # a single & would mark a shortcut
            action.triggered.connect(lambda _=False, question=question: self._take(question))

    def _take(self, question: str) -> None:
        self.setText(question)
        self.setFocus()

    def _show_menu(self) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))
