"""A played-back engine that keeps what it was shown and told, what it may say, and asking it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.core.types import Answer, Area, Options, Query, RasterRequest
from zoomearth.models.engine import Engine, OnToken
from zoomearth.models.profile import Profile
from zoomearth.models.scripted import ScriptedConversation, ScriptedEngine
from zoomearth.perception.loop import ask
from zoomearth.raster.reading import open_raster

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


def zoom_to(*box: float, label: str = "ship", thought: str = "small") -> str:
    return f'<think>{thought}</think>[{{"bbox_2d": {list(box)}, "label": "{label}"}}]'


def answer_with(text: str, thought: str = "clear") -> str:
    return f"<think>{thought}</think><answer>{text}</answer>"


def put(path: Path, engine: Engine, question: str = "What colour?", **options: object) -> Answer:
    return put_in(path, engine, None, question, **options)


def put_in(
    path: Path, engine: Engine, area: Area | None, question: str = "What colour?", **options: object
) -> Answer:
    query = Query(question, RasterRequest(str(path)), area, Options(**options))  # type: ignore[arg-type]
    with open_raster(query.raster) as raster:
        return ask(query, raster, engine, report=ignore_progress, cancel=CancelToken())


def codes(answer: Answer) -> list[str]:
    return [warning.split(":")[0] for warning in answer.warnings]
