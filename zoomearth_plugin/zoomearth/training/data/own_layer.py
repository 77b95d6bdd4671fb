"""A person's own questions: a vector layer over rasters, or an answer layer of the plugin, corrected.

Each feature is a question with its answer; its geometry, of any kind, is where the answer lies, and a
feature without geometry asks about the whole raster. A point or a line becomes a box of the minimum
crop about it. Layers are anything that OGR opens: GeoPackage, Shapefile, GeoJSON …

An answer layer of the plugin needs no further field: its ``source`` names the raster. What its
``kind`` calls a region is where the answer lies; a searched area is the part that was asked about. Of a
feature whose geometry was taken away, ``pixel_box`` is used. Regions of one answer become one box.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from ...core.answer_table import SEARCHED_AREA
from ...core.errors import DataInvalidError
from ...core.frames import PixelBox
from ...raster.grid import RasterGrid
from .boxes import hull, is_none, native_box, sides_of
from .faults import Faults, Row, shown
from .images import Images
from .placing import layer_crs, shape_box
from .question import LabelledQuestion
from .question_types import LEVELS, level_of, plain, type_of
from .tables import of_split, split_of
from .wkb import read_shape

_RASTER_FIELDS = ("raster", "image", "image_name", "source")
_READ_ERRORS = (DataSourceError, DataLayerError, OSError, RuntimeError, ValueError)


@dataclass(frozen=True)
class LayerFields:
    """What a layer's fields are called.

    Args:
        question: Must be there.
        answer: Must be there.
        level: ``global``, ``region`` or ``object``; may be missing or empty.
        type: LRS-GRO's word for it or one's own; may be missing or empty.
        split: May be missing or empty.
        raster: The raster asked about, a path from the layer's folder; empty for the first of ``raster``,
            ``image``, ``image_name`` and ``source`` that the layer has.
    """

    question: str = "question"
    answer: str = "answer"
    level: str = "level"
    type: str = "type"
    split: str = "split"
    raster: str = ""


@dataclass(frozen=True)
class _Feature:
    """A row with its geometry, and the layer that it comes from."""

    row: Row
    layer: str
    wkb: bytes | None
    crs: str | None


def read_layer(
    path: Path,
    raster: Path | None = None,
    split: str | None = None,
    *,
    layer: str = "",
    fields: LayerFields | None = None,
    minimum_crop_px: float = 512,
) -> list[LabelledQuestion]:
    """Read the questions of a vector layer; all of them or nothing.

    Args:
        path: Any file that OGR opens.
        raster: The raster that all features lie over; or a folder, for rasters that features name; None
            to look where they say, from the layer's folder, and then for a file of that name beside it.
        split: Case aside; None for all.
        layer: Its name; empty for all layers of the file that have the fields.
        fields: Names other than the usual ones.
        minimum_crop_px: Least side of the box about a point or a line, native pixels.

    Raises:
        DataInvalidError: Features are bad: up to ten are named with their number and field; or there are
            none, or no layer has the fields.
    """
    names = fields or LayerFields()
    faults = Faults()
    found = [
        feature for one in _layers(path, layer, names) for feature in _features(path, one, names, faults)
    ]
    rows = {id(row) for row in of_split([feature.row for feature in found], split)}
    chosen = [feature for feature in found if id(feature.row) in rows]
    images = _Rasters(path, raster, names)
    made = [(feature, _question(feature, images, names, minimum_crop_px)) for feature in chosen]
    faults.check()
    if not made:
        raise DataInvalidError(f"{path} holds no question", "Add a feature with a question and an answer.")
    return _joined([(feature, question) for feature, question in made if question is not None])


def _layers(path: Path, layer: str, names: LayerFields) -> list[str]:
    """Names of the layers to read.

    Raises:
        DataInvalidError: None has the fields.
    """
    if not path.exists():
        raise DataInvalidError(f"there is no {path}", "Name a file that is there.")
    try:
        there = [str(name) for name, _ in pyogrio.list_layers(path)]
        wanted = [layer] if layer else there
        if layer and layer not in there:
            raise DataInvalidError(f"{path} has no layer {layer!r}, only {', '.join(there)}")
        fields = {
            name: [str(one) for one in pyogrio.read_info(path, layer=name)["fields"]] for name in wanted
        }
    except _READ_ERRORS as error:
        raise DataInvalidError(f"{path} cannot be read: {error}", "Name a vector file.") from error
    needed = (names.question, names.answer)
    fit = [name for name in wanted if set(needed) <= set(fields[name])]
    if fit:
        return fit
    has = "; ".join(f"{name} has {', '.join(own) or 'no fields'}" for name, own in fields.items())
    missing = sorted({one for one in needed if not any(one in own for own in fields.values())})
    raise DataInvalidError(
        f"{path}: no layer has the fields {' and '.join(missing or needed)}: {has or 'it holds no layer'}",
        "Add the fields, or say what they are called.",
    )


def _features(path: Path, layer: str, names: LayerFields, faults: Faults) -> list[_Feature]:
    try:
        meta, numbers, shapes, columns = pyogrio.raw.read(
            path, layer=layer, return_fids=True, force_2d=True, datetime_as_string=True
        )
    except _READ_ERRORS as error:
        raise DataInvalidError(f"{path}, layer {layer} cannot be read: {error}") from error
    fields = [str(name) for name in meta["fields"]]
    found = []
    for index, number in enumerate(numbers):
        values = {name: _value(column[index]) for name, column in zip(fields, columns, strict=True)}
        if names.split != "split":
            values["split"] = values.get(names.split)
        row = Row(path, f"{layer} feature {number}", values, faults)
        wkb = None if shapes is None or shapes[index] is None else bytes(shapes[index])
        found.append(_Feature(row, layer, wkb, meta["crs"]))
    return found


def _value(value: Any) -> Any:
    """A field's value as Python has it; None for NULL, which reads as NaN in columns of numbers."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and value != value else value


