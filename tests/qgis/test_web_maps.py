"""Tiles of web maps: which are fetched, how deep, and what comes of it when they are not."""

from __future__ import annotations

import time

import drawing_runs
import pytest
from drawing_runs import LIMIT_MS, square
from map_services import HALF_WORLD_M, ArcGisMap
from qgis.core import (
    QgsNetworkAccessManager,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QThreadPool, QTimer
from qgis_samples import Signals
from wmts import WebMapTiles

from zoomearth_plugin import sources
from zoomearth_plugin.layer_pixels import drawn_grid
from zoomearth_plugin.settings import Settings
from zoomearth_plugin.zoomearth.core.errors import AreaRequiredError, RasterUnreadableError

tiles, web_map, services = drawing_runs.tiles, drawing_runs.web_map, drawing_runs.services
draw, ask_about = drawing_runs.draw, drawing_runs.ask_about
FINEST_M = HALF_WORLD_M * 2 / 256 / 2**19
ZOOM = '<think>There.</think>[{"bbox_2d": [128, 128, 256, 256], "label": "ship"}]'
ANSWER = "<think>I see.</think><answer>red</answer>"


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
