"""What every test shares: where the real rasters are, and that tests without a GPU pass it by."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Callable, Iterator, List

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)  # what a busy machine takes says nothing about the code
settings.load_profile("patient")

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))


def real_data_folder() -> Path:
    """Real rasters, which are no part of the project; may not be there."""
    named = os.environ.get("ZOOMEARTH_REAL_DATA")
    return Path(named).expanduser() if named else ROOT.parent / "shared"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with ``rasters/`` and ``imagery/``; for tests marked ``real_data``."""
    return real_data_folder()


@pytest.fixture
def sealed_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody may write to: root, who may write anywhere, gets a disk mounted read-only."""
    folder = tmp_path / "sealed"
    folder.mkdir(mode=0o555)
    if os.name != "posix":
        pytest.skip("folders have no such modes here")
    if os.geteuid() != 0:
        yield folder
        folder.chmod(0o755)
        return
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=16m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets nobody mount a disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., str]:
    """``script(output, …)``: the model that plays these back."""

    def write(*outputs: str) -> str:
        path = tmp_path / f"script-{len(list(tmp_path.iterdir()))}.json"
        path.write_text(json.dumps(outputs))
        return f"scripted:{path}"

    return write


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Skip, with the reason, what this machine can't run."""
    folder = real_data_folder()
    no_data = pytest.mark.skip(
        reason=f"no real rasters in {folder}; name their folder as ZOOMEARTH_REAL_DATA"
    )
    no_gpu = pytest.mark.skip(reason="no CUDA device")
    has_data = (folder / "rasters").is_dir() or (folder / "imagery").is_dir()
    for item in items:
        if item.get_closest_marker("real_data") and not has_data:
            item.add_marker(no_data)
        if item.get_closest_marker("gpu") and not _has_gpu():
            item.add_marker(no_gpu)


def _has_gpu() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()
