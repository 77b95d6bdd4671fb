"""Of an area that is polygons, what lies outside is never seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from raster_files import NORTH_UP, open_file, write
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from zoomearth.core.area import Area, Polygon, Polygons, Ring
from zoomearth.core.errors import AreaOutsideError, RasterEmptyError
from zoomearth.core.frames import PixelBox
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.raster.grid import RasterGrid
from zoomearth.raster.mask import AreaMask, mask_of
from zoomearth.raster.picture import NODATA_GREY, Picture
from zoomearth.raster.raster import Raster

PIXELS = RasterGrid(4000, 4000, Affine.identity(), CRS.from_epsg(32633), True)
"""Map coordinates are columns and rows."""


def on_map(ring: Ring) -> Ring:
    """Columns and rows to the map coordinates of the usual test raster."""
    return tuple((NORTH_UP.c + NORTH_UP.a * x, NORTH_UP.f + NORTH_UP.e * y) for x, y in ring)


def square(left: float, top: float, right: float, bottom: float) -> Ring:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def is_in(polygons: Polygons, columns: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether points lie in polygons: a ray to the right meets an odd number of a polygon's edges."""
    found = np.zeros(np.broadcast(columns, rows).shape, np.bool_)
    for polygon in polygons:
        is_odd = np.zeros_like(found)
        for ring in polygon:
            for (x, y), (next_x, next_y) in zip(ring, (*ring[1:], ring[0]), strict=True):
                if y != next_y:
                    meets = x + (rows - y) * (next_x - x) / (next_y - y) > columns
                    is_odd ^= ((y > rows) != (next_y > rows)) & meets
        found |= is_odd
    return found


def overview_of(raster: Raster, area: Area, side_px: int) -> Picture:
    return raster.overview(
        raster.resolve(area), side_px, mask=raster.mask(area), report=ignore_progress, cancel=CancelToken()
    )


SHAPES: dict[str, Polygon] = {
    "triangle": (((100.0, 150.0), (1900.0, 420.0), (350.0, 1400.0)),),
    "with a hole": (square(200, 200, 1800, 1300), square(500.2, 400.2, 1500.2, 1100.2)[::-1]),
    "a river": (((0.0, 700.0), (2000.0, 900.0), (2000.0, 903.0), (0.0, 703.0)),),
}


