"""Tuning runs of a tiny model on a tiny LRS-GRO folder: through the real trainer, from file to answers."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from test_rollout_policy import write_policy, write_rasters
from transformers import TrainerCallback
from zoomearth.core.errors import (
    DataInvalidError,
    DiskFullError,
    ModelIncompatibleError,
    TrainingConfigError,
    TrainingDivergedError,
)
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.core.types import Options, Query, RasterRequest
from zoomearth.models.loading import load_engine
from zoomearth.perception.loop import ask
from zoomearth.raster.reading import open_raster
from zoomearth.training import checkpoints, tuning
from zoomearth.training.data.reading import DataSource
from zoomearth.training.run_settings import LoraSettings
from zoomearth.training.tuning_config import Thoughts, TuningConfig
from zoomearth.training.tuning_data import open_rows
from zoomearth.training.tuning_setup import load_base

WORDS_KNOWN = Thoughts("ship", "ship", "ship", "ship")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Models this small lose more to waking threads than they gain."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def rasters(tmp_path_factory) -> Path:
    """Folder of two rasters and ``questions.jsonl``: of each raster one question with a box, one without."""
    folder = tmp_path_factory.mktemp("rasters")
    write_rasters(folder)
    rows = [json.loads(line) for line in (folder / "questions.jsonl").read_text().splitlines()]
    for number, row in enumerate(rows):
        row["image_name"] = f"raster_{number // 2}.tif"
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


@pytest.fixture(scope="module")
def base_folder(tmp_path_factory, rasters) -> Path:
    """A model that was shown nothing yet."""
    return write_policy(tmp_path_factory.mktemp("base") / "model", rasters, steps=0)


def tuning_config(base: Path, rasters: Path, folder: Path, **entries) -> TuningConfig:
    usual = {
        "steps": 3,
        "batch": 4,
        "rows_per_device": 2,
        "learning_rate": 3e-3,
        "schedule": "constant",
        "warmup_steps": 0,
        "jitter": 0.2,
        "save_steps": 1,
        "loader_processes": 0,
        "precision": "float32",
        "data": (DataSource(kind="lrs-gro", path=str(rasters / "questions.jsonl")),),
        "thoughts": WORDS_KNOWN,
    }
    return TuningConfig(str(base), str(folder / "run"), str(folder / "model"), **{**usual, **entries})


def prepare(config: TuningConfig):
    rows = open_rows(config)
    base = load_base(config)
    return tuning.build_trainer(config, base, rows), base, rows


def run(config: TuningConfig, *callbacks: TrainerCallback) -> tuning.TuningTrainer:
    trainer, base, rows = prepare(config)
    for callback in callbacks:
        trainer.add_callback(callback)
    tuning.train(trainer, config, base, rows)
    return trainer


def losses(trainer: tuning.TuningTrainer) -> list[float]:
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, base_folder, rasters) -> tuple[tuning.TuningTrainer, TuningConfig]:
    config = tuning_config(base_folder, rasters, tmp_path_factory.mktemp("undisturbed"))
    return run(config), config


def test_it_learns_to_look_and_to_answer(base_folder, rasters, tmp_path) -> None:
    """From a file, by the command's own function; the product asks what came out and zooms where told."""
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f"""
base = "{base_folder}"
output = "{tmp_path}/run"
export = "{tmp_path}/model"
steps = 80
batch = 4
rows_per_device = 4
learning_rate = 4e-3
warmup_steps = 5
save_steps = 100
loader_processes = 0
precision = "float32"
[[data]]
kind = "lrs-gro"
path = "{rasters}/questions.jsonl"
[thoughts]
overall = "ship"
place = "ship"
label = "ship"
enlarged = "ship"
"""
    )
    assert tuning.main(recipe) == 0
    (log,) = (tmp_path / "run" / "runs").rglob("events.*")
    events = EventAccumulator(str(log))
    events.Reload()
    told = [event.value for event in events.Scalars("train/loss")]
    assert len(told) == 80
    assert told[0] > 4 and told[-1] < 0.25 * told[0]
    # Boxes of columns 100 to 140 and 200 to 240, in the middle of windows of 64 px.
    for number, colour, there, left in ((0, "red", "yes", 88), (1, "green", "no", 188)):
        raster = rasters / f"raster_{number}.tif"
        looked = _asked(tmp_path / "model", raster, "What colour is the ship?")
        assert looked.text == colour and len(looked.steps) == 2 and looked.regions
        assert looked.steps[1].window.width == 64
        assert abs(looked.steps[1].window.left - left) <= 14  # two pixels of the view
        glanced = _asked(tmp_path / "model", raster, "Is there a ship?")
        assert glanced.text == there and len(glanced.steps) == 1


