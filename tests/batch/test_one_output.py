"""One output, several batches: only one writes at a time, no job twice; and failures that are asked again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from batch_samples import ANSWER, Ended, answered_ids, many_jobs, numbered, read_rows, wait_for
from test_killed import is_begun, posix, started
from test_store import outcome
from zoomearth.batch import outcome_rows
from zoomearth.batch.carrying import Output, run_batch
from zoomearth.batch.held_files import HeldFile, common_folder
from zoomearth.batch.jobs import Job
from zoomearth.batch.moving import is_of_maps
from zoomearth.batch.outcome import Outcome
from zoomearth.batch.running import RunSettings
from zoomearth.batch.store import BatchStore, create_store, resume_store
from zoomearth.core.errors import OutputUnwritableError, ZoomEarthError
from zoomearth.core.progress import CancelToken

Batch = Callable[..., Ended]
Script = Callable[..., str]
FAILED = Outcome(Job("1", "/gone.tif", "What?"), datetime.now(timezone.utc), error=ZoomEarthError("x"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.gpkg"


@pytest.fixture
def answers(scene: Path, script: Script, tmp_path: Path) -> Iterator[Callable[..., dict[str, int]]]:
    """Runs two jobs, about a raster and about ``late.tif``; gives the counts."""
    model = script(ANSWER)
    jobs = [
        Job("1", str(scene), "What?", model=model),
        Job("2", str(tmp_path / "late.tif"), "?", model=model),
    ]

    def run(path: Path, **options: Any) -> dict[str, int]:
        tally = run_batch(jobs, Output(path, **options), RunSettings(), cancel=CancelToken())
        assert tally.done == tally.total == 2
        return {name: getattr(tally, name) for name in ("before", "before_failed", "answered", "failed")}

    yield run


@posix
class TestTwoBatches:
    @pytest.mark.slow
    def test_the_second_is_refused(
        self, scene: Path, script: Script, batch: Batch, environment: dict[str, str], tmp_path: Path
    ) -> None:
        many_jobs(tmp_path, 3000)
        output = tmp_path / "out.gpkg"
        call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER))
        first = started(*call, environment=environment, folder=tmp_path)
        wait_for(lambda: is_begun(output))
        for more in ("--resume", "--overwrite"):
            ended = batch(*call, more, "--json")
            assert (ended.status, ended.json["error"]["code"]) == (1, "output_unwritable")
            assert "another batch is writing" in ended.json["error"]["message"]
        assert first.wait() == 0
        assert answered_ids(output) == numbered(3000)
        assert batch(*call, "--resume").status == 0  # it let go

    def test_one_that_was_killed_holds_nothing(
        self, scene: Path, script: Script, batch: Batch, environment: dict[str, str], tmp_path: Path
    ) -> None:
        many_jobs(tmp_path, 600)
        call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER))
        first = started(*call, environment=environment, folder=tmp_path)
        wait_for(lambda: is_begun(tmp_path / "out.gpkg"))
        first.kill()
        first.wait()
        assert batch(*call, "--resume").status == 0
        assert answered_ids(tmp_path / "out.gpkg") == numbered(600)

    def test_the_name_is_the_file_not_how_it_is_called(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path)
        with (
            create_store(path, "digest"),
            pytest.raises(OutputUnwritableError, match="another batch is writing"),
        ):
            resume_store(tmp_path / "link" / "out.gpkg", "digest")

    def test_a_refusal_lets_go(self, path: Path) -> None:
        create_store(path, "digest").close()
        for _ in range(2):
            with pytest.raises(OutputUnwritableError, match="another job table"):
                resume_store(path, "other")
        resume_store(path, "digest").close()

    def test_held_by_name(self, tmp_path: Path) -> None:
        held = HeldFile("a", tmp_path)
        with pytest.raises(BlockingIOError):
            HeldFile("a", tmp_path)
        HeldFile("b", tmp_path).close()
        held.close()
        HeldFile("a", tmp_path).close()
        assert common_folder("tests").stat().st_mode & 0o077 == 0


def test_where_nothing_is_held_no_job_comes_twice(path: Path) -> None:
    """As two machines that share a disk."""
    create_store(path, "digest").close()
    with BatchStore(path, "EPSG:4326") as one, BatchStore(path, "EPSG:4326") as other:
        for store in (one, other, one):
            store.add(FAILED)
            store.flush()
        other.add(replace(FAILED, job=replace(FAILED.job, id="2")))
    assert sorted(row["job_id"] for row in read_rows(path, "failures")) == ["1", "2"]


class TestFailures:
    def test_are_done_unless_they_are_to_be_asked_again(
        self, answers: Callable[..., dict[str, int]], path: Path, scene: Path, tmp_path: Path
    ) -> None:
        assert answers(path) == {"before": 0, "before_failed": 0, "answered": 1, "failed": 1}
        shutil.copy(scene, tmp_path / "late.tif")
        assert answers(path, resume=True) == {"before": 2, "before_failed": 1, "answered": 0, "failed": 0}
        again = answers(path, resume=True, asks_failures_again=True)
        assert again == {"before": 1, "before_failed": 0, "answered": 1, "failed": 0}
        assert answered_ids(path) == ["1", "2"]
        assert read_rows(path, "failures") == []

    def test_are_kept_where_the_run_is_refused(
        self, answers: Callable[..., dict[str, int]], path: Path
    ) -> None:
        answers(path)
        with pytest.raises(OutputUnwritableError, match="keeps its answers in"):
            answers(path, crs="EPSG:3857", resume=True, asks_failures_again=True)
        assert len(read_rows(path, "failures")) == 1

    def test_one_that_fails_again_is_there_once(
        self, answers: Callable[..., dict[str, int]], path: Path
    ) -> None:
        answers(path)
        (before,) = read_rows(path, "failures")
        again = answers(path, resume=True, asks_failures_again=True)
        assert again == {"before": 1, "before_failed": 0, "answered": 0, "failed": 1}
        (after,) = read_rows(path, "failures")
        assert after["job_id"] == before["job_id"] == "2"
        assert after["failed_at"] > before["failed_at"]

    def test_are_asked_again_after_a_run_that_came_to_nothing(self, path: Path) -> None:
        with create_store(path, "digest") as store:
            store.add(FAILED)
        store = resume_store(path, "digest")
        store.forget_failures()
        store.drop()
        with resume_store(path, "digest") as store:
            assert store.done == store.failed == set()


def test_an_answer_without_rows_fails_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("no such place")

    answer = outcome(1)
    with create_store(path, "digest") as store:
        monkeypatch.setattr(outcome_rows, "polygons_area_m2", refuse)
        store.add(answer)
    (row,) = read_rows(path, "failures")
    assert (row["job_id"], row["code"]) == ("job-1", "error")
    assert "no such place" in row["message"]


def test_an_output_that_is_removed_is_told(path: Path) -> None:
    store = create_store(path, "digest")
    store.add(FAILED)
    path.unlink()
    with pytest.raises(OutputUnwritableError, match="moved or removed while"):
        store.flush()
    store.drop()


class TestCrs:
    @pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32633", "EPSG:3857", "EPSG:9518"])
    def test_of_maps(self, crs: str) -> None:
        assert is_of_maps(crs)

    @pytest.mark.parametrize("crs", ["", "nonsense", "EPSG:99999999", "EPSG:5703", "EPSG:4978"])
    def test_others_are_refused(self, path: Path, crs: str) -> None:
        """Words, heights alone, places in space."""
        with pytest.raises(OutputUnwritableError, match="is no CRS of maps"):
            run_batch([FAILED.job], Output(path, crs), RunSettings(), cancel=CancelToken())
        assert not path.exists()
