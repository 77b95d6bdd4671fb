"""Batches on Ray: the same answers as here, whoever dies meanwhile. The clusters are real."""

from __future__ import annotations

import builtins
import importlib.util
import os
import queue
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

if importlib.util.find_spec("ray") is None:
    pytest.skip("Ray is not installed", allow_module_level=True)
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import zoomearth.batch.ray_running as ray_running
from held_script import HeldScript
from ray_clusters import (
    QUESTIONS,
    SETTINGS,
    actors,
    jobs_about,
    kill_actor,
    kill_readers,
    of_ray,
    table,
    two_machines,
    wait_for,
    write_rasters,
)
from zoomearth.batch.jobs import Job
from zoomearth.batch.outcome import Outcome
from zoomearth.batch.ray_asking import Asker, packed, unpacked
from zoomearth.batch.ray_cluster import Pool, card_share, cores, pool_of
from zoomearth.batch.ray_running import ray_runner, rows_of
from zoomearth.core.errors import Cancelled, EngineMissingError, ServerUnreachableError
from zoomearth.core.progress import CancelToken

ZOOM = '<think>There.</think>[{"bbox_2d": [128, 96, 256, 192], "label": "ship"}]'
ANSWER = "<think>I see.</think><answer>red</answer>"
LIMIT_S = 20.0
ALONE = Pool(1, 0.0, 1, 1)
Script = Callable[..., str]


@pytest.fixture
def nothing_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Afterwards nothing of Ray's runs that did not run before."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    before = of_ray()
    yield
    wait_for(lambda: of_ray() <= before)


def job(number: int, raster: str, model: str = "m") -> Job:
    return Job(str(number), raster, "Are there trees?", model=model)


def test_rows_keep_rasters_whole_and_models_apart() -> None:
    jobs = [job(n, raster, model) for n, (raster, model) in enumerate(["am", "bm", "an", "am", "bm", "cm"])]
    rows = [[(one.raster, one.model) for one in row] for row in rows_of(jobs, 3)]
    assert rows == [[("a", "m")] * 2, [("b", "m")] * 2 + [("c", "m")], [("a", "n")]]


def test_a_long_raster_is_cut() -> None:
    rows = rows_of([job(n, "a") for n in range(7)], 3)
    assert [len(row) for row in rows] == [3, 3, 1]


def test_rows_travel_as_they_are() -> None:
    jobs = [job(n, f"/données/{n}\udcff.tif") for n in range(3)]
    assert unpacked(packed(jobs)) == jobs


@pytest.mark.parametrize(
    ("workers", "cards", "share"), [(1, 1, 1.0), (2, 4, 1.0), (2, 1, 0.5), (3, 1, 0.3333), (5, 2, 0.3333)]
)
def test_cards_are_shared_evenly(workers: int, cards: int, share: float) -> None:
    assert card_share(workers, cards) == share


def outcomes(asker: Asker, jobs: list[Job]) -> list[list[Outcome]]:
    import pyarrow

    batches = asker(pyarrow.table({"jobs": [packed(jobs)]}))
    return [[Outcome.from_text(text) for text in one["outcomes"][0].as_py().split("\n")] for one in batches]


def test_an_actor_answers_in_order_and_groups(tmp_path: Path, script: Script) -> None:
    """A second look at a row that was begun must come in the same pieces."""
    jobs = jobs_about(write_rasters(tmp_path, 2), script(ANSWER))[:5]
    groups = outcomes(Asker(SETTINGS, ALONE), jobs)
    assert [[one.job for one in group] for group in groups] == [jobs[:2], jobs[2:4], jobs[4:]]
    assert all(one.answer is not None and one.answer.text == "red" for group in groups for one in group)


