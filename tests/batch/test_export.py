"""The table of a batch: its order, its places, and that it is whole or not there."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
import shapely
from batch_samples import (
    ANSWER,
    SIDE_PX,
    ZOOM,
    Ended,
    mounted_disk,
    read_rows,
    table_of,
    write_jobs,
    write_raster,
)
from zoomearth.batch.export import job_order, write_table
from zoomearth.batch.jobs import Job
from zoomearth.batch.outcome import Outcome
from zoomearth.batch.report import write_report
from zoomearth.batch.report_files import written_whole
from zoomearth.batch.store import create_store
from zoomearth.core.errors import DiskFullError, OutputUnwritableError, ZoomEarthError

Batch = Callable[..., Ended]
Script = Callable[..., str]


@pytest.fixture
def rows(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> list[dict[str, str]]:
    """A region, one in a raster without CRS, a searched area, a failure: jobs 1, 2, 10, a."""
    write_raster(tmp_path / "nowhere.tif", None)
    zooming, plain = script(ZOOM, ANSWER), script(ANSWER)
    jobs = (("10", "scene.tif", plain), ("a", "gone.tif", plain), ("2", "nowhere.tif", zooming))
    named = ({"id": name, "raster": raster, "model": model} for name, raster, model in jobs)
    write_jobs(
        tmp_path / "jobs.csv",
        [
            {"id": "1", "raster": "scene.tif", "model": zooming, "question": "Red?"},
            *({**job, "question": "Red?"} for job in named),
        ],
    )
    call = ("jobs.csv", "--output", "out.gpkg", "--table", "out.csv", "--crs", "EPSG:32633")
    assert batch(*call).status == 0
    return table_of(tmp_path / "out.csv")


def test_order(rows: list[dict[str, str]]) -> None:
    assert [(row["job_id"], row["table"]) for row in rows] == [
        ("1", "answers"),
        ("2", "answers_unreferenced"),
        ("10", "answers"),
        ("a", "failures"),
    ]


def test_places_are_wkt(rows: list[dict[str, str]]) -> None:
    """Columns 16 to 32, rows 8 to 24, of 10 m, from (500000, 5600000); else the whole raster."""
    region = shapely.box(500_160, 5_599_760, 500_320, 5_599_920)
    whole = shapely.box(500_000, 5_600_000 - 10 * SIDE_PX, 500_000 + 10 * SIDE_PX, 5_600_000)
    for row, expected in zip(rows, (region, region, whole), strict=False):
        assert row["place"].startswith("MULTIPOLYGON (((")
        assert shapely.from_wkt(row["place"]).equals(expected)
    assert rows[3]["place"] == ""


def test_rasters_are_in_one_column(rows: list[dict[str, str]], tmp_path: Path) -> None:
    assert "source" not in rows[0]
    assert [Path(row["raster"]).name for row in rows] == ["scene.tif", "nowhere.tif", "scene.tif", "gone.tif"]
    assert "source" in read_rows(tmp_path / "out.gpkg", "answers")[0]


def test_places_keep_all_digits(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    """As stored, to the last bit, in degrees that have no short form."""
    write_jobs(tmp_path / "jobs.csv", [{"raster": "scene.tif", "question": "Red?"}])
    model = script(ZOOM, ANSWER)
    assert batch("jobs.csv", "--output", "out.gpkg", "--model", model, "--table", "out.csv").status == 0
    (stored,) = read_rows(tmp_path / "out.gpkg", "answers")
    kept = shapely.from_wkb(stored["geom"][40:])
    (row,) = table_of(tmp_path / "out.csv")
    numbers = row["place"].removeprefix("MULTIPOLYGON (((").removesuffix(")))").replace(", ", " ").split()
    assert [float(number) for number in numbers] == shapely.get_coordinates(kept).ravel().tolist()
    assert max(map(len, numbers)) > 15


def test_ids_are_sorted_as_people_do() -> None:
    ids = [
        "1",
        "2",
        "007",
        "10",
        "11",
        "9" * 5000,
        "",
        "10a",
        "a",
        "job-2",
        "job-2b",
        "job-10",
        "job2-1",
        "Ö",
    ]
    mixed = random.Random(1).sample(ids, len(ids))
    assert sorted(mixed, key=job_order)[:6] == ids[:6]
    others = [one for one in sorted(mixed, key=job_order) if one.startswith("job-")]
    assert others == ["job-2", "job-2b", "job-10"]
    assert sorted(ids, key=job_order) == sorted(mixed, key=job_order)


def test_ids_that_are_one_number_keep_their_order() -> None:
    assert sorted(["01", "1", "001"], key=job_order) == ["001", "01", "1"]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """16 kilobytes."""
    with mounted_disk(tmp_path / "disk", "16k") as folder:
        yield folder


@pytest.mark.parametrize(("write", "name"), [(write_table, "F.csv"), (write_report, "F.html")])
def test_full_disk_leaves_the_file_as_it_was(
    tmp_path: Path, tiny_disk: Path, write: Callable[[Path, Path], None], name: str
) -> None:
    with create_store(tmp_path / "out.gpkg", "digest") as store:
        for number in range(30):
            error = type(f"Error{number}", (ZoomEarthError,), {"code": f"code{number}"})("None. " * 100)
            store.add(Outcome(Job(str(number), "/gone.tif", "Red?"), datetime.now(timezone.utc), error=error))
    (tiny_disk / name).write_text("of yesterday")
    with pytest.raises(DiskFullError, match=name):
        write(tmp_path / "out.gpkg", tiny_disk / name)
    assert [path.name for path in tiny_disk.iterdir()] == [name]
    assert (tiny_disk / name).read_text() == "of yesterday"


def test_output_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "out.gpkg").write_bytes(b"no database" * 100)
    with pytest.raises(OutputUnwritableError, match=r"out\.gpkg"):
        write_table(tmp_path / "out.gpkg", tmp_path / "F.csv")
    assert not (tmp_path / "F.csv").exists()


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "F.csv").symlink_to(tmp_path / "there" / "F.csv")
    with written_whole(tmp_path / "F.csv") as made, made.open("w", encoding="utf-8") as file:
        csv.writer(file).writerow(["a"])
    assert (tmp_path / "there" / "F.csv").read_text() == "a\n"
    assert (tmp_path / "F.csv").is_symlink()
