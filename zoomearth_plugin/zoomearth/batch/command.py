"""``zoomearth batch``: its arguments, its progress, its last words. Heavy imports wait until it runs."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import JobTableInvalidError, OutputUnwritableError
from ..core.progress import CancelToken
from ..core.types import Options, Query

if TYPE_CHECKING:
    from .carrying import Tally

_TELL_EVERY_S = 2.0
ENGINES = ("local", "ray")
_ANOTHER = "Name another file."


def add_batch(commands: Any, count: Callable[[str], int], zooms: Callable[[str], int]) -> None:
    """Add the command to a parser's.

    Args:
        commands: Of argparse.
        count: Reads a whole number from 1.
        zooms: Reads a limit of zooms.
    """
    batch = commands.add_parser("batch", help="ask many questions about many rasters; resumable")
    columns = "a .csv, .parquet or .gpkg with the columns raster, question[, area, id, model]"
    batch.add_argument("jobs", metavar="JOBS", help=columns)
    batch.add_argument("--output", type=Path, required=True, metavar="F.gpkg")
    batch.add_argument("--resume", action="store_true", help="go on with what an earlier run left in F.gpkg")
    batch.add_argument("--overwrite", action="store_true", help="replace F.gpkg")
    batch.add_argument("--crs", default="EPSG:4326", help="in which regions are kept; default: %(default)s")
    batch.add_argument("--model", default=Query.model, help="for rows that name none; default: %(default)s")
    batch.add_argument("--max-zooms", type=zooms, default=Options.max_zooms, metavar="N", help="0: none")
    batch.add_argument("--view-side", type=count, metavar="PX", help="longer side of each view")
    batch.add_argument("--together", type=count, default=8, metavar="N", help="questions asked at once")
    batch.add_argument("--engine", choices=ENGINES, default="local")
    batch.add_argument("--workers", type=count, metavar="N", help="of Ray; default: one for each GPU or CPU")
    batch.add_argument("--address", metavar="HOST:PORT", help="of a Ray cluster; else one is started here")
    batch.add_argument("--report", type=Path, metavar="F.html", help="what came of it, as a page")
    batch.add_argument("--table", type=Path, metavar="F.csv", help="answers without times, sorted by id")
    batch.add_argument("--json", action="store_true", help="one JSON object on standard output")
    batch.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run it; raises what :func:`.carrying.run_batch` raises."""
    from .carrying import Output, Runner, run_batch
    from .jobs import read_jobs
    from .running import RunSettings, run_local

    _check_files(options)
    if options.resume and options.overwrite:
        raise JobTableInvalidError("--resume and --overwrite exclude each other", "Choose one of them.")
    jobs = read_jobs(Path(options.jobs), model=options.model)
    if str(options.output.resolve()) in {job.raster for job in jobs}:
        raise OutputUnwritableError(f"--output names {options.output}, a raster of the jobs", _ANOTHER)
    looking = Options(max_zooms=options.max_zooms, view_side_px=options.view_side)
    settings = RunSettings(looking, options.together)
    output = Output(options.output, options.crs, options.resume, options.overwrite)
    runner: Runner = run_local
    if options.engine == "ray":
        from .ray_running import ray_runner

        runner = ray_runner(workers=options.workers, address=options.address)
    cancel = CancelToken()
    with _interruptible(cancel), _Progress(len(jobs)) as progress:
        tally = run_batch(jobs, output, settings, cancel=cancel, tell=progress.tell, runner=runner)
    if options.table is not None:
        from .export import write_table

        write_table(options.output, options.table)
    if options.report is not None:
        from .report import write_report

        write_report(options.output, options.report)
    told = {"jobs": tally.total, "before": tally.before, "answered": tally.answered, "failed": tally.failed}
    if options.json:
        _print(json.dumps(told))
    else:
        new = f"{tally.answered} answered, {tally.failed} failed"
        _print(f"{new}, {tally.before} done before, of {tally.total}")
    return 0


def _print(text: str) -> None:
    """Print a result, and see that it got out; raises DiskFullError or OutputUnwritableError."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError as error:
        from ..answers_file import storage_error

        with open(os.devnull, "wb") as nowhere:  # what is left in the buffer is told nowhere
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise storage_error(Path("standard output"), error) from error


def _check_files(options: argparse.Namespace) -> None:
    """Raises OutputUnwritableError where files that are written are no such, before hours are spent."""
    seen = {Path(str(options.jobs).partition("|")[0]).resolve(): "the job table"}
    for path, name in (
        (options.output, "--output"),
        (options.report, "--report"),
        (options.table, "--table"),
    ):
        if path is None:
            continue
        if path.resolve() in seen:
            raise OutputUnwritableError(f"{name} names {path}, and that is {seen[path.resolve()]}", _ANOTHER)
        seen[path.resolve()] = f"{name}, too"
        if not path.parent.is_dir() or path.is_dir():
            raise OutputUnwritableError(
                f"{name} names {path}: its folder is not there, or it is one", "Name a file in a folder."
            )


class _interruptible:  # noqa: N801 # reads as a verb's form where it is used
    """Within: Ctrl+C asks the batch to stop, and what is done is written; a second one stops it at once."""

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel
        self._before: Any = None

    def __enter__(self) -> None:
        def asked(*_: object) -> None:
            signal.signal(signal.SIGINT, self._before)
            self._cancel.cancel()

        self._before = signal.signal(signal.SIGINT, asked)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)


class _Progress:
    """A bar with rate and time left on a terminal; a line now and then elsewhere.

    Args:
        total: Jobs in all.
    """

    def __init__(self, total: int) -> None:
        from tqdm import tqdm

        self._is_terminal = sys.stderr.isatty()
        self._bar = tqdm(total=total, unit="question", file=sys.stderr, disable=not self._is_terminal)
        self._start_s = self._told_s = time.monotonic()
        self._message = ""

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def tell(self, tally: Tally) -> None:
        """Show how far it is."""
        if tally.message != self._message:
            self._message = tally.message
            if tally.message:
                self._say(tally.message)
        if self._is_terminal:
            if self._bar.n == 0 and tally.before:
                self._bar.initial = tally.before
            self._bar.update(tally.done - self._bar.n)
            self._bar.set_postfix(failed=tally.failed, refresh=False)
        elif time.monotonic() - self._told_s > _TELL_EVERY_S or tally.done == tally.total:
            self._told_s = time.monotonic()
            self._say(self._line(tally))

    def _line(self, tally: Tally) -> str:
        new = tally.answered + tally.failed
        rate = new / max(1e-9, time.monotonic() - self._start_s)
        left_s = (tally.total - tally.done) / rate if rate > 0 else 0.0
        return (
            f"{tally.done} of {tally.total}, {tally.failed} failed, {rate:.2f} a second, {left_s:.0f} s left"
        )

    def _say(self, text: str) -> None:
        self._bar.write(text, file=sys.stderr)
