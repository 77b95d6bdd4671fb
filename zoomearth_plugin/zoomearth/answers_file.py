"""Answers appended to a GeoPackage outside QGIS, with the same tables and columns as QGIS's answer layer."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
import sqlite3
import struct
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from rasterio.crs import CRS

from .core.answer_table import COLUMNS, answer_rows
from .core.errors import DiskFullError, OutputUnwritableError, ZoomEarthError
from .core.types import Answer, AnswerFrame, Polygons, Query
from .raster.ellipsoid import polygons_area_m2

_log = logging.getLogger(__name__)
TABLE = "answers"
UNREFERENCED_TABLE = "answers_unreferenced"
LEAST_FREE_BYTES = 256 * 1024
"""With less room than this, a failed write counts as a full disk: an empty GeoPackage needs 100 kB."""
_DTYPES = {"real": "float64", "bool": "bool", "integer": "int32", "time": "datetime64[ms]"}
_UTC = 100
"""GDAL's time zone flag for it."""
_WRITE_ERRORS = (
    DataSourceError,
    DataLayerError,
    FeatureError,
    FieldError,
    GeometryError,
    OSError,
    RuntimeError,
    sqlite3.Error,
)
_ANOTHER_FILE = "Name another file."
_LOCKED_S = 2.0
"""How long another program may hold the file."""
_TURN_S = 60.0
"""How long a command waits for others that write to the same file."""


def check_writable(path: Path, crs: str | None) -> None:
    """Find out before a long question whether its answer could be stored.

    Args:
        path: Where it would go.
        crs: Of the answer to come.

    Raises:
        OutputUnwritableError, DiskFullError: As :func:`append_answer` would.
    """
    try:
        with _turn(path):
            _check(path, crs)
    except _WRITE_ERRORS as error:
        raise storage_error(path, error) from error


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Hold the file for this process: of what GDAL appends at the same time, some is lost unsaid.

    The lock is SQLite's, on an empty file among the temporary ones: it ends with its process.
    """
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    user = getattr(os, "getuid", int)()
    lock = Path(tempfile.gettempdir(), f"zoomearth-{user}-{name}.lock")
    with closing(sqlite3.connect(lock, timeout=_TURN_S, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield


def _check(path: Path, crs: str | None) -> None:
    if path.suffix.lower() != ".gpkg":
        raise OutputUnwritableError(f"{path} does not end in .gpkg", "Name a file that ends in .gpkg.")
    try:
        if not path.parent.is_dir():
            raise OutputUnwritableError(f"there is no folder {path.parent}", "Name a folder that is there.")
        if path.is_dir():
            raise OutputUnwritableError(f"{path} is a folder", _ANOTHER_FILE)
        with tempfile.TemporaryFile(dir=path.parent):  # SQLite writes its journal there, too
            pass
        if path.exists():
            with path.open("r+b"):
                pass
            _roll_back(path)
            _check_table(path, crs)
    except _WRITE_ERRORS as error:
        raise storage_error(path, error) from error
    if shutil.disk_usage(path.parent).free < LEAST_FREE_BYTES:
        raise DiskFullError(f"less than {LEAST_FREE_BYTES} bytes are free in {path.parent}")


def append_answer(path: Path, answer: Answer, query: Query, asked_at: datetime) -> None:
    """Append one feature a region, or one for the searched area; the file is made where it is missing.

    Args:
        path: A GeoPackage; its table ``answers`` keeps the CRS that it was made with.
        asked_at: With its time zone.

    Raises:
        OutputUnwritableError: No GeoPackage can be written there, or it holds another CRS.
        DiskFullError: No room is left.
    """
    crs = answer.crs if answer.frame is AnswerFrame.CRS else None
    rows = answer_rows(answer, query, asked_at)
    values = [{**row, "area_m2": polygons_area_m2(place, crs) if crs else None} for row, place in rows]
    table = TABLE if crs else UNREFERENCED_TABLE
    columns = [_column([row.get(name) for row in values], kind) for name, kind in COLUMNS.items()]
    places = [multipolygon_wkb(_as_drawn(place, answer.frame)) for _, place in rows]
    contents = {
        "geometry": np.array(places, dtype=object),
        "field_data": [column for column, _ in columns],
        "field_mask": [is_null for _, is_null in columns],
        "fields": np.array(list(COLUMNS), dtype=object),
        "crs": crs,
        "gdal_tz_offsets": {"asked_at": np.full(len(rows), _UTC)},
    }
    try:
        with _turn(path):
            _check(path, crs)
            if path.exists() or not _create(path, table, contents):
                _write(path, table, contents, append=True)
    except _WRITE_ERRORS as error:
        raise storage_error(path, error) from error


def _create(path: Path, table: str, contents: dict[str, Any]) -> bool:
    """Make the file elsewhere, and then put it there: never half of it, never over somebody else's.

    Returns:
        False when another program has made the file in the meantime.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".zoomearth-") as folder:
        made = Path(folder, path.name)
        _write(made, table, contents, append=False)
        try:
            path.hardlink_to(made)
        except OSError:  # it is there by now, or this file system knows no hard links
            if path.exists():
                return False
            made.rename(path)
    return True


