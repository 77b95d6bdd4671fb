"""The command line: ``zoomearth``, in the engine's Python.

Exit status: 0 for a result, 1 for a failure that has a code, 2 for a wrong call, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import json
import logging
import os
import re
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import cli_values
from .batch.command import add_batch
from .core.errors import (
    Cancelled,
    DiskFullError,
    EngineMissingError,
    OutputUnwritableError,
    ZoomEarthError,
)
from .core.placing import ControlFit, Placing
from .core.progress import CancelToken, Progress
from .core.types import Answer, Options, Query, RasterRequest, Stretch
from .resources import version

FAILED, INTERRUPTED = 1, 130
"""Exit statuses; the second one is that after Ctrl+C."""
_log = logging.getLogger(__name__)
_MAY_BE_NEGATIVE = ("--area", "--pixels", "--height")
_STARTS_WITH_A_MINUS = re.compile(r"-[\d.]")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What follows ``zoomearth``; None for the process's own.

    Returns:
        The exit status.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # an answer is told on a terminal without its letters, too
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = _parser()
    given = sys.argv[1:] if arguments is None else arguments
    for argument in given:
        if not _is_text(argument):
            parser.error(f"{argument!r} is no text in this system's encoding")
    options = parser.parse_args(_joined(given))
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING,
        stream=sys.stderr,
        format="%(levelname)s %(name)s: %(message)s",
    )
    try:
        return int(options.run(options))
    except (KeyboardInterrupt, Cancelled):
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except ZoomEarthError as error:
        return _failed(error, options)
    except ImportError as error:
        hint = "Install the engine with what this command needs: pip install 'zoomearth[train]'."
        return _failed(EngineMissingError(f"a package is missing: {error}", hint), options)
    except Exception as error:  # noqa: BLE001 # the process's boundary: a caller of --json gets its object
        _log.exception("the command failed")
        return _failed(ZoomEarthError(f"{type(error).__name__}: {error}"), options)


def _failed(error: ZoomEarthError, options: argparse.Namespace, answer: Answer | None = None) -> int:
    """Tell of a failure; an answer that could not be stored is not lost."""
    with contextlib.suppress(OutputUnwritableError, DiskFullError):  # standard error is all that is left
        if options.json:
            _print_json({**(answer.to_public_json() if answer else {}), "error": error.to_json()})
        elif answer is not None:
            _print(_in_words(answer))
    print(f"zoomearth: {error.message}\n{error.hint} ({error.code})", file=sys.stderr)
    return FAILED


def _joined(arguments: Sequence[str]) -> list[str]:
    """``--area -74,40,-73,41`` as ``--area=-74,…``: argparse takes what begins with a minus for an option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in _MAY_BE_NEGATIVE and _STARTS_WITH_A_MINUS.match(argument):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _is_text(argument: str) -> bool:
    """Whether it has no bytes that Python could not decode: no question, and no name that GDAL takes."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zoomearth", description="Questions about large rasters.")
    parser.set_defaults(json=False)
    parser.add_argument("--version", action="version", version=f"zoomearth {version()}")
    parser.add_argument("--verbose", action="store_true", help="tell more on standard error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_ask(commands)
    add_batch(commands)
    models = commands.add_parser("models", help="list the models, or show one")
    models.add_argument("action", choices=["list", "show"])
    models.add_argument("name", nargs="?", help="of the model to show")
    models.add_argument("--json", action="store_true", help="one JSON object on standard output")
    models.set_defaults(run=_models)
    worker = commands.add_parser("worker", help="answer a client on the standard streams")
    worker.set_defaults(run=_worker)
    scenes = commands.add_parser("scenes", help="draw training scenes with their questions")
    scenes.add_argument("out", type=Path, metavar="OUT", help="folder")
    scenes.add_argument("--count", type=cli_values.count, default=10)
    scenes.add_argument("--seed", type=int, default=0, help="of the first scene")
    scenes.add_argument(
        "--size", type=cli_values.scene_size, default=4096, metavar="PX", help="side of a scene"
    )
    scenes.add_argument("--sheet", type=Path, metavar="FILE", help="a contact sheet, too")
    scenes.set_defaults(run=_scenes)
    train = commands.add_parser("train", help="train a model")
    train.add_argument("kind", choices=["sft", "grpo"])
    train.add_argument("config", type=Path, metavar="CONFIG.toml")
    train.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change an entry of it",
    )
    train.add_argument("--dry-run", action="store_true", help="only tell sizes, memory and time")
    train.set_defaults(run=_train)
    bench = commands.add_parser("bench", help="measure a model")
    bench.add_argument("name", choices=["scenes", "lrs-gro", "imagery"])
    bench.add_argument("rest", nargs=argparse.REMAINDER, metavar="…", help="see: zoomearth bench NAME --help")
    bench.set_defaults(run=_bench)
    return parser


def _add_ask(commands: Any) -> None:
    ask = commands.add_parser("ask", help="ask a question about a raster")
    ask.add_argument("raster", metavar="RASTER", help="anything that GDAL opens")
    ask.add_argument("question", metavar="QUESTION")
    where = ask.add_mutually_exclusive_group()
    where.add_argument(
        "--area", type=cli_values.area, metavar="xmin,ymin,xmax,ymax", help="in the raster's map coordinates"
    )
    where.add_argument("--pixels", type=cli_values.pixels, metavar="c0,r0,c1,r1", help="columns and rows")
    ask.add_argument(
        "--bands", type=cli_values.bands, default=(), metavar="4,3,2", help="one band, or red,green,blue"
    )
    ask.add_argument("--stretch", choices=[stretch.value for stretch in Stretch], help="of pixel values")
    _add_placing(ask)
    ask.add_argument(
        "--model", default=Query.model, metavar="NAME|FOLDER|scripted:FILE.json", help="default: %(default)s"
    )
    ask.add_argument(
        "--max-zooms", type=cli_values.zooms, default=Options.max_zooms, metavar="N", help="0: none"
    )
    ask.add_argument("--view-side", type=cli_values.count, metavar="PX", help="longer side of each view")
    ask.add_argument("--output", type=Path, metavar="F.gpkg", help="append the answer to a GeoPackage")
    ask.add_argument("--json", action="store_true", help="one JSON object on standard output")
    ask.set_defaults(run=_ask)


def _add_placing(ask: argparse.ArgumentParser) -> None:
    fits = [fit.value for fit in ControlFit]
    ask.add_argument(
        "--gcps", choices=fits, default=fits[0], help="how control points are followed; default: %(default)s"
    )
    ground = ask.add_mutually_exclusive_group()
    ground.add_argument(
        "--height",
        type=cli_values.height,
        metavar="M",
        help="of the ground, for rational polynomials; else the file's",
    )
    ground.add_argument("--dem", metavar="RASTER", help="heights of the ground, for rational polynomials")


def _ask(options: argparse.Namespace) -> int:
    stretch = Stretch(options.stretch) if options.stretch else None
    placing = Placing(ControlFit(options.gcps), options.height, options.dem)
    request = RasterRequest(options.raster, options.bands, stretch, placing)
    looking = Options(max_zooms=options.max_zooms, view_side_px=options.view_side)
    query = Query(options.question, request, options.area or options.pixels, looking, options.model)
    query = query.validated()
    asked_at = datetime.now(timezone.utc)
    with contextlib.redirect_stdout(sys.stderr):  # what libraries print is no part of the result
        answer = _answer(query, options.output)
    if options.output is not None:
        from .answers_file import append_answer

        try:
            append_answer(options.output, answer, query, asked_at)
        except ZoomEarthError as error:
            return _failed(error, options, answer)
    if options.json:
        _print_json(answer.to_public_json())
    else:
        _print(_in_words(answer))
    return 0


def _answer(query: Query, output: Path | None) -> Answer:
    """Cheap failures come first: the raster, the area, the output, and then the model."""
    from .models.loading import load_engine
    from .perception.loop import ask
    from .raster.reading import open_raster

    cancel = CancelToken()
    tell = _Teller()
    with open_raster(query.raster) as raster:
        raster.resolve(query.area)
        if output is not None:
            from .answers_file import check_writable

            check_writable(output, raster.grid.crs_text)
        engine = load_engine(query.model, report=tell, cancel=cancel)
        return ask(query, raster, engine, report=tell, cancel=cancel)


def _in_words(answer: Answer) -> str:
    lines = [answer.text or "(no answer)"]
    for region in answer.regions:
        left, top, right, bottom = (round(side) for side in region.pixel_box.to_json())
        lines.append(f"  {region.label or 'region'}: columns {left} to {right}, rows {top} to {bottom}")
        corners = ", ".join(f"({x:.10g}, {y:.10g})" for x, y in region.polygon)
        lines.append(f"  {answer.crs or answer.frame.value}: {corners}")
    if answer.seen_gsd_m is not None:
        lines.append(f"  finest pixel seen: {answer.seen_gsd_m:.3g} m")
    lines.append(f"  seen in full detail: {answer.native_share:.2%} of the area")
    lines += [f"  shown: {told.partition(': ')[2]}" for told in answer.approximations]
    lines += [f"  note: {warning}" for warning in answer.warnings]
    return "\n".join(lines)


class _Teller:
    """Progress on standard error, a line a stage."""

    def __init__(self) -> None:
        self._told = ""

    def __call__(self, progress: Progress) -> None:
        if progress.stage.value != self._told:
            self._told = progress.stage.value
            print(f"{self._told.replace('_', ' ')}…", file=sys.stderr, flush=True)


def _print_json(value: dict[str, Any]) -> None:
    """ASCII, so that no terminal's or pipe's encoding can spoil it."""
    _print(json.dumps(value, allow_nan=False))


def _print(text: str) -> None:
    """Print a result, and see that it got out.

    Raises:
        OutputUnwritableError, DiskFullError: What takes standard output takes no more; all that follows
            on it is dropped, so that this can be told in peace.
    """
    try:
        print(text, flush=True)
    except OSError as error:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        hint = "See to what takes standard output, then try again."
        raise _output_error("standard output", error, hint) from error


def _output_error(name: str, error: OSError, hint: str | None = None) -> ZoomEarthError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(f"{name}: {error}")
    return OutputUnwritableError(f"{name}: {error}", hint)


def _models(options: argparse.Namespace) -> int:
    from .models.listing import listed, shown

    if options.action == "show":
        profile = shown(options.name or Query.model)
        table = [f"{key}: {value}" for key, value in profile.items()]
        value: dict[str, Any] = profile
    else:
        profiles = listed()
        table = [f"{p['name']:24} {p['state']:10} {p['licence']:18} {p['title']}" for p in profiles]
        value = {"models": profiles}
    if options.json:
        _print_json(value)
    else:
        _print("\n".join(table))
    return 0


def _worker(_: argparse.Namespace) -> int:
    from .worker import main as serve

    return serve()


def _scenes(options: argparse.Namespace) -> int:
    from .training.scenes.sheet import contact_sheet
    from .training.scenes.writing import write_scenes

    try:
        if options.sheet:
            contact_sheet(options.sheet, options.seed)
        write_scenes(options.out, options.count, options.seed, options.size)
        return 0
    except OSError as error:
        raise _output_error(str(options.out), error) from error


def _train(options: argparse.Namespace) -> int:
    logging.getLogger(__package__).setLevel(logging.INFO)  # a run is watched while it goes on
    if options.dry_run:
        from .training.estimates import describe

        sys.stdout.write(f"{describe(options.config, options.kind, options.changes)}\n")
        return 0
    if options.kind == "grpo":
        from .training.grpo import main as reinforce

        return reinforce(options.config, options.changes)
    from .training import sft, tuning, tuning_config

    train = tuning.main if tuning_config.is_tuning_file(options.config) else sft.main
    return train(options.config, options.changes)


def _bench(options: argparse.Namespace) -> int:
    from .benchmark.report import main as measure

    return measure(options.name, options.rest)
