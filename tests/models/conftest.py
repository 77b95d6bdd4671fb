from collections.abc import Iterator
from pathlib import Path

import pytest
from random_model import CPU, one_thread, save_random_model
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.models.profile import load_profile
from zoomearth.models.transformers_engine import TransformersEngine, load_transformers_engine
from zoomearth.models.weights import find_model


@pytest.fixture(scope="module", autouse=True)
def few_threads() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="session")
def random_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole Qwen2.5-VL of random weights; read-only for tests."""
    return save_random_model(tmp_path_factory.mktemp("random-model"))


@pytest.fixture(scope="session", params=["zoomearth-mini", "qwen2.5-vl-7b-instruct"])
def engine(request: pytest.FixtureRequest, random_folder: Path) -> TransformersEngine:
    """The random model, asked in either way of handing pictures over."""
    profile = load_profile(request.param)
    return load_transformers_engine(
        find_model(str(random_folder)), profile, report=ignore_progress, cancel=CancelToken(), choice=CPU
    )
