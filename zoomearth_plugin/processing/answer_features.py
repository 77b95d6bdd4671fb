"""Answers as features of an algorithm's output."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import List, Sequence, Tuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsFeature,
    QgsFields,
    QgsGeometry,
    QgsVectorLayer,
)

from .. import features, outlines
from ..layers import OFF_EARTH
from ..sources import AskContext
from ..zoomearth.core.types import Answer, Query

ANSWER_FIELDS = (*features.FIELDS, ("source_crs", "string(0)"))
NO_CRS = "unreferenced: The raster names no coordinate reference system; the place is in its own frame."
"""As the engine says it of such a raster."""
NO_PLACE = "own_crs: The place has none in the output's CRS; source and pixel_box tell where it is."


def fields_of(kinds: Sequence[Tuple[str, str]]) -> QgsFields:
    """Fields of (name, type of QGIS's memory provider)."""
    described = "&".join(f"field={name}:{kind}" for name, kind in kinds)
    return QgsVectorLayer(f"None?{described}", "", "memory").fields()


def answer_features(
    answer: Answer,
    query: Query,
    asked_at: datetime,
    context: AskContext,
    target: QgsCoordinateReferenceSystem,
    transforms: QgsCoordinateTransformContext,
) -> List[QgsFeature]:
    """A feature for each region, or one for the searched area.

    Args:
        answer: What came.
        query: What was asked.
        asked_at: When.
        context: What QGIS knew of the layer.
        target: The output's CRS; invalid for one in the raster's own frame.
        transforms: The project's.

    Returns:
        In ``target``; without a geometry where the place cannot be shown there, which ``warnings`` tells.
    """
    source = features.frame_crs(answer, context)
    is_off_earth = any(warning.startswith(OFF_EARTH) for warning in answer.warnings)
    fields = fields_of(ANSWER_FIELDS)
    made = []
    for attributes, original in features.rows(answer, query, asked_at):
        geometry, said = _placed(original, source, target, transforms, is_off_earth=is_off_earth)
        attributes["area_m2"] = None if is_off_earth else outlines.area_m2(original, source, transforms)
        attributes["source_crs"] = crs_text(source)
        attributes["warnings"] = "\n".join(filter(None, (attributes["warnings"], said))) or None
        made.append(features.feature(fields, attributes, geometry))
    return made


def regions(answer: Answer, context: AskContext, target: QgsCoordinateReferenceSystem, transforms) -> str:
    """The answer's regions as well-known text in ``target``; empty where there are none."""
    if not answer.regions:
        return ""
    polygons = tuple((region.polygon,) for region in answer.regions)
    shape = features.multipolygon(polygons, answer.frame)
    source = features.frame_crs(answer, context)
    geometry, _ = _placed(shape, source, target, transforms, is_off_earth=False)
    return "" if geometry.isNull() else geometry.asWkt(8)


def crs_text(crs: QgsCoordinateReferenceSystem) -> str:
    """The code of a CRS, its definition where it has none, empty for none."""
    if not crs.isValid():
        return ""
    code = crs.authid()
    return code if code and not code.startswith("USER:") else crs.toWkt()


def crs_of_text(text: str) -> QgsCoordinateReferenceSystem:
    """The CRS of :func:`crs_text`."""
    crs = QgsCoordinateReferenceSystem(text)
    return crs if crs.isValid() else QgsCoordinateReferenceSystem.fromWkt(text)


def without_drawer(context: AskContext) -> AskContext:
    """What an answer needs to be placed, free of what belongs to the main thread."""
    return dataclasses.replace(context, drawer=None)


def _placed(
    geometry: QgsGeometry,
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    transforms: QgsCoordinateTransformContext,
    *,
    is_off_earth: bool,
) -> Tuple[QgsGeometry, str]:
    """The geometry in ``target``, null where it has no place there; and why."""
    if not source.isValid() or not target.isValid():
        return (QgsGeometry(), NO_CRS) if target.isValid() else (geometry, "")
    try:
        if is_off_earth and source != target:
            raise QgsCsException("a part of it is off the Earth")
        moved = outlines.reproject(geometry, source, target, transforms)
    except QgsCsException:
        return QgsGeometry(), NO_PLACE
    moved.convertToMultiType()
    return moved, ""
