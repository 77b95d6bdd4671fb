"""Questions of all 17 LRS-GRO types whose true answer follows from a scene's layout.

Answers are as likely for one wording as for another of the same type: who reads the question alone
does no better than who always gives the most frequent answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...core.frames import PixelBox
from . import wording
from .layout import NINTHS, Scene
from .things import FUNCTIONS, MOVING_KINDS, PAINTED_KINDS, SITE_KINDS, Landmark, Site

TYPES = {  # our name -> (level, LRS-GRO's type)
    "scene type": ("global", "scene type"),
    "urban-rural": ("global", "urban-rural"),
    "global counting": ("global", "counting"),
    "season": ("global", "season"),
    "region counting": ("region", "counting"),
    "existence": ("region", "existence"),
    "status": ("region", "status"),
    "function": ("region", "function"),
    "object category": ("region", "object category"),
    "other visual features": ("region", "other visual features"),
    "category refinement": ("object", "category refinement"),
    "color/pattern": ("object", "color/pattern"),
    "function/usage": ("object", "function/usage"),
    "material/surface": ("object", "material/surface"),
    "relative position/context": ("object", "relative position/context"),
    "shape/structure": ("object", "shape/structure"),
    "state/motion/activity": ("object", "state/motion/activity"),
}
Target = Landmark | Site


@dataclass(frozen=True)
class SceneQuestion:
    """One question and its truth.

    Args:
        topic: A key of :data:`TYPES`.
        text: As a person would type it.
        answer: The one right answer, lower case.
        target: What to look at; None for global questions, and where what is asked for is not there.
        named: What the question names: a kind, ``object`` or ``site``.
        where: In which ninth, as the model says it: `` north-west``; empty when the question leaves it out.
        seen: What a close look shows that bears on the answer: ``red ship``.
        looked_at: Where a close look shows the answer, be it that nothing is there.
        shown_by: What the answer is read from, where that is not ``looked_at``: a neighbour, a wake.
    """

    topic: str
    text: str
    answer: str
    target: Target | None
    named: str
    where: str
    seen: str
    looked_at: PixelBox | None
    shown_by: PixelBox | None = None


def ask_about(scene: Scene, rng: np.random.Generator, topic: str) -> SceneQuestion | None:
    """A question of a topic about a scene, or None where the scene offers none."""
    return _MAKERS[topic](scene, rng, topic)


def landmark_words(landmark: Landmark) -> str:
    """``red ship``, ``tree``."""
    return f"{landmark.thing.paint} {landmark.kind}".strip()


def _global(answer: Callable[[Scene], str]) -> Callable[..., SceneQuestion]:
    def make(scene: Scene, rng: np.random.Generator, topic: str) -> SceneQuestion:
        said = answer(scene)
        return SceneQuestion(topic, wording.pick(rng, wording.FORMS[topic]), said, None, "", "", said, None)

    return make


def _where(ninth: int) -> str:
    return f" {NINTHS[ninth]}"


def _about_site(
    topic: str,
    rng: np.random.Generator,
    site: Site,
    answer: str,
    seen: str,
    *,
    names_kind: bool,
) -> SceneQuestion:
    kind = SITE_KINDS[site.kind]
    noun = wording.pick(rng, wording.SITE_NOUNS[site.kind] if names_kind else wording.ANY_SITE)
    text = wording.pick(rng, wording.FORMS[topic]).format(
        site=noun,
        items=wording.pick(rng, wording.ITEM_NOUNS[kind.item]),
        place=wording.place(rng, site.ninth),
    )
    named = site.kind if names_kind else "site"
    return SceneQuestion(topic, text, answer, site, named, _where(site.ninth), seen, site.box)


def _count(scene: Scene, rng: np.random.Generator, topic: str) -> SceneQuestion | None:
    sites = [site for site in scene.sites if not site.fill]
    if not sites:
        return None
    site = sites[int(rng.integers(len(sites)))]
    answer = str(len(site.things))
    return _about_site(topic, rng, site, answer, f"{answer} {site.things[0].kind}", names_kind=True)


def _existence(scene: Scene, rng: np.random.Generator, topic: str) -> SceneQuestion | None:
    """Yes and no are equally likely whatever is asked for, so the wording tells nothing."""
    if not scene.sites:
        return None
    site = scene.sites[int(rng.integers(len(scene.sites)))]
    is_there = bool(rng.random() < 0.5)
    others = [kind for kind in SITE_KINDS if kind != site.kind]
    asked = site.kind if is_there else others[int(rng.integers(len(others)))]
    noun = wording.pick(rng, wording.SITE_NOUNS[asked])
    text = wording.pick(rng, wording.FORMS[topic]).format(
        article=wording.article(noun), site=noun, place=wording.place(rng, site.ninth)
    )
    target = site if is_there else None
    answer = "yes" if is_there else "no"
    return SceneQuestion(topic, text, answer, target, asked, _where(site.ninth), site.kind, site.box)


def _status(scene: Scene, rng: np.random.Generator, topic: str) -> SceneQuestion | None:
    sites = [site for site in scene.sites if site.fill]
    if not sites:
        return None
    site = sites[int(rng.integers(len(sites)))]
    return _about_site(topic, rng, site, site.fill, f"{site.fill} {site.kind}", names_kind=True)


def _function(scene: Scene, rng: np.random.Generator, topic: str) -> SceneQuestion | None:
    if not scene.sites:
        return None
    site = scene.sites[int(rng.integers(len(scene.sites)))]
    return _about_site(topic, rng, site, SITE_KINDS[site.kind].function, site.kind, names_kind=False)


def _contents(scene: Scene, rng: np.random.Generator, topic: str) -> SceneQuestion | None:
    sites = [site for site in scene.sites if site.things]
    if not sites:
        return None
    site = sites[int(rng.integers(len(sites)))]
    answer = wording.ITEM_NOUNS[SITE_KINDS[site.kind].item][0]
    return _about_site(topic, rng, site, answer, site.kind, names_kind=False)


def _arrangement(scene: Scene, rng: np.random.Generator, topic: str) -> SceneQuestion | None:
    sites = [site for site in scene.sites if site.arrangement]
    if not sites:
        return None
    site = sites[int(rng.integers(len(sites)))]
    seen = f"{len(site.things)} {site.things[0].kind}"
    return _about_site(topic, rng, site, site.arrangement, seen, names_kind=True)


def _about_landmark(
    topic: str, rng: np.random.Generator, scene: Scene, landmark: Landmark, answer: str, seen: str, noun: str
) -> SceneQuestion:
    """``noun`` is the landmark's kind, or ``object``."""
    is_only = sum(other.kind == landmark.kind for other in scene.landmarks) == 1
    needs_place = noun == "object" or not is_only or rng.random() < 0.75
    companion = landmark.companion.kind if landmark.companion else ""
    text = wording.pick(rng, wording.FORMS[topic]).format(
        noun=wording.pick(rng, wording.NOUNS.get(noun, wording.ANY_OBJECT)),
        place=wording.place(rng, landmark.ninth) if needs_place else "",
        companion=wording.pick(rng, wording.NOUNS[companion]) if companion else "",
    )
    where = _where(landmark.ninth) if needs_place else ""
    evidence = _evidence(landmark, topic)
    return SceneQuestion(topic, text, answer, landmark, noun, where, seen, landmark.box, evidence)


