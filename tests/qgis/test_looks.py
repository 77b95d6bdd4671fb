"""What the model is shown is what QGIS shows: the engine's pictures beside QGIS's own drawing."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import numpy
import pytest
from osgeo import gdal
from qgis.core import (
    QgsColorRampShader,
    QgsContrastEnhancement,
    QgsCubicRasterResampler,
    QgsHillshadeRenderer,
    QgsHueSaturationFilter,
    QgsMultiBandColorRenderer,
    QgsPalettedRasterRenderer,
    QgsRasterRange,
    QgsRasterShader,
    QgsRasterTransparency,
    QgsSingleBandGrayRenderer,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor, QImage

from zoomearth_plugin import sources
from zoomearth_plugin.layer_pixels import drawn_grid, is_drawn
from zoomearth_plugin.rendering import LayerDrawer
from zoomearth_plugin.settings import Settings
from zoomearth_plugin.zoomearth.core.drawing import DrawnWindow
from zoomearth_plugin.zoomearth.core.frames import PixelBox
from zoomearth_plugin.zoomearth.core.types import Area

LIMIT_MS = 30_000
WINDOW = (40, 30, 140, 110)
"""Left, top, right, bottom: shown pixel by pixel."""
GREY = (128, 128, 128)
ANSWER = "<answer>red</answer>"
Algorithm = QgsContrastEnhancement.ContrastEnhancementAlgorithm


@pytest.fixture
def pictures(queue, script, qtbot):
    """The engine's picture of a window, and QGIS's own; (rows, columns, 3) and (rows, columns, 4)."""

    def both(layer):
        area = Area(pixels=PixelBox(*WINDOW))
        query = sources.freeze_query("Ships?", layer, area, Settings(model=script(ANSWER)))
        with qtbot.waitSignal(queue.answered, timeout=LIMIT_MS) as blocker:
            queue.submit(query, sources.ask_context(layer))
        (step,) = blocker.args[1].answer.steps
        seen = QImage.fromData(base64.b64decode(step.picture_png)).convertToFormat(
            QImage.Format.Format_RGBA8888
        )
        bits = seen.constBits()
        bits.setsize(seen.sizeInBytes())
        size = (WINDOW[2] - WINDOW[0], WINDOW[3] - WINDOW[1])
        assert (seen.width(), seen.height()) == size
        future = LayerDrawer(layer, drawn_grid(layer)).draw(DrawnWindow(PixelBox(*WINDOW), size))
        qtbot.waitUntil(future.done, timeout=LIMIT_MS)
        drawn = numpy.frombuffer(future.result().pixels, numpy.uint8)
        shape = (size[1], size[0], 4)
        engine = numpy.frombuffer(bytes(bits), numpy.uint8).reshape(shape)[..., :3]
        return SimpleNamespace(engine=engine.astype(int), qgis=drawn.reshape(shape).astype(int))

    return both


def agree(both):
    """Within one level, as QGIS cuts where the engine rounds; where QGIS shows nothing, the engine grey."""
    is_shown = both.qgis[..., 3] > 0
    difference = numpy.abs(both.engine - both.qgis[..., :3])[is_shown]
    assert difference.size and difference.max() <= 1
    assert (both.engine[~is_shown] == GREY).all()
    return is_shown


def enhancement(layer, band, low, high, algorithm=Algorithm.StretchToMinimumMaximum):
    made = QgsContrastEnhancement(layer.dataProvider().dataType(band))
    made.setMinimumValue(low)
    made.setMaximumValue(high)
    made.setContrastEnhancementAlgorithm(algorithm)
    return made


def grey(layer, *span, **keywords):
    renderer = QgsSingleBandGrayRenderer(layer.dataProvider(), 1)
    renderer.setContrastEnhancement(enhancement(layer, 1, *span, **keywords))
    layer.setRenderer(renderer)
    return renderer


def ramp(layer, kind, items, *, clip=False):
    function = QgsColorRampShader()
    function.setColorRampType(kind)
    function.setClip(clip)
    function.setColorRampItemList(
        [QgsColorRampShader.ColorRampItem(value, QColor(*colour)) for value, colour in items]
    )
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(function)
    layer.setRenderer(QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader))


class TestColours:
    def test_as_loaded(self, layer, pictures):
        assert agree(pictures(layer)).all()

    def test_other_bands_with_ranges_of_their_own(self, make_layer, pictures):
        layer = make_layer(bands=4, kind=gdal.GDT_UInt16)
        renderer = QgsMultiBandColorRenderer(layer.dataProvider(), 4, 1, 2)
        renderer.setRedContrastEnhancement(enhancement(layer, 4, 20, 220))
        renderer.setGreenContrastEnhancement(enhancement(layer, 1, 100, 120))
        renderer.setBlueContrastEnhancement(enhancement(layer, 2, -50, 900))
        layer.setRenderer(renderer)
        assert agree(pictures(layer)).all()

    @pytest.mark.parametrize(
        "tuning", [(40, 0, 1.0), (0, 35, 1.0), (0, -60, 1.0), (-30, 20, 0.6), (0, 0, 2.5)]
    )
    def test_brightness_contrast_gamma(self, layer, pictures, tuning):
        brightness, contrast, gamma = tuning
        layer.brightnessFilter().setBrightness(brightness)
        layer.brightnessFilter().setContrast(contrast)
        layer.brightnessFilter().setGamma(gamma)
        assert agree(pictures(layer)).all()


class TestAlpha:
    """Four bands of bytes are red, green, blue, alpha for GDAL, whatever they hold."""

    @pytest.mark.parametrize("bands", [(1, 2, 3), (4, 1, 2)])
    @pytest.mark.parametrize("alpha", [-1, 4])
    def test_band_is_used_or_not(self, make_layer, pictures, bands, alpha):
        layer = make_layer(bands=4)
        made = gdal.Open(layer.source(), gdal.GA_Update)
        clear = made.GetRasterBand(4).ReadAsArray()
        clear[:, ::2] = 0
        clear[:, 1::2] = 255
        made.GetRasterBand(4).WriteArray(clear)
        made = None
        renderer = QgsMultiBandColorRenderer(layer.dataProvider(), *bands)
        renderer.setAlphaBand(alpha)
        layer.setRenderer(renderer)
        is_shown = agree(pictures(layer))
        assert is_shown.mean() == (0.5 if alpha == 4 else 1.0)


class TestGrey:
    @pytest.mark.parametrize("kind", [gdal.GDT_Byte, gdal.GDT_UInt16, gdal.GDT_Int16, gdal.GDT_Float32])
    def test_range(self, make_layer, pictures, kind):
        layer = make_layer(bands=1, kind=kind)
        grey(layer, 40, 190)
        assert agree(pictures(layer)).all()

    def test_inverted(self, make_layer, pictures):
        layer = make_layer(bands=1)
        grey(layer, 40, 190).setGradient(QgsSingleBandGrayRenderer.Gradient.WhiteToBlack)
        assert agree(pictures(layer)).all()

    @pytest.mark.parametrize("algorithm", [Algorithm.ClipToMinimumMaximum, Algorithm.NoEnhancement])
    def test_bytes_as_they_are(self, make_layer, pictures, algorithm):
        layer = make_layer(bands=1)
        grey(layer, 40, 190, algorithm=algorithm)
        assert agree(pictures(layer)).any()

    @pytest.mark.parametrize("kind", [gdal.GDT_Byte, gdal.GDT_Float32])
    def test_values_beyond_the_range_are_hidden(self, make_layer, pictures, kind):
        layer = make_layer(bands=1, kind=kind)
        grey(layer, 30, 200, algorithm=Algorithm.StretchAndClipToMinimumMaximum)
        is_shown = agree(pictures(layer))
        assert is_shown.any() and not is_shown.all()

    def test_where_qgis_shows_black_the_engine_finds_a_range(self, make_layer, pictures):
        layer = make_layer(bands=1, kind=gdal.GDT_UInt16)
        grey(layer, 40, 190, algorithm=Algorithm.NoEnhancement)
        both = pictures(layer)
        assert both.qgis[..., :3].max() <= 1
        assert both.engine.max() == 255 and both.engine.min() == 0


class TestTables:
    def test_classes_hide_what_stands_in_none(self, make_layer, pictures):
        layer = make_layer(bands=1)
        classes = [
            QgsPalettedRasterRenderer.Class(value, QColor(value, 255 - value, 7))
            for value in range(0, 200, 2)
        ]
        layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, classes))
        is_shown = agree(pictures(layer))
        assert is_shown.any() and not is_shown.all()

    @pytest.mark.parametrize("kind", [gdal.GDT_Byte, gdal.GDT_Float64])
    @pytest.mark.parametrize("clip", [False, True])
    def test_ramp(self, make_layer, pictures, kind, clip):
        layer = make_layer(bands=1, kind=kind)
        items = [(50, (0, 0, 255)), (120, (250, 240, 10)), (200, (180, 0, 20))]
        ramp(layer, QgsColorRampShader.Type.Interpolated, items, clip=clip)
        is_shown = agree(pictures(layer))
        assert is_shown.all() != clip

    def test_intervals(self, make_layer, pictures):
        layer = make_layer(bands=1)
        items = [(60, (1, 2, 3)), (130, (40, 50, 60)), (float("inf"), (200, 210, 220))]
        ramp(layer, QgsColorRampShader.Type.Discrete, items)
        assert agree(pictures(layer)).all()

    def test_exact_values(self, make_layer, pictures):
        layer = make_layer(bands=1)
        ramp(layer, QgsColorRampShader.Type.Exact, [(value, (value, 0, 9)) for value in range(0, 256, 3)])
        is_shown = agree(pictures(layer))
        assert is_shown.any() and not is_shown.all()

    def test_brightness_comes_after_the_colours(self, make_layer, pictures):
        layer = make_layer(bands=1)
        ramp(layer, QgsColorRampShader.Type.Interpolated, [(0, (0, 90, 10)), (255, (200, 0, 250))])
        layer.brightnessFilter().setBrightness(-30)
        assert agree(pictures(layer)).all()


def shaded(layer):
    layer.setRenderer(QgsHillshadeRenderer(layer.dataProvider(), 1, 315, 45))


def without_colour(layer):
    layer.hueSaturationFilter().setGrayscaleMode(QgsHueSaturationFilter.GrayscaleMode.GrayscaleLuminosity)


def with_nodata_of_a_person(layer):
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(100, 200)])


def with_values_made_clear(layer):
    clear = QgsRasterTransparency()
    pixel = QgsRasterTransparency.TransparentThreeValuePixel()
    pixel.red, pixel.green, pixel.blue, pixel.percentTransparent = 1, 2, 3, 100
    clear.setTransparentThreeValuePixelList([pixel])
    layer.renderer().setRasterTransparency(clear)


def with_hidden_values(layer):
    clipping = Algorithm.StretchAndClipToMinimumMaximum
    layer.renderer().setGreenContrastEnhancement(enhancement(layer, 2, 30, 200, clipping))


def with_its_range_turned(layer):
    layer.renderer().setGreenContrastEnhancement(enhancement(layer, 2, 200, 30))


class TestOnlyQgis:
    @pytest.mark.parametrize(
        "change",
        [
            shaded,
            without_colour,
            with_nodata_of_a_person,
            with_values_made_clear,
            with_hidden_values,
            with_its_range_turned,
        ],
    )
    def test_is_drawn_by_qgis_itself(self, layer, pictures, change):
        change(layer)
        assert is_drawn(layer)
        both = pictures(layer)
        is_shown = both.qgis[..., 3] > 0
        assert numpy.array_equal(both.engine[is_shown], both.qgis[..., :3][is_shown])
        assert (both.engine[~is_shown] == GREY).all()

    def test_place_is_the_file_s(self, layer):
        shaded(layer)
        request = sources.raster_request(layer)
        assert request.uri == layer.source()
        assert request.drawn.transform == (10, 0, 500000, 0, -10, 5600000)

    def test_what_does_not_change_values_is_read_from_the_file(self, layer):
        layer.resampleFilter().setZoomedInResampler(QgsCubicRasterResampler())
        layer.setOpacity(0.5)
        assert not is_drawn(layer)
