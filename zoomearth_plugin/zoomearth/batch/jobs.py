"""Job tables: which question is asked about which raster, checked whole before the first is asked.

Columns ``raster`` and ``question``; if wanted ``area`` (``xmin,ymin,xmax,ymax`` or a polygon as WKT, in the
raster's map coordinates; or ``pixels c0,r0,c1,r1``), ``id``, ``model``, ``bands`` (one, or red, green, blue)
and ``look`` (of :class:`Look`, as JSON). A GeoPackage's geometry is an area.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.area import Area
from ..core.errors import JobTableInvalidError, ZoomEarthError
from ..core.look import Look
from ..core.types import MAX_QUESTION_LENGTH, RasterRequest
from ..models.loading import check_model
from .job_cells import area_of, bands_of, look_of, text_of
from .tables import Row, read_table, require_columns

TOLD_FAULTS = 20
_SCHEME = re.compile(r"^(/vsi|[A-Za-z][A-Za-z0-9+.-]+:)")
"""What is no path on a disk: GDAL's virtual files, addresses, ``netcdf:…``; drive letters are one letter."""


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
        bands: See :class:`RasterRequest`.
        look: See :class:`RasterRequest`.
    """

    id: str
    raster: str
    question: str
    area: Area | None = None
    area_crs: str | None = None
    model: str = "zoomearth-mini"
    bands: tuple[int, ...] = ()
    look: Look | None = None

    @property
    def request(self) -> RasterRequest:
        """What is opened."""
        return RasterRequest(self.raster, self.bands, look=self.look)

    def to_json(self) -> dict[str, Any]:
        shown = {"bands": list(self.bands), "look": self.look.to_json() if self.look else None}
        return {
            "id": self.id,
            "raster": self.raster,
            "question": self.question,
            "area": self.area.to_json() if self.area else None,
            "area_crs": self.area_crs,
            "model": self.model,
            **(shown if self.bands else {}),
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
            tuple(payload.get("bands", ())),
            Look.from_json(payload["look"]) if payload.get("look") else None,
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
        identity = text_of(row.get("id")) or str(number)
        if identity in seen:
            found.append(f"id: {identity!r} is the id of row {seen[identity]}, too")
        seen.setdefault(identity, number)
        faults += [f"row {number}, {fault}" for fault in found]
        if not found:
            area = area_of(row.get("area"))
            jobs.append(
                Job(
                    identity,
                    _located(text_of(row["raster"]), beside),
                    " ".join(text_of(row["question"]).split()),
                    area,
                    area_crs if area is not None and area.polygons else None,
                    text_of(row.get("model")) or model,
                    bands_of(row.get("bands")),
                    look_of(row.get("look")),
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
    if not text_of(row.get("raster")):
        yield "raster: it is empty"
    question = " ".join(text_of(row.get("question")).split())
    if not question:
        yield "question: it is empty"
    elif len(question) > MAX_QUESTION_LENGTH:
        yield f"question: it has {len(question)} characters, more than {MAX_QUESTION_LENGTH}"
    for column, read in (("area", area_of), ("bands", bands_of), ("look", look_of)):
        try:
            read(row.get(column))
        except ValueError as error:
            yield f"{column}: {error}"
    if text_of(row.get("look")) and not text_of(row.get("bands")):
        yield "bands: a look is that of bands, and none are named"
    named = text_of(row.get("model")) or model
    if named not in models:
        try:
            check_model(named)
            models[named] = ""
        except ZoomEarthError as error:
            models[named] = f"model: {error.message} {error.hint}"
    if models[named]:
        yield models[named]


def _located(raster: str, folder: str) -> str:
    if _SCHEME.match(raster) or os.path.isabs(raster):  # noqa: PTH117 # of 100,000 rows, quickly
        return raster
    return os.path.normpath(f"{folder}{os.sep}{raster}")
