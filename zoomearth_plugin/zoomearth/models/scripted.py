"""Plays back a list of model outputs, one a turn: the tests' stand-in, never a default."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import ModelIncompatibleError, ModelMissingError
from ..core.progress import CancelToken
from .engine import OnToken
from .profile import ARCHITECTURE, BoxFrame, Handover, Profile, PromptTexts

PREFIX = "scripted:"
_WORD = re.compile(r"\s*\S+\s*|\s+")


class ScriptedEngine:
    """Answers every conversation with the same outputs, in order.

    Args:
        name: Reported as the model.
        outputs: One string a turn; after the last, turns come out empty.
    """

    revision = "scripted"
    device = "none"
    warnings: tuple[str, ...] = ()

    def __init__(self, name: str, outputs: tuple[str, ...]) -> None:
        self.profile = _profile(name)
        self._outputs = outputs

    def processed_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """The same: nothing is looked at."""
        return size

    def converse(self) -> ScriptedConversation:
        return ScriptedConversation(self._outputs)


class ScriptedConversation:
    """One playback."""

    def __init__(self, outputs: tuple[str, ...]) -> None:
        self._outputs = iter(outputs)

    def turn(self, pixels: NDArray[np.uint8], text: str, *, on_token: OnToken, cancel: CancelToken) -> str:
        """The next output, told word by word as a model would."""
        output = next(self._outputs, "")
        cancel.check()
        for word in _WORD.findall(output):
            on_token(word)
            cancel.check()
        return output


def load_scripted_engine(model: str) -> ScriptedEngine:
    """The engine of ``scripted:FILE.json``, a JSON list of strings.

    Raises:
        ModelMissingError: No such file.
        ModelIncompatibleError: Not a list of strings.
    """
    path = Path(model.removeprefix(PREFIX))
    try:
        outputs = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelMissingError(f"no script {path}: {error}", "Name a JSON file that exists.") from error
    except ValueError as error:
        raise ModelIncompatibleError(
            f"{path} is no JSON: {error}", "A script is a JSON list of texts."
        ) from error
    if not isinstance(outputs, list) or not all(isinstance(output, str) for output in outputs):
        raise ModelIncompatibleError(f"{path} is no list of texts", "A script is a JSON list of texts.")
    return ScriptedEngine(f"{PREFIX}{path.name}", tuple(outputs))


def _profile(name: str) -> Profile:
    return Profile(
        name=name,
        title="Scripted outputs",
        source="",
        revision="",
        licence="",
        allows_commercial_use=True,
        licence_url="",
        download_bytes=0,
        memory_bytes=0,
        architecture=ARCHITECTURE,
        view_side_px=512,
        minimum_crop_px=512,
        box_frame=BoxFrame.VIEW_PIXELS,
        handover=Handover.ASSISTANT_TURN,
        max_new_tokens=1024,
        prompt=PromptTexts(zoom="{question}", answer="{question}"),
    )
