"""Overviews and windows of files: what is shown, where, and from which of the file's pixels."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from raster_files import block_means, gdal_average, has_command, open_file, overview, write
from zoomearth.core.errors import AreaOutsideError, RasterEmptyError
from zoomearth.core.frames import PixelBox
from zoomearth.core.types import Stretch
from zoomearth.raster.picture import NODATA_GREY

needs_gdal = pytest.mark.skipif(not has_command("gdal_translate"), reason="GDAL's commands are not installed")
TILED = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate"}


def textured(count: int = 3, rows: int = 1200, columns: int = 1600) -> np.ndarray:
    random = np.random.default_rng(3)
    slopes = np.add.outer(np.arange(rows) // 8, np.arange(columns) // 16)
    return ((slopes + random.integers(0, 60, (count, rows, columns))) % 256).astype(np.uint8)


def test_an_overview_is_the_mean_of_its_pixels(tmp_path: Path) -> None:
    pixels = textured()
    with open_file(write(tmp_path / "file.tif", pixels, **TILED)) as raster:
        picture = overview(raster, 400)
    assert picture.view.size == (400, 300) and picture.valid_share == 1.0
    for band in range(3):
        assert np.abs(picture.pixels[:, :, band] - block_means(pixels[band], 4)).max() <= 0.501


@needs_gdal
@pytest.mark.parametrize("size", [(512, 384), (1000, 750), (333, 250)])
@pytest.mark.parametrize("layout", [TILED, {}, {"interleave": "pixel"}])
def test_it_agrees_with_gdal(tmp_path: Path, size: tuple[int, int], layout: dict[str, object]) -> None:
    path = write(tmp_path / "file.tif", textured(), **layout)
    with open_file(path) as raster:
        mine = overview(raster, size[0]).pixels
    theirs = gdal_average(path, size, tmp_path / "out.tif")
    difference = np.abs(np.moveaxis(mine, 2, 0).astype(int) - theirs)
    assert difference.max() <= 1 and difference.mean() < 0.1  # halves may be rounded either way


@needs_gdal
def test_nodata_agrees_with_gdal(tmp_path: Path) -> None:
    pixels = np.maximum(textured(), 10)
    pixels[:, 100:700, 250:900] = 9
    path = write(tmp_path / "file.tif", pixels, nodata=9, **TILED)
    with open_file(path) as raster:
        picture = overview(raster, 160)
    theirs = np.moveaxis(gdal_average(path, (160, 120), tmp_path / "out.tif"), 0, 2)
    hidden = (theirs == 9).all(axis=2)
    assert hidden.sum() == 60 * 65 and hidden[10:70, 25:90].all()
    assert (picture.pixels[hidden] == NODATA_GREY).all()
    assert np.abs(picture.pixels[~hidden].astype(int) - theirs[~hidden]).max() <= 1
    assert picture.valid_share == pytest.approx((pixels[0] != 9).mean(), abs=0.01)


def test_a_window_is_what_the_view_says(tmp_path: Path) -> None:
    pixels = textured()
    with open_file(write(tmp_path / "file.tif", pixels, **TILED)) as raster:
        native = raster.read(PixelBox(301, 207, 501, 307), 240)
        halved = raster.read(PixelBox(300, 200, 780, 680), 240)
        part = overview(raster, 240, PixelBox(300, 200, 780, 680))
    assert native.view.size == (200, 100) and native.view.is_native
    assert (native.pixels == np.moveaxis(pixels[:, 207:307, 301:501], 0, 2)).all()
    assert halved.view.window == PixelBox(300, 200, 780, 680) and halved.view.size == (240, 240)
    expected = block_means(pixels[1, 200:680, 300:780], 2)
    assert np.abs(halved.pixels[:, :, 1] - expected).max() <= 0.501
    assert (halved.pixels == part.pixels).all()


def test_windows_are_clipped_and_made_whole(tmp_path: Path) -> None:
    with open_file(write(tmp_path / "file.tif", textured())) as raster:
        picture = raster.read(PixelBox(1500.5, -20, 1700, 79.5), 512)
        assert picture.view.window == PixelBox(1500, 0, 1600, 80)
        with pytest.raises(AreaOutsideError):
            raster.read(PixelBox(1600, 0, 1700, 100), 512)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (3, 700)])
def test_thin_rasters(tmp_path: Path, shape: tuple[int, int]) -> None:
    pixels = np.full((1, *shape), 77, np.uint8)
    with open_file(write(tmp_path / "file.tif", pixels)) as raster:
        picture = overview(raster, 64)
    assert (picture.pixels == 77).all() and picture.pixels.shape[:2] == picture.view.size[::-1]


class TestLevels:
    """The file's overviews hold another brightness than its pixels, so it shows which were read."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = write(tmp_path / "file.tif", np.full((1, 1024, 1024), 50, np.uint8), overviews=[2, 4, 8])
        for level, value in enumerate((60, 70, 80)):
            with rasterio.open(path, "r+", overview_level=level) as file:
                file.write(np.full((1, *file.shape), value, np.uint8))
        return path

    @pytest.mark.parametrize(
        ("side_px", "shown"), [(1024, 50), (600, 50), (512, 60), (300, 60), (256, 70), (128, 80), (30, 80)]
    )
    def test_an_overview_reads_the_coarsest_level_that_is_fine_enough(
        self, path: Path, side_px: int, shown: int
    ) -> None:
        with open_file(path) as raster:
            assert set(overview(raster, side_px).pixels.ravel()) == {shown}

    def test_a_window_reads_the_original_pixels(self, path: Path) -> None:
        with open_file(path) as raster:
            assert set(raster.read(PixelBox(0, 0, 1024, 1024), 100).pixels.ravel()) == {50}


