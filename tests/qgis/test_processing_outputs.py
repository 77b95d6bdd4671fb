"""What algorithms write, and what they leave alone: files that are whole in time, whatever goes wrong."""

from __future__ import annotations

import gc
import os
import signal
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import processing_runs
import pytest
from processing_runs import EAST, LIMIT_MS, WEST, Listener, ToolboxRun, asked, polygons
from qgis.core import (
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingOutputLayerDefinition,
    QgsProperty,
    QgsVectorLayer,
)
from qgis_samples import SQUARE, answer_of

from zoomearth_plugin.processing.batch_output import BatchOutput
from zoomearth_plugin.processing.outputs import Destination, destination_of

provider, run, half = processing_runs.provider, processing_runs.run, processing_runs.half
ZOOM = '<think>There.</think>[{"bbox_2d": [100, 75, 200, 150], "label": "ship"}]'
ANSWER = "<think>I see.</think><answer>red</answer>"


def count(path):
    """Features in a file; -1 for none that can be opened."""
    layer = QgsVectorLayer(str(path), "x", "ogr")
    return layer.featureCount() if layer.isValid() else -1


class TestWrittenInTime:
    @pytest.fixture(autouse=True)
    def no_garbage_collection(self):
        gc.collect()
        gc.disable()
        yield
        gc.enable()

    @pytest.mark.parametrize("ending", [".gpkg", ".shp", ".geojson", ".csv"])
    def test_with_a_feature_that_fails(self, run, half, script, tmp_path, ending):
        output = tmp_path / f"out{ending}"
        found = run("askfeatures", **asked(half, polygons([WEST, EAST, WEST]), script(ANSWER), output))
        assert (found["ANSWERED"], found["FAILED"], count(output)) == (2, 1, 3)

    def test_in_a_thread_of_its_own(self, provider, half, script, tmp_path, qtbot):
        output = tmp_path / "out.gpkg"
        parameters = asked(half, polygons([WEST, EAST]), script(ANSWER), output)
        is_well, found = ToolboxRun("askfeatures", parameters).wait(qtbot)
        assert is_well and (found["FAILED"], count(output)) == (1, 2)

    def test_when_writing_fails(self, run, half, script, tmp_path, monkeypatch):
        """What came before stays."""
        output = tmp_path / "out.gpkg"
        feedback = Listener()

        def lock(_):
            monkeypatch.setattr(feedback, "pushInfo", lambda _: None)
            raise QgsProcessingException("nothing more")

        feedback.pushInfo = lambda said: lock(said) if "Feature 2" in said else None
        with pytest.raises(QgsProcessingException):
            run(
                "askfeatures",
                feedback=feedback,
                **asked(half, polygons([WEST, WEST]), script(ANSWER), output),
            )
        assert count(output) == 1


class TestWhatWasThere:
    @pytest.fixture
    def output(self, tmp_path):
        path = processing_runs.written(polygons([WEST]), tmp_path / "out.gpkg")
        assert count(path) == 1
        return path

    def test_stays_where_nothing_was_asked(self, run, half, output, tmp_path):
        nowhere = f"scripted:{tmp_path / 'no.json'}"
        before = output.read_bytes()
        with pytest.raises(QgsProcessingException, match="not installed"):
            run("ask", INPUT=str(half), QUESTION="What?", MODEL=nowhere, OUTPUT=str(output))
        with pytest.raises(QgsProcessingException, match="not installed"):
            run("askfeatures", **asked(half, polygons([WEST]), nowhere, output))
        with pytest.raises(QgsProcessingException, match="not installed"):
            run("askmany", RASTERS=[str(half)], QUESTIONS="What?", MODEL=nowhere, OUTPUT=str(output))
        assert output.read_bytes() == before

    def test_stays_where_it_was_cancelled_before(self, provider, half, held, output, qtbot):
        before = output.read_bytes()
        parameters = {"INPUT": str(half), "QUESTION": "What?", "MODEL": held.model, "OUTPUT": str(output)}
        going = ToolboxRun("ask", parameters)
        qtbot.waitUntil(lambda: held.is_read, timeout=LIMIT_MS)
        going.feedback.cancel()
        assert not going.wait(qtbot)[0]
        assert output.read_bytes() == before

    def test_a_folder_that_is_not_there_is_told_before_anything_is_asked(self, run, half, held, tmp_path):
        output = tmp_path / "no" / "out.gpkg"
        for name, parameters in (
            ("ask", {"INPUT": str(half), "QUESTION": "What?", "MODEL": held.model, "OUTPUT": str(output)}),
            ("askfeatures", asked(half, polygons([WEST]), held.model, output)),
            ("askmany", {"RASTERS": [str(half)], "QUESTIONS": "What?", "OUTPUT": str(output)}),
        ):
            with pytest.raises(QgsProcessingException, match=r"out\.gpkg"):
                run(name, **parameters)
        assert not held.is_read


