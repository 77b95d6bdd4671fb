"""Menus and dialogs that keep whoever opened them waiting, and are clicked meanwhile."""

from __future__ import annotations

import sys
import time
import traceback
from types import TracebackType
from typing import Callable, List, Optional, Type, TypeVar

from hands import NotSeenError, until
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtGui import QContextMenuEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit, QMenu, QWidget

WAIT_S = 10
Found = TypeVar("Found")


class Mishaps:
    """Within: what Python raised in slots and overrides of QGIS's own, where no caller hears of it."""

    def __init__(self) -> None:
        self.told: List[str] = []

    def __enter__(self) -> List[str]:
        self._before = sys.excepthook
        sys.excepthook = self._keep
        return self.told

    def __exit__(self, *_: object) -> None:
        sys.excepthook = self._before

    def _keep(self, kind: Type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
        self.told.append("".join(traceback.format_exception(kind, error, trace)))


def topmost(kind: str) -> Optional[QWidget]:
    """The visible window whose class or object has this name."""
    for window in QApplication.topLevelWidgets():
        if window.isVisible() and kind in (type(window).__name__, window.objectName()):
            return window
    return None


def meanwhile(find: Callable[[], Optional[QWidget]], work: Callable[[QWidget], Found], opening) -> Found:
    """Open something that returns only when it is closed again, and work in it.

    Args:
        find: Gives what was opened, or None as long as it is not there.
        work: Called with that; it is closed afterwards, unless it has gone.
        opening: Opens it.

    Returns:
        What ``work`` gave.

    Raises:
        NotSeenError: It did not come.
    """
    given: List[Found] = []
    failed: List[Exception] = []
    deadline_s = time.monotonic() + WAIT_S

    def visit() -> None:
        opened = find()
        if opened is None and time.monotonic() < deadline_s:
            QTimer.singleShot(30, visit)
            return
        try:
            if opened is None:
                raise NotSeenError("what should have opened did not")
            given.append(work(opened))
        except Exception as error:  # noqa: BLE001 # raised again by whoever waits
            failed.append(error)
        finally:
            if opened is not None and not sip.isdeleted(opened):
                opened.close()

    QTimer.singleShot(30, visit)
    opening()
    until(lambda: bool(given or failed), WAIT_S + 20, "the end of the work")
    if failed:
        raise failed[0]
    return given[0]


def in_window(kind: str, work: Callable[[QWidget], Found], opening) -> Found:
    """:func:`meanwhile` for a window by its name, as soon as it is the one that has the keyboard."""

    def find() -> Optional[QWidget]:
        window = topmost(kind)
        if window is None or window is QApplication.activeWindow():
            return window
        window.activateWindow()  # the X server refuses it to one that is not drawn yet
        return None

    return meanwhile(find, work, opening)


def choose_in_menu(text: str, opening) -> None:
    """Open a menu and click the entry that begins with this text."""

    def choose(menu: QMenu) -> None:
        entries = [action for action in menu.actions() if action.text().replace("&", "").startswith(text)]
        if not entries:
            offered = ", ".join(action.text() for action in menu.actions())
            raise NotSeenError(f"{text} is not among {offered}")
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entries[0]).center())

    meanwhile(QApplication.activePopupWidget, choose, opening)


def right_click(target: QWidget, place: QPoint) -> None:
    """Ask for the menu there; returns when that is closed."""
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, target.mapToGlobal(place))
    QApplication.sendEvent(target, event)


def type_into(line: QLineEdit, text: str) -> None:
    """In place of what is there."""
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=QPoint(10, line.height() // 2))
    line.selectAll()
    QTest.keyClicks(line, text)


def paste_into(editor: QWidget, text: str) -> None:
    """From the clipboard, so that nothing is completed while it is typed."""
    QApplication.clipboard().setText(text)
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


def choose_in_box(box: QComboBox, text: str) -> None:
    """The entry that begins with this text, by the keyboard."""
    texts = [box.itemText(row) for row in range(box.count())]
    rows = [row for row, offered in enumerate(texts) if offered.startswith(text)]
    if not rows:
        raise NotSeenError(f"{text} is not among {', '.join(texts)}")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(rows[0]):
        QTest.keyClick(box, Qt.Key.Key_Down)


def choose_file(path: str, opening) -> None:
    """Open a dialog for files, put the path of one there and press Return."""

    def choose(dialog: QFileDialog) -> None:
        line = dialog.findChild(QLineEdit, "fileNameEdit")
        line.setText(path)  # whoever types it also selects the folders on the way, if the list is slow
        QTest.keyClick(line, Qt.Key.Key_Return)
        until(lambda: not dialog.isVisible(), 5, f"the end of the dialog for {path}")

    in_window("QFileDialog", choose, opening)
