"""A contact sheet: what scenes, landmarks and sites look like, for people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ...core.frames import PixelBox, View, view_size
from .drawing import draw
from .layout import Scene, make_scene
from .themes import THEMES
from .things import LANDMARK_KINDS, SITE_KINDS

_SCENE_PX, _NEAR_PX, _CAPTION_PX, _GAP_PX = 300, 148, 18, 4
_NEAR_WINDOW_PX = 400
Tile = tuple[str, NDArray[np.uint8]]


def contact_sheet(path: Path, first_seed: int = 0) -> None:
    """Each kind of scene in two seasons, then each landmark and each site from near by.

    Args:
        path: A PNG or JPEG file.
        first_seed: Scenes from this one on are looked through.
    """
    scenes = [make_scene(seed) for seed in range(first_seed, first_seed + 160)]
    rows = [*_rows(_scene_tiles(scenes), 7), *_rows(_near_tiles(scenes), 13)]
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=255) for row in rows]
    Image.fromarray(np.concatenate(padded)).save(path)


def _scene_tiles(scenes: list[Scene]) -> list[Tile]:
    """Two rows: each theme once in each."""
    tiles: list[Tile] = []
    for turn in range(2):
        for theme in THEMES:
            fitting = [scene for scene in scenes if scene.theme == theme]
            used = {caption.split(", ")[1] for caption, _ in tiles if caption.startswith(theme)}
            scene = next((one for one in fitting if one.season not in used), fitting[turn])
            pixels = draw(scene, View(scene.extent, view_size(scene.extent, _SCENE_PX)))
            tiles.append((f"{theme}, {scene.season}", pixels))
    return tiles


def _near_tiles(scenes: list[Scene]) -> list[Tile]:
    found: dict[str, Tile] = {}
    for scene in scenes:
        for kind, box in _named(scene):
            if kind not in found:
                window = box.grown_to(_NEAR_WINDOW_PX, scene.extent)
                found[kind] = (kind, draw(scene, View(window, (_NEAR_PX, _NEAR_PX))))
    return [found[kind] for kind in (*LANDMARK_KINDS, *SITE_KINDS) if kind in found]


def _named(scene: Scene) -> Iterator[tuple[str, PixelBox]]:
    yield from ((landmark.kind, landmark.box) for landmark in scene.landmarks)
    yield from ((site.kind, site.box) for site in scene.sites if site.things)


def _rows(tiles: list[Tile], columns: int) -> list[NDArray[np.uint8]]:
    captioned = [_captioned(caption, pixels) for caption, pixels in tiles]
    blank = np.full_like(captioned[0], 255)
    rows = [captioned[start : start + columns] for start in range(0, len(captioned), columns)]
    return [np.concatenate(row + [blank] * (columns - len(row)), axis=1) for row in rows]


def _captioned(caption: str, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    image = Image.new("RGB", (width + _GAP_PX, height + _CAPTION_PX + _GAP_PX), "white")
    image.paste(Image.fromarray(pixels), (0, _CAPTION_PX))
    ImageDraw.Draw(image).text((2, 2), caption, fill="black", font=ImageFont.load_default(12))
    return np.asarray(image)
