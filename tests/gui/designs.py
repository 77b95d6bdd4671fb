"""Runs inside a real QGIS (``qgis --code``): models opened, built and run in the model designer."""

import os
from typing import Any, Dict, List

from acting import ANSWER, FOLDER, QUESTION, ZOOM, fresh, scripted, use
from designer import (
    close_designer,
    drawn,
    drop_step,
    in_step,
    open_designer,
    open_model,
    parameter,
    press_ok,
    run_model,
    save_model,
    use_output,
    value_shown,
)
from playing import play
from popups import Mishaps, choose_in_box, paste_into, type_into
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QPointF, QTimer
from qgis.PyQt.QtWidgets import QComboBox, QLineEdit, QWidget

EXAMPLE = os.environ["ZOOMEARTH_EXAMPLE_MODEL"]
FORMULA = "upper(@Ask_a_question_about_a_raster_ANSWER)"


def _columns(layer_name: str) -> Dict[str, Any]:
    """The first row of a layer of the project."""
    for layer in QgsProject.instance().mapLayersByName(layer_name):
        if isinstance(layer, QgsVectorLayer):
            feature = next(layer.getFeatures())
            return {
                field.name(): feature[field.name()]
                for field in layer.fields()
                if isinstance(feature[field.name()], (str, int, float))
            }
    return {}


def example() -> Dict[str, Any]:
    """The shipped model: opened, looked at, a step's dialog confirmed as it is, run."""
    fresh()
    use()

    def confirm(dialog: QWidget) -> Dict[str, str]:
        dialog.resize(700, 800)
        dialog.grab().save(str(FOLDER / "example_step.png"))
        inputs = ("INPUT", "QUESTION", "MODEL")
        shown = {name: value_shown(parameter(dialog, name), QComboBox).currentText() for name in inputs}
        press_ok(dialog)
        return shown

    with Mishaps() as mishaps:
        designer = open_designer()
        open_model(designer, EXAMPLE)
        designer.grab().save(str(FOLDER / "example.png"))
        seen = drawn(designer)
        inputs = in_step(designer, "Ask", confirm)
        is_valid, faults = designer.model().validate()
        values = {"question": QUESTION, "model": scripted(ZOOM, ANSWER)}
        found = run_model(designer, values, str(FOLDER / "example_run.png"))
        designer.grab().save(str(FOLDER / "example_after.png"))
        close_designer(designer)
    return {
        **found,
        "drawn": seen,
        "inputs": inputs,
        "faults": [] if is_valid else faults,
        "row": _columns("Answer with a margin"),
        "mishaps": mishaps,
    }


def built() -> Dict[str, Any]:
    """A model of two steps: the first one's answer is name and content of a column of the second one's."""
    fresh()
    use()
    path = str(FOLDER / "built.model3")
    offered: List[List[str]] = []

    def ask(dialog: QWidget) -> None:
        choose_in_box(value_shown(parameter(dialog, "INPUT"), QComboBox), "scene")
        type_into(value_shown(parameter(dialog, "QUESTION")), QUESTION)
        type_into(value_shown(parameter(dialog, "MODEL")), scripted(ZOOM, ANSWER))
        dialog.resize(700, 800)
        dialog.grab().save(str(FOLDER / "built_ask.png"))
        press_ok(dialog)

    def calculate(dialog: QWidget) -> None:
        offered.append(use_output(parameter(dialog, "INPUT"), "“Regions”"))
        offered.append(use_output(parameter(dialog, "FIELD_NAME"), "“Answer”"))
        choose_in_box(value_shown(parameter(dialog, "FIELD_TYPE"), QComboBox), "String")
        paste_into(parameter(dialog, "FORMULA").findChild(QWidget, "txtExpressionString"), FORMULA)
        type_into(value_shown(parameter(dialog, "OUTPUT")), "Calculated")
        dialog.resize(700, 900)
        dialog.grab().save(str(FOLDER / "built_calculate.png"))
        press_ok(dialog)

    with Mishaps() as mishaps:
        designer = open_designer()
        type_into(designer.findChild(QLineEdit, "mNameEdit"), "Built")
        type_into(designer.findChild(QLineEdit, "mGroupEdit"), "Tests")
        drop_step(designer, "zoomearth:ask", QPointF(300, 150), ask)
        drop_step(designer, "native:fieldcalculator", QPointF(500, 350), calculate)
        save_model(designer, path)
        designer.grab().save(str(FOLDER / "built.png"))
        before = drawn(designer)
        close_designer(designer)
        designer = open_designer()
        open_model(designer, path)
        after = drawn(designer)
        found = run_model(designer, {})
        close_designer(designer)
    return {
        **found,
        "offered": offered,
        "before": before,
        "after": after,
        "row": _columns("Calculated"),
        "mishaps": mishaps,
    }


SCENARIOS = (example, built)

QTimer.singleShot(1000, lambda: play(SCENARIOS))
