"""The seven kinds of scene: what covers the ground, from shore to shore. Lengths in metres unless said."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .ground import Blocks, Crowns, Ground, Line, Numbers, Patch, blob, boxes, turned
from .palette import PAINTS, Colour, Palette, jitter
from .shapes import Points, rectangle, ring_of

THEMES = ("airport", "port", "residential area", "industrial area", "farmland", "forest", "coast")
URBAN = ("airport", "port", "residential area", "industrial area")
_ASPHALT: Colour = (78, 78, 82)
_CONCRETE: Colour = (158, 158, 154)
_WHITE: Colour = (226, 226, 222)
_ROAD: Colour = (110, 108, 106)
_DIRT: Colour = (166, 144, 110)
Maker = Callable[[Ground, np.random.Generator, Palette], None]


def lay_ground(ground: Ground, theme: str, rng: np.random.Generator, palette: Palette) -> None:
    """Fill a scene's ground with a theme's layers, and mark what must stay clear."""
    side = float(ground.size_px)
    whole = rectangle(0, 0, side, side)
    ground.add(Patch(whole, palette.ground, 3.0))
    _MAKERS[theme](ground, rng, palette)


def _rows(ground: Ground, rng: np.random.Generator, pitch: tuple[float, float], angle: float) -> Numbers:
    """(n, 2) middles of a turned grid over the whole scene, pixels; ``pitch`` in pixels."""
    reach = ground.size_px * 0.75
    x = np.arange(-reach, reach, pitch[0]) + rng.uniform(0, pitch[0])
    y = np.arange(-reach, reach, pitch[1]) + rng.uniform(0, pitch[1])
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return turned(grid, angle) + ground.size_px / 2


def _colours(rng: np.random.Generator, options: tuple[Colour, ...], count: int, spread: float = 8) -> Numbers:
    chosen = np.array(options, dtype=np.float64)[rng.integers(len(options), size=count)]
    return np.asarray(np.clip(chosen + rng.normal(0, spread, (count, 1)), 0, 255))


def _trees(ground: Ground, rng: np.random.Generator, palette: Palette, centers: Numbers) -> None:
    if len(centers):
        radii = ground.px_per_m * rng.uniform(2.5, 5.5, len(centers))
        ground.add(Crowns(centers, radii, _colours(rng, palette.canopy, len(centers))))


def _fields(ground: Ground, rng: np.random.Generator, palette: Palette, share: float, pitch: float) -> float:
    """Plots of crops on a turned grid; returns its direction."""
    angle = float(rng.uniform(0, math.pi))
    step = pitch * ground.px_per_m
    for center in _rows(ground, rng, (step, step * 0.62), angle):
        if rng.random() > share or not _near_scene(ground, center, step):
            continue
        half = np.array([0.5, 0.31]) * step * rng.uniform(0.8, 0.98, 2)
        ring = ring_of(rectangle(-1, -1, 1, 1), tuple(center.tolist()), tuple(half.tolist()), angle)
        colour = jitter(rng, palette.fields[int(rng.integers(len(palette.fields)))], 6)
        rows = angle + (math.pi / 2 if rng.random() < 0.4 else 0)
        ground.add(Patch(ring, colour, 2.0, ground.px_per_m * rng.uniform(3, 6), rows))
    return angle


def _near_scene(ground: Ground, point: Points, margin_px: float) -> bool:
    return bool((point > -margin_px).all() and (point < ground.size_px + margin_px).all())


def _road(ground: Ground, rng: np.random.Generator, colour: Colour, width: float, *, clear: bool) -> None:
    """A bent line from edge to edge."""
    side = ground.size_px
    along = np.linspace(-0.05, 1.05, 16) * side
    ends = rng.uniform(0.1, 0.9, 2) * side
    bend = np.sin(np.linspace(0, math.pi * rng.uniform(0.6, 2), 16)) * rng.normal(0, 0.06) * side
    across = np.linspace(ends[0], ends[1], 16) + bend
    points = np.stack((along, across) if rng.random() < 0.5 else (across, along), axis=1)
    ground.add(Line(points, colour, width * ground.px_per_m), keep_clear=clear)
    if width >= 7:
        ground.add(Line(points, (214, 210, 198), 0.5 * ground.px_per_m, 6 * ground.px_per_m))


def _airport(ground: Ground, rng: np.random.Generator, palette: Palette) -> None:
    _fields(ground, rng, palette, 0.5, 190)
    m, side = ground.px_per_m, float(ground.size_px)
    angle = float(rng.uniform(0, math.pi))
    away = float(rng.choice((-1, 1))) * rng.uniform(0.06, 0.12) * side  # of the runway from the middle
    middle = np.array([side / 2, side / 2]) + turned(np.array([0.0, away]), angle)
    inward = -math.copysign(1.0, away)

    def strip(start: float, end: float, near: float, far: float, colour: Colour, *, clear: bool) -> None:
        """A box along the runway: from ``start`` to ``end`` along, ``near`` to ``far`` to the inner side."""
        low, high = sorted((near * inward, far * inward))
        outline = turned(rectangle(start, low, end, high), angle) + middle
        ground.add(Patch(outline, colour, 0.6), keep_clear=clear)

    reach = 0.62 * side
    strip(-1.5 * side, 1.5 * side, -75 * m, 62 * m, palette.lawn, clear=False)
    strip(-reach, reach, -26 * m, 26 * m, jitter(rng, _ASPHALT, 4), clear=True)
    _runway_marks(ground, angle, middle, reach, m)
    strip(-reach, reach, 78 * m, 98 * m, (104, 104, 106), clear=True)  # taxiway
    for x in np.linspace(-0.4, 0.4, 4) * side:
        strip(x - 10 * m, x + 10 * m, 26 * m, 78 * m, (104, 104, 106), clear=True)
    centre_line = turned(np.array([[-reach, 88 * m * inward], [reach, 88 * m * inward]]), angle) + middle
    ground.add(Line(centre_line, (216, 186, 60), 0.8 * m))
    half = min(190 * m, 0.2 * side)
    strip(-half, half, 98 * m, 178 * m, jitter(rng, _CONCRETE, 5), clear=True)  # apron
    strip(-0.7 * half, 0.7 * half, 178 * m, 208 * m, (206, 208, 212), clear=True)  # terminal
    for x in np.linspace(-0.55, 0.55, int(rng.integers(3, 5))) * half:
        strip(x - 7 * m, x + 7 * m, 150 * m, 180 * m, (196, 198, 204), clear=True)
    strip(-0.5 * half, 0.5 * half, 212 * m, 224 * m, _ROAD, clear=True)


def _runway_marks(ground: Ground, angle: float, middle: Points, reach: float, m: float) -> None:
    ends = turned(np.array([[-reach, 0.0], [reach, 0.0]]), angle) + middle
    ground.add(Line(ends, _WHITE, 1.6 * m, 28 * m))
    for y in (-23.5, 23.5):
        edge = turned(np.array([[-reach, y * m], [reach, y * m]]), angle) + middle
        ground.add(Line(edge, _WHITE, 1.0 * m))
    side = ground.size_px
    start = 0.36 * side
    for sign in (-1, 1):  # threshold bars
        for y in np.linspace(-18, 18, 8) * m:
            bar = turned(
                rectangle(sign * start - 17 * m, y - 1.2 * m, sign * start + 17 * m, y + 1.2 * m), angle
            )
            ground.add(Patch(bar + middle, _WHITE, 0.0))


def _sea(
    ground: Ground, rng: np.random.Generator, palette: Palette, share: float, waviness: float
) -> tuple[int, Points]:
    """Sea along one side; returns which (0 south, 1 west, 2 north, 3 east) and the shore, (n, 2)."""
    side, quarter = float(ground.size_px), int(rng.integers(4))
    along = np.linspace(-0.1, 1.1, 60)
    line = np.full_like(along, 1 - share) + rng.normal(0, 0.04) * (along - 0.5)
    for wave in (1.3, 2.7, 5.1, 9.7):
        line += (
            waviness / wave * rng.uniform(0.3, 1) * np.sin(wave * 2 * math.pi * along + rng.uniform(0, 6.3))
        )
    shore = np.stack([along, line], axis=1) * side
    turn = quarter * math.pi / 2
    shore = turned(shore, turn, side / 2)
    far = turned(np.array([[1.1, 1.2], [-0.1, 1.2]]) * side, turn, side / 2)
    outline = np.concatenate([shore, far])
    ground.flood(outline)
    ground.add(Patch(outline, palette.water, 1.0))
    return quarter, shore


def _port(ground: Ground, rng: np.random.Generator, palette: Palette) -> None:
    m, side = ground.px_per_m, float(ground.size_px)
    quarter, shore = _sea(ground, rng, palette, float(rng.uniform(0.36, 0.46)), 0.0)
    start, end = shore[5], shore[-6]
    along = (end - start) / np.hypot(*(end - start))
    seaward = turned(np.array([0.0, 1.0]), quarter * math.pi / 2)

    def box(from_m: float, to_m: float, near_m: float, far_m: float) -> Points:
        """From … to along the quay, from the edge's middle; near … far towards the sea."""
        middle = (start + end) / 2
        corners = [(from_m, near_m), (to_m, near_m), (to_m, far_m), (from_m, far_m)]
        return np.array([middle + along * (x * m) + seaward * (y * m) for x, y in corners])

    half_m = 0.62 * side / m
    depth_m = min(200.0, 0.16 * side / m)
    _town(ground, rng, palette, pitch_m=max(34.0, ground.extent_m / 48), share=0.8)
    ground.add(Patch(box(-half_m, half_m, -depth_m, 4), jitter(rng, (134, 132, 130), 6), 0.8))
    ground.add(Patch(box(-half_m, half_m, -7, 5), (188, 186, 180), 0.4), keep_clear=True)
    for x in np.arange(-half_m * 0.8, half_m * 0.8, rng.uniform(170, 240)):
        ground.add(Patch(box(x - 14, x + 14, 0, 110), (150, 146, 138), 0.4), keep_clear=True)  # jetty
    _containers(ground, rng, box, half_m, depth_m)
    ends = np.array(
        [box(-half_m, half_m, -depth_m, -depth_m)[0], box(-half_m, half_m, -depth_m, -depth_m)[1]]
    )
    ground.add(Line(ends, _ROAD, 9 * m))


