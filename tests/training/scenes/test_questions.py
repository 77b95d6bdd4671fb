"""Questions of all 17 types: truths, balance, files."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
import rasterio
from zoomearth.core.frames import PixelBox
from zoomearth.training.data.lrs_gro import read_lrs_gro
from zoomearth.training.data.question_types import TYPES as LRS_GRO_TYPES
from zoomearth.training.scenes.layout import make_scene
from zoomearth.training.scenes.questions import TYPES, ask_about
from zoomearth.training.scenes.writing import question_rows, scene_questions, write_scene, write_scenes
from zoomearth.training.text_only import Asked, measure


@pytest.fixture(scope="module")
def scenes():
    return [make_scene(seed) for seed in range(8000, 8260)]


def test_the_types_are_the_seventeen_of_lrs_gro() -> None:
    assert len(TYPES) == 17
    assert Counter(level for level, _ in TYPES.values()) == {"global": 4, "region": 6, "object": 7}
    assert {kind for _, kind in TYPES.values()} <= set(LRS_GRO_TYPES)


def test_every_type_is_asked_and_no_answer_is_the_rule(scenes) -> None:
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    for scene in scenes:
        for question in scene_questions(scene):
            answers[question.topic][question.answer] += 1
    assert set(answers) == set(TYPES)
    for topic, counts in answers.items():
        share = counts.most_common(1)[0][1] / counts.total()
        # Two even answers may come out at 60 to 40 in so few scenes; more answers, no such majority.
        assert share < 1 / len(counts) + 0.16, (topic, counts)


def test_the_wording_alone_does_not_tell_the_answer(scenes) -> None:
    def asked(chosen) -> list[Asked]:
        return [Asked(q.topic, q.text, q.answer) for scene in chosen for q in scene_questions(scene)]

    blindness = measure(asked(scenes[:200]), asked(scenes[200:]))
    assert blindness.text_only < blindness.majority + 0.05


def test_a_text_only_model_finds_a_tell_tale_wording() -> None:
    """The measure itself: where the wording does give the answer away, it must say so."""
    told = (("rose", "red"), ("sky", "blue"), ("grass", "green"))
    rows = [Asked("colour", f"What colour is the {noun}?", paint) for noun, paint in told for _ in range(30)]
    blindness = measure(rows, rows)
    assert blindness.text_only == 1
    assert blindness.majority == pytest.approx(1 / 3)


def test_truths_by_hand_for_one_scene() -> None:
    """Scene 5007, looked at: see the asserts for what it shows."""
    scene = make_scene(5007)
    truth = {question.topic: question for question in scene_questions(scene)}
    assert truth["scene type"].answer == scene.theme
    assert truth["global counting"].answer == str(len(scene.lakes))
    for question in truth.values():
        level = TYPES[question.topic][0]
        assert (question.looked_at is None) == (level == "global")
        assert question.answer == question.answer.lower().strip() != ""
        assert question.text[-1] in "?."
        assert "{" not in question.text


def test_counts_are_of_the_named_site(scenes) -> None:
    for scene in scenes[:80]:
        question = ask_about(scene, np.random.default_rng(1), "region counting")
        if question is None:
            continue
        sites = [site for site in scene.sites if site is question.target]
        assert int(question.answer) == len(sites[0].things)


def test_existence_says_no_where_another_kind_lies(scenes) -> None:
    told = Counter()
    for scene in scenes:
        question = ask_about(scene, np.random.default_rng(scene.seed), "existence")
        if question is None:
            continue
        told[question.answer] += 1
        assert (question.target is None) == (question.answer == "no")
        if question.answer == "no":
            assert not any(
                site.kind == question.named and site.box == question.looked_at for site in scene.sites
            )
    assert 0.4 < told["yes"] / told.total() < 0.6


def test_equal_seeds_give_equal_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        write_scenes(tmp_path / name, 1, 40, 1024)
        files = sorted((tmp_path / name).iterdir())
        assert [file.name for file in files] == ["questions.jsonl", "scene_40.tif"]
        digests.append([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])
    assert digests[0] == digests[1]


def test_files_are_tiled_with_a_crs_and_rows_are_lrs_gros(tmp_path: Path) -> None:
    scene = make_scene(2_000_007, 2048)
    path = tmp_path / "scene.tif"
    write_scene(scene, path)
    with rasterio.open(path) as dataset:
        assert dataset.profile["tiled"] and dataset.block_shapes[0] == (512, 512)
        assert dataset.crs.to_epsg() == 32633
        assert dataset.res == (scene.gsd_m, scene.gsd_m)
    rows = question_rows(scene, path.name)
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    read = read_lrs_gro(tmp_path / "rows.jsonl", tmp_path)
    asked = scene_questions(scene)
    assert [one.question for one in read] == [one.text for one in asked]
    assert {one.split for one in read} == {"test"}
    for one, question in zip(read, asked, strict=True):
        assert (one.level, one.type) == TYPES[question.topic]
        if question.target is None:
            assert one.box is None
            continue
        assert one.box is not None
        # Three decimals in a frame of 1,024 are a five-hundredth of a pixel at 2,048.
        assert one.box.to_json() == pytest.approx(question.target.box.to_json(), abs=0.01)
        assert PixelBox(0, 0, 2048, 2048).intersection(one.box) == one.box
