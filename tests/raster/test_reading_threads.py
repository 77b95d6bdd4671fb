"""Threads that read are kept from pass to pass, and left behind where they are stuck."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from raster_files import open_file, overview, write
from zoomearth.core.errors import Cancelled, RasterUnreadableError
from zoomearth.core.progress import CancelToken
from zoomearth.core.types import Stretch
from zoomearth.raster import reading_threads, streaming


@pytest.fixture(autouse=True)
def no_idle(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(reading_threads, "_idle", [])
    yield
    for thread in reading_threads._idle:
        thread.shutdown()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Several pieces."""
    noise = np.random.default_rng(3).integers(0, 255, (3, 4000, 4000)).astype(np.uint8)
    return write(tmp_path / "large.tif", noise, tiled=True, blockxsize=512, blockysize=512)


def test_one_is_kept_for_the_next(large: Path) -> None:
    before = threading.active_count()
    with open_file(large) as raster:
        for side_px in (100, 200, 300):
            overview(raster, side_px)
    assert len(reading_threads._idle) == 1
    assert threading.active_count() == before + 1


def test_one_of_a_damaged_file_is_kept_too(large: Path) -> None:
    content = large.read_bytes()
    large.write_bytes(content[: len(content) // 2])
    with open_file(large, stretch=Stretch.NONE) as raster, pytest.raises(RasterUnreadableError):
        overview(raster, 300)
    assert len(reading_threads._idle) == 1


def test_one_that_is_stuck_is_not(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, cancel = threading.Event(), CancelToken()

    def stuck(self: object, window: object) -> None:
        cancel.cancel()
        go_on.wait(10)

    monkeypatch.setattr(streaming._Reader, "read", stuck)
    start_s = time.monotonic()
    with open_file(large) as raster, pytest.raises(Cancelled):
        raster.overview(raster.resolve(None), 300, report=lambda progress: None, cancel=cancel)
    assert time.monotonic() - start_s < 5
    assert reading_threads._idle == []
    go_on.set()


def test_no_more_are_kept_than_are_of_use() -> None:
    threads = [reading_threads.reading_thread() for _ in range(reading_threads._MOST_IDLE + 3)]
    for thread in threads:
        reading_threads.keep(thread)
    assert reading_threads._idle == threads[:-3]
    assert reading_threads.reading_thread() is threads[-4]


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="only Linux has it")
def test_one_does_not_interrupt_who_computes() -> None:
    thread = reading_threads.reading_thread()
    assert thread.submit(os.sched_getscheduler, 0).result() == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    thread.shutdown()
