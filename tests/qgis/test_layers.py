"""Answers on the map: places, fields, style, the project's file."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsRectangle,
)
from qgis.PyQt.QtCore import NULL, Qt
from qgis_samples import ASKED_AT, FIELD_NAMES, SQUARE, answer_of, ogr_answers

from zoomearth_plugin import sources
from zoomearth_plugin.settings import Settings
from zoomearth_plugin.zoomearth.core.types import AnswerFrame

UTM33 = QgsCoordinateReferenceSystem("EPSG:32633")


class TestFields:
    def test_names_and_order_are_the_contract(self, ask, layer):
        made, _ = ask(layer, answer_of(SQUARE))[0]
        assert [field.name() for field in made.fields()] == ["fid", *FIELD_NAMES]

    def test_region(self, ask, layer, tmp_path):
        answer = answer_of(SQUARE, warnings=("a: b", "c: d"), reasoning="long " * 20_000)
        _, feature = ask(layer, answer)[0]
        assert feature["question"] == "What colour is the ship?"
        assert feature["answer"] == "red"
        assert (feature["label"], feature["score"], feature["verified"]) == ("ship", 0.75, True)
        assert (feature["kind"], feature["step"]) == ("region", 1)
        assert feature["reasoning"] == answer.reasoning
        assert feature["raw_output"] == "<think>a</think>[…]\n\n<answer>red</answer>"
        assert feature["source"] == str(tmp_path / "scene.tif")
        assert (feature["seen_gsd_m"], feature["seconds"]) == (10.0, 1.5)
        assert feature["pixel_box"] == "[100, 50, 200, 150]"
        assert feature["asked_at"].toUTC().toString(Qt.DateFormat.ISODate) == "2026-11-20T22:30:05Z"
        assert feature["warnings"] == "a: b\nc: d"

    def test_area_is_ellipsoidal(self, ask, layer):
        # On the central meridian UTM shrinks lengths by 0.9996, so 1 km² on the map is
        # 1 / 0.9996² = 1,000,800 m² on the ellipsoid.
        _, feature = ask(layer, answer_of(SQUARE))[0]
        assert feature["area_m2"] == pytest.approx(1_000_800, abs=30)

    def test_no_region_is_attached_to_the_searched_area(self, ask, layer):
        made = ask(layer, answer_of(SQUARE, regions=0))
        assert [feature["kind"] for _, feature in made] == ["searched_area"]
        assert made[0][1]["pixel_box"] == "[0, 0, 400, 300]"
        assert made[0][1].geometry().area() == pytest.approx(1e6)

    def test_every_region_is_a_feature(self, ask, layer):
        assert len(ask(layer, answer_of(SQUARE, regions=3))) == 3

    def test_text_that_no_database_holds(self, ask, layer):
        _, feature = ask(layer, answer_of(SQUARE, text="a\x00b\ud800'; DROP TABLE answers; --"))[0]
        assert feature["answer"] == "ab?'; DROP TABLE answers; --"


class TestPlace:
    def test_unprojected_project_takes_the_raster_s_crs(self, ask, layer):
        made, feature = ask(layer, answer_of(SQUARE))[0]
        assert made.crs() == UTM33
        assert feature.geometry().boundingBox() == QgsRectangle(501000, 5598500, 502000, 5599500)

    def test_project_crs_with_densified_edges(self, ask, layer, project):
        project.setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
        made, feature = ask(layer, answer_of(SQUARE))[0]
        assert made.crs().authid() == "EPSG:3857"
        assert feature.geometry().constGet().nCoordinates() == 4 * 32 + 1
        # gdaltransform -s_srs EPSG:32633 -t_srs EPSG:3857 <<< "501000 5599500"
        west, north = _gdal_transform(501000, 5599500, 32633, 3857)
        box = feature.geometry().boundingBox()
        assert (box.xMinimum(), box.yMaximum()) == (pytest.approx(west, abs=1), pytest.approx(north, abs=1))

    def test_rotated_region_stays_rotated(self, ask, layer):
        diamond = ((501000, 5599000), (501500, 5599500), (502000, 5599000), (501500, 5598500))
        _, feature = ask(layer, answer_of(diamond))[0]
        assert feature.geometry().area() == pytest.approx(500_000)

    def test_file_without_geotransform_lies_where_qgis_draws_it(self, ask, make_layer):
        plain = make_layer(epsg=None, geotransform=None)
        plain.setCrs(QgsCoordinateReferenceSystem())
        pixels = ((100.0, 50.0), (200.0, 50.0), (200.0, 150.0), (100.0, 150.0))
        made, feature = ask(plain, answer_of(pixels, frame=AnswerFrame.PIXELS, crs=None))[0]
        assert not made.crs().isValid()
        assert feature.geometry().boundingBox() == QgsRectangle(100, -150, 200, -50)
        assert plain.extent().contains(feature.geometry().boundingBox())
        assert feature["area_m2"] == NULL

    def test_file_without_crs_keeps_its_own_frame(self, ask, make_layer):
        own = make_layer(epsg=None)
        own.setCrs(QgsCoordinateReferenceSystem())
        made, feature = ask(own, answer_of(SQUARE, frame=AnswerFrame.OWN, crs=None))[0]
        assert not made.crs().isValid()
        assert feature.geometry().boundingBox() == QgsRectangle(501000, 5598500, 502000, 5599500)

    def test_unreferenced_answers_have_their_own_table(self, ask, answers, layer, make_layer):
        own = make_layer("own.tif", epsg=None)
        own.setCrs(QgsCoordinateReferenceSystem())
        ask(own, answer_of(SQUARE, frame=AnswerFrame.OWN, crs=None))
        ask(layer, answer_of(SQUARE))
        assert [made.crs().isValid() for made in answers.layers()] == [True, False]
        assert len({made.source().split("|")[0] for made in answers.layers()}) == 1

    def test_a_crs_that_the_person_gave_counts(self, ask, make_layer):
        own = make_layer(epsg=None)
        own.setCrs(UTM33)
        made, _ = ask(own, answer_of(SQUARE, frame=AnswerFrame.OWN, crs=None))[0]
        assert made.crs() == UTM33

    def test_off_earth_stays_in_its_own_crs(self, ask, make_layer, project):
        project.setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
        moon = QgsCoordinateReferenceSystem()
        moon.createFromProj("+proj=longlat +R=1737400 +no_defs")
        layer = make_layer(epsg=None, geotransform=(10.0, 0.01, 0.0, 20.0, 0.0, -0.01))
        layer.setCrs(moon)
        square = ((11.0, 19.0), (12.0, 19.0), (12.0, 18.0), (11.0, 18.0))
        made, feature = ask(layer, answer_of(square, crs=moon.toWkt()))[0]
        assert made.crs().isValid()
        assert made.crs().authid() != "EPSG:3857"
        assert feature.geometry().boundingBox() == QgsRectangle(11, 18, 12, 19)

    def test_split_at_the_antimeridian(self, ask, make_layer, project):
        project.setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
        # Longitude 180 on the equator is x = 833,979 m of UTM zone 60.
        layer = make_layer(epsg=32660, geotransform=(800000.0, 200.0, 0.0, 60000.0, 0.0, -200.0))
        square = ((820000.0, 40000.0), (850000.0, 40000.0), (850000.0, 20000.0), (820000.0, 20000.0))
        _, feature = ask(layer, answer_of(square, crs="EPSG:32660"))[0]
        parts = feature.geometry().asGeometryCollection()
        sides = sorted(
            (round(part.boundingBox().xMinimum()), round(part.boundingBox().xMaximum())) for part in parts
        )
        assert sides == [(-180, -180), (180, 180)]
        assert sum(part.boundingBox().width() for part in parts) == pytest.approx(0.27, abs=0.01)


class TestFile:
    def test_beside_a_saved_project_and_found_again(self, ask, answers, layer, project, tmp_path):
        project.write(str(tmp_path / "work.qgz"))
        ask(layer, answer_of(SQUARE))
        project.write()
        expected = tmp_path / "work_zoomearth" / "answers.gpkg"
        assert expected.is_file()
        project.clear()
        assert answers.layers() == []
        assert project.read(str(tmp_path / "work.qgz"))
        made, _ = ask(layer, answer_of(SQUARE))[0]
        assert made.featureCount() == 2
        assert len(answers.layers()) == 1
        assert made.source().split("|")[0] == str(expected)

    def test_layer_taken_out_of_the_project_comes_back(self, ask, answers, layer, project, tmp_path):
        project.write(str(tmp_path / "work.qgz"))
        made, _ = ask(layer, answer_of(SQUARE))[0]
        project.removeMapLayer(made.id())
        again, _ = ask(layer, answer_of(SQUARE))[0]
        assert again.featureCount() == 2

    def test_copied_folder_has_its_own_file(self, ask, layer, project, tmp_path):
        (tmp_path / "a").mkdir()
        project.write(str(tmp_path / "a" / "work.qgz"))
        made, _ = ask(layer, answer_of(SQUARE))[0]
        project.removeMapLayer(made.id())
        project.write()
        project.clear()
        shutil.copytree(tmp_path / "a", tmp_path / "b")
        assert project.read(str(tmp_path / "b" / "work.qgz"))
        ask(layer, answer_of(SQUARE, text="blue"))
        assert ogr_answers(tmp_path / "a" / "work_zoomearth" / "answers.gpkg") == ["red"]
        assert ogr_answers(tmp_path / "b" / "work_zoomearth" / "answers.gpkg") == ["red", "blue"]

    def test_profile_folder_while_not_saved(self, ask, layer, tmp_path):
        made, _ = ask(layer, answer_of(SQUARE))[0]
        ask(layer, answer_of(SQUARE))
        files = list((tmp_path / "profile" / "answers").glob("*.gpkg"))
        assert [str(file) for file in files] == [made.source().split("|")[0]]
        assert made.featureCount() == 2

    def test_next_unsaved_project_starts_afresh(self, ask, answers, layer, project):
        ask(layer, answer_of(SQUARE))
        project.clear()
        assert answers.layers() == []

    def test_all_features_deleted(self, ask, layer):
        made, feature = ask(layer, answer_of(SQUARE))[0]
        made.dataProvider().deleteFeatures([feature.id()])
        again, _ = ask(layer, answer_of(SQUARE))[0]
        assert (again, again.featureCount()) == (made, 1)

    def test_extent_for_the_canvas(self, store, answers, layer, project):
        places, _ = store(layer, answer_of(SQUARE))
        assert answers.extent(places, UTM33) == QgsRectangle(501000, 5598500, 502000, 5599500)
        project.clear()
        assert answers.extent(places, UTM33).isNull()

    def test_folder_that_cannot_be_made(self, store, answers, layer, tmp_path, project):
        (tmp_path / "profile").write_text("a file where the folder should be")
        places, error = store(layer, answer_of(SQUARE))
        assert error.code == "output_unwritable"
        scratch = project.mapLayer(places[0].layer_id)
        assert scratch.dataProvider().name() == "memory"
        assert scratch.getFeature(places[0].feature_id)["answer"] == "red"
        assert "not saved" in scratch.name()

    def test_file_that_is_no_geopackage(self, store, layer, project, tmp_path):
        project.write(str(tmp_path / "work.qgz"))
        folder = tmp_path / "work_zoomearth"
        folder.mkdir()
        (folder / "answers.gpkg").write_text("someone else's")
        places, error = store(layer, answer_of(SQUARE))
        assert error.code == "output_unwritable"
        assert len(places) == 1
        assert (folder / "answers.gpkg").read_text() == "someone else's"

    def test_project_closed_while_writing(self, answers, layer, project, qtbot, tmp_path):
        project.write(str(tmp_path / "work.qgz"))
        query = sources.freeze_query("a", layer, None, Settings())
        told = []
        what = (answer_of(SQUARE), query, sources.ask_context(layer), ASKED_AT)
        answers.append(*what, lambda *result: told.append(result))
        project.clear()
        qtbot.waitUntil(lambda: bool(told), timeout=10_000)
        assert told == [((), None)]
        assert answers.layers() == []
        assert ogr_answers(tmp_path / "work_zoomearth" / "answers.gpkg") == ["red"]


class TestStyle:
    def test_kinds_look_different_and_labels_have_halos(self, ask, layer):
        made, _ = ask(layer, answer_of(SQUARE))[0]
        renderer = made.renderer()
        categories = list(renderer.categories())
        assert [category.value() for category in categories] == ["region", "searched_area"]
        colours = [category.symbol().symbolLayer(1).color().name() for category in categories]
        assert colours[0] != colours[1]
        assert made.labelsEnabled()
        labeling = made.labeling()
        assert len(labeling.subProviders()) == 2
        for rule in labeling.subProviders():
            text = labeling.settings(rule).format()
            assert text.buffer().enabled()

    def test_map_tip_escapes_what_the_model_wrote(self, ask, layer):
        evil = "<script>alert('1 & 2')</script> [% 1 + 1 %]"
        made, feature = ask(layer, answer_of(SQUARE, text=evil))[0]
        context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(made))
        context.setFeature(feature)
        html = QgsExpression.replaceExpressionText(made.mapTipTemplate(), context)
        assert "&lt;script&gt;alert('1 &amp; 2')&lt;/script&gt; [% 1 + 1 %]" in html
        assert "<script" not in html
        assert "2026-11-20 22:30" in html
        assert "10.00 m/px" in html


def _gdal_transform(x, y, source, target):
    run = subprocess.run(
        ["gdaltransform", "-s_srs", f"EPSG:{source}", "-t_srs", f"EPSG:{target}"],
        input=f"{x} {y}\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    return tuple(float(number) for number in run.stdout.split()[:2])
