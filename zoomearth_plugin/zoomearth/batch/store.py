"""Where a batch's outcomes go: a GeoPackage, in transactions of bounded size, that a later run goes on with.

One table of answers in one CRS, one of answers that have no place in it, one of failures, and one that says
which jobs the file belongs to. A job's rows are written in one transaction, so a process that is killed at
any moment leaves each job whole or absent.
"""

from __future__ import annotations

# Names of tables and columns in statements are constants of this room; hence nosec B608.
import hashlib
import logging
import sqlite3
import struct
import tempfile
import time
import warnings
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyogrio

from ..answers_file import storage_error
from ..core.area import Polygons
from ..core.errors import OutputUnwritableError, ZoomEarthError
from .belonging import of_another
from .held_files import HeldFile, common_folder
from .outcome import Outcome
from .outcome_rows import (
    ANSWER_COLUMNS,
    ANSWERS,
    FAILURE_COLUMNS,
    FAILURES,
    UNREFERENCED,
    Row,
    bounds_of,
    geopackage_geometry,
    rows_of_outcome,
    stamp,
)

_log = logging.getLogger(__name__)
BATCH = "batch"
BATCH_COLUMNS = {"name": "text", "value": "text"}
DEFAULT_CRS = "EPSG:4326"
MOST_OUTCOMES = 64
"""In a transaction."""
LONGEST_WAIT_S = 2.0
"""After which what came is written, however little it is."""
_LOCKED_S = 30.0
"""How long another program may hold a file that is to be opened."""
_BUSY_MS = 500
"""How long it may hold an open one, before somebody is told; a request to stop waits as long."""
_DTYPES = {"text": object, "real": "float64", "bool": "bool", "integer": "int32", "time": "datetime64[ms]"}
_EMPTY = 1 << 4


class OutputLockedError(OutputUnwritableError):
    """Another program holds the output; it may let go of it."""


