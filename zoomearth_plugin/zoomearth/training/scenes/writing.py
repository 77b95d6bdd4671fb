"""Scenes as files: tiled GeoTIFFs in a UTM zone, and their questions in LRS-GRO's row format."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

from ...core.frames import PixelBox, View
from ..data.boxes import LRS_GRO_FRAME_PX, frame_unit_px, native_box
from ..data.question import LabelledQuestion
from . import FIRST_UNSEEN_SEED
from .drawing import draw
from .layout import Scene, make_scene
from .questions import TYPES, SceneQuestion, ask_about

_LOG = logging.getLogger(__name__)
_BLOCK_PX = 512
_STRIP_PX = 1024
_CRS = "EPSG:32633"
_REASONED = frozenset({"urban-rural", "season", "function", "function/usage", "status"})


def write_scenes(out: Path, count: int, seed: int, size_px: int) -> None:
    """Write scenes ``seed … seed + count - 1`` and ``questions.jsonl`` into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "questions.jsonl").open("w", encoding="utf-8") as file:
        for number in range(seed, seed + count):
            scene = make_scene(number, size_px)
            path = out / f"scene_{number}.tif"
            write_scene(scene, path)
            _LOG.info("wrote %s", path)
            for row in question_rows(scene, path.name):
                file.write(json.dumps(row) + "\n")


def write_scene(scene: Scene, path: Path) -> None:
    """The scene at native resolution: RGB uint8, tiled, deflate, no overviews; same seed, same bytes."""
    left, top = _origin(scene)
    profile = {
        "driver": "GTiff",
        "width": scene.size_px,
        "height": scene.size_px,
        "count": 3,
        "dtype": "uint8",
        "crs": _CRS,
        "transform": Affine(scene.gsd_m, 0, left, 0, -scene.gsd_m, top),
        "photometric": "RGB",
        "tiled": True,
        "blockxsize": _BLOCK_PX,
        "blockysize": _BLOCK_PX,
        "compress": "deflate",
        "zlevel": 1,
        "predictor": 2,
    }
    with rasterio.open(path, "w", **profile) as dataset:
        for window, pixels in _blocks(scene):
            dataset.write(np.moveaxis(pixels, 2, 0), window=window)


def _origin(scene: Scene) -> tuple[float, float]:
    """Upper-left corner, metres: neighbouring seeds lie apart, inside the zone."""
    return 400_000.0 + 6_000 * (scene.seed % 30), 5_400_000.0 + 6_000 * (scene.seed // 30 % 30)


def _blocks(scene: Scene) -> Iterator[tuple[Window, NDArray[np.uint8]]]:
    for top in range(0, scene.size_px, _STRIP_PX):
        for left in range(0, scene.size_px, _STRIP_PX):
            right, bottom = min(left + _STRIP_PX, scene.size_px), min(top + _STRIP_PX, scene.size_px)
            view = View(PixelBox(left, top, right, bottom), (right - left, bottom - top))
            yield Window(left, top, right - left, bottom - top), draw(scene, view)


def scene_questions(scene: Scene) -> list[SceneQuestion]:
    """One question of each type that the scene offers, always the same for a scene."""
    rng = np.random.default_rng([scene.seed, 79])
    asked = [ask_about(scene, rng, topic) for topic in TYPES]
    return [question for question in asked if question is not None]


def question_rows(scene: Scene, image_name: str) -> list[dict[str, Any]]:
    """The scene's questions as LRS-GRO rows; ``bbox`` in a frame of 1,024, null where there is none.

    A question about a thing that is not there has no box, either.
    """
    scale = LRS_GRO_FRAME_PX / scene.size_px
    rows = []
    for number, question in enumerate(scene_questions(scene)):
        level, kind = TYPES[question.topic]
        box = (
            question.target.box.intersection(scene.extent).to_json() if question.target is not None else None
        )
        rows.append(
            {
                "question_id": f"{scene.seed}-{number}",
                "image_name": image_name,
                "category": kind,
                "question": question.text,
                "higher_level": "reasoning" if question.topic in _REASONED else "perception",
                "ground_truth": question.answer,
                "bbox": [round(side * scale, 3) for side in box] if box is not None else None,
                "type": level,
                "split": "test" if scene.seed >= FIRST_UNSEEN_SEED else "train",
            }
        )
    return rows


def labelled_questions(scene: Scene, image_name: str) -> list[LabelledQuestion]:
    """The same questions as a reader of those rows gets them, boxes in native pixels."""
    unit_px = frame_unit_px(scene.extent)
    return [
        LabelledQuestion(
            question_id=row["question_id"],
            image=Path(image_name),
            question=row["question"],
            answer=row["ground_truth"],
            level=row["type"],
            type=row["category"],
            box=None if row["bbox"] is None else native_box(row["bbox"], scene.extent, unit_px),
            split=row["split"],
        )
        for row in question_rows(scene, image_name)
    ]
