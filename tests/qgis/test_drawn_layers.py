"""Layers that are no file: real services on this machine, QGIS that draws them, the real worker that asks."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from urllib.parse import quote

import numpy
import pytest
from map_services import HALF_WORLD_M, ArcGisMap, Tiles, WebMapService, mapserver
from osgeo import gdal
from qgis.core import (
    QgsContrastEnhancement,
    QgsCoordinateReferenceSystem,
    QgsNetworkAccessManager,
    QgsRasterDataProvider,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QThreadPool, QTimer
from qgis.PyQt.QtGui import QPainter
from qgis_samples import Signals, write_raster
from wmts import WebMapTiles

from zoomearth_plugin import areas, sources
from zoomearth_plugin.layer_pixels import drawn_grid, public_name
from zoomearth_plugin.rendering import LayerDrawer
from zoomearth_plugin.settings import Settings
from zoomearth_plugin.zoomearth.core.drawing import DrawnWindow
from zoomearth_plugin.zoomearth.core.errors import AreaRequiredError, RasterUnreadableError
from zoomearth_plugin.zoomearth.core.frames import PixelBox

PLAIN = QgsContrastEnhancement.ContrastEnhancementAlgorithm.NoEnhancement
FINEST_M = HALF_WORLD_M * 2 / 256 / 2**19
ZOOM = '<think>There.</think>[{"bbox_2d": [128, 128, 256, 256], "label": "ship"}]'
ANSWER = "<think>I see.</think><answer>red</answer>"
LIMIT_MS = 30_000
SCENE_EXTENT = (500000.0, 5597000.0, 504000.0, 5600000.0)


@pytest.fixture
def tiles():
    with Tiles() as service:
        yield service


@pytest.fixture
def web_map(tiles, project):
    layer = QgsRasterLayer(tiles.uri(), "web map", "wms")
    assert layer.isValid()
    project.addMapLayer(layer)
    return layer


@pytest.fixture
def services(tmp_path):
    """MapServer over 400 × 300 pixels of noise, 10 m each."""
    if mapserver() is None:
        pytest.skip("MapServer is not installed; the set-up does so on Debian")
    raster = write_raster(tmp_path / "scene.tif")
    with WebMapService(raster, SCENE_EXTENT, tmp_path) as service:
        yield service


@pytest.fixture
def draw(qtbot):
    """Draws a window of a layer and waits; (rows, columns, 4)."""

    def drawn(layer, box, size):
        drawer = LayerDrawer(layer, drawn_grid(layer))
        future = drawer.draw(DrawnWindow(PixelBox(*box), size))
        qtbot.waitUntil(future.done, timeout=LIMIT_MS)
        drawing = future.result()
        return numpy.frombuffer(drawing.pixels, numpy.uint8).reshape(size[1], size[0], 4), drawing.failures

    return drawn


@pytest.fixture
def ask_about(queue, qtbot):
    """Asks about an area of a layer and waits for the outcome: an answer or an error."""

    def ask(layer, area, model):
        query = sources.freeze_query("What colour is the ship?", layer, area, Settings(model=model))
        outcome = []
        queue.answered.connect(lambda _, record: outcome.append(record.answer))
        queue.failed.connect(lambda _, error: outcome.append(error))
        queue.submit(query, sources.ask_context(layer))
        qtbot.waitUntil(lambda: bool(outcome), timeout=LIMIT_MS)
        return outcome[0]

    return ask


def square(layer, side_m, west=0.0, south=0.0):
    return areas.area_of_rectangle(
        QgsRectangle(west, south, west + side_m, south + side_m), layer.crs(), layer
    )


def file_pixels(path):
    """(rows, columns, 3)."""
    return numpy.moveaxis(gdal.Open(str(path)).ReadAsArray(), 0, 2)


class TestGrid:
    def test_tiles(self, web_map):
        """256 · 2^19 pixels across; each coarser level doubles them."""
        grid = drawn_grid(web_map)
        assert (grid.width, grid.height) == (256 * 2**19, 256 * 2**19)
        assert grid.levels == pytest.approx([2.0**level for level in range(1, 20)])
        assert grid.transform == pytest.approx((FINEST_M, 0, -HALF_WORLD_M, 0, -FINEST_M, HALF_WORLD_M))
        assert (grid.crs, grid.has_own_pixels) == ("EPSG:3857", False)

    def test_service_without_a_finest_resolution(self, services):
        layer = QgsRasterLayer(services.uri(), "wms", "wms")
        grid = drawn_grid(layer)
        assert (grid.width, grid.height) == (26667, 20000)  # 4,000 m × 3,000 m in pixels of 15 cm
        assert (grid.levels, grid.has_own_pixels) == ((), False)

    def test_layer_with_pixels_of_its_own(self, layer):
        gdal.Translate("/vsimem/own.tif", layer.source())
        memory = QgsRasterLayer("/vsimem/own.tif", "memory")
        grid = drawn_grid(memory)
        assert (grid.width, grid.height, grid.has_own_pixels) == (400, 300, True)
        assert grid.transform == (10, 0, 500000, 0, -10, 5600000)
        gdal.Unlink("/vsimem/own.tif")

    def test_crs_of_a_person_s_own(self, layer):
        layer.setCrs(QgsCoordinateReferenceSystem.fromProj("+proj=laea +lat_0=51 +lon_0=9 +ellps=bessel"))
        assert "METHOD" in drawn_grid(layer).crs

    def test_without_a_crs(self, layer):
        layer.setCrs(QgsCoordinateReferenceSystem())
        assert drawn_grid(layer).crs is None

    @pytest.mark.parametrize(
        "address",
        [
            "https://example.org/{z}?token%3Dabc123",
            "https://example.org/{z}?a%3D1%26api_key%3Dabc123",
            "https://example.org/{z}?X-Amz-Signature%3Dabc123",
            "https://example.org/{z}?apikey%253Dabc123",
            "https://me:abc123@example.org/{z}",
            "https://example.org/{z}&http-header:Authorization=Bearer abc123",
            "https://example.org/{z}&password=abc123",
        ],
    )
    def test_name_tells_no_secret(self, qgis_app, address):
        uri = f"type=xyz&url={address}&zmax=3".replace("{z}", "%7Bz%7D/%7Bx%7D/%7By%7D.png")
        name = public_name(QgsRasterLayer(uri, "web", "wms"))
        assert "example.org" in name
        assert "abc123" not in name


class TestDrawing:
    def test_memory_layer_pixel_by_pixel(self, layer, draw):
        gdal.Translate("/vsimem/scene.tif", layer.source())
        memory = QgsRasterLayer("/vsimem/scene.tif", "memory")
        memory.setContrastEnhancement(PLAIN)
        pixels, failures = draw(memory, (30, 20, 130, 80), (100, 60))
        gdal.Unlink("/vsimem/scene.tif")
        assert not failures
        assert numpy.array_equal(pixels[..., :3], file_pixels(layer.source())[20:80, 30:130])
        assert (pixels[..., 3] == 255).all()

    def test_beyond_the_layer_nothing_is_known(self, layer, draw):
        pixels, _ = draw(layer, (390, 0, 410, 20), (20, 20))
        assert (pixels[:, :10, 3] == 255).all()
        assert (pixels[:, 10:, 3] == 0).all()

    def test_layer_is_drawn_as_it_looks_at_every_scale(self, layer, draw):
        layer.setScaleBasedVisibility(True)
        layer.setMinimumScale(100)
        layer.setMaximumScale(50)
        pixels, _ = draw(layer, (0, 0, 400, 300), (400, 300))
        assert (pixels[..., 3] == 255).all()

    def test_opacity_and_blending_are_the_map_s(self, layer, draw):
        layer.setOpacity(0.02)
        layer.setBlendMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
        pixels, _ = draw(layer, (0, 0, 400, 300), (400, 300))
        assert numpy.array_equal(pixels[..., :3], file_pixels(layer.source()))
        assert (pixels[..., 3] == 255).all()

    def test_wms_is_the_raster_behind_it(self, services, draw, tmp_path):
        """One pixel of 10 m is 66.7 of the grid's 15 cm: the whole map at its own resolution."""
        layer = QgsRasterLayer(services.uri(), "wms", "wms")
        step = 4000 / 0.15 / 400
        pixels, failures = draw(layer, (0, 0, 400 * step, 300 * step), (400, 300))
        assert not failures
        assert numpy.array_equal(pixels[..., :3], file_pixels(tmp_path / "scene.tif"))

    def test_wcs_is_the_raster_behind_it(self, services, draw, tmp_path):
        uri = "cache=AlwaysNetwork&crs=EPSG:32633&format=GTiff&identifier=scene&url=" + quote(
            f"{services.address}/", safe=""
        )
        layer = QgsRasterLayer(uri, "wcs", "wcs")
        assert (layer.width(), layer.height()) == (400, 300)
        layer.setContrastEnhancement(PLAIN)
        pixels, _ = draw(layer, (0, 0, 400, 300), (400, 300))
        assert numpy.array_equal(pixels[..., :3], file_pixels(tmp_path / "scene.tif"))

    def test_virtual_raster_computes_what_is_drawn(self, layer, project, draw):
        """Band 1 halved."""
        project.addMapLayer(layer)
        parameters = QgsRasterDataProvider.VirtualRasterParameters()
        parameters.crs = layer.crs()
        parameters.extent = layer.extent()
        parameters.width, parameters.height = 400, 300
        parameters.formula = '"scene@1" / 2'
        part = QgsRasterDataProvider.VirtualRasterInputLayers()
        part.name, part.uri, part.provider = "scene", layer.source(), "gdal"
        parameters.rInputLayers = [part]
        uri = QgsRasterDataProvider.encodeVirtualRasterProviderUri(parameters)
        virtual = QgsRasterLayer(uri, "virtual", "virtualraster")
        assert virtual.isValid()
        virtual.renderer().setContrastEnhancement(None)
        pixels, _ = draw(virtual, (0, 0, 400, 300), (400, 300))
        halved = file_pixels(layer.source())[..., 0] / 2
        assert numpy.abs(pixels[..., 0] - halved).max() <= 0.5


