"""Pictures that several rollouts share are computed once, in training as in rollouts.

All rollouts of a question see the same overview, and often the same window. The vision tower is most of
the work of a small model; a batch of 32 rollouts of 8 questions has 40 different pictures instead of 64.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor
from transformers.feature_extraction_utils import BatchFeature

from ..models.processor import SnappingImageProcessor
from .rollout_dialogue import Patches


class PatchJoiner(SnappingImageProcessor):
    """An image processor that also takes pictures which were cut into patches before."""

    def __call__(  # type: ignore[override]  # as the stock class is called, whose options are not ours
        self, images: Any, *arguments: Any, **options: Any
    ) -> BatchFeature:
        """Patches are laid end to end as they are; other pictures go the usual way."""
        if not images or not isinstance(images[0], Patches):
            return super().__call__(images, *arguments, **options)
        return BatchFeature(
            {
                "pixel_values": torch.cat([picture.values for picture in images]),
                "image_grid_thw": torch.cat([picture.grid for picture in images]),
            }
        )


def share_pictures(model: Any) -> None:
    """Let a Qwen2.5-VL model see each picture of a batch once, in place; results differ by rounding only.

    Gradients of all uses of a picture add up, as they do without this.
    """
    model.model.get_image_features = partial(_features, model.model.get_image_features)


def _features(see: Any, pixel_values: Tensor, image_grid_thw: Tensor, **options: Any) -> Any:
    """The model's own output, its features repeated where pictures are equal to the last bit."""
    firsts, copies = _distinct(pixel_values, image_grid_thw)
    if len(firsts) == len(copies):
        return see(pixel_values, image_grid_thw, **options)
    pieces = pixel_values.split(image_grid_thw.prod(-1).tolist())
    seen = see(torch.cat([pieces[first] for first in firsts]), image_grid_thw[firsts], **options)
    seen.pooler_output = tuple(seen.pooler_output[copy] for copy in copies)
    return seen


def _distinct(pixel_values: Tensor, image_grid_thw: Tensor) -> tuple[list[int], list[int]]:
    """Indices of pictures that differ, and for every picture which of those it equals."""
    pieces = pixel_values.split(image_grid_thw.prod(-1).tolist())
    grids = image_grid_thw.tolist()
    # A sum sorts out nearly all pairs; equal sums are looked at closely.
    sums = torch.stack([piece.sum(dtype=torch.float32) for piece in pieces]).tolist()
    firsts: list[int] = []
    copies: list[int] = []
    for index, piece in enumerate(pieces):
        for place, first in enumerate(firsts):
            is_alike = sums[first] == sums[index] and grids[first] == grids[index]
            if is_alike and torch.equal(pieces[first], piece):
                copies.append(place)
                break
        else:
            copies.append(len(firsts))
            firsts.append(index)
    return firsts, copies
