"""Questions whose true answer follows from a scene's layout, each with the box that it is read from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .layout import KINDS, NINTHS, PAINTED_KINDS, WATER_KINDS, Scene, SceneObject

NOUNS = {
    "ship": (("ship", "ships"), ("vessel", "vessels"), ("boat", "boats")),
    "rock": (("rock", "rocks"), ("boulder", "boulders")),
    "plane": (("plane", "planes"), ("airplane", "airplanes"), ("aircraft", "aircraft")),
    "car": (("car", "cars"), ("vehicle", "vehicles")),
    "storage tank": (("storage tank", "storage tanks"), ("tank", "tanks")),
    "building": (("building", "buildings"), ("house", "houses")),
    "tree": (("tree", "trees"),),
}
_ANY = (("object", "objects"), ("thing", "things"))
_PLACES = {
    "north-west": ("north-west", "northwest", "north west", "top left", "upper left", "top-left"),
    "north": ("north", "top", "upper part", "northern part"),
    "north-east": ("north-east", "northeast", "north east", "top right", "upper right", "top-right"),
    "west": ("west", "left", "left part", "western part"),
    "centre": ("centre", "center", "middle"),
    "east": ("east", "right", "right part", "eastern part"),
    "south-west": ("south-west", "southwest", "south west", "bottom left", "lower left", "bottom-left"),
    "south": ("south", "bottom", "lower part", "southern part"),
    "south-east": ("south-east", "southeast", "south east", "bottom right", "lower right", "bottom-right"),
}
_SIDES = {"north": "northern", "south": "southern", "west": "western", "east": "eastern"}
_COLOUR_FORMS = (
    "What colour is the {noun}{place}?",
    "What color is the {noun}{place}?",
    "Which colour is the {noun}{place}?",
    "Which colour does the {noun}{place} have?",
    "Tell me the colour of the {noun}{place}.",
)
_CATEGORY_FORMS = (
    "What is the {noun}{place}?",
    "What kind of {noun} is{place}?",
    "Which {noun} is{place}?",
    "What can be seen{place}?",
    "What is{place}?",
)
EXISTENCE_FORMS = (
    "Is there {article} {noun}{place}?",
    "Are there {plural}{place}?",
    "Are there any {plural}{place}?",
    "Do you see {article} {noun}{place}?",
    "Can you see {article} {noun}{place}?",
)
_ASIDES = ("", "", "", "", " in this image", " in the picture", " on the map", " here", " in this scene")
TYPES = {  # of the LRS-GRO benchmark: category of ours -> (level, type)
    "colour": ("object", "color/pattern"),
    "category": ("object", "category refinement"),
    "existence": ("region", "existence"),
}


@dataclass(frozen=True)
class SceneQuestion:
    """One question and its truth.

    Args:
        topic: colour, category or existence.
        text: As a person would type it.
        answer: The one right answer, lower case.
        target: The object to look at; None when the overview alone shows that there is nothing.
        sought: What the question names: a kind, or "object"; with the place, if any.
    """

    topic: str
    text: str
    answer: str
    target: SceneObject | None
    sought: str


def ask_about(scene: Scene, rng: np.random.Generator, topic: str) -> SceneQuestion | None:
    """A question of a topic about a scene, or None where the scene offers none."""
    makers = {"colour": _colour, "category": _category, "existence": _existence}
    return makers[topic](scene, rng)


def article(noun: str) -> str:
    """``a`` or ``an``."""
    return "an" if noun[0] in "aeiou" else "a"


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _noun(rng: np.random.Generator, kind: str) -> tuple[str, str]:
    forms = NOUNS.get(kind, _ANY)
    return forms[0] if rng.random() < 0.6 else forms[int(rng.integers(len(forms)))]


def _place(rng: np.random.Generator, ninth: int) -> str:
    """Where it is, as `` in the north`` or `` at the top left``."""
    word = _pick(rng, _PLACES[NINTHS[ninth]]) if rng.random() < 0.6 else NINTHS[ninth]
    if word in NINTHS and "-" in word and rng.random() < 0.2:
        word += " corner"
    return f" {_pick(rng, ('in', 'in', 'at'))} the {word}"


def _pier_place(rng: np.random.Generator, ninth: int) -> str:
    parts = NINTHS[ninth].split("-")
    sides = [*parts[:-1], _SIDES[parts[-1]]]
    return f" at the {'-'.join(sides)} {_pick(rng, ('pier', 'dock', 'quay'))}"


def _whereabouts(rng: np.random.Generator, scene: Scene, target: SceneObject, kind: str) -> tuple[str, str]:
    """How the question names the place, and the same in the model's words; both empty when needless."""
    is_only = kind != "object" and sum(other.kind == kind for other in scene.objects) == 1
    if is_only and rng.random() < 0.35:
        return "", ""
    if kind == "ship" and NINTHS[target.ninth] != "centre" and rng.random() < 0.25:
        return _pier_place(rng, target.ninth), f" {NINTHS[target.ninth]}"
    return _place(rng, target.ninth), f" {NINTHS[target.ninth]}"


