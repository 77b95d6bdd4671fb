"""The embedded model, as it is shipped: it sees, it zooms, it knows what it does not know."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from zoomearth.benchmark.asking import Asker
from zoomearth.benchmark.figures import CANNOT_TELL
from zoomearth.benchmark.record import Mode
from zoomearth.benchmark.report import main
from zoomearth.core.frames import PixelBox
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.core.types import Query, RasterRequest
from zoomearth.models.loading import load_engine
from zoomearth.perception.loop import ask
from zoomearth.raster.reading import open_raster
from zoomearth.resources import resource_folder
from zoomearth.training.data.question import LabelledQuestion
from zoomearth.training.scenes.layout import make_scene
from zoomearth.training.scenes.writing import write_scene
from zoomearth.training.tokenizer import CANNOT_TELL as TAUGHT

FOLDER = resource_folder() / "models" / "zoomearth-mini"
UNSEEN_SEED = 2_900_000
"""Far beyond the scenes that the published figures come from."""


@pytest.fixture(scope="module")
def engine():
    return load_engine("zoomearth-mini", report=ignore_progress, cancel=CancelToken())


@pytest.fixture(scope="module")
def scene_path(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("scene") / "scene.tif"
    write_scene(make_scene(UNSEEN_SEED, 4096), path)
    return path


def test_it_is_small_and_tells_where_it_comes_from() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 20e6
    record = json.loads((FOLDER / "training.json").read_text())
    assert {"stages", "seconds", "figures"} <= record.keys()
    card = (FOLDER / "README.md").read_text()
    assert "Limits" in card and "zoomearth bench scenes" in card


def test_the_benchmark_knows_a_refusal() -> None:
    assert CANNOT_TELL == TAUGHT


@pytest.mark.slow
def test_it_sees_more_when_it_zooms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--questions", "15", "--seed", str(UNSEEN_SEED), "--modes", "active,passive"]
    assert main("scenes", [*arguments, "--output", str(tmp_path / "run")]) == 0
    found = json.loads((tmp_path / "run" / "figures.json").read_text())["figures"]
    active, passive = found["active"], found["passive"]
    zooming = active["accuracy"]["strict"]["all"]["value"]
    # Fifteen questions: a third of the bar's distance is left for chance.
    assert zooming >= 0.5
    assert zooming >= passive["accuracy"]["strict"]["all"]["value"] + 0.1
    assert active["window_holds_centre"]["all"]["value"] >= 0.55
    # 240 px in merged patches of 24 px: 100 tokens a picture.
    assert passive["visual_tokens"]["value"] == 100
    assert active["visual_tokens"]["value"] > 100
    assert "Accuracy by level" in capsys.readouterr().out


@pytest.mark.parametrize(
    "question", ["What is the price of bread?", "Who wrote this sonnet?", "Quelle heure est-il ?", "zxcv"]
)
def test_it_says_so_when_it_cannot_tell(engine, scene_path, question) -> None:
    with open_raster(RasterRequest(str(scene_path))) as raster:
        query = Query(question, RasterRequest(str(scene_path)))
        answer = ask(query, raster, engine, report=ignore_progress, cancel=CancelToken())
    assert answer.text == CANNOT_TELL


def test_it_follows_the_protocol(engine, scene_path) -> None:
    with open_raster(RasterRequest(str(scene_path))) as raster:
        query = Query("What is in the north?", RasterRequest(str(scene_path)))
        answer = ask(query, raster, engine, report=ignore_progress, cancel=CancelToken())
    first, *_, last = answer.steps
    assert "<think>" in first.text and "bbox_2d" in first.text
    assert "<answer>" in last.text
    assert first.box is not None
    assert len(answer.regions) == 1
    assert last.window.width < first.window.width


@pytest.mark.real_data
def test_it_finds_a_building_in_a_place_it_never_saw(engine, real_data) -> None:
    path = real_data / "imagery" / "buildings" / "zanzibar.tif"
    question = LabelledQuestion("1", path, "Are there buildings?", "yes")
    found = Asker(engine).record(question, path, path.name, Mode.ACTIVE)
    assert found.is_strict
    with path.with_suffix(".csv").open() as file:
        sides = [
            [float(row[name]) for name in ("xmin", "ymin", "xmax", "ymax")] for row in csv.DictReader(file)
        ]
    assert any(_touches(found.window, PixelBox(*box)) for box in sides)


def _touches(one: PixelBox, other: PixelBox) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    return across > 0 and min(one.bottom, other.bottom) - max(one.top, other.top) > 0
