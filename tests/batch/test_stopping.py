"""A batch that is asked to stop: what was answered is written first, whoever takes long to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
import rasterio
from batch_samples import ANSWER, LIMIT_S, ZOOM, many_jobs, read_rows, wait_for
from test_killed import posix, started
from zoomearth.batch import running, watching
from zoomearth.batch.carrying import Output, run_batch
from zoomearth.batch.jobs import Job
from zoomearth.batch.outcome import Outcome
from zoomearth.batch.running import LEAVING_S, RunSettings, Taker, run_local
from zoomearth.batch.store import LONGEST_WAIT_S
from zoomearth.batch.watching import Watch
from zoomearth.core.errors import Cancelled, ZoomEarthError
from zoomearth.core.progress import CancelToken, Progress, Stage
from zoomearth.raster import reading_threads
from zoomearth.raster.reading_threads import are_reading

Script = Callable[..., str]

STOPS_IN_THE_MIDDLE = """
import time
from zoomearth.__main__ import run
from zoomearth.raster import streaming

def read(self, dataset, window):
    print("reading", flush=True)
    time.sleep(60)

streaming.Part.read = read
"""
STORES_NOTHING = """
from zoomearth.batch.store import BatchStore
from zoomearth.core.errors import OutputUnwritableError

def add(self, outcome):
    time.sleep(1)
    raise OutputUnwritableError("for the test")

BatchStore.add = add  # the job that fails at once, while another one is stuck
"""


def test_what_came_is_written_before_the_runner_ends(tmp_path: Path) -> None:
    """The runner goes on after the request, as one does that waits for a model."""
    path = tmp_path / "out.gpkg"
    jobs = [Job(str(number), "/gone.tif", "What?") for number in range(9)]
    asked = CancelToken()
    written: list[int] = []

    def run(jobs: Sequence[Job], settings: RunSettings, take: Taker, cancel: CancelToken) -> None:
        for job in jobs[:4]:
            take(Outcome(job, datetime.now(timezone.utc), error=ZoomEarthError("for the test")))
        cancel.check()
        before = len(read_rows(path, "failures"))
        asked.cancel()
        try:
            cancel.check()
        finally:
            written.extend([before, len(read_rows(path, "failures"))])

    with pytest.raises(Cancelled):
        run_batch(jobs, Output(path), RunSettings(), cancel=asked, runner=run)
    assert written == [0, 4]


def test_what_waits_is_written_though_nothing_more_comes(tmp_path: Path) -> None:
    """A group of outcomes comes at once, and then none for long."""
    path = tmp_path / "out.gpkg"
    jobs = [Job(str(number), "/gone.tif", "What?") for number in range(5)]
    written: list[int] = []

    def run(jobs: Sequence[Job], settings: RunSettings, take: Taker, cancel: CancelToken) -> None:
        for job in jobs:
            take(Outcome(job, datetime.now(timezone.utc), error=ZoomEarthError("for the test")))
        deadline_s = time.monotonic() + LONGEST_WAIT_S + 0.5
        while time.monotonic() < deadline_s:
            cancel.check()
            time.sleep(0.05)
        written.append(len(read_rows(path, "failures")))

    run_batch(jobs, Output(path), RunSettings(), cancel=CancelToken(), runner=run)
    assert written == [5]


def test_answers_that_are_there_are_taken_first(scene: Path, script: Script) -> None:
    """Those that were finished while an outcome was written."""
    model = script(ANSWER)
    jobs = [Job(str(number), str(scene), "What?", model=model) for number in range(200)]
    asked = CancelToken()
    taken: list[str] = []

    def take(outcome: Outcome) -> None:
        assert outcome.answer is not None
        if not taken:
            time.sleep(1.0)  # others are answered meanwhile
            asked.cancel()
        taken.append(outcome.job.id)

    with pytest.raises(Cancelled):
        run_local(jobs, RunSettings(together=8), take, asked)
    assert 1 < len(taken) == len(set(taken)) < 100
    wait_for(lambda: not are_reading())


def test_those_who_ask_are_kept_for_the_next_jobs(
    scene: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One who asks and one who reads ahead."""
    monkeypatch.setattr(reading_threads, "_idle", [])
    model = script(ZOOM, ANSWER)
    kept: list[set[object]] = []
    for count in (1, 5):
        jobs = [Job(str(number), str(scene), "What?", model=model) for number in range(count)]
        taken: list[Outcome] = []
        run_local(jobs, RunSettings(together=1), taken.append, CancelToken())
        assert all(outcome.answer is not None for outcome in taken)
        kept.append(set(reading_threads._idle))
    assert len(kept[0]) == 2
    assert kept[0] == kept[1]
    for thread in reading_threads._idle:
        thread.shutdown()