class BatchStore:
    """An open output; a context manager. See :func:`create_store` and :func:`resume_store`.

    Args:
        path: The GeoPackage.
        crs: Of its table of answers.
        held: Keeps other batches from it; let go of in the end.
    """

    def __init__(self, path: Path, crs: str, held: HeldFile | None = None) -> None:
        self.path = path
        self.crs = crs
        self._held = held
        self._database = sqlite3.connect(path, timeout=_LOCKED_S, isolation_level=None)
        _know_geometries(self._database)
        self._waiting: list[list[Row]] = []
        self._written_at_s = time.monotonic()
        _make_indices(self._database)  # a file of an older version may have none
        self.failed = self._ids(FAILURES)
        self.done = self._ids(ANSWERS) | self._ids(UNREFERENCED) | self.failed
        self._database.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")

    def __enter__(self) -> BatchStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ids(self, table: str) -> set[str]:
        """Of the jobs in a table."""
        return {row[0] for row in self._database.execute(f'SELECT job_id FROM "{table}"')}  # nosec B608

    def forget_failures(self) -> None:
        """Jobs that failed count as not done.

        Raises:
            OutputUnwritableError, DiskFullError: That cannot be written; nothing is forgotten.
        """
        try:
            self._database.execute(f'DELETE FROM "{FAILURES}"')  # nosec B608
        except sqlite3.Error as error:
            raise storage_error(self.path, error) from error
        self.done -= self.failed
        self.failed = set()

    @property
    def is_due(self) -> bool:
        """Whether something has waited for long."""
        return bool(self._waiting) and time.monotonic() - self._written_at_s > LONGEST_WAIT_S

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome; it is written with others, soon.

        Raises:
            DiskFullError, OutputUnwritableError: See :meth:`flush`; the outcome is kept all the same.
        """
        try:
            rows = rows_of_outcome(outcome, self.crs)
        except Exception as error:  # noqa: BLE001 # a job's boundary: it alone fails
            _log.exception("the answer of job %s has no rows", outcome.job.id)
            failure = ZoomEarthError(f"{type(error).__name__}: {error}")
            rows = rows_of_outcome(Outcome(outcome.job, outcome.asked_at, error=failure), self.crs)
        self._waiting.append(rows)
        self.done.add(outcome.job.id)
        if self.is_due or len(self._waiting) >= MOST_OUTCOMES:
            self.flush()

    def flush(self) -> None:
        """Write what waits, in one transaction; may be called again after it failed.

        Raises:
            DiskFullError: No room is left; nothing that was written is lost, and what waits is kept.
            OutputLockedError: Another program holds the file; what waits is kept.
            OutputUnwritableError: It is gone.
        """
        if self._waiting:
            try:
                self._write(self._waiting)
            except (sqlite3.Error, OSError) as error:
                self._written_at_s = time.monotonic()  # not at once again
                if not self.path.exists():
                    raise OutputUnwritableError(
                        f"{self.path} was moved or removed while the batch wrote to it", "Run it again."
                    ) from error
                told = storage_error(self.path, error)
                if "is locked" in str(error):
                    raise OutputLockedError(told.message, told.hint) from error
                raise told from error
            self._waiting = []
        self._written_at_s = time.monotonic()

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        try:
            self.flush()
        finally:
            self.drop()

    def drop(self) -> None:
        """Let go of the file; what waits is not written."""
        self._waiting = []
        self._database.close()
        if self._held is not None:
            self._held.close()

    def _write(self, outcomes: Sequence[Sequence[Row]]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            for rows in outcomes:
                identity = rows[0].values["job_id"]
                if self._is_there(identity):  # another machine's batch was quicker
                    continue
                for row in rows:
                    self._insert(row)
            now = stamp(datetime.now(timezone.utc))
            self._database.execute("UPDATE gpkg_contents SET last_change = ?", (now,))
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def _is_there(self, identity: str) -> bool:
        tables = (ANSWERS, UNREFERENCED, FAILURES)
        query = " UNION ALL ".join(f'SELECT 1 FROM "{table}" WHERE job_id = ?1' for table in tables)  # nosec B608
        return self._database.execute(query, (identity,)).fetchone() is not None

    def _insert(self, row: Row) -> None:
        values = dict(row.values)
        if row.place is not None:
            values["geom"] = geopackage_geometry(row.place, self._srs_id(row.table))
            self._grow(row.table, row.place)
        marks = ", ".join("?" * len(values))
        columns = ", ".join(f'"{name}"' for name in values)
        self._database.execute(
            f'INSERT INTO "{row.table}" ({columns}) VALUES ({marks})',  # nosec B608
            list(values.values()),
        )

    def _srs_id(self, table: str) -> int:
        query = "SELECT srs_id FROM gpkg_geometry_columns WHERE table_name = ?"
        return int(self._database.execute(query, (table,)).fetchone()[0])

    def _grow(self, table: str, place: Polygons) -> None:
        """The table's extent, which maps read instead of all geometries."""
        west, south, east, north = bounds_of(place)
        self._database.execute(
            "UPDATE gpkg_contents SET min_x = min(coalesce(min_x, ?1), ?1),"
            " min_y = min(coalesce(min_y, ?2), ?2), max_x = max(coalesce(max_x, ?3), ?3),"
            " max_y = max(coalesce(max_y, ?4), ?4) WHERE table_name = ?5",
            (west, south, east, north, table),
        )


def create_store(path: Path, digest: str, *, crs: str = DEFAULT_CRS, overwrite: bool = False) -> BatchStore:
    """Make an output.

    Args:
        path: Ends in ``.gpkg``.
        digest: Of the jobs, see :func:`.jobs.digest_of`.
        crs: In which answers are kept.
        overwrite: Whether a file that is there already is replaced.

    Raises:
        OutputUnwritableError: It is there already, cannot be made, or another batch writes to it.
        DiskFullError: No room is left.
    """
    if path.suffix.lower() != ".gpkg":
        raise OutputUnwritableError(f"{path} does not end in .gpkg", "Name a file that ends in .gpkg.")
    if not path.parent.is_dir():
        raise OutputUnwritableError(f"there is no folder {path.parent}", "Name a folder that is there.")
    if path.exists() and not overwrite:
        raise OutputUnwritableError(
            f"{path} is there already",
            "Go on with it (--resume), replace it (--overwrite), or name another file.",
        )
    held = _hold(path)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".zoomearth-") as folder:
            made = Path(folder, "batch.gpkg")
            _make(made, digest, crs)
            for leftover in (f"{path}-wal", f"{path}-shm", f"{path}-journal"):
                Path(leftover).unlink(missing_ok=True)
            made.replace(path)
        return BatchStore(path, crs, held)
    except (sqlite3.Error, OSError, RuntimeError, ValueError) as error:
        _let_go(held)
        raise storage_error(path, error) from error


