"""From records to figures: every figure with its interval, by mode, level and type.

A figure's name is a path, so that a table takes what it needs: ``("active", "accuracy", "strict",
"level", "object")``. The average is over *all questions*, as LRS-GRO's is: a level with more questions
weighs more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..training.data.question_types import LEVELS, TYPES_BY_LEVEL
from . import metrics
from .bootstrap import RESAMPLES, Estimate, Ratio, estimates, mean_of, quotient_of
from .record import Mode, Record

UNANSWERABLE = "unanswerable"
"""Type of questions that no pixel answers: they stand outside all averages."""
CANNOT_TELL = "I can't tell"
"""What a model is taught to say where the pixels give no answer."""
Name = tuple[str, ...]
Rows = Sequence[Mapping[Mode, Record]]
"""A question an entry: its record in every mode in which it was asked."""


@dataclass(frozen=True)
class Figures:
    """All that a report says.

    Args:
        values: By name.
        modes: That were asked.
        kinds: Levels with types, in the order of the tables.
        levels: In the order of the tables.
        questions: How many questions, those without an answer left out.
        images: How many images they are about.
        has_wordnet: Whether synonyms were scored, too.
        by_image: Whether intervals take all questions of an image together.
        failures: How many answers there are not, by error code.
    """

    values: Mapping[Name, Estimate]
    modes: tuple[Mode, ...]
    kinds: tuple[str, ...]
    levels: tuple[str, ...]
    questions: int
    images: int
    has_wordnet: bool
    by_image: bool
    failures: Mapping[str, int]

    def get(self, *name: str) -> Estimate:
        """A figure; without a value where there is none of that name."""
        return self.values.get(name, Estimate(None, None, None, 0))

    @property
    def scorings(self) -> tuple[str, ...]:
        return ("strict", "wordnet") if self.has_wordnet else ("strict",)

    def to_json(self) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for name, estimate in self.values.items():
            branch = tree
            for part in name[:-1]:
                branch = branch.setdefault(part, {})
            branch[name[-1]] = estimate.to_json()
        return {
            "questions": self.questions,
            "images": self.images,
            "average": "over all questions",
            "interval": {
                "share": 0.95,
                "method": "percentile bootstrap",
                "resamples": RESAMPLES,
                "drawn": "images" if self.by_image else "questions",
            },
            "wordnet": self.has_wordnet,
            "failures": dict(self.failures),
            "figures": tree,
        }


def make_figures(records: Iterable[Record], *, by_image: bool) -> Figures:
    """Figures of a run.

    Args:
        records: At most one a question and mode; scored all with WordNet or all without.
        by_image: Whether questions of one image depend on each other, so that intervals have to be
            found by drawing images; else questions are drawn.
    """
    given = list(records)
    rows = _rows(record for record in given if record.type != UNANSWERABLE)
    firsts = [next(iter(row.values())) for row in rows]
    modes = tuple(mode for mode in Mode if any(mode in row for row in rows))
    has_wordnet = bool(firsts) and all(one.is_wordnet is not None for row in rows for one in row.values())
    groups = _Groups(rows, firsts)
    ratios: dict[Name, Ratio] = {}
    for mode in modes:
        ratios |= _of_mode(rows, mode, groups, has_wordnet)
    for mode in (Mode.ACTIVE, Mode.ORACLE):
        if mode in modes and Mode.PASSIVE in modes:
            ratios |= _gains(rows, mode, groups, has_wordnet)
    if Mode.ACTIVE in modes and Mode.PASSIVE in modes:
        ratios |= _usefulness(rows, groups)
    clusters = [first.image if by_image else first.question_id for first in firsts]
    values = dict(zip(ratios, estimates(list(ratios.values()), clusters), strict=True))
    return Figures(
        values={**values, **_refusals(given, by_image)},
        modes=modes,
        kinds=groups.kinds,
        levels=groups.levels,
        questions=len(rows),
        images=len({first.image for first in firsts}),
        has_wordnet=has_wordnet,
        by_image=by_image,
        failures=_failures(given),
    )


class _Groups:
    """Which questions belong to which level and type."""

    def __init__(self, rows: Rows, firsts: Sequence[Record]) -> None:
        self.levels = tuple(sorted({one.level for one in firsts if one.level}, key=_level_order))
        pairs = sorted({(one.level, one.type, one.kind) for one in firsts}, key=_kind_order)
        self.kinds = tuple(kind for _, _, kind in pairs)
        self.members: dict[Name, list[bool]] = {("all",): [True] * len(rows)}
        for level in self.levels:
            self.members["level", level] = [one.level == level for one in firsts]
        for kind in self.kinds:
            self.members["type", kind] = [one.kind == kind for one in firsts]

    def means(self, name: Name, values: Sequence[float | bool | None]) -> dict[Name, Ratio]:
        """The mean over all, by level, and by type."""
        return {
            (*name, *group): mean_of([v if is_in else None for v, is_in in zip(values, chosen, strict=True)])
            for group, chosen in self.members.items()
        }


def _of_mode(rows: Rows, mode: Mode, groups: _Groups, has_wordnet: bool) -> dict[Name, Ratio]:
    def each(value: Callable[[Record], float | bool | None]) -> list[float | bool | None]:
        return [value(row[mode]) if mode in row else None for row in rows]

    name = mode.value
    made = groups.means((name, "accuracy", "strict"), each(lambda one: one.is_strict))
    if has_wordnet:
        made |= groups.means((name, "accuracy", "wordnet"), each(lambda one: one.is_wordnet))
    for kind, measure in (("raw", metrics.raw_iou), ("expanded", metrics.expanded_iou)):
        ious = each(measure)
        made |= groups.means((name, "apo_iou", kind), ious)
        enough = [None if v is None else v >= metrics.ENOUGH_IOU for v in ious]
        made |= groups.means((name, "acc_at_0.5", kind), enough)
    made |= groups.means((name, "zoom_rate"), each(metrics.has_zoomed))
    made |= groups.means((name, "window_holds_centre"), each(metrics.holds_centre))
    made[name, "visual_tokens"] = mean_of(each(lambda one: one.visual_tokens))
    made[name, "seconds"] = mean_of(each(lambda one: None if one.error else one.seconds))
    errors = each(metrics.count_error)
    for word, values in (
        ("exact", [None if error is None else error == 0 for error in errors]),
        ("within_25_percent", each(metrics.is_count_near)),
        ("mean_absolute_error", [None if e is None or math.isinf(e) else e for e in errors]),
        ("no_number", [None if error is None else math.isinf(error) for error in errors]),
    ):
        made |= groups.means((name, "counting", word), values)
    return made


def _gains(rows: Rows, mode: Mode, groups: _Groups, has_wordnet: bool) -> dict[Name, Ratio]:
    """What a mode is better by than the overview alone, question by question where both were asked."""
    name = f"{mode.value}_minus_passive"
    made: dict[Name, Ratio] = {}
    for scoring in ("strict", "wordnet") if has_wordnet else ("strict",):
        values: list[float | bool | None] = []
        for row in rows:
            if mode in row and Mode.PASSIVE in row:
                values.append(_is_right(row[mode], scoring) - _is_right(row[Mode.PASSIVE], scoring))
            else:
                values.append(None)
        made |= groups.means((name, scoring), values)
    return made


def _is_right(record: Record, scoring: str) -> int:
    return int(record.is_strict if scoring == "strict" else bool(record.is_wordnet))


def _usefulness(rows: Rows, groups: _Groups) -> dict[Name, Ratio]:
    """Strictly right before and after, of the questions in which the model zoomed."""
    made: dict[Name, Ratio] = {}
    for group, chosen in groups.members.items():
        pairs = [
            (row[Mode.PASSIVE].is_strict, row[Mode.ACTIVE].is_strict)
            if is_in and {Mode.PASSIVE, Mode.ACTIVE} <= row.keys() and metrics.has_zoomed(row[Mode.ACTIVE])
            else None
            for row, is_in in zip(rows, chosen, strict=True)
        ]
        made[("usefulness", "gained", *group)] = mean_of([p and p == (False, True) for p in pairs])
        made[("usefulness", "lost", *group)] = mean_of([p and p == (True, False) for p in pairs])
        made[("usefulness", "right_before", *group)] = mean_of([p and p[0] for p in pairs])
        made[("usefulness", "right_after", *group)] = mean_of([p and p[1] for p in pairs])
        made[("usefulness", "ratio", *group)] = quotient_of([p and (p[1], p[0]) for p in pairs])
    return made


def _refusals(records: Sequence[Record], by_image: bool) -> dict[Name, Estimate]:
    """How often the model says that it cannot tell: where nobody could, and where one could."""
    values: dict[Name, Estimate] = {}
    for mode in Mode:
        asked = [one for one in records if one.mode is mode]
        if not any(one.type == UNANSWERABLE for one in asked):
            continue
        refused = [one.answer.strip().lower() == CANNOT_TELL.lower() for one in asked]
        odd = [one.type == UNANSWERABLE for one in asked]
        pairs = list(zip(refused, odd, strict=True))
        ratios = [
            mean_of([says_so if is_odd else None for says_so, is_odd in pairs]),
            mean_of([None if is_odd else says_so for says_so, is_odd in pairs]),
        ]
        clusters = [one.image if by_image else one.question_id for one in asked]
        names = ((mode.value, "refused", "unanswerable"), (mode.value, "refused", "answerable"))
        values |= dict(zip(names, estimates(ratios, clusters), strict=True))
    return values


def _failures(records: Sequence[Record]) -> dict[str, int]:
    codes = [one.error for one in records if one.error]
    return {code: codes.count(code) for code in sorted(set(codes))}


def _rows(records: Iterable[Record]) -> list[dict[Mode, Record]]:
    rows: dict[str, dict[Mode, Record]] = {}
    for record in records:
        rows.setdefault(record.question_id, {})[record.mode] = record
    return list(rows.values())


def _level_order(level: str) -> tuple[int, str]:
    return (LEVELS.index(level) if level in LEVELS else len(LEVELS)), level


def _kind_order(pair: tuple[str, str, str]) -> tuple[int, str, int, str]:
    level, kind, _ = pair
    known = TYPES_BY_LEVEL.get(level, ())
    return (*_level_order(level), known.index(kind) if kind in known else len(known), kind)
