"""Tables of colours: what a value shows, by hand; whatever its type."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from raster_files import write
from zoomearth.core.frames import PixelBox
from zoomearth.core.look import Between, ColourTable, Look
from zoomearth.core.types import RasterRequest
from zoomearth.raster.colour_map import ColourMap
from zoomearth.raster.reading import open_raster

NOTHING = [0, 0, 0, 0]
CLASSES = ColourTable(((1, 10, 0, 0, 255), (3, 30, 0, 0, 255)), Between.NOTHING)
INTERVALS = ColourTable(((1, 10, 0, 0, 255), (3, 30, 0, 0, 255), (math.inf, 50, 0, 0, 9)), Between.NEXT)
RAMP = ColourTable(((0, 0, 200, 0, 255), (10, 100, 100, 0, 255), (20, 100, 0, 50, 155)), Between.BLEND)


def shown(table: ColourTable, *values: float, dtype: str = "float64") -> list[list[int]]:
    return ColourMap(table).colours(np.array(values, dtype)).tolist()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "uint64", "float32"])
def test_classes_show_their_values_alone(dtype: str) -> None:
    assert shown(CLASSES, 0, 1, 2, 3, 4, dtype=dtype) == [
        NOTHING, [10, 0, 0, 255], NOTHING, [30, 0, 0, 255], NOTHING
    ]  # fmt: skip


def test_intervals_end_with_their_value() -> None:
    assert [colour[0] for colour in shown(INTERVALS, -9, 1, 1.01, 3, 3.01, 1e30)] == [10, 10, 30, 30, 50, 50]


@pytest.mark.parametrize("dtype", ["int8", "float64"])
def test_ramp_blends(dtype: str) -> None:
    assert shown(RAMP, 0, 5, 10, 15, 20, dtype=dtype) == [
        [0, 200, 0, 255], [50, 150, 0, 255], [100, 100, 0, 255], [100, 50, 25, 205], [100, 0, 50, 155]
    ]  # fmt: skip


def test_ramp_ends() -> None:
    assert shown(RAMP, -5, 25) == [[0, 200, 0, 255], [100, 0, 50, 155]]
    hiding = ColourTable(RAMP.entries, Between.BLEND, hides_beyond=True)
    assert shown(hiding, -0.1, 0, 20, 20.1) == [NOTHING, [0, 200, 0, 255], [100, 0, 50, 155], NOTHING]


def test_ramp_of_one_colour_and_of_a_step() -> None:
    assert shown(ColourTable(((5, 7, 8, 9, 255),), Between.BLEND), 0, 5, 9) == [[7, 8, 9, 255]] * 3
    step = ColourTable(((0, 0, 0, 0, 255), (5, 0, 0, 0, 255), (5, 90, 0, 0, 255)), Between.BLEND)
    assert [colour[0] for colour in shown(step, 4, 5, 6)] == [0, 0, 90]


@pytest.mark.parametrize("table", [CLASSES, INTERVALS, RAMP])
def test_nan_shows_nothing(table: ColourTable) -> None:
    assert shown(table, math.nan) == [NOTHING]


def test_many_values_are_worked_out_in_parts() -> None:
    values = np.arange(300_000, dtype=np.float32).reshape(3, 100_000) % 20
    colours = ColourMap(RAMP).colours(values)
    assert colours.shape == (3, 100_000, 4)
    assert np.array_equal(colours[2, 99_990:], ColourMap(RAMP).colours(values[2, 99_990:]))


@pytest.mark.parametrize("table", [CLASSES, INTERVALS, RAMP])
def test_crosses_the_door(table: ColourTable) -> None:
    look = Look(((0, 1), (2, 3), (4, 5)), (1, 2), table, tuple(range(256)))
    request = RasterRequest("a.tif", (1, 2, 3), look=look)
    assert RasterRequest.from_json(request.to_json()) == request


@pytest.mark.parametrize(
    "entries",
    [
        (),
        ((2, 0, 0, 0, 0), (1, 0, 0, 0, 0)),
        ((1, 256, 0, 0, 0),),
        ((math.nan, 0, 0, 0, 0), (1, 0, 0, 0, 0)),
    ],
)
def test_table_that_makes_no_sense(entries: tuple[tuple[float, int, int, int, int], ...]) -> None:
    with pytest.raises(ValueError):
        ColourTable(entries, Between.NOTHING)


def picture(path: Path, bands: tuple[int, ...], look: Look) -> np.ndarray:
    with open_raster(RasterRequest(str(path), bands, look=look)) as raster:
        return raster.read(PixelBox(0, 0, 2, 1), 512).pixels[0]


def test_looks_on_a_file(tmp_path: Path) -> None:
    """Values 10 and 30, and 20 and 40: by hand."""
    values = np.array([[[10, 30]], [[20, 40]], [[0, 0]]], np.uint16)
    path = write(tmp_path / "file.tif", values)
    ranges = Look(((0, 100), (20, 40), (-51, 204)))
    assert picture(path, (1, 2, 3), ranges).tolist() == [[26, 0, 51], [76, 255, 51]]
    limited = Look(((0, 100),), (15, 35))
    assert picture(path, (1,), limited).tolist() == [[128] * 3, [76] * 3]
    inverted = Look(((0, 51),), tones=tuple(range(255, -1, -1)))
    assert picture(path, (1,), inverted).tolist() == [[205] * 3, [105] * 3]
    table = ColourTable(((10, 1, 2, 3, 255),), Between.NOTHING)
    assert picture(path, (1,), Look(table=table)).tolist() == [[1, 2, 3], [128] * 3]
    assert picture(path, (1, 2, 3), Look()).tolist()[0][2] == 127


def test_a_palette_that_is_shown_as_grey(tmp_path: Path) -> None:
    colours = {0: (200, 0, 0, 255), 1: (0, 200, 0, 255)}
    values = np.array([[[0, 1]]], np.uint8)
    path = write(tmp_path / "file.tif", values, photometric="palette", colormap=colours)
    assert picture(path, (1,), Look(((0, 1),))).tolist() == [[0] * 3, [255] * 3]
