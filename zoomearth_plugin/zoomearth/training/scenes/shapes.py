"""What each kind of thing looks like from above: parts in painting order, each an outline and a paint.

Outlines are in the thing's own frame: x along its length, y across, from -1 to 1. A part's paint is a
factor of the thing's own colour (up to 1.5), or a colour of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import List, Tuple

import numpy as np
from numpy.typing import NDArray

from .palette import Colour

Points = NDArray[np.float64]  # (n, 2)
Paint = float | Colour
Parts = List[Tuple[Points, Paint]]

BUILDING_SHAPES = ("rectangular", "round", "l-shaped", "u-shaped", "cross-shaped")
ROOFS = ("tiles", "metal", "glass", "solar panels")


def rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float64)


def disc(radius: float, count: int = 24) -> Points:
    angles = np.linspace(0, 2 * math.pi, count, endpoint=False)
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def ring_of(
    points: Points, center: Tuple[float, float], half: Tuple[float, float], angle_rad: float
) -> Points:
    """Own frame to scene pixels."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.asarray(points * np.array(half) @ turn.T + np.array(center))


def _plane(rng: np.random.Generator) -> Parts:
    sweep = rng.uniform(0.25, 0.45)
    wings = np.array([[0.25, 0], [-0.05 - sweep / 2, 1], [-0.3 - sweep / 2, 1], [-0.15, 0],
                      [-0.3 - sweep / 2, -1], [-0.05 - sweep / 2, -1]])  # fmt: skip
    tail = np.array([[-0.72, 0], [-0.9, 0.36], [-1, 0.36], [-0.94, 0], [-1, -0.36], [-0.9, -0.36]])
    body = np.array([[1, 0], [0.86, 0.09], [-0.8, 0.09], [-1, 0], [-0.8, -0.09], [0.86, -0.09]])
    engines = [(rectangle(-0.02, y - 0.05, 0.14, y + 0.05), 0.7) for y in (-0.42, 0.42)]
    return [(wings, 1.0), *engines, (tail, 1.0), (body, 1.08)]


def _helicopter(rng: np.random.Generator) -> Parts:
    body = np.array([[0.5, 0], [0.38, 0.2], [-0.05, 0.24], [-0.3, 0.07], [-1, 0.05],
                     [-1, -0.05], [-0.3, -0.07], [-0.05, -0.24], [0.38, -0.2]])  # fmt: skip
    tail = rectangle(-1, -0.2, -0.9, 0.2)
    blades: Parts = []
    start = rng.uniform(0, math.pi / 2)
    for quarter in range(4):
        angle = start + quarter * math.pi / 2
        blade = rectangle(0, -0.035, 0.82, 0.035)
        blades.append((ring_of(blade, (0.1, 0.0), (1.0, 1.0), angle), (44.0, 44.0, 48.0)))
    return [(body, 1.0), (tail, 1.0), *blades, (disc(0.09, 10) + np.array([0.1, 0]), (30.0, 30.0, 34.0))]


def _ship(rng: np.random.Generator) -> Parts:
    hull = np.array([[-1, -0.75], [-0.85, -1], [0.55, -1], [1, 0], [0.55, 1], [-0.85, 1], [-1, 0.75]])
    bridge = rectangle(-0.85, -0.6, -0.55, 0.6)
    hatches: Parts = [(rectangle(x, -0.5, x + 0.2, 0.5), 0.72) for x in (-0.35, -0.05, 0.25)]
    return [(hull, 1.0), (bridge, (210.0, 210.0, 210.0)), *hatches]


def _sailboat(rng: np.random.Generator) -> Parts:
    hull = np.array([[-1, -0.6], [-0.2, -1], [0.5, -0.7], [1, 0], [0.5, 0.7], [-0.2, 1], [-1, 0.6]])
    deck = hull * 0.72
    sail = np.array([[0.55, 0.0], [-0.85, 1.9], [-0.85, 0.1]])
    return [(hull, 1.0), (deck, (196.0, 168.0, 120.0)), (sail, (250.0, 250.0, 246.0))]


