from __future__ import annotations

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
