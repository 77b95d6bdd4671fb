"""GeoPackage files of answers: made, and exported in one piece with their style inside."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from pathlib import Path
from typing import NamedTuple, Sequence

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtXml import QDomDocument

from .features import FIELDS
from .zoomearth.core.errors import DiskFullError, OutputUnwritableError, ZoomEarthError

LEAST_FREE_BYTES = 256 * 1024
"""With less room than this, a failed write counts as a full disk: an empty GeoPackage needs 100 kB."""
LEFTOVERS = ("", "-wal", "-shm", "-journal")


class Part(NamedTuple):
    """One table to export: its name, the layer that lends its style, the features in memory."""

    table: str
    styled: QgsVectorLayer
    content: QgsVectorLayer


def memory_layer(name: str, crs: QgsCoordinateReferenceSystem) -> QgsVectorLayer:
    """An empty layer with the answers' fields, in QGIS's memory."""
    fields = "&".join(f"field={field}:{kind}" for field, kind in FIELDS)
    layer = QgsVectorLayer(f"MultiPolygon?{fields}", name, "memory")
    layer.setCrs(crs)
    return layer


def create_table(
    path: Path,
    table: str,
    crs: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> None:
    """An empty table of answers, in a new file or beside the tables of an existing one.

    Raises:
        OutputUnwritableError, DiskFullError: Nothing was made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(path, str(error), error.errno) from error
    existed = path.exists()
    try:
        _write(memory_layer(table, crs), path, table, context)
    except ZoomEarthError:
        if not existed:
            _remove(path)
        raise


def export(parts: Sequence[Part], path: Path, context: QgsCoordinateTransformContext) -> None:
    """Write all parts to a new GeoPackage; ``path`` changes only when everything is written.

    Raises:
        OutputUnwritableError, DiskFullError: ``path`` is as it was.
    """
    unfinished = path.with_name(f".{path.stem}-{uuid.uuid4().hex}.gpkg")
    if not path.parent.is_dir():
        raise storage_error(path, f"{path.parent} is no folder")
    try:
        for part in parts:
            _write(part.content, unfinished, part.table, context)
            _save_style(part.styled, unfinished, part.table)
        os.replace(unfinished, path)
    except OSError as error:
        raise storage_error(path, str(error), error.errno) from error
    finally:
        _remove(unfinished)


def storage_error(path: Path, message: str, number: int = 0) -> ZoomEarthError:
    """The error for a write that failed, told apart by what the system or SQLite says."""
    text = message.lower()
    is_full = number in (errno.ENOSPC, errno.EDQUOT) or "is full" in text or "no space" in text
    if is_full or _free_bytes(path) < LEAST_FREE_BYTES:
        return DiskFullError(f"{path}: {message}")
    return OutputUnwritableError(f"{path}: {message}")


def _write(layer: QgsVectorLayer, path: Path, table: str, context: QgsCoordinateTransformContext) -> None:
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = table
    if path.exists():
        options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
    status, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), context, options)
    if status != QgsVectorFileWriter.WriterError.NoError:
        raise storage_error(path, message or f"writer error {status}")
    # SQLite may tell of a full disk only as the file is closed, when the writer no longer listens.
    written = QgsVectorLayer(f"{path}|layername={table}", table, "ogr")
    if not written.isValid() or written.featureCount() != layer.featureCount():
        raise storage_error(path, f"the table {table!r} did not come back as it was written")


def _save_style(styled: QgsVectorLayer, path: Path, table: str) -> None:
    document = QDomDocument()
    message = styled.exportNamedStyle(document)
    written = QgsVectorLayer(f"{path}|layername={table}", table, "ogr")
    if not message:
        _, message = written.importNamedStyle(document)
    message = message or written.saveStyleToDatabase(table, "", True, "")
    if message:
        raise storage_error(path, message)


def _free_bytes(path: Path) -> int:
    folder = next(folder for folder in path.absolute().parents if folder.is_dir())
    return shutil.disk_usage(folder).free


def _remove(path: Path) -> None:
    """Delete a GeoPackage and what SQLite may have left beside it."""
    for ending in LEFTOVERS:
        path.with_name(path.name + ending).unlink(missing_ok=True)
