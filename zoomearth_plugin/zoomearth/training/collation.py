"""Samples to tensors: tokens, labels, pictures, and what the auxiliary losses compare with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.frames import ViewBox
from .labels import COLOURS, KINDS
from .samples import Group, Look, Sample, SeenObject
from .tokenizer import BOX_MIDDLE, BOX_OPEN

IGNORED = -100


@dataclass(frozen=True)
class Encoded:
    """One sample as arrays; T tokens, N picture tokens."""

    ids: NDArray[np.int64]  # (T,)
    labels: NDArray[np.int64]  # (T,), already shifted: the token that should follow
    is_coordinate: NDArray[np.bool_]  # (T,) whether that token is a side of a box, and no number else
    picture_slots: NDArray[np.int64]  # (N,) index into ids of each picture token
    kinds: NDArray[np.int64]  # (N,) 0 nothing, 1… KINDS, IGNORED unknown
    colours: NDArray[np.int64]  # (N,) 0… COLOURS, IGNORED where there is none
    amounts: NDArray[np.float32]  # (N,) how many objects each holds, parts included; NaN unknown
    places: NDArray[np.float32]  # (N, 2) middle of the token in its picture, 0 to 1
    sides: NDArray[np.int64]  # (N, 4) box of the object that is shown, view pixels, IGNORED where none
    queries: NDArray[np.int64]  # (Q,) index into ids of tokens that should look at the target
    query_mass: NDArray[np.float32]  # (Q, N) where each should look; rows sum to 1
    facts: NDArray[np.int64]  # (F,) what places tell, indices into FACTS
    fact_mass: NDArray[np.float32]  # (F, N) where each of them lies; rows sum to 1
    grids: tuple[tuple[int, int], ...]  # rows and columns of each picture, in picture tokens


class Encoder:
    """Writes a sample in the chat format of the model family.

    Args:
        tokenizer: Of :mod:`.tokenizer`.
        image_processor: Turns uint8 pictures into patches and grids.
        merge_px: View pixels of one picture token, patch size times merge size.
    """

    def __init__(self, tokenizer: Any, image_processor: Any, merge_px: int) -> None:
        self.tokenizer = tokenizer
        self.image_processor = image_processor
        self.merge_px = merge_px
        self.coordinates = coordinate_ids(tokenizer)

    def encode_group(self, group: Group) -> list[tuple[Encoded, list[Any]]]:
        """Every conversation of a group; the picture that they begin with is cut into patches once."""
        first = self.picture(group[0].looks[0])
        return [self.encode(sample, first) for sample in group]

    def encode(self, sample: Sample, first: Any = None) -> tuple[Encoded, list[Any]]:
        """Arrays of a conversation, and its pictures' patches with grids.

        Args:
            sample: Of one look or more.
            first: What :meth:`picture` made of its first look, where that is known.
        """
        pictures = [first or self.picture(sample.looks[0]), *map(self.picture, sample.looks[1:])]
        writer = _Writer(self.tokenizer, self.coordinates)
        writer.say("<|im_start|>user\n")
        for index, (look, picture) in enumerate(zip(sample.looks, pictures, strict=True)):
            _, rows, columns = (picture["image_grid_thw"][0] // (1, 2, 2)).tolist()
            writer.show(look, rows, columns)
            if index == 0:
                writer.say(f"{sample.prompt}<|im_end|>\n<|im_start|>assistant\n")
            writer.write(look.text)
        return writer.finish(), pictures

    def picture(self, look: Look) -> Any:
        """A look's patches, (patches, values), and grid, (1, 3): time, rows, columns in patches."""
        return self.image_processor(images=[look.pixels], return_tensors="np")


