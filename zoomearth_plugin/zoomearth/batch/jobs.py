"""Job tables: which question is asked about which raster, checked whole before the first is asked.

Columns ``raster`` and ``question``; if wanted ``area`` (``xmin,ymin,xmax,ymax`` or a polygon as WKT, in the
raster's map coordinates; or ``pixels c0,r0,c1,r1``), ``id`` and ``model``. A GeoPackage's geometry is an
area.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from shapely.errors import ShapelyError

from ..core.area import Area, Polygons
from ..core.errors import JobTableInvalidError, ZoomEarthError
from ..core.frames import PixelBox
from ..core.types import MAX_QUESTION_LENGTH
from ..models.loading import check_model
from .tables import Row, read_table, require_columns

TOLD_FAULTS = 20
_SCHEME = re.compile(r"^(/vsi|[A-Za-z][A-Za-z0-9+.-]+:)")
"""What is no path on a disk: GDAL's virtual files, addresses, ``netcdf:…``; drive letters are one letter."""
_PIXELS = re.compile(r"pixels?\b\s*(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Job:
    """One question about one raster.

    Args:
        id: Tells it from all others of its table.
        raster: Anything GDAL opens.
        question: Trimmed.
        area: None for the whole raster.
        area_crs: Of the area's polygons, where that is not the raster's own; WKT or ``AUTHORITY:CODE``.
        model: See :func:`..models.loading.load_engine`.
    """

    id: str
    raster: str
    question: str
    area: Area | None = None
    area_crs: str | None = None
    model: str = "zoomearth-mini"

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "raster": self.raster,
            "question": self.question,
            "area": self.area.to_json() if self.area else None,
            "area_crs": self.area_crs,
            "model": self.model,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Job:
        area = payload.get("area")
        return cls(
            str(payload["id"]),
            str(payload["raster"]),
            str(payload["question"]),
            Area.from_json(area) if area else None,
            payload.get("area_crs"),
            str(payload["model"]),
        )


def digest_of(jobs: Sequence[Job]) -> str:
    """Tells one table's jobs from another's, whatever their order."""
    encode = json.JSONEncoder(sort_keys=True).encode
    lines = sorted(encode(job.to_json()) for job in jobs)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def read_jobs(path: Path, *, model: str) -> list[Job]:
    """The jobs of a table: ``.csv``, ``.parquet``, or ``.gpkg`` (its first table, or ``FILE.gpkg|TABLE``).

    Rasters whose paths are relative lie beside the table.

    Args:
        path: The table.
        model: For rows that name none.

    Raises:
        JobTableInvalidError: It cannot be read, or rows are wrong; the message names each with its column.
    """
    table = read_table(path)
    return jobs_of_rows(table.rows, folder=table.folder, model=model, area_crs=table.area_crs, name=str(path))


def pairs(rasters: Sequence[str], questions: Sequence[str], *, model: str) -> list[Job]:
    """Every question about every raster.

    Raises:
        JobTableInvalidError: There are none of one kind, or a question is invalid.
    """
    rows = [{"raster": raster, "question": question} for raster in rasters for question in questions]
    if not rows:
        raise JobTableInvalidError(f"{len(rasters)} rasters and {len(questions)} questions make no job")
    return jobs_of_rows(rows, folder=Path(), model=model)


def jobs_of_rows(
    rows: Iterable[Row], *, folder: Path, model: str, area_crs: str | None = None, name: str = "the table"
) -> list[Job]:
    """Jobs of rows by column; see :func:`read_jobs`."""
    faults: list[str] = []
    jobs: list[Job] = []
    seen: dict[str, int] = {}
    models: dict[str, str] = {}
    beside = str(folder.resolve())
    for number, row in enumerate(rows, start=1):
        if number == 1:
            require_columns(list(row), name)
        found = list(_faults(row, models, model))
        identity = _text(row.get("id")) or str(number)
        if identity in seen:
            found.append(f"id: {identity!r} is the id of row {seen[identity]}, too")
        seen.setdefault(identity, number)
        faults += [f"row {number}, {fault}" for fault in found]
        if not found:
            area = _area(row.get("area"))
            jobs.append(
                Job(
                    identity,
                    _located(_text(row["raster"]), beside),
                    " ".join(_text(row["question"]).split()),
                    area,
                    area_crs if area is not None and area.polygons else None,
                    _text(row.get("model")) or model,
                )
            )
    if faults:
        more = f"\nand {len(faults) - TOLD_FAULTS} more" if len(faults) > TOLD_FAULTS else ""
        raise JobTableInvalidError("\n".join([f"{name}:", *faults[:TOLD_FAULTS]]) + more)
    if not jobs:
        raise JobTableInvalidError(
            f"{name} has no rows", "Put at least one row below the names of the columns."
        )
    return jobs


def _faults(row: Row, models: dict[str, str], model: str) -> Iterator[str]:
    """What is wrong with a row, each with its column."""
    if not _text(row.get("raster")):
        yield "raster: it is empty"
    question = " ".join(_text(row.get("question")).split())
    if not question:
        yield "question: it is empty"
    elif len(question) > MAX_QUESTION_LENGTH:
        yield f"question: it has {len(question)} characters, more than {MAX_QUESTION_LENGTH}"
    try:
        _area(row.get("area"))
    except ValueError as error:
        yield f"area: {error}"
    named = _text(row.get("model")) or model
    if named not in models:
        try:
            check_model(named)
            models[named] = ""
        except ZoomEarthError as error:
            models[named] = f"model: {error.message} {error.hint}"
    if models[named]:
        yield models[named]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()


def _located(raster: str, folder: str) -> str:
    if _SCHEME.match(raster) or os.path.isabs(raster):  # noqa: PTH117 # of 100,000 rows, quickly
        return raster
    return os.path.normpath(f"{folder}{os.sep}{raster}")


def _area(value: object) -> Area | None:
    """Raises ValueError where it is no area."""
    if isinstance(value, bytes):
        return _polygonal(_geometry(shapely.from_wkb, value))
    text = _text(value)
    if not text:
        return None
    pixels = _PIXELS.match(text)
    if pixels:
        return Area(pixels=PixelBox.from_corners(_numbers(pixels[1])))
    if text[:1].isalpha():
        return _polygonal(_geometry(shapely.from_wkt, text))
    west, south, east, north = PixelBox.from_corners(_numbers(text)).to_json()
    return Area.of_ring((west, north), (east, north), (east, south), (west, south))


def _numbers(text: str) -> list[float]:
    parts = [part for part in re.split(r"[\s,;]+", text.strip()) if part]
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) != 4:
        raise ValueError(f"{text[:60]!r} are not four numbers")
    return numbers


def _geometry(read: Any, value: object) -> Any:
    try:
        return read(value)
    except (ShapelyError, ValueError) as error:
        raise ValueError(f"{str(value)[:60]!r} is no polygon: {error}") from error


def _polygonal(shape: Any) -> Area | None:
    """The polygons of a geometry; None where it is empty."""
    if shape is None or shape.is_empty:
        return None
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"a {shape.geom_type} is no polygon")
    shape = shapely.force_2d(shape)
    if not shape.is_valid:
        shape = shapely.make_valid(shape)
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    polygons: Polygons = tuple(
        tuple(_ring(ring) for ring in (part.exterior, *part.interiors)) for part in parts
    )
    if not polygons:
        raise ValueError("it has no area")
    return Area(polygons=polygons)


def _ring(ring: Any) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in ring.coords[:-1])
