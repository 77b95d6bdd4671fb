"""The provider, and questions about one raster: a real worker, a scripted model, all kinds of thread."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import processing_runs
import pytest
from map_services import Tiles
from processing_runs import LIMIT_MS, Listener, ToolboxRun, algorithm, cancel_when, new_context, polygons
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsProcessingException,
    QgsProcessingModelAlgorithm,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis_samples import FIELD_NAMES, ROOT

from zoomearth_plugin import settings
from zoomearth_plugin.environment import environment_folders
from zoomearth_plugin.plugin import ZoomEarthPlugin
from zoomearth_plugin.processing.engine import AlgorithmEngine
from zoomearth_plugin.processing.provider import ZoomEarthProvider
from zoomearth_plugin.settings import Settings

provider, run = processing_runs.provider, processing_runs.run
ZOOM = '<think>There.</think>[{"bbox_2d": [128, 96, 256, 192], "label": "ship"}]'
ANSWER = "<think>I see.</think><answer>red</answer>"
MODEL_FILE = ROOT / "resources" / "processing" / "answer_with_margin.model3"
# View pixels [128, 96, 256, 192] × 4 = raster pixels [512, 384, 1024, 768] of 10 m from (500000, 5600000).
REGION = QgsRectangle(505120, 5592320, 510240, 5596160)


@pytest.fixture
def layer(make_layer):
    """2048 × 1536 pixels of 10 m: four raster pixels to one of a 512 px view."""
    return make_layer(size=(2048, 1536))


@pytest.fixture
def zooming(script):
    return script(ZOOM, ANSWER)


class TestProvider:
    def test_lists_its_algorithms(self, provider):
        names = {one.name() for one in provider.algorithms()}
        assert names == {"ask", "askfeatures", "askmany", "export"}
        for one in provider.algorithms():
            assert one.displayName() and one.group() and one.shortHelpString() and one.helpUrl()
            assert one.shortDescription() and len(one.tags()) > 4
            assert Path(one.svgIconPath()).is_file() and not one.icon().isNull()
            assert all(parameter.description() for parameter in one.parameterDefinitions())

    def test_a_missing_engine_is_told_before_anything_runs(self, provider):
        settings.save(Settings(engine_python="/no/such/python"))
        for name in ("ask", "askfeatures", "askmany"):
            can_execute, said = algorithm(name).canExecute()
            assert not can_execute and "engine" in said
        assert algorithm("export").canExecute()[0]

    def test_a_missing_engine_ends_a_run(self, run, layer):
        settings.save(Settings(engine_python="/no/such/python"))
        with pytest.raises(QgsProcessingException, match="engine"):
            run("ask", INPUT=layer, QUESTION="What?", OUTPUT="memory:")

    def test_removing_it_leaves_nothing(self, door, tmp_path):
        registry = QgsApplication.processingRegistry()
        before = sorted(one.id() for one in registry.providers())
        folders = environment_folders(ROOT / "zoomearth_plugin", tmp_path / "profile")
        for _ in range(2):
            provider = ZoomEarthProvider(AlgorithmEngine(door, folders, ROOT / "zoomearth_plugin"))
            assert registry.addProvider(provider)
            assert registry.algorithmById("zoomearth:ask") is not None
            provider.engine.close()
            assert registry.removeProvider(provider)
            assert registry.algorithmById("zoomearth:ask") is None
        assert sorted(one.id() for one in registry.providers()) == before

    def test_without_a_window(self, qgis_app):
        registry = QgsApplication.processingRegistry()
        for _ in range(2):
            plugin = ZoomEarthPlugin(None)
            plugin.initProcessing()
            assert registry.algorithmById("zoomearth:ask") is not None
            plugin.unload()
            assert registry.providerById("zoomearth") is None
        assert not logging.getLogger("zoomearth_plugin").handlers

    def test_unloading_stops_a_run(self, provider, layer, held, qtbot):
        going = ToolboxRun(
            "ask", {"INPUT": layer, "QUESTION": "What?", "MODEL": held.model, "OUTPUT": "memory:"}
        )
        qtbot.waitUntil(lambda: held.is_read, timeout=LIMIT_MS)
        assert provider.engine.is_asking
        start = time.monotonic()
        provider.engine.close()
        assert time.monotonic() - start < 1.5
        assert not provider.engine.is_asking
        going.wait(qtbot)


class TestAsk:
    def test_region_and_answer(self, run, layer, zooming):
        feedback = Listener()
        found = run(
            "ask", INPUT=layer, QUESTION="What colour?", MODEL=zooming, OUTPUT="memory:", feedback=feedback
        )
        assert (found["ANSWER"], found["REGIONS"]) == ("red", 1)
        output = found["OUTPUT"]
        assert output.crs().authid() == "EPSG:32633"
        (feature,) = output.getFeatures()
        assert [field.name() for field in output.fields()] == [*FIELD_NAMES, "source_crs"]
        assert feature.geometry().boundingBox() == REGION
        assert feature["source_crs"] == "EPSG:32633"
        # 5,120 m × 3,840 m on the map; the scale of UTM is within 0.1 % of 1 there.
        assert feature["area_m2"] == pytest.approx(5120 * 3840, rel=1e-3)
        assert "1 question about scene, the whole raster" in feedback.said[0]
        assert "Answer: red" in feedback.said

    def test_in_a_thread_of_its_own(self, provider, layer, zooming, qtbot):
        going = ToolboxRun(
            "ask", {"INPUT": layer, "QUESTION": "What?", "MODEL": zooming, "OUTPUT": "memory:"}
        )
        is_well, found = going.wait(qtbot)
        assert is_well and found["ANSWER"] == "red"
        assert next(found["OUTPUT"].getFeatures()).geometry().boundingBox() == REGION

    def test_in_another_crs(self, run, layer, zooming):
        found = run("ask", INPUT=layer, QUESTION="What?", MODEL=zooming, CRS="EPSG:4326", OUTPUT="memory:")
        (feature,) = found["OUTPUT"].getFeatures()
        assert found["OUTPUT"].crs().authid() == "EPSG:4326"
        box = feature.geometry().boundingBox()
        # PROJ: 505120 5592320 -> 15.07217 50.48284
        assert (box.xMinimum(), box.yMinimum()) == pytest.approx((15.07217, 50.48284), abs=1e-3)
        assert feature["source_crs"] == "EPSG:32633"

    def test_without_a_crs_the_place_stays_in_its_own_frame(self, run, make_layer, zooming):
        layer = make_layer("plain.tif", epsg=None, size=(2048, 1536))
        layer.setCrs(QgsCoordinateReferenceSystem())
        feedback = Listener()
        found = run(
            "ask",
            INPUT=layer,
            QUESTION="What?",
            MODEL=zooming,
            CRS="EPSG:4326",
            OUTPUT="memory:",
            feedback=feedback,
        )
        (feature,) = found["OUTPUT"].getFeatures()
        assert not found["OUTPUT"].crs().isValid()
        assert feature.geometry().boundingBox() == REGION
        assert any("names no CRS" in said for said in feedback.said)

    def test_extent_in_another_crs(self, run, layer, script):
        extent = "15.0,15.02,50.53,50.54 [EPSG:4326]"
        found = run(
            "ask", INPUT=layer, QUESTION="What?", MODEL=script(ANSWER), EXTENT=extent, OUTPUT="memory:"
        )
        box = next(found["OUTPUT"].getFeatures()).geometry().boundingBox()
        # PROJ: 15 50.53 -> 500000 5597561; 15.02 50.54 -> 501417 5598673
        assert box.xMaximum() == pytest.approx(501418, abs=12)
        assert (box.yMinimum(), box.yMaximum()) == pytest.approx((5597561, 5598673), abs=12)

    def test_polygons_to_search(self, run, layer, script):
        mask = polygons(
            [QgsRectangle(500500, 5598000, 501500, 5599000), QgsRectangle(501000, 5598500, 502000, 5599500)]
        )
        found = run("ask", INPUT=layer, QUESTION="What?", MODEL=script(ANSWER), MASK=mask, OUTPUT="memory:")
        place = next(found["OUTPUT"].getFeatures()).geometry()
        assert place.area() == pytest.approx(2 * 1e6 - 250_000, rel=1e-6)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"QUESTION": "  "}, "Type a question"),
            ({"EXTENT": "0,1,0,1", "MASK": "mask"}, "not both"),
            ({"EXTENT": "0,1,0,1 [EPSG:32633]"}, "outside"),
        ],
    )
    def test_bad_inputs(self, run, layer, script, changes, said):
        if "MASK" in changes:
            changes = {**changes, "MASK": polygons([QgsRectangle(0, 0, 1, 1)])}
        with pytest.raises(QgsProcessingException, match=said):
            run(
                "ask",
                **{
                    "INPUT": layer,
                    "QUESTION": "What?",
                    "MODEL": script(ANSWER),
                    "OUTPUT": "memory:",
                    **changes,
                },
            )

    def test_a_missing_model_is_told(self, run, layer, tmp_path):
        with pytest.raises(QgsProcessingException, match="model is not installed"):
            run("ask", INPUT=layer, QUESTION="What?", MODEL=f"scripted:{tmp_path}/no.json", OUTPUT="memory:")

    def test_cancel_in_a_thread_of_its_own(self, provider, layer, held, qtbot):
        going = ToolboxRun(
            "ask", {"INPUT": layer, "QUESTION": "What?", "MODEL": held.model, "OUTPUT": "memory:"}
        )
        qtbot.waitUntil(lambda: held.is_read, timeout=LIMIT_MS)
        start = time.monotonic()
        going.feedback.cancel()
        is_well, _ = going.wait(qtbot)
        assert time.monotonic() - start < 1
        assert not is_well and not going.feedback.errors

    def test_cancel_in_the_main_thread(self, run, layer, held):
        feedback = Listener()
        moments = cancel_when(lambda: held.is_read, feedback)
        found = run(
            "ask", INPUT=layer, QUESTION="What?", MODEL=held.model, OUTPUT="memory:", feedback=feedback
        )
        assert time.monotonic() - moments[0] < 1
        assert found["ANSWER"] == ""


class TestWebMap:
    """QGIS draws the layer in its main thread, whether or not that runs the algorithm."""

    @pytest.fixture
    def web_map(self, project):
        with Tiles() as service:
            layer = QgsRasterLayer(service.uri(), "web map", "wms")
            project.addMapLayer(layer)
            yield layer, service

    def test_in_the_main_thread(self, run, web_map, script):
        layer, service = web_map
        extent = "1000,3000,1000,3000 [EPSG:3857]"
        found = run(
            "ask", INPUT=layer, QUESTION="What?", MODEL=script(ANSWER), EXTENT=extent, OUTPUT="memory:"
        )
        assert found["ANSWER"] == "red" and service.asked

    def test_in_a_thread_of_its_own(self, provider, web_map, script, qtbot):
        layer, service = web_map
        extent = "1000,3000,1000,3000 [EPSG:3857]"
        parameters = {
            "INPUT": layer.id(),
            "QUESTION": "What?",
            "MODEL": script(ANSWER),
            "EXTENT": extent,
            "OUTPUT": "memory:",
        }
        is_well, found = ToolboxRun("ask", parameters).wait(qtbot)
        assert is_well and found["ANSWER"] == "red" and service.asked

    def test_the_whole_world_needs_an_area(self, run, web_map, script):
        with pytest.raises(QgsProcessingException, match="needs an area"):
            run("ask", INPUT=web_map[0], QUESTION="What?", MODEL=script(ANSWER), OUTPUT="memory:")


class TestAskFeatures:
    PLACES = (QgsRectangle(500000, 5589760, 510240, 5600000), QgsRectangle(510240, 5589760, 520480, 5600000))

    def _parameters(self, layer, fields, model, **changes):
        question = "'What grows on ' || \"name\" || '?'"
        return {
            "INPUT": fields,
            "RASTER": layer,
            "QUESTION": question,
            "MODEL": model,
            "OUTPUT": "memory:",
            **changes,
        }

    @pytest.mark.parametrize("is_main", [True, False])
    def test_expression_for_each_feature(self, run, layer, zooming, qtbot, is_main):
        fields = polygons(self.PLACES, names=["north", "south"])
        parameters = self._parameters(layer, fields, zooming)
        if is_main:
            found = run("askfeatures", **parameters)
        else:
            is_well, found = ToolboxRun("askfeatures", parameters).wait(qtbot)
            assert is_well
        features = list(found["OUTPUT"].getFeatures())
        assert [one["question"] for one in features] == ["What grows on north?", "What grows on south?"]
        assert [one["answer"] for one in features] == ["red", "red"]
        assert [one.geometry().boundingBox() for one in features] == list(self.PLACES)
        assert features[0]["region"].startswith("MultiPolygon")
        assert (found["ANSWERED"], found["FAILED"]) == (2, 0)

    def test_a_feature_that_cannot_be_asked_about(self, run, layer, script):
        fields = polygons([self.PLACES[0], QgsRectangle(0, 0, 1, 1)], names=["here", "elsewhere"])
        feedback = Listener()
        found = run("askfeatures", feedback=feedback, **self._parameters(layer, fields, script(ANSWER)))
        here, elsewhere = found["OUTPUT"].getFeatures()
        assert here["answer"] == "red" and not here["error"]
        assert elsewhere["error"].startswith("area_outside") and not elsewhere["answer"]
        assert len(feedback.errors) == 1
        assert (found["ANSWERED"], found["FAILED"]) == (1, 1)

    def test_columns_of_an_earlier_run_are_kept(self, run, layer, script):
        fields = polygons(self.PLACES)
        once = run("askfeatures", **self._parameters(layer, fields, script(ANSWER)))["OUTPUT"]
        again = run("askfeatures", **self._parameters(layer, once, script("<answer>blue</answer>")))["OUTPUT"]
        feature = next(again.getFeatures())
        assert (feature["answer"], feature["answer_2"]) == ("red", "blue")

    def test_what_is_no_expression(self, run, layer, script):
        with pytest.raises(QgsProcessingException, match="no valid expression"):
            run(
                "askfeatures",
                **self._parameters(layer, polygons(self.PLACES), script(ANSWER), QUESTION="'What"),
            )

    def test_a_missing_model_stops_all(self, run, layer, tmp_path):
        with pytest.raises(QgsProcessingException, match="model is not installed"):
            run(
                "askfeatures",
                **self._parameters(layer, polygons(self.PLACES), f"scripted:{tmp_path}/no.json"),
            )

    def test_cancel_keeps_what_is_done(self, provider, layer, held, tmp_path, qtbot):
        """A first feature outside, which fails at once, and a second one that is never answered."""
        output = tmp_path / "out.gpkg"
        fields = polygons([QgsRectangle(0, 0, 1, 1), *self.PLACES])
        going = ToolboxRun("askfeatures", self._parameters(layer, fields, held.model, OUTPUT=str(output)))
        qtbot.waitUntil(lambda: held.is_read, timeout=LIMIT_MS)
        start = time.monotonic()
        going.feedback.cancel()
        is_well, _ = going.wait(qtbot)
        assert time.monotonic() - start < 1 and not is_well
        assert QgsVectorLayer(str(output), "x", "ogr").featureCount() == 1

    def test_the_raster_is_removed_meanwhile(self, provider, layer, held, project, qtbot):
        project.addMapLayer(layer)
        going = ToolboxRun("askfeatures", self._parameters(layer.id(), polygons(self.PLACES), held.model))
        qtbot.waitUntil(lambda: held.is_read, timeout=LIMIT_MS)
        project.removeMapLayer(layer.id())
        held.release(ANSWER)
        is_well, found = going.wait(qtbot)
        first, second = found["OUTPUT"].getFeatures()
        assert is_well and first["answer"] == "red"
        assert second["error"].startswith("raster_unreadable")


class TestExampleModel:
    @pytest.mark.parametrize("is_main", [True, False])
    def test_runs(self, provider, qgis_processing, layer, zooming, qtbot, is_main):
        import processing

        model = QgsProcessingModelAlgorithm()
        assert model.fromFile(str(MODEL_FILE))
        assert model.canExecute()[0] and model.validate()[0]
        (output,) = (one.name() for one in model.outputDefinitions())
        values = {"raster": layer, "question": "What?", "model": zooming, "margin": 100, output: "memory:"}
        if is_main:
            found = processing.run(model, values, context=new_context(), feedback=Listener())
        else:
            is_well, found = ToolboxRun(model, values).wait(qtbot)
            assert is_well
        (feature,) = found[output].getFeatures()
        assert feature["map_label"] == "red (1)"
        # A square cap and mitred corners: 100 m more on each side.
        assert feature.geometry().boundingBox() == REGION.buffered(100)
