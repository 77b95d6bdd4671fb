"""Keeps the one client that all questions go through, and renews it when the settings change."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Callable, List, Optional, Tuple

from qgis.PyQt.QtCore import QCoreApplication

from ..settings import Settings
from ..zoomearth.client import Client, engine_command, engine_environment
from ..zoomearth.core.errors import EngineMissingError
from .inspection import clean_environment
from .pythons import find_engine_python, interpreter

logger = logging.getLogger(__name__)
translate = QCoreApplication.translate

CLOSE_TIMEOUT_S = 5.0
"""How long unloading waits for workers to end; each of them is killed a second after it was asked to."""
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
"""Models are fetched by the person, never by a question."""


class EngineDoor:
    """Gives the client of the current settings; its worker starts with the first question.

    Args:
        load_settings: Read at each question.
        environment_folders: Where to look for the engine, see :mod:`.pythons`.
        heart_folder: Holds ``zoomearth/``, the code that the worker runs.
    """

    def __init__(
        self, load_settings: Callable[[], Settings], environment_folders: List[Path], heart_folder: Path
    ) -> None:
        self._load_settings = load_settings
        self._environment_folders = environment_folders
        self._heart_folder = heart_folder
        self._client: Optional[Client] = None
        self._made_for: Tuple[str, str] = ("", "")
        self._retired: List[Client] = []
        self._closing: List[threading.Thread] = []
        self._shut_folder: Optional[Path] = None

    def client(self) -> Client:
        """The client to ask now.

        Raises:
            EngineMissingError: No engine's Python is found, or it is being replaced.
        """
        settings = self._load_settings()
        python = self._find_python(settings.engine_python)
        wanted = (str(python), settings.cache_folder)
        if self._client is None or wanted != self._made_for:
            self._retire()
            cache = Path(settings.cache_folder) if settings.cache_folder else None
            environment = clean_environment({**OFFLINE, **engine_environment(self._heart_folder, cache)})
            self._client = Client(engine_command(str(python)), environment)
            self._made_for = wanted
        return self._client

    def shut(self, folder: Path) -> None:
        """Stop every worker, and start none in ``folder`` before :meth:`renew`: it is to be replaced.

        Call it when no question is under way; does not wait, see :meth:`wait_until_closed`.
        """
        self._shut_folder = folder
        self._retire()
        self.close_retired()

    def renew(self) -> None:
        """The environment was replaced: the next question starts a worker of the new one; does not wait."""
        self._shut_folder = None
        self._retire()
        self.close_retired()

    def close_retired(self) -> None:
        """Stop the workers of earlier settings; call it when no question is under way. Does not wait."""
        self._closing = [thread for thread in self._closing if thread.is_alive()]
        while self._retired:
            thread = threading.Thread(
                target=_close, args=(self._retired.pop(),), name="zoomearth-closing", daemon=True
            )
            self._closing.append(thread)
            thread.start()

    def wait_until_closed(self, timeout_s: float) -> bool:
        """Block until the workers that were told to stop are gone; from any thread."""
        deadline_s = time.monotonic() + timeout_s
        closing = tuple(self._closing)
        for thread in closing:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        return not any(thread.is_alive() for thread in closing)

    def close(self) -> None:
        """Stop every worker and wait for it; a question under way fails or is cancelled."""
        self._retire()
        self.close_retired()
        if not self.wait_until_closed(CLOSE_TIMEOUT_S):
            logger.error("the engine did not stop within %s s", CLOSE_TIMEOUT_S)

    def _find_python(self, setting: str) -> Path:
        shut = self._shut_folder
        try:
            python = find_engine_python(setting, self._environment_folders)
        except EngineMissingError:
            if shut is None:
                raise
            python = interpreter(shut)  # it is put aside, or not made yet
        if shut is not None and shut in python.parents:
            raise EngineMissingError(
                f"{shut} is being set up",
                translate("Environment", "The engine is being set up: ask again when it is ready."),
            )
        return python

    def _retire(self) -> None:
        if self._client is not None:
            self._retired.append(self._client)
            self._client = None


def _close(client: Client) -> None:
    try:
        client.close()
    except Exception:  # the thread's boundary: nobody else would hear of it
        logger.exception("the engine did not close")
