"""What pictures are taught to tell while training: kinds and colours a token, facts a place."""

from __future__ import annotations

from .scenes.layout import MOST_LAKES
from .scenes.palette import PAINTS, SEASONS
from .scenes.shapes import BUILDING_SHAPES, ROOFS
from .scenes.themes import THEMES
from .scenes.things import ARRANGEMENTS, COMPANIONS, FILLS, ITEM_KINDS, LANDMARK_KINDS, SIDES, SITE_KINDS

LAKE = "lake"
KINDS = tuple(dict.fromkeys((*LANDMARK_KINDS, *ITEM_KINDS, *COMPANIONS, *SITE_KINDS, LAKE)))
COLOURS = tuple(PAINTS)
_COUNTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 20, 30)
"""The least number of each class of counts."""
_COUNTING = "region counting"
_WORDS: dict[str, tuple[str, ...]] = {
    "scene type": THEMES,
    "season": SEASONS,
    "urban-rural": ("urban", "rural"),
    "global counting": tuple(str(number) for number in range(MOST_LAKES + 1)),
    _COUNTING: tuple(str(number) for number in _COUNTS),
    "status": FILLS,
    "other visual features": ARRANGEMENTS,
    "material/surface": ROOFS,
    "relative position/context": SIDES,
    "shape/structure": BUILDING_SHAPES,
    "state/motion/activity": ("at rest", "moving"),
}
FACTS = tuple((topic, word) for topic, words in _WORDS.items() for word in words)
"""Question type and answer, for types that kinds and colours do not answer."""


def fact_of(topic: str, answer: str) -> int | None:
    """Which of :data:`FACTS` an answer is; None where it is none. Counts of many are told in classes."""
    if topic == _COUNTING:
        answer = str(max(least for least in _COUNTS if least <= int(answer)))
    return FACTS.index((topic, answer)) if (topic, answer) in FACTS else None
