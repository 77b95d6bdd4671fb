"""What a run leaves beside its answers: figures, the report twice, plots and pictures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from . import plots
from .dataset import DataSet
from .figures import Figures
from .journal import replace_text, writing
from .markdown import report_text
from .page import page
from .pictures import Case, pictured, worst
from .record import Record
from .tables import Report

FIGURES, MARKDOWN, PAGE = "figures.json", "report.md", "report.html"
PICTURES, PLOTS = "pictures", "plots"


def write_report(folder: Path, report: Report, dataset: DataSet) -> None:
    """Write everything, in the place of an earlier report of the same run.

    Args:
        folder: Of the run.
        report: What to say.
        dataset: Has the images of the worst answers.

    Raises:
        DiskFullError, OutputUnwritableError: Something cannot be written.
    """
    cases = pictured(worst(report.records), dataset)
    drawings = _plots(report.figures, report.records)
    made = {caption: plots.drawn(drawing) for caption, drawing in drawings.items()}
    html = page(report, plots=made, cases=cases)
    with writing(folder):
        for name in (PICTURES, PLOTS):
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir()
        files = {}
        for number, (caption, content) in enumerate(made.items(), start=1):
            files[caption] = f"{PLOTS}/{number}.svg"
            (folder / files[caption]).write_bytes(content)
        shown = [_kept(folder, number, case) for number, case in enumerate(cases, start=1)]
        said = {**report.facts, **report.figures.to_json()}
        replace_text(folder / FIGURES, json.dumps(said, indent=1, allow_nan=False) + "\n")
        replace_text(folder / MARKDOWN, report_text(report, files, shown))
        replace_text(folder / PAGE, html)


def _plots(figures: Figures, records: Sequence[Record]) -> dict[str, Figure]:
    """By caption; those that have something to show."""
    made = {
        "Accuracy by level": plots.comparison(figures),
        "Accuracy by type": plots.by_type(figures),
        "Regions against true boxes": plots.iou_histogram(records),
        "What zooming mended, and what it spoilt": plots.usefulness(figures),
    }
    return {caption: plot for caption, plot in made.items() if plot is not None}


def _kept(folder: Path, number: int, case: Case) -> tuple[Case, str, str]:
    """The case with the names of its pictures' files; empty for those that it has not."""
    names = []
    for what, content in (("overview", case.overview), ("window", case.crop)):
        name = f"{PICTURES}/{number:02d}-{what}.jpg" if content else ""
        if content:
            (folder / name).write_bytes(content)
        names.append(name)
    return case, names[0], names[1]
