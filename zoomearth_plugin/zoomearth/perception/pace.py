"""How far a question has come: a fraction that never goes back, though nobody knows how many looks follow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..core.progress import Progress, Report, Stage
from ..models.engine import LOADING_SHARE

_OVERVIEW_SHARE = 0.15
_USUAL_TURN_TOKENS = 40


class Pace:
    """Reports stages and keeps their times.

    Reading the overview takes the question from :data:`LOADING_SHARE` to 0.25; every later stretch of
    work may take it through half of what is then left.

    Args:
        report: Where reports go.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._fraction = LOADING_SHARE
        self._stretch_start = self._stretch_end = LOADING_SHARE
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, stage: Stage, text: str = "") -> Iterator[None]:
        """Time what is done within, under the name of the stage; begins a new stretch."""
        self._stretch_start = self._fraction
        first = stage is Stage.READING_OVERVIEW and self._fraction <= LOADING_SHARE
        left = 1.0 - self._fraction
        self._stretch_end = self._fraction + (_OVERVIEW_SHARE if first else left / 2)
        self.tell(stage, text)
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[stage.value] = self.seconds.get(stage.value, 0.0) + spent

    def tell(self, stage: Stage, text: str = "", *, share: float = 0.0) -> None:
        """Report.

        Args:
            stage: What is happening.
            text: Detail.
            share: How much of the present stretch is done, 0 to 1.
        """
        reached = self._stretch_start + (self._stretch_end - self._stretch_start) * min(1.0, max(0.0, share))
        self._fraction = max(self._fraction, reached)
        self._report(Progress(stage, round(self._fraction, 4), text))

    def within(self, progress: Progress) -> None:
        """A :data:`Report` for a part that counts its own work from 0 to 1."""
        self.tell(progress.stage, progress.text, share=progress.fraction or 0.0)

    def wrote(self, stage: Stage, text: str, pieces: int) -> None:
        """A piece of text came from the model; half of the way is made in a usual turn's length."""
        self.tell(stage, text, share=pieces / (pieces + _USUAL_TURN_TOKENS))

    def done(self) -> None:
        self._report(Progress(Stage.DONE, 1.0))
