"""``zoomearth batch``: its arguments, its progress, its last words. Heavy imports wait until it runs."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import JobTableInvalidError
from ..core.progress import CancelToken
from ..core.types import Options, Query

if TYPE_CHECKING:
    from .carrying import Tally

_TELL_EVERY_S = 2.0
ENGINES = ("local", "ray")


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
    from .carrying import Output, run_batch
    from .jobs import read_jobs
    from .running import RunSettings, run_local

    if options.resume and options.overwrite:
        raise JobTableInvalidError("--resume and --overwrite exclude each other", "Choose one of them.")
    jobs = read_jobs(Path(options.jobs), model=options.model)
    looking = Options(max_zooms=options.max_zooms, view_side_px=options.view_side)
    settings = RunSettings(looking, options.together)
    output = Output(options.output, options.crs, options.resume, options.overwrite)
    runner = run_local
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
        sys.stdout.write(f"{json.dumps(told)}\n")
    else:
        new = f"{tally.answered} answered, {tally.failed} failed"
        sys.stdout.write(f"{new}, {tally.before} done before, of {tally.total}\n")
    return 0


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
