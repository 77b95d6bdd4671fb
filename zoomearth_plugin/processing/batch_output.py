"""What a batch wrote to its GeoPackage, as features; read while it still writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

from qgis.core import QgsFeature, QgsFields, QgsGeometry
from qgis.PyQt.QtCore import QDateTime, Qt

from ..zoomearth.core.errors import OutputUnwritableError
from .answer_features import ANSWER_FIELDS, NO_CRS, NO_PLACE, fields_of

JOB_FIELD = (("job_id", "string(0)"),)
BATCH_FIELDS = (*JOB_FIELD, *ANSWER_FIELDS)
FAILURE_FIELDS = (
    *JOB_FIELD,
    ("raster", "string(0)"),
    ("question", "string(0)"),
    ("model", "string(0)"),
    ("code", "string(0)"),
    ("message", "string(0)"),
    ("hint", "string(0)"),
    ("failed_at", "datetime"),
)
ANSWERS, UNREFERENCED, FAILURES = "answers", "answers_unreferenced", "failures"
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
_LOCKED_S = 5.0


class BatchOutput:
    """The tables of a batch's file, each row given once.

    Args:
        path: The GeoPackage; need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = self._stamps()
        self._last = {ANSWERS: 0, UNREFERENCED: 0, FAILURES: 0}
        self._fields = {
            ANSWERS: fields_of(BATCH_FIELDS),
            UNREFERENCED: fields_of(BATCH_FIELDS),
            FAILURES: fields_of(FAILURE_FIELDS),
        }

    def crs(self) -> str:
        """The CRS of its answers; empty where there is no such file."""
        found = self._rows("SELECT value FROM batch WHERE name = 'crs'", ())
        return str(found[0][0]) if found else ""

    def has_changed(self) -> bool:
        """Whether anything was written since it was last asked, or since the beginning."""
        before, self._stamp = self._stamp, self._stamps()
        return before != self._stamp

    def fresh(self) -> Iterator[Tuple[str, QgsFeature]]:
        """(table, feature) of the rows that were written since; without a geometry where that is of no use.

        Raises:
            OutputUnwritableError: The file is damaged.
        """
        for table, fields in self._fields.items():
            names = [field.name() for field in fields]
            place = ["geom"] if table == ANSWERS else []
            columns = ", ".join(f'"{name}"' for name in ["fid", *names, *place])
            query = f'SELECT {columns} FROM "{table}" WHERE fid > ? ORDER BY fid'  # nosec B608 # names of ours
            for fid, *values in self._rows(query, (self._last[table],)):
                self._last[table] = fid
                geometry = _geometry(values.pop()) if place else QgsGeometry()
                yield table, _feature(fields, names, values, geometry, table)

    def recover(self) -> None:
        """Take back what was half written when the batch was killed, which who only reads cannot do."""
        if self._path.is_file():
            address = f"{self._path.absolute().as_uri()}?mode=rw"
            with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True)) as database:
                database.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def _stamps(self) -> List[Tuple[int, int]]:
        """Of the file, and of the log that SQLite writes where QGIS has it open."""
        found = []
        for path in (self._path, self._path.with_name(f"{self._path.name}-wal")):
            with suppress(OSError):
                stat = path.stat()
                found.append((stat.st_mtime_ns, stat.st_size))
        return found

    def _rows(self, query: str, parameters: Tuple[Any, ...]) -> List[Tuple[Any, ...]]:
        if not self._path.is_file():
            return []
        address = f"{self._path.absolute().as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=_LOCKED_S)) as database:
                return database.execute(query, parameters).fetchall()
        except sqlite3.OperationalError:  # being written, or no batch's: the engine says which
            return []
        except sqlite3.DatabaseError as error:
            raise OutputUnwritableError(f"{self._path}: {error}") from error


def _feature(
    fields: QgsFields, names: List[str], values: List[Any], geometry: QgsGeometry, table: str
) -> QgsFeature:
    made = QgsFeature(fields)
    row: Dict[str, Any] = dict(zip(names, values))
    if table == UNREFERENCED:
        said = NO_PLACE if row["source_crs"] else NO_CRS
        row["warnings"] = "\n".join(filter(None, (row["warnings"], said)))
    for index, name in enumerate(names):
        value = row[name]
        if value is not None:
            made.setAttribute(index, _value(name, value))
    made.setGeometry(geometry)
    return made


def _value(name: str, stored: Any) -> Any:
    if name in ("asked_at", "failed_at"):
        return QDateTime.fromString(stored, Qt.DateFormat.ISODateWithMs)
    return bool(stored) if name == "verified" else stored


def _geometry(blob: bytes) -> QgsGeometry:
    """Of a GeoPackage's geometry: a header, an envelope, well-known binary.

    Source: OGC 12-128r18, GeoPackage 1.3, clause 2.1.3.
    """
    geometry = QgsGeometry()
    if blob:
        geometry.fromWkb(blob[8 + _ENVELOPE_BYTES[blob[3] >> 1 & 7] :])
    return geometry
