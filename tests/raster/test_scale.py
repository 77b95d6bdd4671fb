"""Rasters of gigapixels: memory bounded by the view, one pass, and no time for what a file does not hold."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from raster_files import NORTH_UP, open_file, overview, write
from rasterio.windows import Window
from scale_files import ask_elsewhere, write_one_block, write_rows, write_sparse
from zoomearth.core.errors import Cancelled, RasterUnreadableError
from zoomearth.core.frames import PixelBox
from zoomearth.core.progress import CancelToken, Progress, ignore_progress
from zoomearth.core.types import Area, Stretch
from zoomearth.raster import reading, streaming
from zoomearth.raster.cache import Cache
from zoomearth.raster.channels import Channels, channels_of
from zoomearth.raster.opening import gdal, open_dataset
from zoomearth.raster.picture import NODATA_GREY
from zoomearth.raster.streaming import is_absent

MOST_MB = 200
TILED = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate"}
EMPTY = -(2**31)
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is measured on Linux only")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scale")


@pytest.fixture(scope="module")
def sparse(folder: Path) -> Path:
    """100,000² bytes without nodata: what is not there is 0."""
    return write_sparse(folder / "sparse.tif", 100_000, "uint8", {(25, 50): 200, (195, 195): 80})


@pytest.fixture(scope="module")
def whole_numbers(folder: Path) -> Path:
    """66,000² of 32 bits, nearly all of it nodata."""
    blocks = {(25, 50): 1_000_000, (75, 75): -3_000_000}
    return write_sparse(folder / "int32.tif", 66_000, "int32", blocks, nodata=EMPTY)


@pytest.fixture(scope="module")
def world(folder: Path) -> Path:
    """36,000 × 18,000 × 3 bytes without overviews: every block is there."""
    return write_rows(folder / "world.tif", 36_000, 18_000, count=3, zlevel=1, **TILED)


@pytest.fixture(scope="module")
def one_block(folder: Path) -> Path:
    """134 megapixels in one block of JPEG 2000, which is half a gigabyte when it is decoded."""
    return write_one_block(folder / "one.jp2", 16_385, 8_193)


@pytest.fixture
def read_px(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Pixels of each window that was read."""
    areas: list[float] = []
    read = Channels.read

    def counted(channels: Channels, dataset: Any, window: Window) -> Any:
        areas.append(window.width * window.height)
        return read(channels, dataset, window)

    monkeypatch.setattr(Channels, "read", counted)
    yield areas


@on_linux
@pytest.mark.parametrize("name", ["sparse", "whole_numbers", "world", "one_block"])
def test_memory_is_bounded_by_the_view(name: str, request: pytest.FixtureRequest) -> None:
    asked = ask_elsewhere(request.getfixturevalue(name))
    assert asked.megabytes <= MOST_MB
    assert asked.fractions == sorted(asked.fractions) and asked.fractions[-1] == 1.0


@on_linux
@pytest.mark.real_data
def test_a_real_one_without_its_overviews(real_data: Path, folder: Path) -> None:
    path = folder / "real.tif"
    with rasterio.open(real_data / "rasters" / "cog_world.tif") as file:
        profile = {**file.profile, "num_threads": "ALL_CPUS", "zlevel": 1}
        with rasterio.open(path, "w", **profile) as copy:
            for top in range(0, file.height, 512):
                window = Window(0, top, file.width, min(512, file.height - top))
                copy.write(file.read(window=window), window=window)
    with rasterio.open(path) as copy:
        assert copy.shape == (18_000, 36_000) and copy.overviews(1) == []
    asked = ask_elsewhere(path)
    assert asked.megabytes <= MOST_MB
    assert len(asked.fractions) > 50 and asked.fractions[-1] == 1.0


