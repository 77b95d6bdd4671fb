"""How a real QGIS plays scenarios, reports what each saw, and ends."""

import faulthandler
import json
import os
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, Sequence

import hands
from acting import FOLDER, plugin
from hands import rest
from qgis import utils
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface

BEFORE_LIMIT_S = 5


def _tell_if_stuck(limit_s: float) -> None:
    """Shortly before QGIS is ended, say where Python is and which windows are open, with their pictures."""
    stuck = (FOLDER / "stuck.txt").open("w")
    faulthandler.dump_traceback_later(limit_s, file=stuck)

    def look() -> None:
        for number, window in enumerate(QApplication.topLevelWidgets()):
            if window.isVisible():
                kind = f"{type(window).__name__} {window.objectName()}"
                stuck.write(f"open: {kind}, “{window.windowTitle()}”\n")
                window.grab().save(str(FOLDER / f"stuck-{number}.png"))
        stuck.flush()

    QTimer.singleShot(int(1000 * limit_s), look)


def play(scenarios: Sequence[Callable[[], Any]]) -> None:
    """One after the other; a scenario that fails leaves its traceback and a picture."""
    report: Dict[str, Any] = {}
    _tell_if_stuck(float(os.environ["ZOOMEARTH_TEST_LIMIT_S"]) - BEFORE_LIMIT_S)
    try:
        hands.fill_screen()
        hands.open_dock()
        for scenario in scenarios:
            try:
                report[scenario.__name__] = scenario()
            except Exception:  # noqa: BLE001 # the test tells it
                report[scenario.__name__] = {"traceback": traceback.format_exc()}
                iface.mainWindow().grab().save(str(FOLDER / f"failed-{scenario.__name__}.png"))
                plugin().queue.cancel_all()
                rest(3000)
    except Exception:  # noqa: BLE001 # the test tells it
        report["traceback"] = traceback.format_exc()
    Path(os.environ["ZOOMEARTH_TEST_REPORT"]).write_text(json.dumps(report))
    utils.unloadPlugin(hands.PACKAGE)
    os._exit(0)
