"""GRPO runs of the tiny policy: it learns, from its own tokens alone, and what it learned can be asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from test_rollout_policy import (
    labelled,
    run_config,
)
from transformers import TrainerCallback
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.core.types import Options, Query, RasterRequest
from zoomearth.models.loading import load_engine, resolve_profile
from zoomearth.models.profile import load_profile
from zoomearth.perception.loop import ask
from zoomearth.raster.reading import open_raster
from zoomearth.training import grpo
from zoomearth.training.grpo_config import GrpoConfig
from zoomearth.training.grpo_export import profile_text
from zoomearth.training.grpo_setup import Policy, load_policy, open_source
from zoomearth.training.rewards import RewardSettings
from zoomearth.training.rollout_sources import RasterQuestions
from zoomearth.training.run_settings import LoraSettings


def prepare(config: GrpoConfig) -> tuple[grpo.ZoomTrainer, Policy]:
    policy = load_policy(config)
    return grpo.build_trainer(config, policy, open_source(config)), policy


def run(config: GrpoConfig) -> grpo.ZoomTrainer:
    trainer, policy = prepare(config)
    grpo.train(trainer, config, policy)
    return trainer


def steps_of(trainer: grpo.ZoomTrainer) -> list[dict[str, float]]:
    """The metrics of each step."""
    return [entry for entry in trainer.state.log_history if "reward" in entry]


class Watch(TrainerCallback):
    """Keeps the gradients of the first step, as they are before they reach the weights."""

    def __init__(self) -> None:
        self.gradients: dict[str, torch.Tensor] = {}

    def on_pre_optimizer_step(self, args, state, control, **kwargs) -> None:
        if not self.gradients:
            named = kwargs["model"].named_parameters()
            self.gradients = {
                name: weights.grad.clone() for name, weights in named if weights.grad is not None
            }


@pytest.fixture(scope="module")
def finished(tmp_path_factory, policy_folder, rasters) -> tuple[grpo.ZoomTrainer, GrpoConfig]:
    """Two steps with a reference model, in passes of half the rows."""
    folder = tmp_path_factory.mktemp("finished")
    config = run_config(policy_folder, rasters, folder, rows_per_device=4, seed=3)
    return run(config), config


def test_rewarded_rollouts_become_likelier(policy_folder, rasters, tmp_path) -> None:
    """Two questions, answers and form that can be checked by eye, nothing for boxes."""
    config = run_config(
        policy_folder,
        rasters,
        tmp_path,
        steps=16,
        num_generations=16,
        rows_per_device=32,
        beta=0.0,
        save_steps=100,
        rewards=RewardSettings(format_weight=1.0, iou_weight=0.0, region_weight=0.0),
    )
    questions = labelled(rasters)
    policy = load_policy(config)
    trainer = grpo.build_trainer(config, policy, RasterQuestions([questions[0], questions[3]]))
    grpo.train(trainer, config, policy)
    rewards = [step["reward"] for step in steps_of(trainer)]
    assert sum(rewards[-4:]) / 4 > sum(rewards[:4]) / 4 + 0.3


def test_the_gradient_is_that_of_the_own_tokens_of_each_rollout(policy_folder, rasters, tmp_path) -> None:
    """Worked out beside the trainer: every rollout alone and unpadded, its own decisions alone."""
    config = run_config(policy_folder, rasters, tmp_path, steps=1, max_grad_norm=1e9, seed=4)
    trainer, policy = prepare(config)
    watch = Watch()
    trainer.add_callback(watch)
    grpo.train(trainer, config, policy)
    rollouts = trainer._rollouts
    zoomed = [one.looking.outcome().zooms > 0 for one in rollouts.dialogues]
    assert any(zoomed) and not all(zoomed)
    fresh = load_policy(config)
    rewards = torch.tensor([one.total for one in rollouts.rewards(config.rewards, trainer._matches)])
    advantages = (rewards.view(-1, 4) - rewards.view(-1, 4).mean(dim=1, keepdim=True)).flatten()
    assert advantages.abs().max() > 0.1
    for dialogue, advantage in zip(rollouts.dialogues, advantages, strict=True):
        mean = _own_logprobs(fresh, dialogue).mean()
        (-advantage / len(rollouts.dialogues) * mean).backward()
    for name, weights in fresh.model.named_parameters():
        if weights.grad is None:
            assert name not in watch.gradients or not watch.gradients[name].any(), name
            continue
        assert torch.allclose(watch.gradients[name], weights.grad, rtol=2e-3, atol=2e-5), name


def _own_logprobs(policy: Policy, dialogue) -> torch.Tensor:
    ids = torch.tensor([dialogue.ids])
    logits = policy.model(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        mm_token_type_ids=(ids == policy.model.config.image_token_id).int(),
        pixel_values=torch.cat([picture.values for picture in dialogue.pictures]),
        image_grid_thw=torch.cat([picture.grid for picture in dialogue.pictures]),
    ).logits[0]
    own = torch.tensor(dialogue.own, dtype=torch.bool)
    before = torch.nonzero(own)[:, 0] - 1
    scores = torch.log_softmax(logits[before] / policy.asking.temperature, dim=-1)
    return scores.gather(1, torch.tensor(dialogue.targets)[own][:, None])[:, 0]


def test_pictures_and_the_users_words_have_no_gradient(policy_folder, rasters, tmp_path, monkeypatch) -> None:
    """Of the loss by each token's log-probability: zero to the last bit where the policy wrote nothing."""
    kept: list[tuple[torch.Tensor, torch.Tensor]] = []
    plain = grpo.ZoomTrainer._get_per_token_logps_and_entropies
    plain_loss = grpo.ZoomTrainer._compute_loss

    def watched(self, *arguments, **options):
        logps, *others = plain(self, *arguments, **options)
        if logps.requires_grad:
            logps.retain_grad()
            kept.append((logps, self.watched_mask))
        return logps, *others

    def loss(self, model, inputs):
        self.watched_mask = inputs["completion_mask"] * inputs["tool_mask"]
        return plain_loss(self, model, inputs)

    monkeypatch.setattr(grpo.ZoomTrainer, "_get_per_token_logps_and_entropies", watched)
    monkeypatch.setattr(grpo.ZoomTrainer, "_compute_loss", loss)
    trainer = run(run_config(policy_folder, rasters, tmp_path, steps=1, seed=4))
    ((logps, mask),) = kept
    own = mask.bool()
    pictures = torch.tensor([len(one.pictures) for one in trainer._rollouts.dialogues])
    assert (pictures > 1).any()
    assert not logps.grad[~own].any()
    moved = logps.grad.abs().sum(dim=1) > 0  # rollouts as good as their group's mean move nothing
    assert moved.any() and bool((logps.grad[moved][own[moved]] != 0).all())


