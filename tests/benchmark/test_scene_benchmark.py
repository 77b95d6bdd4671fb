"""The scene benchmark with a played-back model: what is counted, and over which questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from zoomearth.benchmark.report import main
from zoomearth.benchmark.scenes import FIRST_UNSEEN_SEED, SIZE_PX, UNANSWERABLE, run
from zoomearth.core.frames import PixelBox
from zoomearth.models.scripted import ScriptedEngine
from zoomearth.training.scenes.layout import make_scene
from zoomearth.training.scenes.writing import scene_questions


def whole_view() -> str:
    """A zoom to all of the 512 px overview: its window holds every object."""
    return '[{"bbox_2d": [0, 0, 512, 512], "label": "x"}]'


@pytest.fixture(scope="module")
def scores():
    return run(ScriptedEngine("scripted", (whole_view(), "<answer>no</answer>")), 2)


def test_every_question_is_asked_both_ways(scores) -> None:
    asked = [q for i in range(2) for q in scene_questions(make_scene(FIRST_UNSEEN_SEED + i, SIZE_PX))]
    assert [one.truth for one in scores.active] == [one.truth for one in scores.passive]
    assert [one.truth for one in scores.active] == [question.answer for question in asked]
    assert all(one.answer == "no" for one in scores.active)
    assert all(one.region is None for one in scores.passive)


def test_what_is_not_there_has_no_place(scores) -> None:
    assert [one.target is None for one in scores.active] == [one.truth == "no" for one in scores.active]
    assert all(one.holds_target for one in scores.active if one.target is not None)
    assert all(one.region == PixelBox(0, 0, SIZE_PX, SIZE_PX) for one in scores.active)


def test_questions_without_an_answer_want_to_be_refused(scores) -> None:
    assert [one.truth for one in scores.unanswerable] == ["I can't tell"] * 2
    assert not any(one.is_exact for one in scores.unanswerable)
    assert len(set(UNANSWERABLE)) == 20


def test_the_report_holds_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps([whole_view(), "<answer>I can't tell</answer>"]))
    figures = tmp_path / "figures.json"
    assert main("scenes", ["--model", f"scripted:{script}", "--count", "1", "--json", str(figures)]) == 0
    said = json.loads(figures.read_text())
    assert said["exact, zooming"] == 0 and said["window holds the object's centre"] == 1
    assert said["refused, no answer to be had"] == said["refused, answer to be had"] == 1
    assert "| refused, no answer to be had | 100.0 % |" in capsys.readouterr().out
