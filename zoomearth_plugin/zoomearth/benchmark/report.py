"""The command ``zoomearth bench NAME``: runs one benchmark and prints its table."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..core.progress import CancelToken, ignore_progress
from ..models.loading import load_engine
from ..training.tokenizer import CANNOT_TELL
from . import imagery, scenes
from .metrics import Scored, expanded_iou, mean_iou, share

_EXPANDED_PX = 512


def main(name: str, arguments: list[str]) -> int:
    """Run ``scenes`` or ``imagery``; prints Markdown, and JSON with ``--json FILE``."""
    parser = argparse.ArgumentParser(prog=f"zoomearth bench {name}")
    parser.add_argument("--model", default="zoomearth-mini")
    parser.add_argument("--count", type=int, default=200, help="scenes, or questions a family")
    parser.add_argument("--seed", type=int, help="first scene, or seed of the windows")
    parser.add_argument("--imagery", type=Path, help="folder with ships/, buildings/, trees/")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    options = parser.parse_args(arguments)
    engine = load_engine(options.model, report=ignore_progress, cancel=CancelToken())
    if name == "scenes":
        first = scenes.FIRST_UNSEEN_SEED if options.seed is None else options.seed
        figures = _scene_figures(scenes.run(engine, options.count, first))
    elif name == "imagery":
        if options.imagery is None:
            parser.error("--imagery is needed")
        figures = _imagery_figures(imagery.run(engine, options.imagery, options.count, options.seed or 0))
    else:
        parser.error(f"no benchmark {name!r}: choose scenes or imagery")
    print(_table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def _scene_figures(scores: scenes.SceneScores) -> dict[str, float]:
    active, passive = scores.active, scores.passive
    figures = {
        "questions": float(len(active)),
        "exact, zooming": share(one.is_exact for one in active),
        "exact, overview only": share(one.is_exact for one in passive),
    }
    for group in sorted({one.group for one in active}):
        figures[f"exact, {group}, zooming"] = share(o.is_exact for o in active if o.group == group)
        figures[f"exact, {group}, overview only"] = share(o.is_exact for o in passive if o.group == group)
    figures["zoomed"] = share(one.region is not None for one in active)
    placed = [one for one in active if one.target is not None]
    figures["window holds the object's centre"] = share(one.holds_target for one in placed)
    figures["mean IoU of the region"] = mean_iou(active)
    figures[f"mean IoU, boxes grown to {_EXPANDED_PX} px"] = expanded_iou(active, _EXPANDED_PX, scores.extent)
    figures["refused, no answer to be had"] = share(one.is_exact for one in scores.unanswerable)
    figures["refused, answer to be had"] = share(one.answer == CANNOT_TELL for one in active)
    figures["seconds a question, zooming"] = _mean_seconds(active)
    figures["seconds a question, overview only"] = _mean_seconds(passive)
    return figures


def _imagery_figures(scored: list[Scored]) -> dict[str, float]:
    figures = {"questions": float(len(scored)), "exact": share(one.is_exact for one in scored)}
    for group in sorted({one.group for one in scored}):
        for truth in ("yes", "no"):
            members = [o for o in scored if o.group == group and o.truth == truth]
            figures[f"exact, {group}, {truth}"] = share(one.is_exact for one in members)
    figures["seconds a question"] = _mean_seconds(scored)
    return figures


def _mean_seconds(scored: list[Scored]) -> float:
    return sum(one.seconds for one in scored) / max(1, len(scored))


def _table(figures: dict[str, float]) -> str:
    rows = ["| figure | value |", "| --- | ---: |"]
    for name, value in figures.items():
        is_plain = name.startswith(("seconds", "questions"))
        rows.append(f"| {name} | {value:.2f} |" if is_plain else f"| {name} | {100 * value:.1f} % |")
    return "\n".join(rows)
