"""Labelled real imagery as training and evaluation material: is there a ship, a building, a tree?

A folder holds ``ships/``, ``buildings/`` and ``trees/``, each raster with a CSV of the same name:
``class,xmin,ymin,xmax,ymax`` or, for points, ``class,x,y`` in pixels. Labels are complete only for
the class of their own folder, so a question is asked only where its answer is known: ships also on
land imagery (there are none), buildings and trees only where they were labelled — and trees not in
10 m imagery, where nobody could tell.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..core.errors import ZoomEarthError
from ..core.frames import PixelBox, View, ViewBox, view_size
from ..core.types import RasterRequest
from ..raster.reading import open_raster
from .samples import (
    ANSWER_PROMPT,
    ZOOM_PROMPT,
    Look,
    LookSettings,
    Sample,
    SeenObject,
    aimed_window,
    answer_text,
    box_text,
)
from .scenes.questions import EXISTENCE_FORMS, NOUNS, article, with_aside

FAMILIES = {"ships": "ship", "buildings": "building", "trees": "tree"}
HELD_OUT = frozenset({"durban", "klang", "valencia", "zanzibar", "eureka", "riverside"})
"""Ports, mosaics and cities that no training sees; cities are the first part of a file's name."""
_ASKED_ON = {"ships": ("ship",), "buildings": ("building", "ship"), "trees": ("tree", "ship")}
_SHARES = (0.35, 0.35, 0.3)
_TREE_RADIUS_PX = 6.0
_WINDOW_SIDES_PX = {"ships": (120, 1100), "buildings": (300, 2048), "trees": (48, 256)}


@dataclass(frozen=True)
class LabelledRaster:
    """One raster of the folder.

    Args:
        family: Folder name, a key of :data:`FAMILIES`.
        boxes: Labelled objects of the family's kind, raster pixels.
    """

    path: Path
    family: str
    boxes: tuple[PixelBox, ...]

    @property
    def place(self) -> str:
        """Port, mosaic or city: what is left out as a whole."""
        return self.path.stem.split("_")[0]


def list_rasters(folder: Path, *, held_out: bool) -> list[LabelledRaster]:
    """The folder's rasters, either those for training or those left out.

    Raises:
        ZoomEarthError: No labelled raster there, or a label file that cannot be read (file and row named).
    """
    rasters = [
        LabelledRaster(path, family, _read_labels(path.with_suffix(".csv")))
        for family in FAMILIES
        for path in sorted((folder / family).glob("*.tif"))
    ]
    chosen = [raster for raster in rasters if (raster.place in HELD_OUT) == held_out]
    if not chosen:
        raise ZoomEarthError(
            f"no labelled imagery in {folder}", "Set `imagery` to a folder with ships/, buildings/, trees/."
        )
    return chosen


def _read_labels(path: Path) -> tuple[PixelBox, ...]:
    boxes = []
    with path.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                boxes.append(_label_box(row))
            except (KeyError, ValueError) as error:
                raise ZoomEarthError(
                    f"{path}, row {number}: {error}", "Correct or remove the row."
                ) from error
    return tuple(boxes)


def _label_box(row: dict[str, str]) -> PixelBox:
    if "x" in row:
        x, y = float(row["x"]), float(row["y"])
        return PixelBox(x - _TREE_RADIUS_PX, y - _TREE_RADIUS_PX, x + _TREE_RADIUS_PX, y + _TREE_RADIUS_PX)
    return PixelBox.from_corners([row["xmin"], row["ymin"], row["xmax"], row["ymax"]])


@lru_cache(maxsize=256)
def picture_of(path: Path) -> NDArray[np.uint8]:
    """The whole raster at native resolution, stretched as a question would see it: (rows, columns, 3)."""
    with open_raster(RasterRequest(str(path))) as raster:
        extent = raster.resolve(None)
        return raster.read(extent, int(max(extent.width, extent.height))).pixels


