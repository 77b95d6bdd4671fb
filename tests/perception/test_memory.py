"""Out of memory, with a whole model of random weights and the device's own exception."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from random_model import CPU, one_thread, save_random_model
from zoomearth.core.errors import OutOfMemoryError
from zoomearth.core.progress import CancelToken, Progress, ignore_progress
from zoomearth.core.types import Answer, Options, Query, RasterRequest
from zoomearth.models.profile import load_profile
from zoomearth.models.transformers_engine import TransformersEngine, load_transformers_engine
from zoomearth.models.weights import find_model
from zoomearth.perception.loop import ask
from zoomearth.raster.reading import open_raster


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransformersEngine]:
    folder = save_random_model(tmp_path_factory.mktemp("random-model"))
    profile = load_profile("zoomearth-mini")
    with one_thread():
        yield load_transformers_engine(
            find_model(str(folder)), profile, report=ignore_progress, cancel=CancelToken(), choice=CPU
        )


def limit_tokens(engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """A device on which a computation over more than ``most`` tokens does not fit."""
    forward = engine.model.model.language_model.forward
    lengths: list[int] = []

    def limited(*args: Any, **inputs: Any) -> Any:
        lengths.append(inputs["inputs_embeds"].shape[1])
        if lengths[-1] > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return forward(*args, **inputs)

    monkeypatch.setattr(engine.model.model.language_model, "forward", limited)
    return lengths


def put(scene: Path, engine: TransformersEngine, told: list[Progress]) -> Answer:
    query = Query("what ship", RasterRequest(str(scene)), options=Options(max_zooms=0))
    with open_raster(query.raster) as raster:
        return ask(query, raster, engine, report=told.append, cancel=CancelToken())


def test_a_view_that_does_not_fit_is_halved_once(
    scene: Path, engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Views of 240 × 160 px are 9 × 6 tokens of 28 px; of 120 × 80 px, 4 × 3.
    lengths = limit_tokens(engine, monkeypatch, 50)
    told: list[Progress] = []
    answer = put(scene, engine, told)
    assert lengths[0] > 50 and max(lengths[1:]) < 30
    assert [step.view_size for step in answer.steps] == [(120, 80)]
    assert answer.warnings[0].startswith("view_halved: ") and "240" in answer.warnings[0]
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)  # type: ignore[type-var]


def test_a_device_that_is_too_small_for_half_of_it_is_an_error(
    scene: Path, engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = limit_tokens(engine, monkeypatch, 5)
    with pytest.raises(OutOfMemoryError, match="out of memory") as caught:
        put(scene, engine, [])
    assert len(lengths) == 2
    assert caught.value.hint == OutOfMemoryError.default_hint
