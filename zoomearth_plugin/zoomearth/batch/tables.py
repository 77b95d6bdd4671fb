"""Tables on disk as rows by column: CSV, Parquet, GeoPackage."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import JobTableInvalidError
from .job_cells import excerpt

REQUIRED = ("raster", "question")
OPTIONAL = ("area", "id", "model", "bands", "look")
_LONGEST_CELL = 1 << 27
_KINDS = ".csv, .txt, .parquet or .gpkg"
_SAVE_AGAIN = "Save the table as CSV in UTF-8."
_DAMAGED = "It is damaged, or of another kind: write it again, or name another file."

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """What a file holds.

    Args:
        rows: By column.
        folder: Where relative paths start.
        area_crs: Of areas that are geometries; None where there are none, or it is unknown.
        lines: Of a file of text, where each row starts, from 1; else empty.
    """

    rows: list[Row]
    folder: Path
    area_crs: str | None = None
    lines: Sequence[int] = ()


def _file(path: Path) -> tuple[Path, str]:
    """The file, and the table in it that is named; empty for none."""
    name, _, table = str(path).partition("|")
    return Path(name), table.removeprefix("layername=")


def read_table(path: Path) -> Table:
    """A table's rows by column, its names in small letters.

    Args:
        path: ``.csv`` or ``.txt``, ``.parquet``, or ``.gpkg`` (its first table, or ``FILE.gpkg|TABLE``).

    Raises:
        JobTableInvalidError: It cannot be read, lacks a column, or has two of one name.
    """
    file, table = _file(path)
    if file.is_dir():
        raise JobTableInvalidError(f"{file} is a folder", f"Name a {_KINDS} file in it.")
    if not file.is_file():
        raise JobTableInvalidError(f"there is no table {file}", f"Name a {_KINDS} file.")
    try:
        file.open("rb").close()
    except OSError as error:
        raise JobTableInvalidError(
            f"{file} cannot be read: {error.strerror}", "Check that you may read it."
        ) from error
    kind = file.suffix.lower()
    if kind in (".csv", ".txt"):
        return _csv_table(file)
    if kind == ".parquet":
        return Table(_parquet_rows(file), file.parent)
    if kind == ".gpkg":
        rows, crs = _geopackage_rows(file, table)
        return Table(rows, file.parent, crs)
    raise JobTableInvalidError(f"{file} is no job table", f"Name a {_KINDS} file.")


def _csv_table(file: Path) -> Table:
    csv.field_size_limit(_LONGEST_CELL)
    text = _csv_text(file)
    delimiter = max(",;\t", key=next((line for line in io.StringIO(text) if line.strip()), "").count)
    told = re.match(r"sep=([,;\t|])[,;\t|]*(?=\r?\n)", text, re.IGNORECASE)  # as spreadsheets write it
    if told is not None:
        delimiter, text = told[1], text[told.end() :]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    names: list[str] = []
    rows: list[Row] = []
    lines: list[int] = []
    next_line = 1
    try:
        for cells in reader:
            line, next_line = next_line, reader.line_num + 1
            if not names:
                names = _csv_names(cells, file)
            elif any(cells[len(names) :]):
                raise JobTableInvalidError(
                    f"{file}, line {line}: it has more cells than there are columns",
                    f"Put cells that hold {delimiter!r} in double quotes.",
                )
            elif cells:
                rows.append(dict(zip(names, cells, strict=False)))
                lines.append(line)
    except csv.Error as error:
        fault = _quote_fault(text, next_line, delimiter)
        raise JobTableInvalidError(
            f"{file}, {fault}",
            "Close each quote at the end of its cell; within a quoted cell write a quote twice.",
        ) from error
    return Table(rows, file.parent, lines=lines)


def _csv_text(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        raise JobTableInvalidError(f"{file} is not UTF-8 in line {line}", _SAVE_AGAIN) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise JobTableInvalidError(f"{file}, line {line}: it has a NUL character", _SAVE_AGAIN)
    return text


def _csv_names(cells: list[str], file: Path) -> list[str]:
    """Of the first line that has any; columns at the end that have none are no columns."""
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return _column_names(cells, file, ", in the first line") if cells else []


def _quote_fault(text: str, line: int, delimiter: str) -> str:
    """Where the quote opens that makes a row none; csv itself only tells where it gave up.

    Args:
        text: Of the file, its lines ended by newlines.
        line: Where the row starts.
        delimiter: Of its cells.
    """
    row = "".join(list(io.StringIO(text))[line - 1 :])
    quoted = r' *"[^"]*(?:""[^"]*)*"(?!")'
    end = rf"(?=[{delimiter}\n]|\Z)"
    cell = re.compile(rf'(?:{quoted}{end}|(?! *")[^{delimiter}\n]*){delimiter}')
    position = 0
    while (found := cell.match(row, position)) is not None:
        position = found.end()
    opens = line + row.count("\n", 0, position)
    closed = re.compile(quoted).match(row, position)
    if closed is None:
        return f"line {opens}: the quote that opens a cell there is never closed"
    closes = line + row.count("\n", 0, closed.end())
    if closes == opens:
        return f"line {opens}: a quoted cell goes on after its closing quote"
    return f"line {opens}: the quote that opens a cell there is closed in line {closes}, within another cell"


def _column_names(written: Sequence[str], file: Path, place: str = "") -> list[str]:
    """Columns' names in small letters.

    Args:
        written: As they stand in the file.
        file: For the message.
        place: Where a person writes them, for the hint.

    Raises:
        JobTableInvalidError: One that must be there is not, or two are the same.
    """
    names = [name.strip().lower() for name in written]
    first: dict[str, str] = {}
    for name, as_written in zip(names, written, strict=True):
        if name and name in first:
            raise JobTableInvalidError(
                f"{file} has two columns of the same name: {excerpt(first[name])} and {excerpt(as_written)}",
                "Name each column differently; capitals and blanks at the ends make no difference.",
            )
        first[name] = as_written
    missing = [column for column in REQUIRED if column not in names]
    if missing:
        raise JobTableInvalidError(
            f"{file} has no column {' and no column '.join(missing)}",
            f"Name the columns {', '.join(REQUIRED)}, if wanted {', '.join(OPTIONAL)}{place}.",
        )
    return names


def _parquet_rows(file: Path) -> list[Row]:
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise JobTableInvalidError(
            "tables in Parquet need a further package", "Install it: pip install 'zoomearth[batch]'."
        ) from error
    try:
        names = _column_names(parquet.read_schema(file).names, file)
        return list(parquet.read_table(file).rename_columns(names).to_pylist())
    except (OSError, ValueError, NotImplementedError) as error:  # pyarrow's errors are children of these
        raise JobTableInvalidError(f"{file} cannot be read as Parquet", _DAMAGED) from error


def _geopackage_rows(file: Path, table: str) -> tuple[list[Row], str | None]:
    import pyogrio

    try:
        layers = [str(layer[0]) for layer in pyogrio.list_layers(file)]
        if not layers:
            raise JobTableInvalidError(f"{file} has no tables", "Name another file.")
        named = table or layers[0]
        if named.lower() not in map(str.lower, layers):
            raise JobTableInvalidError(
                f"{file} has no table {excerpt(named)}", f"Name one that it has: {', '.join(layers)}."
            )
        meta, _, geometries, columns = pyogrio.raw.read(file, layer=named)
    except (RuntimeError, ValueError) as error:  # pyogrio's errors are children of the first
        raise JobTableInvalidError(f"{file} cannot be read as GeoPackage", _DAMAGED) from error
    names = _column_names([str(name) for name in meta["fields"]], file)
    rows: list[dict[str, Any]] = [
        dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)
    ]
    crs = None
    if geometries is not None and "area" not in names:
        crs = _known_crs(meta["crs"])
        for row, geometry in zip(rows, geometries, strict=True):
            row["area"] = geometry
    return list(rows), crs


def _known_crs(crs: str | None) -> str | None:
    """None for what GeoPackage has for layers without CRS: "Undefined geographic SRS" and the like."""
    return None if crs is None or re.match(r'\w+\["Undefined (\w+ )?SRS"', crs) else crs
