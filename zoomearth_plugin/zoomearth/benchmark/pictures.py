"""The worst answers as pictures: where the truth is, where the model pointed, what it saw last."""

from __future__ import annotations

import io
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from ..core.errors import ZoomEarthError
from ..core.frames import PixelBox, View
from ..core.progress import CancelToken, ignore_progress
from ..core.types import RasterRequest
from ..raster.picture import Picture
from ..raster.raster import Raster
from ..raster.reading import open_raster
from .dataset import DataSet
from .metrics import raw_iou
from .record import Mode, Record

MOST_CASES = 12
_SIDE_PX = 512
_TRUTH, _REGION, _WINDOW, _EDGE = (40, 235, 110), (255, 140, 40), (255, 255, 255), (0, 0, 0)
_LEAST_MARK_PX = 10
_QUALITY = 85
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Case:
    """One answer to look at.

    Args:
        record: What was asked and answered.
        overview: JPEG of what the question is about, with the boxes; empty where it cannot be had.
        crop: JPEG of the last window, as the model saw it, with the true box; empty without a zoom.
    """

    record: Record
    overview: bytes = b""
    crop: bytes = b""


def worst(records: Iterable[Record], most: int = MOST_CASES) -> list[Record]:
    """Wrong answers of the active mode, the lowest IoU first; the worst of every kind before any second.

    Where there is no active mode, that of the first mode that there is.
    """
    given = list(records)
    modes = {record.mode for record in given}
    mode = next((mode for mode in Mode if mode in modes), Mode.ACTIVE)
    wrong = sorted((one for one in given if one.mode is mode and not one.is_strict), key=_badness)
    seen: Counter[str] = Counter()
    places: list[tuple[int, Record]] = []
    for record in wrong:
        places.append((seen[record.kind], record))
        seen[record.kind] += 1
    chosen = sorted(places, key=lambda place: place[0])[:most]
    return sorted((record for _, record in chosen), key=_badness)


def pictured(records: Sequence[Record], dataset: DataSet) -> list[Case]:
    """The cases with their pictures; a case whose image is no longer to be had goes without."""
    cases: dict[tuple[str, Mode], Case] = {record.key: Case(record) for record in records}
    for image in dict.fromkeys(record.image for record in records):
        own = [record for record in records if record.image == image]
        try:
            with dataset.open_image(image) as path, open_raster(RasterRequest(str(path))) as raster:
                for record in own:
                    cases[record.key] = _pictured(record, raster)
        except ZoomEarthError as error:
            _log.warning("no pictures of %s: %s", image, error.message)
    return list(cases.values())


def _pictured(record: Record, raster: Raster) -> Case:
    if record.error:
        return Case(record)
    overview = raster.overview(record.extent, _SIDE_PX, report=ignore_progress, cancel=CancelToken())
    crop = b""
    if record.zooms and record.window is not None:
        crop = _crop(raster.read(record.window, max(record.views[-1])), record)
    return Case(record, _overview(overview, record), crop)


def _badness(record: Record) -> tuple[float, str]:
    """Lowest IoU first; questions without a box behind all others."""
    measured = raw_iou(record)
    return (2.0 if measured is None else measured), record.question_id


def _overview(picture: Picture, record: Record) -> bytes:
    image = _image(picture)
    draw = ImageDraw.Draw(image)
    view = View(picture.view.window, image.size)
    if record.zooms and record.window is not None:
        _mark(draw, view, record.window, _WINDOW, 1)
    if record.region is not None:
        _mark(draw, view, record.region, _REGION, 2)
    if record.box is not None:
        _mark(draw, view, record.box, _TRUTH, 2)
    return _jpeg(image)


def _crop(picture: Picture, record: Record) -> bytes:
    image = _image(picture)
    if record.box is not None:
        _mark(ImageDraw.Draw(image), View(picture.view.window, image.size), record.box, _TRUTH, 2)
    return _jpeg(image)


def _image(picture: Picture) -> Image.Image:
    """The picture, a small one enlarged so that marks do not cover it."""
    image = Image.fromarray(np.ascontiguousarray(picture.pixels))
    scale = _SIDE_PX / max(image.size)
    if scale > 1:
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        image = image.resize(size, Image.Resampling.BICUBIC)
    return image


def _mark(
    draw: ImageDraw.ImageDraw, view: View, box: PixelBox, colour: tuple[int, int, int], width: int
) -> None:
    """A frame around a box, dark-edged, never too small to be seen; what lies outside is not drawn."""
    place = view.to_view(box)
    grow_x = max(0.0, _LEAST_MARK_PX - place.width) / 2 + width
    grow_y = max(0.0, _LEAST_MARK_PX - place.height) / 2 + width
    left, top, right, bottom = (
        *(place.left - grow_x, place.top - grow_y),
        *(place.right + grow_x, place.bottom + grow_y),
    )
    wide, high = view.size
    left, right = max(0.0, left), min(wide - 1.0, right)
    top, bottom = max(0.0, top), min(high - 1.0, bottom)
    if right <= left or bottom <= top:
        return
    draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=_EDGE, width=1)
    draw.rectangle((left, top, right, bottom), outline=colour, width=width)


def _jpeg(image: Image.Image) -> bytes:
    held = io.BytesIO()
    image.save(held, "JPEG", quality=_QUALITY)
    return held.getvalue()
