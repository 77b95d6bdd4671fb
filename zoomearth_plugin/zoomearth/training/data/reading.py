"""The door to all data sets: what a ``[[data]]`` table of a training file names, as questions.

::

    [[data]]
    kind = "lrs-gro"            # or earth-reason, imagery, layer, scenes
    path = "data/LRS-GRO.jsonl" # relative to the working folder, as all paths of a training file
    images = "data/image"
    split = "sft"
    share = 2.0
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import TrainingConfigError
from .cropping import close_rasters, crop, overview
from .earth_reason import read_earth_reason
from .labelled_rasters import read_labelled_rasters
from .lrs_gro import read_lrs_gro
from .own_layer import LayerFields, read_layer
from .question import LabelledQuestion

__all__ = ["DataSource", "close_rasters", "crop", "data_source", "digest", "overview", "read_questions"]
KINDS = ("lrs-gro", "earth-reason", "imagery", "layer", "scenes")
_OF_KIND = {
    "other_types": ("lrs-gro", "scenes"),
    "seed": ("imagery",),
    "count": ("imagery",),
    "layer": ("layer",),
    "fields": ("layer",),
    "minimum_crop_px": ("layer",),
}
"""Entries that mean something for some kinds only."""


@dataclass(frozen=True)
class DataSource:
    """One data set of a run.

    Args:
        kind: One of :data:`KINDS`.
        path: File or folder.
        images: The images' folder, or for a layer its one raster; empty to look beside ``path``.
        split: Empty for all. Imagery knows ``train``, which it takes when empty, and ``test``: the places
            that are left out of training.
        share: How often samples come from here, in proportion to the shares of the other data sets;
            reading does not look at it.
        other_types: Of LRS-GRO: keep question types that are none of the 17.
        seed: Of the questions about imagery.
        count: About how many questions about imagery.
        layer: Of a layer: its name in the file; empty for all layers with the fields.
        fields: Of a layer: what it calls the fields of :class:`.own_layer.LayerFields`.
        minimum_crop_px: Of a layer: least side of the box about a point.

    Raises:
        TrainingConfigError: An entry has no such value, or means nothing for this kind.
    """

    kind: str
    path: str
    images: str = ""
    split: str = ""
    share: float = 1.0
    other_types: bool = False
    seed: int = 0
    count: int = 1200
    layer: str = ""
    fields: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    minimum_crop_px: float = 512

    def __post_init__(self) -> None:
        _check_types(self)
        self._check_values()
        for name, kinds in _OF_KIND.items():
            default = {} if name == "fields" else getattr(DataSource, name)
            if self.kind not in kinds and getattr(self, name) != default:
                only = ", ".join(kinds)
                raise TrainingConfigError(f"data {self.path}: {name} is for {only} only, not for {self.kind}")

    def _check_values(self) -> None:
        if self.kind not in KINDS:
            raise TrainingConfigError(f"data: kind {self.kind!r} is none of {', '.join(KINDS)}")
        if not self.path:
            raise TrainingConfigError(f"data of kind {self.kind}: path is empty")
        if not 0 < self.share < math.inf:
            raise TrainingConfigError(f"data {self.path}: share is {self.share}, and must be above 0")
        if self.count < 1 or not 1 <= self.minimum_crop_px < math.inf:
            raise TrainingConfigError(f"data {self.path}: count and minimum_crop_px must be at least 1")
        if self.kind == "imagery" and (self.images or self.split not in ("", "train", "test")):
            raise TrainingConfigError(
                f"data {self.path}: imagery has no images of its own, and splits train and test"
            )
        unknown = set(self.fields) - {entry.name for entry in dataclasses.fields(LayerFields)}
        if unknown:
            raise TrainingConfigError(f"data {self.path}: fields has no {', '.join(sorted(unknown))}")


_ENTRY_TYPES: dict[str, tuple[type, ...]] = {
    "share": (int, float),
    "minimum_crop_px": (int, float),
    "other_types": (bool,),
    "seed": (int,),
    "count": (int,),
    "fields": (dict,),
}
"""All others are text."""


def data_source(table: Mapping[str, Any]) -> DataSource:
    """A ``[[data]]`` table of a training file.

    Raises:
        TrainingConfigError: ``kind`` or ``path`` is missing, or an entry is unknown or of the wrong kind.
    """
    known = {entry.name for entry in dataclasses.fields(DataSource)}
    for name in table:
        if name not in known:
            raise TrainingConfigError(f"unknown entry {name!r} for data")
    for name in ("kind", "path"):
        if name not in table:
            raise TrainingConfigError(f"data: {name} is missing")
    return DataSource(**table)


def _check_types(source: DataSource) -> None:
    for entry in dataclasses.fields(source):
        value = getattr(source, entry.name)
        kinds = _ENTRY_TYPES.get(entry.name, (str,))
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise TrainingConfigError(f"data: {entry.name} is {value!r}, and must be {kinds[-1].__name__}")


def read_questions(source: DataSource) -> list[LabelledQuestion]:
    """All questions of a data set, in its order.

    Raises:
        DataInvalidError: It is bad or empty; names file, row and field, up to ten rows.
    """
    path = Path(source.path)
    images = Path(source.images) if source.images else None
    split = source.split or None
    if source.kind == "earth-reason":
        return read_earth_reason(path, images, split)
    if source.kind == "imagery":
        return read_labelled_rasters(
            path, held_out=source.split == "test", seed=source.seed, count=source.count
        )
    if source.kind == "layer":
        return read_layer(
            path,
            images,
            split,
            layer=source.layer,
            fields=LayerFields(**source.fields),
            minimum_crop_px=source.minimum_crop_px,
        )
    if source.kind == "scenes" and path.is_dir():
        path = path / "questions.jsonl"
    return read_lrs_gro(path, images, split, other_types=source.other_types)


def digest(questions: Iterable[LabelledQuestion]) -> str:
    """What tells one set of questions from another: SHA-256 over all rows, in order; images by name."""
    summed = hashlib.sha256()
    for question in questions:
        row = dataclasses.asdict(question)
        row["image"] = question.image.name
        summed.update(json.dumps(row, sort_keys=True, ensure_ascii=False).encode() + b"\n")
    return summed.hexdigest()
