"""A row as the dialogue that answers it, token by token as the product shows and reads it.

The truth is played to the product's own rules (:class:`.zoom_tool.Looking`) as if a model had written it:
overview, thought and box; then, in the place where the product puts it, the enlarged picture, thought and
answer. A question without a box is answered from the overview. Which of the tokens are learned follows
from that (:mod:`.rollout_dialogue`): what a model writes, the token included with which it ends its turn
in order to zoom. Prompts and pictures are shown and never learned.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from transformers import PreTrainedTokenizerFast

from ..core.errors import DataInvalidError
from ..core.frames import PixelBox, View
from ..models.processor import snapped_side
from ..models.profile import BoxFrame
from .grpo_rollouts import Asking
from .rewards import is_turn_wellformed
from .rollout_dialogue import Dialogue, cut_into_patches
from .tuning_config import Thoughts
from .tuning_data import Reasoning, TuningRow, TuningRows
from .zoom_tool import ImageSource, Looking, LookRules

_JSON_SPACED = (", ", ": ")


class DialogueWriter:
    """Writes rows as dialogues.

    Args:
        rows: All of the run.
        asking: How the model is asked.
        tokenizer: The model's.
        thoughts: Where a row has no reasoning.
        jitter: Standard deviation of a crop's shift, in shares of its side.
        max_tokens: A longer dialogue is an error.
        seed: Of the jitter.
    """

    def __init__(
        self,
        rows: TuningRows,
        asking: Asking,
        tokenizer: PreTrainedTokenizerFast,
        thoughts: Thoughts,
        *,
        jitter: float,
        max_tokens: int,
        seed: int,
    ) -> None:
        self._rows = rows
        self._asking = asking
        self._tokenizer = tokenizer
        self._thoughts = thoughts
        self._jitter = jitter
        self._max_tokens = max_tokens
        self._seed = seed

    def check(self) -> None:
        """Look through the words of all rows before any picture is read.

        Raises:
            DataInvalidError: The model's vocabulary lacks some; names the first such question.
        """
        for number, row in enumerate(self._rows.rows):
            texts = [answer_text(row, self._thoughts)]
            texts += _place_words(row, self._thoughts) if row.question.box is not None else ()
            with self._naming(number):
                for text in texts:
                    self._encoded(text)

    def write(self, number: int, place: int) -> Dialogue:
        """One row.

        Args:
            number: Of the row.
            place: In the order of the run; the jitter depends on it and on nothing else.

        Raises:
            DataInvalidError: Its raster cannot be read, it is too long, or the model's vocabulary lacks a
                word of it; names the question.
        """
        rng = np.random.default_rng([self._seed, place, 86])
        with self._rows.images.image(number) as image, self._naming(number):
            dialogue = self._played(self._rows.rows[number], image, rng)
        return dialogue

    @contextmanager
    def _naming(self, number: int) -> Iterator[None]:
        """Within: what cannot be written becomes an error that names its question."""
        try:
            yield
        except _UnwritableError as error:
            question = self._rows.rows[number].question
            raise DataInvalidError(f"question {question.question_id} ({question.image}): {error}") from error

    def _played(self, row: TuningRow, image: ImageSource, rng: np.random.Generator) -> Dialogue:
        rules = self._asking.rules
        looking = Looking(row.question.question, image.extent, rules)
        dialogue = Dialogue(self._asking.tokens, rules.profile.handover, looking)
        dialogue.open(cut_into_patches(self._asking.images, image.view(image.extent, rules.side_px)))
        box = row.question.box
        if box is not None:
            aimed = box.intersection(image.extent)
            self._write_turn(dialogue, place_text(row, self._thoughts, aimed, looking.view, rules))
            window = dialogue.respond()
            if window is None:
                raise _UnwritableError(f"the box {box.to_json()} is no place to zoom to")
            shown = shifted(window, aimed, image.extent, self._jitter, rng)
            dialogue.hand_over(cut_into_patches(self._asking.images, image.view(shown, rules.side_px)))
        self._write_turn(dialogue, answer_text(row, self._thoughts))
        if dialogue.respond() is not None or looking.outcome().answer is None:
            raise _UnwritableError(f"the answer {row.question.answer!r} cannot be read back")
        if len(dialogue.ids) > self._max_tokens:
            raise _UnwritableError(f"{len(dialogue.ids)} tokens are more than {self._max_tokens}")
        return dialogue

    def _write_turn(self, dialogue: Dialogue, text: str) -> None:
        if not is_turn_wellformed(text):
            raise _UnwritableError(f"{text!r} breaks the protocol")
        for token in self._encoded(text):
            if not dialogue.write(token, 0.0):
                raise _UnwritableError(f"{text!r} holds a token that ends a turn")
        dialogue.write(turn_end(self._tokenizer), 0.0)

    def _encoded(self, text: str) -> list[int]:
        """Tokens of a text in which control tokens are but letters."""
        ids = list(self._tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True))
        unknown = self._tokenizer.unk_token_id
        if unknown is not None and unknown in ids:
            raise _UnwritableError(f"the model's vocabulary lacks a word of {text!r}")
        return ids


def place_text(row: TuningRow, thoughts: Thoughts, box: PixelBox, view: View, rules: LookRules) -> str:
    """The turn that asks for a closer look at a box.

    Args:
        row: Whose box it is.
        thoughts: Where the row has no reasoning.
        box: Native pixels, inside the view's window.
        view: What is shown.
        rules: Say what the box's numbers count.
    """
    thought, label = _place_words(row, thoughts)
    sides = box_numbers(box, view, rules)
    boxes = json.dumps([{"bbox_2d": sides, "label": label}], ensure_ascii=False, separators=_JSON_SPACED)
    return f"<think>{thought}</think>{boxes}"


def answer_text(row: TuningRow, thoughts: Thoughts) -> str:
    """The turn that answers."""
    reasoning: Reasoning = row.reasoning
    if row.question.box is not None:
        thought = reasoning.enlarged or _filled(thoughts.enlarged, row)
    else:
        own = " ".join(filter(None, (reasoning.overview, reasoning.enlarged)))
        thought = own or _filled(thoughts.overall, row)
    return f"<think>{thought}</think><answer>{row.question.answer}</answer>"


def box_numbers(box: PixelBox, view: View, rules: LookRules) -> list[int]:
    """A box as the model writes it: whole numbers of its frame, at least one wide and high.

    The inverse of how :func:`..perception.actions.parse` reads it.
    """
    width, height = view.size
    counted = {
        BoxFrame.PER_MILLE: (1000, 1000),
        BoxFrame.PROCESSED_PIXELS: (
            snapped_side(width, rules.factor_px),
            snapped_side(height, rules.factor_px),
        ),
    }.get(rules.profile.box_frame, view.size)
    shown = view.to_view(box)
    left, right = _whole(shown.left, shown.right, width, counted[0])
    top, bottom = _whole(shown.top, shown.bottom, height, counted[1])
    return [left, top, right, bottom]


def shifted(
    window: PixelBox, box: PixelBox, extent: PixelBox, jitter: float, rng: np.random.Generator
) -> PixelBox:
    """A window as after a less exact aim: moved, but never so that it loses any of the box.

    Args:
        window: Whole pixels; holds the box.
        box: What it is about.
        extent: Whole pixels; the result stays inside.
        jitter: Standard deviation of the shift, in shares of the window's sides.
        rng: Drawn from twice, whatever the jitter.
    """
    across, down = rng.normal(0.0, 1.0, 2) * jitter
    left = _moved(window.left, window.width, across, (box.left, box.right), (extent.left, extent.right))
    top = _moved(window.top, window.height, down, (box.top, box.bottom), (extent.top, extent.bottom))
    return PixelBox(left, top, left + window.width, top + window.height)


def turn_end(tokenizer: PreTrainedTokenizerFast) -> int:
    """The token with which a model ends its turn."""
    return int(tokenizer.get_vocab()["<|im_end|>"])


class _UnwritableError(Exception):
    """A row that cannot be written in the protocol; becomes a DataInvalidError that names it."""


def _moved(
    start: float, length: float, share: float, box: tuple[float, float], extent: tuple[float, float]
) -> float:
    least = max(extent[0], np.ceil(box[1] - length))
    most = min(extent[1] - length, np.floor(box[0]))
    return float(np.clip(round(start + share * length), min(least, start), max(most, start)))


def _whole(low: float, high: float, size: int, counted: int) -> tuple[int, int]:
    """Both ends of a side in whole units of a frame that counts ``counted`` over ``size`` pixels."""
    start = min(max(0, round(low * counted / size)), counted - 1)
    return start, max(start + 1, min(counted, round(high * counted / size)))


def _place_words(row: TuningRow, thoughts: Thoughts) -> tuple[str, str]:
    """The thought before a box, and its label."""
    thought = row.reasoning.overview or _filled(thoughts.place, row)
    return thought, row.reasoning.label or _filled(thoughts.label, row)


def _filled(template: str, row: TuningRow) -> str:
    question = row.question
    return template.replace("{type}", question.type or "its subject").replace(
        "{level}", question.level or "image"
    )
