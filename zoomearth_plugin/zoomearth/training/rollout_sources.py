"""Where rollouts get questions and pictures from: drawn scenes, questions about rasters on disk, or both.

The one place through which GRPO reaches the scenes; they are drawn window by window, never as a whole.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.errors import DataInvalidError, ZoomEarthError
from ..core.frames import PixelBox, View, view_size
from ..core.progress import CancelToken, ignore_progress
from ..core.types import Area, RasterRequest
from ..raster.raster import Raster
from ..raster.reading import open_raster
from .data.question import LabelledQuestion
from .scenes.drawing import draw
from .scenes.layout import Scene, make_scene
from .scenes.writing import labelled_questions
from .zoom_tool import ImageSource

_SCENES_KEPT = 32
_SCENES_HASHED = 16


class QuestionSource(Protocol):
    """Questions by number; the same number is the same question, always."""

    def __len__(self) -> int: ...

    def question(self, number: int) -> LabelledQuestion:
        """One of them, 0 <= number < len."""

    def image(self, number: int) -> AbstractContextManager[ImageSource]:
        """What it is asked about, open."""

    def order(self, needed: int, seed: int) -> list[int]:
        """Numbers of the questions to ask, one after the other; fewer are the beginning of more."""

    def fingerprint(self) -> str:
        """SHA-256 that tells this data from other data."""


class SceneQuestions:
    """One question of each of many procedural scenes.

    Args:
        first_seed: Of the scene of question 0; the others follow.
        count: How many.
        size_px: Side of a scene.
    """

    def __init__(self, first_seed: int, count: int, size_px: int) -> None:
        self._first_seed = first_seed
        self._count = count
        self._size_px = size_px

    def __len__(self) -> int:
        return self._count

    def question(self, number: int) -> LabelledQuestion:
        """See :class:`QuestionSource`; which of a scene's questions, its seed says."""
        seed = self._first_seed + number
        questions = self._questions(seed)
        return questions[int(np.random.default_rng([seed, 83]).integers(len(questions)))]

    @contextmanager
    def image(self, number: int) -> Iterator[ImageSource]:
        """See :class:`QuestionSource`."""
        yield SceneImage(_scene(self._first_seed + number, self._size_px))

    def order(self, needed: int, seed: int) -> list[int]:
        """One scene after the other: each is drawn by lot already.

        Raises:
            DataInvalidError: There are not so many.
        """
        if needed > self._count:
            raise DataInvalidError(f"{needed} scenes from {self._first_seed} on, but {self._count} at most")
        return list(range(needed))

    def fingerprint(self) -> str:
        """Over the questions of a few scenes, however many are asked about: other scenes are other data."""
        digest = hashlib.sha256(f"{self._first_seed} {self._size_px}".encode())
        for number in range(_SCENES_HASHED):
            digest.update(repr(self._questions(self._first_seed + number)).encode())
        return digest.hexdigest()

    def _questions(self, seed: int) -> list[LabelledQuestion]:
        questions = labelled_questions(_scene(seed, self._size_px), f"scene_{seed}.tif")
        if not questions:
            raise DataInvalidError(f"scene {seed} of {self._size_px} px has no question")
        return questions


