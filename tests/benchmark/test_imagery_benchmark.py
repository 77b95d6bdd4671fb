"""``zoomearth bench imagery``: questions that labels give, told apart by what is asked."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from zoomearth.benchmark.imagery import imagery_set
from zoomearth.benchmark.report import main

SIDE_PX = 1200


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two ports, of which Valencia is held out; ships of very different sizes in a dark sea."""
    folder = tmp_path_factory.mktemp("imagery")
    (folder / "ships").mkdir()
    for place in ("valencia", "genoa"):
        rng = np.random.default_rng(4)
        pixels = np.full((3, SIDE_PX, SIDE_PX), 40, np.uint8)
        lines = ["class,xmin,ymin,xmax,ymax"]
        for number in range(30):
            width, height = (int(side) for side in rng.integers(4, 24, 2))
            left, top = 30 + 190 * (number % 6), 30 + 230 * (number // 6)
            pixels[:, top : top + height, left : left + width] = 220
            lines.append(f"ship,{left},{top},{left + width},{top + height}")
        (folder / "ships" / f"{place}.csv").write_text("\n".join(lines) + "\n")
        with rasterio.open(
            folder / "ships" / f"{place}.tif",
            "w",
            driver="GTiff",
            width=SIDE_PX,
            height=SIDE_PX,
            count=3,
            dtype="uint8",
            crs="EPSG:3857",
            transform=Affine(10, 0, 0, 0, -10, 0),
        ) as dataset:
            dataset.write(pixels)
    return folder


def test_only_places_that_no_training_sees(folder: Path) -> None:
    questions = [one for batch in imagery_set(folder, of=60).batches() for one in batch.questions]
    assert {one.image.stem for one in questions} == {"valencia"}
    kinds = Counter(one.type for one in questions)
    assert set(kinds) >= {"existence, ships", "counting, ships", "outermost, ships"}
    assert set(kinds) <= {*kinds, "largest, ships", "smallest, ships"}
    for one in questions:
        size = next((word for word in ("largest", "smallest") if word in one.question), "")
        assert not size or one.type == f"{size}, ships"


def test_the_same_seed_gives_the_same_questions(folder: Path) -> None:
    assert imagery_set(folder, of=30).identity() == imagery_set(folder, of=30).identity()
    assert imagery_set(folder, of=30).identity() != imagery_set(folder, of=30, seed=1).identity()


def test_the_whole_command(folder: Path, tmp_path: Path, capsys) -> None:
    script = tmp_path / "m.json"
    script.write_text(json.dumps(["<answer>3</answer>"]))
    arguments = ["--imagery", str(folder), "--model", f"scripted:{script}", "--count", "60"]
    assert main("imagery", [*arguments, "--modes", "active", "--output", str(tmp_path / "run")]) == 0
    answers = [json.loads(line) for line in (tmp_path / "run" / "answers.jsonl").read_text().splitlines()]
    truths = [int(one["truth"]) for one in answers if one["type"] == "counting, ships"]
    figures = json.loads((tmp_path / "run" / "figures.json").read_text())
    counting = figures["figures"]["active"]["counting"]
    # Always 3: within a quarter of 3 and 4 alone.
    assert counting["exact"]["all"]["value"] == pytest.approx(truths.count(3) / len(truths))
    near = truths.count(3) + truths.count(4)
    assert counting["within_25_percent"]["all"]["value"] == pytest.approx(near / len(truths))
    errors = [abs(truth - 3) for truth in truths]
    assert counting["mean_absolute_error"]["all"]["value"] == pytest.approx(sum(errors) / len(errors))
    assert figures["interval"]["drawn"] == "questions"
    assert all(one["image"] == "valencia.tif" for one in answers)
    assert "| all, zooming |" in capsys.readouterr().out


@pytest.mark.real_data
def test_real_imagery_has_every_kind_of_question(real_data: Path) -> None:
    questions = [
        one for batch in imagery_set(real_data / "imagery", of=300).batches() for one in batch.questions
    ]
    kinds = {one.type for one in questions}
    assert {f"existence, {family}" for family in ("ships", "buildings", "trees")} < kinds
    assert {"largest, ships", "largest, buildings", "counting, trees"} < kinds
    assert {one.image.stem.split("_")[0] for one in questions} == {
        *("durban", "klang", "valencia", "zanzibar", "eureka", "riverside")
    }
