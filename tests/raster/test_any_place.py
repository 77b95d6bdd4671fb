"""Places anywhere: 10,000 random boxes on rasters that lie any way, and what real files tell of theirs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyproj
import pytest
from affine import Affine
from map_systems import GEOS, MARS, MOON, SINUSOIDAL
from numpy.typing import NDArray
from raster_files import gdal_positions, has_command, open_file, write
from rasterio.crs import CRS
from rasterio.io import MemoryFile
from rasterio.warp import transform as transform_positions
from zoomearth.core.frames import PixelBox
from zoomearth.core.types import AnswerFrame
from zoomearth.raster.ellipsoid import (
    geographic_under,
    outline,
    places_on_body,
)
from zoomearth.raster.georeference import (
    corners,
    pixel_box_of_ring,
)
from zoomearth.raster.grid import RasterGrid, grid_of

needs_gdal = pytest.mark.skipif(not has_command("gdaltransform"), reason="GDAL's commands are not installed")
RASTERS, BOXES_EACH = 500, 20
LARGEST_OFF_PX = 0.01

SYSTEMS: tuple[tuple[str | None, float, float], ...] = (
    # CRS, its smallest and its largest pixel in its own units.
    (None, 1e-3, 1e5),
    ("EPSG:4326", 1e-8, 2.0),
    ("EPSG:4807", 1e-8, 0.1),  # grads from Paris
    ("EPSG:32633", 1e-3, 1e4),
    ("EPSG:32733", 1e-3, 1e4),
    ("EPSG:3413", 1e-3, 1e5),
    ("EPSG:3031", 1e-3, 1e5),
    ("EPSG:3857", 1e-3, 1e5),
    ("EPSG:2263", 1e-2, 1e4),  # feet
    ("ESRI:102001", 1e-3, 1e5),
    ("+proj=aea +lat_1=29.5 +lat_2=45.5 +lat_0=23 +lon_0=-96 +datum=NAD83 +units=us-ft", 1e-2, 1e5),
    (GEOS, 1.0, 1e5),
    (SINUSOIDAL, 1e-2, 1e5),
    (MOON, 1e-8, 2.0),
    ("IAU_2015:30100", 1e-8, 2.0),
    ("+proj=stere +lat_0=-90 +R=1737400", 1e-3, 1e5),
    (MARS, 1e-8, 2.0),
    ("IAU_2015:49910", 1e-3, 1e5),
)


@dataclass(frozen=True)
class Lying:
    """A raster that lies somehow, and what GDAL makes of its georeference."""

    width: int
    height: int
    crs: str | None
    transform: Affine


def lyings() -> Iterator[Lying]:
    """Rasters of all CRSs in turn: rotated, sheared, south up, mirrored, anisotropic, tiny and huge."""
    rng = np.random.default_rng(20)
    for number in range(RASTERS):
        crs, smallest, largest = SYSTEMS[number % len(SYSTEMS)]
        size = np.exp(rng.uniform(math.log(smallest), math.log(largest)))
        across, down = size * 10 ** rng.uniform(-0.5, 0.5, 2)
        is_upright = rng.random() < 0.3
        turn = 0.0 if is_upright else rng.uniform(0, 2 * math.pi)
        shear = 0.0 if is_upright else rng.uniform(-math.pi / 3, math.pi / 3)
        side = rng.choice([-1, 1])  # -1: north up, or turned from it; 1: south up
        reach = 90.0 if largest <= 2.0 else 5e6
        x, y = rng.uniform(-reach, reach, 2)
        leaning = turn + side * (math.pi / 2 + shear)
        width, height = (int(length) for length in rng.integers(1, 3000, 2))
        yield Lying(width, height, crs, Affine(
            across * math.cos(turn), down * math.cos(leaning), x,
            across * math.sin(turn), down * math.sin(leaning), y))  # fmt: skip


def random_boxes(lying: Lying, rng: np.random.Generator) -> list[PixelBox]:
    """Fractional and whole ones, thin ones, and some that touch the raster's edges."""
    found = []
    for number in range(BOXES_EACH):
        columns = np.sort(rng.uniform(0, lying.width, 2))
        rows = np.sort(rng.uniform(0, lying.height, 2))
        if number % 4 == 1:
            columns, rows = np.array([0, columns[1]]), np.array([rows[0], lying.height])
        if number % 4 == 2:
            columns, rows = np.floor(columns) + np.arange(2), np.floor(rows) + np.arange(2)
        if number % 4 == 3:
            columns[1] = columns[0] + 1e-3
        found.append(PixelBox(*map(float, (columns[0], rows[0], columns[1], rows[1]))))
    return [PixelBox(0, 0, lying.width, lying.height), *found[1:]]


