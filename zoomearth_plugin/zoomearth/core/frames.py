"""Frames: which numbers mean pixels of the raster, and which pixels of a view.

Both frames are continuous, (0, 0) is the outer top-left *corner* of the first pixel, x (column)
grows to the right, y (row) grows downwards, boxes are half-open. The only way from one frame to
the other is a :class:`View`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, List, Sequence, Tuple

from .errors import AreaOutsideError

Quad = Tuple[Tuple[float, float], Tuple[float, float], Tuple[float, float], Tuple[float, float]]
"""Four map positions (x, y): upper-left, upper-right, lower-right, lower-left of *pixel space*."""


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        sides = (self.left, self.top, self.right, self.bottom)
        if not all(math.isfinite(side) for side in sides):
            raise ValueError(f"a box needs finite sides, not {sides}")
        if self.right < self.left or self.bottom < self.top:
            raise ValueError(f"a box needs left <= right and top <= bottom, not {sides}")

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def center(self) -> Tuple[float, float]:
        """(column, row) of the middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height

    def to_json(self) -> List[float]:
        """``[left, top, right, bottom]``."""
        return [self.left, self.top, self.right, self.bottom]


@dataclass(frozen=True)
class PixelBox(_Box):
    """Columns and rows of the full raster (left, top, right, bottom)."""

    @classmethod
    def from_corners(cls, sides: Sequence[Any]) -> PixelBox:
        """Any two opposite corners, ``[c0, r0, c1, r1]``, in either order.

        Raises:
            ValueError: Not four finite numbers.
        """
        return cls(*_sorted_sides(sides))

    def intersection(self, other: PixelBox) -> PixelBox:
        """What both share.

        Raises:
            AreaOutsideError: They share no area.
        """
        left, top = max(self.left, other.left), max(self.top, other.top)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        if right <= left or bottom <= top:
            raise AreaOutsideError(f"{self.to_json()} shares no pixel with {other.to_json()}")
        return PixelBox(left, top, right, bottom)

    def iou(self, other: PixelBox) -> float:
        """Intersection over union, 0 to 1; 0 where both are without area."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        shared = max(0.0, across) * max(0.0, down)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def snapped(self) -> PixelBox:
        """The smallest box of whole pixels that holds this one."""
        return PixelBox(
            math.floor(self.left), math.floor(self.top), math.ceil(self.right), math.ceil(self.bottom)
        )

    def grown_to(self, minimum_px: float, within: PixelBox) -> PixelBox:
        """Grow about the centre until both sides measure ``minimum_px``, then shift inside.

        Never cut: the result holds this box, and is ``minimum_px`` wide and high wherever
        ``within`` is; a box longer than the minimum keeps its length.

        Args:
            minimum_px: Least width and height, raster pixels.
            within: Must hold this box.
        """
        left, right = _grow(self.left, self.right, minimum_px, within.left, within.right)
        top, bottom = _grow(self.top, self.bottom, minimum_px, within.top, within.bottom)
        return PixelBox(left, top, right, bottom)


@dataclass(frozen=True)
class ViewBox(_Box):
    """Columns and rows of the image that the model was shown (left, top, right, bottom)."""

    @classmethod
    def from_corners(cls, sides: Sequence[Any]) -> ViewBox:
        """Any two opposite corners, ``[x0, y0, x1, y1]``, in either order.

        Raises:
            ValueError: Not four finite numbers.
        """
        return cls(*_sorted_sides(sides))


@dataclass(frozen=True)
class View:
    """One look at a raster: ``window`` shown as an image of ``size`` pixels.

    Args:
        window: What of the raster is shown.
        size: (width, height) of the image, pixels.
    """

    window: PixelBox
    size: Tuple[int, int]

    @property
    def pixels_per_view_pixel(self) -> Tuple[float, float]:
        """Raster pixels in one view pixel, (across, down); 1 is native resolution."""
        return self.window.width / self.size[0], self.window.height / self.size[1]

    @property
    def is_native(self) -> bool:
        """Whether no raster pixel was merged with another in this view."""
        return max(self.pixels_per_view_pixel) <= 1.0

    def to_pixels(self, box: ViewBox) -> PixelBox:
        """The same place in the raster's frame; not clipped."""
        across, down = self.pixels_per_view_pixel
        return PixelBox(
            self.window.left + box.left * across,
            self.window.top + box.top * down,
            self.window.left + box.right * across,
            self.window.top + box.bottom * down,
        )

    def to_view(self, box: PixelBox) -> ViewBox:
        """The same place in the view's frame; not clipped."""
        across, down = self.pixels_per_view_pixel
        return ViewBox(
            (box.left - self.window.left) / across,
            (box.top - self.window.top) / down,
            (box.right - self.window.left) / across,
            (box.bottom - self.window.top) / down,
        )


def view_size(window: PixelBox, side_px: int, magnification: float = 1.0) -> Tuple[int, int]:
    """(width, height) of the image for a window: longer side ``side_px``.

    Both sides are at least one pixel; the proportions are the window's, rounded.

    Args:
        window: Raster pixels.
        side_px: View pixels.
        magnification: Most view pixels across one raster pixel; 1 never enlarges.
    """
    scale = min(magnification, side_px / max(window.width, window.height))
    return max(1, round(window.width * scale)), max(1, round(window.height * scale))


def _sorted_sides(sides: Sequence[Any]) -> Tuple[float, float, float, float]:
    if len(sides) != 4:
        raise ValueError(f"a box needs four numbers, not {len(sides)}")
    x0, y0, x1, y1 = (float(side) for side in sides)
    if not all(math.isfinite(side) for side in (x0, y0, x1, y1)):  # min() would drop a NaN
        raise ValueError(f"a box needs finite sides, not {list(sides)}")
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _grow(low: float, high: float, minimum: float, floor: float, ceiling: float) -> Tuple[float, float]:
    length = max(high - low, min(minimum, ceiling - floor))
    start = (low + high - length) / 2
    start = max(floor, min(start, ceiling - length))
    return start, start + length
