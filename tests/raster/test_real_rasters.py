"""Awkward rasters as they come from others; what is expected of them was found with GDAL's tools."""

from pathlib import Path

import numpy as np
import pytest
from raster_files import open_file, overview
from zoomearth.core.errors import RasterEmptyError, RasterUnreadableError
from zoomearth.core.frames import PixelBox
from zoomearth.core.types import AnswerFrame
from zoomearth.raster.georeference import corners, ground_sampling_distance_m
from zoomearth.raster.picture import NODATA_GREY

pytestmark = pytest.mark.real_data


@pytest.fixture
def rasters(real_data: Path) -> Path:
    return real_data / "rasters"


@pytest.mark.parametrize(
    ("name", "crs", "box"),
    [
        ("RGB.byte.tif", "EPSG:32618", (101985, 2611485, 339315, 2826915)),
        ("cog_dateline.tif", "EPSG:32660", (570585, 5612085, 803115, 5847615)),
        ("rgb16.tif", "EPSG:32620", (628275, 1324665, 654555, 1354665)),
        ("above_cog.tif", "ESRI:102001", (-340020, 3560000, -160020, 3740000)),
        ("cog_cmap.tif", "EPSG:3857", (-8843764.17, 4838158.14, -8835203.23, 4848553.58)),
        (
            "201404_13SED190110_201404_0x1500m_CL_1_alpha.tif",
            "EPSG:26913",
            (519467.50, 4311634.97, 519524.88, 4311669.77),
        ),
        ("B01.jp2", "EPSG:32615", (499980, 4190220, 609780, 4300020)),
        ("cogeo.tif", "EPSG:3857", (14321853.12, 4532410.03, 14322464.61, 4533021.53)),
    ],
)
def test_where_they_lie(rasters: Path, name: str, crs: str, box: tuple[float, ...]) -> None:
    left, bottom, right, top = box
    with open_file(rasters / name) as raster:
        assert (raster.grid.crs_text, raster.grid.frame, raster.warnings) == (crs, AnswerFrame.CRS, ())
        found = corners(raster.grid.extent, raster.grid)
        assert overview(raster, 128).valid_share > 0.2
    expected = [(left, top), (right, top), (right, bottom), (left, bottom)]
    assert np.allclose(found, expected, rtol=0, atol=0.01)


def test_a_rotated_one(rasters: Path) -> None:
    with open_file(rasters / "geomatrix.tif") as raster:
        assert corners(raster.grid.extent, raster.grid) == (
            (1841001.75, 1144003.25),
            (1841031.75, 1143903.25),
            (1840931.75, 1143873.25),
            (1840901.75, 1143973.25),
        )


def test_south_up_and_empty(rasters: Path) -> None:
    with open_file(rasters / "inverted_lat.tif") as raster:
        assert corners(raster.grid.extent, raster.grid)[0] == (-180.0, -90.0)  # the first row is the south
        with pytest.raises(RasterEmptyError):
            overview(raster, 128)


def test_all_nodata(rasters: Path) -> None:
    with open_file(rasters / "all-nodata.tif") as raster, pytest.raises(RasterEmptyError):
        overview(raster, 128)


@pytest.mark.parametrize(
    ("name", "frame", "code"),
    [
        ("stefan_full_rgba.tif", AnswerFrame.PIXELS, "no_geotransform"),
        ("byte_nogeoref.tif", AnswerFrame.OWN, "unreferenced"),
    ],
)
def test_without_a_crs_nothing_is_guessed(rasters: Path, name: str, frame: AnswerFrame, code: str) -> None:
    with open_file(rasters / name) as raster:
        assert (raster.grid.crs_text, raster.grid.frame) == (None, frame)
        assert raster.warnings[0].startswith(f"{code}: ")
        assert overview(raster, 100).pixels.std() > 5


def test_control_points_place_a_raster(rasters: Path) -> None:
    """As the INDEX has it, computed with GDAL; the polynomial through 210 points keeps to 0.001 degrees."""
    with open_file(rasters / "cog_gcps.tif") as raster:
        assert (raster.grid.crs_text, raster.grid.frame) == ("EPSG:4326", AnswerFrame.CRS)
        assert raster.warnings[0].startswith("control_points: ") and "210" in raster.warnings[0]
        quad = corners(raster.grid.extent, raster.grid)
        back = raster.grid.to_pixels(quad)
    xs, ys = zip(*quad, strict=True)
    assert (min(xs), min(ys), max(xs), max(ys)) == pytest.approx(
        (75.6051, 9.2257, 78.2039, 11.1904), abs=1e-3
    )
    expected = np.array([(0, 0), (1280, 0), (1280, 837), (0, 837)])
    assert np.array(back) == pytest.approx(expected, abs=0.5)


def test_a_world_file_is_followed(rasters: Path) -> None:
    with open_file(rasters / "byte_nogeoref.tif") as raster:
        quad = corners(raster.grid.extent, raster.grid)
    assert (quad[0], quad[2]) == ((99.5, 200.5), (119.5, 180.5))


def test_a_collar_of_nodata_is_grey(rasters: Path) -> None:
    with open_file(rasters / "RGB.byte.tif") as raster:
        picture = overview(raster, 200)
    assert (picture.pixels[0, 0] == NODATA_GREY).all()
    assert picture.valid_share == pytest.approx(0.67457, abs=0.0005)  # of its dataset mask


def test_damage_in_the_middle_is_met_when_it_is_looked_at(rasters: Path) -> None:
    """Its overviews are whole, so the first look succeeds."""
    with open_file(rasters / "corrupt.tif") as raster:
        assert overview(raster, 256).valid_share == 1.0
        with pytest.raises(RasterUnreadableError, match=r"corrupt\.tif is cut short or damaged"):
            raster.read(PixelBox(0, 0, 1024, 1024), 1024)


def test_sixteen_bits_use_the_whole_range(rasters: Path) -> None:
    with open_file(rasters / "rgb16.tif") as raster:
        shown = overview(raster, 500).pixels
    assert all(np.ptp(shown[:, :, band]) == 255 for band in range(3))


def test_648_megapixels_with_overviews_are_read_from_an_overview(rasters: Path, passes: list[object]) -> None:
    with open_file(rasters / "cog_world.tif") as raster:
        picture = overview(raster, 512)
        # A pixel of 0.01 degrees; at the equator half of (111,320 + 110,574) m times 36,000 / 512 of it.
        distance_m = ground_sampling_distance_m(picture.view, raster.grid)
    assert picture.view.size == (512, 256)
    assert passes[0].level is not None  # type: ignore[attr-defined]
    assert distance_m == pytest.approx(110_947 * 0.01 * 36_000 / 512, rel=1e-3)


@pytest.mark.parametrize("folder", ["ships", "buildings", "trees"])
def test_imagery_is_shown(real_data: Path, folder: str) -> None:
    """One of each kind: neither flat, nor burnt out, nor black; grey only where there is no data."""
    path = sorted((real_data / "imagery" / folder).glob("*.tif"))[0]
    with open_file(path) as raster:
        picture = overview(raster, 512)
    assert max(picture.view.size) <= 512 and picture.valid_share > 0.5
    assert picture.pixels.std() > 15
    for extreme in (0, 255):
        assert (picture.pixels == extreme).mean() < 0.1
