"""Both kinds of scenes behind one door."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rasterio
from PIL import Image
from zoomearth.cli import main
from zoomearth.training.worlds import WORLDS


@pytest.mark.parametrize("kind", sorted(WORLDS))
def test_the_command_writes_scenes_of_a_kind(kind: str, tmp_path: Path) -> None:
    assert (
        main(["scenes", str(tmp_path), "--count", "1", "--seed", "11", "--size", "2048", "--kind", kind]) == 0
    )
    rows = [json.loads(line) for line in (tmp_path / "questions.jsonl").read_text().splitlines()]
    assert {row["image_name"] for row in rows} == {"scene_11.tif"}
    with rasterio.open(tmp_path / "scene_11.tif") as dataset:
        assert (dataset.width, dataset.height, dataset.count) == (2048, 2048, 3)
    direct = WORLDS[kind].question_rows(WORLDS[kind].make_scene(11, 2048), "scene_11.tif")
    assert rows == json.loads(json.dumps(direct))


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
