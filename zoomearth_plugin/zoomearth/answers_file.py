"""Answers appended to a GeoPackage outside QGIS, with the same tables and columns as QGIS's answer layer."""

from __future__ import annotations

import errno
import json
import logging
import shutil
import struct
import tempfile
import warnings
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from rasterio.crs import CRS
from rasterio.warp import transform as transform_positions

from .core.errors import AreaOutsideError, DiskFullError, OutputUnwritableError, ZoomEarthError
from .core.frames import PixelBox, View
from .core.types import Answer, AnswerFrame, Query, Region, Ring
from .raster.ellipsoid import geographic_under, radii_m
from .raster.opening import GDAL_ERRORS

_log = logging.getLogger(__name__)
TABLE = "answers"
UNREFERENCED_TABLE = "answers_unreferenced"
LEAST_FREE_BYTES = 256 * 1024
"""With less room than this, a failed write counts as a full disk: an empty GeoPackage needs 100 kB."""
COLUMNS = {
    "question": "text",
    "answer": "text",
    "label": "text",
    "score": "float64",
    "verified": "bool",
    "kind": "text",
    "step": "int32",
    "reasoning": "text",
    "raw_output": "text",
    "model": "text",
    "revision": "text",
    "source": "text",
    "seen_gsd_m": "float64",
    "area_m2": "float64",
    "pixel_box": "text",
    "asked_at": "datetime64[ms]",
    "seconds": "float64",
    "warnings": "text",
}
"""Names and kinds, in the order of QGIS's answer layer."""
_EDGE_PARTS = 32
"""Straight edges of a map bend on the ellipsoid: they are measured in so many pieces."""
_UTC = 100
"""GDAL's time zone flag for it."""
_WRITE_ERRORS = (
    DataSourceError,
    DataLayerError,
    FeatureError,
    FieldError,
    GeometryError,
    OSError,
    RuntimeError,
)


def check_writable(path: Path, crs: str | None) -> None:
    """Find out before a long question whether its answer could be stored.

    Args:
        path: Where it would go.
        crs: Of the answer to come.

    Raises:
        OutputUnwritableError, DiskFullError: As :func:`append_answer` would.
    """
    if path.suffix.lower() != ".gpkg":
        raise OutputUnwritableError(f"{path} does not end in .gpkg", "Name a file that ends in .gpkg.")
    try:
        with tempfile.TemporaryFile(dir=path.parent):  # SQLite writes its journal there, too
            pass
        if path.exists():
            with path.open("r+b"):
                pass
            _check_crs(path, crs)
    except _WRITE_ERRORS as error:
        raise _storage_error(path, error) from error
    if shutil.disk_usage(path.parent).free < LEAST_FREE_BYTES:
        raise DiskFullError(f"less than {LEAST_FREE_BYTES} bytes are free in {path.parent}")


def append_answer(path: Path, answer: Answer, query: Query, asked_at: datetime) -> None:
    """Append one feature a region, or one for the searched area; the file is made where it is missing.

    Args:
        path: A GeoPackage; its table ``answers`` keeps the CRS that it was made with.
        asked_at: With its time zone.

    Raises:
        OutputUnwritableError: No GeoPackage can be written there, or it holds another CRS.
        DiskFullError: No room is left.
    """
    crs = answer.crs if answer.frame is AnswerFrame.CRS else None
    check_writable(path, crs)
    rings = [region.polygon for region in answer.regions] or [answer.searched_polygon]
    rows = [
        {**row, "asked_at": asked_at, "area_m2": area_m2(ring, crs) if crs else None}
        for row, ring in zip(_rows(answer, query), rings, strict=True)
    ]
    table = TABLE if crs else UNREFERENCED_TABLE
    columns = [_column([row.get(name) for row in rows], kind) for name, kind in COLUMNS.items()]
    places = [_multipolygon_wkb(ring, answer.frame) for ring in rings]
    try:
        before = _count(path, table)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is no CRS is known
            pyogrio.raw.write(
                path,
                geometry=np.array(places, dtype=object),
                field_data=[values for values, _ in columns],
                field_mask=[is_null for _, is_null in columns],
                fields=np.array(list(COLUMNS), dtype=object),
                layer=table,
                driver="GPKG",
                geometry_type="MultiPolygon",
                crs=crs,
                append=path.exists(),
                gdal_tz_offsets={"asked_at": np.full(len(rows), _UTC)},
            )
        # SQLite may find the disk full only as the file is closed, when nobody listens any more.
        if _count(path, table) != before + len(rows):
            raise OSError("the features did not come back as they were written")
    except _WRITE_ERRORS as error:
        raise _storage_error(path, error) from error


def area_m2(ring: Ring, crs: str) -> float | None:
    """Area of a polygon on the ellipsoid of its CRS.

    Args:
        ring: Closed by implication, in map coordinates.
        crs: ``AUTHORITY:CODE`` or WKT.

    Returns:
        None where it has no place on the ellipsoid, or holds a pole.

    Source: Snyder, Map Projections: A Working Manual (1987), equation 3-12: ``q``, twice the area between
    the equator and a latitude, for a semi-major axis and a turn of one radian each.
    """
    known = CRS.from_user_input(crs)
    geographic = geographic_under(known)
    if geographic is None:
        return None
    corners = np.array([*ring, ring[0]])
    steps = np.linspace(0, 1, _EDGE_PARTS, endpoint=False)[None, :, None]
    dense = (corners[:-1, None] + steps * (corners[1:] - corners[:-1])[:, None]).reshape(-1, 2)
    try:
        degrees = transform_positions(known, geographic, dense[:, 0].tolist(), dense[:, 1].tolist())
    except GDAL_ERRORS:
        return None
    longitudes, latitudes = np.radians(np.array(degrees))
    semi_major_m, polar_radius_m = radii_m(geographic, 0.0)
    eccentricity = np.sqrt(max(0.0, 1 - polar_radius_m / semi_major_m))
    turns = (np.roll(longitudes, -1) - longitudes + np.pi) % (2 * np.pi) - np.pi
    if not np.isfinite(degrees).all() or abs(turns.sum()) > np.pi:
        return None
    heights = _authalic_heights(np.sin(latitudes), float(eccentricity))
    return float(abs(np.sum(turns * (heights + np.roll(heights, -1)) / 4)) * semi_major_m**2)


