"""How questions are put: nouns, places and forms. No wording tells its answer."""

from __future__ import annotations

import numpy as np

from .layout import NINTHS

NOUNS = {
    "plane": ("plane", "airplane", "aircraft"),
    "helicopter": ("helicopter",),
    "ship": ("ship", "vessel", "boat"),
    "sailboat": ("sailboat", "sailing boat"),
    "rock": ("rock", "boulder"),
    "bus": ("bus", "coach"),
    "truck": ("truck", "lorry"),
    "tank": ("tank", "storage tank"),
    "building": ("building",),
    "tree": ("tree",),
    "wind turbine": ("wind turbine",),
    "shed": ("shed", "hut"),
    "pool": ("pool", "swimming pool"),
}
ITEM_NOUNS = {
    "car": ("cars", "vehicles"),
    "container": ("containers", "shipping containers"),
    "plane": ("planes", "airplanes"),
    "tank": ("tanks", "storage tanks"),
    "solar panel": ("solar panels",),
    "court": ("courts", "sports courts"),
    "house": ("houses", "homes"),
    "greenhouse": ("greenhouses",),
}
SITE_NOUNS = {
    "parking lot": ("parking lot", "car park"),
    "container yard": ("container yard", "container depot"),
    "airport apron": ("airport apron", "apron"),
    "tank farm": ("tank farm", "oil depot"),
    "solar park": ("solar park", "solar farm"),
    "sports ground": ("sports ground", "sports field"),
    "housing estate": ("housing estate", "group of houses"),
    "greenhouse farm": ("greenhouse farm", "nursery"),
}
ANY_OBJECT = ("object", "thing")
ANY_SITE = ("site", "compound", "area")
PLACES = {
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
FORMS: dict[str, tuple[str, ...]] = {
    "scene type": (
        "What kind of scene is this?",
        "What type of area does the image show?",
        "What does the image show?",
        "Which kind of landscape is this?",
    ),
    "urban-rural": (
        "Is this area urban or rural?",
        "Is this an urban or a rural area?",
        "Does the image show an urban or a rural area?",
    ),
    "global counting": (
        "How many lakes are there?",
        "How many lakes are in the image?",
        "What is the number of lakes?",
        "Count the lakes.",
    ),
    "season": (
        "Which season is it?",
        "What season does the image show?",
        "In which season was the image taken?",
    ),
    "region counting": (
        "How many {items} are there{place}?",
        "How many {items} are{place}?",
        "What is the number of {items}{place}?",
        "Count the {items}{place}.",
    ),
    "existence": (
        "Is there {article} {site}{place}?",
        "Do you see {article} {site}{place}?",
        "Can you see {article} {site}{place}?",
    ),
    "status": (
        "How full is the {site}{place}?",
        "Is the {site}{place} empty, half full or full?",
        "How much of the {site}{place} is taken?",
    ),
    "function": (
        "What is the {site}{place} used for?",
        "What purpose does the {site}{place} serve?",
        "What is the function of the {site}{place}?",
    ),
    "object category": (
        "What kind of objects are on the {site}{place}?",
        "Which objects are on the {site}{place}?",
        "What does the {site}{place} hold?",
    ),
    "other visual features": (
        "How are the {items}{place} arranged?",
        "What is the arrangement of the {items}{place}?",
        "Which pattern do the {items}{place} form?",
    ),
    "category refinement": (
        "What is the {noun}{place}?",
        "What kind of {noun} is{place}?",
        "Which {noun} is{place}?",
        "What can be seen{place}?",
    ),
    "color/pattern": (
        "What colour is the {noun}{place}?",
        "What color is the {noun}{place}?",
        "Which colour does the {noun}{place} have?",
        "Tell me the colour of the {noun}{place}.",
    ),
    "function/usage": (
        "What is the {noun}{place} used for?",
        "What purpose does the {noun}{place} serve?",
        "What is the use of the {noun}{place}?",
    ),
    "material/surface": (
        "What is the roof of the {noun}{place} made of?",
        "What covers the roof of the {noun}{place}?",
        "Which material is the roof of the {noun}{place}?",
    ),
    "relative position/context": (
        "On which side of the {noun}{place} is the {companion}?",
        "Where is the {companion} next to the {noun}{place}?",
        "In which direction from the {noun}{place} is the {companion}?",
    ),
    "shape/structure": (
        "What shape is the {noun}{place}?",
        "What is the shape of the {noun}{place}?",
        "Which shape does the {noun}{place} have?",
    ),
    "state/motion/activity": (
        "Is the {noun}{place} moving or at rest?",
        "Does the {noun}{place} move or is it at rest?",
        "Is the {noun}{place} in motion or at rest?",
    ),
}
ASIDES = ("", "", "", "", "", " in this image", " in the picture", " on the map", " here", " in this scene")


def pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    """The first option more often than the others."""
    return options[0] if rng.random() < 0.5 else options[int(rng.integers(len(options)))]


def place(rng: np.random.Generator, ninth: int) -> str:
    """Where it is, as `` in the north`` or `` at the top left``."""
    word = pick(rng, PLACES[NINTHS[ninth]])
    if word in NINTHS and "-" in word and rng.random() < 0.2:
        word += " corner"
    return f" {('in', 'in', 'at')[int(rng.integers(3))]} the {word}"


def article(noun: str) -> str:
    """``a`` or ``an``."""
    return "an" if noun[0] in "aeiou" else "a"


def with_aside(text: str, rng: np.random.Generator) -> str:
    """The same question, sometimes with words that change nothing."""
    return text[:-1] + ASIDES[int(rng.integers(len(ASIDES)))] + text[-1]


def vocabulary() -> list[str]:
    """Every piece of wording that a question may hold."""
    tables = (NOUNS, ITEM_NOUNS, SITE_NOUNS, PLACES)
    words = [word for table in tables for options in table.values() for word in options]
    blanks = dict.fromkeys(("items", "place", "article", "site", "noun", "companion"), "")
    forms = [form.format(**blanks) for options in FORMS.values() for form in options]
    return [*words, *ANY_OBJECT, *ANY_SITE, *forms, *ASIDES, *PLACES, "corner a an in at the"]
