"""GRPO's training file: published defaults, and every wrong entry named."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from zoomearth.core.errors import TrainingConfigError
from zoomearth.core.types import Options
from zoomearth.training.grpo_config import DataSettings, GrpoConfig, read_grpo_config
from zoomearth.training.rewards import RewardSettings
from zoomearth.training.run_record import changed_entries
from zoomearth.training.run_settings import MAY_CHANGE, LoraSettings

NEEDED = 'base = "b"\noutput = "o"\nexport = "e"\n'
RECIPES = Path(__file__).resolve().parents[2] / "resources" / "training"


def read(tmp_path: Path, text: str) -> GrpoConfig:
    path = tmp_path / "run.toml"
    path.write_text(text)
    return read_grpo_config(path)


def test_defaults_are_the_published_ones(tmp_path) -> None:
    config = read(tmp_path, NEEDED)
    assert (config.num_generations, config.beta, config.learning_rate) == (4, 0.04, 1e-7)
    assert (config.temperature, config.scale_rewards, config.loss_type) == (0.7, "none", "grpo")
    assert config.max_zooms == Options().max_zooms
    assert config.rewards == RewardSettings() and config.lora is None


def test_every_table_is_read(tmp_path) -> None:
    config = read(
        tmp_path,
        NEEDED + "beta = 0\nsteps = 7\n"
        '[data]\nkind = "lrs-gro"\nsource = "d"\nsplit = "rl"\n'
        '[rewards]\nshape = "sigmoid"\nregion_weight = 0\n'
        '[lora]\nrank = 8\ntarget_modules = ["q_proj"]\n',
    )
    assert config.beta == 0.0 and isinstance(config.beta, float) and config.steps == 7
    assert config.data == (DataSettings(kind="lrs-gro", source="d", split="rl"),)
    assert config.rewards == RewardSettings(shape="sigmoid", region_weight=0.0)
    assert config.lora == LoraSettings(rank=8, target_modules=("q_proj",))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("base = ", "Invalid value"),
        ('base = "b"\n', "output is missing"),
        (NEEDED + "colour = 1\n", "unknown entry 'colour'"),
        (NEEDED + "[data]\ncolour = 1\n", r"unknown entry 'data\.colour'"),
        (NEEDED + 'steps = "ten"\n', "steps must be of kind int, not 'ten'"),
        (NEEDED + "steps = 1.5\n", "steps must be of kind int"),
        (NEEDED + "steps = true\n", "steps must be of kind int"),
        (NEEDED + "steps = 0\n", "steps must be at least 1"),
        (NEEDED + "freeze_vision = 1\n", "freeze_vision must be of kind bool"),
        (NEEDED + "num_generations = 1\n", "num_generations must be at least 2"),
        (NEEDED + "learning_rate = 0\n", "learning_rate must be above 0"),
        (NEEDED + "learning_rate = nan\n", "learning_rate must be above 0"),
        (NEEDED + "temperature = 0\n", "temperature must be above 0"),
        (NEEDED + "beta = inf\n", "beta must be at least 0"),
        (NEEDED + 'loss_type = "ppo"\n', "loss_type must be grpo or"),
        (NEEDED + "rows_per_device = 5\n", "32 rollouts a step cannot be cut into passes of 5 rows"),
        (NEEDED + "data = 3\n", "data must be a table"),
        (NEEDED + "data = []\n", "data is missing"),
        (NEEDED + "[[data]]\nshare = 0\n", "data.share must be above 0"),
        (NEEDED + '[data]\nkind = "lrs-gro"\n', "data.source"),
        (NEEDED + '[data]\nsource = "x"\n', "data.source"),
        (NEEDED + '[rewards]\nshape = "square"\n', "shape must be tanh or sigmoid"),
        (NEEDED + "[rewards]\nshape = 1\n", "shape must be tanh or sigmoid"),
        (NEEDED + "[rewards]\nalpha = 0\n", "alpha must be above 0"),
        (NEEDED + '[lora]\ntarget_modules = ["lm_head"]\n', "never lm_head"),
        (NEEDED + '[lora]\ntarget_modules = "q_proj"\n', "lora.target_modules must be of kind tuple"),
        (NEEDED + "[lora]\ndropout = 1.0\n", "lora.dropout"),
        (NEEDED + "[data]\nfirst_index = 1_996_001\n", "reaches scene 2000000; from 2000000 on"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path, text, complaint) -> None:
    with pytest.raises(TrainingConfigError, match=complaint) as caught:
        read(tmp_path, text)
    assert "run.toml" in caught.value.message


def test_scenes_up_to_the_last_one_before_the_evaluations(tmp_path) -> None:
    """500 steps of 8 questions from scene 1,996,000 on end with scene 1,999,999."""
    (data,) = read(tmp_path, NEEDED + "[data]\nfirst_index = 1_996_000\n").data
    assert data.first_index == 1_996_000


def test_what_differs_from_the_run_that_made_the_checkpoints() -> None:
    config = GrpoConfig("b", "o", "e", lora=LoraSettings())
    saved = json.loads(json.dumps(dataclasses.asdict(config)))
    assert changed_entries(config, saved, MAY_CHANGE) == []
    later = dataclasses.replace(config, steps=900, save_steps=10, learning_rate=1e-6, seed=4, lora=None)
    assert changed_entries(later, saved, MAY_CHANGE) == ["learning_rate", "lora", "seed"]
    assert changed_entries(config, {**saved, "gone": 1}, MAY_CHANGE) == ["gone"]


def test_several_data_sets(tmp_path) -> None:
    mixed = "[[data]]\nshare = 3\n[[data]]\nkind = 'imagery'\nsource = 'x'\ncount = 50\n"
    scenes, imagery = read(tmp_path, NEEDED + mixed).data
    assert scenes == DataSettings(share=3.0) and scenes.is_drawn
    assert imagery == DataSettings(kind="imagery", source="x", count=50) and not imagery.is_drawn


def test_the_shipped_recipe_can_be_read() -> None:
    config = read_grpo_config(RECIPES / "zoomearth-mini-grpo.toml")
    assert config.profile == "zoomearth-mini" and config.data[0].is_drawn


def test_entries_are_changed_after_reading(tmp_path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(NEEDED + "steps = 7\n[[data]]\nshare = 1\n[[data]]\nshare = 2\n")
    config = read_grpo_config(
        path, ["steps=9", "output=else where", "rewards.region_weight = 0", "data.1.share=0.5"]
    )
    assert (config.steps, config.output, config.rewards.region_weight) == (9, "else where", 0.0)
    assert [one.share for one in config.data] == [1.0, 0.5]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("steps", "no change of the form NAME=VALUE"),
        ("=3", "no change of the form NAME=VALUE"),
        ("rewards..alpha=3", "no change of the form NAME=VALUE"),
        ("steps=many", "steps must be of kind int, not 'many'"),
        ("colour=1", "unknown entry 'colour'"),
        ("base.deep=1", "changes no entry of a table"),
        ("data.4.share=1", "changes no entry of a table"),
    ],
)
def test_a_change_that_changes_nothing_is_an_error(tmp_path, change, complaint) -> None:
    path = tmp_path / "run.toml"
    path.write_text(NEEDED + "[[data]]\nshare = 1\n")
    with pytest.raises(TrainingConfigError, match=complaint):
        read_grpo_config(path, [change])
