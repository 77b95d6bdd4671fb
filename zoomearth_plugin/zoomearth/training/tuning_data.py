"""Rows of a tuning run: read from all data sets, mixed by their shares, with the reasoning they carry."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.errors import DataInvalidError, TrainingConfigError
from .data.faults import Faults
from .data.question import LabelledQuestion
from .data.reading import DataSource, digest, read_questions
from .data.tables import of_split, read_rows
from .rollout_sources import RasterQuestions, question_order
from .tuning_config import TuningConfig

_REASONING_FIELDS = ("question_id", "split", "global", "stage_1_reasoning", "stage_2_reasoning", "label")
_FENCE = re.compile(r"```|\bjson\b|\[\s*\{", re.IGNORECASE)
_TAG = re.compile(r"</?\s*(?:think|answer)\s*>|<\|[^|]*\|>", re.IGNORECASE)


@dataclass(frozen=True)
class Reasoning:
    """What a row says about the way to its answer; empty where it says nothing.

    Args:
        overview: Thought over the overview.
        enlarged: Thought over the enlarged place.
        label: What is at the box.
    """

    overview: str = ""
    enlarged: str = ""
    label: str = ""


@dataclass(frozen=True)
class TuningRow:
    """A question with its truth and, maybe, its reasoning."""

    question: LabelledQuestion
    reasoning: Reasoning = Reasoning()


class TuningRows:
    """All rows of a run; the number of a row stands for it everywhere.

    Args:
        sets: The rows of each data set.
        shares: How often samples come from each.
        fingerprint: SHA-256 that tells this data from other data.

    Raises:
        DataInvalidError: A data set is empty, or rows without their raster.
    """

    def __init__(
        self, sets: Sequence[Sequence[TuningRow]], shares: Sequence[float], fingerprint: str = ""
    ) -> None:
        if not sets or not all(sets):
            raise DataInvalidError("the data set is empty", "Choose a data set that is not empty.")
        self.rows = tuple(row for rows in sets for row in rows)
        self.counts = tuple(len(rows) for rows in sets)
        self.shares = tuple(shares)
        self.fingerprint = fingerprint
        self.images = RasterQuestions([row.question for row in self.rows])

    def __len__(self) -> int:
        return len(self.rows)

    def order(self, needed: int, seed: int) -> list[int]:
        """Numbers of the rows to learn, one after the other."""
        return mixed_order(self.counts, self.shares, needed, seed)


def open_rows(config: TuningConfig) -> TuningRows:
    """Read every data set of a run.

    Raises:
        DataInvalidError: Bad rows, named with their file; or none.
    """
    sets = [_rows(source, config.reasoning) for source in config.data]
    summed = hashlib.sha256()
    for rows in sets:
        summed.update(digest(row.question for row in rows).encode())
        summed.update(repr([row.reasoning for row in rows]).encode())
    return TuningRows(sets, [source.share for source in config.data], summed.hexdigest())


def mixed_order(counts: Sequence[int], shares: Sequence[float], needed: int, seed: int) -> list[int]:
    """Rows of several data sets in the proportion of their shares, each epoch in an order of its own.

    An epoch has as many samples as there are rows in all. Of a single data set it is every row once. Of
    several, each gives its share of them, and goes on in the next epoch where it stopped: none of its
    rows comes twice before all came once.

    Args:
        counts: Rows of each data set; they are numbered one after the other.
        shares: Of each data set.
        needed: How many numbers.
        seed: Of the order.
    """
    epoch = sum(counts)
    quotas = _quotas(epoch, shares)
    epochs = -(-needed // epoch)
    starts = np.cumsum([0, *counts[:-1]])
    walks = [
        [int(start) + row for row in _rounds(count, quota * epochs, seed + 7919 * number)]
        for number, (start, count, quota) in enumerate(zip(starts, counts, quotas, strict=True))
    ]
    order: list[int] = []
    for number in range(epochs):
        drawn = [
            walk[number * quota : (number + 1) * quota] for walk, quota in zip(walks, quotas, strict=True)
        ]
        rows = [row for part in drawn for row in part]
        shuffled = np.random.default_rng([seed, number, 85]).permutation(len(rows))
        order += [rows[place] for place in shuffled]
    return order[:needed]


def steps_of(config: TuningConfig, rows: int) -> int:
    """Optimizer steps of a run; a last step that is not full is made full from the next epoch.

    Raises:
        TrainingConfigError: Adapters or weights would not be moved at the peak at all.
    """
    steps = config.steps or -(-config.epochs * rows // config.batch)
    if config.warmup_steps >= steps:
        raise TrainingConfigError(
            f"{config.warmup_steps} steps of warm-up leave nothing of a run of {steps} steps",
            "Lower warmup_steps, or train for longer.",
        )
    return steps


def read_reasoning(source: DataSource) -> dict[str, Reasoning]:
    """The reasoning that LRS-GRO's supervised rows carry, by question.

    Boxes and fences that stand in the published thoughts are cut off with all that follows them: the box
    is written by us, in the frame of the view that is shown.
    """
    faults = Faults()
    rows = of_split(read_rows(Path(source.path), _REASONING_FIELDS, faults), source.split or None)
    found: dict[str, Reasoning] = {}
    for row in rows:
        first = _plain(_FENCE.split(row.word("stage_1_reasoning"), maxsplit=1)[0])
        reasoning = Reasoning(
            overview=" ".join(filter(None, (_plain(row.word("global")), first))),
            enlarged=_plain(row.word("stage_2_reasoning")),
            label=_plain(row.word("label")),
        )
        if reasoning != Reasoning():
            found[row.word("question_id")] = reasoning
    return found


def _rows(source: DataSource, with_reasoning: bool) -> list[TuningRow]:
    questions = read_questions(source)
    reasoning = read_reasoning(source) if with_reasoning and source.kind == "lrs-gro" else {}
    for question in questions:
        if "<" in question.answer or ">" in question.answer:
            raise DataInvalidError(
                f"{source.path}, question {question.question_id}: the answer {question.answer!r} holds a "
                "sign of the protocol, < or >"
            )
    return [TuningRow(one, reasoning.get(one.question_id, Reasoning())) for one in questions]


def _rounds(available: int, needed: int, seed: int) -> list[int]:
    """Round after round through all numbers; every round has an order of its own, the first one, too."""
    return question_order(available, needed + available, seed)[:needed]


def _quotas(epoch: int, shares: Sequence[float]) -> list[int]:
    """Whole numbers in the proportion of the shares that add up to an epoch: largest remainders first."""
    exact = [epoch * share / sum(shares) for share in shares]
    quotas = [int(value) for value in exact]
    by_rest = sorted(range(len(exact)), key=lambda place: quotas[place] - exact[place])
    for place in by_rest[: epoch - sum(quotas)]:
        quotas[place] += 1
    return quotas


def _plain(text: str) -> str:
    """Without signs of the protocol and stray angle brackets, on one line."""
    return " ".join(_TAG.sub(" ", text).replace("<", " ").replace(">", " ").split()).strip("` ")