def _containers(
    ground: Ground, rng: np.random.Generator, box: Callable[..., Points], half_m: float, depth_m: float
) -> None:
    """Stacks along the quay, in all colours, with gaps."""
    rings = []
    for x in np.arange(-half_m, half_m, 78):
        if rng.random() < 0.42:
            continue
        for y in np.arange(-depth_m + 22, -22, 9):
            cells = np.arange(x, x + 58, 12.8)
            rings += [box(cell, cell + 12, y, y + 6.5) for cell in cells[rng.random(len(cells)) < 0.8]]
    if not rings:
        return
    paints = np.array([PAINTS[name] for name in ("red", "blue", "orange", "green", "white")])
    paints = np.concatenate([paints, [(140, 70, 50)]])
    colours = paints[rng.integers(len(paints), size=len(rings))] * 0.86
    stacks = np.array(rings)
    inside = ground.land_only(stacks.mean(axis=1)) & ((stacks > 0).all(axis=(1, 2)))
    ground.add(Blocks(stacks[inside], colours[inside], 5 * ground.px_per_m))
    low, high = box(-half_m, half_m, -depth_m + 20, -20)[[0, 2]]
    ground.reserve(np.array([low, [high[0], low[1]], high, [low[0], high[1]]]))


def _town(
    ground: Ground, rng: np.random.Generator, palette: Palette, *, pitch_m: float, share: float
) -> float:
    """Houses in rows between streets; returns the streets' direction."""
    m = ground.px_per_m
    angle = float(rng.uniform(0, math.pi / 2))
    pitch = pitch_m * m
    block = (4 * pitch, 2 * pitch + 9 * m)
    reach = 0.8 * ground.size_px
    for axis, step in ((0, block[1]), (1, block[0])):
        for offset in np.arange(-reach, reach, step):
            ends = np.array([[-reach, offset], [reach, offset]], dtype=np.float64)
            line = turned(ends[:, ::-1] if axis else ends, angle) + ground.size_px / 2
            for piece in _on_land(ground, line):
                ground.add(Line(piece, _ROAD, 7 * m))
    base = np.arange(-reach, reach, pitch)
    lots = np.stack(np.meshgrid(base[:-1] + pitch / 2, np.arange(-reach, reach, block[1])), axis=-1)
    inset = 4.5 * m + 0.42 * pitch
    both = np.concatenate([lots + np.array([0, inset]), lots + np.array([0, block[1] - inset])])
    spots = both.reshape(-1, 2)
    is_street = np.abs((spots[:, 0] + reach) / block[0] - np.round((spots[:, 0] + reach) / block[0])) < 0.09
    centers = turned(spots, angle) + ground.size_px / 2 + rng.normal(0, 0.05 * pitch, spots.shape)
    keep = ground.land_only(centers, 20 * m) & ~is_street & (rng.random(len(centers)) < share)
    keep &= ~ground.is_taken(centers)
    centers = centers[keep]
    halves = rng.uniform(0.17, 0.27, (len(centers), 2)) * pitch
    rings = boxes(centers, halves, angle + rng.choice((0, math.pi / 2), len(centers)))
    ground.add(Blocks(rings, _colours(rng, palette.roofs, len(centers)), 6 * m, is_ridged=True))
    yards = centers + turned(np.array([[0.0, 0.38 * pitch]]), angle) * rng.choice((-1, 1), (len(centers), 1))
    yards = yards[rng.random(len(yards)) < 0.5]
    _trees(ground, rng, palette, yards[ground.land_only(yards, 20 * m)])
    return angle


