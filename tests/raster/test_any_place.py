"""Places anywhere: 10,000 random boxes on rasters that lie any way, areas on any body, the Earth's edge."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import pytest
from affine import Affine
from numpy.typing import NDArray
from raster_files import gdal_positions, has_command, open_file, write
from rasterio.crs import CRS
from rasterio.io import MemoryFile
from rasterio.warp import transform as transform_positions
from zoomearth.answers_file import append_answer
from zoomearth.core.frames import PixelBox, View
from zoomearth.core.types import Answer, AnswerFrame, Query, RasterRequest, Region
from zoomearth.raster.ellipsoid import (
    area_m2,
    geographic_under,
    outline,
    places_on_body,
    polygons_area_m2,
)
from zoomearth.raster.georeference import (
    OFF_EARTH,
    corners,
    ground_sampling_distance_m,
    is_on_earth,
    pixel_box_of_ring,
)
from zoomearth.raster.grid import RasterGrid, grid_of

needs_gdal = pytest.mark.skipif(not has_command("gdaltransform"), reason="GDAL's commands are not installed")
RASTERS, BOXES_EACH = 500, 20
LARGEST_OFF_PX = 0.01

GEOS = "+proj=geos +h=35785831 +lon_0=-75 +sweep=x +datum=WGS84"
SINUSOIDAL = "+proj=sinu +R=6371007.181 +units=m +no_defs"
MOON = "+proj=longlat +R=1737400 +no_defs"
MARS = "+proj=longlat +a=3396190 +b=3376200 +no_defs"
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


class TestAreas:
    """Against closed formulas on spheres, and PROJ's geodesics on ellipsoids."""

    @pytest.mark.parametrize(
        ("crs", "radius_m"), [(MOON, 1_737_400), ("IAU_2015:30100", 1_737_400), ("IAU_2015:49900", 3_396_190)]
    )
    @pytest.mark.parametrize(
        "box",
        [
            (0, 0, 1, 1),
            (10, -20, 100, 50),
            (170, 10, 190, 20),  # past 180° in its own longitudes
            (-190, -5, -175, 5),
            (0, -90, 360, 90),  # all of it
            (-180, -90, 180, 90),
            (-180, 60, 180, 90),  # a cap
            (20, 80, 50, 90),
            (30, 1e-6, 30 + 1e-6, 2e-6),
        ],
    )
    def test_zones_of_spheres(self, crs: str, radius_m: float, box: tuple[float, ...]) -> None:
        west, south, east, north = map(math.radians, box)
        expected = radius_m**2 * (east - west) * (math.sin(north) - math.sin(south))
        assert area_m2(ring_of(*box), crs) == pytest.approx(expected, rel=1e-6)
        assert area_m2(ring_of(*box)[::-1], crs) == pytest.approx(expected, rel=1e-6)  # south up

    def test_the_whole_earth(self) -> None:
        # The surface of WGS 84, as its definition (NIMA TR8350.2, table 3.3) has it.
        assert area_m2(ring_of(-180, -90, 180, 90), "EPSG:4326") == pytest.approx(5.10065621724e14, rel=1e-9)

    @pytest.mark.parametrize("latitude", [-75, -40, 0, 33, 60, 88])
    def test_caps_of_polar_maps_on_a_sphere(self, latitude: float) -> None:
        """A circle of latitude around the pole, on the map of the pole, in 720 corners."""
        radius_m = 1_737_400
        crs = f"+proj=stere +lat_0=90 +R={radius_m}"
        reach = 2 * radius_m * math.tan(math.radians(90 - latitude) / 2)
        turns = np.radians(np.arange(0, 360, 0.5))
        circle = tuple(zip(reach * np.cos(turns), reach * np.sin(turns), strict=True))
        expected = 2 * math.pi * radius_m**2 * (1 - math.sin(math.radians(latitude)))
        assert area_m2(circle, crs) == pytest.approx(expected, rel=1e-4)

    @pytest.mark.parametrize(
        ("crs", "box"),
        [
            ("EPSG:32660", (570585, 5612085, 803115, 5847615)),  # across the antimeridian
            ("EPSG:3857", (19.9e6, 0, 20.2e6, 1e6)),  # past the edge of the map
            ("EPSG:3857", (-1e6, 1e7, 1e6, 2.5e7)),  # beyond 85°
            ("EPSG:3413", (-2e6, -2e6, 2e6, 2e6)),  # the north pole in it
            ("EPSG:3413", (-5e5, 1e3, 5e5, 1e6)),  # the pole just outside
            ("EPSG:3031", (-2e6, -1e6, 5e5, 3e6)),  # the south pole in it
            ("EPSG:2263", (900_000, 150_000, 1_100_000, 300_000)),  # feet
            ("ESRI:102001", (-340_020, 3_560_000, -160_020, 3_740_000)),
            ("ESRI:102001", (-2e6, -1e6, 3e6, 3.5e6)),
            ("EPSG:2056", (2.5e6, 1.1e6, 2.8e6, 1.3e6)),  # false origin, oblique
            (GEOS, (-3e6, -3e6, 3e6, 3e6)),
            ("EPSG:32633", (500_000, 5_300_000, 500_000.3, 5_300_000.2)),
            ("+proj=eqc +a=3396190 +b=3376200 +no_defs", (1e6, 1e6, 2e6, 3e6)),
            ("+proj=stere +lat_0=-90 +a=3396190 +b=3376200", (-1e6, -1e6, 1e6, 5e5)),
        ],
    )
    def test_boxes_on_ellipsoids(self, crs: str, box: tuple[float, ...]) -> None:
        known = pyproj.CRS(crs)
        to_degrees = pyproj.Transformer.from_crs(known, known.geodetic_crs, always_xy=True)
        west, south, east, north = box
        steps = np.arange(4000) / 4000
        forth, none = steps, np.zeros(4000)
        x = west + (east - west) * np.concatenate([forth, none + 1, 1 - forth, none])
        y = south + (north - south) * np.concatenate([none, forth, none + 1, 1 - forth])
        geod = known.get_geod()
        assert geod is not None
        expected = abs(geod.polygon_area_perimeter(*to_degrees.transform(x, y))[0])
        found = area_m2(ring_of(*box), crs)
        assert found == pytest.approx(expected, rel=3e-5)

    def test_grads_are_no_degrees(self) -> None:
        """0.9 of a degree each way: the same box in degrees from Greenwich on the same ellipsoid."""
        same = "+proj=longlat +a=6378249.2 +rf=293.466021293627 +no_defs"
        expected = area_m2(ring_of(0, 45, 0.9, 45.9), same)
        assert area_m2(ring_of(0, 50, 1, 51), "EPSG:4807") == pytest.approx(expected, rel=1e-9)

    def test_a_pole_on_the_edge(self) -> None:
        halves = [area_m2(ring_of(west, -2e6, west + 2e6, 2e6), "EPSG:3413") for west in (-2e6, 0)]
        whole = area_m2(ring_of(-2e6, -2e6, 2e6, 2e6), "EPSG:3413")
        assert sum(half or 0 for half in halves) == pytest.approx(whole, rel=1e-4)

    def test_both_poles_inside(self) -> None:
        """All of a sphere but a cap of 60° about the point where the map ends."""
        radius_m = 6_371_000.0
        turns = np.radians(np.arange(0, 360, 0.5))
        reach = radius_m * math.radians(120)
        circle = tuple(zip(reach * np.cos(turns), reach * np.sin(turns), strict=True))
        expected = 2 * math.pi * radius_m**2 * (1 - math.cos(math.radians(120)))
        crs = f"+proj=aeqd +lat_0=10 +lon_0=20 +R={radius_m}"
        assert area_m2(circle, crs) == pytest.approx(expected, rel=1e-4)

    def test_a_hole_around_the_pole(self) -> None:
        rings = (ring_of(-2e6, -2e6, 2e6, 2e6), ring_of(-1e6, -1e6, 1e6, 1e6))
        whole, hole = (area_m2(ring, "EPSG:3413") for ring in rings)
        assert whole is not None and hole is not None
        assert polygons_area_m2((rings,), "EPSG:3413") == pytest.approx(whole - hole, rel=1e-12)


