"""Runs inside a real QGIS (``qgis --code``): algorithms as a batch process, from the toolbox."""

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any, Dict, List

import hands
from acting import ANSWER, FOLDER, ZOOM, fresh, held_model, use, workers
from hands import rest
from playing import play
from popups import Mishaps, choose_in_box, type_into
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox, QLineEdit, QWidget
from toolbox import cancelled, cell, headings, in_batch_dialog, log_of, run_in

LATE_S = 6


def layers() -> Dict[str, List[str]]:
    """Answers in each vector layer of the project, by where it comes from."""
    found = {}
    for layer in QgsProject.instance().mapLayers().values():
        if isinstance(layer, QgsVectorLayer):
            source = layer.providerType() if layer.providerType() == "memory" else Path(layer.source()).name
            found[source] = [feature["answer"] for feature in layer.getFeatures()]
    return found


def playback(name: str, *outputs: str) -> str:
    """A script of its own: the rows of a batch are asked one after the other."""
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(outputs))
    return f"scripted:{path}"


def batch() -> Dict[str, Any]:
    """Two rasters, a question about each, a file and a temporary layer."""
    fresh()
    hands.open_raster(FOLDER / "other.tif")
    use()
    rows = [
        ("scene", "What colour is the ship?", playback("red", ZOOM, ANSWER), "TEMPORARY_OUTPUT"),
        ("other", "Who is there?", playback("none", "<answer>nobody</answer>"), str(FOLDER / "regions.gpkg")),
    ]

    def work(dialog: QWidget) -> Dict[str, Any]:
        dialog.resize(1300, 500)
        panel = dialog.mainWidget()
        QTest.mouseClick(panel.btnAdd, Qt.MouseButton.LeftButton)
        for row, (raster, question, model, output) in enumerate(rows, start=1):
            choose_in_box(cell(dialog, row, "INPUT", QComboBox), raster)
            type_into(cell(dialog, row, "QUESTION", QLineEdit), question)
            type_into(cell(dialog, row, "MODEL", QLineEdit), model)
            type_into(cell(dialog, row, "OUTPUT", QLineEdit), output)
        box = panel.checkLoadLayersOnCompletion
        QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
        dialog.grab().save(str(FOLDER / "batch_filled.png"))
        run_in(dialog)
        dialog.grab().save(str(FOLDER / "batch_log.png"))
        return {"headings": headings(dialog), "log": log_of(dialog)}

    with Mishaps() as mishaps:
        found = in_batch_dialog("ask", work)
    return {**found, "layers": layers(), "summary": _summary(), "mishaps": mishaps}


def _summary() -> str:
    """What QGIS's results viewer keeps of the last batch."""
    from processing.core.ProcessingResults import resultsList

    results = resultsList.getResults()
    return Path(results[-1].filename).read_text(encoding="utf-8") if results else ""


def batch_row_fails() -> Dict[str, Any]:
    """A row whose model is not there is told, and stops no other."""
    fresh()
    use()

    def work(dialog: QWidget) -> Dict[str, Any]:
        QTest.mouseClick(dialog.mainWidget().btnAdd, Qt.MouseButton.LeftButton)
        for row, model in enumerate((f"scripted:{FOLDER}/gone.json", playback("red", ZOOM, ANSWER)), start=1):
            type_into(cell(dialog, row, "QUESTION", QLineEdit), "What colour is the ship?")
            type_into(cell(dialog, row, "MODEL", QLineEdit), model)
            type_into(cell(dialog, row, "OUTPUT", QLineEdit), "TEMPORARY_OUTPUT")
        run_in(dialog)
        dialog.grab().save(str(FOLDER / "batch_failed.png"))
        return {"log": log_of(dialog)}

    with Mishaps() as mishaps:
        return {**in_batch_dialog("ask", work), "mishaps": mishaps}


