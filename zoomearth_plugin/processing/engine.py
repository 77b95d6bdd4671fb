"""The engine as algorithms reach it, from whatever thread QGIS runs them in."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Tuple

from .. import settings
from ..environment import find_engine_python
from ..environment.door import OFFLINE, EngineDoor
from ..environment.inspection import clean_environment
from ..wording import error_text
from ..zoomearth.client import Client, engine_environment
from ..zoomearth.core.errors import EngineMissingError

logger = logging.getLogger(__name__)

STOP_TIMEOUT_S = 3.0
"""How long unloading waits for algorithms that run; each of them stops within a second."""


class AlgorithmEngine:
    """Who asks the engine for algorithms, and whether it is being taken away.

    Args:
        door: The plugin's; the dock asks through it, too.
        environment_folders: Where to look for the engine's Python.
        heart_folder: Holds ``zoomearth/``.
    """

    def __init__(self, door: EngineDoor, environment_folders: List[Path], heart_folder: Path) -> None:
        self._door = door
        self._environment_folders = environment_folders
        self._heart_folder = heart_folder
        self._changed = threading.Condition()
        self._asking: List[int] = []
        self._is_closed = threading.Event()

    @property
    def is_closed(self) -> bool:
        """Whether whoever asks has to stop."""
        return self._is_closed.is_set()

    @property
    def is_asking(self) -> bool:
        return bool(self._asking)

    def missing(self) -> str:
        """Why no question can be asked, for the person; empty when all is well. Starts nothing."""
        try:
            self._door.client()
        except EngineMissingError as error:
            return error_text(error)
        return ""

    def client(self) -> Client:
        """The client of the settings as they stand; main thread.

        Raises:
            EngineMissingError: No engine's Python is found, or it is being replaced.
        """
        return self._door.client()

    def command(self, arguments: Sequence[str]) -> Tuple[List[str], Dict[str, str]]:
        """What runs ``zoomearth`` with these arguments, and its environment; main thread.

        Raises:
            EngineMissingError: As for :meth:`client`.
        """
        self._door.client()
        current = settings.load()
        python = find_engine_python(current.engine_python, self._environment_folders)
        cache = Path(current.cache_folder) if current.cache_folder else None
        variables = {**OFFLINE, **engine_environment(self._heart_folder, cache)}
        return [str(python), "-m", "zoomearth", *arguments], clean_environment(variables)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Within: an algorithm asks, so the engine is not to be replaced."""
        with self._changed:
            self._asking.append(threading.get_ident())
        try:
            yield
        finally:
            with self._changed:
                self._asking.remove(threading.get_ident())
                self._changed.notify_all()

    def close(self) -> None:
        """Stop every algorithm that asks, and wait until those of other threads have left."""
        self._is_closed.set()
        own = threading.get_ident()
        deadline_s = time.monotonic() + STOP_TIMEOUT_S
        with self._changed:
            while any(thread != own for thread in self._asking):
                left_s = deadline_s - time.monotonic()
                if left_s <= 0 or not self._changed.wait(left_s):
                    logger.error("an algorithm did not stop within %s s", STOP_TIMEOUT_S)
                    return