def ends(box: PixelBox) -> list[tuple[float, float]]:
    left, top, right, bottom = box.to_json()
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def opened(lying: Lying) -> RasterGrid:
    """The grid of a raster of no bytes that was written as a GeoTIFF and is read again."""
    profile = {"width": lying.width, "height": lying.height, "crs": lying.crs, "transform": lying.transform}
    with MemoryFile(ext=".tif") as memory:
        with memory.open(driver="GTiff", count=1, dtype="uint8", sparse_ok=True, **profile):
            pass
        with memory.open() as dataset:
            return grid_of(dataset)[0]


def exactly(lying: Lying, position: tuple[float, float]) -> tuple[Fraction, Fraction]:
    """GDAL's raster data model in fractions, without any rounding."""
    column, row = map(Fraction, position)
    a, b, c, d, e, f = map(Fraction, lying.transform[:6])
    return a * column + b * row + c, d * column + e * row + f


def off_px(lying: Lying, off: NDArray[np.float64]) -> float:
    """The farthest of (n, 2) differences on the map, in columns or rows."""
    linear = np.array([[lying.transform.a, lying.transform.b], [lying.transform.d, lying.transform.e]])
    return float(np.abs(np.linalg.solve(linear, off.T)).max())


def test_ten_thousand_boxes_lie_where_gdals_model_puts_them_and_come_back() -> None:
    rng = np.random.default_rng(21)
    seen = 0
    for lying in lyings():
        grid = opened(lying)
        assert (grid.crs is None) == (lying.crs is None)
        assert grid.frame is (AnswerFrame.OWN if lying.crs is None else AnswerFrame.CRS)
        for box in random_boxes(lying, rng):
            quad = corners(box, grid)
            off = [
                [float(Fraction(mine) - true) for mine, true in zip(place, exactly(lying, end), strict=True)]
                for place, end in zip(quad, ends(box), strict=True)
            ]
            assert off_px(lying, np.array(off)) < LARGEST_OFF_PX, (lying, box)
            back = pixel_box_of_ring(quad, grid).to_json()
            assert np.abs(np.array(back) - box.to_json()).max() < LARGEST_OFF_PX, (lying, box)
            seen += 1
    assert seen == 10_000


@needs_gdal
def test_a_thousand_of_them_lie_where_gdals_own_command_puts_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(22)
    for number, lying in enumerate(list(lyings())[: 3 * len(SYSTEMS)]):
        path = tmp_path / f"{number}.tif"
        small = Lying(60, 40, lying.crs, lying.transform)
        write(path, np.zeros((1, 40, 60), np.uint8), crs=small.crs, transform=small.transform)
        boxes = random_boxes(small, rng)
        theirs = gdal_positions(path, [end for box in boxes for end in ends(box)])
        with open_file(path) as raster:
            mine = np.reshape([corners(box, raster.grid) for box in boxes], (-1, 2))
        assert off_px(small, mine - np.array(theirs)) < LARGEST_OFF_PX, small


