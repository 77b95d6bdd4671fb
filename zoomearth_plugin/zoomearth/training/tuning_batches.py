"""Dialogues as batches that the model takes; only what a model writes has a label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .rollout_dialogue import Dialogue
from .tuning_dialogues import DialogueWriter

IGNORED = -100
"""A label that no loss counts."""


class TuningCollator:
    """Rows of the training set, ``row`` and ``place`` each, to one padded batch.

    Args:
        writer: Writes rows as dialogues.
        image_id: Token of a piece of a picture.
        pad_id: Any token.
    """

    def __init__(self, writer: DialogueWriter, image_id: int, pad_id: int) -> None:
        self._writer = writer
        self._image_id = image_id
        self._pad_id = pad_id

    def __call__(self, entries: Sequence[dict[str, int]]) -> dict[str, Tensor]:
        """See :func:`laid_out`."""
        dialogues = [self._writer.write(entry["row"], entry["place"]) for entry in entries]
        return laid_out(dialogues, self._image_id, self._pad_id)


def laid_out(dialogues: Sequence[Dialogue], image_id: int, pad_id: int) -> dict[str, Tensor]:
    """A batch, padded on the right.

    Args:
        dialogues: Whole ones.
        image_id: Token of a piece of a picture.
        pad_id: Any token.

    Returns:
        ``input_ids``, ``attention_mask``, ``mm_token_type_ids`` and ``labels``, (rows, tokens) each;
        ``pixel_values`` (patches of all pictures, values) and ``image_grid_thw`` (pictures, 3), in the
        order of the rows and within a row in that of the dialogue. A label stands at the place that is
        predicted, as the library's own losses expect it.
    """
    length = max(len(one.ids) for one in dialogues)
    columns: dict[str, list[list[int]]] = {
        "input_ids": [_padded(one.ids, length, pad_id) for one in dialogues],
        "attention_mask": [_padded([1] * len(one.ids), length, 0) for one in dialogues],
        "labels": [_padded(labels_of(one), length, IGNORED) for one in dialogues],
    }
    batch: dict[str, Any] = {name: torch.tensor(rows) for name, rows in columns.items()}
    batch["mm_token_type_ids"] = (batch["input_ids"] == image_id).int()
    pictures = [picture for one in dialogues for picture in one.pictures]
    batch["pixel_values"] = torch.cat([picture.values for picture in pictures])
    batch["image_grid_thw"] = torch.cat([picture.grid for picture in pictures])
    return batch


def labels_of(dialogue: Dialogue) -> list[int]:
    """The token that is learned at each place; :data:`IGNORED` where the model writes nothing."""
    return [
        target if is_own else IGNORED for target, is_own in zip(dialogue.targets, dialogue.own, strict=True)
    ]


def _padded(values: list[int], length: int, filler: int) -> list[int]:
    return values + [filler] * (length - len(values))