def test_an_actor_keeps_its_model(tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    import zoomearth.batch.ray_asking as ray_asking

    loaded: list[str] = []
    load = ray_asking.load_engine
    monkeypatch.setattr(
        ray_asking, "load_engine", lambda model, **_: (loaded.append(model), load(model, **_))[1]
    )
    asker, jobs = Asker(SETTINGS, ALONE), jobs_about(write_rasters(tmp_path, 2), script(ANSWER))
    outcomes(asker, jobs[:3])
    outcomes(asker, jobs[3:])
    missing = outcomes(asker, [job(9, jobs[0].raster, "scripted:none.json")])
    assert len(loaded) == 2 and missing[0][0].error is not None
    assert missing[0][0].error.code == "model_missing"


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no process can be kept to cores here")
def test_an_actor_keeps_to_its_cores(tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    import zoomearth.batch.ray_asking as ray_asking

    there = os.sched_getaffinity(0)
    if len(there) < 2:
        pytest.skip("there is only one")
    seen: list[set[int]] = []
    ask_all = ray_asking.ask_all
    monkeypatch.setattr(
        ray_asking, "ask_all", lambda *args: (seen.append(os.sched_getaffinity(0)), ask_all(*args))
    )
    jobs = jobs_about(write_rasters(tmp_path, 1), script(ANSWER))
    for pool in (ALONE, replace(ALONE, cores=1)):
        outcomes(Asker(SETTINGS, pool), jobs)
    free, kept = seen
    assert free == there and len(kept) == 1 and kept < there


@pytest.mark.parametrize(
    ("own", "cores_each", "threads"), [("", 1, 1), ("", 2, 1), ("", 5, 4), ("3", 1, 3), ("1", None, 1)]
)
def test_threads_of_a_worker(
    own: str, cores_each: int | None, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of its cores reads, unless the environment says how many compute."""
    monkeypatch.setenv("OMP_NUM_THREADS", own)
    cluster = SimpleNamespace(cluster_resources=lambda: {"CPU": 2.0}, nodes=list)
    pool = pool_of(cluster, [job(1, "a")], 2, cores_each)
    assert (pool.workers, pool.threads, pool.cores) == (2, threads, cores_each)


@pytest.mark.parametrize(
    ("threads", "cores_each", "expected"),
    [(98, 99, max(1, cores() - 1)), (99, 99, cores()), (1, 1, 1), (1, 2, 1), (50, None, 50)],
)
def test_no_more_threads_than_cores(threads: int, cores_each: int | None, expected: int) -> None:
    """One is left to read with, unless the environment says otherwise."""
    assert Asker(SETTINGS, replace(ALONE, threads=threads, cores=cores_each))._threads == expected


def test_workers_that_fit() -> None:
    cluster = SimpleNamespace(cluster_resources=lambda: {"CPU": 8.0}, nodes=list)
    found = [pool_of(cluster, [job(1, "a")], None, each).workers for each in (None, 1, 3, 9)]
    assert found == [8, 8, 2, 1]


def test_an_actor_outlives_what_nobody_expected(
    tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    import zoomearth.batch.ray_asking as ray_asking

    def broken(*_: Any) -> None:
        raise RuntimeError("no threads are left")

    monkeypatch.setattr(ray_asking, "ask_all", broken)
    groups = outcomes(Asker(SETTINGS, ALONE), jobs_about(write_rasters(tmp_path, 1), script(ANSWER)))
    errors = [one.error for group in groups for one in group]
    assert len(errors) == len(QUESTIONS)
    assert all(error is not None and "no threads are left" in error.message for error in errors)


def test_without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *given: Any, **named: Any) -> Any:
        if name.split(".")[0] == "ray":
            raise ImportError("No module named 'ray'")
        return real(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EngineMissingError) as caught:
        ray_runner()
    assert "zoomearth[batch]" in caught.value.hint


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:10001", "nowhere"])
def test_no_cluster_there(address: str) -> None:
    start_s = time.monotonic()
    with pytest.raises(ServerUnreachableError):
        ray_runner(address=address)([job(1, "a")], SETTINGS, print, CancelToken())
    assert time.monotonic() - start_s < LIMIT_S


def test_a_standstill_on_a_cluster_that_shrank(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends the pass; one on a cluster that is as it was is waited for."""
    monkeypatch.setattr(ray_running, "STALL_S", 0.1)
    there = iter([2, 2, 2, 1, 1, 1])
    monkeypatch.setattr(ray_running, "places", lambda *_: next(there))
    batch = ray_running._Batch(None, 2, None, None, SETTINGS)
    pool, leaving = Pool(2, 1.0, 1, 2), threading.Event()
    assert batch._taken(queue.Queue(), pool, print, CancelToken(), leaving) == (False, None)
    assert len(list(there)) == 2


@pytest.mark.slow
def test_actor_and_machine_die_in_the_middle(
    tmp_path: Path, script: Script, nothing_left: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each job is answered once, in the table that one process writes; a broken raster costs its own rows."""
    rasters = write_rasters(tmp_path, 60)
    rasters[7].write_bytes(b"no raster")
    jobs = jobs_about(rasters, script(ZOOM, ANSWER))
    expected = table(tmp_path, "here", jobs)
    taken: Counter[str] = Counter()
    killed: list[int] = []
    with two_machines() as (cluster, node):
        run = ray_runner(workers=2, address=cluster.address)

        def runner(left: Any, settings: Any, take: Any, cancel: Any) -> None:
            def taking(outcome: Outcome) -> None:
                taken[outcome.job.id] += 1
                if len(taken) == 20:
                    killed.append(kill_actor())
                if len(taken) == 60:
                    assert killed[0] not in actors()
                    cluster.remove_node(node, allow_graceful=False)
                take(outcome)

            run(left, settings, taking, cancel)

        found = table(tmp_path, "there", jobs, runner)
        assert cluster.head_node in cluster.list_all_nodes(), "the cluster is not ours to end"
    assert killed and set(taken.values()) == {1} and len(taken) == len(jobs)
    assert found == expected
    assert "raylet" not in capsys.readouterr().out, "standard output is the command's own"


@pytest.mark.slow
def test_no_room_for_who_died(
    tmp_path: Path,
    script: Script,
    nothing_left: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The machine that is left holds one worker of two: what the other was asked is asked again."""
    monkeypatch.setattr(ray_running, "STALL_S", 3.0)
    monkeypatch.setattr("zoomearth.batch.ray_cluster.PREFIX", "none:")
    monkeypatch.setattr("zoomearth.batch.ray_cluster._check_memory", lambda *_: None)
    jobs = jobs_about(write_rasters(tmp_path, 40), script(ZOOM, ANSWER))
    expected = table(tmp_path, "here", jobs)
    with two_machines(num_gpus=1) as (cluster, node):
        run = ray_runner(workers=2, address=cluster.address)

        def runner(left: Any, settings: Any, take: Any, cancel: Any) -> None:
            count: list[Outcome] = []

            def taking(outcome: Outcome) -> None:
                count.append(outcome)
                if len(count) == 20:
                    cluster.remove_node(node, allow_graceful=False)
                take(outcome)

            run(left, settings, taking, cancel)

        assert table(tmp_path, "there", jobs, runner) == expected
    assert "jobs are missing after a pass" in caplog.text


@pytest.mark.slow
def test_a_cluster_of_ones_own(tmp_path: Path, script: Script, nothing_left: None) -> None:
    """By the command, as a person calls it: standard output is its own, and nothing is left running."""
    rasters = write_rasters(tmp_path, 6)
    lines = [f"{raster},{question}" for raster in rasters for question in QUESTIONS]
    (tmp_path / "jobs.csv").write_text("\n".join(["raster,question", *lines]))
    tables, name = [], script(ZOOM, ANSWER)
    for engine in ("local", "ray"):
        files = ["--output", tmp_path / f"{engine}.gpkg", "--table", tmp_path / f"{engine}.csv"]
        model = ["--model", name, "--json", "--engine", engine]
        command = [sys.executable, "-m", "zoomearth", "batch", tmp_path / "jobs.csv", *files, *model]
        said = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, check=True, env=os.environ
        )
        counts = '{"jobs": 18, "before": 0, "before_failed": 0, "answered": 18, "failed": 0}'
        assert said.stdout == f"{counts}\n"
        tables.append((tmp_path / f"{engine}.csv").read_bytes())
    assert "Traceback" not in said.stderr and "Deprecat" not in said.stderr
    assert tables[0] == tables[1]


@pytest.mark.slow
def test_a_deadly_job_fails_alone(
    tmp_path: Path, script: Script, nothing_left: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is asked it, which is told by the pipe that is its model, is killed."""
    monkeypatch.setattr(ray_running, "PASSES", 2)
    held = HeldScript(tmp_path / "held.json")
    jobs = jobs_about(write_rasters(tmp_path, 4), script(ANSWER))
    deadly = Job("deadly", jobs[0].raster, QUESTIONS[0], model=held.model)
    done = threading.Event()
    thread = threading.Thread(target=kill_readers, args=(tmp_path / "held.json", done))
    thread.start()
    try:
        found: list[Outcome] = []
        ray_runner(workers=1)([*jobs, deadly], SETTINGS, found.append, CancelToken())
    finally:
        done.set()
        thread.join()
    assert Counter(one.job.id for one in found) == Counter(one.id for one in [*jobs, deadly])
    assert [(one.job.id, one.error.code) for one in found if one.error] == [("deadly", "worker_died")]


@pytest.mark.slow
def test_a_request_to_stop_is_obeyed(
    tmp_path: Path, script: Script, nothing_left: None, capfd: pytest.CaptureFixture[str]
) -> None:
    """In the middle of a question that never ends; what came before it stays taken."""
    held = HeldScript(tmp_path / "held.json")
    jobs = jobs_about(write_rasters(tmp_path, 2), script(ANSWER))
    endless = Job("endless", jobs[0].raster, QUESTIONS[0], model=held.model)
    cancel, found, stopped_s = CancelToken(), [], []

    def stop() -> None:
        wait_for(lambda: held.is_read)
        stopped_s.append(time.monotonic())
        cancel.cancel()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(Cancelled):
        ray_runner(workers=1)([*jobs, endless], SETTINGS, found.append, cancel)
    ended_s = time.monotonic()
    thread.join()
    assert ended_s - stopped_s[0] < LIMIT_S / 2
    assert "Traceback" not in capfd.readouterr().err, "Ray tells of a connection that was closed on purpose"
