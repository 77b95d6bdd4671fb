"""A QGIS layer and an area become a request: bands, file names, frames."""

from __future__ import annotations

import zipfile

import pytest
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsMultiBandColorRenderer,
    QgsRasterLayer,
    QgsRectangle,
    QgsSingleBandGrayRenderer,
    QgsVectorLayer,
)
from qgis_samples import write_raster

from zoomearth_plugin import sources
from zoomearth_plugin.settings import Settings
from zoomearth_plugin.zoomearth.core.errors import (
    AreaOutsideError,
    QuestionInvalidError,
    RasterUnreadableError,
)

UTM33 = QgsCoordinateReferenceSystem("EPSG:32633")
WGS84 = QgsCoordinateReferenceSystem("EPSG:4326")
MERCATOR = QgsCoordinateReferenceSystem("EPSG:3857")


def _ring(area):
    """The ring of an area that is one polygon without holes."""
    ((ring,),) = area.polygons
    return ring


def _bounds(ring):
    columns, rows = zip(*ring)
    return min(columns), min(rows), max(columns), max(rows)


def _selected_polygons(*wkts):
    """A layer whose features, all selected, are these."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633", "polygons", "memory")
    made = []
    for wkt in wkts:
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        made.append(feature)
    layer.dataProvider().addFeatures(made)
    layer.selectAll()
    return layer


class TestBands:
    def test_colours_as_the_renderer_shows_them(self, make_layer):
        layer = make_layer(bands=4)
        layer.setRenderer(QgsMultiBandColorRenderer(layer.dataProvider(), 4, 3, 2))
        assert sources.raster_request(layer).bands == (4, 3, 2)

    def test_unset_channel_repeats_the_first(self, make_layer):
        layer = make_layer(bands=4)
        layer.setRenderer(QgsMultiBandColorRenderer(layer.dataProvider(), 4, -1, 2))
        assert sources.raster_request(layer).bands == (4, 4, 2)

    def test_grey_band_of_many(self, make_layer):
        layer = make_layer(bands=4)
        layer.setRenderer(QgsSingleBandGrayRenderer(layer.dataProvider(), 3))
        assert sources.raster_request(layer).bands == (3,)

    def test_single_band_keeps_the_file_s_own_colours(self, make_layer):
        assert sources.raster_request(make_layer(bands=1)).bands == ()


class TestUri:
    def test_plain_file(self, layer, tmp_path):
        assert sources.raster_request(layer).uri == str(tmp_path / "scene.tif")

    def test_gdal_options_after_the_bar_are_qgis_s_own(self, layer, tmp_path):
        with_option = QgsRasterLayer(f"{tmp_path}/scene.tif|option:NUM_THREADS=1", "x")
        assert with_option.isValid()
        assert sources.raster_request(with_option).uri == str(tmp_path / "scene.tif")

    def test_sub_data_set(self, layer, tmp_path):
        path = tmp_path / "two.tif"
        gdal.Translate(str(path), layer.source())
        gdal.Translate(str(path), layer.source(), creationOptions=["APPEND_SUBDATASET=YES"])
        second = QgsRasterLayer(f"GTIFF_DIR:2:{path}", "second")
        assert second.isValid()
        assert sources.raster_request(second).uri == f"GTIFF_DIR:2:{path}"

    def test_inside_a_zip(self, layer, tmp_path):
        with zipfile.ZipFile(tmp_path / "scene.zip", "w") as archive:
            archive.write(tmp_path / "scene.tif", "deep/scene.tif")
        zipped = QgsRasterLayer(f"/vsizip/{tmp_path}/scene.zip/deep/scene.tif", "zipped")
        assert zipped.isValid()
        found = sources.raster_request(zipped).uri
        assert gdal.Open(found).RasterXSize == 400

    def test_memory_file_is_refused(self, layer):
        gdal.Translate("/vsimem/scene.tif", layer.source())
        with pytest.raises(RasterUnreadableError) as caught:
            sources.raster_request(QgsRasterLayer("/vsimem/scene.tif", "m"))
        assert "Save" in caught.value.hint
        gdal.Unlink("/vsimem/scene.tif")

    def test_web_map_is_refused_with_a_way_out(self, qgis_app):
        web = QgsRasterLayer("type=xyz&url=file:///tmp/%7Bz%7D/%7Bx%7D/%7By%7D.png&zmax=3", "web", "wms")
        assert web.isValid()
        with pytest.raises(RasterUnreadableError, match="wms") as caught:
            sources.raster_request(web)
        assert "GeoTIFF" in caught.value.hint

    def test_no_layer(self, qgis_app):
        with pytest.raises(RasterUnreadableError) as caught:
            sources.raster_request(None)
        assert "Add a raster" in caught.value.hint

    def test_broken_layer(self, qgis_app):
        with pytest.raises(RasterUnreadableError, match="broken"):
            sources.raster_request(QgsRasterLayer("/nowhere/gone.tif", "gone"))


class TestArea:
    def test_same_crs_is_taken_as_it_is(self, layer):
        area = sources.area_of_rectangle(QgsRectangle(500500, 5598000, 501500, 5599000), UTM33, layer)
        assert _bounds(_ring(area)) == (500500, 5598000, 501500, 5599000)

    def test_other_crs_follows_the_bent_edge(self, make_layer):
        # One degree of the parallel 50° N in UTM zone 33 bows by about 0.5 · R · cos·sin·(0.5°)² = 119 m
        # between its ends and its middle on the central meridian; without densifying it would be lost.
        layer = make_layer(size=(4000, 4000), geotransform=(400000.0, 50.0, 0.0, 5650000.0, 0.0, -50.0))
        area = sources.area_of_rectangle(QgsRectangle(14.5, 50.0, 15.5, 50.5), WGS84, layer)
        southern = min(y for _, y in _ring(area))
        ends = sorted(y for x, y in _ring(area) if abs(x - 500000) > 35700)[0]
        assert ends - southern == pytest.approx(119, abs=15)

    def test_canvas_of_the_whole_world(self, layer):
        area = sources.area_of_rectangle(QgsRectangle(-2e7, -2e7, 2e7, 2e7), MERCATOR, layer)
        assert _bounds(_ring(area)) == pytest.approx((500000, 5597000, 504000, 5600000), abs=1)

    def test_small_canvas_on_a_raster_of_the_whole_world(self, make_layer):
        world = make_layer(size=(360, 180), epsg=4326, geotransform=(-180.0, 1.0, 0.0, 90.0, 0.0, -1.0))
        area = sources.area_of_rectangle(QgsRectangle(499000, 5500000, 501000, 5502000), UTM33, world)
        west, south, east, north = _bounds(_ring(area))
        assert (west, east) == (pytest.approx(14.986, abs=0.001), pytest.approx(15.014, abs=0.001))
        assert (south, north) == (pytest.approx(49.65, abs=0.01), pytest.approx(49.67, abs=0.01))

    def test_disjoint(self, layer):
        with pytest.raises(AreaOutsideError):
            sources.area_of_rectangle(QgsRectangle(0, 0, 10, 10), UTM33, layer)

    def test_touching_is_outside(self, layer):
        with pytest.raises(AreaOutsideError):
            sources.area_of_rectangle(QgsRectangle(499000, 5598000, 500000, 5599000), UTM33, layer)

    def test_file_without_geotransform_gives_pixels(self, make_layer):
        plain = make_layer(epsg=None, geotransform=None)
        assert sources.ask_context(plain).draws_pixels
        # QGIS draws column 10 at x = 10 and row 40 at y = -40.
        area = sources.area_of_rectangle(QgsRectangle(10, -90, 60, -40), UTM33, plain)
        assert _bounds(_ring(area)) == (10, 40, 60, 90)

    def test_rational_polynomials_are_drawn_for_the_file_s_own_height(self, tmp_path):
        """As the engine places them, so that a region lies on what is seen; by hand, see tests/raster."""
        path = write_raster(tmp_path / "rpc.tif", size=(300, 200), epsg=None, geotransform=None)
        numbers = {"LINE_OFF": 99.5, "SAMP_OFF": 149.5, "LAT_OFF": 50, "LONG_OFF": 10, "HEIGHT_OFF": 300,
                   "LINE_SCALE": 100, "SAMP_SCALE": 150, "LAT_SCALE": 0.1, "LONG_SCALE": 0.1,
                   "HEIGHT_SCALE": 500}  # fmt: skip
        rows = {"LINE_NUM": (0, 0, -1, 0.05), "LINE_DEN": (1,), "SAMP_NUM": (0, 1, 0, 0.1), "SAMP_DEN": (1,)}
        told = {name: str(number) for name, number in numbers.items()}
        for name, row in rows.items():
            told[f"{name}_COEFF"] = " ".join(map(str, (*row, *[0] * (20 - len(row)))))
        data_set = gdal.Open(str(path), gdal.GA_Update)
        data_set.SetMetadata(told, "RPC")
        data_set = None
        layer = QgsRasterLayer(str(path), "rpc")
        drawn = layer.extent()
        sides = (drawn.xMinimum(), drawn.yMinimum(), drawn.xMaximum(), drawn.yMaximum())
        assert layer.crs() == WGS84
        assert sides == pytest.approx((9.9, 49.9, 10.1, 50.1), abs=1 / 1000)  # a pixel of the drawn raster

    def test_file_without_crs_keeps_its_own_coordinates(self, make_layer):
        own = make_layer(epsg=None)
        own.setCrs(QgsCoordinateReferenceSystem())
        assert not sources.ask_context(own).draws_pixels
        area = sources.area_of_rectangle(QgsRectangle(500500, 5598000, 501500, 5599000), WGS84, own)
        assert _bounds(_ring(area)) == (500500, 5598000, 501500, 5599000)

    def test_selected_features(self, layer):
        points = QgsVectorLayer("Point?crs=EPSG:32633", "points", "memory")
        made = []
        for x, y in ((501000, 5599000), (502000, 5598500), (999999, 0)):
            feature = QgsFeature()
            feature.setGeometry(QgsGeometry.fromWkt(f"POINT({x} {y})"))
            made.append(feature)
        points.dataProvider().addFeatures(made)
        points.selectByIds([1, 2])
        area = sources.area_of_selection(points, layer)
        # The line between both points, one pixel of 10 m about it.
        assert _bounds(_ring(area)) == pytest.approx((500990, 5598490, 502010, 5599010), abs=5)

    def test_selected_polygons_are_taken_as_they_are(self, layer):
        """A square with a hole, one that overlaps it, and one beyond the raster's west at 500000."""
        drawn = _selected_polygons(
            "POLYGON((501000 5598000,502000 5598000,502000 5599000,501000 5599000,501000 5598000),"
            "(501400 5598400,501400 5598600,501600 5598600,501600 5598400,501400 5598400))",
            "POLYGON((501800 5598000,502500 5598000,502500 5599000,501800 5599000,501800 5598000))",
            "POLYGON((499000 5597200,500300 5597200,500300 5597400,499000 5597400,499000 5597200))",
        )
        area = sources.area_of_selection(drawn, layer)
        outer = sorted(_bounds(polygon[0]) for polygon in area.polygons)
        assert outer == [(500000, 5597200, 500300, 5597400), (501000, 5598000, 502500, 5599000)]
        assert [_bounds(hole) for polygon in area.polygons for hole in polygon[1:]] == [
            (501400, 5598400, 501600, 5598600)
        ]

    def test_an_edge_that_crosses_itself_is_mended(self, layer):
        bow = QgsGeometry.fromWkt(
            "POLYGON((501000 5598000,502000 5599000,502000 5598000,501000 5599000,501000 5598000))"
        )
        area = sources.area_of_geometry(bow, UTM33, layer)
        assert sorted(_bounds(polygon[0]) for polygon in area.polygons) == [
            (501000, 5598000, 501500, 5599000), (501500, 5598000, 502000, 5599000)
        ]  # fmt: skip

    def test_one_invalid_feature_does_not_void_the_others(self, layer):
        drawn = _selected_polygons(
            "POLYGON((501000 5598000,502000 5599000,502000 5598000,501000 5599000,501000 5598000))",
            "POLYGON((501500 5598000,502500 5598000,502500 5599000,501500 5599000,501500 5598000))",
        )
        area = sources.area_of_selection(drawn, layer)
        sides = zip(*(_bounds(polygon[0]) for polygon in area.polygons))
        lows, tops, highs, bottoms = sides
        assert (min(lows), min(tops), max(highs), max(bottoms)) == (501000, 5598000, 502500, 5599000)

    def test_a_coast_of_many_corners_is_simplified(self, layer):
        circle = QgsGeometry.fromWkt("POINT(502000 5598500)").buffer(900, 5000)
        area = sources.area_of_geometry(circle, UTM33, layer)
        assert len(_ring(area)) < 1000  # pixels of 10 m, so corners may be off by 2.5 m
        assert _bounds(_ring(area)) == pytest.approx((501100, 5597600, 502900, 5599400), abs=2.5)

    def test_nothing_selected(self, layer):
        with pytest.raises(AreaOutsideError) as caught:
            sources.area_of_selection(QgsVectorLayer("Point?crs=EPSG:32633", "p", "memory"), layer)
        assert "Select" in caught.value.hint


