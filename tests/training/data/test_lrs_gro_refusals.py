"""Bad rows in LRS-GRO's format: all are named at once, with file, row and field; nothing is half-read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pytest
from data_files import published, refusal, write_image, write_lines
from zoomearth.training.data.lrs_gro import read_lrs_gro


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_image(tmp_path / "image" / "one.png")  # 1,024 x 512 units
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"image_name": "two.png"}, "image_name", "there is no image two.png"),
        ({"image_name": ""}, "image_name", "is empty"),
        ({"image_name": None}, "image_name", "is missing"),
        ({"bbox": [2000, 0, 2010, 10]}, "bbox", "lies outside the image of 1024 x 512"),
        ({"bbox": [0, 0, 10, 600]}, "bbox", "lies outside"),
        ({"bbox": [-5, 0, 10, 10]}, "bbox", "lies outside"),
        ({"bbox": [300, 200, 100, 400]}, "bbox", "[300, 200, 100, 400] is reversed"),
        ({"bbox": [100, 200, 300]}, "bbox", "has 3 numbers instead of 4"),
        ({"bbox": [100, 200, 100, 400]}, "bbox", "has no area"),
        ({"bbox": ["a", 200, 300, 400]}, "bbox", "no number"),
        ({"bbox": [float("nan"), 200, 300, 400]}, "bbox", "not finite"),
        ({"bbox": 12}, "bbox", "12 is no box"),
        ({"question": None}, "question", "is missing"),
        ({"question": "  "}, "question", "is empty"),
        ({"ground_truth": None}, "ground_truth", "is missing"),
        ({"ground_truth": ["red"]}, "ground_truth", "is no text"),
        ({"question_id": None}, "question_id", "is missing"),
        ({"type": "galaxy"}, "type", "neither is a level (global, region, object)"),
        ({"type": None}, "type", "neither is a level"),
        ({"higher_level": "region"}, "type", "says object, and higher_level says region"),
        ({"category": "Smell"}, "category", "'Smell' is no question type"),
        ({"category": None}, "category", "is missing"),
    ],
)
def test_one_bad_field(folder: Path, changes: dict[str, Any], field: str, said: str) -> None:
    path = write_lines(folder / "rows.jsonl", [published(1), published(2, **changes), published(3)])
    message = refusal(lambda: read_lrs_gro(path))
    assert message.startswith(f"{path}, row 2, {field}: ")
    assert said in message
    assert len(message.splitlines()) == 1


def test_several_bad_rows_are_named_in_one_go(folder: Path) -> None:
    rows = [
        published(1),
        published(2, bbox=[1, 2, 3]),
        "{ this is no JSON",
        published(4, image_name="two.png", question=""),
        published(4),
        "[1, 2]",
        "",
        published(8, type="galaxy"),
    ]
    path = write_lines(folder / "rows.jsonl", rows)
    lines = refusal(lambda: read_lrs_gro(path)).splitlines()
    assert [line.split(",")[1] for line in lines] == [f" row {number}" for number in (2, 3, 4, 5, 6, 8)]
    by_row = {line.split(",")[1].strip(): line for line in lines}
    assert "no JSON" in by_row["row 3"] and "no row of fields" in by_row["row 6"]
    assert "image_name: " in by_row["row 4"] and "question: is empty" in by_row["row 4"]
    assert "LRS-4 stands in" in by_row["row 5"]


def test_ten_rows_are_named_and_the_others_counted(folder: Path) -> None:
    path = write_lines(folder / "rows.jsonl", [published(n, bbox=[3, 2, 1, 4]) for n in range(1, 26)])
    lines = refusal(lambda: read_lrs_gro(path)).splitlines()
    assert len(lines) == 11
    assert [line.split(", ")[1] for line in lines[:10]] == [f"row {number}" for number in range(1, 11)]
    assert lines[-1] == "and 15 more rows"


def test_rows_of_a_table_on_disk_are_named_with_their_split(folder: Path) -> None:
    rows = [published(1), published(2, bbox=[300, 200, 100, 400])]
    datasets.DatasetDict({"rl": datasets.Dataset.from_list(rows)}).save_to_disk(str(folder / "saved"))
    message = refusal(lambda: read_lrs_gro(folder / "saved"))
    assert message.startswith(f"{folder / 'saved' / 'rl'}, row 2, bbox: ")


def test_an_image_that_cannot_be_read(folder: Path) -> None:
    (folder / "image" / "broken.png").write_bytes(b"no picture")
    path = write_lines(folder / "rows.jsonl", [published(image_name="broken.png")])
    message = refusal(lambda: read_lrs_gro(path))
    assert "row 1, image_name" in message and "broken.png cannot be read" in message


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_file(folder: Path, content: str) -> None:
    path = folder / "rows.jsonl"
    path.write_text(content)
    assert refusal(lambda: read_lrs_gro(path)) == f"{path} holds no question"


def test_an_empty_list(folder: Path) -> None:
    path = folder / "rows.json"
    path.write_text("[]")
    assert "holds no question" in refusal(lambda: read_lrs_gro(path))


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "holds no question file" in refusal(lambda: read_lrs_gro(tmp_path))


def test_a_split_that_is_not_there(folder: Path) -> None:
    path = write_lines(folder / "rows.jsonl", [published(1), published(2, split="test")])
    message = refusal(lambda: read_lrs_gro(path, split="validation"))
    assert "no row of split 'validation'; there are rl, test" in message


def test_no_such_file(tmp_path: Path) -> None:
    assert "there is no" in refusal(lambda: read_lrs_gro(tmp_path / "nothing.jsonl"))


def test_no_such_images_folder(folder: Path) -> None:
    path = write_lines(folder / "rows.jsonl", [published()])
    assert "is no folder" in refusal(lambda: read_lrs_gro(path, folder / "nowhere"))


def test_bytes_that_are_no_text(folder: Path) -> None:
    path = folder / "rows.jsonl"
    path.write_bytes(json.dumps(published()).encode() + b"\n\xff\xfe\x00garbage\n")
    assert f"{path}, row 2, no JSON" in refusal(lambda: read_lrs_gro(path))


@pytest.mark.parametrize(
    ("name", "content"), [("a.json", b"{ half"), ("a.json", b"7"), ("a.parquet", b"PAR1")]
)
def test_an_unreadable_file(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    assert str(folder / name) in refusal(lambda: read_lrs_gro(folder / name))


def test_a_damaged_table_on_disk(folder: Path) -> None:
    saved = folder / "saved"
    datasets.Dataset.from_list([published()]).save_to_disk(str(saved))
    next(saved.glob("*.arrow")).write_bytes(b"damaged")
    assert f"{saved} cannot be read" in refusal(lambda: read_lrs_gro(saved))
