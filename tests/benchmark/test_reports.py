"""What a run leaves: tables, a page that asks nothing of any server, plots, and the worst answers."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import hand_worked
import numpy as np
import pytest
from benchmark_samples import lrs_gro_folder
from PIL import Image
from zoomearth.benchmark import plots
from zoomearth.benchmark.figures import make_figures
from zoomearth.benchmark.folder import write_report
from zoomearth.benchmark.lrs_gro import lrs_gro_set
from zoomearth.benchmark.markdown import escaped
from zoomearth.benchmark.pictures import pictured, worst
from zoomearth.benchmark.record import Mode, Record
from zoomearth.benchmark.tables import Report, make_tables, notes
from zoomearth.core.frames import PixelBox

EVIL = '</b><script src="https://evil.example/x.js"></script><img src=x onerror=alert(1)> | *b* `c` [l](http://e)'


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return lrs_gro_set(lrs_gro_folder(tmp_path_factory.mktemp("data"), 2), None, "test")


def on_tile(record: Record) -> Record:
    """The record as if its question were about a raster of the sample data set, 2,048 x 1,024 px."""
    extent = PixelBox(0, 0, 2048, 1024)
    window = PixelBox(100, 100, 612, 612) if record.zooms else extent
    return replace(record, image="tile_0.tif", extent=extent, window=window if record.views else None)


@pytest.fixture(scope="module")
def report(dataset, tmp_path_factory) -> Path:
    """A report in which question, truth and answer of one record mean harm."""
    folder = tmp_path_factory.mktemp("report")
    records = [on_tile(one) for one in hand_worked.records()]
    records = [
        replace(one, question=EVIL, truth=EVIL, answer=EVIL + "!", is_strict=False)
        if one.question_id == "q13"
        else one
        for one in records
    ]
    figures = make_figures(records, by_image=False)
    said = Report(
        "Report", {"model": EVIL}, tuple(make_tables(figures)), tuple(notes(figures)), figures, tuple(records)
    )
    write_report(folder, said, dataset)
    return folder


class Page(HTMLParser):
    """What a browser would meet."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.text += data


def test_the_page_asks_nothing_of_any_server(report: Path) -> None:
    text = (report / "report.html").read_text()
    page = Page(text)
    assert page.open == []
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form", "a", "base", "video"}
    sources = [attributes["src"] for _, attributes in page.tags if "src" in attributes]
    assert sources and all(source.startswith("data:image/") for source in sources)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert not re.search(r"url\(|@import", text)
    policy = next(attributes for tag, attributes in page.tags if "http-equiv" in attributes)
    assert "default-src 'none'" in policy["content"]


