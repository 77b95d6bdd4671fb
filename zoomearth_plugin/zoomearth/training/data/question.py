"""A question about an image beside its truth: what every data set is read into."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...core.frames import PixelBox


@dataclass(frozen=True)
class LabelledQuestion:
    """One row of a data set.

    Args:
        question_id: Unique within its data set.
        image: The raster asked about; read by windows, never as a whole.
        question: As a person would type it.
        answer: The right answer.
        level: ``global``, ``region`` or ``object``; empty where the data set has no levels.
        type: One of LRS-GRO's 17 question types, or the data set's own word.
        box: Where the answer is to be read, native pixels of the image, inside it; None for questions
            that are about the whole image.
        area: The part of the image that is asked about, native pixels; None for all of it.
        split: ``train``, ``test`` …; empty where the data set has no splits.
    """

    question_id: str
    image: Path
    question: str
    answer: str
    level: str = ""
    type: str = ""
    box: PixelBox | None = None
    area: PixelBox | None = None
    split: str = ""
