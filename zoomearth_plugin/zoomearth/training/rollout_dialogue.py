"""One rollout's tokens: what the model is shown, what the policy did, and which of it is its own.

Shown is exactly the sequence that :class:`zoomearth.models.conversation.CachedConversation` computes. It
is not a record of all that the policy did: the token with which it ends a turn in order to zoom is not
kept there, as the picture goes into the same turn. To decide for a zoom is a decision like any other, so
its token is the *target* at the place where the picture begins. Targets are what the trainer stores;
:func:`shown_ids` turns them back into what the model is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core.frames import PixelBox
from ..models.conversation import ANSWER_MARK
from ..models.dialogue import DialogueTokens
from ..models.processor import SnappingImageProcessor
from ..models.profile import Handover
from .zoom_tool import Looking


@dataclass(frozen=True, eq=False)
class Patches:
    """A picture as the vision tower takes it.

    Args:
        values: (patches, values of one patch).
        grid: (1, 3): time, rows and columns of patches.
        tokens: Picture tokens after merging.
    """

    values: Tensor
    grid: Tensor
    tokens: int


def cut_into_patches(images: SnappingImageProcessor, pixels: NDArray[np.uint8]) -> Patches:
    """A picture of (rows, columns, 3), as a conversation hands it to its model."""
    made = images(images=[pixels], input_data_format="channels_last", return_tensors="pt")
    grid = made["image_grid_thw"]
    return Patches(made["pixel_values"], grid, int(grid.prod()) // images.merge_size**2)


class Dialogue:
    """The growing tokens of one rollout.

    Args:
        tokens: Writes turns; of the policy's tokenizer.
        handover: Where a zoomed picture goes.
        looking: What the policy looks at.
    """

    def __init__(self, tokens: DialogueTokens, handover: Handover, looking: Looking) -> None:
        self.looking = looking
        self.ids: list[int] = []  # shown: the whole dialogue
        self.targets: list[int] = []  # parallel: what the policy did there
        self.own: list[int] = []  # parallel: 1 where the policy chose the target
        self.logprobs: list[float] = []  # parallel: of the target as it was drawn; 0 where not own
        self.pictures: list[Patches] = []
        self.prompt_length = 0
        self._tokens = tokens
        self._handover = handover
        self._turn_start = 0
        self._end: tuple[int, float] | None = None

    @property
    def written_count(self) -> int:
        """Tokens that the policy wrote in this turn, without the one that ended it."""
        return len(self.ids) - self._turn_start

    def open(self, picture: Patches) -> None:
        """Begin with the overview, up to where the policy first writes."""
        self._show(self._tokens.opening(self.looking.text, picture.tokens))
        self.pictures.append(picture)
        self.prompt_length = self._turn_start = len(self.ids)

    def opened_like(self, looking: Looking) -> Dialogue:
        """Another rollout from the same opening."""
        twin = Dialogue(self._tokens, self._handover, looking)
        twin._show(self.ids[: self.prompt_length])
        twin.pictures = self.pictures[:1]
        twin.prompt_length = twin._turn_start = self.prompt_length
        return twin

    def write(self, token: int, logprob: float) -> bool:
        """Take the policy's next token; whether it goes on (False: that was the end of its turn)."""
        if token in self._tokens.end_ids:
            self._end = (token, logprob)
            return False
        self._add(token, token, 1, logprob)
        return True

    def respond(self) -> PixelBox | None:
        """Let the policy's turn be read; the window to show next, None when it is over."""
        text = self._tokens.written(self.ids[self._turn_start :])
        window = self.looking.respond(text, was_cut=self._end is None)
        if window is None and self._end is not None:
            self._add(self._end[0], self._end[0], 1, self._end[1])
        return window

    def hand_over(self, picture: Patches) -> int:
        """Show the next picture, up to where the policy writes on.

        Returns:
            How many of the tokens before it stay: an answer that was given before looking is taken back.
        """
        kept = self._take_back_answer()
        following = self._tokens.handover(self.looking.text, picture.tokens)
        start = len(self.ids)
        self._show(following)
        if self._end is not None:
            token, logprob = self._end
            # In a turn of the user's the end is shown as it always is; another end token is not its target.
            if self._handover is Handover.ASSISTANT_TURN or token == following[0]:
                self.targets[start], self.own[start], self.logprobs[start] = token, 1, logprob
        self.pictures.append(picture)
        self._turn_start, self._end = len(self.ids), None
        return kept

    def _take_back_answer(self) -> int:
        """As the product does where a picture goes into the assistant's turn."""
        if self._handover is not Handover.ASSISTANT_TURN:
            return len(self.ids)
        written = self.ids[self._turn_start :]
        kept, rest = self._tokens.cut_before(written, ANSWER_MARK)
        if kept == len(written):
            return len(self.ids)
        stays = self._turn_start + kept
        for parallel in (self.ids, self.targets, self.own, self.logprobs):
            del parallel[stays:]
        self._show(rest)
        self._end = None  # the turn went on; where it stops now was not the policy's choice
        return stays

    def _show(self, ids: list[int]) -> None:
        for token in ids:
            self._add(token, token, 0, 0.0)

    def _add(self, token: int, target: int, own: int, logprob: float) -> None:
        self.ids.append(token)
        self.targets.append(target)
        self.own.append(own)
        self.logprobs.append(logprob)


def shown_ids(targets: Tensor, end_ids: frozenset[int], image_id: int, picture_start_id: int) -> Tensor:
    """What the model is shown where a rollout's targets are these.

    Args:
        targets: (rows, tokens).
        end_ids: Tokens that end a turn.
        image_id: Stands for a piece of a picture.
        picture_start_id: Stands before the first piece; an end right before one is such a place.
    """
    is_end = torch.isin(targets, torch.tensor(sorted(end_ids), device=targets.device))
    begins_picture = torch.zeros_like(is_end)
    begins_picture[:, :-1] = is_end[:, :-1] & (targets[:, 1:] == image_id)
    return targets.masked_fill(begins_picture, picture_start_id)
