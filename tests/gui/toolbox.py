"""The Processing toolbox and its batch dialog, clicked; imported by what runs inside QGIS."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, List, Optional

from hands import NotSeenError, rest, until, widget
from popups import choose_in_menu, in_window, right_click, type_into
from qgis.PyQt.QtCore import QModelIndex, QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction, QDockWidget, QLineEdit, QTextEdit, QTreeView, QWidget
from qgis.utils import iface

NAMES = {
    "ask": "Ask a question about a raster",
    "askfeatures": "Ask a question about each feature",
    "askmany": "Ask many questions about many rasters",
    "export": "Export answers",
}


def show_toolbox() -> QDockWidget:
    """Press the toolbox's button, unless it is there."""
    toolbox = iface.mainWindow().findChild(QDockWidget, "ProcessingToolbox")
    if not toolbox.isVisible():
        button = iface.attributesToolBar().widgetForAction(
            iface.mainWindow().findChild(QAction, "toolboxAction")
        )
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        until(toolbox.isVisible, 5, "the toolbox")
    return toolbox


def found_in_toolbox(name: str) -> QPoint:
    """Search one of ZoomEarth's algorithms, select it, and tell where in the tree it is."""
    toolbox = show_toolbox()
    type_into(toolbox.findChild(QLineEdit, "searchBox"), NAMES[name])
    rest(200)
    tree = toolbox.findChild(QTreeView, "algorithmTree")

    def below(parent: QModelIndex) -> Optional[QModelIndex]:
        for row in range(tree.model().rowCount(parent)):
            index = tree.model().index(row, 0, parent)
            algorithm = tree.algorithmForIndex(index)
            if algorithm is not None and algorithm.id() == f"zoomearth:{name}":
                return index
            inside = below(index)
            if inside is not None:
                return inside
        return None

    index = below(QModelIndex())
    if index is None:
        raise NotSeenError(f"zoomearth:{name} is not in the toolbox")
    tree.scrollTo(index)
    place = tree.visualRect(index).center()
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    return place


def in_batch_dialog(name: str, work: Callable[[QWidget], Any]) -> Any:
    """Open it from the toolbox's menu, and work in it."""
    place = found_in_toolbox(name)
    tree = widget("algorithmTree").viewport()
    return in_window(
        "BatchAlgorithmDialog",
        work,
        lambda: choose_in_menu("Execute as Batch", lambda: right_click(tree, place)),
    )


def cell(dialog: QWidget, row: int, column: str, kind: type) -> Any:
    """What one types into, or chooses with, in the table of a batch; row 1 is the first."""
    panel = dialog.mainWidget()
    number = panel.parameter_to_column[column]
    table = panel.tblParameters
    table.scrollTo(table.model().index(row, number))
    found = table.cellWidget(row, number)
    return found if isinstance(found, kind) else found.findChild(kind)


def headings(dialog: QWidget) -> List[str]:
    """The columns that are shown."""
    table = dialog.mainWidget().tblParameters
    columns = [column for column in range(table.columnCount()) if not table.isColumnHidden(column)]
    return [table.horizontalHeaderItem(column).text() for column in columns]


def log_of(dialog: QWidget) -> List[str]:
    return dialog.findChild(QTextEdit, "txtLog").toPlainText().splitlines()


def run_in(dialog: QWidget) -> None:
    """Press Run, which returns when all is done: this QGIS runs a batch in its main thread."""
    QTest.mouseClick(dialog.runButton(), Qt.MouseButton.LeftButton)
    rest(200)


def cancelled(dialog: QWidget, has_begun: Callable[[], bool]) -> Optional[float]:
    """Run, and press Cancel when it has begun; the seconds until the run has ended.

    The button is pressed by the X server, as by a mouse: QTest would tell it at once, past the queue of
    what QGIS does not look at while it is busy.
    """
    pressed_s: List[float] = []
    beat = QTimer()

    def press() -> None:
        if pressed_s or not has_begun():
            return
        button = dialog.cancelButton()
        place = button.mapToGlobal(button.rect().center())
        script = str(Path(__file__).with_name("x_click.py"))
        python = str(Path(sys.prefix, "bin", "python3"))
        subprocess.Popen([python, script, str(place.x()), str(place.y())])
        pressed_s.append(time.monotonic())

    beat.timeout.connect(press)
    beat.start(30)
    dialog.move(0, 0)
    rest(100)
    run_in(dialog)
    beat.stop()
    return time.monotonic() - pressed_s[0] if pressed_s else None
