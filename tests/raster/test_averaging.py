"""Area averages against the plain arithmetic of single pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from zoomearth.core.frames import PixelBox
from zoomearth.raster.averaging import AreaAverage


def averaged(
    pixels: NDArray[np.generic],
    window: PixelBox,
    size: tuple[int, int],
    valid: NDArray[np.bool_] | None = None,
    cuts: tuple[int, int] = (0, 0),
) -> tuple[NDArray[np.floating], NDArray[np.float32]]:
    """The averages of (bands, rows, columns), taken in up to four pieces, cut at a row and a column."""
    average = AreaAverage(window, size, len(pixels), pixels.dtype)
    rows, columns = pixels.shape[1:]
    for top, bottom in ((0, cuts[0]), (cuts[0], rows)):
        for left, right in ((0, cuts[1]), (cuts[1], columns)):
            if top < bottom and left < right:
                part = (slice(None), slice(top, bottom), slice(left, right))
                average.add(left, top, pixels[part], None if valid is None else valid[part])
    return average.result()


def plain_average(
    pixels: NDArray[np.generic], window: PixelBox, size: tuple[int, int], valid: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The definition: the mean of each cell's valid pixels, weighted by shared area, and their share."""
    width, height = size
    cell_width, cell_height = window.width / width, window.height / height
    means, shares = np.full((height, width), np.nan), np.zeros((height, width))
    for row, column in np.ndindex(height, width):
        top, left = window.top + cell_height * row, window.left + cell_width * column
        total = weight = 0.0
        for y, x in np.ndindex(*pixels.shape):
            down = min(y + 1, top + cell_height) - max(y, top)
            across = min(x + 1, left + cell_width) - max(x, left)
            if down > 0 and across > 0 and valid[y, x]:
                total += down * across * float(pixels[y, x])
                weight += down * across
        if weight > 0:
            means[row, column] = total / weight
        shares[row, column] = weight / (cell_width * cell_height)
    return means, shares


def test_whole_squares_by_hand() -> None:
    pixels = np.array([[[1, 3, 10, 20], [5, 7, 30, 40]]], np.uint8)
    means, coverage = averaged(pixels, PixelBox(0, 0, 4, 2), (2, 1))
    assert means.tolist() == [[[4.0, 25.0]]] and coverage.tolist() == [[[1.0, 1.0]]]


def test_pixels_are_shared_between_cells_by_area() -> None:
    # Three columns on two cells: the middle one belongs half to each.
    pixels = np.array([[[0, 60, 120]]], np.uint8)
    means, _ = averaged(pixels, PixelBox(0, 0, 3, 1), (2, 1))
    assert means[0, 0].tolist() == pytest.approx([60 * 0.5 / 1.5, (60 * 0.5 + 120) / 1.5])


def test_nodata_takes_no_part_and_leaves_a_share() -> None:
    pixels = np.array([[[10, 200], [30, 200], [9, 9], [9, 9]]], np.uint8)
    valid = np.array([[[True, False], [True, False], [False, False], [False, False]]])
    means, coverage = averaged(pixels, PixelBox(0, 0, 2, 4), (1, 2), valid)
    assert means[0, :, 0].tolist() == [20.0, 0.0] and coverage[0, :, 0].tolist() == [0.5, 0.0]


def test_nan_and_infinity_do_not_spread() -> None:
    pixels = np.array([[[1.0, np.nan], [3.0, np.inf]]], np.float32)
    means, coverage = averaged(pixels, PixelBox(0, 0, 2, 2), (1, 1), np.isfinite(pixels))
    assert means.tolist() == [[[2.0]]] and coverage.tolist() == [[[0.5]]]


def test_each_band_has_its_own_nodata() -> None:
    pixels = np.array([[[10, 20]], [[30, 40]]], np.uint8)
    valid = np.array([[[True, False]], [[True, True]]])
    means, coverage = averaged(pixels, PixelBox(0, 0, 2, 1), (1, 1), valid)
    assert means.ravel().tolist() == [10.0, 35.0] and coverage.ravel().tolist() == [0.5, 1.0]


def test_large_numbers_keep_their_differences() -> None:
    pixels = 1_000_000_000 + np.arange(16, dtype=np.int32).reshape(1, 4, 4)
    means, _ = averaged(pixels, PixelBox(0, 0, 4, 4), (2, 2))
    assert (means - 1e9).ravel().tolist() == [2.5, 4.5, 10.5, 12.5]


def test_the_sum_of_many_bright_pixels_does_not_overflow() -> None:
    pixels = np.full((1, 600, 600), 65_535, np.uint16)
    means, _ = averaged(pixels, PixelBox(0, 0, 600, 600), (2, 1))
    assert means.ravel().tolist() == pytest.approx([65_535.0, 65_535.0], rel=2e-5)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_it_is_the_definition(data: st.DataObject) -> None:
    """For windows on any fraction of a pixel, in any pieces, with any nodata."""
    rows, columns = data.draw(st.integers(1, 24)), data.draw(st.integers(1, 24))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    pixels = random.integers(0, 255, (1, rows, columns)).astype(np.uint8)
    valid = random.random((1, rows, columns)) < data.draw(st.sampled_from([0.1, 0.9, 1.0]))
    left, right = data.draw(st.floats(0, columns * 0.4)), data.draw(st.floats(columns * 0.6, columns))
    top, bottom = data.draw(st.floats(0, rows * 0.4)), data.draw(st.floats(rows * 0.6, rows))
    window = PixelBox(left, top, right, bottom)
    size = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12))
    cuts = data.draw(st.integers(0, rows)), data.draw(st.integers(0, columns))
    means, coverage = averaged(pixels, window, size, valid, cuts)
    expected, shares = plain_average(pixels[0], window, size, valid[0])
    assert np.allclose(coverage[0], shares, atol=1e-3)
    shown = shares > 1e-3  # what a cell that hardly holds data shows may round either way
    assert np.allclose(means[0][shown], expected[shown], atol=0.05)
