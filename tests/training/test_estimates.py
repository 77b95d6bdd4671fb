"""Estimates against what really happens: the same counting on shapes and on a model that computes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from transformers import DynamicCache, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
from zoomearth.core.errors import ModelIncompatibleError, ModelMissingError, TrainingConfigError
from zoomearth.training import estimates
from zoomearth.training.run_settings import LoraSettings
from zoomearth.training.tuning_architecture import (
    optimizer_groups,
    parts_of,
    published_configuration,
    shape_of_model,
)
from zoomearth.training.tuning_costs import BatchShape, batch_of, cost_of
from zoomearth.training.tuning_memory import Holding, cache_bytes, held_bytes

SHAPE = BatchShape(rows=2, length=180, completion=90, grid=(16, 16), pictures=2)
TINY = {
    "model_type": "qwen2_5_vl",
    "text_config": {
        "vocab_size": 500,
        "hidden_size": 128,
        "intermediate_size": 384,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [8, 4, 4]},
        "bos_token_id": None,
        "eos_token_id": 1,
    },
    "vision_config": {
        "depth": 4,
        "hidden_size": 64,
        "intermediate_size": 160,
        "num_heads": 4,
        "out_hidden_size": 128,
        "patch_size": 14,
        "window_size": 112,
        "fullatt_block_indexes": [1, 3],
    },
    "image_token_id": 499,
    "video_token_id": 498,
    "vision_start_token_id": 497,
    "vision_end_token_id": 496,
    "tie_word_embeddings": True,
}


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def config() -> Qwen2_5_VLConfig:
    return Qwen2_5_VLConfig(**json.loads(json.dumps(TINY)))


@pytest.fixture(scope="module")
def real(config):
    """The same model with weights."""
    torch.manual_seed(0)
    made = Qwen2_5_VLForConditionalGeneration._from_config(config, attn_implementation="sdpa")
    made.train()
    return made


@pytest.fixture(scope="module")
def real_batch(config) -> dict[str, torch.Tensor]:
    ids = torch.full((SHAPE.rows, SHAPE.length), 7)
    ids[:, 5:69] = ids[:, 80:144] = config.image_token_id  # two pictures of 64 tokens
    grid = torch.tensor([[1, 16, 16]] * 4)
    return {
        "input_ids": ids,
        "labels": ids,
        "position_ids": torch.arange(SHAPE.length).expand(3, SHAPE.rows, -1),
        "pixel_values": torch.randn(SHAPE.patches, 1176),
        "image_grid_thw": grid,
    }


def test_parameters_are_the_real_ones(config, real) -> None:
    parts = parts_of(shape_of_model(config))
    assert sum(part.total for part in parts.values()) == sum(one.numel() for one in real.parameters())
    tower = real.model.visual
    assert parts["merger"].total == sum(one.numel() for one in tower.merger.parameters())
    assert parts["vision"].total + parts["merger"].total == sum(one.numel() for one in tower.parameters())
    assert parts["embeddings"].total == 500 * 128  # the head is the embeddings'
    assert all(part.trained == part.total for part in parts.values())


@pytest.mark.parametrize("with_head", [False, True])
def test_flops_and_kept_bytes_are_those_of_a_real_pass(config, real, real_batch, with_head) -> None:
    counted = cost_of(shape_of_model(config), batch_of(SHAPE, config), mixed=False, with_head=with_head)
    measured = cost_of(real, real_batch, mixed=False, with_head=with_head)
    assert counted.flops == pytest.approx(measured.flops, rel=1e-6)
    assert counted.saved_bytes == pytest.approx(measured.saved_bytes, rel=0.03)
    assert counted.block_bytes == pytest.approx(measured.block_bytes, rel=0.03)
    assert counted.loss_shape == ()
    assert counted.logits_shape == ((2, 180, 500) if with_head else ())


def test_kept_bytes_with_mixed_precision_are_those_of_a_real_pass(config, real, real_batch) -> None:
    """Autocast keeps its half-precision weights, too; they are told apart on shapes alone."""
    counted = cost_of(shape_of_model(config), batch_of(SHAPE, config), mixed=True)
    with torch.autocast("cpu", torch.bfloat16):
        measured = cost_of(real, real_batch, mixed=True)
    assert counted.saved_bytes + counted.cast_bytes == pytest.approx(measured.saved_bytes, rel=0.05)
    assert counted.flops == pytest.approx(measured.flops, rel=1e-6)


def test_checkpointing_keeps_what_a_real_checkpointed_pass_keeps(config, real, real_batch) -> None:
    counted = cost_of(shape_of_model(config), batch_of(SHAPE, config), mixed=False)
    real.gradient_checkpointing_enable()
    try:
        measured = cost_of(real, real_batch, mixed=False)
    finally:
        real.gradient_checkpointing_disable()
    kept = counted.activations(checkpointing=True) - counted.largest_block_bytes
    assert kept == pytest.approx(measured.saved_bytes, rel=0.05)
    assert measured.saved_bytes < 0.35 * counted.saved_bytes


def test_flops_are_twice_the_weights_for_each_token_and_attention(config) -> None:
    """By hand: products of weights, queries with keys, and scores with values."""
    text_layer = 128 * 128 * 2 + 2 * 128 * 64 + 3 * 128 * 384
    text = 2 * 360 * 4 * text_layer + 4 * 2 * 4 * 180 * 180 * 128
    block = 64 * 192 + 64 * 64 + 3 * 64 * 160
    # 1,024 patches; windows of 64 patches in blocks 0 and 2, a picture of 256 in blocks 1 and 3.
    vision = 2 * 1024 * 4 * block + 4 * 1024 * 64 * (64 + 256) * 2
    merged = 2 * 1024 * 1176 * 64 + 2 * 256 * (256 * 256 + 256 * 128)
    counted = cost_of(shape_of_model(config), batch_of(SHAPE, config), mixed=False)
    assert counted.flops == pytest.approx(text + vision + merged, rel=1e-3)


def test_costs_grow_with_the_rows(config) -> None:
    model = shape_of_model(config)
    one = cost_of(model, batch_of(dataclasses.replace(SHAPE, rows=1), config), mixed=True)
    assert one.of_rows(2) == cost_of(model, batch_of(SHAPE, config), mixed=True)


@pytest.mark.parametrize("mixed", [False, True])
def test_the_cache_is_as_large_as_a_real_one(config, real, mixed) -> None:
    cache = DynamicCache(config=config)
    ids = torch.full((3, 40), 7)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        real(input_ids=ids, past_key_values=cache, use_cache=True)
    measured = sum(one.keys.nbytes + one.values.nbytes for one in cache.layers)
    assert cache_bytes(config.text_config, 40, 3) == measured


def test_what_is_held_is_what_adam_holds(config, real, real_batch) -> None:
    model = shape_of_model(config)
    cost = cost_of(model, batch_of(SHAPE, config), mixed=False)
    held = held_bytes(Holding(parts_of(model), False, False, False, 500, 128), cost, "DDP", 1)
    optimizer = torch.optim.AdamW(real.parameters(), lr=0.0)
    real(**real_batch).loss.backward()
    optimizer.step()
    weights = list(real.parameters())
    moments = [state[name] for state in optimizer.state.values() for name in ("exp_avg", "exp_avg_sq")]
    assert held["weights"] == sum(one.nbytes for one in weights)
    assert held["gradients"] == sum(one.grad.nbytes for one in weights)
    assert held["optimizer"] == sum(one.nbytes for one in moments)
    real.zero_grad()


def test_sharing_divides_what_is_shared(config) -> None:
    """ZeRO 2: half-precision weights whole, all that the optimizer has divided; ZeRO 3: all divided."""
    model = shape_of_model(config)
    cost = cost_of(model, batch_of(SHAPE, config), mixed=True)
    holding = Holding(parts_of(model), True, True, False, 500, 128)
    count = holding.weights
    two = held_bytes(holding, cost, "ZeRO-2", 8)
    assert (two["weights"], two["reference"], two["optimizer"]) == (2 * count, 2 * count, 12 * count // 8)
    three = held_bytes(holding, cost, "ZeRO-3 / FSDP", 8)
    assert three["weights"] == 4 * count // 8 and three["optimizer"] == count


def test_every_parameter_is_in_the_group_that_the_real_optimizer_puts_it_in(config, real, tmp_path) -> None:
    from transformers import Trainer, TrainingArguments

    trainer = Trainer(real, TrainingArguments(str(tmp_path), use_cpu=True, weight_decay=0.01, report_to=[]))
    names = {id(weights): name for name, weights in real.named_parameters()}
    measured = [
        {names[id(one)] for one in group["params"]} for group in trainer.create_optimizer().param_groups
    ]
    groups = optimizer_groups(shape_of_model(config))
    assert [set(groups["decayed"]), set(groups["not decayed"])] == measured
    assert groups["frozen"] == []
    frozen = optimizer_groups(shape_of_model(config, freeze_vision=True))["frozen"]
    assert frozen and all("visual" in name for name in frozen)


def test_adapters_are_counted(config) -> None:
    """By hand: rank times inputs and outputs of seven layers in each of four blocks."""
    model = shape_of_model(config, LoraSettings(rank=4, alpha=8), freeze_vision=True)
    layer = 2 * (128 + 128) + 2 * (128 + 64) + 3 * (128 + 384)
    assert parts_of(model)["language"].trained == 4 * 4 * layer
    assert parts_of(model)["vision"].trained == 0
    groups = optimizer_groups(model)
    assert len(groups["decayed"]) == 4 * 7 * 2 and not groups["not decayed"]
    cost = cost_of(model, batch_of(SHAPE, config), mixed=True)
    assert cost.saved_bytes > 0


def _recipe(folder: Path, config: dict, text: str = "") -> Path:
    base = folder / "base"
    base.mkdir(exist_ok=True)
    (base / "config.json").write_text(json.dumps(config))
    path = folder / "recipe.toml"
    path.write_text(
        f'base = "{base}"\nprofile = "zoomearth-3b"\noutput = "o"\nexport = "e"\nwarmup_steps = 0\n{text}'
        '[[data]]\nkind = "lrs-gro"\npath = "p"\nsplit = "sft"\n'
    )
    return path


def test_a_run_is_described(tmp_path) -> None:
    path = _recipe(tmp_path, TINY)
    plan = estimates.read_plan(path)
    usual = plan.shape(estimates.TURN_TOKENS)
    assert usual.grid == (36, 36) and usual.pictures == 2
    assert estimates.steps_in(plan) == 759  # 1,011 rows three times, four a step
    said = estimates.describe(path)
    assert "512 px snap to 504 x 504, 36 x 36 patches, 324 tokens; 2 in a dialogue" in said
    assert "8 x ZeRO-2" in said and "A100 80 GB" in said
    cost = cost_of(shape_of_model(plan.base), batch_of(usual, plan.base), mixed=True)
    one = estimates.step_seconds(plan, usual, cost, 1, 1e12)
    # Three times the forward pass of each of four rows; the head, 128 wide for 500 words, four times.
    by_hand = 4 * (3 * cost.flops + 4 * 2 * 500 * 128 * 2 * 161) / 1e12
    assert one == pytest.approx(by_hand)


def test_what_cannot_be_described_says_why(tmp_path) -> None:
    with pytest.raises(ModelIncompatibleError, match="'llava', not 'qwen2_5_vl'"):
        estimates.describe(_recipe(tmp_path, {**TINY, "model_type": "llava"}))
    with pytest.raises(ModelMissingError, match="not among the published"):
        published_configuration("nobody/nothing")
    stages = tmp_path / "stages.toml"
    stages.write_text('[[stages]]\nname = "x"\n')
    with pytest.raises(TrainingConfigError, match="small model"):
        estimates.describe(stages)
