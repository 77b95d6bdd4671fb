"""Conversations about procedural scenes, in groups that begin with one picture.

A thing of a large scene is found in two steps, as a person finds it: from the overview the ninth that
holds it, from the ninth the thing. The view from near by then names its box once more, with the answer.

Of seven groups in a row the first begins with the overview of a scene (zoom twice and answer, point, answer
about the whole, guess from afar), the second with a middle view of it (zoom once and answer, point), three
with near views of one thing each, about which everything is asked that can be. Two glance at scenes of their
own, about which nothing is asked but what is seen from afar: a scene of its own tells more about seasons than
another question about a scene seen before.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..core.frames import PixelBox
from .labels import LAKE, fact_of
from .samples import (
    ANSWER_PROMPT,
    ZOOM_PROMPT,
    Group,
    Look,
    LookSettings,
    Sample,
    SeenObject,
    aimed_window,
    answer_text,
    box_text,
    context_of,
    holds,
)
from .scenes.drawing import draw
from .scenes.layout import Scene, make_scene
from .scenes.questions import TYPES, SceneQuestion, ask_about
from .scenes.things import Landmark, Site
from .scenes.unanswerable import unanswerable
from .scenes.wording import with_aside
from .tokenizer import CANNOT_TELL

_SIZES_PX = (4096, 4096, 4096, 4096, 4096, 4096, 4096, 6144, 6144, 8192)
GROUPS_A_SCENE = 7
_GLANCES = 2
_FIRST_GLANCE = 300_000
"""Scenes from here on are glanced at only."""
_RARE = {"material/surface": 4.0, "shape/structure": 4.0, "other visual features": 2.0, "status": 1.6}
"""Topics that few scenes offer are asked for more often where they can be."""
_ZOOMS, _POINTINGS, _NEAR = 1, 3, 6
"""Conversations of each sort in a group."""
_WIDER = 0.02
"""By so much of the scene a ninth is shown wider on each side: sites may reach out of theirs."""
_CONTEXT_SHARE = 1.2
"""Of a thing too large for the usual context so much is shown."""
_NEAR_SCENE_PX = 6.0
"""Scene pixels in a view pixel from which on a site is seen as one thing."""


def scene_group(index: int, settings: LookSettings) -> Group:
    """One group; equal indices give equal ones."""
    number, turn = divmod(index, GROUPS_A_SCENE)
    rng = np.random.default_rng([index, 77])
    if turn >= GROUPS_A_SCENE - _GLANCES:
        glanced_at = _scene(_FIRST_GLANCE + _GLANCES * number + turn % _GLANCES)
        return _about_the_whole(glanced_at, _asked(glanced_at, rng), rng, settings)
    scene = _scene(number)
    if turn == 0 or not (scene.landmarks or scene.sites):
        return _overview_group(scene, rng, settings)
    things: list[Landmark | Site] = [*scene.landmarks, *scene.sites]
    thing = things[int(rng.integers(len(things)))]
    return (_middle_group if turn == 1 else _near_group)(scene, thing, rng, settings)


@lru_cache(maxsize=8)
def _scene(number: int) -> Scene:
    size_px = int(np.random.default_rng([number, 82]).choice(_SIZES_PX))
    return make_scene(number, size_px)


def _asked(scene: Scene, rng: np.random.Generator) -> list[SceneQuestion]:
    """A question of every type that the scene offers, in any order, rare types early."""
    questions = [question for topic in TYPES if (question := ask_about(scene, rng, topic)) is not None]
    weights = np.array([_RARE.get(question.topic, 1.0) for question in questions])
    order = rng.choice(len(questions), len(questions), replace=False, p=weights / weights.sum())
    return [questions[int(one)] for one in order]


def _overview_group(scene: Scene, rng: np.random.Generator, settings: LookSettings) -> Group:
    asked = _asked(scene, rng)
    placed = [question for question in asked if question.looked_at is not None]
    samples = [_found_in_two_steps(scene, one, rng, settings) for one in placed[:_ZOOMS]]
    # Where the words do not tell the place, the picture must: such are pointed at first.
    pointed = sorted(placed[_ZOOMS:], key=lambda one: one.where != "")[:_POINTINGS]
    samples += [_told(one, rng, (_toward_ninth(scene, one, settings),)) for one in pointed]
    samples += _about_the_whole(scene, asked, rng, settings)
    if placed and rng.random() < 0.5:
        samples.append(_overview_sample(scene, placed[-1], rng, settings))
    if rng.random() < 0.25:
        samples.append(_unanswerable_sample(scene, scene.extent, rng, settings))
    return tuple(samples)


def _about_the_whole(
    scene: Scene, asked: list[SceneQuestion], rng: np.random.Generator, settings: LookSettings
) -> Group:
    return tuple(_global_sample(scene, one, rng, settings) for one in asked if one.looked_at is None)


def _middle_group(
    scene: Scene, thing: Landmark | Site, rng: np.random.Generator, settings: LookSettings
) -> Group:
    """About one thing, in a window as large as a ninth, more or less."""
    side = (1 / 3 + 2 * _WIDER) * scene.size_px * math.exp(rng.normal(0, 0.15))
    window = aimed_window(thing.box, scene.extent, rng, side, spread=0.25)
    asked = [question for question in _asked(_alone(scene, thing), rng) if question.looked_at is not None]
    look = _look(scene, window, "", thing.box, settings)
    samples = []
    for number, question in enumerate(asked[: 1 + _POINTINGS]):
        looks = [_pointing(look, window, question, settings)]
        if number == 0:
            looks.append(_closest(scene, question, rng, settings))
        samples.append(_told(question, rng, tuple(looks), placeless=True))
    return tuple(samples)


def _near_group(
    scene: Scene, thing: Landmark | Site, rng: np.random.Generator, settings: LookSettings
) -> Group:
    """Everything about one thing, looked at from near by."""
    side = settings.context_px * math.exp(rng.normal(0.1, 0.25))
    window = aimed_window(thing.box, scene.extent, rng, side)
    asked = [question for question in _asked(_alone(scene, thing), rng) if question.looked_at is not None]
    look = _look(scene, window, "", thing.box, settings)
    samples = [_near_sample(look, window, question, rng, settings) for question in asked[:_NEAR]]
    if rng.random() < 0.15:
        samples.append(_unanswerable_sample(scene, window, rng, settings))
    return tuple(samples)


def _alone(scene: Scene, thing: Landmark | Site) -> Scene:
    """The scene as if nothing else could be asked about."""
    return replace(
        scene,
        landmarks=(thing,) if isinstance(thing, Landmark) else (),
        sites=(thing,) if isinstance(thing, Site) else (),
    )


@lru_cache(maxsize=8)
def _overview(number: int, size_px: int, settings: LookSettings) -> NDArray[np.uint8]:
    scene = _scene(number)
    return draw(scene, settings.view(scene.extent))


def _look(scene: Scene, window: PixelBox, text: str, target: PixelBox | None, settings: LookSettings) -> Look:
    view = settings.view(window)
    is_all = window == scene.extent
    pixels = _overview(scene.seed, scene.size_px, settings) if is_all else draw(scene, view)
    objects = tuple(
        SeenObject(view.to_view(box), kind, colour)
        for box, kind, colour in _labelled(scene, max(view.pixels_per_view_pixel))
        if holds(window, box.center)
    )
    is_seen = target is not None and holds(window, target.center)
    return Look(pixels, text, view.to_view(target) if target is not None and is_seen else None, objects)


def _labelled(scene: Scene, scene_px_per_view_px: float) -> list[tuple[PixelBox, str, str]]:
    """Everything that has a label at this reduction: (box, kind, paint)."""
    found = [(one.box, one.kind, one.thing.paint) for one in scene.landmarks]
    found += [(PixelBox(*lake.min(axis=0), *lake.max(axis=0)), LAKE, "") for lake in scene.lakes]
    if scene_px_per_view_px > _NEAR_SCENE_PX:
        return found + [(site.box, site.kind, "") for site in scene.sites]
    companions = [one.companion for one in scene.landmarks if one.companion is not None]
    items = [thing for site in scene.sites for thing in site.things]
    found += [(thing.box, thing.kind, "") for thing in (*companions, *items)]
    return found + [(site.box, site.kind, "") for site in scene.sites if not site.things]


def _found_in_two_steps(
    scene: Scene, question: SceneQuestion, rng: np.random.Generator, settings: LookSettings
) -> Sample:
    ninth = _ninth(scene, _target(question))
    looks = (
        _toward_ninth(scene, question, settings),
        _pointing(_look(scene, ninth, "", _target(question), settings), ninth, question, settings),
        _closest(scene, question, rng, settings),
    )
    return _told(question, rng, looks)


def _told(
    question: SceneQuestion, rng: np.random.Generator, looks: tuple[Look, ...], *, placeless: bool = False
) -> Sample:
    text = _placeless(question.text, rng) if placeless else question.text
    return Sample(ZOOM_PROMPT.format(question=with_aside(text, rng)), looks)


def _ninth(scene: Scene, target: PixelBox) -> PixelBox:
    """The ninth of the scene that holds a target's middle, a little wider; whole pixels."""
    third, wider = scene.size_px / 3, _WIDER * scene.size_px
    left, top = (third * min(2, int(side / third)) for side in target.center)
    wide = PixelBox(left - wider, top - wider, left + third + wider, top + third + wider)
    return wide.intersection(scene.extent).snapped()


