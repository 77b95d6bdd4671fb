"""The report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .pictures import Case
from .tables import MODE_NAMES, Report, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&])")


def escaped(text: str, limit: int = 200) -> str:
    """Untrusted text on one line, in which nothing means anything to Markdown or HTML."""
    flat = " ".join(text.split())
    if len(flat) > limit:
        flat = flat[: limit - 1] + "…"
    return _SPECIAL.sub(r"\\\1", flat)


def table_text(table: Table) -> str:
    """A table with its title and note."""
    lines = [f"## {escaped(table.title)}", ""]
    lines.append(_row(table.header))
    lines.append("| --- |" + " ---: |" * (len(table.header) - 1))
    lines += [_row(row) for row in table.rows]
    if table.note:
        lines += ["", escaped(table.note, 1000)]
    return "\n".join(lines)


def summary(report: Report) -> str:
    """All that is said in words and numbers."""
    lines = [f"# {escaped(report.title)}", ""]
    lines += [f"- {escaped(name)}: {escaped(value, 1000)}" for name, value in report.facts.items()]
    lines += [f"- {escaped(note, 1000)}" for note in report.notes]
    return "\n".join([*lines, "", "\n\n".join(table_text(table) for table in report.tables), ""])


def report_text(report: Report, plots: Mapping[str, str], cases: Sequence[tuple[Case, str, str]]) -> str:
    """The whole report.

    Args:
        report: What to say.
        plots: Caption and file, relative to the report.
        cases: Each with the files of its overview and its crop; empty for none.
    """
    parts = [summary(report)]
    if plots:
        parts.append("## Plots\n")
        parts += [f"{escaped(caption)}\n\n![{escaped(caption)}]({file})\n" for caption, file in plots.items()]
    if cases:
        parts.append("## Worst answers\n")
        parts += [_case_text(*case) for case in cases]
    return "\n".join(parts)


def _case_text(case: Case, overview: str, crop: str) -> str:
    record = case.record
    lines = [
        f"**{escaped(record.question, 400)}** ({escaped(record.kind)}, {MODE_NAMES[record.mode]}, "
        f"{escaped(record.question_id)})",
        "",
        f"truth: {escaped(record.truth)} · answer: {escaped(record.answer) or '(none)'}",
        "",
    ]
    files = [(name, file) for name, file in (("overview", overview), ("last window", crop)) if file]
    if files:
        lines += [" ".join(f"![{name}]({file})" for name, file in files), ""]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    """The first cell may hold a data set's own words; numbers and brackets stand as they are."""
    return "| " + " | ".join((escaped(cells[0]), *cells[1:])) + " |"
