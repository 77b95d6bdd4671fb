"""What a batch costs: questions asked together, many jobs, a resume, and a hundred kills.

    python tests/bench/bench_batch.py [together | driver | writing | embedded | resume | kills]

Bars: with the embedded model on one thread, questions asked together get the same answers 1.5 times as fast
as one by one; over 2,000 jobs the memory of the last quarter is at most 1.1 times that of the first, and a
job of 2,000 costs at most 1.1 times one of 200 (``driver``: with scripted answers, where only what is around
the model counts; ``embedded``: with the embedded model); a batch that was killed at 100,000 finished rows
answers again within 5 s, its model's loading aside; 100 kills lose, double and tear nothing. ``writing``
has no bar: what it costs to write an outcome with one place.
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import rasterio
from rasterio.transform import from_origin

ROUNDS = 3
LEAST_TIMES_TOGETHER = 1.5
MOST_TIMES_MEMORY = 1.1
MOST_TIMES_COST = 1.1
MOST_RESUME_S = 5.0
FEW, MANY = 200, 2000
FINISHED = 100_000
KILLS = 100
SCENES = 8
SCENE_PX = 1024
TOGETHER_JOBS = 96
FIRST_SEED = 2_900_000
MODEL = "zoomearth-mini"
QUESTIONS = (
    "What season is it?",
    "How many ships are there?",
    "Is there an airport?",
    "What is the large building in the middle used for?",
    "Where is the lake?",
    "Is this a city or the countryside?",
    "How many planes are on the ground?",
    "What colour is the roof of the largest building?",
    "Is there a bridge over the river?",
    "What grows on the fields?",
    "Is there a stadium?",
    "In which part of the image is the harbour?",
)


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "ZOOMEARTH_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "zoomearth", "batch", *map(str, arguments)]


def measured(folder: Path, **what: Any) -> dict[str, Any]:
    """A batch in a process of its own; see :func:`measure`."""
    call = [sys.executable, __file__, "measure", json.dumps({"folder": str(folder), **what})]
    said = subprocess.run(call, check=True, capture_output=True, text=True, env=environment(folder))
    figures: dict[str, Any] = json.loads(said.stdout)
    return figures


def measure(
    folder: str, name: str, count: int, model: str, together: int, rasters: list[str]
) -> dict[str, Any]:
    """Seconds of a batch without its model's loading, those that were computed in, megabytes by quarter."""
    import logging

    from zoomearth.batch.carrying import Output, run_batch
    from zoomearth.batch.export import write_table
    from zoomearth.batch.jobs import Job
    from zoomearth.batch.running import RunSettings
    from zoomearth.core.progress import CancelToken, ignore_progress
    from zoomearth.models.loading import load_engine

    logging.disable(logging.WARNING)
    clocks = (time.perf_counter, time.process_time)
    load_engine(model, report=ignore_progress, cancel=CancelToken())  # and all that the loading needs
    start = [clock() for clock in clocks]
    load_engine(model, report=ignore_progress, cancel=CancelToken())
    loading = [clock() - begun for clock, begun in zip(clocks, start, strict=True)]
    jobs = [
        Job(
            f"job-{n:06}",
            rasters[n % len(rasters)],
            QUESTIONS[n // len(rasters) % len(QUESTIONS)],
            model=model,
        )
        for n in range(count)
    ]
    memory: list[float] = []
    output = Path(folder, f"{name}.gpkg")

    def tell(tally: Any) -> None:
        if tally.done:
            memory.append(memory_mb())

    start = [clock() for clock in clocks]
    settings = RunSettings(together=together)
    run_batch(jobs, Output(output, overwrite=True), settings, cancel=CancelToken(), tell=tell)
    seconds, computed_s = (
        clock() - begun - load for clock, begun, load in zip(clocks, start, loading, strict=True)
    )
    write_table(output, output.with_suffix(".csv"))
    quarters = np.array_split(np.array(memory), 4)
    return {
        "seconds": seconds,
        "computed_s": computed_s,
        "memory_mb": [float(quarter.mean()) for quarter in quarters],
    }


def memory_mb() -> float:
    """Of this process, as Linux counts it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("no VmRSS in /proc/self/status: memory is measured on Linux only")


def draw_scenes(folder: Path) -> list[str]:
    from zoomearth.training.scenes.layout import make_scene
    from zoomearth.training.scenes.writing import write_scene

    paths = [folder / f"scene-{number}.tif" for number in range(SCENES)]
    for number, path in enumerate(paths):
        write_scene(make_scene(FIRST_SEED + number, SCENE_PX), path)
    return [str(path) for path in paths]


def write_small(folder: Path) -> tuple[str, str]:
    """A small raster and a script that answers at once; names of both."""
    noise = np.random.default_rng(1).integers(1, 255, (3, 64, 64)).astype(np.uint8)
    path = folder / "small.tif"
    place = {"crs": "EPSG:32633", "transform": from_origin(500_000, 5_600_000, 10, 10)}
    with rasterio.open(
        path, "w", driver="GTiff", width=64, height=64, count=3, dtype="uint8", **place
    ) as file:
        file.write(noise)
    script = folder / "script.json"
    script.write_text(json.dumps(['[{"bbox_2d": [16, 8, 32, 24], "label": "ship"}]', "<answer>red</answer>"]))
    return str(path), f"scripted:{script}"


def time_together(folder: Path) -> str:
    """One line of figures; fails where a bar is missed."""
    what = {"count": TOGETHER_JOBS, "model": MODEL, "rasters": draw_scenes(folder)}
    ratios, rates, are_same = [], [], True
    for _ in range(ROUNDS):
        alone = measured(folder, name="alone", together=1, **what)["seconds"]
        joint = measured(folder, name="joint", together=8, **what)["seconds"]
        ratios.append(alone / joint)
        rates.append((TOGETHER_JOBS / alone, TOGETHER_JOBS / joint))
        are_same &= (folder / "alone.csv").read_bytes() == (folder / "joint.csv").read_bytes()
    ratio = statistics.median(ratios)
    one, many = (statistics.median(side) for side in zip(*rates, strict=True))
    same = "the same answers" if are_same else "OTHER answers"
    line = (
        f"embedded model, one thread, {TOGETHER_JOBS} questions: {many:.2f} a second 8 together, "
        f"{one:.2f} one by one, {ratio:.2f} x (at least {LEAST_TIMES_TOGETHER}), {same}"
    )
    return checked(line, ratio >= LEAST_TIMES_TOGETHER and are_same)


def compare_sizes(folder: Path, *, model: str, rasters: list[str], title: str, rounds: int) -> str:
    """One line of figures; fails where a bar is missed."""
    what = {"model": model, "rasters": rasters, "together": 8}
    costs, growths, memory = [], [], [0.0]
    for _ in range(rounds):
        few = measured(folder, name="few", count=FEW, **what)
        many = measured(folder, name="many", count=MANY, **what)
        costs.append(many["computed_s"] / MANY / (few["computed_s"] / FEW))
        memory = many["memory_mb"]
        growths.append(memory[-1] / memory[0])
    each_ms, computed_ms = (1000 * many[name] / MANY for name in ("seconds", "computed_s"))
    cost, growth = statistics.median(costs), max(growths)
    line = (
        f"{title}, {MANY:,} jobs: {each_ms:.1f} ms each, {computed_ms:.1f} of them computing, "
        f"{cost:.2f} x those of one of {FEW} (at most {MOST_TIMES_COST}); memory of the "
        f"last quarter {memory[-1]:.0f} MB, {growth:.3f} x the first's (at most {MOST_TIMES_MEMORY})"
    )
    return checked(line, cost <= MOST_TIMES_COST and growth <= MOST_TIMES_MEMORY)


def compare_driver(folder: Path) -> str:
    raster, model = write_small(folder)
    title = "scripted answers, the driver alone"
    return compare_sizes(folder, model=model, rasters=[raster], title=title, rounds=ROUNDS)


def compare_embedded(folder: Path) -> str:
    title = "embedded model, 8 together"
    return compare_sizes(folder, model=MODEL, rasters=draw_scenes(folder), title=title, rounds=1)


def write_table_of(folder: Path, count: int, raster: str) -> None:
    lines = [f"job-{number:06},{raster},What is {number}?" for number in range(count)]
    (folder / "jobs.csv").write_text("\n".join(["id,raster,question", *lines, ""]))


def done(output: Path) -> list[str]:
    with closing(sqlite3.connect(output)) as database:
        tables = ("answers", "answers_unreferenced", "failures")
        return [row[0] for table in tables for row in database.execute(f'SELECT job_id FROM "{table}"')]


def resume(folder: Path) -> str:
    """One line of figures; fails where a bar is missed."""
    raster, model = write_small(folder)
    write_table_of(folder, FINISHED + 1, raster)
    output = folder / "out.gpkg"
    call = (folder / "jobs.csv", "--output", output, "--model", model)
    running = subprocess.Popen(command(*call), env=environment(folder), stderr=subprocess.DEVNULL)
    while not (output.is_file() and done(output)):
        time.sleep(0.02)
    running.kill()
    running.wait()
    meta, _, places, columns = pyogrio.raw.read(output, layer="answers", max_features=1)
    finished = set(done(output))
    ids = [f"job-{number:06}" for number in range(FINISHED) if f"job-{number:06}" not in finished]
    fields = meta["fields"].tolist()
    columns = [np.repeat(column, len(ids)) for column in columns]
    columns[fields.index("job_id")] = np.array(ids, dtype=object)
    layout = {"driver": "GPKG", "geometry_type": "MultiPolygon", "crs": meta["crs"], "append": True}
    pyogrio.raw.write(output, np.repeat(places, len(ids)), columns, meta["fields"], layer="answers", **layout)
    if len(done(output)) != FINISHED:
        raise SystemExit(f"{len(done(output))} rows were made, not {FINISHED}")
    seconds, computed = [], []
    for _ in range(ROUNDS):
        start, before = time.perf_counter(), os.times()
        subprocess.run(
            command(*call, "--resume"), env=environment(folder), check=True, capture_output=True, text=True
        )
        seconds.append(time.perf_counter() - start)
        computed.append(sum(os.times()[2:4]) - sum(before[2:4]))
        if len(done(output)) != FINISHED + 1:
            raise SystemExit("the last job was not answered")
        with closing(sqlite3.connect(output)) as database, database:  # its row goes, for the next round
            for name in ("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY", "ST_IsEmpty"):
                database.create_function(name, 1, lambda blob: 0)
            database.execute("DELETE FROM answers WHERE job_id = ?", (f"job-{FINISHED:06}",))
    line = (
        f"resumed after a kill at {FINISHED:,} finished rows, scripted answers: from the call to the last "
        f"answer in the file {statistics.median(seconds):.2f} s (at most {MOST_RESUME_S:.0f}), "
        f"{statistics.median(computed):.2f} s of them computing"
    )
    return checked(line, statistics.median(seconds) <= MOST_RESUME_S)


def write_outcomes(folder: Path) -> str:
    """One line of figures."""
    from zoomearth.batch.jobs import Job
    from zoomearth.batch.outcome import Outcome
    from zoomearth.batch.running import RunSettings, run_local
    from zoomearth.batch.store import create_store
    from zoomearth.core.progress import CancelToken

    raster, model = write_small(folder)
    asked: list[Outcome] = []
    run_local([Job("0", raster, "What?", model=model)], RunSettings(), asked.append, CancelToken())
    output = folder / "written.gpkg"
    computed = []
    with create_store(output, "bench") as store:
        for batch in range(ROUNDS):
            start = time.process_time()
            for number in range(MANY):
                job = dataclasses.replace(asked[0].job, id=f"{batch}-{number}")
                store.add(dataclasses.replace(asked[0], job=job))
            store.flush()
            computed.append((time.process_time() - start) / MANY)
    each_ms, size = 1000 * statistics.median(computed), output.stat().st_size / (ROUNDS * MANY)
    return (
        f"to write an outcome with one place: {each_ms:.1f} ms of one core, {1000 / each_ms:.0f} a second; "
        f"{size / 1000:.1f} kB in the file"
    )


def written_at(path: Path) -> int:
    """Nanoseconds; 0 where there is no such file."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def kill_often(folder: Path) -> str:
    """One line of figures; fails where a row is lost, doubled or torn."""
    count = 600
    raster, model = write_small(folder)
    write_table_of(folder, count, raster)
    call = (folder / "jobs.csv", "--model", model)
    calm, output, journal = (folder / name for name in ("calm.gpkg", "out.gpkg", "out.gpkg-journal"))
    own = {"env": environment(folder), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command(*call, "--output", calm, "--table", folder / "calm.csv"), check=True, **own)
    chance = random.Random(11)
    killed = torn = batches = 0

    def finish() -> None:
        more = ["--resume"] if output.exists() else []
        arguments = (*call, "--output", output, "--table", folder / "killed.csv", *more)
        subprocess.run(command(*arguments), check=True, **own)
        if (folder / "killed.csv").read_bytes() != (folder / "calm.csv").read_bytes():
            raise SystemExit(f"after {killed} kills the table is another than that of a calm run")

    while killed < KILLS:
        more = ["--resume"] if output.exists() else []
        before = written_at(journal)  # what the last kill left half done
        running = subprocess.Popen(command(*call, "--output", output, *more), **own)
        if killed % 2:
            time.sleep(chance.uniform(0.3, 4.0))
        while killed % 2 == 0 and written_at(journal) in (0, before) and running.poll() is None:
            time.sleep(0.001)  # until it is in the middle of a write
        running.kill()
        if running.wait() == -signal.SIGKILL:
            killed += 1
            torn += written_at(journal) not in (0, before)
            found = done(output) if output.exists() else []
            if len(found) != len(set(found)):
                raise SystemExit(f"after {killed} kills jobs are there twice")
        else:
            finish()
            output.unlink()
            batches += 1
    finish()
    return (
        f"{killed} kills, {torn} of them in the middle of a write, over {batches + 1} batches of {count} "
        "jobs: nothing lost, doubled or torn; the table is byte for byte that of a calm run"
    )


def checked(line: str, is_met: bool) -> str:
    if not is_met:
        raise SystemExit(f"{line}\na bar is missed")
    return line


PARTS: dict[str, Callable[[Path], str]] = {
    "together": time_together,
    "driver": compare_driver,
    "writing": write_outcomes,
    "resume": resume,
    "kills": kill_often,
    "embedded": compare_embedded,
}


def main() -> None:
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(**json.loads(sys.argv[2]))))
        return
    for name in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            print(PARTS[name](Path(folder)), flush=True)


if __name__ == "__main__":
    main()
