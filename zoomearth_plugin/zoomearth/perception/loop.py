"""One question about a raster, answered with its place."""

from __future__ import annotations

import logging
import time

from ..core.errors import OutOfMemoryError
from ..core.frames import PixelBox
from ..core.progress import CancelToken, Report
from ..core.types import Answer, Query, Region, Ring
from ..models.engine import Engine
from ..raster.georeference import corners
from ..raster.grid import RasterGrid
from ..raster.reading import Raster
from .looking import Finding, look
from .pace import Pace

_log = logging.getLogger(__name__)


def ask(query: Query, raster: Raster, engine: Engine, *, report: Report, cancel: CancelToken) -> Answer:
    """Answer a question.

    Where a view does not fit the device's memory, the question is asked once more with views of half
    the side, and the answer says so (``view_halved``).

    Args:
        query: Its ``raster`` is the one that is open here; its ``model`` is the engine.
        raster: Open.
        engine: Loaded.
        report: Told of every stage, with a fraction that never goes back.
        cancel: Looked at between stages, tokens and pieces of reading.

    Raises:
        QuestionInvalidError: Empty or too long.
        AreaOutsideError: The area and the raster share no pixel.
        RasterEmptyError: The area holds no data.
        OutOfMemoryError: Views of half the side do not fit either.
        Cancelled: On request.
    """
    start = time.perf_counter()
    query = query.validated()
    pace = Pace(report)
    searched = raster.resolve(query.area)
    side_px = query.options.view_side_px or engine.profile.view_side_px
    notes: tuple[str, ...] = ()
    try:
        finding = look(query, searched, raster, engine, side_px, pace=pace, cancel=cancel)
    except OutOfMemoryError as error:
        _log.warning("views of %d px do not fit: %s", side_px, error)
        finding = None
    if finding is None:  # outside the handler, where the failed attempt no longer holds memory
        half_px = max(1, side_px // 2)
        notes = (
            f"view_halved: Views of {side_px} px did not fit the memory; asked again with {half_px} px.",
        )
        finding = look(query, searched, raster, engine, half_px, pace=pace, cancel=cancel)
    warnings = (*engine.warnings, *raster.warnings, *notes, *finding.warnings)
    answer = _answer(finding, searched, raster.grid, engine, pace, warnings, time.perf_counter() - start)
    pace.done()
    return answer


def _answer(
    finding: Finding,
    searched: PixelBox,
    grid: RasterGrid,
    engine: Engine,
    pace: Pace,
    warnings: tuple[str, ...],
    seconds: float,
) -> Answer:
    regions: tuple[Region, ...] = ()
    if finding.region is not None:
        regions = (Region(finding.label, finding.region, _ring(finding.region, grid)),)
    seen = [step.seen_gsd_m for step in finding.steps if step.seen_gsd_m is not None]
    return Answer(
        text=finding.text,
        regions=regions,
        steps=finding.steps,
        searched_box=searched,
        searched_polygon=_ring(searched, grid),
        frame=grid.frame,
        crs=grid.crs_text,
        seen_gsd_m=min(seen, default=None),
        model=engine.profile.name,
        revision=engine.revision,
        seconds=round(seconds, 3),
        reasoning=finding.reasoning,
        timings={stage: round(spent, 4) for stage, spent in pace.seconds.items()},
        warnings=warnings,
    )


def _ring(box: PixelBox, grid: RasterGrid) -> Ring:
    """The box's four corners in the answer's frame."""
    return tuple((float(x), float(y)) for x, y in corners(box, grid))
