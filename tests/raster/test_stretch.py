"""How values become brightness: the same for an overview and for every window of a file."""

from pathlib import Path

import numpy as np
import pytest
from raster_files import open_file, overview, write
from zoomearth.core.frames import PixelBox
from zoomearth.core.types import Stretch
from zoomearth.raster.stretch import ValueRange, range_of


def ramp(low: float, high: float, dtype: str, side: int = 500) -> np.ndarray:
    """(1, side, side): rises evenly from the first column to the last."""
    return np.broadcast_to(np.linspace(low, high, side), (1, side, side)).astype(dtype)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("uint16", 1000, 5000),
        ("int16", -3000, 3000),
        ("float32", -0.2, 0.9),
        ("float64", 1e9, 1e9 + 10),
        ("int32", 10**6, 10**6 + 9999),
    ],
)
def test_two_percent_are_cut_off_at_either_end(tmp_path: Path, dtype: str, low: float, high: float) -> None:
    with open_file(write(tmp_path / "file.tif", ramp(low, high, dtype))) as raster:
        row = overview(raster, 500).pixels[0, :, 0].astype(float)
    assert (row[:9] == 0).all() and (row[-9:] == 255).all()
    # From the 2nd to the 98th percentile is 480 columns: column c is (c - 10) / 480 of the way.
    expected = np.clip((np.arange(500) + 0.5 - 10) / 480 * 255, 0, 255)
    assert np.abs(row - expected).max() < 1.5


def test_nodata_does_not_count(tmp_path: Path) -> None:
    pixels = ramp(1000, 5000, "uint16").copy()
    with open_file(write(tmp_path / "plain.tif", pixels)) as raster:
        plain = overview(raster, 500).pixels
    pixels[:, 100:] = 65_535
    with open_file(write(tmp_path / "holes.tif", pixels, nodata=65_535)) as raster:
        holes = overview(raster, 500).pixels
    assert (holes[:100] == plain[:100]).all() and (holes[100:] == 128).all()


def test_windows_are_as_bright_as_the_overview(tmp_path: Path) -> None:
    """A window of a narrow range is not stretched on its own."""
    with open_file(write(tmp_path / "file.tif", ramp(0, 40_000, "uint16", 2048), tiled=True)) as raster:
        window = PixelBox(1000, 0, 1100, 100)
        zoomed = raster.read(window, 512).pixels
        shown = overview(raster, 512).pixels
    assert np.ptp(zoomed) <= 15
    assert abs(float(zoomed.mean()) - float(shown[:, 250:275].mean())) < 1.0


def test_eight_bits_are_left_alone_unless_asked(tmp_path: Path) -> None:
    path = write(tmp_path / "file.tif", ramp(100, 150, "uint8"))
    with open_file(path) as raster:
        assert np.ptp(overview(raster, 500).pixels) == 50
    with open_file(path, stretch=Stretch.MINMAX) as raster:
        assert np.ptp(overview(raster, 500).pixels) == 255


def test_minmax_and_none(tmp_path: Path) -> None:
    path = write(tmp_path / "file.tif", ramp(-100, 900, "int16"))
    with open_file(path, stretch=Stretch.MINMAX) as raster:
        row = overview(raster, 500).pixels[0, :, 0].astype(float)
    assert np.abs(row - np.linspace(0, 255, 500)).max() <= 1
    with open_file(path, stretch=Stretch.NONE) as raster:
        row = overview(raster, 500).pixels[0, :, 0]
    assert (row == np.clip(ramp(-100, 900, "int16")[0, 0], 0, 255)).all()


def test_one_bit_is_black_and_white(tmp_path: Path) -> None:
    pixels = np.zeros((1, 64, 64), np.uint8)
    pixels[0, :, 32:] = 1
    with open_file(write(tmp_path / "file.tif", pixels, nbits=1)) as raster:
        assert set(overview(raster, 64).pixels.ravel()) == {0, 255}


def test_a_single_value_is_middle_grey(tmp_path: Path) -> None:
    with open_file(write(tmp_path / "file.tif", np.full((1, 40, 40), 3000, np.uint16))) as raster:
        assert set(overview(raster, 40).pixels.ravel()) == {127}


def test_bands_are_stretched_each_on_its_own(tmp_path: Path) -> None:
    pixels = np.concatenate([ramp(0, 100, "uint16"), ramp(5000, 9000, "uint16"), ramp(7, 60_000, "uint16")])
    with open_file(write(tmp_path / "file.tif", pixels)) as raster:
        shown = overview(raster, 500).pixels.astype(int)
    assert np.abs(shown[:, :, 0] - shown[:, :, 2]).max() <= 3


def test_data_in_one_small_spot_is_found(tmp_path: Path) -> None:
    """In none of the windows that are sampled, so that the whole file has to be looked at."""
    pixels = np.zeros((1, 4000, 4000), np.uint16)
    pixels[0, 1700:1720, 1700:1720] = np.arange(20) * 100 + 1000
    with open_file(write(tmp_path / "file.tif", pixels, nodata=0, compress="deflate", tiled=True)) as raster:
        shown = raster.read(PixelBox(1700, 1700, 1720, 1720), 20).pixels[0, :, 0]
    assert shown[0] == 0 and shown[-1] == 255 and 90 < shown[10] < 165


def test_mostly_one_value_shows_what_differs() -> None:
    values = np.zeros(1000)
    values[5] = 40.0
    assert range_of([values], Stretch.PERCENTILE) == ValueRange((0.0,), (40.0,))


def test_no_values_leave_the_range_plain() -> None:
    assert range_of([np.array([])], Stretch.PERCENTILE).is_plain
