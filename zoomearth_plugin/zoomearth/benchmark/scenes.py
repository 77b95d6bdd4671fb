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
from ..training.tokenizer import CANNOT_TELL
from .asking import scored_answer
from .metrics import Scored

FIRST_UNSEEN_SEED = 1_000_000
SIZE_PX = 4096
UNANSWERABLE = (
    "How many ships are there?",
    "What is the name of the ship in the north?",
    "Is there a bridge in the south?",
    "Who owns the building in the west?",
    "When was the storage tank built?",
    "How fast is the car in the east?",
    "How deep is the water?",
    "Where is the nearest hospital?",
    "What is the capital of France?",
    "Is the field irrigated?",
    "Write a poem about the harbour.",
    "How tall is the building in the north-west?",
    "Are there any sheep?",
    "Which airline owns the plane in the south?",
    "What day is it?",
    "Can you count the cars?",
    "Is it raining?",
    "What is the area of the largest field?",
    "Why are the planes parked?",
    "Describe the history of this town.",
)
"""What no model could read from a drawn scene, or what none of the questions that were trained asks."""


@dataclass(frozen=True)
class SceneScores:
    """The same questions answered with zooming and from the overview alone, and one without an answer."""

    active: list[Scored]
    passive: list[Scored]
    unanswerable: list[Scored]
    extent: PixelBox


def run(engine: Engine, count: int, first_seed: int = FIRST_UNSEEN_SEED) -> SceneScores:
    """Ask every question of ``count`` scenes, one a topic, twice: with zooms and without.

    Scene by scene, one of :data:`UNANSWERABLE` is asked, too.
    """
    active: list[Scored] = []
    passive: list[Scored] = []
    unanswerable: list[Scored] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.tif"
        for seed in range(first_seed, first_seed + count):
            scene = make_scene(seed, SIZE_PX)
            write_scene(scene, path)
            for question in scene_questions(scene):
                # What is not there has no place, though there is something else to look at.
                sought = None if question.answer == "no" else question.target
                target = sought.box if sought else None
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
            odd = UNANSWERABLE[seed % len(UNANSWERABLE)]
            unanswerable.append(
                scored_answer(
                    engine, path, odd, group="unanswerable", truth=CANNOT_TELL, target=None, max_zooms=3
                )
            )
            path.unlink()
    return SceneScores(active, passive, unanswerable, PixelBox(0, 0, SIZE_PX, SIZE_PX))
