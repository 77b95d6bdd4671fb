"""Rows of a data set, whatever file they are kept in: JSON lines, JSON, Parquet, or ``datasets`` on disk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...core.errors import DataInvalidError
from .faults import Faults, Row, shown

_SPLITS = ("train", "val", "valid", "validation", "test", "sft", "rl")
_KINDS = (".jsonl", ".json", ".parquet")
_NEEDS_DATASETS = "Install what training needs: pip install 'zoomearth[train]'."


def read_rows(source: Path, columns: Iterable[str], faults: Faults) -> list[Row]:
    """All rows of a data set, in order.

    Args:
        source: A ``.jsonl``, ``.json`` or ``.parquet`` file; a folder that ``datasets`` saved; or a folder
            that holds files of one of these kinds (JSON lines before JSON before Parquet).
        columns: What is wanted of tables that are read by column.
        faults: Lines that are no JSON objects go here.

    Raises:
        DataInvalidError: There is no such data set, or a file cannot be read as a whole.
    """
    if is_saved_dataset(source):
        return list(_dataset_rows(source, set(columns), faults))
    files = _files(source)
    if not files:
        raise DataInvalidError(
            f"{source} holds no question file", "Name a .jsonl, .json or .parquet file, or a folder of such."
        )
    wanted = set(columns)
    rows: list[Row] = []
    for file in files:
        if file.suffix.lower() == ".parquet":
            rows.extend(_parquet_rows(file, wanted, faults))
        elif file.suffix.lower() == ".json":
            rows.extend(_json_rows(file, faults))
        else:
            rows.extend(_line_rows(file, faults))
    return rows


def is_saved_dataset(folder: Path) -> bool:
    """Whether ``save_to_disk`` of the package ``datasets`` wrote this folder, with splits or without."""
    return (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file()


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        DataInvalidError: It cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataInvalidError(f"{path} cannot be read: {error}") from error


def of_split(rows: list[Row], split: str | None) -> list[Row]:
    """The rows of a split, whose name is compared without case; all for None.

    Raises:
        DataInvalidError: There are rows, but none of that split.
    """
    if split is None:
        return rows
    chosen = [row for row in rows if split_of(row).lower() == split.lower()]
    if rows and not chosen:
        there = ", ".join(sorted({split_of(row) or "(none)" for row in rows}))
        raise DataInvalidError(f"{rows[0].file}: no row of split {split!r}; there are {there}")
    return chosen


def split_of(row: Row) -> str:
    """What the row says, else what its table is."""
    return row.word("split") or row.split


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise DataInvalidError(f"there is no {source}", "Name a file or folder that is there.")
    for kind in _KINDS:
        for pattern in (f"*{kind}", f"data/*{kind}"):
            found = sorted(path for path in source.glob(pattern) if path.is_file())
            if found:
                return found
    return []


def _line_rows(file: Path, faults: Faults) -> Iterator[Row]:
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise DataInvalidError(f"{file} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        name = f"row {number}"
        try:
            values = json.loads(line)
        except ValueError as error:
            faults.add(file, name, "", f"no JSON: {error}")
            continue
        yield from _row(file, name, values, _split_in(file), faults)


def _json_rows(file: Path, faults: Faults) -> Iterator[Row]:
    try:
        content = read_json(file)
    except DataInvalidError:
        if not _starts_with_a_line(file):
            raise
        yield from _line_rows(file, faults)
        return
    if isinstance(content, dict):
        content = content.get("data", [content])
    if not isinstance(content, list):
        raise DataInvalidError(f"{file} holds {shown(content)} instead of a list of rows")
    for number, values in enumerate(content, start=1):
        yield from _row(file, f"row {number}", values, _split_in(file), faults)


def _starts_with_a_line(file: Path) -> bool:
    """Whether it is JSON lines by another name: the first line stands for itself."""
    try:
        with file.open("rb") as opened:
            return isinstance(json.loads(opened.readline()), dict)
    except (OSError, ValueError):
        return False


def _row(file: Path, name: str, values: object, split: str, faults: Faults) -> Iterator[Row]:
    if isinstance(values, dict):
        yield Row(file, name, values, faults, split)
    else:
        faults.add(file, name, "", f"{shown(values)} is no row of fields")


def _parquet_rows(file: Path, columns: set[str], faults: Faults) -> Iterator[Row]:
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise DataInvalidError(f"{file} needs the package pyarrow", _NEEDS_DATASETS) from error
    try:
        opened = parquet.ParquetFile(file)
        present = [name for name in opened.schema_arrow.names if name in columns]
        content = opened.read(columns=present).to_pylist()
    except (OSError, ValueError) as error:  # Arrow's own errors are ValueErrors
        raise DataInvalidError(f"{file} cannot be read: {error}") from error
    for number, values in enumerate(content, start=1):
        yield Row(file, f"row {number}", values, faults, _split_in(file))


def _dataset_rows(folder: Path, columns: set[str], faults: Faults) -> Iterator[Row]:
    try:
        import datasets
    except ImportError as error:
        raise DataInvalidError(f"{folder} needs the package datasets", _NEEDS_DATASETS) from error
    try:
        loaded = datasets.load_from_disk(str(folder))
    except (OSError, ValueError, KeyError, TypeError) as error:  # Arrow's own errors are ValueErrors
        raise DataInvalidError(f"{folder} cannot be read: {error}") from error
    parts = loaded.items() if isinstance(loaded, datasets.DatasetDict) else [("", loaded)]
    for split, part in parts:
        named = part.select_columns([name for name in part.column_names if name in columns])
        place = folder / split if split else folder
        for number, values in enumerate(named, start=1):
            yield Row(place, f"row {number}", values, faults, split or _split_in(folder))


def _split_in(path: Path) -> str:
    """The split that a file is named after: ``rl.jsonl``, ``train-00000-of-00001.parquet``; else empty."""
    first = re.split(r"[^a-z]", path.stem.lower(), maxsplit=1)[0]
    return first if first in _SPLITS else ""
