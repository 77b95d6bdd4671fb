"""Draws any window of a scene at any reduction, without drawing the rest.

Texture and noise hang on absolute pixel positions, so neighbouring blocks fit together and a window
drawn twice is the same. Reduced windows are drawn on a canvas up to three times as fine as asked for and
averaged, as a reader of the written file would do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ...core.frames import PixelBox, View
from .ground import Blocks, Crowns, Layer, Line, Numbers, Patch
from .layout import Light, Scene
from .palette import SURFACES, Colour
from .shapes import Points, disc
from .things import HEIGHTS_M, Landmark, Site, Thing

_SHIFT = 4  # cv2's fixed point: sixteenths of a pixel
_TILE_PX = 1024
_SUPERSAMPLING = 3.0
_LINE: Colour = (228, 228, 222)
_FOAM: Colour = (236, 240, 240)
_DUST: Colour = (224, 206, 172)
_ROW_SHARE, _ROW_SHADE = 0.42, 0.9
_STRIPED = 1 - _ROW_SHARE * (1 - _ROW_SHADE)  # of a striped field's light, seen from afar


def draw(scene: Scene, view: View) -> NDArray[np.uint8]:
    """The picture of a window.

    Args:
        scene: What to draw.
        view: Window in scene pixels, inside the scene, and the size wanted.

    Returns:
        (height, width, 3) uint8, red, green, blue.
    """
    width, height = view.size
    across, down = view.pixels_per_view_pixel
    factor = max(1.0, min(_SUPERSAMPLING, max(across, down)))
    canvas_size = (math.ceil(width * factor), math.ceil(height * factor))
    pen = _Pen(view.window, canvas_size, scene)
    for layer in scene.layers:
        _draw_layer(pen, layer)
    for site in scene.sites:
        if pen.sees(site.box, 30):
            _draw_site(pen, site)
    for landmark in scene.landmarks:
        if pen.sees(landmark.box, 400):
            _draw_landmark(pen, landmark)
    canvas = pen.canvas
    if canvas_size != (width, height):
        canvas = np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    pixels = _sensor(canvas, scene.light, view.window, max(across, down), scene.gsd_m)
    return np.asarray(np.clip(pixels + 0.5, 0, 255), np.uint8)


class _Pen:
    """A canvas of red, green, blue and strength of clumps, and the way to it from scene pixels."""

    def __init__(self, window: PixelBox, size: tuple[int, int], scene: Scene) -> None:
        self.window = window
        self.scale = np.array([size[0] / window.width, size[1] / window.height])
        self.origin = np.array([window.left, window.top])
        self.canvas: NDArray[np.float32] = np.zeros((size[1], size[0], 4), np.float32)
        self.px_per_m = 1 / scene.gsd_m
        sun = np.array([math.cos(scene.light.sun_rad), math.sin(scene.light.sun_rad)])
        self.shadow = sun * scene.light.shadow_share / scene.gsd_m  # pixels a metre of height
        self.fineness = float(self.scale.mean())  # canvas pixels a scene pixel

    def sees(self, box: PixelBox, margin_px: float) -> bool:
        window = self.window
        return (
            box.right + margin_px > window.left
            and box.left - margin_px < window.right
            and box.bottom + margin_px > window.top
            and box.top - margin_px < window.bottom
        )

    def near(self, points: Numbers, margin_px: float) -> NDArray[np.bool_]:
        """(n,) which of (n, 2) points lie in the window or so near it."""
        low = self.origin - margin_px
        high = np.array([self.window.right, self.window.bottom]) + margin_px
        return np.asarray(((points > low) & (points < high)).all(axis=-1))

    def fixed(self, points: Numbers) -> NDArray[np.int32]:
        """Canvas coordinates in fixed point; cv2 counts from pixel centres, the scene from corners."""
        shift = 1 << _SHIFT
        raw = np.rint((points - self.origin) * (self.scale * shift) - 0.5 * shift)
        return np.asarray(raw, np.int32)

    def fill(self, outline: Points, colour: Colour, clumps: float = 0.0) -> None:
        cv2.fillPoly(self.canvas, [self.fixed(outline)], (*colour, clumps), cv2.LINE_8, _SHIFT)

    def fill_many(self, rings: Numbers, colour: Colour) -> None:
        """(n, k, 2) outlines of one colour that do not overlap."""
        if len(rings):
            cv2.fillPoly(self.canvas, list(self.fixed(rings)), (*colour, 0.0), cv2.LINE_8, _SHIFT)

    def cover(self, rings: Sequence[Points]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The canvas around outlines, to be changed in place, and (rows, columns) what they cover."""
        fixed = self.fixed(np.concatenate(rings))
        rows, columns = self.canvas.shape[:2]
        left, top = np.clip((fixed.min(axis=0) >> _SHIFT) - 1, 0, (columns, rows)).tolist()
        right, bottom = np.clip((fixed.max(axis=0) >> _SHIFT) + 2, 0, (columns, rows)).tolist()
        mask = np.zeros((max(0, bottom - top), max(0, right - left)), np.uint8)
        if mask.size:
            fixed -= np.array([left, top], np.int32) * (1 << _SHIFT)
            ends = np.cumsum([len(ring) for ring in rings])
            for piece in np.split(fixed, ends[:-1]):
                cv2.fillPoly(mask, [piece], 1, cv2.LINE_8, _SHIFT)
        return self.canvas[top : top + mask.shape[0], left : left + mask.shape[1], :3], mask > 0

    def shade(self, rings: Sequence[Points], strength: float) -> None:
        """Darken outlines: shadows."""
        part, covered = self.cover(rings)
        part[covered] *= 1 - strength

    def blend(self, outline: Points, colour: Colour, strength: float, within: Points | None = None) -> None:
        """Let a colour shine through: wake, dust; only inside another outline where that is given."""
        part, covered = self.cover([outline])
        if within is not None and covered.size:
            mask = np.zeros(self.canvas.shape[:2], np.uint8)
            cv2.fillPoly(mask, [self.fixed(within)], 1, cv2.LINE_8, _SHIFT)
            left, top = np.maximum((self.fixed(outline).min(axis=0) >> _SHIFT) - 1, 0).tolist()
            covered &= mask[top : top + covered.shape[0], left : left + covered.shape[1]] > 0
        part[covered] += (np.array(colour, np.float32) - part[covered]) * strength

    def line(self, points: Points, colour: Colour, width_px: float, *, is_closed: bool = False) -> None:
        wanted = width_px * self.fineness
        if wanted < 0.2:
            return
        thickness = max(1, round(wanted))
        cv2.polylines(
            self.canvas, [self.fixed(points)], is_closed, (*colour, 0.0), thickness, cv2.LINE_8, _SHIFT
        )


