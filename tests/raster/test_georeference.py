"""Places: worked by hand, and by GDAL's own commands where they are installed."""

import math
from pathlib import Path

import numpy as np
import pyproj
import pytest
from affine import Affine
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from raster_files import NORTH_UP, gdal_corners, gdal_positions, has_command, open_file, write
from rasterio.crs import CRS
from zoomearth.core.errors import AreaOutsideError
from zoomearth.core.frames import PixelBox, View
from zoomearth.core.types import AnswerFrame, Area
from zoomearth.raster.georeference import corners, ground_sampling_distance_m, pixel_box_of_ring
from zoomearth.raster.grid import RasterGrid

UTM = CRS.from_epsg(32633)
ROTATED = Affine(1.5, -5.0, 1_841_001.75, -5.0, -1.5, 1_144_003.25)
"""GDAL's own test file geomatrix.tif."""
SHEARED = Affine(2.0, 0.75, 300_000.0, 0.25, -3.0, 200_000.0)
SOUTH_UP = Affine(10.0, 0, 0.0, 0, 10.0, 0.0)
needs_gdal = pytest.mark.skipif(not has_command("gdaltransform"), reason="GDAL's commands are not installed")


def grid(transform: Affine, crs: CRS | None = UTM, width: int = 20, height: int = 20) -> RasterGrid:
    return RasterGrid(width, height, transform, crs, True)


def blank(path: Path, **profile: object) -> Path:
    return write(path, np.full((1, 20, 20), 7, np.uint8), **profile)


def whole(side: int = 20, size: int | None = None) -> View:
    return View(PixelBox(0, 0, side, side), (size or side, size or side))


def test_corners_of_a_rotated_raster_go_round_pixel_space() -> None:
    assert corners(PixelBox(0, 0, 20, 20), grid(ROTATED)) == (
        (1841001.75, 1144003.25),
        (1841031.75, 1143903.25),
        (1840931.75, 1143873.25),
        (1840901.75, 1143973.25),
    )


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        (NORTH_UP, ((500_002, 5_299_999), (500_004, 5_299_999), (500_004, 5_299_997), (500_002, 5_299_997))),
        (SOUTH_UP, ((40, 20), (80, 20), (80, 60), (40, 60))),
        (
            SHEARED,
            ((300_009.5, 199_995), (300_017.5, 199_996), (300_020.5, 199_984), (300_012.5, 199_983)),
        ),
    ],
)
def test_corners_worked_by_hand(transform: Affine, expected: tuple[tuple[float, float], ...]) -> None:
    assert corners(PixelBox(4, 2, 8, 6), grid(transform)) == expected


@needs_gdal
@pytest.mark.parametrize("transform", [NORTH_UP, ROTATED, SHEARED, SOUTH_UP])
def test_corners_agree_with_gdal(tmp_path: Path, transform: Affine) -> None:
    path = blank(tmp_path / "file.tif", transform=transform)
    window = PixelBox(1.25, 3.5, 17.75, 19)
    with open_file(path) as raster:
        mine = corners(window, raster.grid)
        all_of_it = corners(raster.grid.extent, raster.grid)
    assert np.allclose(mine, gdal_positions(path, [(1.25, 3.5), (17.75, 3.5), (17.75, 19), (1.25, 19)]))
    named = gdal_corners(path)
    expected = [named[name] for name in ("upperLeft", "upperRight", "lowerRight", "lowerLeft")]
    assert np.allclose(all_of_it, expected, atol=1e-3)


def test_a_window_off_the_raster_has_no_corners() -> None:
    with pytest.raises(AreaOutsideError):
        corners(PixelBox(20, 0, 30, 10), grid(ROTATED))


@pytest.mark.parametrize("transform", [NORTH_UP, ROTATED, SHEARED, SOUTH_UP])
def test_a_ring_becomes_the_pixels_that_hold_it(transform: Affine) -> None:
    ring = corners(PixelBox(3, 5, 11, 6), grid(transform))
    assert np.allclose(pixel_box_of_ring(ring, grid(transform)).to_json(), [3, 5, 11, 6], atol=1e-6)


def test_a_map_rectangle_on_a_rotated_raster_becomes_the_pixels_around_it() -> None:
    # A square of side 10 about the middle of the raster; the inverse of [[1.5, -5], [-5, -1.5]] is itself
    # over 27.25, so ±5 each way is ±(1.5 + 5) * 5 / 27.25 = ±1.1927 pixels.
    x, y = 1_840_966.75, 1_143_938.25
    ring = ((x - 5, y - 5), (x + 5, y - 5), (x + 5, y + 5), (x - 5, y + 5))
    reach = 6.5 * 5 / 27.25
    expected = [10 - reach, 10 - reach, 10 + reach, 10 + reach]
    assert np.allclose(pixel_box_of_ring(ring, grid(ROTATED)).to_json(), expected, atol=1e-6)


