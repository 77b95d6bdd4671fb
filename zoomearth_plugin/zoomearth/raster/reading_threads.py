"""Threads that read, kept for whoever reads next: in each new one, PROJ reads its tables anew.

That takes ten times as long as all else of opening a small file.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

NAME = "zoomearth-reading"
_MOST_IDLE = 48
_lock = threading.Lock()
_idle: list[ThreadPoolExecutor] = []


def reading_thread() -> ThreadPoolExecutor:
    """A thread; :func:`keep` it afterwards, or shut it down."""
    with _lock:
        if _idle:
            return _idle.pop()
    return ThreadPoolExecutor(1, NAME, _give_way)


def keep(thread: ThreadPoolExecutor) -> None:
    """Let somebody else have it; it must have had something to do, and have nothing left."""
    with _lock:
        if len(_idle) < _MOST_IDLE:
            _idle.append(thread)
            return
    thread.shutdown(wait=False)


def are_reading() -> bool:
    """Whether any has something to do, be it one that was shut down."""
    alive = sum(thread.name.startswith(NAME) for thread in threading.enumerate())
    return alive > len(_idle)


def _give_way() -> None:
    """Wait until who computes is at the end of its turn: to interrupt it costs both more than it gains."""
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):  # a system may refuse it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _start_anew() -> None:
    """Threads do not live on in a forked process."""
    global _lock
    _lock = threading.Lock()
    _idle.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
