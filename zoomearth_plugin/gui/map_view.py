"""Brings the map to an answer's places."""

from __future__ import annotations

from typing import Sequence

from qgis.core import QgsProject, QgsRectangle, QgsVectorLayer
from qgis.gui import QgsMapCanvas

from ..layers import AnswerLayer, Place

SURROUNDINGS = 4.0
"""How much more than the region itself the map shows: a region is told by what lies around it."""
LEAST_SIDE_OF_MAP = 1e-9
FLASHES = 2
FLASH_MS = 400


def show_places(canvas: QgsMapCanvas, answers: AnswerLayer, places: Sequence[Place]) -> bool:
    """Zoom to the places and let them flash; False when they are gone from the project."""
    extent = answers.extent(places, canvas.mapSettings().destinationCrs())
    if extent.isNull():
        return False
    canvas.setExtent(_with_surroundings(extent))
    canvas.refresh()
    for layer_id in dict.fromkeys(place.layer_id for place in places):
        layer = QgsProject.instance().mapLayer(layer_id)
        if isinstance(layer, QgsVectorLayer):
            _make_visible(layer)
            ids = [place.feature_id for place in places if place.layer_id == layer_id]
            canvas.flashFeatureIds(layer, ids, flashes=FLASHES, duration=FLASH_MS)
    return True


def _with_surroundings(extent: QgsRectangle) -> QgsRectangle:
    shown = QgsRectangle(extent)
    if max(shown.width(), shown.height()) < LEAST_SIDE_OF_MAP:
        shown.grow(LEAST_SIDE_OF_MAP)
    shown.scale(SURROUNDINGS)
    return shown


def _make_visible(layer: QgsVectorLayer) -> None:
    node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
    if node is not None and not node.isVisible():
        node.setItemVisibilityCheckedParentRecursive(True)