def test_every_part_is_told(finished) -> None:
    trainer, config = finished
    for step in steps_of(trainer):
        for name in ("total", "format", "answer", "iou", "region"):
            assert f"rewards/{name}/mean" in step
        weights = config.rewards
        # Half of the questions have no box: their parts are left out of the means of iou and region.
        expected = weights.format_weight * step["rewards/format/mean"] + step["rewards/answer/mean"]
        expected += 0.5 * (step["rewards/iou/mean"] + step["rewards/region/mean"])
        assert (
            step["reward"] == pytest.approx(step["rewards/total/mean"]) == pytest.approx(expected, abs=1e-5)
        )
        assert {"zoom_rate", "zooms", "right", "cut_off", "kl", "entropy", "grad_norm", "step_time"} <= set(
            step
        )
        assert step["tools/call_frequency"] == pytest.approx(step["zooms"])
        if 0 < step["zoom_rate"] < 1:
            mixed = (
                step["zoom_rate"] * step["right_after_zoom"] + (1 - step["zoom_rate"]) * step["right_at_once"]
            )
            assert mixed == pytest.approx(step["right"])
    assert any(0 < step["zoom_rate"] < 1 for step in steps_of(trainer))


def test_tensorboard_holds_the_same_numbers(finished) -> None:
    trainer, config = finished
    (log,) = (Path(config.output) / "runs").rglob("events.*")
    events = EventAccumulator(str(log))
    events.Reload()
    told = [event.value for event in events.Scalars("train/reward")]
    assert told == pytest.approx([step["reward"] for step in steps_of(trainer)])
    assert {"train/rewards/iou/mean", "train/zoom_rate", "train/loss"} <= set(events.Tags()["scalars"])


def test_the_run_tells_where_it_came_from(finished) -> None:
    _, config = finished
    run_file = json.loads((Path(config.output) / "run.json").read_text())
    assert run_file["config"]["seed"] == 3 and run_file["config"]["learning_rate"] == 1e-3
    assert run_file["questions"] == 4 and len(run_file["data_sha256"]) == 64
    assert set(run_file) >= {"commit", "base_revision", "profile", "processes", "versions"}


def test_the_export_is_asked_as_it_was_trained(finished, rasters, policy_folder) -> None:
    _, config = finished
    assert {value.dtype for value in load_file(Path(config.export) / "model.safetensors").values()} == {
        torch.float16
    }
    profile, trained = resolve_profile(config.export), resolve_profile(str(policy_folder))
    assert (profile.prompt, profile.handover, profile.view_side_px) == (
        trained.prompt,
        trained.handover,
        trained.view_side_px,
    )
    assert _product_answers(config.export, rasters)