def _on_land(ground: Ground, line: Points) -> list[Points]:
    """The parts of a straight line that lie on land inside the scene."""
    samples = line[0] + np.linspace(0, 1, 120)[:, None] * (line[1] - line[0])
    is_land = ground.land_only(np.clip(samples, 0, ground.size_px - 1), 15 * ground.px_per_m)
    pieces, start = [], None
    for index, flag in enumerate([*is_land.tolist(), False]):
        if flag and start is None:
            start = index
        if not flag and start is not None:
            if index - start > 1:
                pieces.append(samples[[start, index - 1]])
            start = None
    return pieces


def _residential(ground: Ground, rng: np.random.Generator, palette: Palette) -> None:
    side = float(ground.size_px)
    ground.add(Patch(rectangle(0, 0, side, side), jitter(rng, palette.lawn, 5), 4.0))
    _town(ground, rng, palette, pitch_m=max(24.0, ground.extent_m / 60), share=0.9)
    _road(ground, rng, (96, 96, 98), 14, clear=True)


def _industrial(ground: Ground, rng: np.random.Generator, palette: Palette) -> None:
    m, side = ground.px_per_m, float(ground.size_px)
    base = (150, 146, 138) if sum(palette.ground) < 600 else (206, 206, 206)
    ground.add(Patch(rectangle(0, 0, side, side), jitter(rng, base, 6), 2.0))
    angle = float(rng.uniform(0, math.pi / 2))
    pitch = max(105.0, ground.extent_m / 15) * m
    spots = _rows(ground, rng, (pitch, pitch * 0.8), angle)
    spots = spots[ground.land_only(spots)]
    for axis in (0, 1):
        for row in _rows(ground, rng, (pitch * 3, pitch * 2.4), angle)[::7]:
            ends = np.array([[-side, 0.0], [side, 0.0]])
            ground.add(Line(turned(ends[:, ::-1] if axis else ends, angle) + row, _ROAD, 9 * m))
    kept = spots[rng.random(len(spots)) < 0.78]
    halves = (
        np.stack([rng.uniform(0.22, 0.43, len(kept)), rng.uniform(0.16, 0.34, len(kept))], axis=1) * pitch
    )
    roofs: tuple[Colour, ...] = (
        (196, 198, 202),
        (168, 172, 178),
        (120, 138, 160),
        (176, 158, 140),
        (214, 212, 206),
    )
    ground.add(Blocks(boxes(kept, halves, angle), _colours(rng, roofs, len(kept)), 12 * m))
    vents = np.repeat(kept, 5, axis=0) + turned(
        rng.uniform(-0.7, 0.7, (5 * len(kept), 2)) * np.repeat(halves, 5, 0), angle
    )
    ground.add(
        Blocks(boxes(vents, np.full((len(vents), 2), 2.2 * m), angle), np.full((len(vents), 3), 118.0), 2 * m)
    )
    rails = turned(np.array([[-side, 0.0], [side, 0.0]]), angle) + rng.uniform(0.3, 0.7, 2) * side
    for shift in (-4, 0, 4):
        offset = turned(np.array([[0.0, shift * m]]), angle)
        ground.add(Line(rails + offset, (98, 82, 72), 1.8 * m), keep_clear=shift == 0)


