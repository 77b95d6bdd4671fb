"""Frames: worked by hand, and for any boxes."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from zoomearth.core.errors import AreaOutsideError
from zoomearth.core.frames import PixelBox, View, ViewBox, view_size

sides = st.floats(-1e7, 1e7)
shares = st.floats(0, 1)
boxes = st.tuples(sides, sides, sides, sides).map(PixelBox.from_corners)


@st.composite
def whole_boxes(draw: st.DrawFn, longest: int = 100_000) -> PixelBox:
    """Boxes of whole pixels, at least one each way."""
    left, top = draw(st.integers(-1000, 100_000)), draw(st.integers(-1000, 100_000))
    width, height = draw(st.integers(1, longest)), draw(st.integers(1, longest))
    return PixelBox(left, top, left + width, top + height)


@st.composite
def views(draw: st.DrawFn) -> View:
    window = draw(whole_boxes())
    return View(window, view_size(window, draw(st.integers(1, 2048))))


@st.composite
def boxes_within(draw: st.DrawFn, outer: PixelBox) -> PixelBox:
    across, down = sorted(draw(st.tuples(shares, shares))), sorted(draw(st.tuples(shares, shares)))
    return PixelBox(
        outer.left + across[0] * outer.width,
        outer.top + down[0] * outer.height,
        min(outer.right, outer.left + across[1] * outer.width),
        min(outer.bottom, outer.top + down[1] * outer.height),
    )


def holds(outer: PixelBox, inner: PixelBox, slack: float = 1e-6) -> bool:
    return (
        outer.left <= inner.left + slack
        and outer.top <= inner.top + slack
        and outer.right >= inner.right - slack
        and outer.bottom >= inner.bottom - slack
    )


class TestBoxes:
    def test_measures_by_hand(self) -> None:
        box = PixelBox(2, 3, 8, 13)
        assert (box.width, box.height, box.center, box.area) == (6, 10, (5, 8), 60)
        assert box.to_json() == [2, 3, 8, 13]

    @pytest.mark.parametrize(
        "corners", [(8, 13, 2, 3), (2, 13, 8, 3), (8, 3, 2, 13), ("2", "3.0", "8", "13")]
    )
    def test_any_two_opposite_corners_make_a_box(self, corners: tuple[object, ...]) -> None:
        assert PixelBox.from_corners(corners) == PixelBox(2, 3, 8, 13)
        assert ViewBox.from_corners(corners) == ViewBox(2, 3, 8, 13)

    @pytest.mark.parametrize(
        "wrong", [(1, 2, 3), (1, 2, 3, 4, 5), (), (1, 2, math.nan, 4), (1, 2, math.inf, 4)]
    )
    def test_what_is_no_box_is_refused(self, wrong: tuple[float, ...]) -> None:
        for kind in (PixelBox, ViewBox):
            with pytest.raises(ValueError, match="box needs"):
                kind.from_corners(wrong)

    def test_words_are_no_sides(self) -> None:
        with pytest.raises(ValueError):
            PixelBox.from_corners(["left", 0, 1, 1])

    def test_sides_come_in_order(self) -> None:
        with pytest.raises(ValueError, match="left <= right"):
            PixelBox(3, 0, 2, 1)
        with pytest.raises(ValueError, match="left <= right"):
            ViewBox(0, 3, 1, 2)

    def test_the_frames_are_never_mixed_up(self) -> None:
        assert PixelBox(0, 0, 1, 1) != ViewBox(0, 0, 1, 1)

    @given(boxes)
    def test_json_and_back(self, box: PixelBox) -> None:
        assert PixelBox.from_corners(box.to_json()) == box


class TestIntersections:
    def test_by_hand(self) -> None:
        assert PixelBox(0, 0, 10, 10).intersection(PixelBox(6, -5, 20, 4)) == PixelBox(6, 0, 10, 4)

    @pytest.mark.parametrize("other", [(10, 0, 20, 10), (-5, -5, 0, 0), (0, 10, 10, 10), (50, 50, 60, 60)])
    def test_boxes_that_only_touch_share_nothing(self, other: tuple[float, ...]) -> None:
        with pytest.raises(AreaOutsideError):
            PixelBox(0, 0, 10, 10).intersection(PixelBox(*other))

    @given(boxes, boxes)
    def test_it_lies_in_both_whichever_comes_first(self, one: PixelBox, other: PixelBox) -> None:
        try:
            shared = one.intersection(other)
        except AreaOutsideError:
            with pytest.raises(AreaOutsideError):
                other.intersection(one)
            return
        assert shared == other.intersection(one) and min(shared.width, shared.height) > 0
        assert holds(one, shared, 0) and holds(other, shared, 0)

    @given(boxes)
    def test_a_box_is_all_it_shares_with_itself(self, box: PixelBox) -> None:
        assume(box.width > 0 and box.height > 0)
        assert box.intersection(box) == box


class TestSnapping:
    def test_by_hand(self) -> None:
        assert PixelBox(1.2, -0.5, 3.0, 4.001).snapped() == PixelBox(1, -1, 3, 5)

    @given(boxes)
    def test_it_is_the_smallest_of_whole_pixels(self, box: PixelBox) -> None:
        snapped = box.snapped()
        assert holds(snapped, box, 0) and snapped.snapped() == snapped
        assert all(side == int(side) for side in snapped.to_json())
        gaps = [abs(a - b) for a, b in zip(snapped.to_json(), box.to_json(), strict=True)]
        assert max(gaps) <= 1  # a hair beyond an edge rounds to one


class TestGrowing:
    RASTER = PixelBox(0, 0, 4096, 3000)

    @pytest.mark.parametrize(
        ("box", "grown"),
        [
            ((1000, 1000, 1100, 1100), (794, 794, 1306, 1306)),  # about the centre (1050, 1050)
            ((0, 0, 10, 10), (0, 0, 512, 512)),  # shifted inside at a corner
            ((4090, 2990, 4096, 3000), (3584, 2488, 4096, 3000)),
            ((100, 2400, 4000, 2500), (100, 2194, 4000, 2706)),  # its length is kept
            ((0, 0, 4096, 3000), (0, 0, 4096, 3000)),
        ],
    )
    def test_by_hand(self, box: tuple[float, ...], grown: tuple[float, ...]) -> None:
        assert PixelBox(*box).grown_to(512, self.RASTER) == PixelBox(*grown)

    def test_a_small_raster_is_the_whole_window(self) -> None:
        tiny = PixelBox(0, 0, 300, 200)
        assert PixelBox(10, 10, 20, 20).grown_to(512, tiny) == tiny

    @given(st.data(), st.floats(0, 5000))
    def test_never_cut_never_outside_large_enough(self, data: st.DataObject, minimum_px: float) -> None:
        within = data.draw(whole_boxes())
        box = data.draw(boxes_within(within))
        grown = box.grown_to(minimum_px, within)
        assert holds(grown, box) and holds(within, grown)
        assert grown.width >= min(minimum_px, within.width) - 1e-6
        assert grown.height >= min(minimum_px, within.height) - 1e-6
        assert grown.width <= max(box.width, minimum_px) + 1e-6


class TestViewSize:
    @pytest.mark.parametrize(
        ("window", "side_px", "size"),
        [
            ((0, 0, 4096, 4096), 512, (512, 512)),
            ((0, 0, 4096, 2048), 512, (512, 256)),
            ((10, 20, 310, 220), 512, (300, 200)),  # never enlarged
            ((0, 0, 20_000, 10), 512, (512, 1)),  # never less than a pixel
            ((0, 0, 1, 1), 512, (1, 1)),
            ((0, 0, 3000, 1999), 240, (240, 160)),  # 159.92 rounds to 160
        ],
    )
    def test_by_hand(self, window: tuple[int, ...], side_px: int, size: tuple[int, int]) -> None:
        assert view_size(PixelBox(*window), side_px) == size

    @given(whole_boxes(), st.integers(1, 4096))
    def test_it_fits_and_is_never_enlarged(self, window: PixelBox, side_px: int) -> None:
        width, height = view_size(window, side_px)
        assert 1 <= width <= min(window.width, side_px) and 1 <= height <= min(window.height, side_px)
        assert max(width, height) == min(side_px, max(window.width, window.height))
        scale = max(window.width, window.height) / max(width, height)
        assert abs(width - window.width / scale) <= 1 and abs(height - window.height / scale) <= 1

    @pytest.mark.parametrize(
        ("window", "size"),
        [
            ((0, 0, 40, 30), (160, 120)),  # four times as large
            ((0, 0, 100, 50), (240, 120)),  # no larger than the side
            ((0, 0, 480, 240), (240, 120)),
        ],
    )
    def test_a_small_window_is_magnified_as_far_as_is_allowed(
        self, window: tuple[int, ...], size: tuple[int, int]
    ) -> None:
        assert view_size(PixelBox(*window), 240, magnification=4) == size


class TestViews:
    def test_by_hand(self) -> None:
        view = View(PixelBox(1000, 2000, 3048, 3024), (512, 256))
        assert view.pixels_per_view_pixel == (4.0, 4.0) and not view.is_native
        assert view.to_pixels(ViewBox(0, 0, 512, 256)) == view.window
        assert view.to_pixels(ViewBox(10, 20, 30, 50)) == PixelBox(1040, 2080, 1120, 2200)
        assert view.to_view(PixelBox(1040, 2080, 1120, 2200)) == ViewBox(10, 20, 30, 50)

    def test_each_direction_has_its_own_scale(self) -> None:
        view = View(PixelBox(0, 0, 300, 199), (240, 159))
        assert view.pixels_per_view_pixel == (1.25, 199 / 159)

    def test_what_lies_outside_stays_outside(self) -> None:
        view = View(PixelBox(100, 100, 200, 200), (50, 50))
        assert view.to_pixels(ViewBox(-10, -5, 60, 55)) == PixelBox(80, 90, 220, 210)

    def test_native_is_one_pixel_a_pixel(self) -> None:
        assert View(PixelBox(5, 5, 105, 55), (100, 50)).is_native
        assert not View(PixelBox(5, 5, 105, 56), (100, 50)).is_native

    @given(st.data())
    def test_to_pixels_and_back(self, data: st.DataObject) -> None:
        view = data.draw(views())
        across, down = (data.draw(st.tuples(st.floats(-2, 3), st.floats(-2, 3))) for _ in range(2))
        width, height = view.size
        box = ViewBox.from_corners([across[0] * width, down[0] * height, across[1] * width, down[1] * height])
        back = view.to_view(view.to_pixels(box))
        slack = 1e-9 * (1 + max(map(abs, view.window.to_json())))  # a far window has coarse numbers
        assert back.to_json() == pytest.approx(box.to_json(), abs=slack * max(view.size))

    @given(views())
    def test_the_whole_view_is_the_window(self, view: View) -> None:
        shown = view.to_pixels(ViewBox(0, 0, *view.size))
        assert shown.to_json() == pytest.approx(view.window.to_json(), abs=1e-6)


class TestIou:
    @pytest.mark.parametrize(
        ("one", "other", "iou"),
        [
            ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
            ((0, 0, 10, 10), (5, 0, 15, 10), 50 / 150),
            ((0, 0, 10, 10), (5, 5, 15, 15), 25 / 175),
            ((0, 0, 10, 10), (2, 2, 7, 4), 10 / 100),  # one within the other
            ((0, 0, 10, 10), (10, 0, 20, 10), 0.0),  # they only touch
            ((0, 0, 10, 10), (30, 30, 40, 40), 0.0),
            ((0, 0, 10, 10), (5, 5, 5, 5), 0.0),  # a point has no area
            ((5, 5, 5, 5), (5, 5, 5, 5), 0.0),
        ],
    )
    def test_by_hand(self, one: tuple[int, ...], other: tuple[int, ...], iou: float) -> None:
        assert PixelBox(*one).iou(PixelBox(*other)) == pytest.approx(iou)

    @given(boxes, boxes)
    def test_bounds_and_symmetry(self, one: PixelBox, other: PixelBox) -> None:
        assert 0 <= one.iou(other) <= 1 + 1e-9 and one.iou(other) == pytest.approx(other.iou(one))

    @given(whole_boxes())
    def test_a_box_is_all_of_itself(self, box: PixelBox) -> None:
        assert box.iou(box) == 1
