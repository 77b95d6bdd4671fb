"""Where the engine's Python is."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import List, Mapping, Sequence

from qgis.PyQt.QtCore import QCoreApplication

from ..zoomearth.core.errors import EngineMissingError

translate = QCoreApplication.translate

VARIABLE = "ZOOMEARTH_ENGINE_PYTHON"
ENGINE_FOLDER = "engine"
"""The environment that the plugin makes itself, below its folder in the QGIS profile."""


def interpreter(environment_folder: Path) -> Path:
    """The Python of a virtual environment, whether or not it is there."""
    if sys.platform == "win32":
        return environment_folder / "Scripts" / "python.exe"
    return environment_folder / "bin" / "python"


def environment_folders(plugin_folder: Path, data_folder: Path) -> List[Path]:
    """Virtual environments to look for, best first.

    Args:
        plugin_folder: Holds ``plugin.py``; a checkout has its ``.venv`` beside it.
        data_folder: The plugin's folder in the QGIS profile.
    """
    folders = []
    checkout = plugin_folder.resolve().parent
    if (checkout / "pyproject.toml").is_file():
        folders.append(checkout / ".venv")
    folders.append(data_folder / ENGINE_FOLDER)
    return folders


def find_engine_python(
    setting: str, folders: Sequence[Path], environ: Mapping[str, str] = os.environ
) -> Path:
    """The interpreter to run the engine with; looks at files only, starts nothing.

    Args:
        setting: What the person chose; empty for none. A choice that is gone is an error, not
            passed over.
        folders: From :func:`environment_folders`.
        environ: May name one in :data:`VARIABLE`.

    Raises:
        EngineMissingError: None is there.
    """
    for chosen, origin in ((setting, "the setting engine_python"), (environ.get(VARIABLE, ""), VARIABLE)):
        if not chosen:
            continue
        python = Path(chosen).expanduser()
        if not python.is_file():
            raise EngineMissingError(
                f"{origin} names {chosen}, which is no file",
                translate(
                    "Environment", "The engine's Python in the settings does not exist: choose another one."
                ),
            )
        return python
    for folder in folders:
        if interpreter(folder).is_file():
            return interpreter(folder)
    raise EngineMissingError(f"no engine in {', '.join(str(folder) for folder in folders)}")