def _draw_patch(pen: _Pen, patch: Patch) -> None:
    low, high = patch.outline.min(axis=0), patch.outline.max(axis=0)
    if not pen.sees(PixelBox(*low.tolist(), *high.tolist()), 2):
        return
    if not patch.stripe_px or patch.stripe_px * pen.fineness > 5:
        pen.fill(patch.outline, patch.colour, patch.clumps)
        if patch.stripe_px:
            _draw_stripes(pen, patch)
        return
    red, green, blue = (channel * _STRIPED for channel in patch.colour)
    pen.fill(patch.outline, (red, green, blue), patch.clumps)


def _draw_stripes(pen: _Pen, patch: Patch) -> None:
    """Crop rows; fainter than anything that can be asked about."""
    part, covered = pen.cover([patch.outline])
    if not covered.size:
        return
    corner = np.maximum((pen.fixed(patch.outline).min(axis=0) >> _SHIFT) - 1, 0)
    column = (corner[0] + np.arange(covered.shape[1]) + 0.5) / pen.scale[0] + pen.origin[0]
    row = (corner[1] + np.arange(covered.shape[0]) + 0.5) / pen.scale[1] + pen.origin[1]
    angle = patch.stripe_angle_rad
    phase = (column * math.sin(angle))[None, :] - (row * math.cos(angle))[:, None]
    part[(np.mod(phase, patch.stripe_px) < patch.stripe_px * _ROW_SHARE) & covered] *= _ROW_SHADE


def _draw_line(pen: _Pen, line: Line) -> None:
    if not line.dash_px:
        pen.line(line.points, line.colour, line.width_px)
        return
    if line.width_px * pen.fineness < 0.3:
        return
    for start, end in zip(line.points[:-1], line.points[1:], strict=True):
        length = float(np.hypot(*(end - start)))
        at = np.arange(0, length, 2 * line.dash_px)
        step = (end - start) / length
        starts, ends = (
            start + at[:, None] * step,
            start + np.minimum(at + line.dash_px, length)[:, None] * step,
        )
        for index in np.flatnonzero(pen.near((starts + ends) / 2, line.dash_px)):
            pen.line(np.array([starts[index], ends[index]]), line.colour, line.width_px)


