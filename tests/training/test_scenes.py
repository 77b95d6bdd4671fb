"""Procedural scenes: exact truth, same seed same bytes, windows that fit together."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import rasterio
from zoomearth.core.frames import PixelBox, View
from zoomearth.training.scenes import main
from zoomearth.training.scenes.drawing import draw
from zoomearth.training.scenes.layout import COLOURS, KINDS, NINTHS, PAINTED_KINDS, make_scene
from zoomearth.training.scenes.questions import ask_about, unanswerable
from zoomearth.training.scenes.writing import scene_questions, write_scene


def test_same_seed_gives_same_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("one.tif", "two.tif"):
        write_scene(make_scene(5, 1024), tmp_path / name)
        digests.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert digests[0] == digests[1]


def test_different_seeds_give_different_scenes() -> None:
    assert make_scene(1).objects != make_scene(2).objects


def test_a_ninth_holds_at_most_one_object_and_holds_its_centre() -> None:
    for seed in range(60):
        scene = make_scene(seed, 4096)
        ninths = [thing.ninth for thing in scene.objects]
        assert len(set(ninths)) == len(ninths)
        for thing in scene.objects:
            column, row = thing.center
            assert (int(column // (4096 / 3)), int(row // (4096 / 3))) == (thing.ninth % 3, thing.ninth // 3)


def test_objects_measure_20_to_200_pixels() -> None:
    lengths = [thing.length_px for seed in range(200) for thing in make_scene(seed).objects]
    assert min(lengths) >= 20 and max(lengths) <= 200


def test_what_is_drawn_in_an_object_has_its_colour() -> None:
    """Most pixels in the middle of a painted object are nearer to its colour than to any other."""
    hits = []
    for seed in range(40):
        scene = make_scene(seed)
        for thing in scene.objects:
            if thing.kind not in PAINTED_KINDS or thing.kind == "plane":
                continue
            column, row = (round(part) for part in thing.center)
            window = PixelBox(column - 6, row - 6, column + 6, row + 6)
            pixels = draw(scene, View(window, (12, 12))).reshape(-1, 3).astype(float)
            middle = np.median(pixels, axis=0) - scene.brightness
            # Shade and haze keep the hue: compare directions of colour about the mean.
            names = list(COLOURS)
            distances = [np.abs(middle - np.array(COLOURS[name])).sum() for name in names]
            hits.append(names[int(np.argmin(distances))] == thing.colour)
    assert len(hits) > 60
    assert np.mean(hits) > 0.75


def test_neighbouring_blocks_are_one_picture() -> None:
    scene = make_scene(3, 1024)
    whole = draw(scene, View(PixelBox(0, 0, 1024, 1024), (1024, 1024)))
    for left, top in ((0, 0), (512, 0), (0, 512), (512, 512)):
        block = draw(scene, View(PixelBox(left, top, left + 512, top + 512), (512, 512)))
        difference = np.abs(whole[top : top + 512, left : left + 512].astype(int) - block.astype(int))
        # Outlines are clipped at the canvas' edge before they are filled: a pixel on one may go either way.
        assert (difference.max(axis=2) > 2).mean() < 0.003


def test_a_reduced_view_is_the_average_of_the_native_pixels() -> None:
    scene = make_scene(8, 1024)
    native = draw(scene, View(scene.extent, (1024, 1024))).astype(float)
    averaged = native.reshape(128, 8, 128, 8, 3).mean(axis=(1, 3))
    reduced = draw(scene, View(scene.extent, (128, 128))).astype(float)
    assert np.abs(reduced - averaged).mean() < 4.0


def test_yes_and_no_are_balanced_whatever_is_asked_for() -> None:
    rng = np.random.default_rng(0)
    answers = Counter()
    by_kind: dict[str, Counter[str]] = {}
    for seed in range(1500):
        question = ask_about(make_scene(seed), rng, "existence")
        assert question is not None
        answers[question.answer] += 1
        kind = next(k for k in KINDS if question.sought.startswith(k))
        by_kind.setdefault(kind, Counter())[question.answer] += 1
    assert 0.45 < answers["yes"] / sum(answers.values()) < 0.55
    for kind, counts in by_kind.items():
        assert 0.25 < counts["yes"] / sum(counts.values()) < 0.75, kind


def test_a_question_names_the_ninth_of_its_object() -> None:
    rng = np.random.default_rng(1)
    for seed in range(200):
        question = ask_about(make_scene(seed), rng, "category")
        assert question is not None and question.target is not None
        assert question.sought == f"object {NINTHS[question.target.ninth]}"
        assert question.answer == question.target.kind


def test_colour_questions_are_answered_by_the_object_meant() -> None:
    rng = np.random.default_rng(2)
    for seed in range(200):
        scene = make_scene(seed)
        question = ask_about(scene, rng, "colour")
        if question is None:
            continue
        assert question.target in scene.objects
        assert question.target is not None and question.answer == question.target.colour
        if not any(ninth in question.sought for ninth in NINTHS):
            assert sum(thing.kind == question.target.kind for thing in scene.objects) == 1


def test_unanswerable_questions_are_not_of_the_answerable_forms() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        text = unanswerable(rng)
        assert "<unk>" in text or text.startswith("How many")


def test_written_scenes_and_rows(tmp_path: Path) -> None:
    assert main(tmp_path, 2, 1_000_000, 1024) == 0
    rows = [json.loads(line) for line in (tmp_path / "questions.jsonl").read_text().splitlines()]
    with rasterio.open(tmp_path / "scene_1000000.tif") as dataset:
        assert (dataset.width, dataset.height, dataset.count) == (1024, 1024, 3)
        assert dataset.crs.to_epsg() == 32633
        assert dataset.res == (0.5, 0.5)
        assert dataset.block_shapes[0] == (512, 512)
    scene = make_scene(1_000_000, 1024)
    first = scene_questions(scene)[0]
    assert rows[0]["question"] == first.text
    assert first.target is not None
    # A scene of 1,024 px has the frame of LRS-GRO: boxes are its own pixels.
    assert rows[0]["bbox"] == pytest.approx(first.target.box.to_json(), abs=0.01)
    assert {row["split"] for row in rows} == {"test"}


def test_a_scene_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="1,024"):
        make_scene(0, 512)
