"""Checkpoints: whole or not there, finite, of this architecture; what a disk says in a person's words."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path

import pytest
import torch
from random_model import save_random_model
from safetensors.torch import load_file, save_file
from transformers import Qwen2_5_VLForConditionalGeneration
from transformers.trainer_utils import get_last_checkpoint
from zoomearth.core.errors import (
    DiskFullError,
    ModelIncompatibleError,
    OutputUnwritableError,
    TrainingDivergedError,
)
from zoomearth.training import checkpoints


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return save_random_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def model(folder) -> Qwen2_5_VLForConditionalGeneration:
    return Qwen2_5_VLForConditionalGeneration.from_pretrained(folder)


def test_weights_come_back_under_the_names_in_memory(folder, model) -> None:
    """Saved and held names differ, which is why the library's own way loads nothing."""
    wanted = {name: weights.clone() for name, weights in model.state_dict().items()}
    assert set(load_file(folder / "model.safetensors")) != set(wanted)
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
    model.load_state_dict(checkpoints.read_weights(folder, model), strict=True)
    for name, weights in model.state_dict().items():
        assert torch.equal(weights, wanted[name]), name


@pytest.mark.parametrize(
    ("entry", "value", "said"),
    [
        (("model_type",), "qwen2_vl", "model_type is 'qwen2_vl', not 'qwen2_5_vl'"),
        (("text_config", "hidden_size"), 128, r"text_config\.hidden_size is 128, not 64"),
        (("vision_config", "depth"), 6, r"vision_config\.depth is 6, not 4"),
    ],
)
def test_a_checkpoint_of_another_architecture_is_refused(folder, model, tmp_path, entry, value, said) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    config = json.loads((other / "config.json").read_text())
    place = config
    for name in entry[:-1]:
        place = place[name]
    place[entry[-1]] = value
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelIncompatibleError, match=said) as caught:
        checkpoints.read_weights(other, model)
    assert str(other) in caught.value.message


def test_a_really_smaller_model_is_refused(model, tmp_path) -> None:
    with pytest.raises(ModelIncompatibleError, match="hidden_size is 32, not 64"):
        checkpoints.read_weights(save_random_model(tmp_path / "small", width=32), model)


@pytest.mark.parametrize("damage", ["cut", "lacking", "no config", "no weights"])
def test_a_damaged_checkpoint_is_refused(folder, model, tmp_path, damage) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    weights = other / "model.safetensors"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:-1000])
    elif damage == "lacking":
        save_file(dict(list(load_file(weights).items())[1:]), weights, metadata={"format": "pt"})
    elif damage == "no config":
        (other / "config.json").unlink()
    else:
        weights.unlink()
    with pytest.raises(ModelIncompatibleError, match=str(other)):
        checkpoints.read_weights(other, model)


def test_weights_that_are_no_numbers_are_named(model, tmp_path) -> None:
    checkpoints.check_finite(model, 3, tmp_path)
    with torch.no_grad():
        model.lm_head.weight[3, 4] = float("inf")
    with pytest.raises(TrainingDivergedError, match=r"after step 3: lm_head\.weight is no longer finite"):
        checkpoints.check_finite(model, 3, tmp_path)


def test_the_last_good_checkpoint_is_named(tmp_path) -> None:
    assert "no checkpoint had been saved" in checkpoints.diverged("x", 1, tmp_path / "none").message
    for name in ("checkpoint-9", "checkpoint-10", "unfinished"):
        (tmp_path / name).mkdir()
    message = checkpoints.diverged("the loss became nan", 12, tmp_path).message
    assert (
        message == f"after step 12: the loss became nan; the last good checkpoint is {tmp_path}/checkpoint-10"
    )


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), DiskFullError),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), DiskFullError),
        (RuntimeError("I/O error: No space left on device (os error 28)"), DiskFullError),
        (PermissionError(errno.EACCES, "Permission denied"), OutputUnwritableError),
        (OSError(errno.EROFS, "Read-only file system"), OutputUnwritableError),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), RuntimeError),
        (ValueError("other"), ValueError),
    ],
)
def test_what_a_disk_says(tmp_path, failure, kind) -> None:
    (tmp_path / "checkpoint-5").mkdir()
    with pytest.raises(kind) as caught, checkpoints.naming_disk_trouble(tmp_path):
        raise failure
    if kind in (DiskFullError, OutputUnwritableError):
        assert f"{tmp_path}/checkpoint-5 is kept" in caught.value.message
    else:
        assert caught.value is failure


def test_a_full_disk_behind_a_writers_vague_words(tmp_path, monkeypatch) -> None:
    """Torch's writer says that it failed, not why: then the disk is asked."""
    vague = RuntimeError("PytorchStreamWriter failed writing file data.pkl: file write failed")
    with pytest.raises(RuntimeError, match="PytorchStreamWriter"), checkpoints.naming_disk_trouble(tmp_path):
        raise vague
    usage = shutil._ntuple_diskusage(100, 100, 0)
    monkeypatch.setattr(checkpoints.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DiskFullError), checkpoints.naming_disk_trouble(tmp_path):
        raise vague


def test_a_folder_that_was_being_written_is_no_checkpoint(tmp_path) -> None:
    (tmp_path / "checkpoint-2").mkdir()
    (tmp_path / "unfinished" / "checkpoint-4").mkdir(parents=True)
    assert get_last_checkpoint(str(tmp_path)) == str(tmp_path / "checkpoint-2")


def test_another_adapter_is_refused(folder, tmp_path) -> None:
    from peft import LoraConfig, get_peft_model

    def adapted(**changes):
        base = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder)
        usual = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM"}
        return get_peft_model(base, LoraConfig(**{**usual, **changes}))

    saved = adapted()
    with torch.no_grad():
        for name, weights in saved.named_parameters():
            if "lora_B" in name:
                weights.fill_(0.5)
    saved.save_pretrained(tmp_path)
    same = adapted(target_modules=["v_proj", "q_proj"])
    checkpoints.load_adapter(tmp_path, same)
    loaded = {name: weights for name, weights in same.named_parameters() if "lora_B" in name}
    assert loaded and all(
        bool((weights == 0.5).all()) and weights.requires_grad for weights in loaded.values()
    )
    with pytest.raises(ModelIncompatibleError, match="its r is 4, not 8"):
        checkpoints.load_adapter(tmp_path, adapted(r=8))
    with pytest.raises(ModelIncompatibleError, match="target_modules"):
        checkpoints.load_adapter(tmp_path, adapted(target_modules=["q_proj"]))
    with pytest.raises(ModelIncompatibleError, match="adapter_config"):
        checkpoints.load_adapter(folder, same)
