"""Runs inside a real QGIS (``qgis --code``): asks one question in the dock with mouse and keyboard.

``ZOOMEARTH_RUN_RASTER`` and ``ZOOMEARTH_RUN_QUESTION`` say what about; ``ZOOMEARTH_RUN_FOLDER`` receives
answer.gpkg, dock.png, longest_stall and, last of all, result.json.
"""

import json
import os
import time
import traceback
from pathlib import Path

from qgis import utils
from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QEvent, QEventLoop, QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QLabel, QLineEdit, QPushButton, QToolButton
from qgis.utils import iface

PACKAGE = "zoomearth_plugin"
FOLDER = Path(os.environ["ZOOMEARTH_RUN_FOLDER"])
ANSWER_LIMIT_S = float(os.environ.get("ZOOMEARTH_RUN_ANSWER_S", "800"))
TICK_MS = 5


class RunFailedError(Exception):
    """The main job did not end with an answer; carries what result.json says."""

    def __init__(self, error):
        super().__init__(str(error))
        self.error = error


class Pulse:
    """The longest time between two beats of a 5 ms timer in the main thread, in milliseconds."""

    def __init__(self):
        self.longest_ms = 0.0
        self._last_s = None
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._beat)

    def start(self):
        self.longest_ms, self._last_s = 0.0, None
        self._timer.start()

    def stop(self):
        self._timer.stop()
        return round(self.longest_ms, 1)

    def _beat(self):
        now_s = time.perf_counter()
        if self._last_s is not None:
            self.longest_ms = max(self.longest_ms, 1000 * (now_s - self._last_s))
        self._last_s = now_s


def until(condition, seconds, what):
    """Let QGIS run until the condition holds."""
    loop = QEventLoop()
    deadline_s = time.monotonic() + seconds
    timer = QTimer()
    timer.timeout.connect(lambda: (condition() or time.monotonic() > deadline_s) and loop.quit())
    timer.start(50)
    loop.exec()
    timer.stop()
    if not condition():
        raise RunFailedError(f"{what} did not happen within {seconds:.0f} s")


def rest(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def widget(kind, name):
    """The widget that a person sees under that name."""
    found = iface.mainWindow().findChild(kind, name)
    if found is None or not found.isVisible():
        raise RunFailedError(f"{name} is not to be seen")
    return found


def open_raster(path):
    layer = QgsRasterLayer(path, Path(path).stem)
    if not layer.isValid():
        raise RunFailedError({"code": "raster_unreadable", "message": f"QGIS cannot open {path}", "hint": ""})
    QgsProject.instance().addMapLayer(layer)
    iface.setActiveLayer(layer)
    iface.zoomToActiveLayer()


def open_dock():
    """Press the plugin's button in the toolbar, and make room for the dock."""
    for other in iface.mainWindow().findChildren(QDockWidget):
        if other.objectName() not in ("zoomearthDock", "Layers"):
            other.hide()
    button = iface.pluginToolBar().widgetForAction(action())
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    until(lambda: widget(QDockWidget, "zoomearthDock") is not None, 10, "the dock")
    dock = widget(QDockWidget, "zoomearthDock")
    iface.mainWindow().resizeDocks([dock], [430], Qt.Orientation.Horizontal)
    return dock


def action():
    for one in iface.pluginToolBar().actions():
        if one.objectName() == "zoomearthShow":
            return one
    raise RunFailedError("the plugin's button is not in the toolbar")


def ask(question):
    """Type the question, press Ask, wait; the record of the answer."""
    queue = utils.plugins[PACKAGE].queue
    outcome = {}
    queue.answered.connect(lambda _, record: outcome.update(record=record))
    queue.failed.connect(lambda _, error: outcome.update(error=error.to_json()))
    queue.cancelled.connect(lambda _, reason: outcome.update(error=reason or "cancelled"))
    line = widget(QLineEdit, "zoomearthQuestion")
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=QPoint(10, line.height() // 2))
    line.selectAll()
    QTest.keyClicks(line, question)
    if line.text() != question:
        line.setText(question)  # characters that no keyboard has
    pulse = Pulse()
    pulse.start()
    QTest.mouseClick(widget(QPushButton, "zoomearthAsk"), Qt.MouseButton.LeftButton)
    rest(100)
    if not outcome and not queue.running:
        raise RunFailedError(refusal())
    until(lambda: bool(outcome), ANSWER_LIMIT_S, "an answer")
    rest(300)  # the card and its pictures belong to the question
    outcome["longest_stall_ms"] = pulse.stop()
    if "error" in outcome:
        raise RunFailedError(outcome["error"])
    return outcome


def refusal():
    """Why the dock did not take the question."""
    dock = utils.plugins[PACKAGE].dock
    for name in ("zoomearthFailure", "zoomearthNotice"):
        for label in dock.findChildren(QLabel, name):
            if label.text():
                return label.text()
    return "the question was not taken"


def photograph(path):
    """The whole window, as a person sees it."""
    rest(1500)
    iface.mainWindow().grab().save(str(path))


def run():
    if PACKAGE not in utils.plugins:
        utils.loadPlugin(PACKAGE)
        utils.startPlugin(PACKAGE)
    if PACKAGE not in utils.plugins:
        raise RunFailedError(f"QGIS did not load {PACKAGE}")
    iface.mainWindow().showMaximized()
    rest(500)
    open_raster(os.environ["ZOOMEARTH_RUN_RASTER"])
    dock = open_dock()
    until(lambda: not iface.mapCanvas().isDrawing(), 60, "the map")
    found = ask(os.environ["ZOOMEARTH_RUN_QUESTION"])
    record = found["record"]
    QTest.mouseClick(widget(QToolButton, "zoomearthShowOnMap"), Qt.MouseButton.LeftButton)
    package = FOLDER / "answer.gpkg"
    if not dock.export(record, package):
        raise RunFailedError(f"{package} could not be written")
    photograph(FOLDER / "dock.png")
    return {
        "answer": record.answer.text,
        "regions": len(record.answer.regions),
        "seconds": record.answer.seconds,
        "longest_stall_ms": found["longest_stall_ms"],
        "gpkg": str(package),
        "picture": str(FOLDER / "dock.png"),
        "warnings": list(record.answer.warnings),
    }


def main():
    try:
        result = run()
    except RunFailedError as failure:
        result = {"error": failure.error}
        iface.mainWindow().grab().save(str(FOLDER / "dock.png"))
    except Exception:
        result = {"error": traceback.format_exc()}
    plugin = utils.plugins.get(PACKAGE)
    if plugin is not None:
        utils.unloadPlugin(PACKAGE)  # the worker ends with it
    unfinished = FOLDER / "result.json.new"
    unfinished.write_text(json.dumps(result))
    unfinished.rename(FOLDER / "result.json")
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    os._exit(0)


QTimer.singleShot(1000, main)
