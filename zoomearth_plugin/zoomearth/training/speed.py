"""The same sums, faster on processors: the vision tower's patch embedding and its windowed attention.

Both replace a forward of the library's model while it trains; results differ by rounding only, and a
saved model knows nothing of it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch.nn import functional
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import apply_rotary_pos_emb_vision


def hasten_vision(model: Any) -> None:
    """Replace the slow forwards of a Qwen2.5-VL model's vision tower, in place."""
    visual = model.model.visual
    visual.patch_embed.forward = partial(_embed_patches, visual.patch_embed)
    for block in visual.blocks:
        block.attn.forward = partial(_attend, block.attn)


def _embed_patches(embed: Any, patches: torch.Tensor) -> torch.Tensor:
    """A convolution whose kernel equals its stride is a matrix product: five times as fast backwards."""
    weight = embed.proj.weight
    return functional.linear(patches.to(weight.dtype), weight.flatten(1))


def _attend(
    attention: Any,
    hidden_states: torch.Tensor,
    cu_seqlens: torch.Tensor,
    position_embeddings: tuple[torch.Tensor, torch.Tensor],
    **_: Any,
) -> torch.Tensor:
    """Attention within each window; windows of one length go through one call instead of one each.

    Args:
        hidden_states: (patches, width).
        cu_seqlens: (windows + 1,) where each window starts.
        position_embeddings: Cosines and sines, (patches, head width) each.
    """
    count, heads = hidden_states.shape[0], attention.num_heads
    query, key, value = attention.qkv(hidden_states).reshape(count, 3, heads, -1).unbind(1)
    query, key = apply_rotary_pos_emb_vision(query, key, *position_embeddings)
    lengths = cu_seqlens.diff()
    result = torch.empty_like(value)
    for length in lengths.unique().tolist():
        starts = cu_seqlens[:-1][lengths == length].long()
        rows = (starts[:, None] + torch.arange(length, device=starts.device)).flatten()
        is_all = len(rows) == count
        parts = [one if is_all else one[rows] for one in (query, key, value)]
        asked, keys, values = (one.reshape(-1, length, heads, one.shape[-1]).transpose(1, 2) for one in parts)
        seen = functional.scaled_dot_product_attention(asked, keys, values, scale=attention.scaling)
        flat = seen.transpose(1, 2).reshape(len(rows), heads, -1).to(result.dtype)
        result = flat if is_all else result.index_copy(0, rows, flat)
    projected: torch.Tensor = attention.proj(result.reshape(count, -1))
    return projected
