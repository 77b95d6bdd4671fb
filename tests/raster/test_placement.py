"""Places without a geotransform, by hand and by GDAL's own command."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from raster_files import gdal_positions, has_command, open_file, write
from rasterio.control import GroundControlPoint
from rasterio.rpc import RPC
from zoomearth.core.errors import RasterUnreadableError
from zoomearth.core.frames import PixelBox
from zoomearth.core.placing import ControlFit, Placing
from zoomearth.core.types import AnswerFrame
from zoomearth.raster.georeference import corners, pixel_box_of_ring

needs_gdal = pytest.mark.skipif(not has_command("gdaltransform"), reason="GDAL's commands are not installed")
WIDTH, HEIGHT = 300, 200


def blank(path: Path, **profile: Any) -> Path:
    return write(path, np.full((1, 20, 20), 7, np.uint8), **profile)


def boxes(count: int) -> list[list[float]]:
    """Random boxes within 300 x 200 pixels."""
    rng = np.random.default_rng(3)
    left, top = rng.uniform(0, WIDTH - 1, count), rng.uniform(0, HEIGHT - 1, count)
    right, bottom = rng.uniform(left, WIDTH), rng.uniform(top, HEIGHT)
    sides: list[list[float]] = np.stack([left, top, right, bottom], axis=1).tolist()
    return sides


def around(sides: list[list[float]]) -> list[tuple[float, float]]:
    """The corners of boxes, in the order of a quad."""
    return [corner for a, b, c, d in sides for corner in ((a, b), (c, b), (c, d), (a, d))]


def test_three_control_points_by_hand(tmp_path: Path) -> None:
    # Two degrees a column to the east of 10, three tenths a row to the south of 50.
    points = [GroundControlPoint(row, column, 10 + 2 * column, 50 - 0.3 * row) for row, column in
              ((0, 0), (0, 20), (20, 0))]  # fmt: skip
    path = blank(tmp_path / "file.tif", crs="EPSG:4326", transform=None, gcps=points)
    with open_file(path) as raster:
        assert (raster.grid.crs_text, raster.grid.frame) == ("EPSG:4326", AnswerFrame.CRS)
        assert raster.warnings == ("control_points: Places follow a polynomial through 3 control points.",)
        quad = corners(PixelBox(1, 2, 5.5, 10), raster.grid)
        assert np.allclose(quad, [(12, 49.4), (21, 49.4), (21, 47), (12, 47)])
        assert np.allclose(pixel_box_of_ring(quad, raster.grid).to_json(), [1, 2, 5.5, 10])


@needs_gdal
def test_many_control_points_are_followed_as_gdal_does(tmp_path: Path) -> None:
    """10,000 positions on a bent raster, compared with GDAL's own command; pixels are some 12 m."""

    def bent(column: float, row: float) -> tuple[float, float]:
        x = 500_000 + 11 * column + 2.5 * row + 0.004 * column * row
        return x, 5_300_000 + 1.5 * column - 12 * row + 0.006 * column * column

    spots = [(row, column) for row in (0, 60, 150, 200) for column in (0, 90, 170, 300)]
    points = [GroundControlPoint(row, column, *bent(column, row)) for row, column in spots]
    path = write(tmp_path / "bent.tif", np.full((1, 200, 300), 7, np.uint8), crs="EPSG:32633",
                 transform=None, gcps=points)  # fmt: skip
    sides = boxes(2500)
    theirs = gdal_positions(path, around(sides))
    with open_file(path) as raster:
        quads = [corners(PixelBox(*box), raster.grid) for box in sides]
        back = [raster.grid.to_pixels(quad) for quad in quads[:200]]
        around_them = [pixel_box_of_ring(quad, raster.grid) for quad in quads[:200]]
    assert np.abs(np.reshape(quads, (-1, 2)) - np.array(theirs)).max() < 12 * 0.01
    assert np.abs(np.reshape(back, (-1, 2)) - np.array(around(sides[:200]))).max() < 0.5
    for positions, found in zip(back, around_them, strict=True):  # straight edges on the map bend in pixels
        box = PixelBox(*np.min(positions, axis=0), *np.max(positions, axis=0))
        assert box.intersection(found) == box


