"""Training samples: what the model is shown and what it should write, look by look."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.frames import PixelBox, View, ViewBox, view_size
from .scenes.drawing import draw
from .scenes.layout import PAINTED_KINDS, Scene, SceneObject, make_scene
from .scenes.questions import SceneQuestion, article, ask_about, unanswerable, with_aside
from .tokenizer import BOX_CLOSE, BOX_MIDDLE, BOX_OPEN, CANNOT_TELL

ZOOM_PROMPT = "{question} Zoom if needed."
ANSWER_PROMPT = "{question} Answer now."
TOPICS = ("colour", "category", "existence")
_SIZES_PX = (4096, 4096, 4096, 4096, 4096, 4096, 5120, 6144, 8192)


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
    """

    pixels: NDArray[np.uint8]
    text: str
    target: ViewBox | None
    objects: tuple[SeenObject, ...] | None


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
    """

    side_px: int = 240
    minimum_crop_px: int = 512


def box_text(box: ViewBox, label: str, side_px: int) -> str:
    """A zoom as the protocol writes it: whole view pixels, at least one wide and high."""
    left, top = min(round(box.left), side_px - 1), min(round(box.top), side_px - 1)
    left, top = max(0, left), max(0, top)
    right, bottom = (
        max(left + 1, min(round(box.right), side_px)),
        max(top + 1, min(round(box.bottom), side_px)),
    )
    return f"{BOX_OPEN}{left}, {top}, {right}, {bottom}{BOX_MIDDLE}{label}{BOX_CLOSE}"


def answer_text(thought: str, answer: str) -> str:
    return f"<think>{thought}</think><answer>{answer}</answer>"


def scene_sample(seed: int, settings: LookSettings) -> Sample:
    """One sample of the scene mix; equal seeds give equal samples.

    Shares: zoom and answer 45 %, pointing alone 20 %, a near view alone 25 %, an overview alone 6 %,
    unanswerable 4 %.
    """
    rng = np.random.default_rng([seed, 77])
    scene = make_scene(seed, int(rng.choice(_SIZES_PX)))
    roll = rng.random()
    for _ in range(20):
        if roll >= 0.96:
            return _unanswerable_sample(scene, rng, settings)
        question = ask_about(scene, rng, TOPICS[int(rng.integers(3))])
        if question is None or question.target is None:
            continue
        if roll < 0.65:
            return _zoom_sample(scene, question, rng, settings, with_answer=roll < 0.45)
        if roll < 0.90:
            return _near_sample(scene, rng, settings)
        return _overview_sample(scene, question, rng, settings)
    return _unanswerable_sample(scene, rng, settings)


def thought_about(thing: SceneObject) -> str:
    """What the model says of an object it sees: ``a red ship``, ``a tree``."""
    words = f"{thing.colour} {thing.kind}" if thing.kind in PAINTED_KINDS else thing.kind
    return f"{article(words)} {words}"


def _look(scene: Scene, window: PixelBox, text: str, target: SceneObject | None, side_px: int) -> Look:
    view = View(window, view_size(window, side_px))
    objects = tuple(
        SeenObject(view.to_view(thing.box), thing.kind, thing.colour if thing.kind in PAINTED_KINDS else "")
        for thing in scene.objects
        if _holds(window, thing.center)
    )
    is_seen = target is not None and _holds(window, target.center)
    return Look(draw(scene, view), text, view.to_view(target.box) if target and is_seen else None, objects)


def _holds(window: PixelBox, center: tuple[float, float]) -> bool:
    return window.left <= center[0] < window.right and window.top <= center[1] < window.bottom


def _zoom_sample(
    scene: Scene,
    question: SceneQuestion,
    rng: np.random.Generator,
    settings: LookSettings,
    *,
    with_answer: bool,
) -> Sample:
    target = question.target
    if target is None:
        raise ValueError(f"nothing to look at: {question.text}")
    overview = View(scene.extent, view_size(scene.extent, settings.side_px))
    label = question.sought.split(" ")[0] if " tank" not in question.sought else "storage tank"
    box = box_text(overview.to_view(target.box), label, settings.side_px)
    text = f"<think>find {question.sought}</think>{box}"
    looks = [_look(scene, scene.extent, text, target, settings.side_px)]
    if with_answer:
        reply = answer_text(thought_about(target), question.answer)
        window = aimed_window(target.box, scene.extent, rng, settings.minimum_crop_px)
        looks.append(_look(scene, window, reply, target, settings.side_px))
    return Sample(ZOOM_PROMPT.format(question=with_aside(question.text, rng)), tuple(looks))


def aimed_window(box: PixelBox, extent: PixelBox, rng: np.random.Generator, minimum_px: float) -> PixelBox:
    """The window of a zoom that aimed at a box as well as a model does: off by a tenth of the window."""
    window = box.grown_to(minimum_px, extent)
    for _ in range(8):
        shift = rng.normal(0, 0.12, 2) * (window.width, window.height)
        left = float(np.clip(window.left + shift[0], extent.left, extent.right - window.width))
        top = float(np.clip(window.top + shift[1], extent.top, extent.bottom - window.height))
        aimed = PixelBox(left, top, left + window.width, top + window.height)
        if _holds(aimed, box.center):
            return aimed.snapped().intersection(extent)
    return window.snapped().intersection(extent)


def _near_sample(scene: Scene, rng: np.random.Generator, settings: LookSettings) -> Sample:
    """One near view, a question without a place, answered at once."""
    target = scene.objects[int(rng.integers(len(scene.objects)))]
    side = settings.minimum_crop_px * math.exp(rng.normal(0.05, 0.25))
    window = aimed_window(target.box, scene.extent, rng, side)
    seen = [thing for thing in scene.objects if _holds(window, thing.center)]
    alone = Scene(**{**scene.__dict__, "objects": (target,)}) if len(seen) > 1 else scene
    question = None
    while question is None or question.target is not target:
        question = ask_about(alone, rng, TOPICS[int(rng.integers(3))])
    reply = answer_text(thought_about(target), question.answer)
    look = _look(alone, window, reply, target, settings.side_px)
    prompt = ANSWER_PROMPT if rng.random() < 0.7 else ZOOM_PROMPT
    return Sample(prompt.format(question=with_aside(_placeless(question.text, rng), rng)), (look,))


def _placeless(text: str, rng: np.random.Generator) -> str:
    """Mostly drop `` in the north``: in a near view the words of place no longer hold."""
    if rng.random() < 0.3:
        return text
    for start in (" in the ", " at the "):
        if start in text:
            return text[: text.index(start)] + text[-1]
    return text


def _overview_sample(
    scene: Scene, question: SceneQuestion, rng: np.random.Generator, settings: LookSettings
) -> Sample:
    target = question.target
    if target is None:
        raise ValueError(f"nothing to look at: {question.text}")
    reply = answer_text(thought_about(target), question.answer)
    look = _look(scene, scene.extent, reply, target, settings.side_px)
    return Sample(ANSWER_PROMPT.format(question=with_aside(question.text, rng)), (look,))


def _unanswerable_sample(scene: Scene, rng: np.random.Generator, settings: LookSettings) -> Sample:
    window = scene.extent
    if rng.random() < 0.5 and scene.objects:
        window = aimed_window(scene.objects[0].box, scene.extent, rng, settings.minimum_crop_px)
    look = _look(scene, window, answer_text("unknown", CANNOT_TELL), None, settings.side_px)
    prompt = ZOOM_PROMPT if rng.random() < 0.5 else ANSWER_PROMPT
    return Sample(prompt.format(question=with_aside(unanswerable(rng), rng)), (look,))


SampleMaker = Callable[[int], Sample]
