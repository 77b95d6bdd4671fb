"""Answers written elsewhere: export, and what becomes of them when a disk is full."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from qgis.core import QgsVectorLayer
from qgis_samples import FIELD_NAMES, SQUARE, answer_of, ogr_answers

from zoomearth_plugin import geopackage
from zoomearth_plugin.layers import AnswerLayer
from zoomearth_plugin.zoomearth.core.errors import DiskFullError, OutputUnwritableError


class TestExport:
    def test_all_answers_with_their_style_inside(self, ask, answers, layer, tmp_path):
        ask(layer, answer_of(SQUARE, regions=2))
        answers.export(tmp_path / "out.gpkg")
        opened = QgsVectorLayer(f"{tmp_path}/out.gpkg|layername=answers", "x", "ogr")
        assert opened.featureCount() == 2
        assert {category.value() for category in opened.renderer().categories()} == {
            "region",
            "searched_area",
        }
        assert [field.name() for field in opened.fields()] == ["fid", *FIELD_NAMES]
        assert sorted(os.listdir(tmp_path)) == ["out.gpkg", "profile", "scene.tif"]

    def test_one_answer(self, store, answers, layer, tmp_path):
        store(layer, answer_of(SQUARE))
        places, _ = store(layer, answer_of(SQUARE, text="blue"))
        answers.export(tmp_path / "out.gpkg", places)
        assert ogr_answers(tmp_path / "out.gpkg") == ["blue"]

    def test_replaces_an_older_file(self, ask, answers, layer, tmp_path):
        ask(layer, answer_of(SQUARE))
        (tmp_path / "out.gpkg").write_text("old")
        answers.export(tmp_path / "out.gpkg")
        assert ogr_answers(tmp_path / "out.gpkg") == ["red"]

    def test_an_export_in_the_project_is_no_answer_layer(self, ask, answers, layer, project, tmp_path):
        made, _ = ask(layer, answer_of(SQUARE))[0]
        answers.export(tmp_path / "out.gpkg")
        project.addMapLayer(QgsVectorLayer(f"{tmp_path}/out.gpkg|layername=answers", "x", "ogr"))
        assert answers.layers() == [made]
        ask(layer, answer_of(SQUARE, text="blue"))
        assert ogr_answers(tmp_path / "out.gpkg") == ["red"]

    def test_nothing_to_export(self, answers, tmp_path):
        with pytest.raises(OutputUnwritableError) as caught:
            answers.export(tmp_path / "out.gpkg")
        assert "question" in caught.value.hint

    def test_below_a_regular_file(self, ask, answers, layer, tmp_path):
        ask(layer, answer_of(SQUARE))
        (tmp_path / "file").write_text("x")
        with pytest.raises(OutputUnwritableError):
            answers.export(tmp_path / "file" / "out.gpkg")

    def test_read_only_folder(self, ask, answers, layer, sealed_folder):
        ask(layer, answer_of(SQUARE))
        with pytest.raises(OutputUnwritableError):
            answers.export(sealed_folder / "out.gpkg")

    def test_own_file_is_refused(self, ask, answers, layer, tmp_path):
        made, _ = ask(layer, answer_of(SQUARE))[0]
        with pytest.raises(OutputUnwritableError) as caught:
            answers.export(Path(made.source().split("|")[0]))
        assert "another" in caught.value.hint
        assert made.featureCount() == 1

    def test_full_disk_leaves_the_older_file(self, ask, answers, layer, full_disk):
        ask(layer, answer_of(SQUARE, regions=40, reasoning="x" * 5000))
        older = full_disk / "out.gpkg"
        older.write_text("old")
        with pytest.raises(DiskFullError):
            answers.export(older)
        assert older.read_text() == "old"
        assert os.listdir(full_disk) == ["out.gpkg"]


class TestFullDisk:
    def test_answer_goes_to_a_scratch_layer(self, store, layer, project, full_disk):
        answers = AnswerLayer(project, full_disk)
        places, error = store(layer, answer_of(SQUARE, reasoning="x" * 200_000), answers)
        assert error.code == "disk_full"
        scratch = project.mapLayer(places[0].layer_id)
        assert len(scratch.getFeature(places[0].feature_id)["reasoning"]) == 200_000


@pytest.fixture
def full_disk(tmp_path):
    """A folder on a disk of its own with 64 kB, less than an empty GeoPackage."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    if subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("this system lets nobody mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_storage_errors_are_told_apart(tmp_path):
    assert isinstance(geopackage.storage_error(tmp_path / "a", "database or disk is full"), DiskFullError)
    assert isinstance(geopackage.storage_error(tmp_path / "a", "no permission"), OutputUnwritableError)
