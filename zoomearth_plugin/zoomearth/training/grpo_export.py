"""A trained policy as a model folder that the product loads and asks as training asked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import PreTrainedTokenizerFast

from ..models.processor import SnappingImageProcessor
from ..models.profile import Profile
from .checkpoints import check_finite, naming_disk_trouble

_KEPT = ("README.md", "training.json")


def export_policy(
    model: Any,
    *,
    tokenizer: PreTrainedTokenizerFast,
    images: SnappingImageProcessor,
    profile: Profile,
    dtype: torch.dtype,
    folder: Path,
) -> None:
    """Write a model folder; the model is of no further use to training.

    Adapters are merged into the weights. Written beside and moved into place: a full disk leaves the
    previous model whole.

    Args:
        model: Unwrapped, with or without adapters.
        tokenizer: Its own.
        images: Cuts its pictures.
        profile: How it was asked; goes along as ``profile.toml``.
        dtype: Of the weights on disk.
        folder: Replaced; a model card in it stays.

    Raises:
        TrainingDivergedError: Weights are no numbers.
        DiskFullError: No room; what was there is kept.
        OutputUnwritableError: Likewise.
    """
    bare = model.merge_and_unload() if isinstance(model, PeftModel) else model
    bare.to(dtype)
    check_finite(bare, 0, folder)
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    with naming_disk_trouble(folder.parent):
        try:
            bare.save_pretrained(fresh)
            tokenizer.save_pretrained(fresh)
            images.save_pretrained(fresh)
            (fresh / "profile.toml").write_text(profile_text(profile), encoding="utf-8")
            for name in _KEPT:
                if (folder / name).exists():
                    shutil.copy(folder / name, fresh / name)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)


def profile_text(profile: Profile) -> str:
    """A profile as TOML, of weights that lie beside it.

    Strings are written as JSON, whose escapes are TOML's, too.
    """
    weights: dict[str, Any] = {
        "architecture": profile.architecture,
        "folder": ".",
        "licence": profile.licence,
        "allows_commercial_use": profile.allows_commercial_use,
        "licence_url": profile.licence_url,
        "memory_bytes": profile.memory_bytes,
    }
    asking: dict[str, Any] = {
        "view_side_px": profile.view_side_px,
        "largest_view_px": profile.largest_view_px,
        "minimum_crop_px": profile.minimum_crop_px,
        "magnification": profile.magnification,
        "box_frame": profile.box_frame.value,
        "handover": profile.handover.value,
        "max_new_tokens": profile.max_new_tokens,
        "yes_tokens": list(profile.yes_tokens),
        "no_tokens": list(profile.no_tokens),
    }
    tables = {"weights": weights, "asking": asking, "prompt": vars(profile.prompt)}
    lines = [f"title = {_toml(profile.title)}"]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
