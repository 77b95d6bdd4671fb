"""The rollouts of one step: questions opened, rolled out by the policy, and laid out for the trainer."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np

from ..core.frames import PixelBox
from ..models.dialogue import DialogueTokens
from ..models.processor import SnappingImageProcessor
from ..raster.picture import enlarged
from .data.question import LabelledQuestion
from .rewards import Matches, Rewards, RewardSettings, total_reward
from .rollout import BatchedCache, Sampler, roll_out
from .rollout_dialogue import Dialogue, Patches, cut_into_patches
from .rollout_sources import QuestionSource
from .zoom_tool import ImageSource, Looking, LookRules


@dataclass(frozen=True)
class Asking:
    """How a policy is asked.

    Args:
        tokens: Writes turns.
        images: Cuts pictures into patches.
        rules: How it may look.
        pad_id: The tokenizer's.
        picture_start_id: Stands before the first token of a picture.
        max_new_tokens: Of one turn.
        temperature: 0 takes the likeliest token.
    """

    tokens: DialogueTokens
    images: SnappingImageProcessor
    rules: LookRules
    pad_id: int
    picture_start_id: int
    max_new_tokens: int
    temperature: float


class Rollouts:
    """Rollouts of some questions; a context in which their images are open.

    Args:
        source: Of the questions.
        numbers: A question for each rollout; equal ones share opening and pictures.
        asking: How.
    """

    def __init__(self, source: QuestionSource, numbers: Sequence[int], asking: Asking) -> None:
        self.numbers = list(numbers)
        self.dialogues: list[Dialogue] = []
        self.questions: dict[int, LabelledQuestion] = {number: source.question(number) for number in numbers}
        self._source = source
        self._asking = asking
        self._same_opening: list[int] = []
        self._images: dict[int, ImageSource] = {}
        self._pictures: dict[tuple[int, PixelBox], Patches] = {}
        self._open = ExitStack()

    def __enter__(self) -> Rollouts:
        """Open the images and every dialogue."""
        try:
            for number in self.questions:
                self._images[number] = self._open.enter_context(self._source.image(number))
            for number in self.numbers:
                self._open_dialogue(number)
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def prompt_ids(self) -> list[list[int]]:
        """The opening of each."""
        return [one.ids[: one.prompt_length] for one in self.dialogues]

    @property
    def completion_ids(self) -> list[list[int]]:
        """What followed, as targets; see :mod:`.rollout_dialogue`."""
        return [one.targets[one.prompt_length :] for one in self.dialogues]

    @property
    def own(self) -> list[list[int]]:
        """For each token of a completion, 1 where the policy chose it."""
        return [one.own[one.prompt_length :] for one in self.dialogues]

    @property
    def pictures(self) -> list[list[Patches]]:
        """All pictures that each was shown, overview first."""
        return [one.pictures for one in self.dialogues]

    def run(self, model: Any, streams: Sequence[np.random.Generator]) -> None:
        """Let the policy go through all of them.

        Args:
            model: A Qwen2.5-VL, unwrapped.
            streams: Of random numbers, one for each rollout.
        """
        tokens = self._asking.tokens
        roll_out(
            model,
            self.dialogues,
            self._same_opening,
            cache=BatchedCache(model, tokens.image_id, self._asking.pad_id),
            sampler=Sampler(self._asking.temperature, tokens.suppressed_ids, streams),
            max_new_tokens=self._asking.max_new_tokens,
            look=lambda row, window: self._picture(self.numbers[row], window),
        )

    def rewards(self, settings: RewardSettings, matches: Matches) -> list[Rewards]:
        """What each is worth."""
        return [
            total_reward(
                dialogue.looking.outcome(),
                self.questions[number],
                self._images[number].extent,
                settings,
                matches,
            )
            for number, dialogue in zip(self.numbers, self.dialogues, strict=True)
        ]

    def _open_dialogue(self, number: int) -> None:
        extent = self._images[number].extent
        looking = Looking(self.questions[number].question, extent, self._asking.rules)
        first = self.numbers.index(number)
        self._same_opening.append(first)
        if first < len(self.dialogues):
            self.dialogues.append(self.dialogues[first].opened_like(looking))
            return
        dialogue = Dialogue(self._asking.tokens, self._asking.rules.profile.handover, looking)
        dialogue.open(self._picture(number, extent))
        self.dialogues.append(dialogue)

    def _picture(self, number: int, window: PixelBox) -> Patches:
        """Rollouts of one question often choose the same window; it is read once."""
        if (number, window) not in self._pictures:
            rules = self._asking.rules
            pixels = self._images[number].view(window, rules.side_px)
            pixels = enlarged(pixels, rules.view(window).size)
            self._pictures[number, window] = cut_into_patches(self._asking.images, pixels)
        return self._pictures[number, window]
