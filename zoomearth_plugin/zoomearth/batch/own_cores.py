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
        count: How many; all, or where there is no way to tell which are free, none is held.
        folder: Of what is held; the same for all who are to be told apart.
        shares: What to do where fewer are free: take others' beside those, instead of none at all.
    """

    def __init__(self, count: int, folder: Path | None = None, *, shares: bool = False) -> None:
        self._held: list[HeldFile] = []
        self._cores: frozenset[int] = frozenset()
        if not hasattr(os, "sched_setaffinity"):
            return
        there = sorted(os.sched_getaffinity(0))
        if count >= len(there):
            return
        free: list[int] = []
        with suppress(OSError):  # the work is done without
            folder = folder or common_folder("cores")
            for core in there:
                if len(free) < count:
                    with suppress(BlockingIOError):
                        self._held.append(HeldFile(str(core), folder))
                        free.append(core)
        if len(free) == count:
            self._cores = frozenset(free)
        elif shares:
            others = [core for core in there if core not in free]
            first = os.getpid() % len(others)  # not everybody the same ones
            self._cores = frozenset(free + (others[first:] + others[:first])[: count - len(free)])
        else:
            self.close()

    @property
    def cores(self) -> frozenset[int]:
        """Their numbers; empty where the system chooses."""
        return self._cores

    def stay(self) -> None:
        """Keep the thread that calls, and those it will start, to these cores, if there are any."""
        if self._cores:
            with suppress(OSError):  # they may have been taken from this process meanwhile
                os.sched_setaffinity(0, self._cores)

    def close(self) -> None:
        """Others may take them."""
        for held in self._held:
            held.close()
        self._held, self._cores = [], frozenset()
