"""The output: every job once, a GeoPackage that others read, hold and go on with."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from batch_samples import (
    ANSWER,
    Ended,
    answered_ids,
    many_jobs,
    numbered,
    read_rows,
    wait_for,
    write_raster,
)
from zoomearth.batch.carrying import Output, run_batch
from zoomearth.batch.jobs import Job
from zoomearth.batch.outcome import Outcome
from zoomearth.batch.running import RunSettings
from zoomearth.batch.store import BatchStore, create_store, resume_store
from zoomearth.core.errors import OutputUnwritableError
from zoomearth.core.frames import PixelBox
from zoomearth.core.progress import CancelToken
from zoomearth.core.types import Answer, AnswerFrame, Region

Batch = Callable[..., Ended]
Script = Callable[..., str]
ASKED_AT = datetime(2025, 6, 7, 8, 9, 10, 111_000, timezone.utc)


def outcome(number: int, regions: int = 1, west: float = 500_000.0) -> Outcome:
    """Squares of 100 m side by side, in UTM 33N."""
    places = tuple(
        Region("ship", PixelBox(0, 0, 10, 10), square(west + 200 * place, 5_600_000))
        for place in range(regions)
    )
    answer = Answer(
        text="red",
        regions=places,
        steps=(),
        searched_box=PixelBox(0, 0, 64, 64),
        searched_polygons=((square(west, 5_600_000),),),
        frame=AnswerFrame.CRS,
        crs="EPSG:32633",
        seen_gsd_m=10.0,
        model="none",
        revision="none",
        seconds=0.5,
        timings={"looking": 0.25},
    )
    return Outcome(Job(f"job-{number}", "/a.tif", "Red?"), ASKED_AT, answer=answer)


def square(west: float, north: float, side: float = 100.0) -> tuple[tuple[float, float], ...]:
    return ((west, north), (west + side, north), (west + side, north - side), (west, north - side))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.gpkg"


@pytest.fixture
def store(path: Path) -> Iterator[BatchStore]:
    with create_store(path, "digest", crs="EPSG:32633") as made:
        yield made


class TestOnce:
    def test_every_job_has_its_rows(self, batch: Batch, scene: Path, script: Script, tmp_path: Path) -> None:
        many_jobs(tmp_path, 150, ["scene.tif", "gone.tif", "scene.tif"])
        ended = batch("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER), "--json")
        counts = {"jobs": 150, "before": 0, "before_failed": 0, "answered": 100, "failed": 50}
        assert (ended.status, ended.json) == (0, counts)
        assert answered_ids(tmp_path / "out.gpkg") == numbered(150)
        failed = {row["job_id"] for row in read_rows(tmp_path / "out.gpkg", "failures")}
        assert failed == {f"job-{number}" for number in range(1, 150, 3)}

    def test_resumed_when_done_asks_nothing(
        self, batch: Batch, scene: Path, script: Script, tmp_path: Path
    ) -> None:
        many_jobs(tmp_path, 5, ["scene.tif", "gone.tif"])
        call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER))
        assert batch(*call).status == 0
        before = read_rows(tmp_path / "out.gpkg", "answers"), read_rows(tmp_path / "out.gpkg", "failures")
        ended = batch(*call, "--resume", "--json")
        counts = {"jobs": 5, "before": 5, "before_failed": 2, "answered": 0, "failed": 0}
        assert (ended.status, ended.json) == (0, counts)
        assert before == (
            read_rows(tmp_path / "out.gpkg", "answers"),
            read_rows(tmp_path / "out.gpkg", "failures"),
        )

    def test_rows_of_a_job_come_together_or_not_at_all(self, store: BatchStore, path: Path) -> None:
        store.add(outcome(0, regions=3))
        with closing(sqlite3.connect(path)) as database:
            database.execute(
                "CREATE TRIGGER no BEFORE INSERT ON answers WHEN NEW.job_id = 'job-1' AND"
                " (SELECT count(*) FROM answers WHERE job_id = 'job-1') = 2"
                " BEGIN SELECT RAISE(ABORT, 'no third'); END"
            )
            store.flush()
            store.add(outcome(1, regions=3))
            with pytest.raises(OutputUnwritableError, match="no third"):
                store.flush()
            assert answered_ids(path) == ["job-0"] * 3
            database.execute("DROP TRIGGER no")
        store.flush()
        assert answered_ids(path) == ["job-0"] * 3 + ["job-1"] * 3


class TestRefusals:
    @pytest.fixture
    def done(self, batch: Batch, scene: Path, script: Script, tmp_path: Path) -> tuple[str, ...]:
        many_jobs(tmp_path, 3)
        call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER), "--json")
        assert batch(*call).status == 0
        return call

    def test_output_that_is_there(self, batch: Batch, done: tuple[str, ...], path: Path) -> None:
        before = path.read_bytes()
        ended = batch(*done)
        assert (ended.status, ended.json["error"]["code"]) == (1, "output_unwritable")
        assert "--resume" in ended.json["error"]["hint"]
        assert path.read_bytes() == before
        assert batch(*done, "--overwrite").json["answered"] == 3
        assert answered_ids(path) == numbered(3)

    @pytest.mark.parametrize("change", ["jobs", "options"])
    def test_resuming_another_batch(
        self, batch: Batch, done: tuple[str, ...], path: Path, tmp_path: Path, change: str
    ) -> None:
        before = path.read_bytes()
        if change == "jobs":
            many_jobs(tmp_path, 4)
        more = ("--max-zooms", "1") if change == "options" else ()
        ended = batch(*done, *more, "--resume")
        assert (ended.status, ended.json["error"]["code"]) == (1, "output_unwritable")
        said = {
            "jobs": "another job table",
            "options": "begun with other options: --max-zooms was 3 and is 1",
        }[change]
        assert said in ended.json["error"]["message"]
        assert path.read_bytes() == before

    def test_resuming_in_another_crs(self, batch: Batch, done: tuple[str, ...], path: Path) -> None:
        before = path.read_bytes()
        ended = batch(*done, "--crs", "EPSG:3857", "--resume")
        assert (ended.status, ended.json["error"]["code"]) == (1, "output_unwritable")
        assert "--crs EPSG:4326" in ended.json["error"]["hint"]
        assert path.read_bytes() == before

    def test_both(self, batch: Batch, done: tuple[str, ...]) -> None:
        assert batch(*done, "--resume", "--overwrite").status == 1

    def test_resuming_nothing(self, path: Path) -> None:
        with pytest.raises(OutputUnwritableError, match="to go on with"):
            resume_store(path, "digest")

    @pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
    def test_resuming_another_file(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        with pytest.raises(OutputUnwritableError, match="is no output of a batch"):
            resume_store(path, "digest")

    def test_resuming_what_lost_a_table(self, store: BatchStore, path: Path) -> None:
        store.close()
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("DROP TABLE failures")
        with pytest.raises(OutputUnwritableError, match="is no output of a batch"):
            resume_store(path, "digest")

    @pytest.mark.parametrize(
        ("option", "name"), [("--output", "jobs.gpkg"), ("--report", "out.gpkg"), ("--table", "jobs.gpkg")]
    )
    def test_files_that_are_one(self, batch: Batch, tmp_path: Path, option: str, name: str) -> None:
        jobs = tmp_path / "jobs.gpkg"
        jobs.write_bytes(b"precious")
        call = {"--output": "out.gpkg", option: name}
        ended = batch("jobs.gpkg", "--overwrite", "--json", *(part for pair in call.items() for part in pair))
        assert (ended.status, ended.json["error"]["code"]) == (1, "output_unwritable")
        assert jobs.read_bytes() == b"precious"

    def test_output_that_is_a_raster_of_the_jobs(self, batch: Batch, script: Script, tmp_path: Path) -> None:
        raster = write_raster(tmp_path / "scene.gpkg", driver="GPKG")
        before = raster.read_bytes()
        many_jobs(tmp_path, 2, ["scene.gpkg"])
        ended = batch(
            "jobs.csv", "--output", "scene.gpkg", "--overwrite", "--model", script(ANSWER), "--json"
        )
        assert (ended.status, ended.json["error"]["code"]) == (1, "output_unwritable")
        assert raster.read_bytes() == before

    def test_folder_that_is_missing_is_told_of_first(
        self, batch: Batch, scene: Path, script: Script, tmp_path: Path
    ) -> None:
        many_jobs(tmp_path, 3)
        for option in ("--report", "--table"):
            call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER), option, "gone/file")
            assert batch(*call, "--json").json["error"]["code"] == "output_unwritable"
        assert not (tmp_path / "out.gpkg").exists()

    @pytest.mark.parametrize("name", ["out.shp", "gone/out.gpkg"])
    def test_output_that_cannot_be_made(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(OutputUnwritableError):
            create_store(tmp_path / name, "digest")

    def test_crs_that_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(OutputUnwritableError):
            create_store(tmp_path / "out.gpkg", "digest", crs="EPSG:999999")
        assert list(tmp_path.iterdir()) == []

    def test_sealed_folder(self, sealed_folder: Path) -> None:
        with pytest.raises(OutputUnwritableError):
            create_store(sealed_folder / "out.gpkg", "digest")


class TestGeoPackage:
    @pytest.fixture
    def written(self, store: BatchStore, path: Path) -> Path:
        for number in range(200):
            store.add(outcome(number, regions=2, west=500_000 + 1000 * number))
        store.close()
        return path

    def test_columns_and_places(self, written: Path) -> None:
        meta, _, places, columns = pyogrio.raw.read(written, layer="answers", datetime_as_string=True)
        values = dict(zip(meta["fields"], columns, strict=True))
        assert (meta["crs"], len(places)) == ("EPSG:32633", 400)
        assert values["job_id"][399] == "job-199"
        assert values["answer"][0] == "red"
        assert values["asked_at"][0] == "2025-06-07T08:09:10.111Z"
        assert json.loads(values["timings"][0]) == {"looking": 0.25}
        assert set(values["source_crs"]) == {"EPSG:32633"}
        # Scale 0.9996 on the central meridian: 100 m on the map are 100.04 m on the ground, each way.
        assert values["area_m2"][0] == pytest.approx(10_008.0, abs=0.2)
        shape = shapely.from_wkb(places[1])
        assert (
            shape.normalize()
            == shapely.MultiPolygon([shapely.Polygon(square(500_200, 5_600_000))]).normalize()
        )

    @pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="needs GDAL's commands")
    def test_gdal_agrees(self, written: Path) -> None:
        told = subprocess.run(
            ["ogrinfo", "-so", written, "answers"], capture_output=True, text=True, check=True
        )
        assert told.stderr == ""
        assert "Geometry: Multi Polygon" in told.stdout
        assert "Feature Count: 400" in told.stdout
        assert "Extent: (500000.000000, 5599900.000000) - (699300.000000, 5600000.000000)" in told.stdout
        valid = "SELECT count(*) AS bad FROM answers WHERE NOT ST_IsValid(geom)"
        asked = subprocess.run(
            ["ogrinfo", "-q", written, "-dialect", "SQLITE", "-sql", valid],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "bad (Integer) = 0" in asked.stdout

    def test_spatial_index_finds_what_lies_there(self, written: Path) -> None:
        found = pyogrio.raw.read(written, layer="answers", bbox=(600_000, 5_599_000, 600_250, 5_601_000))
        names = found[0]["fields"].tolist()
        assert found[3][names.index("job_id")].tolist() == ["job-100", "job-100"]
        with closing(sqlite3.connect(written)) as database:
            assert database.execute("SELECT count(*) FROM rtree_answers_geom").fetchone() == (400,)
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []

    @pytest.mark.skipif(shutil.which("ogr2ogr") is None, reason="needs GDAL's commands")
    def test_others_append_and_it_goes_on(self, written: Path, tmp_path: Path) -> None:
        """A foreign row is no job of ours; ours that follow do not disturb it."""
        copy = tmp_path / "copy.gpkg"
        where = ["-where", "job_id = 'job-5'", "-nln", "answers"]
        subprocess.run(["ogr2ogr", copy, written, "answers", *where], check=True)
        subprocess.run(["ogr2ogr", "-append", written, copy, "answers"], check=True, capture_output=True)
        with resume_store(written, "digest") as store:
            assert len(store.done) == 200
            store.add(outcome(200, west=900_000))
        info = pyogrio.read_info(written, layer="answers", force_total_bounds=True)
        assert info["features"] == 403
        assert tuple(info["total_bounds"]) == (500_000, 5_599_900, 900_100, 5_600_000)
        found = pyogrio.raw.read(written, layer="answers", bbox=(900_000, 5_599_000, 900_050, 5_601_000))
        assert len(found[2]) == 1


class TestHeldOpen:
    def test_readers_do_not_disturb(self, store: BatchStore, path: Path) -> None:
        store.add(outcome(0))
        store.flush()
        with closing(sqlite3.connect(path)) as reader:
            reader.execute("SELECT * FROM answers").fetchall()
            store.add(outcome(1))
            store.flush()
            assert reader.execute("SELECT count(*) FROM answers").fetchone() == (2,)

    def test_write_ahead_log_of_another_program(self, store: BatchStore, path: Path) -> None:
        """QGIS turns it on in every GeoPackage that it shows, and reads on while others write."""
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            assert reader.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM answers").fetchone()
            store.add(outcome(0))
            store.flush()
            reader.execute("COMMIT")
            assert reader.execute("SELECT count(*) FROM answers").fetchone() == (1,)

    @pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE", "BEGIN; SELECT * FROM answers"])
    def test_a_lock_makes_it_wait_and_loses_nothing(
        self, scene: Path, script: Script, path: Path, lock: str
    ) -> None:
        model = script(ANSWER)
        jobs = [Job(f"job-{number}", str(scene), "Red?", model=model) for number in range(100)]
        told: list[str] = []
        holder: list[sqlite3.Connection] = []

        def tell(tally: Any) -> None:
            if not holder:
                holder.append(sqlite3.connect(path, isolation_level=None, check_same_thread=False))
                for statement in lock.split("; "):
                    holder[0].execute(statement).fetchone()
            told.append(tally.message)

        def let_go() -> None:
            wait_for(lambda: any(told))
            holder[0].close()

        thread = threading.Thread(target=let_go)
        thread.start()
        tally = run_batch(jobs, Output(path), RunSettings(together=1), cancel=CancelToken(), tell=tell)
        thread.join()
        assert (tally.answered, tally.message) == (100, "")
        assert any("is locked by another program. Close it there" in message for message in told)
        assert told[-1] == ""
        assert answered_ids(path) == numbered(100)
