"""Questions that the pixels of a scene cannot answer; ``<unk>`` stands for any word that is not known."""

from __future__ import annotations

import numpy as np

from .things import LANDMARK_KINDS
from .wording import NOUNS, pick, place

_FORMS = (
    "What is the <unk> of the {noun}{place}?",
    "Who <unk> the {noun}{place}?",
    "How many <unk> <unk>{place}?",
    "How many <unk> are there?",
    "When was the {noun}{place} <unk>?",
    "Why is the {noun}{place} <unk>?",
    "What <unk> is the {noun}{place}?",
    "Is there a <unk>{place}?",
    "Are there <unk>{place}?",
    "What colour is the <unk>?",
    "<unk> <unk> <unk>",
    "Where is the <unk>?",
    "<unk> the <unk> of <unk> in the <unk>?",
    "Is the {noun}{place} <unk>?",
)


def unanswerable(rng: np.random.Generator) -> str:
    """One such question."""
    noun = pick(rng, NOUNS[LANDMARK_KINDS[int(rng.integers(len(LANDMARK_KINDS)))]])
    where = place(rng, int(rng.integers(9))) if rng.random() < 0.6 else ""
    return _FORMS[int(rng.integers(len(_FORMS)))].format(noun=noun, place=where)


def vocabulary() -> list[str]:
    """The words of these forms, the unknown one aside."""
    return [form.format(noun="", place="").replace("<unk>", "") for form in _FORMS]
