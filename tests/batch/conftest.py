from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from batch_samples import Ended, quiet_environment, run_batch_command, write_raster


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    return write_raster(tmp_path / "scene.tif")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return quiet_environment(tmp_path / "cache")


@pytest.fixture
def batch(environment: dict[str, str], tmp_path: Path) -> Callable[..., Ended]:
    """``batch(argument, …)``: the command in a process of its own, in the test's folder."""
    return partial(run_batch_command, environment=environment, cwd=tmp_path)
