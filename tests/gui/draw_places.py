"""Runs inside a real QGIS (``qgis --code``): photographs answers' regions over awkward rasters.

``ZOOMEARTH_RUN_RASTERS`` is the folder with the rasters; ``ZOOMEARTH_RUN_FOLDER`` receives the pictures and
result.json. The model is played back, so that each region is a box of known pixels.
"""

import json
import os
from pathlib import Path

import hands
from photographing import FOLDER, finish
from qgis import utils
from qgis.core import QgsCoordinateReferenceSystem, QgsProject
from qgis.PyQt.QtCore import QSize, QTimer
from qgis.utils import iface

RASTERS = Path(os.environ["ZOOMEARTH_RUN_RASTERS"])
LIMIT_S = 60
SIDE_PX = 480
PLACES = (
    # name, file, the map's CRS, the box in the view that is shown: left, top, right, bottom
    ("rotated", "geomatrix.tif", "EPSG:32611", (4, 6, 14, 13)),
    ("control-points", "cog_gcps.tif", "EPSG:4326", (150, 70, 330, 250)),
    ("antimeridian", "cog_dateline.tif", "EPSG:32660", (190, 200, 380, 330)),
)


def photographed(crs, layer_name):
    """A square picture of the map in a CRS, all of the layer in sight."""
    canvas = iface.mapCanvas()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    (layer,) = QgsProject.instance().mapLayersByName(layer_name)
    canvas.setExtent(canvas.mapSettings().layerExtentToOutputExtent(layer, layer.extent()))
    canvas.zoomByFactor(1.15)
    hands.rest(300)
    hands.until(lambda: not canvas.isDrawing(), LIMIT_S, "the map")
    hands.rest(500)
    picture = canvas.grab().toImage()
    side = min(picture.width(), picture.height())
    left, top = (picture.width() - side) // 2, (picture.height() - side) // 2
    return picture.copy(left, top, side, side).scaled(QSize(SIDE_PX, SIDE_PX))


def run():
    from zoomearth_plugin import settings

    hands.fill_screen()
    hands.open_dock()
    queue = utils.plugins[hands.PACKAGE].queue
    pictures, answers = [], []
    queue.answered.connect(lambda _, record: answers.append(record.answer))
    for name, file, crs, box in PLACES:
        QgsProject.instance().clear()
        QgsProject.instance().setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
        hands.open_raster(RASTERS / file)
        script = FOLDER / f"{name}.json"
        zoom = json.dumps([{"bbox_2d": box, "label": name}])
        script.write_text(json.dumps([zoom, f"<answer>{name}</answer>"]))
        settings.save(settings.Settings(model=f"scripted:{script}"))
        count = len(answers)
        hands.type_question("Where?")
        hands.press_ask()
        hands.until(lambda count=count: len(answers) > count, LIMIT_S, f"the answer about {file}")
        hands.rest(500)
        picture = photographed(crs, Path(file).stem)
        file_name = f"place-{name}.jpg"
        picture.save(str(FOLDER / file_name), "JPG", 85)
        pictures.append(file_name)
    return {"pictures": pictures, "answers": [answer.to_public_json() for answer in answers]}


QTimer.singleShot(1000, lambda: finish(run))
