"""Runs inside a real QGIS (``qgis --code``): loads and unloads the plugin, also while it asks and sets up.

Writes what it saw to the JSON file that ZOOMEARTH_TEST_REPORT names, then leaves QGIS.
"""

import json
import logging
import os
import time
import traceback

from qgis import utils
from qgis.core import QgsApplication, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QObject, QTimer
from qgis.utils import iface

PACKAGE = "zoomearth_plugin"
report = {}


def settle(seconds=0.3):
    """Let QGIS work on its events, deferred deletions among them."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        time.sleep(0.01)


def until(condition, seconds=40):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        settle(0.05)
    return condition()


def traces():
    """All that the plugin might leave in QGIS."""
    window = iface.mainWindow()
    return {
        "objects": sorted(
            item.objectName()
            for item in window.findChildren(QObject)
            if item.objectName().lower().startswith("zoomearth")
        ),
        "menu": [action.text() for action in iface.pluginMenu().actions() if "ZoomEarth" in action.text()],
        "toolbar": [
            action.text() for action in iface.pluginToolBar().actions() if "ZoomEarth" in action.text()
        ],
        "handlers": len(logging.getLogger(PACKAGE).handlers),
        "project_listeners": QgsProject.instance().receivers(QgsProject.instance().cleared),
        "algorithms": [
            algorithm.id()
            for algorithm in QgsApplication.processingRegistry().algorithms()
            if "zoomearth" in algorithm.id()
        ],
        "tasks": QgsApplication.taskManager().count(),
        "workers": workers(),
        "project_layers": len(QgsProject.instance().mapLayers()),
    }


def workers():
    found = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    command = file.read()
                with open(f"/proc/{name}/stat") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            found += parent == os.getpid() and b"zoomearth" in command
    return found


def processes_with(text):
    """How many processes name this in their command."""
    found = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    found += text.encode() in file.read()
            except OSError:
                continue
    return found


def load():
    loaded = utils.loadPlugin(PACKAGE) and utils.startPlugin(PACKAGE)
    settle()
    return loaded


def unload():
    start = time.monotonic()
    unloaded = utils.unloadPlugin(PACKAGE)
    report.setdefault("unload_seconds", []).append(round(time.monotonic() - start, 2))
    settle()
    return unloaded


def main():
    report["before"] = traces()
    report["loaded"] = load()
    report["with_plugin"] = traces()
    report["unloaded"] = unload()
    report["after"] = traces()
    report["loaded_again"] = load()
    report["with_plugin_again"] = traces()

    layer = QgsRasterLayer(os.environ["ZOOMEARTH_TEST_RASTER"], "scene")
    QgsProject.instance().addMapLayer(layer)
    plugin = utils.plugins[PACKAGE]
    from zoomearth_plugin import sources
    from zoomearth_plugin.settings import Settings

    pipe = os.environ["ZOOMEARTH_TEST_PIPE"]
    query = sources.freeze_query("What is it?", layer, None, Settings(model=f"scripted:{pipe}"))
    plugin.queue.submit(query, sources.ask_context(layer))
    plugin.queue.submit(query, sources.ask_context(layer))
    report["asked"] = until(lambda: is_read(pipe))
    report["while_asking"] = traces()
    report["unloaded_while_asking"] = unload()
    QgsProject.instance().removeMapLayer(layer.id())
    settle(1)
    report["after_asking"] = traces()

    report["loaded_for_set_up"] = load()
    upkeep = utils.plugins[PACKAGE].upkeep
    # Nothing answers there, and unloading comes before pip does.
    upkeep.set_up(Settings(package_index="http://127.0.0.1:9/cpu"))
    report["set_up"] = until(lambda: processes_with(str(upkeep.data_folder / "engine")) > 0)
    upkeep.check(Settings(engine_python=os.environ["ZOOMEARTH_TEST_SLEEPER"]))
    report["checked"] = until(lambda: processes_with(os.environ["ZOOMEARTH_TEST_SLEEPER"]) > 0)
    report["unloaded_while_setting_up"] = unload()
    settle(1)
    report["engine_processes_left"] = processes_with(str(upkeep.data_folder / "engine"))
    report["check_processes_left"] = processes_with(os.environ["ZOOMEARTH_TEST_SLEEPER"])
    report["engine_files_left"] = [name for name in os.listdir(upkeep.data_folder) if "engine" in name]
    report["at_the_end"] = traces()


def is_read(pipe):
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def run():
    try:
        main()
    except Exception:
        report["traceback"] = traceback.format_exc()
    with open(os.environ["ZOOMEARTH_TEST_REPORT"], "w") as file:
        json.dump(report, file)
    QgsProject.instance().setDirty(False)
    iface.actionExit().trigger()


QTimer.singleShot(500, run)
