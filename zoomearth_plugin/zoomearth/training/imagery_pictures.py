"""Windows of labelled imagery, turned, mirrored and lit in a way of their own."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from ..core.frames import PixelBox, ViewBox, view_size
from ..core.types import RasterRequest
from ..raster.picture import NODATA_GREY, enlarged
from ..raster.reading import open_raster
from .imagery import FAMILIES, LabelledRaster
from .samples import Look, LookSettings, SeenObject

WINDOW_SIDES_PX = {"ships": (120, 1100), "buildings": (300, 2048), "trees": (48, 256)}

_Value = TypeVar("_Value", bound=np.generic)
_HIDDEN_SHARE = 0.25
"""So many windows have corners hidden, where their objects allow it."""


@lru_cache(maxsize=256)
def picture_of(path: Path) -> NDArray[np.uint8]:
    """The whole raster at native resolution, stretched as a question would see it: (rows, columns, 3).

    Kept, because training reads thousands of windows of each of these few and small rasters.
    """
    with open_raster(RasterRequest(str(path))) as raster:
        extent = raster.resolve(None)
        return raster.read(extent, int(max(extent.width, extent.height))).pixels


def any_window(raster: LabelledRaster, rng: np.random.Generator, *, aimed: bool) -> PixelBox:
    """A window of any size that the family allows, in whole pixels; ``aimed`` at some object."""
    rows, columns = picture_of(raster.path).shape[:2]
    shortest, longest = WINDOW_SIDES_PX[raster.family]
    aspect = float(np.exp(rng.uniform(-1.3, 1.3))) if rng.random() < 0.4 else 1.0
    side = float(np.exp(rng.uniform(np.log(shortest), np.log(min(longest, rows, columns)))))
    width, height = min(side * aspect**0.5, columns), min(side / aspect**0.5, rows)
    left, top = rng.uniform(0, columns - width), rng.uniform(0, rows - height)
    if aimed and raster.boxes:
        center = raster.boxes[int(rng.integers(len(raster.boxes)))].center
        left = float(np.clip(center[0] - rng.uniform(0.1, 0.9) * width, 0, columns - width))
        top = float(np.clip(center[1] - rng.uniform(0.1, 0.9) * height, 0, rows - height))
    return PixelBox(round(left), round(top), round(left + width), round(top + height))


def shares_in(raster: LabelledRaster, window: PixelBox) -> NDArray[np.float64]:
    """(objects,) how much of each labelled object lies in a window, 0 to 1."""
    return np.array([share_in(box, window) for box in raster.boxes])


def share_in(box: PixelBox, window: PixelBox) -> float:
    """The share of a box that lies in a window."""
    across = min(box.right, window.right) - max(box.left, window.left)
    down = min(box.bottom, window.bottom) - max(box.top, window.top)
    return max(0.0, across) * max(0.0, down) / max(box.area, 1e-9)


def shows_something(path: Path, window: PixelBox) -> bool:
    """Whether the window is mostly imagery, not the empty black of a mosaic's edge."""
    return bool((_cut(picture_of(path), window)[::8, ::8].max(axis=2) > 8).mean() > 0.7)


def striking_place(path: Path, window: PixelBox, side_px: float, rng: np.random.Generator) -> PixelBox:
    """Of some places of a side, raster pixels, the one whose pixels differ the most among themselves."""
    width, height = min(side_px, window.width), min(side_px, window.height)
    found: list[tuple[float, PixelBox]] = []
    for _ in range(int(rng.integers(1, 8))):
        left = window.left + rng.uniform(0, 1) * (window.width - width)
        top = window.top + rng.uniform(0, 1) * (window.height - height)
        place = PixelBox(left, top, left + width, top + height)
        seen = _cut(picture_of(path), place.snapped().intersection(window))
        found.append((float(seen.std()), place))
    return max(found, key=lambda pair: pair[0])[1]


def _moved(box: PixelBox, window: PixelBox) -> PixelBox:
    """A box in a window's own columns and rows."""
    left, top = window.left, window.top
    return PixelBox(box.left - left, box.top - top, box.right - left, box.bottom - top)


def _cut(pixels: NDArray[_Value], window: PixelBox) -> NDArray[_Value]:
    left, top, right, bottom = (int(side) for side in window.to_json())
    return pixels[top:bottom, left:right]


class _Light:
    """One change of light, colour and sharpness, the same for every view that it falls on."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._gain = np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.1, 3))
        self._bias = rng.normal(0, 12)
        self._gamma = float(np.exp(rng.normal(0, 0.25)))
        self._saturation = float(rng.choice([0.0, rng.uniform(0.3, 1.5)], p=[0.08, 0.92]))
        self._blur_px = float(rng.choice([0.0, rng.uniform(0.4, 1.0)], p=[0.75, 0.25]))
        self._noise = float(rng.choice([0.0, rng.uniform(1, 6)], p=[0.7, 0.3]))
        self._seed = int(rng.integers(2**32))

    def on(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(rows, columns, 3) as this light shows them."""
        lit = (pixels / np.float32(255)) ** np.float32(self._gamma) * np.float32(255)
        grey = lit.mean(axis=2, keepdims=True)
        lit = (grey + (lit - grey) * self._saturation) * self._gain + self._bias
        if self._blur_px:
            lit = cv2.GaussianBlur(lit, (0, 0), self._blur_px)
        if self._noise:
            lit = lit + np.random.default_rng(self._seed).normal(0, self._noise, lit.shape)
        shown: NDArray[np.uint8] = np.clip(lit, 0, 255).astype(np.uint8)
        return shown


