"""What every engine offers: conversations in which pictures follow one another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.progress import CancelToken
from .profile import Profile

OnToken = Callable[[str], None]
"""Called with each piece of text as it is written; must return at once."""

LOADING_SHARE = 0.1
"""Share of a question's progress that loading the model takes; the question itself goes on from there."""


class Conversation(Protocol):
    """One question, any number of looks. A conversation whose turn raised is over."""

    def turn(self, pixels: NDArray[np.uint8], text: str, *, on_token: OnToken, cancel: CancelToken) -> str:
        """Show a picture and let the model write.

        Args:
            pixels: (rows, columns, 3), of any size.
            text: What the user says with it. On later turns of a profile that hands pictures over
                inside the assistant's turn it is not used.
            on_token: Told of each new piece of text.
            cancel: Looked at before every layer and every token.

        Returns:
            What the model wrote in this turn, without the token that ends a turn.

        Raises:
            Cancelled: Within one token of the request.
            OutOfMemoryError: The device is full; what this conversation held is freed.
        """


class Engine(Protocol):
    """A loaded model."""

    @property
    def profile(self) -> Profile: ...

    @property
    def revision(self) -> str:
        """Which weights: a commit of the hub, or a fingerprint of the files."""

    @property
    def device(self) -> str:
        """For people: ``cuda:0 bfloat16``."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What every answer should say about this engine, each ``code: sentence``."""

    def processed_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """(width, height) of what the model is really given of a picture of that size."""

    def converse(self) -> Conversation:
        """Start a new question; one conversation at a time."""
