"""LRS-GRO, as published and as our own scenes are written.

A row holds ``question_id, image_name, category, question, higher_level, ground_truth, bbox, type,
split``; other fields (``label``, ``cut``, ``scale``, the reasoning of the supervised split) are passed
by. The published rows have the level (``global``, ``region``, ``object``) in ``type`` and the question
type in ``category``, while ``higher_level`` names a skill (``perception``, ``reasoning`` …) or is missing;
tables with the level in ``higher_level`` and the question type in ``type`` are about, too. Both are read:
the level is whichever of ``type`` and ``higher_level`` holds one.

``bbox`` is ``[left, top, right, bottom]`` in a frame whose longer side is 1,024, also for smaller images;
null, missing and ``[]`` mean that the question is about the whole image.
"""

from __future__ import annotations

from pathlib import Path

from ...core.errors import DataInvalidError
from ...core.frames import PixelBox
from .boxes import frame_unit_px, is_none, native_box, sides_of
from .faults import Faults, Row, shown
from .images import Images, image_folders
from .question import LabelledQuestion
from .question_types import LEVELS, level_of, plain, type_of
from .tables import of_split, read_rows, split_of

FIELDS = (
    "question_id",
    "image_name",
    "category",
    "question",
    "higher_level",
    "ground_truth",
    "bbox",
    "type",
    "split",
)


def read_lrs_gro(
    source: Path, images: Path | None = None, split: str | None = None, *, other_types: bool = False
) -> list[LabelledQuestion]:
    """Read a data set in LRS-GRO's format; all of it or nothing.

    Args:
        source: A folder with question files and images, one question file, or what ``datasets`` saved; see
            :func:`.tables.read_rows`.
        images: The images' folder; None to look beside the question file, also in ``images`` and ``image``.
        split: ``sft``, ``rl``, ``test``, ``train`` …, case aside; None for all. Rows of other splits are
            not looked at, so their images may be missing. A row without a split has that of its table.
        other_types: Whether a question type that is none of the 17 is kept under its own word.

    Raises:
        DataInvalidError: Rows are bad: up to ten are named with their file and field; or there are none.
    """
    faults = Faults()
    rows = of_split(read_rows(source, FIELDS, faults), split)
    found = Images(image_folders(source, images))
    seen: dict[str, Row] = {}
    questions = [_question(row, found, seen, other_types=other_types) for row in rows]
    faults.check()
    if not questions:
        raise DataInvalidError(f"{source} holds no question", "Choose a data set that is not empty.")
    return [question for question in questions if question is not None]


def _question(
    row: Row, images: Images, seen: dict[str, Row], *, other_types: bool
) -> LabelledQuestion | None:
    """The row; None, with faults noted, where it is bad."""
    name = row.text("question_id")
    if name in seen:
        row.fault("question_id", f"{name} stands in {seen[name].file}, {seen[name].name} already")
    elif name:
        seen[name] = row
    image = images.take(row, "image_name")
    question, answer = row.text("question"), row.text("ground_truth")
    level, kind = _level_and_type(row, other_types=other_types)
    box = _box(row, images.extent(image)) if image else None
    if image is None:
        return None
    return LabelledQuestion(
        question_id=name,
        image=image,
        question=question,
        answer=answer,
        level=level,
        type=kind,
        box=box,
        split=split_of(row).lower(),
    )


def _level_and_type(row: Row, *, other_types: bool) -> tuple[str, str]:
    """Both under their one spelling; empty, with a fault noted, where they are unknown."""
    by_type, by_higher = level_of(row.word("type")), level_of(row.word("higher_level"))
    if by_type and by_higher and by_type != by_higher:
        row.fault("type", f"says {by_type}, and higher_level says {by_higher}")
        return "", ""
    level = by_type or by_higher
    if level is None:
        said = f"{shown(row.word('type'))} and higher_level {shown(row.word('higher_level'))}"
        row.fault("type", f"{said}: neither is a level ({', '.join(LEVELS)})")
        return "", ""
    fields = ("category",) if by_type else ("type", "category")
    words = [(field, row.word(field)) for field in fields if row.word(field)]
    if not words:
        row.fault(fields[0], "is missing")
        return level, ""
    known = [kind for kind in (type_of(word) for _, word in words) if kind]
    if not known and not other_types:
        field, word = words[0]
        row.fault(field, f"{shown(word)} is no question type; other_types = true keeps such rows")
    return level, known[0] if known else plain(words[0][1])


def _box(row: Row, extent: PixelBox) -> PixelBox | None:
    value = row.values.get("bbox")
    if is_none(value):
        return None
    try:
        return native_box(sides_of(value), extent, frame_unit_px(extent))
    except ValueError as error:
        row.fault("bbox", str(error))
        return None
