"""One pass over a file: made once, in bounded pieces, told about, and stopped on request."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from raster_files import NORTH_UP, open_file, overview, write
from rasterio.windows import Window
from zoomearth.core.errors import Cancelled, RasterUnreadableError
from zoomearth.core.frames import PixelBox
from zoomearth.core.progress import CancelToken, Progress, Stage, ignore_progress
from zoomearth.core.types import Stretch
from zoomearth.raster import reading, streaming
from zoomearth.raster.cache import Cache
from zoomearth.raster.channels import channels_of
from zoomearth.raster.opening import gdal, open_dataset
from zoomearth.raster.streaming import Part, pieces_of, run_pass

ASK_ELSEWHERE = """
import sys
from zoomearth.core.progress import CancelToken
from zoomearth.core.types import RasterRequest
from zoomearth.raster.reading import open_raster
reports = []
with open_raster(RasterRequest(sys.argv[1])) as raster:
    picture = raster.overview(raster.resolve(None), 300, report=reports.append, cancel=CancelToken())
print(len(reports), int(picture.pixels.sum()))
"""

DECODE_ALONE = """
import os, sys
from pathlib import Path
from rasterio.windows import Window
from zoomearth.raster.opening import decoding_alone, gdal, open_dataset

def read() -> int:
    with gdal(), open_dataset(sys.argv[1]) as dataset:
        dataset.read(window=Window(0, 0, 4000, 4000))
    return len(list(Path("/proc/self/task").iterdir()))

with decoding_alone():
    with decoding_alone():
        pass
    alone = read()
print(alone, read())
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """36 megapixels of three 16-bit bands in one large tile row after the other: dozens of pieces."""
    path = tmp_path_factory.mktemp("large") / "large.tif"
    rows = (np.arange(6000, dtype=np.uint16) * 7)[None, :, None]
    bands = np.broadcast_to(rows, (3, 6000, 6000))
    return write(path, bands, tiled=True, blockxsize=512, blockysize=512, compress="lzw")


class Collected:
    """A sink that puts the pieces together."""

    def __init__(self, box: PixelBox) -> None:
        self.left, self.top = int(box.left), int(box.top)
        self.pixels = np.zeros((int(box.height), int(box.width)), np.int64)
        self.times_seen = np.zeros(self.pixels.shape, np.int64)

    def add(self, left: int, top: int, values: NDArray[np.generic], valid: object) -> None:
        rows = slice(top - self.top, top - self.top + values.shape[1])
        columns = slice(left - self.left, left - self.left + values.shape[2])
        self.pixels[rows, columns] = values[0]
        self.times_seen[rows, columns] += 1