def hidden_corners(raster: LabelledRaster, window: PixelBox, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Some corners of a window that hold no part of an object, (rows, columns): as if outside of an area.

    Mostly none: questions are rarely about polygons.
    """
    width, height = int(window.width), int(window.height)
    hidden = np.zeros((height, width), np.uint8)
    if rng.random() >= _HIDDEN_SHARE:
        return hidden.astype(np.bool_)
    taken = np.zeros_like(hidden)
    for box in raster.boxes:
        left, top = max(0, int(box.left - window.left)), max(0, int(box.top - window.top))
        right, bottom = math.ceil(box.right - window.left), math.ceil(box.bottom - window.top)
        taken[top : max(0, bottom), left : max(0, right)] = 1
    for column, row in ((0, 0), (width, 0), (width, height), (0, height)):
        across, down = rng.uniform(0.15, 0.9) * width, rng.uniform(0.15, 0.9) * height
        inward = column + (across if column == 0 else -across), row + (down if row == 0 else -down)
        corner = [(column, row), (inward[0], row), (column, inward[1])]
        if rng.random() < 0.5:
            corner.insert(2, (inward[0], inward[1]))  # a rectangle, not a triangle
        cut = np.zeros_like(hidden)
        cv2.fillPoly(cut, [np.round(corner).astype(np.int32)], 1)
        if rng.random() < 0.6 and not (cut & taken).any():
            hidden |= cut
    return hidden.astype(np.bool_)


class Augmented:
    """A raster under one turn, mirror and change of light, the same for every look of a sample.

    Now and then some corners of the area are hidden, as they are where a polygon is asked about.

    Args:
        window: The area that is asked about, raster pixels.
        settings: How it is shown.
    """

    def __init__(
        self, raster: LabelledRaster, window: PixelBox, rng: np.random.Generator, settings: LookSettings
    ) -> None:
        self.raster = raster
        self.window = window
        self.settings = settings
        self.turns = int(rng.integers(4))
        self.is_mirrored = bool(rng.random() < 0.5)
        self._light = _Light(rng)
        self._hidden = hidden_corners(raster, window, rng)

    def look(self, window: PixelBox, text: str, target: PixelBox | None) -> Look:
        """A view of a window; ``target`` is what the words after it are about."""
        pixels = _cut(picture_of(self.raster.path), window)
        reduced = view_size(window, self.settings.side_px)
        if reduced != (pixels.shape[1], pixels.shape[0]):
            pixels = np.asarray(cv2.resize(pixels, reduced, interpolation=cv2.INTER_AREA), np.uint8)
        pixels = self._light.on(enlarged(pixels, self.settings.view(window).size))
        pixels[self._hidden_in(window)] = NODATA_GREY
        turned = np.rot90(pixels, self.turns)
        turned = np.ascontiguousarray(turned[:, ::-1] if self.is_mirrored else turned)
        inside = [box for box in self.raster.boxes if share_in(box, window) > 0.3]
        kind = FAMILIES[self.raster.family]
        objects = tuple(SeenObject(self.box_in(box, window), kind, "") for box in inside)
        return Look(turned, text, self.box_in(target, window) if target is not None else None, objects)

    def hides(self, box: PixelBox) -> bool:
        """Whether a part of a box, inside the area, is hidden."""
        return bool(_cut(self._hidden, _moved(box.snapped().intersection(self.window), self.window)).any())

    def _hidden_in(self, window: PixelBox) -> NDArray[np.bool_]:
        """(rows, columns) of a view that are hidden; ``window`` lies inside of the area."""
        hidden = _cut(self._hidden, _moved(window, self.window))
        size = self.settings.view(window).size
        return cv2.resize(hidden.view(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(np.bool_)

    def box_in(self, box: PixelBox, window: PixelBox) -> ViewBox:
        """A box in the turned and mirrored view of a window."""
        view = self.settings.view(window)
        width, height = float(view.size[0]), float(view.size[1])
        left, top, right, bottom = view.to_view(box).to_json()
        for _ in range(self.turns):  # a quarter counter-clockwise: x' = y, y' = width - x
            left, top, right, bottom = top, width - right, bottom, width - left
            width, height = height, width
        if self.is_mirrored:
            left, right = width - right, width - left
        return ViewBox(left, top, right, bottom)

    def size_of(self, window: PixelBox) -> tuple[int, int]:
        """(width, height) of the turned view of a window."""
        width, height = self.settings.view(window).size
        return (height, width) if self.turns % 2 else (width, height)
