"""Cores of one's own: processes that compute side by side, each kept to cores that no other one uses.

Left to itself, the system moves a process with many threads from core to core, and each move costs what the
core had in its cache.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from .held_files import HeldFile, common_folder


class OwnCores:
    """Holds cores until :meth:`close`, or until this process ends.

    Args:
        count: How many; where fewer are free, or there is no way to tell, none is held.
        folder: Of what is held; the same for all who are to be told apart.
    """

    def __init__(self, count: int, folder: Path | None = None) -> None:
        self._held: dict[int, HeldFile] = {}
        if not hasattr(os, "sched_setaffinity"):
            return
        there = sorted(os.sched_getaffinity(0))
        if count >= len(there):
            return
        with suppress(OSError):  # the work is done without
            folder = folder or common_folder("cores")
            for core in there:
                if len(self._held) < count:
                    with suppress(BlockingIOError):
                        self._held[core] = HeldFile(str(core), folder)
        if len(self._held) < count:
            self.close()

    @property
    def cores(self) -> frozenset[int]:
        """Their numbers; empty where none is held."""
        return frozenset(self._held)

    def stay(self) -> None:
        """Keep the thread that calls, and those it will start, to these cores, if any are held."""
        if self._held:
            with suppress(OSError):  # they may have been taken from this process meanwhile
                os.sched_setaffinity(0, self._held)

    def close(self) -> None:
        """Others may take them."""
        for held in self._held.values():
            held.close()
        self._held = {}
