"""Data sets whose images are files already: a list of questions, asked image by image."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import DataInvalidError
from ..training.data.question import LabelledQuestion
from .dataset import Batch


class ListedSet:
    """Questions about files.

    Args:
        title: For the head of the report.
        questions: Of one data set.
        by_image: Whether questions of one image depend on each other.
        count: Ask so many, drawn evenly from all, whatever their order in the data set; None for all. A
            larger count holds the questions of a smaller one.
        seed: Of that draw.

    Raises:
        DataInvalidError: There is no question, or one name stands for two.
    """

    def __init__(
        self,
        title: str,
        questions: Sequence[LabelledQuestion],
        *,
        by_image: bool,
        count: int | None = None,
        seed: int = 0,
    ) -> None:
        if not questions:
            raise DataInvalidError(f"{title}: there is no question", "Choose a data set that is not empty.")
        self.title = title
        self.by_image = by_image
        self._fingerprint = _fingerprint(questions)
        self._seed = None if count is None else seed
        root = _root(questions)
        self._names = {one.image: one.image.relative_to(root).as_posix() for one in questions}
        self._files = {name: path for path, name in self._names.items()}
        self._batches: dict[str, list[LabelledQuestion]] = {}
        for question in _drawn(questions, count, seed):
            self._batches.setdefault(self._names[question.image], []).append(question)

    def identity(self) -> Mapping[str, Any]:
        return {"data": self._fingerprint, "seed": self._seed}

    def batches(self) -> Iterator[Batch]:
        for image, questions in self._batches.items():
            yield Batch(image, questions)

    @contextmanager
    def open_image(self, image: str) -> Iterator[Path]:
        if image not in self._files:
            raise DataInvalidError(f"{self.title} has no image {image!r}")
        yield self._files[image]


def _drawn(questions: Sequence[LabelledQuestion], count: int | None, seed: int) -> Sequence[LabelledQuestion]:
    if count is None or count >= len(questions):
        return questions
    order = np.random.default_rng([seed, 83]).permutation(len(questions))
    return [questions[number] for number in sorted(order[:count])]


def _root(questions: Sequence[LabelledQuestion]) -> Path:
    """The folder that holds all images: names below it stay the same wherever the data set is put."""
    return Path(os.path.commonpath({question.image.parent for question in questions}))


def _fingerprint(questions: Sequence[LabelledQuestion]) -> str:
    """Tells data sets apart by what is asked of which image, wherever the files are.

    Raises:
        DataInvalidError: One name stands for two questions.
    """
    digest = hashlib.sha256()
    names: set[str] = set()
    for one in questions:
        if one.question_id in names:
            raise DataInvalidError(f"{one.image.name}: two questions are named {one.question_id!r}")
        names.add(one.question_id)
        boxes = [None if box is None else box.to_json() for box in (one.box, one.area)]
        row = [one.question_id, one.image.name, one.question, one.answer, one.level, one.type, boxes]
        digest.update(json.dumps(row).encode())
    return f"sha256-{digest.hexdigest()[:16]}"
