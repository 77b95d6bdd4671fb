"""Fixtures of the tests that need QGIS."""

from __future__ import annotations

import pytest
from held_script import HeldScript
from qgis.core import QgsProject, QgsRasterLayer, QgsSettings
from qgis_samples import ASKED_AT, ROOT, write_raster

from zoomearth_plugin import settings, sources
from zoomearth_plugin.environment import environment_folders
from zoomearth_plugin.environment.door import EngineDoor
from zoomearth_plugin.layers import AnswerLayer
from zoomearth_plugin.settings import Settings
from zoomearth_plugin.tasks import AskQueue


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
def answers(project, tmp_path):
    return AnswerLayer(project, tmp_path / "profile" / "answers")


@pytest.fixture
def store(answers, qtbot):
    """Appends an answer about a layer and waits; gives the places and the error."""

    def append(layer, answer, answers=answers):
        query = sources.freeze_query("What colour is the ship?", layer, None, Settings())
        told = []
        context = sources.ask_context(layer)
        answers.append(answer, query, context, ASKED_AT, lambda *result: told.append(result))
        qtbot.waitUntil(lambda: bool(told), timeout=10_000)
        assert len(told) == 1
        return told[0]

    return append


@pytest.fixture
def ask(store, project):
    """The same, for when nothing goes wrong; gives each feature as (layer, feature)."""

    def append(layer, answer):
        places, error = store(layer, answer)
        assert error is None
        layers = [project.mapLayer(place.layer_id) for place in places]
        return [(made, made.getFeature(place.feature_id)) for made, place in zip(layers, places)]

    return append


@pytest.fixture
def door(qgis_app, tmp_path):
    settings.save(Settings(cache_folder=str(tmp_path / "cache")))
    folders = environment_folders(ROOT / "zoomearth_plugin", tmp_path / "profile")
    door = EngineDoor(settings.load, folders, ROOT / "zoomearth_plugin")
    yield door
    door.close()


@pytest.fixture
def queue(door, project, tmp_path):
    queue = AskQueue(door.client, AnswerLayer(project, tmp_path / "profile" / "answers"))
    yield queue
    queue.close()


@pytest.fixture
def held(tmp_path):
    return HeldScript(tmp_path / "held.json")
