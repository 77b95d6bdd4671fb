"""``zoomearth:ask``: one question about one raster."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, List, Optional

from qgis.core import (
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterCrs,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from .. import areas, sources
from ..wording import warning_text
from ..zoomearth.core.errors import Cancelled, ZoomEarthError
from ..zoomearth.core.types import Area
from .algorithm import ZoomEarthAlgorithm
from .answer_features import ANSWER_FIELDS, answer_features, fields_of, without_drawer
from .asking import Asker
from .kinds import MULTIPOLYGON, POLYGONS, UNCHECKED
from .outputs import FeatureOutput

translate = QCoreApplication.translate


class AskAlgorithm(ZoomEarthAlgorithm):
    """The answer as text, and its regions as features."""

    INPUT, QUESTION, EXTENT, MASK, CRS, OUTPUT = "INPUT", "QUESTION", "EXTENT", "MASK", "CRS", "OUTPUT"
    ANSWER, REGIONS = "ANSWER", "REGIONS"
    NAME = "ask"

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        return translate("Processing", "Ask a question about a raster")

    def tags(self) -> List[str]:
        return translate("Processing", "question,answer,vision,language,model,ai,image,detect").split(",")

    def shortDescription(self) -> str:  # noqa: N802 - QGIS's name
        return translate("Processing", "Asks a question in plain words; answers with text and its place.")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        return translate(
            "Processing",
            "A vision-language model looks at an overview of the raster, zooms to the original pixels where "
            "it needs to see more, and answers.\n\n"
            "The output has a feature for each region that the answer was read from, or one for the searched "
            "area. The answer itself is a text output, which models can go on with.\n\n"
            "Without an area the whole raster is looked at. A map of the world needs an area.",
        )

    def initAlgorithm(self, configuration=None) -> None:  # noqa: N802 - QGIS's name
        self.addParameter(QgsProcessingParameterRasterLayer(self.INPUT, translate("Processing", "Raster")))
        self.addParameter(
            QgsProcessingParameterString(self.QUESTION, translate("Processing", "Question"), multiLine=False)
        )
        self.addParameter(
            QgsProcessingParameterExtent(
                self.EXTENT, translate("Processing", "Extent to search"), optional=True
            )
        )
        mask = QgsProcessingParameterFeatureSource(
            self.MASK, translate("Processing", "Polygons to search"), [POLYGONS], optional=True
        )
        self._add(mask, translate("Processing", "What lies outside of all of them is not looked at."))
        self.add_options()
        crs = QgsProcessingParameterCrs(
            self.CRS, translate("Processing", "CRS of the regions"), optional=True
        )
        self._add(crs, translate("Processing", "Empty: the raster's own."), is_advanced=True)
        self.addParameter(
            QgsProcessingParameterFeatureSink(self.OUTPUT, translate("Processing", "Regions"), POLYGONS)
        )
        self.addOutput(QgsProcessingOutputString(self.ANSWER, translate("Processing", "Answer")))
        self.addOutput(QgsProcessingOutputNumber(self.REGIONS, translate("Processing", "Number of regions")))

    def fault(self, parameters: Dict[str, Any], context) -> str:
        if len(self.given(parameters, [self.EXTENT, self.MASK])) > 1:
            return translate("Processing", "Choose an extent or polygons to search, not both.")
        if not self.parameterAsString(parameters, self.QUESTION, context).strip():
            return translate("Processing", "Type a question.")
        return self.fault_of_crs(parameters, self.CRS, context)

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:  # noqa: N802 - QGIS's name
        """In the main thread: all that is needed of the project."""
        self.require(parameters, context)
        layer = self.parameterAsRasterLayer(parameters, self.INPUT, context)
        question = self.parameterAsString(parameters, self.QUESTION, context)
        try:
            self._asker = Asker(self._engine, self._engine.client())
            area = None if layer is None else self._area(layer, parameters, context)
            self._query = sources.freeze_query(question, layer, area, self.chosen(parameters, context))
            self._context = sources.ask_context(layer)
        except ZoomEarthError as error:
            raise self.failure(error) from error
        chosen = self.parameterAsCrs(parameters, self.CRS, context)
        self._crs = chosen if chosen.isValid() and self._context.crs.isValid() else self._context.crs
        if chosen.isValid() and not self._context.crs.isValid():
            feedback.pushWarning(
                translate("Processing", "The raster names no CRS, so the regions stay in its own frame.")
            )
        return True

    def processAlgorithm(self, parameters, context, feedback) -> Dict[str, Any]:  # noqa: N802 - QGIS's name
        asked_at = datetime.now(timezone.utc)
        place = (
            translate("Processing", "the whole raster")
            if self._query.area is None
            else translate("Processing", "a part of it")
        )
        preview = translate(
            "Processing", "1 question about {raster}, {place}, with model {model}: {question}"
        )
        feedback.pushInfo(
            preview.format(
                raster=self._context.layer_name,
                place=place,
                model=self._query.model,
                question=self._query.question,
            )
        )
        with FeatureOutput(self, parameters, self.OUTPUT, context, feedback) as output:
            try:
                with self._engine.asking():
                    answer = self._asker.ask(self._query, self._context.drawer, feedback)
            except Cancelled:
                return {self.ANSWER: "", self.REGIONS: 0}
            except ZoomEarthError as error:
                raise self.failure(error) from error
            finally:
                self._context = without_drawer(self._context)
            output.open(fields_of(ANSWER_FIELDS), MULTIPOLYGON, self._crs)
            for feature in answer_features(
                answer, self._query, asked_at, self._context, self._crs, context.transformContext()
            ):
                output.add(feature)
        layer = context.getMapLayer(output.identity)
        if layer is not None and not self._crs.isValid():
            layer.setCrs(self._crs)  # in memory it has one of QGIS's choice
        for warning in answer.warnings:
            feedback.pushWarning(warning_text(warning))
        feedback.pushInfo(translate("Processing", "Answer: {answer}").format(answer=answer.text))
        return {self.OUTPUT: output.identity, self.ANSWER: answer.text, self.REGIONS: len(answer.regions)}

    def _area(self, layer: QgsRasterLayer, parameters: Dict[str, Any], context) -> Optional[Area]:
        """Raises AreaOutsideError or AreaRequiredError."""
        source = self.parameterAsSource(parameters, self.MASK, context)
        if source is not None:
            features = source.getFeatures(QgsFeatureRequest(), UNCHECKED)  # they are mended below
            shapes = [feature.geometry() for feature in features]
            united = united_shape([shape for shape in shapes if not shape.isEmpty()])
            return areas.area_of_geometry(united, source.sourceCrs(), layer)
        if self.given(parameters, [self.EXTENT]):
            rectangle = self.parameterAsExtent(parameters, self.EXTENT, context)
            crs = self.parameterAsExtentCrs(parameters, self.EXTENT, context)
            return areas.area_of_rectangle(rectangle, crs, layer)
        return None


def united_shape(shapes: List[QgsGeometry]) -> QgsGeometry:
    """One geometry of many; what is invalid is mended first, as it would void the whole."""
    return QgsGeometry.unaryUnion([shape if shape.isGeosValid() else shape.makeValid() for shape in shapes])