def _draw_blocks(pen: _Pen, blocks: Blocks) -> None:
    if not len(blocks.rings):
        return
    reach = float(np.abs(blocks.rings - blocks.rings.mean(axis=1, keepdims=True)).max())
    seen = pen.near(blocks.rings.mean(axis=1), reach * 1.5 + blocks.height_px * 1.2)
    rings, colours = blocks.rings[seen], blocks.colours[seen]
    if not len(rings):
        return
    if reach * pen.fineness > 2.5:
        shadow = pen.shadow * blocks.height_px / pen.px_per_m
        pen.shade(list(rings + shadow), 0.45)
    kinds, which = np.unique((colours / 12).astype(int), axis=0, return_inverse=True)
    for index in range(len(kinds)):
        chosen = which.ravel() == index
        colour = colours[chosen].mean(axis=0)
        pen.fill_many(rings[chosen], tuple(colour.tolist()))
        if blocks.is_ridged and reach * pen.fineness > 2.5:
            halves = rings[chosen].copy()
            halves[:, 0] = (halves[:, 0] + halves[:, 3]) / 2
            halves[:, 1] = (halves[:, 1] + halves[:, 2]) / 2
            pen.fill_many(halves, tuple((colour * 0.74).tolist()))


def _draw_crowns(pen: _Pen, crowns: Crowns) -> None:
    seen = pen.near(crowns.centers, float(crowns.radii_px.max()) * 3)
    if not seen.any():
        return
    centers, radii, colours = crowns.centers[seen], crowns.radii_px[seen], crowns.colours[seen]
    ring = disc(1.0, 10)
    outlines = centers[:, None] + ring * radii[:, None, None]
    is_large = radii.max() * pen.fineness > 8
    if is_large:
        pen.shade(list(outlines + pen.shadow * 7), 0.4)
    shapes = [(pen.fixed(outlines), 1.0)]
    if is_large:
        shapes.append((pen.fixed(centers[:, None] + (ring * 0.55 - 0.2) * radii[:, None, None]), 1.16))
    for fixed, light in shapes:
        for outline, colour in zip(fixed, np.minimum(colours * light, 255).tolist(), strict=True):
            cv2.fillConvexPoly(pen.canvas, outline, (*colour, 14.0), cv2.LINE_8, _SHIFT)


def _draw_layer(pen: _Pen, layer: Layer) -> None:
    if isinstance(layer, Patch):
        _draw_patch(pen, layer)
    elif isinstance(layer, Line):
        _draw_line(pen, layer)
    elif isinstance(layer, Blocks):
        _draw_blocks(pen, layer)
    else:
        _draw_crowns(pen, layer)


def _draw_site(pen: _Pen, site: Site) -> None:
    pen.fill(site.outline, SURFACES[site.ground], 0.8)
    pen.line(site.outline, _LINE, 1.2 * pen.px_per_m, is_closed=True)
    for place in site.places:
        pen.line(place, _LINE, 0.35 * pen.px_per_m, is_closed=True)
    for thing in site.things:
        _draw_thing(pen, thing)


def _draw_landmark(pen: _Pen, landmark: Landmark) -> None:
    if landmark.plot:
        pen.fill(landmark.plot_outline, SURFACES[landmark.plot], 0.8)
        pen.line(landmark.plot_outline, _LINE, 1.2 * pen.px_per_m, is_closed=True)
    if landmark.trail is not None:
        pen.blend(landmark.trail, _DUST if landmark.plot else _FOAM, 0.62, landmark.lake)
    if landmark.companion is not None:
        _draw_thing(pen, landmark.companion)
    _draw_thing(pen, landmark.thing)


