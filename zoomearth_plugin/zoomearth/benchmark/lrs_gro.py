"""``zoomearth bench lrs-gro``: the data set of ZoomEarth's paper, and the figures published on it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from ..resources import resource_folder
from ..training.data.lrs_gro import read_lrs_gro
from .listed import ListedSet

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class PublishedRow:
    """One model's figures, percent; None where the source gives none."""

    model: str
    view_px: int | None
    global_: float | None
    region: float | None
    object_: float | None
    average: float | None
    apo_iou: float | None


@dataclass(frozen=True)
class PublishedTable:
    """What others measured.

    Args:
        source: Where it stands.
        scoring: What counts as right there.
    """

    source: str
    scoring: str
    rows: tuple[PublishedRow, ...]


def lrs_gro_set(
    data: Path, images: Path | None, split: str, *, count: int | None = None, seed: int = 0
) -> ListedSet:
    """The questions of a split.

    Args:
        data: The data set's folder or question file.
        images: The images' folder; None to look beside the questions.
        split: ``test``, ``rl``, ``sft`` …
        count: See :class:`ListedSet`.
        seed: The same.

    Raises:
        DataInvalidError: Bad rows, named; or none.
    """
    questions = read_lrs_gro(data, images, split, other_types=True)
    return ListedSet(f"LRS-GRO, {split}", questions, by_image=False, count=count, seed=seed)


def published_table() -> PublishedTable:
    """The published figures, from ``resources/benchmark/lrs-gro.toml``."""
    path = resource_folder() / "benchmark" / "lrs-gro.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    rows = tuple(
        PublishedRow(
            model=row["model"],
            view_px=row.get("view_px"),
            global_=row.get("global"),
            region=row.get("region"),
            object_=row.get("object"),
            average=row.get("average"),
            apo_iou=row.get("apo_iou"),
        )
        for row in table["rows"]
    )
    return PublishedTable(table["source"], table["scoring"], rows)
