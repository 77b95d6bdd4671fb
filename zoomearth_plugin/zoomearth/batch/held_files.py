"""Locked files by which processes of one machine and person find out what another one holds.

The system unlocks them when their process ends, however it ends. There are none on Windows.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]


class HeldFile:
    """Holds a name until :meth:`close`, or until this process ends.

    Args:
        name: Of a file.
        folder: The same for all who are to be told apart.

    Raises:
        BlockingIOError: Another one holds it.
        OSError: There is no such folder, or no way to lock.
    """

    def __init__(self, name: str, folder: Path) -> None:
        if fcntl is None:
            raise OSError("this system has no such locks")
        self._file = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise

    def close(self) -> None:
        """Another one may take it."""
        with suppress(OSError):
            os.close(self._file)


def common_folder(kind: str) -> Path:
    """Where files of one kind lie, for all processes of this person; raises OSError where it cannot be."""
    owner = os.getuid() if hasattr(os, "getuid") else ""
    folder = Path(tempfile.gettempdir(), f"zoomearth-{kind}-{owner}")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
