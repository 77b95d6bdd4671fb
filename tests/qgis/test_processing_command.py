"""The algorithms from a shell: ``qgis_process`` as a process, with the plugin as QGIS loads it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from qgis_samples import ROOT, write_raster

PROGRAM = next((name for name in ("qgis_process.bin", "qgis_process") if shutil.which(name)), None)
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="qgis_process is not installed")
ANSWER = "<answer>red</answer>"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A profile of its own, in which the plugin is enabled."""
    folder = tmp_path_factory.mktemp("profile")
    plugin = folder / "plugins" / "zoomearth_plugin"
    plugin.mkdir(parents=True)
    for part in [*(ROOT / "zoomearth_plugin").iterdir(), ROOT / "metadata.txt", ROOT / "resources"]:
        (plugin / part.name).symlink_to(part)
    variables = {
        **os.environ,
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "QGIS_CUSTOM_CONFIG_PATH": str(folder / "profiles"),
        "QGIS_PLUGINPATH": str(folder / "plugins"),
        "QT_QPA_PLATFORM": "offscreen",
    }
    enabled = _called(variables, "plugins", "enable", "zoomearth_plugin")
    assert enabled.returncode == 0, enabled.stdout + enabled.stderr
    return variables


def _called(environment, *arguments):
    command = [PROGRAM, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def _workers():
    """Engines whose QGIS is gone; they end by themselves as soon as they notice."""
    found = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes()
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            found += parent == 1 and b"zoomearth\0worker" in command
    return found


def test_is_listed(environment):
    listed = _called(environment, "list").stdout
    for name in ("ask", "askfeatures", "askmany", "export"):
        assert f"zoomearth:{name}\t" in listed
    help_text = _called(environment, "help", "zoomearth:ask").stdout
    assert "QUESTION: Question" in help_text and "ANSWER" in help_text


def test_ask_in_text(environment, script, tmp_path):
    before = _workers()
    raster = write_raster(tmp_path / "scene.tif")
    values = [f"--INPUT={raster}", "--QUESTION=What colour is it?", f"--MODEL={script(ANSWER)}"]
    done = _called(environment, "run", "zoomearth:ask", *values, f"--OUTPUT={tmp_path / 'out.gpkg'}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ANSWER:\tred" in done.stdout
    assert (tmp_path / "out.gpkg").is_file()
    end = time.monotonic() + 10
    while _workers() > before and time.monotonic() < end:
        time.sleep(0.05)
    assert _workers() <= before


def test_ask_in_json(environment, script, tmp_path):
    raster = write_raster(tmp_path / "scene.tif")
    values = [f"INPUT={raster}", "QUESTION=What colour is it?", f"MODEL={script(ANSWER)}"]
    output = tmp_path / "out.gpkg"
    done = _called(environment, "--json", "run", "zoomearth:ask", "--", *values, f"OUTPUT={output}")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["results"] == {"ANSWER": "red", "OUTPUT": str(output), "REGIONS": 0}
    assert told["log"]["info"][-1] == "Answer: red"


def test_ask_many(environment, script, tmp_path):
    write_raster(tmp_path / "scene.tif")
    values = [f"FOLDER={tmp_path}", "QUESTIONS=What?", f"MODEL={script(ANSWER)}"]
    values += [f"OUTPUT={tmp_path / 'out.gpkg'}", f"FAILURES={tmp_path / 'failures.csv'}"]
    done = _called(environment, "--json", "run", "zoomearth:askmany", "--", *values)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["results"]["ANSWERED"] == 1


def test_a_missing_engine_is_told(environment, tmp_path):
    raster = write_raster(tmp_path / "scene.tif")
    without = {**environment, "ZOOMEARTH_ENGINE_PYTHON": "/no/such/python"}
    values = [f"--INPUT={raster}", "--QUESTION=What?", f"--OUTPUT={tmp_path / 'out.gpkg'}"]
    done = _called(without, "run", "zoomearth:ask", *values)
    assert done.returncode != 0
    assert "engine" in done.stdout + done.stderr