def _farmland(ground: Ground, rng: np.random.Generator, palette: Palette) -> None:
    m = ground.px_per_m
    angle = _fields(ground, rng, palette, 0.96, float(rng.uniform(150, 260)) * max(1, ground.extent_m / 2400))
    for _ in range(2):
        _road(ground, rng, _DIRT, 5, clear=True)
    for _ in range(int(rng.integers(2, 5))):  # farmsteads
        place = rng.uniform(0.05, 0.95, 2) * ground.size_px
        yard = ring_of(rectangle(-1, -1, 1, 1), tuple(place.tolist()), (32 * m, 26 * m), angle)
        ground.add(Patch(yard, _DIRT, 1.0), keep_clear=True)
        centers = place + turned(rng.uniform(-20, 20, (3, 2)) * m, angle)
        halves = np.stack([rng.uniform(7, 14, 3), rng.uniform(4, 7, 3)], axis=1) * m
        ground.add(
            Blocks(boxes(centers, halves, angle), _colours(rng, palette.roofs, 3), 6 * m, is_ridged=True)
        )
    hedge = _rows(ground, rng, (ground.size_px * 0.31, 9 * m), angle)
    hedge = hedge[ground.land_only(hedge)] + rng.normal(0, 1.5 * m, (1, 2))
    _trees(ground, rng, palette, hedge[rng.random(len(hedge)) < 0.5])


