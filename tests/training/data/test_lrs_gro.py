"""LRS-GRO's format: the published layout, our scenes' rows, and every container they come in."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pytest
from data_files import published, refusal, write_image, write_lines
from zoomearth.core.frames import PixelBox
from zoomearth.training.data.lrs_gro import read_lrs_gro
from zoomearth.training.data.question_types import LEVELS, TYPES, TYPES_BY_LEVEL, type_of
from zoomearth.training.data.reading import DataSource, read_questions
from zoomearth.training.scenes.writing import write_scenes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One image of 2,048 x 1,024 px (2 px a unit), in the folder that the published code expects."""
    write_image(tmp_path / "image" / "one.png")
    return tmp_path


def test_a_published_row(folder: Path) -> None:
    (question,) = read_lrs_gro(write_lines(folder / "LRS-GRO.jsonl", [published()]))
    assert question.question_id == "LRS-1"
    assert question.image == folder / "image" / "one.png"
    assert (question.question, question.answer) == ("What color is the crane at the left?", "red")
    assert (question.level, question.type, question.split) == ("object", "color/pattern", "rl")
    assert question.box == PixelBox(200, 400, 600, 800)
    assert question.area is None


def test_a_row_of_our_own_order(folder: Path) -> None:
    row = published(category="colour", higher_level="object", type="color/pattern", split="train")
    (question,) = read_lrs_gro(write_lines(folder / "questions.jsonl", [row]))
    assert (question.level, question.type, question.split) == ("object", "color/pattern", "train")


@pytest.mark.parametrize(
    ("category", "level", "kind"),
    [
        ("Scene Type", "global", "scene type"),
        ("Urban-Rural", "global", "urban-rural"),
        ("Urban\u2013Rural", "global", "urban-rural"),
        ("Season", "global", "season"),
        ("Counting", "global", "counting"),
        ("Counting", "region", "counting"),
        ("Object existence", "region", "existence"),
        ("Region status", "region", "status"),
        ("Region function", "region", "function"),
        ("Object category", "region", "object category"),
        ("Other visual features", "region", "other visual features"),
        ("Object category refinement", "object", "category refinement"),
        ("Object color / pattern", "object", "color/pattern"),
        ("Object function / usage", "object", "function/usage"),
        ("Object material / surface", "object", "material/surface"),
        ("Object relative position / context", "object", "relative position/context"),
        ("Object shape / structure", "object", "shape/structure"),
        ("Object state / motion / activity", "object", "state/motion/activity"),
        ("Localization", "global", "localization"),
        ("Function", "global", "function"),
    ],
)
def test_published_categories(folder: Path, category: str, level: str, kind: str) -> None:
    row = published(category=category, type=level)
    (question,) = read_lrs_gro(write_lines(folder / "rows.jsonl", [row]))
    assert (question.level, question.type) == (level, kind)


def test_there_are_17_types_and_each_knows_itself() -> None:
    assert sum(len(names) for names in TYPES_BY_LEVEL.values()) == 17
    assert {type_of(name) for name in TYPES} == TYPES
    assert not set(LEVELS) & TYPES


def test_the_skill_is_no_type(folder: Path) -> None:
    """``higher_level`` says ``function`` of many rows, which is also the name of a type."""
    row = published(category="Land use", higher_level="function")
    assert "category: 'Land use'" in refusal(lambda: read_lrs_gro(write_lines(folder / "a.jsonl", [row])))


def test_other_types_are_kept_on_request(folder: Path) -> None:
    path = write_lines(folder / "rows.jsonl", [published(category="Time of Day", type="global")])
    assert [question.type for question in read_lrs_gro(path, other_types=True)] == ["time of day"]


@pytest.mark.parametrize("box", [None, [], ""])
def test_a_row_without_a_box(folder: Path, box: object) -> None:
    rows = [published(bbox=box, type="global", category="Season")]
    assert read_lrs_gro(write_lines(folder / "rows.jsonl", rows))[0].box is None


def test_a_row_whose_box_is_missing(folder: Path) -> None:
    row = published()
    del row["bbox"]
    assert read_lrs_gro(write_lines(folder / "rows.jsonl", [row]))[0].box is None


def test_the_skill_may_be_missing(folder: Path) -> None:
    row = published()
    del row["higher_level"]
    assert read_lrs_gro(write_lines(folder / "rows.jsonl", [row]))[0].level == "object"


