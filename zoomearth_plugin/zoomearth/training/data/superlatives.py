"""Which of several boxes is the largest, the smallest, or the farthest one way — where it clearly is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .compass import Compass

DIRECTIONS = ("north", "south", "west", "east")
SIZES = ("largest", "smallest")
_SIZE_RATIO = 1.25
"""The largest is so much larger than the second, the second smallest so much larger than the smallest."""


def winner(boxes: NDArray[np.float64], sought: str, compass: Compass, margin_px: float) -> int | None:
    """The index of the box that is the most so.

    Args:
        boxes: (boxes, 4) left, top, right, bottom, native pixels; at least two.
        sought: One of :data:`DIRECTIONS` or :data:`SIZES`.
        compass: Of their raster.
        margin_px: How far the farthest one's middle must be ahead of every other's.

    Returns:
        None where two are nearly alike, or where one reaches farther and another's middle lies farther.
    """
    if sought in SIZES:
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        order = np.argsort(areas)
        first, second = (order[-1], order[-2]) if sought == "largest" else (order[1], order[0])
        is_clear = areas[first] >= _SIZE_RATIO * areas[second]
        return int(order[-1] if sought == "largest" else order[0]) if is_clear else None
    axis = np.array(compass.up if sought in ("north", "south") else compass.right)
    axis = -axis if sought in ("south", "west") else axis
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2 @ axis
    # The corner of a box that is farthest along the axis.
    tips = np.maximum(boxes[:, [0, 1]] * axis, boxes[:, [2, 3]] * axis).sum(axis=1)
    first = int(np.argmax(middles))
    others = np.delete(middles, first)
    is_clear = middles[first] - others.max() >= margin_px and tips[first] >= tips.max()
    return first if is_clear else None