@pytest.mark.parametrize("ring", [(), ((math.nan, 0.0),), ((0.0, math.inf), (1.0, 1.0))])
def test_a_ring_that_is_no_place_is_refused(ring: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(AreaOutsideError):
        pixel_box_of_ring(ring, grid(NORTH_UP))


numbers = st.floats(-1e7, 1e7)
steps = st.floats(-1e3, 1e3)


@given(steps, steps, numbers, steps, steps, numbers, st.tuples(*[st.floats(0, 1e5)] * 4))
def test_pixels_to_the_map_and_back(
    a: float, b: float, c: float, d: float, e: float, f: float, sides: tuple[float, ...]
) -> None:
    transform = Affine(a, b, c, d, e, f)
    longest = max(math.hypot(a, d), math.hypot(b, e))
    assume(longest > 1e-3 and abs(transform.determinant) > 1e-2 * longest**2)
    box = PixelBox.from_corners(sides).intersection(PixelBox(0, 0, 1e5, 1e5)) if _has_area(sides) else None
    assume(box is not None)
    big = grid(transform, width=100_000, height=100_000)
    back = pixel_box_of_ring(corners(box, big), big)
    assert np.allclose(back.to_json(), box.to_json(), atol=1e-3)


def _has_area(sides: tuple[float, ...]) -> bool:
    return abs(sides[0] - sides[2]) > 1e-3 and abs(sides[1] - sides[3]) > 1e-3


class TestAreas:
    @pytest.fixture
    def raster(self, tmp_path: Path):  # type: ignore[no-untyped-def]
        with open_file(blank(tmp_path / "file.tif")) as raster:
            yield raster

    def test_no_area_is_the_whole(self, raster) -> None:  # type: ignore[no-untyped-def]
        assert raster.resolve(None) == PixelBox(0, 0, 20, 20)

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ((3, 4, 8, 9), (3, 4, 8, 9)),
            ((3.2, 4.9, 7.1, 8.0), (3, 4, 8, 8)),
            ((-50, -50, 2, 2), (0, 0, 2, 2)),
            ((18.5, 3, 900, 4), (18, 3, 20, 4)),
            ((5, 5, 5, 5), (5, 5, 6, 6)),
            ((2.9999999, 4, 8.0000001, 9), (3, 4, 8, 9)),
        ],
    )
    def test_pixels_are_clipped_and_made_whole(self, raster, asked, found) -> None:  # type: ignore[no-untyped-def]
        assert raster.resolve(Area(pixels=PixelBox(*asked))) == PixelBox(*found)

    def test_a_ring_on_pixel_edges_takes_no_neighbours(self, raster) -> None:  # type: ignore[no-untyped-def]
        ring = ((500_001.5, 5_299_998.0), (500_004.0, 5_299_998.0), (500_004.0, 5_299_995.5))
        assert raster.resolve(Area.of_ring(*ring)) == PixelBox(3, 4, 8, 9)

    @pytest.mark.parametrize("box", [(20, 0, 30, 10), (-9, -9, 0, 0), (0, 20, 20, 20)])
    def test_pixels_outside_are_refused(self, raster, box) -> None:  # type: ignore[no-untyped-def]
        with pytest.raises(AreaOutsideError):
            raster.resolve(Area(pixels=PixelBox(*box)))

    @pytest.mark.parametrize("ring", [(), ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))])
    def test_rings_outside_are_refused(self, raster, ring) -> None:  # type: ignore[no-untyped-def]
        with pytest.raises(AreaOutsideError):
            raster.resolve(Area.of_ring(*ring))


