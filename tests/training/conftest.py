from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_rollout_policy import tiny_policy, tiny_rasters


@pytest.fixture(scope="module")
def rasters() -> Path:
    """A folder of small rasters that a tiny policy can be asked about."""
    return tiny_rasters()


@pytest.fixture(scope="module")
def policy_folder() -> Path:
    """A model of a few thousand weights, with all that the product needs to ask it."""
    return tiny_policy()


@pytest.fixture
def mount_disk(tmp_path) -> Iterator[Callable[[int], Path]]:
    """Mounts a disk of so many bytes and tells its folder; a test that may not mount one is skipped."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root may mount a disk")

    def mount(size: int) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("this system lets nobody mount a disk")
        return folder

    yield mount
    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)
