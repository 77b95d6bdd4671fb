"""The report: what it counts, what it shows, and that nothing in it comes from outside or runs."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from datetime import datetime, timezone
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
import shapely
from batch_samples import ANSWER, ZOOM, Ended, many_jobs, write_jobs, write_raster
from PIL import Image
from rasterio.transform import from_origin
from zoomearth.batch.jobs import Job
from zoomearth.batch.outcome import Outcome
from zoomearth.batch.report import write_report
from zoomearth.batch.report_map import region_map
from zoomearth.batch.report_summary import MOST_DOUBTFUL, Place, read_summary
from zoomearth.batch.store import create_store
from zoomearth.core.errors import OutputUnwritableError
from zoomearth.core.frames import PixelBox
from zoomearth.core.types import Answer, AnswerFrame, Region

Batch = Callable[..., Ended]
Script = Callable[..., str]
HOSTILE = '<script>alert("1")</script><img src=x onerror=alert(1)>\u202e"\'&'


class Page(HTMLParser):
    """A page's elements in their order, its text, and whether its elements are closed as they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.is_balanced = True
        self._open: list[str] = []
        self.feed(text)
        self.is_balanced &= not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.is_balanced &= bool(self._open) and self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def page(batch: Batch, script: Script, scene: Path, tmp_path: Path) -> Page:
    """Six regions that say red, three answers without one, one hostile, two failures."""
    write_raster(tmp_path / "nowhere.tif", None)
    red, plain = script(ZOOM, ANSWER), script("blue")  # the latter not in the agreed form: a warning
    label = '[{"bbox_2d": [1, 1, 9, 9], "label": "<b>"}]'
    hostile = script(label, f"<answer>{HOSTILE}</answer>")
    rows = [{"raster": "scene.tif", "question": f"Red {number}?", "model": red} for number in range(6)]
    rows += [{"raster": "scene.tif", "question": "Blue?", "model": plain}] * 2
    rows += [{"raster": "nowhere.tif", "question": "Blue?", "model": plain}]
    rows += [{"raster": "scene.tif", "question": HOSTILE, "model": hostile}]
    rows += [{"raster": f"<i>gone{number}.tif", "question": HOSTILE, "model": red} for number in range(2)]
    write_jobs(tmp_path / "jobs.csv", rows)
    ended = batch("jobs.csv", "--output", "<b>out.gpkg", "--report", "out.html")
    assert ended.status == 0
    return Page((tmp_path / "out.html").read_text(encoding="utf-8"))


