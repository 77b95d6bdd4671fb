"""Training runs of a tiny model: losses fall, a killed run goes on, what is exported can be asked."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from zoomearth.core.errors import (
    DiskFullError,
    ModelIncompatibleError,
    TrainingConfigError,
    TrainingDivergedError,
    ZoomEarthError,
)
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.models.loading import load_engine
from zoomearth.training import sft
from zoomearth.training.config import SftConfig, Stage, read_config
from zoomearth.training.tokenizer import build_tokenizer
from zoomearth.training.wording import vocabulary

TOML = """
output = "{folder}/run"
export = "{folder}/model"
seed = 3
save_steps = 2
loader_processes = 0

[[stages]]
name = "only"
steps = {steps}
learning_rate = 1e-3
batch_size = 2
warmup_steps = 1

[shape]
vision_width = 32
vision_layers = 2
vision_heads = 2
vision_inner = 48
full_attention_layers = [1]
text_width = 64
text_layers = 4
text_heads = 2
text_inner = 96
"""


def train(folder: Path, steps: int = 4) -> dict[str, torch.Tensor]:
    torch.set_num_threads(1)  # sums round in another way with other threads; a loaded engine changes them
    folder.mkdir(exist_ok=True)
    recipe = folder / "recipe.toml"
    recipe.write_text(TOML.format(folder=folder, steps=steps))
    assert sft.main(recipe) == 0
    return load_file(folder / "model" / "model.safetensors")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> tuple[Path, dict[str, torch.Tensor]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    return folder, train(folder)


class PowerCutError(Exception):
    pass


def test_a_run_that_was_cut_ends_with_the_weights_of_an_undisturbed_one(
    undisturbed, tmp_path, monkeypatch
) -> None:
    plain = sft.LookingTrainer.compute_loss

    def cut(self, *arguments, **options):
        if self.state.global_step == 3:
            raise PowerCutError
        return plain(self, *arguments, **options)

    monkeypatch.setattr(sft.LookingTrainer, "compute_loss", cut)
    with pytest.raises(PowerCutError):
        train(tmp_path)
    monkeypatch.undo()
    resumed = train(tmp_path)
    _, expected = undisturbed
    assert resumed.keys() == expected.keys()
    for name, weights in expected.items():
        assert torch.equal(resumed[name], weights), name


def test_training_moves_every_weight(undisturbed, tmp_path) -> None:
    _, trained = undisturbed
    barely = train(tmp_path, steps=1)
    still = [name for name, weights in trained.items() if torch.equal(weights, barely[name])]
    assert not still


def test_the_export_is_a_model_folder_without_training_heads(undisturbed) -> None:
    folder, weights = undisturbed
    assert not [name for name in weights if "training_heads" in name]
    assert {value.dtype for value in weights.values()} == {torch.float16}
    engine = load_engine(str(folder / "model"), report=ignore_progress, cancel=CancelToken())
    assert engine.profile.architecture == "qwen2_5_vl"


def test_a_base_with_another_vocabulary_is_refused(undisturbed, tmp_path) -> None:
    """Its embeddings would stand for other words, and nobody would notice."""
    base = tmp_path / "base"
    shutil.copytree(undisturbed[0] / "model", base)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f'base = "{base}"\n' + TOML.format(folder=tmp_path, steps=1))
    tokens = json.loads((base / "tokenizer.json").read_text())
    tokens["model"]["vocab"]["zeppelin"] = tokens["model"]["vocab"].pop("ship")
    (base / "tokenizer.json").write_text(json.dumps(tokens))
    with pytest.raises(TrainingConfigError, match="vocabulary"):
        sft.main(recipe)
    shutil.rmtree(base)
    with pytest.raises(TrainingConfigError, match="base"):
        sft.main(recipe)


def test_a_base_that_lacks_words_is_grown(undisturbed, tmp_path) -> None:
    """What both know is kept to the last bit; a word that the base lacks gets an embedding."""
    base = tmp_path / "base"
    shutil.copytree(undisturbed[0] / "model", base)
    tokens = json.loads((base / "tokenizer.json").read_text())
    ship = tokens["model"]["vocab"].pop("ship")
    tokens["model"]["vocab"]["zeppelin"] = ship
    (base / "tokenizer.json").write_text(json.dumps(tokens))
    config = read_config(_recipe(tmp_path, f'base = "{base}"\ngrow_base = true\n'))
    tokenizer = build_tokenizer(vocabulary(config.look.side_px), config.look.side_px)
    grown = sft._first_model(config, tokenizer).state_dict()
    _, weights = undisturbed
    kept = weights["model.embed_tokens.weight"].float()
    embeddings = grown["model.language_model.embed_tokens.weight"]
    plane = tokenizer.convert_tokens_to_ids("plane")
    assert torch.equal(embeddings[plane], kept[plane])
    assert not torch.equal(embeddings[ship], kept[ship])
    assert torch.equal(
        grown["model.visual.patch_embed.proj.weight"], weights["visual.patch_embed.proj.weight"].float()
    )


def test_a_base_of_another_shape_is_refused(undisturbed, tmp_path) -> None:
    base = undisturbed[0] / "model"
    text = f'base = "{base}"\ngrow_base = true\n'
    recipe = _recipe(tmp_path, text)
    recipe.write_text(recipe.read_text().replace("text_inner = 96", "text_inner = 80"))
    with pytest.raises(ModelIncompatibleError, match="another shape"):
        sft.main(recipe)


def _recipe(folder: Path, entries: str) -> Path:
    recipe = folder / "recipe.toml"
    recipe.write_text(entries + TOML.format(folder=folder, steps=1))
    return recipe


def test_missing_imagery_is_missed_before_the_first_step(tmp_path) -> None:
    recipe = tmp_path / "recipe.toml"
    later = '[[stages]]\nname = "real"\nsteps = 1\nlearning_rate = 1e-3\nimagery_share = 0.5\n'
    recipe.write_text(f'imagery = "{tmp_path}/none"\n' + TOML.format(folder=tmp_path, steps=1) + later)
    with pytest.raises(ZoomEarthError, match="no labelled imagery"):
        sft.main(recipe)
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_checkpoint(tmp_path, monkeypatch) -> None:
    plain = sft.compute_terms

    def poisoned(outputs, *arguments):
        terms = plain(outputs, *arguments)
        steps["done"] += 1
        return dataclasses.replace(terms, token=terms.token * float("nan")) if steps["done"] == 4 else terms

    steps = {"done": 0}
    monkeypatch.setattr(sft, "compute_terms", poisoned)
    with pytest.raises(TrainingDivergedError, match=r"after step 3.*checkpoint-2"):
        train(tmp_path, steps=6)
    kept = load_file(tmp_path / "run" / "only" / "checkpoint-2" / "model.safetensors")
    assert all(bool(torch.isfinite(weights).all()) for weights in kept.values())
    assert not (tmp_path / "model").exists()


def test_a_full_disk_keeps_the_checkpoint_that_was_there(undisturbed, mount_disk, tmp_path) -> None:
    checkpoint = undisturbed[0] / "run" / "only" / "checkpoint-2"
    taken = sum(path.stat().st_size for path in checkpoint.rglob("*") if path.is_file())
    disk = mount_disk(int(1.6 * taken))
    with pytest.raises(DiskFullError, match="checkpoint-2 is kept") as caught:
        train(disk)
    assert caught.value.code == "disk_full"
    stage = disk / "run" / "only"
    assert [path.name for path in stage.glob("*checkpoint*")] == ["checkpoint-2"]
    assert not (stage / "unfinished").exists()
    shutil.copytree(disk / "run", tmp_path / "roomy" / "run")
    resumed = train(tmp_path / "roomy")
    for name, weights in undisturbed[1].items():
        assert torch.equal(resumed[name], weights), name


def test_a_checkpoint_of_another_architecture_is_refused(undisturbed, tmp_path) -> None:
    shutil.copytree(undisturbed[0] / "run", tmp_path / "run")
    recipe = _recipe(tmp_path, "")
    recipe.write_text(
        recipe.read_text().replace("text_inner = 96", "text_inner = 80").replace("steps = 1", "steps = 6")
    )
    with pytest.raises(ModelIncompatibleError, match=r"checkpoint-4.*intermediate_size is 96, not 80"):
        sft.main(recipe)


def test_seeds_kept_for_evaluation_are_out_of_reach() -> None:
    stage = Stage("far", steps=10, learning_rate=1e-3, batch_size=16, first_index=999_900)
    with pytest.raises(TrainingConfigError, match="evaluation"):
        SftConfig("out", "model", stages=(stage,))
    SftConfig("out", "model", stages=(dataclasses.replace(stage, first_index=999_840),))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("output = ", "Invalid value"),
        ('output = "a"\nexport = "b"\n', "at least one"),
        ('output = "a"\nexport = "b"\ncolour = 1\n', "'colour'"),
        ('output = "a"\nexport = "b"\n[[stages]]\nname = "x"\n', "stages.steps is missing"),
        ('output = "a"\nexport = "b"\nstages = 3\n', "stages is a list of tables"),
        (
            'output = "a"\nexport = "b"\n[[stages]]\nname = "x"\nsteps = 1\nlearning_rate = "fast"\n',
            "stages.learning_rate must be of kind float, not 'fast'",
        ),
        ('output = "a"\nexport = "b"\n[shape]\nfull_attention_layers = ["1"]\n', "full_attention_layers"),
    ],
)
def test_a_recipe_that_is_wrong_is_named(tmp_path, text, complaint) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(TrainingConfigError, match=complaint):
        read_config(path)
