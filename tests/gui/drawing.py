"""Scenarios of areas that are drawn on the map; run by ``scenarios.py`` inside a real QGIS."""

import hands
from acting import ANSWER, FOLDER, ask_and_wait, fresh, plugin, scripted, use
from hands import click, rest, widget
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox
from qgis.utils import iface


def drawn_rectangle():
    fresh()
    use(model=scripted(ANSWER))
    widget("zoomearthArea", QComboBox).setCurrentIndex(2)
    rest(200)
    canvas = iface.mapCanvas()
    if not canvas.mapTool() or type(canvas.mapTool()).__name__ != "RectangleTool":
        click("zoomearthDraw")
    middle = canvas.viewport().rect().center()
    QTest.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(canvas.viewport(), middle + QPoint(40, 25))
    QTest.mouseMove(canvas.viewport(), middle + QPoint(80, 50))
    QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=middle + QPoint(80, 50))
    rest(200)
    ask_and_wait()
    record = plugin().dock.feed.cards[0].answer_card.record
    hands.photograph(FOLDER / "rectangle.png")
    units = canvas.mapUnitsPerPixel()
    return {"searched": record.answer.searched_box.to_json(), "expected": [80 * units / 10, 50 * units / 10]}


def drawn_polygon():
    """An L of three clicks, one taken back, three more, and a double click; then the answer's own outline."""
    fresh()
    use(model=scripted(ANSWER))
    widget("zoomearthArea", QComboBox).setCurrentIndex(3)
    rest(200)
    canvas = iface.mapCanvas()
    viewport = canvas.viewport()
    middle = viewport.rect().center()

    def corner(x, y):
        QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=middle + QPoint(x, y))
        rest(60)

    for x, y in ((0, 0), (80, 0), (5, 5)):
        corner(x, y)
    QTest.keyClick(viewport, Qt.Key.Key_Backspace)
    said = iface.messageBar().currentItem()  # QGIS's own backspace deletes features, or says why not
    for x, y in ((80, 40), (40, 40), (40, 80)):
        corner(x, y)
    hands.photograph(FOLDER / "polygon_growing.png")
    corner(0, 80)
    before = canvas.extent()
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=middle + QPoint(0, 80))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=middle + QPoint(0, 80))
    rest(200)
    has_stayed = canvas.extent() == before  # the last release is not for the tool before
    ask_and_wait()
    record = plugin().dock.feed.cards[0].answer_card.record
    hands.photograph(FOLDER / "polygon.png")
    layer = plugin().answers.layers()[0]
    units = canvas.mapUnitsPerPixel()
    return {
        "searched": record.answer.searched_box.to_json(),
        "expected_px": 80 * units / 10,
        "share": [feature["area_m2"] for feature in layer.getFeatures()][-1] / (80 * units) ** 2,
        "tool": type(canvas.mapTool()).__name__,
        "said": said.text() if said else "",
        "has_stayed": has_stayed,
    }
