"""Lengths, sizes and times as a person reads them, in the person's number format."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QCoreApplication, QLocale

from ..zoomearth.core.frames import PixelBox
from ..zoomearth.core.types import Answer

translate = QCoreApplication.translate

NO_BREAK = "\u00a0"


def number_text(value: float) -> str:
    """Two or three significant digits for what is small, whole numbers for what is large."""
    size = abs(value)
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2
    text = QLocale().toString(float(value), "f", decimals)
    point = QLocale().decimalPoint()
    return text.rstrip("0").rstrip(str(point)) if decimals else text


def length_text(metres: float) -> str:
    """``50 cm``, ``12 m``, ``4.1 km``; no line breaks between number and unit."""
    if metres >= 1000:
        return f"{number_text(metres / 1000)}{NO_BREAK}km"
    if metres >= 1:
        return f"{number_text(metres)}{NO_BREAK}m"
    return f"{number_text(metres * 100)}{NO_BREAK}cm"


def gsd_text(metres: Optional[float]) -> str:
    """Ground in one pixel; empty when unknown."""
    if metres is None:
        return ""
    return translate("Measures", "{length} per pixel").format(length=length_text(metres))


def share_text(share: float) -> str:
    """``4.2 %``; what is more than nothing is never told as nothing."""
    percent = 100 * share
    if 0 < percent < 0.01:
        return f"< {number_text(0.01)}{NO_BREAK}%"
    return f"{number_text(percent)}{NO_BREAK}%"


def in_full_detail_text(share: float) -> str:
    """How much of an area was seen at the raster's own resolution."""
    return translate("Measures", "{share} of the area").format(share=share_text(share))


def pixels_text(box: PixelBox) -> str:
    """``8,192 × 8,192 px``."""
    width, height = (QLocale().toString(round(side)) for side in (box.width, box.height))
    return translate("Measures", "{width} × {height} px").format(width=width, height=height)


def box_text(box: PixelBox, metres_per_pixel: Optional[float]) -> str:
    """A box in pixels, and on the ground where that is known."""
    if metres_per_pixel is None:
        return pixels_text(box)
    return f"{pixels_text(box)} ({size_text(box, metres_per_pixel)})"


def size_text(box: PixelBox, metres_per_pixel: Optional[float]) -> str:
    """A box on the ground; in pixels where nothing is known of the ground."""
    if metres_per_pixel is None:
        return pixels_text(box)
    return " × ".join(length_text(side * metres_per_pixel) for side in (box.width, box.height))


def metres_per_raster_pixel(answer: Answer) -> Optional[float]:
    """Ground in one pixel of the file; None when the answer does not tell."""
    for step in answer.steps:
        if step.seen_gsd_m is not None:
            shown = step.window.width / step.view_size[0]
            return step.seen_gsd_m / shown
    return None


def seconds_text(seconds: float) -> str:
    """``3.2 s``, ``2 min 5 s``."""
    if seconds < 60:
        return translate("Measures", "{seconds} s").format(seconds=number_text(round(seconds, 1)))
    minutes, rest = divmod(round(seconds), 60)
    return translate("Measures", "{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
