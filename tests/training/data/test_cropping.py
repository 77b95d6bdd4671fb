"""Crops: the right pixels, from windowed reads alone, through files that stay open."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from data_files import repaint, write_image
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window
from zoomearth.core.errors import AreaOutsideError, RasterEmptyError, RasterUnreadableError
from zoomearth.core.frames import PixelBox
from zoomearth.training.data import cropping
from zoomearth.training.data.cropping import MOST_OPEN, crop, overview

LARGE_PX = 10_240


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10,240 x 10,240 x 3 bytes, 315 MB decoded, in tiles of 512: each shows its own column and row."""
    path = tmp_path_factory.mktemp("large") / "large.tif"
    profile = {"driver": "GTiff", "width": LARGE_PX, "height": LARGE_PX, "count": 3, "dtype": "uint8"}
    tiles = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate", "zlevel": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", **profile, **tiles, interleave="pixel") as file:
            for row in range(LARGE_PX // 512):
                for column in range(LARGE_PX // 512):
                    tile = np.empty((3, 512, 512), np.uint8)
                    tile[0], tile[1], tile[2] = 5 * column, 5 * row, 77
                    file.write(tile, window=Window(512 * column, 512 * row, 512, 512))
    return path


def test_a_window_has_its_own_pixels(large: Path) -> None:
    # Tiles 10 and 11 across, 15 down: 200 columns of the first, 100 of the second.
    pixels = crop(large, PixelBox(512 * 11 - 200, 512 * 15, 512 * 11 + 100, 512 * 15 + 50), 512)
    assert pixels.shape == (50, 300, 3) and pixels.dtype == np.uint8
    assert (pixels[:, :200] == (50, 75, 77)).all()
    assert (pixels[:, 200:] == (55, 75, 77)).all()


def test_a_larger_window_is_averaged(large: Path) -> None:
    pixels = crop(large, PixelBox(0, 0, 1024, 512), 256)
    assert pixels.shape == (128, 256, 3)
    assert (pixels[:, :128, 0] == 0).all() and (pixels[:, 128:, 0] == 5).all()


READ = """
import sys
from pathlib import Path
from zoomearth.core.frames import PixelBox
from zoomearth.training.data.cropping import crop
import rasterio
small, large, what = sys.argv[1:]
crop(Path(small), PixelBox(0, 0, 512, 512), 512)
def peak_kb():
    # Of this process alone: what getrusage tells begins with the size of the process that started it.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
before = peak_kb()
if what == "crops":
    for step in range(25):
        left, top = 331 * step, 9_000 - 317 * step
        assert crop(Path(large), PixelBox(left, top, left + 1024, top + 1024), 512).shape == (512, 512, 3)
else:
    with rasterio.open(large) as file:
        file.read()
print(peak_kb() - before)
"""


def peak_growth_bytes(folder: Path, large: Path, what: str) -> int:
    """By how much a process of its own grows while it reads."""
    small = write_image(folder / "small.tif")
    said = subprocess.run(
        [sys.executable, "-c", READ, str(small), str(large), what],
        env={**os.environ, "ZOOMEARTH_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(said.stdout) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system tells no peak of memory")
def test_the_raster_is_never_decoded_as_a_whole(tmp_path: Path, large: Path) -> None:
    decoded = 3 * LARGE_PX**2
    assert peak_growth_bytes(tmp_path, large, "crops") < 0.15 * decoded
    assert peak_growth_bytes(tmp_path, large, "all") > 0.9 * decoded  # the measure can tell


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="this system does not count bytes")
def test_only_the_blocks_of_the_window_are_read(large: Path) -> None:
    def bytes_read() -> int:
        lines = Path("/proc/self/io").read_text().splitlines()
        return int(lines[0].removeprefix("rchar: "))

    crop(large, PixelBox(0, 0, 512, 512), 512)  # opened, its index read
    before = bytes_read()
    crop(large, PixelBox(5000, 5000, 5512, 5512), 512)
    assert bytes_read() - before < 0.02 * large.stat().st_size


def test_plain_images_without_a_place(tmp_path: Path) -> None:
    path = write_image(tmp_path / "plain.png", 2048, 1024)
    pixels = crop(path, PixelBox(1000, 500, 1048, 524), 512)
    assert pixels.shape == (24, 48, 3)
    assert (pixels[:12, :24] == (200, 90, 90)).all() and (pixels[12:, 24:] == 90).all()


def test_an_overview_of_all_and_of_an_area(tmp_path: Path) -> None:
    path = write_image(tmp_path / "plain.png", 2048, 1024)
    assert overview(path, None, 512).shape == (256, 512, 3)
    pixels = overview(path, PixelBox(0, 0, 1024, 512), 256)
    assert pixels.shape == (128, 256, 3) and (pixels == (200, 90, 90)).all()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by the name of every raster that is opened."""
    names: list[str] = []
    really = cropping.open_raster

    def counted(request):  # type: ignore[no-untyped-def]
        names.append(request.uri)
        return really(request)

    monkeypatch.setattr(cropping, "open_raster", counted)
    return names


def test_a_raster_is_opened_once_and_anew_when_it_has_changed(tmp_path: Path, opened: list[str]) -> None:
    path = write_image(tmp_path / "one.tif")
    window = PixelBox(0, 0, 64, 64)
    for _ in range(3):
        assert (crop(path, window, 64) == (200, 90, 90)).all()
    assert len(opened) == 1
    repaint(path, np.full((3, 1024, 2048), 7, np.uint8))
    os.utime(path, ns=(0, 0))
    assert (crop(path, window, 64) == 7).all()
    assert len(opened) == 2


def test_only_so_many_stay_open(tmp_path: Path, opened: list[str]) -> None:
    first = write_image(tmp_path / "0.tif", 64, 64)
    window = PixelBox(0, 0, 8, 8)
    for number in range(MOST_OPEN + 5):
        crop(shutil.copy(first, tmp_path / f"{number + 1}.tif"), window, 8)
        crop(first, window, 8)  # used all the time: it stays
    kept = cropping._rasters._open
    assert len(kept) == MOST_OPEN
    assert opened.count(str(first)) == 1


def test_threads_have_their_own(tmp_path: Path) -> None:
    path = write_image(tmp_path / "one.tif")
    expected = crop(path, PixelBox(0, 0, 256, 256), 256)
    wrong: list[int] = []

    def read() -> None:
        for _ in range(30):
            if not np.array_equal(crop(path, PixelBox(0, 0, 256, 256), 256), expected):
                wrong.append(1)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def _in_child(path: Path, queue: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    pixels = [crop(path, PixelBox(512 * n, 0, 512 * n + 512, 512), 512)[0, 0, 0] for n in range(20)]
    queue.put([int(value) for value in pixels])


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
def test_forked_loaders_read_right(large: Path) -> None:
    """Two children and their parent share a file's position unless each opens its own."""
    crop(large, PixelBox(0, 0, 512, 512), 512)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [context.Process(target=_in_child, args=(large, queue)) for _ in range(2)]
    for child in children:
        child.start()
    own = [int(crop(large, PixelBox(512 * n, 0, 512 * n + 512, 512), 512)[0, 0, 0]) for n in range(20)]
    found = [queue.get(timeout=60) for _ in children]
    for child in children:
        child.join()
    assert [own, *found] == [[5 * n for n in range(20)]] * 3


def _across_blocks(path: Path, queue: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    queue.put(crop(path, PixelBox(100, 100, 2148, 2148), 512).tobytes())


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
def test_forked_loaders_read_windows_of_many_blocks(large: Path) -> None:
    expected = crop(large, PixelBox(100, 100, 2148, 2148), 512).tobytes()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_across_blocks, args=(large, queue))
    child.start()
    try:
        assert queue.get(timeout=15) == expected
    finally:
        child.kill()
        child.join()


def test_what_cannot_be_cropped(tmp_path: Path) -> None:
    path = write_image(tmp_path / "one.tif")
    with pytest.raises(AreaOutsideError):
        crop(path, PixelBox(5000, 0, 5100, 100), 64)
    with pytest.raises(RasterUnreadableError, match=r"nothing\.tif"):
        crop(tmp_path / "nothing.tif", PixelBox(0, 0, 8, 8), 8)
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"no raster")
    with pytest.raises(RasterUnreadableError):
        crop(broken, PixelBox(0, 0, 8, 8), 8)
    empty = write_image(tmp_path / "empty.tif", 64, 64, nodata=90)
    repaint(empty, np.full((3, 64, 64), 90, np.uint8))
    with pytest.raises(RasterEmptyError):
        overview(empty, None, 32)
    assert (crop(empty, PixelBox(0, 0, 64, 64), 32) == 128).all()
