"""What scenarios do again and again: settings, models, questions, a fresh project."""

import json
import os
import uuid
from pathlib import Path

import hands
from hands import rest, texts, until, widget
from held_script import HeldScript
from qgis import utils
from qgis.core import QgsProject
from qgis.PyQt.QtWidgets import QComboBox
from qgis.utils import iface

FOLDER = Path(os.environ["ZOOMEARTH_TEST_FOLDER"])
ZOOM = '<think>There.</think>[{"bbox_2d": [128, 96, 256, 192], "label": "<b>ship</b>"}]'
ANSWER = "<think>I see.</think><answer>red</answer>"
QUESTION = "What colour is the ship?"


def plugin():
    return utils.plugins[hands.PACKAGE]


def use(**changes):
    """Keep these settings, all others at their defaults."""
    from zoomearth_plugin import settings

    settings.save(settings.Settings(cache_folder=str(FOLDER / "cache"), **changes))


def scripted(*outputs):
    path = FOLDER / "script.json"
    path.write_text(json.dumps(outputs))
    return f"scripted:{path}"


def held_model():
    """A model that waits in the middle of a question until it is released."""
    return HeldScript(FOLDER / f"held{uuid.uuid4().hex}.json")


def ask(question=QUESTION):
    hands.type_question(question)
    hands.press_ask()


def idle():
    return plugin().queue.running is None


def until_idle(seconds=30):
    until(idle, seconds, "the end of the question")
    rest(200)


def ask_and_wait(question=QUESTION):
    ask(question)
    until_idle()


def fresh(raster="scene.tif"):
    """An empty project with one raster, and no cards of earlier questions."""
    QgsProject.instance().clear()
    feed = plugin().dock.feed
    for card in list(feed.cards):
        feed.remove(card)
    iface.messageBar().clearWidgets()
    box = widget("zoomearthArea", QComboBox)
    box.setCurrentIndex(0)
    layer = hands.open_raster(FOLDER / raster) if raster else None
    rest(200)
    return layer


def codes():
    return texts("zoomearthCode")


def workers(command=b"worker"):
    """Ids of the engine's processes of this kind that this QGIS started."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if command in line and parent == os.getpid():
            found.append(int(entry.name))
    return found
