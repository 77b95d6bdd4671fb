"""Asks a data set's questions in every mode, and goes on where an earlier run stopped."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import OutputUnwritableError
from ..training.data.question import LabelledQuestion
from .asking import Asker
from .dataset import Batch, DataSet
from .journal import Journal
from .record import Mode, Record, scored

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How far a run is: ``asked`` answers in ``seconds`` of this process, ``kept`` from an earlier one."""

    asked: int
    kept: int
    seconds: float


def run(
    dataset: DataSet,
    batches: Iterable[Batch],
    asker: Asker,
    journal: Journal,
    modes: Sequence[Mode],
    *,
    report: Callable[[Pace], None] = lambda pace: None,
) -> list[Record]:
    """Ask what the journal does not hold yet.

    A question that failed is asked again. The first question about an image pays for its overview, which
    then lies in the cache; as the active mode is asked first, its seconds are the honest ones.

    Args:
        dataset: Opens the images.
        batches: Its questions, as many as are to be asked.
        asker: Whom to ask.
        journal: Keeps the answers.
        modes: In which each question is asked; an oracle only of those with a box.
        report: Told after every new answer.

    Returns:
        The answers to these questions, earlier ones included, in the order of the questions.

    Raises:
        OutputUnwritableError: The journal holds answers to other questions of the same names.
        ZoomEarthError: What would befall every question.
    """
    start = time.monotonic()
    asked = 0
    records: list[Record] = []
    for batch in batches:
        wanted = [(pair, _held(journal, *pair)) for pair in _wanted(batch.questions, modes)]
        with contextlib.ExitStack() as open_image:
            path: Path | None = None
            for (question, mode), record in wanted:
                if record is None:
                    path = path or open_image.enter_context(dataset.open_image(batch.image))
                    record = asker.record(question, path, batch.image, mode)
                    journal.add(record)
                    asked += 1
                    report(Pace(asked, len(records) + 1 - asked, time.monotonic() - start))
                records.append(scored(record, asker.wordnet))
    _log.info("%d answers, %d of them from an earlier run", len(records), len(records) - asked)
    return records


def _wanted(
    questions: Iterable[LabelledQuestion], modes: Sequence[Mode]
) -> Iterator[tuple[LabelledQuestion, Mode]]:
    for question in questions:
        for mode in Mode:
            if mode in modes and (mode is not Mode.ORACLE or question.box is not None):
                yield question, mode


def _held(journal: Journal, question: LabelledQuestion, mode: Mode) -> Record | None:
    """The earlier answer; None without one that can be kept."""
    record = journal.records.get((question.question_id, mode))
    if record is None or record.error:
        return None
    if (record.question, record.truth) != (question.question, question.answer):
        raise OutputUnwritableError(
            f"question {question.question_id} is {question.question!r} ({question.answer!r}) here, and "
            f"{record.question!r} ({record.truth!r}) in the folder",
            "The data set has changed since: choose another folder for the output.",
        )
    return record
