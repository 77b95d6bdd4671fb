"""The engine's set-up and checks under way, kept here so that they outlive the page that shows them."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Callable, List, Optional

from qgis.core import QgsApplication

from ..settings import Settings
from .door import EngineDoor
from .making import SetUpPlan, in_use
from .pythons import environment_folders, find_engine_python
from .tasks import CheckTask, EngineTask, SetUpTask, set_up_plan

logger = logging.getLogger(__name__)

STOP_TIMEOUT_S = 3.0
"""How long unloading waits for the tasks; pip and an interpreter under inspection are killed at once."""


class EngineUpkeep:
    """Looks into the engine's Python and makes it, one set-up at a time; main thread only.

    Args:
        plugin_folder: Holds ``plugin.py``.
        data_folder: The plugin's own in the QGIS profile, where the environment is made.
        door: Shut while the environment is replaced, then renewed.
        is_asking: Whether a question is under way; its engine is not taken away.
    """

    def __init__(
        self, plugin_folder: Path, data_folder: Path, door: EngineDoor, is_asking: Callable[[], bool]
    ) -> None:
        self.data_folder = data_folder
        self._plugin_folder, self._door, self._is_asking = plugin_folder, door, is_asking
        self._tasks: List[EngineTask] = []

    @property
    def set_up_task(self) -> Optional[SetUpTask]:
        """The set-up under way."""
        return next((task for task in self._living() if isinstance(task, SetUpTask)), None)

    def check(self, settings: Settings) -> CheckTask:
        """Start to look into the engine's Python.

        Raises:
            EngineMissingError: None is found.
        """
        folders = environment_folders(self._plugin_folder, self.data_folder)
        task = CheckTask(find_engine_python(settings.engine_python, folders))
        self._start(task)
        return task

    def set_up(self, settings: Settings) -> SetUpTask:
        """Start to make the environment; gives the set-up that is under way where there is one.

        Raises:
            OutputUnwritableError: A question is under way.
            EngineMissingError: The requirements are missing.
        """
        return self.set_up_task or self.carry_out(set_up_plan(self.data_folder, settings))

    def carry_out(self, plan: SetUpPlan) -> SetUpTask:
        """Start a set-up; raises OutputUnwritableError as :meth:`set_up` does."""
        if self._is_asking():
            raise in_use(plan.folder, "a question is under way")
        self._door.shut(plan.folder)
        task = SetUpTask(plan, self._door.wait_until_closed)
        task.ended.connect(self._door.renew)
        self._start(task)
        return task

    def close(self) -> None:
        """Cancel all, and wait for a bounded time until no thread works for it."""
        deadline_s = time.monotonic() + STOP_TIMEOUT_S
        living = self._living()
        for task in living:
            task.cancel()
        for task in living:
            if not task.wait_until_left(max(0.0, deadline_s - time.monotonic())):
                logger.error("%s did not stop within %s s", type(task).__name__, STOP_TIMEOUT_S)

    def _start(self, task: EngineTask) -> None:
        self._tasks = [*self._living(), task]
        QgsApplication.taskManager().addTask(task)

    def _living(self) -> List[EngineTask]:
        return [task for task in self._tasks if not task.has_ended]