def ring_of(left: float, bottom: float, right: float, top: float) -> tuple[tuple[float, float], ...]:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


OFF = [
    (GEOS, (-5.5e6, -5.5e6, 5.5e6, 5.5e6)),  # the full disk: all corners show the sky
    (GEOS, (3e6, 3e6, 5e6, 5e6)),  # one does
    (GEOS, (-5e6, 1e6, -4e6, 5e6)),
    (GEOS, (5.6e6, 5.6e6, 5.9e6, 5.9e6)),  # nothing but sky
    (SINUSOIDAL, (15e6, 8e6, 16e6, 9e6)),  # PROJ takes it for a place on the other side
    (SINUSOIDAL, (-20.0e6, 0, -19e6, 1e6)),
    ("ESRI:54030", (-17e6, -1e6, 17e6, 1e6)),
    ("ESRI:102001", (-1e7, -1e7, 1e7, 1e7)),  # the gap of the cone
    ("EPSG:4326", (-180, -90.25, 180, 90.25)),
    ("EPSG:4326", (700, 0, 710, 10)),
    (MOON, (10, 80, 20, 95)),
]
ON = [
    (GEOS, (-3e6, -3e6, 3e6, 3e6)),
    (GEOS, (5.0e6, -1e5, 5.4e6, 1e5)),
    (SINUSOIDAL, (-20.0e6, -1e3, -19e6, 1e3)),
    ("EPSG:3857", (-20037508.342789244, -20037508.342789244, 20037508.342789244, 20037508.342789244)),
    ("EPSG:3857", (19.9e6, 0, 20.2e6, 1e6)),
    ("EPSG:3857", (-20.1e6, -1e6, 20.1e6, 1e6)),
    ("EPSG:3857", (0, 2.9e7, 1e6, 3e7)),
    ("EPSG:4326", (-180, -90, 180, 90)),
    ("EPSG:4326", (0, -90, 360, 90)),
    ("EPSG:4326", (170, 10, 190, 20)),
    ("EPSG:3413", (-4e6, -4e6, 4e6, 4e6)),
    ("EPSG:3413", (0, 0, 1e6, 1e6)),  # a corner on the pole
    ("EPSG:32633", (-5e5, 0, 1.5e6, 9e6)),
    ("ESRI:102001", (-3e6, -1e6, 3e6, 3.7e6)),
    ("+proj=ob_tran +o_proj=longlat +o_lat_p=39.25 +o_lon_p=0 +lon_0=18 +ellps=WGS84", (-10, -10, 190, 10)),
    (MOON, (170, -90, 190, 90)),
    ("IAU_2015:49910", (-10.6e6, -5.3e6, 10.6e6, 5.3e6)),
]


