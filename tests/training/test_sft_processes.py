"""Supervised training in two processes, started as people start it, against the same steps in one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from test_rollout_policy import write_policy, write_rasters
from test_sft import TOML as SMALL
from test_tuning import tuning_config
from two_processes import launch
from zoomearth.training import sft, tuning
from zoomearth.training.scene_samples import scene_group
from zoomearth.training.tuning_data import open_rows
from zoomearth.training.tuning_setup import load_base

START_TUNING = """
import sys
from pathlib import Path
from zoomearth.training.tuning import main
sys.exit(main(Path(sys.argv[1])))
"""
START_SMALL = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_sft_processes as parent
from zoomearth.training import sft
sft.make_sampler = parent.negatives
sys.exit(sft.main(Path(sys.argv[1])))
"""
TUNING = """
base = "{base}"
output = "{folder}/run"
export = "{folder}/model"
steps = 2
batch = 4
rows_per_device = 2
learning_rate = 3e-3
schedule = "constant"
warmup_steps = 0
jitter = 0.2
save_steps = 2
loader_processes = 0
precision = "float32"
[thoughts]
{thoughts}
[[data]]
kind = "lrs-gro"
path = "{rasters}/questions.jsonl"
"""


def negatives(config, stage):
    """Groups that differ in their pixels alone: the mean over two is the mean of their means."""
    del stage
    positive = scene_group(2, config.look)
    negative = tuple(
        replace(one, looks=tuple(replace(look, pixels=255 - look.pixels) for look in one.looks))
        for one in positive
    )
    return lambda index: (positive, negative)[index % 2]


def assert_alike(one: Path, two: Path, moved: float) -> None:
    """Weights apart by far less than the ``moved`` that Adam may have moved each of them.

    Where a gradient is all but 0, Adam makes a step of its rounding: so not each weight by itself.
    """
    weights, expected = load_file(one), load_file(two)
    assert weights.keys() == expected.keys()
    for name, value in expected.items():
        apart = float((weights[name] - value).square().mean().sqrt())
        assert apart < 0.02 * moved, name


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As in the two processes: sums round otherwise with other threads, and a loaded engine sets them."""
    torch.set_num_threads(1)


@pytest.mark.slow
def test_two_processes_train_a_small_model_as_one_does(tmp_path, monkeypatch) -> None:
    entries = SMALL.replace("save_steps = 2", "save_steps = 4")
    two = entries.format(folder=tmp_path, steps=4).replace("batch_size = 2", "batch_size = 1")
    launch(tmp_path, START_SMALL, two)
    checkpoint = tmp_path / "run" / "only" / "checkpoint-4"
    assert len(list(checkpoint.glob("rng_state_*"))) == 2
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "recipe.toml").write_text(entries.format(folder=alone, steps=4))
    monkeypatch.setattr(sft, "make_sampler", negatives)
    assert sft.main(alone / "recipe.toml") == 0
    expected = alone / "run" / "only" / "checkpoint-4"
    assert_alike(checkpoint / "model.safetensors", expected / "model.safetensors", moved=4 * 1e-3)
    assert (tmp_path / "model" / "model.safetensors").is_file()


@pytest.mark.slow
def test_two_processes_tune_a_model_as_one_does(tmp_path) -> None:
    rasters = tmp_path / "rasters"
    rasters.mkdir()
    write_rasters(rasters)
    base = write_policy(tmp_path / "base", rasters, steps=0)
    alone = tuning_config(base, rasters, tmp_path / "alone", steps=2, save_steps=2)
    thoughts = "\n".join(f"{name} = {value!r}" for name, value in vars(alone.thoughts).items())
    said = launch(
        tmp_path,
        START_TUNING,
        TUNING.format(base=base, folder=tmp_path, rasters=rasters, thoughts=thoughts),
    )
    assert said.count("step 2/2") == 1  # one of them speaks
    assert json.loads((tmp_path / "run" / "run.json").read_text())["processes"] == 2
    rows, policy = open_rows(alone), load_base(alone)
    tuning.train(tuning.build_trainer(alone, policy, rows), alone, policy, rows)
    one, two = (
        folder / "run" / "checkpoint-2" / "model.safetensors" for folder in (tmp_path, tmp_path / "alone")
    )
    assert_alike(one, two, moved=2 * 3e-3)