def _asked(model: Path, raster: Path, question: str):
    engine = load_engine(str(model), report=ignore_progress, cancel=CancelToken())
    request = RasterRequest(str(raster))
    query = Query(question, request, None, Options(max_zooms=2), "tiny")
    with open_raster(request) as opened:
        return ask(query, opened, engine, report=ignore_progress, cancel=CancelToken())


class PowerCutError(Exception):
    pass


class Cut(TrainerCallback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_begin(self, args, state, control, **kwargs) -> None:
        if state.global_step == self.step:
            raise PowerCutError


def test_a_cut_run_goes_on_as_if_nothing_had_been(undisturbed, base_folder, rasters, tmp_path) -> None:
    whole, config = undisturbed
    again = tuning_config(base_folder, rasters, tmp_path)
    with pytest.raises(PowerCutError):
        run(again, Cut(2))
    resumed = run(again)
    assert losses(resumed) == losses(whole)  # the first two are those of before the cut
    kept = load_file(Path(again.export) / "model.safetensors")
    for name, weights in load_file(Path(config.export) / "model.safetensors").items():
        assert torch.equal(kept[name], weights), name


def test_the_run_tells_where_it_came_from(undisturbed) -> None:
    _, config = undisturbed
    run_file = json.loads((Path(config.output) / "run.json").read_text())
    assert run_file["config"]["learning_rate"] == 3e-3 and run_file["rows"] == [4]
    assert len(run_file["data_sha256"]) == 64
    assert set(run_file) >= {"commit", "base_revision", "profile", "processes", "versions"}


def test_other_rows_are_another_run(undisturbed, tmp_path) -> None:
    """A rate that changed, or a jitter, is named; what a run may change is not."""
    _, config = undisturbed
    other = dataclasses.replace(config, jitter=0.3, learning_rate=1e-3, save_steps=7)
    trainer, base, rows = prepare(other)
    with pytest.raises(TrainingConfigError, match="jitter, learning_rate differ"):
        tuning.train(trainer, other, base, rows)


def test_adapters_train_alone_and_are_merged(base_folder, rasters, tmp_path) -> None:
    config = tuning_config(base_folder, rasters, tmp_path, lora=LoraSettings(rank=4, alpha=8))
    trainer, base, rows = prepare(config)
    named = {name for name, weights in trainer.model.named_parameters() if weights.requires_grad}
    # Seven layers in each of two blocks, two matrices each; those of the vision tower have such names, too.
    assert len([name for name in named if "language_model" in name]) == 2 * 7 * 2
    assert all("lora_" in name for name in named)
    tuning.train(trainer, config, base, rows)
    files = {path.name for path in (Path(config.output) / "checkpoint-3").iterdir()}
    assert "adapter_model.safetensors" in files and "model.safetensors" not in files
    before = load_file(base_folder / "model.safetensors")
    after = load_file(Path(config.export) / "model.safetensors")
    assert before.keys() == after.keys()
    moved = {name for name in after if not torch.allclose(after[name].float(), before[name], atol=2e-3)}
    assert any("q_proj" in name for name in moved) and all("proj" in name for name in moved)


def test_a_frozen_vision_tower_gets_no_adapters(base_folder, rasters, tmp_path) -> None:
    config = tuning_config(base_folder, rasters, tmp_path, lora=LoraSettings(rank=4), freeze_vision=True)
    trainer, _, _ = prepare(config)
    named = {name for name, weights in trainer.model.named_parameters() if weights.requires_grad}
    assert named and not any("visual" in name for name in named)


def test_a_frozen_vision_tower_stays_as_it_was(base_folder, rasters, tmp_path) -> None:
    run(
        tuning_config(
            base_folder, rasters, tmp_path, steps=1, freeze_vision=True, gradient_checkpointing=True
        )
    )
    before = load_file(base_folder / "model.safetensors")
    after = load_file(tmp_path / "run" / "checkpoint-1" / "model.safetensors")
    assert all(torch.equal(after[name], before[name]) for name in before if "visual" in name)
    assert not any(
        torch.equal(after[name], before[name]) for name in before if "self_attn.q_proj.weight" in name
    )


class Poison(TrainerCallback):
    def on_step_begin(self, args, state, control, **kwargs) -> None:
        if state.global_step == 2:
            with torch.no_grad():
                kwargs["model"].lm_head.weight[0, 0] = float("nan")


def test_a_loss_that_is_no_number_stops_the_run(base_folder, rasters, tmp_path) -> None:
    config = tuning_config(base_folder, rasters, tmp_path, steps=4)
    with pytest.raises(TrainingDivergedError, match="checkpoint-2") as caught:
        run(config, Poison())
    assert caught.value.code == "training_diverged"
    saved = load_file(Path(config.output) / "checkpoint-2" / "model.safetensors")
    assert all(bool(torch.isfinite(one).all()) for one in saved.values())
    assert not Path(config.export).exists()


def test_a_full_disk_leaves_the_checkpoint_before(base_folder, rasters, mount_disk) -> None:
    weights = (base_folder / "model.safetensors").stat().st_size
    config = tuning_config(base_folder, rasters, mount_disk(int(1.6 * (3 * weights + (200 << 10)))))
    with pytest.raises(DiskFullError, match="checkpoint-1 is kept") as caught:
        run(config)
    assert caught.value.code == "disk_full"
    assert [path.name for path in Path(config.output).glob("*checkpoint*")] == ["checkpoint-1"]
    assert not (Path(config.output) / "unfinished").exists()
    saved = load_file(Path(config.output) / "checkpoint-1" / "model.safetensors")
    assert all(bool(torch.isfinite(one).all()) for one in saved.values())


def test_a_base_of_another_architecture_is_named(base_folder, rasters, tmp_path) -> None:
    other = shutil.copytree(base_folder, tmp_path / "other")
    saved = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**saved, "model_type": "llava"}))
    with pytest.raises(ModelIncompatibleError, match="'llava', not 'qwen2_5_vl'") as caught:
        load_base(tuning_config(other, rasters, tmp_path))
    assert caught.value.code == "model_incompatible"