class _Writer:
    def __init__(self, tokenizer: Any, coordinates: range) -> None:
        self.tokenizer = tokenizer
        self.end = tokenizer.convert_tokens_to_ids("<|im_end|>")
        self.coordinates = coordinates
        self.ids: list[int] = []
        self.labels: list[int] = []
        self.boxed: set[int] = set()
        self.slots: list[int] = []
        self.kinds: list[NDArray[np.int64]] = []
        self.colours: list[NDArray[np.int64]] = []
        self.amounts: list[NDArray[np.float32]] = []
        self.places: list[NDArray[np.float32]] = []
        self.sides: list[NDArray[np.int64]] = []
        self.queries: list[int] = []
        self.masses: list[tuple[int, NDArray[np.float32]]] = []
        self.facts: list[int] = []
        self.fact_masses: list[tuple[int, NDArray[np.float32]]] = []
        self.grids: list[tuple[int, int]] = []
        self._mass: NDArray[np.float32] | None = None  # of the target
        self._evidence: NDArray[np.float32] | None = None  # of what the answer is read from

    def _tokens(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False).input_ids)

    def say(self, text: str) -> None:
        """Text that is read, not learned."""
        tokens = self._tokens(text)
        self.ids += tokens
        self.labels += [IGNORED] * len(tokens)

    def show(self, look: Look, rows: int, columns: int) -> None:
        self.say("<|vision_start|>")
        start = len(self.slots)
        self.grids.append((rows, columns))
        self.slots += range(len(self.ids), len(self.ids) + rows * columns)
        pad = self.tokenizer.convert_tokens_to_ids("<|image_pad|>")
        self.ids += [pad] * (rows * columns)
        self.labels += [IGNORED] * (rows * columns)
        self.say("<|vision_end|>")
        scale = np.array([columns / look.pixels.shape[1], rows / look.pixels.shape[0]])
        kinds, colours, sides = token_labels(look.objects, rows, columns, scale)
        self.kinds.append(kinds)
        self.colours.append(colours)
        self.amounts.append(amounts(look.objects, rows, columns, scale))
        self.sides.append(np.clip(sides, IGNORED, len(self.coordinates) - 1))
        row, column = np.mgrid[0:rows, 0:columns]
        places = np.stack([(column + 0.5) / columns, (row + 0.5) / rows], axis=-1).reshape(-1, 2)
        self.places.append(places.astype(np.float32))
        self._mass, self._evidence, self._start = None, None, start
        if look.target is not None:
            self._mass = _share(look.target, rows, columns, scale)
            self._evidence = _share(look.shown_by or look.target, rows, columns, scale)
            if look.fact is not None:
                self.facts.append(look.fact)
                self.fact_masses.append((start, self._evidence))

    def write(self, text: str) -> None:
        """Text that is learned; the last token is followed by the end of the turn."""
        tokens = self._tokens(text)
        follow = [*tokens, self.end]
        first = len(self.ids) - 1
        self.labels[first] = follow[0]
        self.ids += tokens
        self.labels += follow[1:]
        sides = self._box_sides(tokens)
        self.boxed.update(first + offset for offset in sides)
        if self._mass is None or self._evidence is None:
            return
        is_reply = self.tokenizer.convert_tokens_to_ids("<answer>") in tokens
        for offset in range(len(tokens)):
            if is_reply or offset in sides:
                self.queries.append(first + offset)
                self.masses.append((self._start, self._mass if offset in sides else self._evidence))

    def _box_sides(self, tokens: list[int]) -> set[int]:
        """Which of the tokens are sides of a box: numbers between its opening and its middle."""
        opening, middle = (self.tokenizer.convert_tokens_to_ids(mark) for mark in (BOX_OPEN, BOX_MIDDLE))
        found, is_inside = set(), False
        for offset, token in enumerate(tokens):
            is_inside = (is_inside or token == opening) and token != middle
            if is_inside and token in self.coordinates:
                found.add(offset)
        return found

    def finish(self) -> Encoded:
        self.ids.append(self.end)
        self.labels.append(IGNORED)
        return Encoded(
            np.array(self.ids), np.array(self.labels),
            np.isin(np.arange(len(self.labels)), list(self.boxed)), np.array(self.slots),
            np.concatenate(self.kinds), np.concatenate(self.colours), np.concatenate(self.amounts),
            np.concatenate(self.places), np.concatenate(self.sides),
            np.array(self.queries, dtype=np.int64), self._laid_out(self.masses),
            np.array(self.facts, dtype=np.int64), self._laid_out(self.fact_masses), tuple(self.grids),
        )  # fmt: skip

    def _laid_out(self, masses: list[tuple[int, NDArray[np.float32]]]) -> NDArray[np.float32]:
        """(masses, N) each from the picture token on where it starts."""
        laid = np.zeros((len(masses), len(self.slots)), np.float32)
        for row, (start, values) in enumerate(masses):
            laid[row, start : start + len(values)] = values
        return laid