def test_untrusted_text_is_text(report: Path) -> None:
    page = Page((report / "report.html").read_text())
    assert page.text.count(EVIL) >= 3  # the fact, the question, the truth, the answer
    markdown = (report / "report.md").read_text()
    assert "<script" not in markdown.replace("\\<script", "")
    assert escaped(EVIL + "!") in markdown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a|b", r"a\|b"),
        ("two\nlines", "two lines"),
        ("<b>", r"\<b\>"),
        ("[x](y)", r"\[x\](y)"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_markdown_means_nothing_in_a_cell(text: str, said: str) -> None:
    assert escaped(text) == said


def test_every_table_row_is_as_long_as_its_header(report: Path) -> None:
    blocks = re.findall(r"(?:^\|.*\n)+", (report / "report.md").read_text(), re.MULTILINE)
    assert len(blocks) >= 6
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_pictures_and_plots_are_files_too(report: Path) -> None:
    markdown = (report / "report.md").read_text()
    named = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", markdown)
    assert len(named) == len(set(named)) >= 10
    for name in named:
        assert (report / name).is_file()
    for path in (report / "plots").iterdir():
        assert ElementTree.parse(path).getroot().tag.endswith("svg")
    kept = sorted(path.name for path in report.iterdir())
    assert kept == ["figures.json", "pictures", "plots", "report.html", "report.md"]


def test_the_tables_say_the_figures() -> None:
    figures = make_figures(hand_worked.records(), by_image=True)
    tables = {table.title: table for table in make_tables(figures)}
    by_level = {row[0]: row for row in tables["Accuracy by level, strict"].rows}
    header = tables["Accuracy by level, strict"].header
    assert header[:5] == ("", "questions", "overview only %", "zooming %", "true place shown %")
    assert by_level["average"][1] == "20"
    assert [cell.split(" [")[0] for cell in by_level["average"][2:]] == [
        "55.0",
        "40.0",
        "86.7",
        "-15.0",
        "+40.0",
    ]
    assert by_level["global"][4] == "–"
    assert tables["Accuracy by level, WordNet"].rows[0][2:] == ("no WordNet",) * 5
    useful = dict(tables["Use of zooming"].rows)
    assert useful["right after / right before"].startswith("1.20 [")
    assert useful["zoomed questions"] == "13"
    places = {row[0]: row for row in tables["Places"].rows}
    assert places["all"][1] == "15" and places["all"][2].startswith("32.1 [")
    counting = {row[0]: row for row in tables["Counting"].rows}
    assert counting["all, zooming"][4].startswith("1.50 [")
    assert any("wordnet-base" in note for note in notes(figures))
    assert any("all questions" in note for note in notes(figures))
    assert any("1 × raster_unreadable" in note for note in notes(figures))


def test_the_worst_are_wrong_and_far_off_and_of_many_kinds() -> None:
    records = hand_worked.records()
    chosen = worst(records)
    assert len(chosen) == 12
    assert all(one.mode is Mode.ACTIVE and not one.is_strict for one in chosen)
    # Wrong, IoU 0, boxed: q09, q12, q14, q19, q20; then q08 and q18 (1/2), q11 (9/11); then those unboxed.
    assert [one.question_id for one in chosen[:8]] == ["q09", "q12", "q14", "q19", "q20", "q08", "q18", "q11"]
    many = [replace(one, question_id=f"{one.question_id}-{n}") for n in range(20) for one in records]
    kinds = [one.kind for one in worst(many)]
    assert max(kinds.count(kind) for kind in kinds) <= 2
    assert [one.question_id for one in worst(many, 1)] == ["q09-0"]


def test_nothing_wrong_leaves_nothing_to_show() -> None:
    assert worst([one for one in hand_worked.records() if one.is_strict]) == []
    assert worst([]) == []


def decoded(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def greenish(pixels: np.ndarray) -> np.ndarray:
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    return (green > 180) & (red < 120) & (blue < 170)


def test_pictures_show_where_the_truth_is(dataset) -> None:
    record = next(one for one in hand_worked.records() if one.key == ("q08", Mode.ACTIVE))
    record = replace(on_tile(record), box=PixelBox(200, 200, 400, 400), region=PixelBox(1200, 600, 1300, 700))
    (case,) = pictured([record], dataset)
    overview, crop = decoded(case.overview), decoded(case.crop)
    # 2,048 x 1,024 at 512 x 256: the box is 50-100, the frame just around it.
    assert overview.shape == (256, 512, 3)
    rows, columns = np.nonzero(greenish(overview)[:130, :130])
    assert (columns.min(), columns.max()) == pytest.approx((48, 102), abs=3)
    assert (rows.min(), rows.max()) == pytest.approx((48, 102), abs=3)
    # The window is 100-612, seen at 240 px: the box is 100-300 of its 512 px.
    assert crop.shape == (512, 512, 3)
    rows, columns = np.nonzero(greenish(crop))
    assert (columns.min(), columns.max()) == pytest.approx((98, 302), abs=4)


def test_what_is_no_longer_there_goes_without_pictures(dataset) -> None:
    record = next(one for one in hand_worked.records() if one.key == ("q08", Mode.ACTIVE))
    (case,) = pictured([replace(record, image="gone.tif")], dataset)
    assert case.overview == case.crop == b""


def test_plots_show_what_there_is() -> None:
    figures = make_figures(hand_worked.records(), by_image=True)
    figure = plots.comparison(figures, "title")
    axes = figure.axes[0]
    heights = [bar.get_height() for container in axes.containers[::2] for bar in container]
    # Overview, zooming, true place; each global, region, object, all.
    expected = [4 / 5, 3 / 7, 1 / 2, 11 / 20, 1 / 5, 3 / 7, 1 / 2, 8 / 20, np.nan, 5 / 7, 1, 13 / 15]
    assert heights == pytest.approx(expected, nan_ok=True)
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        *("global", "region", "object"),
        "all questions",
    ]
    histogram = plots.iou_histogram(hand_worked.records())
    raw, expanded = histogram.axes[0].containers
    assert sum(bar.get_height() for bar in raw) == pytest.approx(1)
    assert raw[0].get_height() == pytest.approx(7 / 15)
    assert expanded[9].get_height() == pytest.approx(5 / 15)
    useful = plots.usefulness(figures).axes[0]
    gained, lost = useful.containers
    assert gained[0].get_width() == pytest.approx(4 / 13)
    assert lost[0].get_width() == pytest.approx(-3 / 13)


def test_plots_without_anything_to_show() -> None:
    passive = [one for one in hand_worked.records() if one.mode is Mode.PASSIVE]
    figures = make_figures(passive, by_image=True)
    assert plots.usefulness(figures) is None
    assert plots.iou_histogram(passive) is None
    assert plots.drawn(plots.comparison(figures)).startswith(b"<?xml")
    assert plots.drawn(plots.by_type(figures)).startswith(b"<?xml")


def test_plots_are_svg_or_png_and_the_same_each_time(tmp_path: Path) -> None:
    figures = make_figures(hand_worked.records(), by_image=True)
    for name in ("a.png", "b.png", "a.svg", "b.svg"):
        plots.save(plots.comparison(figures), tmp_path / "new" / name)
    read = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    assert read["a.png"] == read["b.png"] and read["a.png"].startswith(b"\x89PNG")
    assert read["a.svg"] == read["b.svg"]
