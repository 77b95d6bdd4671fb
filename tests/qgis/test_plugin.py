"""Load, unload, load in a real QGIS window leaves nothing behind, also while asking or setting up."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from qgis_samples import ROOT, write_raster

LIMIT_S = 120


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What load_unload.py saw."""
    folder = tmp_path_factory.mktemp("loading")
    plugin = folder / "profiles" / "profiles" / "default" / "python" / "plugins" / "zoomearth_plugin"
    plugin.mkdir(parents=True)
    for part in [*(ROOT / "zoomearth_plugin").iterdir(), ROOT / "metadata.txt", ROOT / "resources"]:
        (plugin / part.name).symlink_to(part)
    os.mkfifo(folder / "pipe.json")
    sleeper = folder / "sleeper"
    sleeper.write_text("#!/bin/sh\nsleep 60\n")
    sleeper.chmod(0o755)
    environment = {
        **os.environ,
        "ZOOMEARTH_TEST_REPORT": str(folder / "report.json"),
        "ZOOMEARTH_TEST_RASTER": str(write_raster(folder / "scene.tif")),
        "ZOOMEARTH_TEST_PIPE": str(folder / "pipe.json"),
        "ZOOMEARTH_TEST_SLEEPER": str(sleeper),
    }
    for inherited in ("QT_QPA_PLATFORM", "QGIS_CUSTOM_CONFIG_PATH", "QGIS_OPTIONS_PATH"):
        environment.pop(inherited, None)
    # The window is real: a frame buffer stands in for the screen where there is none.
    frame_buffer = [] if os.environ.get("DISPLAY") else ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24"]
    command = [*frame_buffer, "qgis", "--nologo", "--noversioncheck", "--profiles-path"]
    command += [str(folder / "profiles"), "--code", str(Path(__file__).with_name("load_unload.py"))]
    if shutil.which(command[0]) is None:
        pytest.fail(f"{command[0]} is not installed: make setup installs it")
    status, log = _run(command, environment)
    assert (folder / "report.json").is_file(), log
    found = json.loads((folder / "report.json").read_text())
    assert "traceback" not in found, found["traceback"]
    return {**found, "exit_status": status}


def _run(command, environment):
    """Exit status and output; QGIS and its screen both end with the time limit."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        log, _ = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        log, _ = process.communicate()
    return process.returncode, log


def test_loads_as_qgis_loads_it(report):
    assert report["loaded"]
    assert "zoomearthAsk" in report["with_plugin"]["objects"]
    assert report["with_plugin"]["menu"] == report["with_plugin"]["toolbar"] == ["ZoomEarth"]
    assert report["with_plugin"]["handlers"] == 1
    named = ["ask", "askfeatures", "askmany", "export"]
    assert sorted(report["with_plugin"]["algorithms"]) == [f"zoomearth:{name}" for name in named]


def test_unload_leaves_nothing(report):
    assert report["unloaded"]
    assert report["after"] == report["before"]


def test_loads_again_as_before(report):
    assert report["loaded_again"]
    assert report["with_plugin_again"] == report["with_plugin"]


def test_unload_while_asking_leaves_nothing(report):
    assert report["asked"]
    assert report["while_asking"]["workers"] == 1
    assert report["while_asking"]["tasks"] == 2
    assert report["unloaded_while_asking"]
    assert report["after_asking"] == report["before"]


def test_unload_while_setting_up_leaves_nothing(report):
    assert report["set_up"]
    assert report["checked"]
    assert report["unloaded_while_setting_up"]
    assert report["engine_processes_left"] == report["check_processes_left"] == 0
    assert report["engine_files_left"] == []
    assert report["at_the_end"] == report["before"]


def test_unload_is_quick(report):
    assert max(report["unload_seconds"]) < 4


def test_qgis_ends_well(report):
    assert report["exit_status"] == 0
