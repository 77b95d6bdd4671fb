"""What tests of the command line are made of: rasters, runs of the command, and tables read back."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import rasterio
from rasterio.transform import from_origin

ZOOM = '<think>There.</think>[{"bbox_2d": [128, 96, 256, 192], "label": "ship"}]'
ANSWER = "<think>I see.</think><answer>red</answer>"
LIMIT_S = 60.0
"""Nothing here takes long; a machine that is busy with other things may make it so."""
WIDTH_PX, HEIGHT_PX = 1024, 768
UTM_33N = from_origin(500_000, 5_600_000, 10, 10)
Position = tuple[float, float]


@dataclass(frozen=True)
class Ended:
    """A command that ran to its end."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as the one object that it must be."""
        value = json.loads(self.out)
        assert self.out.count("\n") == 1
        return value

    @property
    def error(self) -> dict[str, str]:
        return self.json["error"]


def run_zoomearth(*arguments: str | Path | bytes, environment: dict[str, str], **options: Any) -> Ended:
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": LIMIT_S, **options}
    command = [os.fsencode(part) for part in (sys.executable, "-m", "zoomearth", *arguments)]
    ended = subprocess.run(command, env=environment, check=False, **options)
    return Ended(ended.returncode, (ended.stdout or b"").decode(), (ended.stderr or b"").decode())


def write_raster(
    path: Path, crs: str | None = "EPSG:32633", transform: Any = UTM_33N, **options: Any
) -> Path:
    """1,024 × 768 px of noise, 10 m each, from (500000, 5600000)."""
    noise = np.random.default_rng(1).integers(1, 255, (3, HEIGHT_PX, WIDTH_PX)).astype(np.uint8)
    options = {"driver": "GTiff", "count": 3, "dtype": "uint8", "crs": crs, "transform": transform, **options}
    with rasterio.open(path, "w", width=WIDTH_PX, height=HEIGHT_PX, **options) as file:
        file.write(noise)
    return path


def write_points(path: Path, table: str, crs: str = "EPSG:32633") -> Path:
    """Somebody's GeoPackage: one named point at (1, 2)."""
    point = struct.pack("<BIdd", 1, 1, 1.0, 2.0)
    names = [np.array(["A 1"], dtype=object)]
    pyogrio.raw.write(
        path,
        np.array([point], dtype=object),
        names,
        np.array(["name"], dtype=object),
        layer=table,
        driver="GPKG",
        geometry_type="Point",
        crs=crs,
    )
    return path


def tables(path: Path) -> dict[str, str]:
    """Names of a GeoPackage's tables, each with its kind of geometry."""
    return {str(name): str(kind) for name, kind in pyogrio.list_layers(path)}


def crs_of(path: Path, table: str = "answers") -> str | None:
    return pyogrio.read_info(path, layer=table)["crs"]


def rows(path: Path, table: str = "answers") -> list[dict[str, Any]]:
    """Attributes of each feature, NULL as None, and ``ring``: the corners of its only polygon."""
    info, _, places, columns = pyogrio.raw.read(path, layer=table, datetime_as_string=True)
    found = []
    for number, place in enumerate(places):
        values = {
            name: None if column[number] != column[number] else column[number]  # NaN stands for NULL
            for name, column in zip(info["fields"], columns, strict=True)
        }
        found.append({**values, "ring": ring_of(place)})
    return found


def ring_of(wkb: bytes) -> list[Position]:
    """Of a little-endian multipolygon of one polygon without holes."""
    assert struct.unpack_from("<BIIBII", wkb) == (1, 6, 1, 1, 3, 1)
    (count,) = struct.unpack_from("<I", wkb, 18)
    numbers = struct.unpack_from(f"<{2 * count}d", wkb, 22)
    return list(zip(numbers[::2], numbers[1::2], strict=True))
