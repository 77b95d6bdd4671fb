"""The dialogue with the model: look, zoom, look again, until it answers or there is no closer look."""

from __future__ import annotations

import base64
import io
import logging
import math
from dataclasses import dataclass, replace

from PIL import Image

from ..core.frames import PixelBox, View
from ..core.progress import CancelToken, Stage
from ..core.sentences import sentence
from ..core.types import Query, Step
from ..models.engine import Conversation, Engine
from ..raster.georeference import ground_sampling_distance_m
from ..raster.mask import AreaMask
from ..raster.picture import Picture
from ..raster.raster import Raster
from . import prompts
from .actions import Nothing, Reply, Zoom, parse
from .foresight import Foresight
from .pace import Pace

_log = logging.getLogger(__name__)
_CLOSES_BOX = "]"
_ALL_DATA = 0.995
"""From such a share on an area counts as full of data."""


@dataclass(frozen=True)
class Finding:
    """What came of a dialogue.

    Args:
        text: The answer; empty when there was none.
        steps: Every look.
        region: Where the model chose to look last, raster pixels; None when it never did.
        label: Its word for what is there; untrusted.
        reasoning: Its thoughts, a step a line.
        warnings: Each ``code: sentence``.
    """

    text: str
    steps: tuple[Step, ...]
    region: PixelBox | None
    label: str
    reasoning: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Search:
    """Who looks for what, and where.

    Args:
        query: The question and how hard to look.
        raster: Where the pixels come from.
        searched: The area, whole pixels.
        engine: Who looks.
        side_px: Longer side of every view.
        mask: What of the area was asked about; None for all.
    """

    query: Query
    raster: Raster
    searched: PixelBox
    engine: Engine
    side_px: int
    mask: AreaMask | None = None


def look(search: Search, *, pace: Pace, cancel: CancelToken) -> Finding:
    """Look at the area until there is an answer.

    Args:
        search: What for.
        pace: Told of each stage.
        cancel: Looked at between stages, tokens and pieces of reading.

    Raises:
        Cancelled: On request.
        OutOfMemoryError: A view of that size does not fit the device.
        RasterEmptyError: The area holds no data.
    """
    with pace.stage(Stage.READING_OVERVIEW):
        picture = search.raster.overview(
            search.searched, search.side_px, mask=search.mask, report=pace.within, cancel=cancel
        )
    foresight = Foresight(search.raster, search.side_px, search.mask)
    try:
        return _Dialogue(search, pace, cancel, foresight).run(picture)
    finally:
        foresight.close()


def zoom_window(box: PixelBox, minimum_px: int, searched: PixelBox) -> PixelBox:
    """The window that shows a box: never less than the box, nor than the minimum crop where it fits.

    Args:
        box: The place, inside the searched area.
        minimum_px: Least side, raster pixels.
        searched: Whole pixels; the window stays inside.

    Returns:
        Whole pixels.
    """
    grown = box.snapped().intersection(searched).grown_to(minimum_px, searched)
    left, top = math.floor(grown.left), math.floor(grown.top)  # centring may leave half a pixel
    return PixelBox(left, top, left + round(grown.width), top + round(grown.height))


def shows_no_more(window: PixelBox, view: View, zooms: int, answer: str) -> bool:
    """Whether a zoom would add nothing.

    So it is in the very window that is shown, where the model has zoomed before or answered beside its box;
    and where it answered beside its box after a zoom: that box is what the answer was read from.

    Args:
        window: Of :func:`zoom_window`, raster pixels.
        view: What is shown.
        zooms: How many were taken.
        answer: Given beside the box; empty without one.
    """
    if zooms > 0 and answer:
        return True
    return window == view.window and (zooms > 0 or bool(answer))


