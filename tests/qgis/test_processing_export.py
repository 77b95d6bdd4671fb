"""The project's answers as files of five kinds, through the algorithm."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
from contextlib import closing

import processing_runs
import pytest
from osgeo import ogr
from processing_runs import Listener, ToolboxRun, polygons
from qgis.core import QgsProcessingException, QgsRectangle, QgsVectorLayer
from qgis_samples import FIELD_NAMES, SQUARE, answer_of, ogr_answers

from zoomearth_plugin.processing.formats import short_names
from zoomearth_plugin.zoomearth.core.types import AnswerFrame

provider, run = processing_runs.provider, processing_runs.run
# PROJ: 501000 5599500 in EPSG:32633.
NORTH_WEST = (15.01411, 50.54747)


@pytest.fixture
def answered(ask, layer, project):
    """A project in UTM 33N with a red answer and a blue one."""
    project.setCrs(layer.crs())
    red = ask(layer, answer_of(SQUARE))
    ask(layer, answer_of(SQUARE, text="blue", reasoning="ü" * 300))
    return red[0][0]


def features(path):
    """(attributes, geometry) of each feature, as GDAL reads the file."""
    data_set = ogr.Open(str(path))
    return [
        (json.loads(one.ExportToJson())["properties"], one.GetGeometryRef().Clone()) for one in data_set[0]
    ]


def test_geopackage_has_its_styles_inside(run, answered, tmp_path):
    found = run("export", OUTPUT=str(tmp_path / "out.gpkg"))
    assert (found["COUNT"], found["OUTPUT"]) == (2, str(tmp_path / "out.gpkg"))
    assert ogr_answers(tmp_path / "out.gpkg") == ["red", "blue"]
    with closing(sqlite3.connect(tmp_path / "out.gpkg")) as database:
        styles = database.execute("SELECT f_table_name, useAsDefault FROM layer_styles").fetchall()
    assert styles == [("answers", 1)]
    opened = QgsVectorLayer(f"{tmp_path}/out.gpkg|layername=answers", "x", "ogr")
    assert {one.value() for one in opened.renderer().categories()} == {"region", "searched_area"}


def test_geopackage_holds_all_answer_layers(run, answered, ask, make_layer, tmp_path):
    ask(
        make_layer("plain.tif", geotransform=None, epsg=None),
        answer_of(((0, 0), (9, 0), (9, 9)), frame=AnswerFrame.PIXELS, crs=None),
    )
    assert run("export", OUTPUT=str(tmp_path / "out.gpkg"))["COUNT"] == 3
    data_set = ogr.Open(str(tmp_path / "out.gpkg"))
    names = {data_set.GetLayer(index).GetName() for index in range(data_set.GetLayerCount())}
    assert {"answers", "answers_unreferenced"} <= names
    feedback = Listener()
    assert run("export", OUTPUT=str(tmp_path / "out.csv"), feedback=feedback)["COUNT"] == 2
    assert any("not in it" in said for said in feedback.said)


@pytest.mark.parametrize("ending", ["geojson", "kml"])
def test_degrees_where_the_format_demands_them(run, answered, tmp_path, ending):
    assert run("export", OUTPUT=str(tmp_path / f"out.{ending}"))["COUNT"] == 2
    (attributes, place), _ = features(tmp_path / f"out.{ending}")
    west, _, _, north = place.GetEnvelope()
    assert (west, north) == pytest.approx(NORTH_WEST, abs=1e-4)
    assert attributes["Name" if ending == "kml" else "answer"] == "red"
    assert attributes["question"] == "What colour is the ship?"


def test_csv_has_the_outlines_as_text(run, answered, tmp_path):
    run("export", OUTPUT=str(tmp_path / "out.csv"))
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert first["WKT"].startswith("MULTIPOLYGON (((501000 5599500")
    assert (first["answer"], second["reasoning"]) == ("red", "ü" * 300)
    assert set(FIELD_NAMES) <= set(first)


def test_shapefile_tells_what_it_cannot_hold(run, answered, tmp_path):
    found = run("export", OUTPUT=str(tmp_path / "out.shp"))
    assert found["MAPPING"] == str(tmp_path / "out_fields.csv")
    with open(found["MAPPING"], encoding="utf-8", newline="") as file:
        mapping = {row["name"]: row for row in csv.DictReader(file)}
    assert set(FIELD_NAMES) <= set(mapping)
    assert max(len(row["short_name"]) for row in mapping.values()) <= 10
    assert mapping["reasoning"]["lost"] == "1 texts were cut to 254 bytes"
    assert not mapping["answer"]["lost"]
    (red, place), (blue, _) = features(tmp_path / "out.shp")
    assert (red[mapping["answer"]["short_name"]], red[mapping["seen_gsd_m"]["short_name"]]) == ("red", 10)
    assert blue[mapping["reasoning"]["short_name"]] == "ü" * 127
    assert red[mapping["asked_at"]["short_name"]].startswith("2026-11-20T22:30:05")
    assert place.GetEnvelope() == (501000, 502000, 5598500, 5599500)
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_short_names_are_unique_whatever_their_case():
    names = ["raw_output_of_it", "raw_output_of_that", "RAW_OUTPUT", "größe", "a"]
    assert list(short_names(names).values()) == ["raw_output", "raw_outp_1", "RAW_OUTP_2", "gr__e", "a"]


def test_filter_and_selection(run, answered, tmp_path):
    run("export", FILTER="\"answer\" = 'blue'", OUTPUT=str(tmp_path / "blue.gpkg"))
    assert ogr_answers(tmp_path / "blue.gpkg") == ["blue"]
    answered.selectByExpression("\"answer\" = 'red'")
    run("export", INPUT=answered, SELECTED=True, OUTPUT=str(tmp_path / "red.gpkg"))
    assert ogr_answers(tmp_path / "red.gpkg") == ["red"]


def test_another_layer_of_answers(run, layer, tmp_path):
    fields = polygons([QgsRectangle(500000, 5598000, 501000, 5599000)])
    assert run("export", INPUT=fields, OUTPUT=str(tmp_path / "out.geojson"))["COUNT"] == 1


def test_in_a_thread_of_its_own(provider, answered, tmp_path, qtbot):
    is_well, found = ToolboxRun("export", {"OUTPUT": str(tmp_path / "out.gpkg")}).wait(qtbot)
    assert is_well and found["COUNT"] == 2
    assert ogr_answers(tmp_path / "out.gpkg") == ["red", "blue"]


def test_cancelled_leaves_the_older_file(run, answered, tmp_path):
    (tmp_path / "out.csv").write_text("old")
    feedback = Listener()
    feedback.cancel()
    assert run("export", OUTPUT=str(tmp_path / "out.csv"), feedback=feedback)["COUNT"] == 0
    assert (tmp_path / "out.csv").read_text() == "old"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"OUTPUT": "out.xyz"}, "ends in one of"),
        ({"FILTER": "answer ="}, "no valid expression"),
        ({"OUTPUT": "no/out.csv"}, "output_unwritable"),
    ],
)
def test_bad_inputs(run, answered, tmp_path, changes, said):
    values = {"OUTPUT": "out.gpkg", **changes}
    with pytest.raises(QgsProcessingException, match=said):
        run("export", **{**values, "OUTPUT": str(tmp_path / values["OUTPUT"])})


def test_the_project_s_own_file_is_refused(run, answered):
    with pytest.raises(QgsProcessingException, match="open in the project"):
        run("export", OUTPUT=answered.source().split("|")[0])


def test_a_project_without_answers(run, project, tmp_path):
    with pytest.raises(QgsProcessingException, match="no answers yet"):
        run("export", OUTPUT=str(tmp_path / "out.gpkg"))