def _toward_ninth(scene: Scene, question: SceneQuestion, settings: LookSettings) -> Look:
    """The overview, and which ninth to look at; where the words do not tell, by what is seen."""
    target = _target(question)
    overview = settings.view(scene.extent)
    box = box_text(overview.to_view(_ninth(scene, target)), question.named, settings.side_px)
    text = f"<think>find {question.named}{question.where}</think>{box}"
    return _look(scene, scene.extent, text, None if question.where else target, settings)


def _pointing(look: Look, window: PixelBox, question: SceneQuestion, settings: LookSettings) -> Look:
    """A look that holds its target, and where in it to look closer."""
    around = context_of(_target(question), window, settings.context_px, _CONTEXT_SHARE)
    box = box_text(settings.view(window).to_view(around), question.named, settings.side_px)
    return replace(look, text=f"<think>find {question.named}</think>{box}")


def _closest(scene: Scene, question: SceneQuestion, rng: np.random.Generator, settings: LookSettings) -> Look:
    """The target from near by, its box, and the answer."""
    target = _target(question)
    around = context_of(target, scene.extent, settings.context_px, _CONTEXT_SHARE)
    window = aimed_window(around, scene.extent, rng, settings.context_px, spread=0.06)
    look = _look(scene, window, "", target, settings)
    return _answered(look, window, question, settings)


