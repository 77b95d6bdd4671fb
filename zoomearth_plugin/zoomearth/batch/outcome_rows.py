"""Rows of a batch's output that an outcome makes: one for each place of an answer, or one of a failure."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np

from ..answers_file import multipolygon_wkb
from ..core.answer_table import COLUMNS, answer_rows
from ..core.area import Polygons
from ..core.errors import ZoomEarthError
from ..core.types import Answer, AnswerFrame, Options, Query
from ..raster.ellipsoid import polygons_area_m2
from .moving import moved
from .outcome import Outcome

ANSWERS, UNREFERENCED, FAILURES = "answers", "answers_unreferenced", "failures"
ANSWER_COLUMNS = {"job_id": "text", **COLUMNS, "source_crs": "text", "timings": "text"}
FAILURE_COLUMNS = {
    "job_id": "text",
    "raster": "text",
    "question": "text",
    "model": "text",
    "code": "text",
    "message": "text",
    "hint": "text",
    "failed_at": "time",
}
Bounds = tuple[float, float, float, float]
"""Western, southern, eastern and northern end."""
_ENVELOPE_XY = 1 << 1


@dataclass(frozen=True)
class Row:
    """What is inserted.

    Args:
        table: Its name.
        values: By column.
        place: In the table's frame; None in a table without places.
    """

    table: str
    values: dict[str, Any]
    place: Polygons | None = None


def rows_of_outcome(outcome: Outcome, crs: str) -> list[Row]:
    """All rows of an outcome.

    Args:
        outcome: Of a job.
        crs: Of the table of answers.
    """
    if outcome.answer is None:
        return [Row(FAILURES, _failure_row(outcome))]
    return [Row(*row) for row in _answer_rows(outcome, outcome.answer, crs)]


def _answer_rows(
    outcome: Outcome, answer: Answer, crs: str
) -> Iterator[tuple[str, dict[str, Any], Polygons]]:
    """The rows of an answer: table, values by column, place in the table's frame."""
    job = outcome.job
    query = Query(job.question, job.request, job.area, Options(), job.model)
    source = answer.crs if answer.frame is AnswerFrame.CRS else None
    for values, place in answer_rows(answer, query, outcome.asked_at):
        area_m2 = polygons_area_m2(place, source) if source else None
        row = {
            "job_id": job.id,
            **values,
            "area_m2": area_m2,
            "asked_at": stamp(outcome.asked_at),
            "source_crs": source,
            "timings": json.dumps(dict(answer.timings)),
        }
        there = moved(place, source, crs) if source else None
        if there is None:
            sign = -1.0 if answer.frame is AnswerFrame.PIXELS else 1.0
            own = tuple(tuple(tuple((x, sign * y) for x, y in ring) for ring in one) for one in place)
            yield UNREFERENCED, row, own
        else:
            yield ANSWERS, row, there


def _failure_row(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error or ZoomEarthError("no outcome")
    job = outcome.job
    return {
        "job_id": job.id,
        "raster": job.raster,
        "question": job.question,
        "model": job.model,
        "code": error.code,
        "message": error.message.encode("utf-8", "replace").decode(),
        "hint": error.hint,
        "failed_at": stamp(outcome.asked_at),
    }


def stamp(moment: datetime) -> str:
    """As GeoPackage has it: ISO 8601 in UTC, with milliseconds."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def bounds_of(place: Polygons) -> Bounds:
    positions = np.array([position for polygon in place for ring in polygon for position in ring])
    (west, south), (east, north) = positions.min(axis=0), positions.max(axis=0)
    return float(west), float(south), float(east), float(north)


def geopackage_geometry(place: Polygons, srs_id: int) -> bytes:
    """A geometry as GeoPackage stores it, with its envelope.

    Source: OGC 12-128r18, GeoPackage 1.3, clause 2.1.3.
    """
    west, south, east, north = bounds_of(place)
    header = struct.pack("<2sBBi4d", b"GP", 0, 1 | _ENVELOPE_XY, srs_id, west, east, south, north)
    return header + multipolygon_wkb(place)
