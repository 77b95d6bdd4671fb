"""The command ``zoomearth bench NAME``: asks, prints the tables, and writes the report."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..core.errors import DataInvalidError
from ..core.progress import CancelToken, ignore_progress
from ..models.engine import Engine
from ..models.loading import load_engine
from ..resources import version
from ..training.matching import WordNet
from . import plots
from .asking import Asker
from .calling import Call, dataset_of, parse_call
from .dataset import DataSet, first_questions
from .figures import make_figures
from .folder import write_report
from .journal import ANSWERS, open_journal, read_answers, read_run
from .lrs_gro import published_table
from .markdown import summary
from .record import Record, scored
from .running import Pace, run
from .tables import Report, make_tables, notes

_TELL_EVERY_S = 10.0


def main(name: str, arguments: Sequence[str]) -> int:
    """Run one benchmark.

    Args:
        name: One of :data:`.calling.NAMES`.
        arguments: What follows it on the command line; see ``zoomearth bench NAME --help``.

    Returns:
        The exit status.

    Raises:
        ZoomEarthError: The data, the model, or the output is not as it has to be.
    """
    call = parse_call(name, arguments)
    dataset = dataset_of(call)
    wordnet = WordNet.find()
    with _folder(call) as folder:
        if call.is_report_only:
            facts, records = _earlier(call, folder, wordnet)
        else:
            facts, records = _asked(call, folder, dataset, wordnet)
        report = _report(call, dataset, facts, records)
        if call.output is not None:
            write_report(folder, report, dataset)
    if call.plot is not None:
        plots.save(plots.comparison(report.figures, f"{facts['model']}, {dataset.title}"), call.plot)
    print(summary(report))
    return 0


def _report(call: Call, dataset: DataSet, facts: Mapping[str, Any], records: list[Record]) -> Report:
    """All that there is to say.

    Raises:
        DataInvalidError: Nothing was asked.
    """
    figures = make_figures(records, by_image=dataset.by_image)
    if not figures.questions:
        modes = ", ".join(mode.value for mode in call.modes)
        raise DataInvalidError(
            f"{dataset.title}: there is no question to be asked in {modes}", "Choose other modes or data."
        )
    published = published_table() if call.name == "lrs-gro" else None
    model, view_px = str(facts["model"]), int(facts["view_side_px"])
    told = {
        "model": f"{model}, {facts['revision']}",
        "questions": f"{figures.questions} about {figures.images} images",
        "views": f"{view_px} px, up to {facts['max_zooms']} zooms",
        "device": str(facts["device"]),
        "version": str(facts["version"]),
    }
    return Report(
        title=f"ZoomEarth benchmark: {dataset.title}",
        facts=told,
        tables=tuple(make_tables(figures, published, model=model, view_px=view_px)),
        notes=tuple(notes(figures)),
        figures=figures,
        records=tuple(records),
    )


def _earlier(call: Call, folder: Path, wordnet: WordNet | None) -> tuple[Mapping[str, Any], list[Record]]:
    """What a folder holds: what it is of, and its answers in the modes that were asked for."""
    facts = read_run(folder)
    if facts.get("benchmark") != call.name:
        raise DataInvalidError(
            f"{folder} holds a run of {facts.get('benchmark')!r}, not of {call.name}", "Name another folder."
        )
    answers = read_answers(folder / ANSWERS).values()
    return facts, [scored(answer, wordnet) for answer in answers if answer.mode in call.modes]


def _asked(
    call: Call, folder: Path, dataset: DataSet, wordnet: WordNet | None
) -> tuple[Mapping[str, Any], list[Record]]:
    """Ask what is not answered yet: what the answers are of, and all of them."""
    engine = load_engine(call.model, report=ignore_progress, cancel=CancelToken())
    asker = Asker(engine, wordnet, call.max_zooms, call.view_side_px)
    facts = _run_facts(call, dataset, engine)
    batches = first_questions(dataset.batches(), call.questions)
    with open_journal(folder, facts, must_exist=call.is_resumed) as journal:
        return facts, run(dataset, batches, asker, journal, call.modes, report=_Teller())


def _run_facts(call: Call, dataset: DataSet, engine: Engine) -> dict[str, Any]:
    """All that an answer depends on: a folder holds answers of one such thing only."""
    profile = engine.profile
    side_px = call.view_side_px or profile.view_side_px
    return {
        "benchmark": call.name,
        "data": dict(dataset.identity()),
        "model": profile.name,
        "revision": engine.revision,
        "device": engine.device,
        "version": version(),
        "max_zooms": call.max_zooms,
        "view_side_px": min(side_px, profile.largest_view_px or side_px),
        "minimum_crop_px": profile.minimum_crop_px,
        "magnification": profile.magnification,
        "max_new_tokens": profile.max_new_tokens,
        "box_frame": profile.box_frame.value,
        "handover": profile.handover.value,
        "prompt": asdict(profile.prompt),
    }


@contextmanager
def _folder(call: Call) -> Iterator[Path]:
    """The output folder, or one that is gone afterwards."""
    if call.output is not None:
        yield call.output
        return
    with tempfile.TemporaryDirectory(prefix="zoomearth-bench-") as folder:
        yield Path(folder)


class _Teller:
    """Progress on standard error, every few seconds."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, pace: Pace) -> None:
        now = time.monotonic()
        if now - self._told >= _TELL_EVERY_S:
            self._told = now
            each = pace.seconds / max(1, pace.asked)
            kept = f", {pace.kept} from an earlier run" if pace.kept else ""
            print(f"{pace.asked} answers{kept}; {each:.2f} s each", file=sys.stderr, flush=True)
