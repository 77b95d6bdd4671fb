"""A whole batch: which jobs are left, who answers them, and that each outcome gets to the file."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import DiskFullError, OutputUnwritableError, ZoomEarthError
from ..core.progress import CancelToken
from .jobs import Job, digest_of
from .moving import is_of_maps
from .outcome import Outcome
from .running import RunSettings, run_local
from .store import DEFAULT_CRS, BatchStore, OutputLockedError, create_store, resume_store

_log = logging.getLogger(__name__)
RETRY_S = 5.0
"""How often a full disk, or an output that another program holds, is tried again."""
_POLL_S = 0.05
Runner = Callable[[Sequence[Job], RunSettings, Callable[[Outcome], None], CancelToken], None]
Teller = Callable[["Tally"], None]


@dataclass(frozen=True)
class Output:
    """Where outcomes go.

    Args:
        path: A GeoPackage.
        crs: In which answers are kept.
        resume: Whether to go on with what an earlier run left there.
        overwrite: Whether to replace what is there.
        asks_failures_again: Whether to ask again what failed then; only with ``resume``.
    """

    path: Path
    crs: str = DEFAULT_CRS
    resume: bool = False
    overwrite: bool = False
    asks_failures_again: bool = False


@dataclass
class Tally:
    """How far a batch is.

    Args:
        total: Jobs in all.
        before: Of those, done by an earlier run.
        before_failed: Of those, failed then, and not asked again.
        answered: By this one.
        failed: By this one.
        message: What holds it up; empty while nothing does.
    """

    total: int
    before: int = 0
    before_failed: int = 0
    answered: int = 0
    failed: int = 0
    message: str = ""

    @property
    def done(self) -> int:
        """With those of earlier runs."""
        return self.before + self.answered + self.failed


def run_batch(
    jobs: Sequence[Job],
    output: Output,
    settings: RunSettings,
    *,
    cancel: CancelToken,
    tell: Teller = lambda tally: None,
    runner: Runner = run_local,
) -> Tally:
    """Ask all jobs that have no outcome yet; what is done stays written, whatever happens.

    Args:
        jobs: All of the table's.
        output: Where outcomes go.
        settings: How to ask.
        cancel: Stops; the outcomes that came are written.
        tell: Hears of every outcome, and of what holds the batch up.
        runner: Who answers.

    Raises:
        OutputUnwritableError: The output cannot be made, or is another batch's.
        DiskFullError, OutputLockedError: It was cancelled while it waited for either.
        Cancelled: On request.
    """
    with _store(jobs, output, settings) as store:
        left = [job for job in jobs if job.id not in store.done]
        tally = Tally(len(jobs), before=len(jobs) - len(left), before_failed=len(store.failed))
        tell(tally)

        def take(outcome: Outcome) -> None:
            _patiently(lambda: store.add(outcome), store, tally, tell, cancel)
            if outcome.answer is None:
                tally.failed += 1
                told = " ".join(str(outcome.error).split())
                code = getattr(outcome.error, "code", "error")
                _log.warning("job %s failed: %s (%s)", outcome.job.id, told, code)
            else:
                tally.answered += 1
            tell(tally)

        if left:
            runner(left, settings, take, _Saving(cancel, store))
        _patiently(store.flush, store, tally, tell, cancel)
        return tally


class _Saving(CancelToken):
    """As another token; whoever asks whether to stop sees to it that what came is written in time.

    Before it stops the batch, all is: to stop all threads may take a while.

    Args:
        token: Of who runs the batch.
        store: Used in this thread only.
    """

    def __init__(self, token: CancelToken, store: BatchStore) -> None:
        super().__init__()
        self._token = token
        self._store = store
        self._thread = threading.get_ident()

    def cancel(self) -> None:
        self._token.cancel()

    @property
    def is_cancelled(self) -> bool:
        return self._token.is_cancelled

    def check(self) -> None:
        is_time = self._token.is_cancelled or self._store.is_due
        if is_time and threading.get_ident() == self._thread:
            with suppress(ZoomEarthError):  # tried again in the end, and told then
                self._store.flush()
        self._token.check()


def _store(jobs: Sequence[Job], output: Output, settings: RunSettings) -> BatchStore:
    digest = f"{digest_of(jobs)} {settings.options.to_json()}"
    if not is_of_maps(output.crs):
        raise OutputUnwritableError(
            f"answers cannot be kept in {output.crs!r}: it is no CRS of maps",
            "Name one of places, as EPSG:4326 or EPSG:32633.",
        )
    if output.resume:
        store = resume_store(output.path, digest)
        if store.crs != output.crs:
            store.drop()
            raise OutputUnwritableError(
                f"{output.path} keeps its answers in {store.crs}, not in {output.crs}",
                f"Go on with --crs {store.crs}, or name another file.",
            )
        if output.asks_failures_again:
            store.forget_failures()
        return store
    return create_store(output.path, digest, crs=output.crs, overwrite=output.overwrite)


def _patiently(
    write: Callable[[], None], store: BatchStore, tally: Tally, tell: Teller, cancel: CancelToken
) -> None:
    """Write; while that cannot be, wait and try again: nothing that was answered is lost."""
    attempt = write
    while True:
        try:
            attempt()
        except (DiskFullError, OutputLockedError) as error:
            tally.message = f"The disk is full: {error.message}. Free some space, and it goes on by itself."
            if isinstance(error, OutputLockedError):
                tally.message = f"{error.message}. Close it there, and it goes on by itself."
            tell(tally)
            if not _waited(RETRY_S, cancel):
                raise
            attempt = store.flush  # what was to be added is kept
        else:
            break
    if tally.message:
        tally.message = ""
        tell(tally)


def _waited(seconds: float, cancel: CancelToken) -> bool:
    """False when a request to stop came first."""
    deadline_s = time.monotonic() + seconds
    while time.monotonic() < deadline_s:
        if cancel.is_cancelled:
            return False
        time.sleep(_POLL_S)
    return True
