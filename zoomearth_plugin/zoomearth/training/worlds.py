"""The two kinds of procedural scenes, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import scenes
from .landscape import writing as landscape_writing
from .landscape.layout import make_scene as make_landscape
from .scenes import writing as ninths_writing
from .scenes.layout import make_scene as make_ninths


@dataclass(frozen=True)
class World:
    """How scenes of one kind are made.

    Args:
        make_scene: Seed and side in pixels to a scene.
        write_scene: A scene to a GeoTIFF.
        question_rows: A scene and its file's name to rows in LRS-GRO's format.
        write_many: Folder, count, first seed and side: scenes and ``questions.jsonl``.
    """

    make_scene: Callable[[int, int], Any]
    write_scene: Callable[[Any, Path], None]
    question_rows: Callable[[Any, str], list[dict[str, Any]]]
    write_many: Callable[[Path, int, int, int], int]


WORLDS = {
    "landscapes": World(
        make_landscape,
        landscape_writing.write_scene,
        landscape_writing.question_rows,
        landscape_writing.main,
    ),
    "ninths": World(make_ninths, ninths_writing.write_scene, ninths_writing.question_rows, scenes.main),
}
"""``landscapes`` have all 17 question types; ``ninths`` are those that ``zoomearth-mini`` was trained on."""
EMBEDDED = "ninths"
"""What the embedded model knows."""
