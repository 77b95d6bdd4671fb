"""Mouse, keyboard and eyes in a real QGIS window; imported by what runs inside QGIS."""

import time
from pathlib import Path

from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QEventLoop, QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDockWidget, QLabel, QLineEdit, QPushButton, QWidget
from qgis.utils import iface

PACKAGE = "zoomearth_plugin"
TICK_MS = 5


class NotSeenError(Exception):
    """Something that a person would look for is not there."""


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


def rest(milliseconds):
    """Let QGIS run for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def until(condition, seconds, what):
    """Let QGIS run until the condition holds."""
    deadline_s = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline_s:
            raise NotSeenError(f"{what} did not come within {seconds:.0f} s")
        rest(30)


def seen(kind, name):
    """Every visible widget of that name, the newest card's first."""
    return [one for one in iface.mainWindow().findChildren(kind, name) if one.isVisible()]


def widget(name, kind=QWidget):
    """The first of :func:`seen`."""
    found = seen(kind, name)
    if not found:
        raise NotSeenError(f"{name} is not to be seen")
    return found[0]


def texts(name):
    """What all visible labels of that name say."""
    return [label.text() for label in seen(QLabel, name)]


def click(name):
    """The left button in the widget's middle; it must be enabled."""
    target = widget(name)
    if not target.isEnabled():
        raise NotSeenError(f"{name} cannot be pressed")
    QTest.mouseClick(target, Qt.MouseButton.LeftButton)


def type_question(question):
    """Into the question line, in place of what is there."""
    line = widget("zoomearthQuestion", QLineEdit)
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=QPoint(10, line.height() // 2))
    line.selectAll()
    if question.isascii() and len(question) < 500:
        QTest.keyClicks(line, question)
    else:
        line.setText(question)  # pasted: characters that no keyboard has, or too many


def press_ask():
    QTest.mouseClick(widget("zoomearthAsk", QPushButton), Qt.MouseButton.LeftButton)


def open_raster(path):
    """Add it to the project as its active layer, and look at all of it."""
    layer = QgsRasterLayer(str(path), Path(path).stem)
    QgsProject.instance().addMapLayer(layer)
    iface.setActiveLayer(layer)
    if layer.isValid():
        iface.zoomToActiveLayer()
    return layer


def open_dock(width_px=430):
    """Press the plugin's button in the toolbar, and make room for the dock."""
    for other in iface.mainWindow().findChildren(QDockWidget):
        if other.objectName() not in ("zoomearthDock", "Layers"):
            other.hide()
    actions = [one for one in iface.pluginToolBar().actions() if one.objectName() == "zoomearthShow"]
    if not actions:
        raise NotSeenError("the plugin's button is not in the toolbar")
    QTest.mouseClick(iface.pluginToolBar().widgetForAction(actions[0]), Qt.MouseButton.LeftButton)
    until(lambda: seen(QDockWidget, "zoomearthDock"), 10, "the dock")
    dock = widget("zoomearthDock", QDockWidget)
    iface.mainWindow().resizeDocks([dock], [width_px], Qt.Orientation.Horizontal)
    return dock


def fill_screen():
    """There may be no window manager that could do it."""
    window = iface.mainWindow()
    window.setGeometry(window.screen().availableGeometry())
    rest(300)


def photograph(path):
    """The whole window, as a person sees it."""
    until(lambda: not iface.mapCanvas().isDrawing(), 60, "the map")
    rest(1500)  # what flashes and fades
    iface.mainWindow().grab().save(str(path))