def _colour(scene: Scene, rng: np.random.Generator) -> SceneQuestion | None:
    painted = [thing for thing in scene.objects if thing.kind in PAINTED_KINDS]
    if not painted:
        return None
    target = painted[int(rng.integers(len(painted)))]
    kind = "object" if rng.random() < 0.25 else target.kind
    place, short_place = _whereabouts(rng, scene, target, kind)
    text = _pick(rng, _COLOUR_FORMS).format(noun=_noun(rng, kind)[0], place=place)
    return SceneQuestion("colour", text, target.colour, target, kind + short_place)


def _category(scene: Scene, rng: np.random.Generator) -> SceneQuestion | None:
    if not scene.objects:
        return None
    target = scene.objects[int(rng.integers(len(scene.objects)))]
    place = _place(rng, target.ninth)
    text = _pick(rng, _CATEGORY_FORMS).format(noun=_noun(rng, "object")[0], place=place)
    return SceneQuestion("category", text, target.kind, target, f"object {NINTHS[target.ninth]}")


def _existence(scene: Scene, rng: np.random.Generator) -> SceneQuestion | None:
    """Yes and no are equally likely whatever is asked for, so the wording tells nothing."""
    if not scene.objects:
        return None
    target = scene.objects[int(rng.integers(len(scene.objects)))]
    is_there = bool(rng.random() < 0.5)
    kind = target.kind
    if not is_there:
        # Mostly a kind that the same ground could hold: whether it is there must be looked at.
        same_ground = [k for k in KINDS if k != kind and (k in WATER_KINDS) == (kind in WATER_KINDS)]
        others = same_ground if rng.random() < 0.8 else [k for k in KINDS if k != kind]
        kind = others[int(rng.integers(len(others)))]
    singular, plural = _noun(rng, kind)
    place = _place(rng, target.ninth)
    text = _pick(rng, EXISTENCE_FORMS).format(
        article=article(singular), noun=singular, plural=plural, place=place
    )
    sought = f"{kind} {NINTHS[target.ninth]}"
    return SceneQuestion("existence", text, "yes" if is_there else "no", target, sought)


def unanswerable(rng: np.random.Generator) -> str:
    """A question that pixels of these scenes cannot answer; ``<unk>`` stands for any unknown word."""
    kind = KINDS[int(rng.integers(len(KINDS)))]
    noun, plural = _noun(rng, kind)
    place = _place(rng, int(rng.integers(9))) if rng.random() < 0.6 else ""
    form = _pick(
        rng,
        (
            "What is the <unk> of the {noun}{place}?",
            "Who <unk> the {noun}{place}?",
            "How many {plural} are there{place}?",
            "How many <unk> <unk>{place}?",
            "When was the {noun}{place} <unk>?",
            "Why is the {noun}{place} <unk>?",
            "What <unk> is the {noun}{place}?",
            "Is there a <unk>{place}?",
            "Are there <unk>{place}?",
            "What colour is the <unk>{place}?",
            "<unk> <unk> <unk>",
            "Where is the <unk>?",
            "<unk> the <unk> of <unk> in the <unk>?",
            "Is the {noun}{place} <unk>?",
        ),
    )
    return form.format(noun=noun, plural=plural, place=place)


def with_aside(text: str, rng: np.random.Generator) -> str:
    """The same question, sometimes with words that change nothing."""
    return text[:-1] + _pick(rng, _ASIDES) + text[-1]


def wordings() -> list[str]:
    """Every piece of wording that a question may hold, for the tokenizer's vocabulary."""
    nouns = [form for forms in (*NOUNS.values(), _ANY) for pair in forms for form in pair]
    places = [word for words in _PLACES.values() for word in words] + [*_PLACES, "corner", "a", "an"]
    sides = [*_SIDES.values()]
    sides += [f"{first}-{_SIDES[second]}" for first in ("north", "south") for second in ("west", "east")]
    rng = np.random.default_rng(0)
    odd = [unanswerable(rng) for _ in range(400)]
    forms = [*_COLOUR_FORMS, *_CATEGORY_FORMS, *EXISTENCE_FORMS]
    plain = [form.format(noun="", place="", article="", plural="") for form in forms]
    return [*nouns, *places, *sides, *odd, *plain, *_ASIDES, "pier dock quay in at the please"]
