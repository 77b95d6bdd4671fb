"""The engine's state, and the button that makes its environment."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QGroupBox, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ..environment import (
    CheckTask,
    EngineReport,
    SetUpTask,
    environment_folders,
    find_engine_python,
    set_up_plan,
)
from ..settings import Settings
from ..wording import error_text
from ..zoomearth.core.errors import EngineMissingError, ZoomEarthError
from .ink import ElidedLabel, TextLabel

translate = QCoreApplication.translate

PLUGIN_FOLDER = Path(__file__).resolve().parents[1]
BAR_STEPS = 1000


class EnginePanel(QGroupBox):
    """Looks for the engine when it is shown, and makes it when asked to.

    A set-up goes on when the page is closed: it is a task of QGIS, shown and cancelled in QGIS's
    task list as well.

    Args:
        data_folder: Where the environment is made.
        edited: The settings as the page shows them.
    """

    def __init__(
        self, data_folder: Path, edited: Callable[[], Settings], parent: Optional[QWidget] = None
    ) -> None:
        super().__init__(translate("Setup", "Engine"), parent)
        self._data_folder, self._edited = data_folder, edited
        self._check: Optional[CheckTask] = None
        self._set_up: Optional[SetUpTask] = None
        self.setObjectName("zoomearthEngine")
        self.state = TextLabel()
        self.state.setObjectName("zoomearthEngineState")
        self.state.make_selectable()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._detail = ElidedLabel(strength=0.6, scale=0.9)
        self.make = QPushButton(translate("Setup", "Set up the engine"))
        self.make.setObjectName("zoomearthSetUp")
        self.make.clicked.connect(self.set_up)
        self.stop = QPushButton(translate("Setup", "Cancel"))
        self.stop.setObjectName("zoomearthStopSetUp")
        self.stop.clicked.connect(self._stop)
        self.look_again = QPushButton(translate("Setup", "Check again"))
        self.look_again.setObjectName("zoomearthCheckEngine")
        self.look_again.clicked.connect(self.check)
        self._lay_out()
        self._show_working(False)
        self.check()

    def _lay_out(self) -> None:
        about = translate(
            "Setup",
            "Models run in a Python of their own, never in QGIS's. Setting it up fetches PyTorch and its "
            "companions from the package index, some gigabytes, once; afterwards nothing leaves this "
            "computer.",
        )
        buttons = QHBoxLayout()
        buttons.addWidget(self.make)
        buttons.addWidget(self.look_again)
        buttons.addWidget(self.stop)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.state)
        layout.addWidget(TextLabel(about, strength=0.6, scale=0.9))
        layout.addWidget(self._bar)
        layout.addWidget(self._detail)
        layout.addLayout(buttons)

    def check(self) -> None:
        """Look for the engine's Python, and into it, without blocking."""
        try:
            folders = environment_folders(PLUGIN_FOLDER, self._data_folder)
            python = find_engine_python(self._edited().engine_python, folders)
            self._check = CheckTask(Path(python))
        except EngineMissingError as error:
            self.state.setText(error_text(error))
            return
        self.state.setText(translate("Setup", "Checking {python}…").format(python=python))
        self._check.checked.connect(self._checked)
        self._check.failed.connect(self._failed)
        QgsApplication.taskManager().addTask(self._check)

    def set_up(self) -> None:
        """Make the environment, in the background."""
        try:
            self._set_up = SetUpTask(set_up_plan(self._data_folder, self._edited()))
        except ZoomEarthError as error:
            self._failed(error)
            return
        self._set_up.progressed.connect(self._progressed)
        self._set_up.made.connect(self._made)
        self._set_up.failed.connect(self._failed)
        self._set_up.was_cancelled.connect(self._cancelled)
        self.state.setText(translate("Setup", "Setting up the engine…"))
        self._show_working(True)
        QgsApplication.taskManager().addTask(self._set_up)

    def _stop(self) -> None:
        if self._set_up is not None:
            self._set_up.cancel()

    def _progressed(self, text: str, fraction: Optional[float]) -> None:
        self._detail.setText(text)
        if fraction is not None:
            self._bar.setValue(round(fraction * BAR_STEPS))

    def _checked(self, report: EngineReport) -> None:
        version = ".".join(str(part) for part in report.version)
        if report.is_usable:
            text = translate("Setup", "Ready: Python {version}, {python}")
        elif not report.is_recent:
            text = translate("Setup", "Python {version} is too old, 3.10 or newer is needed: {python}")
        else:
            text = translate("Setup", "Incomplete, {missing} is missing: {python}")
        missing = ", ".join(report.missing)
        self.state.setText(text.format(version=version, python=report.python, missing=missing))

    def _made(self, _python: str) -> None:
        self._show_working(False)
        self.check()

    def _failed(self, error: ZoomEarthError) -> None:
        self._show_working(False)
        self.state.setText(error_text(error))

    def _cancelled(self) -> None:
        self._show_working(False)
        self.state.setText(translate("Setup", "Setting up was cancelled; what was there before is kept."))

    def _show_working(self, is_working: bool) -> None:
        for part in (self._bar, self._detail, self.stop):
            part.setVisible(is_working)
        self._bar.setRange(0, BAR_STEPS)
        self.make.setEnabled(not is_working)
        self.look_again.setEnabled(not is_working)