def _write(path: Path, table: str, contents: dict[str, Any], *, append: bool) -> None:
    before = _count(path, table)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no CRS is known
        pyogrio.raw.write(
            path, layer=table, driver="GPKG", geometry_type="MultiPolygon", append=append, **contents
        )
    # SQLite may find the disk full only as the file is closed, when nobody listens any more.
    if _count(path, table) != before + len(contents["geometry"]):
        raise OSError("the features did not come back as they were written")


def _count(path: Path, table: str) -> int:
    """Rows in the table; none where there is no such table or file."""
    if not path.exists() or table not in {str(name) for name, _ in pyogrio.list_layers(path)}:
        return 0
    return int(pyogrio.read_info(path, layer=table, force_feature_count=True)["features"])


def _roll_back(path: Path) -> None:
    """Take back what a writer that was killed left half done: GDAL reads no such file.

    Raises:
        OutputUnwritableError: It is no database.
        sqlite3.OperationalError: It is locked.
    """
    try:
        with closing(sqlite3.connect(path, timeout=_LOCKED_S)) as database:
            database.execute("PRAGMA schema_version")
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise OutputUnwritableError(f"{path} is no GeoPackage: {error}", _ANOTHER_FILE) from error


def _check_table(path: Path, crs: str | None) -> None:
    """Refuse a table of something else, and to mix places of two coordinate reference systems in one."""
    try:
        tables = {str(name) for name, _ in pyogrio.list_layers(path)}
    except DataSourceError as error:
        raise OutputUnwritableError(
            f"{path} is no GeoPackage with tables of features", _ANOTHER_FILE
        ) from error
    table = TABLE if crs else UNREFERENCED_TABLE
    if table not in tables:
        return
    info = pyogrio.read_info(path, layer=table)
    missing = [name for name in COLUMNS if name not in info["fields"]]
    if missing:
        raise OutputUnwritableError(
            f"the table {table} of {path} has no column {', '.join(missing)}", _ANOTHER_FILE
        )
    kept = info["crs"]
    if crs and kept != crs and (kept is None or CRS.from_user_input(kept) != CRS.from_user_input(crs)):
        raise OutputUnwritableError(
            f"{path} holds answers in {kept}, not in {crs}", "Name another file for this raster."
        )


def _column(values: list[Any], kind: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """A column's values, and which of them are NULL."""
    is_null = np.array([value is None for value in values])
    if kind == "text":
        return np.array(values, dtype=object), is_null
    if kind == "time":
        values = [value.astimezone(timezone.utc).replace(tzinfo=None) for value in values]
    filled = [0 if value is None else value for value in values]
    return np.array(filled, dtype=_DTYPES[kind]), is_null


def _as_drawn(polygons: Polygons, frame: AnswerFrame) -> Polygons:
    """Pixel rows turn to y = -row, as maps draw them."""
    if frame is not AnswerFrame.PIXELS:
        return polygons
    return tuple(tuple(tuple((x, -y) for x, y in ring) for ring in polygon) for polygon in polygons)


def multipolygon_wkb(polygons: Polygons) -> bytes:
    """Little-endian well-known binary."""
    parts = [struct.pack("<BII", 1, 6, len(polygons))]
    for polygon in polygons:
        parts.append(struct.pack("<BII", 1, 3, len(polygon)))
        for ring in polygon:
            points = (*ring, ring[0])
            parts.append(struct.pack("<I", len(points)) + b"".join(struct.pack("<dd", *p) for p in points))
    return b"".join(parts)


def storage_error(path: Path, error: Exception) -> ZoomEarthError:
    """The error for a write that failed, told apart by what the system or SQLite says."""
    text = str(error).lower()
    if "is locked" in text:
        hint = "Close what is writing to it, then ask again."
        return OutputUnwritableError(f"{path} is locked by another program", hint)
    is_full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "is full" in text
    if not is_full and path.parent.is_dir():
        is_full = shutil.disk_usage(path.parent).free < LEAST_FREE_BYTES
    kind = DiskFullError if is_full else OutputUnwritableError
    return kind(f"{path}: {str(error).rsplit(') failed: ')[-1]}")  # without SQLite's statement
