"""What came of a batch, as one HTML page that asks nothing of any server and runs no script."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from .report_files import written_whole
from .report_map import plain, region_map
from .report_pictures import SIDE_PX, thumbnails
from .report_summary import Doubtful, Summary, Times, read_summary

_COLOURS = 7
_LONG, _SHORT = 400, 90
_STAGES = {
    "opening": "opening the raster",
    "reading_overview": "reading the overview",
    "looking": "looking",
    "zooming": "reading a zoom",
    "answering": "answering",
}
_STYLE = """
:root { color-scheme: light dark; --ink: #2b333b; --soft: #5d6873; --line: #dfe4e8; --paper: #fff;
  --band: #f5f7f9; --bar: #1668a8; --sea: #f3f6f8; --c0: #0072b2; --c1: #d98200; --c2: #00825f;
  --c3: #b8508f; --c4: #c44f00; --c5: #3f93c6; --c6: #8a7a00; --other: #77828d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e8ec; --soft: #a3adb8; --line: #39424a;
  --paper: #1b2024; --band: #13171a; --bar: #5aa9e0; --sea: #22292e; --c0: #57a9e0; --c1: #f0ae3c;
  --c2: #38c79b; --c3: #e08fc0; --c4: #f0884a; --c5: #9ad2f2; --c6: #d9c94a; --other: #9aa5af; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--band); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 32px 60px; background: var(--paper); }
h1 { font-size: 26px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 36px 0 10px; }
p.note { color: var(--soft); font-size: 13.5px; margin: 4px 0; }
dl.counts { display: flex; flex-wrap: wrap; gap: 12px; margin: 18px 0 0; }
dl.counts div { border: 1px solid var(--line); border-radius: 8px; padding: 8px 16px; min-width: 130px; }
dl.counts dt { color: var(--soft); font-size: 13px; }
dl.counts dd { margin: 0; font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 14px 5px 0; text-align: left; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
td code { overflow-wrap: normal; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.bar { width: 40%; min-width: 120px; }
td.bar svg { display: block; width: 100%; height: 14px; margin-top: 4px; }
td.bar rect { fill: var(--bar); }
svg.map { width: 100%; height: auto; display: block; }
svg.map text { font-size: 12px; fill: var(--soft); }
svg.map .sea { fill: var(--sea); }
svg.map .frame { fill: none; stroke: var(--soft); }
svg.map .grid { stroke: var(--line); }
svg.map path, svg.map circle { stroke-width: 1.4; fill-opacity: 0.22; fill-rule: evenodd; }
svg.map circle { fill-opacity: 0.9; }
svg.map .searched { stroke-dasharray: 5 3; fill-opacity: 0.05; }
ul.key { list-style: none; display: flex; flex-wrap: wrap; padding: 0; font-size: 13.5px; }
ul.key li { margin-right: 18px; }
ul.key svg { width: 13px; height: 13px; margin: 0 6px -2px 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 18px;
  list-style: none; padding: 0; margin: 0; }
.cards li { max-width: 360px; border: 1px solid var(--line); border-radius: 8px; padding: 12px;
  overflow-wrap: anywhere; }
.cards h3 { font-size: 15px; margin: 8px 0 2px; }
.cards p { margin: 2px 0; font-size: 13.5px; }
.cards img, .gone { width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: 4px;
  background: var(--band); display: block; }
.gone { display: flex; align-items: center; justify-content: center; color: var(--soft);
  font-size: 13.5px; border: 1px dashed var(--line); padding: 16px; text-align: center; }
@media (max-width: 620px) { main { padding: 20px 14px; } }
"""
_KINDS = (*(f"c{number}" for number in range(_COLOURS)), "other")
_STYLE += "".join(f".{kind} {{ stroke: var(--{kind}); fill: var(--{kind}); }}\n" for kind in _KINDS)


def write_report(output: Path, page: Path) -> None:
    """Write the page.

    Args:
        output: Of a batch.
        page: Replaced where it is there.

    Raises:
        OutputUnwritableError: The output is not there or is none; or the page cannot be written.
        DiskFullError: No room is left.
    """
    summary = read_summary(output)
    text = report_page(summary, title=output.name, pictures=thumbnails(summary.doubtful))
    with written_whole(page) as made:
        made.write_text(text, encoding="utf-8", errors="replace")


def report_page(summary: Summary, *, title: str, pictures: Sequence[bytes]) -> str:
    """The whole page; every text is escaped, every picture lies inside.

    Args:
        summary: What to say.
        title: Of the output.
        pictures: JPEG of each of the doubtful answers; empty where there is none.
    """
    title = plain(title, _SHORT)
    sections = (
        f"<h1>Batch: <bdi>{title}</bdi></h1>",
        _counts(summary),
        _answers(summary),
        _failures(summary),
        _times(summary.times),
        _map(summary),
        _doubtful(summary.doubtful, pictures),
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        f"<title>Batch: {title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(section for section in sections if section)
        + "\n</main>\n</body>\n</html>\n"
    )


def _counts(summary: Summary) -> str:
    numbers = {
        "jobs done": summary.answered + summary.failed,
        "answered": summary.answered,
        "failed": summary.failed,
        "without region": summary.without_region,
    }
    parts = "".join(f"<div><dt>{name}</dt><dd>{count:,}</dd></div>" for name, count in numbers.items())
    return f'<dl class="counts">{parts}</dl>'


def _answers(summary: Summary) -> str:
    if not summary.answers:
        return ""
    most = max(count for _, count in summary.answers)
    rows = "".join(
        f"<tr><td><bdi>{plain(answer, _SHORT) or '(no answer)'}</bdi></td>"
        f'<td class="number">{count:,}</td><td class="number">{count / summary.answered:.1%}</td>'
        f"{_bar(count / most)}</tr>"
        for answer, count in summary.answers
    )
    head = _head("answer", "jobs", "share", "")
    more = summary.answer_kinds - len(summary.answers)
    note = f'<p class="note">and {more:,} more different answers</p>' if more else ""
    return f"<h2>Answers</h2>\n{_table(head, rows)}{note}"


def _failures(summary: Summary) -> str:
    if not summary.failures:
        return ""
    rows = "".join(
        f'<tr><td><code>{plain(one.code, _SHORT)}</code></td><td class="number">{one.jobs:,}</td>'
        f"<td>job <bdi>{plain(one.job_id, _SHORT)}</bdi>: <bdi>{_sentence(one.message)}</bdi> "
        f"<bdi>{_sentence(one.hint)}</bdi></td></tr>"
        for one in summary.failures
    )
    return f"<h2>Failures</h2>\n{_table(_head('code', 'jobs', 'for example'), rows)}"


def _times(times: Times) -> str:
    if not times.seconds:
        return ""
    total = sum(times.stages.values())
    count = len(times.seconds)
    rows = "".join(
        f'<tr><td>{plain(_STAGES.get(stage, stage), _SHORT)}</td><td class="number">{spent:,.2f} s</td>'
        f'<td class="number">{spent / count:.3f} s</td>{_bar(spent / total if total else 0.0)}</tr>'
        for stage, spent in sorted(times.stages.items(), key=lambda item: -item[1])
    )
    middle, late = times.seconds[(count - 1) // 2], times.seconds[(count - 1) * 95 // 100]
    note = f"An answer took {middle:.3f} s in the middle, and 95 of 100 took {late:.3f} s at most."
    together = "Questions that are asked together wait for each other, and the sums count that."
    head = _head("stage", "all answers", "each", "")
    return f'<h2>Time</h2>\n{_table(head, rows)}<p class="note">{note} {together}</p>'


def _map(summary: Summary) -> str:
    kinds = {answer: f"c{number}" for number, (answer, _) in enumerate(summary.answers[:_COLOURS])}
    drawn = len(summary.places)
    label = f"Map of {drawn} regions and searched areas in {plain(summary.crs, 40)}"
    picture = region_map(summary.places, summary.crs, kinds, label)
    notes = [f"Outlines in {plain(summary.crs, 40)}; dashed: what was searched, without a region."]
    if drawn < summary.all_places:
        notes.append(f"{drawn:,} of {summary.all_places:,} are drawn.")
    if summary.unreferenced:
        notes.append(_not_drawn(summary.unreferenced))
    if not picture:
        if not summary.unreferenced:
            return ""
        picture, notes, kinds = "", notes[1:], {}
    seen = {place.answer for place in summary.places}
    entries = [(kind, plain(answer, _SHORT) or "(no answer)") for answer, kind in kinds.items()]
    if seen - kinds.keys():
        entries.append(("other", "other answers"))
    key = "".join(f"<li>{_swatch(kind)}<bdi>{name}</bdi></li>" for kind, name in entries)
    listed = f'<ul class="key">{key}</ul>' if key else ""
    return f'<h2>Places</h2>\n{picture}{listed}<p class="note">{" ".join(notes)}</p>'


def _not_drawn(count: int) -> str:
    places = "1 place has" if count == 1 else f"{count:,} places have"
    return f"{places} no coordinates in this CRS and cannot be drawn."


def _swatch(kind: str) -> str:
    return f'<svg viewBox="0 0 13 13" aria-hidden="true"><rect class="{kind}" width="13" height="13"/></svg>'


def _doubtful(answers: Sequence[Doubtful], pictures: Sequence[bytes]) -> str:
    if not answers:
        return ""
    cards = "".join(_card(one, picture) for one, picture in zip(answers, pictures, strict=True))
    order = (
        "Lowest score first; without scores, those with warnings, then what was seen coarser than half. "
        "At most half of all answers."
    )
    return f'<h2>Least certain answers</h2>\n<p class="note">{order}</p><ul class="cards">{cards}</ul>'


def _card(one: Doubtful, picture: bytes) -> str:
    about = [f"job {plain(one.job_id, _SHORT)}", plain(one.source, _LONG)]
    if one.score is not None:
        about.append(f"score {one.score:.2f}")
    if one.seen_gsd_m is not None:
        about.append(f"seen at {one.seen_gsd_m:.3g} m")
    lines = "".join(f'<p class="note"><bdi>{plain(text, _LONG)}</bdi></p>' for text in one.warnings)
    return (
        f"<li>{_picture(one, picture)}<h3><bdi>{plain(one.question, _LONG)}</bdi></h3>"
        f"<p><b><bdi>{plain(one.answer, _LONG) or '(no answer)'}</bdi></b></p>"
        f'<p class="note"><bdi>{" · ".join(about)}</bdi></p>{lines}</li>'
    )


def _picture(one: Doubtful, picture: bytes) -> str:
    name = plain(Path(one.source).name, _SHORT)
    if not picture:
        return f'<div class="gone">{name} can no longer be read</div>'
    content = base64.b64encode(picture).decode()
    alt = f"What the answer was read from: pixels {plain(one.pixel_box, _SHORT)} of {name}"
    return f'<img alt="{alt}" width="{SIDE_PX}" src="data:image/jpeg;base64,{content}">'


def _sentence(text: str) -> str:
    """Untrusted text for a page, with a stop at its end."""
    said = plain(text, _LONG)
    return said if not said or said.endswith((".", "!", "?", "…")) else f"{said}."


def _bar(share: float) -> str:
    return (
        '<td class="bar"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{100 * share:.1f}" height="10"/></svg></td>'
    )


def _table(head: str, rows: str) -> str:
    return f'<div class="scroll"><table>{head}<tbody>{rows}</tbody></table></div>'


def _head(*names: str) -> str:
    return f"<thead><tr>{''.join(map(_head_cell, names))}</tr></thead>"


def _head_cell(name: str) -> str:
    if not name:
        return "<td></td>"
    number = ' class="number"' if name in ("jobs", "share", "all answers", "each") else ""
    return f'<th scope="col"{number}>{name}</th>'
