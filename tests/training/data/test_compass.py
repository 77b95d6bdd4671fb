"""Which way is north, and which part of an area: worked by hand for rasters of every direction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS
from zoomearth.core.frames import PixelBox
from zoomearth.raster.grid import RasterGrid
from zoomearth.training.data.compass import Compass, compass_of
from zoomearth.training.data.superlatives import winner

AREA = PixelBox(100, 100, 400, 400)
PICTURE = Compass((0.0, -1.0), (1.0, 0.0), is_geographic=False)
NORTH_UP = Compass((0.0, -1.0), (1.0, 0.0), is_geographic=True)
SOUTH_UP = Compass((0.0, 1.0), (1.0, 0.0), is_geographic=True)


def grid(transform: Affine, crs: str | None = "EPSG:32633") -> RasterGrid:
    return RasterGrid(1000, 1000, transform, CRS.from_user_input(crs) if crs else None, True)


def pixels(*steps: float) -> Affine:
    """Pixels on UTM 33N's central meridian, where its north is north."""
    a, b, d, e = steps
    return Affine(a, b, 500_000 - 500 * (a + b), d, e, 5_300_000 - 500 * (d + e))


@pytest.mark.parametrize(
    ("transform", "up", "right"),
    [
        (pixels(0.5, 0, 0, -0.5), (0, -1), (1, 0)),  # north-up
        (pixels(0.5, 0, 0, 0.5), (0, 1), (1, 0)),  # south-up
        (pixels(-0.5, 0, 0, -0.5), (0, -1), (-1, 0)),  # mirrored: east is at the left
        (pixels(0, 0.5, 0.5, 0), (1, 0), (0, 1)),  # columns run north, rows east
        (pixels(0.4, 0.3, 0.3, -0.4), (0.6, -0.8), (0.8, 0.6)),  # turned
    ],
)
def test_north_and_east(transform: Affine, up: tuple[float, float], right: tuple[float, float]) -> None:
    found = compass_of(grid(transform))
    assert found.is_geographic
    assert found.up == pytest.approx(up, abs=1e-4)
    assert found.right == pytest.approx(right, abs=1e-4)


@pytest.mark.parametrize(("longitude", "up"), [(-45, (0, -1)), (45, (-1, 0)), (135, (0, 1)), (-135, (1, 0))])
def test_about_the_pole_north_is_towards_it(longitude: int, up: tuple[float, float]) -> None:
    """Polar stereographic with 45° W straight down: 1,000 km from the pole, on four sides of it."""
    turn = math.radians(longitude + 45)
    x, y = 1e6 * math.sin(turn), -1e6 * math.cos(turn)
    transform = Affine(10, 0, x - 5000, 0, -10, y + 5000)
    assert compass_of(grid(transform, "EPSG:3413")).up == pytest.approx(up, abs=0.01)


def test_a_step_never_goes_over_the_pole() -> None:
    """Five metres from it; a step of the measure is eleven."""
    transform = Affine(0.001, 0, 5 - 0.5, 0, -0.001, 0.5)
    assert compass_of(grid(transform, "EPSG:3413")).up == pytest.approx((-1, 0), abs=0.01)


def test_the_southern_hemisphere_and_degrees() -> None:
    transform = Affine(0.001, 0, 30, 0, -0.001, -20)
    found = compass_of(grid(transform, "EPSG:4326"))
    assert found.up == pytest.approx((0, -1), abs=1e-6) and found.right == pytest.approx((1, 0), abs=1e-6)


@pytest.mark.parametrize("crs", [None, 'LOCAL_CS["shop floor",UNIT["metre",1]]'])
def test_nothing_is_guessed_without_a_place_on_earth(crs: str | None) -> None:
    assert compass_of(grid(pixels(0.5, 0, 0, 0.5), crs)) == PICTURE


@pytest.mark.parametrize(
    ("position", "north_up", "south_up", "picture"),
    [
        ((120, 120), "north-west", "south-west", "top left"),
        ((250, 120), "north", "south", "top"),
        ((380, 250), "east", "east", "right"),
        ((250, 250), "centre", "centre", "centre"),
        ((380, 380), "south-east", "north-east", "bottom right"),
    ],
)
def test_parts(position: tuple[float, float], north_up: str, south_up: str, picture: str) -> None:
    assert NORTH_UP.part(position, AREA) == north_up
    assert SOUTH_UP.part(position, AREA) == south_up
    assert PICTURE.part(position, AREA) == picture


def test_the_border_of_two_parts_is_neither() -> None:
    assert NORTH_UP.part((200, 250), AREA) is None
    assert NORTH_UP.part((250, 301), AREA) is None


def test_words() -> None:
    assert [NORTH_UP.superlative(word) for word in ("north", "west")] == ["northernmost", "westernmost"]
    assert [PICTURE.superlative(word) for word in ("north", "west")] == ["topmost", "leftmost"]
    assert NORTH_UP.superlative("largest") == "largest"


BOXES = np.array([[10, 10, 30, 30], [100, 40, 110, 50], [50, 200, 90, 230], [200, 100, 205, 104]], float)
"""Areas 400, 100, 1200 and 20; the first lies on top, the third at the bottom, the last at the right."""


@pytest.mark.parametrize(
    ("sought", "north_up", "south_up"),
    [("north", 0, 2), ("south", 2, 0), ("west", 0, 0), ("east", 3, 3), ("largest", 2, 2), ("smallest", 3, 3)],
)
def test_winners(sought: str, north_up: int, south_up: int) -> None:
    assert winner(BOXES, sought, NORTH_UP, 5) == north_up
    assert winner(BOXES, sought, SOUTH_UP, 5) == south_up


def test_no_winner_where_it_is_not_clear() -> None:
    alike = np.array([[0, 0, 10, 10], [50, 2, 60, 13]], float)
    assert winner(alike, "north", NORTH_UP, margin_px=5) is None
    assert winner(alike, "largest", NORTH_UP, margin_px=5) is None
    assert winner(alike, "west", NORTH_UP, margin_px=5) == 0


def test_no_winner_where_middle_and_edge_differ() -> None:
    """The long one reaches farther north, the short one's middle lies farther north."""
    boxes = np.array([[0, 0, 10, 100], [50, 20, 60, 40]], float)
    assert winner(boxes, "north", NORTH_UP, margin_px=5) is None
