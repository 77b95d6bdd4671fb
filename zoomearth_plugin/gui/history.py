"""Questions asked before, kept in QGIS's settings; and some to begin with."""

from __future__ import annotations

from typing import List, Tuple

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QCoreApplication

translate = QCoreApplication.translate

KEY = "zoomearth/history"
LENGTH = 50


def examples() -> Tuple[str, ...]:
    """Questions that the embedded model can answer, of its three kinds."""
    return (
        translate("History", "Are there buildings?"),
        translate("History", "What colour is the ship in the north?"),
        translate("History", "What is in the top left corner?"),
    )


class QuestionHistory:
    """The last questions, newest first, each once; and a place in them that Up and Down move."""

    def __init__(self) -> None:
        self._place = -1
        self._draft = ""

    @property
    def questions(self) -> List[str]:
        stored = QgsSettings().value(KEY, [])
        if isinstance(stored, str):  # QSettings gives a list of one back as its one text
            stored = [stored]
        return [str(question) for question in stored or ()]

    def add(self, question: str) -> None:
        """Put a question first, wherever it was."""
        others = [other for other in self.questions if other != question]
        QgsSettings().setValue(KEY, [question, *others][:LENGTH])
        self._place = -1

    def clear(self) -> None:
        """Forget all of them."""
        QgsSettings().remove(KEY)
        self._place = -1

    def older(self, shown: str) -> str:
        """The question before the one shown; what was being typed is kept for the way back."""
        questions = self.questions
        if self._place < 0:
            self._draft = shown
        self._place = min(self._place + 1, len(questions) - 1)
        return questions[self._place] if self._place >= 0 else shown

    def newer(self, shown: str) -> str:
        """The way back, at last to what was being typed."""
        if self._place < 0:
            return shown
        self._place -= 1
        return self.questions[self._place] if self._place >= 0 else self._draft
