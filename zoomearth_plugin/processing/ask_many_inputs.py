"""What ``zoomearth:askmany`` is given: its parameters, and whether they make sense together."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QCoreApplication

from .algorithm import ZoomEarthAlgorithm
from .kinds import FOLDER, RASTER, TABLE, WHOLE_NUMBER
from .rasters import PATTERNS, lines_of, rasters_in

translate = QCoreApplication.translate

DEFAULT_CRS = "EPSG:4326"


class AskManyInputs(ZoomEarthAlgorithm):
    """Rasters from one of three places, questions from one of two."""

    RASTERS, FOLDER, RECURSIVE, PATTERNS = "RASTERS", "FOLDER", "RECURSIVE", "PATTERNS"
    TILE_INDEX, TILE_FIELD = "TILE_INDEX", "TILE_FIELD"
    QUESTIONS, QUESTION_TABLE, QUESTION_FIELD = "QUESTIONS", "QUESTION_TABLE", "QUESTION_FIELD"
    CRS, TOGETHER, BATCH_FILE = "CRS", "TOGETHER", "BATCH_FILE"
    RETRY = "RETRY_FAILURES"

    def add_inputs(self) -> None:
        """All parameters but the outputs."""
        self._add_rasters()
        questions = QgsProcessingParameterString(
            self.QUESTIONS, translate("Processing", "Questions"), multiLine=True, optional=True
        )
        self._add(questions, translate("Processing", "One a line."))
        self.addParameter(
            QgsProcessingParameterFeatureSource(
                self.QUESTION_TABLE,
                translate("Processing", "Or a table of questions"),
                [TABLE],
                optional=True,
            )
        )
        self.addParameter(
            QgsProcessingParameterField(
                self.QUESTION_FIELD,
                translate("Processing", "Field with the questions"),
                parentLayerParameterName=self.QUESTION_TABLE,
                optional=True,
            )
        )
        self.add_options()
        self.addParameter(
            QgsProcessingParameterCrs(
                self.CRS, translate("Processing", "CRS of the answers"), DEFAULT_CRS, optional=True
            )
        )
        together = QgsProcessingParameterNumber(
            self.TOGETHER, translate("Processing", "Questions asked together"), WHOLE_NUMBER, 8, True, 1, 256
        )
        self._add(together, translate("Processing", "Fewer need less memory."), is_advanced=True)
        batch = QgsProcessingParameterFileDestination(
            self.BATCH_FILE,
            translate("Processing", "Batch file"),
            translate("Processing", "GeoPackage") + " (*.gpkg)",
            optional=True,
            createByDefault=False,
        )
        self._add(
            batch,
            translate(
                "Processing",
                "Keeps the batch, so that it can be gone on with after it was stopped: choose the same file "
                "again. A file that is there is never replaced.",
            ),
        )
        self.addParameter(
            QgsProcessingParameterBoolean(
                self.RETRY,
                translate("Processing", "Ask again what failed, if the batch file is there"),
                defaultValue=False,
            )
        )

    def _add_rasters(self) -> None:
        self.addParameter(
            QgsProcessingParameterMultipleLayers(
                self.RASTERS, translate("Processing", "Rasters"), RASTER, optional=True
            )
        )
        self.addParameter(
            QgsProcessingParameterFile(
                self.FOLDER, translate("Processing", "Or a folder of rasters"), FOLDER, optional=True
            )
        )
        self.addParameter(
            QgsProcessingParameterBoolean(
                self.RECURSIVE, translate("Processing", "The folders in it, too"), defaultValue=False
            )
        )
        patterns = QgsProcessingParameterString(
            self.PATTERNS, translate("Processing", "Names of rasters in the folder"), defaultValue=PATTERNS
        )
        self._add(
            patterns,
            translate("Processing", "Patterns, separated by blanks: *.tif *_rgb.jp2"),
            is_advanced=True,
        )
        index = QgsProcessingParameterFeatureSource(
            self.TILE_INDEX, translate("Processing", "Or a tile index"), [TABLE], optional=True
        )
        self._add(
            index, translate("Processing", "A layer whose features name rasters, as gdaltindex makes it.")
        )
        field = QgsProcessingParameterField(
            self.TILE_FIELD,
            translate("Processing", "Field with the rasters' paths"),
            parentLayerParameterName=self.TILE_INDEX,
            optional=True,
        )
        self._add(field, translate("Processing", "Relative paths start at the tile index's own folder."))

    def for_check(self, parameters: Dict[str, Any]) -> Dict[str, Any]:
        """Without names of rasters: one that cannot be opened is a failure of its own, not of the whole."""
        layers = [item for item in self.rasters_of(parameters) if not isinstance(item, str)]
        return {**parameters, self.RASTERS: layers or None}

    def rasters_of(self, parameters: Dict[str, Any]) -> List[Any]:
        """What was chosen one by one: layers, their names, files."""
        value = parameters.get(self.RASTERS)
        return list(value) if isinstance(value, (list, tuple)) else [value] if value else []

    def fault(self, parameters: Dict[str, Any], context) -> str:
        return (
            self._fault_of_rasters(parameters, context)
            or self._fault_of_questions(parameters, context)
            or self.fault_of_crs(parameters, self.CRS, context)
        )

    def _fault_of_rasters(self, parameters: Dict[str, Any], context) -> str:
        given = self.given(parameters, [self.RASTERS, self.FOLDER, self.TILE_INDEX])
        if not given:
            return translate("Processing", "Choose rasters, a folder of rasters, or a tile index.")
        if len(given) > 1:
            return translate("Processing", "Choose only one of rasters, folder and tile index.")
        if given == [self.TILE_INDEX]:
            if not self.parameterAsString(parameters, self.TILE_FIELD, context):
                return translate("Processing", "Choose the field of the tile index that holds the paths.")
            return self._fault_of_field(parameters, self.TILE_INDEX, self.TILE_FIELD, context)
        if given == [self.FOLDER]:
            folder = Path(self.parameterAsString(parameters, self.FOLDER, context))
            if not folder.is_dir():
                return translate("Processing", "There is no folder {folder}.").format(folder=folder)
            patterns = self.parameterAsString(parameters, self.PATTERNS, context)
            is_recursive = self.parameterAsBoolean(parameters, self.RECURSIVE, context)
            if next(rasters_in(folder, patterns, is_recursive=is_recursive), None) is None:
                fault = translate("Processing", "The folder {folder} holds no rasters named {patterns}.")
                return fault.format(folder=folder, patterns=patterns)
        return ""

    def _fault_of_questions(self, parameters: Dict[str, Any], context) -> str:
        typed = lines_of(self.parameterAsString(parameters, self.QUESTIONS, context))
        given = self.given(parameters, [self.QUESTION_TABLE])
        if not typed and not given:
            return translate("Processing", "Type questions, or choose a table of questions.")
        if typed and given:
            return translate("Processing", "Type questions or choose a table of them, not both.")
        if given:
            if not self.parameterAsString(parameters, self.QUESTION_FIELD, context):
                return translate("Processing", "Choose the field that holds the questions.")
            return self._fault_of_field(parameters, self.QUESTION_TABLE, self.QUESTION_FIELD, context)
        return ""

    def _fault_of_field(self, parameters: Dict[str, Any], layer: str, name: str, context) -> str:
        source = self.parameterAsSource(parameters, layer, context)
        field = self.parameterAsString(parameters, name, context)
        if source is not None and source.fields().lookupField(field) < 0:
            fault = translate("Processing", "The layer {layer} has no field {field}.")
            return fault.format(layer=source.sourceName(), field=field)
        return ""
