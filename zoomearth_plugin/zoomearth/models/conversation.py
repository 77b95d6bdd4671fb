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
    """

    def __init__(
        self,
        model: Qwen2_5_VLForConditionalGeneration,
        images: SnappingImageProcessor,
        tokens: DialogueTokens,
        profile: Profile,
        *,
        reuse: bool = True,
    ) -> None:
        self._model = model
        self._images = images
        self._tokens = tokens
        self._profile = profile
        self._reuse = reuse
        self._ids: list[int] = []  # the whole dialogue
        self._turn_start = 0  # index in it of what the model wrote last
        self._grids: list[Tensor] = []  # (1, 3) patches of every picture: time, rows, columns
        self._patches: list[Tensor] = []  # (patches, values) of every picture
        self._cache = DynamicCache(config=model.config)
        self._pictures_held = 0  # how many pictures the cache holds
        self._position = 0  # of the next token

    def turn(self, pixels: NDArray[np.uint8], text: str, *, on_token: OnToken, cancel: CancelToken) -> str:
        """See :class:`zoomearth.models.engine.Conversation`."""
        cancel.check()
        tokens = self._add_picture(pixels)
        if self._ids:
            self._take_back_answer()
            self._ids += self._tokens.handover(text, tokens)
        else:
            self._ids += self._tokens.opening(text, tokens)
        if not self._reuse:
            self._forget()
        self._turn_start = len(self._ids)
        with torch.inference_mode(), _stopping(self._model, cancel), self._freeing_memory():
            return self._write(on_token, cancel)

    def _add_picture(self, pixels: NDArray[np.uint8]) -> int:
        """Keep a picture's patches; returns how many tokens it takes."""
        made = self._images(images=[pixels], input_data_format="channels_last", return_tensors="pt")
        self._patches.append(made["pixel_values"])
        self._grids.append(made["image_grid_thw"])
        return int(made["image_grid_thw"].prod()) // self._images.merge_size**2

    def _take_back_answer(self) -> None:
        """Before a picture goes into the assistant's turn, forget an answer that was given without it."""
        if self._profile.handover is not Handover.ASSISTANT_TURN:
            return
        written = self._ids[self._turn_start :]
        kept, rest = self._tokens.cut_before(written, ANSWER_MARK)
        if kept == len(written):
            return
        self._ids[self._turn_start + kept :] = []
        surplus = self._cache.get_seq_length() - len(self._ids)
        if surplus > 0 and self._model.model.language_model.has_sliding_layers:
            self._forget()  # a window that has slid cannot be wound back
        elif surplus > 0:
            self._cache.crop(-surplus)
        self._ids += rest

    def _forget(self) -> None:
        """Empty the cache; the next computation starts from the first token and picture."""
        self._cache = DynamicCache(config=self._model.config)
        self._pictures_held = 0

    def _write(self, on_token: OnToken, cancel: CancelToken) -> str:
        logits = self._compute_new()
        told = ""
        written: list[int] = []
        while len(written) < self._profile.max_new_tokens:
            cancel.check()
            token = self._choose(logits)
            if token in self._tokens.end_ids:
                break
            written.append(token)
            self._ids.append(token)
            told = self._tell(written, told, on_token)
            if len(written) < self._profile.max_new_tokens:
                logits = self._compute_next(token)
        return self._tokens.written(written)

    def _choose(self, logits: Tensor) -> int:
        suppressed = torch.tensor(self._tokens.suppressed_ids, device=logits.device)
        highest, token = logits.float().index_fill(0, suppressed, float("-inf")).max(dim=0)
        if not highest.isfinite():  # half precision overflows in some models; its text would be noise
            raise errors.ModelIncompatibleError(
                f"the model's numbers overflow in {logits.dtype} on {logits.device}",
                "This device cannot run this model in the number format that it has; choose another model.",
            )
        return int(token)

    def _tell(self, written: list[int], told: str, on_token: OnToken) -> str:
        """Pass on the text that is new; half a character, which decodes to U+FFFD, waits for its rest."""
        text = self._tokens.written(written).rstrip("\ufffd")
        if len(text) > len(told) and text.startswith(told):
            on_token(text[len(told) :])
            return text
        return told

    def _compute_new(self) -> Tensor:
        """Everything that the cache does not hold, pictures included; logits of what comes next."""
        ids = torch.tensor([self._ids], device=self._model.device)
        positions, _ = self._model.model.get_rope_index(
            ids,
            mm_token_type_ids=(ids == self._tokens.image_id).int(),
            image_grid_thw=torch.cat(self._grids).to(ids.device),
        )
        self._position = int(positions.max()) + 1
        held, pictures_held = self._cache.get_seq_length(), self._pictures_held
        self._pictures_held = len(self._grids)
        return self._forward(
            input_ids=ids[:, held:],
            position_ids=positions[:, :, held:],
            pixel_values=torch.cat(self._patches[pictures_held:]).to(ids.device),
            image_grid_thw=torch.cat(self._grids[pictures_held:]).to(ids.device),
        )

    def _compute_next(self, token: int) -> Tensor:
        ids = torch.tensor([[token]], device=self._model.device)
        positions = torch.full((3, 1, 1), self._position, device=self._model.device)
        self._position += 1
        return self._forward(input_ids=ids, position_ids=positions)

    def _forward(self, **inputs: Any) -> Tensor:
        """Logits (vocabulary,) after the last of the inputs, which join the cache."""
        made = self._model(**inputs, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        logits: Tensor = made.logits[0, -1]
        return logits

    @contextmanager
    def _freeing_memory(self) -> Iterator[None]:
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
        self._forget()
        if self._model.device.type == "cuda":
            torch.cuda.empty_cache()
        elif self._model.device.type == "mps":
            torch.mps.empty_cache()
        raise errors.OutOfMemoryError(message)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device, or the machine, has run out; only CUDA has a class of its own for it."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in _MEMORY_WORDS)


@contextmanager
def _stopping(model: Qwen2_5_VLForConditionalGeneration, cancel: CancelToken) -> Iterator[None]:
    """Within: every block of the model looks at the request to stop before it computes."""
    blocks = [*model.model.visual.blocks, *model.model.language_model.layers]
    hooks = [block.register_forward_pre_hook(lambda *_: cancel.check()) for block in blocks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