def resume_store(path: Path, digest: str) -> BatchStore:
    """Open the output of an earlier run of the same jobs.

    Args:
        path: The output.
        digest: See :func:`create_store`.

    Raises:
        OutputUnwritableError: It is not there, is no such output, belongs to other jobs, or another batch
            writes to it.
    """
    if not path.is_file():
        raise OutputUnwritableError(f"there is no {path} to go on with", "Run it without --resume first.")
    held = _hold(path)
    try:
        known = _known(path)
        if known.get("digest") != digest:
            raise of_another(path, known.get("digest", ""), digest)
        return BatchStore(path, known["crs"], held)
    except sqlite3.DatabaseError as error:
        _let_go(held)
        if "lock" in str(error):
            raise storage_error(path, error) from error
        raise OutputUnwritableError(
            f"{path} is no output of a batch: {error}", "Name the file that the earlier run wrote."
        ) from error
    except BaseException:
        _let_go(held)
        raise


def _known(path: Path) -> dict[str, str]:
    """What the file says of its batch; waits for who has it locked, and says so."""
    query = f'SELECT name, value FROM "{BATCH}"'  # nosec B608
    for patience_s in (_BUSY_MS / 1000, _LOCKED_S):
        try:
            with closing(sqlite3.connect(path, timeout=patience_s)) as database:
                return dict(database.execute(query))
        except sqlite3.OperationalError as error:
            if "lock" not in str(error) or patience_s == _LOCKED_S:
                raise
            _log.warning("%s is locked by another program; waiting up to %d s", path, _LOCKED_S)
    raise AssertionError("unreachable")


def _hold(path: Path) -> HeldFile | None:
    """Keep other batches of this machine from a file; None where there is no way to.

    Raises:
        OutputUnwritableError: One writes to it.
    """
    name = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
    try:
        return HeldFile(name, common_folder("outputs"))
    except BlockingIOError as error:
        raise OutputUnwritableError(
            f"another batch is writing to {path}", "Wait until it has ended, or name another file."
        ) from error
    except OSError:
        return None


def _let_go(held: HeldFile | None) -> None:
    if held is not None:
        held.close()


def _make(path: Path, digest: str, crs: str) -> None:
    """The empty file, by GDAL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no CRS is known
        for table, own_crs in ((ANSWERS, crs), (UNREFERENCED, None)):
            _make_table(path, table, ANSWER_COLUMNS, geometry_type="MultiPolygon", crs=own_crs)
        for table, columns in ((FAILURES, FAILURE_COLUMNS), (BATCH, BATCH_COLUMNS)):
            _make_table(path, table, columns, geometry_type=None, crs=None)
    with closing(sqlite3.connect(path)) as database, database:
        rows = [("digest", digest), ("crs", crs)]
        database.executemany(f'INSERT INTO "{BATCH}" (name, value) VALUES (?, ?)', rows)  # nosec B608
        _make_indices(database)


def _make_indices(database: sqlite3.Connection) -> None:
    """By which it is found quickly whether a job is there."""
    for table in (ANSWERS, UNREFERENCED, FAILURES):
        database.execute(f'CREATE INDEX IF NOT EXISTS "{table}_jobs" ON "{table}" (job_id)')


def _make_table(
    path: Path, table: str, columns: dict[str, str], *, geometry_type: str | None, crs: str | None
) -> None:
    pyogrio.raw.write(
        path,
        geometry=None if geometry_type is None else np.empty(0, dtype=object),
        field_data=[np.empty(0, dtype=_DTYPES[kind]) for kind in columns.values()],
        fields=np.array(list(columns), dtype=object),
        layer=table,
        driver="GPKG",
        geometry_type=geometry_type,
        crs=crs,
        append=path.exists(),
        dataset_options={"VERSION": "1.3"},  # what QGIS 3.22 reads without a warning
        layer_options={"FID": "fid", "GEOMETRY_NAME": "geom"} if geometry_type else {"FID": "fid"},
    )


def _know_geometries(database: sqlite3.Connection) -> None:
    """What the triggers of GDAL's spatial index ask of a geometry; here all have an envelope."""

    def envelope(index: int) -> Any:
        return lambda blob: None if blob is None else struct.unpack_from("<4d", blob, 8)[index]

    for index, name in enumerate(("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY")):
        database.create_function(name, 1, envelope(index), deterministic=True)
    database.create_function("ST_IsEmpty", 1, lambda blob: None if blob is None else bool(blob[3] & _EMPTY))
