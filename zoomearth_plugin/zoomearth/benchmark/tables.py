"""The tables of a report, for Markdown and for HTML alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .bootstrap import RESAMPLES, Estimate
from .figures import Figures
from .lrs_gro import PublishedTable
from .record import Mode, Record

MODE_NAMES = {Mode.PASSIVE: "overview only", Mode.ACTIVE: "zooming", Mode.ORACLE: "true place shown"}
_SCORING_NAMES = {"strict": "strict", "wordnet": "WordNet"}
_ABSENT = "–"
Group = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Plain texts, not escaped.

    Args:
        title: Above it.
        header: First column first.
        rows: As long as the header.
        note: Below it; may be empty.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Report:
    """All that a run has to say, before it is Markdown or HTML.

    Args:
        title: Plain text, as everything here.
        facts: What was measured, name and value.
        tables: See :func:`make_tables`.
        notes: How they are to be read.
        figures: What the tables say.
        records: All answers.
    """

    title: str
    facts: Mapping[str, str]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    figures: Figures
    records: tuple[Record, ...]


def make_tables(
    figures: Figures, published: PublishedTable | None = None, *, model: str = "", view_px: int = 0
) -> list[Table]:
    """Every table that a run gives.

    Args:
        figures: Of the run.
        published: To stand beside ours.
        model: Ours, by its name.
        view_px: Longer side of the pictures that it saw.
    """
    groups: list[tuple[str, Group]] = [(level, ("level", level)) for level in figures.levels]
    groups.append(("average", ("all",)))
    kinds: list[tuple[str, Group]] = [(kind, ("type", kind)) for kind in figures.kinds]
    made: list[Table | None] = [
        _accuracy("Accuracy by level", figures, "strict", groups),
        _accuracy("Accuracy by level", figures, "wordnet", groups),
        *(_accuracy("Accuracy by type", figures, scoring, kinds) for scoring in figures.scorings),
    ]
    made += [_places(figures), _usefulness(figures), _counting(figures), _refusals(figures), _cost(figures)]
    if published is not None:
        made.append(_published(figures, published, model, view_px))
    return [table for table in made if table is not None and table.rows]


def percent(estimate: Estimate, *, signed: bool = False) -> str:
    """``67.3 [64.1, 70.2]``."""
    return _said(estimate, lambda value: f"{100 * value:+.1f}" if signed else f"{100 * value:.1f}")


def number(estimate: Estimate, digits: int = 2) -> str:
    return _said(estimate, lambda value: f"{value:.{digits}f}")


def notes(figures: Figures) -> list[str]:
    """How the figures are to be read."""
    drawn = "images, as questions about one image depend on each other" if figures.by_image else "questions"
    said = [
        "Average: over all questions, whatever their level.",
        f"In brackets: 95 % percentile bootstrap interval, {RESAMPLES} resamples of {drawn}.",
        "Strict: the same characters, case and space around aside.",
    ]
    if figures.has_wordnet:
        said.append("WordNet: strict, or both words share a synset, which also equates some wrong pairs.")
    else:
        said.append("WordNet: not scored, as there is none on this machine (Debian: wordnet-base).")
    if figures.failures:
        failures = ", ".join(f"{count} × {code}" for code, count in figures.failures.items())
        said.append(f"Failed answers, counted as wrong: {failures}.")
    return said


def _said(estimate: Estimate, text: Callable[[float], str]) -> str:
    if estimate.value is None:
        return _ABSENT
    if estimate.low is None or estimate.high is None:
        return text(estimate.value)
    return f"{text(estimate.value)} [{text(estimate.low)}, {text(estimate.high)}]"


def _modes(figures: Figures) -> list[Mode]:
    return [mode for mode in MODE_NAMES if mode in figures.modes]


def _accuracy(title: str, figures: Figures, scoring: str, groups: Sequence[tuple[str, Group]]) -> Table:
    """Of one scoring; without a WordNet its cells say so."""
    modes = _modes(figures)
    gains = [m for m in (Mode.ACTIVE, Mode.ORACLE) if m in modes and Mode.PASSIVE in modes]
    header = ["", "questions", *(f"{MODE_NAMES[mode]} %" for mode in modes)]
    header += [f"{MODE_NAMES[mode]} − overview, points" for mode in gains]
    rows = []
    for name, group in groups:
        counts = [figures.get(mode.value, "accuracy", "strict", *group).count for mode in modes]
        row = [name, str(max(counts, default=0))]
        if scoring in figures.scorings:
            row += [percent(figures.get(m.value, "accuracy", scoring, *group)) for m in modes]
            names = [f"{mode.value}_minus_passive" for mode in gains]
            row += [percent(figures.get(gain, scoring, *group), signed=True) for gain in names]
        else:
            row += ["no WordNet"] * (len(modes) + len(gains))
        rows.append(tuple(row))
    note = "The true place is shown only where a question has a box; gains are over the same questions."
    said = f"{title}, {_SCORING_NAMES[scoring]}"
    return Table(said, tuple(header), tuple(rows), note if Mode.ORACLE in modes else "")


def _places(figures: Figures) -> Table | None:
    """Of the active mode, the only one in which the model chooses a place."""
    name = Mode.ACTIVE.value
    if Mode.ACTIVE not in figures.modes:
        return None
    groups: list[tuple[str, Group]] = [("all", ("all",))]
    groups += [(kind, ("type", kind)) for kind in figures.kinds]
    rows = []
    for label, group in groups:
        placed = figures.get(name, "apo_iou", "raw", *group)
        if not placed.count:
            continue
        measured = [placed, figures.get(name, "apo_iou", "expanded", *group)]
        measured += [figures.get(name, "acc_at_0.5", kind, *group) for kind in ("raw", "expanded")]
        measured.append(figures.get(name, "window_holds_centre", *group))
        rows.append((label, str(placed.count), *map(percent, measured)))
    header = (
        *("", "questions with a box", "APO IoU, raw %", "APO IoU, grown to 512 px %"),
        *("Acc@0.5, raw %", "Acc@0.5, grown %", "window holds the centre %"),
    )
    return Table(
        "Places", header, tuple(rows), "APO IoU: mean over questions with a box, 0 without a region."
    )


def _usefulness(figures: Figures) -> Table | None:
    zoomed = figures.get("usefulness", "gained", "all")
    if Mode.ACTIVE not in figures.modes:
        return None
    rows = [("zoom rate %", percent(figures.get(Mode.ACTIVE.value, "zoom_rate", "all")))]
    if zoomed.count:
        rows += [
            ("zoomed questions", str(zoomed.count)),
            ("right before the zoom %", percent(figures.get("usefulness", "right_before", "all"))),
            ("right after the zoom %", percent(figures.get("usefulness", "right_after", "all"))),
            ("right after / right before", number(figures.get("usefulness", "ratio", "all"))),
            ("wrong before, right after %", percent(zoomed)),
            ("right before, wrong after %", percent(figures.get("usefulness", "lost", "all"))),
        ]
    note = "Before: the same question answered from the overview only. Strict scoring."
    return Table("Use of zooming", ("", "zooming"), tuple(rows), note if zoomed.count else "")


def _counting(figures: Figures) -> Table:
    kinds = [k for k in figures.kinds if any(_counts(figures, m, ("type", k)) for m in figures.modes)]
    groups: list[tuple[str, Group]] = [("all", ("all",))]
    groups += [(kind, ("type", kind)) for kind in kinds] if len(kinds) > 1 else []
    rows = []
    for label, group in groups:
        for mode in _modes(figures) if group == ("all",) else figures.modes[:1]:
            count = _counts(figures, mode, group)
            if count:
                exact, near, error, none = (
                    figures.get(mode.value, "counting", name, *group)
                    for name in ("exact", "within_25_percent", "mean_absolute_error", "no_number")
                )
                said = (percent(exact), percent(near), number(error), percent(none))
                rows.append((f"{label}, {MODE_NAMES[mode]}", str(count), *said))
    header = ("", "questions", "exact %", "within a quarter %", "mean absolute error", "no number %")
    note = "The error is over answers that state a number; the others count as wrong."
    return Table("Counting", header, tuple(rows), note)


def _counts(figures: Figures, mode: Mode, group: Group) -> int:
    """How many counting questions there are."""
    return figures.get(mode.value, "counting", "exact", *group).count


def _refusals(figures: Figures) -> Table:
    rows = []
    for mode in _modes(figures):
        odd = figures.get(mode.value, "refused", "unanswerable")
        if odd.count:
            wrongly = figures.get(mode.value, "refused", "answerable")
            rows.append((MODE_NAMES[mode], str(odd.count), percent(odd), percent(wrongly)))
    header = ("", "unanswerable questions", "refused %", "answerable ones refused %")
    return Table("Refusals", header, tuple(rows), "They stand outside all other figures.")


def _cost(figures: Figures) -> Table:
    rows = []
    for mode in _modes(figures):
        tokens = figures.get(mode.value, "visual_tokens")
        seconds = figures.get(mode.value, "seconds")
        rows.append((MODE_NAMES[mode], number(tokens, 0), number(seconds)))
    note = "The first question about an image pays for reading its overview; the others find it in the cache."
    return Table("Cost", ("", "visual tokens a question", "seconds a question"), tuple(rows), note)


def _published(figures: Figures, published: PublishedTable, model: str, view_px: int) -> Table:
    rows: list[tuple[str, ...]] = []
    for row in published.rows:
        values = (row.global_, row.region, row.object_, row.average, row.apo_iou)
        view = str(row.view_px) if row.view_px else _ABSENT
        rows.append((row.model, view, *(_ABSENT if v is None else f"{v:.2f}" for v in values)))
    for mode in _modes(figures):
        for scoring in figures.scorings:
            measured = [
                figures.get(mode.value, "accuracy", scoring, *group)
                for group in (("level", "global"), ("level", "region"), ("level", "object"), ("all",))
            ]
            name = f"{model}, {MODE_NAMES[mode]}, {_SCORING_NAMES[scoring]} (ours)"
            rows.append((name, str(view_px), *map(_share, measured), _both_ious(figures, mode)))
    header = ("", "view, px", "global", "region", "object", "average", "APO IoU")
    note = (
        f"Published: {published.source}; {published.scoring}. "
        "Our APO IoU: of raw boxes / of boxes grown to 512 px."
    )
    return Table("LRS-GRO, published and ours (%)", header, tuple(rows), note)


def _share(estimate: Estimate) -> str:
    return _ABSENT if estimate.value is None else f"{100 * estimate.value:.2f}"


def _both_ious(figures: Figures, mode: Mode) -> str:
    if mode is not Mode.ACTIVE:
        return _ABSENT
    return " / ".join(_share(figures.get(mode.value, "apo_iou", kind, "all")) for kind in ("raw", "expanded"))
