"""The folder of a run: every answer is on disk before the next question is asked.

``run.json`` says what the answers are of, ``answers.jsonl`` holds a line a question and mode. Whatever
ends a run, starting it again with the same folder goes on behind the last whole line.
"""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from ..core.errors import DataInvalidError, DiskFullError, OutputUnwritableError
from .record import Mode, Record

ANSWERS, RUN = "answers.jsonl", "run.json"
_log = logging.getLogger(__name__)


class Journal:
    """The answers of one run; made by :func:`open_journal`, a context manager.

    Args:
        path: The file of answers.
        records: Those that are there already, by question and mode.
    """

    def __init__(self, path: Path, records: dict[tuple[str, Mode], Record]) -> None:
        self.records = records
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            with writing(self._path):
                self._file.close()

    def add(self, record: Record) -> None:
        """Append an answer; it is out of this process's hands when this returns.

        Raises:
            DiskFullError, OutputUnwritableError: It could not be written; what was there before stays.
        """
        line = json.dumps(record.to_json(), allow_nan=False) + "\n"
        with writing(self._path):
            if self._file is None:
                self._file = self._path.open("a", encoding="utf-8")
            self._file.write(line)
            self._file.flush()
        self.records[record.key] = record


def open_journal(folder: Path, run: Mapping[str, Any], *, must_exist: bool = False) -> Journal:
    """Begin a run in a folder, or go on with the one that is there.

    Args:
        folder: Made if need be.
        run: What every answer in it depends on; plain JSON values.
        must_exist: Whether there has to be a run already.

    Raises:
        OutputUnwritableError: The folder holds a run of something else, or cannot be written to.
        DataInvalidError: A line other than the last is no answer.
        DiskFullError: No room.
    """
    wanted = json.loads(json.dumps(run))
    path = folder / RUN
    if path.is_file() or must_exist:
        _refuse_other(path, read_run(folder), wanted)
    elif (folder / ANSWERS).exists():
        raise OutputUnwritableError(
            f"{folder} holds {ANSWERS} but no {RUN}",
            "Nobody can tell what they are of: choose another folder.",
        )
    else:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            replace_text(path, json.dumps(wanted, indent=1) + "\n")
    return Journal(folder / ANSWERS, read_answers(folder / ANSWERS, mend=True))


def read_run(folder: Path) -> dict[str, Any]:
    """What a folder's answers are of.

    Raises:
        DataInvalidError: There is no run, or its ``run.json`` is damaged.
    """
    path = folder / RUN
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataInvalidError(f"{path}: {error}", "Name a folder that a benchmark has written.") from error
    if not isinstance(run, dict):
        raise DataInvalidError(f"{path}: no JSON object", "Name a folder that a benchmark has written.")
    return run


def read_answers(path: Path, *, mend: bool = False) -> dict[tuple[str, Mode], Record]:
    """The answers of a file, by question and mode; of an answer given twice the later one.

    Args:
        path: May be missing, which is a run that got nowhere.
        mend: Cut off a last line that was not written to its end.

    Raises:
        DataInvalidError: A line other than the last is no answer; names the row.
        OutputUnwritableError: It cannot be read or mended.
    """
    records: dict[tuple[str, Mode], Record] = {}
    if not path.exists():
        return records
    with writing(path):
        content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    end = 0
    for row, line in enumerate(lines, start=1):
        try:
            if not line.endswith(b"\n"):
                raise ValueError("the line does not end")
            record = Record.from_json(json.loads(line))
        except (KeyError, TypeError, ValueError) as error:
            if row < len(lines):
                raise DataInvalidError(f"{path}, row {row}: {error!r}", "Remove the row.") from error
            _log.warning("%s, row %d was cut short; its question is asked again", path, row)
            break
        records[record.key] = record
        end += len(line)
    if mend and end < len(content):
        with writing(path):
            os.truncate(path, end)
    return records


def replace_text(path: Path, text: str) -> None:
    """Write a file as a whole: it is the old one or the new one, never half of it."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Name what cannot be written.

    Raises:
        DiskFullError, OutputUnwritableError: In the place of an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(f"{path}: {error}") from error
        raise OutputUnwritableError(f"{path}: {error}") from error


def _refuse_other(path: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    there, here = _flat(found), _flat(wanted)
    other = [
        f"{key} is {there.get(key)!r} there and {here.get(key)!r} here"
        for key in sorted({*there, *here})
        if there.get(key) != here.get(key)
    ]
    if other:
        raise OutputUnwritableError(
            f"{path.parent} holds another run: {'; '.join(other)}",
            "Choose another folder for the output, or run with the settings that its run.json states.",
        )


def _flat(tree: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """``{"data": {"seed": 1}}`` as ``{"data.seed": 1}``."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = value
    return flat
