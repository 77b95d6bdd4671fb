"""Colours of the ground by season, and of paint; red, green, blue, 0 to 255."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

import numpy as np

Colour = Tuple[float, float, float]

SEASONS = ("spring", "summer", "autumn", "winter")
PAINTS: dict[str, Colour] = {
    "red": (196, 38, 34),
    "blue": (38, 76, 190),
    "white": (240, 240, 236),
    "yellow": (232, 202, 42),
    "black": (28, 28, 32),
    "green": (34, 138, 62),
    "orange": (232, 122, 28),
}
SURFACES: dict[str, Colour] = {
    "concrete": (176, 176, 170),
    "asphalt": (84, 84, 88),
    "sand": (212, 190, 140),
    "clay": (166, 88, 62),
}
"""What the ground of a plot is made of."""


@dataclass(frozen=True)
class Palette:
    """The ground's colours in one season.

    Args:
        ground: Open land between everything else.
        fields: Crops; which of them a field has is chance.
        canopy: Tree crowns, from dark to light.
        lawn: Mown grass of airfields, gardens and sports grounds.
        water: Lakes and sea.
        roofs: Of houses.
    """

    ground: Colour
    fields: tuple[Colour, ...]
    canopy: tuple[Colour, ...]
    lawn: Colour
    water: Colour
    roofs: tuple[Colour, ...]


_ROOFS: tuple[Colour, ...] = ((150, 78, 58), (126, 66, 52), (110, 104, 100), (168, 118, 88), (92, 88, 92))
_SNOWY_ROOFS: tuple[Colour, ...] = ((222, 224, 230), (206, 208, 216), (196, 170, 160), (214, 214, 218))
_PALETTES = {
    "spring": Palette(
        ground=(134, 176, 84),
        fields=((152, 200, 84), (226, 208, 66), (120, 176, 78), (168, 142, 104), (140, 190, 96)),
        canopy=((92, 152, 56), (122, 178, 74), (226, 190, 202)),
        lawn=(122, 184, 82),
        water=(52, 96, 118),
        roofs=_ROOFS,
    ),
    "summer": Palette(
        ground=(104, 122, 66),
        fields=((196, 176, 104), (92, 118, 54), (178, 156, 92), (74, 108, 50), (148, 136, 82)),
        canopy=((32, 70, 34), (46, 88, 42), (58, 100, 48)),
        lawn=(88, 124, 58),
        water=(36, 70, 96),
        roofs=_ROOFS,
    ),
    "autumn": Palette(
        ground=(150, 126, 78),
        fields=((138, 100, 68), (118, 86, 62), (170, 138, 86), (150, 116, 64), (128, 110, 76)),
        canopy=((186, 96, 34), (206, 138, 44), (150, 66, 36)),
        lawn=(142, 136, 76),
        water=(48, 76, 88),
        roofs=_ROOFS,
    ),
    "winter": Palette(
        ground=(222, 226, 232),
        fields=((230, 234, 238), (212, 218, 226), (224, 224, 226), (204, 206, 208), (236, 238, 242)),
        canopy=((96, 98, 96), (124, 126, 126), (176, 180, 184)),
        lawn=(226, 230, 234),
        water=(58, 78, 94),
        roofs=_SNOWY_ROOFS,
    ),
}


def season_palette(season: str, rng: np.random.Generator) -> Palette:
    """A season's palette, each colour a little off, so that no two scenes have quite the same."""
    plain = _PALETTES[season]
    return Palette(
        ground=jitter(rng, plain.ground, 7),
        fields=tuple(jitter(rng, colour, 7) for colour in plain.fields),
        canopy=tuple(jitter(rng, colour, 5) for colour in plain.canopy),
        lawn=jitter(rng, plain.lawn, 6),
        water=jitter(rng, plain.water, 7),
        roofs=plain.roofs,
    )


def jitter(rng: np.random.Generator, colour: Colour, spread: float) -> Colour:
    """The same colour, a little lighter or darker and a little off in each channel."""
    shifted = np.array(colour) + rng.normal(0, spread) + rng.normal(0, spread * 0.4, 3)
    red, green, blue = np.clip(shifted, 0, 255).tolist()
    return red, green, blue
