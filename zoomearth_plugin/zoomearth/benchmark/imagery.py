"""``zoomearth bench imagery``: is there a ship, a building, a tree — on places left out of training.

Windows with and without labelled objects, half and half for each question, are asked as areas of
the real file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..models.engine import Engine
from ..training.imagery import FAMILIES, existence_window, list_rasters
from .asking import scored_answer
from .metrics import Scored

_NOUNS = {"ship": "ships", "building": "buildings", "tree": "trees"}


def run(engine: Engine, folder: Path, count: int, seed: int = 0) -> list[Scored]:
    """``count`` questions for each of ships, buildings and trees, yes and no alternating."""
    rng = np.random.default_rng([seed, 81])
    rasters = list_rasters(folder, held_out=True)
    scored = []
    for family, kind in FAMILIES.items():
        members = [raster for raster in rasters if raster.family == family]
        done = 0
        while done < count:
            raster = members[int(rng.integers(len(members)))]
            is_there = done % 2 == 0
            window = existence_window(raster, kind, is_there, rng)
            if window is None:
                continue
            done += 1
            scored.append(
                scored_answer(
                    engine,
                    raster.path,
                    f"Are there {_NOUNS[kind]}?",
                    group=family,
                    truth="yes" if is_there else "no",
                    target=None,
                    max_zooms=3,
                    area=window,
                )
            )
    return scored