@pytest.fixture(scope="module")
def bright(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """For each shape a raster that is dark where its pixels' middles lie inside, and white outside."""
    folder = tmp_path_factory.mktemp("bright")
    rows, columns = np.mgrid[0:1500, 0:2000] + 0.5
    found = {}
    for name, rings in SHAPES.items():
        inside = is_in((rings,), columns, rows)
        pixels = np.where(inside, 40, 255).astype(np.uint8)[None].repeat(3, axis=0)
        found[name] = write(folder / f"{name}.tif", pixels, tiled=True, blockxsize=256, blockysize=256)
        write(folder / f"{name} with overviews.tif", pixels, overviews=[2, 4, 8, 16])
        found[f"{name} with overviews"] = folder / f"{name} with overviews.tif"
    return found


@pytest.mark.parametrize("overviews", ["", " with overviews"])
@pytest.mark.parametrize("name", SHAPES)
def test_the_overview_shows_nothing_of_what_lies_outside(
    bright: dict[str, Path], name: str, overviews: str
) -> None:
    area = Area(polygons=(tuple(on_map(ring) for ring in SHAPES[name]),))
    with open_file(bright[name + overviews]) as raster:
        picture = overview_of(raster, area, 100)
        mask = raster.mask(area)
        again = overview_of(raster, area, 100)
        plain = raster.overview(raster.resolve(area), 100, report=ignore_progress, cancel=CancelToken())
    shown = picture.pixels.reshape(-1, 3)
    is_dark, is_grey = (shown == 40).all(axis=1), (shown == NODATA_GREY).all(axis=1)
    assert (is_dark | is_grey).all() and is_dark.any() and is_grey.any()
    assert np.array_equal(picture.pixels, again.pixels)
    assert plain.pixels.max() > 200  # and what is kept of one area is not taken for another
    assert mask is not None
    assert picture.valid_share <= mask.share() * 1.02 + 0.001
    assert picture.data_share == again.data_share == 1
    if not overviews:  # every pixel of the file is asked
        assert picture.valid_share == pytest.approx(mask.share(), abs=0.01)


@pytest.mark.parametrize("name", SHAPES)
def test_a_zoom_shows_nothing_of_what_lies_outside(bright: dict[str, Path], name: str) -> None:
    area = Area(polygons=(tuple(on_map(ring) for ring in SHAPES[name]),))
    with open_file(bright[name]) as raster:
        mask = raster.mask(area)
        native = raster.read(PixelBox(300, 650, 500, 850), 256, mask=mask)
        reduced = raster.read(PixelBox(0, 400, 1100, 1500), 256, mask=mask)
    rows, columns = np.mgrid[650:850, 300:500] + 0.5
    inside = is_in((SHAPES[name],), columns, rows)
    assert np.array_equal(native.pixels[:, :, 0], np.where(inside, 40, NODATA_GREY))
    assert native.valid_share == pytest.approx(inside.mean())
    assert set(np.unique(reduced.pixels)) == {40, NODATA_GREY}


numbers = st.floats(-20, 60, allow_subnormal=False)
corner_lists = st.lists(st.tuples(numbers, numbers), min_size=3, max_size=7, unique=True)


@settings(max_examples=300, deadline=None)
@given(st.lists(corner_lists.map(tuple), min_size=1, max_size=3))
def test_pixels_belong_where_their_middles_lie_inside(rings: list[Ring]) -> None:
    """But for middles that lie on an edge to a millionth of a pixel, where either is right."""
    polygons: Polygons = tuple((ring,) for ring in rings)
    for ring in rings:  # narrower ones take what they touch
        xs, ys = np.array(ring).T
        across = max(np.ptp(xs), np.ptp(ys))
        assume(abs(xs @ np.roll(ys, -1) - ys @ np.roll(xs, -1)) / 2 > across)
    mask = AreaMask(PixelBox(0, 0, 40, 30), polygons)
    rows, columns = np.mgrid[3:30, 5:40] + 0.5
    found = mask.inside(5, 3, (35, 27))
    agreeing = [
        found == is_in(polygons, columns + dx, rows + dy) for dx in (-1e-6, 1e-6) for dy in (-1e-6, 1e-6)
    ]
    assert np.any(agreeing, axis=0).all()


@settings(max_examples=100, deadline=None)
@given(corner_lists.map(tuple), st.integers(2, 5))
def test_pixels_of_a_level_belong_where_all_that_they_are_made_of_does(ring: Ring, factor: int) -> None:
    mask = AreaMask(PixelBox(0, 0, 40, 40), ((ring,),))
    level = mask.inside(0, 0, (8, 8), (float(factor), float(factor)))
    rows, columns = np.mgrid[0 : 8 * factor : 0.25, 0 : 8 * factor : 0.25] + 0.125
    fine = is_in(((ring,),), columns, rows).reshape(8, factor * 4, 8, factor * 4).all(axis=(1, 3))
    assert not (level & ~fine).any()


@pytest.mark.parametrize(
    ("polygons", "box", "is_masked"),
    [
        (((square(10, 10, 50, 40),),), (10, 10, 50, 40), False),
        # Whole pixels around it are its box: no more than a fiftieth is missing on each side.
        (((square(10.4, 10.3, 49.7, 39.5),),), (10, 10, 50, 40), False),
        (((square(-500, -500, 9000, 9000),),), (0, 0, 4000, 4000), False),
        (((square(12, 10, 50, 40),),), (10, 10, 50, 40), True),
        # A lozenge touches all sides; every corner of it lies on the box's edge.
        (((((30, 10), (50, 25), (30, 40), (10, 25)),),), (10, 10, 50, 40), True),
        (((square(10, 10, 50, 40), square(20, 20, 22, 22)),), (10, 10, 50, 40), True),
        # Two halves that leave a gap, each with its corners on the edge.
        (((square(10, 10, 28, 40),), (square(32, 10, 50, 40),)), (10, 10, 50, 40), True),
    ],
)
def test_only_what_leaves_something_out_is_a_mask(
    polygons: Polygons, box: tuple[int, ...], is_masked: bool
) -> None:
    found = mask_of(polygons, PixelBox(*box), PIXELS)
    assert (found is not None) == is_masked
    if found is not None:
        assert 0.2 < found.share() < 0.999


def test_less_than_a_pixel_is_the_pixels_that_it_touches(tmp_path: Path) -> None:
    path = write(tmp_path / "file.tif", np.arange(400, dtype=np.uint8).reshape(1, 20, 20))
    area = Area.of_ring(*on_map(((4.6, 3.1), (5.4, 3.1), (5.0, 3.4))))
    with open_file(path) as raster:
        assert raster.resolve(area) == PixelBox(4, 3, 6, 4)
        picture = overview_of(raster, area, 100)
    assert picture.pixels[:, :, 0].tolist() == [[64, 65]] and picture.valid_share == 1


def test_an_area_whose_inside_holds_no_data_is_empty(tmp_path: Path) -> None:
    pixels = np.full((1, 60, 60), 9, np.uint8)
    pixels[:, :, 20:40] = 0
    path = write(tmp_path / "file.tif", pixels, nodata=0)
    area = Area.of_ring(*on_map(((21, 0), (39, 0), (39, 60), (30, 60), (30, 5), (21, 5))))
    with open_file(path) as raster, pytest.raises(RasterEmptyError):
        overview_of(raster, area, 100)


def test_polygons_narrower_than_a_pixel_are_seen_wherever_they_lie(tmp_path: Path) -> None:
    path = write(tmp_path / "file.tif", np.full((1, 300, 1000), 40, np.uint8))
    tiny = [square(x, y, x + 0.3, y + 0.3) for x, y in ((10.1, 10.1), (950.6, 200.6))]
    strip = square(5.2, 100.1, 995.5, 100.4)
    polygons = tuple((on_map(ring),) for ring in (*tiny, strip, square(600, 20, 700, 60)))
    with open_file(path) as raster:
        mask = raster.mask(Area(polygons=polygons))
        picture = raster.read(raster.grid.extent, 1000, mask=mask)
    is_seen = picture.pixels[:, :, 0] == 40
    assert (
        is_seen[10, 10] and is_seen[200, 950] and is_seen[100, 5:996].all() and is_seen[20:60, 600:700].all()
    )
    assert is_seen.sum() == 2 + 991 + 4000


@pytest.mark.parametrize("kernel", ["cubic", "lanczos", "cubic_spline", "bilinear", "nearest"])
def test_wide_kernels_of_overviews_bring_nothing_in(tmp_path: Path, kernel: str) -> None:
    """A dark square with a bright hole; cubic kernels reach two pixels of a level far."""
    rows, columns = np.mgrid[0:1024, 0:1024] + 0.5
    shape = (square(100, 100, 900, 900), square(400, 400, 600, 600))
    pixels = np.where(is_in((shape,), columns, rows), 40, 255).astype(np.uint8)[None]
    path = write(tmp_path / "file.tif", pixels)
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4, 8], rasterio.enums.Resampling[kernel])
    with open_file(path) as raster:
        picture = overview_of(raster, Area(polygons=(tuple(on_map(ring) for ring in shape),)), 100)
    assert set(np.unique(picture.pixels)) == {40, NODATA_GREY}


