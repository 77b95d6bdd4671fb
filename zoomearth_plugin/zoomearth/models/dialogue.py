"""A dialogue as tokens, in the chat format of the Qwen2.5-VL family.

Built piece by piece and not by a chat template, for two reasons: no template places a picture inside
the assistant's turn, and text that came from a person must not turn into control tokens.
"""

from __future__ import annotations

from transformers import GenerationConfig, PreTrainedTokenizerFast

from ..core.errors import ModelIncompatibleError
from .processor import IMAGE_TOKEN, VIDEO_TOKEN
from .profile import Handover, Profile

_CONTROL = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", IMAGE_TOKEN)


class DialogueTokens:
    """Token ids of the turns of one model's dialogues.

    Args:
        tokenizer: The model's.
        profile: Says how zoomed pictures are handed over, and whether there is a system turn.
        generation: Names further tokens that end a turn.

    Raises:
        ModelIncompatibleError: The tokenizer lacks a control token.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, profile: Profile, generation: GenerationConfig | None = None
    ) -> None:
        self._tokenizer = tokenizer
        self._profile = profile
        vocabulary = tokenizer.get_vocab()
        missing = [token for token in _CONTROL if token not in vocabulary]
        if missing:
            raise ModelIncompatibleError(f"the tokenizer has no {', '.join(missing)}")
        self._turn_start, self._turn_end, self._vision_start, self._vision_end, self.image_id = (
            vocabulary[token] for token in _CONTROL
        )
        never_written = (self.image_id, vocabulary.get(VIDEO_TOKEN))
        self.suppressed_ids = tuple(token for token in never_written if token is not None)
        self.end_ids = frozenset({self._turn_end, *_ends(tokenizer, generation)})

    def opening(self, text: str, picture_tokens: int) -> list[int]:
        """The dialogue up to where the assistant first writes."""
        system = self._profile.prompt.system
        before = [*self._turn("system", self._plain(system)), *self._break()] if system else []
        return [*before, *self._users_turn(text, picture_tokens)]

    def handover(self, text: str, picture_tokens: int) -> list[int]:
        """What follows the assistant's text (without its end of turn) up to where it writes on."""
        if self._profile.handover is Handover.ASSISTANT_TURN:
            return self._picture(picture_tokens)
        return [self._turn_end, *self._break(), *self._users_turn(text, picture_tokens)]

    def written(self, ids: list[int]) -> str:
        """The text of tokens that the model wrote."""
        text = self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return str(text)

    def cut_before(self, ids: list[int], mark: str) -> tuple[int, list[int]]:
        """Where to take back what was written from ``mark`` on.

        A token may hold the end of the text before the mark together with its start (``]<``).

        Returns:
            How many of ``ids`` stay, and the tokens that restore the text between those and the mark.
        """
        text = self.written(ids)
        at = text.find(mark)
        if at < 0:
            return len(ids), []
        kept = len(ids)
        while kept > 0 and (
            len(self.written(ids[:kept])) > at or not text.startswith(self.written(ids[:kept]))
        ):
            kept -= 1
        between = text[len(self.written(ids[:kept])) : at]
        return kept, self._plain(between.rstrip())

    def _users_turn(self, text: str, picture_tokens: int) -> list[int]:
        says = [*self._picture(picture_tokens), *self._plain(text)]
        return [*self._turn("user", says), *self._break(), self._turn_start, *self._plain("assistant\n")]

    def _turn(self, role: str, content: list[int]) -> list[int]:
        return [self._turn_start, *self._plain(f"{role}\n"), *content, self._turn_end]

    def _break(self) -> list[int]:
        return self._plain("\n")

    def _picture(self, tokens: int) -> list[int]:
        return [self._vision_start, *[self.image_id] * tokens, self._vision_end]

    def _plain(self, text: str) -> list[int]:
        """Tokens of a text in which control tokens are but letters."""
        return list(self._tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True))


def _ends(tokenizer: PreTrainedTokenizerFast, generation: GenerationConfig | None) -> set[int]:
    named = [tokenizer.eos_token_id, generation.eos_token_id if generation else None]
    ends: set[int] = set()
    for entry in named:
        ends.update(entry if isinstance(entry, (list, tuple)) else () if entry is None else (entry,))
    return ends
