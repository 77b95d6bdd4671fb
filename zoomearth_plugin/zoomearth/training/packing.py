"""Several conversations that begin with the same picture, as one sequence that shows it once.

Each conversation is a branch: it sees the shared beginning and itself, no other branch, and its positions
go on from the beginning as if it stood alone. So every loss is that of separate conversations, at a
fraction of the cost: a picture costs ten times what a question and its answer do. Short groups of
conversations share a row of the batch in the same way, and see nothing of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .collation import IGNORED, Encoded, Encoder
from .samples import GroupMaker

Grid = tuple[int, int]


def rope_positions(length: int, slots: NDArray[np.int64], grids: Sequence[Grid]) -> NDArray[np.int64]:
    """(3, T) positions of a conversation in the Qwen2.5-VL scheme: time, row and column.

    Text advances all three by one; a picture's tokens hold still in time and count rows and columns, and
    the text after it goes on from the largest of them.

    Args:
        length: T.
        slots: (N,) which tokens are picture tokens, in order.
        grids: (rows, columns) in tokens of each picture, in order.
    """
    positions = np.zeros((3, length), np.int64)
    token, following, first = 0, 0, 0
    for rows, columns in grids:
        start, count = int(slots[first]), rows * columns
        positions[:, token:start] = np.arange(start - token) + following
        following += start - token
        row, column = np.divmod(np.arange(count), columns)
        positions[:, start : start + count] = following + np.stack([np.zeros(count, np.int64), row, column])
        following += max(rows, columns)
        token, first = start + count, first + count
    positions[:, token:] = np.arange(length - token) + following
    return positions


@dataclass
class _Row:
    """One sequence while it is put together; each list holds pieces to be joined."""

    ids: list[NDArray[np.int64]] = field(default_factory=list)
    labels: list[NDArray[np.int64]] = field(default_factory=list)
    is_coordinate: list[NDArray[np.bool_]] = field(default_factory=list)
    positions: list[NDArray[np.int64]] = field(default_factory=list)
    groups: list[NDArray[np.int64]] = field(default_factory=list)
    branches: list[NDArray[np.int64]] = field(default_factory=list)
    slots: list[NDArray[np.int64]] = field(default_factory=list)
    kinds: list[NDArray[np.int64]] = field(default_factory=list)
    colours: list[NDArray[np.int64]] = field(default_factory=list)
    amounts: list[NDArray[np.float32]] = field(default_factory=list)
    places: list[NDArray[np.float32]] = field(default_factory=list)
    sides: list[NDArray[np.int64]] = field(default_factory=list)
    queries: list[NDArray[np.int64]] = field(default_factory=list)
    looked_at: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = field(default_factory=list)
    facts: list[NDArray[np.int64]] = field(default_factory=list)
    told_by: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = field(default_factory=list)
    pictures: list[Any] = field(default_factory=list)
    length: int = 0

    def add_group(self, number: int, branches: Sequence[tuple[Encoded, list[Any]]]) -> None:
        first = branches[0][0]
        shown = first.grids[0][0] * first.grids[0][1]
        shared = int(first.picture_slots[shown - 1]) + 2  # up to the end of the first picture
        start = self.length
        for branch, (one, pictures) in enumerate(branches, start=1):
            is_first = branch == 1
            own = 0 if is_first else shared
            places = np.arange(len(one.ids)) + self.length - own
            places[:shared] = np.arange(shared) + start
            marks = np.full(len(one.ids) - own, branch)
            if is_first:
                marks[:shared] = 0
            self._add(one, own, 0 if is_first else shown, places, number, marks)
            self.pictures += pictures if is_first else pictures[1:]
            self.length += len(one.ids) - own

    def _add(
        self,
        one: Encoded,
        own: int,
        own_slots: int,
        places: NDArray[np.int64],
        number: int,
        marks: NDArray[np.int64],
    ) -> None:
        """Add a conversation from its token ``own`` and picture token ``own_slots`` on.

        ``places`` tells where each of its tokens comes to lie in the row.
        """
        self.ids.append(one.ids[own:])
        self.labels.append(one.labels[own:])
        self.is_coordinate.append(one.is_coordinate[own:])
        self.positions.append(rope_positions(len(one.ids), one.picture_slots, one.grids)[:, own:])
        self.groups.append(np.full(len(marks), number))
        self.branches.append(marks)
        self.slots.append(places[one.picture_slots[own_slots:]])
        self.kinds.append(one.kinds[own_slots:])
        self.colours.append(one.colours[own_slots:])
        self.amounts.append(one.amounts[own_slots:])
        self.places.append(one.places[own_slots:])
        self.sides.append(one.sides[own_slots:])
        self.queries.append(places[one.queries])
        self.looked_at.append((places[one.picture_slots], one.query_mass))
        self.facts.append(one.facts)
        self.told_by.append((places[one.picture_slots], one.fact_mass))


class Collator:
    """Makes, encodes, packs and pads the groups of a batch; rows hold nothing but ``index``.

    Samples are made here, from their index alone, so a resumed run sees the samples that an
    undisturbed one would have seen.
    """

    def __init__(self, encoder: Encoder, make_group: GroupMaker) -> None:
        self.encoder = encoder
        self.make_group = make_group

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        groups = [self.encoder.encode_group(self.make_group(int(row["index"]))) for row in rows]
        packed = _packed(groups)
        length = max(row.length for row in packed)
        batch = _padded(packed, length, self.encoder.tokenizer.pad_token_id)
        pictures = [picture for row in packed for picture in row.pictures]
        batch["pixel_values"] = torch.from_numpy(np.concatenate([p["pixel_values"] for p in pictures]))
        batch["image_grid_thw"] = torch.from_numpy(np.concatenate([p["image_grid_thw"] for p in pictures]))
        for name in ("slots", "queries"):
            pieces = [
                piece + number * length for number, row in enumerate(packed) for piece in getattr(row, name)
            ]
            batch[f"aux_{name}"] = _joined(pieces)
        for name in ("kinds", "colours", "amounts", "places", "sides", "facts"):
            batch[f"aux_{name}"] = _joined([piece for row in packed for piece in getattr(row, name)])
        batch["aux_mass"] = _joined([_spread(*one, length) for row in packed for one in row.looked_at])
        told = [
            _spread(places + number * length, mass, len(packed) * length)
            for number, row in enumerate(packed)
            for places, mass in row.told_by
        ]
        batch["aux_fact_mass"] = _joined(told)
        return batch


def _packed(groups: list[list[tuple[Encoded, list[Any]]]]) -> list[_Row]:
    """Rows no longer than the longest group, filled by the longest groups first."""
    lengths = [_length_of(group) for group in groups]
    rows: list[_Row] = []
    for number in sorted(range(len(groups)), key=lambda one: -lengths[one]):
        row = next((row for row in rows if row.length + lengths[number] <= max(lengths)), None)
        if row is None:
            row = _Row()
            rows.append(row)
        row.add_group(number, groups[number])
    return rows


def _length_of(group: list[tuple[Encoded, list[Any]]]) -> int:
    first = group[0][0]
    shared = int(first.picture_slots[first.grids[0][0] * first.grids[0][1] - 1]) + 2
    return sum(len(one.ids) for one, _ in group) - shared * (len(group) - 1)


def _padded(packed: list[_Row], length: int, pad_id: int) -> dict[str, torch.Tensor]:
    shape = (len(packed), length)
    ids, labels = np.full(shape, pad_id, np.int64), np.full(shape, IGNORED, np.int64)
    types, boxed = np.zeros(shape, np.int64), np.zeros(shape, np.bool_)
    positions = np.zeros((3, *shape), np.int64)
    visible = np.zeros((*shape, length), np.bool_)
    for number, row in enumerate(packed):
        end = row.length
        ids[number, :end] = np.concatenate(row.ids)
        labels[number, :end] = np.concatenate(row.labels)
        boxed[number, :end] = np.concatenate(row.is_coordinate)
        positions[:, number, :end] = np.concatenate(row.positions, axis=1)
        types[number, np.concatenate(row.slots)] = 1
        visible[number] = _visible(np.concatenate(row.groups), np.concatenate(row.branches), length)
    arrays = {
        "input_ids": ids,
        "next_ids": labels,
        "next_is_coordinate": boxed,
        "mm_token_type_ids": types,
        "position_ids": positions,
        "visible": visible,
    }
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def _visible(groups: NDArray[np.int64], branches: NDArray[np.int64], length: int) -> NDArray[np.bool_]:
    """(length, length) which tokens (columns) each token (row) sees; padding sees itself."""
    seen = np.eye(length, dtype=np.bool_)
    end = len(groups)
    same_group = groups[:, None] == groups[None, :]
    same_branch = (branches[:, None] == branches[None, :]) | (branches[None, :] == 0)
    seen[:end, :end] = np.tril(same_group & same_branch)
    return seen


def _spread(places: NDArray[np.int64], mass: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """(Q, length): mass of picture tokens laid out over the whole of a padded row, or of all of them."""
    spread = np.zeros((len(mass), length), np.float32)
    spread[:, places] = mass
    return spread


def _joined(arrays: list[NDArray[Any]]) -> torch.Tensor:
    return torch.from_numpy(np.concatenate(arrays))


def additive_mask(visible: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """(B, 1, T, T) of what :class:`Collator` calls ``visible``: 0, or the least number of the type."""
    mask = torch.zeros(visible.shape, dtype=dtype, device=visible.device)
    return mask.masked_fill(~visible, torch.finfo(dtype).min)[:, None]
