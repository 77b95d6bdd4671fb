"""Runs inside a real QGIS (``qgis --code``): photographs an algorithm's dialog and the toolbox.

``ZOOMEARTH_RUN_RASTERS`` is a raster; ``ZOOMEARTH_RUN_FOLDER`` receives the picture and result.json.
"""

import os

import hands
import processing
from photographing import FOLDER, finish
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtGui import QPixmap

WIDTH_PX, HEIGHT_PX = 860, 560


def run():
    hands.fill_screen()
    layer = hands.open_raster(os.environ["ZOOMEARTH_RUN_RASTERS"])
    given = {"INPUT": layer.id(), "QUESTION": "What colour is the building in the north-east corner?"}
    dialog = processing.createAlgorithmDialog("zoomearth:ask", given)
    dialog.resize(WIDTH_PX, HEIGHT_PX)
    dialog.show()
    hands.rest(1500)
    picture: QPixmap = dialog.grab()
    picture.save(str(FOLDER / "toolbox.jpg"), "JPG", 85)
    dialog.close()
    return {"pictures": ["toolbox.jpg"]}


QTimer.singleShot(1000, lambda: finish(run))