def _product_answers(model: str, rasters: Path) -> bool:
    engine = load_engine(model, report=ignore_progress, cancel=CancelToken())
    request = RasterRequest(str(rasters / "raster_0.tif"))
    query = Query("What colour is the ship?", request, None, Options(max_zooms=2), "tiny")
    with open_raster(request) as raster:
        return bool(ask(query, raster, engine, report=ignore_progress, cancel=CancelToken()).steps)


@pytest.mark.parametrize("name", ["zoomearth-mini", "zoomearth-3b", "qwen2.5-vl-7b-instruct"])
def test_a_profile_survives_being_written(tmp_path, name) -> None:
    (tmp_path / "profile.toml").write_text(profile_text(load_profile(name)))
    read, shipped = resolve_profile(str(tmp_path)), load_profile(name)
    for entry in (
        "title",
        "licence",
        "view_side_px",
        "largest_view_px",
        "minimum_crop_px",
        "magnification",
        "prompt",
        "handover",
    ):
        assert getattr(read, entry) == getattr(shipped, entry)
    for entry in ("box_frame", "max_new_tokens", "yes_tokens", "no_tokens", "allows_commercial_use"):
        assert getattr(read, entry) == getattr(shipped, entry)
    assert Path(read.source) == tmp_path


def test_adapters_train_and_are_merged(policy_folder, rasters, tmp_path) -> None:
    """The base stays as it is; the export is one model that the product loads; and it is the policy."""
    lora = LoraSettings(rank=4, alpha=8)
    config = run_config(policy_folder, rasters, tmp_path, lora=lora, seed=3, batch=4, learning_rate=2e-2)
    trainer, policy = prepare(config)
    trained = {name for name, weights in trainer.model.named_parameters() if weights.requires_grad}
    assert trained and all("lora_" in name for name in trained)
    assert trainer.ref_model is None  # adapters off is the reference
    grpo.train(trainer, config, policy)
    assert steps_of(trainer)[1]["kl"] > 0
    checkpoint = Path(config.output) / "checkpoint-2"
    assert not (checkpoint / "model.safetensors").exists()
    adapters = load_file(checkpoint / "adapter_model.safetensors")
    base = load_file(policy_folder / "model.safetensors")
    export = load_file(Path(config.export) / "model.safetensors")
    assert base.keys() == export.keys()
    farthest = 0.0
    for name, weights in base.items():
        ending = ".".join(name.split(".")[-5:]).removesuffix(".weight")  # layers.0.self_attn.q_proj
        found = {key.split(".lora_")[1][0]: one for key, one in adapters.items() if f".{ending}.lora_" in key}
        change = lora.alpha / lora.rank * found["B"] @ found["A"] if found else torch.zeros_like(weights)
        farthest = max(farthest, float(change.abs().max()))
        assert torch.allclose(export[name].float(), weights + change, rtol=1e-3, atol=1e-4), name
    assert farthest > 5e-3
    assert _product_answers(config.export, rasters)


def test_a_frozen_vision_tower_stays_as_it_was(policy_folder, rasters, tmp_path) -> None:
    config = run_config(policy_folder, rasters, tmp_path, steps=1, freeze_vision=True, beta=0.0, seed=3)
    trainer = run(config)
    base = load_file(policy_folder / "model.safetensors")
    saved = load_file(Path(config.output) / "checkpoint-1" / "model.safetensors")
    assert trainer.ref_model is None
    assert all(torch.equal(saved[name], base[name]) for name in base if "visual" in name)
    assert not all(torch.equal(saved[name], base[name]) for name in base if "visual" not in name)


def test_memory_and_precision_change_the_numbers_little(policy_folder, rasters, tmp_path) -> None:
    """The same first step with activations computed twice, and in mixed precision."""
    seen = {}
    for name, entries in (
        ("plain", {}),
        ("checkpointing", {"gradient_checkpointing": True}),
        ("mixed", {"precision": "bfloat16"}),
    ):
        config = run_config(policy_folder, rasters, tmp_path / name, steps=1, seed=4, **entries)
        (seen[name],) = steps_of(run(config))
    for name in ("reward", "zoom_rate", "entropy", "grad_norm"):
        assert seen["checkpointing"][name] == pytest.approx(seen["plain"][name], rel=1e-3), name
    assert seen["mixed"]["entropy"] == pytest.approx(seen["plain"]["entropy"], rel=0.3)
