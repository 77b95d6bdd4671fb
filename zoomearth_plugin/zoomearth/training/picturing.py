"""The picture side of a small model's files: how pixels become patches."""

from __future__ import annotations

from transformers.models.qwen2_vl import Qwen2VLImageProcessorPil

from .architecture import Shape


def image_processor(shape: Shape, side_px: int) -> Qwen2VLImageProcessorPil:
    """Cuts pictures into patches of the shape's size; sides snap to whole picture tokens.

    Args:
        side_px: Longest side that must come through unshrunk.
    """
    return Qwen2VLImageProcessorPil(
        patch_size=shape.patch_px,
        merge_size=shape.merge,
        temporal_patch_size=2,
        size={"shortest_edge": shape.merge_px**2, "longest_edge": 4 * side_px * side_px},
    )
