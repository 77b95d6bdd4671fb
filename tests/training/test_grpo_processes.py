"""GRPO in two processes, started as people start it, against the same step in one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from accelerate.commands.config.config_args import ClusterConfig
from safetensors.torch import load_file
from test_rollout_policy import run_config, tiny_policy, tiny_rasters
from two_processes import launch
from zoomearth.training import grpo
from zoomearth.training.grpo_setup import load_policy, open_source

ACCELERATE = Path(__file__).resolve().parents[2] / "resources" / "training" / "accelerate-8gpu.yaml"
TOML = """
base = "{base}"
output = "{folder}/run"
export = "{folder}/model"
steps = 2
batch = 3
rows_per_device = 3
learning_rate = 1e-3
schedule = "constant"
temperature = 1.0
max_zooms = 2
save_steps = 2
precision = "float32"
[data]
kind = "lrs-gro"
source = "{rasters}/questions.jsonl"
"""
START = """
import sys
from pathlib import Path
from zoomearth.training.grpo import main
sys.exit(main(Path(sys.argv[1])))
"""
SAME = ("reward", "rewards/iou/mean", "rewards/format/mean", "zoom_rate", "right", "grad_norm", "loss")
"""Metrics that do not depend on which rollouts share a pass; means over tokens do."""


def steps_of(folder: Path) -> list[dict[str, float]]:
    state = json.loads((folder / "run" / "checkpoint-2" / "trainer_state.json").read_text())
    return [entry for entry in state["log_history"] if "reward" in entry]


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one(tmp_path) -> None:
    """Twelve rollouts a step: two processes with two passes of three rows, or one with a pass of twelve.

    The second question's four rollouts lie half in one process, half in the other.
    """
    recipe = TOML.format(base=tiny_policy(), folder=tmp_path, rasters=tiny_rasters())
    said = launch(tmp_path, START, recipe)
    run_file = json.loads((tmp_path / "run" / "run.json").read_text())
    assert run_file["processes"] == 2
    assert {path.name for path in (tmp_path / "run" / "checkpoint-2").glob("rng_state*")} == {
        "rng_state_0.pth",
        "rng_state_1.pth",
    }
    assert said.count("step 2/2") == 1  # one of them speaks
    alone = run_config(
        tiny_policy(), tiny_rasters(), tmp_path / "alone", save_steps=2, batch=3, rows_per_device=12
    )
    policy = load_policy(alone)
    grpo.train(grpo.build_trainer(alone, policy, open_source(alone)), alone, policy)
    for two, one in zip(steps_of(tmp_path), steps_of(tmp_path / "alone"), strict=True):
        for name in SAME:
            assert two[name] == pytest.approx(one[name], rel=2e-3, abs=1e-5), name
    weights, expected = (
        load_file(folder / "run" / "checkpoint-2" / "model.safetensors")
        for folder in (tmp_path, tmp_path / "alone")
    )
    for name, value in expected.items():
        assert torch.allclose(weights[name], value, rtol=1e-2, atol=3e-4), name


def test_the_file_for_eight_gpus_is_one_that_accelerate_reads() -> None:
    config = ClusterConfig.from_yaml_file(yaml_file=str(ACCELERATE))
    assert (config.num_processes, config.mixed_precision, config.use_cpu) == (8, "bf16", False)
    assert config.distributed_type.value == "DEEPSPEED"
    assert config.deepspeed_config["zero_stage"] == 2
