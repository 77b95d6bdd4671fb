"""Who of those that ask gives no sign of life: a disk or a server may not answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..core.progress import Progress, Report
from .jobs import Job

_log = logging.getLogger(__name__)
SILENT_S = 120.0
"""After so long without a sign of life a job is told of."""


class Watch:
    """Who is being asked, and since when there was no sign of life."""

    def __init__(self) -> None:
        self._heard: dict[str, tuple[str, float]] = {}
        self._told: set[str] = set()

    @contextmanager
    def on(self, job: Job) -> Iterator[Report]:
        """Within: the job is asked; gives what is told of its progress."""

        def report(progress: Progress) -> None:
            if job.id in self._heard:
                self._heard[job.id] = job.raster, time.monotonic()

        self._heard[job.id] = job.raster, time.monotonic()
        try:
            yield report
        finally:
            del self._heard[job.id]

    def look(self) -> None:
        """Tell, once each, of those that are silent for long."""
        now_s = time.monotonic()
        for identity, (raster, heard_s) in list(self._heard.items()):
            if now_s - heard_s > SILENT_S and identity not in self._told:
                self._told.add(identity)
                _log.warning(
                    "job %s gives no sign for %.0f s and is waited for; its raster is %s",
                    *(identity, SILENT_S, raster),
                )
