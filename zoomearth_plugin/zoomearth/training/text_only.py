"""How far the wording of questions alone gives their answers away: a model that sees no picture."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn

_WORD = re.compile(r"[\w'-]+")
_EPOCHS, _BATCH = 12, 256


@dataclass(frozen=True)
class Asked:
    """A question of a type with its answer."""

    kind: str
    question: str
    answer: str


@dataclass(frozen=True)
class Blindness:
    """Shares of unseen questions answered rightly without a picture, 0 to 1.

    Args:
        text_only: By a linear model over words and pairs of words.
        majority: By the most frequent answer of the question's type.
    """

    text_only: float
    majority: float


def measure(seen: Sequence[Asked], unseen: Sequence[Asked], seed: int = 0) -> Blindness:
    """Fit on questions that may be seen, score on others.

    Raises:
        ValueError: Either is empty.
    """
    if not seen or not unseen:
        raise ValueError("a text-only model needs questions to fit and others to score")
    features = {name: index for index, name in enumerate(sorted({f for one in seen for f in _features(one)}))}
    answers = sorted({one.answer for one in seen})
    torch.manual_seed(seed)
    model = nn.EmbeddingBag(len(features), len(answers), mode="sum")
    nn.init.zeros_(model.weight)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=1e-5)
    encoded = [[features[name] for name in _features(one)] for one in seen]
    wanted = torch.tensor([answers.index(one.answer) for one in seen])
    for _ in range(_EPOCHS):
        for chosen in torch.randperm(len(seen)).split(_BATCH):
            loss = nn.functional.cross_entropy(_scores(model, [encoded[i] for i in chosen]), wanted[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        known = [[features[name] for name in _features(one) if name in features] for one in unseen]
        said = [answers[int(index)] for index in _scores(model, known).argmax(dim=1)]
    right = sum(answer == one.answer for answer, one in zip(said, unseen, strict=True))
    return Blindness(right / len(unseen), _majority(seen, unseen))


def _features(one: Asked) -> list[str]:
    words = [one.kind, *_WORD.findall(one.question.lower())]
    return [*words, *(f"{first} {second}" for first, second in pairwise(words))]


def _scores(model: nn.EmbeddingBag, rows: list[list[int]]) -> torch.Tensor:
    offsets = torch.tensor([0, *(len(row) for row in rows[:-1])]).cumsum(0)
    scores: torch.Tensor = model(torch.tensor([index for row in rows for index in row]), offsets)
    return scores


def _majority(seen: Sequence[Asked], unseen: Sequence[Asked]) -> float:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in seen:
        counts[one.kind][one.answer] += 1
    best = {kind: counter.most_common(1)[0][0] for kind, counter in counts.items()}
    return sum(best.get(one.kind) == one.answer for one in unseen) / len(unseen)
