"""Draws any window of a scene at any reduction, without drawing the rest.

Texture and noise hang on absolute pixel positions, so neighbouring blocks fit together and a window
drawn twice is the same. Reduced windows are drawn on a canvas about three times as fine as asked for and
averaged, as a reader of the written file would do.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ...core.frames import PixelBox, View
from .layout import COLOURS, Points, Scene, SceneObject

_SHIFT = 4  # cv2's fixed point: sixteenths of a pixel
_TILE_PX = 1024
_SUPERSAMPLING = 3.0
_ROAD = (112, 110, 108)


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
    pen = _Pen(view.window, canvas_size)
    _draw_ground(pen, scene)
    for thing in scene.objects:
        if pen.sees(thing.box, 80):
            _draw_object(pen, thing, scene.sun_angle_rad)
    canvas = pen.canvas
    if canvas_size != (width, height):
        canvas = np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    pixels = _sensor(canvas, scene, view.window, max(across, down))
    return np.asarray(np.clip(pixels + 0.5, 0, 255), np.uint8)


class _Pen:
    """A canvas and the way from scene pixels to it."""

    def __init__(self, window: PixelBox, size: tuple[int, int]) -> None:
        self.window = window
        self.scale = np.array([size[0] / window.width, size[1] / window.height])
        self.origin = np.array([window.left, window.top])
        self.canvas: NDArray[np.float32] = np.zeros((size[1], size[0], 3), np.float32)

    def sees(self, box: PixelBox, margin_px: float) -> bool:
        window = self.window
        return (
            box.right + margin_px > window.left
            and box.left - margin_px < window.right
            and box.bottom + margin_px > window.top
            and box.top - margin_px < window.bottom
        )

    def _fixed(self, points: Points) -> NDArray[np.int32]:
        # cv2 counts from pixel centres, the scene from corners.
        return np.asarray(np.round(((points - self.origin) * self.scale - 0.5) * (1 << _SHIFT)), np.int32)

    def fill(self, outline: Points, colour: tuple[float, float, float]) -> None:
        cv2.fillPoly(self.canvas, [self._fixed(outline)], colour, cv2.LINE_8, _SHIFT)

    def shade(self, outline: Points, strength: float) -> None:
        """Darken an outline: a shadow. Touches no more of the canvas than the outline's own box."""
        points = self._fixed(outline)
        rows, columns = self.canvas.shape[:2]
        left, top = np.clip((points.min(axis=0) >> _SHIFT) - 1, 0, (columns, rows)).tolist()
        right, bottom = np.clip((points.max(axis=0) >> _SHIFT) + 2, 0, (columns, rows)).tolist()
        if right <= left or bottom <= top:
            return
        mask = np.zeros((bottom - top, right - left), np.uint8)
        cv2.fillPoly(mask, [points - np.array([left, top], np.int32) * (1 << _SHIFT)], 1, cv2.LINE_8, _SHIFT)
        self.canvas[top:bottom, left:right][mask > 0] *= 1 - strength

    def line(self, points: Points, colour: tuple[float, float, float], width_px: float) -> None:
        thickness = max(1, round(width_px * float(self.scale.mean())))
        cv2.polylines(self.canvas, [self._fixed(points)], False, colour, thickness, cv2.LINE_8, _SHIFT)


def _draw_ground(pen: _Pen, scene: Scene) -> None:
    pen.canvas[:] = scene.ground
    for patch in scene.patches:
        low, high = patch.outline.min(axis=0), patch.outline.max(axis=0)
        if not pen.sees(PixelBox(*low, *high), 0):
            continue
        if patch.cover == "water":
            middle = patch.outline.mean(axis=0)
            pen.fill(middle + (patch.outline - middle) * 1.05, (186.0, 172.0, 136.0))
        pen.fill(patch.outline, patch.colour)
        if patch.stripe_angle_rad is not None and pen.scale.mean() > 0.3:
            _draw_stripes(pen, patch.outline, patch.colour, patch.stripe_angle_rad)
    for points, width_px in scene.roads:
        pen.line(points, _ROAD, width_px)
        if pen.scale.mean() > 0.4:
            pen.line(points, (206.0, 202.0, 190.0), 2.0)
    for patch in scene.patches:  # lakes and aprons lie over roads: a ship never sails on asphalt
        if patch.cover in ("water", "pier", "apron"):
            pen.fill(patch.outline, patch.colour)


