"""LRS-GRO's three levels and 17 question types, under one spelling each.

The published rows name types in their own way (``Object color / pattern``, ``Region function``), and
hold, beside the 17, a few whole-image questions of other categories; those keep their own word.
"""

from __future__ import annotations

import re
import unicodedata

TYPES_BY_LEVEL = {
    "global": ("scene type", "urban-rural", "counting", "season"),
    "region": (
        "counting",
        "existence",
        "status",
        "function",
        "object category",
        "other visual features",
    ),
    "object": (
        "category refinement",
        "color/pattern",
        "function/usage",
        "material/surface",
        "relative position/context",
        "shape/structure",
        "state/motion/activity",
    ),
}
"""Counting is asked of whole images and of regions: 16 names, 17 types."""
LEVELS = tuple(TYPES_BY_LEVEL)
TYPES = frozenset(name for names in TYPES_BY_LEVEL.values() for name in names)
BESIDE_THE_17 = frozenset({"localization", "scene comparison"})
"""Categories of a few published rows that the paper does not count."""


def level_of(text: str) -> str | None:
    """``global``, ``region`` or ``object``; None for any other word."""
    word = text.strip().lower()
    return word if word in LEVELS else None


def type_of(text: str) -> str | None:
    """One of :data:`TYPES` or :data:`BESIDE_THE_17`, however it was spelt; None for any other word."""
    word = plain(text)
    if word in TYPES or word in BESIDE_THE_17:
        return word
    for level in LEVELS:
        if word.startswith(f"{level} ") and word[len(level) + 1 :] in TYPES:
            return word[len(level) + 1 :]
    return None


def plain(text: str) -> str:
    """Lower case, one kind of dash, slash and blank, and American ``color``."""
    word = unicodedata.normalize("NFKC", text).lower().replace("_", " ").replace("colour", "color")
    word = re.sub(r"\s*[\u2010-\u2015-]\s*", "-", word)
    return re.sub(r"\s*/\s*", "/", " ".join(word.split()))
