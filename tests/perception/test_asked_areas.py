"""Questions about a part of a raster: only that is looked at, and of it all that holds data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from playback import ListeningEngine, answer_with, codes, put, put_in, zoom_to
from rasterio.windows import Window
from rasters_on_disk import GSD_M, NORTH, WEST, write_raster
from zoomearth.core.errors import AreaOutsideError
from zoomearth.core.frames import PixelBox
from zoomearth.core.types import Area
from zoomearth.models.engine import Engine
from zoomearth.models.profile import load_profile

Script = Callable[..., Engine]


def test_only_the_asked_area_is_looked_at(scene: Path, script: Script) -> None:
    area = Area(pixels=PixelBox(1000, 500, 1800, 900))
    answer = put_in(scene, script(zoom_to(0, 0, 40, 40), answer_with("red")), area)
    assert answer.searched_box == PixelBox(1000, 500, 1800, 900)
    assert answer.steps[0].view_size == (512, 256)
    # The box is 62.5 raster pixels wide: the window grows to 512, but the area is only 400 high.
    assert answer.steps[1].window == PixelBox(1000, 500, 1512, 900)


def test_of_polygons_the_model_sees_what_lies_inside_and_the_answer_is_theirs(scene: Path) -> None:
    """A frame, 100 px wide, about a hole; zooming into the hole shows nothing."""

    def on_map(*sides: float) -> tuple[tuple[float, float], ...]:
        left, top, right, bottom = sides
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        return tuple((WEST + x * GSD_M, NORTH - y * GSD_M) for x, y in corners)

    area = Area(polygons=((on_map(1000, 500, 1800, 1300), on_map(1100, 600, 1700, 1200)),))
    engine = ListeningEngine((zoom_to(250, 250, 260, 260), answer_with("none"))).asked_like(
        load_profile("zoomearth-3b")
    )
    answer = put_in(scene, engine, area)
    assert answer.searched_box == PixelBox(1000, 500, 1800, 1300)
    assert np.allclose(answer.searched_polygons, area.polygons)
    (overview, _), (zoomed, _) = engine.heard
    is_grey = (overview == 128).all(axis=2)
    # 512 view pixels for 800: the hole is 384 of them wide, at 64.
    assert is_grey[64:448, 64:448].all() and not is_grey[:64].any() and not is_grey[:, 448:].any()
    assert (zoomed == 128).all()
    assert codes(answer) == []


def test_an_area_without_data_is_told(tmp_path: Path, script: Script) -> None:
    pixels = np.full((3, 2000, 3000), 90, np.uint8)
    path = write_raster(tmp_path / "half.tif", pixels, "EPSG:32633")
    with rasterio.open(path, "r+") as file:
        file.nodata = 0
        file.write(np.zeros((3, 2000, 1200), np.uint8), window=Window(0, 0, 1200, 2000))
    answer = put(path, script(answer_with("field")))
    assert answer.warnings == ("partly_empty: Of the area 60% holds data; nothing is known of the rest.",)
    # Of the triangle's 500,000 px those with columns from 1200 on hold data: it is 800 wide there, and high.
    corners = ((1000, 500), (2000, 500), (2000, 1500))
    ring = [(WEST + x * GSD_M, NORTH - y * GSD_M) for x, y in corners]
    answer = put_in(path, script(answer_with("field")), Area.of_ring(*ring))
    assert answer.warnings == ("partly_empty: Of the area 96% holds data; nothing is known of the rest.",)


def test_small_fields_far_apart_are_all_seen_and_nothing_is_missing(tmp_path: Path, script: Script) -> None:
    """A large field and twenty small ones on a raster with overviews that is full of data."""
    path = write_raster(tmp_path / "fields.tif", np.full((3, 2000, 3000), 90, np.uint8), "EPSG:32633")
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4, 8], rasterio.enums.Resampling.average)
    sides = [(100, 100, 400, 400), *((150 * n, 1500, 150 * n + 3, 1503) for n in range(20))]
    rings = [((a, b), (c, b), (c, d), (a, d)) for a, b, c, d in sides]
    polygons = tuple((tuple((WEST + x * GSD_M, NORTH - y * GSD_M) for x, y in ring),) for ring in rings)
    engine = ListeningEngine((answer_with("field"),)).asked_like(load_profile("zoomearth-3b"))
    answer = put_in(path, engine, Area(polygons=polygons))
    assert answer.warnings == ()
    ((overview, _),) = engine.heard
    is_seen = (overview != 128).any(axis=2)
    across, down = overview.shape[1] / 2853, overview.shape[0] / 1403  # from 0, 100 to 2853, 1503
    for left, top, right, bottom in sides:
        columns = slice(int(left * across), int(right * across) + 1)
        assert is_seen[int((top - 100) * down) : int((bottom - 100) * down) + 1, columns].any()
    alone = put_in(path, script(answer_with("field")), Area(polygons=(polygons[1], polygons[-1])))
    assert alone.warnings == ()


def test_an_area_outside_is_refused(scene: Path, script: Script) -> None:
    with pytest.raises(AreaOutsideError):
        put_in(scene, script(answer_with("red")), Area(pixels=PixelBox(4000, 0, 5000, 100)))
