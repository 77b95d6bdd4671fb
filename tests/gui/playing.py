"""How a real QGIS plays scenarios, reports what each saw, and ends."""

import json
import os
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, Sequence

import hands
from acting import FOLDER, plugin
from hands import rest
from qgis import utils
from qgis.utils import iface


def play(scenarios: Sequence[Callable[[], Any]]) -> None:
    """One after the other; a scenario that fails leaves its traceback and a picture."""
    report: Dict[str, Any] = {}
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
