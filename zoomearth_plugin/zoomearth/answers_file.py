"""Answers appended to a GeoPackage outside QGIS, with the same columns as QGIS's answer layer."""

from __future__ import annotations

import errno
import json
import shutil
import struct
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from .core.errors import DiskFullError, OutputUnwritableError, ZoomEarthError
from .core.types import Answer, AnswerFrame, Query, Region, Ring

TABLE = "answers"
LEAST_FREE_BYTES = 256 * 1024
"""With less room than this, a failed write counts as a full disk: an empty GeoPackage needs 100 kB."""
_TEXT = ("question answer label kind reasoning raw_output model revision source pixel_box warnings").split()
_REAL = "score seen_gsd_m area_m2 seconds".split()
COLUMNS = (
    "question answer label score verified kind step reasoning raw_output model revision source seen_gsd_m"
    " area_m2 pixel_box asked_at seconds warnings"
).split()


def append_answer(path: Path, answer: Answer, query: Query, asked_at: datetime) -> None:
    """Append one feature a region, or one for the searched area; the file is made where it is missing.

    Args:
        path: A GeoPackage; its table ``answers`` keeps the CRS that it was made with.
        asked_at: With its time zone.

    Raises:
        OutputUnwritableError: No GeoPackage can be written there, or it holds another CRS.
        DiskFullError: No room is left.
    """
    rows = _rows(answer, query)
    is_new = not path.exists()
    if path.suffix.lower() != ".gpkg":
        raise OutputUnwritableError(f"{path} does not end in .gpkg", "Name a file that ends in .gpkg.")
    crs = answer.crs if answer.frame is AnswerFrame.CRS else None
    try:
        if not is_new:
            _check_crs(path, crs)
        pyogrio.raw.write(
            path,
            geometry=np.array([_multipolygon_wkb(ring, answer.frame) for ring, _ in rows], dtype=object),
            field_data=_columns([attributes for _, attributes in rows], asked_at),
            fields=np.array(COLUMNS, dtype=object),
            layer=TABLE,
            driver="GPKG",
            geometry_type="MultiPolygon",
            crs=crs,
            append=not is_new,
        )
    except (DataSourceError, DataLayerError, OSError, RuntimeError) as error:
        raise _storage_error(path, error) from error


def _check_crs(path: Path, crs: str | None) -> None:
    """Refuse to mix places of two coordinate reference systems in one table."""
    import rasterio.crs

    if TABLE not in {str(name) for name, _ in pyogrio.list_layers(path)}:
        return
    kept = pyogrio.read_info(path, layer=TABLE)["crs"]
    same = kept == crs
    if kept and crs and not same:
        same = rasterio.crs.CRS.from_user_input(kept) == rasterio.crs.CRS.from_user_input(crs)
    if not same and (kept or crs):
        raise OutputUnwritableError(
            f"{path} holds answers in {kept}, not in {crs}", "Name another file for this raster."
        )


def _rows(answer: Answer, query: Query) -> list[tuple[Ring, dict[str, Any]]]:
    common = {
        "question": query.question,
        "answer": answer.text,
        "reasoning": answer.reasoning,
        "raw_output": answer.raw_output,
        "model": answer.model,
        "revision": answer.revision,
        "source": query.raster.uri,
        "seen_gsd_m": answer.seen_gsd_m,
        "seconds": answer.seconds,
        "warnings": "\n".join(answer.warnings) or None,
    }
    if not answer.regions:
        place = {"kind": "searched_area", "step": len(answer.steps) or None}
        box = json.dumps([round(side, 3) for side in answer.searched_box.to_json()])
        return [(answer.searched_polygon, {**common, **place, "pixel_box": box})]
    return [(region.polygon, {**common, **_region(answer, region)}) for region in answer.regions]


def _region(answer: Answer, region: Region) -> dict[str, Any]:
    zoomed = [number for number, step in enumerate(answer.steps, start=1) if step.box is not None]
    return {
        "kind": "region",
        "label": region.label,
        "score": region.score,
        "verified": region.verified,
        "step": max(zoomed, default=None),
        "pixel_box": json.dumps([round(side, 3) for side in region.pixel_box.to_json()]),
    }


def _columns(rows: list[dict[str, Any]], asked_at: datetime) -> list[np.ndarray[Any, Any]]:
    stamp = np.datetime64(asked_at.replace(tzinfo=None), "ms")
    found: list[np.ndarray[Any, Any]] = []
    for name in COLUMNS:
        values = [row.get(name) for row in rows]
        if name == "asked_at":
            found.append(np.full(len(rows), stamp))
        elif name in _TEXT:
            found.append(np.array(values, dtype=object))
        else:  # NaN is written as NULL; GeoPackage's own integers and booleans know none here
            found.append(np.array([np.nan if value is None else float(value) for value in values]))
    return found


def _multipolygon_wkb(ring: Ring, frame: AnswerFrame) -> bytes:
    """Little-endian WKB of one polygon; pixel rows turn to y = -row, as maps draw them."""
    sign = -1.0 if frame is AnswerFrame.PIXELS else 1.0
    points = [(x, sign * y) for x, y in (*ring, ring[0])]
    polygon = struct.pack("<BIII", 1, 3, 1, len(points)) + b"".join(struct.pack("<dd", *p) for p in points)
    return struct.pack("<BII", 1, 6, 1) + polygon


def _storage_error(path: Path, error: Exception) -> ZoomEarthError:
    folder = path.parent if path.parent.is_dir() else Path.cwd()
    is_full = getattr(error, "errno", None) == errno.ENOSPC
    if is_full or shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
        return DiskFullError(f"{path}: {error}")
    return OutputUnwritableError(f"{path}: {error}")
