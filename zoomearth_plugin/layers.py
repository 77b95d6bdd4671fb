"""The answer layer: a GeoPackage beside the project that answers are appended to."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from . import features, geopackage
from .sources import AskContext
from .zoomearth.core.errors import OutputUnwritableError
from .zoomearth.core.types import Answer, Query
from .zoomearth.resources import resource_folder

logger = logging.getLogger(__name__)
translate = QCoreApplication.translate

TABLE_PROPERTY = "zoomearth/table"
"""Custom property by which an answer layer is found again: its table, ``scratch/`` before it in memory."""
FILE_ENTRY = ("zoomearth", "answers_file")
MAIN_TABLE = "answers"
UNREFERENCED_TABLE = "answers_unreferenced"
SCRATCH = "scratch/"


@dataclass(frozen=True)
class Place:
    """Where one feature of an answer is kept."""

    layer_id: str
    feature_id: int


class AnswerLayer:
    """The project's answer layers: one main table, and one more for each frame that cannot join it.

    Args:
        project: Where the layers are shown.
        folder: Where answers are kept while the project is not saved.
    """

    def __init__(self, project: QgsProject, folder: Path) -> None:
        self._project = project
        self._folder = folder

    def layers(self) -> List[QgsVectorLayer]:
        """Usable answer layers of the project, the main one first."""
        found = [layer for layer in self._project.mapLayers().values() if _table(layer)]
        return sorted(found, key=lambda layer: (_table(layer) != MAIN_TABLE, _table(layer)))

    def append(
        self, answer: Answer, query: Query, context: AskContext, asked_at: datetime
    ) -> Tuple[Place, ...]:
        """Add a feature for each region, or one for the searched area.

        Raises:
            OutputUnwritableError, DiskFullError: The GeoPackage cannot be made or written.
        """
        return self._append(answer, query, context, asked_at, prefix="")

    def append_scratch(
        self, answer: Answer, query: Query, context: AskContext, asked_at: datetime
    ) -> Tuple[Place, ...]:
        """The same in a layer of QGIS's memory, for when the GeoPackage cannot be written."""
        return self._append(answer, query, context, asked_at, prefix=SCRATCH)

    def extent(self, places: Sequence[Place], crs: QgsCoordinateReferenceSystem) -> QgsRectangle:
        """What holds the places, in ``crs``; null when they are gone or have no place there."""
        extent = QgsRectangle()
        for layer_id, feature_ids in _by_layer(places).items():
            layer = self._project.mapLayer(layer_id)
            if layer is None:
                continue
            transform = QgsCoordinateTransform(layer.crs(), crs, self._project)
            for feature in layer.getFeatures(QgsFeatureRequest(feature_ids)):
                try:
                    box = transform.transformBoundingBox(feature.geometry().boundingBox())
                except QgsCsException as error:
                    logger.warning("a region has no place in %s: %s", crs.authid(), error)
                    continue
                if extent.isNull():
                    extent = box
                else:
                    extent.combineExtentWith(box)
        return extent

    def export(self, path: Path, places: Sequence[Place] = ()) -> None:
        """A GeoPackage of the places, or of all answers, with the layers' style inside.

        Raises:
            OutputUnwritableError, DiskFullError: ``path`` is as it was.
        """
        if any(_source_file(layer) == path for layer in self._project.mapLayers().values()):
            raise OutputUnwritableError(
                f"{path} is open as a layer of the project",
                translate("AnswerLayer", "This file is open in the project; choose another name."),
            )
        chosen = _by_layer(places)
        parts: List[geopackage.Part] = []
        for layer in self.layers():
            if places and layer.id() not in chosen:
                continue
            table = _table(layer).replace(SCRATCH, "unsaved_")
            request = QgsFeatureRequest(chosen[layer.id()]) if places else QgsFeatureRequest()
            parts.append(geopackage.Part(table, layer, layer.materialize(request)))
        if not parts:
            raise OutputUnwritableError(
                "no answer layer to export", translate("AnswerLayer", "Ask a question first.")
            )
        geopackage.export(parts, path, self._project.transformContext())

    def _append(
        self, answer: Answer, query: Query, context: AskContext, asked_at: datetime, *, prefix: str
    ) -> Tuple[Place, ...]:
        source = features.frame_crs(answer, context)
        rows = features.rows(answer, query, asked_at)
        transforms = self._project.transformContext()
        layer, geometries = self._place([geometry for _, geometry in rows], source, prefix)
        made = []
        for (attributes, original), geometry in zip(rows, geometries):
            attributes["area_m2"] = features.area_m2(original, source, transforms)
            made.append(features.feature(layer.fields(), attributes, geometry))
        provider = layer.dataProvider()
        provider.clearErrors()
        is_added, added = provider.addFeatures(made)
        if not is_added:
            raise geopackage.storage_error(self._file(), "; ".join(provider.errors()))
        provider.dataChanged.emit()  # open attribute tables and the layer's extent follow
        layer.triggerRepaint()
        return tuple(Place(layer.id(), feature.id()) for feature in added)

    def _place(
        self, geometries: List[QgsGeometry], source: QgsCoordinateReferenceSystem, prefix: str
    ) -> Tuple[QgsVectorLayer, List[QgsGeometry]]:
        """The layer that can hold the geometries, and they in its frame."""
        if not source.isValid():
            return self._layer(UNREFERENCED_TABLE, source, prefix), geometries
        main = self._existing(MAIN_TABLE, prefix)
        target = main.crs() if main else self._project.crs()
        target = target if target.isValid() else source
        transforms = self._project.transformContext()
        try:
            moved = [features.reproject(geometry, source, target, transforms) for geometry in geometries]
        except QgsCsException as error:
            logger.warning("the regions stay in %s: %s", source.authid(), error)
            own = re.sub(r"\W+", "_", source.authid() or source.description()).lower()
            return self._layer(f"{MAIN_TABLE}_{own}", source, prefix), geometries
        return main or self._layer(MAIN_TABLE, target, prefix), moved

    def _existing(self, table: str, prefix: str) -> Optional[QgsVectorLayer]:
        """The table's layer in the project, or taken into it again from the project's file."""
        for layer in self.layers():
            if _table(layer) == prefix + table:
                return layer
        path = self._file()
        if prefix or not path.is_file():
            return None
        layer = QgsVectorLayer(f"{path}|layername={table}", self._title(table, prefix), "ogr")
        return self._show(layer, table) if layer.isValid() else None

    def _layer(self, table: str, crs: QgsCoordinateReferenceSystem, prefix: str) -> QgsVectorLayer:
        """The table's layer, made where it is not there yet."""
        existing = self._existing(table, prefix)
        if existing is not None:
            return existing
        if prefix:
            return self._show(geopackage.memory_layer(self._title(table, prefix), crs), prefix + table)
        path = self._file()
        geopackage.create_table(path, table, crs, self._project.transformContext())
        self._project.writeEntry(*FILE_ENTRY, str(path))
        layer = QgsVectorLayer(f"{path}|layername={table}", self._title(table, prefix), "ogr")
        if not crs.isValid():
            layer.setCrs(crs)
        return self._show(layer, table)

    def _show(self, layer: QgsVectorLayer, property_value: str) -> QgsVectorLayer:
        message, is_loaded = layer.loadNamedStyle(str(resource_folder() / "styles" / "answers.qml"))
        if not is_loaded:
            logger.error("the answers' style was not loaded: %s", message)
        renderer = layer.renderer()
        if isinstance(renderer, QgsCategorizedSymbolRenderer):
            for kind, label in _kind_labels().items():
                renderer.updateCategoryLabel(renderer.categoryIndexForValue(kind), label)
        layer.setCustomProperty(TABLE_PROPERTY, property_value)
        self._project.addMapLayer(layer, False)
        self._project.layerTreeRoot().insertLayer(0, layer)
        return layer

    def _file(self) -> Path:
        """The project's GeoPackage: the one it remembers, else beside it, else in the profile."""
        remembered, _ = self._project.readEntry(*FILE_ENTRY)
        if remembered and Path(remembered).is_file():
            return Path(remembered)
        if self._project.absolutePath():
            return Path(self._project.absolutePath(), f"{self._project.baseName()}_zoomearth", "answers.gpkg")
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        return self._folder / f"answers-{stamp}-{os.getpid()}.gpkg"

    def _title(self, table: str, prefix: str) -> str:
        titles = {
            MAIN_TABLE: translate("AnswerLayer", "ZoomEarth answers"),
            UNREFERENCED_TABLE: translate("AnswerLayer", "ZoomEarth answers (no CRS)"),
        }
        own = table[len(MAIN_TABLE) + 1 :]
        title = titles.get(table) or translate("AnswerLayer", "ZoomEarth answers ({crs})").format(crs=own)
        return translate("AnswerLayer", "{title}, not saved").format(title=title) if prefix else title


def _table(layer: object) -> str:
    """The answer table of a layer; empty for any other layer and for a broken one."""
    if not isinstance(layer, QgsVectorLayer) or not layer.isValid():
        return ""
    return str(layer.customProperty(TABLE_PROPERTY, ""))


def _kind_labels() -> Dict[str, str]:
    return {
        features.REGION: translate("AnswerLayer", "Region"),
        features.SEARCHED_AREA: translate("AnswerLayer", "Searched area"),
    }


def _by_layer(places: Sequence[Place]) -> Dict[str, List[int]]:
    ids: Dict[str, List[int]] = {}
    for place in places:
        ids.setdefault(place.layer_id, []).append(place.feature_id)
    return ids


def _source_file(layer: object) -> Path:
    return Path(layer.source().split("|", 1)[0])
