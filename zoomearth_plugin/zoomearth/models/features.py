"""What the vision tower makes of pictures, kept for those that come again: many questions, one overview."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor
from transformers import Qwen2_5_VLForConditionalGeneration

MOST_BYTES = 64 << 20


class PictureFeatures:
    """Features by picture; the least recently used go first. For one thread.

    Args:
        most_bytes: At most this is kept.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, Tensor] = OrderedDict()

    def of(self, model: Qwen2_5_VLForConditionalGeneration, patches: Tensor, grid: Tensor) -> Tensor:
        """Features of one picture.

        Args:
            model: In inference mode.
            patches: (patches, values).
            grid: (1, 3).

        Returns:
            (tokens, width of the language model).
        """
        key = hashlib.sha256(patches.numpy().tobytes() + grid.numpy().tobytes()).hexdigest()
        if key not in self._kept:
            made = model.model.get_image_features(patches.to(model.device), grid.to(model.device))
            self._kept[key] = _one(made)
        self._kept.move_to_end(key)
        features = self._kept[key]
        while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > self._most_bytes:
            self._kept.popitem(last=False)
        return features


def _one(made: object) -> Tensor:
    """The only picture's features in what transformers returns: a tuple, or an output that holds one."""
    parts: Any = getattr(made, "pooler_output", made)
    features: Tensor = torch.cat(tuple(parts))
    return features


def _size(features: Tensor) -> int:
    return features.numel() * features.element_size()
