"""Asks a question of a file exactly as the command line does, and keeps what scoring needs."""

from __future__ import annotations

from pathlib import Path

from ..core.frames import PixelBox
from ..core.progress import CancelToken, ignore_progress
from ..core.types import Area, Options, Query, RasterRequest
from ..models.engine import Engine
from ..perception.loop import ask
from ..raster.reading import open_raster
from .metrics import Scored


def scored_answer(
    engine: Engine,
    path: Path,
    question: str,
    *,
    group: str,
    truth: str,
    target: PixelBox | None,
    max_zooms: int,
    area: PixelBox | None = None,
) -> Scored:
    """Ask, and set the answer beside the truth."""
    request = RasterRequest(str(path))
    query = Query(
        question,
        request,
        Area(pixels=area) if area is not None else None,
        Options(max_zooms=max_zooms),
        engine.profile.name,
    )
    with open_raster(request) as raster:
        answer = ask(query, raster, engine, report=ignore_progress, cancel=CancelToken())
    region = answer.regions[-1].pixel_box if answer.regions else None
    return Scored(group, truth, answer.text, target, region, answer.steps[-1].window, answer.seconds)
