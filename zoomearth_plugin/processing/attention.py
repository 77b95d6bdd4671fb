"""QGIS's window while an algorithm waits in the main thread, as batch processes of QGIS 3.22 make it."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication, QEventLoop, QObject, QThread

_EVENTS_MS = 20


class Attention:
    """Lets the window be drawn and its Cancel button be heard; does nothing in other threads.

    QGIS looks at what was clicked in such a dialog only when the algorithm says something, and a model may
    be silent for long. Where no dialog waits, as in a script, clicks are left for later: whoever wrote it
    does not expect that a layer vanishes meanwhile.
    """

    def __init__(self) -> None:
        self._is_main = QThread.currentThread() == QCoreApplication.instance().thread()
        self._heeded = QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents
        if self._is_main and _can_be_cancelled():
            self._heeded = QEventLoop.ProcessEventsFlag.AllEvents

    def give(self) -> None:
        """Work on what has happened in the window since."""
        if self._is_main:
            QCoreApplication.processEvents(self._heeded, _EVENTS_MS)


def _can_be_cancelled() -> bool:
    """Whether a dialog of Processing's shows that something is running, and offers to stop it."""
    application = QCoreApplication.instance()
    for window in getattr(application, "topLevelWidgets", list)():  # an application without windows has none
        if window.isVisible() and window.inherits("QgsProcessingAlgorithmDialogBase"):
            button = window.findChild(QObject, "buttonCancel")
            if button is not None and button.isEnabled():
                return True
    return False
