"""Answers as features: attributes, and polygons where QGIS shows the raster."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, List, Tuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
)
from qgis.PyQt.QtCore import QDateTime

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


def feature(fields: QgsFields, attributes: Dict[str, Any], geometry: QgsGeometry) -> QgsFeature:
    """A feature ready for a layer with these fields; attributes that the layer lacks are left out."""
    made = QgsFeature(fields)
    for name, value in attributes.items():
        index = fields.indexFromName(name)
        if index >= 0 and value is not None:
            made.setAttribute(index, value)
    made.setGeometry(geometry)
    return made