def _forest(ground: Ground, rng: np.random.Generator, palette: Palette) -> None:
    side = float(ground.size_px)
    ground.add(Patch(rectangle(0, 0, side, side), palette.canopy[0], 30.0))
    for _ in range(9):  # stands of other trees
        outline = blob(rng, rng.uniform(0, side, 2), rng.uniform(0.06, 0.17) * side, 0.25)
        ground.add(
            Patch(outline, jitter(rng, palette.canopy[int(rng.integers(len(palette.canopy)))], 5), 30.0)
        )
    for _ in range(int(rng.integers(2, 5))):
        outline = blob(rng, rng.uniform(0, side, 2), rng.uniform(0.025, 0.06) * side, 0.25)
        ground.add(Patch(outline, palette.ground, 4.0))
    for _ in range(int(rng.integers(1, 3))):
        _road(ground, rng, _DIRT, 4.5, clear=True)


def _coast(ground: Ground, rng: np.random.Generator, palette: Palette) -> None:
    m = ground.px_per_m
    _fields(ground, rng, palette, 0.3, 170 * max(1, ground.extent_m / 2400))
    groves = [rng.uniform(0, ground.size_px, 2) for _ in range(3)]
    for place in groves:
        ground.add(
            Patch(blob(rng, place, rng.uniform(0.03, 0.08) * ground.size_px, 0.25), palette.canopy[0], 26.0)
        )
    _road(ground, rng, _ROAD, 7, clear=True)
    start = len(ground.layers)
    _, shore = _sea(ground, rng, palette, float(rng.uniform(0.34, 0.46)), 0.035)
    sea = ground.layers.pop(start)
    sand, deep = jitter(rng, (224, 204, 156), 5), palette.water
    shallow: Colour = (deep[0] * 0.6 + 60, deep[1] * 0.6 + 86, deep[2] * 0.6 + 84)
    ground.add(Line(shore, sand, 90 * m))
    ground.add(sea)
    ground.add(Line(shore, shallow, 44 * m))
    outward = _seaward(ground, shore)
    ground.add(Line(shore - outward * 22 * m, sand, 46 * m))
    for away in (2, 11, 24):
        ground.add(Line(shore + outward * away * m, (232, 238, 238), rng.uniform(1.5, 3.2) * m))
    ground.reserve(np.concatenate([shore - outward * 48 * m, (shore + outward * 26 * m)[::-1]]))


def _seaward(ground: Ground, shore: Points) -> Points:
    """(n, 2) unit steps from the shore out to sea."""
    along = np.gradient(shore, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.hypot(along[:, 0], along[:, 1])[:, None]
    inner = shore[10:-10]
    probe = inner + normal[10:-10] * 0.05 * ground.size_px
    is_land = ground.land_only(np.clip(probe, 0, ground.size_px - 1))
    return normal * (-1 if is_land.mean() > 0.5 else 1)


_MAKERS: dict[str, Maker] = {
    "airport": _airport,
    "port": _port,
    "residential area": _residential,
    "industrial area": _industrial,
    "farmland": _farmland,
    "forest": _forest,
    "coast": _coast,
}
