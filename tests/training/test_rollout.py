"""Batched rollouts: what the product's engine computes one by one, drawn from the policy's own odds."""

from __future__ import annotations

import dataclasses
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from test_rollout_policy import (
    labelled,
    rolled_out,
    run_config,
)
from zoomearth.core.errors import ModelIncompatibleError, TrainingDivergedError
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.core.types import Answer, Options, Query, RasterRequest
from zoomearth.models.loading import load_engine
from zoomearth.perception.loop import ask
from zoomearth.raster.reading import open_raster
from zoomearth.resources import resource_folder
from zoomearth.training.grpo_config import GrpoConfig
from zoomearth.training.grpo_rollouts import Rollouts
from zoomearth.training.grpo_setup import Policy, load_policy
from zoomearth.training.rollout import BatchedCache, Sampler, roll_out
from zoomearth.training.rollout_dialogue import Dialogue
from zoomearth.training.rollout_pictures import share_pictures
from zoomearth.training.rollout_sources import RasterQuestions, SceneQuestions
from zoomearth.training.scenes.layout import make_scene
from zoomearth.training.scenes.writing import write_scene


def load(folder: Path, rasters: Path, **entries) -> Policy:
    return load_policy(run_config(folder, rasters, folder, **entries))


def greedy(policy: Policy) -> Policy:
    object.__setattr__(policy.asking, "temperature", 0.0)
    return policy


def product_answer(model: str, path: Path, question: str, max_zooms: int) -> Answer:
    engine = load_engine(model, report=ignore_progress, cancel=CancelToken())
    request = RasterRequest(str(path))
    query = Query(question, request, None, Options(max_zooms=max_zooms), model)
    with open_raster(request) as raster:
        return ask(query, raster, engine, report=ignore_progress, cancel=CancelToken())


def unbatched_logprobs(policy: Policy, dialogue: Dialogue) -> list[float]:
    """Of the policy's own targets, from one plain forward pass over this dialogue alone."""
    ids = torch.tensor([dialogue.ids])
    with torch.no_grad():
        logits = policy.model(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            mm_token_type_ids=(ids == policy.model.config.image_token_id).int(),
            pixel_values=torch.cat([picture.values for picture in dialogue.pictures]),
            image_grid_thw=torch.cat([picture.grid for picture in dialogue.pictures]),
        ).logits[0]
    scores = torch.log_softmax(logits / policy.asking.temperature, dim=-1)
    return [
        float(scores[place - 1, target])
        for place, (target, own) in enumerate(zip(dialogue.targets, dialogue.own, strict=True))
        if own
    ]


@pytest.fixture(scope="module")
def policy(policy_folder, rasters) -> Policy:
    return load(policy_folder, rasters)


@pytest.mark.parametrize("handover", ["assistant_turn", "user_turn"])
def test_greedy_rollouts_are_the_products_answers(policy_folder, rasters, tmp_path, handover) -> None:
    """Texts, windows, answers: one batch here, one question after the other there."""
    folder = tmp_path / "policy"
    shutil.copytree(policy_folder, folder)
    text = (folder / "profile.toml").read_text().replace("assistant_turn", handover)
    (folder / "profile.toml").write_text(text)
    policy = greedy(load(folder, rasters))
    _lean_towards_zooms(policy)
    policy.model.save_pretrained(folder)
    questions = labelled(rasters)
    rollouts = rolled_out(policy, RasterQuestions(questions), [0, 1, 2, 3])
    seen = set()
    for question, dialogue in zip(questions, rollouts.dialogues, strict=True):
        outcome = dialogue.looking.outcome()
        answer = product_answer(str(folder), question.image, question.question, 2)
        assert outcome.turns == tuple(step.text for step in answer.steps)
        assert dialogue.looking.view.window == answer.steps[-1].window
        assert (outcome.answer or "") == answer.text
        seen.add(outcome.zooms)
    assert max(seen) >= 1


def _lean_towards_zooms(policy: Policy) -> None:
    """Lift the odds of a box over an answer, so that greedy rollouts zoom, too."""
    ids = policy.processor.tokenizer.convert_tokens_to_ids(['[{"bbox_2d": [', "<answer>"])
    with torch.no_grad():
        policy.model.lm_head.weight[ids[0]] *= 1.15
        policy.model.lm_head.weight[ids[1]] *= 0.9


@pytest.mark.slow
def test_the_embedded_model_rolls_out_as_it_answers(tmp_path) -> None:
    """Full-size views and windows of a drawn scene, as the product reads it from its file."""
    base = resource_folder() / "models" / "zoomearth-mini"
    policy = greedy(load_policy(GrpoConfig(str(base), "", "", profile="zoomearth-mini")))
    write_scene(make_scene(1_600_000, 2048), tmp_path / "scene.tif")
    source = SceneQuestions(1_600_000, 1, 2048)
    question = source.question(0)
    on_disk = RasterQuestions([_on(question, tmp_path / "scene.tif")])
    outcome = rolled_out(policy, on_disk, [0, 0]).dialogues[1].looking.outcome()
    answer = product_answer("zoomearth-mini", tmp_path / "scene.tif", question.question, 3)
    assert outcome.turns == tuple(step.text for step in answer.steps)
    assert (outcome.answer or "") == answer.text


def _on(question, path: Path):
    return dataclasses.replace(question, image=path)


