import json
import shutil
from pathlib import Path

import pytest
from zoomearth.core.errors import ModelIncompatibleError, ModelMissingError, WeightsUnsafeError
from zoomearth.core.progress import CancelToken, Progress, Stage, ignore_progress
from zoomearth.models.loading import load_engine, resolve_profile
from zoomearth.models.weights import find_model


@pytest.fixture
def folder(random_folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(random_folder, tmp_path / "model"))


@pytest.fixture
def hub_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty hub cache; the hub itself is out of reach."""
    import huggingface_hub.constants as hub

    monkeypatch.setattr(hub, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def load(model: str) -> object:
    return load_engine(model, report=ignore_progress, cancel=CancelToken())


def test_a_sound_folder_is_loaded_in_the_generic_way(folder: Path) -> None:
    stages: list[Progress] = []
    engine = load_engine(str(folder), report=stages.append, cancel=CancelToken())
    assert engine.profile.name == "model" and not engine.profile.allows_commercial_use
    assert engine.revision.startswith("sha256-")
    assert {progress.stage for progress in stages} == {Stage.LOADING_MODEL}


def test_a_folder_may_bring_its_own_profile(folder: Path) -> None:
    shipped = Path(resolve_profile("zoomearth-mini").source).parent / "zoomearth-mini.toml"
    own = shipped.read_text().replace('folder = "zoomearth-mini"', 'folder = "."').replace("240", "56")
    (folder / "profile.toml").write_text(own)
    engine = load_engine(str(folder), report=ignore_progress, cancel=CancelToken())
    assert (engine.profile.name, engine.profile.view_side_px) == ("model", 56)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "weights.pkl"])
@pytest.mark.parametrize("beside_safetensors", [True, False])
def test_a_pickle_is_refused(folder: Path, name: str, beside_safetensors: bool) -> None:
    (folder / name).write_bytes(b"\x80\x04")
    if not beside_safetensors:
        (folder / "model.safetensors").unlink()
    with pytest.raises(WeightsUnsafeError, match="pickle"):
        load(str(folder))


def test_a_trainers_checkpoint_is_no_pickled_model(folder: Path) -> None:
    (folder / "training_args.bin").write_bytes(b"\x80\x04")
    (folder / "optimizer.pt").write_bytes(b"\x80\x04")
    assert find_model(str(folder)).path == folder


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "preprocessor_config.json"])
def test_remote_code_is_refused(folder: Path, name: str) -> None:
    edit(folder / name, auto_map={"AutoModel": "modeling.Evil"})
    with pytest.raises(WeightsUnsafeError, match="auto_map"):
        load(str(folder))


@pytest.mark.parametrize("shard", ["../elsewhere.safetensors", "model.bin", "/etc/x.safetensors"])
def test_an_index_may_only_name_safetensors_of_its_folder(folder: Path, shard: str) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"lm_head.weight": shard}})
    )
    with pytest.raises(WeightsUnsafeError):
        load(str(folder))


def test_another_architecture_is_named(folder: Path) -> None:
    edit(folder / "config.json", model_type="llama")
    with pytest.raises(ModelIncompatibleError, match="'llama'"):
        load(str(folder))


def test_missing_weights_are_not_made_up(folder: Path) -> None:
    """Transformers fills absent weights with random numbers and carries on."""
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    weights.pop("lm_head.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelIncompatibleError, match=r"lm_head\.weight"):
        load(str(folder))


def test_damaged_weights_are_named(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelIncompatibleError, match="cannot be loaded"):
        load(str(folder))


def test_a_configuration_that_is_no_json_is_named(folder: Path) -> None:
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelIncompatibleError, match=r"config\.json"):
        load(str(folder))


def test_a_tokenizer_without_control_tokens_is_refused(folder: Path) -> None:
    text = (folder / "tokenizer.json").read_text().replace("<|vision_start|>", "<|seeing_start|>")
    (folder / "tokenizer.json").write_text(text)
    with pytest.raises(ModelIncompatibleError, match="vision_start"):
        load(str(folder))


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_an_incomplete_folder_is_missing_something(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelMissingError, match=name.replace(".", r"\.")):
        load(str(folder))


def test_a_missing_shard_is_named(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {"lm_head.weight": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelMissingError, match="00001-of-00002"):
        load(str(folder))


@pytest.mark.parametrize("model", ["/no/such/folder", "no-such-model", "http://localhost:8000", ""])
def test_what_is_nowhere_is_missing(model: str) -> None:
    with pytest.raises(ModelMissingError) as caught:
        load(model)
    assert "zoomearth-mini" in caught.value.hint


def test_a_hub_id_that_was_never_fetched_is_missing_and_the_hint_says_how(hub_cache: Path) -> None:
    with pytest.raises(ModelMissingError) as caught:
        load("qwen2.5-vl-7b-instruct")
    assert "hf download Qwen/Qwen2.5-VL-7B-Instruct --revision cc594898" in caught.value.hint


def test_a_fetched_hub_copy_is_loaded_at_its_commit(hub_cache: Path, random_folder: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = hub_cache / "models--someone--some-model"
    shutil.copytree(random_folder, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    engine = load_engine("someone/some-model", report=ignore_progress, cancel=CancelToken())
    assert (engine.profile.name, engine.revision) == ("someone/some-model", commit)


def test_a_hub_id_that_a_profile_names_gets_that_profile() -> None:
    assert resolve_profile("HappyBug/ZoomEarth-3B").name == "zoomearth-3b"
    assert resolve_profile("someone/else").prompt == resolve_profile("qwen2.5-vl-7b-instruct").prompt
