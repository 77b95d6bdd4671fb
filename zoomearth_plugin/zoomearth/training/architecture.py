"""Small models of the Qwen2.5-VL architecture, from nothing: configuration, first weights, files."""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerFast, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from ..core.errors import ModelIncompatibleError
from .collation import coordinate_ids

ATTENTION = {"text_config": "sdpa", "vision_config": "sdpa"}


@dataclass(frozen=True)
class Shape:
    """Sizes of a small model; widths in features, sides in pixels."""

    patch_px: int = 12
    merge: int = 2
    window_px: int = 120
    vision_width: int = 192
    vision_layers: int = 5
    vision_heads: int = 4
    vision_inner: int = 512
    full_attention_layers: tuple[int, ...] = (2, 4)
    text_width: int = 256
    text_layers: int = 6
    text_heads: int = 4
    text_inner: int = 768

    @property
    def merge_px(self) -> int:
        """View pixels in one picture token."""
        return self.patch_px * self.merge


def weigh_attention(model: Any, layer: int) -> None:
    """Let one language layer give its attention's weights, in place; the others are faster without.

    With ``output_attentions`` the model's ``attentions`` then holds that layer's alone. The model must be
    given its mask, (B, 1, T, T) of numbers to add: that layer has no causal order of its own.
    """
    for number, block in enumerate(model.model.language_model.layers):
        block.self_attn.config = copy(block.self_attn.config)
        block.self_attn.config._attn_implementation = "eager" if number == layer else "sdpa"


def configuration(shape: Shape, tokenizer: Any) -> Qwen2_5_VLConfig:
    """The model's configuration for a tokenizer with the family's special tokens."""
    head = shape.text_width // shape.text_heads
    return Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": shape.text_width,
            "intermediate_size": shape.text_inner,
            "num_hidden_layers": shape.text_layers,
            "num_attention_heads": shape.text_heads,
            "num_key_value_heads": shape.text_heads,
            "max_position_embeddings": 4096,
            "tie_word_embeddings": True,
            "use_sliding_window": False,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 1000.0,
                "mrope_section": [head // 8, 3 * head // 16, 3 * head // 16],
            },
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={
            "depth": shape.vision_layers,
            "hidden_size": shape.vision_width,
            "intermediate_size": shape.vision_inner,
            "num_heads": shape.vision_heads,
            "patch_size": shape.patch_px,
            "spatial_merge_size": shape.merge,
            "temporal_patch_size": 2,
            "window_size": shape.window_px,
            "fullatt_block_indexes": list(shape.full_attention_layers),
            "out_hidden_size": shape.text_width,
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<|image_pad|>"),
        video_token_id=tokenizer.convert_tokens_to_ids("<|video_pad|>"),
        vision_start_token_id=tokenizer.convert_tokens_to_ids("<|vision_start|>"),
        vision_end_token_id=tokenizer.convert_tokens_to_ids("<|vision_end|>"),
        tie_word_embeddings=True,
    )


def build_model(shape: Shape, tokenizer: Any, seed: int) -> Qwen2_5_VLForConditionalGeneration:
    """A model with first weights; coordinates start as an ordered code, so that neighbours are alike."""
    torch.manual_seed(seed)
    config = configuration(shape, tokenizer)
    model: Qwen2_5_VLForConditionalGeneration = Qwen2_5_VLForConditionalGeneration._from_config(
        config, attn_implementation=ATTENTION
    )
    _order_coordinates(model.get_input_embeddings().get_parameter("weight"), coordinate_ids(tokenizer))
    return model


@torch.no_grad()
def grown_model(base: Path, shape: Shape, tokenizer: Any, seed: int) -> Qwen2_5_VLForConditionalGeneration:
    """A model that knows what a base knows, and words that the base lacks.

    Args:
        base: Folder of a model of the same shape, with its tokenizer; a word that both know keeps its
            embedding.

    Raises:
        ModelIncompatibleError: The base is of another shape.
    """
    known = PreTrainedTokenizerFast.from_pretrained(  # nosec B615 # a folder, never the hub
        str(base), local_files_only=True
    ).get_vocab()
    old = Qwen2_5_VLForConditionalGeneration.from_pretrained(  # nosec B615 # a folder, never the hub
        str(base), dtype=torch.float32
    )
    model = build_model(shape, tokenizer, seed)
    weights = {name: value for name, value in old.state_dict().items() if not _is_embedding(name)}
    wanted = {name: value.shape for name, value in model.state_dict().items() if not _is_embedding(name)}
    if {name: value.shape for name, value in weights.items()} != wanted:
        raise ModelIncompatibleError(f"{base} is a model of another shape than the recipe's")
    model.load_state_dict(weights, strict=False)
    source = old.get_input_embeddings().get_parameter("weight")
    target = model.get_input_embeddings().get_parameter("weight")
    for word, index in tokenizer.get_vocab().items():
        if word in known:
            target[index] = source[known[word]]
    return model


def _is_embedding(name: str) -> bool:
    return name.endswith(("embed_tokens.weight", "lm_head.weight"))


@torch.no_grad()
def _order_coordinates(embeddings: torch.Tensor, ids: range) -> None:
    """Sines and cosines of the value, at wavelengths from twice the range down to a few pixels."""
    count, width = len(ids), embeddings.shape[1]
    values = torch.arange(count, dtype=torch.float32)[:, None]
    waves = torch.logspace(math.log10(2.0 * count), math.log10(8.0), 12)
    angles = 2 * math.pi * values / waves
    code = torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)
    mix = torch.randn(code.shape[1], width) / math.sqrt(code.shape[1])
    ordered = code @ mix
    spread = embeddings.std()
    embeddings[ids.start : ids.stop] = (
        ordered / ordered.std() * spread + torch.randn(count, width) * spread * 0.1
    )
