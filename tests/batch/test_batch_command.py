"""``zoomearth batch``: what it prints, and how it ends."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from batch_samples import ANSWER, Ended, answered_ids, command, many_jobs, numbered, read_rows

Batch = Callable[..., Ended]
Script = Callable[..., str]


def test_json(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    many_jobs(tmp_path, 4, ["scene.tif", "gone.tif"])
    ended = batch("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER), "--json")
    assert (ended.status, ended.json) == (0, {"jobs": 4, "before": 0, "answered": 2, "failed": 2})


def test_words(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    many_jobs(tmp_path, 4, ["scene.tif", "gone.tif"])
    ended = batch("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER))
    assert (ended.status, ended.out) == (0, "2 answered, 2 failed, 0 done before, of 4\n")
    lines = ended.err.splitlines()
    pattern = r"4 of 4, 2 failed, \d+\.\d\d a second, 0 s left"
    assert [bool(re.fullmatch(pattern, line)) for line in lines].count(True) == 1
    failed = [line for line in lines if line.startswith("WARNING") and "failed" in line]
    assert len(failed) == 2
    assert "\r" not in ended.err


def test_failure_is_one_object_too(batch: Batch) -> None:
    ended = batch("gone.csv", "--output", "out.gpkg", "--json")
    assert (ended.status, ended.json["error"]["code"]) == (1, "job_table_invalid")
    assert ended.err.endswith("(job_table_invalid)\n")


def test_wrong_call(batch: Batch) -> None:
    assert batch("jobs.csv").status == 2
    assert batch("jobs.csv", "--output", "out.gpkg", "--together", "0").status == 2


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs terminals")
def test_bar_on_a_terminal(scene: Path, script: Script, environment: dict[str, str], tmp_path: Path) -> None:
    many_jobs(tmp_path, 3)
    fcntl = pytest.importorskip("fcntl")
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, pytest.importorskip("termios").TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    call = command("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER))
    running = subprocess.Popen(call, env=environment, cwd=tmp_path, stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    told = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        told += piece
    os.close(ours)
    out, _ = running.communicate()
    assert (running.returncode, out) == (0, b"3 answered, 0 failed, 0 done before, of 3\n")
    assert b"3/3" in told
    assert b"question/s" in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_standard_output(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    many_jobs(tmp_path, 3)
    call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER), "--json")
    with open("/dev/full", "wb") as full:
        ended = batch(*call, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert ended.status == 1
    assert ended.err.endswith("(disk_full)\n")
    assert "Traceback" not in ended.err
    assert answered_ids(tmp_path / "out.gpkg") == numbered(3)


def test_named_model_of_a_row_wins(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    red, blue = script(ANSWER), script("<answer>blue</answer>")
    (tmp_path / "jobs.csv").write_text(f"raster,question,model\nscene.tif,A?,{blue}\nscene.tif,B?,\n")
    assert batch("jobs.csv", "--output", "out.gpkg", "--model", red).status == 0
    answers = {row["question"]: row["answer"] for row in read_rows(tmp_path / "out.gpkg", "answers")}
    assert answers == {"A?": "blue", "B?": "red"}


def test_help_tells_the_columns(batch: Batch) -> None:
    ended = batch("--help")
    assert ended.status == 0
    assert "raster, question[, area, id, model]" in " ".join(ended.out.split())


def test_nothing_heavy_is_loaded_for_a_scripted_model(
    scene: Path, script: Script, environment: dict[str, str], tmp_path: Path
) -> None:
    """Torch takes seconds and memory, and what answers here needs none."""
    many_jobs(tmp_path, 2)
    code = (
        "import sys; from zoomearth.cli import main; "
        f"main(['batch', 'jobs.csv', '--output', 'out.gpkg', '--model', {script(ANSWER)!r}]); "
        "sys.exit('torch' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, check=False)
    assert ended.returncode == 0
