"""Runs inside a real QGIS (``qgis --code``): what a person does, and what may go wrong meanwhile.

Each function is one scenario; what it saw goes to the JSON file ZOOMEARTH_TEST_REPORT under its name.
The folder ZOOMEARTH_TEST_FOLDER holds the rasters and receives pictures.
"""

import os
import signal
import time

import hands
from acting import (
    ANSWER,
    FOLDER,
    ZOOM,
    ask,
    ask_and_wait,
    codes,
    fresh,
    held_model,
    idle,
    plugin,
    scripted,
    until_idle,
    use,
    workers,
)
from choosing import cancel_all, each_feature, typed_coordinates, web_map
from drawing import drawn_polygon, drawn_rectangle
from hands import click, rest, seen, texts, until, widget
from playing import play
from qgis.core import QgsApplication, QgsProject, QgsRectangle
from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QWidget,
)
from qgis.utils import iface


def no_layer():
    fresh(raster=None)
    return {
        "hint": bool(seen(QWidget, "zoomearthNoLayer")),
        "can_ask": widget("zoomearthAsk", QPushButton).isEnabled(),
    }


def shortcut():
    """Ctrl+Alt+Z from the map: the dock comes up, ready to type."""
    window = iface.mainWindow()
    plugin().dock.hide()
    window.activateWindow()
    iface.mapCanvas().setFocus()
    until(lambda: QApplication.activeWindow() is window, 5, "QGIS's window to be active")
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    QTest.keyClick(iface.mapCanvas(), Qt.Key.Key_Z, keys)
    rest(500)
    line = widget("zoomearthQuestion", QLineEdit)
    return {"visible": plugin().dock.isVisible(), "focus": line.hasFocus()}


def bad_questions():
    fresh()
    use(model=scripted(ANSWER))
    found = []
    for question in ("   ", "x" * 10_000):
        ask(question)
        rest(100)
        line = widget("zoomearthQuestion", QLineEdit)
        found.append([texts("zoomearthNotice"), line.text() == question, len(plugin().dock.feed.cards)])
    return found


def answer():
    fresh()
    use(model=scripted(ZOOM, ANSWER))
    stages = []
    plugin().queue.progressed.connect(lambda _, progress: stages.append(progress.stage.value))
    pulse = hands.Pulse()
    pulse.start()
    ask_and_wait()
    stall_ms = pulse.stop()
    record = plugin().dock.feed.cards[0].answer_card.record
    layer = QgsProject.instance().mapLayer(record.places[0].layer_id)
    box = layer.getFeature(record.places[0].feature_id).geometry().boundingBox()
    hands.photograph(FOLDER / "answer.png")
    click("zoomearthCopy")
    regions = widget("zoomearthRegions", QListWidget)
    found = {
        "text": texts("zoomearthAnswer"),
        "asked": texts("zoomearthAsked"),
        "thumbnails": [len(seen(QAbstractButton, f"zoomearthStep{number}")) for number in (1, 2, 3)],
        "regions": [regions.item(row).text() for row in range(regions.count())],
        "box": [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()],
        "clipboard": QApplication.clipboard().text(),
        "stages": list(dict.fromkeys(stages)),
        "cancel": widget("zoomearthCancel").isEnabled(),
        "stall_ms": stall_ms,
    }
    click("zoomearthShowOnMap")
    rest(300)
    found["map_holds_region"] = iface.mapCanvas().extent().contains(box)
    QTest.mouseClick(widget("zoomearthStep2"), Qt.MouseButton.LeftButton)
    rest(300)
    viewers = [one for one in QApplication.topLevelWidgets() if one.objectName() == "zoomearthStepViewer"]
    found["viewers"] = len(viewers)
    for viewer in viewers:
        viewer.grab().save(str(FOLDER / "viewer.png"))
        viewer.reject()
    line = widget("zoomearthQuestion", QLineEdit)
    line.clear()
    QTest.keyClick(line, Qt.Key.Key_Up)
    found["history"] = line.text()
    return found


def two_at_once():
    fresh()
    held = held_model()
    use(model=held.model)
    ask()
    until(lambda: held.is_read, 30, "the first question's model")
    use(model=scripted(ANSWER))
    ask("What is it?")
    rest(300)
    states = [card.state for card in plugin().dock.feed.cards]
    waiting = texts("zoomearthStage")
    hands.photograph(FOLDER / "waiting.png")
    held.release(ZOOM, ANSWER)
    until_idle()
    return {
        "states": states,
        "stages": waiting,
        "after": [card.state for card in plugin().dock.feed.cards],
        "answers": texts("zoomearthAnswer"),
    }


def cancel():
    fresh()
    held = held_model()
    use(model=held.model)
    ask()
    until(lambda: held.is_read, 30, "the model")
    start_s = time.monotonic()
    click("zoomearthCancel")
    until(idle, 10, "the end")
    seconds = time.monotonic() - start_s
    rest(100)
    return {
        "seconds": seconds,
        "card": texts("zoomearthCancelled"),
        "cancel": widget("zoomearthCancel").isEnabled(),
    }


def layer_removed():
    layer = fresh()
    held = held_model()
    use(model=held.model)
    ask()
    until(lambda: held.is_read, 30, "the model")
    QgsProject.instance().removeMapLayer(layer.id())
    rest(200)
    held.release(ZOOM, ANSWER)
    until_idle()
    return {"answers": texts("zoomearthAnswer")}


