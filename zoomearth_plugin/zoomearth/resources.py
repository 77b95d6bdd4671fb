"""Where the files that are no code lie: in a wheel, in a packaged plugin, or in a checkout."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

from .core.errors import EngineMissingError

_HEART = Path(__file__).resolve().parent
_VERSION_LINE = re.compile(r"^version\s*=\s*(\S+)\s*$", re.MULTILINE)


def resource_folder() -> Path:
    """The folder that holds ``models/``, ``icons/``, ``styles/`` and the like.

    Raises:
        EngineMissingError: The installation is incomplete.
    """
    candidates = (_HEART / "resources", _HEART.parent / "resources", _HEART.parent.parent / "resources")
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise EngineMissingError(
        f"no resources folder beside {_HEART}", "Install ZoomEarth again: some of its files are missing."
    )


def version() -> str:
    """The version that metadata.txt states, else the installed distribution's."""
    for folder in (_HEART.parent, _HEART.parent.parent):
        text_file = folder / "metadata.txt"
        if text_file.is_file():
            found = _VERSION_LINE.search(text_file.read_text(encoding="utf-8"))
            if found:
                return found.group(1)
    return metadata.version("zoomearth")
