"""Looking into the engine's Python and making it, as QGIS tasks: QGIS stays smooth meanwhile."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Callable, Optional

from qgis.core import QgsTask
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal

from ..settings import Settings
from ..zoomearth.core.errors import Cancelled, EngineMissingError, ZoomEarthError
from ..zoomearth.core.progress import CancelToken
from ..zoomearth.resources import resource_folder
from .inspection import EngineReport, inspect, required_names
from .making import SetUpPlan, in_use, make
from .proxies import proxy_environment
from .pythons import ENGINE_FOLDER

logger = logging.getLogger(__name__)
translate = QCoreApplication.translate

CLOSE_TIMEOUT_S = 10.0
"""How long a set-up waits for the old environment's workers to end."""


def requirements_file() -> Path:
    """The pinned requirements of the engine, generated from the project's one list of pins.

    Raises:
        EngineMissingError: The installation holds none.
    """
    path = resource_folder() / "engine-requirements.txt"
    if not path.is_file():
        raise EngineMissingError(
            f"{path} is missing",
            translate("Environment", "Install the ZoomEarth plugin again: some of its files are missing."),
        )
    return path


def set_up_plan(data_folder: Path, settings: Settings) -> SetUpPlan:
    """What :class:`SetUpTask` needs, from QGIS's proxy and the settings; main thread only.

    Raises:
        EngineMissingError: See :func:`requirements_file`.
    """
    return SetUpPlan(
        folder=data_folder / ENGINE_FOLDER,
        requirements=requirements_file(),
        index_url=settings.package_index,
        environment=proxy_environment(),
    )


class EngineTask(QgsTask):
    """Runs one function in a thread and signals its outcome in the main thread: ``ended``, then which end."""

    ended = pyqtSignal()
    failed = pyqtSignal(object)
    was_cancelled = pyqtSignal()

    def __init__(self, title: str) -> None:
        super().__init__(title, QgsTask.Flag.CanCancel)
        self._token = CancelToken()
        self._report: Optional[EngineReport] = None
        self._error: Optional[ZoomEarthError] = None
        self.has_ended = False
        self._left_run = threading.Event()
        self._left_run.set()

    def work(self) -> EngineReport:
        """In the task's thread; raises ZoomEarthError, Cancelled."""
        raise NotImplementedError

    def succeed(self, report: EngineReport) -> None:
        """In the main thread."""
        raise NotImplementedError

    def run(self) -> bool:
        self._left_run.clear()
        try:
            self._token.check()
            self._report = self.work()
        except Cancelled:
            return False
        except ZoomEarthError as error:
            logger.error("%s: %s", error.code, error.message)
            self._error = error
        except Exception as error:  # the thread's boundary: nothing may escape into Qt
            logger.exception("the engine's environment")
            self._error = EngineMissingError(repr(error))
        finally:
            self._left_run.set()
        return self._report is not None

    def finished(self, result: bool) -> None:
        self.has_ended = True  # QGIS deletes its half of the task soon after
        self.ended.emit()
        if self._report is not None:
            self.succeed(self._report)
        elif self._error is not None:
            self.failed.emit(self._error)
        else:
            self.was_cancelled.emit()

    def cancel(self) -> None:
        self._token.cancel()
        super().cancel()

    def wait_until_left(self, timeout_s: float) -> bool:
        """Block until ``run`` no longer runs; ``waitForFinished`` would hold Python's lock."""
        return self._left_run.wait(timeout_s)


class CheckTask(EngineTask):
    """What an interpreter has of all that the engine needs."""

    checked = pyqtSignal(object)

    def __init__(self, python: Path) -> None:
        super().__init__(translate("Environment", "ZoomEarth: checking the engine"))
        self.python = Path(python)

    def work(self) -> EngineReport:
        return inspect(self.python, required_names(requirements_file()), self._token)

    def succeed(self, report: EngineReport) -> None:
        self.checked.emit(report)


class SetUpTask(EngineTask):
    """Makes the engine's environment; cancelling leaves what was there before.

    Args:
        plan: What to make.
        wait_until_closed: Waits so many seconds for the workers of the old environment to end, and
            says whether they did.
    """

    progressed = pyqtSignal(str, object)
    made = pyqtSignal(str)

    def __init__(self, plan: SetUpPlan, wait_until_closed: Callable[[float], bool] = lambda _: True) -> None:
        super().__init__(translate("Environment", "ZoomEarth: setting up the engine"))
        self.last_line = ""
        self.share: Optional[float] = None
        self._plan, self._wait_until_closed = plan, wait_until_closed

    def work(self) -> EngineReport:
        if not self._wait_until_closed(CLOSE_TIMEOUT_S):
            raise in_use(self._plan.folder, f"a worker did not end within {CLOSE_TIMEOUT_S} s")
        return make(self._plan, self._tell, self._token)

    def succeed(self, report: EngineReport) -> None:
        self.made.emit(str(report.python))

    def _tell(self, text: str, fraction: Optional[float]) -> None:
        self.last_line = text
        if fraction is not None:
            self.share = fraction
            self.setProgress(100.0 * fraction)
        self.progressed.emit(text, fraction)