def worker_killed():
    fresh()
    held = held_model()
    use(model=held.model)
    ask()
    until(lambda: held.is_read, 30, "the model")
    for number in workers():
        os.kill(number, signal.SIGKILL)
    until_idle()
    found = {"codes": codes(), "sentence": texts("zoomearthFailure")}
    use(model=scripted(ANSWER))
    click("zoomearthAskAgain")
    until_idle()
    return {**found, "again": texts("zoomearthAnswer")}


def project_closed():
    fresh()
    held = held_model()
    use(model=held.model)
    ask()
    until(lambda: held.is_read, 30, "the model")
    QgsProject.instance().clear()
    until_idle()
    return {"card": texts("zoomearthCancelled"), "layers": len(QgsProject.instance().mapLayers())}


def failures():
    """Code and sentence of each way that a question can be refused."""
    found = {}

    def note(name):
        until_idle()
        found[name] = [codes(), texts("zoomearthFailure"), len(QgsProject.instance().mapLayers())]

    fresh("cut.tif")
    use(model=scripted(ANSWER))
    os.truncate(FOLDER / "cut.tif", 100)
    ask()
    note("truncated")
    fresh("empty.tif")
    ask()
    note("nodata")
    fresh()
    use(model="no-such-model")
    ask()
    note("model")
    fresh()
    use(model=str(FOLDER / "unsafe"))
    ask()
    note("unsafe")
    fresh()
    use(model=scripted(ANSWER), engine_python=str(FOLDER / "gone" / "python"))
    ask()
    note("engine")
    fresh()
    use(model=scripted(ANSWER), engine_python=str(FOLDER / "garbage.sh"))
    ask()
    note("garbage")
    fresh()
    use(model=scripted(ANSWER))
    iface.mapCanvas().setExtent(QgsRectangle(0, 0, 10, 10))
    rest(300)
    widget("zoomearthArea", QComboBox).setCurrentIndex(1)
    ask()
    note("outside")
    return found


def no_crs():
    fresh("bare.tif")
    use(model=scripted(ZOOM, ANSWER))
    ask_and_wait()
    return {"answers": texts("zoomearthAnswer"), "warnings": texts("zoomearthWarning")}


def export_refused():
    fresh()
    use(model=scripted(ZOOM, ANSWER))
    ask_and_wait()
    record = plugin().dock.feed.cards[0].answer_card.record
    (FOLDER / "file").write_text("no folder")
    is_written = plugin().dock.export(record, FOLDER / "file" / "answer.gpkg")
    rest(200)
    item = iface.messageBar().currentItem()
    return {
        "is_written": is_written,
        "message": item.text() if item else "",
        "answers": texts("zoomearthAnswer"),
        "can_still": plugin().dock.export(record, FOLDER / "kept.gpkg"),
    }


def options_page():
    found = {}

    def look():
        page = [one for one in QApplication.allWidgets() if one.objectName() == "zoomearthOptions"]
        found["pages"] = len(page)
        state = [one for one in QApplication.allWidgets() if one.objectName() == "zoomearthEngineState"]
        deadline_s = time.monotonic() + 20
        while state and "Ready" not in state[0].text() and time.monotonic() < deadline_s:
            rest(100)
        found["engine"] = state[0].text() if state else ""
        dialog = QApplication.activeModalWidget()
        if dialog is not None:
            dialog.grab().save(str(FOLDER / "options.png"))
            edit = dialog.findChild(QWidget, "zoomearth_max_zooms")
            edit.setValue(5)
            dialog.accept()

    use()
    QTimer.singleShot(1500, look)
    click("zoomearthSettings")
    from zoomearth_plugin import settings

    return {**found, "max_zooms": settings.load().max_zooms}


def dark_theme():
    before = QgsApplication.instance().themeName()
    fresh()
    use(model=scripted(ZOOM, ANSWER))
    QgsApplication.instance().setUITheme("Night Mapping")
    rest(500)
    try:
        ask_and_wait()
        dock = hands.open_dock(320)
        hands.photograph(FOLDER / "dark.png")
        label = widget("zoomearthAnswer", QLabel)
        ground = (
            label.window()
            .grab()
            .toImage()
            .pixelColor(label.mapTo(label.window(), QPoint(label.width() - 3, 3)))
        )
        color = label.palette().color(label.foregroundRole())
        cut_off = [
            button.objectName()
            for button in seen(QAbstractButton, "zoomearthExport") + seen(QAbstractButton, "zoomearthAsk")
            if not button.visibleRegion().boundingRect().contains(button.rect())
        ]
        return {
            "ink": color.lightness(),
            "ground": ground.lightness(),
            "width": dock.width(),
            "cut_off": cut_off,
        }
    finally:
        QgsApplication.instance().setUITheme(before)
        rest(300)


SCENARIOS = (
    shortcut, no_layer, bad_questions, answer, two_at_once, cancel, layer_removed, worker_killed,
    project_closed, failures, drawn_rectangle, drawn_polygon, each_feature, cancel_all, typed_coordinates,
    web_map, no_crs, export_refused,
    options_page, dark_theme,
)  # fmt: skip


QTimer.singleShot(1000, lambda: play(SCENARIOS))
