"""How ``zoomearth bench NAME`` is called."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.types import Query
from ..training.scenes import FIRST_UNSEEN_SEED
from .asking import MAX_ZOOMS
from .dataset import DataSet
from .imagery import COUNT, imagery_set
from .lrs_gro import lrs_gro_set
from .plots import SUFFIXES
from .record import Mode
from .scenes import SIZE_PX, SceneSet

NAMES = ("scenes", "lrs-gro", "imagery")
_SCENES = 60
_MOST_ZOOMS = 20
_LEAST_SCENE_PX = 512


@dataclass(frozen=True)
class Call:
    """One call, checked.

    Args:
        name: One of :data:`NAMES`.
        model: Whom to ask.
        modes: How.
        max_zooms: Of the active mode.
        view_side_px: Longer side of each view; None for the profile's.
        questions: At most so many; None for all.
        output: Folder of the run; None to keep nothing.
        is_resumed: Whether that folder has to hold a run.
        is_report_only: Whether nothing is asked.
        plot: Where to write the comparison of the modes.
        data: What the questions are read from, as they are of this data set.
    """

    name: str
    model: str
    modes: tuple[Mode, ...]
    max_zooms: int
    view_side_px: int | None
    questions: int | None
    output: Path | None
    is_resumed: bool
    is_report_only: bool
    plot: Path | None
    data: argparse.Namespace


def parse_call(name: str, arguments: Sequence[str]) -> Call:
    """The call that a person typed; a wrong one ends the process with status 2."""
    parser = argparse.ArgumentParser(prog=f"zoomearth bench {name}")
    _add_common(parser)
    if name == "scenes":
        _add_scenes(parser)
    elif name == "lrs-gro":
        _add_lrs_gro(parser)
    elif name == "imagery":
        _add_imagery(parser)
    else:
        parser.error(f"no benchmark {name!r}: choose {', '.join(NAMES)}")
    options = parser.parse_args(arguments)
    if options.output is None and (options.resume or options.report_only):
        parser.error("--resume and --report-only need --output FOLDER")
    return Call(
        name=name,
        model=options.model,
        modes=options.modes,
        max_zooms=options.max_zooms,
        view_side_px=options.view_side,
        questions=options.questions,
        output=options.output,
        is_resumed=options.resume,
        is_report_only=options.report_only,
        plot=options.plot,
        data=options,
    )


def dataset_of(call: Call) -> DataSet:
    """The questions of a call.

    Raises:
        DataInvalidError: Bad rows, named; or no question.
    """
    options = call.data
    if call.name == "scenes":
        count = options.count if call.questions is None else None
        return SceneSet(options.seed, count, options.size, options.refusals)
    if call.name == "lrs-gro":
        return lrs_gro_set(
            options.data, options.images, options.split, count=call.questions, seed=options.seed
        )
    return imagery_set(options.imagery, of=options.count, seed=options.seed, count=call.questions)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", default=Query.model, metavar="NAME|FOLDER|scripted:FILE.json", help="default: %(default)s"
    )
    parser.add_argument(
        "--modes",
        type=_modes,
        default=tuple(Mode),
        metavar="active,passive,oracle",
        help="zooming, the overview only, the true place shown; default: all three",
    )
    parser.add_argument("--max-zooms", type=_zooms, default=MAX_ZOOMS, metavar="N", help="when active")
    parser.add_argument("--view-side", type=_count, metavar="PX", help="longer side of each view")
    parser.add_argument("--questions", type=_count, metavar="N", help="ask no more than these")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="answers, figures and reports; goes on where a run stopped",
    )
    parser.add_argument("--resume", action="store_true", help="refuse an output folder without a run")
    parser.add_argument(
        "--report-only", action="store_true", help="ask nothing: reports of what --output holds"
    )
    parser.add_argument("--plot", type=_plot, metavar="FILE", help="the modes side by side, as .svg or .png")


def _add_scenes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--count", type=_count, default=_SCENES, metavar="N", help="scenes; default: %(default)s"
    )
    parser.add_argument(
        "--seed", type=_natural, default=FIRST_UNSEEN_SEED, help="of the first scene; default: %(default)s"
    )
    parser.add_argument(
        "--size", type=_sizes, default=(SIZE_PX,), metavar="PX[,PX…]", help="sides, in turn; default: 4096"
    )
    parser.add_argument("--refusals", action="store_true", help="also ask what no pixel answers")


def _add_lrs_gro(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="the published folder")
    parser.add_argument("--images", type=Path, metavar="FOLDER", help="where its images lie, if elsewhere")
    parser.add_argument("--split", default="test", help="default: %(default)s")
    parser.add_argument("--seed", type=_natural, default=0, help="of the draw that --questions makes")


def _add_imagery(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--imagery", type=Path, required=True, metavar="FOLDER", help="holds ships/, buildings/, trees/"
    )
    parser.add_argument(
        "--count",
        type=_count,
        default=COUNT,
        metavar="N",
        help="about so many questions are made; default: %(default)s",
    )
    parser.add_argument("--seed", type=_natural, default=0, help="of the windows")


def _modes(text: str) -> tuple[Mode, ...]:
    names = [name.strip() for name in text.split(",")]
    known = [mode.value for mode in Mode]
    if not set(names) <= set(known):
        raise argparse.ArgumentTypeError(
            f"some of {', '.join(known)}, with commas between them, not {text!r}"
        )
    return tuple(mode for mode in Mode if mode.value in names)


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a whole number from 0, not {text!r}")
    return int(text)


def _count(text: str) -> int:
    if _natural(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1, not {text!r}")
    return int(text)


def _zooms(text: str) -> int:
    if _count(text) > _MOST_ZOOMS:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {_MOST_ZOOMS}, not {text!r}")
    return int(text)


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(_count(part) for part in text.split(","))
    if min(sizes) < _LEAST_SCENE_PX:
        raise argparse.ArgumentTypeError(f"at least {_LEAST_SCENE_PX} pixels, not {text!r}")
    return sizes


def _plot(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in SUFFIXES:
        raise argparse.ArgumentTypeError(f"a name that ends in {' or '.join(SUFFIXES)}, not {text!r}")
    return path
