"""A model of full size without a single weight: on torch's ``meta`` device, where tensors are shapes alone.

What a run needs can be told from it exactly, on any machine: every parameter and its optimizer group, the
shapes of a batch on its way through, what is kept for the backward pass, and how much is computed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import get_peft_model
from torch import Tensor, nn
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Trainer

from ..core.errors import ModelIncompatibleError, ModelMissingError, TrainingConfigError
from ..models.profile import ARCHITECTURE, list_profiles
from .adapters import adapters
from .run_settings import LoraSettings

QWEN2_5_VL_3B: dict[str, Any] = {
    "model_type": ARCHITECTURE,
    "text_config": {
        "vocab_size": 151_936,
        "hidden_size": 2048,
        "intermediate_size": 11_008,
        "num_hidden_layers": 36,
        "num_attention_heads": 16,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-6,
        "max_position_embeddings": 128_000,
        "use_sliding_window": False,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
    },
    "vision_config": {
        "depth": 32,
        "hidden_size": 1280,
        "intermediate_size": 3420,
        "num_heads": 16,
        "out_hidden_size": 2048,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "window_size": 112,
        "fullatt_block_indexes": [7, 15, 23, 31],
        "tokens_per_second": 2,
    },
    "image_token_id": 151_655,  # nosec B105 # no password
    "video_token_id": 151_656,  # nosec B105 # no password
    "vision_start_token_id": 151_652,  # nosec B105 # no password
    "vision_end_token_id": 151_653,  # nosec B105 # no password
    "tie_word_embeddings": True,
}
"""As published in ``config.json`` of Qwen/Qwen2.5-VL-3B-Instruct; ZoomEarth-3B has the same shape."""
_PUBLISHED = {"Qwen/Qwen2.5-VL-3B-Instruct": QWEN2_5_VL_3B, "HappyBug/ZoomEarth-3B": QWEN2_5_VL_3B}
PARTS = ("vision", "merger", "language", "embeddings")
"""Of a model, in the order in which a picture and a word go through it; the head is the embeddings' own
where both are tied, else it counts to them."""


@dataclass(frozen=True)
class Part:
    """Parameters of one part of a model.

    Args:
        total: All.
        trained: Of them, those that an optimizer moves.
    """

    total: int
    trained: int


def published_configuration(base: str, profile: str = "") -> Qwen2_5_VLConfig:
    """The architecture of a run's base, whether its weights are on this machine or not.

    Args:
        base: Folder or hub id.
        profile: Of the run; says what a folder will hold that an earlier run has yet to write.

    Raises:
        ModelMissingError: Neither a folder with ``config.json``, nor of published shape.
        ModelIncompatibleError: Of another architecture; names it.
    """
    path = Path(base).expanduser() / "config.json"
    if path.is_file():
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelIncompatibleError(f"{path} cannot be read: {error}") from error
        if saved.get("model_type") != ARCHITECTURE:
            raise ModelIncompatibleError(
                f"{path.parent} is of architecture {saved.get('model_type')!r}, not {ARCHITECTURE!r}"
            )
        return _configuration(saved)
    for name in (base, *(one.source for one in list_profiles() if one.name == profile)):
        if name in _PUBLISHED:
            return _configuration(_PUBLISHED[name])
    raise ModelMissingError(
        f"no {path}, and the shape of {base!r} is not among the published ones",
        f"Name a folder with config.json, or one of {', '.join(_PUBLISHED)}.",
    )


def shape_of_model(
    config: Qwen2_5_VLConfig, lora: LoraSettings | None = None, *, freeze_vision: bool = False
) -> Any:
    """A model on ``meta``, set up for training as :func:`.tuning.build_trainer` and GRPO do it.

    Forward and backward work on it: pictures' grids stay on the processor, as the vision tower's windows
    follow from their values.
    """
    with torch.device("meta"):
        model = Qwen2_5_VLForConditionalGeneration._from_config(config, attn_implementation="sdpa")
    model.tie_weights()
    if freeze_vision:
        model.model.visual.requires_grad_(False)
    _let_shapes_pass(model.model, config.image_token_id)
    settings = adapters(lora, with_vision=not freeze_vision)
    made: Any = model if settings is None else get_peft_model(model, settings, low_cpu_mem_usage=True)
    made.train()
    return made


def parts_of(model: Any) -> dict[str, Part]:
    """Parameters by part of the model; shared ones are counted once."""
    counted = dict.fromkeys(PARTS, (0, 0))
    for name, weights in model.named_parameters():
        total, trained = counted[part_of(name)]
        count = weights.numel()
        counted[part_of(name)] = (total + count, trained + (count if weights.requires_grad else 0))
    return {name: Part(*values) for name, values in counted.items()}


def part_of(name: str) -> str:
    """Which of :data:`PARTS` a parameter belongs to."""
    if "visual.merger." in name:
        return "merger"
    if "visual." in name:
        return "vision"
    return "embeddings" if "embed_tokens" in name or "lm_head" in name else "language"


def optimizer_groups(model: nn.Module) -> dict[str, list[str]]:
    """Names of parameters by what the trainer's optimizer does with them.

    Returns:
        ``decayed``, ``not decayed`` (biases, and norms that the library knows by their names; the vision
        tower's are not among them) and ``frozen``; each name in exactly one.

    Raises:
        TrainingConfigError: A parameter is in none or in several of them, or all are frozen.
    """
    decaying = set(Trainer.get_decay_parameter_names(None, model))  # type: ignore[arg-type]
    groups: dict[str, list[str]] = {"decayed": [], "not decayed": [], "frozen": []}
    for name, weights in model.named_parameters():
        if not weights.requires_grad:
            groups["frozen"].append(name)
        else:
            groups["decayed" if name in decaying else "not decayed"].append(name)
    listed = [name for names in groups.values() for name in names]
    if sorted(listed) != sorted(name for name, _ in model.named_parameters()):
        raise TrainingConfigError("some parameters are in none or in several of the optimizer's groups")
    if len(listed) == len(groups["frozen"]):
        raise TrainingConfigError("every parameter is frozen; nothing would be trained")
    return groups


def _configuration(saved: dict[str, Any]) -> Qwen2_5_VLConfig:
    entries = {name: value for name, value in saved.items() if name not in ("dtype", "torch_dtype")}
    return Qwen2_5_VLConfig(**json.loads(json.dumps(entries)))


def _let_shapes_pass(core: Any, image_id: int) -> None:
    """Replace the two places where a forward pass looks at values, which shapes alone do not have."""

    def placeholder_mask(
        input_ids: Tensor, inputs_embeds: Tensor, image_features: Tensor | None = None, **_: Any
    ) -> tuple[Tensor, None]:
        return (input_ids == image_id).unsqueeze(-1), None

    rotary = core.visual.rotary_pos_emb
    plain = rotary.forward
    core.get_placeholder_mask = placeholder_mask
    rotary.forward = lambda pictures, positions: plain(pictures, positions.to(pictures.device))