class TestQuery:
    def test_everything_is_frozen(self, layer, tmp_path):
        query = sources.freeze_query("  What  colour? ", layer, None, Settings(max_zooms=2, view_side_px=320))
        assert query.question == "What colour?"
        assert query.raster.uri == str(tmp_path / "scene.tif")
        assert (query.options.max_zooms, query.options.view_side_px) == (2, 320)
        assert query.options.with_pictures

    def test_side_zero_is_the_model_s_own(self, layer):
        assert sources.freeze_query("a", layer, None, Settings()).options.view_side_px is None

    @pytest.mark.parametrize("question", ["", " \n ", "x" * 10_000])
    def test_bad_questions(self, layer, question):
        with pytest.raises(QuestionInvalidError):
            sources.freeze_query(question, layer, None, Settings())


class TestAskedAgain:
    def test_same_place_with_the_settings_of_now(self, layer):
        area = sources.area_of_rectangle(QgsRectangle(500100, 5599000, 500300, 5599500), UTM33, layer)
        first = sources.freeze_query("Ships?", layer, area, Settings(model="a", max_zooms=1))
        again = sources.asked_again(first, Settings(model="b", max_zooms=4, view_side_px=128))
        assert (again.question, again.raster, again.area) == ("Ships?", first.raster, area)
        assert (again.model, again.options.max_zooms, again.options.view_side_px) == ("b", 4, 128)
        assert again.options.with_pictures
