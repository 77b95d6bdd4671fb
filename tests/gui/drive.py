"""Runs inside a real QGIS (``qgis --code``): asks one question in the dock with mouse and keyboard.

``ZOOMEARTH_RUN_RASTER`` and ``ZOOMEARTH_RUN_QUESTION`` say what about; ``ZOOMEARTH_RUN_FOLDER`` receives
answer.gpkg, dock.png and, last of all, result.json.
"""

import json
import os
import time
import traceback
from pathlib import Path

import hands
from qgis import utils
from qgis.PyQt.QtCore import QTimer
from qgis.utils import iface

FOLDER = Path(os.environ["ZOOMEARTH_RUN_FOLDER"])
ANSWER_LIMIT_S = float(os.environ.get("ZOOMEARTH_RUN_ANSWER_S", "800"))


class RunFailedError(Exception):
    """The main job did not end with an answer; carries what result.json says."""

    def __init__(self, error):
        super().__init__(str(error))
        self.error = error


def ask(question):
    """Type the question, press Ask, wait; the record of the answer, and QGIS's longest stall."""
    queue = utils.plugins[hands.PACKAGE].queue
    outcome = {}
    queue.answered.connect(lambda _, record: outcome.update(record=record))
    queue.failed.connect(lambda _, error: outcome.update(error=error.to_json()))
    queue.cancelled.connect(lambda _, reason: outcome.update(error=reason or "cancelled"))
    hands.type_question(question)
    pulse = hands.Pulse()
    pulse.start()
    pressed_s = time.monotonic()
    hands.press_ask()
    hands.rest(100)
    if not outcome and not queue.running:
        refusal = hands.texts("zoomearthFailure") + hands.texts("zoomearthNotice")
        raise RunFailedError(" ".join(refusal) or "the question was not taken")
    hands.until(lambda: bool(outcome), ANSWER_LIMIT_S, "an answer")
    outcome["waited_s"] = time.monotonic() - pressed_s
    hands.rest(300)  # the card and its pictures belong to the question
    outcome["longest_stall_ms"] = pulse.stop()
    if "error" in outcome:
        raise RunFailedError(outcome["error"])
    return outcome


def run():
    if hands.PACKAGE not in utils.plugins:
        raise RunFailedError(f"QGIS did not load {hands.PACKAGE}")
    hands.fill_screen()
    path = os.environ["ZOOMEARTH_RUN_RASTER"]
    if not hands.open_raster(path).isValid():
        raise RunFailedError(f"QGIS cannot open {path}")
    dock = hands.open_dock()
    hands.until(lambda: not iface.mapCanvas().isDrawing(), 60, "the map")
    found = ask(os.environ["ZOOMEARTH_RUN_QUESTION"])
    record = found["record"]
    hands.click("zoomearthShowOnMap")
    package = FOLDER / "answer.gpkg"
    if not dock.export(record, package):
        raise RunFailedError(f"{package} could not be written")
    iface.messageBar().clearWidgets()
    hands.photograph(FOLDER / "dock.png")
    return {
        "answer": record.answer.text,
        "regions": len(record.answer.regions),
        "seconds": record.answer.seconds,
        "waited_s": found["waited_s"],
        "longest_stall_ms": found["longest_stall_ms"],
        "gpkg": str(package),
        "picture": str(FOLDER / "dock.png"),
        "warnings": list(record.answer.warnings),
    }


def main():
    try:
        result = run()
    except RunFailedError as failure:
        result = {"error": failure.error}
        iface.mainWindow().grab().save(str(FOLDER / "dock.png"))
    except Exception:
        result = {"error": traceback.format_exc()}
    if hands.PACKAGE in utils.plugins:
        utils.unloadPlugin(hands.PACKAGE)  # the worker ends with it
    unfinished = FOLDER / "result.json.new"
    unfinished.write_text(json.dumps(result))
    unfinished.rename(FOLDER / "result.json")
    os._exit(0)


QTimer.singleShot(1000, main)