def test_what_reaches_beyond_the_raster_is_cut_off() -> None:
    grid = RasterGrid(100, 100, Affine.identity(), CRS.from_epsg(32633), True)
    ring = ((-5e9, 50.0), (50.0, -5e9), (5e9, 50.0), (50.0, 40.0))
    found = mask_of(((ring,),), PixelBox(0, 0, 100, 50), grid)
    assert found is not None
    ((outer,),) = found.polygons
    assert all(0 <= x <= 100 and 0 <= y <= 50 for x, y in outer)
    # Seen from so near its lower edge is level, at 40.
    assert found.inside(0, 0, (100, 50)).sum() == 100 * 40


def test_polygons_off_the_raster_whose_box_is_on_it_are_outside(tmp_path: Path) -> None:
    path = write(tmp_path / "file.tif", np.full((1, 20, 20), 40, np.uint8))
    beside = square(-10, -10, -5, -5), square(30, 30, 40, 40)
    area = Area(polygons=tuple((on_map(ring),) for ring in beside))
    with open_file(path) as raster, pytest.raises(AreaOutsideError):
        raster.mask(area)


def test_edges_bend_where_control_points_place(tmp_path: Path) -> None:
    """Rows sag by up to 20 px on the map, so a straight way on the map is a parabola of pixels."""

    def depth(column: Any, row: Any) -> Any:
        return row + 0.002 * column * (200 - column)

    spots = [(row, column) for row in (0, 100, 200) for column in (0, 100, 200)]
    points = [GroundControlPoint(row, column, column, -depth(column, row)) for row, column in spots]
    path = write(tmp_path / "bent.tif", np.full((1, 200, 200), 40, np.uint8), crs="EPSG:32633",
                 transform=None, gcps=points)  # fmt: skip
    area = Area.of_ring((0, -50), (200, -50), (200, -250), (0, -250))
    with open_file(path) as raster:
        picture = raster.read(raster.grid.extent, 200, mask=raster.mask(area))
    rows, columns = np.mgrid[0:200, 0:200] + 0.5
    assert ((picture.pixels[:, :, 0] == 40) != (depth(columns, rows) > 50)).mean() < 0.002


