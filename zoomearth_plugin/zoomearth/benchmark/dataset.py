"""What every benchmark's questions come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..training.data.question import LabelledQuestion


@dataclass(frozen=True)
class Batch:
    """Questions about one image, asked one after the other while it lies open.

    Args:
        image: The data set's name for it.
        questions: In the order in which they are asked.
    """

    image: str
    questions: Sequence[LabelledQuestion]


class DataSet(Protocol):
    """Questions with known answers, and their images."""

    @property
    def title(self) -> str:
        """For the head of the report."""

    @property
    def by_image(self) -> bool:
        """Whether questions of one image depend on each other; see :mod:`.bootstrap`."""

    def identity(self) -> Mapping[str, Any]:
        """What makes it these questions and no others, but not how many of them; plain JSON values."""

    def batches(self) -> Iterator[Batch]:
        """The questions, image by image, always in the same order.

        Raises:
            DataInvalidError: A row is none; names file and row.
        """

    def open_image(self, image: str) -> AbstractContextManager[Path]:
        """Within: the file of an image, which may be drawn for the purpose.

        Raises:
            DataInvalidError: The data set has no such image.
        """


def first_questions(batches: Iterator[Batch], count: int | None) -> Iterator[Batch]:
    """The batches up to the ``count``-th question; None for all."""
    left = count
    for batch in batches:
        if left is None:
            yield batch
            continue
        if left <= 0:
            return
        yield Batch(batch.image, batch.questions[:left])
        left -= len(batch.questions)
