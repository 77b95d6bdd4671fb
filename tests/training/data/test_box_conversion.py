"""Boxes between LRS-GRO's frame and native pixels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoomearth.core.frames import PixelBox
from zoomearth.training.data.boxes import frame_box, frame_unit_px, hull, native_box, sides_of

sizes = st.integers(1, 200_000)
shares = st.floats(0, 1, allow_nan=False)


def extent(width: int, height: int) -> PixelBox:
    return PixelBox(0, 0, width, height)


def test_a_wide_image_scales_both_axes_by_its_width() -> None:
    whole = extent(5000, 3000)  # 5000 / 1024 = 4.8828125
    box = native_box(sides_of([100, 200, 300, 400]), whole, frame_unit_px(whole))
    assert box.to_json() == [488.28125, 976.5625, 1464.84375, 1953.125]


def test_a_high_image_scales_both_axes_by_its_height() -> None:
    whole = extent(1000, 4096)  # 4 px a unit
    assert native_box((10, 20, 30, 40), whole, frame_unit_px(whole)).to_json() == [40, 80, 120, 160]


def test_an_image_smaller_than_the_frame_has_units_below_a_pixel() -> None:
    whole = extent(512, 256)
    assert native_box((100, 200, 300, 400), whole, frame_unit_px(whole)).to_json() == [50, 100, 150, 200]


@given(sizes, sizes, shares, shares, shares, shares)
def test_frame_to_native_to_frame_gives_the_box_back(
    width: int, height: int, x0: float, y0: float, x1: float, y1: float
) -> None:
    whole = extent(width, height)
    unit = frame_unit_px(whole)
    sides = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    limits = (width / unit, height / unit) * 2
    written = tuple(side * limit for side, limit in zip(sides, limits, strict=True))
    if written[2] - written[0] < 1e-6 or written[3] - written[1] < 1e-6:
        return
    back = frame_box(native_box(written, whole, unit), whole)
    assert back == pytest.approx(written, abs=1e-9 * 1024)
    assert max(limits) == pytest.approx(1024)


@given(sizes, sizes, shares, shares, shares, shares)
def test_native_to_frame_to_native_gives_the_box_back(
    width: int, height: int, x0: float, y0: float, x1: float, y1: float
) -> None:
    whole = extent(width, height)
    box = PixelBox(min(x0, x1) * width, min(y0, y1) * height, max(x0, x1) * width, max(y0, y1) * height)
    if box.width < 1e-3 or box.height < 1e-3:
        return
    sides = sides_of(frame_box(box, whole))
    back = native_box(sides, whole, frame_unit_px(whole))
    assert back.to_json() == pytest.approx(box.to_json(), abs=1e-9 * max(width, height))


@given(sizes, sizes, st.tuples(shares, shares, shares, shares))
def test_whole_frame_numbers_lie_inside_and_less_than_a_unit_off(
    width: int, height: int, corners: tuple[float, float, float, float]
) -> None:
    """What rounding to whole numbers, as the published boxes are, does to a box."""
    whole = extent(width, height)
    unit = frame_unit_px(whole)
    x0, y0, x1, y1 = corners
    box = PixelBox(min(x0, x1) * width, min(y0, y1) * height, max(x0, x1) * width, max(y0, y1) * height)
    rounded = [round(side) for side in frame_box(box, whole)]
    if rounded[2] <= rounded[0] or rounded[3] <= rounded[1]:
        return
    back = native_box(sides_of(rounded), whole, unit)
    assert back.left >= 0 and back.top >= 0 and back.right <= width and back.bottom <= height
    for side, true in zip(back.to_json(), box.to_json(), strict=True):
        assert abs(side - true) <= 0.5 * unit * (1 + 1e-9)


def test_less_than_a_unit_over_the_edge_is_clipped() -> None:
    whole = extent(5000, 3001)  # 614.6 units high: its published boxes reach to 615
    assert native_box((0, 600, 1024, 615), whole, frame_unit_px(whole)).bottom == 3001


@pytest.mark.parametrize("sides", [(0, 0, 1025, 10), (-1, 0, 10, 10), (0, 0, 10, 616), (1030, 0, 1040, 9)])
def test_a_unit_over_the_edge_is_refused(sides: tuple[float, float, float, float]) -> None:
    whole = extent(5000, 3001)
    with pytest.raises(ValueError, match=r"outside the image of 1024 x 614\.6"):
        native_box(sides, whole, frame_unit_px(whole))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1, 2, 3], "has 3 numbers instead of 4"),
        ([1, 2, 3, 4, 5], "has 5 numbers"),
        ([30, 20, 10, 40], "reversed"),
        ([10, 40, 30, 20], "reversed"),
        ([10, 20, 10, 40], "no area"),
        ([1, 2, "3", 4], "no number"),
        ([1, 2, None, 4], "no number"),
        ([True, 2, 3, 4], "no number"),
        ([1, 2, float("nan"), 4], "not finite"),
        ([1, 2, float("inf"), 4], "not finite"),
        ([[1, 2], [3, 4]], "has 2 numbers"),
        ("left of the crane", "no box"),
        ({"left": 1}, "no box"),
        (7, "no box"),
    ],
)
def test_what_is_no_box_is_refused(value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        sides_of(value)


def test_a_box_may_stand_in_text() -> None:
    assert sides_of("[10, 20.5, 30, 40]") == (10, 20.5, 30, 40)


def test_the_hull_holds_all() -> None:
    assert hull([PixelBox(5, 6, 7, 8), PixelBox(1, 7, 6, 20)]) == PixelBox(1, 6, 7, 20)
