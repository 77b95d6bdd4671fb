"""Plots of a run's figures, as SVG or PNG."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from .bootstrap import Estimate
from .figures import Figures
from .journal import writing
from .metrics import expanded_iou, raw_iou
from .record import Mode, Record
from .tables import MODE_NAMES

SUFFIXES = (".png", ".svg")
_COLOURS = {Mode.PASSIVE: "#a3adb8", Mode.ACTIVE: "#1668a8", Mode.ORACLE: "#e2a33b"}
_GAIN, _LOSS, _EXPANDED = "#2e8b57", "#c2553f", "#7a5ea8"
_INK, _GRID = "#2b333b", "#d9dee3"
_STYLE: Any = {
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _GRID,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "svg.hashsalt": "zoomearth",
    "svg.fonttype": "path",
}


def comparison(figures: Figures, title: str = "") -> Figure:
    """Strict accuracy of every mode, by level and over all questions, with 95 % intervals."""
    groups = [("level", level) for level in figures.levels] + [("all",)]
    names = [*map(_plain, figures.levels), "all questions"]
    modes = [mode for mode in MODE_NAMES if mode in figures.modes]
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(1.6 + 1.6 * len(groups), 3.9), layout="constrained")
        axes = figure.add_subplot()
        width = 0.8 / max(1, len(modes))
        for number, mode in enumerate(modes):
            at = np.arange(len(groups)) + (number - (len(modes) - 1) / 2) * width
            bars = [figures.get(mode.value, "accuracy", "strict", *group) for group in groups]
            axes.bar(at, _values(bars), width * 0.92, color=_COLOURS[mode], label=MODE_NAMES[mode])
            axes.errorbar(at, _values(bars), _arms(bars), fmt="none", ecolor=_INK, elinewidth=1, capsize=2.5)
            for place, bar in zip(at, bars, strict=True):
                if bar.value is not None:
                    top = bar.high if bar.high is not None else bar.value
                    axes.annotate(f"{100 * bar.value:.0f}", (place, top), (0, 3), **_ABOVE)
        axes.set_xticks(range(len(groups)), names)
        axes.tick_params(axis="x", length=0)
        _percent(axes, "y")
        axes.set_ylabel("right answers, strict")
        axes.set_title(_plain(title), loc="left", fontsize=11, pad=26 if title else 6)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, frameon=False, borderaxespad=0.2)
    return figure


def by_type(figures: Figures) -> Figure:
    """Strict accuracy of every mode, a question type a row."""
    modes = [mode for mode in MODE_NAMES if mode in figures.modes]
    kinds = figures.kinds[::-1]
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(8.2, 1.3 + 0.2 * len(kinds) * max(1.6, len(modes))), layout="constrained")
        axes = figure.add_subplot()
        height = 0.8 / max(1, len(modes))
        for number, mode in enumerate(modes):
            at = np.arange(len(kinds)) - (number - (len(modes) - 1) / 2) * height
            bars = [figures.get(mode.value, "accuracy", "strict", "type", kind) for kind in kinds]
            axes.barh(at, _values(bars), height * 0.92, color=_COLOURS[mode], label=MODE_NAMES[mode])
            axes.errorbar(_values(bars), at, xerr=_arms(bars), fmt="none", ecolor=_INK, elinewidth=0.8)
        counts = [figures.get(modes[0].value, "accuracy", "strict", "type", kind).count for kind in kinds]
        names = [f"{_plain(kind)}  ({count})" for kind, count in zip(kinds, counts, strict=True)]
        axes.set_yticks(range(len(kinds)), names)
        axes.set_ylim(-0.6, len(kinds) - 0.4)
        axes.tick_params(axis="y", length=0)
        _percent(axes, "x")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, frameon=False, borderaxespad=0.2)
    return figure


def iou_histogram(records: Iterable[Record]) -> Figure | None:
    """How well regions fit their boxes; None where no question has a box."""
    placed = [one for one in records if one.mode is Mode.ACTIVE and one.box is not None]
    if not placed:
        return None
    raw = [value for value in map(raw_iou, placed) if value is not None]
    expanded = [value for value in map(expanded_iou, placed) if value is not None]
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(6.4, 3.4), layout="constrained")
        axes = figure.add_subplot()
        colours = [_COLOURS[Mode.ACTIVE], _EXPANDED]
        labels = ["box as given", "both grown to 512 px"]
        weights = [np.full(len(placed), 1 / len(placed))] * 2
        edges = np.linspace(0, 1, 11)
        axes.hist(
            [raw, expanded], bins=edges.tolist(), weights=weights, color=colours, label=labels, rwidth=0.9
        )
        axes.axvline(0.5, color=_INK, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.set_xticks(edges[::2])
        axes.set_xlabel("IoU of the region with the true box (0 also where no region was given)")
        axes.set_ylabel("share of questions with a box")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.grid(axis="y", color=_GRID, linewidth=0.8)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, borderaxespad=0.2)
    return figure


def usefulness(figures: Figures) -> Figure | None:
    """What zooming mended and what it spoilt, a question type a row; None where nothing was zoomed."""
    total = figures.get("usefulness", "gained", "all")
    kinds = [k for k in figures.kinds[::-1] if figures.get("usefulness", "gained", "type", k).count]
    if not total.count:
        return None
    groups = [("all",), *(("type", kind) for kind in kinds)]
    gained = [figures.get("usefulness", "gained", *group).value or 0.0 for group in groups]
    lost = [figures.get("usefulness", "lost", *group).value or 0.0 for group in groups]
    names = [f"all zoomed  ({total.count})"]
    names += [f"{_plain(k)}  ({figures.get('usefulness', 'gained', 'type', k).count})" for k in kinds]
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(8.2, 1.3 + 0.3 * len(groups)), layout="constrained")
        axes = figure.add_subplot()
        at = np.arange(len(groups))
        axes.barh(at, gained, 0.7, color=_GAIN, label="wrong before, right after the zoom")
        axes.barh(at, [-share for share in lost], 0.7, color=_LOSS, label="right before, wrong after")
        axes.axvline(0, color=_INK, linewidth=0.8)
        axes.set_yticks(at, names)
        axes.set_ylim(-0.6, len(groups) - 0.4)
        axes.tick_params(axis="y", length=0)
        reach = max(0.1, *gained, *lost) * 1.1
        axes.set_xlim(-max(0.05, *lost) * 1.2, reach)
        axes.xaxis.set_major_formatter(lambda share, _: f"{abs(100 * share):.0f}%")
        axes.grid(axis="x", color=_GRID, linewidth=0.8)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, borderaxespad=0.2)
    return figure


def drawn(figure: Figure, suffix: str = ".svg") -> bytes:
    """The file of a plot; the same plot gives the same bytes.

    Args:
        figure: From one of the functions above.
        suffix: One of :data:`SUFFIXES`.
    """
    held = io.BytesIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(
            held,
            format=suffix.removeprefix("."),
            dpi=160,
            metadata={"Date": None} if suffix == ".svg" else {},
        )
    return held.getvalue()


def save(figure: Figure, path: Path) -> None:
    """Write a plot; the ending of the name says in which format.

    Raises:
        DiskFullError, OutputUnwritableError: It cannot be written.
    """
    content = drawn(figure, path.suffix.lower())
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


_ABOVE: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "fontsize": 8.5}


def _values(bars: Sequence[Estimate]) -> list[float]:
    return [np.nan if bar.value is None else bar.value for bar in bars]


def _arms(bars: Sequence[Estimate]) -> list[list[float]]:
    """Lengths of the error bars, below and above; 0 without an interval."""
    below = [0.0 if b.value is None or b.low is None else max(0.0, b.value - b.low) for b in bars]
    above = [0.0 if b.value is None or b.high is None else max(0.0, b.high - b.value) for b in bars]
    return [below, above]


def _percent(axes: Any, name: str) -> None:
    axis = axes.yaxis if name == "y" else axes.xaxis
    (axes.set_ylim if name == "y" else axes.set_xlim)(0, 1.08 if name == "y" else 1.0)
    (axes.set_yticks if name == "y" else axes.set_xticks)([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(axis=name, color=_GRID, linewidth=0.8)


def _plain(text: str) -> str:
    """Text in which nothing is taken for a formula."""
    return text.replace("$", r"\$")