def batch_many() -> Dict[str, Any]:
    """The batch algorithm as a batch process, with all outputs but one left out."""
    fresh()
    use()

    def work(dialog: QWidget) -> Dict[str, Any]:
        dialog.resize(1300, 500)
        type_into(cell(dialog, 1, "FOLDER", QLineEdit), str(FOLDER / "many"))
        type_into(cell(dialog, 1, "QUESTIONS", QLineEdit), "What colour is the ship?")
        type_into(cell(dialog, 1, "MODEL", QLineEdit), playback("red", ZOOM, ANSWER))
        type_into(cell(dialog, 1, "OUTPUT", QLineEdit), str(FOLDER / "many.gpkg"))
        run_in(dialog)
        return {"headings": headings(dialog), "log": log_of(dialog)}

    with Mishaps() as mishaps:
        return {**in_batch_dialog("askmany", work), "mishaps": mishaps}


def batch_dialogs() -> Dict[str, Any]:
    """Those of the other algorithms open, with all columns, and take a second row."""
    fresh()
    found = {}

    def look(dialog: QWidget) -> List[str]:
        dialog.resize(1300, 500)
        panel = dialog.mainWidget()
        QTest.mouseClick(panel.btnAdd, Qt.MouseButton.LeftButton)
        if panel.btnAdvanced.isVisible():
            QTest.mouseClick(panel.btnAdvanced, Qt.MouseButton.LeftButton)
        rest(200)
        dialog.grab().save(str(FOLDER / f"batch_{name}.png"))
        return headings(dialog)

    with Mishaps() as mishaps:
        for name in ("askfeatures", "askmany", "export"):
            found[name] = in_batch_dialog(name, look)
    return {"headings": found, "mishaps": mishaps}


def _end_later(command: bytes) -> threading.Timer:
    """Ends the engine, so that a Cancel which nobody hears is told, and not waited for; to be cancelled.

    In a thread of its own, for QGIS itself may be what waits.
    """
    late = threading.Timer(LATE_S, lambda: [os.kill(number, signal.SIGKILL) for number in workers(command)])
    late.daemon = True
    late.start()
    return late


def batch_cancelled() -> Dict[str, Any]:
    """The model keeps silent; Cancel is heard all the same."""
    fresh()
    use()
    held = held_model()
    late = _end_later(b"worker")

    def work(dialog: QWidget) -> Dict[str, Any]:
        type_into(cell(dialog, 1, "QUESTION", QLineEdit), "What colour is the ship?")
        type_into(cell(dialog, 1, "MODEL", QLineEdit), held.model)
        type_into(cell(dialog, 1, "OUTPUT", QLineEdit), "TEMPORARY_OUTPUT")
        seconds = cancelled(dialog, lambda: held.is_read)
        late.cancel()
        return {"seconds": seconds, "log": log_of(dialog)}

    with Mishaps() as mishaps:
        return {**in_batch_dialog("ask", work), "mishaps": mishaps}


def batch_many_cancelled() -> Dict[str, Any]:
    """The same, while the batch waits for its engine."""
    fresh()
    use()
    held = held_model()
    late = _end_later(b"batch")

    def work(dialog: QWidget) -> Dict[str, Any]:
        type_into(cell(dialog, 1, "FOLDER", QLineEdit), str(FOLDER / "many"))
        type_into(cell(dialog, 1, "QUESTIONS", QLineEdit), "What colour is the ship?")
        type_into(cell(dialog, 1, "MODEL", QLineEdit), held.model)
        type_into(cell(dialog, 1, "OUTPUT", QLineEdit), "TEMPORARY_OUTPUT")
        seconds = cancelled(dialog, lambda: held.is_read)
        late.cancel()
        return {"seconds": seconds, "log": log_of(dialog)}

    with Mishaps() as mishaps:
        return {**in_batch_dialog("askmany", work), "mishaps": mishaps}


SCENARIOS = (batch, batch_row_fails, batch_many, batch_dialogs, batch_cancelled, batch_many_cancelled)

QTimer.singleShot(1000, lambda: play(SCENARIOS))