class TestWebMap:
    def test_zooming_fetches_deeper_tiles(self, web_map, tiles, ask_about, script):
        """2,048 finest tiles across: 512 view pixels are level 10, a quarter of it level 12."""
        answer = ask_about(web_map, square(web_map, FINEST_M * 256 * 1024), script(ZOOM, ANSWER))
        assert answer.text == "red"
        first, second = answer.steps
        assert second.seen_gsd_m < first.seen_gsd_m / 3.9
        assert sorted(set(tiles.zooms())) == [10, 12]
        # View pixels [128, 256] of 512 are a quarter to a half of the square; y counts from its north.
        (region,) = answer.regions
        side = FINEST_M * 256 * 1024
        sides = [sorted(position[axis] for position in region.polygon) for axis in (0, 1)]
        assert (sides[0][0], sides[0][-1]) == pytest.approx((side / 4, side / 2), abs=FINEST_M)
        assert (sides[1][0], sides[1][-1]) == pytest.approx((side / 2, side * 3 / 4), abs=FINEST_M)
        assert answer.crs == "EPSG:3857"

    def test_every_tile_is_asked_for_once(self, web_map, tiles, ask_about, script):
        ask_about(web_map, square(web_map, FINEST_M * 256 * 1024), script(ZOOM, ANSWER))
        assert len(tiles.asked) == len(set(tiles.asked))
        before = len(tiles.asked)
        ask_about(web_map, square(web_map, FINEST_M * 256 * 1024), script(ZOOM, ANSWER))
        assert len(tiles.asked) == before

    def test_no_deeper_than_the_service_goes(self, tiles, project, ask_about, script):
        layer = QgsRasterLayer(tiles.uri(finest=12), "shallow", "wms")
        project.addMapLayer(layer)
        deep = '[{"bbox_2d": [200, 200, 203, 203], "label": "ship"}]'
        answer = ask_about(layer, square(layer, 38.2 * 512 * 4), script(deep, deep, ANSWER))
        assert max(tiles.zooms()) == 12
        assert answer.native_share > 0

    def test_whole_world_needs_an_area(self, web_map, tiles):
        with pytest.raises(AreaRequiredError) as caught:
            sources.freeze_query("Ships?", web_map, None, Settings())
        assert "draw the area" in caught.value.hint
        assert not tiles.asked

    def test_main_thread_goes_on(self, web_map, tiles, ask_about, script):
        tiles.delay_s = 0.6
        ticks = []
        timer = QTimer()
        timer.setInterval(10)
        timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
        timer.start()
        ask_about(web_map, square(web_map, FINEST_M * 256 * 4), script(ANSWER))
        timer.stop()
        assert max(later - earlier for earlier, later in zip(ticks, ticks[1:])) < 0.4

    def test_tiles_that_fail_leave_a_gap_and_are_told(self, web_map, tiles, ask_about, script):
        tiles.status_of = lambda zoom, column, row: 404 if column % 2 else 200
        answer = ask_about(web_map, square(web_map, FINEST_M * 256 * 4), script(ANSWER))
        told = {warning.split(":")[0]: warning for warning in answer.warnings}
        assert "HTTP 404" in told["not_delivered"]
        assert "50%" in told["partly_empty"]

    def test_service_that_is_down(self, web_map, tiles, ask_about, script):
        tiles.status_of = lambda zoom, column, row: 503
        error = ask_about(web_map, square(web_map, FINEST_M * 256 * 4), script(ANSWER))
        assert isinstance(error, RasterUnreadableError)
        assert "HTTP 503" in error.message
        assert "service" in error.hint

    def test_service_that_never_replies(self, web_map, tiles, ask_about, script):
        tiles.delay_s = 60
        patience_ms = QgsNetworkAccessManager.timeout()
        QgsNetworkAccessManager.setTimeout(500)
        try:
            error = ask_about(web_map, square(web_map, FINEST_M * 256 * 2), script(ANSWER))
        finally:
            QgsNetworkAccessManager.setTimeout(patience_ms)
        assert isinstance(error, RasterUnreadableError)
        assert "no reply in time" in error.message

    def test_cancel_in_the_middle_of_a_download(self, web_map, tiles, queue, script, qtbot):
        tiles.delay_s = 60
        signals = Signals(queue)
        area = square(web_map, FINEST_M * 256 * 4)
        query = sources.freeze_query("Ships?", web_map, area, Settings(model=script(ANSWER)))
        task = queue.submit(query, sources.ask_context(web_map))
        qtbot.waitUntil(lambda: bool(tiles.asked), timeout=LIMIT_MS)
        start_s = time.monotonic()
        queue.cancel(task)
        qtbot.waitUntil(lambda: bool(signals.outcomes(task)), timeout=LIMIT_MS)
        assert time.monotonic() - start_s < 1.0
        assert signals.outcomes(task) == ["cancelled"]

    def test_with_a_single_thread(self, web_map, tiles, ask_about, script):
        """As QGIS has on one core, or where a person allows it no more."""
        threads = QThreadPool.globalInstance()
        before = threads.maxThreadCount()
        threads.setMaxThreadCount(1)
        try:
            assert ask_about(web_map, square(web_map, FINEST_M * 256 * 2), script(ANSWER)).text == "red"
        finally:
            threads.setMaxThreadCount(before)

    def test_host_in_capitals(self, tiles, project, ask_about, script):
        layer = QgsRasterLayer(tiles.uri().replace("http://127.0.0.1", "HTTP://LocalHost"), "loud", "wms")
        tiles.status_of = lambda zoom, column, row: 503
        error = ask_about(layer, square(layer, FINEST_M * 256 * 2), script(ANSWER))
        assert "HTTP 503" in error.message

    def test_closing_does_not_wait_for_the_service(self, web_map, tiles, queue, script, qtbot):
        tiles.delay_s = 60
        query = sources.freeze_query(
            "Ships?", web_map, square(web_map, FINEST_M * 256), Settings(model=script(ANSWER))
        )
        context = sources.ask_context(web_map)
        queue.submit(query, context)
        qtbot.waitUntil(lambda: bool(tiles.asked), timeout=LIMIT_MS)
        start_s = time.monotonic()
        queue.close()
        assert not context.drawer._jobs
        assert time.monotonic() - start_s < 3

    def test_layer_may_go_away_meanwhile(self, web_map, tiles, queue, script, qtbot, project):
        tiles.delay_s = 0.3
        query = sources.freeze_query(
            "Ships?", web_map, square(web_map, FINEST_M * 256 * 4), Settings(model=script(ZOOM, ANSWER))
        )
        with qtbot.waitSignal(queue.answered, timeout=LIMIT_MS):
            queue.submit(query, sources.ask_context(web_map))
            qtbot.waitUntil(lambda: bool(tiles.asked), timeout=LIMIT_MS)
            project.removeMapLayer(web_map.id())


