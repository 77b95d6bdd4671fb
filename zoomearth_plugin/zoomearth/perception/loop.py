"""One question about a raster, answered with its place."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from ..core.errors import OutOfMemoryError
from ..core.frames import PixelBox, View
from ..core.progress import CancelToken, Report
from ..core.types import Answer, Polygons, Query, Region, Ring
from ..models.engine import Engine
from ..raster.georeference import OFF_EARTH, corners, is_on_earth
from ..raster.grid import RasterGrid
from ..raster.raster import Raster
from .coverage import native_share
from .looking import Finding, Search, look
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
    side_px, notes = _view_side(query, engine)
    searched, mask = raster.resolve(query.area), raster.mask(query.area)
    search = Search(query, raster, searched, engine, side_px, mask)
    finding: Finding | None = None
    try:
        finding = look(search, pace=pace, cancel=cancel)
    except OutOfMemoryError as error:
        _log.warning("views of %d px do not fit: %s", side_px, error)
    if finding is None:  # outside the handler, where the failed attempt no longer holds memory
        search = replace(search, side_px=max(1, side_px // 2))
        retry = f"asked again with views of {search.side_px} px"
        notes = (
            *notes,
            f"view_halved: Views of {side_px} px did not fit the memory; {retry}.",
        )
        finding = look(search, pace=pace, cancel=cancel)
    answer = _answer(finding, search, pace)
    off_earth = () if _is_on_earth(answer, raster.grid) else (OFF_EARTH,)
    warnings = (*engine.warnings, *raster.warnings, *off_earth, *notes, *finding.warnings)
    pace.done()
    return replace(answer, warnings=warnings, seconds=round(time.perf_counter() - start, 3))


def _view_side(query: Query, engine: Engine) -> tuple[int, tuple[str, ...]]:
    """Longer side of the views, pixels, and what the answer should say about it."""
    limit_px = engine.profile.largest_view_px
    wanted_px = query.options.view_side_px or engine.profile.view_side_px
    if limit_px and wanted_px > limit_px:
        return limit_px, (f"view_limited: This model sees {limit_px} px at most, not {wanted_px}.",)
    return wanted_px, ()


def _answer(finding: Finding, search: Search, pace: Pace) -> Answer:
    grid, engine = search.raster.grid, search.engine
    regions: tuple[Region, ...] = ()
    if finding.region is not None:
        regions = (Region(finding.label, finding.region, _ring(finding.region, grid)),)
    seen = [step.seen_gsd_m for step in finding.steps if step.seen_gsd_m is not None]
    native = [step.window for step in finding.steps if View(step.window, step.view_size).is_native]
    return Answer(
        text=finding.text,
        regions=regions,
        steps=finding.steps,
        searched_box=search.searched,
        searched_polygons=_searched(search),
        frame=grid.frame,
        crs=grid.crs_text,
        seen_gsd_m=min(seen, default=None),
        model=engine.profile.name,
        revision=engine.revision,
        seconds=sum(pace.seconds.values()),
        reasoning=finding.reasoning,
        timings={stage: round(spent, 4) for stage, spent in pace.seconds.items()},
        approximations=search.raster.approximations,
        native_share=round(native_share(native, search.searched, search.mask), 6),
    )


def _is_on_earth(answer: Answer, grid: RasterGrid) -> bool:
    """Whether the places that are kept of an answer lie on the Earth: its regions, or what was searched."""
    regions = tuple((region.polygon,) for region in answer.regions)
    return is_on_earth(regions or answer.searched_polygons, grid)


def _searched(search: Search) -> Polygons:
    """What of the polygons that were asked about lies on the raster, or the box that was searched."""
    grid = search.raster.grid
    if search.mask is None:
        return ((_ring(search.searched, grid),),)
    return tuple(tuple(tuple(grid.to_map(ring)) for ring in polygon) for polygon in search.mask.polygons)


def _ring(box: PixelBox, grid: RasterGrid) -> Ring:
    """The box's four corners in the answer's frame."""
    return tuple((float(x), float(y)) for x, y in corners(box, grid))
