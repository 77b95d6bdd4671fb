"""What a ``[[data]]`` table names, and what is refused in one."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
from data_files import published, refusal, write_image, write_lines
from zoomearth.core.errors import TrainingConfigError
from zoomearth.training.data.reading import DataSource, data_source, digest, read_questions

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    write_image(tmp_path / "image" / "one.png")
    return write_lines(tmp_path / "rows.jsonl", [published(1), published(2, split="test", bbox=[])])


def test_a_table_of_a_training_file(lines: Path) -> None:
    text = f"""
    [[data]]
    kind = "lrs-gro"
    path = "{lines.as_posix()}"
    images = "{(lines.parent / "image").as_posix()}"
    split = "test"
    share = 2
    other_types = true
    """
    (table,) = tomllib.loads(text)["data"]
    source = data_source(table)
    assert (source.share, source.other_types) == (2, True)
    assert [question.question_id for question in read_questions(source)] == ["LRS-2"]
    assert hash(source) == hash(data_source(dict(table)))


def test_earth_reason(tmp_path: Path) -> None:
    write_image(tmp_path / "one.png")
    row = {"image": "one.png", "question": "Where?", "answer": "here", "bbox": [1, 2, 3, 4]}
    path = write_lines(tmp_path / "rows.jsonl", [row])
    assert len(read_questions(DataSource("earth-reason", str(path)))) == 1


def test_imagery_has_the_places_of_training_unless_told(tmp_path: Path) -> None:
    for name in ("porto", "durban"):
        path = write_image(tmp_path / "ships" / f"{name}.tif", 900, 700)
        path.with_suffix(".csv").write_text(
            "class,xmin,ymin,xmax,ymax\nship,20,20,60,60\nship,400,90,410,99\n"
        )
    source = DataSource("imagery", str(tmp_path), count=30)
    assert {one.image.stem for one in read_questions(source)} == {"porto"}
    assert {one.image.stem for one in read_questions(replace(source, split="test"))} == {"durban"}
    assert digest(read_questions(source)) != digest(read_questions(replace(source, seed=1)))


def test_a_layer_with_its_own_names(tmp_path: Path) -> None:
    raster = write_image(tmp_path / "one.png")
    pyogrio.raw.write(
        tmp_path / "own.gpkg",
        geometry=None,
        field_data=[np.array([text], dtype=object) for text in ("Offen?", "ja")],
        fields=["frage", "antwort"],
        layer="fragen",
        driver="GPKG",
    )
    fields = {"question": "frage", "answer": "antwort"}
    source = DataSource(
        "layer", str(tmp_path / "own.gpkg"), images=str(raster), layer="fragen", fields=fields
    )
    (question,) = read_questions(source)
    assert (question.question, question.answer, question.image) == ("Offen?", "ja", raster)


def test_the_digest_tells_sets_apart(lines: Path) -> None:
    questions = read_questions(DataSource("lrs-gro", str(lines)))
    assert digest(questions) == digest(list(questions))
    assert digest(questions) != digest(questions[::-1])
    assert digest(questions) != digest([questions[0], replace(questions[1], answer="blue")])
    moved = [replace(question, image=Path("/elsewhere") / question.image.name) for question in questions]
    assert digest(moved) == digest(questions)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"path": "x"}, "kind is missing"),
        ({"kind": "lrs-gro"}, "path is missing"),
        ({"kind": "lrs-gro", "path": ""}, "path is empty"),
        ({"kind": "csv", "path": "x"}, "kind 'csv' is none of lrs-gro, earth-reason, imagery, layer, scenes"),
        ({"kind": "lrs-gro", "path": "x", "shard": 1}, "unknown entry 'shard'"),
        ({"kind": "lrs-gro", "path": "x", "share": 0}, "share is 0"),
        ({"kind": "lrs-gro", "path": "x", "share": -1.0}, "share is -1.0"),
        ({"kind": "lrs-gro", "path": "x", "share": float("nan")}, "share is nan"),
        ({"kind": "lrs-gro", "path": "x", "share": "much"}, "share is 'much', and must be float"),
        ({"kind": "lrs-gro", "path": "x", "share": True}, "share is True"),
        ({"kind": "lrs-gro", "path": 7}, "path is 7, and must be str"),
        ({"kind": "lrs-gro", "path": "x", "seed": 4}, "seed is for imagery only, not for lrs-gro"),
        ({"kind": "scenes", "path": "x", "layer": "l"}, "layer is for layer only"),
        ({"kind": "imagery", "path": "x", "other_types": True}, "other_types is for lrs-gro, scenes only"),
        ({"kind": "imagery", "path": "x", "split": "val"}, "splits train and test"),
        ({"kind": "imagery", "path": "x", "images": "y"}, "no images of its own"),
        ({"kind": "imagery", "path": "x", "count": 0}, "must be at least 1"),
        ({"kind": "layer", "path": "x", "minimum_crop_px": 0.5}, "must be at least 1"),
        ({"kind": "layer", "path": "x", "fields": {"frage": "question"}}, "fields has no frage"),
    ],
)
def test_bad_tables(table: dict[str, Any], said: str) -> None:
    with pytest.raises(TrainingConfigError, match="data") as caught:
        data_source(table)
    assert said in caught.value.message


def test_a_folder_of_scenes_without_questions(tmp_path: Path) -> None:
    assert "there is no" in refusal(lambda: read_questions(DataSource("scenes", str(tmp_path))))
