"""Layers that are no file, through the real worker: it asks, whoever asked the question draws."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np
import pytest
from door_samples import ANSWER, ZOOM, wait_for
from zoomearth.client import Client
from zoomearth.core.drawing import Drawing, DrawnGrid, DrawnWindow
from zoomearth.core.errors import Cancelled, RasterUnreadableError, WorkerDiedError, ZoomEarthError
from zoomearth.core.frames import PixelBox
from zoomearth.core.progress import CancelToken
from zoomearth.core.types import Answer, Area, Options, Query, RasterRequest

Script = Callable[..., str]
GRID = DrawnGrid(2048, 1536, (10, 0, 500000, 0, -10, 5600000), "EPSG:32633", (2.0, 4.0), False)


class Drawer:
    """Draws plain green at once, or never, or fails."""

    def __init__(self, error: Exception | None = None, *, is_deaf: bool = False) -> None:
        self.asked: list[DrawnWindow] = []
        self.futures: list[Future[Drawing]] = []
        self._error = error
        self._is_deaf = is_deaf

    def draw(self, window: DrawnWindow) -> Future[Drawing]:
        future: Future[Drawing] = Future()
        self.asked.append(window)
        self.futures.append(future)
        if self._error is not None:
            future.set_exception(self._error)
        elif not self._is_deaf:
            width, height = window.size
            pixels = np.full((height, width, 4), (0, 200, 0, 255), np.uint8)
            threading.Timer(0.01, lambda: future.set_result(Drawing(pixels.tobytes()))).start()
        return future


def about(model: str, area: Area | None = None) -> Query:
    options = Options(with_pictures=True)
    return Query("What colour is the ship?", RasterRequest("a map", drawn=GRID), area, options, model)


def test_every_look_is_drawn_for_itself(client: Client, script: Script) -> None:
    """View pixels [128, 96, 256, 192] × 4 = [512, 384, 1024, 768], which is shown pixel by pixel."""
    drawer = Drawer()
    answer = client.ask(about(script(ZOOM, ANSWER)), drawer=drawer)
    assert [(window.box.to_json(), window.size) for window in drawer.asked] == [
        ([0, 0, 2048, 1536], (512, 384)),
        ([512, 320, 1024, 832], (512, 512)),
    ]
    (region,) = answer.regions
    assert region.pixel_box == PixelBox(512, 384, 1024, 768)
    assert region.polygon[0] == (505120, 5596160)
    assert answer.crs == "EPSG:32633"
    assert answer.warnings == ()
    assert [told.split(":")[0] for told in answer.approximations] == ["drawn_by_qgis"]


def test_area_is_all_that_is_drawn(client: Client, script: Script) -> None:
    drawer = Drawer()
    client.ask(about(script(ANSWER), Area(pixels=PixelBox(100, 200, 300, 400))), drawer=drawer)
    assert [window.box.to_json() for window in drawer.asked] == [[100, 200, 300, 400]]


@pytest.mark.parametrize("error", [RasterUnreadableError("gone", "Ask later."), RuntimeError("a bug")])
def test_failure_of_who_draws_is_the_questions(client: Client, script: Script, error: Exception) -> None:
    with pytest.raises(ZoomEarthError, match="gone" if isinstance(error, ZoomEarthError) else "a bug"):
        client.ask(about(script(ANSWER)), drawer=Drawer(error))
    assert client.is_running
    assert client.ask(about(script(ANSWER)), drawer=Drawer()).text == "red"


def test_without_a_drawer(client: Client, script: Script) -> None:
    with pytest.raises(RasterUnreadableError, match="nobody"):
        client.ask(about(script(ANSWER)))


def test_cancel_while_it_is_drawn(client: Client, script: Script) -> None:
    drawer, token = Drawer(is_deaf=True), CancelToken()
    outcome: list[Answer | BaseException] = []

    def ask() -> None:
        try:
            outcome.append(client.ask(about(script(ANSWER)), drawer=drawer, cancel=token))
        except Cancelled as error:
            outcome.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_for(lambda: bool(drawer.asked))
    start_s = time.monotonic()
    token.cancel()
    asking.join(10)
    assert time.monotonic() - start_s < 0.5
    assert isinstance(outcome[0], Cancelled)
    assert drawer.futures[0].cancelled()
    assert client.ask(about(script(ANSWER)), drawer=Drawer()).text == "red"


@pytest.mark.parametrize("wanted", ["", "number=1", "number=1, box=[0, 0, 1, 1], size=[0, 5]", "number='x'"])
def test_worker_that_asks_for_nonsense(client_of: Callable[..., Client], wanted: str) -> None:
    client = client_of(
        f"ready()\nasked = hear()\nsay(event='draw', id=asked['id'], **dict({wanted}))\nhear()"
    )
    with pytest.raises(WorkerDiedError, match="makes no sense"):
        client.ask(about("none"), drawer=Drawer())
