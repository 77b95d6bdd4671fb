"""The plugin's log records, shown in QGIS's log panel."""

from __future__ import annotations

import logging
from typing import Callable

from qgis.core import Qgis, QgsApplication

TAG = "ZoomEarth"
ROOT_LOGGER = __package__ or "zoomearth_plugin"


class _PanelHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        level = Qgis.MessageLevel.Info
        if record.levelno >= logging.ERROR:
            level = Qgis.MessageLevel.Critical
        elif record.levelno >= logging.WARNING:
            level = Qgis.MessageLevel.Warning
        # The message log takes messages from any thread; False: a record is no notification.
        QgsApplication.messageLog().logMessage(self.format(record), TAG, level, False)


def connect_log() -> Callable[[], None]:
    """Send the plugin's records to the panel; returns what undoes it."""
    handler = _PanelHandler()
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    root = logging.getLogger(ROOT_LOGGER)
    previous = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)

    def disconnect_log() -> None:
        root.removeHandler(handler)
        root.setLevel(previous)

    return disconnect_log
