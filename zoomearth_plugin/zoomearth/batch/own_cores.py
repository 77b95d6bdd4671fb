"""Cores of one's own: processes that compute side by side, each kept to cores that no other one uses.

Left to itself, the system moves a process with many threads from core to core, and each move costs what the
core had in its cache. A core that is taken is a locked file, which the system unlocks when its process dies.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # no such locks on Windows
    fcntl = None  # type: ignore[assignment]


class OwnCores:
    """Holds cores until :meth:`close`, or until this process ends.

    Args:
        count: How many; where fewer are free, or there is no way to tell, none is held.
        folder: Of the locks; the same for all who are to be told apart.
    """

    def __init__(self, count: int, folder: Path | None = None) -> None:
        self._locks: dict[int, int] = {}
        if fcntl is None or not hasattr(os, "sched_setaffinity"):
            return
        there = sorted(os.sched_getaffinity(0))
        if count >= len(there):
            return
        with suppress(OSError):  # a folder that cannot be written: the work is done without
            folder = folder or Path(tempfile.gettempdir(), f"zoomearth-cores-{os.getuid()}")
            folder.mkdir(mode=0o700, exist_ok=True)
            for core in there:
                if len(self._locks) < count:
                    self._lock(core, folder)
        if len(self._locks) < count:
            self.close()

    @property
    def cores(self) -> frozenset[int]:
        """Their numbers; empty where none is held."""
        return frozenset(self._locks)

    def stay(self) -> None:
        """Keep the thread that calls, and those it will start, to these cores, if any are held."""
        if self._locks:
            os.sched_setaffinity(0, self._locks)

    def close(self) -> None:
        """Others may take them."""
        for file in self._locks.values():
            os.close(file)
        self._locks = {}

    def _lock(self, core: int, folder: Path) -> None:
        file = os.open(folder / str(core), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # taken
            os.close(file)
        else:
            self._locks[core] = file
