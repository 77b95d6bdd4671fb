"""``zoomearth:askfeatures``: a question about the place of each feature of a layer."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Optional

from qgis.core import (
    NULL,
    QgsExpression,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterExpression,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterRasterLayer,
    QgsProcessingUtils,
)
from qgis.PyQt.QtCore import QCoreApplication

from .. import areas, sources
from ..wording import error_text
from ..zoomearth.core.errors import Cancelled, QuestionInvalidError, RasterUnreadableError, ZoomEarthError
from ..zoomearth.core.types import Answer, Query
from .algorithm import ZoomEarthAlgorithm, unknown_fields
from .answer_features import fields_of, regions, without_drawer
from .asking import Asker
from .kinds import POLYGONS, UNCHECKED
from .outputs import FeatureOutput

translate = QCoreApplication.translate

ADDED = (
    ("question", "string(0)"),
    ("answer", "string(0)"),
    ("score", "double"),
    ("region", "string(0)"),
    ("label", "string(0)"),
    ("pixel_box", "string(0)"),
    ("seen_gsd_m", "double"),
    ("model", "string(0)"),
    ("warnings", "string(0)"),
    ("error", "string(0)"),
)
"""(name, type of QGIS's memory provider) of the columns that are added."""
HOPELESS = {
    "engine_missing",
    "model_missing",
    "model_incompatible",
    "weights_unsafe",
    "server_unreachable",
    "server_refused",
}
"""Errors that every other feature would have, too."""


class AskFeaturesAlgorithm(ZoomEarthAlgorithm):
    """The layer with an answer in each of its features."""

    INPUT, RASTER, QUESTION, OUTPUT = "INPUT", "RASTER", "QUESTION", "OUTPUT"
    ANSWERED, FAILED = "ANSWERED", "FAILED"
    NAME = "askfeatures"
    ICON = "rectangle.svg"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        return translate("Processing", "Ask a question about each feature")

    def tags(self) -> List[str]:
        return translate("Processing", "question,answer,polygons,attributes,zonal,ai,model").split(",")

    def shortDescription(self) -> str:  # noqa: N802 - QGIS's name
        return translate(
            "Processing", "Asks about the place of each polygon and adds the answers as columns."
        )

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        return translate(
            "Processing",
            "Asks about the part of the raster that each polygon covers, and adds the answer, its score and "
            "its region to the polygon's attributes.\n\n"
            "The question is an expression, so a field can be part of it: 'What is grown on ' || \"name\" || "
            "'?'\n\n"
            "The column region holds the outlines that the answer was read from, as text (WKT) in the CRS "
            "of the layer. Where a feature cannot be asked about, because it lies outside of the raster for "
            "example, the column error says why, and the others are asked all the same. Where no feature can "
            "be asked about any more, the rest gets that error, and what was answered stays.",
        )

    def initAlgorithm(self, configuration=None) -> None:  # noqa: N802 - QGIS's name
        self.addParameter(
            QgsProcessingParameterFeatureSource(self.INPUT, translate("Processing", "Polygons"), [POLYGONS])
        )
        self.addParameter(QgsProcessingParameterRasterLayer(self.RASTER, translate("Processing", "Raster")))
        question = QgsProcessingParameterExpression(
            self.QUESTION,
            translate("Processing", "Question (expression)"),
            parentLayerParameterName=self.INPUT,
        )
        self._add(question, translate("Processing", "Text in single quotes; fields in double quotes."))
        self.add_options()
        self.addParameter(
            QgsProcessingParameterFeatureSink(
                self.OUTPUT, translate("Processing", "Polygons with answers"), POLYGONS
            )
        )
        self.addOutput(QgsProcessingOutputNumber(self.ANSWERED, translate("Processing", "Answered")))
        self.addOutput(QgsProcessingOutputNumber(self.FAILED, translate("Processing", "Failed")))

    def fault(self, parameters: Dict[str, Any], context) -> str:
        expression = QgsExpression(self.parameterAsString(parameters, self.QUESTION, context))
        if expression.hasParserError():
            fault = translate("Processing", "The question is no valid expression: {error}")
            return fault.format(error=expression.parserErrorString())
        source = self.parameterAsSource(parameters, self.INPUT, context)
        unknown = [] if source is None else unknown_fields(expression, [source.fields()])
        if unknown:
            fault = translate(
                "Processing", "The layer has no field {name}. Text belongs in single quotes: 'What is this?'"
            )
            return fault.format(name=unknown[0])
        return ""

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:  # noqa: N802 - QGIS's name
        """In the main thread: all that is needed of the project."""
        self.require(parameters, context)
        self._source = self.parameterAsSource(parameters, self.INPUT, context)
        if self._source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, self.INPUT))
        self._layer = self.parameterAsRasterLayer(parameters, self.RASTER, context)
        self._settings = self.chosen(parameters, context)
        try:
            self._asker = Asker(self._engine, self._engine.client())
            sources.raster_request(self._layer)
            self._context = sources.ask_context(self._layer)
        except ZoomEarthError as error:
            raise self.failure(error) from error
        self._expression = QgsExpression(self.parameterAsExpression(parameters, self.QUESTION, context))
        self._scope = self.createExpressionContext(parameters, context, self._source)
        self._expression.prepare(self._scope)
        self._given_up: Optional[str] = None
        return True

    def processAlgorithm(self, parameters, context, feedback) -> Dict[str, Any]:  # noqa: N802 - QGIS's name
        fields = QgsProcessingUtils.combineFields(self._source.fields(), fields_of(ADDED))
        kind = (fields, self._source.wkbType(), self._source.sourceCrs())
        count = max(1, self._source.featureCount())
        preview = translate(
            "Processing", "Features: {count}. Each is asked about in {raster}, with model {model}: {question}"
        )
        feedback.pushInfo(
            preview.format(
                count=self._source.featureCount(),
                raster=self._context.layer_name,
                model=self._settings.model,
                question=self._expression.expression(),
            )
        )
        counted = {self.ANSWERED: 0, self.FAILED: 0}
        transforms = context.transformContext()
        features = self._source.getFeatures(QgsFeatureRequest(), UNCHECKED)  # areas are mended
        with self._output(parameters, context, feedback) as output, self._engine.asking():
            for number, feature in enumerate(features):
                try:
                    values = self._asked(feature, feedback, transforms, 1.0 / count, number / count)
                except Cancelled:
                    return {**({self.OUTPUT: output.identity} if output.is_open else {}), **counted}
                except ZoomEarthError as error:
                    if not counted[self.ANSWERED]:
                        raise self.failure(error) from error
                    values = self._give_up(error, feedback)
                counted[self.FAILED if values["error"] else self.ANSWERED] += 1
                made = QgsFeature(fields)
                made.setGeometry(feature.geometry())
                made.setAttributes([*feature.attributes(), *(values.get(name, NULL) for name, _ in ADDED)])
                output.open(*kind)
                output.add(made)
                feedback.setProgress(100.0 * (number + 1) / count)
            output.open(*kind)
            return {self.OUTPUT: output.identity, **counted}

    @contextmanager
    def _output(self, parameters, context, feedback) -> Iterator[FeatureOutput]:
        """The output; in the end the run is free of what belongs to the main thread."""
        try:
            with FeatureOutput(self, parameters, self.OUTPUT, context, feedback) as output:
                yield output
        finally:
            self._context = without_drawer(self._context)

    def _give_up(self, error: ZoomEarthError, feedback) -> Dict[str, Any]:
        """Ask no more, as it would be in vain; gives the values of who would have been next."""
        self._given_up = f"{error.code}: {error.message}"
        sentence = translate("Processing", "No further feature is asked about. {error}")
        feedback.reportError(sentence.format(error=error_text(error)))
        return self._unasked()

    def _unasked(self) -> Dict[str, Any]:
        return {"error": self._given_up, "model": self._settings.model}

    def _asked(
        self, feature: QgsFeature, feedback, transforms, share: float, before: float
    ) -> Dict[str, Any]:
        """Values of the added columns; raises Cancelled, or ZoomEarthError where all others are in vain."""
        if self._asker.is_stopped(feedback):
            raise Cancelled()
        if self._given_up:
            return self._unasked()
        values: Dict[str, Any] = {"error": None, "model": self._settings.model}
        try:
            question = self._question(feature)
            values["question"] = question
            geometry = QgsGeometry(feature.geometry())
            query = self._asker.main_thread.call(
                lambda: self._query(question, geometry), lambda: self._asker.is_stopped(feedback)
            )
            answer = self._asker.ask(query, self._context.drawer, feedback, share, before)
        except ZoomEarthError as error:
            if error.code in HOPELESS:
                raise
            values["error"] = f"{error.code}: {error.message}"
            sentence = translate("Processing", "Feature {id}: {error}")
            said = f"{error_text(error)} ({error.message})"
            feedback.reportError(sentence.format(id=feature.id(), error=said))
            return values
        values.update(_columns(answer))
        values["region"] = regions(answer, self._context, self._source.sourceCrs(), transforms) or None
        said = translate("Processing", "Feature {id}: {answer}")
        feedback.pushInfo(said.format(id=feature.id(), answer=answer.text))
        return values

    def _query(self, question: str, geometry: QgsGeometry) -> Query:
        """In the main thread, where the layer lives."""
        try:
            area = areas.area_of_geometry(geometry, self._source.sourceCrs(), self._layer)
            return sources.freeze_query(question, self._layer, area, self._settings)
        except RuntimeError as error:  # the layer was removed from the project
            raise RasterUnreadableError(f"the layer is gone: {error}") from error

    def _question(self, feature: QgsFeature) -> str:
        """Raises QuestionInvalidError."""
        self._scope.setFeature(feature)
        value = self._expression.evaluate(self._scope)
        if self._expression.hasEvalError():
            raise QuestionInvalidError(self._expression.evalErrorString())
        return "" if value is None or value == NULL else str(value)


def _columns(answer: Answer) -> Dict[str, Any]:
    first: Optional[Any] = answer.regions[0] if answer.regions else None
    box = first.pixel_box if first else answer.searched_box
    return {
        "answer": answer.text.replace("\x00", ""),
        "score": first.score if first else None,
        "label": first.label.replace("\x00", "") if first else None,
        "pixel_box": str([round(side, 2) for side in box.to_json()]),
        "seen_gsd_m": answer.seen_gsd_m,
        "model": answer.model,
        "warnings": "\n".join((*answer.warnings, *answer.approximations)) or None,
    }
