"""The model designer, clicked; imported by what runs inside QGIS."""

from typing import Any, Callable, Dict, List

from hands import NotSeenError, rest, until
from popups import choose_file, choose_in_box, choose_in_menu, in_window, topmost, type_into
from qgis.core import QgsApplication
from qgis.gui import (
    QgsModelChildAlgorithmGraphicItem,
    QgsModelComponentGraphicItem,
    QgsProcessingToolboxModel,
)
from qgis.PyQt.QtCore import QModelIndex, QPointF, Qt, QTimer
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import (
    QAction,
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QGraphicsPathItem,
    QLineEdit,
    QMenu,
    QMessageBox,
    QStackedWidget,
    QTabBar,
    QTextEdit,
    QToolButton,
    QTreeView,
    QWidget,
)
from qgis.utils import iface

LEFT = Qt.MouseButton.LeftButton
RUN_S = 20
ASKED_MS = 300


def open_designer() -> QWidget:
    """By the menu Processing."""
    bar = iface.mainWindow().menuBar()
    entry = iface.mainWindow().findChild(QMenu, "processing").menuAction()
    choose_in_menu(
        "Graphical Modeler", lambda: QTest.mouseClick(bar, LEFT, pos=bar.actionGeometry(entry).center())
    )
    until(lambda: topmost("ModelerDialog"), 10, "the designer")
    designer = topmost("ModelerDialog")
    designer.setGeometry(iface.mainWindow().geometry())
    rest(200)
    return designer


def press(designer: QWidget, name: str) -> None:
    """A button of the designer's toolbar."""
    QTest.mouseClick(designer.toolbar().widgetForAction(designer.findChild(QAction, name)), LEFT)


def open_model(designer: QWidget, path: str) -> None:
    choose_file(path, lambda: press(designer, "mActionOpen"))
    rest(300)


def save_model(designer: QWidget, path: str) -> None:
    choose_file(path, lambda: press(designer, "mActionSaveAs"))
    rest(200)


def close_designer(designer: QWidget) -> None:
    """Without saving; it asks only where something has changed."""

    def discard() -> None:
        box = topmost("QMessageBox")
        if box is not None:
            QTest.mouseClick(box.button(QMessageBox.StandardButton.Discard), LEFT)
        elif designer.isVisible():
            QTimer.singleShot(ASKED_MS, discard)

    QTimer.singleShot(ASKED_MS, discard)
    designer.close()
    rest(2 * ASKED_MS)


def drawn(designer: QWidget) -> Dict[str, Any]:
    """What the canvas shows: boxes by their kind, and how many arrows."""
    items = designer.view().scene().items()
    boxes = [item for item in items if isinstance(item, QgsModelComponentGraphicItem)]
    return {
        "steps": sorted(
            item.label() for item in boxes if isinstance(item, QgsModelChildAlgorithmGraphicItem)
        ),
        "boxes": len(boxes),
        "arrows": sum(type(item) is QGraphicsPathItem for item in items),
    }


def in_step(designer: QWidget, label: str, work: Callable[[QWidget], Any]) -> Any:
    """Double-click a step, and work in the dialog of its parameters."""
    view = designer.view()
    boxes = [item for item in view.scene().items() if isinstance(item, QgsModelChildAlgorithmGraphicItem)]
    named = [item for item in boxes if item.label() == label]
    if not named:
        raise NotSeenError(f"there is no step {label}")
    view.ensureVisible(named[0])
    place = view.mapFromScene(named[0].scenePos())
    return in_window(
        "ModelerParametersDialog", work, lambda: QTest.mouseDClick(view.viewport(), LEFT, pos=place)
    )


def drop_step(designer: QWidget, algorithm: str, place: QPointF, work: Callable[[QWidget], Any]) -> Any:
    """Search an algorithm, drag it from the list to the canvas, and work in the dialog that opens."""
    for bar in designer.findChildren(QTabBar):
        for tab in range(bar.count()):
            if bar.tabText(tab) == "Algorithms":
                QTest.mouseClick(bar, LEFT, pos=bar.tabRect(tab).center())
    tree = designer.findChild(QTreeView, "mAlgorithmsTree")
    registered = QgsApplication.processingRegistry().algorithmById(algorithm)
    type_into(designer.findChild(QLineEdit, "mAlgorithmSearchEdit"), registered.displayName())
    rest(200)
    pending = [QModelIndex()]
    while pending:
        parent = pending.pop()
        for row in range(tree.model().rowCount(parent)):
            index = tree.model().index(row, 0, parent)
            if index.data(QgsProcessingToolboxModel.RoleAlgorithmId) == algorithm:
                return in_window(
                    "ModelerParametersDialog", work, lambda held=index: _drop(designer, tree, held, place)
                )
            pending.append(index)
    raise NotSeenError(f"{algorithm} is not in the designer's list")


def _drop(designer: QWidget, tree: QTreeView, index: QModelIndex, place: QPointF) -> None:
    data = tree.model().mimeData([index])
    canvas = designer.view().viewport()
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(canvas, QDragEnterEvent(place.toPoint(), copy, data, LEFT, none))
    QApplication.sendEvent(canvas, QDropEvent(place, copy, data, LEFT, none))


def parameter(dialog: QWidget, name: str) -> QWidget:
    """The row of one parameter in the dialog of a step."""
    return dialog.widget.widget.wrappers[name]


def value_shown(row: QWidget, kind: type = QLineEdit) -> Any:
    """What one types into, or chooses with, in the row as it is now."""
    page = row.findChild(QStackedWidget).currentWidget()
    return page if isinstance(page, kind) else page.findChild(kind)


def use_output(row: QWidget, text: str) -> List[str]:
    """Take an output of another step as the value; returns all that are offered."""
    choose_in_menu("Algorithm Output", lambda: QTest.mouseClick(row.findChild(QToolButton), LEFT))
    box = value_shown(row, QComboBox)
    choose_in_box(box, text)
    return [box.itemText(number) for number in range(box.count())]


def press_ok(dialog: QWidget) -> None:
    QTest.mouseClick(dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok), LEFT)


def run_model(designer: QWidget, values: Dict[str, str], picture: str = "") -> Dict[str, Any]:
    """Press Run, type these values, run to the end; the results and the log."""

    def work(dialog: QWidget) -> Dict[str, Any]:
        for name, value in values.items():
            type_into(dialog.mainWidget().wrappers[name].wrappedWidget(), value)
        if picture:
            dialog.grab().save(picture)
        QTest.mouseClick(dialog.runButton(), LEFT)
        log = dialog.findChild(QTextEdit, "txtLog")
        until(lambda: "Loading resulting layers" in log.toPlainText(), RUN_S, "the end of the model")
        rest(200)
        steps = {
            name: {key: value for key, value in found.items() if isinstance(value, (str, int))}
            for name, found in dialog.results().get("CHILD_RESULTS", {}).items()
        }
        return {"log": log.toPlainText(), "steps": steps}

    return in_window("AlgorithmDialog", work, lambda: press(designer, "mActionRun"))
