"""Values of the command line's options; each raises ArgumentTypeError with a sentence."""

from __future__ import annotations

import argparse
import math

from .core.area import Area
from .core.frames import PixelBox
from .core.raster_request import band_numbers

MAX_ZOOMS = 20
MAX_VIEW_SIDE_PX = 4096


def _numbers(text: str, count: int) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise argparse.ArgumentTypeError(f"{count} numbers with commas between them, not {text!r}")
    return numbers


def _box(text: str) -> PixelBox:
    try:
        return PixelBox.from_corners(_numbers(text, 4))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def pixels(text: str) -> Area:
    """Four corners, as an area in pixels."""
    return Area(pixels=_box(text))


def area(text: str) -> Area:
    """Four corners, as an area in map coordinates."""
    west, low, east, high = _box(text).to_json()
    return Area.of_ring((west, high), (east, high), (east, low), (west, low))


def bands(text: str) -> tuple[int, ...]:
    """One number or three."""
    try:
        return band_numbers(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def height(text: str) -> float:
    """Metres."""
    height_m = _numbers(text, 1)[0]
    if not math.isfinite(height_m):
        raise argparse.ArgumentTypeError(f"a height in metres, not {text!r}")
    return height_m


def count(text: str) -> int:
    """From 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1, not {text!r}")
    return int(text)


def zooms(text: str) -> int:
    """From 0."""
    if not text.isdecimal() or int(text) > MAX_ZOOMS:
        raise argparse.ArgumentTypeError(f"a whole number from 0 to {MAX_ZOOMS}, not {text!r}")
    return int(text)


def view_side(text: str) -> int:
    """Pixels."""
    if count(text) > MAX_VIEW_SIDE_PX:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {MAX_VIEW_SIDE_PX}, not {text!r}")
    return int(text)


def scene_size(text: str) -> int:
    """Pixels."""
    if not 512 <= count(text) <= 16384:
        raise argparse.ArgumentTypeError(f"at least 512 pixels and at most 16384, not {text!r}")
    return int(text)
