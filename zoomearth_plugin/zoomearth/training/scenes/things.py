"""What can be asked about: single landmarks, and sites that hold several things."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...core.frames import PixelBox
from .palette import PAINTS, SURFACES, Colour
from .shapes import BUILDING_SHAPES, ROOFS, Parts, Points, building_parts, parts_of, rectangle, ring_of

WATER_KINDS = ("ship", "sailboat", "rock")
LAND_KINDS = ("plane", "helicopter", "bus", "truck", "tank", "building", "tree", "wind turbine")
LANDMARK_KINDS = WATER_KINDS + LAND_KINDS
PAINTED_KINDS = ("plane", "helicopter", "ship", "bus", "truck", "tank", "building")
"""Landmarks whose colour can be asked; the others look alike but for their size."""
MOVING_KINDS = ("ship", "truck", "bus")
"""A moving ship draws a wake, a moving lorry or bus a trail of dust."""
COMPANIONS = ("tree", "pool", "shed")
SIDES = ("north", "east", "south", "west")
FUNCTIONS = {
    "plane": "air transport", "helicopter": "air transport",
    "ship": "sea transport", "sailboat": "leisure",
    "bus": "road transport", "truck": "road transport",
    "tank": "storage", "wind turbine": "power generation",
}  # fmt: skip

ARRANGEMENTS = ("row", "grid", "circle", "scattered")
FILLS = ("empty", "half full", "full")


@dataclass(frozen=True)
class SiteKind:
    """A kind of site: what it holds, and what it is for.

    Args:
        item: Kind of its things, singular.
        function: One or two words.
        item_m: Length and width of one thing, metres.
        is_lot: Its places are marked, and are taken or free; else its things can be counted.
    """

    item: str
    function: str
    item_m: tuple[float, float]
    is_lot: bool = False


SITE_KINDS = {
    "parking lot": SiteKind("car", "parking", (5.4, 2.5), is_lot=True),
    "container yard": SiteKind("container", "freight", (12.2, 4.0), is_lot=True),
    "airport apron": SiteKind("plane", "aviation", (19.0, 17.0), is_lot=True),
    "tank farm": SiteKind("tank", "storage", (16.0, 16.0)),
    "solar park": SiteKind("solar panel", "power generation", (20.0, 8.0)),
    "sports ground": SiteKind("court", "sports", (22.0, 12.0)),
    "housing estate": SiteKind("house", "housing", (13.0, 10.0)),
    "greenhouse farm": SiteKind("greenhouse", "farming", (22.0, 9.0)),
}
ITEM_KINDS = tuple(kind.item for kind in SITE_KINDS.values())
LARGEST_COUNT = 6
LARGEST_SITE_M = 92.0
"""Longer side of a site; what does not fit is built smaller."""

_LANDMARK_M = {  # length in metres from … to, and width as a share of the length from … to
    "plane": (28, 42, 0.85, 1.0), "helicopter": (17, 22, 1.0, 1.0),
    "ship": (40, 75, 0.2, 0.27), "sailboat": (16, 24, 0.34, 0.4), "rock": (12, 30, 0.8, 1.0),
    "bus": (14, 18, 0.24, 0.28), "truck": (18, 24, 0.22, 0.26), "tank": (18, 34, 1.0, 1.0),
    "building": (28, 46, 0.8, 1.0), "tree": (12, 20, 1.0, 1.0), "wind turbine": (44, 64, 1.0, 1.0),
}  # fmt: skip
HEIGHTS_M = {
    "plane": 5, "helicopter": 4, "ship": 6, "sailboat": 5, "rock": 3, "bus": 4, "truck": 4, "tank": 10,
    "building": 11, "tree": 9, "wind turbine": 14, "car": 1.6, "container": 3.5, "solar panel": 1.5,
    "court": 0, "house": 7, "greenhouse": 4, "shed": 3, "pool": 0,
}  # fmt: skip
_OWN_COLOURS: dict[str, Colour] = {
    "rock": (128, 124, 118), "tree": (44, 92, 42), "wind turbine": (240, 240, 240),
    "sailboat": (232, 232, 228), "solar panel": (30, 42, 92), "court": (178, 96, 62),
    "greenhouse": (206, 226, 222), "shed": (122, 84, 56), "pool": (64, 178, 214), "house": (158, 82, 58),
}  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """One thing as it lies in the scene, full-scene pixels.

    Args:
        kind: A key of :data:`HEIGHTS_M`.
        paint: A key of :data:`~.palette.PAINTS`; empty where the kind has a colour of its own.
        half: Half of length and width.
        angle_rad: Clockwise from east.
        shape: Of a building.
        roof: Of a building.
    """

    kind: str
    paint: str
    center: tuple[float, float]
    half: tuple[float, float]
    angle_rad: float
    shape_seed: int
    shape: str = ""
    roof: str = ""

    @property
    def colour(self) -> Colour:
        return PAINTS[self.paint] if self.paint else _OWN_COLOURS[self.kind]

    @cached_property
    def parts(self) -> Parts:
        """Outlines in scene pixels with their paints, in painting order."""
        own = building_parts(self.shape, self.roof) if self.shape else parts_of(self.kind, self.shape_seed)
        return [(ring_of(ring, self.center, self.half, self.angle_rad), paint) for ring, paint in own]

    @cached_property
    def box(self) -> PixelBox:
        """The upright box around its outlines."""
        points = np.concatenate([ring for ring, _ in self.parts])
        return PixelBox(*points.min(axis=0).tolist(), *points.max(axis=0).tolist())


@dataclass(frozen=True)
class Landmark:
    """A single thing that questions can name by its place.

    Args:
        ninth: Index into :data:`~.layout.NINTHS`.
        plot: Ground that it stands on, a key of :data:`~.palette.SURFACES`; empty on water.
        plot_outline: (n, 2), empty on water.
        companion: A smaller thing beside it; None on water.
        side: Where the companion is, one of :data:`SIDES`; empty without one.
        trail: Outline of wake or dust of what moves; None of what does not.
        lake: Outline of the lake that it floats on, which its wake does not leave; None elsewhere.
    """

    thing: Thing
    ninth: int
    plot: str
    plot_outline: Points
    companion: Thing | None = None
    side: str = ""
    trail: Points | None = None
    lake: Points | None = None

    @property
    def kind(self) -> str:
        return self.thing.kind

    @property
    def box(self) -> PixelBox:
        return self.thing.box


@dataclass(frozen=True)
class Site:
    """A fenced piece of ground with several things of one kind.

    Args:
        kind: A key of :data:`SITE_KINDS`.
        outline: (4, 2) of its ground.
        places: (n, 4, 2) marked places of a lot; else no rows.
        arrangement: One of :data:`ARRANGEMENTS`; empty for lots and fewer than four things.
        fill: One of :data:`FILLS`; empty for what is no lot.
    """

    kind: str
    ninth: int
    outline: Points
    ground: str
    things: tuple[Thing, ...]
    places: Points
    arrangement: str = ""
    fill: str = ""

    @property
    def box(self) -> PixelBox:
        """The upright box around its ground."""
        return PixelBox(*self.outline.min(axis=0).tolist(), *self.outline.max(axis=0).tolist())


def make_landmark(
    rng: np.random.Generator, kind: str, center: tuple[float, float], ninth: int, px_per_m: float
) -> Landmark:
    """A landmark with its plot, or afloat."""
    shortest, longest, slim, wide = _LANDMARK_M[kind]
    length = px_per_m * float(rng.uniform(shortest, longest))
    is_building = kind == "building"
    thing = Thing(
        kind=kind,
        paint=_pick(rng, tuple(PAINTS)) if kind in PAINTED_KINDS else "",
        center=center,
        half=(length / 2, length / 2 * (1.0 if is_building else float(rng.uniform(slim, wide)))),
        angle_rad=float(rng.uniform(0, 2 * math.pi)),
        shape_seed=int(rng.integers(1 << 30)),
        shape=_pick(rng, BUILDING_SHAPES) if is_building else "",
        roof=_pick(rng, ROOFS) if is_building else "",
    )
    trail = _trail(rng, thing) if kind in MOVING_KINDS and rng.random() < 0.5 else None
    if kind in WATER_KINDS:
        return Landmark(thing, ninth, "", np.zeros((0, 2)), trail=trail)
    plot, outline = _pick(rng, tuple(SURFACES)), _plot_outline(rng, center, length, px_per_m)
    companion, side = _companion(rng, thing, px_per_m)
    return Landmark(thing, ninth, plot, outline, companion, side, trail)


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _plot_outline(
    rng: np.random.Generator, center: tuple[float, float], length_px: float, px_per_m: float
) -> Points:
    half = float(rng.uniform(0.95, 1.15)) * length_px / 2 + px_per_m * 16
    return ring_of(rectangle(-1, -1, 1, 1), center, (half, half * rng.uniform(0.85, 1.0)), rng.normal(0, 0.1))


def _companion(rng: np.random.Generator, thing: Thing, px_per_m: float) -> tuple[Thing, str]:
    """A tree, pool or shed due north, east, south or west of it, clear of its box."""
    kind, side = _pick(rng, COMPANIONS), int(rng.integers(4))
    size = px_per_m * float(rng.uniform(8, 11))
    box = thing.box
    away = (box.height if side % 2 == 0 else box.width) / 2 + size / 2 + px_per_m * float(rng.uniform(1, 3))
    aside = float(rng.normal(0, 0.12)) * away
    shift = ((aside, -away), (away, aside), (aside, away), (-away, aside))[side]
    half = (size / 2, size / 2 * (1.0 if kind == "tree" else 0.62))
    center = (box.center[0] + shift[0], box.center[1] + shift[1])
    angle = float(rng.uniform(0, 2 * math.pi))
    return Thing(kind, "", center, half, angle, int(rng.integers(1 << 30))), SIDES[side]


def _trail(rng: np.random.Generator, thing: Thing) -> Points:
    """Behind it, widening: 1.5 to 2.5 of its lengths."""
    reach = -1 - 2 * float(rng.uniform(1.3, 2.0))
    wide = 3.0 if thing.kind == "ship" else 2.6
    outline = np.array([[-0.7, -0.6], [reach, -wide], [reach * 0.93, 0], [reach, wide], [-0.7, 0.6]])
    return ring_of(outline, thing.center, thing.half, thing.angle_rad)


def make_site(
    rng: np.random.Generator, kind: str, center: tuple[float, float], ninth: int, px_per_m: float
) -> Site:
    """A site of a kind; every count, arrangement and fill is equally likely whatever the kind."""
    traits = SITE_KINDS[kind]
    size = np.array(traits.item_m) * px_per_m * float(rng.uniform(0.9, 1.1))
    angle = float(rng.uniform(0, math.pi))
    arrangement, fill = "", ""
    if traits.is_lot:
        spots = _lot(rng, size)
        fill = _pick(rng, FILLS)
    else:
        count = int(rng.integers(1, LARGEST_COUNT + 1))
        arrangement = _pick(rng, ARRANGEMENTS) if count >= 4 else ""
        spots = _spots(rng, count, arrangement or "row", size)
    margin = 4 * px_per_m
    half_ground = np.abs(spots).max(axis=0) + size.max() * 0.6
    fit = min(1.0, (LARGEST_SITE_M / 2 * px_per_m - margin) / float(half_ground.max()))
    size, spots = size * fit, spots * fit
    half_ground = half_ground * fit + margin
    half_ground = np.maximum(half_ground, half_ground.max() * 0.6)
    cell = rectangle(-1, -1, 1, 1) * size[::-1] * 0.6
    places = [ring_of(cell + spot, center, (1, 1), angle) for spot in spots] if traits.is_lot else []
    taken = {"": len(spots), "empty": 0, "half full": len(spots) // 2, "full": len(spots)}[fill]
    spots = spots[np.sort(rng.permutation(len(spots))[:taken])]
    turn = math.pi / 2 if traits.is_lot else 0.0
    ground = _pick(rng, tuple(SURFACES))
    things = tuple(
        _site_thing(rng, traits.item, ring_of(spot[None], center, (1, 1), angle)[0], size, angle + turn)
        for spot in spots
    )
    outline = ring_of(rectangle(-1, -1, 1, 1), center, tuple(half_ground.tolist()), angle)
    marks = np.stack(places) if places else np.zeros((0, 4, 2))
    return Site(kind, ninth, outline, ground, things, marks, arrangement, fill)


def _lot(rng: np.random.Generator, size: Points) -> Points:
    """(n, 2) centres of a lot's places: two to four ranks of three to eight."""
    ranks, files = (int(rng.integers(2, 4)), int(rng.integers(3, 5)))
    if size[0] < 0.5 * size[1] * 3 and size[1] < size[0] * 0.5:  # slim things stand closer
        ranks, files = int(rng.integers(2, 5)), int(rng.integers(6, 10))
    x, y = np.meshgrid(np.arange(files) - (files - 1) / 2, np.arange(ranks) - (ranks - 1) / 2)
    return np.stack([x.ravel() * size[1] * 1.35, y.ravel() * size[0] * 1.5], axis=1)


