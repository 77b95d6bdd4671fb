"""A real QGIS window that plays scenarios, and the report that it leaves; outside of QGIS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any, Dict

import pytest
import run as main_job
from qgis_samples import ROOT


def folder_of(factory: pytest.TempPathFactory, name: str = "") -> Path:
    """Where a window's files lie: in ``ZOOMEARTH_KEEP_WINDOW``, for who wants to look at the pictures."""
    kept = os.environ.get("ZOOMEARTH_KEEP_WINDOW")
    folder = Path(kept) / name if kept else factory.mktemp(name or "window")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def played(script: str, folder: Path, limit_s: float) -> Dict[str, Any]:
    """What each scenario of a script of ``tests/gui`` returned, by its name.

    Args:
        script: Ends with a call of :func:`.playing.play`.
        folder: Holds the rasters; gets pictures, the profile and QGIS's log.
        limit_s: Then QGIS is ended.
    """
    main_job.prepare_profile(folder / "profile")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(ROOT / "tests" / room) for room in ("gui", "qgis", ".")),
        "ZOOMEARTH_TEST_FOLDER": str(folder),
        "ZOOMEARTH_TEST_REPORT": str(folder / "report.json"),
        "ZOOMEARTH_TEST_LIMIT_S": str(limit_s),
        "ZOOMEARTH_ENGINE_PYTHON": str(ROOT / ".venv" / "bin" / "python"),
    }
    for inherited in ("QT_QPA_PLATFORM", "QGIS_CUSTOM_CONFIG_PATH", "QGIS_OPTIONS_PATH", "PYTHONHOME"):
        environment.pop(inherited, None)
    command = main_job.qgis_command(folder / "profile", ROOT / "tests" / "gui" / script)
    with (folder / "qgis.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            process.wait(limit_s)
        except subprocess.TimeoutExpired:
            logs = (folder / "qgis.log", folder / "stuck.txt")
            told = [log.read_text() for log in logs if log.is_file()]
            pytest.fail("\n".join([f"{script} did not end", *told]))
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert (folder / "report.json").is_file(), (folder / "qgis.log").read_text()
    found = json.loads((folder / "report.json").read_text())
    assert "traceback" not in found, found["traceback"]
    return found


def seen_by(test: str, report: Dict[str, Any]) -> Any:
    """What the scenario that a test is named after returned."""
    found = report[test.removeprefix("test_")]
    if isinstance(found, dict):
        assert "traceback" not in found, found["traceback"]
    return found
