"""What tests of the door are made of: questions, workers that misbehave, and who lives."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin
from zoomearth.core.errors import Cancelled, ZoomEarthError
from zoomearth.core.progress import CancelToken, Progress, Stage
from zoomearth.core.types import Answer, Options, Query, RasterRequest

HEART = Path(__file__).resolve().parents[2] / "zoomearth_plugin"
ZOOM = '<think>There.</think>[{"bbox_2d": [128, 96, 256, 192], "label": "ship"}]'
ANSWER = "<think>I see.</think><answer>red</answer>"
LIMIT_S = 30.0
"""Nothing here takes long; a machine that is busy with other things may make it so."""

_PREAMBLE = """
import json, os, sys, time
def say(**message):
    sys.stdout.write(json.dumps(message) + "\\n"); sys.stdout.flush()
def hear():
    line = sys.stdin.readline()
    if not line: sys.exit(0)
    return json.loads(line)
def ready():
    say(event="ready", protocol=2, version="0", pid=os.getpid())
"""
_ANSWERED = {
    "answer": "red",
    "regions": [],
    "steps": [],
    "searched_box": [0, 0, 1, 1],
    "searched_polygons": [[[[0, 0], [1, 0], [1, 1], [0, 1]]]],
    "frame": "pixels",
    "model": "none",
    "revision": "none",
    "seconds": 0.0,
}


def misbehaving(path: Path, body: str) -> list[str]:
    """The command of a worker that does what ``body`` says; ``ready, hear, say`` and ``ANSWERED`` help it."""
    path.write_text(f"{_PREAMBLE}\nANSWERED = {_ANSWERED!r}\n{body}\n", encoding="utf-8")
    return [sys.executable, str(path)]


def write_scene(path: Path) -> Path:
    """2,048 × 1,536 px of noise, 10 m each, from (500000, 5600000) of UTM 33N."""
    noise = np.random.default_rng(1).integers(1, 255, (3, 1536, 2048)).astype(np.uint8)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=2048,
        height=1536,
        count=3,
        dtype="uint8",
        crs="EPSG:32633",
        transform=from_origin(500_000, 5_600_000, 10, 10),
    ) as file:
        file.write(noise)
    return path


def query(raster: Path | str, model: str, **options: object) -> Query:
    return Query("What colour is the ship?", RasterRequest(str(raster)), None, Options(**options), model)


class Asking(threading.Thread):
    """A question in a thread of its own, and what came of it."""

    def __init__(self, client: object, asked: Query) -> None:
        super().__init__(daemon=True)
        self.cancel = CancelToken()
        self.told: list[Progress] = []
        self.answer: Answer | None = None
        self.error: ZoomEarthError | Cancelled | None = None
        self._client = client
        self._asked = asked
        self.start()

    def run(self) -> None:
        try:
            self.answer = self._client.ask(self._asked, report=self.told.append, cancel=self.cancel)
        except (ZoomEarthError, Cancelled) as error:
            self.error = error

    def outcome(self) -> Answer | ZoomEarthError | Cancelled | None:
        self.join(LIMIT_S)
        assert not self.is_alive(), "the question never ended"
        return self.answer or self.error

    def wait_until_told(self, stage: Stage) -> None:
        wait_for(lambda: any(progress.stage is stage for progress in self.told))


def wait_for(condition: Callable[[], bool]) -> None:
    """Fails when it does not come true."""
    deadline_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline_s, "it never came true"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def children() -> list[int]:
    """This process's own, zombies included, but for those that hypothesis and pytest never start."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == os.getpid():
                found.append(int(folder.name))
    return found


def door_threads() -> list[str]:
    """Names of our threads, but for those that wait to read rasters: other tests may have left them."""
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith("zoomearth-") and "-reading" not in name]
