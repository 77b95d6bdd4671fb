"""Threads that read, kept for the next pass: in each new one, PROJ reads its tables anew.

That takes ten times as long as all else of opening a small file.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

_MOST_IDLE = 16
_lock = threading.Lock()
_idle: list[ThreadPoolExecutor] = []


def reading_thread() -> ThreadPoolExecutor:
    """A thread for one pass; :func:`keep` it afterwards, or shut it down."""
    with _lock:
        if _idle:
            return _idle.pop()
    return ThreadPoolExecutor(1, "zoomearth-reading")


def keep(thread: ThreadPoolExecutor) -> None:
    """Let another pass have it; it must have nothing left to do."""
    with _lock:
        if len(_idle) < _MOST_IDLE:
            _idle.append(thread)
            return
    thread.shutdown(wait=False)


def _start_anew() -> None:
    """Threads do not live on in a forked process."""
    global _lock
    _lock = threading.Lock()
    _idle.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
