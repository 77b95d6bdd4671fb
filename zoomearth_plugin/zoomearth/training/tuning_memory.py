"""Bytes on each GPU while a run goes on: what lies there all the time, and the two moments of most.

Adam keeps two numbers a weight. Weights, gradients and moments are float32, products bfloat16, unless
DeepSpeed runs the show, which keeps bfloat16 weights beside its own shared-out float32 ones (Rajbhandari
et al., ZeRO, arXiv 1910.02054).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .tuning_architecture import Part
from .tuning_costs import PassCost

SCHEMES = ("DDP", "ZeRO-2", "ZeRO-3 / FSDP")
CONTEXT_BYTES = 1_000_000_000
"""Of CUDA's own context and its libraries' buffers."""
LOST_SHARE = 0.1
"""Of all else, to the allocator's gaps."""
_BUCKET_BYTES = 2 * 500_000_000 * 2
"""DeepSpeed's two default buckets of 5e8 numbers in half precision."""
_TILE_TOKENS, _TILE_WORDS = 4096, 32_768
"""The trainers' head works in tiles of so many tokens and words at most."""


@dataclass(frozen=True)
class Holding:
    """What a run holds on its GPUs.

    Args:
        parts: The model's parameters.
        has_reference: Whether a second model, which is never moved, lies beside it.
        mixed: Whether products are computed in bfloat16.
        checkpointing: Whether blocks are computed again in the backward pass.
        head_words: Vocabulary.
        head_width: Of the last hidden state.
    """

    parts: Mapping[str, Part]
    has_reference: bool
    mixed: bool
    checkpointing: bool
    head_words: int
    head_width: int

    @property
    def weights(self) -> int:
        """All parameters."""
        return sum(part.total for part in self.parts.values())

    @property
    def trained(self) -> int:
        """Parameters that the optimizer moves."""
        return sum(part.trained for part in self.parts.values())


def held_bytes(holding: Holding, cost: PassCost, scheme: str, gpus: int) -> dict[str, int]:
    """What lies on one GPU all the time.

    Args:
        holding: The run's.
        cost: Of a pass; names the half-precision copies that autocast keeps.
        scheme: One of :data:`SCHEMES`.
        gpus: How many share the work.
    """
    weights, trained = holding.weights, holding.trained
    models = 2 if holding.has_reference else 1
    if scheme == "DDP":
        buckets = 4 * trained if gpus > 1 else 0
        held = {"weights": 4 * weights, "gradients": 4 * trained + buckets, "optimizer": 8 * trained}
        held["reference"] = 4 * weights * (models - 1)
        held["half copies"] = cost.cast_bytes
    elif scheme == "ZeRO-2":
        held = {"weights": 2 * weights, "gradients": 2 * trained // gpus + _BUCKET_BYTES}
        held |= {"optimizer": 12 * trained // gpus, "reference": 2 * weights * (models - 1)}
    else:
        held = {"weights": 4 * weights // gpus, "gradients": 4 * trained // gpus}
        held |= {"optimizer": 8 * trained // gpus, "reference": 4 * weights * (models - 1) // gpus}
        held["half copies"] = 2 * 2 * _largest_unit(holding)
    return held


def training_bytes(holding: Holding, cost: PassCost, learned_tokens: int) -> dict[str, int]:
    """What a forward and backward pass adds.

    Args:
        holding: The run's.
        cost: Of a forward pass of the batch.
        learned_tokens: Of the batch; the head is computed for them alone.
    """
    tile = min(learned_tokens, _TILE_TOKENS) * min(holding.head_words, _TILE_WORDS)
    own = 4 * holding.head_words * holding.head_width if holding.parts["embeddings"].trained else 0
    return {
        "activations": cost.activations(checkpointing=holding.checkpointing),
        "head": own + tile * (2 if holding.mixed else 4),
    }


def cache_bytes(text: Any, tokens: int, rows: int) -> int:
    """Of the keys and values of rollouts, float32 whatever products are computed in.

    Positions are put into keys outside of any product, in float32; the library's cache then keeps values
    in the precision of keys.

    Args:
        text: The configuration of the model's language part.
        tokens: Of each dialogue.
        rows: Dialogues.
    """
    width = text.num_key_value_heads * text.hidden_size // text.num_attention_heads
    return int(2 * 4 * text.num_hidden_layers * width * tokens * rows)


def with_losses(held: int) -> int:
    """Bytes that a GPU must have for so many of a run's own."""
    return int(held * (1 + LOST_SHARE)) + CONTEXT_BYTES


def _largest_unit(holding: Holding) -> int:
    """Parameters that are gathered at once; the embeddings are the largest unit by far."""
    return max(holding.parts["embeddings"].total, holding.head_words * holding.head_width)