def _draw_thing(pen: _Pen, thing: Thing) -> None:
    height = HEIGHTS_M[thing.kind]
    if height and max(thing.half) * pen.fineness > 1.5:
        pen.shade([ring + pen.shadow * height for ring, paint in thing.parts if paint == 1.0], 0.45)
    shade = np.random.default_rng(thing.shape_seed).normal(0, 7)
    base = np.clip(np.array(thing.colour) + shade, 0, 255)
    for ring, paint in thing.parts:
        if isinstance(paint, tuple):
            pen.fill(ring, paint)
        else:
            red, green, blue = np.clip(base * paint, 0, 255).tolist()
            pen.fill(ring, (red, green, blue))


def _sensor(
    canvas: NDArray[np.float32], light: Light, window: PixelBox, step: float, gsd_m: float
) -> NDArray[np.float32]:
    """Texture of the ground, haze, light and noise; noise fades as pixels are merged."""
    rows, columns = canvas.shape[:2]
    step = max(1.0, step)
    column = (window.left + (np.arange(columns) + 0.5) * window.width / columns).astype(np.int64)
    row = (window.top + (np.arange(rows) + 0.5) * window.height / rows).astype(np.int64)
    crowns = _tile("crowns", step / 2 * gsd_m / 0.3)
    scaled = 0.3 / gsd_m / 2  # a crown is as many metres wide at every ground sampling distance
    clumps = _sampled(crowns, (column / scaled).astype(np.int64) // 4, (row / scaled).astype(np.int64) // 4)
    grain = _sampled(_tile("grain", step / 6), column // 6, row // 6)
    texture = clumps * canvas[..., 3] + grain * 3.0
    pixels = canvas[..., :3] + texture[..., None]
    pixels += (np.array([206, 214, 222], np.float32) - pixels) * light.haze
    fine = _sampled(_tile("white", 1.0), column, row) * (light.noise / step)
    lit = (pixels + fine[..., None] - 128) * light.contrast + 128 + light.brightness
    return np.asarray(lit, np.float32)


def _sampled(
    tile: NDArray[np.float32], column: NDArray[np.int64], row: NDArray[np.int64]
) -> NDArray[np.float32]:
    reduced = _TILE_PX // len(tile)
    return tile[np.ix_((row // reduced) % len(tile), (column // reduced) % len(tile))]


def _tile(name: str, step: float) -> NDArray[np.float32]:
    """A seamless tile, averaged over as many of its pixels as one pixel of the view covers."""
    level = int(np.clip(round(math.log2(max(1.0, step))), 0, 7))
    return _tile_at(name, level)


@lru_cache(maxsize=32)
def _tile_at(name: str, level: int) -> NDArray[np.float32]:
    if level:
        finer = _tile_at(name, level - 1)
        side = len(finer) // 2
        return np.asarray(finer.reshape(side, 2, side, 2).mean(axis=(1, 3)), np.float32)
    return _TILES[name]()


def _white() -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return np.asarray(rng.standard_normal((_TILE_PX, _TILE_PX)), np.float32)


def _grain() -> NDArray[np.float32]:
    """Noise with a grain of some pixels; seamless."""
    padded = np.pad(np.random.default_rng(1).standard_normal((_TILE_PX, _TILE_PX)), 16, mode="wrap")
    tile = cv2.GaussianBlur(padded.astype(np.float32), (0, 0), 2)[16:-16, 16:-16]
    return np.asarray(tile / tile.std(), np.float32)


def _crowns() -> NDArray[np.float32]:
    """A wood from above: thousands of round crowns, each lit on one side; seamless, mean 0, about ±1."""
    rng = np.random.default_rng(2)
    tile = np.full((_TILE_PX, _TILE_PX), -1.2, np.float32)
    for x, y, radius, tone in zip(*rng.uniform(0, _TILE_PX, (2, 5200)), rng.uniform(7, 13, 5200),
                                  rng.normal(0, 0.4, 5200), strict=True):  # fmt: skip
        for shift_x in (-_TILE_PX, 0, _TILE_PX):
            for shift_y in (-_TILE_PX, 0, _TILE_PX):
                center = (round(x + shift_x), round(y + shift_y))
                if not all(-20 < value < _TILE_PX + 20 for value in center):
                    continue
                cv2.circle(tile, center, round(radius), float(tone - 0.35), -1)
                cv2.circle(tile, (center[0] - 2, center[1] - 2), round(radius * 0.6), float(tone + 0.35), -1)
    tile -= tile.mean()
    return np.asarray(tile / tile.std(), np.float32)


_TILES = {"white": _white, "grain": _grain, "crowns": _crowns}
