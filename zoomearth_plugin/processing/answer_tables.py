"""Answer layers as they are when an export starts, read off the main thread."""

from __future__ import annotations

from typing import List, NamedTuple

from qgis.core import (
    NULL,
    QgsExpression,
    QgsExpressionContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsProcessingException,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
)
from qgis.PyQt.QtXml import QDomDocument

from .. import geopackage
from ..layers import exported_table
from . import formats


class AnswerTable(NamedTuple):
    """One of them: its table's name, its style, its features, and an empty layer of the same kind."""

    name: str
    style: QDomDocument
    source: QgsVectorLayerFeatureSource
    empty: QgsVectorLayer
    request: QgsFeatureRequest


def captured(layer: QgsVectorLayer, *, is_selected: bool) -> AnswerTable:
    """An answer layer, or the selected features of it; main thread."""
    request = QgsFeatureRequest()
    if is_selected:
        request.setFilterFids(layer.selectedFeatureIds())
    empty = formats.empty_layer(layer.name(), layer.fields(), layer.wkbType(), layer.crs())
    name = exported_table(layer) or layer.name()
    return AnswerTable(name, geopackage.style_of(layer), QgsVectorLayerFeatureSource(layer), empty, request)


def content_of(table: AnswerTable, text: str, scope: QgsExpressionContext, feedback) -> QgsVectorLayer:
    """The chosen answers, in memory; all of them where the filter is empty."""
    content = table.empty.clone()
    expression = QgsExpression(text or "TRUE")
    scope.setFields(content.fields())
    expression.prepare(scope)
    made: List[QgsFeature] = []
    for feature in table.source.getFeatures(table.request):
        if feedback.isCanceled():
            break
        scope.setFeature(feature)
        is_chosen = expression.evaluate(scope)
        if expression.hasEvalError():
            raise QgsProcessingException(expression.evalErrorString())
        if is_chosen and is_chosen != NULL:
            made.append(feature)
    content.dataProvider().addFeatures(made)
    return content
