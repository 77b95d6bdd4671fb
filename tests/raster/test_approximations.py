"""What an answer says about how its pixels were shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from raster_files import write
from rasterio.enums import Resampling
from zoomearth.core.frames import PixelBox
from zoomearth.core.look import Look
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.core.types import RasterRequest, Stretch
from zoomearth.raster.reading import open_raster


def told(request: RasterRequest, side_px: int = 50, times: int = 1) -> list[str]:
    """After an overview of 100 × 100 pixels."""
    for _ in range(times):
        with open_raster(request) as raster:
            assert raster.approximations == ()
            raster.overview(raster.grid.extent, side_px, report=ignore_progress, cancel=CancelToken())
            found = list(raster.approximations)
    return found


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """Values 0 to 9,999."""
    return write(tmp_path / "wide.tif", np.arange(10_000, dtype=np.uint16).reshape(1, 100, 100))


def test_plain_bytes_in_full_need_no_word(tmp_path: Path) -> None:
    path = write(tmp_path / "bytes.tif", np.full((3, 100, 100), 9, np.uint8))
    assert told(RasterRequest(str(path)), side_px=100) == []


def test_means(tmp_path: Path) -> None:
    path = write(tmp_path / "bytes.tif", np.full((3, 100, 100), 9, np.uint8))
    assert told(RasterRequest(str(path))) == [
        "overview_mean: The overview shows the mean of 2 × 2 pixels in one."
    ]


@pytest.mark.parametrize("times", [1, 2])
def test_stretch_of_a_sample(wide: Path, times: int) -> None:
    """2 % of 10,000 values in order are 199.98, 98 % are 9,799.02; said again from the cache."""
    (said,) = told(RasterRequest(str(wide)), side_px=100, times=times)
    expected = "Values from 200 to 9799 are shown as black to white: 2 to 98 % of a sample."
    assert said == f"stretch_percentile: {expected}"
    (said,) = told(RasterRequest(str(wide), stretch=Stretch.MINMAX), side_px=100, times=times)
    assert said == "stretch_minmax: Values from 0 to 9999 are shown as black to white: all of a sample."


def test_stretch_of_the_layer(wide: Path) -> None:
    (said,) = told(RasterRequest(str(wide), (1,), look=Look(((10, 2500.5),))), side_px=100)
    assert said == "stretch_layer: Values from 10 to 2500 are shown as black to white, as the layer has it."


def test_own_overviews_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "file.tif", np.full((1, 100, 100), 9, np.uint8))
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4], Resampling.nearest)
    (said,) = told(RasterRequest(str(path)), side_px=20)
    assert (
        said == "overview_levels: The overview comes from the file's own overview 1:4, however that was made."
    )


def test_windows_are_native(wide: Path) -> None:
    with open_raster(RasterRequest(str(wide))) as raster:
        raster.read(PixelBox(0, 0, 10, 10), 50)
        assert [said.split(":")[0] for said in raster.approximations] == ["stretch_percentile"]
