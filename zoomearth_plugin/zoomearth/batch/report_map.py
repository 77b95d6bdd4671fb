"""Where a batch's answers lie, as an SVG: outlines in a frame with a graticule; no server is asked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import shapely
from rasterio.crs import CRS
from rasterio.errors import CRSError

from .report_summary import Place

WIDTH_PX = 960
_LEAST_HEIGHT_PX, _MOST_HEIGHT_PX = 280, 680
_LEFT_PX, _RIGHT_PX, _TOP_PX, _BOTTOM_PX = 78, 16, 12, 30
_MARGIN = 0.06
_LEAST_SHARE = 1e-9
_LINES = 5
_DETAIL_PX = 0.3
_DOT_PX = 5.0
"""What is smaller than this is drawn as a dot, lest it cannot be seen."""


class _Frame:
    """From map coordinates to the picture's.

    Args:
        bounds: West, south, east, north of all places.
        is_geographic: Whether they are degrees.
    """

    def __init__(self, bounds: Sequence[float], *, is_geographic: bool) -> None:
        west, south, east, north = bounds
        middle = min(80.0, abs(south + north) / 2) if is_geographic else 0.0
        shrunk = math.cos(math.radians(middle))  # a degree of longitude is that much shorter
        least = max(map(abs, bounds), default=1.0) * _LEAST_SHARE or 1.0
        side = max((east - west) * shrunk, north - south, least)
        width = max((east - west) * shrunk, side / 4) * (1 + 2 * _MARGIN)
        height = max(north - south, side / 4) * (1 + 2 * _MARGIN)
        inner_px = WIDTH_PX - _LEFT_PX - _RIGHT_PX
        self.inner_height_px = min(_MOST_HEIGHT_PX, max(_LEAST_HEIGHT_PX, inner_px * height / width))
        self.scale_y = min(inner_px / width, self.inner_height_px / height)
        self.scale_x = self.scale_y * shrunk
        self.west = (west + east) / 2 - inner_px / 2 / self.scale_x
        self.north = (south + north) / 2 + self.inner_height_px / 2 / self.scale_y
        self.east = self.west + inner_px / self.scale_x
        self.south = self.north - self.inner_height_px / self.scale_y

    def to_picture(self, positions: Any) -> Any:
        """(n, 2) map coordinates as (n, 2) pixels of the picture."""
        x = _LEFT_PX + (positions[:, 0] - self.west) * self.scale_x
        y = _TOP_PX + (self.north - positions[:, 1]) * self.scale_y
        return np.column_stack([x, y])


def region_map(places: Sequence[Place], crs: str, colours: Mapping[str, str], label: str) -> str:
    """The map as SVG; empty without places.

    Args:
        places: In ``crs``.
        crs: ``AUTHORITY:CODE`` or WKT.
        colours: A class of the page's style by answer; others have ``other``.
        label: What the picture is, for those who do not see it.
    """
    if not places:
        return ""
    is_geographic = _is_geographic(crs)
    bounds = shapely.total_bounds(np.array([place.shape for place in places]))
    frame = _Frame(bounds.tolist(), is_geographic=is_geographic)
    height = frame.inner_height_px + _TOP_PX + _BOTTOM_PX
    inner_px = WIDTH_PX - _LEFT_PX - _RIGHT_PX
    box = f'x="{_LEFT_PX}" y="{_TOP_PX}" width="{inner_px}" height="{frame.inner_height_px:.1f}"'
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH_PX} {height:.1f}" role="img" aria-label="{escape(label)}">'
        f'<rect class="sea" {box}/>{"".join(_graticule(frame, is_geographic=is_geographic))}'
        f"{''.join(_drawn(place, frame, colours) for place in _large_first(places))}"
        f'<rect class="frame" {box}/></svg>'
    )


def _is_geographic(crs: str) -> bool:
    try:
        return bool(CRS.from_user_input(crs).is_geographic)
    except CRSError:
        return False


def _large_first(places: Sequence[Place]) -> list[Place]:
    """So that none is hidden below another."""
    return sorted(places, key=lambda place: -float(place.shape.area))


def _drawn(place: Place, frame: _Frame, colours: Mapping[str, str]) -> str:
    shape = shapely.transform(place.shape, frame.to_picture)
    kind = colours.get(place.answer, "other")
    look = kind if place.is_region else f"{kind} searched"
    title = f"<title>{plain(place.answer, 80) or '(no answer)'} – {plain(place.question, 120)}</title>"
    left, top, right, bottom = shape.bounds
    if max(right - left, bottom - top) < _DOT_PX:
        x, y = (left + right) / 2, (top + bottom) / 2
        return f'<circle class="{look}" cx="{x:.1f}" cy="{y:.1f}" r="{_DOT_PX / 2}">{title}</circle>'
    path = "".join(_ring(ring) for ring in _rings(shape.simplify(_DETAIL_PX)))
    return f'<path class="{look}" d="{path}">{title}</path>'


def _rings(shape: Any) -> Iterable[Any]:
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            yield part.exterior
            yield from part.interiors


def _ring(ring: Any) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in shapely.get_coordinates(ring)[:-1].tolist()) + "Z"


def _graticule(frame: _Frame, *, is_geographic: bool) -> Iterable[str]:
    right, bottom = WIDTH_PX - _RIGHT_PX, _TOP_PX + frame.inner_height_px
    step = _step(frame.east - frame.west)
    for x in _multiples(frame.west, frame.east, step):
        at = _LEFT_PX + (x - frame.west) * frame.scale_x
        yield f'<line class="grid" x1="{at:.1f}" y1="{_TOP_PX}" x2="{at:.1f}" y2="{bottom:.1f}"/>'
        said = _told(_longitude(x), step, "EW") if is_geographic else _told(x, step, "")
        yield f'<text x="{at:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{said}</text>'
    step = _step(frame.north - frame.south)
    for y in _multiples(frame.south, frame.north, step):
        if is_geographic and abs(y) > 90:  # the frame has a margin, the Earth has none
            continue
        at = _TOP_PX + (frame.north - y) * frame.scale_y
        yield f'<line class="grid" x1="{_LEFT_PX}" y1="{at:.1f}" x2="{right}" y2="{at:.1f}"/>'
        said = _told(y, step, "NS" if is_geographic else "")
        yield f'<text x="{_LEFT_PX - 6}" y="{at + 4:.1f}" text-anchor="end">{said}</text>'


def _step(span: float) -> float:
    """1, 2 or 5 times a power of ten: about :data:`_LINES` of them in a span."""
    power: float = 10.0 ** math.floor(math.log10(span / _LINES))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= span / _LINES * 0.999)


def _multiples(low: float, high: float, step: float) -> list[float]:
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _longitude(x: float) -> float:
    """From -180 to 180, as people name it."""
    return x if abs(x) <= 180 else (x + 180) % 360 - 180


def _told(value: float, step: float, sides: str) -> str:
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if not sides:
        return f"{value:,.{digits}f}"
    side = "" if abs(value) < step / 2 else sides[value < 0]
    return f"{abs(value):.{digits}f}°{side}"


def plain(text: str, most: int) -> str:
    """Untrusted text for a page: one line, not too long, escaped, without what could turn letters around."""
    line = " ".join("".join(" " if not letter.isprintable() else letter for letter in text).split())
    return escape(line if len(line) <= most else f"{line[: most - 1]}…")
