"""Kinds of pixels: types, bands, palettes, and whatever says where there is no data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from quadrants import COLOURS, EMPTY, SIDE_PX, copied, deviation, quadrants, shows_quadrants
from raster_files import open_file, overview, write
from zoomearth.core.errors import (
    RasterEmptyError,
    RasterTypeUnsupportedError,
)
from zoomearth.core.frames import PixelBox
from zoomearth.core.types import Stretch
from zoomearth.raster.picture import NODATA_GREY

INTEGERS = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]


class TestTypes:
    @pytest.mark.parametrize("dtype", [*INTEGERS, "float32", "float64"])
    def test_from_the_least_to_the_most(self, tmp_path: Path, dtype: str) -> None:
        """Three stripes: the least value of the type, the one in the middle, the largest.

        Floats stay a millionth below the largest, as no sum of pixels is to overflow.
        """
        if dtype in INTEGERS:
            least, most = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
            middle: float = (least + most) // 2
        else:
            most_float = float(np.finfo(dtype).max) / 1e6
            least, most, middle = -most_float, most_float, 0.0
        pixels = np.empty((1, 30, 90), dtype)
        for stripe, value in enumerate((least, middle, most)):
            pixels[:, :, 30 * stripe : 30 * stripe + 30] = value
        with open_file(write(tmp_path / "file.tif", pixels), stretch=Stretch.MINMAX) as raster:
            for shown in (overview(raster, 45).pixels, raster.read(raster.grid.extent, 90).pixels):
                stripes = [np.unique(part).tolist() for part in np.split(shown, 3, axis=1)]
                assert stripes[0] == [0] and stripes[2] == [255]
                assert stripes[1] in ([127], [128])

    def test_half_floats(self, tmp_path: Path) -> None:
        pixels = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(1, 64, 64)
        with open_file(write(tmp_path / "file.tif", pixels, NBITS=16), stretch=Stretch.MINMAX) as raster:
            shown = raster.read(raster.grid.extent, 64).pixels[:, :, 0]
        assert np.abs(shown - pixels[0] * 255).max() <= 0.5 + 255 / 2**11  # half floats have 11 bits

    @pytest.mark.parametrize("bits", [1, 2, 4])
    def test_few_bits(self, tmp_path: Path, bits: int) -> None:
        pixels = np.zeros((1, 40, 40), np.uint8)
        pixels[:, :, 20:] = 2**bits - 1
        with open_file(write(tmp_path / "file.tif", pixels, NBITS=bits)) as raster:
            shown = overview(raster, 20).pixels
        assert (shown[:, :10] == 0).all() and (shown[:, 10:] == 255).all()

    @pytest.mark.parametrize("kind", ["CInt16", "CInt32", "CFloat32", "CFloat64"])
    @pytest.mark.parametrize("bands", [(), (2,), (1, 3, 2)])
    def test_complex_values_are_refused(
        self, tmp_path: Path, tiff: Path, kind: str, bands: tuple[int, ...]
    ) -> None:
        path = complex_second_band(tiff, tmp_path / "file.vrt", kind)
        with pytest.raises(RasterTypeUnsupportedError, match="complex") as caught:
            open_file(path, bands)
        assert caught.value.code == "raster_type_unsupported" and "integer or real" in caught.value.hint

    def test_a_real_band_beside_a_complex_one_is_shown(self, tmp_path: Path, tiff: Path) -> None:
        with open_file(complex_second_band(tiff, tmp_path / "file.vrt", "CFloat32"), (3,)) as raster:
            assert (overview(raster, 64).pixels[:, :, 0] == quadrants(64)[2]).all()

    def test_bands_of_several_types(self, tmp_path: Path) -> None:
        bands: list[tuple[Path, int, str, float | str | None]] = []
        for band, kind in enumerate(("Byte", "Int16", "Float32")):
            pixels = quadrants(64)[band : band + 1]
            bands.append((write(tmp_path / f"{kind}.tif", pixels), 1, kind, None))
        vrt = stacked(tmp_path / "file.vrt", bands)
        with open_file(vrt, stretch=Stretch.NONE) as raster:
            assert deviation(overview(raster, 64).pixels) == 0

    def test_scale_and_offset_change_no_picture(self, tmp_path: Path) -> None:
        """Brightness is a straight line of the values, stored or meant."""
        pixels = (quadrants(64)[:1].astype(np.int16) - 100) * 50
        path = write(tmp_path / "file.tif", pixels)
        with open_file(path) as raster:
            plain = overview(raster, 64).pixels
        with rasterio.open(path, "r+") as file:
            file.scales, file.offsets = (0.0001,), (-0.1,)
        with open_file(path) as raster:
            assert (overview(raster, 64).pixels == plain).all() and np.ptp(plain) == 255


def stacked(path: Path, bands: list[tuple[Path, int, str, float | str | None]]) -> Path:
    """A VRT of (file, band, GDAL's type, nodata) each, of 64 x 64 pixels or the first file's size."""
    with rasterio.open(bands[0][0]) as file:
        width, height = file.width, file.height
    text = ""
    for number, (source, band, kind, nodata) in enumerate(bands, start=1):
        said = "" if nodata is None else f"<NoDataValue>{nodata}</NoDataValue>"
        text += (
            f'<VRTRasterBand dataType="{kind}" band="{number}">{said}<SimpleSource>'
            f"<SourceFilename>{source}</SourceFilename><SourceBand>{band}</SourceBand>"
            "</SimpleSource></VRTRasterBand>"
        )
    path.write_text(
        f'<VRTDataset rasterXSize="{width}" rasterYSize="{height}"><SRS>EPSG:32633</SRS>'
        f"<GeoTransform>500000, 0.5, 0, 5300000, 0, -0.5</GeoTransform>{text}</VRTDataset>"
    )
    return path


def complex_second_band(source: Path, path: Path, kind: str) -> Path:
    return stacked(path, [(source, band, kind if band == 2 else "Byte", None) for band in (1, 2, 3)])


class TestBands:
    @pytest.mark.parametrize(
        ("count", "shown"), [(1, (1, 1, 1)), (2, (1, 1, 1)), (3, (1, 2, 3)), (4, (1, 2, 3)), (31, (1, 2, 3))]
    )
    def test_the_first_are_shown(self, tmp_path: Path, count: int, shown: tuple[int, ...]) -> None:
        pixels = np.arange(1, count + 1, dtype=np.uint8)[:, None, None] * np.ones((1, 16, 16), np.uint8)
        with open_file(write(tmp_path / "file.tif", pixels, photometric="minisblack")) as raster:
            assert (overview(raster, 8).pixels == shown).all()

    @pytest.mark.parametrize("interleave", ["pixel", "band"])
    @pytest.mark.parametrize(("bands", "shown"), [((300, 1, 150), (30, 10, 15)), ((299,), (29, 29, 29))])
    def test_some_of_300(
        self, tmp_path: Path, interleave: str, bands: tuple[int, ...], shown: tuple[int, ...]
    ) -> None:
        pixels = np.zeros((300, 32, 32), np.uint8)
        for band, value in ((300, 30), (1, 10), (150, 15), (299, 29)):
            pixels[band - 1] = value
        with open_file(write(tmp_path / "file.tif", pixels, interleave=interleave), bands) as raster:
            assert (overview(raster, 16).pixels == shown).all()
            assert (raster.read(PixelBox(3, 3, 9, 9), 16).pixels == shown).all()


class TestPalette:
    STRIPES = np.tile(np.array([[1, 2, 3, 0]], np.uint8).repeat(8, axis=1), (32, 1))[None]

    @pytest.mark.parametrize(
        ("driver", "name"), [("GTiff", "file.tif"), ("PNG", "file.png"), ("GIF", "file.gif")]
    )
    def test_its_colours_are_shown(self, tmp_path: Path, driver: str, name: str) -> None:
        colours = {0: (9, 9, 9, 255), **{index: (*COLOURS[index], 255) for index in (1, 2, 3)}}
        path = write(tmp_path / "made.tif", self.STRIPES, photometric="palette", colormap=colours)
        if driver != "GTiff":
            path = copied(path, driver, tmp_path / name)
        with open_file(path) as raster:
            shown = overview(raster, 32).pixels
        assert shown[5, ::8].tolist() == [list(COLOURS[1]), list(COLOURS[2]), list(COLOURS[3]), [9, 9, 9]]

    def test_a_transparent_entry_is_empty(self, tmp_path: Path) -> None:
        colours = {0: (9, 9, 9, 0), **{index: (*COLOURS[index], 255) for index in (1, 2, 3)}}
        vrt = tmp_path / "file.vrt"
        source = write(tmp_path / "made.tif", self.STRIPES)
        copied(source, "VRT", vrt)
        entries = "".join(
            f'<Entry c1="{red}" c2="{green}" c3="{blue}" c4="{alpha}"/>'
            for _, (red, green, blue, alpha) in sorted(colours.items())
        )
        said = vrt.read_text().replace("<ColorInterp>Gray</ColorInterp>", "<ColorInterp>Palette</ColorInterp>"
            f"<ColorTable>{entries}</ColorTable>")  # fmt: skip
        vrt.write_text(said)
        path = copied(vrt, "PNG", tmp_path / "file.png")
        for made in (vrt, path):
            with open_file(made) as raster:
                picture = overview(raster, 16)
            assert picture.valid_share == 0.75 and (picture.pixels[:, 12:] == NODATA_GREY).all()
            assert picture.pixels[3, ::4].tolist()[:3] == [list(colour) for colour in COLOURS[1:]]

    def test_nodata_in_a_palette(self, tmp_path: Path) -> None:
        colours = {index: (*COLOURS[index], 255) for index in range(4)}
        path = write(tmp_path / "file.tif", self.STRIPES, photometric="palette", colormap=colours, nodata=0)
        with open_file(path) as raster:
            picture = overview(raster, 16)
        assert picture.valid_share == 0.75 and (picture.pixels[:, 12:] == NODATA_GREY).all()


def with_alpha(path: Path) -> Path:
    pixels = np.concatenate([quadrants(SIDE_PX), np.full((1, SIDE_PX, SIDE_PX), 255, np.uint8)])
    pixels[3, :32, :32] = 0
    return write(path, pixels, photometric="RGB", alpha="yes")


def with_mask(path: Path, is_internal: bool) -> Path:
    mask = np.full((SIDE_PX, SIDE_PX), 255, np.uint8)
    mask[:32, :32] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK="YES" if is_internal else "NO"):
        write(path, quadrants(SIDE_PX))
        with rasterio.open(path, "r+") as file:
            file.write_mask(mask)
    return path


def with_nodata(path: Path, dtype: str, nodata: float) -> Path:
    pixels = quadrants(SIDE_PX).astype(dtype)
    pixels[:, :32, :32] = nodata
    return write(path, pixels, nodata=nodata)


def with_wide_nodata(path: Path, kind: str, nodata: int) -> Path:
    """A VRT, as rasterio writes such a number rounded."""
    pixels = quadrants(SIDE_PX).astype(kind.lower())
    pixels[:, :32, :32] = nodata
    source = write(path, pixels)
    return stacked(path.with_suffix(".vrt"), [(source, band, kind, nodata) for band in (1, 2, 3)])


MAKERS: dict[str, Callable[[Path], Path]] = {
    "alpha": with_alpha,
    "internal mask": lambda path: with_mask(path, is_internal=True),
    "mask file": lambda path: with_mask(path, is_internal=False),
    "png with alpha": lambda path: copied(with_alpha(path), "PNG", path.with_suffix(".png")),
    "jp2 with alpha": lambda path: copied(
        with_alpha(path), "JP2OpenJPEG", path.with_suffix(".jp2"), QUALITY=100, REVERSIBLE="YES"
    ),
    "uint8": lambda path: with_nodata(path, "uint8", 7),
    "int8": lambda path: with_nodata(path, "int16", -32768),
    "uint16": lambda path: with_nodata(path, "uint16", 65535),
    "int32": lambda path: with_nodata(path, "int32", -(2**31)),
    "uint32": lambda path: with_nodata(path, "uint32", 2**32 - 1),
    "int64": lambda path: with_nodata(path, "int64", -9999),
    "int64, least": lambda path: with_wide_nodata(path, "Int64", -(2**63)),
    "int64, odd": lambda path: with_wide_nodata(path, "Int64", 2**53 + 1),
    "uint64, largest": lambda path: with_wide_nodata(path, "UInt64", 2**64 - 1),
    "float32": lambda path: with_nodata(path, "float32", -9999),
    "float32, rounded": lambda path: with_nodata(path, "float32", 0.1),
    "float32, least": lambda path: with_nodata(path, "float32", float(np.finfo(np.float32).min)),
    "float64": lambda path: with_nodata(path, "float64", -1e300),
    "NaN": lambda path: with_nodata(path, "float32", np.nan),
}


class TestData:
    @pytest.mark.parametrize("what", MAKERS)
    def test_an_empty_corner_is_grey(self, tmp_path: Path, what: str) -> None:
        path = MAKERS[what](tmp_path / "file.tif")
        with open_file(path, stretch=Stretch.NONE) as raster:
            whole, corner = overview(raster, SIDE_PX // 2), raster.read(EMPTY, 32)
            native = raster.read(raster.grid.extent, SIDE_PX)
        assert whole.valid_share == 15 / 16 and corner.valid_share == 0
        for pixels in (whole.pixels, native.pixels):
            quarter = len(pixels) // 4
            assert (pixels[:quarter, :quarter] == NODATA_GREY).all()
            pixels[:quarter, :quarter] = COLOURS[0]
            assert deviation(pixels) == 0

    def test_a_value_beside_nodata_of_64_bits_is_data(self, tmp_path: Path) -> None:
        """Both are one number in floating point."""
        pixels = np.full((1, 64, 64), 2**53, np.int64)
        pixels[0, :16] = 2**53 + 1
        source = write(tmp_path / "file.tif", pixels)
        vrt = stacked(tmp_path / "file.vrt", [(source, 1, "Int64", 2**53 + 1)])
        with open_file(vrt) as raster:
            assert overview(raster, 32).valid_share == 0.75

    def test_every_band_has_its_own(self, tmp_path: Path) -> None:
        """Of 16 bits: what is nodata in one band is a value in the others."""
        pixels = np.stack([np.full((64, 64), value, np.int16) for value in (10, 20, 30)])
        pixels[:, :32] = np.array([-1, -2, -3], np.int16)[:, None, None]
        pixels[0, 32:, :32] = -2  # no nodata in this band
        source = write(tmp_path / "file.tif", pixels)
        vrt = stacked(tmp_path / "file.vrt", [(source, band, "Int16", -band) for band in (1, 2, 3)])
        with open_file(vrt, stretch=Stretch.NONE) as raster:
            picture = overview(raster, 32)
        assert picture.valid_share == 0.5 and (picture.pixels[:16] == NODATA_GREY).all()
        assert (picture.pixels[16:, :16] == (0, 20, 30)).all()
        assert (picture.pixels[16:, 16:] == (10, 20, 30)).all()

    def test_one_band_has_none(self, tmp_path: Path) -> None:
        pixels = np.stack([np.full((64, 64), value, np.int16) for value in (10, 20, 30)])
        pixels[1:, :32] = -1
        source = write(tmp_path / "file.tif", pixels)
        nodata = (None, -1, -1)
        vrt = stacked(tmp_path / "file.vrt", [(source, band + 1, "Int16", nodata[band]) for band in range(3)])
        with open_file(vrt, stretch=Stretch.NONE) as raster:
            picture = overview(raster, 32)
        assert picture.valid_share == 1.0 and (picture.pixels[16:] == (10, 20, 30)).all()

    @pytest.mark.parametrize(
        ("kind", "nodata"),
        [("Byte", "-9999"), ("Byte", "256"), ("Byte", "1.5"), ("Byte", "nan"), ("UInt16", "-1"),
         ("Int16", "40000"), ("UInt64", "-1"), ("Float32", "1e40"), ("Float32", "-inf"),
         ("Float32", "-1.7976931348623157e+308")],
    )  # fmt: skip
    def test_nodata_out_of_the_types_range_hides_nothing(
        self, tmp_path: Path, tiff: Path, kind: str, nodata: str
    ) -> None:
        vrt = stacked(tmp_path / "file.vrt", [(tiff, band, kind, nodata) for band in (1, 2, 3)])
        with open_file(vrt, stretch=Stretch.NONE) as raster:
            assert overview(raster, 64).valid_share == 1.0 and shows_quadrants(raster)

    @pytest.mark.parametrize(
        ("dtype", "nodata"), [("uint8", 7), ("int16", -1), ("uint64", 9), ("float32", np.nan)]
    )
    def test_all_of_it_empty_is_refused(self, tmp_path: Path, dtype: str, nodata: float) -> None:
        pixels = np.zeros((3, 64, 64), dtype)
        pixels[:] = nodata
        self.is_refused(write(tmp_path / "file.tif", pixels, nodata=nodata))

    def test_all_of_it_transparent_is_refused(self, tmp_path: Path) -> None:
        pixels = np.concatenate([quadrants(64), np.zeros((1, 64, 64), np.uint8)])
        self.is_refused(write(tmp_path / "file.tif", pixels, photometric="RGB", alpha="yes"))

    def test_all_of_it_masked_by_a_file_is_refused(self, tmp_path: Path) -> None:
        path = with_mask(tmp_path / "file.tif", is_internal=False)
        with rasterio.open(f"{path}.msk", "r+") as file:
            file.write(np.zeros(file.shape, np.uint8), 1)
        self.is_refused(path)

    def is_refused(self, path: Path) -> None:
        with open_file(path) as raster, pytest.raises(RasterEmptyError) as caught:
            overview(raster, 32)
        assert caught.value.code == "raster_empty" and str(path) in caught.value.message