class TestSparse:
    def test_100_000_squared(self, sparse: Path, read_px: list[float]) -> None:
        """A thousand view pixels of 100² each: the block at 12,800 ends 12 % into the 134th of them."""
        with open_file(sparse) as raster:
            picture = overview(raster, 1000)
        shown = picture.pixels[:, :, 0]
        assert picture.valid_share == 1.0
        assert (shown[256:261, 128:133] == 200).all()
        assert shown[256, 133] == 24 and shown[261, 133] == 3  # 200 × 12 %, 200 × 12 % × 12 %
        # The last block begins at 99,840, 40 % into the last view pixel but one, and hangs over the edge.
        assert shown[998, 998] == 29 and shown[998, 999] == 48 and shown[999, 999] == 80
        filled = shown > 0
        assert not filled[:256].any() and filled.sum() == 6 * 6 + 2 * 2
        assert sum(read_px) < 0.01 * 1e10

    def test_66_000_squared_of_32_bits(self, whole_numbers: Path, read_px: list[float]) -> None:
        with open_file(whole_numbers) as raster:
            picture = overview(raster, 660)
        shown = picture.pixels[:, :, 0]
        assert picture.valid_share == pytest.approx((5.12**2 + 5.12**2) / 660**2, rel=0.01)
        assert set(shown[shown != NODATA_GREY]) == {0, 255}
        assert (shown[256:262, 128:134] == 255).all() and (shown[384:390, 384:390] == 0).all()
        assert (shown != NODATA_GREY).sum() == 2 * 6 * 6
        assert sum(read_px) < 0.02 * 66_000**2

    def test_a_polygon_in_what_is_not_there(self, sparse: Path) -> None:
        left, top, size = (
            500_000 + 5_000,
            5_300_000 - 11_600,
            4_000,
        )  # m; columns from 10,000, rows from 23,200
        ring = [(left, top), (left + size, top), (left, top - size), (left, top)]
        area = Area(polygons=((tuple(ring),),))
        with open_file(sparse) as raster:
            window, mask = raster.resolve(area), raster.mask(area)
            picture = raster.overview(window, 800, mask=mask, report=ignore_progress, cancel=CancelToken())
        assert picture.data_share == 1.0
        assert picture.valid_share == pytest.approx(0.5, abs=0.001)
        assert picture.pixels[0, 0, 0] == 0 and picture.pixels[-1, -1, 0] == NODATA_GREY
        assert (picture.pixels[241:290, 281:330] == 200).all()

    def test_a_window_of_nothing(self, sparse: Path, whole_numbers: Path) -> None:
        box = PixelBox(40_000, 40_000, 40_900, 40_900)
        with open_file(sparse) as raster:
            assert (raster.read(box, 1024).pixels == 0).all()
        with open_file(whole_numbers) as raster:
            picture = raster.read(box, 1024)
        assert (picture.pixels == NODATA_GREY).all() and picture.valid_share == 0.0

    @settings(max_examples=100, deadline=None)
    @given(st.data())
    def test_it_is_as_if_every_block_were_there(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        """Whatever the layout, and whichever of the blocks is missing."""
        folder = tmp_path_factory.mktemp("blocks")
        dtype, layout = data.draw(st.sampled_from(LAYOUTS))
        mask_rows = data.draw(st.integers(0, 100)) if layout.get("has_mask") else None
        block = st.tuples(st.integers(0, 5), st.integers(0, 6), st.integers(1, 4))
        there = data.draw(st.lists(block, unique=True, max_size=12))
        sparse, dense = (
            write_blocks(folder / f"{name}.tif", dtype, there, layout, mask_rows, is_sparse=name == "sparse")
            for name in ("sparse", "dense")
        )
        side_px = data.draw(st.sampled_from([100, 40, 7]))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(streaming, "PIECE_BYTES", data.draw(st.sampled_from([300, 3_000, 30_000])))
            patch.setattr(streaming, "_QUICK_BYTES", 0)
            patch.setattr(reading, "_cache", Cache())
            box = PixelBox(3, 5, 90, 104)
            with open_file(sparse) as one, open_file(dense) as other:
                mine, theirs = one.read(box, side_px), other.read(box, side_px)
        assert mine.valid_share == pytest.approx(theirs.valid_share, abs=1e-6)
        assert np.abs(mine.pixels.astype(int) - theirs.pixels).max() <= 1  # halves may be rounded either way

    def test_a_sparse_overview(self, tmp_path: Path) -> None:
        path = write_sparse(tmp_path / "file.tif", 8192, "uint8", {(3, 3): 100})
        options = {"SPARSE_OK_OVERVIEW": "YES", "COMPRESS_OVERVIEW": "DEFLATE"}
        with rasterio.Env(**options), rasterio.open(path, "r+") as file:
            file.build_overviews([2], rasterio.enums.Resampling.average)
        with gdal(), open_dataset(str(path), 0) as level:
            channels = channels_of(level, ())
            assert is_absent(level, channels, Window(2048, 0, 2048, 4096))
            assert not is_absent(level, channels, Window(0, 0, 1024, 1024))
        with open_file(path) as raster:
            shown = overview(raster, 1024).pixels[:, :, 0]
        assert (shown[192:256, 192:256] == 100).all() and shown.sum() == 64 * 64 * 100

    @pytest.mark.parametrize("side_px", [2_000, 6_000])
    def test_one_long_strip_is_all_there(self, tmp_path: Path, side_px: int) -> None:
        """GDAL gives out a long one as rows, of which but the first has an offset."""
        layout = {"blockysize": side_px, "compress": "deflate"}
        rows = (np.arange(side_px) * 250 // side_px).astype(np.uint8)
        pixels = np.broadcast_to(rows[:, None], (1, side_px, side_px))
        with open_file(write(tmp_path / "file.tif", pixels, **layout)) as raster:
            shown = overview(raster, 250).pixels
        assert (shown == np.arange(250)[:, None, None]).all()

    def test_a_damaged_list_of_blocks_is_no_sparse_file(self, tmp_path: Path) -> None:
        path = write_sparse(tmp_path / "file.tif", 60_000, "uint8", {(117, 117): 100})
        content = path.read_bytes()
        path.write_bytes(content[:60_000])  # of 13,924 blocks' offsets, half
        with open_file(path) as raster, pytest.raises(RasterUnreadableError):
            overview(raster, 100)


LAYOUTS: list[tuple[str, dict[str, Any]]] = [
    ("uint8", {"count": 1}),
    ("uint8", {"count": 3, "interleave": "pixel", "nodata": 7}),
    ("uint8", {"count": 3, "interleave": "band"}),
    ("uint8", {"count": 4, "interleave": "pixel", "photometric": "RGB", "alpha": "yes"}),
    ("uint8", {"count": 4, "interleave": "band", "photometric": "RGB", "alpha": "yes"}),
    (
        "uint8",
        {"count": 1, "photometric": "palette", "colormap": {0: (250, 3, 9, 255), 7: (1, 90, 200, 255)}},
    ),
    ("uint8", {"count": 1, "has_mask": True}),
    ("uint16", {"count": 2, "interleave": "band", "nodata": 300}),
    ("int32", {"count": 1, "nodata": EMPTY}),
    ("float32", {"count": 1, "nodata": float("nan")}),
    ("float64", {"count": 1, "nodata": -1e30}),
]


def write_blocks(
    path: Path,
    dtype: str,
    there: list[tuple[int, int, int]],
    layout: dict[str, Any],
    mask_rows: int | None,
    *,
    is_sparse: bool,
) -> Path:
    """96 × 110 pixels in blocks of 16²; those not ``there`` are as GDAL reads them.

    A block is named by its column, row and band; the last only says something where bands lie apart.
    """
    told = {key: value for key, value in layout.items() if key not in ("has_mask", "colormap")}
    profile = {"driver": "GTiff", "crs": "EPSG:32633", "transform": NORTH_UP, "width": 96, "height": 110}
    tiles = {"tiled": True, "blockxsize": 16, "blockysize": 16, "sparse_ok": is_sparse, "compress": "deflate"}
    random = np.random.default_rng(len(there))
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", dtype=dtype, **told, **profile, **tiles) as file,
    ):
        if "colormap" in layout:
            file.write_colormap(1, layout["colormap"])
        empty = layout.get("nodata", 0)
        if not is_sparse:
            file.write(np.full((file.count, 110, 96), empty, dtype))
        for column, row, band in there:
            shape = (file.count, min(16, 110 - row * 16), 16)
            values = random.choice([0, 7, 7]) * np.ones(shape) + random.integers(0, 60, shape)
            window = Window(column * 16, row * 16, *shape[:0:-1])
            if layout.get("interleave") == "band":
                number = min(band, file.count)
                file.write(values[0].astype(dtype), number, window=window)
            else:
                file.write(values.astype(dtype), window=window)
        if mask_rows is not None:
            mask = np.zeros((110, 96), np.uint8)
            mask[:mask_rows] = 255
            file.write_mask(mask)
    return path


class TestOnePass:
    def test_progress_rises_to_one(self, world: Path) -> None:
        told: list[Progress] = []
        with open_file(world) as raster:
            picture = raster.overview(raster.resolve(None), 720, report=told.append, cancel=CancelToken())
        fractions = [progress.fraction or 0 for progress in told]
        assert len(fractions) > 100 and fractions == sorted(set(fractions)) and fractions[-1] == 1.0
        assert picture.view.size == (
            720,
            360,
        )  # 50 raster pixels in one of the view's, two of which are alike
        expected = np.arange(36_000).reshape(720, 50).mean(axis=1) // 100 % 250
        assert (picture.pixels == expected[None, :, None]).all()

    @pytest.mark.parametrize("name", ["sparse", "whole_numbers", "world"])
    def test_a_cancel_in_its_middle_is_obeyed(
        self, name: str, own_cache: Path, request: pytest.FixtureRequest
    ) -> None:
        cancel, asked_at = CancelToken(), []

        def stop_halfway(progress: Progress) -> None:
            if (progress.fraction or 0) >= 0.5:
                asked_at.append(time.perf_counter())
                cancel.cancel()

        with (
            open_file(request.getfixturevalue(name), stretch=Stretch.NONE) as raster,
            pytest.raises(Cancelled),
        ):
            raster.overview(raster.resolve(None), 720, report=stop_halfway, cancel=cancel)
        assert time.perf_counter() - asked_at[0] < 0.5
        assert len(asked_at) == 1 and not own_cache.exists()

    def test_all_questions_share_it_until_the_file_changes(self, world: Path, own_cache: Path) -> None:
        with open_file(world) as raster:
            mine = overview(raster, 1024)
        kept = ask_elsewhere(world)
        assert kept.fractions == [] and kept.total == int(mine.pixels.sum())
        os.utime(world, ns=(1, world.stat().st_mtime_ns + 1))
        again = ask_elsewhere(world)
        assert len(again.fractions) > 100 and again.total == kept.total

    def test_the_cache_stays_within_its_bounds(
        self, sparse: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each picture takes 3 MB: two fit into memory, four on disk."""
        cache = Cache(memory_bytes=7 << 20, disk_bytes=13 << 20)
        monkeypatch.setattr(reading, "_cache", cache)
        with open_file(sparse) as raster:
            for left in range(0, 60_000, 10_000):
                overview(raster, 1000, PixelBox(left, 20_000, left + 10_000, 30_000))
                files = list(own_cache.iterdir())
                assert sum(path.stat().st_size for path in files) <= 13 << 20
                assert sum(arrays["pixels"].nbytes for arrays in cache._kept.values()) <= 7 << 20
        assert len(files) == 4 and len(cache._kept) == 2
