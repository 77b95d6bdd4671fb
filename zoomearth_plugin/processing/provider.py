"""The provider ``zoomearth``: what Processing lists, and what it takes away again."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..zoomearth.resources import resource_folder
from .ask import AskAlgorithm
from .ask_features import AskFeaturesAlgorithm
from .ask_many import AskManyAlgorithm
from .engine import AlgorithmEngine
from .export import ExportAlgorithm

translate = QCoreApplication.translate

ALGORITHMS = (AskAlgorithm, AskFeaturesAlgorithm, AskManyAlgorithm, ExportAlgorithm)


class ZoomEarthProvider(QgsProcessingProvider):
    """All algorithms of the plugin.

    Args:
        engine: Whom they ask.
    """

    def __init__(self, engine: AlgorithmEngine) -> None:
        super().__init__()
        self.engine = engine

    def id(self) -> str:
        return "zoomearth"

    def name(self) -> str:
        return translate("Processing", "ZoomEarth")

    def longName(self) -> str:  # noqa: N802 - QGIS's name
        return translate("Processing", "ZoomEarth: questions about rasters")

    def icon(self) -> QIcon:
        return QIcon(self.svgIconPath())

    def svgIconPath(self) -> str:  # noqa: N802 - QGIS's name
        return str(resource_folder() / "icons" / "zoomearth.svg")

    def loadAlgorithms(self) -> None:  # noqa: N802 - QGIS's name
        for kind in ALGORITHMS:
            self.addAlgorithm(kind(self.engine))
