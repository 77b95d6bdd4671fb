"""The command line: ``zoomearth``, in the engine's Python.

Exit status: 0 for an answer, 1 for a failure that has a code, 2 for a wrong call, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .core.errors import Cancelled, EngineMissingError, ZoomEarthError
from .core.frames import PixelBox
from .core.progress import CancelToken, Progress
from .core.types import Answer, Area, Options, Query, RasterRequest, Stretch
from .resources import version

WRONG_CALL, FAILED, INTERRUPTED = 2, 1, 130
MAX_ZOOMS = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What follows ``zoomearth``; None for the process's own.

    Returns:
        The exit status.
    """
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.command != "bench":
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING,
        stream=sys.stderr,
        format="%(levelname)s %(name)s: %(message)s",
    )
    as_json = getattr(options, "json", False) is True
    try:
        return int(options.run(options, rest))
    except ZoomEarthError as error:
        return _failed(error, as_json)
    except ImportError as error:
        hint = "Install the engine with what this command needs: pip install 'zoomearth[train]'."
        return _failed(EngineMissingError(f"a package is missing: {error}", hint), as_json)
    except (KeyboardInterrupt, Cancelled):
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def _failed(error: ZoomEarthError, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": error.to_json()}, ensure_ascii=False))
    print(f"zoomearth: {error.message}\n{error.hint} ({error.code})", file=sys.stderr)
    return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zoomearth", description="Questions about large rasters.")
    parser.add_argument("--version", action="version", version=f"zoomearth {version()}")
    parser.add_argument("--verbose", action="store_true", help="tell more on standard error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_ask(commands)
    worker = commands.add_parser("worker", help="answer a client on the standard streams")
    worker.set_defaults(run=_worker)
    scenes = commands.add_parser("scenes", help="draw training scenes with their questions")
    scenes.add_argument("out", type=Path, metavar="OUT", help="folder")
    scenes.add_argument("--count", type=_count, default=10)
    scenes.add_argument("--seed", type=int, default=0, help="of the first scene")
    scenes.add_argument("--size", type=_scene_size, default=4096, metavar="PX", help="side of a scene")
    scenes.set_defaults(run=_scenes)
    train = commands.add_parser("train", help="train a model")
    train.add_argument("kind", choices=["sft"])
    train.add_argument("config", type=Path, metavar="CONFIG.toml")
    train.set_defaults(run=_train)
    bench = commands.add_parser("bench", help="measure a model", add_help=False)
    bench.add_argument("name", choices=["scenes", "imagery"])
    bench.set_defaults(run=_bench)
    return parser


def _add_ask(commands: Any) -> None:
    ask = commands.add_parser("ask", help="ask a question about a raster")
    ask.add_argument("raster", metavar="RASTER", help="anything that GDAL opens")
    ask.add_argument("question", metavar="QUESTION")
    where = ask.add_mutually_exclusive_group()
    where.add_argument(
        "--area", type=_area, metavar="xmin,ymin,xmax,ymax", help="in the raster's map coordinates"
    )
    where.add_argument("--pixels", type=_pixels, metavar="c0,r0,c1,r1", help="columns and rows")
    ask.add_argument("--bands", type=_bands, default=(), metavar="4,3,2", help="one band, or red,green,blue")
    ask.add_argument(
        "--stretch", type=Stretch, choices=list(Stretch), metavar="|".join(s.value for s in Stretch)
    )
    ask.add_argument("--model", default="zoomearth-mini", metavar="NAME|FOLDER|scripted:FILE.json")
    ask.add_argument("--max-zooms", type=_zooms, default=Options().max_zooms, metavar="N")
    ask.add_argument("--view-side", type=_count, metavar="PX", help="longer side of each view")
    ask.add_argument("--output", type=Path, metavar="F.gpkg", help="append the answer to a GeoPackage")
    ask.add_argument("--json", action="store_true", help="one JSON object on standard output")
    ask.set_defaults(run=_ask)


def _ask(options: argparse.Namespace, _: list[str]) -> int:
    from .models.loading import load_engine
    from .perception.loop import ask
    from .raster.reading import open_raster

    area = options.area or (Area(pixels=options.pixels) if options.pixels else None)
    request = RasterRequest(
        options.raster, options.bands, Stretch(options.stretch) if options.stretch else None
    )
    looking = Options(max_zooms=options.max_zooms, view_side_px=options.view_side)
    query = Query(options.question, request, area, looking, options.model).validated()
    asked_at = datetime.now(timezone.utc)
    cancel = CancelToken()
    with open_raster(request) as raster:
        raster.resolve(area)
        engine = load_engine(options.model, report=_tell, cancel=cancel)
        answer = ask(query, raster, engine, report=_tell, cancel=cancel)
    if options.output is not None:
        from .answers_file import append_answer

        append_answer(options.output, answer, query, asked_at)
    print(json.dumps(answer.to_public_json(), ensure_ascii=False) if options.json else _in_words(answer))
    return 0


def _in_words(answer: Answer) -> str:
    lines = [answer.text or "(no answer)"]
    for region in answer.regions:
        left, top, right, bottom = (round(side) for side in region.pixel_box.to_json())
        lines.append(f"  {region.label or 'region'}: columns {left} to {right}, rows {top} to {bottom}")
        corners = ", ".join(f"({x:.10g}, {y:.10g})" for x, y in region.polygon)
        lines.append(f"  {answer.crs or answer.frame.value}: {corners}")
    if answer.seen_gsd_m is not None:
        lines.append(f"  finest pixel seen: {answer.seen_gsd_m:.3g} m")
    lines += [f"  note: {warning}" for warning in answer.warnings]
    return "\n".join(lines)


class _Teller:
    """Progress on standard error, a line a stage."""

    def __init__(self) -> None:
        self.told = ""

    def __call__(self, progress: Progress) -> None:
        if progress.stage.value != self.told:
            self.told = progress.stage.value
            print(f"{self.told.replace('_', ' ')}…", file=sys.stderr, flush=True)


_tell = _Teller()


def _worker(_: argparse.Namespace, __: list[str]) -> int:
    from .worker import main as serve

    return serve()


def _scenes(options: argparse.Namespace, _: list[str]) -> int:
    from .training.scenes import main as write

    return write(options.out, options.count, options.seed, options.size)


def _train(options: argparse.Namespace, _: list[str]) -> int:
    from .training.sft import main as train

    return train(options.config)


def _bench(options: argparse.Namespace, rest: list[str]) -> int:
    from .benchmark.report import main as measure

    return measure(options.name, rest)


def _numbers(text: str, count: int) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise argparse.ArgumentTypeError(f"{count} numbers with commas between them, not {text!r}")
    return numbers


def _pixels(text: str) -> PixelBox:
    try:
        return PixelBox.from_corners(_numbers(text, 4))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _area(text: str) -> Area:
    west, south, east, north = _numbers(text, 4)
    return Area(ring=((west, north), (east, north), (east, south), (west, south)))


def _bands(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if len(parts) not in (1, 3) or not all(part.strip().isdigit() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"one or three band numbers from 1, not {text!r}")
    return tuple(int(part) for part in parts)


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1, not {text!r}")
    return int(text)


def _zooms(text: str) -> int:
    if not text.isdigit() or int(text) > MAX_ZOOMS:
        raise argparse.ArgumentTypeError(f"a whole number from 0 to {MAX_ZOOMS}, not {text!r}")
    return int(text)


def _scene_size(text: str) -> int:
    if _count(text) < 512:
        raise argparse.ArgumentTypeError(f"at least 512 pixels, not {text!r}")
    return int(text)
