"""Runs of algorithms in the tests: in the main thread, or as QGIS runs them from the toolbox."""

from __future__ import annotations

import threading
import time

import pytest
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis_samples import ROOT, write_raster

from zoomearth_plugin.environment import environment_folders
from zoomearth_plugin.processing.engine import AlgorithmEngine
from zoomearth_plugin.processing.provider import ZoomEarthProvider

LIMIT_MS = 30_000
# Of a raster of 400 × 300 pixels of 10 m from (500000, 5600000): its halves.
WEST, EAST = QgsRectangle(500000, 5597000, 502000, 5600000), QgsRectangle(502000, 5597000, 504000, 5600000)


class Listener(QgsProcessingFeedback):
    """Keeps what an algorithm says."""

    def __init__(self):
        super().__init__(False)
        self.said = []
        self.errors = []

    def pushInfo(self, info):  # noqa: N802 - QGIS's name
        self.said.append(info)

    def pushWarning(self, warning):  # noqa: N802 - QGIS's name
        self.said.append(warning)

    def pushConsoleInfo(self, info):  # noqa: N802 - QGIS's name
        self.said.append(info)

    def reportError(self, error, fatalError=False):  # noqa: N802, N803 - QGIS's names
        self.errors.append(error)


def new_context():
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    return context


def algorithm(name):
    return QgsApplication.processingRegistry().createAlgorithmById(f"zoomearth:{name}")


class ToolboxRun:
    """An algorithm, or one of ZoomEarth's by its name, as a task of QGIS's, in a thread of its own."""

    def __init__(self, name, parameters):
        self.feedback = Listener()
        self._parameters = parameters  # QGIS keeps no hold of the layers in them
        self._context = new_context()
        self._algorithm = algorithm(name) if isinstance(name, str) else name
        self.outcome = []
        self._task = QgsProcessingAlgRunnerTask(self._algorithm, parameters, self._context, self.feedback)
        self._task.executed.connect(lambda is_well, results: self._keep(is_well, results))
        QgsApplication.taskManager().addTask(self._task)

    def _keep(self, is_well, results):
        layers = {
            name: self._context.takeResultLayer(value)
            for name, value in results.items()
            if isinstance(value, str) and self._context.getMapLayer(value)
        }
        self.outcome.append((is_well, {**results, **layers}))

    def wait(self, qtbot):
        qtbot.waitUntil(lambda: bool(self.outcome), timeout=LIMIT_MS)
        return self.outcome[0]


def cancel_when(condition, feedback):
    """Cancel from another thread once a condition holds; gives a list that gets the moment."""
    moments = []

    def watch():
        end = time.monotonic() + 25
        while not condition() and time.monotonic() < end:
            time.sleep(0.01)
        moments.append(time.monotonic())
        feedback.cancel()

    threading.Thread(target=watch, daemon=True).start()
    return moments


def polygons(rectangles, *, names=None, crs="EPSG:32633"):
    """A memory layer of rectangles with a field ``name``."""
    layer = QgsVectorLayer("Polygon?field=name:string(0)", "fields", "memory")
    layer.setCrs(QgsCoordinateReferenceSystem(crs))
    features = []
    for index, rectangle in enumerate(rectangles):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([names[index] if names else str(index)])
        feature.setGeometry(QgsGeometry.fromRect(rectangle))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def written(layer, path):
    """The layer as a GeoPackage."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    QgsVectorFileWriter.writeAsVectorFormatV3(
        layer, str(path), QgsProject.instance().transformContext(), options
    )
    return path


@pytest.fixture
def provider(door, tmp_path):
    """Registered, with the engine of the door."""
    folders = environment_folders(ROOT / "zoomearth_plugin", tmp_path / "profile")
    provider = ZoomEarthProvider(AlgorithmEngine(door, folders, ROOT / "zoomearth_plugin"))
    assert QgsApplication.processingRegistry().addProvider(provider)
    yield provider
    provider.engine.close()
    QgsApplication.processingRegistry().removeProvider(provider)


@pytest.fixture
def run(provider, qgis_processing):
    """``processing.run`` in the main thread, as in the Python console."""
    import processing

    def go(name, **parameters):
        feedback = parameters.pop("feedback", None) or Listener()
        try:
            return processing.run(f"zoomearth:{name}", parameters, context=new_context(), feedback=feedback)
        except QgsProcessingException as error:  # which names no reason where the algorithm itself failed
            raise QgsProcessingException("\n".join([*feedback.errors, str(error)])) from error

    return go


@pytest.fixture
def half(tmp_path):
    """A raster whose eastern half holds no data."""
    path = write_raster(tmp_path / "half.tif")
    data_set = gdal.Open(str(path), gdal.GA_Update)
    for number in (1, 2, 3):
        band = data_set.GetRasterBand(number)
        band.SetNoDataValue(0)
        values = band.ReadAsArray()
        values[:, 200:] = 0
        band.WriteArray(values)
    data_set.FlushCache()
    return path


def asked(raster, fields, model, output, **changes):
    values = {"INPUT": fields, "RASTER": str(raster), "QUESTION": "'What?'", "MODEL": model}
    return {**values, "OUTPUT": str(output), **changes}
