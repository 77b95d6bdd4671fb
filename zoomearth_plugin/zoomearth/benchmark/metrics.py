"""Scores of answered questions: exact match, windows that hold their object, IoU."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..core.frames import PixelBox


@dataclass(frozen=True)
class Scored:
    """One answered question beside its truth.

    Args:
        group: What the question is about, e.g. ``colour``.
        truth: The right answer.
        answer: What the model said.
        target: Where the answer is to be read, raster pixels; None where there is no such place.
        region: The region that the model reported; None when it looked at no region.
        window: The last window that it looked at.
        seconds: For the whole question.
    """

    group: str
    truth: str
    answer: str
    target: PixelBox | None
    region: PixelBox | None
    window: PixelBox | None
    seconds: float

    @property
    def is_exact(self) -> bool:
        """Strict match: the same words, case and surrounding space aside."""
        return self.answer.strip().lower() == self.truth.strip().lower()

    @property
    def holds_target(self) -> bool:
        """Whether the window that was zoomed to holds the object's centre."""
        if self.window is None or self.region is None or self.target is None:
            return False
        column, row = self.target.center
        return self.window.left <= column < self.window.right and self.window.top <= row < self.window.bottom


def iou(one: PixelBox, other: PixelBox) -> float:
    """Intersection over union, 0 to 1."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0.0, across) * max(0.0, down)
    union = one.area + other.area - shared
    return shared / union if union > 0 else 0.0


def share(flags: Iterable[bool]) -> float:
    """The share that is true; NaN of nothing."""
    values = list(flags)
    return sum(values) / len(values) if values else float("nan")


def mean_iou(scored: Sequence[Scored]) -> float:
    """Over questions with a target; 0 where no region was reported (LRS-GRO's APO IoU, raw boxes)."""
    pairs = [(one.target, one.region) for one in scored if one.target is not None]
    values = [iou(target, region) if region is not None else 0.0 for target, region in pairs if target]
    return sum(values) / len(values) if values else float("nan")


def expanded_iou(scored: Sequence[Scored], side_px: float, extent: PixelBox) -> float:
    """As :func:`mean_iou` with both boxes grown to ``side_px`` about their centres, as LRS-GRO crops."""
    values = []
    for one in scored:
        if one.target is None:
            continue
        if one.region is None:
            values.append(0.0)
            continue
        target, region = (box.grown_to(side_px, extent) for box in (one.target, one.region))
        values.append(iou(target, region))
    return sum(values) / len(values) if values else float("nan")
