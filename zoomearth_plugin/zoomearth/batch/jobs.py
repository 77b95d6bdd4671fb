"""Job tables: which question is asked about which raster, checked whole before the first is asked.

Columns ``raster`` and ``question``; if wanted ``area`` (``xmin,ymin,xmax,ymax`` or a polygon as WKT, in the
raster's map coordinates; or ``pixels c0,r0,c1,r1``), ``id``, ``model``, ``bands`` (one, or red, green, blue)
and ``look`` (of :class:`Look`, as JSON). A GeoPackage's geometry is an area.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from ..core.area import Area
from ..core.errors import JobTableInvalidError, ZoomEarthError
from ..core.look import Look
from ..core.types import RasterRequest
from ..models.loading import check_model
from .job_cells import area_of, bands_of, cut, excerpt, id_of, look_of, question_of, raster_of, text_of
from .tables import Row, Table, read_table

TOLD_FAULTS = 20
_T = TypeVar("_T")


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
    """The jobs of a table; see :func:`.tables.read_table`.

    Rasters whose paths are relative lie beside the table.

    Args:
        path: The table.
        model: For rows that name none.

    Raises:
        JobTableInvalidError: It cannot be read, or rows are wrong; the message names each with its column.
        ZoomEarthError: Rows name no model, and ``model`` cannot be asked; see :func:`check_model`.
    """
    table = read_table(path)
    if not table.rows:
        raise JobTableInvalidError(
            f"{path} has no rows", "Put at least one row below the names of the columns."
        )
    if not all(text_of(row.get("model")) for row in table.rows):
        check_model(model)
    reader = _RowReader(table, model)
    jobs = [reader.read(number, row) for number, row in enumerate(table.rows, start=1)]
    if reader.faults:
        more = len(reader.faults) - TOLD_FAULTS
        told = [f"{path}:", *reader.faults[:TOLD_FAULTS], *([f"and {more} more"] if more > 0 else [])]
        raise JobTableInvalidError("\n".join(told))
    return jobs


class _RowReader:
    """Makes jobs of rows; those of rows with faults are good for nothing.

    Args:
        table: Of the rows.
        model: For rows that name none.
    """

    def __init__(self, table: Table, model: str) -> None:
        self.faults: list[str] = []
        self._table = table
        self._folder = str(table.folder.resolve())
        self._model = model
        self._model_fault = cache(_model_fault)
        self._rows_of_ids: dict[str, int] = {}

    def read(self, number: int, row: Row) -> Job:
        """The job of the row of this number, from 1; what is wrong with it is added to the faults."""
        found: list[str] = []

        def cell(column: str, read: Callable[[object], _T], instead: _T) -> _T:
            try:
                return read(row.get(column))
            except ValueError as error:
                found.append(f"{column}: {error}")
                return instead

        raster = cell("raster", self._raster, "")
        question = cell("question", question_of, "")
        area = cell("area", area_of, None)
        bands: tuple[int, ...] = cell("bands", bands_of, ())
        look = cell("look", look_of, None)
        if text_of(row.get("look")) and not text_of(row.get("bands")):
            found.append("bands: a look is that of bands, and none are named")
        model = cell("model", self._named_model, "")
        identity = cell("id", id_of, "") or str(number)
        before = self._rows_of_ids.setdefault(identity, number)
        if before != number:
            found.append(f"id: {excerpt(identity)} is the id of {self._place(before)}, too")
        for fault in found:
            self.faults.append(f"{self._place(number)}, {fault}")
        area_crs = self._table.area_crs if area is not None and area.polygons else None
        return Job(identity, raster, question, area, area_crs, model, bands, look)

    def _raster(self, value: object) -> str:
        return raster_of(value, self._folder)

    def _named_model(self, value: object) -> str:
        named = text_of(value)
        fault = self._model_fault(named) if named else ""
        if fault:
            raise ValueError(fault)
        return named or self._model

    def _place(self, number: int) -> str:
        """A row as a person finds it: its number, its line, its own id."""
        notes = [f"line {self._table.lines[number - 1]}"] if self._table.lines else []
        identity = "".join(filter(str.isprintable, text_of(self._table.rows[number - 1].get("id"))))
        if identity:
            notes.append(f"id {cut(identity, 40)}")
        return f"row {number} ({', '.join(notes)})" if notes else f"row {number}"


def _model_fault(model: str) -> str:
    """Why it cannot be asked; empty where it can."""
    try:
        check_model(model)
    except ZoomEarthError as error:
        return f"{cut(error.message, 200).rstrip('.')}. {error.hint}"
    except OSError:  # longer than a file's name can be
        return f"no model {excerpt(model)}"
    return ""
