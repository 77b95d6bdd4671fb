"""Files that cannot be shown: each is refused with its code, the file's name and what to do."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from raster_files import NORTH_UP, open_file, overview, write
from zoomearth.core.errors import (
    RasterEmptyError,
    RasterTypeUnsupportedError,
    RasterUnreadableError,
    ZoomEarthError,
)
from zoomearth.core.frames import PixelBox

NOISE = np.random.default_rng(8).integers(0, 256, (3, 900, 1000)).astype(np.uint8)


def refusal(path: Path | str, bands: tuple[int, ...] = ()) -> ZoomEarthError:
    """What is said when an overview of a file is asked for."""
    with pytest.raises(ZoomEarthError) as caught, open_file(path, bands) as raster:
        overview(raster, 256)
    assert caught.value.message and caught.value.hint.endswith(".")
    return caught.value


@pytest.mark.parametrize("share", [0.98, 0.5, 0.05])
@pytest.mark.parametrize("tiled", [True, False])
@pytest.mark.parametrize(
    "compression", [{}, {"compress": "deflate"}, {"compress": "jpeg", "interleave": "pixel"}]
)
def test_a_truncated_file(tmp_path: Path, compression: dict[str, str], tiled: bool, share: float) -> None:
    whole = write(tmp_path / "whole.tif", NOISE, tiled=tiled, **compression)
    cut = tmp_path / "cut.tif"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
    said = refusal(cut)
    assert said.code == "raster_unreadable" and str(cut) in said.message
    assert "cut short or damaged" in said.message and "copy or download it again" in said.hint


def test_bytes_changed_in_the_middle(tmp_path: Path) -> None:
    path = write(tmp_path / "file.tif", NOISE, tiled=True, compress="deflate")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 5000] = bytes(5000)
    path.write_bytes(content)
    assert refusal(path).code == "raster_unreadable"


def test_a_window_beside_the_damage_can_be_read(tmp_path: Path) -> None:
    """A question about an intact part of a damaged file is answered."""
    path = write(tmp_path / "file.tif", NOISE, tiled=True, blockxsize=256, blockysize=256)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with open_file(path) as raster:
        assert (raster.read(PixelBox(0, 0, 200, 200), 256).pixels[:, :, 0] == NOISE[0, :200, :200]).all()
        with pytest.raises(RasterUnreadableError):
            raster.read(PixelBox(0, 700, 200, 900), 256)


@pytest.mark.parametrize("content", [b"", b"a letter, not a raster", b"II*\0" + bytes(40)])
def test_no_raster(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.tif"
    path.write_bytes(content)
    said = refusal(path)
    assert said.code == "raster_unreadable" and "GDAL can open" in said.hint


def test_no_file(tmp_path: Path) -> None:
    assert isinstance(refusal(tmp_path / "missing.tif"), RasterUnreadableError)
    assert isinstance(refusal(tmp_path), RasterUnreadableError)


@pytest.mark.parametrize("bands", [(4,), (0,), (1, 2), (1, 2, 3, 3), (-1, 1, 2)])
def test_bands_that_the_file_has_not(tmp_path: Path, bands: tuple[int, ...]) -> None:
    said = refusal(write(tmp_path / "file.tif", NOISE), bands)
    assert said.code == "raster_unreadable" and "1 to 3" in said.hint


def test_complex_values(tmp_path: Path) -> None:
    path = write(tmp_path / "file.tif", np.full((1, 10, 10), 1 + 2j, np.complex64))
    assert isinstance(refusal(path), RasterTypeUnsupportedError)


@pytest.mark.parametrize(("dtype", "nodata"), [("uint8", 0), ("uint16", 65_535), ("float32", np.nan)])
@pytest.mark.parametrize("overviews", [None, [2, 4]])
def test_all_nodata(tmp_path: Path, dtype: str, nodata: float, overviews: list[int] | None) -> None:
    pixels = np.full((1, 300, 300), nodata).astype(dtype)
    path = write(tmp_path / "file.tif", pixels, nodata=nodata, overviews=overviews)
    said = refusal(path)
    assert isinstance(said, RasterEmptyError) and str(path) in said.message


def test_all_masked(tmp_path: Path) -> None:
    path = write(tmp_path / "file.tif", NOISE)
    with rasterio.open(path, "r+") as file:
        file.write_mask(np.zeros((900, 1000), np.uint8))
    assert isinstance(refusal(path), RasterEmptyError)


def test_a_container_of_rasters_names_them(tmp_path: Path) -> None:
    path = tmp_path / "file.gpkg"
    for name in ("north", "south"):
        with rasterio.open(
            path, "w", driver="GPKG", width=300, height=300, count=1, dtype="uint8", crs="EPSG:3857",
            transform=NORTH_UP, raster_table=name, append_subdataset=True,
        ) as file:  # fmt: skip
            file.write(NOISE[:1, :300, :300])
    said = refusal(path)
    assert "2 subdatasets" in said.message and "north" in said.hint


def damaged(path: Path, source: Path) -> Path:
    """A copy in which one block in the middle is zeros."""
    with rasterio.open(source) as file:
        offset, length = (
            int(file.get_tag_item(f"BLOCK_{what}_1_1", "TIFF", bidx=1)) for what in ("OFFSET", "SIZE")
        )
    content = bytearray(source.read_bytes())
    content[offset : offset + length] = bytes(length)
    path.write_bytes(content)
    return path


def test_damage_is_told_each_time(tmp_path: Path) -> None:
    """GDAL's own threads give the block as it happens to be to whoever reads it again."""
    whole = write(
        tmp_path / "whole.tif", NOISE, tiled=True, blockxsize=256, blockysize=256, compress="deflate"
    )
    across_four = PixelBox(200, 200, 400, 400)
    with open_file(damaged(tmp_path / "file.tif", whole)) as raster:
        for _ in range(3):
            with pytest.raises(RasterUnreadableError, match="cut short or damaged"):
                raster.read(across_four, 256)
            with pytest.raises(RasterUnreadableError, match="cut short or damaged"):
                overview(raster, 256)
        beside = raster.read(PixelBox(600, 600, 800, 800), 256)
        assert (beside.pixels[:, :, 0] == NOISE[0, 600:800, 600:800]).all()


