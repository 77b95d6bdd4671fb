"""The next window is read while the model still writes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playback import ListeningEngine
from rasters_on_disk import write_raster
from zoomearth.core.errors import Cancelled, RasterUnreadableError
from zoomearth.core.frames import PixelBox, View
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.core.types import Query, RasterRequest
from zoomearth.models.engine import OnToken
from zoomearth.perception.foresight import Foresight
from zoomearth.perception.loop import ask
from zoomearth.raster.picture import Picture
from zoomearth.raster.raster import Raster
from zoomearth.raster.reading import open_raster
from zoomearth.raster.reading_threads import are_reading

LIMIT_S = 20
BOX = '[{"bbox_2d": [200, 150, 260, 200]'
WINDOW, OTHER = PixelBox(0, 0, 10, 10), PixelBox(5, 5, 20, 20)


def nobody_reads() -> bool:
    """At least after a while: a thread that was shut down may still wind up."""
    deadline_s = time.monotonic() + LIMIT_S
    while are_reading() and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return not are_reading()


class WatchedRaster:
    """Stands before a raster: keeps which windows are read, and holds reading up while its gate is shut."""

    def __init__(self, raster: Raster | None = None) -> None:
        self.windows: list[PixelBox] = []
        self.threads: list[int] = []
        self.has_begun = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.is_deaf = False
        self.error: Exception | None = None
        self._is_read = threading.Lock()
        self._raster = raster

    def __getattr__(self, name: str) -> object:
        return getattr(self._raster, name)

    def read(self, window: PixelBox, side_px: int, *, mask: object, cancel: CancelToken) -> Picture:
        assert self._is_read.acquire(blocking=False), "two threads read at once"
        try:
            self.windows.append(window)
            self.threads.append(threading.get_ident())
            self.has_begun.set()
            while not self.gate.wait(0.01):
                if not self.is_deaf:
                    cancel.check()
            if self.error is not None:
                raise self.error
            if self._raster is not None:
                return self._raster.read(window, side_px, cancel=cancel)
            return Picture(View(window, (10, 10)), np.zeros((10, 10, 3), np.uint8), 1.0)
        finally:
            self._is_read.release()


class Writer(ListeningEngine):
    """Writes a box, waits for what may happen meanwhile, writes the rest; then answers."""

    def __init__(self, rest: str, meanwhile: Callable[[], object]) -> None:
        super().__init__((BOX + rest, "<answer>red</answer>"))
        self._rest = rest
        self._meanwhile = meanwhile
        self._turns = 0

    def converse(self) -> Writer:  # type: ignore[override]
        return self

    def turn(self, pixels: NDArray[np.uint8], text: str, *, on_token: OnToken, cancel: CancelToken) -> str:
        self._turns += 1
        if self._turns > 1:
            return "<answer>red</answer>"
        on_token(BOX)
        self._meanwhile()
        on_token(self._rest)
        return BOX + self._rest


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedRaster]:
    noise = np.random.default_rng(3).integers(0, 255, (3, 2000, 3000)).astype(np.uint8)
    path = write_raster(tmp_path / "scene.tif", noise, "EPSG:32633")
    with open_raster(RasterRequest(str(path))) as raster:
        yield WatchedRaster(raster)


def put(watched: WatchedRaster, engine: Writer) -> list[PixelBox]:
    """The windows that the answer's steps show."""
    query = Query("What colour?", RasterRequest("scene.tif"))
    answer = ask(query, watched, engine, report=ignore_progress, cancel=CancelToken())  # type: ignore[arg-type]
    assert answer.text == "red"
    return [step.window for step in answer.steps]


class TestInAQuestion:
    def test_window_is_read_before_the_turn_ends(self, watched: WatchedRaster) -> None:
        def wait() -> None:
            assert watched.has_begun.wait(LIMIT_S)

        shown = put(watched, Writer(', "label": "ship"}]', wait))
        assert watched.windows == [shown[1]]
        assert watched.threads != [threading.get_ident()]

    def test_picture_is_that_of_the_file(self, watched: WatchedRaster) -> None:
        engine = Writer(', "label": "ship"}]', lambda: watched.has_begun.wait(LIMIT_S))
        seen: list[NDArray[np.uint8]] = []
        turn = engine.turn

        def listening(pixels: NDArray[np.uint8], *rest: object, **options: object) -> str:
            seen.append(pixels)
            return turn(pixels, *rest, **options)  # type: ignore[arg-type]

        engine.turn = listening  # type: ignore[method-assign]
        shown = put(watched, engine)
        expected = watched._raster.read(shown[1], 512)  # type: ignore[union-attr]
        assert np.array_equal(seen[1], expected.pixels)

    def test_box_that_comes_with_an_answer_costs_no_window(self, watched: WatchedRaster) -> None:
        """What was begun is dropped; no further window is read."""
        whole = '[{"bbox_2d": [0, 0, 512, 341]}]<answer>red</answer>'
        engine = Writer("", lambda: None)
        engine.turn = lambda *_, **options: options["on_token"](whole) or whole  # type: ignore
        assert len(put(watched, engine)) == 1
        assert len(watched.windows) <= 1


class TestAlone:
    def foresight(self, raster: WatchedRaster) -> Foresight:
        return Foresight(raster, 512, None)  # type: ignore[arg-type]

    def test_expected_window_is_read_once(self) -> None:
        raster = WatchedRaster()
        foresight = self.foresight(raster)
        foresight.expect(WINDOW)
        foresight.expect(WINDOW)
        assert foresight.read(WINDOW, CancelToken()).view.window == WINDOW
        foresight.close()
        assert raster.windows == [WINDOW]

    def test_another_window_waits_until_the_first_is_left(self) -> None:
        raster = WatchedRaster()
        raster.gate.clear()
        foresight = self.foresight(raster)
        foresight.expect(WINDOW)
        assert raster.has_begun.wait(LIMIT_S)
        threading.Timer(0.1, raster.gate.set).start()
        assert foresight.read(OTHER, CancelToken()).view.window == OTHER
        foresight.close()
        assert raster.windows == [WINDOW, OTHER]

    def test_failure_is_told_when_the_window_is_wanted(self) -> None:
        raster = WatchedRaster()
        raster.error = RasterUnreadableError("cut short")
        foresight = self.foresight(raster)
        foresight.expect(WINDOW)
        with pytest.raises(RasterUnreadableError, match="cut short"):
            foresight.read(WINDOW, CancelToken())
        foresight.expect(OTHER)
        foresight.close()

    def test_a_reading_that_does_not_hear_of_it_is_waited_for(self) -> None:
        """Its thread is nobody else's, and the raster is not closed meanwhile."""
        raster, token = WatchedRaster(), CancelToken()
        raster.gate.clear()
        raster.is_deaf = True
        foresight = self.foresight(raster)
        foresight.expect(WINDOW)
        assert raster.has_begun.wait(LIMIT_S)
        token.cancel()
        with pytest.raises(Cancelled):
            foresight.read(WINDOW, token)
        closing = threading.Thread(target=foresight.close)
        closing.start()
        closing.join(0.3)
        assert closing.is_alive() and are_reading()
        raster.gate.set()
        closing.join(LIMIT_S)
        assert not closing.is_alive()
        assert nobody_reads()

    def test_cancel_while_waiting(self) -> None:
        raster, token = WatchedRaster(), CancelToken()
        raster.gate.clear()
        foresight = self.foresight(raster)
        foresight.expect(WINDOW)
        threading.Timer(0.1, token.cancel).start()
        with pytest.raises(Cancelled):
            foresight.read(WINDOW, token)
        foresight.close()
        assert nobody_reads()
