"""Boxes as data sets write them, turned into native pixels of an image.

A box is ``[left, top, right, bottom]``. LRS-GRO counts in a frame whose longer side is 1,024 whatever
the image measures, so that both axes scale alike; other data sets count in the image's own pixels.
Published boxes are rounded to whole numbers: one that reaches less than one unit of its frame over
the image's edge is clipped, one that reaches farther is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from ...core.errors import AreaOutsideError
from ...core.frames import PixelBox
from .faults import shown

LRS_GRO_FRAME_PX = 1024
Sides = tuple[float, float, float, float]


def is_none(value: object) -> bool:
    """Whether a field says that there is no box: null, an empty list or an empty text."""
    return value is None or (isinstance(value, (list, tuple)) and not value) or value == ""


def sides_of(value: object) -> Sides:
    """The four numbers of a box, in order.

    Args:
        value: A list of four numbers, or the same as JSON text.

    Raises:
        ValueError: Not four finite numbers, or in the wrong order, or without an area; says which.
    """
    found = _parsed(value)
    if not isinstance(found, (list, tuple)):
        raise ValueError(f"{shown(value)} is no box")
    if len(found) != 4:
        raise ValueError(f"{shown(list(found))} has {len(found)} numbers instead of 4")
    if not all(isinstance(side, (int, float)) and not isinstance(side, bool) for side in found):
        raise ValueError(f"{shown(list(found))} holds something that is no number")
    left, top, right, bottom = (float(side) for side in found)
    if not all(math.isfinite(side) for side in (left, top, right, bottom)):
        raise ValueError(f"{shown(list(found))} holds a number that is not finite")
    if right < left or bottom < top:
        raise ValueError(f"{shown(list(found))} is reversed")
    if right == left or bottom == top:
        raise ValueError(f"{shown(list(found))} has no area")
    return left, top, right, bottom


def native_box(sides: Sides, extent: PixelBox, unit_px: float = 1.0) -> PixelBox:
    """A box in native pixels of its image.

    Args:
        sides: Left, top, right, bottom, in units of the frame.
        extent: The image.
        unit_px: Native pixels in one unit; see :func:`frame_unit_px`.

    Raises:
        ValueError: It reaches a unit or more over the image's edge.
    """
    left, top, right, bottom = (side * unit_px for side in sides)
    over = max(-left, -top, right - extent.right, bottom - extent.bottom)
    try:
        inside = PixelBox(left, top, right, bottom).intersection(extent)
    except AreaOutsideError:
        over = math.inf
    if over >= unit_px:
        width, height = extent.right / unit_px, extent.bottom / unit_px
        raise ValueError(f"{list(sides)} lies outside the image of {width:.5g} x {height:.5g}")
    return inside


def frame_unit_px(extent: PixelBox) -> float:
    """Native pixels in one unit of LRS-GRO's frame; below 1 for an image smaller than the frame."""
    return max(extent.right, extent.bottom) / LRS_GRO_FRAME_PX


def frame_box(box: PixelBox, extent: PixelBox) -> list[float]:
    """A native box as LRS-GRO writes it: ``[left, top, right, bottom]`` in its frame, not rounded."""
    unit_px = frame_unit_px(extent)
    return [side / unit_px for side in box.to_json()]


def hull(boxes: Sequence[PixelBox]) -> PixelBox:
    """The smallest box that holds them all; of one or more."""
    return PixelBox(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def _parsed(value: object) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError(f"{shown(value)} is no box") from error
