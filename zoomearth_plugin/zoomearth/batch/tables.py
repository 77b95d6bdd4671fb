"""Tables on disk as rows by column: CSV, Parquet, GeoPackage."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import JobTableInvalidError

REQUIRED = ("raster", "question")
OPTIONAL = ("area", "id", "model", "bands", "look")
_LONGEST_CELL = 1 << 27

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """What a file holds.

    Args:
        rows: By column.
        folder: Where relative paths start.
        area_crs: Of areas that are geometries; None where there are none, or it is unknown.
    """

    rows: list[Row]
    folder: Path
    area_crs: str | None = None


def _file(path: Path) -> tuple[Path, str]:
    """The file, and the table in it that is named; empty for none."""
    name, _, table = str(path).partition("|")
    return Path(name), table.removeprefix("layername=")


def read_table(path: Path) -> Table:
    """A table's rows by column, its names in small letters.

    Args:
        path: ``.csv``, ``.parquet``, or ``.gpkg`` (its first table, or ``FILE.gpkg|TABLE``).

    Raises:
        JobTableInvalidError: It cannot be read, or lacks a column.
    """
    file, table = _file(path)
    if not file.is_file():
        raise JobTableInvalidError(f"there is no table {file}", "Name a .csv, .parquet or .gpkg file.")
    kind = file.suffix.lower()
    if kind in (".csv", ".txt"):
        return Table(_csv_rows(file), file.parent)
    if kind == ".parquet":
        return Table(_parquet_rows(file), file.parent)
    if kind == ".gpkg":
        rows, crs = _geopackage_rows(file, table)
        return Table(rows, file.parent, crs)
    raise JobTableInvalidError(f"{file} is no job table", "Name a .csv, .parquet or .gpkg file.")


def _csv_rows(file: Path) -> list[Row]:
    csv.field_size_limit(_LONGEST_CELL)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        raise JobTableInvalidError(
            f"{file} is not UTF-8 in line {line}", "Save the table as CSV in UTF-8."
        ) from error
    except OSError as error:
        raise JobTableInvalidError(f"{file} cannot be read: {error}") from error
    lines = text.splitlines()
    delimiter = max(",;\t", key=(lines[0] if lines else "").count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows: list[Row] = []
        for row in reader:
            if any(row.pop(None, ())):  # what no column is for
                raise JobTableInvalidError(
                    f"{file}, line {reader.line_num}: it has more cells than there are columns",
                    f"Put cells that hold {delimiter!r} in double quotes.",
                )
            rows.append({(name or "").strip().lower(): value for name, value in row.items()})
    except csv.Error as error:
        raise JobTableInvalidError(f"{file}, line {reader.line_num}: {error}") from error
    if not rows and reader.fieldnames:
        require_columns([name.strip().lower() for name in reader.fieldnames], file)
    return rows


def require_columns(names: Sequence[str], table: object) -> None:
    """Raises JobTableInvalidError where a column that must be there is not."""
    missing = [column for column in REQUIRED if column not in names]
    if missing:
        raise JobTableInvalidError(
            f"{table} has no column {' and no column '.join(missing)}",
            f"Name the columns {', '.join(REQUIRED)}, if wanted {', '.join(OPTIONAL)}, in the first line.",
        )


def _parquet_rows(file: Path) -> list[Row]:
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise JobTableInvalidError(
            "tables in Parquet need a further package", "Install it: pip install 'zoomearth[batch]'."
        ) from error
    try:
        table = parquet.read_table(file)
    except (OSError, ValueError) as error:  # pyarrow's errors are children of both
        raise JobTableInvalidError(f"{file} cannot be read: {error}") from error
    names = [name.lower() for name in table.column_names]
    require_columns(names, file)
    return list(table.rename_columns(names).to_pylist())


def _geopackage_rows(file: Path, table: str) -> tuple[list[Row], str | None]:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        named = table or str(pyogrio.list_layers(file)[0][0])
        meta, _, geometries, columns = pyogrio.raw.read(file, layer=named)
    except (DataSourceError, DataLayerError, IndexError, ValueError) as error:
        raise JobTableInvalidError(f"{file} cannot be read: {error}") from error
    names = [str(name).lower() for name in meta["fields"]]
    require_columns(names, file)
    rows: list[dict[str, Any]] = [
        dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)
    ]
    crs = None
    if geometries is not None and "area" not in names:
        crs = meta["crs"]
        for row, geometry in zip(rows, geometries, strict=True):
            row["area"] = geometry
    return list(rows), crs
