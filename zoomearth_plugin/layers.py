"""The answer layer: a GeoPackage beside the project that answers are appended to."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

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
from qgis.PyQt.QtCore import QCoreApplication, QObject, QTimer

from . import features, geopackage, outlines
from .sources import AskContext
from .zoomearth.core.answer_table import REGION, SEARCHED_AREA
from .zoomearth.core.errors import OutputUnwritableError, ZoomEarthError
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
OFF_EARTH = "off_earth: "
"""How the engine's warning begins that a place lies partly off the Earth."""
_FAR_APART = 2.0


@dataclass(frozen=True)
class Place:
    """Where one feature of an answer is kept."""

    layer_id: str
    feature_id: int


Stored = Callable[[Tuple[Place, ...], Optional[ZoomEarthError]], None]
"""Told where the answer is kept, and why it is not in the file if it is not."""


class AnswerLayer(QObject):
    """The project's answer layers: one main table, and one more for each frame that cannot join it.

    Args:
        project: Where the layers are shown.
        folder: Where answers are kept while the project is not saved.
    """

    def __init__(self, project: QgsProject, folder: Path, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._project = project
        self._folder = folder
        self._generation = 0
        project.cleared.connect(self._project_closed)
        geopackage.prepare_writer()

    def layers(self) -> List[QgsVectorLayer]:
        """Usable answer layers of the project, the main one first."""
        return answer_layers(self._project)

    def append(
        self, answer: Answer, query: Query, context: AskContext, asked_at: datetime, done: Stored
    ) -> str:
        """Add a feature for each region, or one for the searched area; the disk works in the background.

        Where the GeoPackage cannot be written, the features go to a layer in QGIS's memory, and ``done``
        is told why. When the project is closed meanwhile, the file keeps the answer and ``done`` gets no
        place.

        Args:
            done: Called once, in the main thread; one append at a time, so wait for it.

        Returns:
            A warning about the place, ``code: sentence``; empty where there is none.
        """
        table, content, said = self._content(answer, query, context, asked_at)
        path = self._file()
        generation = self._generation

        def written(ids: Sequence[int], error: Optional[ZoomEarthError]) -> None:
            layer = None
            if error is None and generation == self._generation:
                layer = self._shown(table) or _opened(path, table)
            QTimer.singleShot(0, lambda: landed(ids, layer, error))  # QGIS draws before it goes on

        def landed(
            ids: Sequence[int], layer: Optional[QgsVectorLayer], error: Optional[ZoomEarthError]
        ) -> None:
            if generation != self._generation:
                done((), error)
                return
            places: Tuple[Place, ...] = ()
            if layer is not None:
                try:
                    places = _places(self._refreshed(layer, table, path), ids)
                except Exception as failure:  # whatever QGIS makes of the file, the answer must not be lost
                    logger.exception("%s was written but cannot be shown", path)
                    error = OutputUnwritableError(f"{path}: {failure}")
            done(places or self._append_scratch(table, content), error)

        geopackage.append_in_background(content, path, table, written)
        return said

    def extent(self, places: Sequence[Place], crs: QgsCoordinateReferenceSystem) -> QgsRectangle:
        """What holds the places, in ``crs``; null when they are gone or have no place there.

        A region that is cut at 180° counts with its larger part where no map shows both together.
        """
        extent = QgsRectangle()
        for layer_id, feature_ids in _by_layer(places).items():
            layer = self._project.mapLayer(layer_id)
            if layer is None:
                continue
            transform = QgsCoordinateTransform(layer.crs(), crs, self._project)
            for feature in layer.getFeatures(QgsFeatureRequest(feature_ids)):
                try:
                    box = _extent(feature.geometry(), transform, is_one=feature["kind"] == REGION)
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
            request = QgsFeatureRequest(chosen[layer.id()]) if places else QgsFeatureRequest()
            style = geopackage.style_of(layer)
            parts.append(geopackage.Part(exported_table(layer), style, layer.materialize(request)))
        if not parts:
            raise OutputUnwritableError(
                "no answer layer to export", translate("AnswerLayer", "Ask a question first.")
            )
        geopackage.export(parts, path, self._project.transformContext())

    def close(self) -> None:
        """Follow the project no longer; an answer that is being written still comes to its end."""
        self._project.cleared.disconnect(self._project_closed)

    def _content(
        self, answer: Answer, query: Query, context: AskContext, asked_at: datetime
    ) -> Tuple[str, QgsVectorLayer, str]:
        """The table's name, the features in a memory layer of its frame, and a warning about the place."""
        source = features.frame_crs(answer, context)
        rows = features.rows(answer, query, asked_at)
        transforms = self._project.transformContext()
        is_off_earth = any(warning.startswith(OFF_EARTH) for warning in answer.warnings)
        geometries = [geometry for _, geometry in rows]
        table, crs, geometries, said = self._place(geometries, source, is_off_earth=is_off_earth)
        content = geopackage.memory_layer(table, crs)
        made = []
        for (attributes, original), geometry in zip(rows, geometries):
            attributes["area_m2"] = None if is_off_earth else outlines.area_m2(original, source, transforms)
            attributes["warnings"] = "\n".join(filter(None, (attributes["warnings"], said))) or None
            made.append(features.feature(content.fields(), attributes, geometry))
        content.dataProvider().addFeatures(made)
        return table, content, said

    def _place(
        self, geometries: List[QgsGeometry], source: QgsCoordinateReferenceSystem, *, is_off_earth: bool
    ) -> Tuple[str, QgsCoordinateReferenceSystem, List[QgsGeometry], str]:
        """The table that can hold the geometries, its CRS, they in it, and a warning if they had to stay."""
        if not source.isValid():
            return UNREFERENCED_TABLE, source, geometries, ""
        main = self._existing(MAIN_TABLE)
        target = main.crs() if main else self._project.crs()
        target = target if target.isValid() else source
        transforms = self._project.transformContext()
        said = ""
        try:
            if is_off_earth and source != target:
                raise QgsCsException("a part of them is off the Earth")  # PROJ may put it on there unasked
            moved = [outlines.reproject(geometry, source, target, transforms) for geometry in geometries]
        except QgsCsException as error:
            logger.warning("the regions stay in %s: %s", source.authid(), error)
            if not is_off_earth:
                frames = (_crs_name(source), _crs_name(target))
                said = "own_crs: The place stays in {}, as it has none in {}.".format(*frames)
            return _own_table(source), source, geometries, said
        return MAIN_TABLE, target, moved, said

    def _refreshed(self, layer: QgsVectorLayer, table: str, path: Path) -> QgsVectorLayer:
        """The table's layer, in the project and up to date after the file was written."""
        # Relative beside a saved project, so that a copied folder finds its own file.
        self._project.writeEntry(*FILE_ENTRY, self._project.pathResolver().writePath(str(path)))
        if not layer.isValid():
            raise RuntimeError(f"{path} was written but cannot be opened")
        if self._shown(table) is None:
            self._show(layer, table)
        elif not layer.isEditable():
            layer.dataProvider().reloadData()
        layer.triggerRepaint()
        return layer

    def _existing(self, table: str) -> Optional[QgsVectorLayer]:
        """The table's layer in the project, or taken into it again from the project's file."""
        layer = self._shown(table)
        path = self._file()
        if layer is None and geopackage.has_table(path, table):
            layer = _opened(path, table)
            self._show(layer, table)
        return layer

    def _shown(self, mark: str) -> Optional[QgsVectorLayer]:
        return next((layer for layer in self.layers() if _table(layer) == mark), None)

    def _append_scratch(self, table: str, content: QgsVectorLayer) -> Tuple[Place, ...]:
        layer = self._shown(SCRATCH + table)
        if layer is None:
            layer = geopackage.memory_layer(
                translate("AnswerLayer", "{title}, not saved").format(title=_title(table)), content.crs()
            )
            self._show(layer, SCRATCH + table)
        _, added = layer.dataProvider().addFeatures(list(content.getFeatures()))
        layer.triggerRepaint()
        return _places(layer, [feature.id() for feature in added])

    def _show(self, layer: QgsVectorLayer, mark: str) -> None:
        message, is_loaded = layer.loadNamedStyle(str(resource_folder() / "styles" / "answers.qml"))
        if not is_loaded:
            logger.error("the answers' style was not loaded: %s", message)
        renderer = layer.renderer()
        if isinstance(renderer, QgsCategorizedSymbolRenderer):
            for kind, label in _kind_labels().items():
                renderer.updateCategoryLabel(renderer.categoryIndexForValue(kind), label)
        layer.setCustomProperty(TABLE_PROPERTY, mark)
        self._project.addMapLayer(layer, False)
        self._project.layerTreeRoot().insertLayer(0, layer)

    def _file(self) -> Path:
        """The project's GeoPackage: of the layer it shows, else the one it remembers, else a new one.

        A new one lies beside a saved project, else in the profile.
        """
        for layer in self.layers():
            if layer.providerType() == "ogr":
                return _source_file(layer)
        remembered, _ = self._project.readEntry(*FILE_ENTRY)
        path = Path(self._project.pathResolver().readPath(remembered))
        if remembered and geopackage.is_there(path):
            return path
        if self._project.absolutePath():
            return Path(self._project.absolutePath(), f"{self._project.baseName()}_zoomearth", "answers.gpkg")
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        return self._folder / f"answers-{stamp}-{os.getpid()}.gpkg"

    def _project_closed(self) -> None:
        self._generation += 1


def answer_layers(project: Optional[QgsProject]) -> List[QgsVectorLayer]:
    """Usable answer layers of a project, the main one first."""
    found = [layer for layer in project.mapLayers().values() if _table(layer)] if project else []
    return sorted(found, key=lambda layer: (_table(layer) != MAIN_TABLE, _table(layer)))


def exported_table(layer: QgsVectorLayer) -> str:
    """What the table of an answer layer is called in an exported file; empty for any other layer."""
    return _table(layer).replace(SCRATCH, "unsaved_")


def _opened(path: Path, table: str) -> QgsVectorLayer:
    """A layer of its own on a table of the file; 30 ms where GDAL opens its first GeoPackage."""
    layer = QgsVectorLayer(f"{path}|layername={table}", _title(table), "ogr")
    if table == UNREFERENCED_TABLE:
        layer.setCrs(QgsCoordinateReferenceSystem())  # GeoPackage has an "undefined" one of its own
    elif layer.isValid() and not layer.crs().isValid():
        layer.setCrs(_crs_in_file(path, table))
    return layer


def _crs_in_file(path: Path, table: str) -> QgsCoordinateReferenceSystem:
    """What the file calls its CRS: QGIS knows the codes of other planets, GDAL before 3.7 reads them not."""
    query = (
        "SELECT organization || ':' || organization_coordsys_id FROM gpkg_spatial_ref_sys "
        "JOIN gpkg_geometry_columns USING (srs_id) WHERE table_name = ?"
    )
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        found = database.execute(query, (table,)).fetchone()
    return QgsCoordinateReferenceSystem(found[0] if found else "")


def _extent(geometry: QgsGeometry, transform: QgsCoordinateTransform, *, is_one: bool) -> QgsRectangle:
    """What holds a geometry after a transform, each part by itself: two that meet at 180° may meet there.

    Where one place still ends up at both edges of the map, its larger part stands for it.
    """
    boxes = [transform.transformBoundingBox(part.boundingBox()) for part in geometry.asGeometryCollection()]
    extent = QgsRectangle()
    for box in boxes:
        if extent.isNull():
            extent = QgsRectangle(box)
        else:
            extent.combineExtentWith(box)
    if is_one and extent.width() > _FAR_APART * sum(box.width() for box in boxes):
        return max(boxes, key=lambda box: box.width() * box.height())
    return extent


def _crs_name(crs: QgsCoordinateReferenceSystem) -> str:
    return crs.authid() or crs.description() or "the raster's own coordinate reference system"


def _own_table(crs: QgsCoordinateReferenceSystem) -> str:
    """One for each CRS: those without a registered code, as of two satellites, are told apart by a digest."""
    code = crs.authid()
    if not code or code.startswith("USER:"):
        definition = f"{crs.toWkt()} {crs.toProj()}"
        code = f"own {hashlib.sha256(definition.encode()).hexdigest()[:8]}"
    return f"{MAIN_TABLE}_" + re.sub(r"\W+", "_", code).lower()


def _title(table: str) -> str:
    titles = {
        MAIN_TABLE: translate("AnswerLayer", "ZoomEarth answers"),
        UNREFERENCED_TABLE: translate("AnswerLayer", "ZoomEarth answers (no CRS)"),
    }
    own = table[len(MAIN_TABLE) + 1 :]
    return titles.get(table) or translate("AnswerLayer", "ZoomEarth answers ({crs})").format(crs=own)


def _places(layer: QgsVectorLayer, ids: Sequence[int]) -> Tuple[Place, ...]:
    return tuple(Place(layer.id(), feature_id) for feature_id in ids)


def _table(layer: object) -> str:
    """The answer table of a layer; empty for any other layer and for a broken one."""
    if not isinstance(layer, QgsVectorLayer) or not layer.isValid():
        return ""
    return str(layer.customProperty(TABLE_PROPERTY, ""))


def _kind_labels() -> Dict[str, str]:
    return {
        REGION: translate("AnswerLayer", "Region"),
        SEARCHED_AREA: translate("AnswerLayer", "Searched area"),
    }


def _by_layer(places: Sequence[Place]) -> Dict[str, List[int]]:
    ids: Dict[str, List[int]] = {}
    for place in places:
        ids.setdefault(place.layer_id, []).append(place.feature_id)
    return ids


def _source_file(layer: object) -> Path:
    return Path(layer.source().split("|", 1)[0])
