"""What is pointed at, and how many things are counted on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoomearth.core.frames import PixelBox
from zoomearth.training.samples import LookSettings, context_of, tally

WINDOW = PixelBox(0, 0, 1000, 800)


@pytest.mark.parametrize(
    ("box", "context"),
    [
        # 40 px grow to the least side of 120 about (500, 400).
        ((480, 390, 520, 410), (440, 340, 560, 460)),
        # Twice the longer side of 100 is more than that.
        ((400, 380, 500, 420), (350, 300, 550, 500)),
        # At the corner the context is moved inside.
        ((0, 0, 20, 20), (0, 0, 120, 120)),
        # Of a box that reaches out only what is seen counts.
        ((-50, 100, 30, 130), (0, 55, 120, 175)),
        # As high as the window, and no higher.
        ((100, 0, 600, 800), (0, 0, 1000, 800)),
    ],
)
def test_context_by_hand(box: tuple[int, ...], context: tuple[int, ...]) -> None:
    assert context_of(PixelBox(*box), WINDOW, 120) == PixelBox(*context)


def test_things_are_counted_on_from_ninth_to_ninth_in_the_order_of_reading() -> None:
    # A view of 90 x 60: ninths of 30 x 20. Two lie in the first, one in the sixth, one in the last.
    places = [(5.0, 5.0), (29.0, 19.0), (61.0, 30.0), (90.0, 60.0)]
    assert tally(places, (90, 60)) == "2 2 2 2 2 3 3 3 4"
    assert tally([], (90, 60)) == "0 0 0 0 0 0 0 0 0"


@given(st.lists(st.tuples(st.floats(-5, 245), st.floats(-5, 165)), max_size=60))
def test_the_last_number_is_that_of_all(places: list[tuple[float, float]]) -> None:
    numbers = [int(number) for number in tally(places, (240, 160)).split()]
    assert len(numbers) == 9 and numbers[-1] == len(places) and numbers == sorted(numbers)


def test_a_look_at_a_small_window_is_enlarged() -> None:
    assert LookSettings().view(PixelBox(10, 10, 50, 40)).size == (160, 120)
    assert LookSettings().view(PixelBox(0, 0, 960, 480)).size == (240, 120)
