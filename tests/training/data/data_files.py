"""Writes the small data sets that tests read."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from zoomearth.core.errors import DataInvalidError

NORTH_UP = Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000)
"""Half-metre pixels in UTM 33N; upper-left corner at (500,000, 5,300,000)."""


def write_image(path: Path, width: int = 2048, height: int = 1024, **profile: Any) -> Path:
    """An image of one colour a corner; its format follows the name, without a place unless told."""
    driver = {".png": "PNG", ".jpg": "JPEG"}.get(path.suffix, "GTiff")
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((3, height, width), 90, np.uint8)
    pixels[0, : height // 2, : width // 2] = 200
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        told = {"driver": driver, "width": width, "height": height, "count": 3, "dtype": "uint8", **profile}
        with rasterio.open(path, "w", **told) as file:
            file.write(pixels)
    return path


def repaint(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Other pixels for an image: (bands, rows, columns)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "r+") as file:
            file.write(pixels)


def write_mask(path: Path, width: int, height: int, box: tuple[int, int, int, int] | None) -> Path:
    """A mask that is 255 in a box (left, top, right, bottom)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((1, height, width), np.uint8)
    if box is not None:
        pixels[0, box[1] : box[3], box[0] : box[2]] = 255
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path, "w", driver="PNG", width=width, height=height, count=1, dtype="uint8"
        ) as file:
            file.write(pixels)
    return path


def write_lines(path: Path, rows: list[Any]) -> Path:
    """JSON lines; texts are written as they are."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def published(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A row as LRS-GRO publishes them: the level in ``type``, the question type in ``category``."""
    return {
        "question_id": f"LRS-{number}",
        "image_name": "one.png",
        "category": "Object color / pattern",
        "question": "What color is the crane at the left?",
        "higher_level": "perception",
        "ground_truth": "red",
        "bbox": [100, 200, 300, 400],
        "type": "object",
        "label": "crane at the left",
        "split": "rl",
        **changes,
    }


def refusal(read: Callable[[], Any]) -> str:
    """What is said when data are refused."""
    with pytest.raises(DataInvalidError) as caught:
        read()
    assert caught.value.code == "data_invalid"
    return caught.value.message
