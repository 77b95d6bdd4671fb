"""``zoomearth bench scenes``: which questions are asked, and that scenes come and go."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
import rasterio
from benchmark_samples import zoom
from zoomearth.benchmark.figures import UNANSWERABLE
from zoomearth.benchmark.report import main
from zoomearth.benchmark.scenes import FIRST_UNSEEN_SEED, REFUSALS, SceneSet
from zoomearth.core.errors import DataInvalidError
from zoomearth.training.scenes.layout import make_scene
from zoomearth.training.scenes.writing import question_rows

SIZE_PX = 2048


@pytest.fixture(scope="module")
def batches():
    return list(SceneSet(count=3, sizes_px=(SIZE_PX, 2 * SIZE_PX)).batches())


def test_scenes_start_where_no_training_is(batches) -> None:
    assert FIRST_UNSEEN_SEED == 2_000_000
    assert [batch.image for batch in batches] == [
        "scene_2000000_2048px.tif",
        "scene_2000001_4096px.tif",
        "scene_2000002_2048px.tif",
    ]


def test_questions_are_the_rows_with_native_boxes(batches) -> None:
    rows = question_rows(make_scene(FIRST_UNSEEN_SEED, SIZE_PX), "scene.tif")
    asked = batches[0].questions
    assert [one.question for one in asked] == [row["question"] for row in rows]
    assert [one.answer for one in asked] == [row["ground_truth"] for row in rows]
    assert [one.level for one in asked] == [row["type"] for row in rows]
    for one, row in zip(asked, rows, strict=True):
        assert (one.box is None) == (row["bbox"] is None)
        if one.box:  # 2,048 px in a frame of 1,024: two pixels a unit.
            assert one.box.to_json() == pytest.approx([2 * side for side in row["bbox"]])
    names = [one.question_id for batch in batches for one in batch.questions]
    assert len(set(names)) == len(names)


def test_a_refusal_is_asked_only_when_wanted(batches) -> None:
    assert not any(one.type == UNANSWERABLE for batch in batches for one in batch.questions)
    odd = [
        one
        for batch in SceneSet(count=20, sizes_px=(SIZE_PX,), has_refusals=True).batches()
        for one in batch.questions
        if one.type == UNANSWERABLE
    ]
    assert sorted(one.question for one in odd) == sorted(REFUSALS)
    assert {one.answer for one in odd} == {"I can't tell"}


def test_a_scene_is_there_only_while_it_is_asked_about(batches) -> None:
    with SceneSet().open_image(batches[0].image) as path:
        with rasterio.open(path) as dataset:
            assert (dataset.width, dataset.height, dataset.count) == (SIZE_PX, SIZE_PX, 3)
        assert str(path).startswith(tempfile.gettempdir())
    assert not path.exists() and not path.parent.exists()


def test_no_other_file_is_a_scene() -> None:
    with pytest.raises(DataInvalidError), SceneSet().open_image("../../etc/passwd"):
        pass


def test_the_whole_command(tmp_path: Path, capsys) -> None:
    script = tmp_path / "m.json"
    # Points at the whole view: its window holds every object.
    script.write_text(json.dumps([zoom(0, 0, 512, 512), "<answer>I can't tell</answer>"]))
    arguments = ["--model", f"scripted:{script}", "--size", str(SIZE_PX), "--count", "1", "--refusals"]
    output, plot = tmp_path / "run", tmp_path / "plots" / "modes.svg"
    arguments += ["--modes", "active,passive", "--output", str(output), "--plot", str(plot)]
    assert main("scenes", arguments) == 0
    said = capsys.readouterr().out
    found = json.loads((output / "figures.json").read_text())
    active = found["figures"]["active"]
    asked = [one for batch in SceneSet(count=1, sizes_px=(SIZE_PX,)).batches() for one in batch.questions]
    assert (found["questions"], found["images"]) == (len(asked), 1)
    assert active["zoom_rate"]["all"]["value"] == 1
    assert active["window_holds_centre"]["all"]["value"] == 1
    assert active["refused"]["unanswerable"] == {"value": 1, "low": None, "high": None, "count": 1}
    assert active["refused"]["answerable"]["value"] == 1
    assert found["interval"]["drawn"] == "images"
    assert "oracle" not in found["figures"]
    # It never answers from the overview.
    assert found["figures"]["passive"]["refused"]["unanswerable"]["value"] == 0
    assert "## Refusals" in said and "| zooming | 1 | 100.0 | 100.0 |" in said
    assert plot.read_bytes().startswith(b"<?xml")


def test_a_number_of_questions_ends_the_run(tmp_path: Path, capsys) -> None:
    script = tmp_path / "m.json"
    script.write_text(json.dumps(["<answer>red</answer>"]))
    output = tmp_path / "run"
    arguments = ["--model", f"scripted:{script}", "--size", str(SIZE_PX), "--questions", "2"]
    main("scenes", [*arguments, "--modes", "passive", "--output", str(output)])
    assert (output / "answers.jsonl").read_text().count("\n") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--modes", "active,blind"],
        ["--modes", ""],
        ["--count", "0"],
        ["--questions", "-1"],
        ["--max-zooms", "0"],
        ["--size", "100"],
        ["--plot", "modes.gif"],
        ["--resume"],
        ["--report-only"],
        ["--seed", "x"],
    ],
)
def test_a_wrong_call_says_so(arguments: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        main("scenes", arguments)
    assert caught.value.code == 2
    assert "usage: zoomearth bench scenes" in capsys.readouterr().err


def test_there_is_no_other_benchmark(capsys) -> None:
    with pytest.raises(SystemExit):
        main("mmlu", [])
    assert "choose scenes, lrs-gro, imagery" in capsys.readouterr().err
