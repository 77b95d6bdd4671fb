"""``zoomearth scenes``: what it writes, and which calls it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rasterio
from PIL import Image
from zoomearth.cli import main
from zoomearth.training.scenes.layout import make_scene
from zoomearth.training.scenes.writing import question_rows


def test_the_command_writes_scenes_with_their_questions(tmp_path: Path) -> None:
    assert main(["scenes", str(tmp_path), "--count", "2", "--seed", "11", "--size", "2048"]) == 0
    rows = [json.loads(line) for line in (tmp_path / "questions.jsonl").read_text().splitlines()]
    direct = [row for seed in (11, 12) for row in question_rows(make_scene(seed, 2048), f"scene_{seed}.tif")]
    assert rows == json.loads(json.dumps(direct))
    for seed in (11, 12):
        with rasterio.open(tmp_path / f"scene_{seed}.tif") as dataset:
            assert (dataset.width, dataset.height, dataset.count) == (2048, 2048, 3)


def test_a_contact_sheet_shows_every_kind(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    arguments = ["scenes", str(tmp_path / "scenes"), "--count", "1", "--size", "512", "--sheet", str(sheet)]
    assert main(arguments) == 0
    with Image.open(sheet) as image:
        assert image.size[0] > 2000
        assert len(set(image.convert("L").resize((50, 25)).tobytes())) > 40


@pytest.mark.parametrize("size", ["511", "16385"])
def test_a_size_that_cannot_be_is_a_wrong_call(size: str, tmp_path: Path, capsys) -> None:
    with pytest.raises(SystemExit):
        main(["scenes", str(tmp_path), "--size", size])
    assert "at most 16384" in capsys.readouterr().err
