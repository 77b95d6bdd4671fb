"""What tests of batches are made of: small rasters, job tables, runs of the command, outputs read back."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

ANSWER = "<think>I see.</think><answer>red</answer>"
ZOOM = '<think>There.</think>[{"bbox_2d": [16, 8, 32, 24], "label": "ship"}]'
SIDE_PX = 64
UTM_33N = from_origin(500_000, 5_600_000, 10, 10)
LIMIT_S = 120.0
"""Nothing here takes long; a machine that is busy with other things may make it so."""
ANSWER_TABLES = ("answers", "answers_unreferenced")


@dataclass(frozen=True)
class Ended:
    """A command that ran to its end."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as the one object that it must be."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "zoomearth", "batch", *map(str, arguments)]


def run_batch_command(*arguments: str | Path, environment: Mapping[str, str], **options: Any) -> Ended:
    options = {"capture_output": True, "timeout": LIMIT_S, **options}
    ended = subprocess.run(command(*arguments), env=dict(environment), check=False, text=True, **options)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def write_raster(
    path: Path, crs: str | None = "EPSG:32633", transform: Any = UTM_33N, **options: Any
) -> Path:
    """64 × 64 px of noise, 10 m each, from (500000, 5600000) of UTM 33N."""
    noise = np.random.default_rng(1).integers(1, 255, (3, SIDE_PX, SIDE_PX)).astype(np.uint8)
    options = {"driver": "GTiff", "count": 3, "dtype": "uint8", "crs": crs, "transform": transform, **options}
    with rasterio.open(path, "w", width=SIDE_PX, height=SIDE_PX, **options) as file:
        file.write(noise)
    return path


def write_jobs(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """A job table as CSV, the columns as in the first row."""
    rows = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def many_jobs(folder: Path, count: int, rasters: Iterable[str] = ("scene.tif",)) -> Path:
    names = list(rasters)
    return write_jobs(
        folder / "jobs.csv",
        (
            {"id": f"job-{number}", "raster": names[number % len(names)], "question": f"What is {number}?"}
            for number in range(count)
        ),
    )


def read_rows(path: Path, table: str) -> list[dict[str, Any]]:
    """A table's rows in the order in which they were written."""
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(f'SELECT * FROM "{table}" ORDER BY fid')]


def answered_ids(path: Path) -> list[str]:
    """Of all rows, sorted; a job that was written twice is here twice."""
    tables = (*ANSWER_TABLES, "failures")
    return sorted(row["job_id"] for table in tables for row in read_rows(path, table))


def numbered(count: int) -> list[str]:
    return sorted(f"job-{number}" for number in range(count))


def table_of(path: Path) -> list[dict[str, str]]:
    """What ``--table`` wrote."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def wait_for(condition: Callable[[], bool]) -> None:
    """Fails when it does not come true."""
    deadline_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline_s, "it never came true"
        time.sleep(0.01)


def quiet_environment(cache: Path) -> dict[str, str]:
    return {**os.environ, "ZOOMEARTH_CACHE": str(cache), "OMP_NUM_THREADS": "1"}


@contextmanager
def mounted_disk(folder: Path, size: str) -> Iterator[Path]:
    """Within: a small disk of its own there; skips the test where nobody may mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.name != "posix" or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets nobody mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
