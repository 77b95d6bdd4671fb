"""Training samples: what the model is shown and what it should write, look by look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.frames import PixelBox, View, ViewBox, view_size
from .tokenizer import BOX_CLOSE, BOX_MIDDLE, BOX_OPEN

ZOOM_PROMPT = "{question} Zoom if needed."
ANSWER_PROMPT = "{question} Answer now."


@dataclass(frozen=True)
class SeenObject:
    """A labelled thing in a view; colour is empty where it has none."""

    box: ViewBox
    kind: str
    colour: str


@dataclass(frozen=True)
class Look:
    """One picture and what is written after it.

    Args:
        pixels: (height, width, 3) uint8.
        text: The assistant's words after this picture.
        target: Where the object asked about lies in the picture; None when it is not there.
        objects: All labelled things in the picture; None where labels are incomplete.
        shown_by: What in the picture the answer is read from; None for the target.
        fact: What that tells, an index into :data:`.labels.FACTS`; None where it is none of them.
    """

    pixels: NDArray[np.uint8]
    text: str
    target: ViewBox | None
    objects: tuple[SeenObject, ...] | None
    shown_by: ViewBox | None = None
    fact: int | None = None


@dataclass(frozen=True)
class Sample:
    """A conversation: the prompt comes with the first look, later looks stand in the same turn."""

    prompt: str
    looks: tuple[Look, ...]


@dataclass(frozen=True)
class LookSettings:
    """How the model looks: from its profile.

    Args:
        side_px: Longer side of a view.
        minimum_crop_px: Least side of a zoom window, raster pixels.
        magnification: Small windows are enlarged up to so many view pixels across a raster pixel.
        context_px: Things of scenes are pointed at with so much around them, raster pixels: their
            neighbours and wakes lie there.
    """

    side_px: int = 240
    minimum_crop_px: int = 120
    magnification: float = 4.0
    context_px: int = 384

    def view(self, window: PixelBox) -> View:
        """How a window is shown."""
        return View(window, view_size(window, self.side_px, self.magnification))


def box_text(box: ViewBox, label: str, side_px: int) -> str:
    """A zoom as the protocol writes it: whole view pixels, at least one wide and high."""
    left, top = min(round(box.left), side_px - 1), min(round(box.top), side_px - 1)
    left, top = max(0, left), max(0, top)
    right, bottom = (
        max(left + 1, min(round(box.right), side_px)),
        max(top + 1, min(round(box.bottom), side_px)),
    )
    return f"{BOX_OPEN}{left}, {top}, {right}, {bottom}{BOX_MIDDLE}{label}{BOX_CLOSE}"


def answer_text(thought: str, answer: str, box: str = "") -> str:
    """An answer, with the place that it was read from where one is known: ``box`` of :func:`box_text`."""
    return f"<think>{thought}</think>{box}<answer>{answer}</answer>"


def holds(window: PixelBox, center: tuple[float, float]) -> bool:
    """Whether a point lies in a window."""
    return window.left <= center[0] < window.right and window.top <= center[1] < window.bottom


def context_of(box: PixelBox, window: PixelBox, least_px: float, share: float = 2.0) -> PixelBox:
    """What to point at in order to see a box and what is around it.

    Args:
        box: Shares some area with ``window``.
        window: What is shown; the context stays inside.
        least_px: Least side, where the window is as large.
        share: Sides are so many times the longer one of the box, where the window is as large.
    """
    seen = box.intersection(window)
    return seen.grown_to(max(least_px, share * max(seen.width, seen.height)), window)


def aimed_window(
    box: PixelBox, extent: PixelBox, rng: np.random.Generator, minimum_px: float, spread: float = 0.12
) -> PixelBox:
    """The window of a zoom that aimed at a box, off by ``spread`` of the window, the box's middle in it."""
    window = box.grown_to(minimum_px, extent)
    for _ in range(8):
        shift = rng.normal(0, spread, 2) * (window.width, window.height)
        left = float(np.clip(window.left + shift[0], extent.left, extent.right - window.width))
        top = float(np.clip(window.top + shift[1], extent.top, extent.bottom - window.height))
        aimed = PixelBox(left, top, left + window.width, top + window.height)
        if holds(aimed, box.center):
            return aimed.snapped().intersection(extent)
    return window.snapped().intersection(extent)


Group = tuple[Sample, ...]
"""Conversations whose first look is the same picture."""
GroupMaker = Callable[[int], Group]
"""Which group an index stands for: of a scene, or of labelled imagery."""
