"""Finds a model's folder and makes sure that it is safe and complete, before anything of it is loaded.

Nothing is ever downloaded here: weights are fetched on purpose, after their licence was shown.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import ModelIncompatibleError, ModelMissingError, WeightsUnsafeError
from .profile import ARCHITECTURE

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_PICKLED = ("pytorch_model*.bin", "adapter_model*.bin", "*.ckpt", "*.pkl", "*.pickle", "consolidated*.pth")
_CONFIGURATIONS = (
    "config.json",
    "tokenizer_config.json",
    "preprocessor_config.json",
    "processor_config.json",
)
_NEEDED = ("tokenizer.json", "preprocessor_config.json")
_SAMPLE_BYTES = 1 << 20


@dataclass(frozen=True)
class ModelFolder:
    """A folder that passed every check.

    Args:
        path: Where.
        revision: The hub's commit, else a fingerprint of the weights.
        files: Its safetensors files.
    """

    path: Path
    revision: str
    files: tuple[Path, ...]


def is_hub_id(source: str) -> bool:
    """Whether the text has the form ``owner/name``."""
    return _HUB_ID.fullmatch(source) is not None


def find_model(source: str, revision: str = "") -> ModelFolder:
    """The checked folder of a model.

    Args:
        source: A folder, or a hub id of which a copy lies in the hub's cache.
        revision: Commit wanted of the hub's copy; empty for the copy that ``main`` named when fetched.

    Raises:
        ModelMissingError: No such folder, no such copy, or one that lacks files.
        ModelIncompatibleError: Another architecture, or files that cannot be read.
        WeightsUnsafeError: Pickled weights, or code of its own.
    """
    path = Path(source).expanduser()
    if not path.is_dir():
        if not is_hub_id(source):
            raise ModelMissingError(f"no model folder {source!r}")
        path = _hub_copy(source, revision)
    _refuse_code(path)
    _check_architecture(path)
    files = _weight_files(path)
    for name in _NEEDED:
        if not (path / name).is_file():
            raise ModelMissingError(
                f"{path} has no {name}", f"The model folder is incomplete: {name} is missing."
            )
    commit = path.name if _COMMIT.fullmatch(path.name) else ""
    return ModelFolder(path, commit or _fingerprint(files), files)


def _hub_copy(hub_id: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    wanted = revision or "main"
    try:
        return Path(snapshot_download(hub_id, revision=wanted, local_files_only=True))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        command = f"hf download {hub_id}" + (f" --revision {revision}" if revision else "")
        raise ModelMissingError(
            f"no copy of {hub_id} at {wanted} on this machine",
            f"Fetch it first, if its licence suits you, in the engine's environment: {command}",
        ) from error


def _refuse_code(path: Path) -> None:
    """Refuse what could run: pickles, even beside safetensors, and remote code.

    A trainer's own ``optimizer.pt`` or ``training_args.bin`` is no weight and never opened.
    """
    for pattern in _PICKLED:
        for found in path.glob(pattern):
            raise WeightsUnsafeError(
                f"{found} is a pickle, which can run code when loaded",
                f"Remove {found.name} from the folder, or convert it to safetensors first.",
            )
    for name in _CONFIGURATIONS:
        if (path / name).is_file() and "auto_map" in read_json_object(path / name):
            raise WeightsUnsafeError(f"{path / name} asks for code of its own (auto_map)")


def _check_architecture(path: Path) -> None:
    if not (path / "config.json").is_file():
        raise ModelMissingError(f"{path} has no config.json", "This folder holds no model.")
    found = read_json_object(path / "config.json").get("model_type")
    if found != ARCHITECTURE:
        raise ModelIncompatibleError(f"{path} is of architecture {found!r}, not {ARCHITECTURE!r}")


def _weight_files(path: Path) -> tuple[Path, ...]:
    index = path / "model.safetensors.index.json"
    if (path / "model.safetensors").is_file():
        return (path / "model.safetensors",)
    if not index.is_file():
        raise ModelMissingError(f"{path} has no model.safetensors", "The model folder holds no weights.")
    shards = read_json_object(index).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise ModelIncompatibleError(f"{index} names no shards")
    files = []
    for name in sorted({str(shard) for shard in shards.values()}):
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise WeightsUnsafeError(f"{index} names {name!r}, which is no safetensors file of the folder")
        if not (path / name).is_file():
            raise ModelMissingError(f"{path} has no {name}", f"The model is incomplete: {name} is missing.")
        files.append(path / name)
    return tuple(files)


def read_json_object(path: Path) -> dict[str, Any]:
    """What a JSON file of a model's folder holds.

    Raises:
        ModelIncompatibleError: It cannot be read, or holds no object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelIncompatibleError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ModelIncompatibleError(f"{path} holds no JSON object")
    return content


def _fingerprint(files: tuple[Path, ...]) -> str:
    """Tells weights apart without reading gigabytes: names, sizes, first and last mebibyte of each."""
    digest = hashlib.sha256()
    for path in files:
        size = path.stat().st_size
        digest.update(f"{path.name} {size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(_SAMPLE_BYTES))
            file.seek(max(0, size - _SAMPLE_BYTES))
            digest.update(file.read(_SAMPLE_BYTES))
    return f"sha256-{digest.hexdigest()[:16]}"
