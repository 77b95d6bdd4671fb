"""``zoomearth bench lrs-gro``: which questions are asked, and the published table beside ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmark_samples import lrs_gro_folder, zoom
from zoomearth.benchmark.dataset import first_questions
from zoomearth.benchmark.lrs_gro import lrs_gro_set, published_table
from zoomearth.benchmark.report import main
from zoomearth.core.errors import DataInvalidError
from zoomearth.core.frames import PixelBox


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return lrs_gro_folder(tmp_path_factory.mktemp("data"), 4)


def test_questions_come_image_by_image(data: Path) -> None:
    batches = list(lrs_gro_set(data, None, "test").batches())
    assert [batch.image for batch in batches] == [f"tile_{number}.tif" for number in range(4)]
    assert [len(batch.questions) for batch in batches] == [6, 6, 6, 6]
    first = batches[0].questions
    assert [one.level for one in first] == ["global", "global", "region", "region", "object", "object"]
    assert first[4].type == "color/pattern"
    assert first[1].box is None
    # Two native pixels a unit of the frame.
    assert first[3].box == PixelBox(1200, 200, 1600, 600)


def test_a_few_questions_are_drawn_from_all(data: Path) -> None:
    drawn = lrs_gro_set(data, None, "test", count=8, seed=0)
    names = [one.question_id for batch in drawn.batches() for one in batch.questions]
    assert len(names) == 8
    assert len({name.split("-")[0] for name in names}) > 2
    other = lrs_gro_set(data, None, "test", count=8, seed=1)
    assert names != [one.question_id for batch in other.batches() for one in batch.questions]
    more = lrs_gro_set(data, None, "test", count=12, seed=0)
    assert set(names) < {one.question_id for batch in more.batches() for one in batch.questions}


def test_batches_end_with_the_last_question_wanted(data: Path) -> None:
    every = lrs_gro_set(data, None, "test")
    assert [len(batch.questions) for batch in first_questions(every.batches(), 8)] == [6, 2]
    assert [len(batch.questions) for batch in first_questions(every.batches(), 12)] == [6, 6]
    assert len(list(first_questions(every.batches(), None))) == 4


def test_a_split_that_is_not_there_is_an_error(data: Path) -> None:
    with pytest.raises(DataInvalidError):
        lrs_gro_set(data, None, "rl")


def test_an_image_of_another_data_set_is_an_error(data: Path) -> None:
    with (
        pytest.raises(DataInvalidError, match="elsewhere"),
        lrs_gro_set(data, None, "test").open_image("elsewhere.tif"),
    ):
        pass


def test_the_published_figures_are_those_of_the_paper() -> None:
    rows = {(row.model, row.view_px): row for row in published_table().rows}
    ours = rows["ZoomEarth-3B", 512]
    assert (ours.global_, ours.region, ours.object_, ours.average) == (63.09, 46.11, 51.80, 53.76)
    assert ours.apo_iou == 34.39
    base = rows["Qwen2.5-VL-3B", 1024]
    assert (base.global_, base.region, base.object_, base.average) == (59.01, 31.91, 37.46, 42.25)
    assert rows["Qwen2.5-VL-3B", 3333].average == 42.83
    assert rows["InternVL3-8B", None].average == 53.67
    assert rows["ZoomEarth-3B without both", 512].region == 43.67
    assert "2511.12267" in published_table().source


def test_the_published_table_stands_beside_ours(data: Path, tmp_path: Path, capsys) -> None:
    script = tmp_path / "m.json"
    # The view is 512 x 256, four pixels each: 60-80 is 240-320 of the image, inside no true box but one.
    script.write_text(json.dumps([zoom(60, 60, 80, 80, answer="port"), "<answer>yes</answer>"]))
    assert main("lrs-gro", ["--data", str(data), "--model", f"scripted:{script}"]) == 0
    said = capsys.readouterr().out
    assert "| ZoomEarth-3B | 512 | 63.09 | 46.11 | 51.80 | 53.76 | 34.39 |" in said
    # Zooming it says yes: one of the two region questions is right, which is one of all six.
    assert "| m.json, zooming, strict (ours) | 512 | 0.00 | 50.00 | 0.00 | 16.67 |" in said.replace(
        "scripted:", ""
    )
    # From the overview it says port: one of the two global questions.
    assert "overview only, strict (ours) | 512 | 50.00 | 0.00 | 0.00 | 16.67 | – |" in said


def test_nothing_to_be_asked_is_an_error(data: Path, tmp_path: Path) -> None:
    lines = (data / "test.jsonl").read_text().splitlines()
    (tmp_path / "test.jsonl").write_text("\n".join(lines[:2]))  # two global questions, without a box
    (tmp_path / "m.json").write_text('["<answer>port</answer>"]')
    arguments = ["--data", str(tmp_path), "--images", str(data / "images"), "--modes", "oracle"]
    with pytest.raises(DataInvalidError, match="no question to be asked in oracle"):
        main("lrs-gro", [*arguments, "--model", f"scripted:{tmp_path / 'm.json'}"])


def test_bad_rows_are_named(data: Path, tmp_path: Path) -> None:
    lines = (data / "test.jsonl").read_text().splitlines()
    bad = json.loads(lines[2])
    bad["bbox"] = [5, 5, 1]
    (tmp_path / "test.jsonl").write_text("\n".join([*lines[:2], json.dumps(bad)]))
    with pytest.raises(DataInvalidError, match="bbox"):
        main("lrs-gro", ["--data", str(tmp_path), "--images", str(data / "images"), "--model", "scripted:x"])