@pytest.mark.parametrize("crs", [crs for crs, _, _ in SYSTEMS if crs])
def test_a_crs_means_the_same_after_the_file_and_as_text(crs: str) -> None:
    """Places of PROJ itself, and of the text that an answer tells the CRS by."""
    known = pyproj.CRS(crs)
    degrees = pyproj.Transformer.from_crs(known.geodetic_crs, known, always_xy=True)
    west, south, east, north = (-80, -20, -60, 20) if "geos" in crs else (-70, 20, 60, 60)
    if "+lat_0=-90" in crs or crs == "EPSG:3031":
        south, north = -80, -60
    rng = np.random.default_rng(23)
    lon, lat = rng.uniform(west, east, 50), rng.uniform(south, north, 50)
    if "EPSG:4807" in crs:
        lon, lat = lon / 0.9, lat / 0.9
    expected = np.array(degrees.transform(lon, lat))
    grid = opened(Lying(10, 10, crs, Affine(0.1, 0, 0, 0, -0.1, 0)))
    text = grid.crs_text
    assert grid.crs is not None and text is not None
    told = CRS.from_user_input(text)
    for one in (grid.crs, told):
        there = transform_positions(CRS.from_user_input(known.geodetic_crs.to_wkt()), one, lon, lat)
        assert np.abs(np.array(there) - expected).max() < 1e-6


@pytest.mark.real_data
class TestIndex:
    """The real rasters against the extents that their INDEX tells, which GDAL's own tools found."""

    @pytest.fixture
    def index(self, real_data: Path) -> dict[str, list[str]]:
        """Cells by the file's name."""
        lines = (real_data / "rasters" / "INDEX.md").read_text(encoding="utf-8").splitlines()
        table = [line.strip("|").split("|") for line in lines if line.startswith("|")][2:]
        return {row[0].split()[0]: [cell.strip() for cell in row] for row in table}

    def test_every_file(self, real_data: Path, index: dict[str, list[str]]) -> None:
        """Size, CRS, extent on the map, and in degrees; what the INDEX does not know is left unknown."""
        assert len(index) == 16
        for name, row in index.items():
            native, degrees = (
                index[row[column][3:]][column] if row[column].startswith("as ") else row[column]
                for column in (4, 5)
            )
            (path,) = (real_data / "rasters").glob(name.replace("…", "*"))
            with open_file(path) as raster:
                grid = raster.grid
            assert row[2].startswith(f"{grid.width}x{grid.height}/"), name
            quad = np.array(corners(grid.extent, grid))
            if native == "none":
                assert grid.frame is AnswerFrame.PIXELS, name
                continue
            code = re.match(r"(EPSG|ESRI):\d+", native)
            is_by_points = native.startswith("GCP")
            assert grid.crs_text == (code.group() if code else "EPSG:4326" if is_by_points else None), name
            nearest = 1e-3 if is_by_points else 0.006  # the INDEX has hundredths
            assert extent_of(quad) == pytest.approx(extent_told(native), abs=nearest), name
            if grid.crs is None:
                assert degrees == "unknown", name
                continue
            geographic = geographic_under(grid.crs)
            assert geographic is not None
            places = places_on_body(outline(tuple(map(tuple, quad))), grid.crs, geographic)
            assert places is not None, name
            places[:, 0] = np.unwrap(places[:, 0], period=360)
            expected = extent_told(native if degrees == "same" else degrees)
            assert extent_of(places) == pytest.approx(expected, abs=1e-3 if is_by_points else 2e-5), name


def extent_of(positions: NDArray[np.float64]) -> list[float]:
    return [*positions.min(axis=0).tolist(), *positions.max(axis=0).tolist()]


def extent_told(text: str) -> list[float]:
    """Left, bottom, right, top: as the text has them, or around four corners that it has."""
    text = re.sub(r"(EPSG|ESRI):\d+|\(= [^)]*\)", "", text)
    numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]
    return numbers if len(numbers) == 4 else extent_of(np.reshape(numbers, (4, 2)))
