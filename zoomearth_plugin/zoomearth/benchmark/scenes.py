"""``zoomearth bench scenes``: unseen procedural scenes, with and without zooming.

Every scene is written as a GeoTIFF and read back through the same door as a person's raster; nothing
but its pixels and the question reaches the model.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..core.frames import PixelBox
from ..models.engine import Engine
from ..training.scenes.layout import make_scene
from ..training.scenes.writing import scene_questions, write_scene
from .asking import scored_answer
from .metrics import Scored

FIRST_UNSEEN_SEED = 1_000_000
SIZE_PX = 4096


@dataclass(frozen=True)
class SceneScores:
    """The same questions answered with zooming and from the overview alone."""

    active: list[Scored]
    passive: list[Scored]
    extent: PixelBox


def run(engine: Engine, count: int, first_seed: int = FIRST_UNSEEN_SEED) -> SceneScores:
    """Ask every question of ``count`` scenes, one a topic, twice: with zooms and without."""
    active: list[Scored] = []
    passive: list[Scored] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.tif"
        for seed in range(first_seed, first_seed + count):
            scene = make_scene(seed, SIZE_PX)
            write_scene(scene, path)
            for question in scene_questions(scene):
                target = question.target.box if question.target else None
                for scores, max_zooms in ((active, 3), (passive, 0)):
                    scores.append(
                        scored_answer(
                            engine,
                            path,
                            question.text,
                            group=question.topic,
                            truth=question.answer,
                            target=target,
                            max_zooms=max_zooms,
                        )
                    )
            path.unlink()
    return SceneScores(active, passive, PixelBox(0, 0, SIZE_PX, SIZE_PX))
