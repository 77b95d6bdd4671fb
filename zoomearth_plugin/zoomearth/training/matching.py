"""Whether an answer is right: by the letter, or as LRS-GRO's own scoring has it, by WordNet.

LRS-GRO counts an answer as right where it equals the truth, or where any sense of the one is so near to
any sense of the other that WordNet's path similarity, 1 / (1 + steps), reaches 0.8. One step already
gives 0.5, so the rule says: both words share a synset. That needs WordNet's indexes alone, not its tree.

The rule has a known fault: one *shared* sense is enough, however rare. ``green`` and ``jet`` are both
street names of ketamine, ``departing`` and ``left`` both forms of verbs for going away; ``ship`` and
``boat``, two steps apart, do not match. So its figure is never reported without the strict one beside it.

The files are those of WordNet 3.0 (Debian: ``wordnet-base``), which is no part of this project:
WordNet 3.0, Copyright 2006 by Princeton University, all rights reserved. Its licence allows use, copying,
changing and passing on for any purpose without fee where its notice stays with every copy:
https://wordnet.princeton.edu/license-and-commercial-use

Source: file format of wndb(5WN); rules for inflected words of morphy(7WN), applied as NLTK 3.10 does,
with which the published scoring runs. NLTK itself cannot open Debian's folder, which lacks the
``lexnames`` and ``index.sense`` that it asks for; these indexes give the same synsets for every entry.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..core.errors import DataInvalidError

_ENDINGS = {
    "noun": "s: ses:s ves:f xes:x zes:z ches:ch shes:sh men:man ies:y",
    "verb": "s: ies:y es:e es: ed:e ed: ing:e ing:",
    "adj": "er: est: er:e est:e",
    "adv": "",
}
"""A part of speech's ending and what stands in its place in the base form."""
_FILES = tuple(name for part in _ENDINGS for name in (f"index.{part}", f"{part}.exc"))
_LONGEST_WORD = 100
"""Characters; WordNet 3.0's longest entry has 71."""


def normalised(text: str) -> str:
    """Lower case, no space around, single spaces within, one full stop at the end taken off.

    For comparing wordings and grouping answers; the two scorings below leave full stops where they are.
    """
    return " ".join(text.lower().split()).removesuffix(".").rstrip()


def is_strict_match(answer: str, truth: str) -> bool:
    """Whether both are the same characters once lower-cased and free of space around.

    Nothing else is equated: ``Yes.`` is not ``yes``, ``two`` is not ``2``, ``ships`` is not ``ship``, two
    spaces within are not one. An empty truth is matched by nothing. The published scoring leaves space
    around the *truth* where it is; a data set without such space gives equal figures.
    """
    wanted = truth.strip().lower()
    return bool(wanted) and answer.strip().lower() == wanted


@dataclass(frozen=True)
class WordNet:
    """LRS-GRO's own scoring; its tables are read when first asked for (0.5 s, 35 MB), then kept.

    Args:
        folder: Holds ``index.*`` and ``*.exc`` of a WordNet.
    """

    folder: Path

    @classmethod
    def find(cls, folder: Path | None = None) -> WordNet | None:
        """The WordNet in ``folder`` or, when none is given, the first one installed; None if there is none.

        Places: ``$WNSEARCHDIR``, ``$WNHOME/dict``, then where Debian, the original distribution and
        NLTK's data have it. Nothing is fetched.
        """
        for place in _places() if folder is None else [folder]:
            if all((place / name).is_file() for name in _FILES):
                return cls(place)
        return None

    def is_match(self, answer: str, truth: str) -> bool:
        """Whether they match strictly or share a synset, in any part of speech.

        A phrase is known only as WordNet writes it, with underscores (``parking_lot``); the published
        scoring looks ``parking lot`` up as it stands and does not find it, and so does this.

        Raises:
            DataInvalidError: The files are no WordNet.
        """
        return is_strict_match(answer, truth) or not self.synsets(answer).isdisjoint(self.synsets(truth))

    def synsets(self, word: str) -> frozenset[tuple[str, int]]:
        """(part of speech, offset) of every sense of a word; empty for an unknown one.

        Source: the published scoring takes the shortest base form that is a noun, then every sense of
        every base form of that.
        """
        word = word.strip().lower()
        if not word or len(word) > _LONGEST_WORD:
            return frozenset()
        tables = _read(self.folder)
        nouns = tables["noun"].base_forms(word)
        word = min(nouns, key=len) if nouns else word
        return frozenset(
            (part, offset)
            for part, table in tables.items()
            for form in table.base_forms(word)
            for offset in table.offsets[form]
        )


@dataclass(frozen=True)
class _Table:
    """One part of speech: offsets of each word's synsets, base forms of irregular words."""

    offsets: dict[str, tuple[int, ...]]
    irregular: dict[str, list[str]]
    endings: list[tuple[str, str]]

    def base_forms(self, word: str) -> list[str]:
        """The word itself and what it may be a form of, as far as they are entries."""
        others = self.irregular.get(word)
        if others is None:
            others = [word.removesuffix(old) + new for old, new in self.endings if word.endswith(old)]
        return [form for form in (word, *others) if form in self.offsets]


@lru_cache(maxsize=2)
def _read(folder: Path) -> dict[str, _Table]:
    return {part: _read_table(folder, part, endings) for part, endings in _ENDINGS.items()}


def _read_table(folder: Path, part: str, endings: str) -> _Table:
    offsets = {}
    for row, fields in _rows(folder / f"index.{part}"):
        try:
            senses, pointers = int(fields[2]), int(fields[3])
            if senses < 1 or len(fields) != 6 + pointers + senses:
                raise ValueError(f"{len(fields)} fields")
            offsets[fields[0]] = tuple(int(field) for field in fields[-senses:])
        except (IndexError, ValueError) as error:
            raise DataInvalidError(f"{folder / f'index.{part}'}, row {row}: no entry of WordNet") from error
    irregular = {fields[0]: fields[1:] for _, fields in _rows(folder / f"{part}.exc")}
    pairs = [(old, new) for old, _, new in (ending.partition(":") for ending in endings.split())]
    return _Table(offsets, irregular, pairs)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(number, fields) of each row; the licence at the top is indented by two spaces."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataInvalidError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith("  "):
            yield number, line.split()


def _places() -> Iterator[Path]:
    if search := os.environ.get("WNSEARCHDIR"):
        yield Path(search)
    if home := os.environ.get("WNHOME"):
        yield Path(home) / "dict"
    yield Path("/usr/share/wordnet")
    yield Path("/usr/local/WordNet-3.0/dict")
    for data in (Path("/usr/share/nltk_data"), Path("~/nltk_data").expanduser()):
        yield data / "corpora" / "wordnet"