def existence_window(
    raster: LabelledRaster, kind: str, is_there: bool, rng: np.random.Generator, aspect: float = 1.0
) -> PixelBox | None:
    """A window with, or without, a labelled object; None when none was found in 40 tries.

    A window that an object only touches is neither.

    Args:
        aspect: Width over height, where the raster is large enough for it.
    """
    rows, columns = picture_of(raster.path).shape[:2]
    is_own = FAMILIES[raster.family] == kind
    if is_there and (not is_own or not raster.boxes):
        return None
    shortest, longest = _WINDOW_SIDES_PX[raster.family]
    for _ in range(40):
        side = float(np.exp(rng.uniform(np.log(shortest), np.log(min(longest, rows, columns)))))
        width, height = min(side * aspect**0.5, columns), min(side / aspect**0.5, rows)
        left, top = rng.uniform(0, columns - width), rng.uniform(0, rows - height)
        if is_there:
            center = raster.boxes[int(rng.integers(len(raster.boxes)))].center
            left = float(np.clip(center[0] - rng.uniform(0.1, 0.9) * width, 0, columns - width))
            top = float(np.clip(center[1] - rng.uniform(0.1, 0.9) * height, 0, rows - height))
        window = PixelBox(round(left), round(top), round(left + width), round(top + height))
        inside = [_inside(box, window) for box in raster.boxes] if is_own else []
        largest = max(inside, default=0.0)
        is_fit = largest >= 0.9 if is_there else largest == 0.0
        if is_fit and _shows_something(raster.path, window):
            return window
    return None


def _inside(box: PixelBox, window: PixelBox) -> float:
    """The share of a box that lies in a window."""
    across = min(box.right, window.right) - max(box.left, window.left)
    down = min(box.bottom, window.bottom) - max(box.top, window.top)
    return max(0.0, across) * max(0.0, down) / max(box.area, 1e-9)


def _shows_something(path: Path, window: PixelBox) -> bool:
    """Whether the window is mostly imagery, not the empty black of a mosaic's edge."""
    return bool((_cut(picture_of(path), window)[::8, ::8].max(axis=2) > 8).mean() > 0.7)


def _cut(pixels: NDArray[np.uint8], window: PixelBox) -> NDArray[np.uint8]:
    left, top, right, bottom = (int(side) for side in window.to_json())
    return pixels[top:bottom, left:right]


def imagery_sample(index: int, rasters: tuple[LabelledRaster, ...], settings: LookSettings) -> Sample:
    """One yes-or-no sample; families have their shares, yes and no are equally likely in each."""
    rng = np.random.default_rng([index, 78])
    while True:
        family = str(rng.choice(list(FAMILIES), p=_SHARES))
        members = [raster for raster in rasters if raster.family == family]
        raster = members[int(rng.integers(len(members)))]
        is_there = bool(rng.random() < 0.5)
        kinds = _ASKED_ON[family]
        kind = kinds[0] if is_there or rng.random() < 0.75 else kinds[-1]
        aspect = float(np.exp(rng.uniform(-1.3, 1.3))) if rng.random() < 0.4 else 1.0
        window = existence_window(raster, kind, is_there, rng, aspect)
        if window is not None:
            break
    text = _question(kind, rng)
    seen = _Augmented(raster, window, rng)
    is_large = max(window.width, window.height) > 1.2 * settings.minimum_crop_px
    if is_large and rng.random() < 0.75:
        return _zoomed(seen, kind, text, is_there, rng, settings)
    look = seen.look(window, _reply(kind, is_there), settings.side_px, is_target=is_there)
    # Of a large window no look from afar is the last word, unless the question asks for it.
    prompt = ANSWER_PROMPT if is_large or rng.random() < 0.4 else ZOOM_PROMPT
    return Sample(prompt.format(question=text), (look,))


