"""What GDAL opens is opened: each format is made here of a picture that is known, and must show it."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from affine import Affine
from quadrants import INNER, SIDE_PX, copied, deviation, quadrants, shows_quadrants
from raster_files import open_file, overview, write
from rasterio.drivers import raster_driver_extensions
from zoomearth.core.errors import (
    RasterUnreadableError,
)
from zoomearth.core.frames import PixelBox
from zoomearth.core.types import AnswerFrame
from zoomearth.raster.picture import NODATA_GREY
from zoomearth.raster.reading import Raster

EXTENT = [(500_000.0, 5_300_000.0), (500_064.0, 5_299_936.0)]
"""Upper-left and lower-right corners of the picture, of pixels of half a metre."""
WORLD_FILE = "0.5\n0\n0\n-0.5\n500000.25\n5299999.75\n"
"""Names the centre of the first pixel."""
JPEG_OFF = 3
"""Every 8 x 8 block here is of one colour, so only its mean is rounded: by half of JPEG's step for means,
16 / 8 of brightness and 17 / 8 of colour at quality 50, half of that at 75; from colour differences to blue
it is multiplied by 1.772, and rounded once more on each side: 0.5 + 0.53 * 1.772 + 1 < 3."""


def placed(raster: Raster) -> list[tuple[float, float]]:
    """Where the corners lie."""
    return raster.grid.to_map([(0, 0), (raster.grid.width, raster.grid.height)])


class TestGeoTiff:
    @pytest.mark.parametrize(
        "layout", [{"tiled": True, "blockxsize": 64, "blockysize": 32}, {"tiled": False}]
    )
    @pytest.mark.parametrize("interleave", ["pixel", "band"])
    @pytest.mark.parametrize("compress", ["none", "lzw", "deflate", "zstd", "packbits", "lzma"])
    def test_a_lossless_one(
        self, tmp_path: Path, layout: dict[str, Any], interleave: str, compress: str
    ) -> None:
        path = write(
            tmp_path / "file.tif", quadrants(SIDE_PX), interleave=interleave, compress=compress, **layout
        )
        with open_file(path) as raster:
            assert placed(raster) == EXTENT and raster.grid.crs_text == "EPSG:32633"
            assert raster.warnings == () and shows_quadrants(raster)

    def test_jpeg_inside(self, tmp_path: Path) -> None:
        options = {"compress": "jpeg", "photometric": "ycbcr", "interleave": "pixel"}
        with open_file(write(tmp_path / "file.tif", quadrants(SIDE_PX), **options)) as raster:
            assert shows_quadrants(raster, JPEG_OFF)

    def test_a_big_tiff(self, tmp_path: Path) -> None:
        path = write(tmp_path / "file.tif", quadrants(SIDE_PX), BIGTIFF="YES")
        assert path.read_bytes()[2] == 43
        with open_file(path) as raster:
            assert shows_quadrants(raster)

    def test_a_cog(self, tmp_path: Path) -> None:
        plain = write(tmp_path / "plain.tif", quadrants(1024))
        path = copied(plain, "COG", tmp_path / "cog.tif", blocksize=128, overview_resampling="average")
        with rasterio.open(path) as file:
            assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG" and file.overviews(1) == [2, 4, 8]
        with open_file(path) as raster:
            assert deviation(overview(raster, 256).pixels) == 0
            assert deviation(raster.read(PixelBox(448, 448, 576, 576), 128).pixels) == 0


def test_jpeg_2000(tmp_path: Path, tiff: Path) -> None:
    path = copied(tiff, "JP2OpenJPEG", tmp_path / "file.jp2", QUALITY=100, REVERSIBLE="YES")
    with open_file(path) as raster:
        assert placed(raster) == EXTENT and raster.grid.crs_text == "EPSG:32633"
        assert shows_quadrants(raster)


def test_a_mosaic_of_two_files(tmp_path: Path) -> None:
    """West and east in files of their own, and a strip of 16 columns without any between them."""
    whole, half = quadrants(SIDE_PX), SIDE_PX // 2
    write(tmp_path / "west.tif", whole[:, :, :half])
    write(tmp_path / "east.tif", whole[:, :, half:])
    bands = ""
    for band, name in enumerate(("Red", "Green", "Blue"), start=1):
        sources = "".join(
            f'<SimpleSource><SourceFilename relativeToVRT="1">{file}.tif</SourceFilename>'
            f"<SourceBand>{band}</SourceBand><SrcRect xOff='0' yOff='0' xSize='64' ySize='128'/>"
            f"<DstRect xOff='{left}' yOff='0' xSize='64' ySize='128'/></SimpleSource>"
            for file, left in (("west", 0), ("east", 80))
        )
        bands += (
            f'<VRTRasterBand dataType="Byte" band="{band}"><NoDataValue>1</NoDataValue>'
            f"<ColorInterp>{name}</ColorInterp>{sources}</VRTRasterBand>"
        )
    vrt = tmp_path / "mosaic.vrt"
    vrt.write_text(
        '<VRTDataset rasterXSize="144" rasterYSize="128"><SRS>EPSG:32633</SRS>'
        f"<GeoTransform>500000, 0.5, 0, 5300000, 0, -0.5</GeoTransform>{bands}</VRTDataset>"
    )
    with open_file(vrt) as raster:
        assert placed(raster) == [(500_000, 5_300_000), (500_072, 5_299_936)]
        shown = raster.read(raster.grid.extent, 144).pixels
        assert overview(raster, 72).valid_share == pytest.approx(128 / 144)
    assert deviation(np.delete(shown, slice(64, 80), axis=1)) == 0
    assert (shown[:, 64:80] == NODATA_GREY).all()


@pytest.mark.parametrize(
    ("driver", "name", "world", "most_off"),
    [("PNG", "file.png", "file.pgw", 0), ("JPEG", "file.jpg", "file.jgw", JPEG_OFF)],
)
def test_a_picture_with_a_world_file(
    tmp_path: Path, driver: str, name: str, world: str, most_off: int
) -> None:
    bare = write(tmp_path / "bare.tif", quadrants(SIDE_PX), crs=None, transform=None)
    path = copied(bare, driver, tmp_path / name)
    with open_file(path) as raster:
        assert raster.grid.frame is AnswerFrame.PIXELS
    (tmp_path / world).write_text(WORLD_FILE)
    with open_file(path) as raster:
        assert placed(raster) == EXTENT and raster.grid.frame is AnswerFrame.OWN
        assert raster.warnings[0].startswith("unreferenced: ") and shows_quadrants(raster, most_off)


@pytest.mark.parametrize(
    ("driver", "suffix"), [("HFA", "img"), ("ENVI", "dat"), ("BMP", "bmp"), ("MRF", "mrf"), ("Zarr", "zarr")]
)
def test_others_that_keep_values(tmp_path: Path, tiff: Path, driver: str, suffix: str) -> None:
    with open_file(copied(tiff, driver, tmp_path / f"other.{suffix}")) as raster:
        assert placed(raster) == EXTENT and shows_quadrants(raster)


class TestContainers:
    """NetCDF, HDF5 and GeoPackage: one raster is shown, of several one has to be chosen."""

    def netcdf(self, tmp_path: Path, bands: int, **options: str) -> Path:
        shown = write(tmp_path / "bands.tif", quadrants(SIDE_PX)[:bands])
        return copied(shown, "netCDF", tmp_path / "file.nc", **options)

    def test_one_variable(self, tmp_path: Path) -> None:
        with open_file(self.netcdf(tmp_path, 1)) as raster:
            assert placed(raster) == EXTENT and raster.grid.crs_text == "EPSG:32633"
            assert (overview(raster, 64).pixels[:, :, 0] == quadrants(64)[0]).all()

    def test_two_variables(self, tmp_path: Path) -> None:
        path = self.netcdf(tmp_path, 2)
        with pytest.raises(RasterUnreadableError, match="2 subdatasets") as caught:
            open_file(path)
        named = caught.value.hint.removesuffix(".").split("such as ")[1].split(", ")
        assert [name.rsplit(":", 1)[1] for name in named] == ["Band1", "Band2"]
        for band, name in enumerate(named):
            with open_file(name) as raster:
                assert placed(raster) == EXTENT
                assert (overview(raster, 64).pixels[:, :, 0] == quadrants(64)[band]).all()
                assert (raster.read(INNER, 64).pixels[:, :, 0] == quadrants(64)[band]).all()

    @pytest.mark.parametrize("name", ["netcdf:{}:Band2", 'NETCDF:"{}":Band2'])
    def test_a_subdataset_in_both_spellings(self, tmp_path: Path, name: str) -> None:
        with open_file(name.format(self.netcdf(tmp_path, 2))) as raster:
            assert (overview(raster, 64).pixels[:, :, 0] == quadrants(64)[1]).all()

    def test_a_variable_that_the_file_has_not(self, tmp_path: Path) -> None:
        with pytest.raises(RasterUnreadableError):
            open_file(f"netcdf:{self.netcdf(tmp_path, 2)}:Band3")

    @pytest.mark.parametrize("name", ["HDF5:{}://Band2", 'HDF5:"{}"://Band2'])
    def test_hdf5(self, tmp_path: Path, name: str) -> None:
        """NetCDF of version 4 is HDF5; that driver leaves out where it lies, and says so."""
        path = self.netcdf(tmp_path, 2, FORMAT="NC4", WRITE_BOTTOMUP="NO")
        assert path.read_bytes()[:4] == b"\x89HDF"
        with open_file(name.format(path)) as raster:
            assert raster.grid.frame is AnswerFrame.PIXELS
            assert raster.warnings[0].startswith("no_geotransform: ")
            assert (overview(raster, 64).pixels[:, :, 0] == quadrants(64)[1]).all()

    def test_an_hdf5_container(self, tmp_path: Path) -> None:
        path = self.netcdf(tmp_path, 2, FORMAT="NC4").rename(tmp_path / "file.h5")
        with pytest.raises(RasterUnreadableError, match="subdatasets") as caught:
            open_file(path)
        assert "Band1" in caught.value.hint

    def test_a_geopackage(self, tmp_path: Path, tiff: Path) -> None:
        path = copied(tiff, "GPKG", tmp_path / "file.gpkg", TILE_FORMAT="PNG")
        with open_file(path) as raster:
            assert placed(raster) == EXTENT and raster.grid.crs_text == "EPSG:32633"
            assert shows_quadrants(raster)

    def test_a_geopackage_of_two_rasters(self, tmp_path: Path, tiff: Path) -> None:
        path = tmp_path / "file.gpkg"
        grey = write(tmp_path / "grey.tif", np.full((1, 64, 64), 90, np.uint8))
        copied(tiff, "GPKG", path, TILE_FORMAT="PNG", RASTER_TABLE="colours")
        copied(grey, "GPKG", path, TILE_FORMAT="PNG", RASTER_TABLE="grey", APPEND_SUBDATASET="YES")
        with pytest.raises(RasterUnreadableError, match="2 subdatasets") as caught:
            open_file(path)
        colours, plain = caught.value.hint.removesuffix(".").split("such as ")[1].split(", ")
        with open_file(colours) as raster:
            assert placed(raster) == EXTENT and shows_quadrants(raster)
        with open_file(plain) as raster:
            assert (overview(raster, 32).pixels == 90).all()

    def test_a_geopackage_of_vectors(self, tmp_path: Path) -> None:
        import pyogrio.raw

        path = tmp_path / "points.gpkg"
        point = np.array([bytes.fromhex("0101000000" + "00" * 16)], object)
        pyogrio.raw.write(path, point, [np.array([1])], ["id"], geometry_type="Point", crs="EPSG:32633")
        with pytest.raises(RasterUnreadableError):
            open_file(path)

    def test_mbtiles(self, tmp_path: Path) -> None:
        """One tile: column 550, row 350 of zoom 10."""
        pixel_m, half_m = 2 * 20_037_508.342789244 / 256 / 2**10, 20_037_508.342789244
        left, top = 550 * 256 * pixel_m - half_m, half_m - 350 * 256 * pixel_m
        place = {"crs": "EPSG:3857", "transform": Affine(pixel_m, 0, left, 0, -pixel_m, top)}
        path = copied(
            write(tmp_path / "tile.tif", quadrants(256), **place), "MBTiles", tmp_path / "file.mbtiles"
        )
        with open_file(path) as raster:
            assert raster.grid.crs_text == "EPSG:3857"
            assert np.allclose(placed(raster)[0], (left, top), atol=1e-3)
            assert deviation(overview(raster, 128).pixels) == 0
            assert deviation(raster.read(PixelBox(64, 64, 192, 192), 128).pixels) == 0


class TestArchives:
    def test_zip(self, tmp_path: Path, tiff: Path) -> None:
        with zipfile.ZipFile(tmp_path / "file.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(tiff, "in a folder/file.tif")
        for name in ("/vsizip/{}/in a folder/file.tif", "/vsizip/{{{}}}/in a folder/file.tif"):
            with open_file(name.format(tmp_path / "file.zip")) as raster:
                assert placed(raster) == EXTENT and shows_quadrants(raster)

    def test_tar(self, tmp_path: Path, tiff: Path) -> None:
        with tarfile.open(tmp_path / "file.tar.gz", "w:gz") as archive:
            archive.add(tiff, "file.tif")
        with open_file(f"/vsitar/{tmp_path}/file.tar.gz/file.tif") as raster:
            assert placed(raster) == EXTENT and shows_quadrants(raster)

    def test_gzip(self, tmp_path: Path, tiff: Path) -> None:
        with gzip.open(tmp_path / "file.tif.gz", "wb") as packed:
            packed.write(tiff.read_bytes())
        with open_file(f"/vsigzip/{tmp_path}/file.tif.gz") as raster:
            assert placed(raster) == EXTENT and shows_quadrants(raster)

    def test_a_file_that_the_archive_has_not(self, tmp_path: Path, tiff: Path) -> None:
        with zipfile.ZipFile(tmp_path / "file.zip", "w") as archive:
            archive.write(tiff, "file.tif")
        with pytest.raises(RasterUnreadableError):
            open_file(f"/vsizip/{tmp_path}/file.zip/other.tif")


@pytest.mark.parametrize(
    ("driver", "suffix", "start"), [("ECW", "ecw", b"ecw\0"), ("MrSID", "sid", b"msid\x01\x03\0\0")]
)
def test_a_format_whose_driver_is_missing(tmp_path: Path, driver: str, suffix: str, start: bytes) -> None:
    """Its makers do not let it be given away; where it is installed, GDAL opens such files."""
    if suffix in raster_driver_extensions():
        pytest.skip(f"GDAL has the driver {driver} here, and there is no file to open")
    path = tmp_path / f"file.{suffix}"
    path.write_bytes(start + bytes(1000))
    with pytest.raises(RasterUnreadableError, match=rf"file\.{suffix}") as caught:
        open_file(path)
    assert caught.value.code == "raster_unreadable" and "a raster that GDAL can open" in caught.value.hint


@pytest.mark.parametrize(
    "name",
    [
        "Luftbild März 2024 (Ä ö ß).tif",
        'it\'s a "quoted" one.tif',
        "50% & more; #1 @home = a+b, [c] {d}.tif",
        "12:30 ortho.tif",
        "what?.tif",
        "衛星画像.tif",
        "no suffix",
        "-o.tif",
        "a!b.tif",
        "zip+file.tif",
    ],
)
def test_odd_names(tmp_path: Path, tiff: Path, name: str) -> None:
    folder = tmp_path / "a folder, ä"
    folder.mkdir()
    with open_file(tiff.rename(folder / name)) as raster:
        assert placed(raster) == EXTENT and shows_quadrants(raster)


def test_subdatasets_of_an_odd_name(tmp_path: Path) -> None:
    """What the hint names can be opened as it stands."""
    path = copied(write(tmp_path / "two.tif", quadrants(64)[:2]), "netCDF", tmp_path / "Höhe, März (1).nc")
    with pytest.raises(RasterUnreadableError) as caught:
        open_file(path)
    named = caught.value.hint.split("such as ")[1].removesuffix(".")
    with open_file(named[: named.index(":Band1") + len(":Band1")]) as raster:
        assert (overview(raster, 64).pixels[:, :, 0] == quadrants(64)[0]).all()
