"""How much of an area was seen in full detail, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoomearth.core.frames import PixelBox
from zoomearth.perception.coverage import native_share
from zoomearth.raster.mask import AreaMask

AREA = PixelBox(0, 0, 100, 50)
LEFT_HALF = AreaMask(AREA, ((((0, 0), (50, 0), (50, 50), (0, 50)),),))


@pytest.mark.parametrize(
    ("windows", "share"),
    [
        ([], 0.0),
        ([(0, 0, 100, 50)], 1.0),
        ([(10, 10, 30, 20)], 200 / 5000),
        # Two of 400 px that share 100 px, and one inside of them.
        ([(0, 0, 20, 20), (10, 10, 30, 30), (12, 12, 18, 18)], 700 / 5000),
        # What lies beyond the area does not count.
        ([(90, 40, 500, 500), (-50, -50, 0, 50)], 100 / 5000),
        ([(200, 200, 300, 300)], 0.0),
    ],
)
def test_by_hand(windows: list[tuple[int, ...]], share: float) -> None:
    assert native_share([PixelBox(*window) for window in windows], AREA, None) == pytest.approx(share)


def test_of_polygons_only_what_lies_inside_counts() -> None:
    # 40 to 60 across is half inside, 20 px high: 200 of 2,500 px.
    assert native_share([PixelBox(40, 10, 60, 30)], AREA, LEFT_HALF) == pytest.approx(200 / 2500)
    assert native_share([PixelBox(60, 10, 90, 30)], AREA, LEFT_HALF) == 0


sides = st.tuples(st.integers(-20, 120), st.integers(-20, 70), st.integers(1, 60), st.integers(1, 60))


@given(st.lists(sides, max_size=4))
def test_it_is_what_painting_the_windows_gives(windows: list[tuple[int, ...]]) -> None:
    painted = np.zeros((50, 100), bool)
    for left, top, width, height in windows:
        painted[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] = True
    boxes = [PixelBox(left, top, left + width, top + height) for left, top, width, height in windows]
    assert native_share(boxes, AREA, None) == pytest.approx(painted.mean())
