"""Batches that are killed, interrupted, or meet a full disk: nothing is lost, nothing comes twice."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from batch_samples import (
    ANSWER,
    LIMIT_S,
    ZOOM,
    Ended,
    answered_ids,
    command,
    many_jobs,
    mounted_disk,
    numbered,
    read_rows,
    table_of,
    wait_for,
)

Batch = Callable[..., Ended]
Script = Callable[..., str]
posix = pytest.mark.skipif(os.name != "posix", reason="needs signals")
JOBS = 600
KILLS = 15


def started(*arguments: str, environment: dict[str, str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments),
        env=environment,
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # "&" takes it away
    )


def is_begun(output: Path) -> bool:
    """Whether some outcomes are in the file already."""
    return output.is_file() and bool(read_rows(output, "answers"))


def written_at(path: Path) -> int:
    """Nanoseconds; 0 where there is no such file."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def interrupted(running: subprocess.Popen[str]) -> str:
    """What it said; a signal just before Python waits for the pipe is seen after that wait only."""
    for _ in range(int(LIMIT_S)):
        running.send_signal(signal.SIGINT)
        try:
            return running.communicate(timeout=1)[1]
        except subprocess.TimeoutExpired:
            continue
    raise TimeoutError("it does not obey")


@posix
@pytest.mark.slow
def test_killed_at_any_moment(
    scene: Path, script: Script, batch: Batch, environment: dict[str, str], tmp_path: Path
) -> None:
    """Fifteen kills, from before the file is made to the middle of a write; a hundred are in the bench."""
    many_jobs(tmp_path, JOBS, ["scene.tif", "gone.tif", "scene.tif"])
    model = script(ZOOM, ANSWER)
    assert batch("jobs.csv", "--output", "calm.gpkg", "--model", model, "--table", "calm.csv").status == 0
    chance = random.Random(7)
    output, journal = tmp_path / "out.gpkg", tmp_path / "out.gpkg-journal"
    killed = torn = 0
    amounts = set()
    while killed < KILLS:
        more = ["--resume"] if output.exists() else []
        arguments = ("jobs.csv", "--output", "out.gpkg", "--model", model, *more)
        before = written_at(journal)  # what the last kill left half done
        running = started(*arguments, environment=environment, folder=tmp_path)
        if killed % 2:
            time.sleep(chance.uniform(0.3, 4.0))
        else:  # in the middle of a write
            while written_at(journal) in (0, before) and running.poll() is None:
                time.sleep(0.001)
        running.kill()
        running.communicate(timeout=LIMIT_S)
        if running.returncode == 0:  # all was done: once more from the start
            assert answered_ids(output) == numbered(JOBS)
            output.unlink()
            continue
        assert running.returncode == -signal.SIGKILL
        killed += 1
        torn += written_at(journal) not in (0, before)
        if output.exists():
            found = answered_ids(output)
            assert len(found) == len(set(found))
            amounts.add(len(found))
    assert len(amounts) > 2  # some came in the midst of the batch
    assert torn > 0  # and of a write
    more = ["--resume"] if output.exists() else []
    ended = batch("jobs.csv", "--output", output, "--model", model, "--table", "killed.csv", *more)
    assert ended.status == 0
    assert answered_ids(output) == numbered(JOBS)
    assert (tmp_path / "killed.csv").read_bytes() == (tmp_path / "calm.csv").read_bytes()
    assert not list(tmp_path.glob("out.gpkg-*"))


