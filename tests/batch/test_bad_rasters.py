"""A raster that cannot be read costs its own rows, and no others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from batch_samples import (
    ANSWER,
    Ended,
    answered_ids,
    many_jobs,
    numbered,
    read_rows,
    write_jobs,
    write_raster,
)
from rasterio.transform import from_origin
from zoomearth.batch.carrying import Output, run_batch
from zoomearth.batch.jobs import Job
from zoomearth.batch.running import RunSettings
from zoomearth.core.progress import CancelToken
from zoomearth.resources import resource_folder

Batch = Callable[..., Ended]
Script = Callable[..., str]


def test_each_kind_of_bad_raster(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "text.tif").write_text("no raster")
    (tmp_path / "empty.tif").write_bytes(b"")
    whole = write_raster(tmp_path / "cut.tif").read_bytes()
    (tmp_path / "cut.tif").write_bytes(whole[: len(whole) // 2])
    with rasterio.open(scene) as file:
        profile = file.profile
    with rasterio.open(tmp_path / "nodata.tif", "w", **{**profile, "nodata": 0}) as file:
        file.write(np.zeros((3, 64, 64), np.uint8))
    with rasterio.open(tmp_path / "complex.tif", "w", **{**profile, "dtype": "complex64"}) as file:
        file.write(np.ones((3, 64, 64), np.complex64))
    codes = {
        "gone.tif": "raster_unreadable",
        "text.tif": "raster_unreadable",
        "empty.tif": "raster_unreadable",
        "cut.tif": "raster_unreadable",
        "nodata.tif": "raster_empty",
        "complex.tif": "raster_type_unsupported",
    }
    many_jobs(tmp_path, 70, ["scene.tif", *codes])
    ended = batch("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER), "--json")
    counts = {"jobs": 70, "before": 0, "before_failed": 0, "answered": 10, "failed": 60}
    assert (ended.status, ended.json) == (0, counts)
    assert answered_ids(tmp_path / "out.gpkg") == numbered(70)
    failed = read_rows(tmp_path / "out.gpkg", "failures")
    assert {(Path(row["raster"]).name, row["code"]) for row in failed} == set(codes.items())
    assert all(row["message"] and row["hint"] and row["question"] for row in failed)


def test_area_beside_the_raster(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    rows = [{"raster": "scene.tif", "question": "Red?", "area": area} for area in ("0,0,1,1", "")]
    write_jobs(tmp_path / "jobs.csv", rows)
    assert batch("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER)).status == 0
    (failed,) = read_rows(tmp_path / "out.gpkg", "failures")
    assert (failed["job_id"], failed["code"]) == ("1", "area_outside")


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be taken away elsewhere")
@pytest.mark.parametrize("mishap", ["unlinked", "cut short"])
def test_raster_that_is_lost_on_the_way(scene: Path, script: Script, tmp_path: Path, mishap: str) -> None:
    """It is there when the batch begins, and not when its own questions come."""
    second, third = (shutil.copy(scene, tmp_path / f"{name}.tif") for name in ("second", "third"))
    model = script(ANSWER)
    jobs = [
        Job(f"{raster.stem}-{number}", str(raster), "Red?", model=model)
        for raster in (scene, second, third)
        for number in range(20)
    ]

    def tell(tally: Any) -> None:
        if tally.answered == 1:
            second.unlink() if mishap == "unlinked" else os.truncate(second, 500)

    output = Output(tmp_path / "out.gpkg")
    tally = run_batch(jobs, output, RunSettings(together=1), cancel=CancelToken(), tell=tell)
    assert (tally.answered, tally.failed) == (40, 20)
    failed = read_rows(output.path, "failures")
    assert {row["job_id"] for row in failed} == {f"second-{number}" for number in range(20)}
    assert {row["code"] for row in failed} == {"raster_unreadable"}
    assert len(answered_ids(output.path)) == len(set(answered_ids(output.path))) == 60


def test_view_that_does_not_fit_the_memory(
    scene: Path, script: Script, environment: dict[str, str], tmp_path: Path
) -> None:
    """A view of 10.8 GB, which no option allows, in a process that may have 6: its job alone fails."""
    resource = pytest.importorskip("resource", reason="limits of memory are POSIX")
    layout = {"sparse_ok": True, "tiled": True, "compress": "deflate"}
    with rasterio.open(
        tmp_path / "huge.tif",
        "w",
        driver="GTiff",
        width=60_000,
        height=60_000,
        count=3,
        dtype="uint8",
        crs="EPSG:32633",
        transform=from_origin(500_000, 5_600_000, 1, 1),
        **layout,
    ):
        pass
    rows = [
        {"id": f"{name}-{number}", "raster": f"{name}.tif", "question": "Red?"}
        for number, name in enumerate(("scene", "huge", "scene"))
    ]
    write_jobs(tmp_path / "jobs.csv", rows)
    code = (
        "from pathlib import Path; from zoomearth.batch.carrying import Output, run_batch; "
        "from zoomearth.batch.jobs import read_jobs; from zoomearth.batch.running import RunSettings; "
        "from zoomearth.core.progress import CancelToken; from zoomearth.core.types import Options; "
        f"jobs = read_jobs(Path('jobs.csv'), model={script(ANSWER)!r}); "
        "settings = RunSettings(Options(view_side_px=60_000)); "
        "tally = run_batch(jobs, Output(Path('out.gpkg')), settings, cancel=CancelToken()); "
        "print(tally.answered, tally.failed)"
    )
    limit = 6 << 30
    told = subprocess.check_output(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert told == "2 1\n"
    (failed,) = read_rows(tmp_path / "out.gpkg", "failures")
    assert failed["job_id"] == "huge-1"
    assert "memory" in failed["message"]


@pytest.mark.slow
def test_model_that_is_lost_costs_its_own_jobs(
    scene: Path, script: Script, batch: Batch, tmp_path: Path
) -> None:
    """Weights that are found and cannot be loaded."""
    broken = shutil.copytree(resource_folder() / "models" / "zoomearth-mini", tmp_path / "broken")
    for weights in broken.glob("*.safetensors"):
        os.truncate(weights, weights.stat().st_size // 2)
    rows = [
        {"id": name, "raster": "scene.tif", "question": "Red?", "model": model}
        for name, model in (("good", script(ANSWER)), ("bad", str(broken)))
    ]
    write_jobs(tmp_path / "jobs.csv", rows)
    ended = batch("jobs.csv", "--output", "out.gpkg", "--json")
    assert (ended.status, ended.json["answered"], ended.json["failed"]) == (0, 1, 1)
    (failed,) = read_rows(tmp_path / "out.gpkg", "failures")
    assert (failed["job_id"], failed["code"]) == ("bad", "model_incompatible")
