"""Set-ups and checks outlive the page, run alone, and take no engine away from a question."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QPushButton
from qgis_samples import ROOT

from zoomearth_plugin.environment import EngineUpkeep, SetUpPlan, door, pythons, upkeep
from zoomearth_plugin.environment.door import EngineDoor
from zoomearth_plugin.gui.options_page import ZoomEarthOptionsFactory
from zoomearth_plugin.gui.setup_assistant import EnginePanel
from zoomearth_plugin.settings import Settings
from zoomearth_plugin.zoomearth.core.errors import EngineMissingError, OutputUnwritableError

LIMIT_MS = 20_000


class StandInClient:
    """Takes as long to close as the test likes."""

    def __init__(self, command, environment):
        self.command, self.environment = command, environment
        self.may_close = threading.Event()
        self.may_close.set()
        self.is_closed = False

    def close(self):
        self.may_close.wait(10)
        self.is_closed = True


@pytest.fixture
def engine_door(qgis_app, tmp_path, monkeypatch):
    """A door to the engine that a set-up makes in ``profile/engine``; no worker is started."""
    monkeypatch.setattr(door, "Client", StandInClient)
    monkeypatch.delenv(pythons.VARIABLE, raising=False)
    python = pythons.interpreter(tmp_path / "profile" / "engine")
    python.parent.mkdir(parents=True)
    python.write_text("")
    made = EngineDoor(Settings, [tmp_path / "profile" / "engine"], ROOT / "zoomearth_plugin")
    yield made
    made.close()


@pytest.fixture
def asking():
    """Holds an item while a question is under way."""
    return []


@pytest.fixture
def kept(engine_door, tmp_path, asking, monkeypatch):
    """The upkeep of that engine, with a set-up that lasts until it is cancelled."""
    sleeper = tmp_path / "sleeper"
    sleeper.write_text(
        f"#!/bin/sh\nsleep 60 &\necho $$ $! > {tmp_path}/pids.new\n"
        f"mv {tmp_path}/pids.new {tmp_path}/pids\nwait\n"
    )
    sleeper.chmod(0o755)
    requirements = tmp_path / "engine-requirements.txt"
    requirements.write_text("tinything==1.0\n")
    # PyTorch's index for the processor: less disk space is asked for.
    plan = SetUpPlan(tmp_path / "profile" / "engine", requirements, sleeper, "file:///nowhere/cpu")
    monkeypatch.setattr(upkeep, "set_up_plan", lambda *_: plan)
    made = EngineUpkeep(tmp_path / "plugin", tmp_path / "profile", engine_door, lambda: bool(asking))
    yield made
    made.close()


@pytest.fixture
def pids(tmp_path, qtbot):
    """Waits until the sleeping set-up runs; gives its processes."""

    def wait():
        qtbot.waitUntil((tmp_path / "pids").is_file, timeout=LIMIT_MS)
        return [int(pid) for pid in (tmp_path / "pids").read_text().split()]

    return wait


def _lives(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


class TestSetUp:
    def test_pressed_again_it_is_the_same(self, kept, pids):
        task = kept.set_up(Settings())
        pids()
        assert kept.set_up(Settings()) is task

    def test_a_page_opened_again_shows_it(self, kept, pids, qtbot):
        factory = ZoomEarthOptionsFactory(kept)
        page = factory.createWidget()
        page.engine.make.click()
        task = kept.set_up_task
        pids()
        sip.delete(page)
        page = factory.createWidget()
        qtbot.addWidget(page)
        again = page.engine
        assert "Setting up" in again.state.text()
        assert not again.make.isEnabled()
        stop = again.findChild(QPushButton, "zoomearthStopSetUp")
        assert not stop.isHidden()
        with qtbot.waitSignal(task.was_cancelled, timeout=LIMIT_MS):
            stop.click()
        assert again.make.isEnabled()
        assert "cancelled" in again.state.text()
        assert kept.set_up_task is None

    def test_refused_while_a_question_is_under_way(self, kept, engine_door, asking, qtbot):
        client = engine_door.client()
        asking.append("a question")
        panel = EnginePanel(kept, Settings)
        qtbot.addWidget(panel)
        panel.make.click()
        assert "wait for the answer" in panel.state.text()
        assert kept.set_up_task is None
        assert engine_door.client() is client
        with pytest.raises(OutputUnwritableError):
            kept.set_up(Settings())

    def test_the_worker_is_gone_before_and_another_one_comes_after(self, kept, engine_door, pids, qtbot):
        client = engine_door.client()
        client.may_close.clear()
        task = kept.set_up(Settings())
        qtbot.wait(300)
        assert not (kept.data_folder.parent / "pids").exists()
        client.may_close.set()
        pids()
        assert client.is_closed
        with pytest.raises(EngineMissingError) as caught:
            engine_door.client()
        assert "being set up" in caught.value.hint
        with qtbot.waitSignal(task.was_cancelled, timeout=LIMIT_MS):
            task.cancel()
        assert engine_door.client() is not client


class TestClosing:
    def test_a_set_up_ends_with_all_that_it_started(self, kept, pids, tmp_path, qtbot):
        kept.set_up(Settings())
        running = pids()
        started_s = time.monotonic()
        kept.close()
        assert time.monotonic() - started_s < upkeep.STOP_TIMEOUT_S
        qtbot.waitUntil(lambda: not any(_lives(pid) for pid in running), timeout=2000)
        assert os.listdir(tmp_path / "profile") == ["engine"]
        assert pythons.interpreter(tmp_path / "profile" / "engine").is_file()

    def test_a_check_ends(self, kept, pids, tmp_path, qtbot):
        task = kept.check(Settings(engine_python=str(tmp_path / "sleeper")))
        running = pids()
        kept.close()
        assert task.wait_until_left(0.0)
        qtbot.waitUntil(lambda: not any(_lives(pid) for pid in running), timeout=2000)


class TestDoor:
    def test_nothing_is_fetched(self, engine_door):
        environment = engine_door.client().environment
        assert environment["HF_HUB_OFFLINE"] == environment["TRANSFORMERS_OFFLINE"] == "1"
        assert environment["PYTHONPATH"] == str(ROOT / "zoomearth_plugin")

    def test_only_closing_waits_for_workers(self, engine_door):
        client = engine_door.client()
        client.may_close.clear()
        started_s = time.monotonic()
        engine_door.renew()
        assert engine_door.client() is not client
        assert time.monotonic() - started_s < 0.05
        assert not engine_door.wait_until_closed(0.01)
        threading.Timer(0.3, client.may_close.set).start()
        engine_door.close()
        assert client.is_closed
