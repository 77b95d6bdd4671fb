"""Outlines on the body that they lie on: in another CRS, cut where its map is cut open, and their area."""

from __future__ import annotations

import math
import re
from typing import List, NamedTuple, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
)

from .areas import EDGE_PARTS

_MEASURED_PARTS = 1024
"""A ring is measured in about so many pieces."""
_CUT_PARTS = 8
"""The edges of a region that was cut are in pieces already; those along the cut may bend, too."""
_FARTHEST = 1e10
"""In a CRS's units: what is farther is where a projection grows out of all bounds, as at the other pole."""
_INSET = 1e-12
"""Of a turn, some hundredths of a millimetre: so far from its edge a map knows which side things are on."""
_SAME_BODY = 1.01
"""Ellipsoids of one planet differ by less than this in size, those of two by more."""
_SPHEROID = re.compile(r'SPHEROID\["[^"]*",([\d.eE+-]+),([\d.eE+-]+)')


def area_m2(
    geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext
) -> Optional[float]:
    """Square metres on the ellipsoid of ``crs``; None without a CRS or where it cannot be computed.

    Measured on an equal-area map of that ellipsoid: QGIS's own measure knows neither every planet, nor
    areas of more than half of one, and takes edges for the shortest way.
    """
    cylinder = _equal_area_cylinder(crs)
    if cylinder is None:
        return None
    total = 0.0
    try:
        for outer, *holes in geometry.asMultiPolygon():
            parts = max(EDGE_PARTS, _MEASURED_PARTS // len(outer))
            areas = [_flat_area(_laid_out(ring, crs, cylinder, context, parts)) for ring in (outer, *holes)]
            total += areas[0] - sum(areas[1:])
    except QgsCsException:
        return None
    return total if 0.0 <= total < float("inf") else None


def reproject(
    geometry: QgsGeometry,
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> QgsGeometry:
    """A copy in ``target``, edges densified because they may bend; split where the map of it is cut open.

    A geographic CRS is cut at 180°; most projections opposite of their central meridian. What comes in its
    own CRS keeps its own longitudes, though they go beyond 180°: so QGIS draws the raster.

    Raises:
        QgsCsException: It has no place there.
    """
    if source == target:
        return QgsGeometry(geometry)
    if _is_geographic(target):
        return _split(geometry, source, _degrees(target), context, middle=0.0)
    moved = _moved(geometry.densifyByCount(EDGE_PARTS - 1), source, target, context)
    moved.convertToMultiType()
    cylinder = _equal_area_cylinder(target)
    middle = _central_meridian(target)
    if cylinder is None or middle is None:
        return moved
    middle *= cylinder.turn / 360.0
    cut = middle + cylinder.turn / 2.0
    for polygon in geometry.asMultiPolygon():
        bounds = _laid_out(polygon[0], source, cylinder, context).boundingBox()
        first = (bounds.xMinimum() - cut) / cylinder.turn - _INSET
        last = (bounds.xMaximum() - cut) / cylinder.turn + _INSET
        if math.ceil(first) <= math.floor(last) and _is_torn(cut, bounds, cylinder, target, context):
            parts = _split(geometry, source, cylinder, context, middle=middle)
            moved = _moved(parts.densifyByCount(_CUT_PARTS - 1), cylinder.crs, target, context)
            if moved.boundingBox().height() > 2.0 * cylinder.turn:
                raise QgsCsException(f"a pole of {target.authid()} lies at infinity")
            moved.convertToMultiType()
            return moved
    return moved


class _Cylinder(NamedTuple):
    """A CRS that rolls a body out: its width goes once round, its edges are the poles."""

    crs: QgsCoordinateReferenceSystem
    turn: float
    pole: float


def _degrees(geographic: QgsCoordinateReferenceSystem) -> _Cylinder:
    """A geographic CRS itself, whatever its unit of angle."""
    unit = re.search(r'UNIT\["[^"]*",([\d.eE+-]+)', _geographic_wkt(geographic))
    turn = 2.0 * math.pi / float(unit.group(1)) if unit else 360.0
    turn = round(turn) if abs(turn - round(turn)) < 1e-6 else turn
    return _Cylinder(geographic, float(turn), turn / 4.0)


def _equal_area_cylinder(crs: QgsCoordinateReferenceSystem) -> Optional[_Cylinder]:
    """Lambert's map of the ellipsoid under ``crs``, metres; None where it has none that QGIS can tell.

    Source: Snyder, Map Projections: A Working Manual (1987), equation 3-12 at the pole.
    """
    geographic = _geographic_wkt(crs)
    radius_m = _semi_major_m(geographic)
    if radius_m is None:
        return None
    flattening = float(_SPHEROID.search(geographic).group(2))
    eccentricity = math.sqrt((2.0 - 1.0 / flattening) / flattening) if flattening else 0.0
    squared = eccentricity**2
    pole_m = radius_m
    if eccentricity:
        pole_m *= 0.5 + (1.0 - squared) * math.atanh(eccentricity) / (2.0 * eccentricity)
    wkt = f'PROJCS["equal area",{geographic},PROJECTION["Cylindrical_Equal_Area"]'
    for name in ("standard_parallel_1", "central_meridian", "false_easting", "false_northing"):
        wkt += f',PARAMETER["{name}",0]'
    made = QgsCoordinateReferenceSystem.fromWkt(wkt + ',UNIT["metre",1]]')
    return _Cylinder(made, 2.0 * math.pi * radius_m, pole_m) if made.isValid() else None


def _geographic_wkt(crs: QgsCoordinateReferenceSystem) -> str:
    """The geographic CRS under ``crs``, in the first version of WKT; empty where there is none."""
    wkt = crs.toWkt()
    start = wkt.find("GEOGCS[")
    depth = 0
    for token in re.finditer(r'"[^"]*"|[\[\]]', wkt[start:] if start >= 0 else ""):
        depth += {"[": 1, "]": -1}.get(token.group(), 0)
        if depth == 0 and token.group() == "]":
            return wkt[start : start + token.end()]
    return ""


def _is_geographic(crs: QgsCoordinateReferenceSystem) -> bool:
    """QGIS does not know those of other planets for geographic."""
    return crs.isGeographic() or crs.toWkt().startswith("GEOGCS[")


def _semi_major_m(geographic_wkt: str) -> Optional[float]:
    found = _SPHEROID.search(geographic_wkt)
    return float(found.group(1)) if found else None


def _central_meridian(crs: QgsCoordinateReferenceSystem) -> Optional[float]:
    """Degrees; None where the projection is not used so far from it (UTM)."""
    definition = crs.toProj()
    if "+zone=" in definition:
        return None
    found = re.search(r"\+lon_(?:0|c)=(-?[\d.]+)", definition)
    return float(found.group(1)) if found else 0.0


def _way(
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> QgsCoordinateTransform:
    """The transform; raises QgsCsException where there is none, as between two planets.

    QGIS itself passes positions on unchanged there, or takes two planets without names for one.
    """
    transform = QgsCoordinateTransform(source, target, context)
    radii_m = [_semi_major_m(_geographic_wkt(crs)) for crs in (source, target)]
    known_m = [radius_m for radius_m in radii_m if radius_m is not None]
    if not transform.isValid() or max(known_m, default=1.0) > _SAME_BODY * min(known_m, default=1.0):
        raise QgsCsException(f"no way from {source.authid()} to {target.authid()}")
    return transform


def _moved(
    geometry: QgsGeometry,
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> QgsGeometry:
    """A copy in ``target``; raises QgsCsException where a position has no place there."""
    copy = QgsGeometry(geometry)
    copy.transform(_way(source, target, context))
    box = copy.boundingBox()
    sides = (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())
    if not box.isFinite() or max(map(abs, sides)) > _FARTHEST:
        raise QgsCsException(f"off the edge of {target.authid()}")
    return copy


def _laid_out(
    ring: List[QgsPointXY],
    source: QgsCoordinateReferenceSystem,
    cylinder: _Cylinder,
    context: QgsCoordinateTransformContext,
    parts: int = EDGE_PARTS,
) -> QgsGeometry:
    """What a ring holds, as one polygon on the cylinder: it goes on past its edge, and up to its pole.

    Raises:
        QgsCsException: It has no place there, or holds both poles.
    """
    shape = QgsGeometry.fromPolygonXY([ring])
    moved = _moved(shape.densifyByCount(parts - 1), source, cylinder.crs, context).asPolygon()[0]
    line = _unwrapped(moved, cylinder.turn)
    north, south = (_holds_pole(shape, source, cylinder, y, context) for y in (cylinder.pole, -cylinder.pole))
    if abs(line[-1].x() - line[0].x()) > cylinder.turn / 2.0:
        if north == south:  # on the edge
            north = sum(point.y() for point in line) > 0.0
        y = cylinder.pole if north else -cylinder.pole
        line += [QgsPointXY(line[-1].x(), y), QgsPointXY(line[0].x(), y)]
    elif north and south:
        raise QgsCsException("both poles lie in it")
    return QgsGeometry.fromPolygonXY([line])


def _holds_pole(
    shape: QgsGeometry,
    source: QgsCoordinateReferenceSystem,
    cylinder: _Cylinder,
    y: float,
    context: QgsCoordinateTransformContext,
) -> bool:
    """Whether a pole lies in a shape; it never does on a map that draws the pole as a line."""
    back = _way(cylinder.crs, source, context)
    try:
        place, other = (back.transform(QgsPointXY(x, y)) for x in (0.0, cylinder.turn / 3.0))
    except QgsCsException:
        return False
    bounds = shape.boundingBox()
    is_point = place.distance(other) < 1e-6 * (bounds.width() + bounds.height())
    return is_point and shape.contains(QgsGeometry.fromPointXY(place))


def _is_torn(
    cut: float,
    bounds: QgsRectangle,
    cylinder: _Cylinder,
    target: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> bool:
    """Whether both sides of a cut lie apart in ``target``: not so on a map around a pole."""
    way = _way(cylinder.crs, target, context)
    y = bounds.center().y()
    step = cylinder.turn * _INSET
    west, east = (way.transform(QgsPointXY(x, y)) for x in (cut - step, cut + step - cylinder.turn))
    return not west.distance(east) < 1e-3 * cylinder.turn


def _split(
    geometry: QgsGeometry,
    source: QgsCoordinateReferenceSystem,
    cylinder: _Cylinder,
    context: QgsCoordinateTransformContext,
    *,
    middle: float,
) -> QgsGeometry:
    """A multipolygon on the cylinder, cut half a turn from ``middle``."""
    parts: List[QgsGeometry] = []
    for outer, *holes in geometry.asMultiPolygon():
        shape = _cut(_laid_out(outer, source, cylinder, context), cylinder, middle)
        if holes:
            gone = [_cut(_laid_out(hole, source, cylinder, context), cylinder, middle) for hole in holes]
            shape = shape.difference(QgsGeometry.unaryUnion(gone))
        parts.append(shape)
    pieces = [piece for shape in parts for piece in shape.asGeometryCollection()]
    joined = QgsGeometry.collectGeometry([piece for piece in pieces if piece.constGet().dimension() == 2])
    if joined.isEmpty():
        raise QgsCsException(f"nothing of it is left in {cylinder.crs.authid()}")
    joined.convertToMultiType()
    return joined


def _cut(whole: QgsGeometry, cylinder: _Cylinder, middle: float) -> QgsGeometry:
    """A polygon that goes on past the cylinder's edge, in pieces that all lie on it."""
    turn, bounds = cylinder.turn, whole.boundingBox()
    inset = 0.0 if _is_geographic(cylinder.crs) else turn * _INSET
    first = math.floor((bounds.xMinimum() - middle) / turn + 0.5)
    last = math.ceil((bounds.xMaximum() - middle) / turn - 0.5)
    if first >= last:
        moved = QgsGeometry(whole)
        moved.translate(-first * turn, 0.0)
        return moved
    drawable = whole if whole.isGeosValid() else whole.makeValid()
    parts: List[QgsGeometry] = []
    for count in range(first, last + 1):
        left = middle + (count - 0.5) * turn
        sides = (left + inset, -cylinder.pole, left + turn - inset, cylinder.pole)
        part = drawable.intersection(QgsGeometry.fromRect(QgsRectangle(*sides)))
        if part.boundingBox().width() > turn * _INSET:  # no sliver of a region that ends at the cut
            part.translate(-count * turn, 0.0)
            parts.append(part)
    return QgsGeometry.unaryUnion(parts)


def _flat_area(shape: QgsGeometry) -> float:
    """Near the origin, where small areas keep their digits."""
    center = shape.boundingBox().center()
    shape.translate(-center.x(), -center.y())
    return float(shape.area())


def _unwrapped(ring: List[QgsPointXY], turn: float) -> List[QgsPointXY]:
    """The ring with positions that go on past the edge instead of jumping by a whole turn."""
    unwrapped = [ring[0]]
    for point in ring[1:]:
        turns = round((unwrapped[-1].x() - point.x()) / turn)
        unwrapped.append(QgsPointXY(point.x() + turn * turns, point.y()))
    return unwrapped
