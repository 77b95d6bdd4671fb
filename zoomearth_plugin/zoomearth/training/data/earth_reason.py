"""EarthReason-style data: an implicit request about an image, and where its answer lies.

Two layouts are read:

- as published: ``SPLIT/images/NAME.jpg``, ``SPLIT/labels/NAME.png`` (a mask, not 0 on the target) and
  ``SPLIT/QAs/NAME.json`` with ``questions`` and ``answer``, two lists of texts. As many answers as
  questions are taken in pairs, else the first answers all. An empty list of answers, or an empty mask,
  says that the image holds no such thing.
- rows of JSON lines, JSON, Parquet or ``datasets`` on disk: a request (``question``, ``text`` or
  ``instruction``), an image (``image``, ``image_path``, ``image_name``), the answer (``answer``,
  ``label``, ``description`` or ``category``), and its place: ``bbox``, ``bbox_2d``, ``box``, ``boxes``
  or ``bboxes`` (one box or several, native pixels, ``[left, top, right, bottom]``), or ``polygon`` or
  ``segmentation``, or ``mask`` (the path of a mask, or boxes). ``[]`` and null mean that there is no
  such thing.

Several boxes become the one that holds them all, as the box of a mask does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...core.errors import DataInvalidError
from ...core.frames import PixelBox
from .boxes import hull, is_none, native_box, sides_of
from .faults import Faults, Row, shown
from .images import Images, image_folders
from .masks import mask_box, polygon_sides
from .question import LabelledQuestion
from .tables import is_saved_dataset, of_split, read_json, read_rows, split_of

NO_TARGET = "none"
"""The answer where the image holds nothing of what is asked for."""
REQUEST_FIELDS = ("question", "text", "instruction")
IMAGE_FIELDS = ("image", "image_path", "image_name")
ANSWER_FIELDS = ("answer", "label", "description", "category")
_BOX_FIELDS = ("bbox", "bbox_2d", "box", "boxes", "bboxes")
_POLYGON_FIELDS = ("polygon", "segmentation")
_PLACE_FIELDS = (*_BOX_FIELDS, *_POLYGON_FIELDS, "mask")
_COLUMNS = (
    *REQUEST_FIELDS,
    *IMAGE_FIELDS,
    *ANSWER_FIELDS,
    *_PLACE_FIELDS,
    "id",
    "question_id",
    "type",
    "split",
)
_TYPE = "reasoning"


def read_earth_reason(
    source: Path, images: Path | None = None, split: str | None = None
) -> list[LabelledQuestion]:
    """Read a data set of requests and places; all of it or nothing.

    Args:
        source: The folder that holds the splits, or one split's, in the published layout; or rows.
        images: For rows: the images' folder; None to look beside them.
        split: ``train``, ``val``, ``test`` …, case aside; None for all.

    Raises:
        DataInvalidError: Rows are bad: up to ten are named with their file and field; or there are none.
    """
    faults = Faults()
    folders = _published_folders(source, split)
    if folders:
        questions = [one for name, folder in folders for one in _published(folder, name, faults)]
    else:
        found = Images(image_folders(source, images))
        rows = of_split(read_rows(source, _COLUMNS, faults), split)
        questions = [one for row in rows if (one := _row_question(row, found)) is not None]
        _note_twins(rows, questions, faults)
    faults.check()
    if not questions:
        raise DataInvalidError(f"{source} holds no question", "Choose a data set that is not empty.")
    return questions


def _published_folders(source: Path, split: str | None) -> list[tuple[str, Path]]:
    """Name and folder of each split; none where the layout is another."""
    if not source.is_dir() or is_saved_dataset(source):
        return []
    if (source / "QAs").is_dir():
        there = [(source.name.lower(), source)]
        if split is None or split.lower() == source.name.lower():
            return there
    else:
        homes = sorted(path for path in source.iterdir() if path.is_dir())
        there = [(home.name.lower(), _within(home)) for home in homes if (_within(home) / "QAs").is_dir()]
    chosen = [(name, folder) for name, folder in there if split is None or name == split.lower()]
    if there and not chosen:
        names = ", ".join(name for name, _ in there)
        raise DataInvalidError(f"{source}: there is no split {split!r}, only {names}")
    return chosen


def _within(home: Path) -> Path:
    """Archives of a split may unpack as ``train/train``."""
    inner = home / home.name
    return inner if (inner / "QAs").is_dir() else home


def _published(folder: Path, split: str, faults: Faults) -> Iterator[LabelledQuestion]:
    images = {path.stem: path for path in sorted((folder / "images").glob("*")) if path.is_file()}
    headers = Images([])
    for path in sorted((folder / "QAs").glob("*.json")):
        row = _qa_row(path, split, faults)
        image = images.get(path.stem)
        if row is None or image is None:
            if image is None:
                faults.add(path, "", "", f"there is no image {path.stem} in {folder / 'images'}")
            continue
        requests, answers = _texts(row, "questions"), _texts(row, "answer")
        if not requests:
            row.fault("questions", "is empty")
        box = None
        try:
            box = mask_box(folder / "labels" / f"{path.stem}.png", headers.extent(image))
        except ValueError as error:
            row.fault("", str(error))
        for number, request in enumerate(requests):
            is_there = bool(answers) and box is not None
            paired = answers[number] if len(answers) == len(requests) else answers[0] if answers else ""
            yield LabelledQuestion(
                question_id=f"{split}/{path.stem}-{number}",
                image=image,
                question=request,
                answer=paired if is_there else NO_TARGET,
                type=_TYPE,
                box=box if is_there else None,
                split=split,
            )


def _qa_row(path: Path, split: str, faults: Faults) -> Row | None:
    try:
        values = read_json(path)
    except DataInvalidError as error:
        faults.add(path, "", "", error.message.removeprefix(f"{path} "))
        return None
    if not isinstance(values, dict):
        faults.add(path, "", "", f"{shown(values)} is no set of questions and answers")
        return None
    return Row(path, "", values, faults, split)


def _texts(row: Row, field: str) -> list[str]:
    """A list of texts; a fault is noted where it is missing or one of them is empty."""
    value = row.values.get(field)
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        row.fault(field, "is missing" if value is None else f"{shown(value)} is no list of texts")
        return []
    texts = [text.strip() if isinstance(text, str) else "" for text in value]
    for number, text in enumerate(texts, start=1):
        if not text:
            row.fault(field, f"number {number} is no text")
    return texts


def _row_question(row: Row, images: Images) -> LabelledQuestion | None:
    image = images.take(row, *IMAGE_FIELDS)
    request = row.text(*REQUEST_FIELDS)
    there = [name for name in _PLACE_FIELDS if name in row.values]
    field = next((name for name in there if row.values[name] is not None), there[0] if there else None)
    if field is None:
        row.fault("bbox", f"is missing, as are {', '.join(_PLACE_FIELDS[1:])}")
    box = None
    if image is not None and field is not None:
        try:
            box = _place(field, row.values[field], images.extent(image), row.file.parent)
        except ValueError as error:
            row.fault(field, str(error))
    is_empty = field is not None and is_none(row.values[field])
    has_answer = any(row.values.get(name) not in (None, "") for name in ANSWER_FIELDS)
    answer = NO_TARGET if is_empty and not has_answer else row.text(*ANSWER_FIELDS)
    if image is None:
        return None
    return LabelledQuestion(
        question_id=row.word("question_id") or row.word("id") or f"{row.file.stem}-{row.name[4:]}",
        image=image,
        question=request,
        answer=answer,
        type=row.word("type").lower() or _TYPE,
        box=box,
        split=split_of(row).lower(),
    )


def _note_twins(rows: list[Row], questions: list[LabelledQuestion], faults: Faults) -> None:
    if faults:  # rows and questions stand side by side in sound data only
        return
    seen: dict[str, Row] = {}
    for row, question in zip(rows, questions, strict=True):
        first = seen.setdefault(question.question_id, row)
        if first is not row:
            row.fault("id", f"{question.question_id} stands in {first.file}, {first.name} already")


def _place(field: str, value: Any, extent: PixelBox, home: Path) -> PixelBox | None:
    """The box that a field describes; None where it says that there is nothing.

    Raises:
        ValueError: It describes none, or one outside of the image.
    """
    if is_none(value):
        return None
    if field == "mask" and isinstance(value, str):
        path = home / value
        if not path.is_file():
            raise ValueError(f"there is no mask {path}")
        return mask_box(path, extent)
    if field in _POLYGON_FIELDS:
        return native_box(polygon_sides(value), extent)
    is_several = isinstance(value, (list, tuple)) and all(isinstance(one, (list, tuple)) for one in value)
    return hull([native_box(sides_of(one), extent) for one in (value if is_several else [value])])