def test_drawn_odds_are_those_of_a_plain_forward_pass(policy, rasters) -> None:
    """With padding, holes, shared openings, windows and ends of turns that are not shown."""
    rollouts = rolled_out(policy, RasterQuestions(labelled(rasters)), [0, 1, 2, 3] * 4)
    zooms = Counter(one.looking.outcome().zooms for one in rollouts.dialogues)
    assert zooms[0] and zooms[1] + zooms[2] >= 3
    for dialogue in rollouts.dialogues:
        drawn = [value for value, own in zip(dialogue.logprobs, dialogue.own, strict=True) if own]
        assert drawn == pytest.approx(unbatched_logprobs(policy, dialogue), abs=2e-4)


def test_answers_taken_back_leave_holes_and_nothing_else(policy, rasters) -> None:
    """A box with an answer right behind it: the answer's tokens go, in the middle of the cache."""
    tokenizer = policy.processor.tokenizer
    early = '<think>ship</think>[{"bbox_2d": [8, 8, 24, 24], "label": "ship"}]<answer>no'
    script = [*tokenizer(early, add_special_tokens=False).input_ids]
    late = [*tokenizer("<answer>red</answer>", add_special_tokens=False).input_ids, tokenizer.eos_token_id]
    rollouts = _scripted(policy, rasters, [[*script, tokenizer.eos_token_id, *late], late])
    first = rollouts.dialogues[0]
    assert first.looking.outcome().turns[0].endswith("<answer> no")
    assert "no" not in tokenizer.convert_ids_to_tokens(first.ids[first.prompt_length :])
    for dialogue in rollouts.dialogues:
        drawn = [value for value, own in zip(dialogue.logprobs, dialogue.own, strict=True) if own]
        assert drawn == pytest.approx(unbatched_logprobs(policy, dialogue), abs=2e-4)


class Scripted(Sampler):
    """Draws what was written beforehand; log-probabilities are the policy's."""

    def __init__(self, scripts: list[list[int]]) -> None:
        super().__init__(1.0, [], [])
        self._scripts = [iter(script) for script in scripts]

    def draw(self, logits, rollouts):
        tokens = [next(self._scripts[row]) for row in rollouts]
        scores = torch.log_softmax(logits, dim=1)
        return tokens, [float(scores[place, token]) for place, token in enumerate(tokens)]


def _scripted(policy: Policy, rasters: Path, scripts: list[list[int]]) -> Rollouts:
    with Rollouts(RasterQuestions(labelled(rasters)), [0, 3], policy.asking) as rollouts:
        roll_out(
            policy.model,
            rollouts.dialogues,
            [0, 1],
            cache=BatchedCache(policy.model, policy.asking.tokens.image_id, policy.asking.pad_id),
            sampler=Scripted(scripts),
            max_new_tokens=20,
            look=lambda row, window: rollouts._picture(rollouts.numbers[row], window),
        )
    return rollouts


def test_a_rollout_is_the_same_whatever_shares_its_batch(policy, rasters) -> None:
    questions = RasterQuestions(labelled(rasters))
    together = rolled_out(policy, questions, [0, 1, 2, 2, 0, 3])
    alone = rolled_out(policy, questions, [2])
    assert together.completion_ids[2] == alone.completion_ids[0]
    halves = rolled_out(policy, questions, [2, 2])
    assert together.completion_ids[3] == halves.completion_ids[1]
    assert rolled_out(policy, questions, [2], seed=1).completion_ids != alone.completion_ids


def test_tokens_come_as_often_as_their_odds_say() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0, 5.0]])
    sampler = Sampler(0.5, [3], [np.random.default_rng(0)])
    count = Counter(sampler.draw(logits, [0])[0][0] for _ in range(4000))
    # At temperature 0.5 with token 3 suppressed: exp(0), exp(2), exp(4) over their sum 62.99.
    shares = [1 / 62.987, 7.389 / 62.987, 54.598 / 62.987]
    assert [count[token] / 4000 for token in range(3)] == pytest.approx(shares, abs=0.02)
    assert count[3] == 0
    _, (logprob,) = Sampler(0, [3], []).draw(logits, [0])
    assert logprob == pytest.approx(2.0 - np.log(np.exp([0, 1, 2, 5]).sum()), abs=1e-5)


def test_logits_that_are_no_numbers_stop_the_run() -> None:
    sampler = Sampler(1.0, [], [np.random.default_rng(0)])
    with pytest.raises(TrainingDivergedError, match="finite"):
        sampler.draw(torch.tensor([[0.0, float("nan")]]), [0])


def test_a_sliding_window_is_refused(policy) -> None:
    text = policy.model.model.language_model
    text.has_sliding_layers = True
    try:
        with pytest.raises(ModelIncompatibleError, match="sliding"):
            BatchedCache(policy.model, 0, 0)
    finally:
        text.has_sliding_layers = False


def test_shared_pictures_are_seen_once_with_the_same_numbers(policy_folder, rasters) -> None:
    """Features and gradients of all uses."""
    plain, sharing = load(policy_folder, rasters).model, load(policy_folder, rasters).model
    share_pictures(sharing)
    calls: list[int] = []
    sharing.model.visual.register_forward_pre_hook(
        lambda _, args, kwargs: calls.append(len(args[0])), with_kwargs=True
    )
    generator = torch.Generator().manual_seed(0)
    first, second = torch.randn(16, 864, generator=generator), torch.randn(16, 864, generator=generator)
    values = torch.cat([first, second, first, first])
    grid = torch.tensor([[1, 4, 4]] * 4)
    gradients = []
    for model in (plain, sharing):
        features = torch.cat(list(model.model.get_image_features(values, grid).pooler_output))
        (features * torch.arange(len(features))[:, None]).sum().backward()
        gradients.append((features, model.model.visual.merger.mlp[0].weight.grad))
    assert calls == [32]
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-4)
