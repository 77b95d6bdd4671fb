"""Runs that were killed, that found the disk full, or that find checkpoints of another run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from test_rollout_policy import run_config, tiny_policy, tiny_rasters
from zoomearth.core.errors import DiskFullError, ModelIncompatibleError, TrainingConfigError
from zoomearth.training import grpo
from zoomearth.training.grpo_config import GrpoConfig
from zoomearth.training.grpo_setup import load_policy, open_source
from zoomearth.training.run_settings import LoraSettings

STEPS = 6
CURVE = ("loss", "reward", "kl", "entropy", "grad_norm", "zoom_rate", "learning_rate", "num_tokens")
TOML = """
base = "{base}"
output = "{folder}/run"
export = "{folder}/model"
seed = 5
steps = {steps}
batch = 2
rows_per_device = 4
learning_rate = 1e-3
schedule = "linear"
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


def recipe(folder: Path, steps: int = STEPS) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "recipe.toml"
    text = TOML.format(base=tiny_policy(), folder=folder, rasters=tiny_rasters(), steps=steps)
    path.write_text(text)
    return path


def curve(folder: Path) -> list[dict[str, float]]:
    """The metrics of every step, as the last checkpoint tells them."""
    state = json.loads((folder / "run" / f"checkpoint-{STEPS}" / "trainer_state.json").read_text())
    return [{name: entry[name] for name in CURVE} for entry in state["log_history"] if "reward" in entry]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    assert grpo.main(recipe(folder)) == 0
    return folder


def start(recipe_path: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", START, str(recipe_path)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)


def kill_after(process: subprocess.Popen[str], said: str) -> None:
    """SIGKILL as soon as the log says so."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if said in line:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.stderr.close()
    assert process.wait() == -signal.SIGKILL, "".join(lines[-20:])


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_curve_of_an_undisturbed_one(undisturbed, tmp_path) -> None:
    """Killed twice; the second time inside of a save, of which nothing is to be found then."""
    path = recipe(tmp_path)
    process = start(path)
    kill_after(process, "step 3/6")
    assert (tmp_path / "run" / "checkpoint-2").is_dir()
    assert not (tmp_path / "run" / f"checkpoint-{STEPS}").exists()
    half = tmp_path / "run" / "unfinished" / "checkpoint-4"
    half.mkdir(parents=True)
    (half / "model.safetensors").write_bytes(b"half of it")
    assert grpo.main(path) == 0
    resumed, expected = curve(tmp_path), curve(undisturbed)
    assert len(resumed) == len(expected) == STEPS
    for one, other in zip(resumed, expected, strict=True):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-7)
    weights, wanted = (
        load_file(folder / "model" / "model.safetensors") for folder in (tmp_path, undisturbed)
    )
    for name, value in wanted.items():
        assert torch.allclose(weights[name].float(), value.float(), rtol=1e-3, atol=1e-4), name
    assert not (tmp_path / "run" / "unfinished").exists()


def test_the_curve_is_no_flat_line(undisturbed) -> None:
    """Or the comparison above would compare nothing."""
    steps = curve(undisturbed)
    assert len({step["reward"] for step in steps}) > 3 and len({step["zoom_rate"] for step in steps}) > 2
    # On another processor other rollouts are drawn: how far the policy went is not the same everywhere.
    assert len({step["kl"] for step in steps}) > 3 and all(step["kl"] > 0 for step in steps[1:])
    assert steps[0]["learning_rate"] > steps[-1]["learning_rate"]


def test_a_finished_run_is_finished(undisturbed) -> None:
    """Started again, it trains no step and exports the same model."""
    before = (undisturbed / "model" / "model.safetensors").read_bytes()
    shutil.rmtree(undisturbed / "model")
    assert grpo.main(undisturbed / "recipe.toml") == 0
    assert (undisturbed / "model" / "model.safetensors").read_bytes() == before
    kept = sorted(path.name for path in (undisturbed / "run").glob("checkpoint-*"))
    assert kept == ["checkpoint-4", "checkpoint-6"]


def test_adapters_go_on_too(tmp_path) -> None:
    """Two steps at once, and one step twice: the same adapters."""
    saved = []
    for name, stops in (("once", [2]), ("twice", [1, 2])):
        for steps in stops:
            config = run_config(
                tiny_policy(), tiny_rasters(), tmp_path / name, steps=steps, lora=LoraSettings(4, 8), seed=3
            )
            train(config)
        saved.append(load_file(Path(config.output) / "checkpoint-2" / "adapter_model.safetensors"))
    for name, weights in saved[0].items():
        assert torch.allclose(weights, saved[1][name], rtol=1e-3, atol=1e-6), name
    assert any(bool(weights.any()) for name, weights in saved[0].items() if "lora_B" in name)


def train(config: GrpoConfig) -> None:
    policy = load_policy(config)
    grpo.train(grpo.build_trainer(config, policy, open_source(config)), config, policy)


def test_checkpoints_of_another_run_are_not_gone_on_from(undisturbed, tmp_path) -> None:
    shutil.copytree(undisturbed / "run", tmp_path / "run")
    path = recipe(tmp_path)
    path.write_text(path.read_text().replace("seed = 5", "seed = 6"))
    with pytest.raises(TrainingConfigError, match="another run: seed differ") as caught:
        grpo.main(path)
    assert "another output folder" in caught.value.hint
    assert json.loads((tmp_path / "run" / "run.json").read_text())["config"]["seed"] == 5


def test_a_checkpoint_of_another_architecture_stops_the_run(undisturbed, tmp_path) -> None:
    path = recipe(tmp_path)
    shutil.copytree(undisturbed / "run", tmp_path / "run")
    config_file = tmp_path / "run" / "checkpoint-6" / "config.json"
    config = json.loads(config_file.read_text())
    config["text_config"]["num_hidden_layers"] = 5
    config_file.write_text(json.dumps(config))
    with pytest.raises(ModelIncompatibleError, match=r"checkpoint-6 .*num_hidden_layers is 5, not 2"):
        grpo.main(path)
    assert (tmp_path / "run" / "checkpoint-4").is_dir()


@pytest.fixture
def small_disk(mount_disk) -> Path:
    """A disk with room for one checkpoint and not for two."""
    return mount_disk(int(1.6 * checkpoint_bytes()))


def checkpoint_bytes() -> int:
    """What one checkpoint takes: weights once, Adam's moments twice, and the rest."""
    weights = (tiny_policy() / "model.safetensors").stat().st_size
    return 3 * weights + (200 << 10)


def test_a_full_disk_keeps_the_checkpoint_that_was_there(small_disk, tmp_path) -> None:
    config = run_config(tiny_policy(), tiny_rasters(), small_disk, steps=4, beta=0.0)
    with pytest.raises(DiskFullError) as caught:
        train(config)
    assert f"{config.output}/checkpoint-1 is kept" in caught.value.message
    assert caught.value.code == "disk_full"
    assert [path.name for path in Path(config.output).glob("*checkpoint*")] == ["checkpoint-1"]
    assert not (Path(config.output) / "unfinished").exists()
    roomy = tmp_path / "roomy"
    shutil.copytree(config.output, roomy)
    train(replace(config, output=str(roomy), export=str(tmp_path / "model"), steps=2))
    assert (roomy / "checkpoint-2").is_dir()
