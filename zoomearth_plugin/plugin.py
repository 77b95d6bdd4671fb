"""Wiring: what QGIS loads is put together here and taken apart again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional

from qgis.core import QgsApplication, QgsProject, QgsSettings
from qgis.PyQt.QtCore import QCoreApplication, QLocale, Qt, QTranslator
from qgis.PyQt.QtGui import QIcon

try:
    from qgis.PyQt.QtGui import QAction  # Qt 6
except ImportError:
    from qgis.PyQt.QtWidgets import QAction

from . import settings
from .environment import EngineUpkeep, environment_folders
from .environment.door import EngineDoor
from .gui.dock import ZoomEarthDock
from .gui.options_page import PAGE_NAME, ZoomEarthOptionsFactory
from .layers import AnswerLayer
from .log import connect_log
from .processing.engine import AlgorithmEngine
from .processing.provider import ZoomEarthProvider
from .tasks import AskQueue
from .zoomearth.resources import resource_folder

if TYPE_CHECKING:
    from qgis.gui import QgisInterface

PLUGIN_FOLDER = Path(__file__).resolve().parent
SHORTCUT = "Ctrl+Alt+Z"


def data_folder() -> Path:
    """Where the plugin keeps its own files: in the person's QGIS profile."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "zoomearth"


class ZoomEarthPlugin:
    """What QGIS holds while the plugin is enabled."""

    def __init__(self, iface: QgisInterface) -> None:
        self.iface = iface
        self.provider: Optional[ZoomEarthProvider] = None
        self.queue: Optional[AskQueue] = None
        self.dock: Optional[ZoomEarthDock] = None
        self._disconnect_log: Callable[[], None] = lambda: None

    def initProcessing(self) -> None:  # noqa: N802 - the name that QGIS calls
        """Open the engine's door and register the algorithms; all that ``qgis_process`` asks for."""
        self._disconnect_log = connect_log()
        self._translator = _translator()
        folders = environment_folders(PLUGIN_FOLDER, data_folder())
        self.door = EngineDoor(settings.load, folders, PLUGIN_FOLDER)
        self.provider = ZoomEarthProvider(AlgorithmEngine(self.door, folders, PLUGIN_FOLDER))
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:  # noqa: N802 - the name that QGIS calls
        """Build everything and show the dock's button."""
        self.initProcessing()
        self.answers = AnswerLayer(QgsProject.instance(), data_folder() / "answers")
        self.queue = AskQueue(self.door.client, self.answers)
        self.queue.idle.connect(self._close_retired)
        self.upkeep = EngineUpkeep(PLUGIN_FOLDER, data_folder(), self.door, self._is_asking)
        QgsProject.instance().cleared.connect(self._project_closed)
        self._add_options()
        self._add_dock()
        self._add_action()

    def unload(self) -> None:
        """Take everything apart, a question under way included; leave nothing behind."""
        if self.provider is None:
            return
        self.provider.engine.close()
        QgsApplication.processingRegistry().removeProvider(self.provider)
        self.provider = None
        self._close_window()
        self.door.close()
        if self._translator is not None:
            QCoreApplication.removeTranslator(self._translator)
        self._disconnect_log()

    def _close_window(self) -> None:
        """What :meth:`initGui` built; questions under way are stopped before the engine is."""
        if self.queue is None or self.dock is None:
            return
        QgsProject.instance().cleared.disconnect(self._project_closed)
        self.queue.close()
        self.upkeep.close()
        self.answers.close()
        self.dock.close_down()
        self.iface.removeDockWidget(self.dock)
        self.iface.pluginMenu().removeAction(self.action)
        self.iface.removeToolBarIcon(self.action)
        self.iface.unregisterMainWindowAction(self.action)
        self.iface.unregisterOptionsWidgetFactory(self.options)
        for owned in (self.action, self.dock, self.queue, self.answers):
            owned.deleteLater()
        self.queue = self.dock = None

    def _add_options(self) -> None:
        self.options = ZoomEarthOptionsFactory(self.upkeep)
        self.iface.registerOptionsWidgetFactory(self.options)

    def _add_dock(self) -> None:
        self.dock = ZoomEarthDock(self.iface, self.queue, self.answers, self.iface.mainWindow())
        self.dock.settings_requested.connect(self._show_settings)
        self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)

    def _add_action(self) -> None:
        icon = QIcon(str(resource_folder() / "icons" / "zoomearth.svg"))
        self.action = QAction(
            icon, QCoreApplication.translate("Plugin", "ZoomEarth"), self.iface.mainWindow()
        )
        self.action.setObjectName("zoomearthShow")
        self.action.setToolTip(QCoreApplication.translate("Plugin", "Ask a question about a raster"))
        self.action.triggered.connect(self._show_dock)
        self.iface.registerMainWindowAction(self.action, SHORTCUT)
        self.iface.pluginMenu().addAction(self.action)  # a menu of its own would outlive the plugin
        self.iface.addToolBarIcon(self.action)

    def _is_asking(self) -> bool:
        is_asked = self.provider is not None and self.provider.engine.is_asking
        return is_asked or (self.queue is not None and self.queue.running is not None)

    def _close_retired(self) -> None:
        if not self._is_asking():
            self.door.close_retired()

    def _show_dock(self) -> None:
        if self.dock is not None:
            self.dock.focus_question()

    def _show_settings(self) -> None:
        self.iface.showOptionsDialog(self.iface.mainWindow(), PAGE_NAME)

    def _project_closed(self) -> None:
        if self.queue is not None:
            self.queue.cancel_all(
                QCoreApplication.translate("Plugin", "The project was closed, so its question was cancelled.")
            )


def _translator() -> Optional[QTranslator]:
    """The person's language, installed; None where there is no translation."""
    locale = QgsSettings().value("locale/userLocale", "") or QLocale.system().name()
    translator = QTranslator()
    for folder in (PLUGIN_FOLDER / "i18n", PLUGIN_FOLDER.parent / "i18n"):
        if translator.load(QLocale(str(locale)), "zoomearth", "_", str(folder)):
            QCoreApplication.installTranslator(translator)
            return translator
    return None
