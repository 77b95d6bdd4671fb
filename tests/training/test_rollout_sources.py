"""Questions by number: of drawn scenes, of rasters on disk, and of both in a proportion."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from test_rollout_policy import labelled, tiny_rasters
from zoomearth.core.errors import DataInvalidError
from zoomearth.core.frames import PixelBox
from zoomearth.training.rollout_sources import (
    MixedQuestions,
    RasterQuestions,
    SceneQuestions,
    question_order,
)
from zoomearth.training.scenes.layout import make_scene
from zoomearth.training.scenes.writing import question_rows, write_scene


def test_a_scenes_question_is_one_of_its_rows() -> None:
    """Boxes come out of the frame of 1,024 into pixels of the scene: four times as large here."""
    source = SceneQuestions(1_700_000, 8, 4096)
    seen = set()
    for number in range(8):
        question = source.question(number)
        scene = make_scene(1_700_000 + number, 4096)
        rows = {row["question_id"]: row for row in question_rows(scene, "x")}
        row = rows[question.question_id]
        assert (question.question, question.answer) == (row["question"], row["ground_truth"])
        assert question.level in ("global", "region", "object")
        if row["bbox"]:
            assert question.box is not None
            assert question.box.to_json() == pytest.approx([4 * side for side in row["bbox"]], abs=0.01)
        else:
            assert question.box is None
        seen.add(question.type)
        assert source.question(number) == question
    assert len(seen) > 1


def test_a_scenes_window_is_drawn_as_it_would_be_written(tmp_path) -> None:
    """The pixels that a reader of the written file would get, at native resolution."""
    source = SceneQuestions(1_700_000, 1, 1024)
    with source.image(0) as image:
        assert image.extent == PixelBox(0, 0, 1024, 1024)
        drawn = image.view(PixelBox(300, 200, 400, 280), 240)
    write_scene(make_scene(1_700_000, 1024), tmp_path / "scene.tif")
    question = dataclasses.replace(source.question(0), image=tmp_path / "scene.tif")
    with RasterQuestions([question]).image(0) as on_disk:
        read = on_disk.view(PixelBox(300, 200, 400, 280), 240)
    assert drawn.shape == read.shape == (80, 100, 3)
    assert np.abs(drawn.astype(int) - read).mean() < 1.0


def test_scenes_come_one_after_the_other_and_end() -> None:
    source = SceneQuestions(1_999_990, 10, 4096)
    assert source.order(10, seed=3) == list(range(10))
    with pytest.raises(DataInvalidError, match="10 at most"):
        source.order(11, seed=3)


def test_an_area_is_all_that_is_searched() -> None:
    question = dataclasses.replace(labelled(tiny_rasters())[0], area=PixelBox(10.5, 20, 110, 90))
    with RasterQuestions([question]).image(0) as image:
        assert image.extent == PixelBox(10, 20, 110, 90)
        assert image.view(image.extent, 50).shape == (35, 50, 3)


def test_every_question_comes_once_before_any_comes_twice() -> None:
    order = question_order(4, 10, seed=1)
    assert sorted(order[:4]) == sorted(order[4:8]) == [0, 1, 2, 3]
    assert question_order(4, 30, seed=1)[:10] == order and question_order(4, 10, seed=2) != order
    assert len(set(question_order(100, 7, seed=1))) == 7


def test_a_mix_keeps_its_proportion_and_its_sources_order() -> None:
    rasters = RasterQuestions(labelled(tiny_rasters()))
    mixed = MixedQuestions([rasters, SceneQuestions(1_700_000, 5000, 1024)], [1.0, 3.0])
    assert len(mixed) == 4 + 5000
    order = mixed.order(400, seed=1)
    scenes = [number - 4 for number in order if number >= 4]
    assert scenes == list(range(len(scenes))) and 260 < len(scenes) < 340  # 300 ± 4.6 deviations
    first = [number for number in order if number < 4][:4]
    assert sorted(first) == [0, 1, 2, 3]
    assert mixed.order(1000, seed=1)[:400] == order
    assert mixed.question(first[0]) == rasters.question(first[0])
    assert mixed.question(4).question_id.startswith("1700000")
    with mixed.image(2) as image:
        assert image.extent == PixelBox(0, 0, 320, 256)


def test_other_data_has_another_fingerprint(tmp_path) -> None:
    questions = labelled(tiny_rasters())
    other = dataclasses.replace(questions[0], answer="blue")
    prints = {
        RasterQuestions(questions).fingerprint(),
        RasterQuestions([other, *questions[1:]]).fingerprint(),
        SceneQuestions(1_700_000, 5, 1024).fingerprint(),
        SceneQuestions(1_700_000, 5, 2048).fingerprint(),
        SceneQuestions(1_700_001, 5, 1024).fingerprint(),
        MixedQuestions([RasterQuestions(questions)] * 2, [1, 1]).fingerprint(),
        MixedQuestions([RasterQuestions(questions)] * 2, [1, 2]).fingerprint(),
    }
    assert len(prints) == 7
    more = SceneQuestions(1_700_000, 50, 1024).fingerprint()
    assert more in prints  # a longer run of the same scenes is the same data


def test_a_raster_that_cannot_be_read_is_named_with_its_question(tmp_path) -> None:
    question = labelled(tiny_rasters())[0]
    (tmp_path / "broken.tif").write_bytes(b"no raster")
    questions = RasterQuestions([_on(question, tmp_path / "broken.tif")])
    with pytest.raises(DataInvalidError, match=r"q0, .*broken\.tif"), questions.image(0):
        pass
    with pytest.raises(DataInvalidError, match=r"q0 \(.*gone\.tif"):
        RasterQuestions([_on(question, tmp_path / "gone.tif")])
    with pytest.raises(DataInvalidError, match="empty"):
        RasterQuestions([])


def _on(question, path: Path):
    return dataclasses.replace(question, image=path)
