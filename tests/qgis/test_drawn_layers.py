"""Layers that are no file: real services on this machine, QGIS that draws them, the real worker that asks."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from urllib.parse import quote

import drawing_runs
import numpy
import pytest
from drawing_runs import LIMIT_MS
from map_services import HALF_WORLD_M
from osgeo import gdal
from qgis.core import (
    QgsContrastEnhancement,
    QgsCoordinateReferenceSystem,
    QgsRasterDataProvider,
    QgsRasterLayer,
)
from qgis.PyQt.QtGui import QPainter

from zoomearth_plugin.layer_pixels import drawn_grid, public_name
from zoomearth_plugin.rendering import LayerDrawer
from zoomearth_plugin.zoomearth.core.drawing import DrawnWindow
from zoomearth_plugin.zoomearth.core.frames import PixelBox

tiles, web_map, services = drawing_runs.tiles, drawing_runs.web_map, drawing_runs.services
draw, ask_about = drawing_runs.draw, drawing_runs.ask_about
PLAIN = QgsContrastEnhancement.ContrastEnhancementAlgorithm.NoEnhancement
FINEST_M = HALF_WORLD_M * 2 / 256 / 2**19
ZOOM = '<think>There.</think>[{"bbox_2d": [128, 128, 256, 256], "label": "ship"}]'
ANSWER = "<think>I see.</think><answer>red</answer>"


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