class TestAllInVain:
    def test_from_some_feature_on(self, run, half, tmp_path):
        """The model goes away after the second answer: the rest has its error, and is not asked."""
        script = tmp_path / "model.json"
        script.write_text(f'["{ANSWER}"]')
        feedback = Listener()
        feedback.pushInfo = lambda said: script.unlink() if said.startswith("Feature 2") else None
        output = tmp_path / "out.gpkg"
        fields = polygons([WEST] * 6)
        found = run("askfeatures", feedback=feedback, **asked(half, fields, f"scripted:{script}", output))
        assert (found["ANSWERED"], found["FAILED"]) == (2, 4)
        rows = [
            (one["answer"] or None, one["error"] or None) for one in QgsVectorLayer(str(output)).getFeatures()
        ]
        assert rows[:2] == [("red", None)] * 2
        assert all(answer is None and error.startswith("model_missing") for answer, error in rows[2:])
        (said,) = feedback.errors
        assert "No further feature is asked about" in said

    def test_a_batch_whose_engine_dies(self, run, half, script, tmp_path, monkeypatch):
        """What was answered is in the output, and in a file with which the rest can be asked."""
        questions = "\n".join(f"What is number {number}?" for number in range(2000))
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        output, feedback = tmp_path / "out.gpkg", Listener()
        values = {"RASTERS": [str(half)], "QUESTIONS": questions, "MODEL": script(ANSWER)}
        killed = []

        def kill():
            end = time.monotonic() + 25
            while _answers(next(tmp_path.glob("*/batch.gpkg"), None)) < 1 and time.monotonic() < end:
                time.sleep(0.02)
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                words = entry.read_bytes().split(b"\0")
                if b"batch" in words and b"zoomearth" in words and str(os.getpid()) == _parent(entry):
                    os.kill(int(entry.parent.name), signal.SIGKILL)
                    killed.append(entry)

        thread = threading.Thread(target=kill)
        thread.start()
        with pytest.raises(QgsProcessingException, match="worker_died") as told:
            run("askmany", feedback=feedback, OUTPUT=str(output), FAILURES="memory:", **values)
        thread.join()
        assert len(killed) == 1
        kept = Path(str(told.value).split("is kept in ")[1].split(": choose")[0])
        assert 0 < _answers(kept) == count(output) < 2000
        found = run("askmany", BATCH_FILE=str(kept), OUTPUT="memory:", FAILURES="memory:", **values)
        assert found["ANSWERED"] == 2000
        assert [path.name for path in tmp_path.glob("zoomearth-*")] == [kept.parent.name]


def _answers(path):
    """How many a batch has written."""
    if path is None:
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        try:
            return database.execute("SELECT count(*) FROM answers").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def _parent(entry):
    """Of a process, by its file of command line."""
    return entry.with_name("stat").read_text().rpartition(")")[2].split()[1]


