"""The recipes of ZoomEarth-3B start: at full size, as shapes, with every parameter accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from zoomearth.training import estimates
from zoomearth.training.grpo_config import read_grpo_config
from zoomearth.training.run_settings import LoraSettings
from zoomearth.training.tuning_architecture import (
    optimizer_groups,
    parts_of,
    published_configuration,
    shape_of_model,
)
from zoomearth.training.tuning_config import read_tuning_config
from zoomearth.training.tuning_costs import batch_of, cost_of
from zoomearth.training.tuning_memory import Holding, held_bytes, training_bytes, with_losses

RECIPES = Path(__file__).parents[2] / "resources" / "training"
SFT, GRPO = RECIPES / "zoomearth-3b-sft.toml", RECIPES / "zoomearth-3b-grpo.toml"
TEXT_LAYER = (2048 * 2048 + 2048) + 2 * (2048 * 256 + 256) + 2048 * 2048 + 3 * 2048 * 11_008 + 2 * 2048
VISION_BLOCK = (1280 * 3840 + 3840) + (1280 * 1280 + 1280) + 3 * 1280 * 3420 + 2 * 3420 + 1280 + 2 * 1280
MERGER = 1280 + (5120 * 5120 + 5120) + (5120 * 2048 + 2048)


@pytest.fixture(scope="module")
def model():
    return shape_of_model(published_configuration("Qwen/Qwen2.5-VL-3B-Instruct"))


def test_the_model_has_the_published_size(model) -> None:
    """By hand from the published configuration; 3,754,622,976 is what its weights on the hub add up to."""
    parts = {name: part.total for name, part in parts_of(model).items()}
    assert parts == {
        "vision": 32 * VISION_BLOCK + 3 * 2 * 14 * 14 * 1280,
        "merger": MERGER,
        "language": 36 * TEXT_LAYER + 2048,
        "embeddings": 151_936 * 2048,
    }
    assert sum(parts.values()) == 3_754_622_976


def test_every_parameter_is_trained_in_one_group(model) -> None:
    groups = optimizer_groups(model)
    names = [name for name, _ in model.named_parameters()]
    assert sorted(groups["decayed"] + groups["not decayed"]) == sorted(names) and not groups["frozen"]
    # Three biases and two norms in a text layer, and its last norm; five biases in a vision block, two in
    # the merger. The vision tower's norms are called norm1, norm2 and ln_q, which the library does not know.
    assert len(groups["not decayed"]) == 36 * 5 + 1 + 32 * 5 + 2


def test_adapters_of_rank_8(model) -> None:
    """By hand: rank times inputs and outputs of seven layers in 36 blocks."""
    adapted = shape_of_model(model.config, LoraSettings(rank=8, alpha=16), freeze_vision=True)
    layer = 2 * (2048 + 2048) + 2 * (2048 + 256) + 3 * (2048 + 11_008)
    assert parts_of(adapted)["language"].trained == 36 * 8 * layer == 14_966_784
    assert sum(part.trained for part in parts_of(adapted).values()) == 14_966_784
    assert len(optimizer_groups(adapted)["decayed"]) == 36 * 7 * 2


def test_sft_has_the_published_numbers() -> None:
    config = read_tuning_config(SFT)
    assert (config.epochs, config.batch, config.rows_per_device) == (3, 4, 1)
    assert (config.learning_rate, config.schedule, config.warmup_steps) == (3e-5, "linear", 500)
    assert (config.weight_decay, config.max_grad_norm, config.seed) == (0.01, 1.0, 42)
    assert config.lora is None and config.data[0].split == "sft"


def test_grpo_has_the_published_numbers() -> None:
    config = read_grpo_config(GRPO)
    assert (config.num_generations, config.beta, config.learning_rate) == (4, 0.04, 1e-7)
    assert (config.temperature, config.scale_rewards, config.rollouts) == (0.7, "none", 8 * 4 * 2)
    assert config.steps == -(-2500 // config.batch)
    assert config.rewards.format_weight == 0.05


def test_a_batch_of_sft_passes_and_fits(model) -> None:
    """Two pictures of 324 tokens each, prompt and two turns; with head, labels and loss."""
    plan = estimates.read_plan(SFT)
    shape = plan.shape(estimates.TURN_TOKENS)
    assert shape.rows == 1 and shape.grid == (36, 36) and shape.patches == 2592
    assert shape.length == 324 + 2 + (shape.length - shape.completion - 326) + 2 * 161 + 326
    batch = batch_of(shape, model.config)
    assert batch["pixel_values"].shape == (2592, 3 * 2 * 14 * 14)
    cost = cost_of(model, batch, mixed=True, with_head=True)
    assert cost.loss_shape == () and cost.logits_shape == (1, shape.length, 151_936)
    holding = Holding(parts_of(model), False, True, True, 151_936, 2048)
    held = held_bytes(holding, cost, "DDP", 1)
    # 16 bytes a weight, and the half-precision copies of all matrices of which products are taken.
    assert sum(held.values()) == pytest.approx(16 * 3.7546e9 + 2 * 3.754e9, rel=0.01)
    needs = with_losses(sum(held.values()) + sum(training_bytes(holding, cost, 322).values()))
    assert 70e9 < needs < 80e9


def test_a_batch_of_grpo_passes_for_policy_and_reference(model) -> None:
    """Four rollouts in a pass; log-probabilities are taken of what follows the opening alone."""
    plan = estimates.read_plan(GRPO)
    assert plan.has_reference and plan.rollouts == 64
    shape = plan.shape(estimates.TURN_TOKENS)
    batch = batch_of(shape, model.config)
    labels = batch.pop("labels")
    seen = _seen(model, batch.pop("pixel_values"), batch.pop("image_grid_thw"))
    kept = shape.completion + 1
    policy = cost_of(
        model, batch, mixed=True, with_head=True, logits_to_keep=kept, mm_encoder_outputs={"image": seen}
    )
    assert policy.logits_shape == (4, kept, 151_936) and policy.saved_bytes > 1e10
    with torch.no_grad():
        reference = model(
            **batch, use_cache=False, logits_to_keep=kept, mm_encoder_outputs={"image": seen}
        ).logits
    assert reference.shape == (4, kept, 151_936) and not reference.requires_grad
    scores = torch.log_softmax(reference[:, :-1].float(), dim=-1)
    assert scores.gather(2, labels[:, -shape.completion :, None]).shape == (4, shape.completion, 1)


def _seen(model, values: torch.Tensor, grids: torch.Tensor):
    """Pictures of four rollouts that look at the same two: each is computed once, as in training."""
    assert values.shape == (4 * 2592, 1176) and grids.tolist() == [[1, 36, 36]] * 8
    seen = model.model.get_image_features(values[:2592], grids[:2])
    seen.pooler_output = tuple(seen.pooler_output) * 4
    assert [tuple(one.shape) for one in seen.pooler_output] == [(324, 2048)] * 8
    return seen
