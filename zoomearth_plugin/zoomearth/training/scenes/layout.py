"""What lies where in a procedural scene: ground, sites and objects, exact to the pixel, no picture yet.

A scene is a square of ``size_px`` pixels of 0.5 m. Its nine ninths (north-west … south-east) hold at
most one object each, so "the object in the north" names one thing. Objects measure 20–200 px, a few
pixels at most in an overview, and every kind of site may hold several kinds of object, so that what an
object *is* must be looked at from near by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Tuple

import numpy as np
from numpy.typing import NDArray

from ...core.frames import PixelBox

GSD_M = 0.5
NINTHS = (
    "north-west", "north", "north-east",
    "west", "centre", "east",
    "south-west", "south", "south-east",
)  # fmt: skip
COLOURS = {
    "red": (196, 38, 34),
    "blue": (38, 76, 190),
    "white": (240, 240, 236),
    "yellow": (232, 202, 42),
    "black": (28, 28, 32),
    "green": (34, 138, 62),
    "orange": (232, 122, 28),
}
WATER_KINDS = ("ship", "rock")
LAND_KINDS = ("plane", "car", "storage tank", "building", "tree")
KINDS = WATER_KINDS + LAND_KINDS
PAINTED_KINDS = ("ship", "plane", "car", "storage tank", "building")
"""Kinds that have a colour of their own; rocks are grey and trees green."""

_LENGTHS_PX = {
    "ship": (60, 200),
    "rock": (40, 120),
    "plane": (60, 130),
    "car": (22, 40),
    "storage tank": (40, 110),
    "building": (50, 160),
    "tree": (28, 70),
}
_GROUNDS = {
    "grass": (104, 132, 72),
    "dry grass": (152, 146, 96),
    "meadow": (86, 118, 66),
    "sand": (198, 178, 134),
    "steppe": (142, 128, 98),
}
_FIELDS = ((122, 142, 62), (172, 156, 84), (146, 112, 76), (88, 122, 54), (196, 182, 116), (112, 92, 66))
_WATERS = ((38, 66, 92), (46, 84, 104), (30, 52, 72), (58, 92, 96))

Colour = Tuple[int, int, int]
Points = NDArray[np.float64]  # (n, 2) column, row


@dataclass(frozen=True)
class Patch:
    """A filled outline of one cover; ``cover`` is field, water, pier or apron."""

    cover: str
    outline: Points
    colour: Colour
    stripe_angle_rad: float | None = None


@dataclass(frozen=True)
class SceneObject:
    """One thing that can be asked about.

    Args:
        kind: One of :data:`KINDS`.
        colour: One of :data:`COLOURS`, or "grey" (rocks) or "leaf green" (trees).
        center: (column, row), pixels.
        length_px: Longest side.
        width_px: Shortest side.
        angle_rad: Clockwise from east.
        ninth: Index into :data:`NINTHS`.
        shape_seed: Decides details of the outline.
    """

    kind: str
    colour: str
    center: tuple[float, float]
    length_px: float
    width_px: float
    angle_rad: float
    ninth: int
    shape_seed: int

    @property
    def box(self) -> PixelBox:
        """The upright box around it, full-scene pixels."""
        cos, sin = abs(math.cos(self.angle_rad)), abs(math.sin(self.angle_rad))
        if self.kind in ("storage tank", "tree", "rock"):
            cos, sin = 1.0, 0.0
        half_width = (self.length_px * cos + self.width_px * sin) / 2
        half_height = (self.length_px * sin + self.width_px * cos) / 2
        column, row = self.center
        return PixelBox(column - half_width, row - half_height, column + half_width, row + half_height)


@dataclass(frozen=True)
class Scene:
    """Everything a drawing needs; equal seeds give equal scenes."""

    seed: int
    size_px: int
    ground: Colour
    water: Colour
    patches: tuple[Patch, ...]
    roads: tuple[tuple[Points, float], ...]
    objects: tuple[SceneObject, ...]
    sun_angle_rad: float
    brightness: float
    contrast: float
    noise: float

    @property
    def extent(self) -> PixelBox:
        return PixelBox(0, 0, self.size_px, self.size_px)


def make_scene(seed: int, size_px: int = 4096) -> Scene:
    """A scene; the same seed and size give the same one.

    Args:
        seed: Any non-negative integer.
        size_px: Side, at least 1,024.
    """
    if size_px < 1024:
        raise ValueError(f"a scene measures at least 1,024 pixels, not {size_px}")
    rng = np.random.default_rng([seed, size_px])
    ground = _jitter(rng, list(_GROUNDS.values())[rng.integers(len(_GROUNDS))], 14)
    water = _jitter(rng, _WATERS[rng.integers(len(_WATERS))], 12)
    patches = _fields(rng, size_px)
    sites, objects = _sites(rng, size_px, water)
    return Scene(
        seed=seed,
        size_px=size_px,
        ground=ground,
        water=water,
        patches=(*patches, *sites),
        roads=_roads(rng, size_px),
        objects=objects,
        sun_angle_rad=float(rng.uniform(0, 2 * math.pi)),
        brightness=float(rng.normal(0, 9)),
        contrast=float(rng.uniform(0.82, 1.14)),
        noise=float(rng.uniform(2, 8)),
    )


def _jitter(rng: np.random.Generator, colour: Colour, spread: float) -> Colour:
    red, green, blue = np.clip(np.array(colour) + rng.normal(0, spread, 3), 0, 255).astype(int).tolist()
    return red, green, blue


def _fields(rng: np.random.Generator, size_px: int) -> tuple[Patch, ...]:
    """Farmland: a turned grid of plots, some left as open ground."""
    angle, pitch = rng.uniform(0, math.pi), rng.uniform(0.13, 0.3) * size_px
    share = rng.uniform(0.0, 0.6)
    count = math.ceil(1.5 * size_px / pitch)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    patches = []
    for i in range(-count // 2, count // 2 + 1):
        for j in range(-count // 2, count // 2 + 1):
            if rng.random() > share:
                continue
            across, down = rng.uniform(0.6, 0.97, 2) * pitch
            corner = np.array([i, j]) * pitch
            outline = corner + np.array([[0, 0], [across, 0], [across, down], [0, down]])
            colour = _jitter(rng, _FIELDS[rng.integers(len(_FIELDS))], 9)
            stripe = angle + (math.pi / 2 if rng.random() < 0.5 else 0)
            patches.append(Patch("field", outline @ turn.T + size_px / 2, colour, stripe))
    return tuple(patches)


def _roads(rng: np.random.Generator, size_px: int) -> tuple[tuple[Points, float], ...]:
    """Up to three bent lines from edge to edge, each (points, width in pixels)."""
    roads = []
    for _ in range(rng.integers(0, 4)):
        along = np.linspace(-0.05, 1.05, 12) * size_px
        start, end = rng.uniform(0, size_px, 2)
        bend = np.sin(np.linspace(0, math.pi * rng.uniform(0.5, 2), 12)) * rng.normal(0, 0.06) * size_px
        across = np.linspace(start, end, 12) + bend
        pair = (along, across) if rng.random() < 0.5 else (across, along)
        roads.append((np.stack(pair, axis=1), float(rng.uniform(14, 34))))
    return tuple(roads)


def _sites(
    rng: np.random.Generator, size_px: int, water: Colour
) -> tuple[tuple[Patch, ...], tuple[SceneObject, ...]]:
    """A site and an object in some of the ninths; lakes hold ships or rocks, land the others."""
    patches: list[Patch] = []
    objects: list[SceneObject] = []
    taken = rng.permutation(9)[: rng.integers(3, 10)]
    for ninth in sorted(int(index) for index in taken):
        cell = size_px / 3
        margin = 0.16 * cell
        column, row = (
            (ninth % 3) * cell + rng.uniform(margin, cell - margin),
            (ninth // 3) * cell + rng.uniform(margin, cell - margin),
        )
        is_water = rng.random() < 0.34
        kind = str(rng.choice(WATER_KINDS if is_water else LAND_KINDS))
        thing = _object(rng, kind, (column, row), ninth)
        if is_water:
            patches.append(Patch("water", _blob(rng, (column, row), rng.uniform(170, 430)), water))
            if kind == "ship" and rng.random() < 0.5:
                patches.append(_pier(rng, thing))
        elif rng.random() < 0.6:
            patches.append(_apron(rng, (column, row)))
        objects.append(thing)
    return tuple(patches), tuple(objects)


def _object(rng: np.random.Generator, kind: str, center: tuple[float, float], ninth: int) -> SceneObject:
    shortest, longest = _LENGTHS_PX[kind]
    length = float(shortest + (longest - shortest) * rng.random() ** 1.6)
    proportion = {
        "ship": rng.uniform(0.2, 0.32),
        "plane": rng.uniform(0.85, 1.05),
        "car": rng.uniform(0.42, 0.52),
        "building": rng.uniform(0.5, 0.95),
    }.get(kind, 1.0)
    colour = str(rng.choice(list(COLOURS)))
    if kind not in PAINTED_KINDS:
        colour = "grey" if kind == "rock" else "leaf green"
    return SceneObject(
        kind=kind,
        colour=colour,
        center=center,
        length_px=length,
        width_px=max(10.0, length * float(proportion)),
        angle_rad=float(rng.uniform(0, 2 * math.pi)),
        ninth=ninth,
        shape_seed=int(rng.integers(1 << 30)),
    )


def _blob(rng: np.random.Generator, center: tuple[float, float], radius_px: float) -> Points:
    angles = np.linspace(0, 2 * math.pi, 28, endpoint=False)
    radii = radius_px * np.ones_like(angles)
    for wave in (2, 3, 5):
        radii *= 1 + rng.uniform(0, 0.16) * np.cos(wave * angles + rng.uniform(0, 6.3))
    return np.stack([center[0] + radii * np.cos(angles), center[1] + radii * np.sin(angles)], axis=1)


def _pier(rng: np.random.Generator, ship: SceneObject) -> Patch:
    """A jetty along one side of the ship, reaching out towards its stern."""
    side = ship.width_px / 2 + rng.uniform(5, 12)
    width, ahead, astern = rng.uniform(9, 18), ship.length_px * 0.4, ship.length_px / 2 + rng.uniform(60, 160)
    corners = np.array([[ahead, side], [-astern, side], [-astern, side + width], [ahead, side + width]])
    if rng.random() < 0.5:
        corners = corners * (1, -1)
    cos, sin = math.cos(ship.angle_rad), math.sin(ship.angle_rad)
    outline = corners @ np.array([[cos, sin], [-sin, cos]]) + np.array(ship.center)
    return Patch("pier", outline, _jitter(rng, (150, 140, 124), 8))


def _apron(rng: np.random.Generator, center: tuple[float, float]) -> Patch:
    """A paved rectangle, big enough to be seen in the overview, with the object somewhere on it."""
    half = rng.uniform(110, 260, 2)
    shift = rng.uniform(-0.35, 0.35, 2) * half
    angle = rng.uniform(0, math.pi)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half + shift
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    grey = int(rng.integers(118, 186))
    return Patch("apron", corners @ turn.T + np.array(center), _jitter(rng, (grey, grey, grey - 4), 4))
