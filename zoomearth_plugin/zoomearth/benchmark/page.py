"""The report as one HTML file that asks nothing of any server."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape

from .metrics import raw_iou
from .pictures import Case
from .tables import MODE_NAMES, Report, Table

_STYLE = """
:root { --ink: #2b333b; --soft: #66717c; --line: #dfe4e8; --paper: #fff; --band: #f5f7f9;
  --truth: #2fae63; --region: #e8791c; --bad: #b23c28; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--band); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 32px 60px; background: var(--paper); }
h1 { font-size: 26px; margin: 0 0 12px; }
h2 { font-size: 18px; margin: 36px 0 10px; }
dl.facts { margin: 0; }
dl.facts div { display: flex; }
dl.facts dt { color: var(--soft); flex: 0 0 110px; }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
ul.notes, p.note { color: var(--soft); font-size: 13.5px; }
ul.notes { padding-left: 18px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 12px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { white-space: normal; vertical-align: bottom; font-weight: 600; min-width: 84px; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td span { color: var(--soft); font-size: 12px; }
figure { margin: 0; }
figure img { max-width: 100%; height: auto; }
.plots { display: flex; flex-wrap: wrap; align-items: flex-start; margin: 0 -12px; }
.plots figure { margin: 0 12px 24px; max-width: 100%; }
figcaption { font-weight: 600; margin-bottom: 6px; }
.cases { display: flex; flex-wrap: wrap; margin: 0 -9px; }
.case { flex: 1 1 460px; max-width: 560px; margin: 0 9px 18px;
  border: 1px solid var(--line); border-radius: 8px; padding: 14px; overflow-wrap: anywhere; }
.case h3 { font-size: 15px; margin: 0 0 4px; }
.case p { margin: 2px 0; font-size: 13.5px; }
.case .about { color: var(--soft); }
.case .wrong { color: var(--bad); }
.pair { display: flex; align-items: flex-start; margin: 8px -5px 0; }
.pair figure { flex: 0 0 50%; padding: 0 5px; }
.pair img { width: 100%; height: auto; display: block; border-radius: 4px; }
.pair figcaption { font-weight: 400; font-size: 12.5px; color: var(--soft); margin: 4px 0 0; }
.key i { display: inline-block; width: 11px; height: 11px; margin: 0 4px -1px 12px; border: 2px solid; }
@media (max-width: 620px) { main { padding: 20px 14px; } .case { flex-basis: 100%; } }
"""


def page(report: Report, *, plots: Mapping[str, bytes], cases: Sequence[Case]) -> str:
    """The whole page; every text is escaped, every picture lies inside.

    Args:
        report: What to say.
        plots: SVG by caption.
        cases: The worst answers.
    """
    title, tables = escape(report.title), report.tables
    parts = [f"<h1>{title}</h1>", _facts(report.facts)]
    parts.append(f'<ul class="notes">{"".join(f"<li>{escape(note)}</li>" for note in report.notes)}</ul>')
    parts += [_table(table) for table in tables[:2]]
    parts.append(_plots(plots))
    parts += [_table(table) for table in tables[2:]]
    parts.append(_cases(cases))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _facts(facts: Mapping[str, str]) -> str:
    pairs = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items()
    )
    return f'<dl class="facts">{pairs}</dl>'


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.header)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<h2>{escape(table.title)}</h2>\n<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{note}"
    )


def _cell(text: str) -> str:
    """A cell whose interval stands back behind its value."""
    value, bracket, rest = escape(text).partition(" [")
    return f"<td>{value} <span>[{rest}</span></td>" if bracket else f"<td>{value}</td>"


def _plots(plots: Mapping[str, bytes]) -> str:
    figures = "".join(
        f'<figure><figcaption>{escape(caption)}</figcaption><img alt="{escape(caption)}" '
        f'src="{_data("image/svg+xml", content)}"></figure>'
        for caption, content in plots.items()
    )
    return f'<h2>Plots</h2>\n<div class="plots">{figures}</div>' if figures else ""


def _cases(cases: Sequence[Case]) -> str:
    if not cases:
        return ""
    key = (
        '<p class="note key">Frames: <i style="border-color:var(--truth)"></i>the true place'
        '<i style="border-color:var(--region)"></i>where the model pointed'
        '<i style="border-color:#b6bec6"></i>the last window</p>'
    )
    return f'<h2>Worst answers</h2>\n{key}<div class="cases">{"".join(map(_case, cases))}</div>'


def _case(case: Case) -> str:
    record = case.record
    measured = raw_iou(record)
    about = [record.kind, MODE_NAMES[record.mode], record.question_id]
    if measured is not None:
        about.append(f"IoU {measured:.2f}")
    if record.error:
        about.append(record.error)
    answer = escape(record.answer) or "(none)"
    pictures = "".join(
        f'<figure><img alt="{name}" src="{_data("image/jpeg", content)}">'
        f"<figcaption>{name}</figcaption></figure>"
        for name, content in (("overview", case.overview), ("last window, as seen", case.crop))
        if content
    )
    return (
        f'<div class="case"><h3>{escape(record.question)}</h3>'
        f'<p class="about">{escape(" · ".join(about))}</p>'
        f'<p>truth: <b>{escape(record.truth)}</b> · answer: <b class="wrong">{answer}</b></p>'
        f'<div class="pair">{pictures}</div></div>'
    )


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