@pytest.mark.parametrize("ring", [(), ((0.0, 0.0),), ((500_000.0, 5_300_000.0), (500_001.0, 5_299_999.0))])
def test_what_is_no_polygon_is_refused(tmp_path: Path, ring: Ring) -> None:
    path = write(tmp_path / "file.tif", np.full((1, 20, 20), 40, np.uint8))
    with open_file(path) as raster, pytest.raises(AreaOutsideError):
        raster.resolve(Area.of_ring(*ring))


@pytest.mark.parametrize("degrees", [0, 15, 30, 45])
def test_a_slanted_strip_is_seen_from_an_overview(tmp_path: Path, degrees: int) -> None:
    """A road of 2,000 × 70 pixels over a file with overviews: a quarter of it at least, wherever it runs."""
    path = write(tmp_path / "file.tif", np.full((1, 2000, 2400), 200, np.uint8))
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4, 8, 16], rasterio.enums.Resampling.average)
    along = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    across = np.array([-along[1], along[0]]) * 35
    middle = np.array([1200.0, 1000.0])
    sides = (along * 1000 + across, along * 1000 - across, -along * 1000 - across, -along * 1000 + across)
    ring = tuple((float(x), float(y)) for x, y in (middle + side for side in sides))
    with open_file(path) as raster:
        area = Area(polygons=((tuple(raster.grid.to_map(ring)),),))
        window, mask = raster.resolve(area), raster.mask(area)
        picture = raster.overview(window, 256, mask=mask, report=ignore_progress, cancel=CancelToken())
        assert picture.valid_share * window.area > 0.25 * 2000 * 70
        assert picture.data_share in (1, None)  # level ones are as good as their box