def test_control_points_on_a_line_give_no_place(tmp_path: Path) -> None:
    points = [GroundControlPoint(row, row, 10 + row, 50 - row) for row in (0, 10, 20)]
    path = blank(tmp_path / "file.tif", crs="EPSG:4326", transform=None, gcps=points)
    with open_file(path) as raster:
        assert raster.grid.frame is AnswerFrame.PIXELS and raster.grid.crs is None
        assert "3 ground control points" in raster.warnings[0]


def thin_plate(knots: np.ndarray, values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The spline of least bending through values at knots, (n, 2) each, solved as in the textbook."""

    def bend(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        squared = ((one[:, None] - other[None]) ** 2).sum(axis=-1)
        return squared * np.log(np.where(squared > 0, squared, 1))

    plane = np.column_stack([np.ones(len(knots)), knots])
    system = np.block([[bend(knots, knots), plane], [plane.T, np.zeros((3, 3))]])
    weights = np.linalg.solve(system, np.vstack([values, np.zeros((3, 2))]))
    return bend(places, knots) @ weights[:-3] + np.column_stack([np.ones(len(places)), places]) @ weights[-3:]


def test_a_thin_plate_spline_leads_through_every_point(tmp_path: Path) -> None:
    """From the map to the pixels it is the spline; from the pixels to the map its inverse, as GDAL has it."""
    rng = np.random.default_rng(5)
    spots = np.array([(column, row) for row in (0, 60, 150, 200) for column in (0, 90, 170, 300)], float)
    places = np.array([500_000, 5_300_000]) + spots * (10, -10) + rng.normal(0, 20, spots.shape)
    points = [GroundControlPoint(*spot[::-1], *place) for spot, place in zip(spots, places, strict=True)]
    path = write(tmp_path / "torn.tif", np.full((1, HEIGHT, WIDTH), 7, np.uint8), crs="EPSG:32633",
                 transform=None, gcps=points)  # fmt: skip
    with open_file(path, placing=Placing(ControlFit.TPS)) as raster:
        assert raster.warnings == (
            "control_points: Places follow a thin plate spline through 16 control points.",
        )
        assert np.allclose(raster.grid.to_map(spots.tolist()), places, atol=0.01)
        asked = around(boxes(2500))
        found = np.array(raster.grid.to_map(asked))
    middle = places.mean(axis=0)  # large numbers cost the textbook's system its digits
    assert np.abs(thin_plate(places - middle, spots, found - middle) - np.array(asked)).max() < 0.01
    with open_file(path) as raster:  # the polynomial does not
        assert np.abs(np.array(raster.grid.to_map([(0.0, 0.0)])) - places[0]).max() > 1


def terms(**named: float) -> list[float]:
    """Twenty coefficients, of 1, longitude, latitude, height, then the products in RPC00B's order."""
    order = ["one", "lon", "lat", "height", "lon_lat", "lon_height", "lat_height", "lon_lon", "lat_lat"]
    return [named.get(name, 0.0) for name in order] + [0.0] * 11


def seen_from_above(**changes: Any) -> RPC:
    """Pixels of 1/1500 degree by 1/1000 about (10, 50); higher ground leans to the south-east."""
    told: dict[str, Any] = {
        "height_off": 300.0, "height_scale": 500.0, "lat_off": 50.0, "lat_scale": 0.1, "long_off": 10.0,
        "long_scale": 0.1, "line_off": 99.5, "line_scale": 100.0, "samp_off": 149.5, "samp_scale": 150.0,
        "samp_num_coeff": terms(lon=1.0, height=0.1), "samp_den_coeff": terms(one=1.0),
        "line_num_coeff": terms(lat=-1.0, height=0.05), "line_den_coeff": terms(one=1.0),
    }  # fmt: skip
    return RPC(**(told | changes))


def with_polynomials(path: Path, rpcs: RPC) -> Path:
    return write(path, np.full((1, HEIGHT, WIDTH), 7, np.uint8), crs=None, transform=None, rpcs=rpcs)


@pytest.mark.parametrize(
    ("height_m", "told_m", "middle"),
    [
        # By hand. Coefficients count from the middles of pixels, so the raster's middle is (149.5, 99.5) to
        # them: at the offset's height that is (10, 50).
        (None, "300", (10.0, 50.0)),
        # 300 m lower is -0.6 scales of height: 0.06 of 150 columns to the west and 0.03 of 100 rows to the
        # north in the picture, so what is in the middle lies 9 columns farther east, 3 rows farther south.
        (0.0, "0", (10.0 + 9 / 1500, 50.0 - 3 / 1000)),
        (800.0, "800", (10.0 - 15 / 1500, 50.0 + 5 / 1000)),
    ],
)
def test_rational_polynomials_by_hand(
    tmp_path: Path, height_m: float | None, told_m: str, middle: tuple[float, float]
) -> None:
    path = with_polynomials(tmp_path / "file.tif", seen_from_above())
    with open_file(path, placing=Placing(height_m=height_m)) as raster:
        assert (raster.grid.crs_text, raster.grid.frame) == ("EPSG:4326", AnswerFrame.CRS)
        assert raster.warnings == (
            f"rational_polynomials: Places follow the file's rational polynomials for ground at {told_m} m.",
        )
        quad = corners(PixelBox(0, 0, 150, 100), raster.grid)
        west, north = middle[0] - 0.1, middle[1] + 0.1
        assert np.allclose(quad, [(west, north), (middle[0], north), middle, (west, middle[1])], atol=1e-7)
        assert np.allclose(pixel_box_of_ring(quad, raster.grid).to_json(), [0, 0, 150, 100], atol=0.02)


BENT = seen_from_above(
    samp_num_coeff=terms(one=0.001, lon=1.0, lat=0.04, height=0.1, lon_lat=0.01, lat_lat=0.006),
    samp_den_coeff=terms(one=1.0, lon=0.003, lat=-0.002, height=0.001),
    line_num_coeff=terms(one=-0.002, lon=0.05, lat=-1.0, height=0.05, lon_height=0.004, lon_lon=0.008),
    line_den_coeff=terms(one=1.0, lon=0.001, lat=0.002, height=-0.001),
)


@needs_gdal
@pytest.mark.parametrize("height_m", [None, 0.0, 1234.5])
def test_rational_polynomials_are_followed_as_gdal_does(tmp_path: Path, height_m: float | None) -> None:
    path = with_polynomials(tmp_path / "bent.tif", BENT)
    sides = boxes(850)
    options = ["-to", f"RPC_HEIGHT={300.0 if height_m is None else height_m}"]
    options += ["-to", "RPC_PIXEL_ERROR_THRESHOLD=0.001"]
    theirs = gdal_positions(path, around(sides), *options)
    with open_file(path, placing=Placing(height_m=height_m)) as raster:
        quads = [corners(PixelBox(*box), raster.grid) for box in sides]
        back = [pixel_box_of_ring(quad, raster.grid) for quad in quads[:100]]
    off_px = np.abs(np.reshape(quads, (-1, 2)) - np.array(theirs)) * (1500, 1000)
    assert off_px.max() < 0.05
    for box, found in zip(sides[:100], back, strict=True):
        assert np.abs(np.array(found.to_json()) - np.array(box)).max() < 12  # bent, and 12 px is how much


@needs_gdal
def test_a_raster_of_heights_is_followed_as_gdal_does(tmp_path: Path) -> None:
    """A ramp of 0 to 2,000 m from west to east, which ends before the raster does in the east."""
    path = with_polynomials(tmp_path / "bent.tif", BENT)
    heights = np.broadcast_to(np.linspace(0, 2000, 240, dtype=np.float32), (1, 260, 240))
    dem = write(tmp_path / "dem.tif", heights, crs="EPSG:4326",
                transform=Affine(0.001, 0, 9.85, 0, -0.001, 50.13))  # fmt: skip
    sides = boxes(250)
    options = ["-to", f"RPC_DEM={dem}", "-to", "RPC_DEM_MISSING_VALUE=300",
               "-to", "RPC_PIXEL_ERROR_THRESHOLD=0.001"]  # fmt: skip
    theirs = np.array(gdal_positions(path, around(sides), *options))
    with open_file(path, placing=Placing(dem=str(dem))) as raster:
        assert str(dem) in raster.warnings[0] and "300 m where that has none" in raster.warnings[0]
        mine = np.reshape([corners(PixelBox(*box), raster.grid) for box in sides], (-1, 2))
    assert (np.abs(mine - theirs) * (1500, 1000)).max() < 0.5
    with open_file(path) as raster:  # and the heights tell
        flat = np.reshape([corners(PixelBox(*box), raster.grid) for box in sides], (-1, 2))
    assert (np.abs(flat - theirs) * (1500, 1000)).max() > 10


def test_heights_that_cannot_be_opened_are_told(tmp_path: Path) -> None:
    path = with_polynomials(tmp_path / "file.tif", seen_from_above())
    with pytest.raises(RasterUnreadableError) as told:
        open_file(path, placing=Placing(dem=str(tmp_path / "none.tif")))
    assert "none.tif" in told.value.message and "heights" in told.value.hint


def test_where_heights_are_missing_the_files_own_is_taken(tmp_path: Path) -> None:
    """A patch of NaN in a raster of heights, which says of none that it has no data."""
    path = with_polynomials(tmp_path / "bent.tif", BENT)
    heights = np.full((1, 260, 240), 300, np.float32)
    heights[:, 60:90, 60:90] = np.nan
    dem = write(tmp_path / "dem.tif", heights, crs="EPSG:4326",
                transform=Affine(0.001, 0, 9.85, 0, -0.001, 50.13))  # fmt: skip
    positions = [(float(column), float(row)) for column in range(0, 300, 4) for row in range(0, 200, 4)]
    with open_file(path, placing=Placing(dem=str(dem))) as raster:
        found = np.array(raster.grid.to_map(positions))
    with open_file(path) as raster:
        flat = np.array(raster.grid.to_map(positions))
    assert np.isfinite(found).all()
    assert (np.abs(found - flat) * (1500, 1000)).max() < 0.5  # the ground is at 300 m everywhere


def test_heights_without_any_place_are_blamed(tmp_path: Path) -> None:
    path = with_polynomials(tmp_path / "file.tif", seen_from_above())
    heights = np.full((1, 260, 240), np.nan, np.float32)
    dem = write(tmp_path / "dem.tif", heights, crs="EPSG:4326",
                transform=Affine(0.001, 0, 9.85, 0, -0.001, 50.13))  # fmt: skip
    with pytest.raises(RasterUnreadableError, match="heights"):
        open_file(path, placing=Placing(dem=str(dem)))


def test_polynomials_that_lead_nowhere_give_no_place(tmp_path: Path) -> None:
    path = with_polynomials(
        tmp_path / "file.tif", seen_from_above(samp_num_coeff=terms(), line_num_coeff=terms())
    )
    with open_file(path) as raster:
        assert raster.grid.frame is AnswerFrame.PIXELS and raster.grid.crs is None
        assert "RPC" in raster.warnings[0]


def test_a_geotransform_comes_before_polynomials(tmp_path: Path) -> None:
    path = write(tmp_path / "both.tif", np.full((1, HEIGHT, WIDTH), 7, np.uint8), rpcs=seen_from_above())
    with open_file(path) as raster:
        assert raster.grid.crs_text == "EPSG:32633" and raster.warnings == ()


@pytest.mark.parametrize("height_m", [math.nan, math.inf])
def test_a_height_is_a_number(height_m: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Placing(height_m=height_m)


def test_choices_cross_the_door() -> None:
    chosen = Placing(ControlFit.TPS, -12.5, "dem.tif")
    assert Placing.from_json(chosen.to_json()) == chosen
    assert Placing.from_json({}) == Placing()
