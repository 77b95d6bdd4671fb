"""``zoomearth bench scenes``: unseen procedural scenes.

Every scene is written as a GeoTIFF and read back through the same door as a person's raster; nothing
but its pixels and the question reaches the model. A scene is drawn from its seed when it is asked about
and deleted behind the last question, and drawn again for the pictures of a report.
"""

from __future__ import annotations

import itertools
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import DataInvalidError
from ..training.data.question import LabelledQuestion
from ..training.scenes import FIRST_UNSEEN_SEED
from ..training.scenes.layout import make_scene
from ..training.scenes.writing import labelled_questions, write_scene
from .dataset import Batch
from .figures import CANNOT_TELL, UNANSWERABLE

SIZE_PX = 4096
_IMAGE = re.compile(r"scene_(\d+)_(\d+)px\.tif")
REFUSALS = (
    "What is the name of the ship in the north?",
    "Who owns the building in the west?",
    "When was the storage tank built?",
    "How fast is the car in the east?",
    "How deep is the water?",
    "What is the capital of France?",
    "Write a poem about the harbour.",
    "Which airline owns the plane in the south?",
    "What day is it?",
    "Why are the planes parked?",
    "Describe the history of this town.",
    "Who is the mayor of this place?",
    "How much did the field cost?",
    "What is the phone number of the airport?",
    "What will the weather be tomorrow?",
    "How many people have ever lived here?",
    "In which year was the road finished?",
    "What do the farmers think of the harvest?",
    "Which language is spoken in the south-west?",
    "Where was the largest ship last week?",
)
"""What nobody could read from a scene's pixels."""


@dataclass(frozen=True)
class SceneSet:
    """Scenes from a seed on.

    Args:
        first_seed: Of the first scene.
        count: How many scenes; None for as many as anybody takes.
        sizes_px: Sides; the scenes take them in turn.
        has_refusals: Whether one of :data:`REFUSALS` is asked of each scene, too.
    """

    first_seed: int = FIRST_UNSEEN_SEED
    count: int | None = None
    sizes_px: tuple[int, ...] = (SIZE_PX,)
    has_refusals: bool = False
    title = "procedural scenes"
    by_image = True

    def identity(self) -> Mapping[str, Any]:
        return {
            "seed": self.first_seed,
            "sizes_px": list(self.sizes_px),
            "refusals": self.has_refusals,
        }

    def batches(self) -> Iterator[Batch]:
        numbers = itertools.count() if self.count is None else range(self.count)
        for number in numbers:
            seed = self.first_seed + number
            size_px = self.sizes_px[number % len(self.sizes_px)]
            image = f"scene_{seed}_{size_px}px.tif"
            questions = labelled_questions(make_scene(seed, size_px), image)
            if self.has_refusals:
                questions.append(_refusal(seed, image))
            yield Batch(image, questions)

    @contextmanager
    def open_image(self, image: str) -> Iterator[Path]:
        named = _IMAGE.fullmatch(image)
        if named is None:
            raise DataInvalidError(f"{image!r} is no scene's name")
        with tempfile.TemporaryDirectory(prefix="zoomearth-") as folder:
            path = Path(folder) / image
            write_scene(make_scene(int(named[1]), int(named[2])), path)
            yield path


def _refusal(seed: int, image: str) -> LabelledQuestion:
    return LabelledQuestion(
        question_id=f"{seed}-refusal",
        image=Path(image),
        question=REFUSALS[seed % len(REFUSALS)],
        answer=CANNOT_TELL,
        type=UNANSWERABLE,
    )