def test_levels_are_aligned_although_their_sizes_are_rounded(tmp_path: Path) -> None:
    """1,001 pixels halve to 501: a level pixel is a little less than two."""
    ramp = np.broadcast_to(np.arange(1001) / 1001 * 250, (1, 301, 1001)).astype(np.uint8)
    plain = write(tmp_path / "plain.tif", ramp)
    levels = write(tmp_path / "levels.tif", ramp, overviews=[2, 4])
    window = PixelBox(400, 100, 1001, 301)
    with open_file(plain) as one, open_file(levels) as other:
        difference = overview(one, 120, window).pixels.astype(int) - overview(other, 120, window).pixels
    assert np.abs(difference).max() <= 1


class TestData:
    def test_nodata_is_grey_and_counted(self, tmp_path: Path) -> None:
        pixels = np.full((3, 400, 400), 200, np.uint8)
        pixels[:, :, 300:] = 0
        with open_file(write(tmp_path / "file.tif", pixels, nodata=0)) as raster:
            picture = overview(raster, 100)
            corner = raster.read(PixelBox(300, 0, 400, 50), 100)
        assert (picture.pixels[:, :75] == 200).all() and (picture.pixels[:, 75:] == NODATA_GREY).all()
        assert picture.valid_share == pytest.approx(0.75)
        assert (corner.pixels == NODATA_GREY).all() and corner.valid_share == 0.0

    def test_alpha_hides_and_is_no_colour(self, tmp_path: Path) -> None:
        pixels = np.full((4, 60, 60), 90, np.uint8)
        pixels[3, :30], pixels[3, 30:] = 0, 255
        path = write(tmp_path / "file.tif", pixels, photometric="RGB", alpha="yes")
        with open_file(path) as raster:
            picture = overview(raster, 30)
        assert (picture.pixels[:15] == NODATA_GREY).all() and (picture.pixels[15:] == 90).all()

    def test_a_mask_hides(self, tmp_path: Path) -> None:
        path = write(tmp_path / "file.tif", np.full((3, 64, 64), 90, np.uint8))
        with rasterio.open(path, "r+") as file:
            file.write_mask(np.repeat(np.array([[0], [255]], np.uint8), 32, axis=0).repeat(64, axis=1))
        with open_file(path) as raster:
            picture = overview(raster, 32)
        assert (picture.pixels[:16] == NODATA_GREY).all() and (picture.pixels[16:] == 90).all()

    def test_nan_hides_although_the_file_does_not_say_so(self, tmp_path: Path) -> None:
        pixels = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(1, 64, 64)
        pixels[0, 10, 10], pixels[0, 32:] = np.inf, np.nan
        with open_file(write(tmp_path / "file.tif", pixels)) as raster:
            picture = overview(raster, 32)
        assert (picture.pixels[16:] == NODATA_GREY).all()
        assert picture.valid_share == pytest.approx(0.5, abs=0.001)
        assert picture.pixels[15, 31, 0] == 255 and picture.pixels[0, 0, 0] == 0

    @pytest.mark.parametrize("side_px", [8, 4])
    def test_a_saturated_band_of_bytes_is_no_hole(self, tmp_path: Path, side_px: int) -> None:
        """Yellow in a file whose nodata is 255: only what is white in all bands is empty."""
        pixels = np.array([255, 255, 40], np.uint8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
        pixels[2, 4:] = 255
        with open_file(write(tmp_path / "file.tif", pixels, nodata=255)) as raster:
            picture = overview(raster, side_px)
        half = side_px // 2
        assert (picture.pixels[:half] == (255, 255, 40)).all() and (
            picture.pixels[half:] == NODATA_GREY
        ).all()
        assert picture.valid_share == 0.5

    @pytest.mark.parametrize("side_px", [8, 4])
    @pytest.mark.parametrize(("dtype", "nodata"), [("int16", 9999), ("float32", np.nan)])
    def test_a_band_without_data_adds_nothing_to_the_others(
        self, tmp_path: Path, dtype: str, nodata: float, side_px: int
    ) -> None:
        pixels = np.array([100, 200, 0])[:, None, None] * np.ones((1, 8, 8))
        pixels[2] = nodata
        path = write(tmp_path / "file.tif", pixels.astype(dtype), nodata=nodata)
        with open_file(path, stretch=Stretch.NONE) as raster:
            picture = overview(raster, side_px)
        assert (picture.pixels == (100, 200, 0)).all() and picture.valid_share == 1.0

    def test_an_empty_area_is_refused(self, tmp_path: Path) -> None:
        pixels = np.full((1, 900, 900), 5, np.int16)
        pixels[0, 800:, 800:] = np.arange(100)
        with open_file(write(tmp_path / "file.tif", pixels, nodata=5)) as raster:
            for _ in range(2):  # from the file, then from the cache
                with pytest.raises(RasterEmptyError) as caught:
                    overview(raster, 100, PixelBox(0, 0, 500, 500))
            assert caught.value.code == "raster_empty"
            assert overview(raster, 100).valid_share == pytest.approx(0.0122, abs=1e-4)

    def test_nodata_that_no_pixel_can_hold_hides_nothing(self, tmp_path: Path) -> None:
        path = write(tmp_path / "file.tif", np.full((1, 20, 20), 241, np.uint8))
        vrt = tmp_path / "file.vrt"
        rasterio.shutil.copy(path, vrt, driver="VRT")
        said = vrt.read_text().replace("<ColorInterp>", "<NoDataValue>-9999</NoDataValue><ColorInterp>")
        vrt.write_text(said)
        with open_file(vrt) as raster:
            assert (overview(raster, 10).pixels == 241).all()


class TestColours:
    def test_a_palette_is_expanded_before_it_is_averaged(self, tmp_path: Path) -> None:
        stripes = np.tile(np.array([[3, 7]], np.uint8), (40, 20))[None]
        colours = {3: (200, 0, 40, 255), 7: (100, 50, 60, 255)}
        path = write(tmp_path / "file.tif", stripes, photometric="palette", colormap=colours)
        with open_file(path) as raster:
            halved, native = overview(raster, 20), raster.read(PixelBox(0, 0, 2, 2), 512)
        assert (halved.pixels == (150, 25, 50)).all()
        assert native.pixels[0].tolist() == [[200, 0, 40], [100, 50, 60]]

    def test_one_band_is_grey(self, tmp_path: Path) -> None:
        with open_file(write(tmp_path / "file.tif", textured(1, 20, 20))) as raster:
            pixels = overview(raster, 20).pixels
        assert (pixels == pixels[:, :, :1]).all()

    @pytest.mark.parametrize(
        ("bands", "shown"), [((), [10, 20, 30]), ((4, 3, 2), [40, 30, 20]), ((2,), [20] * 3)]
    )
    def test_bands_are_chosen(self, tmp_path: Path, bands: tuple[int, ...], shown: list[int]) -> None:
        pixels = np.arange(10, 60, 10, dtype=np.uint8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
        with open_file(write(tmp_path / "file.tif", pixels), bands) as raster:
            assert overview(raster, 8).pixels[0, 0].tolist() == shown

    def test_the_files_own_colours_come_in_their_order(self, tmp_path: Path) -> None:
        pixels = np.array([1, 2, 3], np.uint8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
        path = write(tmp_path / "file.tif", pixels)
        with rasterio.open(path, "r+") as file:
            file.colorinterp = [rasterio.enums.ColorInterp[name] for name in ("blue", "green", "red")]
        with open_file(path) as raster:
            assert overview(raster, 8).pixels[0, 0].tolist() == [3, 2, 1]

    def test_a_band_may_be_shown_twice(self, tmp_path: Path) -> None:
        pixels = np.array([1, 2], np.uint8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
        with open_file(write(tmp_path / "file.tif", pixels), (2, 1, 2)) as raster:
            assert overview(raster, 8).pixels[0, 0].tolist() == [2, 1, 2]