class SceneImage:
    """A procedural scene, drawn where it is looked at.

    Args:
        scene: All that is in it.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    @property
    def extent(self) -> PixelBox:
        """The whole scene."""
        return self._scene.extent

    def view(self, window: PixelBox, side_px: int) -> NDArray[np.uint8]:
        """See :class:`.zoom_tool.ImageSource`."""
        return draw(self._scene, View(window, view_size(window, side_px)))


class RasterQuestions:
    """Questions about rasters on disk; windows are read as the product reads them.

    Args:
        questions: At least one.

    Raises:
        DataInvalidError: None at all, or some without their raster.
    """

    def __init__(self, questions: Sequence[LabelledQuestion]) -> None:
        if not questions:
            raise DataInvalidError("the data set is empty", "Choose a data set that is not empty.")
        missing = [one for one in questions if not one.image.is_file()]
        if missing:
            named = ", ".join(f"{one.question_id} ({one.image})" for one in missing[:5])
            raise DataInvalidError(f"{len(missing)} questions without their raster: {named}")
        self._questions = tuple(questions)

    def __len__(self) -> int:
        return len(self._questions)

    def question(self, number: int) -> LabelledQuestion:
        """See :class:`QuestionSource`."""
        return self._questions[number]

    @contextmanager
    def image(self, number: int) -> Iterator[ImageSource]:
        """See :class:`QuestionSource`.

        Raises:
            DataInvalidError: The raster cannot be read; names the question.
        """
        question = self._questions[number]
        try:
            with open_raster(RasterRequest(str(question.image))) as raster:
                yield RasterImage(raster, question.area)
        except DataInvalidError:
            raise
        except ZoomEarthError as error:
            message = f"question {question.question_id}, {question.image}: {error.message}"
            raise DataInvalidError(message, error.hint) from error

    def order(self, needed: int, seed: int) -> list[int]:
        """See :func:`question_order`."""
        return question_order(len(self), needed, seed)

    def fingerprint(self) -> str:
        """Over every question, and name, size and time of every raster."""
        digest = hashlib.sha256()
        for one in self._questions:
            digest.update(repr(one).encode())
        for path in sorted({one.image for one in self._questions}):
            state = path.stat()
            digest.update(f"{path.name} {state.st_size} {state.st_mtime_ns}".encode())
        return digest.hexdigest()


class RasterImage:
    """A part of an open raster.

    Args:
        raster: Open as long as this is used.
        area: What of it is searched, native pixels; None for all.
    """

    def __init__(self, raster: Raster, area: PixelBox | None) -> None:
        self._raster = raster
        self._extent = raster.resolve(None if area is None else Area(pixels=area))

    @property
    def extent(self) -> PixelBox:
        """The searched area."""
        return self._extent

    def view(self, window: PixelBox, side_px: int) -> NDArray[np.uint8]:
        """See :class:`.zoom_tool.ImageSource`.

        All of the area comes through the file's overviews, a window from its own pixels, as the product's
        first look and its zooms do.
        """
        if window == self._extent:
            picture = self._raster.overview(window, side_px, report=ignore_progress, cancel=CancelToken())
        else:
            picture = self._raster.read(window, side_px)
        return picture.pixels


class MixedQuestions:
    """Several sources as one; questions are numbered source after source.

    Args:
        sources: At least one.
        shares: How often questions come from each, in proportion.
    """

    def __init__(self, sources: Sequence[QuestionSource], shares: Sequence[float]) -> None:
        self._sources = tuple(sources)
        self._shares = np.array(shares) / sum(shares)
        self._starts = np.cumsum([0, *(len(source) for source in sources)]).tolist()

    def __len__(self) -> int:
        return int(self._starts[-1])

    def question(self, number: int) -> LabelledQuestion:
        """See :class:`QuestionSource`."""
        source, own_number = self._of(number)
        return source.question(own_number)

    def image(self, number: int) -> AbstractContextManager[ImageSource]:
        """See :class:`QuestionSource`."""
        source, own_number = self._of(number)
        return source.image(own_number)

    def order(self, needed: int, seed: int) -> list[int]:
        """By lot from the sources, and from each of them in its own order."""
        drawn = np.random.default_rng([seed, 85]).choice(len(self._sources), needed, p=self._shares)
        walks = [
            iter(source.order(int((drawn == place).sum()), seed))
            for place, source in enumerate(self._sources)
        ]
        return [self._starts[place] + next(walks[place]) for place in drawn.tolist()]

    def fingerprint(self) -> str:
        """Over those of all sources, and their shares."""
        parts = [source.fingerprint() for source in self._sources]
        return hashlib.sha256(repr((parts, self._shares.tolist())).encode()).hexdigest()

    def _of(self, number: int) -> tuple[QuestionSource, int]:
        place = bisect_right(self._starts, number) - 1
        return self._sources[place], number - int(self._starts[place])


def question_order(available: int, needed: int, seed: int) -> list[int]:
    """Round after round through all questions, each round in an order of its own.

    Args:
        available: How many there are.
        needed: How many to ask.
        seed: Of the order.
    """
    order: list[int] = []
    while len(order) < needed:
        order += np.random.default_rng([seed, len(order), 84]).permutation(available).tolist()
    return order[:needed]


@lru_cache(maxsize=_SCENES_KEPT)
def _scene(seed: int, size_px: int) -> Scene:
    return make_scene(seed, size_px)
