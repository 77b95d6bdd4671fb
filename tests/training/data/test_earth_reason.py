"""EarthReason: the published folders with masks, and rows with boxes, polygons or masks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pytest
from data_files import refusal, write_image, write_lines, write_mask
from zoomearth.core.frames import PixelBox
from zoomearth.training.data.earth_reason import NO_TARGET, read_earth_reason

REQUESTS = ["Where could a child play?", "Which place suits a game?"]
ANSWERS = ["The playground at the right.", "The sports field."]


def write_published(folder: Path, name: str, box: tuple[int, int, int, int] | None, **texts: Any) -> None:
    write_image(folder / "images" / f"{name}.jpg", 640, 1200)
    write_mask(folder / "labels" / f"{name}.png", 640, 1200, box)
    (folder / "QAs").mkdir(exist_ok=True)
    (folder / "QAs" / f"{name}.json").write_text(
        json.dumps({"questions": REQUESTS, "answer": ANSWERS, **texts})
    )


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    told = {
        "id": f"ER-{number}",
        "image": "one.png",
        "question": REQUESTS[0],
        "answer": "playground",
        "bbox": [10, 20, 300, 400],
    }
    return {name: value for name, value in {**told, **changes}.items() if value != "left out"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_image(tmp_path / "images" / "one.png", 800, 600)
    return tmp_path


def test_the_published_layout(tmp_path: Path) -> None:
    write_published(tmp_path / "train", "a1", (100, 700, 130, 900))
    write_published(tmp_path / "val", "a2", (0, 0, 640, 1200), answer=ANSWERS[:1])
    questions = read_earth_reason(tmp_path)
    assert [one.question_id for one in questions] == ["train/a1-0", "train/a1-1", "val/a2-0", "val/a2-1"]
    assert [one.answer for one in questions] == [*ANSWERS, ANSWERS[0], ANSWERS[0]]
    assert questions[1].question == REQUESTS[1]
    assert questions[0].image == tmp_path / "train" / "images" / "a1.jpg"
    # Columns 100 to 129 and rows 700 to 899 are marked, over two strips of the mask.
    assert questions[0].box == PixelBox(100, 700, 130, 900)
    assert questions[2].box == PixelBox(0, 0, 640, 1200)
    assert {one.split for one in questions} == {"train", "val"}


def test_one_split(tmp_path: Path) -> None:
    write_published(tmp_path / "train", "a1", (1, 2, 3, 4))
    write_published(tmp_path / "test" / "test", "a2", (1, 2, 3, 4))
    assert {one.split for one in read_earth_reason(tmp_path, split="Test")} == {"test"}
    assert len(read_earth_reason(tmp_path / "train")) == 2
    assert "no split 'val', only test, train" in refusal(lambda: read_earth_reason(tmp_path, split="val"))


@pytest.mark.parametrize("is_masked", [True, False])
def test_nothing_of_what_is_asked_for(tmp_path: Path, is_masked: bool) -> None:
    if is_masked:
        write_published(tmp_path / "train", "a1", (1, 2, 3, 4), answer=[])
    else:
        write_published(tmp_path / "train", "a1", None)
    questions = read_earth_reason(tmp_path)
    assert {(one.answer, one.box) for one in questions} == {(NO_TARGET, None)}


def test_bad_published_files_are_all_named(tmp_path: Path) -> None:
    train = tmp_path / "train"
    for name in ("a1", "a2", "a3", "a4", "a5", "a6"):
        write_published(train, name, (1, 2, 3, 4))
    (train / "images" / "a1.jpg").unlink()
    (train / "labels" / "a2.png").unlink()
    (train / "QAs" / "a3.json").write_text("{ half")
    (train / "QAs" / "a4.json").write_text(json.dumps({"questions": ["", "Where?"], "answer": ["here"]}))
    write_mask(train / "labels" / "a5.png", 640, 1000, (1, 2, 3, 4))
    (train / "QAs" / "a6.json").write_text(json.dumps({"questions": ["Where?"]}))
    lines = refusal(lambda: read_earth_reason(tmp_path)).splitlines()
    assert [line.split(", ")[0] for line in lines] == [str(train / "QAs" / f"a{n}.json") for n in range(1, 7)]
    for line, said in zip(
        lines,
        (
            "no image a1",
            "a2.png cannot be read",
            "cannot be read",
            "questions: number 1 is no text",
            "measures 640 x 1000 and its image 640 x 1200",
            "answer: is missing",
        ),
        strict=True,
    ):
        assert said in line


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [10, 20, 300, 400]),
        ({"bbox": [[10, 20, 30, 40], [100, 5, 120, 30]]}, [10, 5, 120, 40]),
        ({"bbox": "left out", "boxes": [[10, 20, 30, 40]]}, [10, 20, 30, 40]),
        ({"bbox": "left out", "polygon": [[10, 20], [30, 25], [15, 60]]}, [10, 20, 30, 60]),
        (
            {"bbox": "left out", "segmentation": [[10, 20, 30, 25, 15, 60], [100, 1, 110, 9, 90, 5]]},
            [10, 1, 110, 60],
        ),
        ({"bbox": "left out", "mask": [10, 20, 30, 40]}, [10, 20, 30, 40]),
        ({"bbox": "left out", "mask": "masks/one.png"}, [7, 8, 90, 500]),
        ({"bbox": None, "mask": "masks/one.png"}, [7, 8, 90, 500]),
        ({"bbox": [10, 20, 800.4, 400]}, [10, 20, 800, 400]),
    ],
)
def test_rows_with_places(folder: Path, changes: dict[str, Any], expected: list[float]) -> None:
    write_mask(folder / "masks" / "one.png", 800, 600, (7, 8, 90, 500))
    (question,) = read_earth_reason(write_lines(folder / "rows.jsonl", [row(**changes)]))
    assert question.box is not None
    assert question.box.to_json() == expected
    assert (question.question_id, question.answer) == ("ER-1", "playground")


@pytest.mark.parametrize("box", [[], None])
def test_rows_without_a_target(folder: Path, box: object) -> None:
    path = write_lines(folder / "rows.jsonl", [row(bbox=box, answer="left out")])
    (question,) = read_earth_reason(path)
    assert (question.answer, question.box) == (NO_TARGET, None)


def test_other_names_for_the_fields_and_ids_by_row(folder: Path) -> None:
    told = {"image_path": "images/one.png", "text": "Where to?", "label": "pier", "box": [1, 2, 3, 4]}
    (question,) = read_earth_reason(write_lines(folder / "test.jsonl", [told]))
    assert (question.question_id, question.question, question.answer) == ("test-1", "Where to?", "pier")
    assert question.split == "test"


def test_rows_in_parquet(folder: Path) -> None:
    datasets.Dataset.from_list([row()]).to_parquet(str(folder / "train.parquet"))
    (question,) = read_earth_reason(folder / "train.parquet")
    assert question.box == PixelBox(10, 20, 300, 400)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"image": "two.png"}, "image: there is no image two.png"),
        ({"image": "left out"}, "image: is missing, as are image_path and image_name"),
        ({"question": "left out"}, "question: is missing"),
        ({"answer": "left out"}, "answer: is missing"),
        ({"bbox": "left out"}, "bbox: is missing"),
        (
            {"bbox": [10, 20, 900, 400]},
            "bbox: [10.0, 20.0, 900.0, 400.0] lies outside the image of 800 x 600",
        ),
        ({"bbox": [300, 20, 10, 400]}, "reversed"),
        ({"bbox": [[1, 2, 3, 4], [10, 20, 300]]}, "has 3 numbers"),
        ({"bbox": [10, 20, float("nan"), 400]}, "not finite"),
        ({"bbox": "somewhere"}, "no box"),
        ({"bbox": "left out", "polygon": [[1, 2], [3, 4]]}, "polygon: [[1, 2], [3, 4]] is no polygon"),
        ({"bbox": "left out", "polygon": [1, 1, 2, 2, "x", 3]}, "polygon: 'x' is no coordinate"),
        ({"bbox": "left out", "polygon": [1, 1, 1, 2, 1, 3]}, "has no area"),
        ({"bbox": "left out", "mask": "masks/none.png"}, "mask: there is no mask"),
    ],
)
def test_bad_rows(folder: Path, changes: dict[str, Any], said: str) -> None:
    path = write_lines(folder / "rows.jsonl", [row(1), row(2, **changes)])
    message = refusal(lambda: read_earth_reason(path))
    assert message.startswith(f"{path}, row 2, ")
    assert said in message


def test_the_same_id_twice(folder: Path) -> None:
    path = write_lines(folder / "rows.jsonl", [row(1), row(2), row(1)])
    assert "row 3, id: ER-1 stands in" in refusal(lambda: read_earth_reason(path))


def test_no_rows(folder: Path) -> None:
    assert "holds no question" in refusal(lambda: read_earth_reason(write_lines(folder / "rows.jsonl", [])))


def test_no_questions_in_the_published_layout(tmp_path: Path) -> None:
    (tmp_path / "train" / "QAs").mkdir(parents=True)
    assert "holds no question" in refusal(lambda: read_earth_reason(tmp_path))