@posix
@pytest.mark.slow
def test_a_raster_that_never_answers_holds_up_nobody(
    scene: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """A pipe that nobody fills stands for a disk that is gone; the other jobs are answered, then Ctrl+C."""
    os.mkfifo(tmp_path / "gone.tif")
    many_jobs(tmp_path, 16, ["gone.tif", *["scene.tif"] * 15])
    output = tmp_path / "out.gpkg"
    process = started("jobs.csv", "--output", "out.gpkg", environment=environment, folder=tmp_path)
    wait_for(lambda: output.is_file() and len(read_rows(output, "answers")) == 15)
    asked_s = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=LIMIT_S)
    assert time.monotonic() - asked_s < LEAVING_S + 2
    assert process.returncode == 130
    assert err.endswith("interrupted\n")
    assert len(read_rows(output, "answers")) == 15


def stuck_batch(
    code: str, rasters: list[str], model: str, environment: dict[str, str], folder: Path
) -> subprocess.Popen[str]:
    """A batch about scene.tif and others, in whose middle the disk stops to answer."""
    noise = np.random.default_rng(1).integers(1, 255, (3, 1200, 1200)).astype(np.uint8)
    options = {"driver": "GTiff", "width": 1200, "height": 1200, "count": 3, "dtype": "uint8"}
    with rasterio.open(folder / "scene.tif", "w", **options) as dataset:
        dataset.write(noise)
    many_jobs(folder, len(rasters), rasters)
    call = ["batch", "jobs.csv", "--output", "out.gpkg", "--model", model]
    process = subprocess.Popen(
        [sys.executable, "-c", f"{STOPS_IN_THE_MIDDLE}\n{code}\nrun()", *call],
        env=environment,
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "reading\n"
    return process


@posix
def test_a_disk_that_stops_in_the_middle_of_a_file_does_not_keep_it_from_ending(
    script: Script, environment: dict[str, str], tmp_path: Path
) -> None:
    process = stuck_batch("", ["scene.tif"] * 2, script(ANSWER), environment, tmp_path)
    asked_s = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=LIMIT_S)
    assert time.monotonic() - asked_s < LEAVING_S + 2
    assert (process.returncode, err) == (130, "interrupted\n")


def test_nor_from_telling_that_it_cannot_write(
    script: Script, environment: dict[str, str], tmp_path: Path
) -> None:
    start_s = time.monotonic()
    process = stuck_batch(STORES_NOTHING, ["gone.tif", "scene.tif"], script(ANSWER), environment, tmp_path)
    _, err = process.communicate(timeout=LIMIT_S)
    assert time.monotonic() - start_s < LEAVING_S + 15
    assert process.returncode == 1
    assert "for the test" in err


def test_nor_is_anyone_left_to_ask_where_no_thread_can_be_started(
    scene: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third one."""
    model = script(ANSWER)
    started: list[ThreadPoolExecutor] = []

    def thread() -> ThreadPoolExecutor:
        started.append(ThreadPoolExecutor(1, "zoomearth-few"))
        if len(started) == 3:
            started[-1].shutdown()  # takes nothing any more
        return started[-1]

    monkeypatch.setattr(running, "reading_thread", thread)
    monkeypatch.setattr(running, "keep", lambda thread: thread.shutdown(wait=False))
    jobs = [Job(str(number), str(scene), "What?", model=model) for number in range(200)]
    with pytest.raises(RuntimeError, match="after shutdown"):
        run_local(jobs, RunSettings(together=8), lambda outcome: None, CancelToken())
    assert len(started) == 3
    wait_for(lambda: not any(one.name.startswith("zoomearth-few") for one in threading.enumerate()))


def test_who_is_silent_is_told_of_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "SILENT_S", 0.05)
    watch = Watch()
    with watch.on(Job("7", "/mnt/gone.tif", "What?")) as report:
        time.sleep(0.06)
        report(Progress(Stage.LOOKING))
        watch.look()
        assert not caplog.messages  # it lives
        time.sleep(0.06)
        watch.look()
        watch.look()
    watch.look()
    (message,) = caplog.messages
    assert message.startswith("job 7 gives no sign") and message.endswith("/mnt/gone.tif")
