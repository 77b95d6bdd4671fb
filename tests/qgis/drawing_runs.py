"""What tests of layers that QGIS draws are made of: services, drawing and waiting, asking and waiting."""

from __future__ import annotations

import numpy
import pytest
from map_services import Tiles, WebMapService, mapserver
from qgis.core import (
    QgsRasterLayer,
    QgsRectangle,
)
from qgis_samples import write_raster

from zoomearth_plugin import areas, sources
from zoomearth_plugin.layer_pixels import drawn_grid
from zoomearth_plugin.rendering import LayerDrawer
from zoomearth_plugin.settings import Settings
from zoomearth_plugin.zoomearth.core.drawing import DrawnWindow
from zoomearth_plugin.zoomearth.core.frames import PixelBox

LIMIT_MS = 30_000
SCENE_EXTENT = (500000.0, 5597000.0, 504000.0, 5600000.0)


@pytest.fixture
def tiles():
    with Tiles() as service:
        yield service


@pytest.fixture
def web_map(tiles, project):
    layer = QgsRasterLayer(tiles.uri(), "web map", "wms")
    assert layer.isValid()
    project.addMapLayer(layer)
    return layer


@pytest.fixture
def services(tmp_path):
    """MapServer over 400 × 300 pixels of noise, 10 m each."""
    if mapserver() is None:
        pytest.skip("MapServer is not installed; the set-up does so on Debian")
    raster = write_raster(tmp_path / "scene.tif")
    with WebMapService(raster, SCENE_EXTENT, tmp_path) as service:
        yield service


@pytest.fixture
def draw(qtbot):
    """Draws a window of a layer and waits; (rows, columns, 4)."""

    def drawn(layer, box, size):
        drawer = LayerDrawer(layer, drawn_grid(layer))
        future = drawer.draw(DrawnWindow(PixelBox(*box), size))
        qtbot.waitUntil(future.done, timeout=LIMIT_MS)
        drawing = future.result()
        return numpy.frombuffer(drawing.pixels, numpy.uint8).reshape(size[1], size[0], 4), drawing.failures

    return drawn


@pytest.fixture
def ask_about(queue, qtbot):
    """Asks about an area of a layer and waits for the outcome: an answer or an error."""

    def ask(layer, area, model):
        query = sources.freeze_query("What colour is the ship?", layer, area, Settings(model=model))
        outcome = []
        queue.answered.connect(lambda _, record: outcome.append(record.answer))
        queue.failed.connect(lambda _, error: outcome.append(error))
        queue.submit(query, sources.ask_context(layer))
        qtbot.waitUntil(lambda: bool(outcome), timeout=LIMIT_MS)
        return outcome[0]

    return ask


def square(layer, side_m, west=0.0, south=0.0):
    return areas.area_of_rectangle(
        QgsRectangle(west, south, west + side_m, south + side_m), layer.crs(), layer
    )