def _draw_stripes(pen: _Pen, outline: Points, colour: tuple[int, int, int], angle_rad: float) -> None:
    """Crop rows, 14 px apart; fainter than any object."""
    rows, columns = pen.canvas.shape[:2]
    mask = np.zeros((rows, columns), np.uint8)
    cv2.fillPoly(mask, [pen._fixed(outline)], 1, cv2.LINE_8, _SHIFT)
    column = (np.arange(columns) + 0.5) / pen.scale[0] + pen.origin[0]
    row = (np.arange(rows) + 0.5) / pen.scale[1] + pen.origin[1]
    phase = column[None, :] * math.sin(angle_rad) - row[:, None] * math.cos(angle_rad)
    is_dark = (np.mod(phase, 14) < 6) & (mask > 0)
    pen.canvas[is_dark] = np.array(colour, np.float32) * 0.88


def _draw_object(pen: _Pen, thing: SceneObject, sun_angle_rad: float) -> None:
    outlines = _outlines(thing)
    sun = np.array([math.cos(sun_angle_rad), math.sin(sun_angle_rad)])
    rise = {"building": 16.0, "storage tank": 13.0, "tree": 12.0, "ship": 5.0, "plane": 7.0, "rock": 5.0}
    for outline, shade in outlines:
        if shade == 1.0:
            pen.shade(outline + sun * rise.get(thing.kind, 4.0), 0.5)
    base = np.array(
        {"grey": (128, 124, 118), "leaf green": (44, 84, 40)}.get(thing.colour) or COLOURS[thing.colour]
    )
    rng = np.random.default_rng(thing.shape_seed)
    base = np.clip(base + rng.normal(0, 8, 3), 0, 255)
    for outline, shade in outlines:
        red, green, blue = np.clip(base * shade if shade <= 1.3 else np.full(3, shade), 0, 255).tolist()
        pen.fill(outline, (red, green, blue))


def _outlines(thing: SceneObject) -> list[tuple[Points, float]]:
    """Parts in painting order: (outline, shade); a shade multiplies the colour up to 1.3, else is a grey."""
    half = np.array([thing.length_px, thing.width_px]) / 2
    cos, sin = math.cos(thing.angle_rad), math.sin(thing.angle_rad)
    turn = np.array([[cos, -sin], [sin, cos]])
    rng = np.random.default_rng(thing.shape_seed)
    parts = _PARTS[thing.kind](rng)
    return [(outline * half @ turn.T + np.array(thing.center), shade) for outline, shade in parts]


def _rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float64)


def _disc(radius: float, count: int = 24) -> Points:
    angles = np.linspace(0, 2 * math.pi, count, endpoint=False)
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _ship(rng: np.random.Generator) -> list[tuple[Points, float]]:
    hull = np.array([[-1, -0.75], [-0.85, -1], [0.55, -1], [1, 0], [0.55, 1], [-0.85, 1], [-1, 0.75]])
    bridge = _rectangle(-0.85, -0.6, -0.55, 0.6)
    hatches = [(_rectangle(x, -0.5, x + 0.2, 0.5), 0.72) for x in (-0.35, -0.05, 0.25)]
    return [(hull, 1.0), (bridge, 210.0), *hatches]


def _plane(rng: np.random.Generator) -> list[tuple[Points, float]]:
    sweep = rng.uniform(0.25, 0.45)
    wings = np.array([[0.25, 0], [-0.05 - sweep / 2, 1], [-0.3 - sweep / 2, 1], [-0.15, 0],
                      [-0.3 - sweep / 2, -1], [-0.05 - sweep / 2, -1]])  # fmt: skip
    tail = np.array([[-0.72, 0], [-0.9, 0.36], [-1, 0.36], [-0.94, 0], [-1, -0.36], [-0.9, -0.36]])
    body = np.array([[1, 0], [0.86, 0.09], [-0.8, 0.09], [-1, 0], [-0.8, -0.09], [0.86, -0.09]])
    return [(wings, 1.0), (tail, 1.0), (body, 1.0)]