class TestWhatTheFileSays:
    def test_a_registered_crs_has_its_code(self, tmp_path: Path) -> None:
        with open_file(blank(tmp_path / "file.tif")) as raster:
            grid = raster.grid
            assert (grid.crs_text, grid.frame, raster.warnings) == ("EPSG:32633", AnswerFrame.CRS, ())
            assert (grid.width, grid.height, grid.transform) == (20, 20, NORTH_UP)

    def test_an_unregistered_crs_is_spelt_out(self, tmp_path: Path) -> None:
        crs = "+proj=laea +lat_0=10 +lon_0=15 +datum=WGS84 +units=m"
        with open_file(blank(tmp_path / "file.tif", crs=crs)) as raster:
            text = raster.grid.crs_text
        assert text is not None and CRS.from_wkt(text) == CRS.from_string(crs)

    def test_no_crs_leaves_the_files_own_frame(self, tmp_path: Path) -> None:
        with open_file(blank(tmp_path / "file.tif", crs=None)) as raster:
            assert (raster.grid.crs, raster.grid.crs_text, raster.grid.frame) == (None, None, AnswerFrame.OWN)
            assert corners(PixelBox(0, 0, 2, 2), raster.grid)[2] == (500_001.0, 5_299_999.0)
            assert [warning.split(":")[0] for warning in raster.warnings] == ["unreferenced"]

    def test_a_drawings_crs_is_no_place_on_the_earth(self, tmp_path: Path) -> None:
        path = blank(tmp_path / "file.tif", crs='LOCAL_CS["site",UNIT["metre",1]]')
        with open_file(path) as raster:
            assert raster.grid.frame is AnswerFrame.OWN and raster.warnings

    def test_no_geotransform_leaves_columns_and_rows(self, tmp_path: Path) -> None:
        path = blank(tmp_path / "file.tif", crs="EPSG:32633", transform=Affine.identity())
        with open_file(path) as raster:
            assert (raster.grid.crs_text, raster.grid.frame) == (None, AnswerFrame.PIXELS)
            assert corners(PixelBox(1, 2, 3, 4), raster.grid) == ((1, 2), (3, 2), (3, 4), (1, 4))
            assert "columns and rows" in raster.warnings[0]

    def test_a_geotransform_without_area_is_none(self, tmp_path: Path) -> None:
        path = blank(tmp_path / "file.tif", transform=Affine(1, 2, 0, 2, 4, 0))
        with open_file(path) as raster:
            assert raster.grid.frame is AnswerFrame.PIXELS and raster.warnings

    def test_a_world_file_places_without_crs(self, tmp_path: Path) -> None:
        path = blank(tmp_path / "file.tif", crs=None, transform=None)
        path.with_suffix(".tfw").write_text("2\n0\n0\n-2\n101\n199\n")  # centre of the first pixel
        with open_file(path) as raster:
            assert corners(PixelBox(0, 0, 1, 1), raster.grid)[0] == (100, 200)