def _answered(look: Look, window: PixelBox, question: SceneQuestion, settings: LookSettings) -> Look:
    """The look with its answer, and with the box that it is read from."""
    if look.target is None:
        return replace(look, text=_reply(question))
    kind = question.target.kind if question.target is not None else "site"
    view = settings.view(window)
    text = answer_text(question.seen, question.answer, box_text(look.target, kind, settings.side_px))
    shown_by = view.to_view(question.shown_by) if question.shown_by is not None else None
    return replace(look, text=text, fact=fact_of(question.topic, question.answer), shown_by=shown_by)


def _target(question: SceneQuestion) -> PixelBox:
    if question.looked_at is None:
        raise ValueError(f"nothing to look at: {question.text}")
    return question.looked_at


def _reply(question: SceneQuestion) -> str:
    return answer_text(question.seen, question.answer)


def _global_sample(
    scene: Scene, question: SceneQuestion, rng: np.random.Generator, settings: LookSettings
) -> Sample:
    prompt = ANSWER_PROMPT if rng.random() < 0.3 else ZOOM_PROMPT
    # The answer lies everywhere: words about the whole look at all of it.
    look = _look(scene, scene.extent, _reply(question), scene.extent, settings)
    look = replace(look, fact=fact_of(question.topic, question.answer))
    return Sample(prompt.format(question=with_aside(question.text, rng)), (look,))


def _near_sample(
    look: Look,
    window: PixelBox,
    question: SceneQuestion,
    rng: np.random.Generator,
    settings: LookSettings,
) -> Sample:
    """Mostly a question without a place, answered at once."""
    prompt = ANSWER_PROMPT if rng.random() < 0.7 else ZOOM_PROMPT
    text = with_aside(_placeless(question.text, rng), rng)
    looks = (_answered(look, window, question, settings),)
    return Sample(prompt.format(question=text), looks)


def _placeless(text: str, rng: np.random.Generator) -> str:
    """Mostly drop `` in the north``: in a near view the words of place no longer hold."""
    if rng.random() < 0.3:
        return text
    for start in (" in the ", " at the "):
        if start in text and not text.startswith(start.strip().capitalize()):
            before, _, after = text.partition(start)
            rest = [word for word in after.split(" ") if word]
            kept = _after_place(rest)
            return f"{before} {' '.join(kept)}".rstrip() if kept else before + text[-1]
    return text


_PLACE_WORDS = frozenset(
    "north south east west centre center middle top bottom left right upper lower part corner northern"
    " southern western eastern north-west north-east south-west south-east northwest northeast southwest"
    " southeast top-left top-right bottom-left bottom-right".split()
)


def _after_place(words: list[str]) -> list[str]:
    """What follows the words of place: ``used for?``, ``made of?``."""
    count = 0
    while count < len(words) and words[count].rstrip("?.") in _PLACE_WORDS:
        count += 1
        if words[count - 1][-1] in "?.":
            return []
    return words[count:]


def _overview_sample(
    scene: Scene, question: SceneQuestion, rng: np.random.Generator, settings: LookSettings
) -> Sample:
    look = _look(scene, scene.extent, _reply(question), _target(question), settings)
    return Sample(ANSWER_PROMPT.format(question=with_aside(question.text, rng)), (look,))


def _unanswerable_sample(
    scene: Scene, window: PixelBox, rng: np.random.Generator, settings: LookSettings
) -> Sample:
    look = _look(scene, window, answer_text("unknown", CANNOT_TELL), None, settings)
    prompt = ZOOM_PROMPT if rng.random() < 0.5 else ANSWER_PROMPT
    return Sample(prompt.format(question=with_aside(unanswerable(rng), rng)), (look,))
