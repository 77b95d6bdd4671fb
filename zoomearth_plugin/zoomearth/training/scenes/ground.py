"""What the ground of a scene is made of, in painting order, and where there is room on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import List

import cv2
import numpy as np
from numpy.typing import NDArray

from .palette import Colour
from .shapes import Points

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Patch:
    """A filled outline.

    Args:
        outline: (n, 2) scene pixels.
        clumps: Strength of crown-sized light and dark in it: woods 26, lawns 2, roofs 0.
        stripe_px: Distance of crop rows; 0 for none.
        stripe_angle_rad: Direction of crop rows.
    """

    outline: Points
    colour: Colour
    clumps: float = 1.0
    stripe_px: float = 0.0
    stripe_angle_rad: float = 0.0


@dataclass(frozen=True)
class Line:
    """A line of one width; with dashes of ``dash_px`` and gaps as long, where that is not 0."""

    points: Points
    colour: Colour
    width_px: float
    dash_px: float = 0.0


@dataclass(frozen=True)
class Blocks:
    """Many boxes: houses, sheds, containers.

    Args:
        rings: (n, 4, 2) corners.
        colours: (n, 3).
        height_px: For their shadows.
        is_ridged: One half of each roof lies in the shade.
    """

    rings: Numbers
    colours: Numbers
    height_px: float
    is_ridged: bool = False


@dataclass(frozen=True)
class Crowns:
    """Many trees: (n, 2) centres, (n,) radii, (n, 3) colours."""

    centers: Numbers
    radii_px: Numbers
    colours: Numbers


Layer = Patch | Line | Blocks | Crowns
_MASK = 128


@dataclass
class Ground:
    """The layers of a scene while it is laid out, and maps of what is taken and what is water.

    Args:
        size_px: Side of the scene.
        px_per_m: Pixels in a metre.
    """

    size_px: int
    px_per_m: float
    layers: List[Layer] = field(default_factory=list)
    taken: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((_MASK, _MASK), np.uint8))
    sea: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((_MASK, _MASK), np.uint8))

    @property
    def extent_m(self) -> float:
        return self.size_px / self.px_per_m

    def add(self, layer: Layer, *, keep_clear: bool = False) -> None:
        """Paint a layer over those before it; with ``keep_clear`` nothing else may lie on it."""
        self.layers.append(layer)
        if keep_clear and isinstance(layer, Patch):
            self.reserve(layer.outline)
        if keep_clear and isinstance(layer, Line):
            width = max(1, math.ceil(layer.width_px * _MASK / self.size_px))
            cv2.polylines(self.taken, [self._on_mask(layer.points)], False, 1, width)

    def reserve(self, outline: Points) -> None:
        """Nothing that is asked about may lie there."""
        cv2.fillPoly(self.taken, [self._on_mask(outline)], 1)

    def flood(self, outline: Points) -> None:
        """It is sea."""
        cv2.fillPoly(self.sea, [self._on_mask(outline)], 1)

    def _on_mask(self, points: Points) -> NDArray[np.int32]:
        return np.asarray(np.round(points * _MASK / self.size_px), np.int32)

    def free_spots(self, reach_px: float, *, afloat: bool) -> NDArray[np.bool_]:
        """(128, 128): where something that reaches so far would touch nothing taken, no shore and no edge."""
        free = np.pad((1 - self.taken)[1:-1, 1:-1], 1)
        away, shore = _distance(free), _distance(self.sea if afloat else 1 - self.sea)
        cells = reach_px * _MASK / self.size_px
        return np.asarray((away > cells) & (shore > cells))

    def land_only(self, points: Points, margin_px: float = 0.0) -> NDArray[np.bool_]:
        """(n,) which points lie inside the scene on land, so far from the sea."""
        cells = np.clip(points * _MASK / self.size_px, 0, _MASK - 1).astype(int)
        shore = _distance(1 - self.sea) * (self.size_px / _MASK)
        inside = ((points >= 0) & (points < self.size_px)).all(axis=1)
        return np.asarray(inside & (shore[cells[:, 1], cells[:, 0]] > margin_px))

    def is_taken(self, points: Points) -> NDArray[np.bool_]:
        """(n,) which points lie on what is kept clear."""
        cells = np.clip(points * _MASK / self.size_px, 0, _MASK - 1).astype(int)
        return np.asarray(self.taken[cells[:, 1], cells[:, 0]] > 0)


def _distance(mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Cells from each cell to the nearest zero; far where there is none."""
    return np.minimum(cv2.distanceTransform(mask, cv2.DIST_L2, 3), np.float32(2 * _MASK))


def turned(points: Numbers, angle_rad: float, about: Numbers | float = 0.0) -> Numbers:
    """(…, 2) points turned clockwise."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return np.asarray((points - about) @ np.array([[cos, sin], [-sin, cos]]) + about)


def boxes(centers: Numbers, halves: Numbers, angle_rad: float | Numbers) -> Numbers:
    """(n, 4, 2) corners of boxes; ``halves`` (n, 2), one angle or (n,) of them."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float64)
    local = corners[None] * halves[:, None, :]
    angles = np.broadcast_to(np.asarray(angle_rad, dtype=np.float64), (len(centers),))
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    x, y = local[..., 0], local[..., 1]
    return np.stack([x * cos - y * sin, x * sin + y * cos], axis=-1) + centers[:, None, :]


def blob(rng: np.random.Generator, center: Points, radius_px: float, roughness: float = 0.16) -> Points:
    """A round outline with bays."""
    angles = np.linspace(0, 2 * math.pi, 28, endpoint=False)
    radii = np.full(28, radius_px)
    for wave in (2, 3, 5):
        radii *= 1 + rng.uniform(0, roughness) * np.cos(wave * angles + rng.uniform(0, 6.3))
    return np.asarray(center + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1))
