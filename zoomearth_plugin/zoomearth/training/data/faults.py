"""Bad rows of a data set, gathered so that one message names them all and a person mends them in one go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import DataInvalidError

MOST_ROWS = 10
"""So many bad rows are named; the others are counted."""
_LONGEST_VALUE = 80


class Faults:
    """What is wrong with a data set, told in the order of its files and rows."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], list[str]] = {}

    def add(self, file: Path, row: str, field: str, said: str) -> None:
        """Note one fault.

        Args:
            file: Where the row stands.
            row: ``row 7``, ``feature 3``; empty for the file as a whole.
            field: Empty where the fault is no single field's.
            said: What is wrong with it.
        """
        self._said.setdefault((str(file), row), []).append(f"{field}: {said}" if field else said)

    def __bool__(self) -> bool:
        return bool(self._said)

    def check(self, hint: str | None = None) -> None:
        """Let a sound data set pass.

        Raises:
            DataInvalidError: There are faults; up to :data:`MOST_ROWS` rows are named, the first in front.
        """
        if not self._said:
            return
        rows = sorted(self._said, key=lambda place: [_in_order(part) for part in place])
        lines = [
            f"{', '.join(filter(None, place))}, {'; '.join(self._said[place])}" for place in rows[:MOST_ROWS]
        ]
        if len(self._said) > MOST_ROWS:
            lines.append(f"and {len(self._said) - MOST_ROWS} more rows")
        raise DataInvalidError("\n".join(lines), hint)


@dataclass(frozen=True)
class Row:
    """One row as it was found; taking a bad value from it notes the fault and goes on.

    Args:
        file: Where it stands.
        name: ``row 7``, counted from 1 (lines of a JSONL file), or ``feature 3``.
        values: By field.
        faults: Where faults go.
        split: Of the table that it stands in, for rows that name none of their own.
    """

    file: Path
    name: str
    values: Mapping[str, Any]
    faults: Faults
    split: str = ""

    def fault(self, field: str, said: str) -> None:
        self.faults.add(self.file, self.name, field, said)

    def text(self, *fields: str) -> str:
        """The first of these fields that the row has, stripped; numbers as they are written.

        Returns:
            Empty, with a fault noted, where none is there or it holds no text.
        """
        field = next((name for name in fields if self.values.get(name) is not None), None)
        if field is None:
            self.fault(fields[0], "is missing" if len(fields) == 1 else f"is missing, as {_listed(fields)}")
            return ""
        value = self.values[field]
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            self.fault(field, f"{shown(value)} is no text")
            return ""
        text = str(value).strip()
        if not text:
            self.fault(field, "is empty")
        return text

    def word(self, field: str) -> str:
        """A field that may be missing; empty then."""
        value = self.values.get(field)
        return str(value).strip() if isinstance(value, (str, int, float)) else ""


def _in_order(name: str) -> list[tuple[int, str]]:
    """A key that sorts ``row 9`` before ``row 10``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", name)]


def shown(value: object) -> str:
    """A value as a message shows it, cut to a readable length."""
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _listed(fields: tuple[str, ...]) -> str:
    return f"are {', '.join(fields[1:-1])} and {fields[-1]}" if len(fields) > 2 else f"is {fields[1]}"
