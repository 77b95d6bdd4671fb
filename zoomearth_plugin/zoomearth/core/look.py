"""How a layer shows its values, as it crosses the door: ranges, tones, tables of colours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

Span = Tuple[float, float]
"""Lowest and highest value."""
Entry = Tuple[float, int, int, int, int]
"""A value and its red, green, blue, alpha."""


class Between(str, Enum):
    """What a value that stands in no entry of a table shows."""

    NOTHING = "nothing"  # a palette, classes
    NEXT = "next"  # the colour of the next entry above: intervals
    BLEND = "blend"  # a colour between its neighbours': a ramp


@dataclass(frozen=True)
class ColourTable:
    """Colours of values.

    Args:
        entries: By ascending value; the last may be infinite.
        between: What values show that stand in none of them.
        hides_beyond: Whether values beyond the ends of a ramp show nothing; else they show the ends' colours.
    """

    entries: Tuple[Entry, ...]
    between: Between
    hides_beyond: bool = False

    def __post_init__(self) -> None:
        values = [entry[0] for entry in self.entries]
        if not values or values != sorted(values) or not all(map(math.isfinite, values[:-1])):
            raise ValueError("a table of colours needs entries by ascending value")
        if not all(0 <= part <= 255 for entry in self.entries for part in entry[1:]):
            raise ValueError("a colour's parts are from 0 to 255")

    def to_json(self) -> Dict[str, Any]:
        entries = [[entry[0] if math.isfinite(entry[0]) else None, *entry[1:]] for entry in self.entries]
        return {"entries": entries, "between": self.between.value, "hides_beyond": self.hides_beyond}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> ColourTable:
        entries: List[Entry] = []
        for value, red, green, blue, alpha in payload["entries"]:
            number = math.inf if value is None else float(value)
            entries.append((number, int(red), int(green), int(blue), int(alpha)))
        return cls(tuple(entries), Between(payload["between"]), bool(payload.get("hides_beyond", False)))


@dataclass(frozen=True)
class Look:
    """How values are shown; what is left out is as the engine would do it.

    Args:
        ranges: By shown band, what becomes black and what full brightness; empty for the engine's own.
        limit: Of one band, lowest and highest value that is shown; None for no limit.
        table: Of one band; instead of ranges.
        tones: What becomes of each brightness 0 to 255 in the end; empty for no change.
        ignores_alpha: Whether an alpha band says nothing about where there is data.
    """

    ranges: Tuple[Span, ...] = ()
    limit: Optional[Span] = None
    table: Optional[ColourTable] = None
    tones: Tuple[int, ...] = ()
    ignores_alpha: bool = False

    def __post_init__(self) -> None:
        if len(self.tones) not in (0, 256) or not all(0 <= tone <= 255 for tone in self.tones):
            raise ValueError("tones are 256 numbers from 0 to 255")
        spans = [*self.ranges, *([self.limit] if self.limit else [])]
        if not all(math.isfinite(side) for span in spans for side in span):
            raise ValueError("ranges are finite")

    def to_json(self) -> Dict[str, Any]:
        return {
            "ranges": [list(span) for span in self.ranges],
            "limit": list(self.limit) if self.limit else None,
            "table": self.table.to_json() if self.table else None,
            "tones": list(self.tones),
            "ignores_alpha": self.ignores_alpha,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Look:
        """Raises ValueError where it makes no sense."""
        return cls(
            tuple(_span(span) for span in payload.get("ranges") or ()),
            _span(payload["limit"]) if payload.get("limit") else None,
            ColourTable.from_json(payload["table"]) if payload.get("table") else None,
            tuple(int(tone) for tone in payload.get("tones") or ()),
            bool(payload.get("ignores_alpha", False)),
        )


def _span(pair: Sequence[Any]) -> Span:
    low, high = pair
    return float(low), float(high)
