"""Scenarios of areas that are chosen, not drawn, and of a web map; run by ``scenarios.py`` in a real QGIS."""

import hands
from acting import ANSWER, FOLDER, ZOOM, ask, ask_and_wait, fresh, idle, plugin, scripted, until_idle, use
from hands import click, rest, texts, widget
from map_services import Tiles
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox, QLineEdit, QPushButton
from qgis.utils import iface

FEATURES, COORDINATES = 5, 6
SIDE_M = 1000


def _fields(count):
    """Squares of a kilometre in a row, named A, B, …; one more lies far outside."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=name:string", "Fields", "memory")
    made = []
    for number in range(count + 1):
        west = 501000 + 1500 * number if number < count else 900000
        feature = QgsFeature(layer.fields())
        feature["name"] = "ABCDEFGH"[number]
        feature.setGeometry(
            QgsGeometry.fromRect(QgsRectangle(west, 5590000, west + SIDE_M, 5590000 + SIDE_M))
        )
        made.append(feature)
    layer.dataProvider().addFeatures(made)
    layer.updateExtents()
    QgsProject.instance().addMapLayer(layer)
    return layer


def _records():
    cards = [card.answer_card for card in plugin().dock.feed.cards]
    return [card.record for card in reversed(cards) if card is not None]


def each_feature():
    fresh()
    use(model=scripted(ANSWER))
    _fields(3)
    iface.setActiveLayer(QgsProject.instance().mapLayersByName("scene")[0])
    widget("zoomearthArea", QComboBox).setCurrentIndex(FEATURES)
    rest(200)
    ask()
    has_cancel_all = widget("zoomearthCancelAll", QPushButton).isVisible()
    until_idle()
    hands.photograph(FOLDER / "each_feature.png")
    return {
        "areas": texts("zoomearthAskedArea"),
        "boxes": [record.answer.searched_box.to_json() for record in _records()],
        "has_cancel_all": has_cancel_all,
    }


def cancel_all():
    fresh()
    use(model=scripted(ANSWER))
    _fields(6)
    iface.setActiveLayer(QgsProject.instance().mapLayersByName("scene")[0])
    widget("zoomearthArea", QComboBox).setCurrentIndex(FEATURES)
    rest(200)
    ask()
    click("zoomearthCancelAll")
    rest(1000)
    states = [card.state for card in plugin().dock.feed.cards]
    return {"is_idle": idle(), "cancelled": states.count("cancelled"), "open": states.count("queued")}


def typed_coordinates():
    fresh()
    use(model=scripted(ANSWER))
    widget("zoomearthArea", QComboBox).setCurrentIndex(COORDINATES)
    rest(200)
    line = widget("zoomearthCoordinates", QLineEdit)
    offered = line.text()
    hands.photograph(FOLDER / "coordinates.png")
    line.selectAll()
    QTest.keyClicks(line, "501000, 5590000, 502000, 5591500 [EPSG:32633]")
    ask_and_wait()
    typed = _records()[-1].answer.searched_box.to_json()
    line.selectAll()
    QTest.keyClicks(line, "501000, 5590000, 502000")
    ask()
    rest(300)
    return {"offered": offered, "typed": typed, "refused": texts("zoomearthFailure")[-1:]}


def web_map():
    """The whole world is refused; what the map shows is fetched level by level."""
    with Tiles() as tiles:
        fresh()
        use(model=scripted(ZOOM, ANSWER))
        layer = QgsRasterLayer(tiles.uri(), "Web map", "wms")
        QgsProject.instance().addMapLayer(layer)
        iface.setActiveLayer(layer)
        rest(200)
        about = texts("zoomearthAboutLayer")
        ask()
        rest(300)
        refused = texts("zoomearthFailure")[:1]
        iface.mapCanvas().setExtent(QgsRectangle(0, 0, 80000, 60000))
        widget("zoomearthArea", QComboBox).setCurrentIndex(1)
        rest(1500)
        pulse = hands.Pulse()
        pulse.start()
        ask_and_wait()
        longest_ms = pulse.stop()
        hands.photograph(FOLDER / "web_map.png")
        answer = _records()[-1].answer
        return {
            "about": about,
            "refused": refused,
            "crs": answer.crs,
            "gsd_m": [step.seen_gsd_m for step in answer.steps],
            "told": [told.split(":")[0] for told in answer.approximations],
            "longest_ms": longest_ms,
        }