def _spots(rng: np.random.Generator, count: int, arrangement: str, size: Points) -> Points:
    """(count, 2) centres about the site's own, pixels."""
    step = size * (1.3, 1.5)
    if arrangement == "row":
        return np.stack([np.zeros(count), (np.arange(count) - (count - 1) / 2) * step[1]], axis=1)
    if arrangement == "grid":
        columns = 2
        rows = math.ceil(count / columns)
        cells = np.array([(i % columns - 0.5, i // columns - (rows - 1) / 2) for i in range(count)])
        return np.asarray(cells * step)
    reach = max(step.max() * 0.75, step.max() * count / (2 * math.pi) * 1.15)
    if arrangement == "circle":
        angles = np.arange(count) * 2 * math.pi / count + rng.uniform(0, 6.3)
        return np.asarray(reach * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    return _scattered(rng, count, size, reach)


def _scattered(rng: np.random.Generator, count: int, size: Points, reach: float) -> Points:
    """Anywhere, no two touching."""
    apart, spots = float(np.hypot(*size)) * 1.05, [rng.uniform(-reach, reach, 2)]
    tries = 0
    while len(spots) < count:
        tries += 1
        spot = rng.uniform(-1.15, 1.15, 2) * reach * (1 + tries / 200)
        if min(np.hypot(*(spot - other)) for other in spots) > apart:
            spots.append(spot)
    return np.asarray(np.array(spots) - np.mean(spots, axis=0))


def _site_thing(rng: np.random.Generator, kind: str, center: Points, size: Points, angle_rad: float) -> Thing:
    paint = _pick(rng, tuple(PAINTS)) if kind in ("car", "container", "plane", "tank") else ""
    if kind in ("plane", "tank"):
        paint = "white"
    half = (float(size[0]) / 2, float(size[1]) / 2)
    place = (float(center[0]), float(center[1]))
    return Thing(kind, paint, place, half, angle_rad, int(rng.integers(1 << 30)))
