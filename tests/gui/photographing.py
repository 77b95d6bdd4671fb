"""What scripts that take pictures for the documents share: they end QGIS, and say how it went."""

import json
import os
import traceback
from pathlib import Path

import hands
from qgis import utils
from qgis.utils import iface

FOLDER = Path(os.environ["ZOOMEARTH_RUN_FOLDER"])
"""Receives the pictures and result.json."""


def finish(run):
    """Call it, keep what it returned or why it failed in result.json, and end QGIS."""
    try:
        result = run()
    except Exception:
        result = {"error": traceback.format_exc()}
        iface.mainWindow().grab().save(str(FOLDER / "failed.png"))
    if hands.PACKAGE in utils.plugins:
        utils.unloadPlugin(hands.PACKAGE)  # the worker ends with it
    (FOLDER / "result.json").write_text(json.dumps(result))
    os._exit(0)
