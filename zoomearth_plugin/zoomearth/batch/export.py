"""A batch's answers as a plain table, without what differs from run to run."""

from __future__ import annotations

# Names of tables and columns in statements are constants of this room; hence nosec B608.
import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ..core.errors import OutputUnwritableError
from .outcome_rows import ANSWER_COLUMNS, ANSWERS, FAILURE_COLUMNS, FAILURES, UNREFERENCED

RUN_COLUMNS = ("asked_at", "seconds", "timings", "failed_at")
"""What two runs of the same jobs do not share."""


def table_rows(store: Path) -> Iterator[dict[str, Any]]:
    """Rows of answers and failures, sorted by job; places as hexadecimal well-known binary."""
    answers = [name for name in ANSWER_COLUMNS if name not in RUN_COLUMNS]
    failures = [name for name in FAILURE_COLUMNS if name not in RUN_COLUMNS]
    rows: list[dict[str, Any]] = []
    with closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)) as database:
        for table in (ANSWERS, UNREFERENCED):
            columns = ", ".join(f'"{name}"' for name in answers)
            for *values, place in database.execute(f'SELECT {columns}, hex("geom") FROM "{table}"'):  # nosec B608
                rows.append({"table": table, **dict(zip(answers, values, strict=True)), "place": place})
        columns = ", ".join(f'"{name}"' for name in failures)
        for values in database.execute(f'SELECT {columns} FROM "{FAILURES}"'):  # nosec B608
            rows.append({"table": FAILURES, **dict(zip(failures, values, strict=True))})
    yield from sorted(rows, key=lambda row: (row["job_id"], row["table"], str(row)))


def write_table(store: Path, path: Path) -> None:
    """Write :func:`table_rows` as CSV.

    Raises:
        OutputUnwritableError: It cannot be written.
    """
    names = dict.fromkeys(("table", *ANSWER_COLUMNS, "place", *FAILURE_COLUMNS))
    columns = [name for name in names if name not in RUN_COLUMNS]
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(table_rows(store))
    except OSError as error:
        raise OutputUnwritableError(f"{path}: {error}") from error