def test_a_checkpoint_of_another_architecture_is_named(undisturbed, rasters, tmp_path) -> None:
    _, config = undisturbed
    copied = shutil.copytree(config.output, tmp_path / "run")
    newest = copied / "checkpoint-3" / "config.json"
    saved = json.loads(newest.read_text())
    saved["text_config"]["num_hidden_layers"] = 5
    newest.write_text(json.dumps(saved))
    moved = dataclasses.replace(config, output=str(copied), steps=4)
    trainer, base, rows = prepare(moved)
    with pytest.raises(ModelIncompatibleError, match=r"checkpoint-3.*num_hidden_layers is 5, not 2"):
        tuning.train(trainer, moved, base, rows)


def test_an_empty_data_set_is_named(base_folder, rasters, tmp_path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    source = DataSource(kind="lrs-gro", path=str(empty), images=str(rasters))
    with pytest.raises(DataInvalidError, match=r"empty\.jsonl") as caught:
        open_rows(tuning_config(base_folder, rasters, tmp_path, data=(source,)))
    assert caught.value.code == "data_invalid"


def test_checkpoints_are_the_trusted_ones() -> None:
    """The mixin stands before the library's trainer, or it would be its ways that are used."""
    assert tuning.TuningTrainer.__mro__.index(
        checkpoints.SafeCheckpoints
    ) < tuning.TuningTrainer.__mro__.index(tuning.SFTTrainer)
