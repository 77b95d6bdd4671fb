"""Fixtures of the tests that need QGIS."""

from __future__ import annotations

import json

import pytest
from qgis.core import QgsProject, QgsRasterLayer, QgsSettings
from qgis_samples import HeldScript, write_raster


@pytest.fixture
def make_layer(tmp_path):
    """Writes a raster and opens it as QGIS does; keyword arguments of :func:`write_raster`."""
    made = []

    def make(name="scene.tif", **keywords):
        path = write_raster(tmp_path / name, **keywords)
        layer = QgsRasterLayer(str(path), path.stem)
        assert layer.isValid()
        made.append(layer)
        return layer

    yield make
    made.clear()


@pytest.fixture
def layer(make_layer):
    """400 × 300 pixels of 10 m, upper-left corner at (500000, 5600000) of EPSG:32633."""
    return make_layer()


@pytest.fixture
def project(qgis_app):
    """The project, empty before and after."""
    project = QgsProject.instance()
    project.clear()
    yield project
    project.clear()


@pytest.fixture(autouse=True)
def own_settings(qgis_app):
    """Each test starts without ZoomEarth's settings and leaves none."""
    QgsSettings().remove("zoomearth")
    yield
    QgsSettings().remove("zoomearth")


@pytest.fixture
def script(tmp_path):
    """Writes model outputs to play back; gives the model's name."""

    def write(*outputs, name="script.json"):
        path = tmp_path / name
        path.write_text(json.dumps(outputs))
        return f"scripted:{path}"

    return write


@pytest.fixture
def held(tmp_path):
    return HeldScript(tmp_path / "held.json")