def test_numbers_are_answers_too_and_texts_are_stripped(folder: Path) -> None:
    rows = [published(1, ground_truth=3), published(2, ground_truth=" trees ", question="Where?\n")]
    first, second = read_lrs_gro(write_lines(folder / "rows.jsonl", rows))
    assert (first.answer, second.answer, second.question) == ("3", "trees", "Where?")


def test_splits(folder: Path) -> None:
    rows = [published(1, split="RL"), published(2, split="test"), published(3, split="rl")]
    path = write_lines(folder / "rows.jsonl", rows)
    assert [question.question_id for question in read_lrs_gro(path, split="Rl")] == ["LRS-1", "LRS-3"]
    assert len(read_lrs_gro(path)) == 3


def test_images_of_other_splits_may_be_missing(folder: Path) -> None:
    rows = [published(1, split="test", image_name="not-fetched.png"), published(2)]
    assert len(read_lrs_gro(write_lines(folder / "rows.jsonl", rows), split="rl")) == 1


def test_a_row_without_a_split_has_its_files(folder: Path) -> None:
    row = published()
    del row["split"]
    assert read_lrs_gro(write_lines(folder / "rl.jsonl", [row]))[0].split == "rl"


def test_images_lie_where_one_says(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    path = write_lines(elsewhere / "rows.jsonl", [published(image_name="folder/one.png")])
    (question,) = read_lrs_gro(path, folder / "image")
    assert question.image == folder / "image" / "one.png"


@pytest.mark.parametrize("name", ["one.jpg", "one.tif"])
def test_plain_images_of_other_formats(tmp_path: Path, name: str) -> None:
    write_image(tmp_path / name, 4096, 512)  # 4 px a unit
    rows = [published(image_name=name, bbox=[10, 20, 30, 40])]
    (question,) = read_lrs_gro(write_lines(tmp_path / "rows.jsonl", rows))
    assert question.box == PixelBox(40, 80, 120, 160)


def test_a_folder_a_json_file_and_json_lines_by_another_name(folder: Path) -> None:
    rows = [published(1), published(2)]
    as_list = folder / "list.json"
    as_list.write_text(json.dumps(rows))
    as_data = folder / "table.json"
    as_data.write_text(json.dumps({"data": rows}))
    as_lines = write_lines(folder / "lines.json", rows)
    expected = read_lrs_gro(as_list)
    assert len(expected) == 2
    assert read_lrs_gro(as_data) == expected == read_lrs_gro(as_lines)
    write_lines(folder / "LRS-GRO.jsonl", rows)
    assert read_lrs_gro(folder) == expected


@pytest.fixture
def saved(folder: Path) -> Path:
    rows = {
        "sft": [published(1, split="sft"), published(2, split="sft", bbox=[])],
        "test": [published(3, split="test")],
    }
    tables = datasets.DatasetDict({name: datasets.Dataset.from_list(part) for name, part in rows.items()})
    tables.save_to_disk(str(folder / "LRS_GRO"))
    return folder


def test_datasets_on_disk(saved: Path) -> None:
    questions = read_lrs_gro(saved / "LRS_GRO")
    assert [(one.question_id, one.split) for one in questions] == [
        ("LRS-1", "sft"),
        ("LRS-2", "sft"),
        ("LRS-3", "test"),
    ]
    assert questions[0].box == PixelBox(200, 400, 600, 800)
    assert questions[1].box is None


def test_one_split_of_datasets_on_disk(saved: Path) -> None:
    (question,) = read_lrs_gro(saved / "LRS_GRO" / "test", saved / "image")
    assert question.question_id == "LRS-3"


def test_parquet(folder: Path) -> None:
    datasets.Dataset.from_list([published()]).to_parquet(str(folder / "data" / "rl-00000-of-00001.parquet"))
    (question,) = read_lrs_gro(folder)
    assert (question.box, question.split) == (PixelBox(200, 400, 600, 800), "rl")


def test_our_scenes_are_read(tmp_path: Path) -> None:
    write_scenes(tmp_path, 1, 7, 4096)
    rows = [json.loads(line) for line in (tmp_path / "questions.jsonl").read_text().splitlines()]
    questions = read_questions(DataSource("scenes", str(tmp_path)))
    assert len(questions) == len(rows) > 0
    for question, row in zip(questions, rows, strict=True):
        assert (question.question, question.answer) == (row["question"], row["ground_truth"])
        assert question.level in LEVELS and question.type in TYPES
        if row["bbox"]:  # 4,096 px are 4 a unit
            assert question.box is not None
            assert question.box.to_json() == pytest.approx([4 * side for side in row["bbox"]])
