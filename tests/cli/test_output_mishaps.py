"""Answers that meet a full disk, a lock, a writer that died, and each other: none is lost unsaid."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from cli_samples import ANSWER, Ended, rows, tables, write_points

resource = pytest.importorskip("resource", reason="limits on the size of files are POSIX")
Run = Callable[..., Ended]
Script = Callable[..., str]
DIES_WRITING = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA cache_size = 4")
database.execute("BEGIN IMMEDIATE")
database.execute("CREATE TABLE half (content)")
database.execute("DELETE FROM gpkg_contents")
database.executemany("INSERT INTO half VALUES (?)", [(bytes(9000),)] * 100)
os.kill(os.getpid(), signal.SIGKILL)
"""


def limit_files_to(size_bytes: int) -> None:
    """In a process to be: files end there, as on a disk that is full."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))


@pytest.fixture
def ask(run: Run, script: Script, scene: Path) -> Callable[..., Ended]:
    model = script(ANSWER)
    return partial(run, "ask", scene, "Red?", "--model", model, "--output", "answers.gpkg", "--json")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.gpkg"


def test_new_file_that_cannot_be_finished_leaves_nothing(ask: Callable[..., Ended], path: Path) -> None:
    before = set(path.parent.iterdir())
    ended = ask(preexec_fn=partial(limit_files_to, 40_000))
    assert ended.status == 1
    assert (ended.json["answer"], ended.error["code"]) == ("red", "output_unwritable")
    assert len(ended.error["message"]) < 200
    assert "Traceback" not in ended.err
    assert {file for file in path.parent.iterdir() if file.name != "cache"} == before
    assert ask().status == 0
    assert len(rows(path)) == 1


def test_words_are_told_when_they_cannot_be_stored(run: Run, script: Script, scene: Path, path: Path) -> None:
    call = ("ask", scene, "Red?", "--model", script(ANSWER), "--output", path)
    ended = run(*call, preexec_fn=partial(limit_files_to, 40_000))
    assert (ended.status, ended.out.splitlines()[0]) == (1, "red")
    assert ended.err.endswith("(output_unwritable)\n")


def test_what_a_file_held_survives_an_append_that_fails(ask: Callable[..., Ended], path: Path) -> None:
    write_points(path, "roads")
    ended = ask(preexec_fn=partial(limit_files_to, path.stat().st_size))
    assert (ended.status, ended.json["answer"]) == (1, "red")
    assert ask().status == 0
    assert tables(path) == {"roads": "Point", "answers": "MultiPolygon"}
    assert len(rows(path)) == 1


def test_writer_that_was_killed_is_rolled_back(ask: Callable[..., Ended], path: Path) -> None:
    assert ask().status == 0
    died = subprocess.run([sys.executable, "-c", DIES_WRITING, path], check=False, timeout=30)
    assert died.returncode == -signal.SIGKILL
    assert path.with_name("answers.gpkg-journal").stat().st_size > 0
    assert ask().status == 0
    assert len(rows(path)) == 2


def test_locked(ask: Callable[..., Ended], path: Path) -> None:
    write_points(path, "roads")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        ended = ask()
    assert (ended.status, ended.error["code"]) == (1, "output_unwritable")
    assert ended.error["hint"] == "Close what is writing to it, then ask again."


def test_many_at_once(ask: Callable[..., Ended], path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(lambda _: ask(), range(4)))
    assert [one.status for one in ended] == [0] * 4
    assert len(rows(path)) == 4
    assert list(path.parent.glob(".zoomearth-*")) == []


def test_folder_that_may_not_be_written_to(
    run: Run, script: Script, scene: Path, sealed_folder: Path
) -> None:
    output = sealed_folder / "answers.gpkg"
    ended = run("ask", scene, "Red?", "--model", script(ANSWER), "--output", output, "--json")
    assert (ended.status, ended.error["code"]) == (1, "output_unwritable")
