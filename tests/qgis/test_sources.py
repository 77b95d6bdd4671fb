"""A QGIS layer and an area become a request: bands, file names, frames."""

from __future__ import annotations

import zipfile

import pytest
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsMultiBandColorRenderer,
    QgsRasterLayer,
    QgsSingleBandGrayRenderer,
)
from qgis_samples import write_raster

from zoomearth_plugin import sources
from zoomearth_plugin.settings import Settings
from zoomearth_plugin.zoomearth.core.errors import (
    QuestionInvalidError,
    RasterUnreadableError,
)
from zoomearth_plugin.zoomearth.core.types import Area

UTM33 = QgsCoordinateReferenceSystem("EPSG:32633")
WGS84 = QgsCoordinateReferenceSystem("EPSG:4326")
MERCATOR = QgsCoordinateReferenceSystem("EPSG:3857")


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

    def test_single_band(self, make_layer):
        assert sources.raster_request(make_layer(bands=1)).bands == (1,)


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

    def test_no_layer(self, qgis_app):
        with pytest.raises(RasterUnreadableError) as caught:
            sources.raster_request(None)
        assert "Add a raster" in caught.value.hint

    def test_broken_layer(self, qgis_app):
        with pytest.raises(RasterUnreadableError, match="broken"):
            sources.raster_request(QgsRasterLayer("/nowhere/gone.tif", "gone"))


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
        area = Area.of_ring((500100, 5599500), (500300, 5599500), (500300, 5599000), (500100, 5599000))
        first = sources.freeze_query("Ships?", layer, area, Settings(model="a", max_zooms=1))
        again = sources.asked_again(first, Settings(model="b", max_zooms=4, view_side_px=128))
        assert (again.question, again.raster, again.area) == ("Ships?", first.raster, area)
        assert (again.model, again.options.max_zooms, again.options.view_side_px) == ("b", 4, 128)
        assert again.options.with_pictures
