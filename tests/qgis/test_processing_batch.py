"""Many questions about many rasters as an algorithm: the engine's real batch, with a scripted model."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import numpy
import processing_runs
import pytest
from osgeo import gdal
from processing_runs import Listener, ToolboxRun, cancel_when, polygons, written
from qgis.core import (
    NULL,
    Qgis,
    QgsContrastEnhancement,
    QgsFeature,
    QgsHillshadeRenderer,
    QgsProcessingException,
    QgsRasterLayer,
    QgsRectangle,
    QgsSingleBandGrayRenderer,
    QgsVectorLayer,
)
from qgis_samples import FIELD_NAMES, write_raster

from zoomearth_plugin.processing.batch_output import BatchOutput

provider, run = processing_runs.provider, processing_runs.run
ANSWER = "<answer>red</answer>"


@pytest.fixture
def folder(tmp_path):
    """Two rasters in UTM zones 33 and 34 and a text; one more raster in a folder below."""
    folder = tmp_path / "rasters"
    (folder / "below").mkdir(parents=True)
    write_raster(folder / "a.tif")
    write_raster(folder / "b.TIF", epsg=32634)
    write_raster(folder / "below" / "c.tif")
    (folder / "notes.txt").write_text("no raster")
    return folder


@pytest.fixture
def many(run, script):
    """Runs ``askmany`` with a scripted model; gives its results."""

    def go(model=None, **parameters):
        values = {"MODEL": model or script(ANSWER), "OUTPUT": "memory:", "FAILURES": "memory:"}
        return run("askmany", **{**values, **parameters})

    return go


def rows(layer, *names):
    return sorted(tuple(feature[name] for name in names) for feature in layer.getFeatures())


def count(path, table="answers"):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        try:
            return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


class TestWhatIsAsked:
    def test_a_folder_and_lines(self, many, folder):
        feedback = Listener()
        found = many(FOLDER=str(folder), QUESTIONS="What?\n\n Who? \nWhat?", feedback=feedback)
        assert feedback.said[0].startswith(
            "Rasters: 2. Questions about each: 2. In all 4, with model scripted:"
        )
        assert rows(found["OUTPUT"], "source", "question") == [
            (str(folder / name), question) for name in ("a.tif", "b.TIF") for question in ("What?", "Who?")
        ]
        assert (found["ANSWERED"], found["FAILED"]) == (4, 0)

    def test_a_folder_from_the_current_one(self, many, folder, monkeypatch):
        monkeypatch.chdir(folder.parent)
        found = many(FOLDER=folder.name, QUESTIONS="What?")
        assert found["FAILED"] == 0 and found["ANSWERED"] > 0

    def test_folders_below(self, many, folder):
        found = many(FOLDER=str(folder), QUESTIONS="What?", RECURSIVE=True, PATTERNS="a.* c.*")
        names = [source.rpartition("/")[2] for (source,) in rows(found["OUTPUT"], "source")]
        assert names == ["a.tif", "c.tif"]

    def test_layers_and_a_table(self, many, folder):
        table = QgsVectorLayer("None?field=ask:string(0)", "questions", "memory")
        for text in ("What?", 'Who, "he"; or\nshe?', ""):
            feature = QgsFeature(table.fields())
            feature.setAttributes([text])
            table.dataProvider().addFeatures([feature])
        layer = QgsRasterLayer(str(folder / "a.tif"), "a")
        found = many(RASTERS=[layer], QUESTION_TABLE=table, QUESTION_FIELD="ask")
        assert rows(found["OUTPUT"], "question") == [("What?",), ('Who, "he"; or she?',)]

    def test_layers_as_they_are_shown(self, many, tmp_path):
        path = write_raster(tmp_path / "halves.tif", bands=2)
        data_set = gdal.Open(str(path), gdal.GA_Update)
        halves = numpy.repeat([[10, 200]], 300, axis=0).repeat(200, axis=1).astype(numpy.uint8)
        data_set.GetRasterBand(2).WriteArray(halves)
        data_set = None
        layer = QgsRasterLayer(str(path), "bright values of band 2")
        enhancement = QgsContrastEnhancement(Qgis.DataType.Byte)
        enhancement.setMinimumValue(100)
        enhancement.setMaximumValue(255)
        enhancement.setContrastEnhancementAlgorithm(
            QgsContrastEnhancement.ContrastEnhancementAlgorithm.ClipToMinimumMaximum
        )
        renderer = QgsSingleBandGrayRenderer(layer.dataProvider(), 2)
        renderer.setContrastEnhancement(enhancement)
        layer.setRenderer(renderer)
        found = many(RASTERS=[layer, str(path)], QUESTIONS="What?")
        as_shown, as_it_is = rows(found["OUTPUT"], "job_id", "warnings")
        assert as_shown[1].startswith("partly_empty: Of the area 50% holds data")
        assert as_it_is[1] in (None, NULL, "")

    def test_a_layer_that_only_qgis_can_show_so(self, many, folder):
        layer = QgsRasterLayer(str(folder / "a.tif"), "grey hills")
        layer.setRenderer(QgsHillshadeRenderer(layer.dataProvider(), 1, 315, 45))
        feedback = Listener()
        found = many(RASTERS=[layer], QUESTIONS="What?", feedback=feedback)
        assert (found["ANSWERED"], found["FAILED"]) == (1, 0)
        assert any("grey hills as it looks: its file is read" in text for text in feedback.said)

    def test_a_layer_that_is_no_file(self, many):
        layer = QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/{z}/{x}/{y}.png&zmax=3", "tiles", "wms")
        with pytest.raises(QgsProcessingException, match="tiles is no file"):
            many(RASTERS=[layer], QUESTIONS="What?")

    def test_a_tile_index_with_relative_paths(self, many, folder, tmp_path):
        square = QgsRectangle(0, 0, 1, 1)
        index = polygons([square] * 2, names=["rasters/a.tif", str(folder / "b.TIF")])
        path = written(index, tmp_path / "index.gpkg")
        found = many(TILE_INDEX=str(path), TILE_FIELD="name", QUESTIONS="What?")
        assert rows(found["OUTPUT"], "source") == [(str(folder / "a.tif"),), (str(folder / "b.TIF"),)]

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"RASTERS": None}, "Choose rasters"),
            ({"FOLDER": "/tmp"}, "only one of"),
            ({"QUESTIONS": " \n"}, "Type questions"),
            ({"RASTERS": None, "FOLDER": "/no/such"}, "no folder /no/such"),
            ({"RASTERS": None, "FOLDER": "empty"}, "holds no rasters"),
            ({"RASTERS": None, "TILE_INDEX": "index"}, "field of the tile index"),
            ({"RASTERS": None, "TILE_INDEX": "index", "TILE_FIELD": "no"}, "has no field no"),
            ({"QUESTION_TABLE": "index"}, "not both"),
            ({"OUTPUT": "/tmp/same.gpkg", "BATCH_FILE": "/tmp/same.gpkg"}, "are one file"),
            ({"QUESTIONS": "", "QUESTION_TABLE": "index"}, "field that holds the questions"),
        ],
    )
    def test_bad_inputs(self, many, tmp_path, changes, said):
        (tmp_path / "empty").mkdir()
        index = polygons([QgsRectangle(0, 0, 1, 1)])
        places = {"empty": str(tmp_path / "empty"), "index": index}
        values = {"RASTERS": [str(write_raster(tmp_path / "a.tif"))], "QUESTIONS": "What?"}
        values = {
            name: places.get(value, value) if isinstance(value, str) else value
            for name, value in {**values, **changes}.items()
        }
        with pytest.raises(QgsProcessingException, match=said):
            many(**values)


class TestWhatComes:
    def test_rasters_of_several_crss_in_one_output(self, many, folder):
        found = many(FOLDER=str(folder), QUESTIONS="What?", CRS="EPSG:3857")
        output = found["OUTPUT"]
        assert output.crs().authid() == "EPSG:3857"
        assert [field.name() for field in output.fields()] == ["job_id", *FIELD_NAMES, "source_crs"]
        assert rows(output, "source_crs") == [("EPSG:32633",), ("EPSG:32634",)]
        # Both lie on their zone's central meridian: 15° and 21° are 1669792.36 m and 2337709.31 m.
        west = sorted(feature.geometry().boundingBox().xMinimum() for feature in output.getFeatures())
        assert west == pytest.approx([1669792.36, 2337709.31], abs=0.1)
        assert all(feature["asked_at"].isValid() for feature in output.getFeatures())

    def test_failures_have_a_table_and_stop_nothing(self, many, folder):
        square = QgsRectangle(0, 0, 1, 1)
        index = polygons([square] * 2, names=[str(folder / "a.tif"), str(folder / "gone.tif")])
        found = many(TILE_INDEX=index, TILE_FIELD="name", QUESTIONS="What?")
        assert rows(found["OUTPUT"], "answer") == [("red",)]
        (failure,) = found["FAILURES"].getFeatures()
        assert (failure["code"], failure["raster"]) == ("raster_unreadable", str(folder / "gone.tif"))
        assert failure["hint"] and failure["failed_at"].isValid()
        assert (found["ANSWERED"], found["FAILED"]) == (1, 1)

    def test_a_raster_without_crs_has_an_answer_without_a_place(self, many, tmp_path):
        feedback = Listener()
        path = write_raster(tmp_path / "plain.tif", epsg=None)
        found = many(RASTERS=[str(path)], QUESTIONS="What?", feedback=feedback)
        (feature,) = found["OUTPUT"].getFeatures()
        assert feature["answer"] == "red" and feature.geometry().isNull()
        assert "unreferenced" in feature["warnings"]
        assert any("1 places have none" in said for said in feedback.said)

    def test_a_missing_model(self, many, folder, tmp_path):
        with pytest.raises(QgsProcessingException, match="model_missing"):
            many(f"scripted:{tmp_path}/no.json", FOLDER=str(folder), QUESTIONS="What?")

    def test_in_a_thread_of_its_own_to_a_file_that_is_open(self, provider, folder, script, tmp_path, qtbot):
        output = tmp_path / "out.gpkg"
        parameters = {"FOLDER": str(folder), "QUESTIONS": "What?", "MODEL": script(ANSWER)}
        parameters.update(OUTPUT=str(output), FAILURES=str(tmp_path / "failures.csv"))
        assert ToolboxRun("askmany", parameters).wait(qtbot)[0]
        opened = QgsVectorLayer(str(output), "x", "ogr")
        assert opened.featureCount() == 2
        assert ToolboxRun("askmany", {**parameters, "QUESTIONS": "Who?\nWhat?"}).wait(qtbot)[0]
        assert QgsVectorLayer(str(output), "x", "ogr").featureCount() == 4
        assert (tmp_path / "failures.csv").is_file()


class TestBatchFile:
    def test_goes_on_where_it_was(self, many, folder, tmp_path):
        batch = tmp_path / "batch.gpkg"
        values = {"FOLDER": str(folder), "QUESTIONS": "What?", "BATCH_FILE": str(batch), "CRS": "EPSG:3857"}
        model = f"scripted:{tmp_path / 'model.json'}"
        (tmp_path / "model.json").write_text(f'["{ANSWER}"]')
        first = many(model, **values)
        opened = QgsVectorLayer(f"{batch}|layername=answers", "x", "ogr")
        assert opened.featureCount() == first["ANSWERED"] == 2
        feedback = Listener()
        again = many(model, feedback=feedback, **{**values, "CRS": "EPSG:4326"})
        assert again["ANSWERED"] == count(batch) == 2
        assert again["OUTPUT"].crs().authid() == "EPSG:3857"  # the batch's own
        assert any("Going on" in said for said in feedback.said)
        assert any("keeps its answers in EPSG:3857" in said for said in feedback.said)

    def test_failures_are_asked_again_on_request(self, many, folder, tmp_path, script):
        names = [str(folder / name) for name in ("a.tif", "late.tif")]
        values = {"TILE_INDEX": polygons([QgsRectangle(0, 0, 1, 1)] * 2, names=names), "TILE_FIELD": "name"}
        values.update(QUESTIONS="What?", BATCH_FILE=str(tmp_path / "batch.gpkg"), model=script(ANSWER))
        assert many(**values)["FAILED"] == 1
        write_raster(folder / "late.tif")
        assert many(**values)["FAILED"] == 1
        found = many(**values, RETRY_FAILURES=True)
        assert (found["ANSWERED"], found["FAILED"]) == (2, 0)
        assert found["FAILURES"].featureCount() == 0

    def test_of_other_jobs_is_refused(self, many, folder, tmp_path):
        batch = tmp_path / "batch.gpkg"
        many(FOLDER=str(folder), QUESTIONS="What?", BATCH_FILE=str(batch))
        with pytest.raises(QgsProcessingException, match="belongs to another job table"):
            many(FOLDER=str(folder), QUESTIONS="Who?", BATCH_FILE=str(batch), OUTPUT=str(tmp_path / "o.gpkg"))
        assert not (tmp_path / "o.gpkg").exists()

    def test_what_is_no_batch_is_refused(self, many, folder, tmp_path):
        other = written(polygons([QgsRectangle(0, 0, 1, 1)]), tmp_path / "other.gpkg")
        with pytest.raises(QgsProcessingException, match="is no output of a batch"):
            many(FOLDER=str(folder), QUESTIONS="What?", BATCH_FILE=str(other))


def test_what_a_killed_batch_wrote_is_read(many, folder, tmp_path):
    """Killed in the middle of a transaction, with a part of it in the file already."""
    path = tmp_path / "batch.gpkg"
    many(FOLDER=str(folder), QUESTIONS="What?", BATCH_FILE=str(path))
    dies = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA cache_size = 1")
database.execute("BEGIN IMMEDIATE")
for number in range(2000):
    database.execute("INSERT INTO failures (job_id, message) VALUES (?, ?)", (f"x{number}", "x" * 500))
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", dies, str(path)], check=False).returncode == -9
    output = BatchOutput(path)
    assert list(output.fresh()) == []  # for now it looks as if somebody were writing
    output.recover()
    assert sorted(table for table, _ in output.fresh()) == ["answers", "answers"]


class TestCancel:
    QUESTIONS = "\n".join(f"What is number {number}?" for number in range(400))

    def test_keeps_what_is_done_and_goes_on(self, many, folder, tmp_path, script):
        batch, output = tmp_path / "batch.gpkg", tmp_path / "out.gpkg"
        values = {"RASTERS": [str(folder / "a.tif")], "QUESTIONS": self.QUESTIONS, "BATCH_FILE": str(batch)}
        model = script(ANSWER)
        feedback = Listener()
        moments = cancel_when(lambda: batch.exists() and count(batch) > 0, feedback)
        found = many(model, feedback=feedback, OUTPUT=str(output), **values)
        assert time.monotonic() - moments[0] < 1
        done = count(batch)
        assert 0 < done < 400
        assert found["ANSWERED"] == QgsVectorLayer(str(output), "x", "ogr").featureCount() == done
        assert many(model, **values)["ANSWERED"] == 400

    def test_unloading_stops_it(self, provider, folder, tmp_path, script, qtbot):
        batch = tmp_path / "batch.gpkg"
        parameters = {"FOLDER": str(folder), "QUESTIONS": self.QUESTIONS, "MODEL": script(ANSWER)}
        parameters.update(BATCH_FILE=str(batch), OUTPUT="memory:", FAILURES="memory:")
        going = ToolboxRun("askmany", parameters)
        qtbot.waitUntil(lambda: batch.exists() and count(batch) > 0, timeout=30_000)
        start = time.monotonic()
        provider.engine.close()
        assert time.monotonic() - start < 1.5
        assert not provider.engine.is_asking
        going.wait(qtbot)
        assert 0 < count(batch) < 800

    def test_a_model_that_does_not_listen(self, many, folder, held, tmp_path):
        feedback = Listener()
        moments = cancel_when(lambda: held.is_read, feedback)
        found = many(held.model, RASTERS=[str(folder / "a.tif")], QUESTIONS="What?", feedback=feedback)
        assert time.monotonic() - moments[0] < 1
        assert found["ANSWERED"] == 0