def _rock(rng: np.random.Generator) -> Parts:
    crag = disc(1.0, 9) * rng.uniform(0.62, 1.0, (9, 1))
    return [(crag, 1.0), (crag * 0.6 - 0.1, 1.18), (crag * 0.35 + 0.12, 0.8)]


def _bus(rng: np.random.Generator) -> Parts:
    hatches: Parts = [(rectangle(x, -0.35, x + 0.22, 0.35), 0.78) for x in (-0.6, 0.05)]
    return [
        (rectangle(-1, -1, 1, 1), 1.0),
        *hatches,
        (rectangle(0.86, -0.85, 0.98, 0.85), (40.0, 46.0, 56.0)),
    ]


def _truck(rng: np.random.Generator) -> Parts:
    return [
        (rectangle(-1, -1, 0.52, 1), 1.0),
        (rectangle(-0.94, -0.08, 0.46, 0.08), 0.84),
        (rectangle(0.6, -0.9, 1, 0.9), (222.0, 222.0, 220.0)),
        (rectangle(0.86, -0.8, 0.96, 0.8), (38.0, 42.0, 50.0)),
    ]


def _car(rng: np.random.Generator) -> Parts:
    body = np.array(
        [[-1, -0.8], [-0.85, -1], [0.8, -1], [1, -0.7], [1, 0.7], [0.8, 1], [-0.85, 1], [-1, 0.8]]
    )
    return [
        (body, 1.0),
        (rectangle(0.2, -0.75, 0.45, 0.75), (40.0, 40.0, 44.0)),
        (rectangle(-0.75, -0.7, -0.55, 0.7), (46.0, 46.0, 50.0)),
    ]


def _tank(rng: np.random.Generator) -> Parts:
    return [(disc(1.0), 1.0), (disc(0.82), 0.84), (disc(0.74), 1.0), (disc(0.16), 0.55)]


def _tree(rng: np.random.Generator) -> Parts:
    crown = disc(1.0, 18) * (1 + rng.normal(0, 0.09, (18, 1)))
    return [(crown, 1.0), (crown * 0.62 - 0.14, 1.2), (crown * 0.3 - 0.2, 1.35)]


def _turbine(rng: np.random.Generator) -> Parts:
    start = rng.uniform(0, 2 * math.pi)
    blade = np.array([[0, -0.07], [0.3, -0.09], [1, -0.02], [1, 0.02], [0.3, 0.05], [0, 0.05]])
    blades: Parts = []
    for third in range(3):
        turned = ring_of(blade, (0.0, 0.0), (1.0, 1.0), start + third * 2 * math.pi / 3)
        blades.append((turned, 1.0))
    return [(disc(0.16, 14), (198.0, 198.0, 196.0)), *blades, (disc(0.08, 10), (150.0, 150.0, 152.0))]


def _container(rng: np.random.Generator) -> Parts:
    return [(rectangle(-1, -1, 1, 1), 1.0), (rectangle(-0.94, -0.12, 0.94, 0.12), 0.8)]


def _panel(rng: np.random.Generator) -> Parts:
    parts: Parts = [(rectangle(-1, -1, 1, 1), (186.0, 190.0, 196.0))]
    for x in np.linspace(-0.96, 0.64, 6):
        parts += [(rectangle(x, -0.9, x + 0.28, -0.04), 1.0), (rectangle(x, 0.04, x + 0.28, 0.9), 1.0)]
    return parts


def _court(rng: np.random.Generator) -> Parts:
    line, thin = (236.0, 236.0, 232.0), 0.05
    return [
        (rectangle(-1, -1, 1, 1), 1.0),
        (rectangle(-0.86, -0.8, 0.86, 0.8), line),
        (rectangle(-0.86 + thin, -0.8 + 2 * thin, 0.86 - thin, 0.8 - 2 * thin), 1.0),
        (rectangle(-thin / 2, -0.8, thin / 2, 0.8), line),
        (disc(0.26, 16) * (0.6, 1.0), line),
        (disc(0.18, 16) * (0.6, 1.0), 1.0),
    ]


def _house(rng: np.random.Generator) -> Parts:
    return [(rectangle(-1, -1, 1, 1), 1.0), (rectangle(-1, 0, 1, 1), 0.72)]


