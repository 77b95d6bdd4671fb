"""Looks into an interpreter from outside: its version and what it lacks."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess  # nosec B404 # starts interpreters that the person chose, never a shell
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

from qgis.core import QgsApplication

from ..zoomearth.core.errors import EngineMissingError
from ..zoomearth.core.progress import CancelToken

logger = logging.getLogger(__name__)

OLDEST = (3, 10)
TIMEOUT_S = 20.0
POLL_INTERVAL_S = 0.1
HIDDEN_VARIABLES = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONEXECUTABLE",
    "__PYVENV_LAUNCHER__",
    "PROJ_DATA",
    "PROJ_LIB",
    "GDAL_DATA",
    "GDAL_DRIVER_PATH",
)
"""QGIS sets some of these for its own Python, GDAL and PROJ; the engine has others, which break on them."""
LIBRARY_VARIABLES = (
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_FRAMEWORK_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "DYLD_FALLBACK_FRAMEWORK_PATH",
)
"""Where libraries are looked for before the engine's own; folders of QGIS are left out of them."""
SHARED_PREFIXES = (Path("/"), Path("/usr"), Path("/usr/local"))
"""What is installed here belongs to the whole system, not to QGIS alone."""

# Only the packages' metadata is read: importing torch would take seconds.
_LOOK = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
try:
    import ensurepip, venv
    can_make = True
except ImportError:
    can_make = False
print(json.dumps({"version": sys.version_info[:3], "packages": found, "can_make": can_make}))
"""
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True)
class EngineReport:
    """What an interpreter is fit for.

    Args:
        packages: Installed version by name, of those that the engine needs.
        missing: Names of those that are not there.
        can_make: It has ``venv`` and ``ensurepip``, so it can be the base of a new environment.
    """

    python: Path
    version: Tuple[int, int, int]
    packages: Mapping[str, str]
    missing: Tuple[str, ...]
    can_make: bool

    @property
    def is_recent(self) -> bool:
        """Whether the engine's code runs on this version."""
        return self.version[:2] >= OLDEST

    @property
    def is_usable(self) -> bool:
        """Whether the engine can be started with it as it is."""
        return self.is_recent and not self.missing


def clean_environment(extra: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
    """This process's environment for another interpreter, with ``extra`` on top."""
    kept = {name: value for name, value in os.environ.items() if name not in HIDDEN_VARIABLES}
    prefix = QgsApplication.prefixPath()
    for name in LIBRARY_VARIABLES:
        if name in kept and prefix:
            kept[name] = without_own_folders(kept[name], Path(prefix))
            if not kept[name]:
                del kept[name]  # empty, it would mean the current folder
    return {**kept, "PYTHONUTF8": "1", **(extra or {})}


def without_own_folders(paths: str, prefix: Path) -> str:
    """A list of library folders less those of QGIS; the person's own, CUDA's for example, stay.

    Args:
        paths: Folders, separated as the system does it.
        prefix: Where QGIS is installed; on macOS all of its bundle counts.
    """
    own = next((folder for folder in (prefix, *prefix.parents) if folder.suffix == ".app"), prefix)
    if own in SHARED_PREFIXES:
        return paths
    folders = [folder for folder in paths.split(os.pathsep) if folder]
    return os.pathsep.join(folder for folder in folders if own not in (Path(folder), *Path(folder).parents))


def required_names(requirements: Path) -> List[str]:
    """Distribution names of a requirements file."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    found = [_REQUIREMENT.match(line) for line in lines if not line.lstrip().startswith(("#", "-"))]
    return [match.group(1) for match in found if match]


def inspect(python: Path, required: List[str], cancel: Optional[CancelToken] = None) -> EngineReport:
    """Start the interpreter for a moment and ask it; blocks up to :data:`TIMEOUT_S`.

    Raises:
        Cancelled: On request.
        EngineMissingError: It does not start, or is no Python.
    """
    try:
        found = json.loads(_output([str(python), "-c", _LOOK, *required], cancel or CancelToken()))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise EngineMissingError(f"{python} does not work as a Python: {error}") from error
    missing = tuple(name for name in required if name not in found["packages"])
    return EngineReport(python, tuple(found["version"]), found["packages"], missing, found["can_make"])


def _output(command: List[str], cancel: CancelToken) -> bytes:
    deadline_s = time.monotonic() + TIMEOUT_S
    with subprocess.Popen(  # nosec B603 # a list, no shell
        command,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        **process_options(),
    ) as process:
        try:
            while True:
                cancel.check()
                try:
                    output, _ = process.communicate(timeout=POLL_INTERVAL_S)
                    break
                except subprocess.TimeoutExpired:
                    if time.monotonic() > deadline_s:
                        raise
        finally:
            end(process)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command[0])
    return output


def process_options() -> Dict[str, Any]:
    """A group of its own, so that :func:`end` ends all of it; on Windows, no console flashes up."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def end(process: subprocess.Popen[Any]) -> None:
    """Kill it if it still runs and, where there are process groups, all that it started."""
    if process.poll() is not None:
        return
    try:
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    except OSError as error:
        logger.debug("%s ended by itself: %s", process.args, error)
    process.wait()
