"""GeoPackage files of answers: made, and exported in one piece with their style inside."""

from __future__ import annotations

import errno
import logging
import shutil
import sqlite3
import sys
import uuid
from contextlib import closing, suppress
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple, Union

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsVectorFileWriter,
    QgsVectorFileWriterTask,
    QgsVectorLayer,
)
from qgis.PyQt.QtXml import QDomDocument

from .features import FIELDS
from .zoomearth.core.errors import DiskFullError, OutputUnwritableError, ZoomEarthError

logger = logging.getLogger(__name__)

LEAST_FREE_BYTES = 256 * 1024
"""With less room than this, a failed write counts as a full disk: an empty GeoPackage needs 100 kB."""
Done = Callable[[Sequence[int], Optional[ZoomEarthError]], None]
"""Told the new features' ids, or why there are none."""
LEFTOVERS = ("", "-wal", "-shm", "-journal")


class Part(NamedTuple):
    """One table to export: its name, its style, the features in memory."""

    table: str
    style: QDomDocument
    content: QgsVectorLayer


def memory_layer(name: str, crs: QgsCoordinateReferenceSystem) -> QgsVectorLayer:
    """An empty layer with the answers' fields, in QGIS's memory."""
    fields = "&".join(f"field={field}:{kind}" for field, kind in FIELDS)
    layer = QgsVectorLayer(f"MultiPolygon?{fields}", name, "memory")
    layer.setCrs(crs)
    return layer


def append_in_background(content: QgsVectorLayer, path: Path, table: str, done: Done) -> None:
    """Append the features of a memory layer to a table; file and table are made where they are missing.

    The work is done by a task of QGIS's own, so neither the main thread nor Python waits for the disk.

    Args:
        content: From :func:`memory_layer`, with features.
        done: Called once, in the main thread.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        done((), storage_error(path, str(error), error.errno or 0))
        return
    newest = max(newest_ids(path, table, 1), default=0)
    options = _options(path, table, is_appending=has_table(path, table))

    def written(*_: str) -> None:
        ids = newest_ids(path, table, content.featureCount())
        # SQLite may find the disk full only as the file is closed, when the writer no longer listens.
        is_complete = len(ids) == content.featureCount() and min(ids) > newest
        if is_complete:
            done(ids, None)
        else:
            done((), storage_error(path, "the features did not come back as they were written"))

    task = QgsVectorFileWriterTask(content, str(path), options)
    task.writeComplete.connect(written)
    task.errorOccurred.connect(lambda _, message: done((), storage_error(path, message)))
    QgsApplication.taskManager().addTask(task)


def is_there(path: Path) -> bool:
    """Whether there is such a file, as far as this person may see."""
    try:
        return path.is_file()
    except OSError:  # raised in a folder that may not be searched
        return False


def has_table(path: Path, table: str) -> bool:
    """Whether the file is there and holds the table, with or without rows."""
    return bool(_select(path, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table))


def newest_ids(path: Path, table: str, count: int) -> Tuple[int, ...]:
    """Feature ids of the ``count`` rows added last, ascending; empty where there is no such table."""
    name = table.replace('"', '""')
    query = f'SELECT fid FROM "{name}" ORDER BY fid DESC LIMIT ?'  # nosec B608 # quoted just above
    return tuple(sorted(_select(path, query, count)))


def _select(path: Path, query: str, parameter: Union[str, int]) -> List[int]:
    """First column of what SQLite finds; nothing in a file that is not there or is no GeoPackage."""
    if not is_there(path):
        return []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return [row[0] for row in connection.execute(query, (parameter,))]
    except sqlite3.Error as error:
        logger.info("%s: %s", path, error)
        return []


def prepare_writer() -> None:
    """Let QGIS read its drivers' options, 50 ms the first time: better at start than in a question."""
    QgsVectorFileWriter.defaultDatasetOptions("GPKG")


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
            _save_style(part.style, unfinished, part.table)
        unfinished.replace(path)
    except OSError as error:
        raise storage_error(path, str(error), error.errno) from error
    finally:
        _remove(unfinished)


def style_of(layer: QgsVectorLayer) -> QDomDocument:
    """How a layer is shown, to be kept after it is gone.

    Raises:
        OutputUnwritableError: QGIS cannot describe it.
    """
    document = QDomDocument()
    message = layer.exportNamedStyle(document)
    if message:
        raise OutputUnwritableError(f"the style of {layer.name()!r}: {message}")
    return document


def storage_error(path: Path, message: str, number: int = 0) -> ZoomEarthError:
    """The error for a write that failed, told apart by what the system or SQLite says."""
    text = message.lower()
    is_full = number in (errno.ENOSPC, errno.EDQUOT) or "is full" in text or "no space" in text
    if is_full or _free_bytes(path) < LEAST_FREE_BYTES:
        return DiskFullError(f"{path}: {message}")
    return OutputUnwritableError(f"{path}: {message}")


def _options(path: Path, table: str, *, is_appending: bool) -> QgsVectorFileWriter.SaveVectorOptions:
    actions = QgsVectorFileWriter.ActionOnExistingFile
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = table
    if is_appending:
        options.actionOnExistingFile = actions.AppendToLayerNoNewFields
    elif path.exists():
        options.actionOnExistingFile = actions.CreateOrOverwriteLayer
    return options


def _write(layer: QgsVectorLayer, path: Path, table: str, context: QgsCoordinateTransformContext) -> None:
    options = _options(path, table, is_appending=False)
    status, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), context, options)
    if status != QgsVectorFileWriter.WriterError.NoError:
        raise storage_error(path, message or f"writer error {status}")
    if len(newest_ids(path, table, layer.featureCount())) != layer.featureCount():
        raise storage_error(path, f"the table {table!r} did not come back as it was written")


def _save_style(style: QDomDocument, path: Path, table: str) -> None:
    written = QgsVectorLayer(f"{path}|layername={table}", table, "ogr")
    _, message = written.importNamedStyle(style)
    for key in written.customPropertyKeys():
        written.removeCustomProperty(key)  # an exported copy is not the project's answer layer
    message = message or written.saveStyleToDatabase(table, "", True, "")
    if message:
        raise storage_error(path, message)


def _free_bytes(path: Path) -> int:
    """On the disk that would hold the file; as good as endless where the system does not say."""
    try:
        folder = next(folder for folder in path.absolute().parents if folder.is_dir())
        return shutil.disk_usage(folder).free
    except (OSError, StopIteration):  # the drive is gone
        return sys.maxsize


def _remove(path: Path) -> None:
    """Delete a GeoPackage and what SQLite may have left beside it."""
    for ending in LEFTOVERS:
        with suppress(OSError):  # on a disk that takes no writes there is nothing to take away
            path.with_name(path.name + ending).unlink(missing_ok=True)