class TestService:
    def test_question_about_a_wms(self, services, project, ask_about, script):
        layer = QgsRasterLayer(services.uri(), "wms", "wms")
        project.addMapLayer(layer)
        answer = ask_about(layer, None, script(ZOOM, ANSWER))
        assert answer.text == "red"
        codes = [told.split(":")[0] for told in answer.approximations]
        assert codes == ["drawn_by_qgis", "no_finest_resolution"]
        # 26,667 pixels of 15 cm in 512 view pixels: [128, 256] are a quarter to a half of 4,000 m.
        (region,) = answer.regions
        xs = sorted(x for x, _ in region.polygon)
        assert (xs[0], xs[-1]) == pytest.approx((501000, 502000), abs=1)
        assert len(services.pictures()) == 2

    def test_memory_layer_is_asked_about_like_its_file(self, make_layer, project, ask_about, script):
        scene = make_layer(size=(2048, 1536))
        gdal.Translate("/vsimem/asked.tif", scene.source())
        memory = QgsRasterLayer("/vsimem/asked.tif", "memory")
        project.addMapLayer(memory)
        answer = ask_about(memory, None, script(ZOOM, ANSWER))
        file_answer = ask_about(scene, None, script(ZOOM, ANSWER))
        gdal.Unlink("/vsimem/asked.tif")
        assert answer.regions[0].pixel_box == file_answer.regions[0].pixel_box
        assert answer.regions[0].polygon == file_answer.regions[0].polygon