def _question(kind: str, rng: np.random.Generator) -> str:
    forms = NOUNS[kind]
    singular, plural = forms[0] if rng.random() < 0.7 else forms[int(rng.integers(len(forms)))]
    form = EXISTENCE_FORMS[int(rng.integers(len(EXISTENCE_FORMS)))]
    text = form.format(article=article(singular), noun=singular, plural=plural, place="")
    return with_aside(text, rng)


def _reply(kind: str, is_there: bool) -> str:
    plural = NOUNS[kind][0][1]
    return answer_text(f"some {plural}" if is_there else "none", "yes" if is_there else "no")


def _zoomed(
    seen: _Augmented, kind: str, text: str, is_there: bool, rng: np.random.Generator, settings: LookSettings
) -> Sample:
    window = seen.window
    if is_there:
        inside = [box for box in seen.raster.boxes if _inside(box, window) >= 0.9]
        aim = max(inside, key=lambda box: box.area * rng.uniform(0.5, 1))
    else:
        column, row = rng.uniform(0.2, 0.8, 2) * (window.width, window.height)
        aim = PixelBox(
            window.left + column - 8, window.top + row - 8, window.left + column + 8, window.top + row + 8
        )
    crop = aimed_window(aim, window, rng, settings.minimum_crop_px)
    view_box = seen.boxes_in([aim], window, settings.side_px)[0]
    pointing = f"<think>find {kind}</think>{box_text(view_box, kind, settings.side_px)}"
    first = seen.look(window, pointing, settings.side_px, is_target=is_there, target=aim)
    second = seen.look(crop, _reply(kind, is_there), settings.side_px, is_target=is_there, target=aim)
    return Sample(ZOOM_PROMPT.format(question=text), (first, second))


class _Augmented:
    """A raster under one turn, mirror and change of light, the same for every look of a sample."""

    def __init__(self, raster: LabelledRaster, window: PixelBox, rng: np.random.Generator) -> None:
        self.raster = raster
        self.window = window
        self.turns = int(rng.integers(4))
        self.is_mirrored = bool(rng.random() < 0.5)
        self.gain = np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.07, 3))
        self.bias = rng.normal(0, 12)
        self.gamma = float(np.exp(rng.normal(0, 0.25)))

    def look(
        self, window: PixelBox, text: str, side_px: int, *, is_target: bool, target: PixelBox | None = None
    ) -> Look:
        size = view_size(window, side_px)
        pixels = _cut(picture_of(self.raster.path), window)
        if size != (pixels.shape[1], pixels.shape[0]):
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        curved = 255 * (pixels / 255.0) ** self.gamma
        lit = np.clip(curved * self.gain + self.bias, 0, 255).astype(np.uint8)
        turned = np.rot90(lit, self.turns)
        turned = np.ascontiguousarray(turned[:, ::-1] if self.is_mirrored else turned)
        inside = [box for box in self.raster.boxes if _inside(box, window) > 0.3]
        boxes = self.boxes_in(inside, window, side_px)
        kind = FAMILIES[self.raster.family]
        objects = tuple(SeenObject(box, kind, "") for box in boxes)
        aim = None
        if is_target:
            aims = [target] if target is not None else inside[:1]
            aim = self.boxes_in(aims, window, side_px)[0] if aims else None
        return Look(turned, text, aim, objects)

    def boxes_in(self, boxes: list[PixelBox], window: PixelBox, side_px: int) -> list[ViewBox]:
        """The boxes in the turned and mirrored view."""
        view = View(window, view_size(window, side_px))
        return [self._turned(view.to_view(box), view.size) for box in boxes]

    def _turned(self, box: ViewBox, size: tuple[int, int]) -> ViewBox:
        width, height = float(size[0]), float(size[1])
        left, top, right, bottom = box.to_json()
        for _ in range(self.turns):  # a quarter counter-clockwise: x' = y, y' = width - x
            left, top, right, bottom = top, width - right, bottom, width - left
            width, height = height, width
        if self.is_mirrored:
            left, right = width - right, width - left
        return ViewBox(left, top, right, bottom)