class TestOnePass:
    def test_a_second_question_makes_none(self, large: Path, passes: list[object]) -> None:
        with open_file(large) as raster:
            first = overview(raster, 300)
            made = len(passes)
            again = overview(raster, 300)
        with open_file(large) as raster:
            reopened = overview(raster, 300)
        assert made == 1 and len(passes) == made
        assert (first.pixels == again.pixels).all() and (first.pixels == reopened.pixels).all()
        assert (first.view, first.valid_share) == (reopened.view, reopened.valid_share)

    def test_a_caller_may_draw_on_the_picture(self, large: Path) -> None:
        with open_file(large) as raster:
            first = overview(raster, 300)
            untouched = first.pixels.copy()
            first.pixels[:] = 7
            assert (overview(raster, 300).pixels == untouched).all()

    def test_nor_in_another_process(self, large: Path, own_cache: Path) -> None:
        with open_file(large) as raster:
            mine = overview(raster, 300)
        said = subprocess.run(
            [sys.executable, "-c", ASK_ELSEWHERE, str(large)], capture_output=True, text=True, check=True
        )
        assert said.stdout.split() == ["0", str(int(mine.pixels.sum()))]

    @pytest.mark.parametrize(
        "other",
        [
            {"side_px": 301},
            {"window": PixelBox(0, 0, 6000, 5999)},
            {"bands": (1,)},
            {"stretch": Stretch.MINMAX},
        ],
    )
    def test_another_question_makes_its_own(
        self, large: Path, passes: list[object], other: dict[str, object]
    ) -> None:
        with open_file(large) as raster:
            overview(raster, 300)
        asked = {"side_px": 300, "window": None, "bands": (), "stretch": None, **other}
        with open_file(large, asked["bands"], asked["stretch"]) as raster:  # type: ignore[arg-type]
            overview(raster, asked["side_px"], asked["window"])  # type: ignore[arg-type]
        assert len(passes) == 2

    def test_a_changed_file_is_read_again(self, tmp_path: Path) -> None:
        path = write(tmp_path / "file.tif", np.full((1, 40, 40), 10, np.uint8))
        with open_file(path) as raster:
            assert set(overview(raster, 20).pixels.ravel()) == {10}
        write(path, np.full((1, 40, 40), 90, np.uint8))
        os.utime(path, ns=(1, 1))  # as a restored backup would have it: older, not newer
        with open_file(path) as raster:
            assert set(overview(raster, 20).pixels.ravel()) == {90}

    def test_an_overview_survives_a_folder_that_cannot_be_written(
        self, large: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ZOOMEARTH_CACHE", str(large))  # a file, where a folder should be
        with open_file(large) as raster:
            assert overview(raster, 300).valid_share == 1.0

    def test_a_damaged_cache_file_is_replaced(
        self, large: Path, own_cache: Path, passes: list[object], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with open_file(large) as raster:
            first = overview(raster, 300).pixels
        for path in own_cache.iterdir():
            path.write_bytes(path.read_bytes()[:-9])
        monkeypatch.setattr(reading, "_cache", Cache())
        with open_file(large) as raster:
            assert (overview(raster, 300).pixels == first).all()
        assert len(passes) == 2
        monkeypatch.setattr(reading, "_cache", Cache())
        with open_file(large) as raster:
            overview(raster, 300)
        assert len(passes) == 2  # the replaced file served

    @pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc")
    @pytest.mark.skipif(os.cpu_count() == 1, reason="GDAL starts no threads on one core")
    def test_blocks_are_decoded_by_who_reads_where_many_read(self, large: Path) -> None:
        command = [sys.executable, "-c", DECODE_ALONE, str(large)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        alone, with_helpers = (int(count) for count in done.stdout.split())
        assert with_helpers > alone


class TestTold:
    def test_the_share_rises_to_one(self, large: Path) -> None:
        told: list[Progress] = []
        with open_file(large) as raster:
            raster.overview(raster.resolve(None), 300, report=told.append, cancel=CancelToken())
        shares = [progress.fraction for progress in told]
        assert {progress.stage for progress in told} == {Stage.READING_OVERVIEW}
        assert len(shares) > 10 and shares == sorted(shares) and shares[-1] == 1.0  # type: ignore[type-var]


class TestCancelled:
    def test_before_the_pass(self, large: Path) -> None:
        cancel = CancelToken()
        cancel.cancel()
        with open_file(large) as raster, pytest.raises(Cancelled):
            raster.overview(raster.resolve(None), 300, report=ignore_progress, cancel=cancel)

    def test_within_the_pass(self, large: Path, own_cache: Path) -> None:
        cancel, told = CancelToken(), []

        def stop_early(progress: Progress) -> None:
            told.append(progress.fraction)
            cancel.cancel()

        with open_file(large) as raster:
            with pytest.raises(Cancelled):
                raster.overview(raster.resolve(None), 300, report=stop_early, cancel=cancel)
            assert len(told) == 1 and told[0] < 0.2
            picture = overview(raster, 300)  # half a pass is not taken for a whole one
        assert picture.valid_share == 1.0 and picture.pixels[0, 0, 0] < picture.pixels[-1, 0, 0]

    def test_while_gdal_is_stuck_in_a_block(self, large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As on a network drive that does not answer: the request is obeyed, not the drive."""
        released, cancel = threading.Event(), CancelToken()

        def stuck(reader: object, window: Window) -> None:
            released.wait(30)

        monkeypatch.setattr(streaming._Reader, "read", stuck)
        threading.Timer(0.1, cancel.cancel).start()
        start = time.perf_counter()
        try:
            with open_file(large, stretch=Stretch.NONE) as raster, pytest.raises(Cancelled):
                raster.overview(raster.resolve(None), 300, report=ignore_progress, cancel=cancel)
            assert time.perf_counter() - start < 5
        finally:
            released.set()

    def test_a_large_window(self, large: Path) -> None:
        cancel = CancelToken()
        cancel.cancel()
        with open_file(large, stretch=Stretch.NONE) as raster, pytest.raises(Cancelled):
            raster.read(PixelBox(0, 0, 6000, 6000), 512, cancel=cancel)


class TestPieces:
    @settings(max_examples=50, deadline=None)
    @given(st.data())
    def test_every_pixel_comes_once(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        """Whatever the blocks, the part and the size of a piece."""
        width, height = data.draw(st.integers(1, 120)), data.draw(st.integers(1, 120))
        layout = data.draw(
            st.sampled_from([{}, {"tiled": True, "blockxsize": 16, "blockysize": 32}, {"blockysize": 7}])
        )
        left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
        right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
        pixels = np.arange(width * height, dtype=np.uint16).reshape(1, height, width)
        path = write(tmp_path_factory.mktemp("pieces") / "file.tif", pixels, **layout)
        box = PixelBox(left, top, right, bottom)
        sink = Collected(box)
        piece_bytes = data.draw(st.sampled_from([1, 100, 2_000, 30_000]))
        with pytest.MonkeyPatch.context() as patch, gdal(), open_dataset(str(path)) as dataset:
            patch.setattr(streaming, "PIECE_BYTES", piece_bytes)
            part = Part(str(path), None, channels_of(dataset, ()), box)
            run_pass(part, dataset, sink, told=lambda share: None, cancel=CancelToken())
        assert (sink.times_seen == 1).all()
        assert (sink.pixels == pixels[0, top:bottom, left:right]).all()

    @pytest.mark.parametrize(
        "layout",
        [
            {"tiled": True, "blockxsize": 512, "blockysize": 512},
            {"tiled": True, "blockxsize": 512, "blockysize": 512, "interleave": "band"},
            {"blockysize": 1},
            {"blockysize": 3000},
            {"blockysize": 3000, "interleave": "band"},
        ],
    )
    def test_no_piece_is_larger_than_said(self, tmp_path: Path, layout: dict[str, object]) -> None:
        path = tmp_path / "file.tif"
        profile = {
            "driver": "GTiff",
            "transform": NORTH_UP,
            "width": 40_000,
            "height": 3_000,
            "count": 3,
            "dtype": "uint16",
        }
        with rasterio.open(path, "w", **profile, **layout, sparse_ok=True, compress="deflate"):
            pass  # no block is written: the file is small
        with gdal(), open_dataset(str(path)) as dataset:
            part = Part(str(path), None, channels_of(dataset, ()), PixelBox(0, 0, 40_000, 3_000))
            pieces = list(pieces_of(dataset, part))
        assert sum(piece.width * piece.height for piece in pieces) == 40_000 * 3_000
        assert max(piece.width * piece.height for piece in pieces) * 3 * 2 <= streaming.PIECE_BYTES

    def test_a_damaged_block_ends_the_pass(self, large: Path, tmp_path: Path) -> None:
        path = tmp_path / "cut.tif"
        content = large.read_bytes()
        path.write_bytes(content[: len(content) * 9 // 10])
        with open_file(path, stretch=Stretch.NONE) as raster, pytest.raises(RasterUnreadableError):
            overview(raster, 300)
