"""Asks one question in one mode, exactly as the command line does, and keeps what figures need."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.errors import (
    AreaOutsideError,
    OutOfMemoryError,
    QuestionInvalidError,
    RasterEmptyError,
    RasterUnreadableError,
)
from ..core.frames import PixelBox
from ..core.progress import CancelToken, ignore_progress
from ..core.types import Answer, Area, Options, Query, RasterRequest
from ..models.engine import Engine
from ..perception.looking import zoom_window
from ..perception.loop import ask
from ..raster.reading import open_raster
from ..training.data.question import LabelledQuestion
from ..training.matching import WordNet
from .record import Mode, Record, scored

MAX_ZOOMS = 3
_LEAST_ORACLE_PX = 512
"""LRS-GRO grows boxes to it: what tells a thing lies around it, too."""
_OF_ONE_QUESTION = (
    AreaOutsideError,
    OutOfMemoryError,
    QuestionInvalidError,
    RasterEmptyError,
    RasterUnreadableError,
)
"""What may befall one question and leave the others as they are."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asker:
    """Who is asked, and how.

    Args:
        engine: Loaded.
        wordnet: For LRS-GRO's own scoring; None for strict scoring alone.
        max_zooms: Of the active mode.
        view_side_px: Longer side of each view; None for the profile's.
    """

    engine: Engine
    wordnet: WordNet | None = None
    max_zooms: int = MAX_ZOOMS
    view_side_px: int | None = None

    def record(self, question: LabelledQuestion, path: Path, image: str, mode: Mode) -> Record:
        """Ask.

        Args:
            question: An oracle is asked only where there is a box.
            path: Where the image lies now.
            image: What the data set calls it.

        Raises:
            ZoomEarthError: What would befall every other question, too; anything else is recorded.
            ValueError: An oracle was asked without a box.
        """
        request = RasterRequest(str(path))
        searched: PixelBox | None = question.area
        try:
            with open_raster(request) as raster:
                searched = raster.resolve(_area(question.area))
                area = question.area if mode is not Mode.ORACLE else self._crop(question, searched)
                options = Options(
                    max_zooms=self.max_zooms if mode is Mode.ACTIVE else 0, view_side_px=self.view_side_px
                )
                query = Query(question.question, request, _area(area), options, self.engine.profile.name)
                answer = ask(query, raster, self.engine, report=ignore_progress, cancel=CancelToken())
        except _OF_ONE_QUESTION as error:
            _log.warning("question %s, %s: %s", question.question_id, mode.value, error.message)
            nowhere = searched or PixelBox(0, 0, 0, 0)
            return replace(self._record(question, image, mode, nowhere, None), error=error.code)
        return self._record(question, image, mode, searched, answer)

    def visual_tokens(self, views: tuple[tuple[int, int], ...]) -> int | None:
        """Tokens that pictures of these sizes become; None for an engine that shows no patches.

        The smallest picture there is comes out as one merged patch, and every other as a whole number
        of them: see :class:`..models.engine.Engine`.
        """
        across, down = self.engine.processed_size((1, 1))
        if (across, down) == (1, 1):
            return None
        sizes = [self.engine.processed_size(view) for view in views]
        return sum((width // across) * (height // down) for width, height in sizes)

    def _crop(self, question: LabelledQuestion, searched: PixelBox) -> PixelBox:
        """The window that a perfect zoom would show."""
        if question.box is None:
            raise ValueError(f"question {question.question_id} has no box to be shown")
        box = question.box.intersection(searched)
        return zoom_window(box, max(_LEAST_ORACLE_PX, self.engine.profile.minimum_crop_px), searched)

    def _record(
        self, question: LabelledQuestion, image: str, mode: Mode, searched: PixelBox, answer: Answer | None
    ) -> Record:
        views = tuple(step.view_size for step in answer.steps) if answer else ()
        unscored = Record(
            question_id=question.question_id,
            mode=mode,
            image=image,
            question=question.question,
            level=question.level,
            type=question.type,
            truth=question.answer,
            answer=answer.text if answer else "",
            box=question.box,
            extent=searched,
            region=answer.regions[-1].pixel_box if answer and answer.regions else None,
            window=answer.steps[-1].window if answer else None,
            views=views,
            visual_tokens=self.visual_tokens(views) if answer else None,
            seconds=answer.seconds if answer else 0.0,
            output=answer.raw_output if answer else "",
        )
        return scored(unscored, self.wordnet)


def _area(box: PixelBox | None) -> Area | None:
    return None if box is None else Area(pixels=box)