def grid_in(crs: str | None, box: tuple[float, ...] = (0, 0, 100, 100)) -> RasterGrid:
    """100 × 100 pixels that fill a box of the map."""
    left, bottom, right, top = box
    transform = Affine((right - left) / 100, 0, left, 0, (bottom - top) / 100, top)
    return RasterGrid(100, 100, transform, CRS.from_user_input(crs) if crs else None, True)


class TestEdgeOfTheEarth:
    @pytest.mark.parametrize(("crs", "box"), OFF)
    def test_partly_off(self, crs: str, box: tuple[float, ...]) -> None:
        grid = grid_in(crs, box)
        assert not is_on_earth(((ring_of(*box),),), grid)
        assert area_m2(ring_of(*box), str(grid.crs_text)) is None
        assert corners(grid.extent, grid)[0] == pytest.approx((box[0], box[3]))  # its place on the map stays

    @pytest.mark.parametrize(("crs", "box"), ON)
    def test_on(self, crs: str, box: tuple[float, ...]) -> None:
        grid = grid_in(crs, box)
        assert is_on_earth(((ring_of(*box),),), grid)
        area = area_m2(ring_of(*box), str(grid.crs_text))
        assert area is not None and area > 0

    def test_without_a_crs_nothing_is_known(self) -> None:
        assert is_on_earth(((ring_of(-1e9, -1e9, 1e9, 1e9),),), grid_in(None))

    def test_one_ring_is_enough(self) -> None:
        inside, outside = ring_of(-1e6, -1e6, 1e6, 1e6), ring_of(3e6, 3e6, 5e6, 5e6)
        assert not is_on_earth(((inside,), (outside,)), grid_in(GEOS))

    @pytest.mark.parametrize(
        ("crs", "box"),
        [
            (GEOS, (4.5e6, 4.5e6, 5.5e6, 5.5e6)),
            (SINUSOIDAL, (15e6, 8e6, 16e6, 9e6)),
            ("EPSG:4326", (0, 95, 10, 99)),
        ],
    )
    def test_no_distance_in_the_sky(self, crs: str, box: tuple[float, ...]) -> None:
        grid = grid_in(crs, box)
        assert ground_sampling_distance_m(View(grid.extent, (50, 50)), grid) is None

    def test_distance_under_a_satellite(self) -> None:
        """Straight below, a radian at the satellite's height is that many metres on the ground."""
        grid = grid_in(GEOS, (-5.5e6, -5.5e6, 5.5e6, 5.5e6))
        found = ground_sampling_distance_m(View(PixelBox(49.5, 49.5, 50.5, 50.5), (1, 1)), grid)
        assert found == pytest.approx(110_000, rel=0.01)

    @pytest.mark.parametrize("crs", ["EPSG:3413", "EPSG:3031", "+proj=stere +lat_0=90 +R=1737400"])
    def test_distance_over_a_pole(self, crs: str) -> None:
        """The lengths of the map there over PROJ's own scale."""
        grid = grid_in(crs, (-5e4, -5e4, 5e4, 5e4))
        known = pyproj.Proj(crs)
        scale = known.get_factors(0, -89.9999 if "3031" in crs else 89.9999).meridional_scale
        found = ground_sampling_distance_m(View(grid.extent, (50, 50)), grid)
        assert found == pytest.approx(2000 / scale, rel=1e-4)


