"""A played-back engine that keeps what it was shown and told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from zoomearth.core.progress import CancelToken
from zoomearth.models.engine import OnToken
from zoomearth.models.profile import Profile
from zoomearth.models.scripted import ScriptedConversation, ScriptedEngine

Heard = list[tuple[NDArray[np.uint8], str]]


class ListeningConversation(ScriptedConversation):
    """A playback that keeps what it was shown and told."""

    def __init__(self, outputs: tuple[str, ...], heard: Heard) -> None:
        super().__init__(outputs)
        self._heard = heard

    def turn(self, pixels: NDArray[np.uint8], text: str, *, on_token: OnToken, cancel: CancelToken) -> str:
        self._heard.append((pixels, text))
        return super().turn(pixels, text, on_token=on_token, cancel=cancel)


class ListeningEngine(ScriptedEngine):
    def __init__(self, outputs: tuple[str, ...]) -> None:
        super().__init__("scripted", outputs)
        self.outputs = outputs
        self.heard: Heard = []

    def asked_like(self, profile: Profile) -> ListeningEngine:
        """The same playback under another profile, with this one's views and crops."""
        self.profile = replace(profile, view_side_px=512, minimum_crop_px=512)
        return self

    def converse(self) -> ListeningConversation:
        return ListeningConversation(self.outputs, self.heard)
