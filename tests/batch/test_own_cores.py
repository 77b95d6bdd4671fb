"""Cores that processes take for themselves: each core for one process, free again when that one dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from zoomearth.batch.own_cores import OwnCores

Holder = tuple[subprocess.Popen[str], set[int]]

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="processes cannot be kept to cores here, or there is only one",
)

HOLD = """
import os, sys
from pathlib import Path
from zoomearth.batch.own_cores import OwnCores
own = OwnCores(1, Path(sys.argv[1]))
own.stay()
print(*own.cores, *(["of"] + sorted(os.sched_getaffinity(0)) if own.cores else []), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Callable[[], Holder]]:
    """Start a process that takes one core; gives it and the cores that it has."""
    started: list[subprocess.Popen[str]] = []

    def start() -> Holder:
        command = [sys.executable, "-c", HOLD, str(tmp_path)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        own, _, kept_to = process.stdout.readline().strip().partition(" of ")
        assert kept_to == own  # it runs where it said
        return process, {int(core) for core in own.split()}

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_each_process_gets_another_core(hold: Callable[[], Holder]) -> None:
    there = os.sched_getaffinity(0)
    found = [hold()[1] for _ in there]
    assert all(len(own) == 1 for own in found)
    assert set.union(*found) == there
    assert hold()[1] == set()  # none is left: it runs wherever it likes


def test_a_core_is_free_again_when_its_process_is_killed(hold: Callable[[], Holder]) -> None:
    holders = [hold() for _ in os.sched_getaffinity(0)]
    process, own = holders[0]
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert hold()[1] == own


def test_threads_that_are_started_stay_too(tmp_path: Path) -> None:
    own = OwnCores(1, tmp_path)
    assert len(own.cores) == 1
    seen: list[set[int]] = []

    def work() -> None:
        own.stay()
        thread = threading.Thread(target=lambda: seen.append(os.sched_getaffinity(0)))
        thread.start()
        thread.join()

    before = os.sched_getaffinity(0)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [set(own.cores)]
    own.close()
    assert os.sched_getaffinity(0) == before


def test_who_wants_all_cores_gets_none_of_its_own(tmp_path: Path) -> None:
    own = OwnCores(len(os.sched_getaffinity(0)), tmp_path)
    assert own.cores == frozenset()
    own.stay()
    assert os.sched_getaffinity(0)
    assert not list(tmp_path.iterdir())


def test_who_shares_takes_free_cores_first(tmp_path: Path) -> None:
    there = os.sched_getaffinity(0)
    first = OwnCores(1, tmp_path)
    second = OwnCores(1, tmp_path, shares=True)
    assert second.cores.isdisjoint(first.cores)
    rest = [OwnCores(1, tmp_path) for _ in range(len(there) - 2)]
    crowded = OwnCores(1, tmp_path, shares=True)
    assert len(crowded.cores) == 1 and crowded.cores <= there  # none is free: with another one
    for own in (first, second, *rest, crowded):
        own.close()
    assert crowded.cores == frozenset()
    assert OwnCores(1, tmp_path).cores  # all are free again


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    assert OwnCores(1, in_the_way).cores == frozenset()
    assert len(OwnCores(1, in_the_way, shares=True).cores) == 1


def test_closing_gives_them_back(tmp_path: Path) -> None:
    first = OwnCores(1, tmp_path)
    own = first.cores
    first.close()
    assert first.cores == frozenset()
    second = OwnCores(1, tmp_path)
    assert second.cores == own
    second.close()