def test_damage_says_nothing_of_other_files(tmp_path: Path) -> None:
    """Of the same thread, with an alpha band, whose meaning is asked for at each reading."""
    pixels = np.concatenate([NOISE, np.full_like(NOISE[:1], 255)])
    options = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate", "alpha": "yes"}
    whole = write(tmp_path / "whole.tif", pixels, **options)
    window = PixelBox(0, 0, 200, 200)
    with open_file(whole) as good, open_file(damaged(tmp_path / "file.tif", whole)) as bad:
        expected = good.read(window, 256).pixels
        for _ in range(2):
            with pytest.raises(RasterUnreadableError):
                bad.read(PixelBox(200, 200, 400, 400), 256)
            assert (good.read(window, 256).pixels == expected).all()


def test_damaged_file_that_is_gone_meanwhile(tmp_path: Path) -> None:
    """Or replaced by one of another size."""
    whole = write(
        tmp_path / "whole.tif", NOISE, tiled=True, blockxsize=256, blockysize=256, compress="deflate"
    )
    path = damaged(tmp_path / "file.tif", whole)
    with open_file(path) as raster:
        for said in ("cut short or damaged", "No such file", "replaced by another file"):
            with pytest.raises(RasterUnreadableError, match=said):
                raster.read(PixelBox(200, 200, 400, 400), 256)
            path.unlink(missing_ok=True)
            if said == "No such file":
                write(path, NOISE[:, :400, :500])
    with pytest.raises(RasterUnreadableError, match="is closed"):
        raster.read(PixelBox(200, 200, 400, 400), 256)