class _Rasters:
    """Which raster a feature lies over."""

    def __init__(self, path: Path, raster: Path | None, names: LayerFields) -> None:
        if raster is not None and not raster.exists():
            raise DataInvalidError(f"there is no raster {raster}", "Name a raster or a folder that is there.")
        self._only = raster if raster is not None and not raster.is_dir() else None
        folders = [path.parent] if raster is None or self._only else [raster, path.parent]
        self._images = Images(folders)
        self._fields = (names.raster,) if names.raster else _RASTER_FIELDS
        if self._only is not None:
            try:
                self._images.grid(self._only)
            except ValueError as error:
                raise DataInvalidError(str(error)) from error

    def take(self, row: Row) -> tuple[Path, RasterGrid] | None:
        """None, with a fault noted, where there is none."""
        path = self._only or self._images.take(row, *self._fields)
        return (path, self._images.grid(path)) if path else None


def _question(
    feature: _Feature, rasters: _Rasters, names: LayerFields, minimum_px: float
) -> LabelledQuestion | None:
    row = feature.row
    question, answer = row.text(names.question), row.text(names.answer)
    level = _level(row, names.level)
    kind = row.word(names.type)
    found = rasters.take(row)
    if found is None:
        return None
    path, grid = found
    box = _box(feature, grid, minimum_px)
    is_area = row.word("kind") == SEARCHED_AREA
    return LabelledQuestion(
        question_id=f"{feature.layer}-{row.name.rsplit(' ', 1)[1]}",
        image=path,
        question=question,
        answer=answer,
        level=level,
        type=type_of(kind) or plain(kind),
        box=None if is_area else box,
        area=box if is_area and box != grid.extent else None,
        split=split_of(row).lower(),
    )


def _level(row: Row, field: str) -> str:
    word = row.word(field)
    level = level_of(word) if word else ""
    if level is None:
        row.fault(field, f"{shown(word)} is no level ({', '.join(LEVELS)})")
    return level or ""


def _box(feature: _Feature, grid: RasterGrid, minimum_px: float) -> PixelBox | None:
    row = feature.row
    try:
        shape = read_shape(feature.wkb) if feature.wkb is not None else None
        if shape is not None:
            return shape_box(shape, layer_crs(feature.crs), grid, minimum_px)
    except ValueError as error:
        row.fault("geometry", str(error))
        return None
    value = row.values.get("pixel_box")
    if is_none(value):
        return None
    try:
        return native_box(sides_of(value), grid.extent)
    except ValueError as error:
        row.fault("pixel_box", str(error))
        return None


def _joined(made: list[tuple[_Feature, LabelledQuestion]]) -> list[LabelledQuestion]:
    """Features of one answer of the plugin as one question; all others as they are."""
    kept: dict[object, LabelledQuestion] = {}
    for number, (feature, question) in enumerate(made):
        key: object = number
        if question.box is not None and (asked := _asked(feature.row.values)):
            key = (feature.layer, question.image, question.question, question.answer, asked)
        first = kept.get(key)
        if first is not None and first.box is not None and question.box is not None:
            question = replace(first, box=hull([first.box, question.box]))
        kept[key] = question
    return list(kept.values())


def _asked(values: Mapping[str, Any]) -> str:
    """When the plugin was asked; empty in a layer of another origin."""
    return str(values["asked_at"]) if values.get("kind") and values.get("asked_at") else ""
