"""Several conversations with one model at once: their next tokens are computed together.

Each conversation runs in a thread of its own and waits for its turn here. One thread computes: what is new
to a conversation (pictures and texts) for each alone, and then the tokens that they write for all together,
which is where a small batch costs little more than a single one. Their caches are padded on the left to one
length, and taken apart again when most have written their last.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import DynamicCache

from ..core import errors
from ..core.progress import CancelToken
from .conversation import CachedConversation, Turn, stopping
from .engine import OnToken
from .features import PictureFeatures
from .profile import Profile
from .transformers_engine import TransformersEngine

_PATIENCE_S = 1.0
"""How long a group waits to be full; one who reads from a slow disk holds up the others no longer."""


@dataclass
class _Request:
    conversation: CachedConversation
    on_token: OnToken
    cancel: CancelToken
    done: threading.Event = field(default_factory=threading.Event)
    written: str = ""
    error: BaseException | None = None


class BatchedEngine:
    """An engine for several threads; :meth:`serve` computes in one of its own.

    Args:
        engine: Loaded; nobody else uses it meanwhile.
        most: Conversations in a group.
    """

    def __init__(self, engine: TransformersEngine, most: int) -> None:
        self._engine = engine
        self._most = most
        self._features = PictureFeatures()
        self._waiting: list[_Request] = []
        self._seated = 0
        self._changed = threading.Condition()
        self._is_closed = False

    @property
    def profile(self) -> Profile:
        return self._engine.profile

    @property
    def revision(self) -> str:
        return self._engine.revision

    @property
    def device(self) -> str:
        return self._engine.device

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._engine.warnings

    def processed_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """See :class:`.engine.Engine`."""
        return self._engine.processed_size(size)

    def converse(self) -> BatchedConversation:
        """Start a new question."""
        return BatchedConversation(self._engine.converse(features=self._features), self)

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Within: this thread will ask; a group waits a little for those who have a seat."""
        with self._changed:
            self._seated += 1
        try:
            yield
        finally:
            with self._changed:
                self._seated -= 1
                self._changed.notify_all()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Within: a thread computes for those who ask."""
        thread = threading.Thread(target=self._serve, name="zoomearth-model", daemon=True)
        thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._is_closed = True
                self._changed.notify_all()
            thread.join()

    def turn(self, conversation: CachedConversation, on_token: OnToken, cancel: CancelToken) -> str:
        """Wait until a conversation that was prepared has written its turn."""
        request = _Request(conversation, on_token, cancel)
        with self._changed:
            self._waiting.append(request)
            self._changed.notify_all()
        request.done.wait()
        if request.error is not None:
            raise request.error
        return request.written

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or bool(self._waiting))
                self._changed.wait_for(lambda: self._is_closed or self._is_group(), timeout=_PATIENCE_S)
                if self._is_closed and not self._waiting:
                    return
                group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            if group:
                self._answer(group)

    def _is_group(self) -> bool:
        """Whether there is nobody to wait for."""
        return len(self._waiting) >= min(self._most, max(1, self._seated))

    def _answer(self, group: list[_Request]) -> None:
        try:
            texts = write_together(
                [request.conversation for request in group],
                [request.on_token for request in group],
                [request.cancel for request in group],
            )
        except errors.OutOfMemoryError as error:
            if len(group) > 1:  # half of them may fit
                self._most = max(1, len(group) // 2)
                for request in group:
                    request.conversation.restart()
                for start in range(0, len(group), self._most):
                    self._answer(group[start : start + self._most])
                return
            self._fail(group, error)
        except BaseException as error:  # noqa: BLE001 # the thread's boundary: each who waits is told
            self._fail(group, error)
        else:
            for request, text in zip(group, texts, strict=True):
                request.written = text
                request.done.set()

    def _fail(self, group: Sequence[_Request], error: BaseException) -> None:
        for request in group:
            request.error = error
            request.done.set()


class BatchedConversation:
    """One question of several; see :class:`.engine.Conversation`."""

    def __init__(self, conversation: CachedConversation, engine: BatchedEngine) -> None:
        self._conversation = conversation
        self._engine = engine

    def turn(self, pixels: NDArray[np.uint8], text: str, *, on_token: OnToken, cancel: CancelToken) -> str:
        """See :class:`.engine.Conversation`."""
        cancel.check()
        self._conversation.prepare(pixels, text)
        return self._engine.turn(self._conversation, on_token, cancel)


def write_together(
    conversations: Sequence[CachedConversation], told: Sequence[OnToken], cancels: Sequence[CancelToken]
) -> list[str]:
    """Let conversations write their turns, token by token, all at once.

    Args:
        conversations: Prepared, of one model.
        told: Who hears of each one's tokens.
        cancels: Any of them stops the group.

    Raises:
        Cancelled: On request.
        OutOfMemoryError: The device is full.
    """
    stop = _AnyOf(cancels)
    first = conversations[0]
    with torch.inference_mode(), stopping(first.model, stop), first.freeing_memory():
        turns = [one.begin(on_token) for one, on_token in zip(conversations, told, strict=True)]
        writing = [turn for turn in turns if not turn.has_ended]
        while writing:
            stop.check()
            _Joint(writing).write(stop)
            writing = [turn for turn in writing if not turn.has_ended]
    return [turn.text for turn in turns]


class _Joint:
    """Turns that write together: their caches, side by side.

    Args:
        turns: Not ended.
    """

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._model = turns[0].conversation.model
        lengths = [turn.conversation.cache.get_seq_length() for turn in turns]
        self._longest = max(lengths)
        self._padding = [self._longest - length for length in lengths]
        self._computed = [0] * len(turns)
        self._cache = DynamicCache(config=self._model.config)
        for layer in range(len(turns[0].conversation.cache.layers)):
            layers: list[Any] = [turn.conversation.cache.layers[layer] for turn in turns]
            keys, values = (
                torch.cat(
                    [
                        torch.nn.functional.pad(part, (0, 0, padding, 0))
                        for part, padding in zip(parts, self._padding, strict=True)
                    ]
                )
                for parts in ([one.keys for one in layers], [one.values for one in layers])
            )
            self._cache.update(keys, values, layer)
        self._mask = torch.ones((len(turns), self._longest), dtype=torch.long, device=self._model.device)
        for row, padding in enumerate(self._padding):
            self._mask[row, :padding] = 0

    def write(self, stop: CancelToken) -> None:
        """Until half of the turns have ended; the rest is better off in a smaller group."""
        while 2 * sum(turn.has_ended for turn in self._turns) < len(self._turns):
            stop.check()
            logits = self._forward()
            for row, turn in enumerate(self._turns):
                if not turn.has_ended:
                    self._computed[row] += 1
                    turn.conversation.position += 1
                    turn.take(logits[row])
        self._take_apart()

    def _forward(self) -> Tensor:
        """Logits (turns, vocabulary) after the last token of each; one that has ended repeats its last."""
        device = self._model.device
        ids = torch.tensor([[turn.last] for turn in self._turns], device=device)
        positions = torch.tensor([turn.conversation.position for turn in self._turns], device=device)
        self._mask = torch.nn.functional.pad(self._mask, (0, 1), value=1)
        made = self._model(
            input_ids=ids,
            position_ids=positions.view(1, -1, 1).expand(3, -1, 1),
            attention_mask=self._mask,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits: Tensor = made.logits[:, -1]
        return logits

    def _take_apart(self) -> None:
        """Each conversation's own cache, without padding and without what came after its end."""
        for row, turn in enumerate(self._turns):
            own = DynamicCache(config=self._model.config)
            span = slice(self._padding[row], self._longest + self._computed[row])
            joint: list[Any] = self._cache.layers
            for layer, both in enumerate(joint):
                keys, values = (
                    part[row : row + 1, :, span].contiguous() for part in (both.keys, both.values)
                )
                own.update(keys, values, layer)
            turn.conversation.cache = own


class _AnyOf(CancelToken):
    """Set when any of others is."""

    def __init__(self, tokens: Sequence[CancelToken]) -> None:
        super().__init__()
        self._tokens = list(dict.fromkeys(tokens))

    @property
    def is_cancelled(self) -> bool:
        return any(token.is_cancelled for token in self._tokens)

    def check(self) -> None:
        for token in self._tokens:
            token.check()
