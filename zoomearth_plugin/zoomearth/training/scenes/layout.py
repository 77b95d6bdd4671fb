"""What lies where in a procedural scene, exact to the pixel; no picture yet.

A scene is a square of one of seven kinds. Its nine ninths (north-west … south-east) hold at most one
thing each that can be asked about: a landmark on its plot or afloat, a site with several things, or a
lake. So "the object in the north" names one thing. In an overview a landmark is a few pixels wide: what
it is, its colour and what lies beside it must be looked at from near by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ...core.frames import PixelBox
from .ground import Ground, Layer, Patch, blob
from .palette import SEASONS, Colour, Palette, season_palette
from .shapes import Points
from .themes import THEMES, URBAN, lay_ground
from .things import (
    LAND_KINDS,
    LARGEST_SITE_M,
    SITE_KINDS,
    WATER_KINDS,
    Landmark,
    Site,
    make_landmark,
    make_site,
)

NINTHS = (
    "north-west", "north", "north-east",
    "west", "centre", "east",
    "south-west", "south", "south-east",
)  # fmt: skip
GSDS_M = (0.2, 0.25, 0.3, 0.35)
SMALLEST_PX, LARGEST_PX = 512, 16384
MOST_LAKES = 4
_SITE_REACH_M = LARGEST_SITE_M / math.sqrt(2) + 2


@dataclass(frozen=True)
class Light:
    """Sun, air and sensor.

    Args:
        sun_rad: Where shadows fall, clockwise from east.
        shadow_share: Length of a shadow as a share of the height.
        haze: 0 clear to 0.35.
        noise: Standard deviation of a native pixel, grey levels.
    """

    sun_rad: float
    shadow_share: float
    haze: float
    brightness: float
    contrast: float
    noise: float


@dataclass(frozen=True)
class Scene:
    """Everything that a drawing needs; equal seeds and sizes give equal scenes.

    Args:
        gsd_m: Metres in a pixel.
        theme: One of :data:`~.themes.THEMES`.
        season: One of :data:`~.palette.SEASONS`.
        layers: Of the ground, in painting order.
        lakes: Outlines, (n, 2) each.
    """

    seed: int
    size_px: int
    gsd_m: float
    theme: str
    season: str
    palette: Palette
    layers: tuple[Layer, ...]
    lakes: tuple[Points, ...]
    landmarks: tuple[Landmark, ...]
    sites: tuple[Site, ...]
    light: Light

    @property
    def extent(self) -> PixelBox:
        return PixelBox(0, 0, self.size_px, self.size_px)

    @property
    def is_urban(self) -> bool:
        return self.theme in URBAN


def make_scene(seed: int, size_px: int = 4096) -> Scene:
    """A scene; the same seed and size give the same one.

    Args:
        seed: Any non-negative integer.
        size_px: Side, from :data:`SMALLEST_PX` to :data:`LARGEST_PX`.

    Raises:
        ValueError: A size outside that.
    """
    if not SMALLEST_PX <= size_px <= LARGEST_PX:
        raise ValueError(f"a scene measures {SMALLEST_PX} to {LARGEST_PX} pixels, not {size_px}")
    rng = np.random.default_rng([seed, size_px])
    theme, season = _pick(rng, THEMES), _pick(rng, SEASONS)
    gsd_m = float(rng.choice(GSDS_M))
    palette = season_palette(season, rng)
    ground = Ground(size_px, 1 / gsd_m)
    lay_ground(ground, theme, rng, palette)
    ninths = rng.permutation(9).tolist()
    lakes, landmarks = _lakes(ground, rng, ninths, palette.water)
    sites: list[Site] = []
    for ninth in ninths:
        _settle(ground, rng, ninth, landmarks, sites)
    return Scene(
        seed, size_px, gsd_m, theme, season, palette, tuple(ground.layers), lakes,
        tuple(sorted(landmarks, key=lambda one: one.ninth)), tuple(sorted(sites, key=lambda one: one.ninth)),
        _light(rng),
    )  # fmt: skip


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _light(rng: np.random.Generator) -> Light:
    return Light(
        sun_rad=float(rng.uniform(0, 2 * math.pi)),
        shadow_share=float(rng.uniform(0.35, 1.1)),
        haze=float(max(0.0, rng.uniform(-0.15, 0.3))),
        brightness=float(rng.normal(0, 7)),
        contrast=float(rng.uniform(0.85, 1.12)),
        noise=float(rng.uniform(1.5, 7)),
    )


def _spot(
    ground: Ground, rng: np.random.Generator, ninth: int, reach_px: float, *, afloat: bool
) -> tuple[float, float] | None:
    """A place in a ninth, away from its edges, where something that reaches so far has room."""
    free = ground.free_spots(reach_px, afloat=afloat)
    cells = len(free)
    third = cells / 3
    low = (np.array([ninth % 3, ninth // 3]) + 0.14) * third
    high = low + 0.72 * third
    rows, columns = np.nonzero(free)
    inside = (columns >= low[0]) & (columns < high[0]) & (rows >= low[1]) & (rows < high[1])
    if not inside.any():
        return None
    chosen = int(rng.choice(np.flatnonzero(inside)))
    scale = ground.size_px / cells
    column, row = ((np.array([columns[chosen], rows[chosen]]) + rng.uniform(0, 1, 2)) * scale).tolist()
    return column, row


def _lakes(
    ground: Ground, rng: np.random.Generator, ninths: list[int], water: Colour
) -> tuple[tuple[Points, ...], list[Landmark]]:
    """Up to four lakes, each number as likely; what floats on them. Takes their ninths off the list."""
    wanted = int(rng.integers(MOST_LAKES + 1))
    outlines: list[Points] = []
    landmarks: list[Landmark] = []
    for ninth in list(ninths):
        if len(outlines) == wanted:
            break
        radius = ground.px_per_m * float(rng.uniform(58, 78))
        spot = _spot(ground, rng, ninth, radius * 1.3, afloat=False)
        if spot is None:
            continue
        ninths.remove(ninth)
        outline = blob(rng, np.array(spot), radius, 0.1)
        shore = np.array(spot) + (outline - np.array(spot)) * 1.07
        ground.add(Patch(shore, (188, 174, 138), 1.0))
        ground.add(Patch(outline, water, 0.6), keep_clear=True)
        outlines.append(outline)
        if rng.random() < 0.7:
            floating = make_landmark(rng, _pick(rng, WATER_KINDS), spot, ninth, ground.px_per_m)
            landmarks.append(replace(floating, lake=outline))
    return tuple(outlines), landmarks


def _settle(
    ground: Ground, rng: np.random.Generator, ninth: int, landmarks: list[Landmark], sites: list[Site]
) -> None:
    """Put a landmark, a site or nothing into a ninth; where there is no room, nothing."""
    m = ground.px_per_m
    roll = rng.random()
    if roll < 0.12:
        return
    afloat = _spot(ground, rng, ninth, 48 * m, afloat=True)
    if afloat is not None and rng.random() < 0.75:
        landmarks.append(make_landmark(rng, _pick(rng, WATER_KINDS), afloat, ninth, m))
        return
    if roll < 0.56:
        kind = _pick(rng, LAND_KINDS)
        spot = _spot(ground, rng, ninth, 40 * m, afloat=False)
        if spot is not None:
            landmarks.append(make_landmark(rng, kind, spot, ninth, m))
            ground.reserve(landmarks[-1].plot_outline)
        return
    site_kind = _pick(rng, tuple(SITE_KINDS))
    spot = _spot(ground, rng, ninth, _SITE_REACH_M * m, afloat=False)
    if spot is not None:
        sites.append(make_site(rng, site_kind, spot, ninth, m))
        ground.reserve(sites[-1].outline)
