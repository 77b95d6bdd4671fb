"""Cells of a job table as values: what was typed there, or stored."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import shapely
from shapely.errors import ShapelyError

from ..core.area import Area, Polygons
from ..core.frames import PixelBox
from ..core.look import Look
from ..core.raster_request import band_numbers

_PIXELS = re.compile(r"pixels?\b\s*(.*)", re.IGNORECASE | re.DOTALL)


def text_of(value: object) -> str:
    """What a cell says, trimmed; empty for nothing."""
    if isinstance(value, str):
        return value.strip()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()


def bands_of(value: object) -> tuple[int, ...]:
    """Raises ValueError where it names neither one band nor three."""
    text = text_of(value)
    return band_numbers(text) if text else ()


def look_of(value: object) -> Look | None:
    """Of :meth:`Look.to_json`; raises ValueError where it is none."""
    text = text_of(value)
    if not text:
        return None
    try:
        return Look.from_json(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{text[:60]!r} is no look of a layer: {error}") from error


def area_of(value: object) -> Area | None:
    """Raises ValueError where it is no area."""
    if isinstance(value, bytes):
        return _polygonal(_geometry(shapely.from_wkb, value))
    text = text_of(value)
    if not text:
        return None
    pixels = _PIXELS.match(text)
    if pixels:
        return Area(pixels=PixelBox.from_corners(_numbers(pixels[1])))
    if text[:1].isalpha():
        return _polygonal(_geometry(shapely.from_wkt, text))
    west, south, east, north = PixelBox.from_corners(_numbers(text)).to_json()
    return Area.of_ring((west, north), (east, north), (east, south), (west, south))


def _numbers(text: str) -> list[float]:
    parts = [part for part in re.split(r"[\s,;]+", text.strip()) if part]
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) != 4:
        raise ValueError(f"{text[:60]!r} are not four numbers")
    return numbers


def _geometry(read: Any, value: object) -> Any:
    try:
        return read(value)
    except (ShapelyError, ValueError) as error:
        raise ValueError(f"{str(value)[:60]!r} is no polygon: {error}") from error


def _polygonal(shape: Any) -> Area | None:
    """The polygons of a geometry; None where it is empty."""
    if shape is None or shape.is_empty:
        return None
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"a {shape.geom_type} is no polygon")
    shape = shapely.force_2d(shape)
    if not shape.is_valid:
        shape = shapely.make_valid(shape)
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    polygons: Polygons = tuple(
        tuple(_ring(ring) for ring in (part.exterior, *part.interiors)) for part in parts
    )
    if not polygons:
        raise ValueError("it has no area")
    return Area(polygons=polygons)


def _ring(ring: Any) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in ring.coords[:-1])