@posix
class TestInterrupted:
    @pytest.mark.slow
    def test_what_is_done_is_written_and_it_goes_on(
        self, scene: Path, script: Script, batch: Batch, environment: dict[str, str], tmp_path: Path
    ) -> None:
        many_jobs(tmp_path, 20_000)
        arguments = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER), "--json")
        output = tmp_path / "out.gpkg"
        running = started(*arguments, environment=environment, folder=tmp_path)
        wait_for(lambda: is_begun(output))
        asked_s = time.monotonic()
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=LIMIT_S)
        taken_s = [time.monotonic() - asked_s]
        assert (running.returncode, out) == (130, "")
        assert err.endswith("interrupted\n")
        assert "Traceback" not in err
        first = answered_ids(output)
        assert 0 < len(first) == len(set(first)) < 20_000
        running = started(*arguments, "--resume", environment=environment, folder=tmp_path)
        wait_for(lambda: len(answered_ids(output)) > len(first))
        asked_s = time.monotonic()
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=LIMIT_S)
        taken_s.append(time.monotonic() - asked_s)
        assert min(taken_s) < 1.0  # the other one may have met a busy machine
        second = answered_ids(output)
        assert len(second) == len(set(second))
        assert set(first) < set(second)

    def test_while_the_jobs_are_checked(
        self, scene: Path, environment: dict[str, str], tmp_path: Path
    ) -> None:
        """The model's script is a pipe that nobody fills."""
        held = tmp_path / "held.json"
        os.mkfifo(held)
        many_jobs(tmp_path, 2)
        arguments = ("jobs.csv", "--output", "out.gpkg", "--model", f"scripted:{held}")
        running = started(*arguments, environment=environment, folder=tmp_path)
        pipe = os.open(held, os.O_WRONLY)  # returns when it reads
        err = interrupted(running)
        os.close(pipe)
        assert (running.returncode, err) == (130, "interrupted\n")
        assert not (tmp_path / "out.gpkg").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Two megabytes."""
    with mounted_disk(tmp_path / "disk", "2m") as folder:
        yield folder


def fill(ballast: Path) -> None:
    """Take all room that is left on a disk, while others write there."""
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


@posix
class TestFullDisk:
    @pytest.mark.slow
    def test_it_waits_and_goes_on_by_itself(
        self,
        scene: Path,
        script: Script,
        batch: Batch,
        environment: dict[str, str],
        tmp_path: Path,
        small_disk: Path,
    ) -> None:
        many_jobs(tmp_path, 300)
        model = script(ANSWER)
        assert batch("jobs.csv", "--output", "calm.gpkg", "--model", model, "--table", "calm.csv").status == 0
        ballast = small_disk / "ballast"
        output = small_disk / "out.gpkg"
        arguments = ("jobs.csv", "--output", str(output), "--model", model, "--table", "full.csv", "--json")
        running = started(*arguments, environment=environment, folder=tmp_path)
        told: list[str] = []
        assert running.stderr is not None
        ear = threading.Thread(target=lambda: told.extend(iter(running.stderr.readline, "")))
        wait_for(output.is_file)
        fill(ballast)
        ear.start()
        wait_for(lambda: any("The disk is full" in line for line in told))
        assert running.poll() is None
        before = answered_ids(output)
        assert len(before) == len(set(before)) < 300
        ballast.unlink()
        running.wait(timeout=LIMIT_S)
        ear.join()
        assert running.returncode == 0
        assert sum("The disk is full" in line for line in told) == 1
        assert "Free some space, and it goes on by itself." in "".join(told)
        assert answered_ids(output) == numbered(300)
        assert (tmp_path / "full.csv").read_bytes() == (tmp_path / "calm.csv").read_bytes()

    def test_interrupted_while_it_waits(
        self, scene: Path, script: Script, environment: dict[str, str], tmp_path: Path, small_disk: Path
    ) -> None:
        many_jobs(tmp_path, 300)
        output = small_disk / "out.gpkg"
        arguments = ("jobs.csv", "--output", str(output), "--model", script(ANSWER), "--json")
        running = started(*arguments, environment=environment, folder=tmp_path)
        wait_for(output.is_file)
        fill(small_disk / "ballast")
        assert running.stderr is not None
        while "The disk is full" not in running.stderr.readline():
            assert running.poll() is None
        asked_s = time.monotonic()
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=LIMIT_S)
        assert time.monotonic() - asked_s < 1.0
        assert running.returncode == 1
        assert '"code": "disk_full"' in out
        assert "Traceback" not in err
        (small_disk / "ballast").unlink()
        again = subprocess.run(
            command(*arguments, "--resume"), env=environment, cwd=tmp_path, check=False, timeout=LIMIT_S
        )
        assert again.returncode == 0
        assert answered_ids(output) == numbered(300)

    def test_disk_that_is_full_from_the_start(
        self, scene: Path, script: Script, batch: Batch, tmp_path: Path, small_disk: Path
    ) -> None:
        many_jobs(tmp_path, 3)
        (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free - 20_000))
        arguments = ("jobs.csv", "--output", small_disk / "out.gpkg", "--model", script(ANSWER), "--json")
        ended = batch(*arguments)
        assert (ended.status, ended.json["error"]["code"]) == (1, "disk_full")
        assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_table_has_a_row_for_each_job(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    many_jobs(tmp_path, 4, ["scene.tif", "gone.tif"])
    call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER), "--table", "out.csv")
    assert batch(*call).status == 0
    rows = table_of(tmp_path / "out.csv")
    assert [(row["job_id"], row["table"]) for row in rows] == [
        ("job-0", "answers"),
        ("job-1", "failures"),
        ("job-2", "answers"),
        ("job-3", "failures"),
    ]
    assert not {"asked_at", "seconds", "timings", "failed_at"} & rows[0].keys()
    assert (rows[0]["answer"], rows[1]["code"]) == ("red", "raster_unreadable")
