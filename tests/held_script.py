"""A model that keeps its worker waiting; standard library only, for it runs inside QGIS, too."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Optional


class HeldScript:
    """A model whose script is a pipe: the worker is stuck in the question until it is released."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._path = path
        self._pipe: Optional[int] = None
        self.model = f"scripted:{path}"

    @property
    def is_read(self) -> bool:
        """Whether the worker has come to it; from then on it is held open, for an end would be read."""
        if self._pipe is None:
            try:
                self._pipe = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                return False
        return True

    def release(self, *outputs: str) -> None:
        """Let the worker go on; it must be reading by now."""
        assert self.is_read and self._pipe is not None
        with open(self._pipe, "w") as pipe:
            pipe.write(json.dumps(outputs))
