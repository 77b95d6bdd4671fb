"""What one answer is worth: pure functions of a record, from which :mod:`.figures` makes means."""

from __future__ import annotations

import math
import re

from ..core.frames import PixelBox
from .record import Record

EXPANDED_PX = 512
"""LRS-GRO compares boxes grown to this side, native pixels, as its crops are."""
ENOUGH_IOU = 0.5
_COUNTING = "counting"
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_NUMBER = re.compile(r"\d+|[a-z]+")
_NUMBER_WORDS = {
    word: number
    for number, words in enumerate(
        "no|none|zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
    for word in words.split("|")
}


def iou(one: PixelBox, other: PixelBox) -> float:
    """Intersection over union, 0 to 1; 0 where neither has an area."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0.0, across) * max(0.0, down)
    union = one.area + other.area - shared
    return shared / union if union > 0 else 0.0


def raw_iou(record: Record) -> float | None:
    """IoU of the region as the model gave it; 0 where it gave none, None where there is no box."""
    if record.box is None:
        return None
    return iou(record.box, record.region) if record.region is not None else 0.0


def expanded_iou(record: Record, side_px: float = EXPANDED_PX) -> float | None:
    """As :func:`raw_iou`, both boxes grown about their centres to at least ``side_px`` inside the extent."""
    if record.box is None:
        return None
    if record.region is None:
        return 0.0
    box, region = (_inside(side, record.extent) for side in (record.box, record.region))
    return iou(box.grown_to(side_px, record.extent), region.grown_to(side_px, record.extent))


def has_zoomed(record: Record) -> bool:
    return record.zooms > 0


def holds_centre(record: Record) -> bool | None:
    """Whether the model zoomed and its last window holds the box's centre; None where there is no box."""
    if record.box is None:
        return None
    if record.window is None or not has_zoomed(record):
        return False
    column, row = record.box.center
    window = record.window
    return window.left <= column < window.right and window.top <= row < window.bottom


def count_of(text: str) -> int | None:
    """The number that an answer states, in digits or in a word up to twenty; None where it states none.

    Where it states several, nobody knows which it means: None, too.
    """
    words = _NUMBER.findall(_THOUSANDS.sub("", text.lower()))
    numbers = {int(word) if word.isdecimal() else _NUMBER_WORDS.get(word) for word in words} - {None}
    return numbers.pop() if len(numbers) == 1 else None


def count_error(record: Record) -> float | None:
    """How far off a count is; None for other questions, infinite for an answer without a number."""
    if not record.type.startswith(_COUNTING):
        return None
    truth = count_of(record.truth)
    if truth is None:
        return None
    counted = count_of(record.answer)
    return math.inf if counted is None else float(abs(counted - truth))


def is_count_near(record: Record, share: float = 0.25) -> bool | None:
    """Whether a count is off by ``share`` of the truth at most; None as in :func:`count_error`."""
    error, truth = count_error(record), count_of(record.truth)
    return None if error is None or truth is None else error <= share * truth


def _inside(box: PixelBox, extent: PixelBox) -> PixelBox:
    """The box clipped to the extent; on its edge where they share nothing."""
    left, right = (min(max(side, extent.left), extent.right) for side in (box.left, box.right))
    top, bottom = (min(max(side, extent.top), extent.bottom) for side in (box.top, box.bottom))
    return PixelBox(left, top, right, bottom)
