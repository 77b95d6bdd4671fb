"""The engine's state, and the button that makes its environment."""

from __future__ import annotations

from typing import Callable, Optional

from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QGroupBox, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ..environment import EngineReport, EngineUpkeep, SetUpTask
from ..settings import Settings
from ..wording import error_text
from ..zoomearth.core.errors import EngineMissingError, ZoomEarthError
from .ink import ElidedLabel, TextLabel

translate = QCoreApplication.translate

BAR_STEPS = 1000


class EnginePanel(QGroupBox):
    """Looks for the engine when it is shown, and makes it when asked to.

    A set-up goes on when the page is closed, and is shown again when the page is: it is a task of
    QGIS, shown and cancelled in QGIS's task list as well.

    Args:
        upkeep: Makes and inspects the engine.
        edited: The settings as the page shows them.
    """

    def __init__(
        self, upkeep: EngineUpkeep, edited: Callable[[], Settings], parent: Optional[QWidget] = None
    ) -> None:
        super().__init__(translate("Setup", "Engine"), parent)
        self._upkeep, self._edited = upkeep, edited
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
        running = upkeep.set_up_task
        if running is None:
            self.check()
        else:
            self._follow(running)

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
            check = self._upkeep.check(self._edited())
        except EngineMissingError as error:
            self.state.setText(error_text(error))
            return
        self.state.setText(translate("Setup", "Checking {python}…").format(python=check.python))
        check.checked.connect(self._checked)
        check.failed.connect(self._failed)

    def set_up(self) -> None:
        """Make the environment, in the background."""
        try:
            self._follow(self._upkeep.set_up(self._edited()))
        except ZoomEarthError as error:
            self._failed(error)

    def _follow(self, task: SetUpTask) -> None:
        """Show a set-up from here on, whoever started it."""
        task.progressed.connect(self._progressed)
        task.made.connect(self._made)
        task.failed.connect(self._failed)
        task.was_cancelled.connect(self._cancelled)
        self.state.setText(translate("Setup", "Setting up the engine…"))
        self._show_working(True)
        self._progressed(task.last_line, task.share or 0.0)

    def _stop(self) -> None:
        task = self._upkeep.set_up_task
        if task is not None:
            task.cancel()

    def _progressed(self, text: str, fraction: Optional[float]) -> None:
        self._detail.setText(text)
        if fraction is not None:
            self._bar.setValue(round(fraction * BAR_STEPS))

    def _checked(self, report: EngineReport) -> None:
        if self._upkeep.set_up_task is not None:
            return  # it looked into what is being replaced
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
