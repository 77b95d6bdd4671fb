"""Cells of a job table as values: what was typed there, or stored."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from shapely.errors import ShapelyError

from ..core.area import Area, Polygons
from ..core.frames import PixelBox
from ..core.look import Look
from ..core.raster_request import band_numbers, is_no_path
from ..core.types import MAX_QUESTION_LENGTH

_PIXELS = re.compile(r"pixels?\b\s*(.*)", re.IGNORECASE | re.DOTALL)
_NO_NUMBER = re.compile(r"\b(nan|inf|infinity)\b", re.IGNORECASE)
_HOME = ("~/", f"~{os.sep}")


def cut(text: str, length: int) -> str:
    """For a message: not longer than so many characters."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def excerpt(text: str) -> str:
    """For a message: quoted, and cut where it is long."""
    return repr(cut(text, 60))


def text_of(value: object) -> str:
    """What a cell says, trimmed; empty for nothing."""
    if isinstance(value, str):
        return value.strip()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()


def raster_of(value: object, folder: str) -> str:
    """The name by which it is opened.

    Args:
        value: The cell.
        folder: Where relative paths start.

    Raises:
        ValueError: There is none.
    """
    raster = _typed(value)
    if raster.startswith(_HOME):
        raster = os.path.expanduser(raster)  # noqa: PTH111 # of 100,000 rows, quickly
    if is_no_path(raster) or os.path.isabs(raster):  # noqa: PTH117
        return raster
    return os.path.normpath(f"{folder}{os.sep}{raster}")


def question_of(value: object) -> str:
    """On one line; raises ValueError where there is none, or it is too long."""
    question = " ".join(_typed(value).split())
    if len(question) > MAX_QUESTION_LENGTH:
        raise ValueError(f"it has {len(question)} characters, more than {MAX_QUESTION_LENGTH}")
    return question


def id_of(value: object) -> str:
    """Empty for none; raises ValueError where it has a NUL character."""
    return _without_nul(text_of(value))


def bands_of(value: object) -> tuple[int, ...]:
    """Of a text or a list; raises ValueError where it names neither one band nor three."""
    text = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else text_of(value)
    return band_numbers(text) if text else ()


def look_of(value: object) -> Look | None:
    """Of :meth:`Look.to_json`; raises ValueError where it is none."""
    text = text_of(value)
    if not text:
        return None
    try:
        return Look.from_json(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{excerpt(text)} is no look of a layer") from error


def area_of(value: object) -> Area | None:
    """None for the whole raster; raises ValueError where it is no area."""
    if isinstance(value, bytes):
        return _polygonal(_geometry(shapely.from_wkb, value, "the geometry"), "the geometry")
    text = text_of(value)
    if not text:
        return None
    pixels = _PIXELS.match(text)
    if pixels:
        return Area(pixels=PixelBox(*_sides(pixels[1], text, ("c0", "r0", "c1", "r1"))))
    if text[:1].isalpha():
        return _polygonal(_geometry(shapely.from_wkt, text, excerpt(text)), excerpt(text))
    west, south, east, north = _sides(text, text, ("xmin", "ymin", "xmax", "ymax"))
    return Area.of_ring((west, north), (east, north), (east, south), (west, south))


def _typed(value: object) -> str:
    """A text that somebody wrote; raises ValueError where it is none."""
    text = text_of(value)
    if not text:
        raise ValueError("it is empty")
    if not isinstance(value, str):
        raise ValueError(f"it is no text, but {cut(text, 60)}")
    return _without_nul(text)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("it has a NUL character")
    return text


def _sides(text: str, cell: str, names: Sequence[str]) -> list[float]:
    """Four numbers, two corners.

    Args:
        text: With the numbers.
        cell: For the message.
        names: Of the four.

    Raises:
        ValueError: They are none, or the corners have nothing between them.
    """
    try:
        sides = [float(part) for part in re.split(r"[\s,;]+", text) if part]
    except ValueError:
        sides = []
    if len(sides) != 4 or not all(map(math.isfinite, sides)):
        raise ValueError(f"four numbers are needed, not {excerpt(cell)}")
    for low, high in ((0, 2), (1, 3)):
        if sides[low] > sides[high]:
            raise ValueError(f"{names[low]} is greater than {names[high]} in {excerpt(cell)}")
        if sides[low] == sides[high]:
            raise ValueError(f"{names[low]} equals {names[high]} in {excerpt(cell)}: it has no extent")
    return sides


def _geometry(read: Any, value: object, shown: str) -> Any:
    try:
        with np.errstate(over="ignore"):  # 1e999 is infinite, and told of as such
            return read(value)
    except (ShapelyError, ValueError, NotImplementedError) as error:  # the last: curves
        what = "is no polygon" if isinstance(value, bytes) else "is no polygon as WKT"
        if "closed" in str(error) and not _NO_NUMBER.search(str(value)):
            what = "has a ring that is not closed: its last position must be its first"
        raise ValueError(f"{shown} {what}") from error


def _polygonal(shape: Any, shown: str) -> Area:
    """The polygons of a geometry; raises ValueError where it has none."""
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"a {shape.geom_type} is no polygon")
    if shape.is_empty:
        raise ValueError(f"{shown} has no extent; for the whole raster leave the cell empty (NULL)")
    shape = shapely.force_2d(shape)
    parts = shapely.get_parts(shape) if shape.is_valid else _repaired_parts(shape, shown)
    polygons: Polygons = tuple(
        tuple(filter(None, (_ring(ring) for ring in (part.exterior, *part.interiors))))
        for part in parts
        if part.geom_type == "Polygon" and not part.is_empty
    )
    if not polygons:
        raise ValueError(f"{shown} has no extent")
    return Area(polygons=polygons)


def _repaired_parts(shape: Any, shown: str) -> Any:
    """What a polygon encloses whose outline crosses itself; raises ValueError where nobody can tell."""
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        raise ValueError(f"{shown} has a coordinate that is no number")
    try:
        repaired = shapely.make_valid(shape)
    except ShapelyError as error:
        raise ValueError(f"{shown} is no polygon") from error
    return shapely.get_parts(shapely.get_parts(repaired))  # of a collection, too


def _ring(ring: Any) -> tuple[tuple[float, float], ...]:
    return tuple(map(tuple, shapely.get_coordinates(ring)[:-1].tolist()))