class TestGroundSamplingDistance:
    def test_utm_is_taken_at_its_word(self) -> None:
        view = whole(20, 10)
        assert ground_sampling_distance_m(view, grid(NORTH_UP)) == 1.0

    def test_a_view_that_enlarges_shows_the_rasters_own_pixels(self) -> None:
        enlarged = View(PixelBox(0, 0, 20, 10), (80, 40))
        assert ground_sampling_distance_m(enlarged, grid(NORTH_UP)) == 0.5

    def test_rotation_and_unequal_sides(self) -> None:
        inside_the_zone = Affine(3.0, 4.0, 500_000.0, 4.0, -3.0, 5_000_000.0)  # 5 m, rotated
        assert ground_sampling_distance_m(whole(), grid(inside_the_zone)) == 5.0
        oblong = Affine(2.0, 0, 500_000.0, 0, -4.0, 5_000_000.0)
        assert ground_sampling_distance_m(whole(), grid(oblong)) == 3.0

    def test_feet_are_metres(self) -> None:
        new_york = Affine(10.0, 0, 987_000.0, 0, -10.0, 212_000.0)  # US survey feet
        found = ground_sampling_distance_m(whole(), grid(new_york, CRS.from_epsg(2263)))
        assert found == pytest.approx(3.048006, abs=1e-6)

    @pytest.mark.parametrize(
        # Metres in a degree of longitude and of latitude on WGS 84, from published tables.
        ("latitude", "east_m", "north_m"),
        [(0, 111_320, 110_574), (30, 96_486, 110_852), (60, 55_800, 111_412), (-75, 28_902, 111_618)],
    )
    def test_degrees_are_measured_on_the_ellipsoid(
        self, latitude: float, east_m: float, north_m: float
    ) -> None:
        around = Affine(0.001, 0, 10.0, 0, -0.001, latitude + 0.01)
        found = ground_sampling_distance_m(whole(), grid(around, CRS.from_epsg(4326)))
        assert found == pytest.approx((east_m + north_m) / 2 / 1000, rel=1e-5)

    def test_grads_are_no_degrees(self) -> None:
        # 50 grads are 45°; a grad is 0.9°, so 78,847 and 111,132 m a degree become 70,962 and 100,019.
        around = Affine(0.001, 0, 2.0, 0, -0.001, 50.01)
        found = ground_sampling_distance_m(whole(), grid(around, CRS.from_epsg(4807)))
        assert found == pytest.approx((70_962 + 100_019) / 2 / 1000, rel=2e-4)  # on Clarke's ellipsoid

    def test_web_mercator_is_measured_on_the_ground(self) -> None:
        # At 60° N the ellipsoidal scale is 1.9950 along the parallel and 1.9984 along the meridian.
        y = 8_399_737.89
        found = ground_sampling_distance_m(
            whole(), grid(Affine(10, 0, 0, 0, -10, y + 100), CRS.from_epsg(3857))
        )
        parallel = 10 * 55_800 / 111_319.49
        meridian = 10 * 111_412 / (111_319.49 * 2)
        assert found == pytest.approx((parallel + meridian) / 2, rel=1e-4)

    def test_a_degree_across_the_antimeridian_is_short(self) -> None:
        around = Affine(0.001, 0, 179.99, 0, -0.001, 0.01)
        found = ground_sampling_distance_m(whole(), grid(around, CRS.from_epsg(4326)))
        assert found == pytest.approx((111.320 + 110.574) / 2, rel=1e-5)

    def test_the_moon_is_smaller(self) -> None:
        moon = CRS.from_string("+proj=longlat +R=1737400 +no_defs")
        found = ground_sampling_distance_m(whole(), grid(Affine(0.001, 0, 0, 0, -0.001, 0.01), moon))
        assert found == pytest.approx(1737400 * math.pi / 180 / 1000, rel=1e-6)

    def test_unknown_without_crs_or_place(self) -> None:
        assert ground_sampling_distance_m(whole(), grid(NORTH_UP, None)) is None
        nowhere = Affine(1000, 0, 1e9, 0, -1000, 1e9)
        assert ground_sampling_distance_m(whole(), grid(nowhere)) is None

    @pytest.mark.parametrize(
        ("code", "longitudes", "latitudes", "tolerance"),
        [
            (4326, (-179.9, 179.9), (-85, 85), 1e-4),
            (4267, (-120, -70), (25, 60), 1e-4),  # NAD27, on Clarke's ellipsoid
            (3857, (-179, 179), (10, 80), 1e-4),  # nearer to the equator it is true to scale
            (32633, (12, 18), (-79, 79), 2e-3),  # true to scale: its own metres
            (2056, (6, 10.5), (45.8, 47.8), 2e-3),  # Switzerland, oblique Mercator
            (2263, (-74.3, -72), (40.4, 41.3), 2e-3),  # New York, feet
            (6933, (-179, 179), (-75, 75), 1e-2),  # equal areas; near 30° also true to scale
            (3031, (-179, 179), (-89, -65), 2e-2),  # around the pole; scale 0.97 to 1.05
        ],
    )
    @settings(max_examples=25, deadline=None)
    @given(data=st.data())
    def test_it_is_the_geodesic(
        self,
        code: int,
        longitudes: tuple[float, float],
        latitudes: tuple[float, float],
        tolerance: float,
        data: st.DataObject,
    ) -> None:
        """Against PROJ's geodesics between the edges of the view pixel in the middle."""
        system = pyproj.CRS.from_epsg(code)
        to_degrees = pyproj.Transformer.from_crs(system, system.geodetic_crs, always_xy=True)
        place = data.draw(st.floats(*longitudes)), data.draw(st.floats(*latitudes))
        x, y = to_degrees.transform(*place, direction="INVERSE")
        turn, step = data.draw(st.floats(0, 2 * math.pi)), 1e-4 if system.is_geographic else 10.0
        a, d = step * math.cos(turn), step * math.sin(turn)
        transform = Affine(a, d, x - 10 * (a + d), d, -a, y - 10 * (d - a))
        edges = [(9.5, 10), (10.5, 10), (10, 9.5), (10, 10.5)]
        on_map = [
            (transform.a * i + transform.b * j + transform.c, transform.d * i + transform.e * j + transform.f)
            for i, j in edges
        ]
        west, east, north, south = (to_degrees.transform(*position) for position in on_map)
        geod = system.get_geod()
        expected = (geod.inv(*west, *east)[2] + geod.inv(*north, *south)[2]) / 2
        found = ground_sampling_distance_m(whole(), grid(transform, CRS.from_epsg(code)))
        assert found == pytest.approx(expected, rel=tolerance)
