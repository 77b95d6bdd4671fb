"""A real QGIS window, clicked: what scenarios.py did there and saw."""

from __future__ import annotations

import pytest
from osgeo import gdal
from qgis_samples import write_raster
from windows import folder_of, played, seen_by

LIMIT_S = 240
UTM_BOX = [505120.0, 5592320.0, 510240.0, 5596160.0]
"""View pixels [128, 96, 256, 192] × 4 = raster pixels [512, 384, 1024, 768], 10 m each."""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What each scenario returned."""
    folder = folder_of(tmp_path_factory)
    _write_samples(folder)
    return played("scenarios.py", folder, LIMIT_S)


def _write_samples(folder):
    write_raster(folder / "scene.tif", size=(2048, 1536))
    write_raster(folder / "cut.tif", size=(2048, 1536))
    write_raster(folder / "bare.tif", size=(2048, 1536), epsg=None, geotransform=None)
    empty = gdal.Open(str(write_raster(folder / "empty.tif", bands=1)), gdal.GA_Update)
    empty.GetRasterBand(1).SetNoDataValue(0)
    empty.GetRasterBand(1).Fill(0)
    empty = None
    unsafe = folder / "unsafe"
    unsafe.mkdir()
    (unsafe / "config.json").write_text('{"model_type": "qwen2_5_vl"}')
    (unsafe / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    garbage = folder / "garbage.sh"
    garbage.write_text("#!/bin/sh\necho 'Welcome to this machine!'\nsleep 30\n")
    garbage.chmod(0o755)


@pytest.fixture
def saw(report, request):
    """What the scenario that a test is named after returned."""
    return seen_by(request.node.name, report)


def test_shortcut(saw):
    assert saw == {"visible": True, "focus": True}


def test_no_layer(saw):
    assert saw == {"hint": True, "can_ask": False}


def test_bad_questions(saw):
    for notices, is_kept, cards in saw:
        assert len(notices) == 1 and notices[0]
        assert is_kept
        assert cards == 0


def test_answer(saw):
    assert saw["text"] == ["red"]
    assert saw["asked"] == ["What colour is the ship?"]
    assert saw["thumbnails"] == [1, 1, 0]
    assert saw["box"] == UTM_BOX
    assert len(saw["regions"]) == 1 and saw["regions"][0].startswith("<b>ship</b>")  # shown, not obeyed
    assert "red" in saw["clipboard"] and "POLYGON" in saw["clipboard"]
    assert saw["map_holds_region"]
    assert saw["viewers"] == 1
    assert saw["history"] == "What colour is the ship?"
    assert saw["cancel"] is False
    stages = saw["stages"]
    assert stages.index("reading_overview") < stages.index("looking") < stages.index("zooming")


def test_two_at_once(saw):
    assert saw["states"] == ["queued", "running"]
    assert len(saw["stages"]) == 2 and all(saw["stages"])
    assert saw["after"] == ["answered", "answered"]
    assert saw["answers"] == ["red", "red"]


def test_cancel(saw):
    # The bar is half a second; a machine that others use too may take twice that.
    assert saw["seconds"] < 1
    assert len(saw["card"]) == 1
    assert saw["cancel"] is False


def test_layer_removed(saw):
    assert saw["answers"] == ["red"]


def test_worker_killed(saw):
    assert saw["codes"] == ["worker_died"]
    assert saw["sentence"][0]
    assert saw["again"] == ["red"]


def test_project_closed(saw):
    assert len(saw["card"]) == 1 and "project" in saw["card"][0]
    assert saw["layers"] == 0


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("truncated", "raster_unreadable"),
        ("nodata", "raster_empty"),
        ("model", "model_missing"),
        ("unsafe", "weights_unsafe"),
        ("engine", "engine_missing"),
        ("garbage", "worker_died"),
        ("outside", "area_outside"),
    ],
)
def test_failures(report, case, code):
    assert "traceback" not in report["failures"], report["failures"]
    codes, sentences, layers = report["failures"][case]
    assert codes == [code]
    assert len(sentences) == 1 and sentences[0]
    assert layers == 1


def test_drawn_rectangle(saw):
    left, top, right, bottom = saw["searched"]
    width, height = saw["expected"]
    assert right - left == pytest.approx(width, abs=2)
    assert bottom - top == pytest.approx(height, abs=2)


def test_drawn_polygon(saw):
    left, top, right, bottom = saw["searched"]
    assert right - left == pytest.approx(saw["expected_px"], abs=2)
    assert bottom - top == pytest.approx(saw["expected_px"], abs=2)
    assert saw["share"] == pytest.approx(3 / 4, rel=0.05)  # the L lacks a quarter of its square
    assert saw["tool"] != "PolygonTool"
    assert "elet" not in saw["said"] and saw["has_stayed"]


def test_each_feature(saw):
    """Squares of 100 pixels, 150 apart; the one outside is left out."""
    assert saw["boxes"] == [[100 + 150 * number, 900, 200 + 150 * number, 1000] for number in range(3)]
    assert saw["areas"] == ["Fields A", "Fields B", "Fields C"]
    assert saw["has_cancel_all"]


def test_cancel_all(saw):
    assert saw["is_idle"] and saw["open"] == 0
    assert saw["cancelled"] >= 5


def test_typed_coordinates(saw):
    assert saw["offered"].count(",") == 3
    assert saw["typed"] == [100, 850, 200, 1000]
    assert "west, south, east, north" in saw["refused"][0]


def test_web_map(saw):
    assert "map service" in saw["about"][0]
    assert "draw the area" in saw["refused"][0]
    assert saw["crs"] == "EPSG:3857"
    # The model zoomed to a quarter: two levels deeper.
    assert saw["gsd_m"][0] == pytest.approx(4 * saw["gsd_m"][1], rel=0.01)
    assert saw["told"] == ["drawn_by_qgis"]
    assert (
        saw["longest_ms"] < 500
    )  # loose, as other tests use the machine, too; `make bench` prints the figure


def test_no_crs(saw):
    assert saw["answers"] == ["red"]
    assert any("columns and rows" in warning for warning in saw["warnings"])


def test_export_refused(saw):
    assert saw["is_written"] is False
    assert saw["message"]
    assert saw["answers"] == ["red"]
    assert saw["can_still"] is True


def test_options_page(saw):
    assert saw["pages"] == 1
    assert saw["engine"].startswith("Ready")
    assert saw["max_zooms"] == 5


def test_dark_theme(saw):
    assert saw["ink"] - saw["ground"] > 100
    assert saw["width"] < 380
    assert saw["cut_off"] == []
