"""GRPO runs that stop or never start: numbers that are none, what cannot be shared out, what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from test_grpo import prepare
from test_rollout_policy import (
    run_config,
)
from transformers import TrainerCallback
from zoomearth.core.errors import DataInvalidError, TrainingConfigError, TrainingDivergedError
from zoomearth.training import grpo
from zoomearth.training.grpo_config import DataSettings
from zoomearth.training.grpo_setup import load_policy, open_source


class Poison(TrainerCallback):
    """Spoils one number when a step begins, or when it ends."""

    def __init__(self, step: int, *, at_end: bool) -> None:
        self.step, self.at_end = step, at_end

    def on_step_begin(self, args, state, control, **kwargs) -> None:
        if not self.at_end and state.global_step == self.step:
            self._spoil(kwargs["model"])

    def on_step_end(self, args, state, control, **kwargs) -> None:
        if self.at_end and state.global_step == self.step:
            self._spoil(kwargs["model"])

    @staticmethod
    @torch.no_grad()
    def _spoil(model) -> None:
        model.lm_head.weight[0, 0] = float("nan")


@pytest.mark.parametrize(("at_end", "said"), [(False, "logits are not finite"), (True, "no longer finite")])
def test_weights_that_are_no_numbers_are_neither_used_nor_saved(
    policy_folder,
    rasters,
    tmp_path,
    at_end,
    said,
) -> None:
    config = run_config(policy_folder, rasters, tmp_path, steps=4, beta=0.0)
    trainer, policy = prepare(config)
    trainer.add_callback(Poison(2, at_end=at_end))
    with pytest.raises(TrainingDivergedError, match=said) as caught:
        grpo.train(trainer, config, policy)
    good = 1 if at_end else 2
    assert f"the last good checkpoint is {config.output}/checkpoint-{good}" in caught.value.message
    assert caught.value.code == "training_diverged"
    left = sorted(path.name for path in Path(config.output).glob("*checkpoint*"))
    assert left[-1] == f"checkpoint-{good}"
    weights = load_file(Path(config.output) / left[-1] / "model.safetensors")
    assert all(bool(torch.isfinite(one).all()) for one in weights.values())
    assert not Path(config.export).exists()


@pytest.mark.parametrize("part", ["loss", "gradient"])
def test_a_loss_or_gradient_that_is_no_number_reaches_no_weight(
    policy_folder,
    rasters,
    tmp_path,
    monkeypatch,
    part,
) -> None:
    config = run_config(policy_folder, rasters, tmp_path, steps=3, beta=0.0)
    trainer, policy = prepare(config)
    plain = grpo.GRPOTrainer._compute_loss

    def spoilt(self, model, inputs):
        loss = plain(self, model, inputs)
        if self.state.global_step < 1:
            return loss
        if part == "loss":
            return loss * float("nan")
        model.lm_head.weight.register_hook(lambda gradient: gradient * float("inf"))
        return loss

    monkeypatch.setattr(grpo.GRPOTrainer, "_compute_loss", spoilt)
    with pytest.raises(TrainingDivergedError, match=part) as caught:
        grpo.train(trainer, config, policy)
    assert "after step 1" in caught.value.message and "checkpoint-1" in caught.value.message
    saved = load_file(Path(config.output) / "checkpoint-1" / "model.safetensors")
    for name, weights in trainer.model.state_dict().items():
        if name in saved:
            assert torch.equal(weights, saved[name]), name


def test_rollouts_that_cannot_be_shared_out_are_refused(
    policy_folder, rasters, tmp_path, monkeypatch
) -> None:
    config = run_config(policy_folder, rasters, tmp_path)
    policy = load_policy(config)
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(TrainingConfigError, match="8 rollouts a step cannot be shared by 3 processes"):
        grpo.build_trainer(config, policy, open_source(config))


def test_a_view_beyond_the_coordinates_is_refused(policy_folder, rasters, tmp_path) -> None:
    with pytest.raises(TrainingConfigError, match="48 px at most, not 60"):
        load_policy(run_config(policy_folder, rasters, tmp_path, view_side_px=60))


def test_questions_without_their_raster_are_missed_before_the_first_step(policy_folder, tmp_path) -> None:
    row = {
        "question_id": "q7",
        "image_name": "gone.tif",
        "question": "?",
        "ground_truth": "yes",
        "bbox": None,
    }
    row |= {"higher_level": "global", "type": "scene type"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    data = (DataSettings(kind="lrs-gro", source=str(tmp_path / "rows.jsonl")),)
    config = run_config(policy_folder, tmp_path, tmp_path, data=data)
    with pytest.raises(DataInvalidError, match=r"rows\.jsonl"):
        open_source(config)
    assert not Path(config.output).exists()
