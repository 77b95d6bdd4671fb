"""Small pictures of what answers were read from."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw

from ..core.errors import ZoomEarthError
from ..core.frames import PixelBox, View
from ..core.progress import CancelToken, ignore_progress
from ..core.types import RasterRequest
from ..raster.raster import Raster
from ..raster.reading import open_raster
from .report_summary import Doubtful

SIDE_PX = 320
_LEAST_WINDOW_PX = 128
_AROUND = 1.5
"""So much of the raster is shown around a region, in its own sides."""
_QUALITY = 82
_log = logging.getLogger(__name__)


def thumbnails(answers: Iterable[Doubtful]) -> list[bytes]:
    """A JPEG for each answer; empty where its raster can no longer be read."""
    return [_thumbnail(answer) for answer in answers]


def _thumbnail(answer: Doubtful) -> bytes:
    try:
        box = PixelBox.from_corners(json.loads(answer.pixel_box))
        with open_raster(RasterRequest(answer.source)) as raster:
            return _pictured(raster, box)
    except (ZoomEarthError, OSError, ValueError, TypeError, MemoryError) as error:
        _log.warning("no picture of job %s: %s", answer.job_id, error)
        return b""


def _pictured(raster: Raster, box: PixelBox) -> bytes:
    whole = raster.grid.extent
    box = box.intersection(whole)
    side_px = max(_LEAST_WINDOW_PX, _AROUND * box.width, _AROUND * box.height)
    window = box.grown_to(side_px, whole)
    picture = raster.overview(window, SIDE_PX, report=ignore_progress, cancel=CancelToken())
    image = Image.fromarray(np.ascontiguousarray(picture.pixels))
    scale = SIDE_PX / max(image.size)
    if scale > 1:
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        image = image.resize(size, Image.Resampling.BICUBIC)
    if box != whole:
        place = View(picture.view.window, image.size).to_view(box)
        draw = ImageDraw.Draw(image)
        for grown, colour in ((1, (0, 0, 0)), (0, (255, 255, 255))):
            left, top = max(0.0, place.left - grown), max(0.0, place.top - grown)
            right = max(left, min(image.width - 1.0, place.right + grown))
            bottom = max(top, min(image.height - 1.0, place.bottom + grown))
            draw.rectangle((left, top, right, bottom), outline=colour)
    held = io.BytesIO()
    image.save(held, "JPEG", quality=_QUALITY)
    return held.getvalue()