class TestTileMapService:
    def test_zooming_fetches_deeper_tiles(self, project, ask_about, script):
        """Ten levels, as of ArcGIS below."""
        with WebMapTiles(levels=10) as service:
            layer = QgsRasterLayer(service.uri(), "wmts", "wms")
            assert layer.isValid(), layer.error().message()
            project.addMapLayer(layer)
            grid = drawn_grid(layer)
            assert grid.transform[0] == pytest.approx(2 * HALF_WORLD_M / 256 / 2**9)
            assert grid.levels == pytest.approx([2.0**level for level in range(1, 10)])
            answer = ask_about(layer, square(layer, 400_000), script(ZOOM, ANSWER))
            assert service.levels() == {"8", "9"}
            assert answer.native_share > 0


class TestArcGis:
    def test_tiles(self, project, ask_about, script):
        """Ten levels: the finest has pixels of 305.7 m, the overview of 400 km needs 781 m."""
        with ArcGisMap(levels=10) as service:
            layer = QgsRasterLayer(service.uri(), "arcgis", "arcgismapserver")
            assert layer.isValid(), layer.error().message()
            project.addMapLayer(layer)
            grid = drawn_grid(layer)
            assert grid.transform[0] == pytest.approx(2 * HALF_WORLD_M / 256 / 2**9)
            assert grid.levels == pytest.approx([2.0**level for level in range(1, 10)])
            answer = ask_about(layer, square(layer, 400_000), script(ZOOM, ANSWER))
            levels = {path.split("/tile/")[1].split("/")[0] for path in service.asked if "/tile/" in path}
            assert levels == {"8", "9"}
            assert answer.native_share > 0

    def test_drawn_for_each_request(self, project, draw):
        with ArcGisMap(levels=0) as service:
            layer = QgsRasterLayer(service.uri(), "arcgis", "arcgismapserver")
            assert layer.isValid(), layer.error().message()
            pixels, failures = draw(layer, (0, 0, 1000, 800), (500, 400))
            assert not failures
            assert (pixels == (0, 0, 200, 255)).all()
            (asked,) = [path for path in service.asked if "/export" in path]
            assert "size=500" in asked


class TestDrawerAlone:
    def test_given_up_before_it_began(self, layer, qtbot):
        drawer = LayerDrawer(layer, drawn_grid(layer))
        future = drawer.draw(DrawnWindow(PixelBox(0, 0, 10, 10), (10, 10)))
        assert future.cancel()
        other = drawer.draw(DrawnWindow(PixelBox(0, 0, 10, 10), (10, 10)))
        qtbot.waitUntil(other.done, timeout=LIMIT_MS)
        assert future.cancelled()

    def test_from_another_thread(self, layer, qtbot):
        drawer = LayerDrawer(layer, drawn_grid(layer))
        futures: list[Future] = []
        thread = threading.Thread(
            target=lambda: futures.append(drawer.draw(DrawnWindow(PixelBox(0, 0, 10, 10), (10, 10))))
        )
        thread.start()
        thread.join()
        qtbot.waitUntil(futures[0].done, timeout=LIMIT_MS)
        assert len(futures[0].result().pixels) == 400
