"""Makes the engine's environment: ``python -m venv``, then pip with pinned requirements."""

from __future__ import annotations

import logging
import shutil
import subprocess  # nosec B404 # starts interpreters that the person chose, never a shell
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, Optional

from qgis.PyQt.QtCore import QCoreApplication, QLockFile

from ..zoomearth.core.errors import DiskFullError, EngineMissingError, OutputUnwritableError
from ..zoomearth.core.progress import CancelToken
from .inspection import (
    POLL_INTERVAL_S,
    EngineReport,
    clean_environment,
    end,
    inspect,
    process_options,
    required_names,
)
from .pythons import interpreter

logger = logging.getLogger(__name__)
translate = QCoreApplication.translate

BASE_NAMES = ("python3.12", "python3.11", "python3.13", "python3.10", "python3", "python")
"""Tried in this order: the versions for which all of the engine's packages have wheels come first."""
NEEDED_BYTES = 3 * 1024**3
"""What torch without CUDA and the others take on disk, and what pip fetches meanwhile."""
NEEDED_BYTES_CUDA = 9 * 1024**3
"""The same with CUDA's libraries: torch 2.13 and triton alone unpack to 2.1 GB from 0.8 GB fetched."""
RUBBISH = ".rubbish-"

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
        OutputUnwritableError, DiskFullError: There is no place for it, or another QGIS makes it just now.
    """
    _check_place(plan)
    base_python = plan.base_python or find_base_python()
    with _locked(plan.folder):
        previous = _put_aside(plan.folder)
        try:
            report = _make_new(plan, base_python, tell, cancel)
        except BaseException:
            _bring_back(plan.folder, previous)
            raise
        _discard(previous)
    tell(translate("Environment", "The engine is ready."), 1.0)
    return report


def _make_new(plan: SetUpPlan, base_python: Path, tell: Tell, cancel: CancelToken) -> EngineReport:
    python = interpreter(plan.folder)
    environment = clean_environment({"PIP_DISABLE_PIP_VERSION_CHECK": "1", **plan.environment})
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
    report = inspect(python, names, cancel)
    if not report.is_usable:
        raise EngineMissingError(f"pip ended, but {', '.join(report.missing)} is not there")
    return report


def needed_bytes(index_url: str, system: str = sys.platform) -> int:
    """Disk space for the build of torch that pip fetches: on Linux the one with CUDA.

    Args:
        index_url: The package index; PyTorch's own with builds for the processor ends with ``/cpu``.
        system: As :data:`sys.platform` names it.
    """
    is_cuda = system == "linux" and not index_url.rstrip("/").endswith("/cpu")
    return NEEDED_BYTES_CUDA if is_cuda else NEEDED_BYTES


def in_use(folder: Path, why: str) -> OutputUnwritableError:
    """The environment cannot be replaced while a worker runs in it."""
    return OutputUnwritableError(
        f"{folder}: {why}",
        translate("Environment", "The engine is in use: wait for the answer, then try again."),
    )


def _check_place(plan: SetUpPlan) -> None:
    try:
        plan.folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(plan.folder.parent).free
    except OSError as error:
        raise OutputUnwritableError(f"{plan.folder}: {error}") from error
    needed = needed_bytes(plan.index_url)
    if free < needed:
        hint = translate(
            "Environment", "The engine needs {size} GB of disk space; free some, then try again."
        )
        raise DiskFullError(f"{free} bytes free for {plan.folder}", hint.format(size=needed // 1024**3))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Nobody else makes this environment meanwhile, in this QGIS or in another; ends with the process."""
    lock = QLockFile(str(folder.with_name(folder.name + ".lock")))
    lock.setStaleLockTime(0)  # a set-up may take hours; only a lock whose process is gone is broken
    if not lock.tryLock(0):
        if lock.error() != QLockFile.LockError.LockFailedError:
            raise OutputUnwritableError(f"{folder}: no lock, {lock.error()}")
        raise OutputUnwritableError(
            f"{folder} is being made by process {lock.getLockInfo()[1]}",
            translate(
                "Environment", "The engine is being set up already: wait until that is done, then try again."
            ),
        )
    try:
        yield
    finally:
        lock.unlock()


def _put_aside(folder: Path) -> Path:
    """Keep an environment that is there until the new one works; returns where it is kept.

    One that is kept already is the last that worked: QGIS ended in the middle of a set-up.
    """
    previous = folder.with_name(folder.name + ".previous")
    for rubbish in folder.parent.glob(f"{folder.name}{RUBBISH}*"):
        shutil.rmtree(rubbish, ignore_errors=True)
    try:
        if previous.exists():
            _discard(folder)
        elif folder.exists():
            folder.rename(previous)
    except OSError as error:
        raise in_use(folder, str(error)) from error
    return previous


def _bring_back(folder: Path, previous: Path) -> None:
    try:
        _discard(folder)
        if previous.exists():
            previous.rename(folder)
    except OSError:  # the next set-up finds it where it is
        logger.exception("the engine that was there before is kept in %s", previous)


def _discard(folder: Path) -> None:
    """Delete a folder, all or nothing by its name; what is still open in it goes with the next set-up."""
    if folder.exists():
        rubbish = Path(tempfile.mkdtemp(prefix=folder.name + RUBBISH, dir=folder.parent))
        folder.rename(rubbish / folder.name)
        shutil.rmtree(rubbish, ignore_errors=True)


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
        **process_options(),
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
        end(process)
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
