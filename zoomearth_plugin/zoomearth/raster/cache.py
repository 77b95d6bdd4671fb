"""What a costly pass gave, kept in memory and on disk, both bounded, so that nobody makes it twice."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_log = logging.getLogger(__name__)
Arrays = Mapping[str, NDArray[Any]]
MEMORY_BYTES = 64 << 20
DISK_BYTES = 256 << 20
_SUFFIX = ".overview"
_PART_SUFFIX = ".part"
_DIGEST_BYTES = hashlib.sha256().digest_size
_FORMAT = 1
"""Raised when the same pass would give other pixels than before."""


def cache_folder() -> Path:
    """The folder for pictures: in ``ZOOMEARTH_CACHE``, else where the platform keeps caches."""
    named = os.environ.get("ZOOMEARTH_CACHE")
    if named:
        root = Path(named).expanduser()
    elif sys.platform == "win32":
        root = (
            Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "zoomearth" / "cache"
        )
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches" / "zoomearth"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zoomearth"
    return root / "overviews"


def key_of(parts: Mapping[str, Any]) -> str:
    """A name for what the parts, which must be JSON, describe."""
    text = json.dumps({"format": _FORMAT, **parts}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(paths: list[str]) -> list[list[Any]] | None:
    """What changes when any of the files does; None when one is no file on this machine.

    ``.aux.xml`` files are left out: QGIS writes statistics there whenever it shows a layer.
    """
    marks: list[list[Any]] = []
    for path in sorted(path for path in paths if not path.endswith(".aux.xml")):
        try:
            status = Path(path).stat()
        except OSError:
            return None
        marks.append([os.path.realpath(path), status.st_size, status.st_mtime_ns])
    return marks or None


class Cache:
    """Arrays by key; the least recently used go first. For any number of threads and processes.

    Args:
        memory_bytes: At most this in memory.
        disk_bytes: At most this on disk.
    """

    def __init__(self, memory_bytes: int = MEMORY_BYTES, disk_bytes: int = DISK_BYTES) -> None:
        self._memory_bytes = memory_bytes
        self._disk_bytes = disk_bytes
        self._kept: OrderedDict[str, Arrays] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Arrays | None:
        """What was put under a key, in this process or another; None when it is gone."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        arrays = _read(cache_folder() / f"{key}{_SUFFIX}")
        if arrays is not None:
            self._remember(key, arrays)
        return arrays

    def put(self, key: str, arrays: Arrays, *, on_disk: bool) -> None:
        """Keep arrays.

        Args:
            key: See :func:`key_of`.
            arrays: Not to be changed afterwards.
            on_disk: Whether other processes shall have them, too. A disk that cannot be written to is
                logged and costs no more than a second pass.
        """
        self._remember(key, arrays)
        if not on_disk:
            return
        folder = cache_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / f"{key}{_SUFFIX}", arrays)
            self._prune(folder)
        except OSError as error:
            _log.warning("cannot keep an overview in %s: %s", folder, error)

    def _remember(self, key: str, arrays: Arrays) -> None:
        with self._lock:
            self._kept[key] = arrays
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > self._memory_bytes:
                self._kept.popitem(last=False)

    def _prune(self, folder: Path) -> None:
        """Delete the least recently used files beyond the bound; another process may do so, too."""
        files = []
        for path in folder.iterdir():
            if path.suffix not in (_SUFFIX, _PART_SUFFIX):  # a part may be left of a killed process
                continue
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                files.append((status.st_mtime_ns, status.st_size, path))
        excess = sum(size for _, size, _ in files) - self._disk_bytes
        for _, size, path in sorted(files)[:-1]:
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= size


def _size(arrays: Arrays) -> int:
    return sum(array.nbytes for array in arrays.values())


def _read(path: Path) -> Arrays | None:
    """What a file holds; one that is damaged is logged, and counts as none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("%s cannot be read, so it is made anew: %s", path, error)
        return None
    digest, packed = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(packed).digest() != digest:
        _log.warning("%s is damaged, so it is made anew", path)
        return None
    with contextlib.suppress(OSError):  # a folder that is only read is pruned by no one
        os.utime(path)
    with np.load(io.BytesIO(packed), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _write(path: Path, arrays: Arrays) -> None:
    """Write beside the file, then move: a reader sees all of it or nothing."""
    packed = io.BytesIO()
    np.savez(packed, allow_pickle=False, **arrays)
    handle, name = tempfile.mkstemp(prefix=path.stem, suffix=_PART_SUFFIX, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(packed.getbuffer()).digest())
            file.write(packed.getbuffer())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
