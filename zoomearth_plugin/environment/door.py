"""Keeps the one client that all questions go through, and renews it when the settings change."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, List, Optional, Tuple

from ..settings import Settings
from ..zoomearth.client import Client, engine_command, engine_environment
from .inspection import clean_environment
from .pythons import find_engine_python


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

    def client(self) -> Client:
        """The client to ask now.

        Raises:
            EngineMissingError: No engine's Python is found.
        """
        settings = self._load_settings()
        python = find_engine_python(settings.engine_python, self._environment_folders)
        wanted = (str(python), settings.cache_folder)
        if self._client is None or wanted != self._made_for:
            self._retire()
            cache = Path(settings.cache_folder) if settings.cache_folder else None
            environment = {**clean_environment(), **engine_environment(self._heart_folder, cache)}
            self._client = Client(engine_command(str(python)), environment)
            self._made_for = wanted
        return self._client

    def close_retired(self) -> None:
        """Stop the workers of earlier settings; call it when no question is under way."""
        while self._retired:
            self._retired.pop().close()

    def close(self) -> None:
        """Stop every worker; a question under way fails or is cancelled."""
        self._retire()
        self.close_retired()

    def _retire(self) -> None:
        if self._client is not None:
            self._retired.append(self._client)
            self._client = None
