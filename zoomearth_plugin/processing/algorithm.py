"""What the algorithms share: how QGIS lists them, their options, and what stops them before they start."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, List, Optional, Sequence

from qgis.core import (
    QgsExpression,
    QgsFeatureRequest,
    QgsFields,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from .. import settings
from ..settings import Settings
from ..wording import error_text
from ..zoomearth.core.errors import ZoomEarthError
from ..zoomearth.resources import resource_folder
from .engine import AlgorithmEngine
from .kinds import ADVANCED, WHOLE_NUMBER

translate = QCoreApplication.translate

HELP_URL = "https://zoomearth.example/qgis"


class ZoomEarthAlgorithm(QgsProcessingAlgorithm):
    """One algorithm of the provider.

    Args:
        engine: Shared by all of them.
    """

    MODEL, MAX_ZOOMS, VIEW_SIDE = "MODEL", "MAX_ZOOMS", "VIEW_SIDE"
    NAME = ""
    ICON = "zoomearth.svg"
    NEEDS_ENGINE = True

    def __init__(self, engine: AlgorithmEngine) -> None:
        super().__init__()
        self._engine = engine

    def createInstance(self) -> ZoomEarthAlgorithm:  # noqa: N802 - QGIS's name
        return type(self)(self._engine)

    def name(self) -> str:
        return self.NAME

    def group(self) -> str:
        return translate("Processing", "Questions about rasters")

    def groupId(self) -> str:  # noqa: N802 - QGIS's name
        return "questions"

    def helpUrl(self) -> str:  # noqa: N802 - QGIS's name
        return HELP_URL

    def icon(self) -> QIcon:
        return QIcon(self.svgIconPath())

    def svgIconPath(self) -> str:  # noqa: N802 - QGIS's name
        return str(resource_folder() / "icons" / self.ICON)

    def canExecute(self):  # noqa: N802 - QGIS's name
        """Whether there is an engine to ask, and what to do where there is none."""
        missing = self._engine.missing() if self.NEEDS_ENGINE else ""
        return not missing, missing

    def checkParameterValues(self, parameters, context):  # noqa: N802 - QGIS's name
        """Whether the values make sense together, and a sentence about those that do not."""
        is_well, said = super().checkParameterValues(self.for_check(parameters), context)
        if not is_well:
            return is_well, said
        fault = self.fault(parameters, context)
        return not fault, fault

    def for_check(self, parameters: Dict[str, Any]) -> Dict[str, Any]:
        """The values as QGIS is to check them, each by itself."""
        return parameters

    def fault(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> str:
        """What is wrong with the values as a whole; empty for nothing."""
        return ""

    def require(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> None:
        """Raise what :meth:`checkParameterValues` would tell: models do not ask it."""
        fault = (self._engine.missing() if self.NEEDS_ENGINE else "") or self.fault(parameters, context)
        if fault:
            raise QgsProcessingException(fault)

    def fault_of_crs(self, parameters: Dict[str, Any], name: str, context: QgsProcessingContext) -> str:
        """What is wrong with a CRS that was chosen; empty for nothing."""
        value = parameters.get(name)
        if not isinstance(value, str) or value.strip() in ("", "ProjectCrs"):  # the project may have none
            return ""
        if self.parameterAsCrs(parameters, name, context).isValid():
            return ""
        return translate("Processing", "There is no CRS {crs}.").format(crs=value)

    def add_options(self) -> None:
        """The model and how hard it looks."""
        rows = {row.key: row for row in settings.table()}
        current = settings.load()
        model = QgsProcessingParameterString(
            self.MODEL, rows["model"].title, defaultValue=current.model, optional=True
        )
        self._add(model, rows["model"].tip + " " + translate("Processing", "Empty: the one in the settings."))
        for name, key, value in (
            (self.MAX_ZOOMS, "max_zooms", current.max_zooms),
            (self.VIEW_SIDE, "view_side_px", current.view_side_px),
        ):
            row = rows[key]
            number = QgsProcessingParameterNumber(
                name, row.title, WHOLE_NUMBER, value, True, row.minimum, row.maximum
            )
            self._add(number, row.tip, is_advanced=True)

    def chosen(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> Settings:
        """The settings with the options of this run."""
        current = settings.load()
        return dataclasses.replace(
            current,
            model=self.parameterAsString(parameters, self.MODEL, context).strip() or current.model,
            max_zooms=self.parameterAsInt(parameters, self.MAX_ZOOMS, context),
            view_side_px=self.parameterAsInt(parameters, self.VIEW_SIDE, context),
        )

    def _add(
        self, parameter: QgsProcessingParameterDefinition, tip: str = "", *, is_advanced: bool = False
    ) -> None:
        if tip:
            parameter.setHelp(tip)
        if is_advanced:
            parameter.setFlags(parameter.flags() | ADVANCED)
        self.addParameter(parameter)

    @staticmethod
    def failure(error: ZoomEarthError) -> QgsProcessingException:
        """What Processing shows of an error: what to do, and what happened in detail."""
        return QgsProcessingException(f"{error_text(error)}\n{error.code}: {error.message}")

    @staticmethod
    def given(parameters: Dict[str, Any], names: List[str]) -> List[str]:
        """Those of the parameters that have a value."""
        return [name for name in names if _has_value(parameters.get(name))]


def unknown_fields(expression: QgsExpression, tables: Sequence[QgsFields]) -> List[str]:
    """Names in an expression that are no field of any of the tables, in the order of the alphabet.

    An aggregate of another layer names that one's fields: where there is one, nobody can tell.
    """
    if "aggregate" in expression.referencedFunctions():
        return []
    known = {name.lower() for fields in tables for name in fields.names()}
    named = set(expression.referencedColumns()) - {QgsFeatureRequest.ALL_ATTRIBUTES}
    return sorted(name for name in named if name.lower() not in known)


def _has_value(value: Optional[Any]) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, (list, tuple)):
        return len(value) > 0
    return value is not None and not (hasattr(value, "isNull") and callable(value.isNull) and value.isNull())
