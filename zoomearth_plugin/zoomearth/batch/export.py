"""A batch's answers as a plain table, without what differs from run to run."""

from __future__ import annotations

# Names of tables and columns in statements are constants of this room; hence nosec B608.
import csv
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import shapely

from ..answers_file import storage_error
from .outcome_rows import ANSWER_COLUMNS, ANSWERS, FAILURE_COLUMNS, FAILURES, UNREFERENCED
from .report_files import written_whole
from .report_summary import shape_of

RUN_COLUMNS = ("asked_at", "seconds", "timings", "failed_at")
"""What two runs of the same jobs do not share."""
_ONE_NAME = {"source": "raster"}
"""Answers and failures call it differently in the GeoPackage."""
_DIGITS = re.compile(r"([0-9]+)")


def table_rows(store: Path) -> Iterator[dict[str, Any]]:
    """Rows of answers and failures, in the order of :func:`job_order`; places as WKT."""
    rows: list[dict[str, Any]] = []
    with closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)) as database:
        for table, known in (
            (ANSWERS, ANSWER_COLUMNS),
            (UNREFERENCED, ANSWER_COLUMNS),
            (FAILURES, FAILURE_COLUMNS),
        ):
            names = [name for name in known if name not in RUN_COLUMNS]
            columns = ", ".join(f'"{name}"' for name in names)
            place = "NULL" if table == FAILURES else '"geom"'
            for *values, blob in database.execute(f'SELECT {columns}, {place} FROM "{table}"'):  # nosec B608
                row = dict(zip(map(_named, names), values, strict=True))
                rows.append({"table": table, **row, "place": _wkt(blob)})
    yield from sorted(rows, key=lambda row: (job_order(row["job_id"]), row["table"], str(row)))


def job_order(job_id: str) -> tuple[Any, ...]:
    """Sorts ids as people do: 2 before 10, ``job-2`` before ``job-10``, whole numbers before all others."""
    texts = _DIGITS.split(job_id)  # text and digits in turn
    digits = [
        (len(part.lstrip("0")), part.lstrip("0")) for part in texts[1::2]
    ]  # int() reads no 5,000 digits
    is_number = len(texts) == 3 and texts[0] == texts[2] == ""
    return not is_number, texts[0], tuple(zip(digits, texts[2::2], strict=True)), job_id


def write_table(store: Path, path: Path) -> None:
    """Write :func:`table_rows` as CSV.

    Raises:
        OutputUnwritableError: It cannot be written, or the output cannot be read.
        DiskFullError: No room is left.
    """
    names = dict.fromkeys(("table", *map(_named, ANSWER_COLUMNS), "place", *FAILURE_COLUMNS))
    columns = [name for name in names if name not in RUN_COLUMNS]
    try:
        with written_whole(path) as made, made.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(table_rows(store))
    except sqlite3.Error as error:
        raise storage_error(store, error) from error


def _named(column: str) -> str:
    return _ONE_NAME.get(column, column)


def _wkt(blob: bytes | None) -> str:
    """A place with all its digits, so that it is read back as it was; empty for none."""
    if blob is None:
        return ""
    polygons = ", ".join(
        f"({', '.join(map(_ring, (part.exterior, *part.interiors)))})"
        for part in shapely.get_parts(shape_of(blob))
    )
    return f"MULTIPOLYGON ({polygons})" if polygons else "MULTIPOLYGON EMPTY"


def _ring(ring: Any) -> str:
    positions = shapely.get_coordinates(ring).tolist()
    return f"({', '.join(f'{_number(x)} {_number(y)}' for x, y in positions)})"


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")
