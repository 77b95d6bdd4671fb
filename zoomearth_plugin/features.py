"""Answers as features: attributes, and polygons where QGIS shows the raster."""

from __future__ import annotations

import json
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

from .sources import EDGE_PARTS, AskContext
from .zoomearth.core.errors import AreaOutsideError
from .zoomearth.core.frames import PixelBox, View
from .zoomearth.core.types import Answer, AnswerFrame, Query, Region, Ring

FIELDS: Tuple[Tuple[str, str], ...] = (
    ("question", "string(0)"),
    ("answer", "string(0)"),
    ("label", "string(0)"),
    ("score", "double"),
    ("verified", "bool"),
    ("kind", "string(0)"),
    ("step", "integer"),
    ("reasoning", "string(0)"),
    ("raw_output", "string(0)"),
    ("model", "string(0)"),
    ("revision", "string(0)"),
    ("source", "string(0)"),
    ("seen_gsd_m", "double"),
    ("area_m2", "double"),
    ("pixel_box", "string(0)"),
    ("asked_at", "datetime"),
    ("seconds", "double"),
    ("warnings", "string(0)"),
)
"""(name, type of QGIS's memory provider), in the order of the answer layer; 0: text of any length."""

REGION = "region"
SEARCHED_AREA = "searched_area"

Row = Tuple[Dict[str, Any], QgsGeometry]
"""Attributes by field name, and the multipolygon in the frame of :func:`frame_crs`."""


def frame_crs(answer: Answer, context: AskContext) -> QgsCoordinateReferenceSystem:
    """What the answer's polygons are drawn in: the CRS that QGIS shows the layer in.

    Invalid where there is none, or where the file's pixels are not what QGIS draws.
    """
    if answer.frame is AnswerFrame.PIXELS and not context.draws_pixels:
        return QgsCoordinateReferenceSystem()
    return context.crs


def rows(answer: Answer, query: Query, asked_at: datetime) -> List[Row]:
    """One row a region; without regions, one for the searched area: no answer is without a place."""
    common = {
        "question": query.question,
        "answer": _clean(answer.text),
        "reasoning": _clean(answer.reasoning),
        "raw_output": _clean(answer.raw_output),
        "model": answer.model,
        "revision": answer.revision,
        "source": query.raster.uri,
        "seen_gsd_m": answer.seen_gsd_m,
        "asked_at": QDateTime.fromMSecsSinceEpoch(round(asked_at.timestamp() * 1000)).toUTC(),
        "seconds": answer.seconds,
        "warnings": _clean("\n".join(answer.warnings)) or None,
    }
    if not answer.regions:
        searched = {"kind": SEARCHED_AREA, "step": len(answer.steps) or None}
        searched["pixel_box"] = _box_text(answer.searched_box)
        return [({**common, **searched}, multipolygon(answer.searched_polygon, answer.frame))]
    return [
        (
            {**common, **_region_attributes(region), "step": _marking_step(answer, region)},
            multipolygon(region.polygon, answer.frame),
        )
        for region in answer.regions
    ]


def multipolygon(ring: Ring, frame: AnswerFrame) -> QgsGeometry:
    """A ring, closed by implication, as a multipolygon; pixel rows turn to y = -row as QGIS draws them."""
    sign = -1.0 if frame is AnswerFrame.PIXELS else 1.0
    points = [QgsPointXY(x, sign * y) for x, y in ring]
    return QgsGeometry.fromMultiPolygonXY([[[*points, points[0]]]])


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


def _region_attributes(region: Region) -> Dict[str, Any]:
    return {
        "label": _clean(region.label),
        "score": region.score,
        "verified": region.verified,
        "kind": REGION,
        "pixel_box": _box_text(region.pixel_box),
    }


def _marking_step(answer: Answer, region: Region) -> Optional[int]:
    """The look, 1 for the overview, in which the model marked the region; None when it is not told."""
    for number, step in reversed(list(enumerate(answer.steps, start=1))):
        if step.box is None:
            continue
        marked = _clipped(View(step.window, step.view_size).to_pixels(step.box), answer.searched_box)
        sides = zip(marked.to_json(), region.pixel_box.to_json())
        if all(abs(mark - side) <= 1.0 for mark, side in sides):
            return number
    return None


def _clipped(box: PixelBox, within: PixelBox) -> PixelBox:
    """As regions are clipped to the searched area; a box outside of it stays as it is."""
    try:
        return box.intersection(within)
    except AreaOutsideError:
        return box


def _box_text(box: PixelBox) -> str:
    """``[left, top, right, bottom]``, to a hundredth of a pixel."""
    return json.dumps([int(side) if side == int(side) else round(side, 2) for side in box.to_json()])


def _clean(text: str) -> str:
    """Text of a model without what a database cannot hold: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
