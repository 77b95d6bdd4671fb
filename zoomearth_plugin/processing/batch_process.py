"""``zoomearth batch`` as a process of the engine's Python: started, listened to, stopped."""

from __future__ import annotations

import json
import logging
import queue
import re
import signal
import subprocess  # nosec B404 # starts the engine's own interpreter, never a shell
import sys
import threading
from typing import Callable, Dict, List, Mapping, Optional, Sequence

from qgis.core import QgsProcessingFeedback

from ..environment.inspection import end, process_options
from ..zoomearth.core.errors import WorkerDiedError, error_from_json
from .attention import Attention

logger = logging.getLogger(__name__)

POLL_S = 0.1
PATIENCE_S = 0.6
"""How long the engine may take to write what it has after it was asked to stop; then it is killed."""
MOST_WORDS = 20
"""Lines that are kept to be told when it dies."""
_PROGRESS = re.compile(r"^(\d+) of (\d+), \d+ failed")


def run_batch_process(
    command: Sequence[str],
    environment: Mapping[str, str],
    feedback: QgsProcessingFeedback,
    is_stopped: Callable[[], bool],
    each: Callable[[bool], None],
) -> Optional[Dict[str, int]]:
    """Run it to its end.

    Args:
        command: With ``--json``.
        environment: All of its variables.
        feedback: Gets its lines, and how far it is.
        is_stopped: Whether it is to be stopped.
        each: Called now and then, in this thread, with whether it has told how far it is.

    Returns:
        What it counted; None when it was stopped.

    Raises:
        ZoomEarthError: Its own, or that it died.
    """
    process = subprocess.Popen(  # nosec B603 # a list, no shell
        list(command),
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        **process_options(),
    )
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    printed: List[str] = []
    readers = [
        threading.Thread(target=_drain, args=(process.stderr, lines.put), daemon=True),
        threading.Thread(target=_drain, args=(process.stdout, printed.append), daemon=True),
    ]
    words: List[str] = []
    has_begun = False
    attention = Attention()
    try:
        for reader in readers:
            reader.start()
        while process.poll() is None:
            if is_stopped():
                _stop(process)
                _tell(lines, feedback, words)
                return None
            has_begun |= _tell(lines, feedback, words)
            each(has_begun)
            attention.give()
            _wait(process)
    finally:
        end(process)
        for reader in readers:
            reader.join(POLL_S)
    _tell(lines, feedback, words)
    if is_stopped():
        return None
    return _outcome(process.returncode, printed, words)


def _wait(process: subprocess.Popen) -> None:
    try:
        process.wait(POLL_S)
    except subprocess.TimeoutExpired:
        return


def _stop(process: subprocess.Popen) -> None:
    """Ask it to write what it has and leave; kill it where it does not."""
    if sys.platform == "win32":
        process.terminate()  # without a console it hears no interrupt
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        logger.warning("the batch did not stop within %s s and is killed", PATIENCE_S)
        end(process)


def _drain(stream, take: Callable[[str], None]) -> None:
    with stream:
        for line in stream:
            if line.strip():
                take(line.rstrip())


def _tell(lines: queue.SimpleQueue[str], feedback: QgsProcessingFeedback, words: List[str]) -> bool:
    """Hand lines on; whether one told how far the batch is."""
    has_told = False
    while not lines.empty():
        line = lines.get()
        words.append(line)
        del words[:-MOST_WORDS]
        feedback.pushConsoleInfo(line)
        match = _PROGRESS.match(line)
        if match:
            has_told = True
            feedback.setProgress(100.0 * int(match.group(1)) / max(1, int(match.group(2))))
    return has_told


def _outcome(status: int, printed: List[str], words: List[str]) -> Dict[str, int]:
    try:
        told = json.loads(printed[-1]) if printed else {}
    except ValueError:
        told = {}
    if "error" in told:
        raise error_from_json(told["error"])
    if status != 0 or "jobs" not in told:
        raise WorkerDiedError("\n".join([f"the batch ended with status {status}", *words]))
    return told
