"""Layers that are no file: what is drawn by somebody else becomes the same pictures as a file's."""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from zoomearth.core.area import Polygon
from zoomearth.core.drawing import Drawing, DrawnGrid, DrawnWindow
from zoomearth.core.errors import Cancelled, RasterEmptyError, RasterUnreadableError
from zoomearth.core.frames import PixelBox
from zoomearth.core.progress import CancelToken, Progress
from zoomearth.core.types import AnswerFrame, Area, RasterRequest
from zoomearth.raster.drawn import DrawnRaster
from zoomearth.raster.georeference import corners, ground_sampling_distance_m
from zoomearth.raster.mask import AreaMask
from zoomearth.raster.reading import open_raster

TILED = DrawnGrid(8192, 8192, (0.5, 0, 500000, 0, -0.5, 5600000), "EPSG:32633", (2.0, 4.0, 8.0, 16.0), False)
OWN = DrawnGrid(600, 400, (10, 0, 500000, 0, -10, 5600000), "EPSG:32633")
SCALELESS = DrawnGrid(100_000, 100_000, (0.5, 0, 0, 0, -0.5, 0), "EPSG:3857", (), False)

Colour = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.uint8]]


def quadrants(columns: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Red left of column 300, else blue; green where above row 200."""
    shape = np.broadcast_shapes(columns.shape, rows.shape)
    pixels = np.zeros((*shape, 4), np.uint8)
    pixels[..., 0] = np.where(columns < 300, 200, 0)
    pixels[..., 2] = np.where(columns < 300, 0, 200)
    pixels[..., 1] = np.where(rows < 200, 100, 0)
    pixels[..., 3] = 255
    return pixels


class Artist:
    """Draws what a function of grid pixels says, at the middle of each pixel."""

    def __init__(self, colour: Colour = quadrants) -> None:
        self.colour = colour
        self.asked: list[DrawnWindow] = []
        self.failures: tuple[str, ...] = ()

    def __call__(self, window: DrawnWindow, cancel: CancelToken) -> Drawing:
        self.asked.append(window)
        width, height = window.size
        columns = window.box.left + (np.arange(width) + 0.5) * window.box.width / width
        rows = window.box.top + (np.arange(height) + 0.5) * window.box.height / height
        return Drawing(self.colour(columns[None, :], rows[:, None]).tobytes(), self.failures)


def overview(
    raster: DrawnRaster, window: PixelBox, side_px: int = 512, mask: AreaMask | None = None
) -> NDArray[np.uint8]:
    def ignore(progress: Progress) -> None: ...

    return raster.overview(window, side_px, report=ignore, cancel=CancelToken(), mask=mask).pixels


def test_native_window_shows_every_pixel() -> None:
    artist = Artist()
    raster = DrawnRaster("layer", OWN, artist)
    picture = raster.read(PixelBox(290, 190, 310, 210), 512)
    assert picture.pixels.shape == (20, 20, 3)
    assert picture.pixels[0, 9].tolist() == [200, 100, 0]
    assert picture.pixels[0, 10].tolist() == [0, 100, 200]
    assert picture.pixels[10, 10].tolist() == [0, 0, 200]
    assert picture.valid_share == 1
    assert [window.to_json() for window in artist.asked] == [{"box": [290, 190, 310, 210], "size": [20, 20]}]


def test_tiles_come_from_the_coarsest_set_that_is_fine_enough() -> None:
    """3,000 pixels in a view of 500 are 6 in one: the set of 4 is the coarsest below."""
    artist = Artist()
    raster = DrawnRaster("map", TILED, artist)
    raster.read(PixelBox(1000, 1000, 4000, 4000), 500)
    (window,) = artist.asked
    assert window.size == (750, 750)
    assert window.box == PixelBox(1000, 1000, 4000, 4000)


def test_drawn_pixels_lie_on_the_lattice_of_the_tiles() -> None:
    artist = Artist()
    DrawnRaster("map", TILED, artist).read(PixelBox(1001, 1003, 4001, 4003), 500)
    (window,) = artist.asked
    assert window.box == PixelBox(1000, 1000, 4004, 4004)
    assert window.size == (751, 751)


def test_edge_between_two_colours_lies_right_after_averaging() -> None:
    """Columns 100 to 500 in 100 view pixels: column 300 is in the middle."""
    raster = DrawnRaster("map", TILED, Artist())
    pixels = overview(raster, PixelBox(100, 0, 500, 400), 100)
    assert pixels.shape == (100, 100, 3)
    assert pixels[60, 49].tolist() == [200, 0, 0]
    assert pixels[60, 50].tolist() == [0, 0, 200]
    assert pixels[49, 50].tolist() == [0, 100, 200]


def test_map_without_scale_is_drawn_at_the_view_itself() -> None:
    artist = Artist()
    DrawnRaster("wms", SCALELESS, artist).read(PixelBox(7, 9, 80_007, 40_009), 400)
    (window,) = artist.asked
    assert window.size == (400, 200)
    assert window.box.to_json() == pytest.approx([7, 9, 80_007, 40_009], abs=1e-6)


def test_large_picture_comes_in_pieces_that_leave_no_seam() -> None:
    artist = Artist()
    raster = DrawnRaster("map", TILED, artist)
    told: list[float | None] = []
    picture = raster.overview(
        PixelBox(0, 0, 2100, 1500),
        2100,
        report=lambda progress: told.append(progress.fraction),
        cancel=CancelToken(),
    )
    assert len(artist.asked) == 6
    assert max(max(window.size) for window in artist.asked) == 1024
    columns, rows = np.arange(2100) + 0.5, np.arange(1500) + 0.5
    assert np.array_equal(picture.pixels, quadrants(columns[None, :], rows[:, None])[..., :3])
    assert told == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])


def test_transparent_pixels_hold_no_data() -> None:
    def half(columns: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.uint8]:
        pixels = quadrants(columns, rows)
        pixels[..., 3] = np.where(columns < 300, 0, 255)
        return pixels

    raster = DrawnRaster("layer", OWN, Artist(half))
    picture = raster.read(PixelBox(250, 0, 350, 100), 512)
    assert picture.valid_share == 0.5
    assert picture.pixels[5, 10].tolist() == [128, 128, 128]
    assert picture.pixels[5, 60].tolist() == [0, 100, 200]
    with pytest.raises(RasterEmptyError):
        overview(raster, PixelBox(0, 0, 200, 200))


def test_polygon_hides_what_lies_outside() -> None:
    raster = DrawnRaster("layer", OWN, Artist())
    triangle = Area.of_ring((500000, 5600000), (504000, 5600000), (500000, 5596000))
    window, mask = raster.resolve(triangle), raster.mask(triangle)
    assert window == PixelBox(0, 0, 400, 400)
    pixels = overview(raster, window, mask=mask)
    assert pixels[10, 10].tolist() == [200, 100, 0]
    assert pixels[390, 390].tolist() == [128, 128, 128]


def test_places_follow_the_grid() -> None:
    raster = DrawnRaster("layer", OWN, Artist())
    assert corners(PixelBox(10, 20, 30, 40), raster.grid) == (
        (500100, 5599800),
        (500300, 5599800),
        (500300, 5599600),
        (500100, 5599600),
    )
    assert raster.grid.frame is AnswerFrame.CRS
    assert ground_sampling_distance_m(
        raster.view(PixelBox(0, 0, 400, 400), 200), raster.grid
    ) == pytest.approx(20)


@pytest.mark.parametrize("crs", [None, 'LOCAL_CS["drawing",UNIT["metre",1]]'])
def test_layer_without_crs_says_so(crs: str | None) -> None:
    grid = DrawnGrid(10, 10, (1, 0, 0, 0, -1, 0), crs)
    raster = DrawnRaster("layer", grid, Artist())
    assert raster.grid.frame is AnswerFrame.OWN
    assert [warning.split(":")[0] for warning in raster.warnings] == ["unreferenced"]


def test_what_did_not_come_is_told_once() -> None:
    artist = Artist()
    raster = DrawnRaster("map", TILED, artist)
    assert not any("not_delivered" in warning for warning in raster.warnings)
    artist.failures = ("HTTP 404",)
    raster.read(PixelBox(0, 0, 3000, 3000), 3000)
    told = [warning for warning in raster.warnings if warning.startswith("not_delivered")]
    assert len(told) == 1
    assert "HTTP 404" in told[0]


def test_nothing_delivered_is_a_failure_with_the_reason() -> None:
    artist = Artist(
        lambda columns, rows: np.zeros((*np.broadcast_shapes(columns.shape, rows.shape), 4), np.uint8)
    )
    artist.failures = ("HTTP 503",)
    with pytest.raises(RasterUnreadableError, match="HTTP 503") as caught:
        overview(DrawnRaster("map", TILED, artist), PixelBox(0, 0, 100, 100))
    assert "service" in caught.value.hint


def test_cancelled_before_a_piece() -> None:
    token = CancelToken()
    token.cancel()
    artist = Artist()
    with pytest.raises(Cancelled):
        DrawnRaster("map", TILED, artist).read(PixelBox(0, 0, 100, 100), 100, cancel=token)
    assert not artist.asked


def test_without_anybody_who_draws_it_is_refused() -> None:
    with pytest.raises(RasterUnreadableError):
        open_raster(RasterRequest("a map", drawn=TILED))


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"pixels": "no base64!"},
        {"pixels": "AAAA"},
        {"pixels": b64encode(zlib.compress(bytes(15))).decode()},
        {"pixels": b64encode(zlib.compress(bytes(10_000_000))).decode()},
    ],
)
def test_what_is_no_picture_of_that_size_is_refused(payload: dict[str, str]) -> None:
    with pytest.raises(RasterUnreadableError):
        Drawing.from_json(payload, (2, 2))


def test_drawing_and_grid_survive_the_door() -> None:
    drawing = Drawing(bytes(range(16)), ("HTTP 404",))
    assert Drawing.from_json(drawing.to_json(), (2, 2)) == drawing
    request = RasterRequest("a map", drawn=TILED)
    assert RasterRequest.from_json(request.to_json()) == request
    for wrong in ([0, 1], [1025, 10]):
        with pytest.raises(ValueError, match="picture"):
            DrawnWindow.from_json({"box": [0, 0, 1, 1], "size": wrong})


def test_piece_of_a_single_pixel() -> None:
    """1,024 drawn pixels that lie half a pixel off the lattice are 1,025: four pieces, one of them 1 × 1."""
    artist = Artist()
    grid = DrawnGrid(6000, 4000, (10, 0, 500000, 0, -10, 5600000), "EPSG:32633")
    raster = DrawnRaster("layer", grid, artist)
    picture = raster.read(PixelBox(1001, 1001, 3049, 3049), 512)
    assert (1, 1) in [window.size for window in artist.asked]
    assert (picture.pixels == (0, 0, 200)).all()


def test_pieces_without_any_of_the_area_are_not_asked_for() -> None:
    """Two fields at the far corners of 8,192 pixels, thin enough for the finest set: not the 62 between."""

    def field(x: float, y: float) -> Polygon:
        return (((x, y), (x + 20, y), (x + 20, y - 20), (x, y - 20)),)

    artist = Artist()
    raster = DrawnRaster("map", TILED, artist)
    area = Area(polygons=(field(500010, 5599990), field(504060, 5595930)))
    overview(raster, raster.resolve(area), mask=raster.mask(area))
    assert len(artist.asked) == 2


def test_long_window_of_a_map_without_scale_keeps_square_pixels() -> None:
    artist = Artist()
    DrawnRaster("wms", SCALELESS, artist).read(PixelBox(0, 0, 26_667, 1000), 512)
    (window,) = artist.asked
    across, down = window.box.width / window.size[0], window.box.height / window.size[1]
    assert across == pytest.approx(down, rel=1e-9)
