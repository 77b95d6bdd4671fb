"""A dialogue with a Qwen2.5-VL model that computes every token once.

The keys and values of all that was shown and written stay; a later turn computes only what is new.
Departures from ``generate``, which gets this wrong or slow when a second picture arrives late:

* Positions are worked out here, for the whole dialogue, from the grids of *all* pictures, and handed
  to the model, while the vision tower gets the *new* picture alone. So nothing depends on the
  ``rope_deltas`` that the model keeps between calls.
* Decoding is greedy, and the last token written is computed together with what follows it.
* A request to stop is seen before every layer, not only before every token, so that even the long
  first computation of a large model on a slow machine stops at once.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import DynamicCache, Qwen2_5_VLForConditionalGeneration

from ..core import errors
from ..core.progress import CancelToken
from .dialogue import DialogueTokens
from .engine import OnToken
from .features import PictureFeatures
from .processor import SnappingImageProcessor
from .profile import Handover, Profile

ANSWER_MARK = "<answer>"
_MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "alloc_cpu")


class CachedConversation:
    """One question to a model that is already loaded.

    Args:
        model: In evaluation mode; nobody else uses it meanwhile.
        images: Turns a picture into patches.
        tokens: Turns texts into ids.
        profile: How zoomed pictures are handed over, and how much may be written.
        reuse: False computes the whole dialogue again in every turn; the outputs are the same. It is
            there to be compared with.
        features: What is kept of pictures that other conversations saw; None where each sees its own.
    """

    def __init__(
        self,
        model: Qwen2_5_VLForConditionalGeneration,
        images: SnappingImageProcessor,
        tokens: DialogueTokens,
        profile: Profile,
        *,
        reuse: bool = True,
        features: PictureFeatures | None = None,
    ) -> None:
        self.model = model
        self._images = images
        self.tokens = tokens
        self.profile = profile
        self._reuse = reuse
        self._features = features
        self._ids: list[int] = []  # the whole dialogue
        self._turn_start = 0  # index in it of what the model wrote last
        self._grids: list[Tensor] = []  # (1, 3) patches of every picture: time, rows, columns
        self._patches: list[Tensor] = []  # (patches, values) of every picture
        self.cache = DynamicCache(config=model.config)
        self._pictures_held = 0  # how many pictures the cache holds
        self.position = 0  # of the next token

    def turn(self, pixels: NDArray[np.uint8], text: str, *, on_token: OnToken, cancel: CancelToken) -> str:
        """See :class:`zoomearth.models.engine.Conversation`."""
        cancel.check()
        self.prepare(pixels, text)
        with torch.inference_mode(), stopping(self.model, cancel), self.freeing_memory():
            turn = self.begin(on_token)
            while not turn.has_ended:
                cancel.check()
                turn.take(self._compute_next(turn.last))
        return turn.text

    def prepare(self, pixels: NDArray[np.uint8], text: str) -> None:
        """Put a picture and what is said with it behind the dialogue; nothing is computed yet."""
        tokens = self._add_picture(pixels)
        if self._ids:
            self._take_back_answer()
            self._ids += self.tokens.handover(text, tokens)
        else:
            self._ids += self.tokens.opening(text, tokens)
        if not self._reuse:
            self.forget()
        self._turn_start = len(self._ids)

    def begin(self, on_token: OnToken) -> Turn:
        """Compute what is new, and write the first token of the turn."""
        turn = Turn(self, on_token)
        turn.take(self._compute_new())
        return turn

    def _add_picture(self, pixels: NDArray[np.uint8]) -> int:
        """Keep a picture's patches; returns how many tokens it takes."""
        made = self._images(images=[pixels], input_data_format="channels_last", return_tensors="pt")
        self._patches.append(made["pixel_values"])
        self._grids.append(made["image_grid_thw"])
        return int(made["image_grid_thw"].prod()) // self._images.merge_size**2

    def _take_back_answer(self) -> None:
        """Before a picture goes into the assistant's turn, forget an answer that was given without it."""
        if self.profile.handover is not Handover.ASSISTANT_TURN:
            return
        written = self._ids[self._turn_start :]
        kept, rest = self.tokens.cut_before(written, ANSWER_MARK)
        if kept == len(written):
            return
        self._ids[self._turn_start + kept :] = []
        surplus = self.cache.get_seq_length() - len(self._ids)
        if surplus > 0 and self.model.model.language_model.has_sliding_layers:
            self.forget()  # a window that has slid cannot be wound back
        elif surplus > 0:
            self.cache.crop(-surplus)
        self._ids += rest

    def restart(self) -> None:
        """Take back what was written in this turn, to write it once more."""
        del self._ids[self._turn_start :]
        self.forget()

    def forget(self) -> None:
        """Empty the cache; the next computation starts from the first token and picture."""
        self.cache = DynamicCache(config=self.model.config)
        self._pictures_held = 0

    def choose(self, logits: Tensor) -> int | None:
        """The likeliest token, added to the dialogue; None where that ends the turn."""
        suppressed = torch.tensor(self.tokens.suppressed_ids, device=logits.device)
        highest, token = logits.float().index_fill(0, suppressed, float("-inf")).max(dim=0)
        if not highest.isfinite():  # half precision overflows in some models; its text would be noise
            raise errors.ModelIncompatibleError(
                f"the model's numbers overflow in {logits.dtype} on {logits.device}",
                "This device cannot run this model in the number format that it has; choose another model.",
            )
        if int(token) in self.tokens.end_ids:
            return None
        self._ids.append(int(token))
        return int(token)

    def _compute_new(self) -> Tensor:
        """Everything that the cache does not hold, pictures included; logits of what comes next."""
        ids = torch.tensor([self._ids], device=self.model.device)
        positions, _ = self.model.model.get_rope_index(
            ids,
            mm_token_type_ids=(ids == self.tokens.image_id).int(),
            image_grid_thw=torch.cat(self._grids).to(ids.device),
        )
        self.position = int(positions.max()) + 1
        held, pictures_held = self.cache.get_seq_length(), self._pictures_held
        self._pictures_held = len(self._grids)
        if self._features is not None:
            return self._forward(
                inputs_embeds=self._embedded(ids[:, held:], pictures_held, self._features),
                position_ids=positions[:, :, held:],
            )
        return self._forward(
            input_ids=ids[:, held:],
            position_ids=positions[:, :, held:],
            pixel_values=torch.cat(self._patches[pictures_held:]).to(ids.device),
            image_grid_thw=torch.cat(self._grids[pictures_held:]).to(ids.device),
        )

    def _embedded(self, ids: Tensor, pictures_held: int, features: PictureFeatures) -> Tensor:
        """Embeddings of (1, tokens) ids, with the features of the pictures that are new in their places."""
        embeddings: Tensor = self.model.get_input_embeddings()(ids)
        new = zip(self._patches[pictures_held:], self._grids[pictures_held:], strict=True)
        seen = torch.cat([features.of(self.model, patches, grid) for patches, grid in new])
        places = (ids == self.tokens.image_id)[..., None].expand_as(embeddings)
        return embeddings.masked_scatter(places, seen.to(embeddings.dtype))

    def _compute_next(self, token: int) -> Tensor:
        ids = torch.tensor([[token]], device=self.model.device)
        positions = torch.full((3, 1, 1), self.position, device=self.model.device)
        self.position += 1
        return self._forward(input_ids=ids, position_ids=positions)

    def _forward(self, **inputs: Any) -> Tensor:
        """Logits (vocabulary,) after the last of the inputs, which join the cache."""
        made = self.model(**inputs, past_key_values=self.cache, use_cache=True, logits_to_keep=1)
        logits: Tensor = made.logits[0, -1]
        return logits

    @contextmanager
    def freeing_memory(self) -> Iterator[None]:
        """Turn a full device into our own error, after letting go of all that fills it."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
            if not is_out_of_memory(error):
                raise
            message = (str(error).splitlines() or ["out of memory"])[0]
            traceback.clear_frames(error.__traceback__)  # the frames hold the tensors
        else:
            return
        self.forget()
        if self.model.device.type == "cuda":
            torch.cuda.empty_cache()
        elif self.model.device.type == "mps":
            torch.mps.empty_cache()
        raise errors.OutOfMemoryError(message)


class Turn:
    """What one conversation writes, from its first token to its last.

    Args:
        conversation: Whose.
        on_token: Told of each new piece of text.
    """

    def __init__(self, conversation: CachedConversation, on_token: OnToken) -> None:
        self.conversation = conversation
        self.has_ended = False
        self.last = -1
        self._on_token = on_token
        self._written: list[int] = []
        self._told = ""

    @property
    def text(self) -> str:
        """All that was written."""
        return self.conversation.tokens.written(self._written)

    def take(self, logits: Tensor) -> None:
        """Write the token that (vocabulary,) logits say."""
        token = self.conversation.choose(logits)
        if token is None:
            self.has_ended = True
            return
        self.last = token
        self._written.append(token)
        self._tell()
        self.has_ended = len(self._written) >= self.conversation.profile.max_new_tokens

    def _tell(self) -> None:
        """Pass on the text that is new; half a character, which decodes to U+FFFD, waits for its rest."""
        text = self.text.rstrip("\ufffd")
        if len(text) > len(self._told) and text.startswith(self._told):
            self._on_token(text[len(self._told) :])
            self._told = text


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device, or the machine, has run out; only CUDA has a class of its own for it."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in _MEMORY_WORDS)


@contextmanager
def stopping(model: Qwen2_5_VLForConditionalGeneration, cancel: CancelToken) -> Iterator[None]:
    """Within: every block of the model looks at the request to stop before it computes."""
    blocks = [*model.model.visual.blocks, *model.model.language_model.layers]
    hooks = [block.register_forward_pre_hook(lambda *_: cancel.check()) for block in blocks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