def _evidence(landmark: Landmark, topic: str) -> PixelBox | None:
    if topic == "relative position/context" and landmark.companion is not None:
        return landmark.companion.box
    if topic == "state/motion/activity" and landmark.trail is not None:
        return PixelBox(*landmark.trail.min(axis=0).tolist(), *landmark.trail.max(axis=0).tolist())
    return None


def _landmark_topic(
    answer: Callable[[Landmark], str], seen: Callable[[Landmark], str], *, anonymous: bool = False
) -> Callable[..., SceneQuestion | None]:
    """A topic about one landmark; ``answer`` gives nothing where the topic does not fit it."""

    def make(scene: Scene, rng: np.random.Generator, topic: str) -> SceneQuestion | None:
        fitting = [landmark for landmark in scene.landmarks if answer(landmark)]
        if not fitting:
            return None
        landmark = fitting[int(rng.integers(len(fitting)))]
        noun = "object" if anonymous or rng.random() < 0.2 else landmark.kind
        if topic in ("material/surface", "shape/structure"):
            noun = landmark.kind
        return _about_landmark(topic, rng, scene, landmark, answer(landmark), seen(landmark), noun)

    return make


def _motion(landmark: Landmark) -> str:
    if landmark.kind not in MOVING_KINDS:
        return ""
    return "at rest" if landmark.trail is None else "moving"


_MAKERS: dict[str, Callable[..., SceneQuestion | None]] = {
    "scene type": _global(lambda scene: scene.theme),
    "urban-rural": _global(lambda scene: "urban" if scene.is_urban else "rural"),
    "global counting": _global(lambda scene: str(len(scene.lakes))),
    "season": _global(lambda scene: scene.season),
    "region counting": _count,
    "existence": _existence,
    "status": _status,
    "function": _function,
    "object category": _contents,
    "other visual features": _arrangement,
    "category refinement": _landmark_topic(lambda one: one.kind, landmark_words, anonymous=True),
    "color/pattern": _landmark_topic(
        lambda one: one.thing.paint if one.kind in PAINTED_KINDS else "", landmark_words
    ),
    "function/usage": _landmark_topic(
        lambda one: FUNCTIONS.get(one.kind, ""), landmark_words, anonymous=True
    ),
    "material/surface": _landmark_topic(lambda one: one.thing.roof, landmark_words),
    "relative position/context": _landmark_topic(lambda one: one.side, landmark_words),
    "shape/structure": _landmark_topic(lambda one: one.thing.shape, landmark_words),
    "state/motion/activity": _landmark_topic(_motion, landmark_words),
}
