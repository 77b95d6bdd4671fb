"""``zoomearth:export``: the project's answers, all or some, as a file of five kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCsException,
    QgsExpression,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingOutputFile,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterExpression,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterVectorLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from .. import geopackage, outlines
from ..layers import answer_layers
from ..zoomearth.core.errors import ZoomEarthError
from . import formats
from .algorithm import ZoomEarthAlgorithm, unknown_fields
from .answer_tables import captured, content_of
from .kinds import POLYGONS
from .outputs import Destination, real

translate = QCoreApplication.translate


class ExportAlgorithm(ZoomEarthAlgorithm):
    """A file of answers."""

    INPUT, FILTER, SELECTED, OUTPUT = "INPUT", "FILTER", "SELECTED", "OUTPUT"
    MAPPING, COUNT = "MAPPING", "COUNT"
    NAME = "export"
    ICON = "export.svg"
    NEEDS_ENGINE = False

    def displayName(self) -> str:  # noqa: N802 - QGIS's name
        return translate("Processing", "Export answers")

    def tags(self) -> List[str]:
        return translate("Processing", "export,answers,geopackage,geojson,shapefile,csv,kml,save").split(",")

    def shortDescription(self) -> str:  # noqa: N802 - QGIS's name
        return translate("Processing", "Writes the project's answers, all or some, to a file.")

    def shortHelpString(self) -> str:  # noqa: N802 - QGIS's name
        return translate(
            "Processing",
            "The ending of the file's name chooses its kind:\n"
            "- .gpkg: all answer layers, each a table, with their styles inside\n"
            "- .geojson, .kml: in degrees on WGS 84, as these formats demand\n"
            "- .shp: names of fields shortened to ten letters and texts to 254 bytes; a table beside it, "
            "NAME_fields.csv, tells which is which and what was lost\n"
            "- .csv: with the outlines as text (WKT)\n\n"
            "Without a layer, the project's own answer layers are exported; where a file holds only one, "
            "that is the main one.",
        )

    def group(self) -> str:
        return translate("Processing", "Answers")

    def groupId(self) -> str:  # noqa: N802 - QGIS's name
        return "answers"

    def initAlgorithm(self, configuration=None) -> None:  # noqa: N802 - QGIS's name
        layer = QgsProcessingParameterVectorLayer(
            self.INPUT, translate("Processing", "Answer layer"), [POLYGONS], optional=True
        )
        self._add(layer, translate("Processing", "Empty: those of the project."))
        chosen = QgsProcessingParameterExpression(
            self.FILTER,
            translate("Processing", "Only answers for which this is true"),
            parentLayerParameterName=self.INPUT,
            optional=True,
        )
        self._add(chosen, "\"kind\" = 'region' AND \"answer\" = 'red'")
        self.addParameter(
            QgsProcessingParameterBoolean(
                self.SELECTED, translate("Processing", "Only selected answers"), defaultValue=False
            )
        )
        kinds = ";;".join(f"{kind.title} (*{ending})" for ending, kind in formats.FORMATS.items())
        self.addParameter(
            QgsProcessingParameterFileDestination(self.OUTPUT, translate("Processing", "File"), kinds)
        )
        self.addOutput(QgsProcessingOutputFile(self.MAPPING, translate("Processing", "Table of short names")))
        self.addOutput(QgsProcessingOutputNumber(self.COUNT, translate("Processing", "Answers written")))

    def fault(self, parameters: Dict[str, Any], context) -> str:
        output = parameters.get(self.OUTPUT)
        is_named = isinstance(output, str) and output != QgsProcessing.TEMPORARY_OUTPUT
        if is_named and Path(output).suffix.lower() not in formats.FORMATS:
            fault = translate("Processing", "Name a file that ends in one of {endings}.")
            return fault.format(endings=", ".join(formats.FORMATS))
        text = self.parameterAsString(parameters, self.FILTER, context)
        expression = QgsExpression(text)
        if text and expression.hasParserError():
            fault = translate("Processing", "The filter is no valid expression: {error}")
            return fault.format(error=expression.parserErrorString())
        if not self.given(parameters, [self.INPUT]) and not answer_layers(context.project()):
            return translate("Processing", "The project has no answers yet: ask a question first.")
        return self._fault_of_filter(expression, parameters, context)

    def _fault_of_filter(self, expression: QgsExpression, parameters: Dict[str, Any], context) -> str:
        chosen = self.parameterAsVectorLayer(parameters, self.INPUT, context)
        layers = [chosen] if chosen is not None else answer_layers(context.project())
        unknown = unknown_fields(expression, [layer.fields() for layer in layers])
        if unknown:
            return translate("Processing", "The answers have no field {name}.").format(name=unknown[0])
        if expression.referencedFunctions() & {"is_selected", "num_selected"}:
            return translate(
                "Processing", "The filter cannot see what is selected: choose the option for it."
            )
        return ""

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:  # noqa: N802 - QGIS's name
        """In the main thread: the layers as they are."""
        self.require(parameters, context)
        self._path = Path(self.parameterAsFileOutput(parameters, self.OUTPUT, context))
        self._kind = formats.FORMATS.get(self._path.suffix.lower(), formats.FORMATS[".gpkg"])
        chosen = self.parameterAsVectorLayer(parameters, self.INPUT, context)
        layers = [chosen] if chosen is not None else answer_layers(context.project())
        opened = context.project().mapLayers().values() if context.project() else ()
        destination = Destination(real(self._path))
        if any(destination.is_file(Path(layer.source().split("|", 1)[0])) for layer in opened):
            fault = translate("Processing", "This file is open in the project; choose another name.")
            raise QgsProcessingException(fault)
        if self._kind.driver != "GPKG" and len(layers) > 1:
            left = ", ".join(layer.name() for layer in layers[1:])
            warning = translate("Processing", "The file holds one layer; not in it: {layers}")
            feedback.pushWarning(warning.format(layers=left))
            layers = layers[:1]
        self._expression = self.parameterAsExpression(parameters, self.FILTER, context)
        self._scope = self.createExpressionContext(parameters, context)
        is_selected = self.parameterAsBoolean(parameters, self.SELECTED, context)
        self._tables = [captured(layer, is_selected=is_selected) for layer in layers]
        return True

    def processAlgorithm(self, parameters, context, feedback) -> Dict[str, Any]:  # noqa: N802 - QGIS's name
        preview = translate("Processing", "Answers of {layers} to {path}, as {kind}")
        names = ", ".join(table.name for table in self._tables)
        feedback.pushInfo(preview.format(layers=names, path=self._path, kind=self._kind.title))
        parts = []
        count = 0
        for table in self._tables:
            content = content_of(table, self._expression, self._scope, feedback)
            count += content.featureCount()
            parts.append(geopackage.Part(table.name, table.style, content))
        results: Dict[str, Any] = {self.OUTPUT: str(self._path), self.COUNT: count}
        if feedback.isCanceled():
            return {self.OUTPUT: str(self._path), self.COUNT: 0}
        transforms = context.transformContext()
        try:
            if self._kind.driver == "GPKG":
                geopackage.export(parts, self._path, transforms)
            else:
                results.update(self._written(parts[0].content, transforms, feedback))
        except ZoomEarthError as error:
            raise self.failure(error) from error
        feedback.pushInfo(translate("Processing", "Answers written: {count}").format(count=count))
        return results

    def _written(self, content: QgsVectorLayer, transforms, feedback) -> Dict[str, Any]:
        """Write a file of one table; gives the further results."""
        if self._kind.is_geographic:
            content = _geographic(content, transforms, feedback)
        mapping = []
        if self._kind.driver == "ESRI Shapefile":
            content, mapping = formats.for_shapefile(content)
        formats.write_table(content, self._path, self._kind, transforms)
        return {self.MAPPING: str(formats.write_mapping(self._path, mapping))} if mapping else {}


def _geographic(content: QgsVectorLayer, transforms, feedback) -> QgsVectorLayer:
    """The answers in degrees on WGS 84; raises QgsProcessingException where they have no CRS."""
    if not content.crs().isValid():
        fault = translate("Processing", "These answers have no CRS, which this kind of file demands.")
        raise QgsProcessingException(fault)
    target = QgsCoordinateReferenceSystem(formats.WGS84)
    lost = []

    def move(geometry: QgsGeometry) -> QgsGeometry:
        if geometry.isNull():
            return geometry
        geometry.convertToMultiType()
        try:
            moved = outlines.reproject(geometry, content.crs(), target, transforms)
            moved.convertToMultiType()
            return moved
        except QgsCsException:
            lost.append(geometry)
            return QgsGeometry()

    made = formats.in_crs(content, target, move)
    if lost:
        warning = translate("Processing", "{count} places have none in {crs}: their geometry is empty.")
        feedback.pushWarning(warning.format(count=len(lost), crs=formats.WGS84))
    return made