class TestPage:
    def test_counts(self, page: Page) -> None:
        assert "jobs done 12 answered 10 failed 2 without region 3" in page.text
        assert "red 6 60.0% blue 3 30.0% " in page.text
        assert re.search(r"raster_unreadable 2 job 1[12] ?: /", page.text)
        assert "No such file or directory. Check that the file exists" in page.text
        assert "1 place has no coordinates in this CRS and cannot be drawn." in page.text

    def test_times_by_stage(self, page: Page) -> None:
        for stage in ("reading the overview", "looking", "reading a zoom", "answering"):
            assert re.search(rf"{stage} [\d.]+ s [\d.]+ s", page.text), stage

    def test_nothing_runs_and_nothing_is_fetched(self, page: Page) -> None:
        assert page.is_balanced
        kinds = {tag for tag, _ in page.elements}
        assert not kinds & {
            "script",
            "link",
            "iframe",
            "object",
            "embed",
            "base",
            "form",
            "a",
            "use",
            "image",
        }
        for tag, attributes in page.elements:
            assert not any(name.startswith("on") for name in attributes), tag
            assert "style" not in attributes
            assert "href" not in attributes
            source = attributes.get("src")
            assert source is None or source.startswith("data:image/jpeg;base64,")
        policy = next(one["content"] for one in page.all("meta") if "http-equiv" in one)
        assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

    def test_untrusted_text_stays_text(self, page: Page, tmp_path: Path) -> None:
        assert '<script>alert("1")</script><img src=x onerror=alert(1)>' in page.text
        assert not {"i", "script"} & {tag for tag, _ in page.elements}
        assert "Batch: <b>out.gpkg" in page.text
        assert "\u202e" not in (tmp_path / "out.html").read_text(encoding="utf-8")

    def test_map(self, page: Page) -> None:
        """Six regions of one place, 160 m wide; two searched areas; the hostile region of 80 m."""
        (drawing,) = (one for one in page.all("svg") if one.get("class") == "map")
        assert drawing["role"] == "img"
        assert drawing["aria-label"] == "Map of 9 regions and searched areas in EPSG:4326"
        classes = [one["class"] for one in page.all("path")]
        assert classes.count("c0") == 6
        assert classes.count("c1 searched") == 2
        assert len(classes) == 9
        assert re.search(r"15\.00\d°E", page.text)
        assert re.search(r"50\.5\d+°N", page.text)

    def test_pictures_say_what_they_are(self, page: Page) -> None:
        """Those of the three answers with a warning; the others give no reason to doubt."""
        pictures = page.all("img")
        assert len(pictures) == 3
        for picture in pictures:
            assert str(picture["alt"]).startswith("What the answer was read from: pixels [")
            content = base64.b64decode(str(picture["src"]).split(",")[1])
            assert max(Image.open(io.BytesIO(content)).size) == 320

    def test_headings_come_in_their_order(self, page: Page) -> None:
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        assert page.all("html") == [{"lang": "en"}]

    def test_dark_theme(self, page: Page, tmp_path: Path) -> None:
        text = (tmp_path / "out.html").read_text(encoding="utf-8")
        assert "color-scheme: light dark" in text
        light, dark = (set(re.findall(r"(--\w+):", part)) for part in text.split("prefers-color-scheme")[:2])
        assert light == dark & light
        used = set(re.findall(r"var\((--\w+)\)", text))
        assert used == light


class TestDoubt:
    def order(self, path: Path, *rows: tuple[str, list[float | None], float | None, str | None]) -> list[str]:
        """Jobs as the report takes them, of rows (job, scores of its regions, metres seen, warning)."""
        with create_store(path, "digest") as store:
            for name, scores, seen_gsd_m, warning in rows:
                corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
                answer = Answer(
                    text="red",
                    regions=tuple(Region("", PixelBox(0, 0, 1, 1), corners, score) for score in scores),
                    steps=(),
                    searched_box=PixelBox(0, 0, 1, 1),
                    searched_polygons=((corners,),),
                    frame=AnswerFrame.OWN,
                    crs=None,
                    seen_gsd_m=seen_gsd_m,
                    model="none",
                    revision="none",
                    seconds=0.0,
                    warnings=(warning,) if warning else (),
                    approximations=("overview_mean: The overview shows the mean.",),
                )
                store.add(Outcome(Job(name, "/gone.tif", "Red?"), datetime.now(timezone.utc), answer=answer))
        return [one.job_id for one in read_summary(path).doubtful]

    def test_lowest_score_first(self, tmp_path: Path) -> None:
        rows = (("a", [0.9], 1.0, None), ("b", [0.2, 0.8], 1.0, None), ("c", [0.5], 1.0, "no_answer: None."))
        assert self.order(tmp_path / "out.gpkg", *rows) == ["b", "c"]

    def test_without_scores_warnings_then_what_was_seen_coarsest(self, tmp_path: Path) -> None:
        rows = (
            ("fine", [None], 0.5, None),
            ("coarse", [], 30.0, None),
            ("coarser", [], 60.0, None),
            ("warned", [None], 0.1, "no_answer: The model wrote none."),
            ("unknown", [], None, None),
            ("native", [], 0.1, "already_native: The area was shown in full detail already."),
        )
        assert self.order(tmp_path / "out.gpkg", *rows) == ["warned", "coarser", "coarse"]

    def test_no_more_than_half_of_the_answers(self, tmp_path: Path) -> None:
        rows = [(str(number), [], 0.1, "no_answer: None.") for number in range(5)]
        assert self.order(tmp_path / "out.gpkg", *rows) == ["0", "1", "2"]

    def test_nothing_to_doubt(self, tmp_path: Path) -> None:
        rows = [(str(number), [None], 10.0, None) for number in range(4)]
        assert self.order(tmp_path / "out.gpkg", *rows) == []

    def test_no_more_than_twelve(self, tmp_path: Path) -> None:
        rows = [(f"{number:03}", [number / 100], None, None) for number in range(99, -1, -1)]
        found = self.order(tmp_path / "out.gpkg", *rows)
        assert found == [f"{number:03}" for number in range(MOST_DOUBTFUL)]