def coordinate_ids(tokenizer: Any) -> range:
    """Token ids of 0, 1, 2 …: consecutive by construction."""
    first = tokenizer.convert_tokens_to_ids("0")
    count = 0
    while tokenizer.convert_tokens_to_ids(str(count)) == first + count:
        count += 1
    return range(first, first + count)


def _share(box: ViewBox, rows: int, columns: int, scale: NDArray[np.float64]) -> NDArray[np.float32]:
    """(rows · columns,): how much of a box lies in each picture token; sums to 1."""
    cover = coverage(np.array(box.to_json()), rows, columns, scale)
    share: NDArray[np.float32] = (cover / cover.sum()).reshape(-1).astype(np.float32)
    return share


def coverage(
    sides: NDArray[np.float64], rows: int, columns: int, scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(rows, columns): the share of each picture token that a box covers; never all zero.

    Args:
        sides: left, top, right, bottom in view pixels.
        scale: Tokens per view pixel, (across, down).
    """
    left, right = np.clip(sides[[0, 2]] * scale[0], 0, columns)
    top, bottom = np.clip(sides[[1, 3]] * scale[1], 0, rows)
    across = np.clip(
        np.minimum(right, np.arange(1, columns + 1)) - np.maximum(left, np.arange(columns)), 0, 1
    )
    down = np.clip(np.minimum(bottom, np.arange(1, rows + 1)) - np.maximum(top, np.arange(rows)), 0, 1)
    cover: NDArray[np.float64] = down[:, None] * across[None, :]
    if not cover.any():
        column = int(np.clip((left + right) / 2, 0, columns - 1))
        cover[int(np.clip((top + bottom) / 2, 0, rows - 1)), column] = 1.0
    return cover


def token_labels(
    objects: tuple[SeenObject, ...] | None, rows: int, columns: int, scale: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """What each picture token shows: kind, colour and box of the object that covers most of it."""
    kinds = np.zeros(rows * columns, np.int64)
    colours = np.full(rows * columns, IGNORED, np.int64)
    sides = np.full((rows * columns, 4), IGNORED, np.int64)
    if objects is None:
        kinds[:] = IGNORED
        return kinds, colours, sides
    palette = list(COLOURS)
    best = np.zeros(rows * columns)
    for thing in objects:
        cover = coverage(np.array(thing.box.to_json()), rows, columns, scale).reshape(-1)
        is_new = (cover > best) & (cover >= 0.3 * cover.max())
        best = np.maximum(best, np.where(is_new, cover, 0))
        kinds[is_new] = 1 + KINDS.index(thing.kind)
        colours[is_new] = palette.index(thing.colour) if thing.colour else IGNORED
        sides[is_new] = np.maximum(0, np.round(thing.box.to_json()))
    return kinds, colours, sides


def amounts(
    objects: tuple[SeenObject, ...] | None, rows: int, columns: int, scale: NDArray[np.float64]
) -> NDArray[np.float32]:
    """(rows · columns,) how many objects each picture token holds, in parts; the sum is their number."""
    if objects is None:
        return np.full(rows * columns, np.nan, np.float32)
    held = np.zeros((rows, columns))
    for thing in objects:
        cover = coverage(np.array(thing.box.to_json()), rows, columns, scale)
        held += cover / cover.sum()
    return held.reshape(-1).astype(np.float32)