def answer_at(ring: tuple[tuple[float, float], ...], crs: str) -> Answer:
    box = PixelBox(0, 0, 100, 100)
    return Answer(
        text="red",
        regions=(Region("cloud", box, ring),),
        steps=(),
        searched_box=box,
        searched_polygons=((ring,),),
        frame=AnswerFrame.CRS,
        crs=crs,
        seen_gsd_m=None,
        model="m",
        revision="r",
        seconds=1.0,
        warnings=(OFF_EARTH,),
    )


@pytest.mark.parametrize(("crs", "box"), [*OFF[:5], ("IAU_2015:30100", (10, 80, 20, 95))])
def test_what_lies_off_the_earth_is_written_in_its_own_crs(
    tmp_path: Path, crs: str, box: tuple[float, ...]
) -> None:
    """Twice: a CRS without a code has to be known again."""
    path = tmp_path / "answers.gpkg"
    text = str(grid_in(crs, box).crs_text)
    query = Query("What?", RasterRequest("scene.tif"))
    for _ in range(2):
        append_answer(path, answer_at(ring_of(*box), text), query, datetime.now(timezone.utc))
    info = pyogrio.read_info(path, layer="answers")
    assert tuple(info["total_bounds"]) == box
    assert CRS.from_user_input(info["crs"]) == CRS.from_user_input(text)
    _, _, _, columns = pyogrio.raw.read(path, layer="answers", columns=["area_m2", "seen_gsd_m", "warnings"])
    assert np.isnan(columns[0]).tolist() == np.isnan(columns[1]).tolist() == [True, True]
    assert columns[2].tolist() == [OFF_EARTH] * 2


@pytest.mark.parametrize(
    ("crs", "box"),
    [
        ("EPSG:4326", (170, 10, 190, 20)),
        ("EPSG:32660", (820_000, 20_000, 850_000, 40_000)),
        (MARS, (0, 0, 1, 1)),
    ],
)
def test_what_lies_on_it_has_an_area_in_the_file(tmp_path: Path, crs: str, box: tuple[float, ...]) -> None:
    """In the raster's own CRS nothing is moved, split or wrapped."""
    path = tmp_path / "answers.gpkg"
    text = str(grid_in(crs).crs_text)
    query = Query("What?", RasterRequest("scene.tif"))
    append_answer(path, answer_at(ring_of(*box), text), query, datetime.now(timezone.utc))
    assert tuple(pyogrio.read_info(path, layer="answers")["total_bounds"]) == box
    _, _, _, columns = pyogrio.raw.read(path, layer="answers", columns=["area_m2"])
    known = pyproj.CRS(crs)
    geod = known.get_geod()
    assert geod is not None
    west, south, east, north = box
    steps = np.linspace(0, 1, 500, endpoint=False)
    x = west + (east - west) * np.concatenate([steps, steps * 0 + 1, 1 - steps, steps * 0])
    y = south + (north - south) * np.concatenate([steps * 0, steps, steps * 0 + 1, 1 - steps])
    degrees = pyproj.Transformer.from_crs(known, known.geodetic_crs, always_xy=True).transform(x, y)
    assert columns[0].tolist() == [pytest.approx(abs(geod.polygon_area_perimeter(*degrees)[0]), rel=1e-5)]


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
