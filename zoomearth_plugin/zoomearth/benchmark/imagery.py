"""``zoomearth bench imagery``: real, labelled imagery — on places left out of training."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from ..training.data.labelled_rasters import read_labelled_rasters
from ..training.data.question import LabelledQuestion
from .listed import ListedSet

COUNT = 600
_SIZE = re.compile(r"\b(largest|smallest)\b")
_POSITION = "relative position/context"


def imagery_set(folder: Path, *, of: int = COUNT, seed: int = 0, count: int | None = None) -> ListedSet:
    """Questions about ports, mosaics and cities that no training sees.

    Args:
        folder: Holds ``ships/``, ``buildings/`` and ``trees/``.
        of: About how many questions are derived from the labels.
        seed: Of their windows and wordings.
        count: See :class:`ListedSet`.

    Raises:
        DataInvalidError: No labelled raster there, or label files that cannot be read (rows named).
    """
    questions = read_labelled_rasters(folder, held_out=True, seed=seed, count=of)
    told_apart = [replace(question, type=_type(question)) for question in questions]
    return ListedSet("labelled imagery", told_apart, by_image=False, count=count, seed=seed)


def _type(question: LabelledQuestion) -> str:
    """What is asked, and of what: sizes apart from directions, families apart from each other."""
    kind = question.type
    if kind == _POSITION:
        size = _SIZE.search(question.question)
        kind = size[1] if size else "outermost"
    return f"{kind}, {question.image.parent.name}"
