"""A small data set in LRS-GRO's published layout, and outputs to play back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine

WIDTH_PX, HEIGHT_PX = 2048, 1024
"""The frame's longer side is 1,024: two pixels a unit."""
KINDS = (
    ("global", "Scene type", "port", None),
    ("global", "Counting", "4", None),
    ("region", "Region existence", "yes", [100, 100, 200, 200]),
    ("region", "Region counting", "12", [600, 100, 800, 300]),
    ("object", "Object color / pattern", "red", [500, 300, 505, 305]),
    ("object", "Object shape / structure", "round", [10, 10, 20, 20]),
)


def lrs_gro_folder(folder: Path, images: int) -> Path:
    """``test.jsonl`` with six questions an image, and ``images/``."""
    (folder / "images").mkdir(parents=True)
    rows = []
    for number in range(images):
        name = f"tile_{number}.tif"
        _write_raster(folder / "images" / name, number)
        for place, (level, kind, truth, box) in enumerate(KINDS):
            rows.append(
                {
                    "question_id": f"{number}-{place}",
                    "image_name": name,
                    "category": kind,
                    "question": f"What about the {level} in tile {number}?",
                    "ground_truth": truth,
                    "bbox": box,
                    "type": level,
                    "split": "test",
                }
            )
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "test.jsonl").write_text(text, encoding="utf-8")
    return folder


def _write_raster(path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (3, HEIGHT_PX // 128, WIDTH_PX // 128), np.uint8)
    coarse[1] //= 3  # nothing as green as the frames of true places
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": WIDTH_PX,
        "height": HEIGHT_PX,
        "count": 3,
        "dtype": "uint8",
        "crs": "EPSG:32633",
        "transform": Affine(0.5, 0, 500_000, 0, -0.5, 5_400_000),
        "photometric": "RGB",
        "tiled": True,
    }
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(np.kron(coarse, np.ones((1, 128, 128), np.uint8)))


def zoom(*sides: float, answer: str = "") -> str:
    """A turn that points at a place of the view, and may answer all the same."""
    said = f"<answer>{answer}</answer>" if answer else ""
    return f'[{{"bbox_2d": {list(sides)}, "label": "x"}}]{said}'