def _car(rng: np.random.Generator) -> list[tuple[Points, float]]:
    body = np.array(
        [[-1, -0.8], [-0.85, -1], [0.8, -1], [1, -0.7], [1, 0.7], [0.8, 1], [-0.85, 1], [-1, 0.8]]
    )
    return [
        (body, 1.0),
        (_rectangle(0.2, -0.75, 0.45, 0.75), 40.0),
        (_rectangle(-0.75, -0.7, -0.55, 0.7), 46.0),
    ]


def _storage_tank(rng: np.random.Generator) -> list[tuple[Points, float]]:
    return [(_disc(1.0), 1.0), (_disc(0.82), 0.86), (_disc(0.74), 1.0), (_disc(0.16), 0.6)]


def _building(rng: np.random.Generator) -> list[tuple[Points, float]]:
    if rng.random() < 0.5:  # pitched roof, one side in the light
        return [(_rectangle(-1, -1, 1, 1), 1.0), (_rectangle(-1, 0, 1, 1), 0.72)]
    boxes = [(_rectangle(x, y, x + 0.25, y + 0.3), 0.6) for x, y in rng.uniform(-0.8, 0.5, (3, 2))]
    return [(_rectangle(-1, -1, 1, 1), 1.0), (_rectangle(-0.9, -0.86, 0.9, 0.86), 0.88), *boxes]


def _tree(rng: np.random.Generator) -> list[tuple[Points, float]]:
    crown = _disc(1.0, 18) * (1 + rng.normal(0, 0.09, (18, 1)))
    return [(crown, 1.0), (crown * 0.62 - 0.14, 1.2), (crown * 0.3 - 0.2, 1.3)]


def _rock(rng: np.random.Generator) -> list[tuple[Points, float]]:
    crag = _disc(1.0, 9) * rng.uniform(0.62, 1.0, (9, 1))
    return [(crag, 1.0), (crag * 0.6 - 0.1, 1.18), (crag * 0.35 + 0.12, 0.8)]


_PARTS = {
    "ship": _ship,
    "plane": _plane,
    "car": _car,
    "storage tank": _storage_tank,
    "building": _building,
    "tree": _tree,
    "rock": _rock,
}


def _sensor(
    canvas: NDArray[np.float32], scene: Scene, window: PixelBox, scene_px_per_view_px: float
) -> NDArray[np.float32]:
    """Texture of the ground, sensor noise, light; noise fades as pixels are merged."""
    rows, columns = canvas.shape[:2]
    step = max(1.0, scene_px_per_view_px)
    column = (window.left + np.arange(columns) * step).astype(np.int64)
    row = (window.top + np.arange(rows) * step).astype(np.int64)
    coarse = _noise_tile(1)[np.ix_((row // 8) % _TILE_PX, (column // 8) % _TILE_PX)]
    fine = _noise_tile(0)[np.ix_(row % _TILE_PX, column % _TILE_PX)]
    texture = coarse * 5.0 + fine * (scene.noise / step)
    return (canvas + texture[..., None] - 128) * scene.contrast + 128 + scene.brightness


@lru_cache(maxsize=2)
def _noise_tile(octave: int) -> NDArray[np.float32]:
    """Standard normal noise, white (0) or with a grain of some pixels (1); seamless."""
    rng = np.random.default_rng(octave)
    tile = rng.standard_normal((_TILE_PX, _TILE_PX)).astype(np.float32)
    if octave:
        tile = _wrapped_blur(tile)
    return np.asarray(tile / tile.std(), np.float32)


def _wrapped_blur(tile: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.pad(tile, 16, mode="wrap")
    return np.asarray(cv2.GaussianBlur(padded, (0, 0), 3)[16:-16, 16:-16])