def test_raster_that_is_gone_is_said(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    many_jobs(tmp_path, 4)
    assert batch("jobs.csv", "--output", "out.gpkg", "--model", script("red")).status == 0
    scene.unlink()
    write_report(tmp_path / "out.gpkg", tmp_path / "out.html")
    page = Page((tmp_path / "out.html").read_text(encoding="utf-8"))
    assert page.text.count("scene.tif can no longer be read") == 2
    assert page.all("img") == []


def test_regions_far_apart_are_all_seen(script: Script, batch: Batch, tmp_path: Path) -> None:
    """Places of a hundredth of a degree on a map of the world become dots, where they belong."""
    places = {"west": -170, "middle": 10, "east": 170}
    for name, longitude in places.items():
        write_raster(tmp_path / f"{name}.tif", "EPSG:4326", from_origin(longitude, 10, 1e-4, 1e-4))
    many_jobs(tmp_path, 3, [f"{name}.tif" for name in places])
    call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ZOOM, ANSWER), "--report", "out.html")
    assert batch(*call).status == 0
    dots = Page((tmp_path / "out.html").read_text(encoding="utf-8")).all("circle")
    west, middle, east = sorted(float(str(dot["cx"])) for dot in dots)
    assert middle - west == pytest.approx(180 / 340 * (east - west), abs=0.2)
    assert {str(dot["class"]) for dot in dots} == {"c0"}


def test_graticule_stays_on_the_earth() -> None:
    """A frame around the whole world reaches beyond it."""
    world = Place("red", "Red?", True, shapely.box(-180, -90, 180, 90))
    texts = re.findall(r">([^<>]*°[NSEW]?)<", region_map([world], "EPSG:4326", {}, "map"))
    assert "100°W" in texts and "50°S" in texts and "0°" in texts
    degrees = [(float(text.strip("°NSEW")), text[-1]) for text in texts]
    assert all(number <= (90 if side in "NS" else 180) for number, side in degrees)


def test_only_failures(script: Script, batch: Batch, tmp_path: Path) -> None:
    many_jobs(tmp_path, 2, ["gone.tif"])
    call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER), "--report", "out.html")
    assert batch(*call).status == 0
    page = Page((tmp_path / "out.html").read_text(encoding="utf-8"))
    assert "jobs done 2 answered 0 failed 2" in page.text
    assert page.is_balanced
    assert [tag for tag, _ in page.elements if tag == "h2"] == ["h2"]


@pytest.mark.parametrize("content", [None, b"", b"no database" * 100])
def test_what_is_no_output(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "out.gpkg").write_bytes(content)
    with pytest.raises(OutputUnwritableError) as caught:
        write_report(tmp_path / "out.gpkg", tmp_path / "out.html")
    assert caught.value.hint == "Name the GeoPackage that a batch wrote."
    assert not (tmp_path / "out.html").exists()


def test_page_that_cannot_be_written(tmp_path: Path, sealed_folder: Path) -> None:
    create_store(tmp_path / "out.gpkg", "digest").close()
    with pytest.raises(OutputUnwritableError):
        write_report(tmp_path / "out.gpkg", sealed_folder / "out.html")