class _Dialogue:
    """One conversation; the state that grows while it runs."""

    def __init__(self, search: Search, pace: Pace, cancel: CancelToken, foresight: Foresight) -> None:
        self._search = search
        self._foresight = foresight
        self._options = search.query.options
        self._profile = search.engine.profile
        self._conversation: Conversation = search.engine.converse()
        self._pace = pace
        self._cancel = cancel
        self._zooms = 0
        self._steps: list[Step] = []
        self._thoughts: list[str] = []
        self._warnings: list[str] = []
        self._region: PixelBox | None = None
        self._label = ""

    def run(self, picture: Picture) -> Finding:
        self._tell_of_data(picture)
        while True:
            picture = picture.enlarged(self._search.side_px, self._profile.magnification)
            view = picture.view
            seen = self._search.engine.processed_size(view.size)
            action = parse(self._turn(picture), view, self._profile, seen)
            self._thoughts.append(action.reasoning)
            if not isinstance(action, Zoom):
                return self._finding(self._answer_of(action))
            self._steps[-1] = replace(self._steps[-1], box=action.box)
            place, window = self._place(action, view)
            if not self._may_zoom(view) or shows_no_more(window, view, self._zooms, action.answer):
                return self._finding(self._answer_instead(action, place, view))
            if self._is_closest(view):
                self._warn("already_native", "The area was shown in full detail already; zooming added none.")
            self._point_at(place, action)
            picture = self._zoomed(window)

    def _turn(self, picture: Picture) -> str:
        """Show a picture; keeps the step."""
        may_zoom = self._may_zoom(picture.view)
        wording = prompts.next_text if self._steps else prompts.first_text
        text = wording(self._profile, self._search.query.question, may_zoom)
        stage = Stage.LOOKING if may_zoom else Stage.ANSWERING
        pieces: list[str] = []

        def told(piece: str) -> None:
            pieces.append(piece)
            written = "".join(pieces)
            if may_zoom and _CLOSES_BOX in piece:
                self._foresee(written, picture.view)
            answering = Stage.ANSWERING if "<answer" in written else stage
            self._pace.wrote(answering, written, len(pieces))

        with self._pace.stage(stage):
            written = self._conversation.turn(picture.pixels, text, on_token=told, cancel=self._cancel)
        self._steps.append(self._step(picture, written))
        _log.debug("%s %s: %s", picture.view.window, picture.view.size, written)
        return written

    def _place(self, zoom: Zoom, view: View) -> tuple[PixelBox, PixelBox]:
        """Where the model points, and the window that shows it."""
        searched = self._search.searched
        place = view.to_pixels(zoom.box).intersection(searched)
        return place, zoom_window(place, self._profile.minimum_crop_px, searched)

    def _foresee(self, written: str, view: View) -> None:
        """Read on what the model points at, if that is clear already."""
        seen = self._search.engine.processed_size(view.size)
        action = parse(written, view, self._profile, seen)
        if isinstance(action, Zoom):
            _, window = self._place(action, view)
            if not shows_no_more(window, view, self._zooms, action.answer):
                self._foresight.expect(window)

    def _tell_of_data(self, overview: Picture) -> None:
        share = overview.valid_share if overview.data_share is None else overview.data_share
        if share < _ALL_DATA:
            shown = f"{share:.0%}" if share >= 0.005 else "less than 1%"
            self._warnings.append(sentence("partly_empty", share=shown))

    def _may_zoom(self, view: View) -> bool:
        """Whether the model may look closer than this.

        From the overview it may even where that shows no more detail: a model that learned to answer
        from a second picture then gets one, and the place it chose becomes the answer's region.
        """
        if self._zooms >= self._options.max_zooms:
            return False
        return self._zooms == 0 or not self._is_closest(view)

    def _is_closest(self, view: View) -> bool:
        """Whether no window could show more: native resolution, or no larger than the minimum crop."""
        longest = max(view.window.width, view.window.height)
        return view.is_native or longest <= self._profile.minimum_crop_px

    def _point_at(self, place: PixelBox, zoom: Zoom) -> None:
        """The place that the model points at becomes the answer's region."""
        self._region = place
        self._label = zoom.label or self._label
        if zoom.other_boxes:
            self._warn("several_places", f"The model named {zoom.other_boxes + 1} places; the first counts.")

    def _zoomed(self, window: PixelBox) -> Picture:
        self._zooms += 1
        place = f"{window.left:.0f}–{window.right:.0f} × {window.top:.0f}–{window.bottom:.0f} px"
        with self._pace.stage(Stage.ZOOMING, place):
            return self._foresight.read(window, self._cancel)

    def _answer_of(self, action: Reply | Nothing) -> str:
        if isinstance(action, Reply):
            return action.text
        if action.text:
            self._warn(
                "answer_form", "The answer is not in the agreed form; the model's own words are shown."
            )
        else:
            self._warn("no_answer", "The model wrote no answer.")
        return action.text

    def _answer_instead(self, zoom: Zoom, place: PixelBox, view: View) -> str:
        """The model asks for a closer look that it cannot have; it may have answered all the same."""
        if zoom.answer:
            self._point_at(place, zoom)
            return zoom.answer
        asked = "The model asked to look closer instead of answering, but"
        if self._zooms >= self._options.max_zooms and not self._is_closest(view):
            self._warn("zoom_limit", f"{asked} the limit is {self._options.max_zooms} zooms.")
        else:
            self._warn("no_closer_view", f"{asked} there is no closer view.")
        return ""

    def _step(self, picture: Picture, written: str) -> Step:
        view = picture.view
        return Step(
            window=view.window,
            view_size=view.size,
            text=written,
            seen_gsd_m=ground_sampling_distance_m(view, self._search.raster.grid),
            picture_png=_png(picture) if self._options.with_pictures else "",
        )

    def _warn(self, code: str, sentence: str) -> None:
        warning = f"{code}: {sentence}"
        if warning not in self._warnings:
            self._warnings.append(warning)

    def _finding(self, text: str) -> Finding:
        return Finding(
            text=text,
            steps=tuple(self._steps),
            region=self._region,
            label=self._label,
            reasoning="\n".join(filter(None, self._thoughts)),
            warnings=tuple(self._warnings),
        )


def _png(picture: Picture) -> str:
    """Base64 of the view, losslessly."""
    buffer = io.BytesIO()
    Image.fromarray(picture.pixels).save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")
