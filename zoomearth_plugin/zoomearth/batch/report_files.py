"""The files that tell of a batch, its table and its report: where they may go, and that each is whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..answers_file import storage_error
from ..core.errors import OutputUnwritableError

_ANOTHER = "Name another file."


def check_place(path: Path) -> None:
    """Find out, before hours are spent, whether a file could be put there.

    Args:
        path: Of a file that may be there already.

    Raises:
        OutputUnwritableError, DiskFullError: It could not.
    """
    try:
        target = path.resolve()
        if target.is_dir():
            raise OutputUnwritableError(f"{path} is a folder", "Name a file in it.")
        if not target.parent.is_dir():
            raise OutputUnwritableError(
                f"{path}: there is no folder {target.parent}", "Name a folder that is there."
            )
        if target.exists() and not target.is_file():
            raise OutputUnwritableError(f"{path} is a device or a pipe, and no file", _ANOTHER)
        with tempfile.TemporaryFile(dir=target.parent):
            pass
        if target.exists():
            with target.open("r+b"):
                pass
    except (OSError, RuntimeError, ValueError) as error:  # the latter of links in a circle, and of NUL
        raise storage_error(path, error) from error


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Within: a path beside that of the file; what is written there takes the file's place in the end.

    Args:
        path: Stays as it was when something goes wrong.

    Raises:
        OutputUnwritableError: It cannot be written.
        DiskFullError: No room is left.
    """
    try:
        target = path.resolve()
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".zoomearth-") as folder:
            made = Path(folder, target.name)
            yield made
            with made.open("r+b") as file:
                os.fsync(file.fileno())  # some disks tell only here that they are full
            made.replace(target)
    except OSError as error:
        raise storage_error(path, error) from error