def _greenhouse(rng: np.random.Generator) -> Parts:
    ribs: Parts = [(rectangle(x, -1, x + 0.05, 1), (250.0, 252.0, 252.0)) for x in np.linspace(-0.9, 0.85, 6)]
    return [(rectangle(-1, -1, 1, 1), 1.0), (rectangle(-1, -0.06, 1, 0.06), 0.85), *ribs]


def _shed(rng: np.random.Generator) -> Parts:
    return [(rectangle(-1, -1, 1, 1), 1.0), (rectangle(-1, -1, 1, 0), 0.8)]


def _pool(rng: np.random.Generator) -> Parts:
    return [(rectangle(-1, -1, 1, 1), (232.0, 228.0, 218.0)), (rectangle(-0.8, -0.74, 0.8, 0.74), 1.0)]


_MAKERS: dict[str, Callable[[np.random.Generator], Parts]] = {
    "plane": _plane, "helicopter": _helicopter, "ship": _ship, "sailboat": _sailboat, "rock": _rock,
    "bus": _bus, "truck": _truck, "car": _car, "tank": _tank, "tree": _tree, "wind turbine": _turbine,
    "container": _container, "solar panel": _panel, "court": _court, "house": _house,
    "greenhouse": _greenhouse, "shed": _shed, "pool": _pool,
}  # fmt: skip


def parts_of(kind: str, shape_seed: int) -> Parts:
    """The parts of one thing that is no building; equal seeds give equal parts."""
    return _MAKERS[kind](np.random.default_rng(shape_seed))


def building_parts(shape: str, roof: str) -> Parts:
    """A building of one of :data:`BUILDING_SHAPES` under one of :data:`ROOFS`."""
    outlines = {
        "rectangular": [rectangle(-1, -0.66, 1, 0.66)],
        "round": [disc(0.92, 28)],
        "l-shaped": [rectangle(-1, -1, -0.3, 1), rectangle(-0.3, 0.3, 1, 1)],
        "u-shaped": [rectangle(-1, -1, -0.45, 1), rectangle(0.45, -1, 1, 1), rectangle(-0.45, 0.4, 0.45, 1)],
        "cross-shaped": [rectangle(-1, -0.34, 1, 0.34), rectangle(-0.34, -1, 0.34, 1)],
    }[shape]
    parts: Parts = [(outline, 1.0) for outline in outlines]
    for outline in outlines:
        parts += _roof_marks(outline, roof, is_round=shape == "round")
    return parts


def _roof_marks(outline: Points, roof: str, *, is_round: bool) -> Parts:
    """What tells one roof from another, cut to the outline's box (an inner one where it is round)."""
    inner = 0.68 if is_round else 1.0
    (left, top), (right, bottom) = outline.min(axis=0) * inner, outline.max(axis=0) * inner
    width, height = right - left, bottom - top
    if roof == "tiles":
        middle = (top + bottom) / 2
        if height > width:
            middle_x = (left + right) / 2
            return [(rectangle(middle_x, top, right, bottom), 0.74)]
        return [(rectangle(left, middle, right, bottom), 0.74)]
    if roof == "metal":
        count = max(3, round(width / 0.22))
        xs = left + width * (np.arange(count) + 0.5) / count
        return [(rectangle(x - 0.03, top, x + 0.03, bottom), 0.76) for x in xs]
    if roof == "glass":
        return _tiled(left, top, right, bottom, 0.42, 0.06, (150.0, 206.0, 226.0))
    return _tiled(left + 0.06 * width, top + 0.06 * height, right - 0.06 * width, bottom - 0.06 * height,
                  0.34, 0.07, (28.0, 38.0, 84.0))  # fmt: skip


def _tiled(
    left: float, top: float, right: float, bottom: float, pitch: float, gap: float, colour: Colour
) -> Parts:
    across, down = max(1, round((right - left) / pitch)), max(1, round((bottom - top) / pitch))
    wide, high = (right - left) / across, (bottom - top) / down
    return [
        (
            rectangle(left + i * wide + gap / 2, top + j * high + gap / 2,
                      left + (i + 1) * wide - gap / 2, top + (j + 1) * high - gap / 2),
            colour,
        )
        for i in range(across)
        for j in range(down)
    ]  # fmt: skip
