"""Standard streams that take nothing more, know few letters, or bring an interrupt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_samples import ANSWER, LIMIT_S, Ended, rows

Run = Callable[..., Ended]
Script = Callable[..., str]
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def test_terminal_of_few_letters(run: Run, scene: Path, script: Script, environment: dict[str, str]) -> None:
    model = script("<answer>île 島</answer>")
    ended = run(
        "ask", scene, "Red?", "--model", model, environment={**environment, "PYTHONIOENCODING": "ascii"}
    )
    assert (ended.status, ended.out.splitlines()[0]) == (0, r"\xeele \u5cf6")


@needs_full
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_full_standard_output(
    run: Run, scene: Path, script: Script, tmp_path: Path, form: tuple[str]
) -> None:
    with open("/dev/full", "wb") as full:
        call = ("ask", scene, "Red?", "--model", script(ANSWER), "--output", "answers.gpkg", *form)
        ended = run(*call, stdout=full)
    assert ended.status == 1
    assert ended.err.splitlines()[-2].startswith("zoomearth: standard output: ")
    assert ended.err.endswith("(disk_full)\n")
    assert "Traceback" not in ended.err
    assert len(rows(tmp_path / "answers.gpkg")) == 1


@needs_full
def test_refusal_to_a_full_standard_output(run: Run, script: Script) -> None:
    with open("/dev/full", "wb") as full:
        ended = run("ask", "gone.tif", "Red?", "--model", script(ANSWER), "--json", stdout=full)
    assert ended.status == 1
    assert ended.err.endswith("(raster_unreadable)\n")
    assert len(ended.err.splitlines()) == 2


def test_reader_that_has_left(run: Run, script: Script) -> None:
    out, into = os.pipe()
    os.close(out)
    try:
        ended = run("models", "list", stdout=into)
    finally:
        os.close(into)
    assert ended.status == 1
    assert len(ended.err.splitlines()) == 2
    assert ended.err.endswith("(output_unwritable)\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_interrupt(scene: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    """While the model is stuck: its script is a pipe that nobody fills."""
    held = tmp_path / "held.json"
    os.mkfifo(held)
    call = [sys.executable, "-m", "zoomearth", "ask", scene, "Red?", "--model", f"scripted:{held}", "--json"]
    asking = subprocess.Popen(
        call,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's "&" takes it away
    )
    pipe = _opened_by_its_reader(held)
    out, err = _interrupted(asking)
    os.close(pipe)
    assert (asking.returncode, out, err) == (130, b"", b"interrupted\n")


def _interrupted(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What it said; a signal just before Python waits for the pipe is seen after that wait only."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=2)
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                raise


def _opened_by_its_reader(path: Path) -> int:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"nobody reads {path}")
