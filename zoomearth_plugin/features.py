"""Answers as features: attributes, and polygons where QGIS shows the raster."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, List, Optional, Tuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsDistanceArea,
    QgsFeature,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QDateTime

from .areas import EDGE_PARTS
from .sources import AskContext
from .zoomearth.core.answer_table import COLUMNS, answer_rows
from .zoomearth.core.types import Answer, AnswerFrame, Polygons, Query

_TYPES = {"text": "string(0)", "real": "double", "bool": "bool", "integer": "integer", "time": "datetime"}
FIELDS: Tuple[Tuple[str, str], ...] = tuple((name, _TYPES[kind]) for name, kind in COLUMNS.items())
"""(name, type of QGIS's memory provider), in the order of the answer layer; 0: text of any length."""

FeatureRow = Tuple[Dict[str, Any], QgsGeometry]
"""Attributes by field name, and the multipolygon in the frame of :func:`frame_crs`."""


def frame_crs(answer: Answer, context: AskContext) -> QgsCoordinateReferenceSystem:
    """What the answer's polygons are drawn in: the CRS that QGIS shows the layer in.

    Invalid where there is none, or where the file's pixels are not what QGIS draws.
    """
    if answer.frame is AnswerFrame.PIXELS and not context.draws_pixels:
        return QgsCoordinateReferenceSystem()
    return context.crs


def rows(answer: Answer, query: Query, asked_at: datetime) -> List[FeatureRow]:
    """See :func:`.answer_table.answer_rows`."""
    asked = QDateTime.fromMSecsSinceEpoch(round(asked_at.timestamp() * 1000)).toUTC()
    return [
        ({**values, "asked_at": asked}, multipolygon(polygons, answer.frame))
        for values, polygons in answer_rows(answer, query, asked_at)
    ]


def multipolygon(polygons: Polygons, frame: AnswerFrame) -> QgsGeometry:
    """Polygons as QGIS has them; pixel rows turn to y = -row as it draws them."""
    sign = -1.0 if frame is AnswerFrame.PIXELS else 1.0
    return QgsGeometry.fromMultiPolygonXY(
        [[[QgsPointXY(x, sign * y) for x, y in (*ring, ring[0])] for ring in polygon] for polygon in polygons]
    )


def area_m2(
    geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext
) -> Optional[float]:
    """Area on the ellipsoid of ``crs``; None without a CRS or where it cannot be computed."""
    if not crs.isValid() or not crs.ellipsoidAcronym():
        return None
    measure = QgsDistanceArea()
    measure.setSourceCrs(crs, context)
    if not measure.setEllipsoid(crs.ellipsoidAcronym()):
        return None
    dense = geometry if crs.isGeographic() else geometry.densifyByCount(EDGE_PARTS - 1)
    try:
        area = measure.measureArea(dense)
    except QgsCsException:
        return None
    return area if 0.0 <= area < float("inf") else None


def reproject(
    geometry: QgsGeometry,
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> QgsGeometry:
    """A copy in ``target``, edges densified because they may bend; split at the antimeridian.

    Raises:
        QgsCsException: It has no place there.
    """
    if source == target:
        return QgsGeometry(geometry)
    transform = QgsCoordinateTransform(source, target, context)
    if not transform.isValid():
        raise QgsCsException(f"no way from {source.authid()} to {target.authid()}")
    copy = geometry.densifyByCount(EDGE_PARTS - 1)
    copy.convertToMultiType()
    copy.transform(transform)
    if not copy.boundingBox().isFinite():
        raise QgsCsException(f"off the edge of {target.authid()}")
    return split_at_antimeridian(copy) if target.isGeographic() else copy


def split_at_antimeridian(geometry: QgsGeometry) -> QgsGeometry:
    """A multipolygon of longitudes, in degrees, cut at 180° where its edges jump across it.

    A region that spans more than half of the Earth is taken as it is: its edges, densified, do not jump.
    """
    parts: List[QgsGeometry] = []
    for polygon in geometry.asMultiPolygon():
        ring = _unwrapped(polygon[0])
        whole = QgsGeometry.fromPolygonXY([ring])
        bounds = whole.boundingBox()
        for turn in (-360.0, 0.0, 360.0):
            if bounds.xMaximum() <= turn - 180.0 or bounds.xMinimum() >= turn + 180.0:
                continue
            part = whole
            if bounds.xMinimum() < turn - 180.0 or bounds.xMaximum() > turn + 180.0:
                world = QgsRectangle(turn - 180.0, -90.0, turn + 180.0, 90.0)
                part = whole.intersection(QgsGeometry.fromRect(world))
            part = QgsGeometry(part)
            part.translate(-turn, 0.0)
            parts.append(part)
    joined = QgsGeometry.collectGeometry(parts)
    joined.convertToMultiType()
    return joined


def feature(fields: QgsFields, attributes: Dict[str, Any], geometry: QgsGeometry) -> QgsFeature:
    """A feature ready for a layer with these fields; attributes that the layer lacks are left out."""
    made = QgsFeature(fields)
    for name, value in attributes.items():
        index = fields.indexFromName(name)
        if index >= 0 and value is not None:
            made.setAttribute(index, value)
    made.setGeometry(geometry)
    return made


def _unwrapped(ring: List[QgsPointXY]) -> List[QgsPointXY]:
    """The ring with longitudes that go on past 180 instead of jumping by a whole turn."""
    unwrapped = [ring[0]]
    for point in ring[1:]:
        turns = round((unwrapped[-1].x() - point.x()) / 360.0)
        unwrapped.append(QgsPointXY(point.x() + 360.0 * turns, point.y()))
    return unwrapped