class TestOneFileTwice:
    @pytest.fixture
    def many(self, run, half, script):
        def go(**parameters):
            values = {"RASTERS": [str(half)], "QUESTIONS": "What?", "MODEL": script(ANSWER)}
            return run("askmany", **{**values, "OUTPUT": "memory:", "FAILURES": "memory:", **parameters})

        return go

    def test_answers_and_failures(self, many, tmp_path):
        path = tmp_path / "out.csv"
        sink = QgsProcessingOutputLayerDefinition(str(path))
        for answers, failures in ((str(path), f"{tmp_path}/../{tmp_path.name}/out.csv"), (sink, str(path))):
            with pytest.raises(QgsProcessingException, match="answers and the failures are one file"):
                many(OUTPUT=answers, FAILURES=failures)
        assert not path.exists()

    def test_two_tables_of_one_file(self, many, tmp_path):
        path = tmp_path / "out.gpkg"
        tables = [f'ogr:dbname="{path}" table="{table}" (geom)' for table in ("answers", "failures")]
        many(OUTPUT=tables[0], FAILURES=tables[1])
        assert count(f"{path}|layername=answers") == 1 and count(f"{path}|layername=failures") == 0
        with pytest.raises(QgsProcessingException, match="are one file"):
            many(OUTPUT=tables[0], FAILURES=str(path))

    def test_another_batch_that_is_at_work(self, many, tmp_path, monkeypatch):
        """Its rows are not ours, though they come while the engine looks whose file it is."""
        batch, output = tmp_path / "batch.gpkg", tmp_path / "out.gpkg"
        many(BATCH_FILE=str(batch), OUTPUT=str(output))
        before = output.read_bytes()
        monkeypatch.setattr(BatchOutput, "has_changed", lambda _: True)
        with pytest.raises(QgsProcessingException, match="another job table") as told:
            many(BATCH_FILE=str(batch), OUTPUT=str(output), QUESTIONS="Who?")
        assert "is kept" not in str(told.value)
        assert output.read_bytes() == before

    def test_output_that_cannot_be_made(self, many, script, tmp_path, monkeypatch):
        """The answers are in a file with which the batch can be gone on with."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        (tmp_path / "folder.gpkg").mkdir()
        model = script(ANSWER)
        with pytest.raises(QgsProcessingException, match="is kept in") as told:
            many(OUTPUT=str(tmp_path / "folder.gpkg"), MODEL=model)
        kept = Path(str(told.value).split("is kept in ")[1].split(": choose")[0])
        assert _answers(kept) == 1
        assert many(BATCH_FILE=str(kept), MODEL=model)["ANSWERED"] == 1

    @pytest.mark.parametrize("spelling", ["relative", "detour", "link", "no ending"])
    def test_output_and_batch_file(self, many, tmp_path, monkeypatch, spelling):
        batch = tmp_path / "batch.gpkg"
        many(BATCH_FILE=str(batch))
        before = batch.read_bytes()
        with pytest.raises(QgsProcessingException, match="batch file are one file"):
            many(BATCH_FILE=str(batch), OUTPUT=_spelled(batch, spelling, monkeypatch))
        assert batch.read_bytes() == before

    @pytest.mark.parametrize("spelling", ["relative", "detour", "link"])
    def test_export_and_the_project_s_own(self, run, ask, layer, project, monkeypatch, spelling):
        project.setCrs(layer.crs())
        answers = ask(layer, answer_of(SQUARE))[0][0]
        ask(layer, answer_of(SQUARE, text="blue"))
        own = Path(answers.source().split("|")[0])
        with pytest.raises(QgsProcessingException, match="open in the project"):
            run("export", FILTER="answer = 'red'", OUTPUT=_spelled(own, spelling, monkeypatch))
        assert answers.featureCount() == count(f"{own}|layername=answers") == 2


def _spelled(path, spelling, monkeypatch):
    """Another name of a file."""
    if spelling == "relative":
        monkeypatch.chdir(path.parent)
        return path.name
    if spelling == "no ending":
        return str(path.with_suffix(""))
    if spelling == "detour":
        return f"{path.parent}/../{path.parent.name}/{path.name}"
    link = path.parent.parent / "link"
    link.symlink_to(path.parent)
    return str(link / path.name)


class TestDestination:
    @pytest.mark.parametrize(
        "value",
        [None, "", "memory:x", "/vsimem/a.gpkg", QgsProcessing.TEMPORARY_OUTPUT, "postgis:host=h table=t"],
    )
    def test_no_file(self, value):
        assert destination_of(value) is None

    def test_files(self, tmp_path):
        path = tmp_path / "Österreich.gpkg"
        of_expression = QgsProcessingOutputLayerDefinition()
        of_expression.sink = QgsProperty.fromExpression("'x'")
        assert destination_of(str(path)) == Destination(path.resolve())
        assert destination_of(f"ogr:dbname='{path}' table=\"a\" (geom)") == Destination(path.resolve(), "a")
        assert destination_of(of_expression) is None

    @pytest.mark.parametrize(
        ("typed", "made"), [("a", "a.gpkg"), ("a.xyz", "a.xyz.gpkg"), ("a.shp", "a.shp")]
    )
    def test_endings_are_those_that_qgis_makes(self, run, half, script, tmp_path, typed, made):
        values = {"INPUT": str(half), "QUESTION": "What?", "MODEL": script(ANSWER)}
        run("ask", OUTPUT=str(tmp_path / typed), **values)
        assert count(tmp_path / made) == 1
        assert destination_of(str(tmp_path / typed)) == Destination((tmp_path / made).resolve())

    def test_what_no_system_can_resolve(self, monkeypatch):
        """As older Pythons on Windows with the address of a web map, which is the source of a layer."""

        def fail(*_, **__):
            raise OSError(123, "The filename, directory name, or volume label syntax is incorrect")

        monkeypatch.setattr(Path, "resolve", fail)
        assert not Destination(Path("/a.gpkg")).is_file(Path("type=xyz&url=https://tile/{x}"))
        assert destination_of("/a?.gpkg") == Destination(Path("/a?.gpkg"))

    def test_of_one_file_under_two_names(self, tmp_path):
        path, twin = tmp_path / "a.gpkg", tmp_path / "b.gpkg"
        path.write_text("x")
        twin.hardlink_to(path) if hasattr(twin, "hardlink_to") else os.link(path, twin)
        assert Destination(path).is_file(twin)
        assert not Destination(path).is_file(tmp_path / "c.gpkg")