def _authalic_heights(sines: NDArray[np.float64], eccentricity: float) -> NDArray[np.float64]:
    """Snyder's ``q`` at the sines of latitudes; on a sphere twice the sine."""
    if eccentricity == 0:
        return 2 * sines
    e_sines = eccentricity * sines
    log = np.log((1 - e_sines) / (1 + e_sines)) / (2 * eccentricity)
    return np.asarray((1 - eccentricity**2) * (sines / (1 - e_sines**2) - log))


def _count(path: Path, table: str) -> int:
    """Rows in the table; none where there is no such table or file."""
    if not path.exists() or table not in {str(name) for name, _ in pyogrio.list_layers(path)}:
        return 0
    return int(pyogrio.read_info(path, layer=table, force_feature_count=True)["features"])


def _check_crs(path: Path, crs: str | None) -> None:
    """Refuse to mix places of two coordinate reference systems in one table."""
    if crs is None or TABLE not in {str(name) for name, _ in pyogrio.list_layers(path)}:
        return
    kept = pyogrio.read_info(path, layer=TABLE)["crs"]
    if kept != crs and (kept is None or CRS.from_user_input(kept) != CRS.from_user_input(crs)):
        raise OutputUnwritableError(
            f"{path} holds answers in {kept}, not in {crs}", "Name another file for this raster."
        )


def _rows(answer: Answer, query: Query) -> list[dict[str, Any]]:
    """Attributes, a region each; without regions, of the searched area."""
    common = {
        "question": query.question,
        "answer": _clean(answer.text),
        "reasoning": _clean(answer.reasoning),
        "raw_output": _clean(answer.raw_output),
        "model": answer.model,
        "revision": answer.revision,
        "source": query.raster.uri,
        "seen_gsd_m": answer.seen_gsd_m,
        "seconds": answer.seconds,
        "warnings": _clean("\n".join(answer.warnings)) or None,
    }
    if not answer.regions:
        place = {"kind": "searched_area", "step": len(answer.steps) or None}
        return [{**common, **place, "pixel_box": _box_text(answer.searched_box)}]
    return [{**common, **_region(answer, region)} for region in answer.regions]


def _region(answer: Answer, region: Region) -> dict[str, Any]:
    return {
        "kind": "region",
        "label": _clean(region.label),
        "score": region.score,
        "verified": region.verified,
        "step": _marking_step(answer, region),
        "pixel_box": _box_text(region.pixel_box),
    }


def _marking_step(answer: Answer, region: Region) -> int | None:
    """The last look, 1 for the overview, in which the model marked the region; None when it is not told."""
    for number, step in reversed(list(enumerate(answer.steps, start=1))):
        if step.box is None:
            continue
        marked = View(step.window, step.view_size).to_pixels(step.box)
        try:
            marked = marked.intersection(answer.searched_box)
        except AreaOutsideError:
            continue
        if np.allclose(marked.to_json(), region.pixel_box.to_json(), rtol=0, atol=1.0):
            return number
    return None


def _box_text(box: PixelBox) -> str:
    """``[left, top, right, bottom]``, to a hundredth of a pixel."""
    return json.dumps([int(side) if side == int(side) else round(side, 2) for side in box.to_json()])


def _clean(text: str) -> str:
    """Text of a model without what a database cannot hold: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _column(values: list[Any], kind: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """A column's values, and which of them are NULL."""
    is_null = np.array([value is None for value in values])
    if kind == "text":
        return np.array(values, dtype=object), is_null
    if kind.startswith("datetime"):
        values = [value.astimezone(timezone.utc).replace(tzinfo=None) for value in values]
    filled = [0 if value is None else value for value in values]
    return np.array(filled, dtype=kind), is_null


def _multipolygon_wkb(ring: Ring, frame: AnswerFrame) -> bytes:
    """Little-endian WKB of one polygon; pixel rows turn to y = -row, as maps draw them."""
    sign = -1.0 if frame is AnswerFrame.PIXELS else 1.0
    points = [(x, sign * y) for x, y in (*ring, ring[0])]
    polygon = struct.pack("<BIII", 1, 3, 1, len(points)) + b"".join(struct.pack("<dd", *p) for p in points)
    return struct.pack("<BII", 1, 6, 1) + polygon


def _storage_error(path: Path, error: Exception) -> ZoomEarthError:
    """The error for a write that failed, told apart by what the system or SQLite says."""
    text = str(error).lower()
    is_full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "is full" in text
    if not is_full and path.parent.is_dir():
        is_full = shutil.disk_usage(path.parent).free < LEAST_FREE_BYTES
    kind = DiskFullError if is_full else OutputUnwritableError
    return kind(f"{path}: {error}")
