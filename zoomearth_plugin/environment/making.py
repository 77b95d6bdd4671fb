"""Makes the engine's environment: ``python -m venv``, then pip with pinned requirements."""

from __future__ import annotations

import logging
import shutil
import subprocess  # nosec B404 # starts interpreters that the person chose, never a shell
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional

from qgis.PyQt.QtCore import QCoreApplication

from ..zoomearth.core.errors import DiskFullError, EngineMissingError, OutputUnwritableError
from ..zoomearth.core.progress import CancelToken
from .inspection import EngineReport, clean_environment, inspect, required_names, window_options
from .pythons import interpreter

logger = logging.getLogger(__name__)
translate = QCoreApplication.translate

BASE_NAMES = ("python3.12", "python3.11", "python3.13", "python3.10", "python3", "python")
"""Tried in this order: the versions for which all of the engine's packages have wheels come first."""
POLL_INTERVAL_S = 0.1
NEEDED_BYTES = 3 * 1024**3
"""What torch and the others take on disk, without CUDA."""

Tell = Callable[[str, Optional[float]], None]
"""Told, from the working thread, a line of text and the share done, None when unknown."""


@dataclass(frozen=True)
class SetUpPlan:
    """All that making an environment needs, captured on the main thread.

    Args:
        folder: The new environment; replaces one that is there.
        requirements: File of pinned requirements.
        base_python: Its base, into which nothing is installed; None to find one.
        index_url: Package index; empty for pip's own.
        environment: Variables to add, the proxy among them.
    """

    folder: Path
    requirements: Path
    base_python: Optional[Path] = None
    index_url: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


def find_base_python(own_prefix: Path = Path(sys.exec_prefix)) -> Path:
    """An interpreter that can be the base of the engine's environment; blocks for a moment.

    QGIS's own may serve as a base, last of all: an environment takes nothing but the interpreter.

    Raises:
        EngineMissingError: No Python of the right age with ``venv`` is on this computer.
    """
    names = [shutil.which(name) for name in BASE_NAMES]
    own = [own_prefix / "python.exe", own_prefix / "bin" / "python3"]
    candidates = [Path(name) for name in names if name] + [path for path in own if path.is_file()]
    for candidate in dict.fromkeys(candidates):
        try:
            report = inspect(candidate, [])
        except EngineMissingError as error:
            logger.info("%s", error.message)
            continue
        if report.is_recent and report.can_make:
            return candidate
    raise EngineMissingError(
        f"none of {[str(candidate) for candidate in candidates]} is Python 3.10 or newer with venv",
        translate(
            "Environment",
            "Install Python 3.10 or newer with its venv module (on Debian and Ubuntu: "
            "apt install python3-venv), then try again.",
        ),
    )


def make(plan: SetUpPlan, tell: Tell, cancel: CancelToken) -> EngineReport:
    """Make the environment and check it; one that was there stays unless the new one works.

    Raises:
        Cancelled: The person stopped it.
        EngineMissingError: pip failed; the hint says what it said.
        OutputUnwritableError, DiskFullError: There is no place for it.
    """
    _check_place(plan.folder)
    base_python = plan.base_python or find_base_python()
    previous = _put_aside(plan.folder)
    python = interpreter(plan.folder)
    environment = clean_environment({"PIP_DISABLE_PIP_VERSION_CHECK": "1", **plan.environment})
    is_finished = False
    try:
        tell(translate("Environment", "Making a Python environment…"), 0.0)
        _run([str(base_python), "-m", "venv", str(plan.folder)], environment, tell, cancel)
        names = required_names(plan.requirements)
        tell(translate("Environment", "Installing packages…"), 0.05)
        pip = [str(python), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
        index = ["--index-url", plan.index_url] if plan.index_url else []
        _run(
            [*pip, *index, "-r", str(plan.requirements)],
            environment,
            _count_packages(tell, len(names)),
            cancel,
        )
        report = inspect(python, names)
        if not report.is_usable:
            raise EngineMissingError(f"pip ended, but {', '.join(report.missing)} is not there")
        tell(translate("Environment", "The engine is ready."), 1.0)
        is_finished = True
        return report
    finally:
        shutil.rmtree(previous if is_finished else plan.folder, ignore_errors=True)
        if not is_finished and previous.exists():
            previous.rename(plan.folder)


def _check_place(folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder.parent).free
    except OSError as error:
        raise OutputUnwritableError(f"{folder}: {error}") from error
    if free < NEEDED_BYTES:
        raise DiskFullError(
            f"{free} bytes free for {folder}",
            translate("Environment", "The engine needs 3 GB of disk space; free some, then try again."),
        )


def _put_aside(folder: Path) -> Path:
    """Keep an environment that is there until the new one works; returns where it is kept."""
    previous = folder.with_name(folder.name + ".previous")
    try:
        if folder.exists():
            shutil.rmtree(previous, ignore_errors=True)
            folder.rename(previous)
    except OSError as error:
        raise OutputUnwritableError(
            f"{folder}: {error}",
            translate("Environment", "The engine is in use: wait for the answer, then try again."),
        ) from error
    return previous


def _count_packages(tell: Tell, package_count: int) -> Tell:
    """Turns pip's lines into shares: each package that is collected counts, its needs too."""
    expected = max(1, 4 * package_count)  # measured: four installed distributions to each pinned one
    share = 0.05

    def told(line: str, fraction: Optional[float]) -> None:
        nonlocal share
        if line.startswith("Collecting "):
            share = min(0.8, share + 0.75 / expected)
        elif line.startswith("Installing collected"):
            share = 0.85
        tell(line, share)

    return told


def _run(command: List[str], environment: Dict[str, str], tell: Tell, cancel: CancelToken) -> None:
    """Run to the end, telling each line; raises Cancelled, EngineMissingError with the last lines."""
    cancel.check()
    process = subprocess.Popen(  # nosec B603 # a list, no shell
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        **window_options(),
    )
    lines: List[str] = []

    def read() -> None:
        for line in process.stdout or ():
            lines.append(line.strip())
            logger.info("%s", line.strip())
            tell(line.strip(), None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        while process.poll() is None:
            cancel.check()
            threading.Event().wait(POLL_INTERVAL_S)
        reader.join()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise _failure(command, lines)


def _failure(command: List[str], lines: List[str]) -> EngineMissingError:
    text = "\n".join(lines[-20:])
    said = next((line for line in reversed(lines) if line.upper().startswith("ERROR")), "") or (
        lines[-1] if lines else ""
    )
    if "No space left" in text:
        hint = translate("Environment", "The disk is full; free some space, then try again.")
    else:
        hint = translate("Environment", "Setting up the engine failed: {said}").format(said=said[:300])
    return EngineMissingError(f"{' '.join(command)} failed:\n{text}", hint)
