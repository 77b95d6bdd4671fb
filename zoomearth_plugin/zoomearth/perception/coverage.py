"""How much of an area was seen in full detail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from ..core.errors import AreaOutsideError
from ..core.frames import PixelBox
from ..raster.mask import AreaMask


def native_share(windows: Sequence[PixelBox], searched: PixelBox, mask: AreaMask | None) -> float:
    """The share of an area that some window shows.

    Args:
        windows: Seen at native resolution, raster pixels; they may overlap.
        searched: The area's box.
        mask: What of it was asked about; None for all.

    Returns:
        0 to 1; with a mask to about a thousandth.
    """

    def asked_px(box: PixelBox) -> float:
        return box.area * (replace(mask, box=box).share() if mask else 1.0)

    asked = asked_px(searched)
    seen = sum(asked_px(part) for part in _apart(windows, searched))
    return min(1.0, seen / asked) if asked else 0.0


def _apart(windows: Sequence[PixelBox], within: PixelBox) -> Iterator[PixelBox]:
    """Boxes that cover what the windows do, none twice."""
    boxes = []
    for window in windows:
        try:
            boxes.append(window.intersection(within))
        except AreaOutsideError:
            continue
    columns = sorted({side for box in boxes for side in (box.left, box.right)})
    rows = sorted({side for box in boxes for side in (box.top, box.bottom)})
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            if any(
                box.left <= left and right <= box.right and box.top <= top and bottom <= box.bottom
                for box in boxes
            ):
                yield PixelBox(left, top, right, bottom)
