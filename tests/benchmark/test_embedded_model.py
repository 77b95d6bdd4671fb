"""The embedded model, as it is shipped: it sees, it zooms, it knows what it does not know."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from zoomearth.benchmark import scenes
from zoomearth.benchmark.asking import scored_answer
from zoomearth.benchmark.metrics import share
from zoomearth.core.frames import PixelBox
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.core.types import Query, RasterRequest
from zoomearth.models.loading import load_engine
from zoomearth.perception.loop import ask
from zoomearth.raster.reading import open_raster
from zoomearth.resources import resource_folder
from zoomearth.training.scenes.layout import make_scene
from zoomearth.training.scenes.writing import write_scene

FOLDER = resource_folder() / "models" / "zoomearth-mini"
UNSEEN_SEED = 1_000_300
"""Beyond the 200 scenes that the published figures come from."""


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


@pytest.mark.slow
def test_it_sees_more_when_it_zooms(engine) -> None:
    scores = scenes.run(engine, 12, UNSEEN_SEED)
    zooming = share(one.is_exact for one in scores.active)
    overview_only = share(one.is_exact for one in scores.passive)
    # 36 questions: a third of the bar's distance is left for chance.
    assert zooming >= 0.5
    assert zooming >= overview_only + 0.1
    placed = [one for one in scores.active if one.target is not None]
    assert share(one.holds_target for one in placed) >= 0.55
    assert share(one.is_exact for one in scores.unanswerable) >= 0.75


@pytest.mark.parametrize(
    "question", ["What is the price of bread?", "Who wrote this sonnet?", "Quelle heure est-il ?", "zxcv"]
)
def test_it_says_so_when_it_cannot_tell(engine, scene_path, question) -> None:
    with open_raster(RasterRequest(str(scene_path))) as raster:
        query = Query(question, RasterRequest(str(scene_path)))
        answer = ask(query, raster, engine, report=ignore_progress, cancel=CancelToken())
    assert answer.text == "I can't tell"


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
    found = scored_answer(
        engine, path, "Are there buildings?", group="", truth="yes", target=None, max_zooms=3
    )
    assert found.is_exact
    with path.with_suffix(".csv").open() as file:
        sides = [
            [float(row[name]) for name in ("xmin", "ymin", "xmax", "ymax")] for row in csv.DictReader(file)
        ]
    assert any(_touches(found.window, PixelBox(*box)) for box in sides)


def _touches(one: PixelBox, other: PixelBox) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    return across > 0 and min(one.bottom, other.bottom) - max(one.top, other.top) > 0
