"""Rollouts in one batch: many dialogues over one growing cache, each with its own pictures.

Departures from the library's ``generate``, which takes no picture after the first turn:

* Dialogues are padded on the left, turn by turn: what a turn adds stands at the right end of the cache,
  and an attention mask with holes says which of its places a dialogue holds. Positions are worked out
  from all pictures of a dialogue and handed to the model, so holes and padding do not move anything.
* A prompt is computed once, however many rollouts start from it.
* Every token is drawn with one random number of its rollout's own stream. So a rollout is the same
  whatever shares its batch, in one process or in many, and after a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import DynamicCache

from ..core.errors import ModelIncompatibleError, TrainingDivergedError
from ..core.frames import PixelBox
from .rollout_dialogue import Dialogue, Patches

Look = Callable[[int, PixelBox], Patches]
"""(rollout, window) -> its picture."""


class Sampler:
    """Draws tokens.

    Args:
        temperature: 0 takes the likeliest.
        suppressed_ids: Never drawn.
        streams: One of random numbers for each rollout.
    """

    def __init__(
        self, temperature: float, suppressed_ids: Sequence[int], streams: Sequence[np.random.Generator]
    ) -> None:
        self._temperature = temperature
        self._suppressed = list(suppressed_ids)
        self._streams = streams

    def draw(self, logits: Tensor, rollouts: Sequence[int]) -> tuple[list[int], list[float]]:
        """The next token of each rollout and its log-probability.

        Args:
            logits: (rollouts, vocabulary).
            rollouts: Which streams to draw from.

        Raises:
            TrainingDivergedError: The logits are no numbers.
        """
        logits = logits.float()
        if not bool(torch.isfinite(logits.amax(dim=1)).all()):
            raise TrainingDivergedError("the policy's logits are not finite")
        scores = torch.log_softmax(logits / (self._temperature or 1.0), dim=1)
        allowed = scores.index_fill(
            1, torch.tensor(self._suppressed, dtype=torch.long, device=scores.device), float("-inf")
        )
        if self._temperature == 0:
            tokens = allowed.argmax(dim=1)
        else:
            numbers = [self._streams[rollout].random() for rollout in rollouts]
            heights = allowed.exp().cumsum(dim=1)
            at = torch.tensor(numbers, dtype=heights.dtype, device=heights.device)[:, None] * heights[:, -1:]
            # The first token that reaches above: one of probability 0 never does.
            tokens = torch.searchsorted(heights, at, right=True)[:, 0].clamp(max=heights.shape[1] - 1)
        return tokens.tolist(), scores.gather(1, tokens[:, None])[:, 0].tolist()


class BatchedCache:
    """Keys and values of several dialogues.

    Args:
        model: A Qwen2.5-VL.
        image_id: Token of a piece of a picture.
        pad_id: Any token; stands where a dialogue holds nothing.

    Raises:
        ModelIncompatibleError: A window of attention slides over the cache.
    """

    def __init__(self, model: Any, image_id: int, pad_id: int) -> None:
        if model.model.language_model.has_sliding_layers:
            raise ModelIncompatibleError("sliding windows of attention cannot be rolled out in batches")
        self._model = model
        self._image_id = image_id
        self._pad_id = pad_id
        self._cache = DynamicCache(config=model.config)
        self._held = torch.zeros(0, 0, dtype=torch.long, device=model.device)  # (rows, places)
        self._next_position = torch.zeros(0, dtype=torch.long, device=model.device)
        self._places: list[list[int]] = []  # of each row, where in the cache its tokens are
        self._pictures: list[int] = []  # of each row, how many pictures the cache holds

    def read(self, dialogues: Sequence[Dialogue]) -> Tensor:
        """Compute all that the cache does not hold; logits (rows, vocabulary) of what comes next."""
        if not self._places:
            self._places = [[] for _ in dialogues]
            self._pictures = [0] * len(dialogues)
            self._held = self._held.new_zeros(len(dialogues), 0)
        fresh = [d.ids[len(places) :] for d, places in zip(dialogues, self._places, strict=True)]
        ids, mask = self._left_padded(fresh)
        positions = self._positions(dialogues)[:, :, -ids.shape[1] :]
        pictures = [
            picture
            for dialogue, held in zip(dialogues, self._pictures, strict=True)
            for picture in dialogue.pictures[held:]
        ]
        start = self._held.shape[1] + ids.shape[1]
        for places, added in zip(self._places, fresh, strict=True):
            places += range(start - len(added), start)
        self._pictures = [len(dialogue.pictures) for dialogue in dialogues]
        self._next_position = positions[0, :, -1] + 1
        dtype = self._model.model.visual.dtype
        return self._forward(
            ids,
            mask,
            positions,
            pixel_values=torch.cat([one.values for one in pictures]).to(ids.device, dtype),
            image_grid_thw=torch.cat([one.grid for one in pictures]).to(ids.device),
        )

    def step(self, tokens: Sequence[int], is_going: Sequence[bool]) -> Tensor:
        """Compute one token of each row that is going; logits (rows, vocabulary) of what comes next."""
        ids = torch.tensor(tokens, device=self._held.device)[:, None]
        mask = torch.tensor(is_going, dtype=torch.long, device=self._held.device)[:, None]
        positions = self._next_position[None, :, None].expand(3, -1, 1)
        self._next_position = self._next_position + mask[:, 0]
        for places, goes in zip(self._places, is_going, strict=True):
            if goes:
                places.append(self._held.shape[1])
        return self._forward(ids, mask, positions)

    def forget(self, row: int, kept: int) -> None:
        """Drop a row's tokens from ``kept`` on; nothing where it holds no more."""
        dropped = self._places[row][kept:]
        if dropped:
            self._held[row, dropped] = 0
            del self._places[row][kept:]

    def select(self, rows: Sequence[int]) -> None:
        """Go on with these rows, in this order; one may be taken several times."""
        index = torch.tensor(rows, device=self._held.device)
        self._cache.batch_select_indices(index)
        self._held, self._next_position = self._held[index], self._next_position[index]
        self._places = [list(self._places[row]) for row in rows]
        self._pictures = [self._pictures[row] for row in rows]

    def _left_padded(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Ids and mask, (rows, tokens) each."""
        length = max(map(len, rows))
        ids = [[self._pad_id] * (length - len(row)) + list(row) for row in rows]
        mask = [[0] * (length - len(row)) + [1] * len(row) for row in rows]
        device = self._held.device
        return torch.tensor(ids, device=device), torch.tensor(mask, device=device)

    def _positions(self, dialogues: Sequence[Dialogue]) -> Tensor:
        """(3, rows, tokens) of whole dialogues, padded on the left."""
        ids, mask = self._left_padded([dialogue.ids for dialogue in dialogues])
        grids = torch.cat([picture.grid for dialogue in dialogues for picture in dialogue.pictures])
        positions: Tensor = self._model.model.get_rope_index(
            ids,
            mm_token_type_ids=(ids == self._image_id).int(),
            image_grid_thw=grids.to(ids.device),
            attention_mask=mask,
        )[0]
        return positions

    def _forward(self, ids: Tensor, mask: Tensor, positions: Tensor, **pictures: Tensor) -> Tensor:
        self._held = torch.cat([self._held, mask], dim=1)
        made = self._model(
            input_ids=ids,
            attention_mask=self._held,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
            **pictures,
        )
        logits: Tensor = made.logits[:, -1]
        return logits


def roll_out(
    model: Any,
    dialogues: Sequence[Dialogue],
    same_opening: Sequence[int],
    *,
    cache: BatchedCache,
    sampler: Sampler,
    max_new_tokens: int,
    look: Look,
) -> None:
    """Let the policy go through all dialogues, until each is over.

    Args:
        model: The policy; put into evaluation mode meanwhile.
        dialogues: Opened.
        same_opening: For each dialogue, the first one that has the same opening.
        cache: Empty.
        sampler: Has a stream for each dialogue.
        max_new_tokens: Of one turn.
        look: Called for each zoom.
    """
    firsts = sorted(set(same_opening))
    with torch.no_grad(), _evaluating(model):
        logits = cache.read([dialogues[first] for first in firsts])
        copies = [firsts.index(first) for first in same_opening]
        cache.select(copies)
        logits = logits[copies]
        rows = list(range(len(dialogues)))
        while rows:
            _write_turn(cache, [dialogues[row] for row in rows], rows, logits, sampler, max_new_tokens)
            going = []
            for place, row in enumerate(rows):
                window = dialogues[row].respond()
                if window is not None:
                    going.append(place)
                    cache.forget(place, dialogues[row].hand_over(look(row, window)))
            rows = [rows[place] for place in going]
            if rows:
                cache.select(going)
                logits = cache.read([dialogues[row] for row in rows])


def _write_turn(
    cache: BatchedCache,
    dialogues: Sequence[Dialogue],
    rollouts: Sequence[int],
    logits: Tensor,
    sampler: Sampler,
    max_new_tokens: int,
) -> None:
    """Let every dialogue's turn be written to its end, or to the limit."""
    going = list(range(len(dialogues)))
    for _ in range(max_new_tokens):
        tokens, logprobs = sampler.draw(logits[going], [rollouts[row] for row in going])
        drawn = dict(zip(going, zip(tokens, logprobs, strict=True), strict=True))
        going = [row for row in going if dialogues[row].write(*drawn[row])]
        if not going or dialogues[going[0]].written_count == max_new_tokens:
            return
        step = [drawn[row][0] if row in drawn else 0 for row in range(len(dialogues))]
        logits = cache.step(step, [row in going for row in range(len(dialogues))])


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)
