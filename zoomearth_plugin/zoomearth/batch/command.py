"""``zoomearth batch``: its arguments, its progress, its last words. Heavy imports wait until it runs."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import cli_values
from ..core.errors import OutputUnwritableError
from ..core.progress import CancelToken
from ..core.types import Options, Query
from .progress_line import ProgressLine

if TYPE_CHECKING:
    from .carrying import Tally
    from .jobs import Job

ENGINES = ("local", "ray")
_ANOTHER = "Name another file."
_ENDINGS = {"--table": (".csv",), "--report": (".html", ".htm")}


def add_batch(commands: Any) -> None:
    """Add the command to a parser's, argparse's own."""
    batch = commands.add_parser("batch", help="ask many questions about many rasters; resumable")
    columns = "a .csv, .parquet or .gpkg with the columns raster, question[, area, id, model, bands]"
    batch.add_argument("jobs", metavar="JOBS", help=columns)
    batch.add_argument(
        "--output", type=Path, required=True, metavar="F.gpkg", help="where answers and failures are written"
    )
    batch.add_argument("--resume", action="store_true", help="go on with what an earlier run left in F.gpkg")
    batch.add_argument(
        "--retry-failures", action="store_true", help="as --resume, and ask again what failed then"
    )
    batch.add_argument("--overwrite", action="store_true", help="replace F.gpkg, and table and report")
    batch.add_argument("--crs", default="EPSG:4326", help="in which regions are kept; default: %(default)s")
    batch.add_argument("--model", default=Query.model, help="for rows that name none; default: %(default)s")
    batch.add_argument(
        "--max-zooms",
        type=cli_values.zooms,
        default=Options.max_zooms,
        metavar="N",
        help="how often the model may zoom in, 0 for never; default: %(default)s",
    )
    batch.add_argument(
        "--view-side",
        type=cli_values.view_side,
        metavar="PX",
        help="longer side of each view; default: the model's own",
    )
    batch.add_argument(
        "--together",
        type=cli_values.count,
        default=8,
        metavar="N",
        help="questions asked at once; default: %(default)s",
    )
    batch.add_argument(
        "--engine",
        choices=ENGINES,
        default=ENGINES[0],
        help="who asks: this process, or workers of Ray; default: %(default)s",
    )
    batch.add_argument(
        "--workers",
        type=cli_values.count,
        metavar="N",
        help="of Ray; default: one for each GPU, else for each CPU, or each N of --cores",
    )
    batch.add_argument(
        "--cores",
        type=cli_values.count,
        metavar="N",
        help="that each worker keeps to (Linux); default: an even share of its machine",
    )
    batch.add_argument("--address", metavar="HOST:PORT", help="of a Ray cluster; else one is started here")
    batch.add_argument("--report", type=Path, metavar="F.html", help="what came of it, as a page")
    batch.add_argument("--table", type=Path, metavar="F.csv", help="all rows without times, sorted by job")
    batch.add_argument("--json", action="store_true", help="one JSON object on standard output")
    batch.add_argument(  # here, too: who types it last means the same
        "--verbose", action="store_true", default=argparse.SUPPRESS, help="tell more on standard error"
    )
    batch.set_defaults(run=run, refuse=batch.error)


def run(options: argparse.Namespace) -> int:
    """Run it; raises what :func:`.carrying.run_batch` raises, and SystemExit for a wrong call."""
    if options.engine == "local" and (options.workers or options.cores or options.address):
        options.refuse("--workers, --cores and --address need --engine ray: the local engine has no workers")
    if options.cores and not hasattr(os, "sched_setaffinity"):
        options.refuse("--cores: this system keeps no process to some of its cores")
    from .carrying import Output, Runner, run_batch
    from .jobs import read_jobs
    from .running import RunSettings, run_local

    resume = options.resume or options.retry_failures
    if resume and options.overwrite:
        raise OutputUnwritableError(
            f"--resume goes on with {options.output}, and --overwrite replaces it", "Choose one of them."
        )
    _check_files(options, may_replace=resume or options.overwrite)
    jobs = read_jobs(Path(options.jobs), model=options.model)
    _check_rasters(options, jobs)
    looking = Options(max_zooms=options.max_zooms, view_side_px=options.view_side)
    settings = RunSettings(looking, options.together)
    output = Output(options.output, options.crs, resume, options.overwrite, options.retry_failures)
    runner: Runner = run_local
    if options.engine == "ray":
        from .ray_running import ray_runner

        runner = ray_runner(workers=options.workers, address=options.address, cores=options.cores)
    # Rasterio keeps it to itself, but not where threads change the filters at the same time.
    warnings.filterwarnings("ignore", "Dataset has no geotransform")
    cancel = CancelToken()
    with _interruptible(cancel), ProgressLine(len(jobs)) as progress:
        tally = run_batch(jobs, output, settings, cancel=cancel, tell=progress.tell, runner=runner)
    if options.table is not None:
        from .export import write_table

        write_table(options.output, options.table)
    if options.report is not None:
        from .report import write_report

        write_report(options.output, options.report)
    _print(_in_json(tally) if options.json else _in_words(tally))
    return 0


def _in_json(tally: Tally) -> str:
    told = {"jobs": tally.total, "before": tally.before, "before_failed": tally.before_failed}
    return json.dumps({**told, "answered": tally.answered, "failed": tally.failed})


def _in_words(tally: Tally) -> str:
    before = f"{tally.before} done before"
    if tally.before_failed:
        before += f", {tally.before_failed} of them failed"
    return f"{tally.answered} answered, {tally.failed} failed, {before}, of {tally.total}"


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


def _files(options: argparse.Namespace) -> dict[str, Path]:
    """The files that are written, by the option that names each."""
    named = {"--output": options.output, "--report": options.report, "--table": options.table}
    return {name: path for name, path in named.items() if path is not None}


def _check_files(options: argparse.Namespace, *, may_replace: bool) -> None:
    """Find out before hours are spent whether all files can be written, and are not one another.

    Args:
        options: Which files.
        may_replace: Whether those beside the output may be there already; it knows of itself.

    Raises:
        OutputUnwritableError, DiskFullError: The message names the file.
    """
    from .report_files import check_place

    seen = {Path(str(options.jobs).partition("|")[0]).resolve(): "the job table"}
    for name, path in _files(options).items():
        check_place(path)
        endings = _ENDINGS.get(name, ())
        if endings and path.suffix.lower() not in endings:
            raise OutputUnwritableError(
                f"{name} names {path}, which does not end in {' or '.join(endings)}",
                f"Name a file that ends in {endings[0]}.",
            )
        if path.resolve() in seen:
            raise OutputUnwritableError(f"{name} names {path}, and that is {seen[path.resolve()]}", _ANOTHER)
        if name in _ENDINGS and path.exists() and not may_replace:
            raise OutputUnwritableError(
                f"{name} names {path}, which is there already",
                f"Name another file, or go on with --resume; --overwrite replaces it, and {options.output}.",
            )
        seen[path.resolve()] = f"the file of {name}, too"


def _check_rasters(options: argparse.Namespace, jobs: Iterable[Job]) -> None:
    """Raises OutputUnwritableError where a file that is written is one that is asked about."""
    rasters = {job.raster for job in jobs}
    for name, path in _files(options).items():
        if any(_is_read_from(raster, path.resolve()) for raster in rasters):
            raise OutputUnwritableError(f"{name} names {path}, a raster of the jobs", _ANOTHER)


def _is_read_from(raster: str, path: Path) -> bool:
    """Whether a raster is the file, by another name perhaps; or a part of it, as in ``GPKG:FILE:TABLE``."""
    _, found, rest = raster.partition(str(path))
    if found and (not rest or rest[0] in ':"'):
        return True
    return raster.lower().endswith(path.suffix.lower()) and Path(raster).resolve() == path


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
