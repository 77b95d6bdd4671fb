"""What is pointed at, and how windows are shown."""

from __future__ import annotations

import pytest
from zoomearth.core.frames import PixelBox
from zoomearth.training.samples import LookSettings, context_of

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


def test_a_look_at_a_small_window_is_enlarged() -> None:
    assert LookSettings().view(PixelBox(10, 10, 50, 40)).size == (160, 120)
    assert LookSettings().view(PixelBox(0, 0, 960, 480)).size == (240, 120)
